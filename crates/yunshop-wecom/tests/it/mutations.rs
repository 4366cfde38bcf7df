//! What becomes of an answer in which one thing is wrong. The snapshot is the table of resulting errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Response;
use serde_json::{Value, json};
use yunshop_wecom::get_group_members::Request;
use yunshop_wecom::{Command, Error, group_member_list_export};

use crate::cases::{self, Case, for_endpoint};

fn read<C: Command>(body: &[u8]) -> String {
    let response = Response::new(body.to_vec());
    match C::from_http(response.clone()) {
        Ok(_) => match cases::rejected::<C>(&response).as_slice() {
            [] => "ok".to_owned(),
            rejected => format!("ok, {} rejected: {}", rejected.len(), rejected[0].1.reason),
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
        "getGroupMembers__seed_list",
        "getGroupMembers__staff_of_the_newer_generation",
        "getGroupEmployees__two",
        "getList__two",
        "businessList__three",
        "manageBusiness__ok",
        "getBusinessCommonData__ok",
        "member_login_index__ok",
        "synch__next",
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
    let body = cases::named("getGroupMembers__seed_list").exchanges.remove(0).1.into_body();
    for end in 0..body.len() {
        let error = Request::from_http(Response::new(&body[..end])).unwrap_err();
        assert!(error.is_retryable(), "byte {end}: the rest may come with the next try: {error}");
    }
}

#[test]
fn a_cut_file_is_never_a_file() {
    let body = cases::named("groupMemberListExport__two").exchanges.remove(0).1.into_body();
    for end in 0..body.len() {
        let error = group_member_list_export::Request::from_http(Response::new(&body[..end])).unwrap_err();
        // What is too short to be told from a text is not asked for again.
        assert!(
            error.is_retryable() || (1..4).contains(&end),
            "byte {end}: the rest may come with the next try: {error}"
        );
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
        json!({"result": 0, "msg": "失败", "data": []}),
        json!({"result": "0", "msg": "失败"}),
        json!({"result": false, "msg": "失败", "data": null}),
        json!({"result": 0, "msg": "失败", "data": {"list": {"data": []}, "platform_list": [], "business": {}}}),
        json!({"result": 1, "msg": "失败", "data": {"status": -5}}),
        json!({"result": null, "msg": "失败", "data": {"login_status": "1"}}),
        json!({"msg": "失败", "data": {"login_status": 2}}),
    ];
    for refusal in refusals {
        let outcome = C::from_http(Response::new(refusal.to_string().into_bytes()));
        let Err(Error::Api(error)) = outcome else { panic!("{}: {refusal}", case.name()) };
        assert_eq!(error.message, "失败");
    }
}

#[test]
fn deep_nesting_and_long_texts_are_harmless() {
    let deep = "[".repeat(100_000);
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let long = format!(r#"{{"result":0,"msg":"{}"}}"#, "张".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(error.to_string().len() < 2_000);
}
