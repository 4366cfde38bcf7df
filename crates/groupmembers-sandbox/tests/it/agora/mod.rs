//! Agora Chat.

mod faults;
mod lists;
mod members;
mod refusals;
mod token;

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use groupmembers_sandbox::{Config, Sandbox, agora};
use serde_json::Value;

use crate::wire::{Reply, reply};

const GROUP: &str = "271828182845904";

/// One group of this size, no limits unless `change` sets them.
fn sandbox(members: u32, change: impl FnOnce(&mut agora::Config)) -> Sandbox {
    let mut config = Config::default();
    config.agora.groups = vec![agora::GroupConfig::new(GROUP, members)];
    config.agora.calls_per_second = 0;
    change(&mut config.agora);
    Sandbox::start(config).unwrap()
}

fn request(method: &str, target: &str, token: Option<&str>, body: &str) -> String {
    let token = token.map_or(String::new(), |token| format!("Authorization: {token}\r\n"));
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: a1.example.com\r\nConnection: close\r\n{token}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// What came, and how it ended.
fn broken(sandbox: &Sandbox, request: &str, most: u64) -> (Vec<u8>, io::Result<()>) {
    let mut stream = TcpStream::connect(sandbox.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.take(most).read_to_end(&mut bytes).map(drop);
    (bytes, end)
}

fn send(sandbox: &Sandbox, method: &str, target: &str, token: Option<&str>, body: &str) -> Reply {
    let (bytes, end) = broken(sandbox, &request(method, target, token, body), u64::MAX);
    end.unwrap();
    reply(&bytes)
}

fn bearer(sandbox: &Sandbox) -> String {
    format!("Bearer {}", sandbox.agora().app_token(600))
}

/// A call by the app, in the newer form of the URL; `rest` is what follows the app.
fn get(sandbox: &Sandbox, rest: &str) -> Reply {
    let target = format!("/app-id/{}/{rest}", agora::DEMO_APP_ID);
    send(sandbox, "GET", &target, Some(&bearer(sandbox)), "")
}

fn get_as(sandbox: &Sandbox, user: &str, rest: &str) -> Reply {
    let target = format!("/app-id/{}/{rest}", agora::DEMO_APP_ID);
    let token = format!("Bearer {}", sandbox.agora().user_token(user, 600));
    send(sandbox, "GET", &target, Some(&token), "")
}

fn post(sandbox: &Sandbox, rest: &str, token: Option<&str>, body: &Value) -> Reply {
    let target = format!("/{}/{}/{rest}", agora::DEMO_ORG, agora::DEMO_APP);
    send(sandbox, "POST", &target, token, &body.to_string())
}

/// The `data` of a success.
fn data(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["data"].as_array().unwrap().clone()
}

/// The user of an entry, whatever its key.
fn id(entry: &Value) -> String {
    let key = entry.as_object().unwrap().iter().find(|(key, _)| *key != "joined_time").unwrap();
    key.1.as_str().unwrap().to_owned()
}

fn ids(reply: &Reply) -> Vec<String> {
    data(reply).iter().map(id).collect()
}

fn truth(sandbox: &Sandbox) -> Vec<String> {
    sandbox.agora().members(GROUP).into_iter().map(|member| member.id).collect()
}

/// Status, `error` and `error_description` of a refusal.
fn refused(reply: &Reply) -> (u16, String, String) {
    let json = reply.json();
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    (reply.status, text("error"), text("error_description"))
}

fn escape(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F")
}
