//! The shapes of answers.

use std::collections::BTreeSet;

use groupmembers_sandbox::tim::{GroupConfig, GroupKind, Role};
use serde_json::{Value, json};

use crate::wire::{GROUP, MEMBERS, by_cursor, call, sandbox};

const MIB: usize = 1024 * 1024;

#[test]
fn six_thousand_members_fit_into_one_answer_without_custom_fields_and_not_with_them() {
    let plain = sandbox(GroupKind::Meeting, 6000, |_| {});
    let reply = call(&plain, MEMBERS, &json!({"GroupId": GROUP}));
    assert_eq!(reply.rows().len(), 6000);
    assert!(reply.body.len() < MIB && reply.body.len() > 900_000, "{}", reply.body.len());
    let truth: Vec<String> = plain.tim().members(GROUP).into_iter().map(|m| m.account).collect();
    assert_eq!(reply.accounts(), truth);
    assert_eq!(reply.json()["MemberNum"], 6000);
    assert_eq!(reply.json().get("Next"), None);

    let custom = sandbox(GroupKind::Meeting, 6000, |config| config.groups[0].custom_fields = true);
    assert_eq!(call(&custom, MEMBERS, &json!({"GroupId": GROUP})).code(), 10018);
    assert_eq!(call(&custom, MEMBERS, &json!({"GroupId": GROUP, "Limit": 200})).rows().len(), 200);
    // Asking for less makes it fit.
    let less = json!({"GroupId": GROUP, "MemberInfoFilter": ["JoinTime"]});
    assert_eq!(call(&custom, MEMBERS, &less).rows().len(), 6000);
}

#[test]
fn rows_have_everything_a_client_must_cope_with() {
    let sandbox = sandbox(GroupKind::Public, 300, |_| {});
    let rows = call(&sandbox, MEMBERS, &json!({"GroupId": GROUP})).rows();
    let has = |name: &str, value: Value| rows.iter().any(|row| row[name] == value);
    assert_eq!(
        rows[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["JoinTime", "LastSendMsgTime", "Member_Account", "MsgFlag", "MsgSeq", "MuteUntil", "NameCard", "Role"]
    );
    for value in ["Owner", "Admin", "Member"] {
        assert!(has("Role", json!(value)), "{value}");
    }
    for value in ["AcceptAndNotify", "AcceptNotNotify", "Discard", "AcceptNotNotifyExceptAt"] {
        assert!(has("MsgFlag", json!(value)), "{value}");
    }
    for value in [0_u64, 1_500_000_000, 4_000_000_000, 4_294_967_295] {
        assert!(has("MuteUntil", json!(value)), "{value}");
    }
    assert!(has("MsgSeq", json!(4_294_967_295_u64)) && has("LastSendMsgTime", json!(0)) && has("NameCard", json!("")));
    assert!(has("NameCard", json!("李娜🎉")) && has("Member_Account", json!("R&D #5 = 50%?")));
    assert!(rows.iter().all(|row| row["NameCard"].as_str().unwrap().len() <= 50));
    assert!(rows.iter().all(|row| {
        let account = row["Member_Account"].as_str().unwrap();
        account.len() <= 32 && account.bytes().all(|b| (0x20..=0x7e).contains(&b))
    }));
    let times: Vec<u64> = rows.iter().map(|row| row["JoinTime"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times[0] == times[1] && times[2] < times[3]);
}

#[test]
fn pages_filters_and_custom_fields() {
    let sandbox = sandbox(GroupKind::Work, 450, |config| config.groups[0].custom_fields = true);
    let all: Vec<String> = sandbox.tim().members(GROUP).into_iter().map(|m| m.account).collect();
    let page = |more: Value| {
        let mut body = json!({"GroupId": GROUP});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&sandbox, MEMBERS, &body)
    };
    assert_eq!(page(json!({"Limit": 200, "Offset": 300})).accounts(), all[300..]);
    assert_eq!(page(json!({"Limit": 7, "Offset": 1})).accounts(), all[1..8]);
    assert_eq!(page(json!({"Limit": 7})).accounts(), all[..7]);
    assert_eq!(page(json!({"Offset": 440})).accounts(), all[440..]);
    assert!(page(json!({"Limit": 7, "Offset": 450})).accounts().is_empty());
    assert!(page(json!({"Limit": 7, "Offset": u64::MAX})).accounts().is_empty());

    let admins = page(json!({"MemberRoleFilter": ["Owner", "Admin"], "Limit": 200, "Offset": 0}));
    assert_eq!(admins.json()["MemberNum"], 450, "the whole group");
    assert_eq!(admins.rows().len(), 5);
    let second = page(json!({"MemberRoleFilter": ["Owner", "Admin"], "Limit": 2, "Offset": 2}));
    assert_eq!(second.accounts(), all[2..4]);

    let named = page(json!({"Limit": 1, "MemberInfoFilter": ["Role", "OnlineStatus"]})).rows();
    assert_eq!(named[0].as_object().unwrap().len(), 3);
    assert!(named[0]["OnlineStatus"] == "Online" || named[0]["OnlineStatus"] == "Offline");

    let custom = page(json!({"Limit": 1})).rows();
    assert_eq!(custom[0]["AppMemberDefinedData"].as_array().unwrap().len(), 3);
    let one = page(json!({"Limit": 1, "AppDefinedDataFilter_GroupMember": ["MemberDefined2", "other"]})).rows();
    assert_eq!(one[0]["AppMemberDefinedData"].as_array().unwrap().len(), 1);
    assert_eq!(one[0]["AppMemberDefinedData"][0]["Key"], "MemberDefined2");
}

#[test]
fn the_other_reading_of_offset_under_a_role_filter() {
    let sandbox = sandbox(GroupKind::Public, 300, |config| {
        config.offset_counts_filtered_rows = false;
    });
    let page = |offset: u32| {
        let body = json!({"GroupId": GROUP, "MemberRoleFilter": ["Owner", "Admin"], "Limit": 2, "Offset": offset});
        call(&sandbox, MEMBERS, &body).rows().len()
    };
    assert_eq!([page(0), page(2), page(4)], [2, 2, 0]);
}

#[test]
fn a_community_is_read_by_cursor_and_the_cursor_keeps_its_place() {
    let sandbox = sandbox(GroupKind::Community, 1234, |_| {});
    let all: Vec<String> = sandbox.tim().members(GROUP).into_iter().map(|m| m.account).collect();
    assert_eq!(by_cursor(&sandbox, 100), all);
    assert_eq!(by_cursor(&sandbox, 97), all, "no empty last page or lost row at any size");

    let first = call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 50, "Next": ""}));
    let next = first.json()["Next"].as_str().unwrap().to_owned();
    assert!(next.starts_with("TGS") && next.len() == 27, "{next}");
    // Those before the cursor leave, the one just behind it too, and one of them comes back at the end.
    for account in &all[10..51] {
        assert!(sandbox.tim().remove_member(GROUP, account));
    }
    assert!(sandbox.tim().add_member(GROUP, &all[20]));
    let second = call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "Limit": 50, "Next": next}));
    assert_eq!(second.accounts(), all[51..101]);
    assert_eq!(second.json()["MemberNum"], 1234 - 41 + 1);
    assert_eq!(by_cursor(&sandbox, 100).last(), Some(&all[20]));

    let owners = json!({"GroupId": GROUP, "Limit": 1, "Next": "", "MemberRoleFilter": ["Owner"]});
    assert_eq!(call(&sandbox, MEMBERS, &owners).json()["Next"], "");
}

