//! What good calls get.

use std::collections::HashSet;

use groupmembers_sandbox::{
    Config, Sandbox,
    wkteam::{DEMO_ACCOUNT, DEMO_GROUP, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, GroupConfig, MOST_MEMBERS, Role},
};
use serde_json::{Value, json};

use super::{GROUP, call, code, data, list, login, names, post, raw, room, rows, sandbox};

#[test]
fn a_login_gives_a_token_that_is_sent_as_it_is() {
    let sandbox = sandbox(3, |_| {});
    let reply = login(&sandbox, DEMO_ACCOUNT, DEMO_PASSWORD);
    let token = data(&reply)["Authorization"].as_str().unwrap().to_owned();
    assert_eq!(
        reply.body,
        format!(
            r#"{{"message":"成功","code":"1000","data":{{"callbackUrl":null,"status":0,"Authorization":"{token}"}}}}"#
        )
    );
    assert_eq!(reply.header("content-type").unwrap(), "application/json;charset=UTF-8");
    assert_eq!((token.clone(), token.split('.').count()), (sandbox.wkteam().token(), 3));
    let headers = [("Content-Type", "application/json;charset=utf-8"), ("authorization", token.as_str())];
    let accounts = raw(&sandbox, "POST", "//queryLoginWx", &headers, "{}");
    assert_eq!(
        data(&accounts)[0],
        json!({"wcId": DEMO_WC_ID, "wId": DEMO_WID}),
        "in the same envelope, under a doubled slash too"
    );
}

