//! What becomes of an answer in which one thing is wrong. The snapshot is the table of resulting errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Response;
use serde_json::{Value, json};
use tim_rest::get_group_member_info::Request;
use tim_rest::{Command, Error};

use crate::cases::{self, Case, for_endpoint};

fn read(body: &[u8]) -> String {
    match Request::from_http(Response::new(body)) {
        Ok(page) => {
            let mut outcome = format!("ok, {} rows", page.member_list.len());
            for row in &page.envelope.rejected {
                write!(outcome, ", row {} rejected: {}", row.index, row.reason).unwrap();
            }
            for note in &page.envelope.notes {
                write!(outcome, ", note: {note}").unwrap();
            }
            outcome
        }
        Err(error) => cases::kind(&error),
    }
}

fn sample() -> Value {
    let case = cases::all().into_iter().find(|case| case.name() == "get_group_member_info__all_in_one").unwrap();
    serde_json::from_slice(case.exchanges[0].1.body()).unwrap()
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

#[test]
fn one_field_at_a_time() {
    let sample = sample();
    let mut found = Vec::new();
    places(&sample, "", &mut found);
    let mut table = String::new();
    for place in found {
        let (parent, name) = place.rsplit_once('/').unwrap();
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
            let outcome = read(mutant.to_string().as_bytes());
            writeln!(table, "{place} {what}: {outcome}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

/// One answer of each of the other commands, changed in fewer ways.
#[test]
fn one_field_at_a_time_of_every_other_command() {
    let mut table = String::new();
    for name in [
        "get_appid_group_list__paged_to_0",
        "get_group_ban_member__paged_to_0",
        "get_group_info__one_ok_one_gone",
        "get_group_muted_account__new_names",
        "get_joined_group_list__all_filters",
        "get_members__two_pages",
        "get_online_member_num__group",
        "get_role_in_group__with_not_member",
        "get_specified_group_member_info__basic",
    ] {
        let case = cases::all().into_iter().find(|case| case.name() == name).unwrap();
        for_endpoint!((&case, &mut table), sweep);
    }
    insta::assert_snapshot!(table);
}

fn sweep<C: Command>((case, table): (&Case, &mut String)) {
    let sample: Value = serde_json::from_slice(case.exchanges[0].1.body()).unwrap();
    let mut found = Vec::new();
    places(&sample, "", &mut found);
    for place in found {
        let (parent, name) = place.rsplit_once('/').unwrap();
        write!(table, "{} {place}:", case.endpoint).unwrap();
        for (what, value) in [("null", Value::Null), ("word", json!("word")), ("object", json!({"a": 1}))] {
            let mut mutant = sample.clone();
            match mutant.pointer_mut(parent).unwrap() {
                Value::Object(fields) => drop(fields.insert(name.to_owned(), value)),
                Value::Array(values) => values[0] = value,
                _ => unreachable!(),
            }
            let outcome = match C::from_http(Response::new(mutant.to_string().as_bytes())) {
                Ok(mut answer) => match C::envelope(&mut answer).rejected.as_slice() {
                    [] => format!("ok{}", if C::envelope(&mut answer).notes.is_empty() { "" } else { ", noted" }),
                    rejected => format!("rejected {}", rejected[0].reason),
                },
                Err(error) => cases::kind(&error),
            };
            write!(table, " {what} -> {outcome};").unwrap();
        }
        table.push('\n');
    }
}

#[test]
fn a_cut_body_is_never_a_shorter_list() {
    let body = sample().to_string();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for end in (0..body.len()).step_by(97) {
        *outcomes.entry(read(&body.as_bytes()[..end])).or_default() += 1;
        let error = Request::from_http(Response::new(&body.as_bytes()[..end])).unwrap_err();
        assert!(error.is_retryable(), "the rest may come with the next try");
    }
    insta::assert_snapshot!(format!("{outcomes:#?}"));
}

#[test]
fn what_is_no_answer_of_the_api() {
    let status = |code: u16, body: &str| {
        let response = Response::builder().status(code).header("content-type", "text/html; charset=utf-8");
        let error = Request::from_http(response.body(body.as_bytes().to_vec()).unwrap()).unwrap_err();
        format!("{code} {body:?} -> {}, retryable {}: {error}\n", cases::kind(&error), error.is_retryable())
    };
    let api = r#"{"ActionStatus":"FAIL","ErrorCode":60007,"ErrorInfo":"slow down"}"#;
    let ok = r#"{"ActionStatus":"OK","ErrorCode":0,"MemberNum":0,"MemberList":[]}"#;
    let html = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    let table = [
        status(200, ""),
        status(200, html),
        status(200, "{}"),
        status(200, "[]"),
        status(200, "null"),
        status(200, "\u{feff}{}"),
        status(200, r#"{"code":200,"data":[]}"#),
        status(200, r#"{"ActionStatus":"OK","ErrorCode":0}"#),
        status(200, r#"{"ActionStatus":"OK"}"#),
        status(200, r#"{"ErrorCode":0,"MemberList":[]}"#),
        status(200, r#"{"ActionStatus":"FAIL","ErrorCode":0,"MemberList":[]}"#),
        status(200, r#"{"ActionStatus":"OK","ErrorCode":10010,"MemberList":[]}"#),
        status(200, api),
        status(502, html),
        status(502, api),
        status(502, ok),
        status(302, ""),
        status(404, html),
        status(429, ""),
        status(408, ""),
        status(501, html),
        status(505, ""),
        status(599, ""),
        status(600, ""),
    ];
    insta::assert_snapshot!(table.concat());
}

#[test]
fn deep_nesting_and_long_texts_are_harmless() {
    let deep = "[".repeat(100_000);
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let deep = format!(
        r#"{{"ActionStatus":"OK","ErrorCode":0,"MemberList":[],"x":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let long = format!(r#"{{"ActionStatus":"FAIL","ErrorCode":10004,"ErrorInfo":"{}"}}"#, "张".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(error.to_string().len() < 2_000);
}

#[test]
fn an_error_prints_nothing_of_the_body_but_the_servers_own_words() {
    let body = r#"{"ActionStatus":"OK","ErrorCode":"PLANTED","MemberList":[{"Member_Account":"PLANTED"}]}"#;
    let error = Request::from_http(Response::new(body.as_bytes())).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("PLANTED"), "{error} {error:?}");
    let Error::Decode(error) = error else { panic!("{error}") };
    assert!(String::from_utf8_lossy(error.body()).contains("PLANTED"), "the body is there for those who look");
    let body = r#"{"ActionStatus":"OK","ErrorCode":0,"MemberNum":"PLANTED","MemberList":[{"Member_Account":"a","JoinTime":"PLANTED"},
        {"Member_Account":["PLANTED"]},"PLANTED",{"PLANTED":"PLANTED"}]}"#;
    let page = Request::from_http(Response::new(body.as_bytes())).unwrap();
    assert_eq!((page.envelope.notes.len(), page.envelope.rejected.len()), (2, 3));
    let said = format!("{:?} {:?}", page.envelope.notes, page.envelope.rejected);
    assert!(!said.contains("PLANTED"), "{said}");
}

#[test]
fn both_names_of_a_renamed_field_are_no_reason_to_lose_a_row() {
    let body =
        r#"{"ActionStatus":"OK","ErrorCode":0,"MemberList":[{"Member_Account":"a","ShutUpUntil":1,"MuteUntil":2}]}"#;
    let page = Request::from_http(Response::new(body.as_bytes())).unwrap();
    assert_eq!(page.member_list[0].mute_until, Some(tim_rest::MuteUntil::Until(2)));
    assert!(page.envelope.rejected.is_empty());
}

#[test]
fn a_wish_to_wait_is_read_however_long() {
    use std::time::Duration;
    let century = Some(Duration::from_secs(u32::MAX.into()));
    for (wish, read) in [
        ("0", Some(Duration::ZERO)),
        (" 120 ", Some(Duration::from_secs(120))),
        ("4294967296", century),
        ("18446744073709551615", century),
        ("99999999999999999999999999", century),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
    ] {
        let response = Response::builder().status(503).header("retry-after", wish).body("").unwrap();
        let error = Request::from_http(response).unwrap_err();
        assert_eq!(error.retry_after(), read, "{wish}");
    }
}
