//! The shapes of answers.

use std::collections::BTreeSet;

use groupmembers_sandbox::{
    Config, Sandbox,
    yunshop::{DEMO_GROUP_ID, Kind},
};
use serde_json::{Value, json};

use super::{Client, EMPLOYEES, GROUP, LIST, MEMBERS, rows, sandbox};

fn keys(text: &str) -> Vec<String> {
    // In the order they were sent in, which a parsed map does not keep.
    let mut keys = Vec::new();
    let (mut depth, mut rest) = (0, text);
    while let Some(at) = rest.find(['{', '}', '[', ']', '"']) {
        match rest.as_bytes()[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {
                let mut end = at + 1;
                while rest.as_bytes()[end] != b'"' {
                    end += 1 + usize::from(rest.as_bytes()[end] == b'\\');
                }
                if depth == 1 && rest.as_bytes().get(end + 1) == Some(&b':') {
                    keys.push(rest[at + 1..end].to_owned());
                }
                rest = &rest[end + 1..];
                continue;
            }
        }
        rest = &rest[at + 1..];
    }
    keys
}

fn part<'a>(body: &'a str, from: &str) -> &'a str {
    &body[body.find(from).unwrap() + from.len()..]
}

#[test]
fn fields_come_in_the_order_of_the_vendors_sample() {
    let sandbox = sandbox(3, |_| {});
    let reply = Client::managing(&sandbox).members(1);
    assert!(
        reply.body.is_ascii() && reply.body.contains("\\/") && reply.body.starts_with("{\"result\":1,\"msg\":\"\"")
    );
    assert_eq!(
        keys(part(&reply.body, "\"list\":")).into_iter().take(12).collect::<Vec<_>>(),
        [
            "current_page",
            "data",
            "first_page_url",
            "from",
            "last_page",
            "last_page_url",
            "next_page_url",
            "path",
            "per_page",
            "prev_page_url",
            "to",
            "total"
        ]
    );
    assert_eq!(
        keys(part(&reply.body, "\"data\":[")).into_iter().take(27).collect::<Vec<_>>(),
        [
            "id",
            "uniacid",
            "crop_id",
            "chat_id",
            "userid",
            "invitor_userid",
            "unionid",
            "join_time",
            "join_scene",
            "member_type",
            "status",
            "withdraw_time",
            "withdraw_scene",
            "created_at",
            "updated_at",
            "deleted_at",
            "we_nickname",
            "join_time_str",
            "status_desc",
            "join_scene_desc",
            "customer_member_createtime",
            "parent_member_uid",
            "parent_member_avatar_image",
            "parent_member_nickname",
            "has_one_employee",
            "has_one_customer",
            "has_one_invitor"
        ]
    );
    assert_eq!(
        keys(part(&reply.body, "\"has_one_invitor\":")).into_iter().take(26).collect::<Vec<_>>()[..6],
        ["id", "uniacid", "crop_id", "uid", "userid", "avatar_mediaid"]
    );
    let json = reply.json();
    assert_eq!(
        json["data"]["summary"],
        json!({"in_group_count": 3, "in_group_employee_count": 0, "in_group_customer_count": 3})
    );
    let list = &json["data"]["list"];
    assert_eq!(
        (&list["from"], &list["to"], &list["total"], &list["per_page"]),
        (&json!(1), &json!(3), &json!(3), &json!(10))
    );
    let oldest = rows(&reply).pop().unwrap();
    assert_eq!(oldest["we_nickname"], "林晓");
    assert_eq!(
        (&oldest["join_time"], &oldest["join_time_str"]),
        (&json!(1_623_999_236), &json!("2021-06-18 14:53:56"))
    );
    assert_eq!((&oldest["created_at"], &oldest["updated_at"]), (&json!("2021-10-08 09:48:50"), &Value::Null));
    let customer = &oldest["has_one_customer"];
    assert_eq!((&customer["unique_id"], &customer["created_at"]), (&json!(1302), &json!("1633661772")));
    assert_eq!(
        (&oldest["has_one_invitor"]["extattr"], &oldest["has_one_employee"]),
        (&json!("{\"attrs\":[]}"), &Value::Null)
    );
}

