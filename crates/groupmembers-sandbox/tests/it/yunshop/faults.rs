//! Each fault, as it looks on the wire.

use std::{
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Sandbox,
    yunshop::{DEMO_BUSINESS_ID, DEMO_PASSWORD, Fault, GroupConfig, Injection},
};
use serde_json::{Value, json};

use super::{Client, EXPORT, GROUP, LIST, LOGIN, MEMBERS, SYNCH, cookies, login, rows, sandbox, target};
use crate::wire::{Reply, reply};

fn with(name: &str) -> Sandbox {
    with_on(name, "getGroupMembers")
}

fn with_on(name: &str, command: &str) -> Sandbox {
    sandbox(25, |config| config.faults.push(name.parse::<Injection>().unwrap().on_command(command)))
}

fn page(sandbox: &Sandbox) -> Reply {
    Client::managing(sandbox).members(1)
}

fn list(sandbox: &Sandbox) -> Value {
    page(sandbox).json()["data"]["list"].clone()
}

#[test]
fn pages_of_others() {
    for (name, status, html) in [
        ("502-html", 502, true),
        ("503-html", 503, true),
        ("405-html", 405, true),
        ("429-retry-after", 429, true),
        ("whoops-200", 200, true),
        ("html-login", 200, true),
        ("500-json", 500, false),
        ("redirect", 302, true),
    ] {
        let sandbox = with(name);
        let reply = page(&sandbox);
        assert_eq!((reply.status, reply.body.starts_with("<html>")), (status, html), "{name}");
        assert_eq!(sandbox.log().pop().unwrap().note, format!("fault: {name}"));
    }
    assert_eq!(
        page(&with("redirect=http://elsewhere.example/")).header("location").unwrap(),
        "http://elsewhere.example/"
    );
    let sandbox = with("exception@always");
    let mut client = Client::managing(&sandbox);
    assert_eq!(client.members(1).json()["result"], 0);
    client.headers = "Accept: application/json\r\n";
    let reply = client.members(1);
    assert!(reply.status == 200 && reply.body.starts_with("<html>"));
}

#[test]
fn refusals_in_all_their_shapes() {
    for (name, pointer, value) in [
        ("login-status", "/data/login_status", json!(1)),
        ("login-status=2", "/msg", json!("请先选择要管理的企业")),
        ("login-status=-1", "/data/login_status", json!(-1)),
        ("login-status=-2", "/msg", json!("无此公众号")),
        ("login-status=-4", "/data/login_status", json!(-4)),
        ("login-status=0", "/data/login_status", json!(0)),
        ("status-minus-2", "/data/status", json!(-2)),
        ("status-minus-5", "/result", json!(1)),
        ("no-result", "/status", json!(0)),
        ("forbidden", "/msg", json!("Sorry,您没有操作权限")),
    ] {
        let sandbox = with(name);
        let (refused, fine) = (page(&sandbox), page(&sandbox));
        assert_eq!(refused.json().pointer(pointer), Some(&value), "{name}");
        assert_eq!(rows(&fine).len(), 10, "{name}");
    }
}

#[test]
fn what_befalls_sessions() {
    let sandbox = with("session-expired");
    let client = Client::managing(&sandbox);
    assert_eq!(client.members(1).json()["msg"], "请登录");

    for (name, result) in [("session-expired", 1), ("logged-out", 0)] {
        let sandbox = with(name);
        let mut client = Client::managing(&sandbox);
        let set = cookies(&client.raw(LOGIN, "application/json", &login(DEMO_PASSWORD).to_string()));
        client.cookie = format!("{}; {}", client.cookie, set[0].split(';').next().unwrap());
        assert_eq!(client.members(1).json()["result"], result, "{name}");
    }

    let sandbox = with("enterprise-lost");
    let client = Client::managing(&sandbox);
    assert_eq!(list_of(&client)["total"], 0, "the other enterprise has no such group");
    let common = client.call("admin/getBusinessCommonData", &json!({})).json();
    assert_eq!(common["data"]["business"]["business_id"], 2);
    client.call("admin/manageBusiness", &json!({"id": DEMO_BUSINESS_ID}));
    assert_eq!(list_of(&client)["total"], 27);

    let sandbox = with("enterprise-switched");
    let client = Client::managing(&sandbox);
    assert_eq!(list_of(&client)["total"], 0);
    assert_eq!(client.call(LIST, &json!({})).json()["data"]["list"]["data"][0]["crop_id"], 2);

    let sandbox = with("foreign-rows");
    assert!(rows(&page(&sandbox)).iter().all(|row| row["crop_id"] == 2));
}