#[test]
fn specified_members_come_in_the_order_of_the_group() {
    let sandbox = sandbox(GroupKind::Public, 100, |config| config.groups[0].custom_fields = true);
    let all = sandbox.tim().members(GROUP);
    let wanted = [&all[50].account, &all[3].account, &all[50].account, &"nobody".to_owned()].map(String::clone);
    let command = "group_open_http_svc/get_specified_group_member_info";
    let body = json!({"GroupId": GROUP, "Member_List_Account": wanted, "MemberInfoFilter": ["Role"]});
    let reply = call(&sandbox, command, &body);
    assert_eq!(reply.accounts(), [all[3].account.clone(), all[50].account.clone()]);
    assert_eq!(reply.json()["GroupId"], GROUP);
    assert_eq!(reply.json().get("MemberNum"), None);
    assert!(reply.rows()[0]["AppMemberDefinedData"].is_array(), "they come though only other fields were named");

    let command = "group_open_http_svc/get_role_in_group";
    let reply =
        call(&sandbox, command, &json!({"GroupId": GROUP, "User_Account": [all[9].account, "nobody", all[0].account]}));
    let roles: Vec<Value> = reply.json()["UserIdList"].as_array().unwrap().iter().map(|u| u["Role"].clone()).collect();
    assert_eq!(roles, ["Member", "NotMember", "Owner"]);
    assert_eq!(all[0].role, Role::Owner);
    assert_eq!(reply.header("content-type").unwrap(), "text/plain; charset=utf-8");
}

#[test]
fn group_info_has_an_outcome_for_each_group() {
    let sandbox = sandbox(GroupKind::Public, 40, |_| {});
    let command = "group_open_http_svc/get_group_info";
    let reply = call(&sandbox, command, &json!({"GroupIdList": [GROUP, "gone", "群"]}));
    assert_eq!(reply.code(), 0);
    let groups = reply.json()["GroupInfo"].clone();
    let codes: Vec<u64> = (0..3).map(|n| groups[n]["ErrorCode"].as_u64().unwrap()).collect();
    assert_eq!(codes, [0, 10010, 10015]);
    assert_eq!((&groups[0]["MemberNum"], &groups[0]["Type"]), (&json!(40), &json!("Public")));
    assert_eq!(groups[0].get("MemberList"), None);

    let filter = json!({"GroupBaseInfoFilter": ["MemberNum"], "MemberInfoFilter": ["Account", "Role"]});
    let reply = call(&sandbox, command, &json!({"GroupIdList": [GROUP], "ResponseFilter": filter}));
    let group = reply.json()["GroupInfo"][0].clone();
    assert_eq!((group.get("Type"), group["MemberList"].as_array().unwrap().len()), (None, 40));
}

