//! Call frequencies, on the clock.

use std::{
    thread,
    time::{Duration, Instant},
};

use groupmembers_sandbox::tim::GroupKind;
use serde_json::json;

use crate::wire::{GROUP, MEMBERS, call, sandbox};

/// Starts over where a busy machine took longer than the window over it.
fn within_a_second<T>(work: impl Fn() -> T) -> T {
    for _ in 0..20 {
        let start = Instant::now();
        let done = work();
        if start.elapsed() < Duration::from_secs(1) {
            return done;
        }
    }
    panic!("too slow a machine to test on");
}

#[test]
fn calls_beyond_the_limit_are_refused_until_the_window_has_passed() {
    let body = json!({"GroupId": GROUP});
    let (sandbox, codes) = within_a_second(|| {
        let sandbox = sandbox(GroupKind::Public, 5, |config| config.calls_per_second = 3);
        let codes: Vec<u64> = (0..5).map(|_| call(&sandbox, MEMBERS, &body).code()).collect();
        (sandbox, codes)
    });
    assert_eq!(codes, [0, 0, 0, 60007, 60007]);
    let other = call(&sandbox, "group_open_http_svc/get_group_info", &json!({"GroupIdList": [GROUP]}));
    assert_eq!(other.code(), 0, "another command");
    assert_eq!((sandbox.calls(), sandbox.throttled()), (6, 2));
    let refused = &sandbox.log()[3];
    assert!(refused.throttled && refused.group.as_deref() == Some(GROUP), "{refused}");
    thread::sleep(Duration::from_millis(1000));
    assert_eq!(call(&sandbox, MEMBERS, &body).code(), 0);
}

#[test]
fn the_list_of_all_groups_may_be_asked_for_once_a_second() {
    let codes = within_a_second(|| {
        let sandbox = sandbox(GroupKind::Public, 5, |config| config.calls_per_second = 200);
        let list = || call(&sandbox, "group_open_http_svc/get_appid_group_list", &json!({})).code();
        [list(), list()]
    });
    assert_eq!(codes, [0, 60007]);
}

#[test]
fn zero_enforces_nothing() {
    let sandbox = sandbox(GroupKind::Public, 5, |config| config.calls_per_second = 0);
    for _ in 0..300 {
        assert_eq!(call(&sandbox, "group_open_http_svc/get_appid_group_list", &json!({})).code(), 0);
    }
    assert_eq!((sandbox.calls(), sandbox.throttled()), (300, 0));
}
