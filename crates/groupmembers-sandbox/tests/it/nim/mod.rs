//! NetEase Yunxin (NIM), seen from the other end of the wire by a client that knows nothing.

mod checksum;
mod faults;
mod limits;
mod reads;
mod refusals;
mod teams;
mod walk;

use std::{
    fmt::Write as _,
    io::{self, Read, Write as _},
    net::TcpStream,
    time::Duration,
};

use groupmembers_sandbox::{Config, Sandbox, nim};
use serde_json::Value;

use crate::wire::{Reply, reply};

/// Beyond 32 bits.
const ROOM: u64 = 9_500_000_001;
const BY_PAGE: &str = "chatroom/membersByPage";

/// One room, no limits unless `change` sets them.
fn sandbox(fixed: u32, guests: u32, change: impl FnOnce(&mut nim::Config)) -> Sandbox {
    let mut config = Config::default();
    config.nim.rooms = vec![nim::RoomConfig::new(ROOM, fixed, guests)];
    config.nim.teams.clear();
    config.nim.calls_per_second = 0;
    change(&mut config.nim);
    Sandbox::start(config).unwrap()
}

/// Escapes all but letters and digits.
fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    pairs.join("&")
}

type Headers = Vec<(&'static str, String)>;

/// The headers of a good call.
fn headers(sandbox: &Sandbox) -> Headers {
    let mut headers = sandbox.nim().headers("9f2c4d0be7a14f8c9a6d3e5b7c8091az").to_vec();
    headers.push(("Content-Type", "application/x-www-form-urlencoded;charset=utf-8".to_owned()));
    headers
}

fn set(mut headers: Headers, name: &'static str, value: impl Into<String>) -> Headers {
    headers.retain(|(n, _)| *n != name);
    headers.push((name, value.into()));
    headers
}

/// Sends a request and leaves the connection to the caller.
fn send(sandbox: &Sandbox, method: &str, target: &str, headers: &Headers, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    let _ = write!(request, "Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn raw(sandbox: &Sandbox, method: &str, target: &str, headers: &Headers, body: &str) -> Reply {
    let mut bytes = Vec::new();
    send(sandbox, method, target, headers, body).read_to_end(&mut bytes).unwrap();
    reply(&bytes)
}

fn call(sandbox: &Sandbox, command: &str, fields: &[(&str, &str)]) -> Reply {
    raw(sandbox, "POST", &format!("/nimserver/{command}.action"), &headers(sandbox), &form(fields))
}

/// A good call whose answer breaks off: what came, and how it ended.
fn broken_call(sandbox: &Sandbox, command: &str, fields: &[(&str, &str)]) -> (Vec<u8>, io::Result<()>) {
    let target = format!("/nimserver/{command}.action");
    let mut stream = send(sandbox, "POST", &target, &headers(sandbox), &form(fields));
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(drop);
    (bytes, end)
}

fn code(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["code"].as_u64().unwrap()
}

fn ok(reply: &Reply) -> Value {
    assert_eq!(code(reply), 200, "{}", reply.body);
    reply.json()
}

fn rows(reply: &Reply) -> Vec<Value> {
    ok(reply)["desc"]["data"].as_array().unwrap().clone()
}

fn accids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["accid"].as_str().unwrap().to_owned()).collect()
}

fn page(sandbox: &Sandbox, kind: u32, endtime: u64, limit: u32) -> Reply {
    let (room, kind, endtime, limit) = (ROOM.to_string(), kind.to_string(), endtime.to_string(), limit.to_string());
    call(sandbox, BY_PAGE, &[("roomid", &room), ("type", &kind), ("endtime", &endtime), ("limit", &limit)])
}
