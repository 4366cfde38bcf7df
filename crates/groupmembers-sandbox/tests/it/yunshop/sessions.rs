//! Who may call, and about which enterprise.

use std::time::Duration;

use groupmembers_sandbox::yunshop::{
    Account, DEMO_BUSINESS_ID, DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID, DEMO_PASSWORD, Identity,
};
use serde_json::{Value, json};

use super::{Client, GROUP, LIST, LOGIN, MEMBERS, OTHER_GROUP, PROPER, cookies, login, rows, sandbox, target};

fn msg(reply: &Value) -> (i64, String) {
    (reply["result"].as_i64().unwrap(), reply["msg"].as_str().unwrap().to_owned())
}

#[test]
fn from_the_login_to_the_rows() {
    let sandbox = sandbox(25, |_| {});
    let mut client = Client::new(&sandbox);
    let reply = client.raw(LOGIN, "application/json", &login(DEMO_PASSWORD).to_string());
    let json = reply.json();
    assert_eq!((&json["result"], &json["data"]["status"]), (&json!(1), &json!(1)));
    assert_eq!((&json["msg"]["uid"], &json["msg"]["nickname"]), (&json!(3075), &json!("林晓")), "msg is an object");
    let set = cookies(&reply);
    let [session, token] = &set[..] else { panic!("{set:?}") };
    assert!(session.starts_with("PHPSESSID=") && session.ends_with("; path=/"), "{session}");
    assert!(token.starts_with("Yz-appToken=") && token.ends_with("; Max-Age=2160000"), "{token}");
    assert!(!token.contains("path"), "a strict jar keeps it away from /business");
    let name = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    client.cookie = format!("{}; {}", name(session), name(token));

    let list = client.call("admin/businessList", &json!({})).json();
    let identities: Vec<_> = list["data"]["platform_list"].as_array().unwrap().iter().collect();
    let shown: Vec<_> =
        identities.iter().map(|e| (e["id"].clone(), e["identity"].clone(), e["identity_type"].clone())).collect();
    let of = |id: i64, identity: i64, kind: i64| (json!(id), json!(identity), json!(kind));
    assert_eq!(shown, [of(0, 9999, 1), of(1, 3, 2), of(2, 2, 2), of(3, 1, 2), of(4, 0, 3)]);
    assert_eq!(list["data"]["final_plat_id"], DEMO_OTHER_BUSINESS_ID);

    // Nothing is chosen: the enterprise of last time answers, and does not say so.
    let fallen = client.members(1);
    assert_eq!((&fallen.json()["result"], rows(&fallen).len()), (&json!(1), 0));
    assert!(sandbox.log().last().unwrap().note.contains("fell back to 2"), "{:?}", sandbox.log().last());
    assert_eq!(rows(&client.call(MEMBERS, &json!({"group_id": OTHER_GROUP})))[0]["crop_id"], 2);
    let data = client.call("admin/getBusinessCommonData", &json!({"is_business": 1})).json();
    assert_eq!(data["data"]["business"]["business_id"], DEMO_OTHER_BUSINESS_ID);

    let chosen = client.call("admin/manageBusiness", &json!({"id": DEMO_BUSINESS_ID}));
    assert_eq!(chosen.body, "{\"result\":1,\"msg\":\"\\u6210\\u529f\",\"data\":[]}");
    let data = client.call("admin/getBusinessCommonData", &json!({"is_business": 1})).json();
    assert_eq!(data["data"]["business"], json!({"business_name": "示例零售有限公司", "business_id": 1, "uniacid": 2}));
    assert_eq!(data["data"]["identity"], 3);
    assert!(rows(&client.members(1)).iter().all(|row| row["crop_id"] == 1));
    assert_eq!(client.call("admin/businessList", &json!({})).json()["data"]["final_plat_id"], DEMO_BUSINESS_ID);
}

