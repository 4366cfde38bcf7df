//! Each fault, as it looks on the wire.

use std::{
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Sandbox,
    faults::Transport,
    tim::{Fault, GroupConfig, GroupKind, Injection},
};
use serde_json::{Value, json};

use crate::wire::{GROUP, MEMBERS, Reply, broken_call, call, query, raw, reply, sandbox, send};

fn with(name: &str) -> Sandbox {
    with_kind(GroupKind::Public, name)
}

fn with_kind(kind: GroupKind, name: &str) -> Sandbox {
    let sandbox = sandbox(kind, 120, |_| {});
    sandbox.tim().inject_into(GROUP, name.parse::<Injection>().unwrap());
    sandbox
}

fn page(sandbox: &Sandbox) -> Reply {
    raw(
        sandbox,
        "POST",
        &format!("/v4/{MEMBERS}?{}", query(sandbox)),
        &json!({"GroupId": GROUP, "Limit": 100}).to_string(),
    )
}

fn next_page(sandbox: &Sandbox, next: &str) -> Reply {
    call(sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 50, "Next": next}))
}

#[test]
fn codes_once_and_then_success() {
    for (name, code) in [("10002-then-ok", 10002), ("70001-then-ok", 70001), ("60007", 60007)] {
        let sandbox = with(name);
        assert_eq!((page(&sandbox).code(), page(&sandbox).code()), (code, 0), "{name}");
        assert_eq!(sandbox.throttled(), u64::from(code == 60007));
        assert_eq!(sandbox.log()[0].note, format!("fault: {name}"));
    }
}

#[test]
fn when_and_where() {
    let sandbox = sandbox(GroupKind::Public, 10, |config| {
        config.groups.push(GroupConfig::new("other", GroupKind::Public, 10).fault(Fault::ServerError.on_call(2)));
        config.faults.push(Fault::SigExpired.every(3).on_group(GROUP).on_command("get_group_member_info"));
    });
    let codes = |group: &str| {
        let one = |_| call(&sandbox, MEMBERS, &json!({"GroupId": group})).code();
        (0..4).map(one).collect::<Vec<_>>()
    };
    assert_eq!(codes("other"), [0, 10002, 0, 0]);
    let info =
        || call(&sandbox, "group_open_http_svc/get_group_info", &json!({"GroupIdList": [GROUP, "other"]})).code();
    assert_eq!(info(), 0);
    assert_eq!(codes(GROUP), [0, 0, 70001, 0]);
    sandbox.tim().clear_faults();
    assert_eq!(codes(GROUP), [0, 0, 0, 0]);
    sandbox.tim().inject(Fault::ServerError);
    assert_eq!(info(), 10002);
}

#[test]
fn pages_that_are_refused_or_cut_short() {
    let sandbox = with("10018=60");
    assert_eq!(page(&sandbox).code(), 10018);
    assert_eq!(call(&sandbox, MEMBERS, &json!({"GroupId": GROUP})).code(), 10018);
    assert_eq!(call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 60})).code(), 0);

    let sandbox = with("clamp-page");
    assert_eq!(page(&sandbox).rows().len(), 50);
    assert_eq!(call(&sandbox, MEMBERS, &json!({"GroupId": GROUP})).rows().len(), 50);
    let sandbox = with_kind(GroupKind::Community, "clamp-page=30");
    let first = next_page(&sandbox, "");
    let second = next_page(&sandbox, first.json()["Next"].as_str().unwrap());
    let all: Vec<String> = sandbox.tim().members(GROUP).into_iter().map(|m| m.account).collect();
    assert_eq!([first.accounts(), second.accounts()].concat(), all[..60]);
}

