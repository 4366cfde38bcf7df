//! Call frequencies: exact sliding windows of a second, and the time nothing is served after one was exceeded.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::config::{Config, Penalty};

const WINDOW: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Limits {
    admitted: HashMap<&'static str, VecDeque<Instant>>,
    /// What is closed, by its limit's name or as a whole, and until when.
    closed: HashMap<&'static str, Instant>,
}

impl Limits {
    /// Whether a call arriving at `now` may pass; the error says why not. Calls that are refused neither fill the
    /// window nor prolong the penalty.
    pub(crate) fn admit(&mut self, config: &Config, limit: &'static str, now: Instant) -> Result<(), String> {
        let most = config.calls_per_second as usize;
        if most == 0 {
            return Ok(());
        }
        let (scope, closed) = match config.penalty_scope {
            Penalty::WholeApp => ("", "the app"),
            Penalty::SameLimit => (limit, limit),
        };
        if let Some(left) = self.closed.get(scope).and_then(|until| until.checked_duration_since(now))
            && !left.is_zero()
        {
            return Err(format!("{closed} is blocked for another {} ms", left.as_millis()));
        }
        let admitted = self.admitted.entry(limit).or_default();
        while admitted.front().is_some_and(|first| now.saturating_duration_since(*first) >= WINDOW) {
            admitted.pop_front();
        }
        if admitted.len() >= most {
            self.closed.insert(scope, now + config.penalty);
            let penalty = config.penalty.as_secs_f64();
            return Err(format!(
                "more than {most} calls of {limit} in one second: {closed} is blocked for {penalty} s"
            ));
        }
        admitted.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_too_many_closes_the_app_or_the_limit_for_the_penalty_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        for scope in [Penalty::WholeApp, Penalty::SameLimit] {
            let config = Config { calls_per_second: 2, penalty_scope: scope, ..Config::default() };
            let mut limits = Limits::default();
            let mut admit = |limit, ms| limits.admit(&config, limit, at(ms)).is_ok();
            assert!(admit("a", 0) && admit("a", 900));
            assert!(admit("a", 1000), "the first has left the window");
            assert!(!admit("a", 1100));
            assert_eq!(admit("b", 1100), scope == Penalty::SameLimit);
            assert!(!admit("a", 6000), "the window is long empty, the penalty not over");
            assert!(!admit("a", 11_099));
            assert!(admit("a", 11_100) && admit("b", 11_100));
        }
    }
}
