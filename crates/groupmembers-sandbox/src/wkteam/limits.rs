//! How often a WeChat account may ask: exact sliding windows over arrival times, one for each path.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

#[derive(Debug, Default)]
pub(crate) struct Limits {
    admitted: HashMap<(String, &'static str), VecDeque<Instant>>,
}

impl Limits {
    /// Whether a call arriving at `now` may pass, when at most `limit` may in any `window`. Only calls that were let
    /// through fill the window.
    pub(crate) fn admit(
        &mut self,
        wc_id: &str,
        command: &'static str,
        limit: usize,
        window: Duration,
        now: Instant,
    ) -> bool {
        let admitted = self.admitted.entry((wc_id.to_owned(), command)).or_default();
        while admitted.front().is_some_and(|first| now.saturating_duration_since(*first) >= window) {
            admitted.pop_front();
        }
        if admitted.len() >= limit {
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
    fn accounts_and_paths_have_windows_of_their_own() {
        let mut limits = Limits::default();
        let start = Instant::now();
        let mut admit = |wc_id, command, ms| {
            limits.admit(wc_id, command, 1, Duration::from_millis(300), start + Duration::from_millis(ms))
        };
        assert!(admit("a", "getContact", 0));
        assert!(!admit("a", "getContact", 299));
        assert!(admit("b", "getContact", 299));
        assert!(admit("a", "other", 299));
        assert!(admit("a", "getContact", 300), "who was refused does not wait anew");
        assert!(!admit("a", "getContact", 599));
    }
}