#[test]
fn pages_newest_first_until_there_are_no_more() {
    let sandbox = sandbox(25, |_| {});
    let client = Client::managing(&sandbox);
    let truth = sandbox.yunshop().rows(GROUP, Kind::External);
    assert_eq!((truth.len(), truth.iter().filter(|m| m.present).count()), (27, 25));
    let walked = client.walk(MEMBERS, GROUP);
    let ids: Vec<_> = walked.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, truth.iter().map(|m| u64::from(m.row_id)).collect::<Vec<_>>());
    assert!(ids.is_sorted_by(|a, b| a > b));
    let last = client.members(3).json();
    let list = &last["data"]["list"];
    assert_eq!((&list["from"], &list["to"], &list["last_page"]), (&json!(21), &json!(27), &json!(3)));
    assert_eq!(
        (&list["next_page_url"], &list["prev_page_url"]),
        (&Value::Null, &json!("http://shop.example/web/index.php?page=2"))
    );
    let beyond = client.members(9).json();
    let list = &beyond["data"]["list"];
    assert_eq!(
        (&beyond["result"], &list["data"], &list["from"], &list["to"]),
        (&json!(1), &json!([]), &Value::Null, &Value::Null)
    );
    assert_eq!((&list["current_page"], &list["total"]), (&json!(9), &json!(27)));
    for page in [json!(0), json!(-1), json!("x"), json!("1.5"), json!("")] {
        let reply = client.call(MEMBERS, &json!({"group_id": GROUP, "page": page})).json();
        assert_eq!(reply["data"]["list"]["current_page"], 1, "{page}");
    }
    for group in [json!(21), json!(999), json!(""), Value::Null] {
        let reply = client.call(MEMBERS, &json!({"group_id": group})).json();
        assert_eq!((&reply["result"], &reply["data"]["list"]["total"]), (&json!(1), &json!(0)), "{group}");
        assert_eq!(reply["data"]["list"]["last_page"], 1);
    }
}

#[test]
fn rows_have_everything_a_client_must_cope_with() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let client = Client::managing(&sandbox);
    let rows = client.walk(MEMBERS, DEMO_GROUP_ID);
    assert_eq!(rows.len(), 2000);
    let has = |pointer: &str, value: Value| rows.iter().any(|row| row.pointer(pointer) == Some(&value));
    for (pointer, values) in [
        ("/join_scene", vec![json!(0), json!(1), json!(2), json!(3)]),
        ("/status", vec![json!(0), json!(1)]),
        ("/withdraw_scene", vec![json!(-1), json!(0), json!(1)]),
        ("/unionid", vec![json!("")]),
        ("/invitor_userid", vec![json!(""), json!("LinXiao")]),
        ("/join_time", vec![json!(0)]),
        ("/join_time_str", vec![json!("1970-01-01 08:00:00")]),
        ("/we_nickname", vec![json!("李娜🎉"), json!("👨‍👩‍👧‍👦 一家人"), json!("13800138089"), json!("")]),
        ("/customer_member_createtime", vec![json!("")]),
        ("/has_one_customer", vec![Value::Null]),
        ("/has_one_invitor", vec![Value::Null]),
        ("/has_one_customer/type", vec![json!(""), json!("1|2"), Value::Null]),
        ("/has_one_customer/has_one_member", vec![Value::Null]),
        ("/has_one_customer/has_one_member/nickname", vec![json!("13*******89")]),
        ("/has_one_customer/has_one_member/yz_member", vec![Value::Null]),
        ("/has_one_customer/has_one_member/yz_member/agent", vec![Value::Null]),
        ("/has_one_invitor/status", vec![json!(-1), json!(1), json!(2), json!(4), json!(5)]),
        ("/has_one_invitor/external_profile", vec![json!("null")]),
    ] {
        for value in values {
            assert!(has(pointer, value.clone()), "{pointer} {value}");
        }
    }
    let userids: BTreeSet<_> = rows.iter().map(|row| row["userid"].as_str().unwrap()).collect();
    assert_eq!(userids.len(), 2000);
    assert!(userids.iter().all(|id| (id.starts_with("wm") || id.starts_with("wo")) && id.len() == 32));
    let times: BTreeSet<_> = rows.iter().map(|row| row["join_time"].as_u64().unwrap()).collect();
    assert!(times.len() * 2 < rows.len(), "several join in one second");
    assert!(rows.iter().any(|row| row["status"] == 1 && row["withdraw_time"] != 0), "here again");

    let staff = client.walk(EMPLOYEES, DEMO_GROUP_ID);
    assert_eq!(staff.len(), 25);
    assert!(staff.iter().all(|row| row["member_type"] == 1 && row["has_one_employee"]["userid"] == row["userid"]));
    let summary = client.call(EMPLOYEES, &json!({"group_id": DEMO_GROUP_ID})).json()["data"]["summary"].clone();
    assert_eq!(summary, json!({"in_group_count": 25, "in_group_employee_count": 25, "in_group_customer_count": 0}));
}

