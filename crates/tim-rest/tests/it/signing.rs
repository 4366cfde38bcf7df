//! UserSig against the vendor's own packages, in both directions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tim_rest::userbuf::{PrivateMapKey, Room};
use tim_rest::usersig::{Claims, Refusal};
use tim_rest::{Credentials, SecretKey, UserSig};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
    level_and_layout_independence: Independence,
}

#[derive(Deserialize)]
struct Independence {
    cases: Vec<Layout>,
}

#[derive(Deserialize)]
struct Layout {
    usersig: String,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    inputs: Inputs,
    decoded: serde_json::Map<String, Value>,
    implementations: std::collections::BTreeMap<String, Layout>,
}

#[derive(Deserialize)]
struct Inputs {
    kind: String,
    sdkappid: u32,
    key: String,
    identifier: String,
    expire: u64,
    time: u64,
    userbuf_b64: Option<String>,
    room_id: Option<u32>,
    room_str: Option<String>,
    privilege_map: Option<u32>,
}

fn vectors() -> Vectors {
    let path = crate::cases::fixtures().join("usersig/vectors.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Inputs {
    fn credentials(&self) -> Credentials {
        Credentials::new(self.sdkappid, &self.identifier, &self.key).unwrap()
    }

    fn permission(&self) -> PrivateMapKey {
        let room = match self.kind.as_str() {
            "privmap" => Room::Number(self.room_id.unwrap()),
            "privmapstr" => Room::Name(self.room_str.clone().unwrap()),
            other => panic!("{other}"),
        };
        PrivateMapKey::new(&self.identifier, room, self.privilege_map.unwrap())
    }

    fn sign(&self) -> UserSig {
        let credentials = self.credentials();
        match (self.kind.as_str(), &self.userbuf_b64) {
            ("usersig", _) => UserSig::sign(&credentials, self.time, self.expire).unwrap(),
            ("userbuf", Some(userbuf)) => {
                let (userbuf, key) = (STANDARD.decode(userbuf).unwrap(), credentials.secret_key());
                UserSig::sign_for(self.sdkappid, key, &self.identifier, self.time, self.expire, Some(&userbuf)).unwrap()
            }
            _ => self.permission().sign(&credentials, self.time, self.expire).unwrap(),
        }
    }
}

#[test]
fn we_sign_what_the_vendors_packages_sign() {
    for vector in vectors().vectors {
        let ours = Claims::decode(vector.inputs.sign().as_str()).unwrap();
        let ours = serde_json::to_value(&ours).unwrap();
        assert_eq!(ours, Value::Object(vector.decoded), "{}", vector.name);
    }
}

#[test]
fn we_accept_what_the_vendors_packages_sign() {
    let mut accepted = 0;
    for vector in vectors().vectors {
        for (package, signed) in vector.implementations {
            let claims = Claims::decode(&signed.usersig)
                .unwrap_or_else(|refusal| panic!("{} {package}: {refusal}", vector.name));
            claims.verify(&vector.inputs.credentials(), vector.inputs.time + vector.inputs.expire).unwrap();
            accepted += 1;
            if vector.inputs.kind.starts_with("privmap") {
                let (permission, app, expires_at) = PrivateMapKey::decode(&claims.userbuf().unwrap()).unwrap();
                assert_eq!(permission, vector.inputs.permission(), "{} {package}", vector.name);
                assert_eq!((app, expires_at), (vector.inputs.sdkappid, claims.expires_at()));
            }
        }
    }
    assert_eq!(accepted, 55);
}

#[test]
fn layout_and_deflate_level_do_not_matter() {
    let vectors = vectors();
    let credentials = vectors.vectors[0].inputs.credentials();
    let cases = vectors.level_and_layout_independence.cases;
    assert_eq!(cases.len(), 5);
    for case in cases {
        Claims::decode(&case.usersig).unwrap().verify(&credentials, 1_700_000_001).unwrap();
    }
}

#[test]
fn a_refusal_says_why() {
    let credentials = vectors().vectors[0].inputs.credentials();
    let sig = UserSig::sign(&credentials, 1_000, 60).unwrap();
    let claims = Claims::decode(sig.as_str()).unwrap();
    assert_eq!(claims.verify(&credentials, 1_060), Ok(()));
    assert_eq!(claims.verify(&credentials, 1_061), Err(Refusal::Expired { at: 1_060 }));

    let key = credentials.secret_key();
    assert_eq!(claims.verify_for(1, key, "administrator", 1_000), Err(Refusal::OtherApp { signed_for: 1_400_000_000 }));
    let other = Refusal::OtherIdentifier { signed_for: "administrator".to_owned() };
    assert_eq!(claims.verify_for(1_400_000_000, key, "admin", 1_000), Err(other));
    let long = Refusal::OtherIdentifier { signed_for: format!("\u{202e}{}", "x".repeat(100_000)) }.to_string();
    assert!(long.len() < 200 && long.contains("\\u{202e}x"), "{long}");
    let wrong = SecretKey::new("0".repeat(64)).unwrap();
    assert_eq!(claims.verify_for(1_400_000_000, &wrong, "administrator", 1_000), Err(Refusal::WrongKey));

    let text = sig.as_str();
    for damaged in
        ["", "!", &text[..text.len() / 2], &text[1..], "eJwDAAAAAAE_", &text.replace('*', "+").replace('_', "%")[..20]]
    {
        assert!(matches!(Claims::decode(damaged), Err(Refusal::Damaged(_))), "{damaged:?}");
    }
}

#[test]
fn a_signature_that_unpacks_to_gigabytes_is_refused_early() {
    let mut zeros = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(b' '), 100 << 20), &mut zeros).unwrap();
    let text = STANDARD.encode(zeros.finish().unwrap()).replace('+', "*").replace('/', "-").replace('=', "_");
    assert_eq!(Claims::decode(&text), Err(Refusal::Damaged("it unpacks to more than any UserSig holds")));
}

#[test]
fn secrets_are_in_no_debug_text() {
    let credentials = Credentials::new(1_400_000_000, "administrator", "PLANTED-secret-key").unwrap();
    let sig = UserSig::sign(&credentials, 1_000, 60).unwrap();
    let claims = Claims::decode(sig.as_str()).unwrap();
    let texts = format!("{credentials:?} {sig:?} {claims:?} {:?}", credentials.secret_key());
    assert!(!texts.contains("PLANTED"), "{texts}");
    assert!(!texts.contains(sig.as_str()), "{texts}");
    let signature = serde_json::to_value(&claims).unwrap()["TLS.sig"].as_str().unwrap().to_owned();
    assert!(!texts.contains(&signature), "{texts}");
}

#[test]
fn what_cannot_be_a_credential_is_refused_without_showing_it() {
    let bad = |id: u32, admin: &str, key: &str| Credentials::new(id, admin, key).unwrap_err().to_string();
    let texts = [
        bad(0, "administrator", "PLANTED"),
        bad(1, "", "PLANTED"),
        bad(1, "administrator", ""),
        bad(1, "administrator", " PLANTED"),
        bad(1, "administrator", "PLANTED\n"),
        bad(1, "administrator", "PLAN\nTED"),
        bad(1, "admin\n", "PLANTED"),
    ];
    insta::assert_snapshot!(texts.join("\n"));
    assert!(!texts.join("\n").contains("PLAN"));
}
