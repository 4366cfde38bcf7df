//! A client that knows nothing: bytes out, bytes in.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use groupmembers_sandbox::{Config, Sandbox, tim};
use serde_json::Value;

pub(crate) const GROUP: &str = "g";
pub(crate) const MEMBERS: &str = "group_open_http_svc/get_group_member_info";

/// One group `g`, no limits unless `change` sets them.
pub(crate) fn sandbox(kind: tim::GroupKind, members: u32, change: impl FnOnce(&mut tim::Config)) -> Sandbox {
    let mut config = Config::default();
    config.tim.groups = vec![tim::GroupConfig::new(GROUP, kind, members)];
    config.tim.calls_per_second = 0;
    change(&mut config.tim);
    Sandbox::start(config).unwrap()
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub(crate) fn code(&self) -> u64 {
        let json = self.json();
        let code = json["ErrorCode"].as_u64().unwrap();
        assert_eq!(json["ActionStatus"], if code == 0 { "OK" } else { "FAIL" });
        code
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let line = self.head.lines().find(|l| l.to_lowercase().starts_with(&format!("{name}: ")))?;
        Some(line[name.len() + 2..].to_owned())
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        assert_eq!(self.code(), 0, "{}", self.body);
        self.json()["MemberList"].as_array().unwrap().clone()
    }

    pub(crate) fn accounts(&self) -> Vec<String> {
        self.rows().iter().map(|row| row["Member_Account"].as_str().unwrap().to_owned()).collect()
    }
}

/// The query of a good call.
pub(crate) fn query(sandbox: &Sandbox) -> String {
    let usersig = sandbox.tim().user_sig(tim::DEMO_ADMIN, 600);
    query_of(tim::DEMO_SDK_APP_ID, tim::DEMO_ADMIN, &usersig)
}

pub(crate) fn query_of(app: u32, identifier: &str, usersig: &str) -> String {
    format!("sdkappid={app}&identifier={identifier}&usersig={usersig}&random=4294967295&contenttype=json")
}

/// Sends a request and leaves the connection to the caller.
pub(crate) fn send(sandbox: &Sandbox, method: &str, target: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

pub(crate) fn raw(sandbox: &Sandbox, method: &str, target: &str, body: &str) -> Reply {
    let mut bytes = Vec::new();
    send(sandbox, method, target, body).read_to_end(&mut bytes).unwrap();
    reply(&bytes)
}

pub(crate) fn reply(bytes: &[u8]) -> Reply {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

/// A good call of `service/command`.
pub(crate) fn call(sandbox: &Sandbox, command: &str, body: &Value) -> Reply {
    let reply = raw(sandbox, "POST", &format!("/v4/{command}?{}", query(sandbox)), &body.to_string());
    assert_eq!(reply.status, 200);
    reply
}

/// A good call whose answer breaks off: what came, and how it ended.
pub(crate) fn broken_call(sandbox: &Sandbox, command: &str, body: &Value) -> (Vec<u8>, io::Result<()>) {
    let target = format!("/v4/{command}?{}", query(sandbox));
    let mut stream = send(sandbox, "POST", &target, &body.to_string());
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(drop);
    (bytes, end)
}

/// Reads a Community to the end by cursor.
pub(crate) fn by_cursor(sandbox: &Sandbox, limit: u32) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = call(sandbox, MEMBERS, &serde_json::json!({"GroupId": GROUP, "Limit": limit, "Next": next}));
        all.extend(page.accounts());
        next = page.json()["Next"].as_str().unwrap().to_owned();
        if next.is_empty() {
            return all;
        }
    }
}
