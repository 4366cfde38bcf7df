//! What the vendor would refuse is refused in the vendor's words, and the log says why.

use groupmembers_sandbox::{
    Config, Sandbox,
    nim::{self, checksum::check_sum},
};

use super::{BY_PAGE, Headers, ROOM, call, code, form, headers, page, raw, sandbox, set};

fn desc(sandbox: &Sandbox, headers: &Headers) -> (u64, String) {
    let room = ROOM.to_string();
    let body = form(&[("roomid", &room), ("type", "0"), ("endtime", "0"), ("limit", "20")]);
    let reply = raw(sandbox, "POST", "/nimserver/chatroom/membersByPage.action", headers, &body);
    let desc = reply.json()["desc"].as_str().unwrap_or_default().to_owned();
    (code(&reply), desc)
}

fn sign(secret: &str, nonce: &str, time: u64) -> Headers {
    let time = time.to_string();
    vec![
        ("AppKey", nim::DEMO_APP_KEY.to_owned()),
        ("Nonce", nonce.to_owned()),
        ("CheckSum", check_sum(secret, nonce, &time)),
        ("CurTime", time),
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
    ]
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

#[test]
fn signatures() {
    let sandbox = sandbox(5, 5, |_| {});
    let good = || headers(&sandbox);
    let without = |name: &str| good().into_iter().filter(|(n, _)| *n != name).collect::<Headers>();
    assert_eq!(desc(&sandbox, &good()).0, 200);
    let upper = good().iter().find(|(name, _)| *name == "CheckSum").unwrap().1.to_uppercase();
    for (expected, headers) in [
        ("appkey", without("AppKey")),
        ("appkey", set(good(), "AppKey", "00000000000000000000000000000000")),
        ("checksum", without("Nonce")),
        ("checksum", without("CheckSum")),
        ("checksum", set(good(), "Nonce", "another")),
        ("checksum", set(good(), "CheckSum", "0".repeat(40))),
        ("checksum", set(good(), "CheckSum", upper)),
        ("checksum", sign("another", "n", now())),
        ("checksum", sign(nim::DEMO_APP_SECRET, &"n".repeat(129), now())),
        ("CurTime is expired", without("CurTime")),
        ("CurTime is expired", sign(nim::DEMO_APP_SECRET, "n", now() - 400)),
        ("CurTime is expired", sign(nim::DEMO_APP_SECRET, "n", now() + 400)),
        ("CurTime is expired", sign(nim::DEMO_APP_SECRET, "n", now() * 1000)),
    ] {
        assert_eq!(desc(&sandbox, &headers), (414, expected.to_owned()), "{headers:?}");
        let log = sandbox.log();
        let entry = log.last().unwrap();
        assert_eq!((entry.vendor, entry.code, &*entry.command), ("nim", 414, BY_PAGE));
        assert!(!entry.note.is_empty());
    }
    // Names of headers have no case, and the window is wide.
    let lower: Headers = good().into_iter().map(|(name, value)| (&*name.to_lowercase().leak(), value)).collect();
    assert_eq!(desc(&sandbox, &lower).0, 200);
    assert_eq!(desc(&sandbox, &sign(nim::DEMO_APP_SECRET, "n", now() - 290)).0, 200);
    assert_eq!(desc(&sandbox, &sign(nim::DEMO_APP_SECRET, "n", now() + 290)).0, 200);
}

#[test]
fn the_date_header_tells_the_clock_that_refused() {
    let sandbox = sandbox(5, 5, |config| config.clock_offset = 86_400 * 3);
    let stale = sign(nim::DEMO_APP_SECRET, "n", now());
    assert_eq!(desc(&sandbox, &stale), (414, "CurTime is expired".to_owned()));
    assert_eq!(desc(&sandbox, &sign(nim::DEMO_APP_SECRET, "n", now() + 86_400 * 3)).0, 200);
    let reply = raw(&sandbox, "POST", "/nimserver/chatroom/get.action", &stale, "roomid=1");
    assert_eq!(reply.head.to_lowercase().matches("\r\ndate: ").count(), 1, "{}", reply.head);
    let date = reply.header("date").unwrap();
    sandbox.nim().set_clock_offset(0);
    assert_eq!(desc(&sandbox, &stale).0, 200);
    let later = raw(&sandbox, "POST", "/nimserver/chatroom/get.action", &stale, "roomid=1").header("date").unwrap();
    assert_ne!(date[..16], later[..16]);
    assert!(date.ends_with(" GMT"), "{date}");
}

#[test]
fn paths_methods_and_bodies() {
    let sandbox = sandbox(5, 5, |_| {});
    let good = headers(&sandbox);
    let fields = format!("roomid={ROOM}&type=0&endtime=0&limit=20");
    let path = "/nimserver/chatroom/membersByPage.action";
    let status = |method: &str, target: &str| raw(&sandbox, method, target, &good, &fields).status;
    assert_eq!(status("POST", path), 200);
    for target in ["/nimserver/", "/nimserver/chatroom/membersByPage", "/nimserver/chatroom/members.action"] {
        assert_eq!(status("POST", target), 404, "{target}");
    }
    assert_eq!(status("GET", path), 405);

    // Another kind of body is no form; a query will do, but only when there is no body.
    let json = set(good.clone(), "Content-Type", "application/json");
    assert_eq!(code(&raw(&sandbox, "POST", path, &json, &fields)), 414);
    assert_eq!(code(&raw(&sandbox, "POST", &format!("{path}?{fields}"), &good, "")), 200);
    assert_eq!(code(&raw(&sandbox, "POST", &format!("{path}?{fields}"), &good, "a=b")), 414);
    assert_eq!(code(&raw(&sandbox, "POST", path, &good, &format!("{fields}&x=%FF"))), 414);

    // Nobody signs the probe of an endpoint's health.
    let health = raw(&sandbox, "GET", "/nimserver/health/liveness.action", &Headers::new(), "");
    assert_eq!(health.status, 200);
}

#[test]
fn fields() {
    let sandbox = sandbox(5, 5, |config| config.rooms.push(nim::RoomConfig::new(77, 5, 5).closed()));
    let room = &*ROOM.to_string();
    let many = serde_json::to_string(&vec!["a"; 201]).unwrap();
    let rooms = serde_json::to_string(&vec![66; 21]).unwrap();
    let page =
        |room, kind, endtime, limit| vec![("roomid", room), ("type", kind), ("endtime", endtime), ("limit", limit)];
    type Case<'a> = (u64, &'a str, &'a str, Vec<(&'a str, &'a str)>);
    let cases: Vec<Case<'_>> = vec![
        (200, BY_PAGE, "", page(room, "0", "0", "100")),
        (414, BY_PAGE, "roomid is empty", page("", "0", "0", "20")),
        (414, BY_PAGE, "bad roomid", page("x", "0", "0", "20")),
        (414, BY_PAGE, "bad roomid", page("-1", "0", "0", "20")),
        (414, BY_PAGE, "bad roomid", page("9223372036854775808", "0", "0", "20")),
        (404, BY_PAGE, "chatroom not exist", page("1", "0", "0", "20")),
        (404, BY_PAGE, "chatroom not exist", page("77", "0", "0", "20")),
        (414, BY_PAGE, "bad type", page(room, "3", "0", "20")),
        (414, BY_PAGE, "type is empty", page(room, "", "0", "20")),
        (414, BY_PAGE, "endtime is empty", page(room, "0", "", "20")),
        (414, BY_PAGE, "bad endtime", page(room, "0", "-1", "20")),
        (414, BY_PAGE, "bad limit", page(room, "0", "0", "0")),
        (414, BY_PAGE, "bad limit", page(room, "0", "0", "101")),
        (414, "chatroom/queryMembersByRole", "roles is empty", vec![("roomid", room)]),
        (414, "chatroom/queryMembersByRole", "bad roles", vec![("roomid", room), ("roles", "[]")]),
        (404, "chatroom/queryMembersByRole", "chatroom not exist", vec![("roomid", "1"), ("roles", "{}")]),
        (414, "chatroom/queryMembers", "accids is empty", vec![("roomid", room)]),
        (414, "chatroom/queryMembers", "accids is empty", vec![("roomid", room), ("accids", "[]")]),
        (414, "chatroom/queryMembers", "bad accids", vec![("roomid", room), ("accids", "user000000")]),
        (414, "chatroom/queryMembers", "bad accids", vec![("roomid", room), ("accids", &many)]),
        (414, "chatroom/queryMembers", "bad accids", vec![("roomid", room), ("accids", "[null]")]),
        (404, "chatroom/get", "chatroom not exist", vec![("roomid", "1")]),
        (200, "chatroom/get", "", vec![("roomid", "77")]),
        (414, "chatroom/getBatch", "bad roomids", vec![("roomids", "66")]),
        (414, "chatroom/getBatch", "bad roomids", vec![("roomids", "[\"x\"]")]),
        (414, "chatroom/getBatch", "bad roomids", vec![("roomids", &rooms)]),
        (414, "chatroom/queryUserRoomIds", "creator is empty", vec![]),
        (414, "chatroom/tagMembersQuery", "endTime is empty", {
            vec![("roomid", room), ("tag", "vip"), ("endtime", "0"), ("limit", "20")]
        }),
        (414, "chatroom/tagMembersCount", "tag is empty", vec![("roomid", room)]),
        (414, "team/query", "ope is empty", vec![("tids", "[1]")]),
        (803, "team/query", "team not exist", vec![("tids", "[1]"), ("ope", "1")]),
        (803, "team/queryDetail", "team not exist", vec![("tid", "1")]),
        (803, "superteam/getTlists", "team not exist", vec![("tid", "1"), ("timetag", "0"), ("limit", "1")]),
        (414, "superteam/getTlists", "bad limit", vec![("tid", "1"), ("timetag", "0"), ("limit", "101")]),
        (414, "superteam/getTlists", "bad reverse", {
            vec![("tid", "1"), ("timetag", "0"), ("limit", "1"), ("reverse", "0")]
        }),
    ];
    for (expected, command, desc, fields) in cases {
        let reply = call(&sandbox, command, &fields);
        assert_eq!(code(&reply), expected, "{command} {fields:?} {}", reply.body);
        assert_eq!(reply.json()["desc"].as_str().unwrap_or_default(), desc, "{command} {fields:?}");
        let log = sandbox.log();
        let entry = log.last().unwrap();
        assert_eq!(entry.command, command);
        assert_eq!(entry.note.is_empty(), expected == 200);
        if expected != 200 {
            assert_eq!(u64::from(entry.code), expected);
            assert_eq!(reply.body, format!("{{\"desc\":\"{desc}\",\"code\":{expected}}}"));
        } else {
            assert_eq!(entry.code, 0);
        }
    }
}