#[test]
fn cursors_that_stick_and_pages_without_rows() {
    let sandbox = with_kind(GroupKind::Community, "stuck-cursor");
    let first = next_page(&sandbox, "");
    let next = first.json()["Next"].as_str().unwrap().to_owned();
    let (second, third) = (next_page(&sandbox, &next), next_page(&sandbox, &next));
    assert_eq!(second.json()["Next"], next);
    assert_eq!(second.accounts(), third.accounts());
    assert_ne!(first.accounts(), second.accounts());

    let sandbox = with_kind(GroupKind::Community, "empty-page@call-2");
    let first = next_page(&sandbox, "");
    let next = first.json()["Next"].as_str().unwrap().to_owned();
    let empty = next_page(&sandbox, &next);
    assert!(empty.accounts().is_empty());
    let moved = empty.json()["Next"].as_str().unwrap().to_owned();
    assert!(!moved.is_empty() && moved != next);
    let all: Vec<String> = sandbox.tim().members(GROUP).into_iter().map(|m| m.account).collect();
    assert_eq!(next_page(&sandbox, &moved).accounts(), all[50..100], "nothing is lost");
}

#[test]
fn other_peoples_pages() {
    let reply = page(&with("502-html"));
    assert_eq!((reply.status, reply.header("content-type").unwrap().as_str()), (502, "text/html; charset=utf-8"));
    assert!(reply.body.starts_with("<html>"));
    let reply = page(&with("html-200"));
    assert_eq!(reply.status, 200);
    assert!(reply.body.starts_with("<html>"));
    let reply = page(&with("redirect"));
    assert_eq!((reply.status, reply.header("location").unwrap().as_str()), (302, "http://127.0.0.1:1/"));
    let reply = page(&with("redirect=http://elsewhere.example/x"));
    assert_eq!(reply.header("location").unwrap(), "http://elsewhere.example/x");
    let sandbox = with("429-retry-after");
    let reply = page(&sandbox);
    assert_eq!((reply.status, reply.header("retry-after").unwrap().as_str()), (429, "1"));
    assert_eq!((sandbox.throttled(), page(&sandbox).code()), (1, 0));
}

#[test]
fn bodies_cut_short() {
    let whole = page(&with("missing-error-info")).body.len();
    let sandbox = with("cut-body");
    let (bytes, end) = broken_call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 100}));
    end.expect("an orderly end");
    let cut = reply(&bytes);
    let promised: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert!(promised > whole && cut.body.len() == promised / 2, "{} of {promised}", cut.body.len());
    assert_eq!(page(&sandbox).code(), 0);
}

#[test]
fn connections_reset() {
    let sandbox = with("reset");
    let (bytes, end) = broken_call(&sandbox, MEMBERS, &json!({"GroupId": GROUP}));
    assert!(bytes.is_empty());
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let entry = sandbox.log().pop().unwrap();
    assert_eq!((entry.status, entry.note.as_str()), (0, "fault: reset"));
    assert_eq!(page(&sandbox).code(), 0);

    let sandbox = with("reset-mid-body");
    let (bytes, end) = broken_call(&sandbox, MEMBERS, &json!({"GroupId": GROUP}));
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let cut = reply(&bytes);
    let promised: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert_eq!(cut.body.len(), promised / 2);
    assert_eq!(page(&sandbox).code(), 0);
}

#[test]
fn bodies_that_take_too_long() {
    let sandbox = with("slow-drip");
    let target = format!("/v4/{MEMBERS}?{}", query(&sandbox));
    let mut stream = send(&sandbox, "POST", &target, &json!({"GroupId": GROUP}).to_string());
    let (start, mut bytes, mut buffer) = (Instant::now(), Vec::new(), [0; 4096]);
    while start.elapsed() < Duration::from_millis(900) {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
    }
    let slow = reply(&bytes);
    assert!((2..=6).contains(&slow.body.len()), "{:?}", slow.body);
    assert!(slow.header("content-length").unwrap().parse::<usize>().unwrap() > 1000);

    let sandbox = with("endless-body");
    let target = format!("/v4/{MEMBERS}?{}", query(&sandbox));
    let mut stream = send(&sandbox, "POST", &target, &json!({"GroupId": GROUP}).to_string());
    let mut bytes = vec![0; 8 * 1024 * 1024];
    stream.read_exact(&mut bytes).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..400]).contains("transfer-encoding: chunked"));
}

