//! Yunshop, seen by a client that knows nothing: bytes out, bytes in.

mod churn;
mod exports;
mod faults;
mod lists;
mod sessions;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use groupmembers_sandbox::{Config, Sandbox, yunshop};
use serde_json::{Value, json};

use crate::wire::{Reply, reply};

const GROUP: u32 = 11;
const OTHER_GROUP: u32 = 21;
const MEMBERS: &str = "plugin/GroupDevelopUser/getGroupMembers";
const EMPLOYEES: &str = "plugin/GroupDevelopUser/getGroupEmployees";
const EXPORT: &str = "plugin/GroupDevelopUser/groupMemberListExport";
const SYNCH: &str = "plugin/GroupDevelopUser/synch";
const LIST: &str = "plugin/GroupDevelopUser/getList";

/// The demo account and enterprises, each with one group.
fn sandbox(members: u32, change: impl FnOnce(&mut yunshop::Config)) -> Sandbox {
    let mut config = Config::default();
    config.yunshop.enterprises[0].groups =
        vec![yunshop::GroupConfig::new(GROUP, "群🎁/一", members).left(members / 10).employees(4)];
    change(&mut config.yunshop);
    Sandbox::start(config).unwrap()
}

/// What a client sends besides the target: everything the vendor looks at.
struct Client<'a> {
    sandbox: &'a Sandbox,
    cookie: String,
    headers: &'static str,
}

const PROPER: &str = "X-Requested-With: XMLHttpRequest\r\nAccept: application/json\r\n";

impl<'a> Client<'a> {
    /// Nobody.
    fn new(sandbox: &'a Sandbox) -> Self {
        Self { sandbox, cookie: String::new(), headers: PROPER }
    }

    /// The demo member in the demo enterprise.
    fn managing(sandbox: &'a Sandbox) -> Self {
        let session = sandbox.yunshop().open_session(yunshop::DEMO_MOBILE);
        let client = Self { cookie: format!("PHPSESSID={session}"), ..Self::new(sandbox) };
        assert_eq!(client.call("admin/manageBusiness", &json!({"id": yunshop::DEMO_BUSINESS_ID})).json()["result"], 1);
        client
    }

    fn send(&self, target: &str, content_type: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.sandbox.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let Self { cookie, headers, .. } = self;
        let length = body.len();
        let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{headers}{cookie}\
             Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn raw(&self, target: &str, content_type: &str, body: &str) -> Reply {
        let mut bytes = Vec::new();
        self.send(target, content_type, body).read_to_end(&mut bytes).unwrap();
        reply(&bytes)
    }

    fn call(&self, action: &str, body: &Value) -> Reply {
        self.raw(&target(action), "application/json", &body.to_string())
    }

    fn members(&self, page: u32) -> Reply {
        self.call(MEMBERS, &json!({"group_id": GROUP, "page": page}))
    }

    /// The rows of all pages, as the number of pages was said on each.
    fn walk(&self, action: &str, group: u32) -> Vec<Value> {
        let (mut rows, mut page) = (Vec::new(), 1);
        loop {
            let json = self.call(action, &json!({"group_id": group, "page": page})).json();
            rows.extend(json["data"]["list"]["data"].as_array().unwrap().iter().cloned());
            if json["data"]["list"]["last_page"].as_u64().unwrap() <= page {
                return rows;
            }
            page += 1;
        }
    }
}

fn target(action: &str) -> String {
    format!("/business/{0}/{action}?i={0}&type=5", yunshop::DEMO_UNIACID)
}

fn login(password: &str) -> Value {
    json!({"login_type": "5", "is_sms": 0, "mobile": yunshop::DEMO_MOBILE, "password": password, "remember": 1})
}

const LOGIN: &str = "/addons/yun_shop/api.php?i=2&type=5&route=member.login.index";

/// Every cookie an answer sets, by name, attributes included.
fn cookies(reply: &Reply) -> Vec<String> {
    let lines = reply.head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).map(|(_, value)| value.to_owned()).collect()
}

fn rows(reply: &Reply) -> Vec<Value> {
    reply.json()["data"]["list"]["data"].as_array().unwrap().clone()
}
