//! Every case: the request's bytes, the answer's snapshot, and that nothing is lost between decoding and encoding.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;
use yunshop_wecom::{Command, Error, File, Place};

use crate::cases::{self, Case, for_endpoint};

#[test]
fn requests_are_byte_exact() {
    for case in &cases::all() {
        for_endpoint!(case, request_is_byte_exact);
    }
}

fn request_is_byte_exact<C: Command + DeserializeOwned>(case: &Case) {
    let expected = &case.exchanges[0].0;
    let built = case.request::<C>().to_http(&case.site(), &case.session()).unwrap();
    let name = case.name();
    assert_eq!(built.method(), expected.method(), "{name}");
    assert_eq!(built.uri().path_and_query(), expected.uri().path_and_query(), "{name}");
    let authority = built.uri().authority().unwrap().as_str();
    assert_eq!(authority, expected.headers()["host"], "{name}");
    let mut headers = built.headers().clone();
    headers.insert("host", authority.parse().unwrap());
    assert_eq!(&headers, expected.headers(), "{name}: no header more, none less");
    assert_eq!(String::from_utf8_lossy(built.body()), String::from_utf8_lossy(expected.body()), "{name}");
    if !expected.body().is_empty() {
        assert_eq!(serde_json::from_slice::<Value>(expected.body()).unwrap(), case.request, "{name}");
    }
    assert!(case.ignore_query.is_empty(), "{name}");
    if let Some(cookies) = built.headers().get("cookie") {
        assert!(cookies.is_sensitive(), "{name}");
    }
}

#[test]
fn answers_decode_as_the_snapshots_say() {
    for case in &cases::all() {
        for_endpoint!(case, answer_decodes);
    }
}

fn answer_decodes<C: Command + DeserializeOwned>(case: &Case) {
    let mut seen = String::new();
    for (number, (_, response)) in case.exchanges.iter().enumerate() {
        let answer = C::from_http(response.clone());
        let outcome = match &answer {
            Ok(_) => "ok",
            Err(Error::Api(_)) => "api-error",
            Err(Error::Status(_)) => "status-error",
            Err(Error::Decode(_)) => "decode-error",
            Err(other) => panic!("{}: {other}", case.name()),
        };
        assert_eq!(outcome, case.expect, "{} exchange {}", case.name(), number + 1);
        seen += &match &answer {
            // Not `Debug`, which leaves out everything about people.
            Ok(answer) => serde_json::to_string_pretty(answer).unwrap() + "\n",
            Err(error) => format!("{error}\nretryable: {}\n{error:#?}\n", error.is_retryable()),
        };
    }
    insta::with_settings!({ snapshot_path => "snapshots/fixtures", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(case.name(), seen);
    });
}

#[test]
fn nothing_is_lost_between_decoding_and_encoding() {
    for case in &cases::all() {
        for_endpoint!(case, round_trip);
    }
}

fn round_trip<C: Command + DeserializeOwned>(case: &Case) {
    let mut used = BTreeSet::new();
    for (_, response) in &case.exchanges {
        let Ok(decoded) = C::from_http(response.clone()) else {
            continue;
        };
        if C::PLACE == Place::Export {
            assert_eq!(file(&case.name()).bytes, *response.body(), "{}", case.name());
            continue;
        }
        let body = response.body();
        let raw: Value = serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).unwrap();
        let mut encoded = serde_json::to_value(&decoded).unwrap();
        // What was set aside is shown by the rows that are missing, and must come back with them.
        for (list, row) in cases::rejected::<C>(response) {
            encoded.pointer_mut(list).unwrap().as_array_mut().unwrap().insert(row.index, row.raw.clone());
        }
        let mut differences = Vec::new();
        differ("", &raw, &encoded, &mut differences);
        for place in differences {
            let allowed = case.allow.iter().find(|allow| covers(&allow.path, &place));
            let allowed = allowed.unwrap_or_else(|| panic!("{}: {place} does not come back as it was", case.name()));
            used.insert(allowed.path.clone());
        }
    }
    for allow in &case.allow {
        assert!(used.contains(&allow.path), "{}: nothing differs at {}", case.name(), allow.path);
    }
}

/// The file of a case, whichever export it is of: they read alike.
fn file(name: &str) -> File {
    let response = cases::named(name).exchanges.remove(0).1;
    yunshop_wecom::group_member_list_export::Request::from_http(response).unwrap().data
}

fn differ(place: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let place = format!("{place}/{name}");
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => differ(&place, a, b, found),
                    _ => found.push(place),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&format!("{place}/{index}"), a, b, found);
            }
        }
        (a, b) if a == b => {}
        _ => found.push(place.to_owned()),
    }
}

fn covers(pattern: &str, place: &str) -> bool {
    let mut steps = place.split('/');
    pattern.split('/').all(|wanted| steps.next().is_some_and(|step| wanted == "*" || wanted == step))
}
