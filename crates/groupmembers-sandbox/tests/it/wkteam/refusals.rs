//! What the vendor would refuse, and what the log says about it.

use std::{
    thread,
    time::{Duration, Instant},
};

use groupmembers_sandbox::{
    Config, Sandbox,
    wkteam::{AuthAnswer, DEMO_ACCOUNT, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, Fault, Status},
};
use serde_json::{Value, json};

use super::{GROUP, call, code, data, list, login, note, outcome, post, raw, room, sandbox};

const TYPE: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn passwords() {
    let sandbox = sandbox(3, |_| {});
    for (account, password) in [(DEMO_ACCOUNT, "wrong"), ("13900000000", DEMO_PASSWORD)] {
        let reply = login(&sandbox, account, password);
        assert_eq!(reply.body, r#"{"message":"用户名或密码错误","code":"1001","data":null}"#);
    }
    assert_eq!(outcome(&login(&sandbox, "", "")).1, "account不能为空");
}

#[test]
fn a_login_may_succeed_for_an_account_that_may_not_be_used() {
    for (status, number, words) in [(Status::Frozen, 1, "账号已冻结"), (Status::Expired, 2, "账号已过期")] {
        let sandbox = sandbox(3, |config| config.status = status);
        assert_eq!(data(&login(&sandbox, DEMO_ACCOUNT, DEMO_PASSWORD))["status"], number);
        assert_eq!(outcome(&list(&sandbox)), ("1001".to_owned(), words.to_owned()));
        sandbox.wkteam().set_status(Status::Normal);
        assert_eq!(code(&list(&sandbox)), "1000");
    }
}

/// Another account's claims under the signature of this token.
fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header = signed.split('.').next().unwrap();
    // {"sub":"13900000000","password":"x"}
    format!("{header}.eyJzdWIiOiIxMzkwMDAwMDAwMCIsInBhc3N3b3JkIjoieCJ9.{signature}")
}

#[test]
fn tokens() {
    let sandbox = sandbox(3, |_| {});
    let token = sandbox.wkteam().token();
    let foreign = super::sandbox(3, |config| config.account = "13700000000".to_owned()).wkteam().token();
    let body = json!({"wId": DEMO_WID, "chatRoomId": GROUP}).to_string();
    let (bearer, forged) = (format!("Bearer {token}"), forged(&token));
    let refused = [
        (None, "there is no Authorization"),
        (Some(bearer.as_str()), "has a scheme"),
        (Some("abc"), "no JWT"),
        (Some(forged.as_str()), "signature"),
        (Some(foreign.as_str()), "another account"),
    ];
    for (value, why) in refused {
        let mut headers = vec![TYPE];
        headers.extend(value.map(|value| ("Authorization", value)));
        let reply = raw(&sandbox, "POST", "/getChatRoomMember", &headers, &body);
        assert_eq!(code(&reply), "1001", "{value:?}");
        assert!(note(&sandbox).contains(why), "{why}: {}", note(&sandbox));
    }
    for change in [|s: &Sandbox| s.wkteam().change_password("new"), |s: &Sandbox| s.wkteam().log_out()] {
        let old = sandbox.wkteam().token();
        change(&sandbox);
        let reply = raw(&sandbox, "POST", "/queryLoginWx", &[TYPE, ("Authorization", &old)], "{}");
        assert_eq!(code(&reply), "1001");
        assert!(note(&sandbox).contains("before a logout"));
    }
    assert_eq!(data(&post(&sandbox, "queryLoginWx", &json!({}))), json!([]), "a logout takes everybody offline");
    assert_eq!(code(&login(&sandbox, DEMO_ACCOUNT, DEMO_PASSWORD)), "1001");
    assert_eq!(code(&login(&sandbox, DEMO_ACCOUNT, "new")), "1000");
}

