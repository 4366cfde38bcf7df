//! What was asked and how it ended, for people and for tests.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// A sandbox may stand for days; its log must not grow without end.
const KEPT: usize = 100_000;

/// One request and its outcome. Never holds a key or a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Milliseconds from the start of the sandbox to the arrival of the request.
    pub at: u64,
    /// Whose API was called: `tim`.
    pub vendor: &'static str,
    /// The vendor's name of the call, or the path when there is no such call.
    pub command: String,
    /// The group it was about, where it was about one.
    pub group: Option<String>,
    /// The HTTP status sent, 0 when the connection was reset instead.
    pub status: u16,
    /// The vendor's outcome code, or the status where it has none; 0 for success.
    pub code: u32,
    /// Refused because a call frequency was exceeded.
    pub throttled: bool,
    /// What was refused and why, or which fault was played. Empty for a plain success.
    pub note: String,
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, vendor, command, status, code, note, .. } = self;
        write!(f, "{at:>8} ms  {vendor} {command}")?;
        if let Some(group) = &self.group {
            write!(f, " {group}")?;
        }
        write!(f, "  {status} {code}")?;
        if !note.is_empty() {
            write!(f, "  {note}")?;
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Log {
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<LogEntry>,
    calls: u64,
    throttled: u64,
}

impl Log {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), state: Mutex::default() }
    }

    /// Milliseconds from the start to `then`.
    pub(crate) fn at(&self, then: Instant) -> u64 {
        u64::try_from(then.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn add(&self, entry: LogEntry) {
        let mut state = self.lock();
        state.calls += 1;
        state.throttled += u64::from(entry.throttled);
        if state.entries.len() == KEPT {
            state.entries.pop_front();
        }
        state.entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<LogEntry> {
        self.lock().entries.iter().cloned().collect()
    }

    pub(crate) fn calls(&self) -> u64 {
        self.lock().calls
    }

    pub(crate) fn throttled(&self) -> u64 {
        self.lock().throttled
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