#[test]
fn the_list_of_groups() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let client = Client::managing(&sandbox);
    let page = |page: u32| client.call(LIST, &json!({"page": page}));
    let (first, second) = (rows(&page(1)), rows(&page(2)));
    assert_eq!((first.len(), second.len()), (10, 3));
    let ids: Vec<_> = first.iter().chain(&second).map(|row| row["id"].as_u64().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b));
    assert_eq!(ids.len(), sandbox.yunshop().groups(1).len());
    let vip = second.iter().find(|row| row["id"] == DEMO_GROUP_ID).unwrap();
    assert_eq!(
        (&vip["customer_count"], &vip["employee_count"], &vip["crop_id"]),
        (&json!(1960), &json!(25), &json!(1))
    );
    assert_eq!(rows(&client.call(LIST, &json!({"name": "VIP"}))).len(), 1);
    assert_eq!(rows(&client.call(LIST, &json!({"id": 14})))[0]["status"], -99);
    let summary = page(1).json()["data"]["summary"].clone();
    assert_eq!(summary["all_distinct_members"], 1960 + 25);
    assert!(summary["all_members"].as_u64().unwrap() > 1960 + 25);
}

#[test]
fn filters() {
    let sandbox = sandbox(60, |_| {});
    let client = Client::managing(&sandbox);
    let all = client.walk(MEMBERS, GROUP);
    let count = |filter: Value| {
        let mut body = json!({"group_id": GROUP});
        body.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        client.call(MEMBERS, &body).json()["data"]["list"]["total"].as_u64().unwrap()
    };
    let expect = |matches: &dyn Fn(&Value) -> bool| all.iter().filter(|row| matches(row)).count() as u64;
    assert_eq!(count(json!({"id": all[5]["id"]})), 1);
    assert_eq!(count(json!({"join_scene": "3"})), expect(&|row| row["join_scene"] == 3));
    assert_eq!(count(json!({"invitor_kwd": "林晓"})), expect(&|row| row["invitor_userid"] == "LinXiao"));
    let (start, end) = ("2021-06-18 14:53:56", "2021-06-18 15:00:00");
    let between = |row: &Value| (start..=end).contains(&row["join_time_str"].as_str().unwrap());
    assert_eq!(count(json!({"start_time": start, "end_time": end})), expect(&between));
    assert!((1..66).contains(&expect(&between)));
    assert_eq!(count(json!({"start_time": start})), 66, "one alone is none");
    assert_eq!(count(json!({"customer_kwd": "", "join_scene": "", "times": "2021"})), 66);
    let parent = all.iter().find_map(|row| row["parent_member_uid"].as_u64().filter(|uid| *uid > 0)).unwrap();
    assert_eq!(count(json!({"chat_owner_uid": parent.to_string()})), expect(&|row| row["parent_member_uid"] == parent));
    assert!(count(json!({"customer_kwd": "海豚"})) >= 1);
}
