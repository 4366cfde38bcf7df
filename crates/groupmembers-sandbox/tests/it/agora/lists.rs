//! The neighbours of the member list.

use groupmembers_sandbox::{
    Config, Sandbox,
    agora::{DEMO_GROUP, GroupConfig, Role},
};
use serde_json::{Value, json};

use super::{GROUP, bearer, data, escape, get, post, refused, sandbox};

#[test]
fn details_of_one_and_of_several() {
    let sandbox =
        sandbox(3, |config| config.groups.push(GroupConfig::new("2", 4).named("群 🎉 <b>").private().disabled()));
    let reply = get(&sandbox, &format!("chatgroups/{GROUP}?joined_time=true"));
    assert_eq!(reply.json()["count"], 1);
    let group = &data(&reply)[0];
    assert_eq!(group["affiliations"][0], json!({"owner": "user000000", "joined_time": 1_600_000_000_000_u64}));
    assert_eq!(group["affiliations"][1]["member"], "li.wei_01-x", "admins have no key of their own here");
    assert_eq!((&group["affiliations_count"], &group["owner"]), (&json!(3), &json!("user000000")));

    let reply = get(&sandbox, &format!("chatgroups/{GROUP},missing,2"));
    assert_eq!(reply.json()["count"], 2);
    let groups = data(&reply);
    assert_eq!(groups[1], json!({"id": "missing", "error": "group id doesn't exist"}));
    assert_eq!(
        (&groups[2]["name"], &groups[2]["disabled"], &groups[2]["public"]),
        (&json!("群 🎉 <b>"), &json!(true), &json!(false))
    );
    assert_eq!(groups[2]["affiliations"][0], json!({"owner": "user000000"}));
    let many = vec!["1"; 101].join(",");
    assert_eq!(get(&sandbox, &format!("chatgroups/{many}")).status, 400);
}

#[test]
fn all_groups_by_cursor_newest_first() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let (mut all, mut cursor): (Vec<Value>, String) = (Vec::new(), String::new());
    let mut calls = 0;
    loop {
        calls += 1;
        let reply = get(&sandbox, &format!("chatgroups?limit=7&cursor={}", escape(&cursor)));
        all.extend(data(&reply));
        match reply.json().get("cursor") {
            Some(next) => next.as_str().unwrap().clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!((calls, all.len()), (5, 30));
    assert_eq!(all[0]["groupid"], DEMO_GROUP);
    assert_eq!(all[0]["owner"], "41000001#groupmembers-demo_user000000");
    assert_eq!((&all[0]["affiliations"], &all[0]["type"]), (&json!(12_000), &json!("group")));
    let modified: Vec<u64> = all.iter().map(|g| g["lastModified"].as_str().unwrap().parse().unwrap()).collect();
    assert!(modified.is_sorted_by(|a, b| a > b));
    assert_eq!(data(&get(&sandbox, "chatgroups")).len(), 10);
    assert_eq!(data(&get(&sandbox, "chatgroups?limit=9999")).len(), 30);
    assert_eq!(get(&sandbox, "chatgroups?cursor=nonsense").status, 400);
}

#[test]
fn joined_groups_in_both_forms() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let entities = |query: &str| {
        let json = get(&sandbox, &format!("chatgroups/user/user000000{query}")).json();
        assert_eq!(json["total"], 30);
        assert!(json.get("data").is_none());
        json["entities"].as_array().unwrap().clone()
    };
    assert_eq!(entities("").len(), 5);
    assert_eq!(entities("?pagesize=99").len(), 20);
    assert_eq!(entities("?pagesize=20&pagenum=1").len(), 10, "the first page is 0");
    assert_eq!(entities("")[0]["groupId"], DEMO_GROUP);
    assert_eq!(entities("")[0]["id"], DEMO_GROUP);
    let simple = |query: &str| data(&get(&sandbox, &format!("users/user000000/joined_chatgroups{query}")));
    assert_eq!((simple("").len(), simple("?pagesize=20&pagenum=2").len(), simple("?pagenum=7").len()), (30, 10, 0));
    assert_eq!(simple("")[0], json!({"groupid": DEMO_GROUP, "groupname": "万人大群 🎉"}));
    assert_eq!(get(&sandbox, "chatgroups/user/blocked0001").json()["total"], 0);
    let nobody = get(&sandbox, "chatgroups/user/nobody");
    assert_eq!(refused(&nobody), (404, "resource_not_found".into(), "username nobody doesn't exist!".into()));
}

#[test]
fn admins_muted_blocked_allowed_and_joined() {
    let sandbox = sandbox(600, |_| {});
    let list = |rest: &str| get(&sandbox, &format!("chatgroups/{GROUP}/{rest}"));
    let truth: Vec<String> =
        sandbox.agora().members(GROUP).into_iter().filter(|m| m.role == Role::Admin).map(|m| m.id).collect();
    assert_eq!(data(&list("admin")), truth);
    assert_eq!(list("admin").json()["count"], 5);
    let muted = data(&list("mute"));
    assert_eq!(muted.len(), 30);
    assert!(muted.iter().all(|row| row["expire"].is_u64() && row["user"].is_string()));
    assert_eq!(data(&list("white/users")).len(), 20);

    let blocked = data(&list("blocks/users"));
    assert_eq!((blocked.len(), blocked[0].as_str()), (120, Some("blocked0000")));
    assert_eq!(data(&list("blocks/users?pagesize=5")).len(), 120, "another spelling is another parameter");
    let first = list("blocks/users?pageSize=99");
    let cursor = first.json()["cursor"].as_str().unwrap().to_owned();
    let second = list(&format!("blocks/users?pageSize=99&cursor={}", escape(&cursor)));
    assert_eq!([data(&first), data(&second)].concat(), blocked[..100]);

    let joined = |user: &str| list(&format!("user/{user}/is_joined")).json()["data"].clone();
    assert_eq!((joined("user000000"), joined("blocked0000")), (json!(true), json!(false)));
    let keys: Vec<String> = list("user/x/is_joined").json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["action", "application", "data", "duration", "organization", "timestamp"]);
}

#[test]
fn attributes_of_members() {
    let sandbox = sandbox(20, |_| {});
    let one = get(&sandbox, &format!("metadata/chatgroup/{GROUP}/user/user000000")).json();
    assert!(one["data"]["nickName"].is_string());
    let gone = get(&sandbox, &format!("metadata/chatgroup/{GROUP}/user/nobody"));
    assert_eq!(refused(&gone), (404, "MetadataException".into(), "user not in group".into()));
    let token = bearer(&sandbox);
    let path = format!("metadata/chatgroup/{GROUP}/get");
    let several = |targets: Vec<&str>| {
        post(&sandbox, &path, Some(&token), &json!({"targets": targets, "properties": ["nickName"]}))
    };
    let json = several(vec!["user000000", "nobody", "2882341273"]).json();
    assert_eq!(json["data"].as_object().unwrap().len(), 2);
    assert_eq!(several(vec!["a"; 11]).status, 400);
}
