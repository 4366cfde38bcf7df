//! Each fault, as it looks on the wire.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Sandbox,
    wkteam::{DEMO_ACCOUNT, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, Fault, GroupConfig},
};
use serde_json::{Value, json};

use super::{GROUP, body, call, code, data, list, login, names, note, open, outcome, post, room, rows, sandbox, with};
use crate::wire::reply;

#[test]
fn codes_once_and_then_success() {
    for (name, code, message) in [
        ("1001", "1001", "失败"),
        ("1001-retry", "1001", "系统失败,请重试"),
        ("10001", "10001", "失败"),
        ("9999", "9999", "未知错误"),
    ] {
        let sandbox = with(name);
        let failed = list(&sandbox);
        assert_eq!(failed.body, format!(r#"{{"message":"{message}","code":"{code}","data":null}}"#));
        assert_eq!(note(&sandbox), format!("fault: {name}"));
        assert_eq!(rows(&list(&sandbox)).len(), 40);
    }
    assert!(outcome(&list(&with("1001-xml"))).1.starts_with("<e>"));
}

#[test]
fn when_and_where() {
    let sandbox = sandbox(5, |config| {
        config.groups.push(GroupConfig::new("2@chatroom", "", 5).fault(Fault::Failure.on_call(2)));
        config.faults.push(Fault::PleaseRetry.every(3).on_group(GROUP).on_command("getChatRoomMember"));
    });
    let codes = |id: &str| {
        let one = |_| code(&call(&sandbox, "getChatRoomMember", &json!({"chatRoomId": id})));
        (0..4).map(one).collect::<Vec<_>>()
    };
    assert_eq!(codes("2@chatroom"), ["1000", "1001", "1000", "1000"]);
    assert_eq!(code(&room(&sandbox)), "1000");
    assert_eq!(codes(GROUP), ["1000", "1000", "1001", "1000"]);
    sandbox.wkteam().clear_faults();
    assert_eq!(codes(GROUP), ["1000"; 4]);
}

#[test]
fn envelopes_that_drift() {
    assert!(list(&with("code-number")).body.starts_with(r#"{"message":"成功","code":1000,"data":[{"#));
    assert!(list(&with("code-spaced")).body.starts_with(r#"{"message":"成功","code":" 1000 ","data":[{"#));
    assert!(list(&with("no-code")).body.starts_with(r#"{"message":"成功","data":[{"#));
    assert!(list(&with("msg-key")).body.starts_with(r#"{"msg":"成功","code":"1000","data":[{"#));
    let reply = list(&with("data-first"));
    assert!(reply.body.starts_with(r#"{"data":[{"#) && reply.body.ends_with(r#"],"code":"1000","message":"成功"}"#));

    let reply = list(&with("nested"));
    let start = r#"{"message":"成功","code":"1000","data":[{"message":"成功","code":"1000","data":[{"chatRoomId":"#;
    assert!(reply.body.starts_with(start) && reply.body.ends_with("]}]}"));
    assert_eq!(rows(&reply)[0]["data"].as_array().unwrap().len(), 40);
    assert_eq!(data(&list(&with("nested-object")))["data"].as_array().unwrap().len(), 40);
    assert_eq!(
        list(&with("nested-failure")).body,
        r#"{"message":"成功","code":"1000","data":{"message":"系统失败,请重试","code":"1001","data":null}}"#
    );
    assert_eq!(list(&with("null-data")).body, r#"{"message":"成功","code":"1000","data":null}"#);
    assert_eq!(list(&with("missing-data")).body, r#"{"message":"成功","code":"1000"}"#);
    assert_eq!(list(&with("empty-data")).body, r#"{"message":"成功","code":"1000","data":[]}"#);
    assert_eq!(data(&room(&with("data-object")))["memberCount"], 40);

    // A failure has an envelope too, whatever made it fail.
    let sandbox = with("code-number");
    sandbox.wkteam().inject(Fault::MsgKey);
    sandbox.wkteam().inject(Fault::Failure);
    assert_eq!(list(&sandbox).body, r#"{"msg":"失败","code":1001,"data":null}"#);
    assert_eq!(note(&sandbox), "fault: code-number, msg-key, 1001");
}

#[test]
fn other_peoples_answers() {
    for (name, status) in [("401", 401), ("403", 403), ("spring-error", 500), ("spring-200", 200)] {
        let sandbox = with(name);
        let reply = list(&sandbox);
        let json = reply.json();
        assert_eq!(reply.status, status, "{name}");
        assert!(json["timestamp"].is_u64() && json["path"] == "/getChatRoomMember" && json.get("code").is_none());
        assert_eq!(json["status"], if status == 200 { 500 } else { status });
        assert_eq!(code(&list(&sandbox)), "1000");
    }
    let reply = list(&with("502-html"));
    assert_eq!((reply.status, reply.header("content-type").unwrap().as_str()), (502, "text/html; charset=utf-8"));
    let reply = list(&with("html-200"));
    assert!(reply.status == 200 && reply.body.starts_with("<html>"));
    let reply = list(&with("redirect=http://elsewhere.example/x"));
    assert_eq!((reply.status, reply.header("location").unwrap().as_str()), (302, "http://elsewhere.example/x"));
    let sandbox = with("429-retry-after");
    let reply = list(&sandbox);
    assert_eq!((reply.status, reply.header("retry-after").unwrap().as_str()), (429, "1"));
    assert_eq!((sandbox.throttled(), code(&list(&sandbox)).as_str()), (1, "1000"));
}

#[test]
fn an_answer_that_repeats_the_secrets() {
    let sandbox = with("echo-credentials");
    let message = outcome(&list(&sandbox)).1;
    assert!(message.contains(&sandbox.wkteam().token()) && message.contains(DEMO_WID));
    assert!(outcome(&login(&sandbox, DEMO_ACCOUNT, DEMO_PASSWORD)).1.contains(DEMO_PASSWORD));
}

#[test]
fn connections_that_break() {
    let ask = |sandbox: &Sandbox| {
        let mut bytes = Vec::new();
        let stream = &mut open(sandbox, "getChatRoomMember", &body(sandbox, &json!({"chatRoomId": GROUP})));
        let end = stream.read_to_end(&mut bytes).map(drop);
        (bytes, end)
    };
    let sandbox = with("reset");
    let (bytes, end) = ask(&sandbox);
    assert!(bytes.is_empty());
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(code(&list(&sandbox)), "1000");

    for (name, orderly) in [("cut-body", true), ("reset-mid-body", false)] {
        let sandbox = with(name);
        let (bytes, end) = ask(&sandbox);
        assert_eq!(end.is_ok(), orderly);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let promised: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        let body = bytes.len() - (head.find("\r\n\r\n").unwrap() + 4);
        assert_eq!(body, promised / 2, "{name}");
        assert_eq!(code(&list(&sandbox)), "1000");
    }
}

#[test]
fn answers_that_take_too_long() {
    let sandbox = with("slow-drip");
    let mut stream = open(&sandbox, "getChatRoomInfo", &body(&sandbox, &json!({"chatRoomId": GROUP})));
    let (start, mut bytes, mut buffer) = (Instant::now(), Vec::new(), [0; 4096]);
    while start.elapsed() < Duration::from_millis(900) {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
    }
    assert!((2..=6).contains(&reply(&bytes).body.len()));

    let sandbox = with("endless-body");
    let mut stream = open(&sandbox, "getChatRoomMember", &body(&sandbox, &json!({"chatRoomId": GROUP})));
    stream.read_exact(&mut vec![0; 8 * 1024 * 1024]).unwrap();

    let sandbox = with("slow-answer=300");
    let start = Instant::now();
    assert_eq!(code(&list(&sandbox)), "1000");
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn logins_that_drift() {
    let ask = |name: &str| data(&login(&with(name), DEMO_ACCOUNT, DEMO_PASSWORD));
    assert_eq!((&ask("login-frozen")["status"], &ask("login-expired")["status"]), (&json!(1), &json!(2)));
    assert_eq!(ask("status-string")["status"], "0");
    assert!(ask("lower-case-authorization")["authorization"].is_string());
    assert_eq!(ask("lower-case-authorization").get("Authorization"), None);
    assert_eq!(ask("null-authorization")["Authorization"], Value::Null);
    let old = ask("login-2020");
    assert_eq!(old.as_object().unwrap().len(), 13);
    assert!(old["Authorization"].is_string() && old["overdueTime"].is_u64() && old["wcIds"].is_null());
}

#[test]
fn a_wid_that_dies_before_the_call() {
    let sandbox = with("relogin@call-2");
    assert_eq!(code(&list(&sandbox)), "1000");
    let ask = || post(&sandbox, "getChatRoomMember", &json!({"wId": DEMO_WID, "chatRoomId": GROUP}));
    assert_eq!((code(&ask()), code(&ask())), ("1001".to_owned(), "1001".to_owned()));
    assert!(note(&sandbox).contains("it has a new one"));
    let accounts = rows(&post(&sandbox, "queryLoginWx", &json!({})));
    assert_eq!(accounts[0]["wcId"], DEMO_WC_ID, "the same account");
    let wid = accounts[0]["wId"].as_str().unwrap();
    assert_ne!(wid, DEMO_WID);
    assert_eq!(code(&list(&sandbox)), "1000");

    let sandbox = with("offline");
    assert_eq!((code(&list(&sandbox)), code(&list(&sandbox))), ("1001".to_owned(), "1001".to_owned()));
    assert_eq!(data(&call(&sandbox, "isOnline", &json!({})))["isOnline"], false);
    assert_eq!(code(&call(&with("offline-1001"), "isOnline", &json!({}))), "1001");
}

#[test]
fn members_that_drift() {
    let plain = rows(&list(&sandbox(40, |_| {})));
    let ask = |name: &str| rows(&list(&with(name)));

    let old = ask("rows-2020");
    let fields = [
        "bigHeadImgUrl",
        "chatRoomId",
        "chatRoomMembers",
        "chatRoomOwner",
        "memberCount",
        "nickName",
        "smallHeadImgUrl",
        "userName",
        "v1",
    ];
    assert!(old.iter().all(|row| row.as_object().unwrap().keys().eq(fields)));
    assert!(old.iter().all(|row| !row["bigHeadImgUrl"].as_str().unwrap().starts_with("https")));

    let empty = ask("empty-strings");
    assert!(empty.iter().all(|row| row["displayName"].is_string() && row["inviterUserName"].is_string()));

    let null = ask("null-fields");
    let bare = null.iter().filter(|row| row.as_object().unwrap().values().filter(|v| !v.is_null()).count() == 1);
    assert_eq!((bare.count(), names(&null)), (13, names(&plain)));

    assert!(ask("extra-fields").iter().all(|row| row["ext"]["level"] == 3));
    assert_eq!((&ask("member-flag")[0]["chatRoomMemberFlag"], plain[0].get("chatRoomMemberFlag")), (&json!(9), None));
    assert!(ask("string-numbers").iter().all(|row| row["memberCount"] == "0"));
    let bad = ask("bad-row").iter().filter(|row| row["userName"].is_null()).count();
    assert_eq!(bad, 1);
    let twice = names(&ask("duplicate-row"));
    assert_eq!((twice.len(), twice.iter().collect::<BTreeSet<_>>().len()), (41, 40));
    assert_eq!(ask("short-list"), plain[..38]);
    assert_eq!(ask("short-list=39"), plain[..1]);
    let managers = |rows: &[Value]| rows.iter().filter(|row| row["isManage"] == true).count();
    assert_eq!((managers(&plain), managers(&ask("admins-manage"))), (1, 2));

    let sandbox = with("unstable-order");
    let (first, second) = (names(&rows(&list(&sandbox))), names(&rows(&list(&sandbox))));
    assert_ne!(first, second);
    assert_eq!(first.iter().collect::<BTreeSet<_>>(), second.iter().collect::<BTreeSet<_>>());
}

#[test]
fn groups_that_drift() {
    let ask = |name: &str| rows(&room(&with(name)))[0].clone();
    let counts = ["wrong-count", "wrong-count=-7", "zero-count"].map(|name| ask(name)["memberCount"].as_i64().unwrap());
    assert_eq!(counts, [41, 33, 0]);
    assert_eq!(ask("string-numbers")["memberCount"], "40");
    let null = ask("null-room");
    assert!(null["memberCount"].is_null() && null["chatRoomOwner"].is_null() && null["chatRoomMembers"].is_null());
    let old = ask("nike-name");
    assert!(old["userName"].is_null() && old["chatRoomMembers"][0]["nikeName"].is_string());
    assert_eq!(old["chatRoomMembers"][0].get("nickName"), None);
}

#[test]
fn every_fault_there_is_changes_something() {
    // The slow ones would take too long to compare; they have a test of their own.
    let bytes = |sandbox: &Sandbox| {
        let wid = json!({"wId": DEMO_WID, "chatRoomId": GROUP});
        let calls = [
            ("member/login", json!({"account": DEMO_ACCOUNT, "password": DEMO_PASSWORD})),
            ("getChatRoomMember", wid.clone()),
            ("getChatRoomInfo", wid.clone()),
            ("isOnline", wid),
        ];
        calls.map(|(command, body)| {
            let mut bytes = Vec::new();
            let _ = open(sandbox, command, &body).take(100_000).read_to_end(&mut bytes);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned()
        })
    };
    let plain = bytes(&sandbox(40, |_| {}));
    assert_eq!(plain, bytes(&sandbox(40, |_| {})), "nothing else does");
    for name in Fault::NAMES {
        assert_ne!(plain, bytes(&with(name)), "{name}");
    }
}
