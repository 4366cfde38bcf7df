//! The world itself: its size, its seed, its people coming and going.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Config, Sandbox,
    tim::{Churn, GroupConfig, GroupKind},
};
use serde_json::json;

use crate::wire::{GROUP, MEMBERS, by_cursor, call, query, reply, sandbox};

#[test]
fn a_million_members_can_be_had() {
    let sandbox = sandbox(GroupKind::Community, 1_000_000, |config| {
        config.groups[0].churn = Churn::per_call(2.0);
    });
    let mut next = String::new();
    for _ in 0..50 {
        let page = call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 100, "Next": next}));
        assert_eq!(page.rows().len(), 100);
        next = page.json()["Next"].as_str().unwrap().to_owned();
    }
    assert_eq!(call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Next": ""})).code(), 10018);
    assert!(sandbox.tim().member_count(GROUP) > 999_000);
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let answers = |seed: u64| {
        let mut config = Config { seed, ..Config::default() };
        let churn = Churn::per_call(3.0);
        config.tim.groups = vec![GroupConfig::new(GROUP, GroupKind::Public, 500).churn(churn).custom_fields()];
        config.tim.faults = vec!["unstable-order@every-2".parse().unwrap()];
        let sandbox = Sandbox::start(config).unwrap();
        let page = |n: u32| call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 100, "Offset": n * 50})).body;
        (0..10).map(page).collect::<Vec<_>>()
    };
    assert_eq!(answers(7), answers(7));
    assert_ne!(answers(7), answers(8));
}

#[test]
fn people_come_and_go_while_they_are_listed_and_the_world_remembers() {
    let sandbox = sandbox(GroupKind::Public, 400, |config| {
        config.groups[0].churn = Churn::per_call(10.0);
    });
    let world = sandbox.tim();
    call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 1}));
    world.begin_recording();
    let before: BTreeSet<String> = world.members(GROUP).into_iter().map(|m| m.account).collect();
    assert_eq!(world.present_throughout(GROUP), before);
    assert_eq!(world.ever_present(GROUP), before);

    let mut seen = BTreeSet::new();
    for n in 0..40 {
        seen.extend(call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 10, "Offset": n * 10})).accounts());
    }
    let (throughout, ever) = (world.present_throughout(GROUP), world.ever_present(GROUP));
    assert!(throughout.len() < before.len() && ever.len() > before.len());
    assert!(seen.is_subset(&ever), "nobody is listed who never was there");
    assert!(!throughout.is_subset(&seen), "reading by offset alone loses people: that is what this is for");
    assert!(world.members(GROUP).iter().all(|m| ever.contains(&m.account)));
}

#[test]
fn a_cursor_loses_nobody_who_stays() {
    let sandbox = sandbox(GroupKind::Community, 2000, |config| {
        config.groups[0].churn = Churn::per_call(8.0);
    });
    sandbox.tim().begin_recording();
    let seen = by_cursor(&sandbox, 100);
    let throughout = sandbox.tim().present_throughout(GROUP);
    let seen: BTreeSet<String> = seen.into_iter().collect();
    assert!(throughout.is_subset(&seen) && throughout.len() < 2000);
    assert!(seen.is_subset(&sandbox.tim().ever_present(GROUP)));
}

#[test]
fn members_change_at_run_time() {
    let sandbox = sandbox(GroupKind::Work, 5, |_| {});
    let world = sandbox.tim();
    assert!(world.add_member(GROUP, "新 人") && !world.add_member(GROUP, "新 人"));
    assert!(world.remove_member(GROUP, "user000002") && !world.remove_member(GROUP, "user000002"));
    let accounts = call(&sandbox, MEMBERS, &json!({"GroupId": GROUP})).accounts();
    assert_eq!(accounts, ["user000000", "user000001", "user000003", "user000004", "新 人"]);
    assert_eq!((world.member_count(GROUP), world.groups()), (5, vec![GROUP.to_owned()]));
}

#[test]
#[should_panic(expected = "no TIM group \"typo\"")]
fn a_misspelt_group_does_not_pass_for_an_empty_one() {
    let _ = sandbox(GroupKind::Work, 5, |_| {}).tim().members("typo");
}

#[test]
fn latency_is_waited_for() {
    let mut config = Config { latency: Duration::from_millis(150), ..Config::default() };
    config.tim.groups = vec![GroupConfig::new(GROUP, GroupKind::Work, 5)];
    let sandbox = Sandbox::start(config).unwrap();
    let start = Instant::now();
    call(&sandbox, MEMBERS, &json!({"GroupId": GROUP}));
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[test]
fn dropping_it_frees_the_port_from_inside_a_runtime_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::start(Config::default()).unwrap();
        let addr = sandbox.addr();
        let open = TcpStream::connect(addr).unwrap();
        assert_eq!(sandbox.base_url(), format!("http://{addr}"));
        drop(sandbox);
        assert!(TcpStream::connect(addr).is_err());
        drop(open);
        let again = Sandbox::start(Config { port: addr.port(), ..Config::default() }).unwrap();
        assert_eq!(again.addr(), addr);
    });
}

#[test]
fn one_connection_serves_many_calls() {
    let sandbox = sandbox(GroupKind::Work, 30, |_| {});
    let mut stream = TcpStream::connect(sandbox.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let body = json!({"GroupId": GROUP, "Limit": 10}).to_string();
    let target = format!("/v4/{MEMBERS}?{}", query(&sandbox));
    for _ in 0..3 {
        write!(stream, "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let (mut bytes, mut byte) = (Vec::new(), [0]);
        while !bytes.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
        let length: usize = reply(&bytes).header("content-length").unwrap().parse().unwrap();
        let head = bytes.len();
        bytes.resize(head + length, 0);
        stream.read_exact(&mut bytes[head..]).unwrap();
        assert_eq!(reply(&bytes).rows().len(), 10);
    }
}