fn list_of(client: &Client<'_>) -> Value {
    client.members(1).json()["data"]["list"].clone()
}

#[test]
fn envelopes_that_drift() {
    assert_eq!(page(&with("data-array")).json(), json!({"result": 1, "msg": "", "data": []}));
    assert!(page(&with("null-msg")).json()["msg"].is_null());
    assert!(page(&with("object-msg")).json()["msg"].is_object());
    assert_eq!(page(&with("string-result")).json()["result"], "1");
    assert_eq!(page(&with("bool-result")).json()["result"], true);
    assert!(page(&with("bom")).body.starts_with("\u{feff}\n {"));
    let json = page(&with("string-ints")).json();
    assert_eq!((&json["result"], &json["data"]["list"]["total"]), (&json!(1), &json!("27")));
    assert_eq!(json["data"]["summary"]["in_group_count"], "25");
    assert!(json["data"]["list"]["data"][0]["join_time"].is_string());
}

#[test]
fn paginators_that_drift() {
    let json = list(&with("object-data"));
    let mut keys: Vec<_> = json["data"].as_object().unwrap().keys().map(|key| key.parse::<u32>().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert!(list(&with("null-data"))["data"].is_null());
    assert_eq!(list(&with("string-per-page"))["per_page"], "10");
    assert_eq!(list(&with("old-paginator")).as_object().unwrap().len(), 9);
    assert!(list(&with("paginator-links"))["links"][0]["url"].is_null());
    assert_eq!(list(&with("missing-row"))["data"].as_array().unwrap().len(), 9);
    assert_eq!(list(&with("total-too-high"))["total"], 28);
    let empty = list(&with("empty-page"));
    assert_eq!((&empty["data"], &empty["last_page"]), (&json!([]), &json!(3)));

    for (name, current) in [("ignored-page", 1), ("repeated-rows", 2)] {
        let sandbox = with(name);
        let client = Client::managing(&sandbox);
        let (first, second) = (client.members(1), client.members(2));
        assert_eq!(rows(&first), rows(&second), "{name}");
        assert_eq!(second.json()["data"]["list"]["current_page"], current, "{name}");
    }
    let sandbox = with("growing-pages");
    let client = Client::managing(&sandbox);
    for page in [1, 3, 7] {
        assert!(client.members(page).json()["data"]["list"]["last_page"].as_u64().unwrap() > u64::from(page));
    }
    let sandbox = with("unstable-order");
    let client = Client::managing(&sandbox);
    assert_ne!(rows(&client.members(1)), rows(&client.members(1)));
}

#[test]
fn pages_far_out() {
    for name in ["growing-pages", "repeated-rows", "ignored-page", "missing-row", "total-too-high"] {
        let sandbox = with(name);
        let client = Client::managing(&sandbox);
        for page in ["9223372036854775807", "9223372036854775808", "99999999999999999999999"] {
            let reply = client.call(MEMBERS, &json!({"group_id": GROUP, "page": page})).json();
            assert_eq!(reply["result"], 1, "{name} {page}");
        }
    }
}

#[test]
fn rows_that_drift() {
    let staff = |name: &str| {
        let rows = rows(&page(&with(name)));
        rows.iter().map(|row| row["has_one_invitor"].clone()).find(Value::is_object).unwrap()
    };
    let new = staff("new-staff");
    assert_eq!((&new["business_id"], &new["user_id"]), (&json!(1), &new["userid"]));
    assert!(new.get("crop_id").is_none() && new.get("extattr").is_none());
    assert!(serde_json::from_str::<Value>(staff("broken-extattr")["extattr"].as_str().unwrap()).is_err());

    let row = |name: &str| rows(&page(&with(name)))[0].clone();
    assert_eq!(row("newer-columns")["is_old"], 1);
    assert!(row("unknown-columns")["ext_json"]["a"].is_array());
    assert_eq!((&row("unknown-enums")["join_scene"], &row("unknown-enums")["status"]), (&json!(9), &json!(5)));
    assert_eq!(row("empty-relations")["has_one_employee"], json!([]));
    assert!(row("missing-relations").get("has_one_employee").is_none());
    assert!(row("null-fields")["withdraw_time"].is_null() || row("null-fields")["uniacid"].is_null());
    assert_eq!(row("iso-times")["created_at"], "2021-10-08T01:48:50.000000Z");
    assert_eq!(row("zero-dates")["created_at"], "0000-00-00 00:00:00");
    let rows = rows(&page(&with("printed-times")));
    let customer = rows.iter().map(|row| &row["has_one_customer"]).find(|c| c.is_object()).unwrap();
    assert!(customer["created_at"].as_str().unwrap().starts_with("2021-10-08 1"), "{customer}");
    let rows = super::rows(&page(&with("bad-row")));
    assert_eq!(rows.iter().filter(|row| row["userid"].is_null() && row["id"].is_null()).count(), 1);
}

#[test]
fn when_and_where() {
    let sandbox = sandbox(3, |config| {
        config.enterprises[0].groups.push(GroupConfig::new(12, "other", 3).fault(Fault::Forbidden.on_call(2)));
    });
    let client = Client::managing(&sandbox);
    let results = |group: u32| {
        let one = |_| client.call(MEMBERS, &json!({"group_id": group})).json()["result"].as_i64().unwrap();
        (0..3).map(one).collect::<Vec<_>>()
    };
    assert_eq!((results(12), results(GROUP)), (vec![1, 0, 1], vec![1, 1, 1]));
    sandbox.yunshop().inject_into(GROUP, Fault::Forbidden.every(2));
    assert_eq!((results(12), results(GROUP)), (vec![1, 1, 1], vec![1, 0, 1]));
    sandbox.yunshop().inject(Fault::Forbidden.always());
    assert_eq!(results(12), [0, 0, 0]);
    sandbox.yunshop().clear_faults();
    assert_eq!(results(GROUP), [1, 1, 1]);
}

#[test]
fn connections_that_break() {
    let broken = |name: &str| {
        let sandbox = with(name);
        let client = Client::managing(&sandbox);
        let mut stream = client.send(&target(MEMBERS), "application/json", &json!({"group_id": GROUP}).to_string());
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes).map(drop).map_err(|error| error.kind());
        assert_eq!(rows(&client.members(1)).len(), 10, "{name}");
        (bytes, end)
    };
    assert_eq!(broken("reset"), (Vec::new(), Err(ErrorKind::ConnectionReset)));
    let (bytes, end) = broken("reset-mid-body");
    assert!(!bytes.is_empty() && end == Err(ErrorKind::ConnectionReset));
    let (bytes, end) = broken("cut-body");
    let cut = reply(&bytes);
    assert_eq!(end, Ok(()));
    assert_eq!(cut.body.len(), cut.header("content-length").unwrap().parse::<usize>().unwrap() / 2);
}

