//! AccessToken2 against vectors made by the vendor's own packages. Tokens are compared after decoding, never as text.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use agora_chat_rest::access_token::{Claims, Refusal, build};
use agora_chat_rest::{Credentials, Subject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;

const APP_ID: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const NOW: u64 = 1_700_000_000;

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agora/access_token/vectors.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn credentials() -> Credentials {
    Credentials::new(APP_ID, CERTIFICATE).unwrap()
}

fn given(inputs: &Value) -> (Credentials, Subject, u64, u32, u32) {
    let text = |name: &str| inputs[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| inputs[name].as_u64().unwrap();
    let subject = if inputs["kind"] == "app" { Subject::App } else { Subject::User(text("user_id")) };
    let credentials = Credentials::new(text("app_id"), text("app_certificate")).unwrap();
    (credentials, subject, number("issue_ts"), number("expire") as u32, number("salt") as u32)
}

#[test]
fn payloads_are_byte_exact_and_every_compressor_is_read() {
    let vectors = vectors();
    let mut tokens = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let (credentials, subject, issued_at, expire, salt) = given(&vector["inputs"]);
        let claims = Claims::new(&credentials, &subject, issued_at, expire, salt).unwrap();
        assert_eq!(hex(&claims.payload()), vector["decoded"]["payload_hex"], "{}", vector["name"]);
        assert_eq!(Claims::decode(&claims.encode()).unwrap(), claims);
        for token in vector["tokens_by_implementation"].as_object().unwrap().values() {
            let read = Claims::decode(token.as_str().unwrap()).unwrap();
            assert_eq!(read, claims);
            read.verify(&credentials, &subject, issued_at).unwrap();
            read.verify(&credentials, &subject, issued_at + u64::from(expire) - 1).unwrap();
            let late = read.verify(&credentials, &subject, issued_at + u64::from(expire));
            assert_eq!(late, Err(Refusal::Expired { at: issued_at + u64::from(expire) }));
            tokens += 1;
        }
    }
    assert!(tokens >= 50, "the vectors are gone");
}

#[test]
fn the_official_vectors_are_reproduced() {
    for vector in vectors()["official_published_vectors"].as_array().unwrap() {
        let (credentials, subject, issued_at, expire, salt) = given(&vector["inputs"]);
        let claims = Claims::new(&credentials, &subject, issued_at, expire, salt).unwrap();
        assert_eq!(hex(&claims.payload()), vector["payload_hex"]);
        for published in vector["token_strings_in_official_tests"].as_array().unwrap() {
            assert_eq!(Claims::decode(published["token"].as_str().unwrap()).unwrap(), claims);
        }
    }
}

#[test]
fn every_level_of_compression_is_read() {
    let tokens = vectors()["zlib_level_sweep"]["tokens"].clone();
    for token in tokens.as_object().unwrap().values() {
        let claims = Claims::decode(token.as_str().unwrap()).unwrap();
        claims.verify(&credentials(), &Subject::App, NOW + 1).unwrap();
        assert_eq!((claims.app_id(), claims.issued_at(), claims.expire(), claims.salt()), (APP_ID, NOW, 600, 1));
        assert_eq!(claims.expires_at(), NOW + 600);
    }
}

fn pack(payload: &[u8]) -> String {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(payload).unwrap();
    format!("007{}", BASE64.encode(packer.finish().unwrap()))
}

#[test]
fn a_changed_token_is_refused() {
    let claims = Claims::new(&credentials(), &Subject::App, NOW, 600, 1).unwrap();
    let payload = claims.payload();
    assert_eq!(payload.len(), 94);
    for at in 0..payload.len() * 8 {
        let mut changed = payload.clone();
        changed[at / 8] ^= 1 << (at % 8);
        let read = Claims::decode(&pack(&changed)).and_then(|read| read.verify(&credentials(), &Subject::App, NOW));
        assert!(read.is_err(), "bit {at}");
    }
    for end in 0..payload.len() {
        assert!(matches!(Claims::decode(&pack(&payload[..end])), Err(Refusal::Damaged(_))), "{end}");
    }
    let longer = [payload.as_slice(), &[0]].concat();
    let read = Claims::decode(&pack(&longer)).unwrap();
    assert_eq!(read.verify(&credentials(), &Subject::App, NOW), Err(Refusal::WrongCertificate));
}

#[test]
fn each_refusal_says_why() {
    let claims = Claims::new(&credentials(), &Subject::App, NOW, 600, 1).unwrap();
    let upper = Credentials::new(APP_ID, CERTIFICATE.to_uppercase()).unwrap();
    assert_eq!(claims.verify(&upper, &Subject::App, NOW), Err(Refusal::WrongCertificate));
    let other = Credentials::new("f".repeat(32), CERTIFICATE).unwrap();
    assert_eq!(claims.verify(&other, &Subject::App, NOW), Err(Refusal::OtherApp { signed_for: APP_ID.to_owned() }));
    let user = Subject::User("u1".to_owned());
    assert_eq!(claims.verify(&credentials(), &user, NOW), Err(Refusal::OtherSubject));
    let of_user = Claims::new(&credentials(), &user, NOW, 600, 1).unwrap();
    of_user.verify(&credentials(), &user, NOW).unwrap();
    assert_eq!(of_user.verify(&credentials(), &Subject::App, NOW), Err(Refusal::OtherSubject));
    for damaged in ["", "007", "006abc", "007!!!!", "007eJwB", "007AAAA", "张", "00"] {
        assert!(matches!(Claims::decode(damaged), Err(Refusal::Damaged(_))), "{damaged}");
    }
    let bomb = pack(&vec![0; 10_000_000]);
    assert_eq!(Claims::decode(&bomb).unwrap_err(), Refusal::Damaged("it unpacks to more than any token holds"));
}

#[test]
fn all_services_are_passed_over() {
    let text = |text: &str| [&(text.len() as u16).to_le_bytes(), text.as_bytes()].concat();
    let numbers = |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let service = |kind: u16| [numbers(&[kind, 1, 1]), 600_u32.to_le_bytes().to_vec()].concat();
    let bodies = [
        (1, [text("channel"), text("7")].concat()),
        (2, text("user")),
        (3, [text("channel"), text("")].concat()),
        (4, vec![]),
        (5, text("")),
        (6, [text("channel"), text("user")].concat()),
        (7, [text("room"), text("user"), numbers(&[u16::MAX])].concat()),
        (8, [text("user"), numbers(&[1, 0, 2, 0, 1]), text("a"), numbers(&[1, 2]), text("b"), text("c")].concat()),
        (9, vec![]),
        (10, vec![]),
    ];
    let mut payload = text("");
    payload.extend(text(APP_ID));
    payload.extend([NOW as u32, 600, 1].iter().flat_map(|number| number.to_le_bytes()));
    payload.extend(numbers(&[12]));
    for (kind, body) in &bodies {
        payload.extend(service(*kind));
        payload.extend(body);
    }
    payload.extend(service(5));
    payload.extend(text("someone"));
    payload.extend(service(77));
    let claims = Claims::from_payload(&payload).unwrap();
    let kinds: Vec<u16> = claims.services().iter().map(|service| service.kind).collect();
    assert_eq!(kinds, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 5]);
    assert_eq!(claims.unknown_service(), Some(77));
    assert_eq!(claims.services()[10].subject, "someone");
    assert_eq!(claims.payload(), payload);
}

#[test]
fn what_the_vendors_builders_make_nothing_of_is_refused() {
    for vector in vectors()["negative_inputs_npm"].as_array().unwrap() {
        if let (Some(app_id), Some(certificate)) = (vector["app_id"].as_str(), vector["app_certificate"].as_str()) {
            assert!(Credentials::new(app_id, certificate).is_err(), "{}", vector["name"]);
        }
    }
    for expire in [0, 86_401, u32::MAX, NOW as u32 + 600] {
        assert!(build(&credentials(), &Subject::App, NOW, expire, 1).is_err(), "{expire}");
    }
    assert!(build(&credentials(), &Subject::App, NOW * 1000, 600, 1).is_err(), "milliseconds");
    assert!(build(&credentials(), &Subject::User(String::new()), NOW, 600, 1).is_err());
    assert!(build(&credentials(), &Subject::User("a/b".to_owned()), NOW, 600, 1).is_err());
    let token = build(&credentials(), &Subject::App, NOW, 86_400, u32::MAX).unwrap();
    Claims::decode(token.as_str()).unwrap().verify(&credentials(), &Subject::App, NOW).unwrap();
}