#[test]
fn a_request_id_belongs_to_one_call() {
    let sandbox = sandbox(5, 5, |_| {});
    let with = |id: &str| set(headers(&sandbox), "RequestId", id);
    let get = |id: &str, body: &str| code(&raw(&sandbox, "POST", "/nimserver/chatroom/get.action", &with(id), body));
    assert_eq!(get("a", &format!("roomid={ROOM}")), 200);
    assert_eq!(get("a", &format!("roomid={ROOM}")), 200, "the same call again");
    assert_eq!(get("a", "roomid=1"), 431);
    assert_eq!(get("b", "roomid=1"), 404);
    let sandbox = self::sandbox(5, 5, |config| config.check_request_ids = false);
    let with = |id: &str| set(headers(&sandbox), "RequestId", id);
    for body in ["roomid=1", "roomid=2"] {
        assert_eq!(code(&raw(&sandbox, "POST", "/nimserver/chatroom/get.action", &with("a"), body)), 404);
    }
}

#[test]
fn nothing_shows_a_secret() {
    let sandbox = sandbox(5, 5, |config| config.app_secret = "s3cr3t-of-the-app".to_owned());
    page(&sandbox, 0, 0, 10);
    raw(&sandbox, "POST", "/nimserver/chatroom/get.action", &sign("s3cr3t-of-another", "n", now()), "roomid=1");
    let check_sum = headers(&sandbox).into_iter().find(|(name, _)| *name == "CheckSum").unwrap().1;
    let mut config = Config::default();
    config.nim.app_secret = "s3cr3t-of-the-app".to_owned();
    let shown = format!("{sandbox:?} {:?} {:?} {config:?}", sandbox.nim(), sandbox.log());
    assert!(!shown.contains("s3cr3t") && !shown.contains(&check_sum), "{shown}");
    assert_eq!(sandbox.log()[1].note, "CheckSum was made with another secret, nonce or time");
}