#[test]
fn an_answer_that_repeats_the_secret() {
    let sandbox = with("echo-query");
    let query = query(&sandbox);
    let usersig = query.split('&').find_map(|pair| pair.strip_prefix("usersig=")).unwrap().to_owned();
    let reply = raw(&sandbox, "POST", &format!("/v4/{MEMBERS}?{query}"), &json!({"GroupId": GROUP}).to_string());
    assert_eq!(reply.code(), 10004);
    assert!(reply.json()["ErrorInfo"].as_str().unwrap().contains(&usersig));
    assert!(!format!("{:?}", sandbox.log()).contains(&usersig), "but the log does not");
}

#[test]
fn shapes_that_drift() {
    let reply = page(&with("bad-row"));
    let bad: Vec<bool> = reply.rows().iter().map(|row| row["Member_Account"].is_null()).collect();
    assert_eq!(bad.iter().filter(|bad| **bad).count(), 1);
    assert!(bad[50]);

    let reply = page(&with("null-list"));
    assert_eq!((reply.code(), &reply.json()["MemberList"]), (0, &Value::Null));
    assert!(reply.json().as_object().unwrap().contains_key("MemberList"));

    let sandbox = with("missing-error-info");
    assert_eq!(page(&sandbox).json().get("ErrorInfo"), None);
    let refused = call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 999}));
    assert_eq!((refused.code(), refused.json().get("ErrorInfo")), (10004, None));

    let rows = page(&with("role-with-space")).rows();
    assert_eq!((&rows[0]["Role"], &rows[50]["Role"]), (&json!("Owner"), &json!("Member ")));

    let reply = page(&with("string-numbers"));
    assert_eq!(reply.json()["MemberNum"], "120");
    assert!(reply.rows().iter().all(|row| row["JoinTime"].is_string() && row["MuteUntil"].is_string()));
}

#[test]
fn a_list_without_an_order() {
    let sandbox = with("unstable-order");
    let (first, second) = (page(&sandbox).accounts(), page(&sandbox).accounts());
    assert_eq!(first.len(), 100);
    assert_ne!(first, second);
    let known = sandbox.tim().ever_present(GROUP);
    assert!(first.iter().all(|account| known.contains(account)));
}

#[test]
fn every_fault_there_is_changes_something() {
    // The slow ones would take an hour to compare, others leave the body alone; they have tests of their own.
    let other =
        ["slow-drip", "slow-answer", "reset-after-body", "long-length", "short-length", "not-gzip", "wrong-date"];
    let transport = Transport::NAMES.iter().filter(|name| !other.contains(name));
    for name in transport.chain(Fault::NAMES) {
        let kind =
            if matches!(*name, "stuck-cursor" | "empty-page") { GroupKind::Community } else { GroupKind::Public };
        let (plain, broken) = (sandbox(kind, 120, |_| {}), with_kind(kind, name));
        let bytes = |sandbox: &Sandbox| {
            let mut all = Vec::new();
            let mut next = String::new();
            // The second page is where a cursor can stick.
            for _ in 0..2 {
                let mut body = json!({"GroupId": GROUP, "Limit": 100});
                if kind == GroupKind::Community {
                    body["Next"] = json!(next);
                }
                let target = format!("/v4/{MEMBERS}?{}", query(sandbox));
                let stream = send(sandbox, "POST", &target, &body.to_string());
                let mut bytes = Vec::new();
                let _ = stream.take(100_000).read_to_end(&mut bytes);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
                next = serde_json::from_str::<Value>(&body)
                    .ok()
                    .and_then(|json| Some(json["Next"].as_str()?.to_owned()))
                    .unwrap_or_default();
                all.push(body);
            }
            all
        };
        assert!(bytes(&plain) != bytes(&broken), "{name}");
    }
}