#[test]
fn a_bad_token_may_be_answered_with_a_status() {
    for (answer, status, error) in
        [(AuthAnswer::Unauthorized, 401, "Unauthorized"), (AuthAnswer::Forbidden, 403, "Forbidden")]
    {
        let sandbox = sandbox(3, |config| config.auth_answer = answer);
        let reply = raw(&sandbox, "POST", "/isOnline", &[TYPE, ("Authorization", "x")], "{}");
        let json = reply.json();
        assert_eq!((reply.status, &json["status"], &json["error"]), (status, &json!(status), &json!(error)));
        assert!(json.get("code").is_none() && json["path"] == "/isOnline");
        assert_eq!(code(&list(&sandbox)), "1000");
    }
}

#[test]
fn wids_die_with_the_next_login() {
    let sandbox = sandbox(3, |_| {});
    let world = sandbox.wkteam();
    let ask = |wid: &str| outcome(&post(&sandbox, "getChatRoomInfo", &json!({"wId": wid, "chatRoomId": GROUP})));
    let dead = ("1001".to_owned(), "微信实例不存在或已失效".to_owned());
    let new = world.log_in_again(DEMO_WC_ID);
    assert_eq!((ask(DEMO_WID), ask(&new).0), (dead.clone(), "1000".to_owned()));
    assert_eq!(world.wid(DEMO_WC_ID), new);
    assert_eq!(ask(DEMO_WC_ID), dead);
    assert!(note(&sandbox).contains("a wcId was sent"));
    world.take_offline(DEMO_WC_ID);
    assert_eq!(ask(&new).1, "微信已离线，请重新登录");
    assert!(!world.is_online(DEMO_WC_ID));
    let accounts = world.accounts();
    assert_eq!(ask(&world.wid(&accounts[1])).1, "你不在该群中", "the other account is in no group");
}

#[test]
fn parameters() {
    let sandbox = sandbox(10, |_| {});
    let member = sandbox.wkteam().members(GROUP)[3].user_name.clone();
    let two = format!("{member},{DEMO_WC_ID}");
    let many = vec!["a"; 21].join(",");
    let cases = [
        ("getChatRoomMember", json!({}), "chatRoomId is missing"),
        ("getChatRoomMember", json!({"chatRoomId": ""}), "chatRoomId is empty"),
        ("getChatRoomMember", json!({"chatRoomId": 7}), "chatRoomId is not a string"),
        ("getChatRoomMember", json!({"chatRoomId": "10000000001"}), "does not end in @chatroom"),
        ("getChatRoomInfo", json!({"chatRoomId": "1@chatroom"}), "no group \"1@chatroom\""),
        ("getChatRoomInfo", json!({"wId": null, "chatRoomId": GROUP}), "wId is missing"),
        ("getChatRoomMemberInfo", json!({"chatRoomId": GROUP, "wcId": member}), "userList is missing"),
        ("getChatRoomMemberInfo", json!({"chatRoomId": GROUP, "userList": [member]}), "userList is not a string"),
        ("getChatRoomMemberInfo", json!({"chatRoomId": GROUP, "userList": two}), "more than one member"),
        ("getChatRoomMemberInfo", json!({"chatRoomId": GROUP, "userList": "wxid_x"}), "\"wxid_x\" is not in the group"),
        ("getContact", json!({"wcId": many}), "21 ids in wcId, 1 to 20"),
        ("getContact", json!({"wcId": ","}), "0 ids"),
    ];
    for (command, fields, why) in cases {
        let reply = call(&sandbox, command, &fields);
        assert_eq!((code(&reply).as_str(), &reply.json()["data"]), ("1001", &Value::Null), "{command} {fields}");
        let entry = sandbox.log().pop().unwrap();
        assert!(entry.note.contains(why) && entry.code == 1001 && entry.vendor == "wkteam", "{entry}");
    }
    sandbox.wkteam().remove_member(GROUP, DEMO_WC_ID);
    assert_eq!(outcome(&room(&sandbox)).1, "你不在该群中");
}

#[test]
fn requests_no_call_ever_sees() {
    let sandbox = sandbox(3, |_| {});
    let token = sandbox.wkteam().token();
    let auth = ("Authorization", token.as_str());
    for (method, headers, body, status) in [
        ("GET", vec![TYPE, auth], "", 405),
        ("POST", vec![auth], "{}", 415),
        ("POST", vec![("Content-Type", "application/x-www-form-urlencoded"), auth], "wId=1", 415),
        ("POST", vec![TYPE, auth], "", 400),
        ("POST", vec![TYPE, auth], "[]", 400),
        ("POST", vec![TYPE, auth], "{\"wId\":", 400),
    ] {
        let reply = raw(&sandbox, method, "/queryLoginWx", &headers, body);
        assert_eq!((reply.status, &reply.json()["status"]), (status, &json!(status)), "{method} {body}");
        assert!(reply.json().get("code").is_none());
    }
}

