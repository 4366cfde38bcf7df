//! What is there for those who count and measure: one event an attempt.

use std::cell::RefCell;
use std::fmt::Write as _;

use nim_server::chatroom_get;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span;

use crate::world::{ROOM, World, answer, client, simulate};

thread_local! {
    /// What was traced on this thread: the other tests are on others.
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Logged;

impl tracing::Subscriber for Logged {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("groupmembers")
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        LOGGED.with_borrow_mut(|logged| logged.push(fields.0));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn each_attempt_has_its_call_host_number_time_and_code() {
    let mut world = World::new(1, 1, 1, 1);
    world.first = vec![
        ("chatroom/get", answer(&json!({"code": 503, "desc": "busy"}))),
        ("chatroom/get", http::Response::builder().status(502).body(b"<html>".to_vec()).unwrap()),
    ];
    let (_, simulation) = simulate(world, 1);
    // For all threads: one that listens alone loses events that another thread, without a listener, meets first.
    tracing::subscriber::set_global_default(Logged).unwrap();
    tracing::callsite::rebuild_interest_cache();
    simulation.run(client(&simulation).chatroom_get(&chatroom_get::Request::new(ROOM))).unwrap();
    let logged = LOGGED.take();
    assert_eq!(logged.len(), 3, "{logged:?}");
    let outcomes = ["code=\"503\"", "code=\"HTTP 502\"", "message=answered"];
    for (number, (line, outcome)) in logged.iter().zip(outcomes).enumerate() {
        let host = if number < 2 { "api.yunxinapi.com" } else { "api-cn-bak.yunxinapi.com" };
        let attempt = format!("attempt={}", number + 1);
        for part in ["call=\"chatroom/get\"", &format!("host=\"{host}\""), &attempt, "millis=", outcome] {
            assert!(line.contains(part), "{part} in {line}");
        }
        assert!(!line.contains("PLANTED") && !line.contains("http"), "{line}");
    }
}
