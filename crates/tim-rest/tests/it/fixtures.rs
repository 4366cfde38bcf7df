//! Every case: the request's bytes, the answer's snapshot, and that nothing is lost between decoding and encoding.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tim_rest::usersig::Claims;
use tim_rest::{Command, Error};

use crate::cases::{self, Case, for_endpoint};

#[test]
fn requests_are_byte_exact() {
    for case in &cases::all() {
        for_endpoint!(case, request_is_byte_exact);
    }
}

fn request_is_byte_exact<C: Command + DeserializeOwned>(case: &Case) {
    let expected = &case.exchanges[0].0;
    let mut built =
        case.request::<C>().to_http_unchecked(&case.base_url(), &case.signature(), case.stamp.random).unwrap();
    if expected.uri().path().contains("million_group_open_http_svc") {
        // The service is no field of the body.
        let community = tim_rest::get_online_member_num::Request::community(case.request["GroupId"].as_str().unwrap());
        built = community.to_http(&case.base_url(), &case.signature(), case.stamp.random).unwrap();
    }
    let name = case.name();
    assert_eq!(built.method(), expected.method(), "{name}");
    assert_eq!(built.uri().path(), expected.uri().path(), "{name}");
    assert_eq!(built.uri().host(), expected.headers().get("host").map(|host| host.to_str().unwrap()), "{name}");
    assert_eq!(built.headers().get("content-type"), expected.headers().get("content-type"), "{name}");
    assert_eq!(String::from_utf8_lossy(built.body()), String::from_utf8_lossy(expected.body()), "{name}");

    let (mut ours, mut theirs) = (query(&built), query(expected));
    assert_eq!(case.ignore_query, ["usersig"], "{name}");
    let (ours_sig, their_sig) = (ours.remove("usersig").unwrap(), theirs.remove("usersig").unwrap());
    assert_eq!(ours, theirs, "{name}");
    // Deflate backends differ; what is signed must not.
    let (ours_sig, their_sig) = (Claims::decode(ours_sig).unwrap(), Claims::decode(their_sig).unwrap());
    assert!(ours_sig == their_sig, "{name}: the signatures say different things");
    their_sig.verify(&case.credentials(), case.stamp.unix).unwrap();
}

fn query(request: &http::Request<Vec<u8>>) -> BTreeMap<&str, &str> {
    request.uri().query().unwrap().split('&').map(|pair| pair.split_once('=').unwrap()).collect()
}

#[test]
fn answers_decode_as_the_snapshots_say() {
    for case in &cases::all() {
        for_endpoint!(case, answer_decodes);
    }
}

fn answer_decodes<C: Command + DeserializeOwned>(case: &Case)
where
    C::Response: std::fmt::Debug,
{
    let mut seen = String::new();
    for (number, (_, response)) in case.exchanges.iter().enumerate() {
        let mut answer = C::from_http(response.clone());
        let outcome = match &mut answer {
            // As it came it was none; the answer says that it was repaired.
            Ok(answer) => match C::envelope(answer).repaired {
                true => "decode-error",
                false => "ok",
            },
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
        for_endpoint!(case, round_trip);
    }
}

fn round_trip<C: Command + DeserializeOwned>(case: &Case)
where
    C::Response: Serialize,
{
    let mut used = BTreeSet::new();
    for (_, response) in &case.exchanges {
        let Ok(mut decoded) = C::from_http(response.clone()) else {
            continue;
        };
        let Ok(raw) = serde_json::from_slice::<Value>(response.body()) else {
            assert!(C::envelope(&mut decoded).repaired, "{}: nothing was lost, the answer says", case.name());
            continue;
        };
        assert!(!C::envelope(&mut decoded).repaired, "{}", case.name());
        let mut encoded = serde_json::to_value(&decoded).unwrap();
        for row in &C::envelope(&mut decoded).rejected {
            let list = encoded[C::LISTS[0]].as_array_mut().unwrap();
            list.insert(row.index, row.raw.clone());
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