#[test]
fn lists_of_groups() {
    let sandbox = sandbox(GroupKind::Public, 40, |config| {
        for n in 0..30 {
            config.groups.push(GroupConfig::new(format!("work{n}"), GroupKind::Work, n + 1));
        }
        config.groups.push(GroupConfig::new("live", GroupKind::AVChatRoom, 40));
    });
    let command = "group_open_http_svc/get_appid_group_list";
    let (mut ids, mut next) = (BTreeSet::new(), 0);
    loop {
        let reply = call(&sandbox, command, &json!({"Limit": 7, "Next": next, "GroupType": "Private"}));
        let json = reply.json();
        assert_eq!((json.get("ErrorInfo"), &json["TotalCount"]), (None, &json!(30)));
        ids.extend(json["GroupIdList"].as_array().unwrap().iter().map(|g| g["GroupId"].as_str().unwrap().to_owned()));
        next = json["Next"].as_u64().unwrap();
        if next == 0 {
            break;
        }
        assert!(next > u64::from(u32::MAX));
    }
    assert_eq!(ids.len(), 30);

    let command = "group_open_http_svc/get_joined_group_list";
    let filter = json!({"GroupBaseInfoFilter": ["Type"], "SelfInfoFilter": ["Role", "JoinTime"]});
    let body = json!({"Member_Account": "user000025", "Limit": 3, "Offset": 1, "ResponseFilter": filter});
    let json = call(&sandbox, command, &body).json();
    assert_eq!(json["TotalCount"], 1 + 5, "the live room is left out");
    assert_eq!(json["GroupIdList"].as_array().unwrap().len(), 3);
    assert_eq!(json["GroupIdList"][0]["Type"], "Work");
    assert_eq!(json["GroupIdList"][0]["SelfInfo"]["Role"], "Member");
    let json = call(&sandbox, command, &json!({"Member_Account": "user000025", "WithHugeGroups": 1})).json();
    assert_eq!(json["GroupIdList"].as_array().unwrap().len(), 7);
}

#[test]
fn a_live_room_shows_at_most_a_thousand_of_its_newest() {
    for (members, expected, pages) in [(249, 249, 1), (600, 600, 3), (2500, 1000, 4)] {
        let sandbox = sandbox(GroupKind::AVChatRoom, members, |_| {});
        let (mut seen, mut timestamp, mut calls) = (Vec::new(), 0, 0);
        loop {
            let body = json!({"GroupId": GROUP, "Timestamp": timestamp});
            let reply = call(&sandbox, "group_open_avchatroom_http_svc/get_members", &body);
            seen.extend(reply.accounts());
            calls += 1;
            timestamp = reply.json()["NextTimestamp"].as_u64().unwrap();
            if timestamp == 0 {
                break;
            }
            assert!(timestamp > 1_700_000_000_000);
        }
        let mut truth: Vec<String> = sandbox.tim().members(GROUP).into_iter().map(|m| m.account).collect();
        truth.reverse();
        truth.truncate(expected);
        assert_eq!((seen, calls), (truth, pages));
    }
}

#[test]
fn muted_banned_and_online() {
    let sandbox = sandbox(GroupKind::Public, 3000, |_| {});
    let rows =
        call(&sandbox, MEMBERS, &json!({"GroupId": GROUP, "MemberInfoFilter": ["MuteUntil", "OnlineStatus"]})).rows();

    let reply = call(&sandbox, "group_open_http_svc/get_group_muted_account", &json!({"GroupId": GROUP}));
    let muted = rows.iter().filter(|row| row["MuteUntil"].as_u64().unwrap() >= 4_000_000_000).count();
    assert_eq!(reply.json()["MutedAccountList"].as_array().unwrap().len(), muted);
    assert_eq!(reply.json().get("ErrorInfo"), None);

    let online = rows.iter().filter(|row| row["OnlineStatus"] == "Online").count();
    let reply = call(&sandbox, "group_open_http_svc/get_online_member_num", &json!({"GroupId": GROUP}));
    assert_eq!(reply.json()["OnlineMemberNum"], online);

    let (mut ends, mut offset) = (Vec::new(), 0);
    loop {
        let body = json!({"GroupId": GROUP, "Limit": 100, "Offset": offset});
        let json = call(&sandbox, "group_open_http_svc/get_group_ban_member", &body).json();
        ends.extend(json["BannedAccountList"].as_array().unwrap().iter().map(|b| b["BannedUntil"].as_u64().unwrap()));
        offset = json["NextOffset"].as_u64().unwrap();
        if offset == 0 {
            break;
        }
    }
    assert_eq!(ends.len(), 150);
    assert!(ends.is_sorted());
}
