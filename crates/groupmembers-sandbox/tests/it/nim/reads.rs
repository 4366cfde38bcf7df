//! What the calls about rooms answer.

use std::collections::{BTreeMap, BTreeSet};

use groupmembers_sandbox::{
    Config, Sandbox,
    nim::{Member, MemberType, Role, RoomConfig},
};
use serde_json::{Value, json};

use super::{ROOM, accids, call, ok, page, rows, sandbox};

const ALL: [MemberType; 3] = [MemberType::Fixed, MemberType::Guests, MemberType::OnlineFixed];

fn agrees(row: &Value, member: &Member) {
    assert_eq!(row["accid"], *member.accid);
    let role = if member.role == Role::Anonymous { "TEMPORARY" } else { member.role.as_str() };
    assert_eq!(row["type"], role, "{row}");
    assert_eq!(row["onlineStat"], member.online);
    assert_eq!(row["enterTime"].as_u64(), Some(member.enter_time));
    for (name, set) in [
        ("blacklisted", member.blacklisted),
        ("muted", member.muted),
        ("tempMuted", member.temp_muted.is_some()),
        ("isRobot", member.robot),
    ] {
        // What is false is not there at all.
        assert_eq!(row.get(name), set.then_some(&Value::Bool(true)), "{name} of {row}");
    }
    assert_eq!(row.get("tempMuteTtl").and_then(Value::as_u64), member.temp_muted.map(u64::from));
    assert_eq!(row.get("robotExpirAt").is_some(), member.robot);
}

