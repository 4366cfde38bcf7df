//! Ctrl-C, and like it SIGTERM and a terminal that is closed: the first ends the work in order, the second ends the
//! program.

use tokio::sync::watch;

use crate::error::Code;

/// Knows whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(watch::Receiver<Option<&'static str>>);

impl Interrupt {
    /// Listens from now on: a signal that comes when this has returned is not missed. Must be called inside the runtime.
    pub(crate) fn listen() -> Self {
        let (pressed, interrupt) = watch::channel(None);
        let mut signals = Signals::new();
        tokio::spawn(async move {
            while let Some(name) = signals.next().await {
                if pressed.send_replace(Some(name)).is_some() {
                    // Whatever the first one waits for, such as a reader who does not read: enough.
                    std::process::exit(Code::Interrupted as i32);
                }
            }
            // No signals on this system: keep the channel open, nobody presses anything.
            std::future::pending::<()>().await;
        });
        Self(interrupt)
    }

    /// What was pressed, or came.
    pub(crate) fn pressed(&self) -> Option<&'static str> {
        *self.0.borrow()
    }

    /// Comes back when it is pressed.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as the runtime.
        let _ = self.0.wait_for(Option::is_some).await;
    }
}

/// What ends a program from outside.
#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hangup: if hangup_is_ignored() { None } else { signal(SignalKind::hangup()).ok() },
        }
    }

    /// `None` where there are no signals.
    async fn next(&mut self) -> Option<&'static str> {
        async fn of(signal: &mut Option<tokio::signal::unix::Signal>) -> Option<()> {
            match signal {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            came = of(&mut self.interrupt) => came.map(|()| "Ctrl-C"),
            came = of(&mut self.terminate) => came.map(|()| "SIGTERM"),
            came = of(&mut self.hangup) => came.map(|()| "SIGHUP"),
        }
    }
}

/// Whether we were started by `nohup`, whose whole point is that a closed terminal ends nothing. Only Linux tells
/// without unsafe code; elsewhere a hangup ends the work in order.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Signal 1 is the lowest bit.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) -> Option<&'static str> {
        tokio::signal::ctrl_c().await.is_ok().then_some("Ctrl-C")
    }
}