#[test]
fn bodies_that_take_too_long() {
    let sandbox = with("slow-drip");
    let client = Client::managing(&sandbox);
    let body = json!({"group_id": GROUP}).to_string();
    let mut stream = client.send(&target(MEMBERS), "application/json", &body);
    let (start, mut bytes, mut buffer) = (Instant::now(), Vec::new(), [0; 4096]);
    while start.elapsed() < Duration::from_millis(900) {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
    }
    let slow = reply(&bytes);
    assert!((2..=6).contains(&slow.body.len()), "{:?}", slow.body);
    assert!(slow.header("content-length").unwrap().parse::<usize>().unwrap() > 1000);

    let sandbox = with("endless-body");
    let client = Client::managing(&sandbox);
    let mut bytes = vec![0; 8 * 1024 * 1024];
    client.send(&target(MEMBERS), "application/json", &body).read_exact(&mut bytes).unwrap();
}

#[test]
fn every_fault_there_is_changes_something() {
    for name in Fault::NAMES {
        let (action, fields) = match *name {
            "export-progress" | "cut-file" => (EXPORT, json!({})),
            "stuck-cursor" => (SYNCH, json!({"is_start": 1})),
            _ => (MEMBERS, json!({})),
        };
        let bytes = |sandbox: &Sandbox| {
            let mut client = Client::managing(sandbox);
            // Something to be revived by, where that is not what is to fail.
            client.headers = "Accept: application/json\r\n";
            let mut all = Vec::new();
            for page in [3, 1] {
                let mut body = fields.clone();
                (body["group_id"], body["page"]) = (GROUP.into(), page.into());
                let mut bytes = Vec::new();
                let stream = client.send(&target(action), "application/json", &body.to_string());
                let _ = stream.take(100_000).read_to_end(&mut bytes);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                all.push(text.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()));
            }
            all
        };
        let command = action.rsplit_once('/').unwrap().1;
        assert!(bytes(&sandbox(25, |_| {})) != bytes(&with_on(name, command)), "{name}");
    }
}
