//! What the vendor would refuse is refused with the vendor's code, and the log says why.

use groupmembers_sandbox::{
    Sandbox,
    tim::{self, GroupConfig, GroupKind, usersig},
};
use serde_json::{Value, json};

use crate::wire::{GROUP, MEMBERS, call, query, query_of, raw, sandbox};

fn public() -> Sandbox {
    sandbox(GroupKind::Public, 10, |config| {
        config.groups.push(GroupConfig::new("live", GroupKind::AVChatRoom, 10));
        config.groups.push(GroupConfig::new("@TGS#_@TGS#c1", GroupKind::Community, 10));
    })
}

#[test]
fn urls_and_bodies() {
    let sandbox = public();
    let good = query(&sandbox);
    let path = format!("/v4/{MEMBERS}");
    let body = json!({"GroupId": GROUP}).to_string();
    let without = |name: &str| {
        let kept: Vec<&str> = good.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
        format!("{path}?{}", kept.join("&"))
    };
    let with = |name: &str, value: &str| format!("{}&{name}={value}", without(name));
    let full = format!("{path}?{good}");

    let cases: Vec<(u64, &str, String, &str)> = vec![
        (0, "POST", full.clone(), &body),
        (60002, "GET", full.clone(), &body),
        (60002, "PUT", full.clone(), &body),
        (60009, "POST", format!("/v4/group_open_http_svc/get_group_member?{good}"), &body),
        (60009, "POST", format!("/v3/{MEMBERS}?{good}"), &body),
        (60009, "POST", format!("/v4/openim/get_group_member_info?{good}"), &body),
        (60009, "POST", "/".to_owned(), &body),
        (60012, "POST", path.clone(), &body),
        (60012, "POST", without("sdkappid"), &body),
        (60012, "POST", full.replace("sdkappid", "SdkAppId"), &body),
        (60006, "POST", with("sdkappid", "x"), &body),
        (60006, "POST", with("sdkappid", ""), &body),
        (70020, "POST", with("sdkappid", "1400000001"), &body),
        (60002, "POST", without("contenttype"), &body),
        (60002, "POST", with("contenttype", "xml"), &body),
        (60002, "POST", with("contenttype", "JSON"), &body),
        (60002, "POST", without("random"), &body),
        (60002, "POST", with("random", "4294967296"), &body),
        (60002, "POST", with("random", "-1"), &body),
        (60004, "POST", without("identifier"), &body),
        (60004, "POST", with("identifier", ""), &body),
        (60002, "POST", with("identifier", "%FF"), &body),
        (60005, "POST", without("usersig"), &body),
        (70002, "POST", with("usersig", ""), &body),
        (60003, "POST", full.clone(), ""),
        (60003, "POST", full.clone(), "{"),
        (60003, "POST", full.clone(), "[]"),
        (60003, "POST", full.clone(), "{\"GroupId\":\"g\",}"),
    ];
    let calls = cases.len();
    for (code, method, target, body) in cases {
        let reply = raw(&sandbox, method, &target, body);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.code(), code, "{method} {target} {body}");
        assert_eq!(reply.json()["ErrorInfo"] == "", code == 0);
    }
    let log = sandbox.log();
    assert_eq!(log.len(), calls);
    assert_eq!(sandbox.calls(), calls as u64);
    assert_eq!(sandbox.throttled(), 0);
    assert!(log.iter().all(|entry| (entry.code == 0) == entry.note.is_empty()), "{log:?}");
}

#[test]
fn signatures() {
    let sandbox = public();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let (app, key, admin) = (tim::DEMO_SDK_APP_ID, tim::DEMO_SECRET_KEY, tim::DEMO_ADMIN);
    let good = usersig::sign(app, key, admin, now, 60);
    let cases = [
        (0, admin, good.clone()),
        (0, admin, good.replace('*', "%2A").replace('_', "%5f")),
        (70001, admin, usersig::sign(app, key, admin, now - 61, 60)),
        (70003, admin, "x.y".to_owned()),
        (70005, admin, good[..good.len() - 8].to_owned()),
        (70009, admin, usersig::sign(app, &key.replace('5', "6"), admin, now, 60)),
        (70013, admin, usersig::sign(app, key, "somebody", now, 60)),
        (70014, admin, usersig::sign(app + 1, key, admin, now, 60)),
        (60010, "user000001", usersig::sign(app, key, "user000001", now, 60)),
    ];
    for (code, identifier, usersig) in &cases {
        let target = format!("/v4/{MEMBERS}?{}", query_of(app, identifier, usersig));
        let reply = raw(&sandbox, "POST", &target, &json!({"GroupId": GROUP}).to_string());
        assert_eq!(reply.code(), *code, "{}", reply.body);
    }
    let log = sandbox.log();
    let texts = log.iter().map(ToString::to_string).chain(log.iter().map(|entry| format!("{entry:?}")));
    for text in texts {
        assert!(!text.contains(key), "{text}");
        assert!(cases.iter().all(|(_, _, usersig)| !text.contains(usersig.as_str())), "{text}");
    }
    assert!(log[4 + 1].note.contains("HMAC"), "{}", log[5].note);
    assert!(log[6].note.contains("somebody"), "{}", log[6].note);
}