#[test]
fn everybody_is_in_one_answer_with_the_fields_in_their_order() {
    let sandbox = sandbox(500, |_| {});
    let reply = list(&sandbox);
    let rows = rows(&reply);
    let members = sandbox.wkteam().members(GROUP);
    assert_eq!(names(&rows), members.iter().map(|m| m.user_name.clone()).collect::<Vec<_>>());
    assert_eq!(rows[0]["userName"], DEMO_WC_ID);

    let fields: Vec<&str> = reply.body.split(r#"{"chatRoomId""#).nth(1).unwrap().split(',').collect();
    let order = fields.iter().filter_map(|field| field.split(':').next()).collect::<Vec<_>>().join("");
    for pair in [
        "userName",
        "nickName",
        "chatRoomOwner",
        "bigHeadImgUrl",
        "smallHeadImgUrl",
        "v1",
        "memberCount",
        "displayName",
        "inviterUserName",
        "notify",
        "chatRoomMembers",
        "isManage",
    ]
    .windows(2)
    {
        let at = |name| order.find(&format!("{name:?}")).unwrap_or_else(|| panic!("{name} in {order}"));
        assert!(at(pair[0]) < at(pair[1]), "{pair:?}");
    }
    for (row, member) in rows.iter().zip(&members) {
        assert_eq!(row.as_object().unwrap().len(), 13);
        assert_eq!((&row["chatRoomId"], &row["memberCount"]), (&json!(GROUP), &json!(0)));
        assert_eq!(row["displayName"], json!(member.display_name));
        assert_eq!(row["inviterUserName"], json!(member.inviter));
        assert_eq!(row["isManage"], json!(member.role == Role::Owner));
        for null in ["chatRoomOwner", "v1", "notify", "chatRoomMembers"] {
            assert_eq!(row[null], Value::Null);
        }
        assert!(row["nickName"].is_string() && row["bigHeadImgUrl"].is_string());
    }
    let size = reply.body.len() / 500;
    assert!((540..=680).contains(&size), "{size} bytes a member");
    let nicks: HashSet<&str> = rows.iter().map(|row| row["nickName"].as_str().unwrap()).collect();
    for nick in ["", "👨‍👩‍👧‍👦 一家人", "王伟", "tab\tand\nnewline"] {
        assert!(nicks.contains(nick), "{nick:?}");
    }
    let unlike = |test: &dyn Fn(&str) -> bool| names(&rows).iter().filter(|name| test(name)).count();
    assert!(unlike(&|name| name.ends_with("@openim")) > 5);
    assert!(unlike(&|name| !name.starts_with("wxid_") && !name.contains('@')) > 5);
    assert!(members.iter().filter(|m| m.role == Role::Admin).count() == 3);
    assert!(members[0].inviter.is_none() && members[1..].iter().any(|m| m.inviter.is_none()));
}

#[test]
fn a_plain_member_is_not_told_who_invited_whom() {
    let sandbox = sandbox(40, |config| config.groups = vec![GroupConfig::new(GROUP, "", 40)]);
    assert!(rows(&list(&sandbox)).iter().all(|row| row["inviterUserName"].is_null()));
    let room = &rows(&room(&sandbox))[0];
    assert!(room["chatRoomMembers"].as_array().unwrap().iter().all(|row| row["inviterUserName"].is_null()));
    let invited = sandbox.wkteam().members(GROUP).iter().filter(|m| m.inviter.is_some()).count();
    assert!(invited > 10, "though somebody did");
}

#[test]
fn a_group_has_its_owner_and_its_size() {
    let sandbox = sandbox(40, |_| {});
    let reply = room(&sandbox);
    let [room] = &rows(&reply)[..] else { panic!("{}", reply.body) };
    assert!(reply.body.starts_with(&format!(
        r#"{{"message":"成功","code":"1000","data":[{{"chatRoomId":"{GROUP}","userName":"{GROUP}","nickName":"测试群","chatRoomOwner":"{DEMO_WC_ID}","bigHeadImgUrl":null,"smallHeadImgUrl":"https://wx.qlogo.cn/mmcrhead/"#
    )));
    assert!(reply.body.ends_with(r#"],"isManage":null}]}"#));
    assert_eq!((&room["memberCount"], &room["notify"]), (&json!(40), &json!(1)));
    let members = room["chatRoomMembers"].as_array().unwrap();
    assert_eq!(names(members), names(&rows(&list(&sandbox))));
    assert_eq!(members[0].as_object().unwrap().len(), 4);
}

#[test]
fn one_member_in_detail() {
    let sandbox = sandbox(40, |_| {});
    let listed = rows(&list(&sandbox));
    for row in &listed {
        let one = json!({"chatRoomId": GROUP, "userList": row["userName"]});
        let reply = call(&sandbox, "getChatRoomMemberInfo", &one);
        let [detail] = &rows(&reply)[..] else { panic!("{}", reply.body) };
        assert_eq!((&detail["userName"], &detail["nickName"]), (&row["userName"], &row["nickName"]));
        assert_eq!((&detail["bigHead"], &detail["smallHead"]), (&row["bigHeadImgUrl"], &row["smallHeadImgUrl"]));
        assert!(matches!(detail["sex"].as_u64(), Some(0..=2)));
        assert_eq!((detail.as_object().unwrap().len(), &detail["remark"]), (14, &Value::Null));
    }
}

#[test]
fn groups_are_found_in_the_address_book_once_it_is_initialised() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    assert_eq!(code(&call(&sandbox, "getAddressList", &json!({}))), "1001");
    let init = call(&sandbox, "initAddressList", &json!({}));
    assert_eq!(init.body, r#"{"message":"初始化通讯录成功","code":"1000","data":null}"#);
    let book = data(&call(&sandbox, "getAddressList", &json!({})));
    let saved: Vec<&str> = book["chatrooms"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert!(saved.contains(&DEMO_GROUP) && !saved.contains(&"20000000012@chatroom"));
    assert!(!book["friends"].as_array().unwrap().is_empty());
    assert!(book["ghs"][0].as_str().unwrap().starts_with("gh_") && book["others"][0] == "fmessage");
    for id in sandbox.wkteam().groups() {
        let rows = rows(&call(&sandbox, "getChatRoomMember", &json!({"chatRoomId": id})));
        assert_eq!(rows.len(), sandbox.wkteam().member_count(&id), "an unsaved group can be read as well");
    }
    assert_eq!(sandbox.wkteam().member_count(DEMO_GROUP), MOST_MEMBERS as usize);
    sandbox.wkteam().log_in_again(DEMO_WC_ID);
    assert_eq!(code(&call(&sandbox, "getAddressList", &json!({}))), "1001", "once after each login");
}

#[test]
fn contacts_are_people_and_groups() {
    let sandbox = sandbox(40, |_| {});
    let member = &sandbox.wkteam().members(GROUP)[7].user_name;
    let reply = call(&sandbox, "getContact", &json!({"wcId": format!("{member},{GROUP},wxid_nobody")}));
    let found = rows(&reply);
    assert_eq!(names(&found), [member.as_str(), GROUP], "who is not known is left out");
    assert_eq!(found[1]["nickName"], "测试群");
    assert!(found[0]["bigHead"].is_string() && found[0].get("bigHeadImgUrl").is_none());
}

#[test]
fn accounts_are_online_or_not() {
    let sandbox = sandbox(3, |_| {});
    let is_online = |wid: &str| data(&post(&sandbox, "isOnline", &json!({"wId": wid})))["isOnline"].clone();
    assert_eq!(is_online(DEMO_WID), true);
    assert_eq!(is_online("nobody's"), false);
    let online = || rows(&post(&sandbox, "queryLoginWx", &json!({}))).len();
    assert_eq!(online(), 2);
    sandbox.wkteam().take_offline(DEMO_WC_ID);
    assert_eq!((is_online(DEMO_WID), online()), (json!(false), 1));
}

#[test]
fn a_group_of_any_size() {
    let sandbox = sandbox(20_000, |_| {});
    assert_eq!(rows(&list(&sandbox)).len(), 20_000);
    let again = super::sandbox(0, |_| {});
    assert_eq!(code(&list(&again)), "1001", "nobody is in it, the WeChat account neither");
}
