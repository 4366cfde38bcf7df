//! `CheckSum` against vectors that five other implementations agree on, in both directions.

use http::HeaderMap;
use nim_server::checksum::{Callback, Claims, Refusal, TOLERANCE, callback_check_sum, check_sum, md5_hex};
use nim_server::{AppSecret, Command, Credentials, Error, MemberType, Region, Stamp, chatroom_members_by_page};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    request_check_sum: Requests,
    callback_check_sum: Callbacks,
}

#[derive(Deserialize)]
struct Requests {
    vectors: Vec<Request>,
    must_not_produce: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Request {
    name: String,
    app_secret: String,
    nonce: String,
    cur_time: String,
    check_sum: String,
}

#[derive(Deserialize)]
struct Callbacks {
    vectors: Vec<CallbackVector>,
}

#[derive(Deserialize)]
struct CallbackVector {
    app_secret: String,
    body: String,
    cur_time: String,
    md5: String,
    check_sum: String,
}

fn vectors() -> Vectors {
    let path = crate::cases::fixtures().join("checksum/vectors.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[test]
fn we_sign_what_others_sign() {
    let vectors = vectors().request_check_sum;
    assert_eq!(vectors.vectors.len(), 5);
    for vector in &vectors.vectors {
        let secret = AppSecret::new(&vector.app_secret).unwrap();
        let ours = check_sum(&secret, &vector.nonce, &vector.cur_time);
        assert_eq!(ours, vector.check_sum, "{}", vector.name);
        assert!(!vectors.must_not_produce.values().any(|wrong| *wrong == ours), "{}", vector.name);
    }
}

#[test]
fn what_is_sent_verifies_and_what_others_sign_does() {
    for vector in vectors().request_check_sum.vectors {
        let credentials = Credentials::new("app-key", &vector.app_secret).unwrap();
        let now: u64 = vector.cur_time.parse().unwrap();
        let theirs = headers(&[
            ("AppKey", "app-key"),
            ("Nonce", &vector.nonce),
            ("CurTime", &vector.cur_time),
            ("CheckSum", &vector.check_sum),
        ]);
        let request = chatroom_members_by_page::Request::new(1, MemberType::Fixed);
        let stamp = Stamp::new(now, &vector.nonce);
        let ours = request.to_http(&Region::China.base_url(), &credentials, &stamp).unwrap();
        assert_eq!(ours.headers()["checksum"], vector.check_sum.as_str(), "{}", vector.name);
        for headers in [&theirs, ours.headers()] {
            let verdict = Claims::from_headers(headers).unwrap().verify(&credentials, now);
            assert_eq!(verdict, Ok(()), "{}", vector.name);
        }
    }
}

#[test]
fn a_refusal_says_why() {
    let vector = &vectors().request_check_sum.vectors[0];
    let credentials = Credentials::new("app-key", &vector.app_secret).unwrap();
    let now: u64 = vector.cur_time.parse().unwrap();
    let with = |name: &str, value: &str| {
        let mut all = headers(&[
            ("AppKey", "app-key"),
            ("Nonce", &vector.nonce),
            ("CurTime", &vector.cur_time),
            ("CheckSum", &vector.check_sum),
        ]);
        let name: http::HeaderName = name.parse().unwrap();
        if value.is_empty() {
            all.remove(name);
        } else {
            all.insert(name, value.parse().unwrap());
        }
        Claims::from_headers(&all).and_then(|claims| claims.verify(&credentials, now))
    };
    assert_eq!(with("x", "y"), Ok(()));
    for header in ["AppKey", "Nonce", "CurTime", "CheckSum"] {
        assert_eq!(with(header, ""), Err(Refusal::Missing(header)));
    }
    assert_eq!(with("AppKey", "other"), Err(Refusal::OtherApp));
    assert_eq!(with("Nonce", &"n".repeat(129)), Err(Refusal::Nonce));
    assert_eq!(with("Nonce", "2"), Err(Refusal::WrongCheckSum));
    assert_eq!(with("CurTime", "1451207708000"), Err(Refusal::CurTime));
    assert_eq!(with("CurTime", "soon"), Err(Refusal::CurTime));
    let late = (now + TOLERANCE + 1).to_string();
    assert_eq!(with("CurTime", &late), Err(Refusal::Expired { seconds: 301 }));
    for wrong in vectors().request_check_sum.must_not_produce.into_iter().filter(|(name, _)| name != "note") {
        assert_eq!(with("CheckSum", &wrong.1), Err(Refusal::WrongCheckSum), "{}", wrong.0);
    }
    let claims = Claims::from_headers(&headers(&[
        ("AppKey", "app-key"),
        ("Nonce", &vector.nonce),
        ("CurTime", &vector.cur_time),
        ("CheckSum", &vector.check_sum),
    ]));
    let claims = claims.unwrap();
    assert_eq!(claims.verify(&credentials, now + TOLERANCE), Ok(()));
    assert_eq!(claims.verify(&credentials, now - TOLERANCE), Ok(()), "in both directions");
    assert!(!format!("{claims:?}").contains(&vector.check_sum));
}

#[test]
fn callbacks_are_signed_in_another_way() {
    let vectors = vectors().callback_check_sum.vectors;
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let secret = AppSecret::new(&vector.app_secret).unwrap();
        assert_eq!(md5_hex(vector.body.as_bytes()), vector.md5);
        assert_eq!(callback_check_sum(&secret, &vector.md5, &vector.cur_time), vector.check_sum);
        let all = [("CurTime", vector.cur_time.as_str()), ("MD5", &vector.md5), ("CheckSum", &vector.check_sum)];
        let callback = Callback::from_headers(&headers(&all)).unwrap();
        assert_eq!(callback.verify(&secret, vector.body.as_bytes()), Ok(()));
        assert_eq!(callback.verify(&secret, b"another body"), Err(Refusal::OtherBody));
        let other = AppSecret::new("other").unwrap();
        assert_eq!(callback.verify(&other, vector.body.as_bytes()), Err(Refusal::WrongCheckSum));
        assert!(!format!("{callback:?}").contains(&vector.check_sum));
        for missing in 0..3 {
            let rest: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, pair)| *pair).collect();
            assert_eq!(Callback::from_headers(&headers(&rest)), Err(Refusal::Missing(all[missing].0)));
        }
    }
}

#[test]
fn a_stamp_that_cannot_be_sent_is_refused() {
    let credentials = Credentials::new("app-key", "PLANTED").unwrap();
    let request = chatroom_members_by_page::Request::new(1, MemberType::Fixed);
    let long = "n".repeat(129);
    for stamp in [
        Stamp::new(1, ""),
        Stamp::new(1, long),
        Stamp::new(1, "a\r\nb"),
        Stamp::new(1, "张"),
        Stamp::new(1, "n").with_request_id("a\nb"),
    ] {
        let error = request.to_http(&Region::China.base_url(), &credentials, &stamp).unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
    }
}
