//! What becomes of an answer in which one thing is wrong. The snapshot is the table of resulting errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use agora_chat_rest::chatgroups_users::Request;
use agora_chat_rest::{Command, Error};
use http::Response;
use serde_json::{Value, json};

use crate::cases::{self, Case, for_endpoint};

fn read<C: Command>(body: &[u8]) -> String {
    match C::from_http(Response::new(body)) {
        Ok(answer) => match answer.rejected.as_slice() {
            [] => "ok".to_owned(),
            rejected => format!("ok, {} rejected: {}", rejected.len(), rejected[0].reason),
        },
        Err(error) => cases::kind(&error),
    }
}

/// Every place in the envelope and in the first row.
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

#[test]
fn one_field_at_a_time() {
    let mut table = String::new();
    for name in [
        "chatgroups_users__seed_sample",
        "chatgroups_users__cursor_v3_strings",
        "chatgroups_details__one_with_times",
        "chatgroups__first",
        "chatgroups_user__first",
        "joined_chatgroups__first",
        "chatgroups_is_joined__yes",
        "chatgroups_admin__two",
        "chatgroups_mute__two",
        "chatgroups_roles__three",
        "metadata_chatgroup_get__two",
        "metadata_chatgroup_user__one",
    ] {
        let case = cases::named(name);
        for_endpoint!(case, (&case, &mut table), sweep);
    }
    insta::assert_snapshot!(table);
}

fn sweep<C: Command>(case: &Case, table: &mut String) {
    let sample: Value = serde_json::from_slice(case.exchanges[0].1.body()).unwrap();
    let mut found = Vec::new();
    places(&sample, "", &mut found);
    for place in found {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut outcomes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (what, value) in [
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
        ] {
            let mut mutant = sample.clone();
            match (mutant.pointer_mut(parent).unwrap(), value) {
                (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
                (Value::Object(fields), None) => drop(fields.remove(name)),
                (Value::Array(values), Some(value)) => values[0] = value,
                (Value::Array(values), None) => drop(values.remove(0)),
                _ => unreachable!(),
            }
            outcomes.entry(read::<C>(mutant.to_string().as_bytes())).or_default().push(what);
        }
        writeln!(table, "{} {place}", case.name()).unwrap();
        for (outcome, what) in outcomes {
            writeln!(table, "    {}: {outcome}", what.join(" ")).unwrap();
        }
    }
}

#[test]
fn a_cut_body_is_never_a_shorter_list() {
    let body = cases::named("chatgroups_users__seed_sample").exchanges.remove(0).1.into_body();
    for end in 0..body.len() {
        let error = Request::from_http(Response::new(&body[..end])).unwrap_err();
        assert!(error.is_retryable(), "byte {end}: the rest may come with the next try: {error}");
    }
}

#[test]
fn no_error_of_any_endpoint_is_an_answer() {
    for case in &cases::all() {
        for_endpoint!(case, refuses);
    }
}

fn refuses<C: Command>(case: &Case) {
    let refusals = [
        json!({"error": "unauthorized", "error_description": "words"}),
        json!({"error": "unauthorized", "error_description": "words", "data": []}),
        json!({"error": "unauthorized", "error_description": "words", "data": null, "entities": []}),
    ];
    for refusal in refusals {
        for status in [200, 401, 500] {
            let body = refusal.to_string().into_bytes();
            let outcome = C::from_http(Response::builder().status(status).body(body).unwrap());
            let Err(Error::Api(error)) = outcome else { panic!("{}: {refusal}", case.name()) };
            assert_eq!(error.error_description, "words");
        }
    }
    for status in [201, 204, 301, 401, 404, 429, 500, 503] {
        let body = case.exchanges[0].1.body().clone();
        let response = Response::builder().status(status).body(body).unwrap();
        assert!(C::from_http(response).is_err(), "{}: another status than 200 is no answer", case.name());
    }
}

#[test]
fn deep_nesting_and_long_texts_are_harmless() {
    let deep = "[".repeat(100_000);
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let long = format!(r#"{{"error":"x","error_description":"{}"}}"#, "张".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(error.to_string().len() < 2_000);
    let long = format!(r#"{{"error":"{}","exception":"{}"}}"#, "9".repeat(1_000_000), "e".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(format!("{error} {error:?}").len() < 4_000);
}
