//! Every case: the request's bytes, the answer's snapshot, and that nothing is lost between decoding and encoding.

use std::collections::{BTreeMap, BTreeSet};

use nim_server::checksum::Claims;
use nim_server::{Command, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cases::{self, Case, for_endpoint};

#[test]
fn requests_are_byte_exact() {
    for case in &cases::all() {
        for_endpoint!(case, (case), request_is_byte_exact);
    }
}

fn request_is_byte_exact<C: Command + DeserializeOwned>(case: &Case) {
    let (expected, name) = (&case.exchanges[0].0, case.name());
    let built = case.request::<C>().to_http(&case.base_url(), &case.credentials(), &case.stamp()).unwrap();
    assert_eq!(built.method(), expected.method(), "{name}");
    assert_eq!(built.uri().path(), expected.uri().path(), "{name}");
    assert_eq!(built.uri().query(), None, "{name}");
    assert_eq!(String::from_utf8_lossy(built.body()), String::from_utf8_lossy(expected.body()), "{name}");
    let headers = |request: &http::Request<Vec<u8>>| -> BTreeMap<String, String> {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        headers.filter(|(name, _)| name != "host").collect()
    };
    assert_eq!(headers(&built), headers(expected), "{name}");
    assert!(built.headers()["checksum"].is_sensitive(), "{name}");
    Claims::from_headers(expected.headers()).unwrap().verify(&case.credentials(), case.stamp.unix).unwrap();
}

#[test]
fn answers_decode_as_the_snapshots_say() {
    for case in &cases::all() {
        for_endpoint!(case, (case), answer_decodes);
    }
}

fn answer_decodes<C: Command + DeserializeOwned>(case: &Case)
where
    C::Response: std::fmt::Debug,
{
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
        seen += &match answer {
            Ok(response) => format!("{response:#?}\n"),
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
        for_endpoint!(case, (case), round_trip);
    }
}

fn round_trip<C: Command + DeserializeOwned>(case: &Case)
where
    C::Response: PartialEq + std::fmt::Debug,
{
    let mut used = BTreeSet::new();
    for (_, response) in &case.exchanges {
        let Ok(decoded) = C::from_http(response.clone()) else { continue };
        let raw: Value = serde_json::from_slice(response.body()).unwrap();
        let encoded = encode(&decoded);
        let again: C::Response = serde_json::from_value(encoded.clone()).unwrap();
        assert_eq!(again, decoded, "{}", case.name());
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

fn encode(response: &impl Serialize) -> Value {
    serde_json::to_value(response).unwrap()
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
