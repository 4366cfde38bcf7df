//! Call frequencies, on the clock.

use std::{
    thread,
    time::{Duration, Instant},
};

use groupmembers_sandbox::nim::{Penalty, TeamConfig, TeamKind};

use super::{ROOM, call, code, page, sandbox};

/// Starts over where a busy machine took longer than the window over it.
fn within<T>(window: Duration, work: impl Fn() -> T) -> T {
    for _ in 0..20 {
        let start = Instant::now();
        let done = work();
        if start.elapsed() < window {
            return done;
        }
    }
    panic!("too slow a machine to test on");
}

#[test]
fn one_call_too_many_blocks_the_whole_app_for_the_penalty_time() {
    let get = |sandbox: &_| code(&call(sandbox, "chatroom/get", &[("roomid", &ROOM.to_string())]));
    let penalty = Duration::from_millis(1500);
    for scope in [Penalty::WholeApp, Penalty::SameLimit] {
        let (sandbox, codes) = within(Duration::from_millis(900), || {
            let sandbox = sandbox(5, 5, |config| {
                (config.calls_per_second, config.penalty, config.penalty_scope) = (3, penalty, scope);
            });
            let mut codes: Vec<u64> = (0..4).map(|_| code(&page(&sandbox, 0, 0, 10))).collect();
            codes.push(get(&sandbox));
            (sandbox, codes)
        });
        let other = if scope == Penalty::WholeApp { 416 } else { 200 };
        assert_eq!(codes, [200, 200, 200, 416, other]);
        let refused = &sandbox.log()[3];
        assert!(refused.throttled && refused.note.contains("more than 3"), "{refused}");
        assert_eq!(refused.group.as_deref(), Some("9500000001"));
        assert_eq!(sandbox.throttled(), if scope == Penalty::WholeApp { 2 } else { 1 });
        thread::sleep(Duration::from_millis(1600));
        assert_eq!(code(&page(&sandbox, 0, 0, 10)), 200, "{scope:?}");
    }
}

#[test]
fn teams_share_one_limit_and_room_calls_have_one_each() {
    let codes = within(Duration::from_millis(900), || {
        let sandbox = sandbox(5, 5, |config| {
            (config.calls_per_second, config.penalty_scope) = (1, Penalty::SameLimit);
            config.teams.push(TeamConfig::new(7, TeamKind::Team, 3));
        });
        [
            code(&call(&sandbox, "team/query", &[("tids", "[7]"), ("ope", "0")])),
            code(&call(&sandbox, "team/queryDetail", &[("tid", "7")])),
            code(&page(&sandbox, 0, 0, 1)),
            code(&call(&sandbox, "chatroom/get", &[("roomid", &ROOM.to_string())])),
            code(&call(&sandbox, "superteam/getTlists", &[("tid", "7"), ("timetag", "0"), ("limit", "1")])),
        ]
    });
    assert_eq!(codes, [200, 416, 200, 200, 803]);
}

#[test]
fn the_words_are_the_vendors_and_no_header_says_how_long() {
    let sandbox = sandbox(5, 5, |config| config.calls_per_second = 1);
    let replies = [page(&sandbox, 0, 0, 1), page(&sandbox, 0, 0, 1), page(&sandbox, 0, 0, 1)];
    let refused = replies.iter().find(|reply| code(reply) == 416).expect("one of three in a row");
    assert_eq!(refused.body, r#"{"desc":"query too fast","code":416}"#);
    assert_eq!(refused.header("retry-after"), None);
}

#[test]
fn zero_enforces_nothing() {
    let sandbox = sandbox(5, 5, |_| {});
    for _ in 0..150 {
        assert_eq!(code(&page(&sandbox, 0, 0, 1)), 200);
    }
    assert_eq!((sandbox.calls(), sandbox.throttled()), (150, 0));
}