#[test]
fn a_page_is_the_newest_of_the_list_in_the_recorded_order_of_fields() {
    let sandbox = sandbox(90, 90, |config| config.rooms[0].robots = 4);
    for kind in ALL {
        let mut truth = sandbox.nim().members(ROOM, kind);
        truth.reverse();
        assert!(truth.is_sorted_by(|a, b| a.enter_time >= b.enter_time));
        let reply = page(&sandbox, kind.number(), 0, 100);
        let rows = rows(&reply);
        assert_eq!(rows.len(), truth.len());
        for (row, member) in rows.iter().zip(&truth) {
            agrees(row, member);
            assert_eq!(row["roomid"].as_u64(), Some(ROOM));
        }
        assert!(reply.body.starts_with(r#"{"desc":{"data":[{"roomid":9500000001,"level":"#), "{}", reply.body);
        assert!(reply.body.ends_with("]},\"code\":200}"), "{}", reply.body);
        assert_eq!(reply.header("content-type").unwrap(), "application/json; charset=utf-8");
        let part = accids(&self::rows(&page(&sandbox, kind.number(), 0, 7)));
        assert_eq!(part, accids(&rows)[..7]);
    }
    assert_eq!(sandbox.nim().members(ROOM, MemberType::Guests).iter().filter(|m| m.robot).count(), 4);
    let online = sandbox.nim().members(ROOM, MemberType::OnlineFixed);
    let fixed = sandbox.nim().members(ROOM, MemberType::Fixed);
    assert!(!online.is_empty() && online.len() < fixed.len());
    assert_eq!(online, fixed.into_iter().filter(|member| member.online).collect::<Vec<_>>());
}

#[test]
fn a_room_has_every_role_and_every_kind_of_text() {
    let sandbox = sandbox(60, 60, |config| config.rooms[0].robots = 2);
    let all: Vec<Value> = [0, 1].iter().flat_map(|kind| rows(&page(&sandbox, *kind, 0, 100))).collect();
    let types: BTreeSet<&str> = all.iter().filter_map(|row| row["type"].as_str()).collect();
    assert_eq!(types, BTreeSet::from(["COMMON", "CREATOR", "LIMITED", "MANAGER", "TEMPORARY", "UNSET"]));
    let has = |test: &dyn Fn(&Value) -> bool| assert!(all.iter().any(test));
    has(&|row| row["avator"].is_null());
    has(&|row| row["avator"] == "");
    has(&|row| row["nick"] == "李娜🎉");
    has(&|row| row["nick"] == "");
    has(&|row| row["ext"] == "");
    has(&|row| row["ext"].as_str().is_some_and(|ext| ext.starts_with('{')));
    has(&|row| row["blacklisted"] == true && row["muted"] == true);
    has(&|row| row["blacklisted"] == true && row.get("muted").is_none());
    has(&|row| row["muted"] == true && row.get("blacklisted").is_none());
    has(&|row| row["tempMuted"] == true && row["type"] == "COMMON");
    has(&|row| row["tempMuted"] == true && row["type"] == "TEMPORARY");
    has(&|row| row["level"] == 0);
    has(&|row| row["level"] == 3);
    // Accounts that look like something else.
    for odd in ["li.wei@corp.example", "10086", "_-@.", "0012", "null"] {
        has(&|row| row["accid"] == odd);
    }
    let times: BTreeMap<u64, usize> = all.iter().fold(BTreeMap::new(), |mut times, row| {
        *times.entry(row["enterTime"].as_u64().unwrap()).or_default() += 1;
        times
    });
    assert!(times.values().any(|count| *count == 3), "exact ties");
}

#[test]
fn pages_end_strictly_before_endtime_and_a_full_last_page_is_followed_by_an_empty_one() {
    let sandbox = sandbox(5, 90, |_| {});
    let all = rows(&page(&sandbox, 1, 0, 100));
    let time = |at: usize| all[at]["enterTime"].as_u64().unwrap();
    for at in [0, 1, 2, 3, 50, 89] {
        let next = rows(&page(&sandbox, 1, time(at), 100));
        let expected: Vec<Value> =
            all.iter().filter(|row| row["enterTime"].as_u64() < Some(time(at))).cloned().collect();
        assert_eq!(next, expected);
    }
    let last = page(&sandbox, 1, time(89), 100);
    assert_eq!(last.body, r#"{"desc":{"data":[]},"code":200}"#);
    assert_eq!(rows(&page(&sandbox, 1, u64::MAX >> 1, 100)).len(), 90);
}

#[test]
fn a_crowd_shares_one_millisecond() {
    let sandbox = sandbox(1, 600, |config| config.rooms[0].crowd = 250);
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    for member in sandbox.nim().members(ROOM, MemberType::Guests) {
        *times.entry(member.enter_time).or_default() += 1;
    }
    assert_eq!(times.values().max(), Some(&250));
    let (at, _) = times.iter().find(|(_, count)| **count == 250).unwrap();
    // Whoever goes on from it loses the rest of it; whoever goes on from a millisecond later stands still.
    let crowd = rows(&page(&sandbox, 1, at + 1, 100));
    assert!(crowd.iter().all(|row| row["enterTime"].as_u64() == Some(*at)));
    assert!(rows(&page(&sandbox, 1, *at, 100)).iter().all(|row| row["enterTime"].as_u64() < Some(*at)));
}

#[test]
fn by_role() {
    let sandbox = sandbox(60, 5, |_| {});
    let room = ROOM.to_string();
    let ask = |roles: Value| {
        rows(&call(&sandbox, "chatroom/queryMembersByRole", &[("roomid", &room), ("roles", &roles.to_string())]))
    };
    let fixed = sandbox.nim().members(ROOM, MemberType::Fixed);
    let truth = |test: &dyn Fn(&Member) -> bool| -> Vec<String> {
        fixed.iter().filter(|member| test(member)).map(|member| member.accid.clone()).collect()
    };
    assert_eq!(accids(&ask(json!({"creator": true}))), ["user000000"]);
    assert_eq!(accids(&ask(json!({"manager": true, "mute": false}))), truth(&|m| m.role == Role::Manager));
    assert_eq!(accids(&ask(json!({"blacklist": true}))), truth(&|m| m.blacklisted));
    assert_eq!(accids(&ask(json!({"mute": true}))), truth(&|m| m.muted));
    let all = ask(json!({"creator": true, "manager": true, "blacklist": true, "mute": true}));
    assert_eq!(accids(&all), truth(&|m| !matches!(m.role, Role::Common | Role::Unset)));
    assert!(all.iter().all(|row| row.get("enterTime").is_none()));
    assert!(ask(json!({})).is_empty());
    assert!(ask(json!({"creator": "true"})).is_empty());
}

#[test]
fn by_account_whoever_is_not_there_is_missing_without_a_word() {
    let sandbox = sandbox(20, 20, |_| {});
    let room = ROOM.to_string();
    let ask = |accids: Value| {
        rows(&call(&sandbox, "chatroom/queryMembers", &[("roomid", &room), ("accids", &accids.to_string())]))
    };
    let found = ask(json!(["guest000001", "nobody", "user000003", 10086, "user000003"]));
    assert_eq!(accids(&found), ["user000003", "10086", "guest000001"]);
    assert_eq!(found[2]["type"], "ANONYMOUS");
    assert!(found.iter().all(|row| row.get("enterTime").is_none() && row["ext"] != ""));
    assert!(ask(json!(["nobody"])).is_empty());
    // An account in both calls: the text is empty in one and null in the other.
    let fixed = rows(&page(&sandbox, 0, 0, 100));
    let empty = fixed.iter().find(|row| row["ext"] == "").unwrap();
    assert!(ask(json!([empty["accid"]]))[0]["ext"].is_null());
    let many: Vec<String> = (0..200).map(|n| format!("guest{n:06}")).collect();
    assert_eq!(ask(json!(many)).len(), 20);
}

#[test]
fn rooms() {
    let mut config = Config::default();
    config.nim.calls_per_second = 0;
    let sandbox = Sandbox::start(config).unwrap();
    assert_eq!(sandbox.nim().rooms(), [66, 2_757_903_841, 9_500_000_001, 9_500_000_002]);
    let get = |fields: &[(&str, &str)]| ok(&call(&sandbox, "chatroom/get", fields))["chatroom"].clone();
    let room = get(&[("roomid", "9500000001")]);
    assert_eq!(room["roomid"].as_u64(), Some(9_500_000_001));
    assert_eq!((&room["name"], &room["valid"]), (&json!("双十一直播间🎉"), &json!(true)));
    assert!(room.get("onlineusercount").is_none() && room["broadcasturl"].is_null());
    // Only "true" is true.
    assert!(get(&[("roomid", "66"), ("needOnlineUserCount", "1")]).get("onlineusercount").is_none());
    let counted = get(&[("roomid", "9500000001"), ("needOnlineUserCount", "true")]);
    let online = sandbox.nim().member_count(9_500_000_001, MemberType::OnlineFixed);
    assert_eq!(counted["onlineusercount"], 20_000 + online);

    let batch = ok(&call(&sandbox, "chatroom/getBatch", &[("roomids", r#"["66",1,9500000002]"#)]));
    assert_eq!(batch["succRooms"].as_array().unwrap().len(), 2);
    assert_eq!((&batch["succRooms"][1]["valid"], &batch["noExistRooms"]), (&json!(false), &json!([1])));
    assert_eq!(batch["failRooms"], json!([]));
    assert_eq!(sandbox.log().last().unwrap().group.as_deref(), Some("1,66,9500000002"));

    let ids = call(&sandbox, "chatroom/queryUserRoomIds", &[("creator", "user000000")]);
    assert_eq!(ids.body, r#"{"desc":{"roomids":["66","2757903841","9500000001"]},"code":200}"#);
    let none = call(&sandbox, "chatroom/queryUserRoomIds", &[("creator", "nobody")]);
    assert_eq!(none.body, r#"{"desc":{"roomids":[]},"code":200}"#);
}

#[test]
fn a_room_can_have_another_creator() {
    let sandbox = sandbox(0, 0, |config| config.rooms = vec![RoomConfig::new(ROOM, 9, 0).creator("阿强")]);
    let fixed = rows(&page(&sandbox, 0, 0, 100));
    assert_eq!((&fixed[8]["accid"], &fixed[8]["type"]), (&json!("阿强"), &json!("CREATOR")));
    let found = call(&sandbox, "chatroom/queryMembers", &[("roomid", &ROOM.to_string()), ("accids", "[\"阿强\"]")]);
    assert_eq!(accids(&rows(&found)), ["阿强"]);
    let ids = call(&sandbox, "chatroom/queryUserRoomIds", &[("creator", "阿强")]);
    assert_eq!(ok(&ids)["desc"]["roomids"], json!(["9500000001"]));
}

#[test]
fn by_tag_one_row_for_every_device() {
    let sandbox = sandbox(50, 400, |_| {});
    let room = ROOM.to_string();
    let ask = |end: &str, limit: &str| {
        rows(&call(
            &sandbox,
            "chatroom/tagMembersQuery",
            &[("roomid", &room), ("tag", "vip"), ("endTime", end), ("limit", limit)],
        ))
    };
    let all = ask("0", "100");
    let names = accids(&all);
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert!(distinct.len() > 20 && distinct.len() < names.len() && names.len() < 100, "{}", names.len());
    assert!(all.is_sorted_by(|a, b| a["enterTime"].as_u64() >= b["enterTime"].as_u64()));
    assert!(all.iter().all(|row| row["tags"] == "[\"vip\"]" && row["onlineStat"] == true));
    assert_eq!(ask("0", "5"), all[..5]);
    let middle = all[10]["enterTime"].as_u64().unwrap();
    assert!(ask(&middle.to_string(), "100").iter().all(|row| row["enterTime"].as_u64() < Some(middle)));
    let count = call(&sandbox, "chatroom/tagMembersCount", &[("roomid", &room), ("tag", "vip")]);
    assert_eq!(count.body, format!(r#"{{"data":{{"tag":"vip","onlineUserCount":{}}},"code":200}}"#, distinct.len()));
    let empty = call(
        &sandbox,
        "chatroom/tagMembersQuery",
        &[("roomid", &room), ("tag", "?"), ("endTime", "0"), ("limit", "9")],
    );
    assert_eq!(empty.body, r#"{"desc":{"data":[]},"code":200}"#);
}