#[test]
fn who_hurries_is_refused_and_in_the_end_offline() {
    let sandbox = sandbox(3, |config| {
        config.contact_gap = Duration::from_secs(60);
        config.hurried_until_offline = 2;
    });
    let ask = || outcome(&call(&sandbox, "getContact", &json!({"wcId": GROUP}))).1;
    let answers = [ask(), ask(), ask(), ask()];
    assert_eq!(answers, ["成功", "操作过于频繁，请稍后再试", "操作过于频繁，请稍后再试", "微信已离线，请重新登录"]);
    assert_eq!((sandbox.throttled(), sandbox.wkteam().is_online(DEMO_WC_ID)), (2, false));
    assert!(sandbox.log()[2].note.contains("once too often"));
    sandbox.wkteam().log_in_again(DEMO_WC_ID);
    assert_eq!(code(&list(&sandbox)), "1000");
}

#[test]
fn a_pause_between_details_and_a_frequency_for_the_rest() {
    let sandbox = sandbox(3, |config| {
        config.detail_gap = Duration::from_millis(200);
        config.calls_per_second = 1;
        config.hurried_until_offline = 0;
    });
    let detail =
        || code(&call(&sandbox, "getChatRoomMemberInfo", &json!({"chatRoomId": GROUP, "userList": DEMO_WC_ID})));
    let start = Instant::now();
    let both = [detail(), detail()];
    // A machine that was busy for longer than the pause has paused.
    assert!(both == ["1000", "1001"] || start.elapsed() > Duration::from_millis(200), "{both:?}");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(detail(), "1000");
    let start = Instant::now();
    let both = [code(&list(&sandbox)), code(&list(&sandbox)), code(&room(&sandbox))];
    assert!(both == ["1000", "1001", "1000"] || start.elapsed() > Duration::from_secs(1), "{both:?}");
}

#[test]
fn initialising_takes_its_time() {
    let sandbox = sandbox(3, |config| config.init_takes = Duration::from_millis(300));
    let start = Instant::now();
    assert_eq!(code(&list(&sandbox)), "1000");
    let quick = start.elapsed();
    assert_eq!(code(&call(&sandbox, "initAddressList", &json!({}))), "1000");
    assert!(start.elapsed() >= Duration::from_millis(300) + quick);
    call(&sandbox, "initAddressList", &json!({}));
    assert!(note(&sandbox).contains("initialised before"));
}

#[test]
fn nothing_secret_is_logged_or_debugged() {
    let sandbox = sandbox(3, |_| {});
    let (token, wid) = (sandbox.wkteam().token(), sandbox.wkteam().wid(DEMO_WC_ID));
    sandbox.wkteam().inject(Fault::EchoCredentials.on_call(2));
    login(&sandbox, DEMO_ACCOUNT, "another-password");
    list(&sandbox);
    list(&sandbox);
    post(&sandbox, "getChatRoomMember", &json!({"wId": format!("{wid}x"), "chatRoomId": GROUP}));
    let headers = [TYPE, ("Authorization", &*format!("Bearer {token}"))];
    raw(&sandbox, "POST", "/isOnline", &headers, &json!({"wId": wid}).to_string());
    sandbox.wkteam().log_in_again(DEMO_WC_ID);
    post(&sandbox, "getChatRoomMember", &json!({"wId": wid, "chatRoomId": GROUP}));
    let config = Config::default();
    let mut seen = format!("{:?} {sandbox:?} {:?} {config:?}", sandbox.log(), sandbox.wkteam());
    seen.extend(sandbox.log().iter().map(ToString::to_string));
    for secret in [token.as_str(), &token[token.len() - 40..], &wid, DEMO_PASSWORD, "another-password"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}
