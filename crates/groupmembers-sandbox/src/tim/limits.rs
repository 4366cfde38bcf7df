//! Call frequencies: exact sliding windows, one for each command.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Limits {
    admitted: HashMap<&'static str, VecDeque<Instant>>,
}

impl Limits {
    /// Whether a call arriving at `now` may pass, when at most `limit` may in any window of one second. Only calls that
    /// were let through fill the window: who is refused and waits is served again.
    pub(crate) fn admit(&mut self, command: &'static str, limit: u32, now: Instant) -> bool {
        let admitted = self.admitted.entry(command).or_default();
        while admitted.front().is_some_and(|first| now.saturating_duration_since(*first) >= WINDOW) {
            admitted.pop_front();
        }
        if admitted.len() >= limit as usize {
            return false;
        }
        admitted.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_of_a_second_lets_more_than_the_limit_through() {
        let mut limits = Limits::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        // Two late in one second and one early in the next: a counter per calendar second would let the fourth pass.
        assert!(limits.admit("a", 3, at(0)));
        assert!(limits.admit("a", 3, at(900)));
        assert!(limits.admit("a", 3, at(950)));
        assert!(!limits.admit("a", 3, at(999)));
        assert!(limits.admit("b", 3, at(999)), "commands have windows of their own");
        assert!(limits.admit("a", 3, at(1000)), "the call at 0 has left the window");
        assert!(!limits.admit("a", 3, at(1899)));
        assert!(limits.admit("a", 3, at(1900)));
    }
}