#[test]
fn logins_that_fail() {
    let sandbox = sandbox(1, |config| {
        config.accounts.push(Account { blacklisted: true, ..Account::new(7, "13900000000", "p") });
    });
    let client = Client::new(&sandbox);
    let call = |body: &Value| client.raw(LOGIN, "application/json", &body.to_string()).json();
    let wrong = call(&login("not-the-password"));
    assert_eq!((msg(&wrong), &wrong["data"]["status"]), ((0, "手机号或密码错误".to_owned()), &json!(6)));
    assert_eq!(call(&json!({"login_type": "5", "mobile": "1", "password": "x"}))["data"]["status"], 7);
    assert_eq!(call(&json!({"login_type": "10", "mobile": DEMO_MOBILE, "code": "1"}))["data"]["status"], 0);
    assert_eq!(call(&json!({"login_type": 5, "mobile": "13900000000", "password": "p"}))["data"]["login_status"], -1);
    let tenant = LOGIN.replace("i=2", "i=3");
    assert_eq!(client.raw(&tenant, "application/json", "{}").json()["data"]["login_status"], -2);
    // As a form it is the same.
    let form = format!("login_type=5&mobile={DEMO_MOBILE}&password={DEMO_PASSWORD}");
    assert_eq!(client.raw(LOGIN, "application/x-www-form-urlencoded", &form).json()["result"], 1);
    let log = format!("{:?} {sandbox:?} {:?}", sandbox.log(), sandbox.yunshop());
    assert!(!log.contains(DEMO_PASSWORD) && !log.contains("PHPSESSID=") && !log.contains("not-the-password"), "{log}");
    let config = format!("{:?}", groupmembers_sandbox::Config::default().yunshop);
    assert!(!config.contains(DEMO_PASSWORD) && !config.contains(DEMO_MOBILE), "{config}");
}

#[test]
fn who_has_not_logged_in() {
    let sandbox = sandbox(1, |_| {});
    let client = Client::new(&sandbox);
    let reply = client.members(1);
    assert_eq!(reply.status, 200);
    assert_eq!(
        (reply.header("content-type").unwrap(), reply.header("charset").unwrap()),
        ("application/json".to_owned(), "utf-8".to_owned())
    );
    assert_eq!(
        reply.body,
        "{\"result\":0,\"msg\":\"\\u8bf7\\u767b\\u5f55\",\"data\":{\"extra\":\"\",\"i\":\"2\",\"login_status\":1,\
         \"login_url\":\"http:\\/\\/shop.example\\/business\\/business_font\\/#\\/login?i=2\",\"mid\":null,\"scope\":\"\",\"type\":5}}"
    );
    let set = cookies(&reply);
    assert!(set[0].starts_with("PHPSESSID=") && !set[0].contains("path"), "{set:?}");
    assert_eq!(sandbox.log()[0].note, "no PHPSESSID and no Yz-appToken");

    // PHP takes the first of two cookies: here the stale one.
    let good = Client::managing(&sandbox);
    let both = Client { cookie: format!("PHPSESSID=stale; {}", good.cookie), ..Client::new(&sandbox) };
    assert_eq!(both.members(1).json()["data"]["login_status"], 1);
    let both = Client { cookie: format!("{}; PHPSESSID=stale", good.cookie), ..Client::new(&sandbox) };
    assert_eq!(both.members(1).json()["result"], 1);
}

#[test]
fn sessions_end_and_the_second_cookie_revives_them_without_their_enterprise() {
    let sandbox = sandbox(3, |config| config.session_ttl = Duration::from_millis(400));
    let mut client = Client::new(&sandbox);
    client.cookie = "PHPSESSID=given".to_owned();
    let reply = client.raw(LOGIN, "application/json", &login(DEMO_PASSWORD).to_string());
    let set = cookies(&reply);
    assert_eq!(set.len(), 1, "the id that was given goes on: {set:?}");
    let token = set[0].split(';').next().unwrap().to_owned();
    client.call("admin/manageBusiness", &json!({"id": DEMO_BUSINESS_ID}));
    // Use keeps it open.
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(rows(&client.members(1)).len(), 3);
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(client.members(1).json()["msg"], "请登录");
    sandbox.yunshop().manage_elsewhere(DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID);
    client.cookie = format!("PHPSESSID=given; {token}");
    let revived = client.members(1);
    assert_eq!(
        (&revived.json()["result"], rows(&revived).len()),
        (&json!(1), 0),
        "the other enterprise has no such group"
    );
    assert!(sandbox.log().last().unwrap().note.starts_with("Yz-appToken opened a new session; no enterprise chosen"));
    client.call("admin/manageBusiness", &json!({"id": DEMO_BUSINESS_ID}));
    assert_eq!(rows(&client.members(1)).len(), 3);
    sandbox.yunshop().expire_sessions();
    sandbox.yunshop().revoke_tokens();
    assert_eq!(client.members(1).json()["data"]["login_status"], 1);
}