#[test]
fn the_identifier_is_percent_decoded() {
    let admin = "管理 员+a@b&c=d%41";
    let sandbox = sandbox(GroupKind::Public, 3, |config| config.admins = vec![admin.to_owned()]);
    let usersig = sandbox.tim().user_sig(admin, 60);
    let target = |identifier: &str| format!("/v4/{MEMBERS}?{}", query_of(tim::DEMO_SDK_APP_ID, identifier, &usersig));
    let body = json!({"GroupId": GROUP}).to_string();
    let escaped: String = admin.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(raw(&sandbox, "POST", &target(&escaped), &body).code(), 0);
    let plus = escaped.replace("%20", "+");
    assert_eq!(raw(&sandbox, "POST", &target(&plus), &body).code(), 0, "a form's space");
    assert_eq!(raw(&sandbox, "POST", &target(&escaped.replace("%2B", "+")), &body).code(), 70013);
}

#[test]
fn parameters() {
    let sandbox = public();
    let many = |n: usize| (0..n).map(|n| format!("user{n:06}")).collect::<Vec<_>>();
    let specified = "group_open_http_svc/get_specified_group_member_info";
    let roles = "group_open_http_svc/get_role_in_group";
    let info = "group_open_http_svc/get_group_info";
    let community = "@TGS#_@TGS#c1";
    let cases: Vec<(u64, &str, Value)> = vec![
        (10004, MEMBERS, json!({})),
        (10004, MEMBERS, json!({"GroupId": 1})),
        (10015, MEMBERS, json!({"GroupId": ""})),
        (10015, MEMBERS, json!({"GroupId": "x".repeat(49)})),
        (10015, MEMBERS, json!({"GroupId": "群"})),
        (10010, MEMBERS, json!({"GroupId": "no such group"})),
        (10007, MEMBERS, json!({"GroupId": "live"})),
        (0, MEMBERS, json!({"GroupId": GROUP, "Limit": 200, "Offset": 0})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "Limit": 201, "Offset": 0})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "Limit": 0})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "Limit": null})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "Limit": "5"})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "Offset": -1})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "Next": ""})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "MemberInfoFilter": null})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "MemberInfoFilter": ["Rolle"]})),
        (10004, MEMBERS, json!({"GroupId": GROUP, "MemberRoleFilter": ["owner"]})),
        (0, MEMBERS, json!({"GroupId": community, "Limit": 100, "Next": ""})),
        (10004, MEMBERS, json!({"GroupId": community, "Limit": 101, "Next": ""})),
        (10004, MEMBERS, json!({"GroupId": community, "Limit": 10})),
        (10004, MEMBERS, json!({"GroupId": community, "Limit": 10, "Next": null})),
        (10004, MEMBERS, json!({"GroupId": community, "Limit": 10, "Next": "", "Offset": 0})),
        (10004, MEMBERS, json!({"GroupId": community, "Limit": 10, "Next": "144115265295492787"})),
        (10004, MEMBERS, json!({"GroupId": community, "Limit": 10, "Next": "TGSx"})),
        (0, specified, json!({"GroupId": GROUP, "Member_List_Account": many(50)})),
        (10005, specified, json!({"GroupId": GROUP, "Member_List_Account": many(51)})),
        (10004, specified, json!({"GroupId": GROUP})),
        (60015, specified, json!({"GroupId": GROUP, "Member_List_Account": [1]})),
        (10007, specified, json!({"GroupId": "live", "Member_List_Account": ["a"]})),
        (0, roles, json!({"GroupId": GROUP, "User_Account": many(500)})),
        (10005, roles, json!({"GroupId": GROUP, "User_Account": many(501)})),
        (10007, roles, json!({"GroupId": "live", "User_Account": ["a"]})),
        (0, info, json!({"GroupIdList": many(50)})),
        (10004, info, json!({"GroupIdList": many(51)})),
        (10004, info, json!({"GroupIdList": []})),
        (10004, "group_open_http_svc/get_joined_group_list", json!({})),
        (60015, "group_open_http_svc/get_joined_group_list", json!({"Member_Account": 7})),
        (10004, "group_open_http_svc/get_appid_group_list", json!({"Limit": 10001})),
        (10004, "group_open_http_svc/get_appid_group_list", json!({"Next": 99})),
        (10004, "group_open_http_svc/get_appid_group_list", json!({"GroupType": "Club"})),
        (10004, "group_open_http_svc/get_online_member_num", json!({"GroupId": community})),
        (0, "million_group_open_http_svc/get_online_member_num", json!({"GroupId": community})),
        (10004, "million_group_open_http_svc/get_online_member_num", json!({"GroupId": GROUP})),
        (10007, "group_open_avchatroom_http_svc/get_members", json!({"GroupId": GROUP, "Timestamp": 0})),
        (10004, "group_open_avchatroom_http_svc/get_members", json!({"GroupId": "live"})),
        (10004, "group_open_http_svc/get_group_ban_member", json!({"GroupId": GROUP, "Limit": 101, "Offset": 0})),
        (10004, "group_open_http_svc/get_group_ban_member", json!({"GroupId": GROUP, "Limit": 100})),
    ];
    for (code, command, body) in cases {
        let reply = call(&sandbox, command, &body);
        assert_eq!(reply.code(), code, "{command} {body}");
        let entry = sandbox.log().pop().unwrap();
        assert_eq!((u64::from(entry.code), entry.note.is_empty()), (code, code == 0), "{entry}");
        assert!(command.ends_with(&entry.command), "{entry}");
    }
}
