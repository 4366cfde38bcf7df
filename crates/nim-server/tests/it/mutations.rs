//! One field at a time is changed in a good answer, and the table of what comes of it is a snapshot.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Response;
use nim_server::chatroom_members_by_page::Request;
use nim_server::{Command, Error};
use serde_json::{Value, json};

use crate::cases::{self, for_endpoint};

fn read(body: &[u8]) -> String {
    match Request::from_http(Response::new(body)) {
        Ok(page) => {
            let list = page.desc.data;
            let mut text = format!("ok, {} rows", list.len());
            for row in &list.rejected {
                write!(text, ", rejected: {}", row.reason).unwrap();
            }
            text
        }
        Err(error) => cases::kind(&error),
    }
}

fn sample(name: &str) -> Value {
    serde_json::from_slice(cases::named(name).exchanges[0].1.body()).unwrap()
}

/// Every place in the first row and in the envelope.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(format!("{place}/{name}"));
                places(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            found.push(format!("{place}/0"));
            places(&values[0], &format!("{place}/0"), found);
        }
        _ => {}
    }
}

fn mutate(sample: &Value, place: &str, value: Option<Value>) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let mut mutant = sample.clone();
    match (mutant.pointer_mut(parent).unwrap(), value) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
        (Value::Object(fields), None) => drop(fields.remove(name)),
        (Value::Array(values), Some(value)) => values[0] = value,
        (Value::Array(values), None) => drop(values.remove(0)),
        _ => unreachable!(),
    }
    mutant
}

fn mutations() -> Vec<(&'static str, Option<Value>)> {
    vec![
        ("null", Some(Value::Null)),
        ("missing", None),
        ("number", Some(json!(7))),
        ("negative", Some(json!(-7))),
        ("float", Some(json!(0.5))),
        ("huge", Some(json!(u64::MAX))),
        ("word", Some(json!("word"))),
        ("digits", Some(json!("7"))),
        ("empty", Some(json!(""))),
        ("true", Some(json!(true))),
        ("list", Some(json!([]))),
        ("object", Some(json!({}))),
    ]
}

#[test]
fn one_field_at_a_time() {
    let sample = sample("chatroom_membersByPage__doc_sample");
    let mut found = Vec::new();
    places(&sample, "", &mut found);
    let mut table = String::new();
    for place in found {
        for (what, value) in mutations() {
            let outcome = read(mutate(&sample, &place, value).to_string().as_bytes());
            writeln!(table, "{place} {what}: {outcome}").unwrap();
            // Nothing but the account makes a row unreadable.
            if place.starts_with("/desc/data/0/") && !place.ends_with("/accid") {
                assert_eq!(outcome, "ok, 1 rows", "{place} {what}");
            }
        }
    }
    insta::assert_snapshot!(table);
}

/// One answer of each of the other calls, changed in fewer ways.
#[test]
fn one_field_at_a_time_of_every_other_call() {
    let mut table = String::new();
    for name in [
        "chatroom_get__with_count",
        "chatroom_getBatch__some_failed",
        "chatroom_queryMembers__doc_sample",
        "chatroom_queryMembersByRole__doc_sample",
        "chatroom_queryUserRoomIds__texts",
        "chatroom_tagMembersCount__count",
        "chatroom_tagMembersQuery__two_devices",
        "superteam_getTlists__jointime_text",
        "team_query__with_members",
        "team_queryDetail__owner_is_an_object",
    ] {
        let case = cases::named(name);
        let sample = sample(name);
        for_endpoint!(case, (&case.endpoint, &sample, &mut table), sweep);
    }
    insta::assert_snapshot!(table);
}

fn sweep<C: Command>(endpoint: &str, sample: &Value, table: &mut String) {
    let mut found = Vec::new();
    places(sample, "", &mut found);
    for place in found {
        write!(table, "{endpoint} {place}:").unwrap();
        for (what, value) in [("null", Value::Null), ("word", json!("word")), ("object", json!({"a": 1}))] {
            let mutant = mutate(sample, &place, Some(value)).to_string();
            let outcome = match C::from_http(Response::new(mutant.as_bytes())) {
                Ok(_) => "ok".to_owned(),
                Err(error) => cases::kind(&error),
            };
            write!(table, " {what} -> {outcome};").unwrap();
        }
        table.push('\n');
    }
}

#[test]
fn a_cut_body_is_never_a_shorter_list() {
    let body = sample("chatroom_membersByPage__recorded_2020_fixed").to_string();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for end in 0..body.len() {
        if body.is_char_boundary(end) {
            *outcomes.entry(read(&body.as_bytes()[..end])).or_default() += 1;
            let error = Request::from_http(Response::new(&body.as_bytes()[..end])).unwrap_err();
            assert!(error.is_retryable(), "the rest may come with the next try");
        }
    }
    insta::assert_snapshot!(format!("{outcomes:#?}"));
}

#[test]
fn deep_nesting_and_long_texts_are_harmless() {
    let deep = "[".repeat(100_000);
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let deep = format!(r#"{{"code":200,"desc":{{"data":[]}},"x":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let long = format!(r#"{{"code":414,"desc":"{}"}}"#, "张".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(error.to_string().len() < 2_000);
}
