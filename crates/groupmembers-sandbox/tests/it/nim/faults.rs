//! Each fault, as it looks on the wire.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Sandbox,
    nim::{Fault, Injection, MemberType, RoomConfig, TeamConfig, TeamKind},
};
use serde_json::{Value, json};

use super::{BY_PAGE, ROOM, accids, broken_call, call, code, form, headers, ok, page, rows, sandbox, send};
use crate::wire::Reply;

const FIELDS: [(&str, &str); 4] = [("roomid", "9500000001"), ("type", "1"), ("endtime", "0"), ("limit", "100")];

fn with(name: &str) -> Sandbox {
    let sandbox = sandbox(120, 120, |config| config.rooms[0].robots = 5);
    sandbox.nim().inject_into(ROOM, name.parse::<Injection>().unwrap());
    sandbox
}

fn guests(sandbox: &Sandbox) -> Reply {
    page(sandbox, 1, 0, 100)
}

#[test]
fn codes_once_and_then_success() {
    for (name, code, desc) in [
        ("500-then-ok", 500, "server error"),
        ("503-then-ok", 503, "server busy"),
        ("514-then-ok", 514, "service unavailable"),
        ("408-then-ok", 408, "timeout"),
        ("404-then-ok", 404, "not found"),
        ("416", 416, "query too fast"),
        ("431-repeated", 431, "http request repeated"),
        ("clock-expired", 414, "CurTime is expired"),
        ("checksum", 414, "checksum"),
        ("code=13003", 13003, "in blacklist"),
        ("code=998", 998, "error"),
    ] {
        let sandbox = with(name);
        let refused = guests(&sandbox);
        assert_eq!(refused.body, format!(r#"{{"desc":"{desc}","code":{code}}}"#));
        assert_eq!(self::code(&guests(&sandbox)), 200, "{name}");
        assert_eq!(sandbox.throttled(), u64::from(code == 416));
        assert_eq!(sandbox.log()[0].note, format!("fault: {name}"));
    }
    for (name, code) in [("403-wrong-region", 403), ("315-ip", 315)] {
        let sandbox = with(name);
        assert_eq!((self::code(&guests(&sandbox)), self::code(&guests(&sandbox))), (code, code));
    }
}

#[test]
fn when_and_where() {
    let sandbox = sandbox(9, 9, |config| {
        config.rooms.push(RoomConfig::new(66, 9, 9).fault(Fault::ServerError.on_call(2)));
        config.faults.push(Fault::Busy.every(3).on_group(ROOM).on_command(BY_PAGE));
    });
    let get = |room: &str| code(&call(&sandbox, "chatroom/get", &[("roomid", room)]));
    assert_eq!([get("66"), get("66"), get("66")], [200, 500, 200]);
    let pages = || (0..4).map(|_| code(&guests(&sandbox))).collect::<Vec<_>>();
    assert_eq!(pages(), [200, 200, 503, 200]);
    sandbox.nim().clear_faults();
    assert_eq!(pages(), [200; 4]);
}

#[test]
fn answers_that_are_none() {
    for (name, status) in [("502-html", 502), ("html-200", 200), ("redirect", 302), ("429-retry-after", 429)] {
        let reply = guests(&with(name));
        assert_eq!(reply.status, status);
        assert!(reply.body.starts_with("<html>"), "{}", reply.body);
        assert_eq!(reply.header("retry-after").as_deref(), (status == 429).then_some("1"));
        assert_eq!(reply.header("location").is_some(), status == 302);
    }
    let reply = guests(&with("bad-date"));
    assert_eq!((code(&reply), &*reply.header("date").unwrap()), (200, "the day before yesterday"));
}

#[test]
fn connections_that_break() {
    let (bytes, end) = broken_call(&with("reset"), BY_PAGE, &FIELDS);
    assert!(bytes.is_empty());
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let (bytes, end) = broken_call(&with("reset-mid-body"), BY_PAGE, &FIELDS);
    assert!(bytes.len() > 1000);
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let (bytes, end) = broken_call(&with("cut-body"), BY_PAGE, &FIELDS);
    end.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.to_lowercase().split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse::<usize>();
    assert!(body.len() < length.unwrap());

    let sandbox = with("slow-drip");
    let start = Instant::now();
    let mut stream =
        send(&sandbox, "POST", "/nimserver/chatroom/membersByPage.action", &headers(&sandbox), &form(&FIELDS));
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !bytes.ends_with(b"\r\n\r\n{\"d") {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
    }
    assert!(start.elapsed() >= Duration::from_millis(350));

    let sandbox = with("endless-body");
    let mut stream =
        send(&sandbox, "POST", "/nimserver/chatroom/membersByPage.action", &headers(&sandbox), &form(&FIELDS));
    let mut total = 0;
    while total < 1_000_000 {
        total += stream.read(&mut buffer).unwrap();
    }
}

#[test]
fn envelopes() {
    let refused = |name: &str| call(&with(name), "chatroom/queryMembers", &[("roomid", "9500000001")]).body;
    assert_eq!(refused("null-desc"), r#"{"desc":null,"code":414}"#);
    assert_eq!(refused("no-desc"), r#"{"code":414}"#);
    assert_eq!(refused("no-code"), r#"{"desc":"accids is empty"}"#);
    assert_eq!(refused("text-code"), r#"{"desc":"accids is empty","code":"414"}"#);
    let body = |name: &str| guests(&with(name)).body;
    assert_eq!(body("no-payload"), r#"{"code":200}"#);
    assert_eq!(body("null-list"), r#"{"desc":{"data":null},"code":200}"#);
    assert_eq!(body("no-list"), r#"{"desc":{},"code":200}"#);
    assert!(body("text-code").ends_with(r#","code":"200"}"#));
    assert!(body("no-code").ends_with("]}}"));
    let sandbox = with("desc-as-text");
    let text = ok(&guests(&sandbox))["desc"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["data"].as_array().unwrap().len(), 100);

    let sandbox = with("echo-headers");
    let reply = guests(&sandbox);
    let check_sum = &headers(&sandbox)[3].1;
    let desc = reply.json()["desc"].as_str().unwrap().to_owned();
    assert!(code(&reply) == 414 && desc.contains("CheckSum: ") && desc.contains("Nonce: "), "{desc}");
    assert!(!format!("{:?}", sandbox.log()).contains(check_sum));
}

#[test]
fn pages() {
    let sandbox = with("clamp-page=30");
    assert_eq!((rows(&guests(&sandbox)).len(), rows(&page(&sandbox, 1, 0, 10)).len()), (30, 10));
    let sandbox = with("short-pages");
    assert_eq!((rows(&guests(&sandbox)).len(), rows(&page(&sandbox, 1, 0, 5)).len()), (50, 3));
    let sandbox = with("empty-page@call-2");
    let lengths: Vec<usize> = (0..3).map(|_| rows(&guests(&sandbox)).len()).collect();
    assert_eq!(lengths, [100, 0, 100]);

    let plain = sandbox_pages("null-texts@call-99");
    assert_eq!((plain.0.len(), plain.1.len()), (100, 20));
    let (first, second) = sandbox_pages("stuck-cursor");
    assert_eq!(first, second);
    let (first, second) = sandbox_pages("endtime-inclusive");
    assert_eq!(second[0]["enterTime"], first[99]["enterTime"]);
    assert!(accids(&second).iter().any(|accid| *accid == accids(&first)[99]));
    let (first, _) = sandbox_pages("rising-rows");
    assert!(first.is_sorted_by(|a, b| a["enterTime"].as_u64() <= b["enterTime"].as_u64()));
    let (first, _) = sandbox_pages("repeated-rows");
    assert_eq!((first.len(), &first[0]), (200, &first[1]));
    let sandbox = with("unstable-ties");
    let pages: BTreeSet<Vec<String>> = (0..6).map(|_| accids(&rows(&page(&sandbox, 1, 0, 40)))).collect();
    assert!(pages.len() > 1);
    let ends: BTreeSet<Vec<String>> = (0..40)
        .map(|_| accids(&rows(&page(&sandbox, 1, 0, 40))))
        .map(|mut page| {
            page.sort();
            page
        })
        .collect();
    assert!(ends.len() > 1, "who of a tie is on the page changes too");
}

/// A page of guests and the one that follows its last row.
fn sandbox_pages(name: &str) -> (Vec<Value>, Vec<Value>) {
    let sandbox = with(name);
    let first = rows(&guests(&sandbox));
    let end = first.last().unwrap()["enterTime"].as_u64().unwrap();
    // 120 members in threes: the page's end splits a tie, and the strict rule loses two.
    let second = rows(&page(&sandbox, 1, end, 100));
    let expected = if name.starts_with("null-texts") { end + 1 } else { end };
    let second = if expected == end { second } else { rows(&page(&sandbox, 1, expected, 100)).split_off(1) };
    (first, second)
}

#[test]
fn fixed_members_in_the_order_of_what_no_row_says() {
    let sandbox = with("fixed-by-update-time");
    let first = rows(&page(&sandbox, 0, 0, 100));
    assert!(!first.is_sorted_by(|a, b| a["enterTime"].as_u64() >= b["enterTime"].as_u64()));
    let all: BTreeSet<String> = accids(&first).into_iter().collect();
    assert_eq!(all.len(), 100);
    // Guests are as ever.
    assert!(rows(&guests(&sandbox)).is_sorted_by(|a, b| a["enterTime"].as_u64() >= b["enterTime"].as_u64()));
    let online = rows(&page(&sandbox, 2, 0, 100));
    assert_eq!(online.len(), sandbox.nim().member_count(ROOM, MemberType::OnlineFixed));
}

#[test]
fn online_members_picked_after_the_cut() {
    let sandbox = with("filter-after-cut");
    let page = rows(&page(&sandbox, 2, 0, 30));
    let online = sandbox.nim().member_count(ROOM, MemberType::OnlineFixed);
    assert!(page.len() < 30 && page.len() < online, "{} of {online}", page.len());
    assert!(page.iter().all(|row| row["onlineStat"] == true));
}

#[test]
fn every_row_fault_on_every_call_with_rows() {
    let all = |name: &str| {
        let sandbox = with(name);
        let room = ("roomid", "9500000001");
        let accids = ("accids", r#"["user000003","user000004","guest000002"]"#);
        vec![
            rows(&guests(&sandbox)),
            rows(&call(&sandbox, "chatroom/queryMembersByRole", &[room, ("roles", r#"{"mute":true,"manager":true}"#)])),
            rows(&call(&sandbox, "chatroom/queryMembers", &[room, accids])),
            rows(&call(
                &sandbox,
                "chatroom/tagMembersQuery",
                &[room, ("tag", "vip"), ("endTime", "0"), ("limit", "9")],
            )),
        ]
    };
    let every = |name: &str, test: &dyn Fn(&Value) -> bool| {
        for rows in all(name) {
            assert!(!rows.is_empty() && rows.iter().all(test), "{name}: {}", rows[0]);
        }
    };
    let one = |name: &str, test: &dyn Fn(&Value) -> bool| {
        for rows in all(name) {
            assert_eq!(rows.iter().filter(|row| test(row)).count(), 1, "{name}: {rows:?}");
        }
    };
    one("bad-row", &|row| row["accid"].is_null());
    one("unknown-type", &|row| row["type"] == "VISITOR");
    every("no-enter-time", &|row| row.get("enterTime").is_none());
    every("string-numbers", &|row| {
        row["roomid"] == "9500000001"
            && row["level"].is_string()
            && row.get("enterTime").is_none_or(Value::is_string)
            && row.get("tempMuteTtl").is_none_or(Value::is_string)
    });
    every("numeric-type", &|row| row["type"].is_i64());
    every("false-flags", &|row| {
        ["blacklisted", "muted", "tempMuted", "isRobot"].iter().all(|name| row[name].is_boolean())
    });
    every("null-texts", &|row| row["nick"].is_null() && row["ext"].is_null());
    every("sparse-rows", &|row| row.as_object().is_some_and(|row| row.len() <= 4 && row.contains_key("accid")));
    every("extra-fields", &|row| row["sandboxExtra"] == json!({"a": [1]}));
}

#[test]
fn rooms_that_fail_inside_a_success() {
    let sandbox = with("fail-rooms");
    let batch = || ok(&call(&sandbox, "chatroom/getBatch", &[("roomids", "[1,9500000001]")]));
    let first = batch();
    assert_eq!(
        (&first["succRooms"], &first["noExistRooms"], &first["failRooms"]),
        (&json!([]), &json!([1]), &json!([ROOM]))
    );
    assert_eq!(batch()["failRooms"], json!([]));
}

#[test]
fn every_fault_by_name_is_noted_in_the_log() {
    for name in Fault::NAMES {
        let sandbox = sandbox(9, 9, |config| {
            config.teams = vec![TeamConfig::new(7, TeamKind::SuperTeam, 9), TeamConfig::new(8, TeamKind::Team, 9)];
            config.faults.push(name.parse::<Fault>().unwrap().always());
        });
        guests(&sandbox);
        call(&sandbox, "chatroom/getBatch", &[("roomids", "[66]")]);
        call(&sandbox, "superteam/getTlists", &[("tid", "7"), ("timetag", "0"), ("limit", "9")]);
        call(&sandbox, "team/queryDetail", &[("tid", "8")]);
        assert!(sandbox.log().iter().any(|entry| entry.note.starts_with(&format!("fault: {name}"))), "{name}");
    }
}
