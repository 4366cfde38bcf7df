//! Each fault, as it looks on the wire.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Sandbox,
    agora::{DEMO_APP_ID, Fault, Injection},
};
use serde_json::{Value, json};

use super::{GROUP, bearer, broken, data, escape, get, ids, refused, request, sandbox, truth};
use crate::wire::{Reply, reply};

fn with(name: &str) -> Sandbox {
    let sandbox = sandbox(120, |_| {});
    sandbox.agora().inject_into(GROUP, name.parse::<Injection>().unwrap());
    sandbox
}

fn page(sandbox: &Sandbox, query: &str) -> Reply {
    get(sandbox, &format!("chatgroups/{GROUP}/users?{query}"))
}

#[test]
fn errors_once_and_then_success() {
    for (name, status, error) in [
        ("401-expired", 401, "unauthorized"),
        ("401-oauth", 401, "unauthorized"),
        ("401-corrupt", 401, "auth_bad_access_token"),
        ("401-blank", 401, "group_authorization"),
        ("404-group", 404, "service_resource_not_found"),
        ("408", 408, "request_timeout"),
        ("429-reach-limit", 429, "reach_limit"),
        ("500", 500, "web_application"),
        ("503", 503, "service_unavailable"),
    ] {
        let sandbox = with(name);
        let first = page(&sandbox, "");
        assert_eq!((first.status, refused(&first).1.as_str()), (status, error), "{name}");
        assert_eq!(sandbox.throttled(), u64::from(status == 429));
        assert!(sandbox.log()[0].note.starts_with(&format!("fault: {name}")));
        assert_eq!(page(&sandbox, "").status, 200, "{name}");
    }
    for (name, status, error) in [
        ("401-permission", 401, "group_authorization"),
        ("403-disabled", 403, "forbidden_op"),
        ("404-app", 404, "organization_application_not_found"),
        ("429-resource-limited", 429, "resource_limited"),
    ] {
        let sandbox = with(name);
        for _ in 0..2 {
            let reply = page(&sandbox, "");
            assert_eq!((reply.status, refused(&reply).1.as_str()), (status, error), "{name}");
        }
        sandbox.agora().clear_faults();
        assert_eq!(page(&sandbox, "").status, 200);
    }
}

#[test]
fn bodies_that_are_not_the_apis() {
    assert!(page(&with("502-html"), "").body.starts_with("<html>"));
    let gateway = page(&with("504-empty"), "");
    assert_eq!((gateway.status, gateway.body.as_str()), (504, ""));
    assert_eq!(page(&with("empty-body"), "").body, "");
    assert_eq!(page(&with("null-body"), "").body, "null");
    assert!(page(&with("html-200"), "").body.starts_with("<html>"));
    let away = page(&with("redirect=http://elsewhere.example/x"), "");
    assert_eq!((away.status, away.header("location").unwrap().as_str()), (302, "http://elsewhere.example/x"));
    assert_eq!(page(&with("null-data"), "").json()["data"], Value::Null);
    assert_eq!(page(&with("missing-data"), "").json().get("data"), None);
}

#[test]
fn connections_that_break() {
    let call = |sandbox: &Sandbox, most: u64| {
        let target = format!("/app-id/{DEMO_APP_ID}/chatgroups/{GROUP}/users");
        broken(sandbox, &request("GET", &target, Some(&bearer(sandbox)), ""), most)
    };
    let sandbox = with("reset");
    let (bytes, end) = call(&sandbox, u64::MAX);
    assert_eq!((bytes.len(), end.unwrap_err().kind()), (0, ErrorKind::ConnectionReset));
    assert_eq!(page(&sandbox, "").status, 200);
    let (bytes, end) = call(&with("reset-mid-body"), u64::MAX);
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(!bytes.is_empty());
    let (bytes, end) = call(&with("cut-body"), u64::MAX);
    end.unwrap();
    let cut = reply(&bytes);
    assert!(cut.header("content-length").unwrap().parse::<usize>().unwrap() > cut.body.len());
    let (bytes, end) = call(&with("endless-body"), 3_000_000);
    end.unwrap();
    assert_eq!(bytes.len(), 3_000_000);
    let start = Instant::now();
    let (bytes, end) = call(&with("slow-drip"), 152);
    end.unwrap();
    let head = String::from_utf8(bytes).unwrap();
    let dripped = head.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    assert!(dripped > 1 && start.elapsed() >= Duration::from_millis(200 * (dripped as u64 - 1)), "{head}");
}

#[test]
fn errors_of_other_shapes() {
    let gone = |name: &str| {
        let sandbox = sandbox(3, |config| config.faults.push(name.parse().unwrap()));
        get(&sandbox, "chatgroups/1/users").json()
    };
    assert_eq!(gone("bare-error"), json!({"error": "service_resource_not_found"}));
    assert_eq!(gone("short-exception")["exception"], "ServiceResourceNotFoundException");
    assert_eq!(gone("properties")["properties"], json!({}));
    let sandbox = with("documented-401");
    let target = format!("/app-id/{DEMO_APP_ID}/chatgroups/{GROUP}/users");
    let reply = super::send(&sandbox, "GET", &target, Some("Bearer 007x"), "");
    assert_eq!(refused(&reply), (401, "unauthorized".into(), "Unable to authenticate (OAuth)".into()));
}