#[test]
fn enterprises_that_may_not_be_managed() {
    let sandbox = sandbox(1, |config| {
        config.accounts[0].last_managed = None;
        config.enterprises[1].enabled = false;
        config.enterprises[3].plugin = false;
        config.accounts[0].enterprises.push((9, Identity::Manager));
    });
    let client = Client::managing(&sandbox);
    let choose = |id: Value| msg(&client.call("admin/manageBusiness", &json!({"id": id})).json());
    let list = || client.call(LIST, &json!({})).json();
    for id in [json!(4), json!(77), json!(""), json!("x"), Value::Null] {
        assert_eq!(choose(id.clone()), (0, "无权管理该企业".to_owned()), "{id}");
    }
    assert_eq!(list()["result"], 1, "a refused choice changes nothing");
    assert_eq!(choose(json!("3")).0, 1, "an employee may choose");
    assert_eq!(msg(&list()), (0, "Sorry,您没有操作权限".to_owned()));
    for id in [2, 9] {
        assert_eq!(choose(json!(id)).0, 1);
        assert_eq!(
            (msg(&list()), list()["data"]["login_status"].clone()),
            ((0, "请先选择要管理的企业".to_owned()), json!(2))
        );
    }
    let url = list()["data"]["login_url"].as_str().unwrap().to_owned();
    assert_eq!(url, "http://shop.example/business/business_font/#/business/index?i=2");
    client.call("admin/manageBusiness", &json!({"identity_type": 1}));
    assert_eq!(list()["data"]["login_status"], 2, "the personal space clears the choice");
    let data = client.call("admin/getBusinessCommonData", &json!({})).json();
    assert_eq!((&data["data"]["business"], &data["data"]["identity"]), (&json!([]), &json!(0)));
}

#[test]
fn paths_parameters_and_headers() {
    let sandbox = sandbox(1, |_| {});
    let mut client = Client::managing(&sandbox);
    let at =
        |client: &Client<'_>, target: &str, body: &Value| client.raw(target, "application/json", &body.to_string());
    let body = json!({"group_id": GROUP});
    // Slashes do not matter, case does.
    assert_eq!(
        at(&client, "/business//2/plugin/GroupDevelopUser/getGroupMembers/?i=2&type=5", &body).json()["result"],
        1
    );
    for path in ["plugin/groupDevelopUser/getGroupMembers", "plugin/GroupDevelopUser/getgroupmembers"] {
        assert_eq!(client.call(path, &body).json()["msg"], "Sorry,您没有操作权限", "{path}");
    }
    for path in ["plugin/GroupDevelopUser/getGroupChatList", "plugin/GroupDevelopUser/posterList", "admin/nothing", "x"]
    {
        assert_eq!(client.call(path, &body).json()["msg"], "不存在的接口", "{path}");
    }
    // A parameter of the tenant's name goes before the path's.
    assert_eq!(client.call(MEMBERS, &json!({"group_id": GROUP, "uniacid": 3})).json()["data"]["login_status"], -2);
    assert_eq!(at(&client, &target(MEMBERS).replace("/2/", "/3/"), &body).json()["msg"], "无此公众号");
    let without_i = at(&client, &target(MEMBERS).replace("i=2&", ""), &body);
    assert_eq!((without_i.status, without_i.body.as_str()), (500, "{\"message\":\"Server Error\"}"));
    // A body that is no JSON is no parameters; the query counts too.
    assert_eq!(rows(&client.raw(&format!("{}&group_id={GROUP}", target(MEMBERS)), "text/plain", "{")).len(), 1);

    // Not said to be a program: pages.
    client.headers = "Accept: application/json\r\n";
    let page = client.call("admin/nothing", &body);
    assert_eq!((page.status, page.header("content-type").unwrap().as_str()), (200, "text/html; charset=utf-8"));
    client.headers = "";
    let page = at(&client, &target(MEMBERS).replace("i=2&", ""), &body);
    assert!(page.status == 500 && page.body.starts_with("<html>"));
    client.headers = "User-Agent: Mozilla/5.0 MicroMessenger/8.0\r\n";
    assert_eq!(client.call(MEMBERS, &body).json()["result"], 1, "type says what the client is");
    assert_eq!(at(&client, &target(MEMBERS).replace("&type=5", ""), &body).json()["data"]["login_status"], 0);
    client.headers = PROPER;
    assert_eq!(client.call(MEMBERS, &body).json()["result"], 1);
}

