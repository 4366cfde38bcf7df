//! wkteam, seen from the other end of the wire: a client that knows nothing.

mod faults;
mod reads;
mod refusals;
mod world;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use groupmembers_sandbox::{
    Config, Sandbox,
    wkteam::{self, DEMO_WC_ID, GroupConfig, Injection, Role},
};
use serde_json::{Map, Value, json};

use crate::wire::{Reply, reply};

pub(super) const GROUP: &str = "10000000001@chatroom";

/// One group of so many, owned by the WeChat account, and nothing paced unless `change` says so.
pub(super) fn sandbox(members: u32, change: impl FnOnce(&mut wkteam::Config)) -> Sandbox {
    let mut config = Config::default();
    config.wkteam.groups = vec![GroupConfig::new(GROUP, "测试群", members).role(Role::Owner)];
    config.wkteam.contact_gap = Duration::ZERO;
    config.wkteam.detail_gap = Duration::ZERO;
    change(&mut config.wkteam);
    Sandbox::start(config).unwrap()
}

/// The same group of 40 with a fault in it.
pub(super) fn with(name: &str) -> Sandbox {
    let sandbox = sandbox(40, |_| {});
    sandbox.wkteam().inject(name.parse::<Injection>().unwrap());
    sandbox
}

/// Sends a request and leaves the connection to the caller.
pub(super) fn send(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}");
    stream.write_all(format!("{method} {path} HTTP/1.1\r\n{head}\r\n{body}").as_bytes()).unwrap();
    stream
}

pub(super) fn raw(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut bytes = Vec::new();
    send(sandbox, method, path, headers, body).read_to_end(&mut bytes).unwrap();
    reply(&bytes)
}

/// With a good token; the connection is left to the caller.
pub(super) fn open(sandbox: &Sandbox, command: &str, body: &Value) -> TcpStream {
    let token = sandbox.wkteam().token();
    let headers = [("Content-Type", "application/json"), ("Authorization", token.as_str())];
    send(sandbox, "POST", &format!("/{command}"), &headers, &body.to_string())
}

/// With a good token.
pub(super) fn post(sandbox: &Sandbox, command: &str, body: &Value) -> Reply {
    let mut bytes = Vec::new();
    open(sandbox, command, body).read_to_end(&mut bytes).unwrap();
    reply(&bytes)
}

/// `fields`, and the WeChat account's wId.
pub(super) fn body(sandbox: &Sandbox, fields: &Value) -> Value {
    let mut body = Map::from_iter([("wId".to_owned(), json!(sandbox.wkteam().wid(DEMO_WC_ID)))]);
    body.extend(fields.as_object().unwrap().clone());
    body.into()
}

/// A good call, with the wId.
pub(super) fn call(sandbox: &Sandbox, command: &str, fields: &Value) -> Reply {
    post(sandbox, command, &body(sandbox, fields))
}

/// The member list of the one group.
pub(super) fn list(sandbox: &Sandbox) -> Reply {
    call(sandbox, "getChatRoomMember", &json!({"chatRoomId": GROUP}))
}

/// The details of the one group.
pub(super) fn room(sandbox: &Sandbox) -> Reply {
    call(sandbox, "getChatRoomInfo", &json!({"chatRoomId": GROUP}))
}

pub(super) fn login(sandbox: &Sandbox, account: &str, password: &str) -> Reply {
    let body = json!({"account": account, "password": password}).to_string();
    raw(sandbox, "POST", "/member/login", &[("Content-Type", "application/json")], &body)
}

/// `code` and `message`.
pub(super) fn outcome(reply: &Reply) -> (String, String) {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json = reply.json();
    (json["code"].as_str().unwrap().to_owned(), json["message"].as_str().unwrap().to_owned())
}

pub(super) fn code(reply: &Reply) -> String {
    outcome(reply).0
}

/// `data` of a success.
pub(super) fn data(reply: &Reply) -> Value {
    assert_eq!(code(reply), "1000", "{}", reply.body);
    reply.json()["data"].clone()
}

pub(super) fn rows(reply: &Reply) -> Vec<Value> {
    data(reply).as_array().unwrap().clone()
}

pub(super) fn names(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["userName"].as_str().unwrap().to_owned()).collect()
}

/// The note of the last call.
pub(super) fn note(sandbox: &Sandbox) -> String {
    sandbox.log().pop().unwrap().note
}
