//! The faults that are the same for every vendor, as they look on the wire.

use std::{
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;
use groupmembers_sandbox::{
    Sandbox,
    tim::{Fault, GroupKind},
};
use serde_json::{Value, json};

use crate::wire::{GROUP, MEMBERS, broken_call, query, raw, sandbox, send};

fn with(name: &str) -> Sandbox {
    sandbox(GroupKind::Public, 120, |config| config.faults.push(name.parse::<Fault>().unwrap().into()))
}

fn body() -> Value {
    json!({"GroupId": GROUP, "Limit": 100})
}

/// Head and body, however it ended.
fn answer(sandbox: &Sandbox) -> (String, Vec<u8>) {
    let (bytes, _) = broken_call(sandbox, MEMBERS, &body());
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec())
}

fn promised(head: &str) -> usize {
    head.to_lowercase().split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap()
}

fn rows(body: &[u8]) -> usize {
    serde_json::from_slice::<Value>(body).unwrap()["MemberList"].as_array().unwrap().len()
}

#[test]
fn heads_and_lengths_that_lie() {
    let sandbox = with("cut-head");
    let (bytes, end) = broken_call(&sandbox, MEMBERS, &body());
    end.expect("an orderly end");
    assert!(bytes.starts_with(b"HTTP/1.1 200") && !bytes.windows(4).any(|four| four == b"\r\n\r\n"));
    assert_eq!(rows(&answer(&sandbox).1), 100, "once");

    let (bytes, end) = broken_call(&with("no-http"), MEMBERS, &body());
    assert!(bytes.starts_with(b"SSH-2.0"), "{bytes:?}");
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));

    let (head, body) = answer(&with("short-length"));
    assert_eq!(promised(&head), body.len() / 2);
    assert_eq!(rows(&body), 100);
}

#[test]
fn a_length_that_is_never_reached_keeps_the_connection_open() {
    let sandbox = with("long-length");
    let target = format!("/v4/{MEMBERS}?{}", query(&sandbox));
    let mut stream = send(&sandbox, "POST", &target, &body().to_string());
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).unwrap_err();
    assert!(matches!(end.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{end}");
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(promised(head), 2 * body.len() + 1);
}

#[test]
fn chunks_without_a_length_and_a_reset_when_all_is_over() {
    let (head, body) = answer(&with("bad-chunks"));
    let body = String::from_utf8(body).unwrap();
    assert!(head.contains("transfer-encoding: chunked") && body.contains("\r\nmany\r\n"), "{head}");

    let sandbox = with("reset-after-body");
    let target = format!("/v4/{MEMBERS}?{}", query(&sandbox));
    // Kept open, or the answer would end it.
    let request = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{{\"Limit\": 1}}");
    let mut stream = std::net::TcpStream::connect(sandbox.addr()).unwrap();
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(promised(head), body.len());
}

#[test]
fn bodies_that_are_not_what_they_seem() {
    let (head, body) = answer(&with("gzip"));
    assert!(head.contains("content-encoding: gzip"));
    let mut text = Vec::new();
    GzDecoder::new(&*body).read_to_end(&mut text).unwrap();
    assert_eq!(rows(&text), 100);

    let (head, body) = answer(&with("not-gzip"));
    assert!(head.contains("content-encoding: gzip"));
    assert_eq!(rows(&body), 100);

    assert!(answer(&with("empty-body")).1.is_empty());
    let (_, body) = answer(&with("invalid-utf8"));
    assert!(std::str::from_utf8(&body).is_err());
    assert_eq!(rows(String::from_utf8_lossy(&body).as_bytes()), 100);
    let (_, body) = answer(&with("deep-nesting"));
    assert!(body.starts_with(b"{\"sandbox\":[[[[") && serde_json::from_slice::<Value>(&body).is_err());
    let (_, body) = answer(&with("huge-string"));
    assert!(body.len() > 10_000_000 && rows(&body) == 100);
}

#[test]
fn a_bomb_is_small_on_the_wire_and_stops_when_nobody_reads() {
    let sandbox = with("gzip-bomb");
    let target = format!("/v4/{MEMBERS}?{}", query(&sandbox));
    let stream = send(&sandbox, "POST", &target, &body().to_string());
    let mut bytes = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 64 * 1024);
    while sandbox.bytes_sent() < bytes.len() as u64 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("content-encoding: gzip") && text.contains("transfer-encoding: chunked"));
    // Without the framing of its chunks.
    let mut gz = Vec::new();
    let mut rest = &bytes[bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4..];
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        rest = &rest[end + 2..];
        gz.extend(&rest[..length.min(rest.len())]);
        rest = rest.get(length + 2..).unwrap_or_default();
    }
    let mut text = vec![0; 16 * 1024 * 1024];
    GzDecoder::new(&*gz).read_exact(&mut text).unwrap();
    assert!(text.ends_with(b"        "));
    let body = String::from_utf8(text).unwrap();
    assert_eq!(rows(body.trim_end().as_bytes()), 100);
}

#[test]
fn every_way_to_ask_for_a_pause() {
    let wish = |name: &str| {
        let reply = raw(&with(name), "POST", &format!("/v4/{MEMBERS}?{}", query(&with(name))), &body().to_string());
        assert_eq!(reply.status, 429);
        (reply.header("retry-after"), reply.header("date"))
    };
    assert_eq!(wish("429-retry-after").0.as_deref(), Some("1"));
    assert_eq!(wish("429-retry-after=soon").0.as_deref(), Some("soon"));
    assert_eq!(wish("429-retry-after=-1").0.as_deref(), Some("-1"));
    assert_eq!(wish("429-retry-after=none").0, None);
    let (after, date) = wish("429-retry-after=date");
    assert!(after.is_some_and(|after| after.ends_with(" GMT") && Some(after) != date));
}

#[test]
fn an_answer_that_is_late_and_a_clock_that_is_wrong() {
    let sandbox = with("slow-answer=300");
    let start = Instant::now();
    assert_eq!(rows(&answer(&sandbox).1), 100);
    assert!(start.elapsed() >= Duration::from_millis(300));
    let date = |name: &str| answer(&with(name)).0.split("date: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert_ne!(date("wrong-date")[..22], date("wrong-date=0")[..22]);
    assert_ne!(date("wrong-date=-7200")[..22], date("wrong-date=0")[..22]);
}