#[test]
fn pages_that_end_oddly() {
    let sandbox = with("clamp-page");
    assert_eq!(ids(&page(&sandbox, "pagesize=1000")), truth(&sandbox)[..100]);
    assert_eq!(ids(&page(&with("clamp-page=30"), "pagesize=1000&pagenum=4")).len(), 30);
    let sandbox = with("repeat-last-page");
    assert_eq!(ids(&page(&sandbox, "pagesize=50&pagenum=9")), truth(&sandbox)[100..]);
    let sandbox = with("empty-page@call-2");
    assert_eq!(ids(&page(&sandbox, "pagesize=50")).len(), 50);
    assert_eq!(ids(&page(&sandbox, "pagesize=50&pagenum=2")).len(), 0);
    assert_eq!(ids(&page(&sandbox, "pagesize=50&pagenum=3")).len(), 20);
}

#[test]
fn cursors_that_lead_astray() {
    let cursor = |reply: &Reply| escape(reply.json()["cursor"].as_str().unwrap());
    let sandbox = with("stuck-cursor");
    let first = page(&sandbox, "limit=50");
    let second = page(&sandbox, &format!("limit=50&cursor={}", cursor(&first)));
    assert_eq!(cursor(&second), cursor(&first));
    assert_ne!(ids(&first), ids(&second));

    for query in ["limit=50", "limit=50&sort=desc"] {
        let sandbox = with("cursor-at-end");
        let mut reply = page(&sandbox, query);
        let mut sizes = vec![ids(&reply).len()];
        while reply.json().get("cursor").is_some() {
            reply = page(&sandbox, &format!("{query}&cursor={}", cursor(&reply)));
            sizes.push(ids(&reply).len());
        }
        assert_eq!(sizes, [50, 50, 20, 0]);
    }
    let sandbox = with("null-cursor");
    let end = page(&sandbox, "limit=50&sort=desc&cursor=");
    assert!(end.json()["cursor"].is_string());
    let groups = get(&sandbox, "chatgroups");
    assert_eq!(groups.json().get("cursor"), None, "the fault is the group's");
    sandbox.agora().inject(Fault::NullCursor);
    assert!(get(&sandbox, "chatgroups").body.contains(r#""cursor":null"#));

    let sandbox = with("empty-page@call-2");
    let first = page(&sandbox, "limit=50");
    let empty = page(&sandbox, &format!("limit=50&cursor={}", cursor(&first)));
    assert!(ids(&empty).is_empty() && cursor(&empty) != cursor(&first));
    let third = page(&sandbox, &format!("limit=50&cursor={}", cursor(&empty)));
    assert_eq!(ids(&third), truth(&sandbox)[50..100], "nothing is lost");
    let ignored = page(&with("no-cursor-mode"), "limit=50&cursor=x");
    assert_eq!((ids(&ignored).len(), ignored.json().get("cursor")), (120, None));
}

#[test]
fn entries_that_drift() {
    let rows = |name: &str| data(&page(&with(name), "joined_time=true"));
    assert!(rows("admin-as-member").iter().all(|row| row.get("admin").is_none()));
    assert_eq!(rows("bare-ids")[0], "user000000");
    assert_eq!(rows("unknown-role")[119]["observer"], "user000119");
    assert_eq!(rows("bad-row").iter().position(Value::is_null), Some(60));
    assert_eq!(rows("string-times")[0]["joined_time"], "1600000000000");
    assert_eq!(rows("short-times")[0]["joined_time"], 160_000_000_000_u64);
    assert_eq!(rows("missing-times").iter().filter(|row| row.get("joined_time").is_none()).count(), 40);
    assert!(rows("owner-last")[119].get("owner").is_some());
    let sandbox = with("unstable-order");
    assert_ne!(ids(&page(&sandbox, "")), ids(&page(&sandbox, "")));

    let json = |name: &str| page(&with(name), "pagesize=7").json();
    assert_eq!((&json("wrong-count")["count"], &json("string-count")["count"]), (&json!(1), &json!("7")));
    assert_eq!(json("no-params").get("params"), None);
    assert_eq!(json("application-fields")["applicationName"], "groupmembers-demo");
    let newer = page(&with("properties"), "").body;
    assert!(newer.starts_with(r#"{"action":"get","count":120,"data":["#) && newer.contains(r#""properties":{}"#));
    let details = get(&with("wrong-affiliations"), &format!("chatgroups/{GROUP}")).json();
    assert_eq!(details["data"][0]["affiliations_count"], 123);
    let sandbox = super::sandbox(3, |config| config.faults.push(Fault::EmSpelling.into()));
    assert!(data(&get(&sandbox, "chatgroups"))[0]["last_modified"].is_string());
}

#[test]
fn a_call_that_is_not_let_in_uses_up_no_fault() {
    let sandbox = with("500");
    let target = format!("/app-id/{DEMO_APP_ID}/chatgroups/{GROUP}/users");
    assert_eq!(super::send(&sandbox, "GET", &target, None, "").status, 401);
    assert_eq!(page(&sandbox, "").status, 500);
}

#[test]
fn every_fault_there_is_was_tested_here() {
    let tests = include_str!("faults.rs").to_owned() + include_str!("refusals.rs");
    // These are injected by their constants.
    let constants = ["404-other-form", "em-spelling"];
    for name in Fault::NAMES.iter().filter(|name| !constants.contains(name)) {
        assert!(tests.contains(&format!("\"{name}")), "{name}");
    }
}