#[test]
fn tokens_of_type_9() {
    let sandbox = sandbox(2, |_| {});
    let client = Client::new(&sandbox);
    let reply = client.raw(&LOGIN.replace("type=5", "type=9"), "application/json", &login(DEMO_PASSWORD).to_string());
    assert!(reply.json()["msg"].is_null());
    let token = reply.json()["data"]["token"].as_str().unwrap().to_owned();
    let call = |action: &str, token: &str, body: &Value| {
        let target = target(action).replace("type=5", &format!("type=9&yz_token={token}"));
        client.raw(&target, "application/json", &body.to_string()).json()
    };
    assert_eq!(call(MEMBERS, "nonsense", &json!({}))["msg"], "token_invalid");
    assert_eq!(call("admin/manageBusiness", &token, &json!({"id": DEMO_BUSINESS_ID}))["result"], 1);
    let list = call(MEMBERS, &token, &json!({"group_id": GROUP}));
    assert_eq!(list["data"]["list"]["data"].as_array().unwrap().len(), 2);

    // With a session of its own the choice outlives what is chosen elsewhere, though nobody has logged in there.
    let client = Client { cookie: "PHPSESSID=abc".to_owned(), ..Client::new(&sandbox) };
    let call = |action: &str, kind: &str, body: &Value| {
        client.raw(&target(action).replace("type=5", kind), "application/json", &body.to_string()).json()
    };
    let by_token = format!("type=9&yz_token={token}");
    assert_eq!(call("admin/manageBusiness", &by_token, &json!({"id": DEMO_BUSINESS_ID}))["result"], 1);
    sandbox.yunshop().manage_elsewhere(DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID);
    let list = call(MEMBERS, &by_token, &json!({"group_id": GROUP}));
    assert_eq!(list["data"]["list"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(call(MEMBERS, "type=5", &json!({"group_id": GROUP}))["data"]["login_status"], 1);
}

#[test]
fn hosts_that_are_set_up_in_other_ways() {
    let closed = sandbox(1, |config| config.pc_open = false);
    assert_eq!(Client::new(&closed).members(1).json()["msg"], "企业管理PC端未开启", "before anybody has logged in");
    let sandbox = sandbox(1, |config| {
        config.base_path = "/shop".to_owned();
        config.mysql_sessions = false;
        config.calls_per_second = 2;
    });
    let session = sandbox.yunshop().open_session(DEMO_MOBILE);
    let client = Client { cookie: format!("PHPSESSID={session}"), ..Client::new(&sandbox) };
    let at = |path: &str| client.raw(path, "application/json", "{\"id\":1}");
    assert_eq!(at("/shop/business/2/admin/manageBusiness").json()["result"], 1);
    assert_eq!(at("/business/2/admin/manageBusiness?i=2").json()["ErrorCode"], 60009, "nobody's path");
    let replies: Vec<_> = (0..4).map(|_| at("/shop/business/2/admin/businessList").status).collect();
    assert!(replies.contains(&503) && sandbox.throttled() > 0, "{replies:?}");
}
