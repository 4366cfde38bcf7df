//! Verification against strings made by the vendor's own packages.

use groupmembers_sandbox::tim::usersig::{sign, verify};
use serde_json::Value;

const NOW: u64 = 1_700_000_000;

fn vectors() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/tim/usersig/vectors.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(file["frozen_time"], NOW);
    file["vectors"].as_array().unwrap().clone()
}

struct Official {
    name: String,
    usersig: String,
    app: u32,
    key: String,
    identifier: String,
    expire: u64,
}

fn official() -> Vec<Official> {
    let mut all = Vec::new();
    for vector in vectors() {
        let inputs = &vector["inputs"];
        for (by, made) in vector["implementations"].as_object().unwrap() {
            let Some(usersig) = made["usersig"].as_str() else {
                continue;
            };
            all.push(Official {
                name: format!("{} by {by}", vector["name"]),
                usersig: usersig.to_owned(),
                app: u32::try_from(inputs["sdkappid"].as_u64().unwrap()).unwrap(),
                key: inputs["key"].as_str().unwrap().to_owned(),
                identifier: inputs["identifier"].as_str().unwrap().to_owned(),
                expire: inputs["expire"].as_u64().unwrap(),
            });
        }
    }
    assert!(all.len() >= 50, "{}", all.len());
    all
}

fn code(result: Result<(), groupmembers_sandbox::tim::Refused>) -> u32 {
    result.expect_err("accepted").code
}

#[test]
fn every_official_signature_verifies() {
    for Official { name, usersig, app, key, identifier, expire } in official() {
        verify(&usersig, app, &key, &identifier, NOW).unwrap_or_else(|e| panic!("{name}: {e}"));
        // To the last second, and not one longer.
        verify(&usersig, app, &key, &identifier, NOW + expire).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(code(verify(&usersig, app, &key, &identifier, NOW + expire + 1)), 70001, "{name}");
    }
}

#[test]
fn every_official_signature_is_refused_for_anybody_else() {
    for Official { name, usersig, app, key, identifier, .. } in official() {
        let flipped = key.replacen(&key[..1], if key.starts_with('0') { "1" } else { "0" }, 1);
        assert_eq!(code(verify(&usersig, app, &flipped, &identifier, NOW)), 70009, "{name}");
        assert_eq!(code(verify(&usersig, app + 1, &key, &identifier, NOW)), 70014, "{name}");
        assert_eq!(code(verify(&usersig, app, &key, &format!("{identifier}x"), NOW)), 70013, "{name}");
    }
}

#[test]
fn no_official_signature_verifies_cut_short() {
    for Official { name, usersig, app, key, identifier, .. } in official().iter().take(12) {
        for end in 0..usersig.len() {
            let code = code(verify(&usersig[..end], *app, key, identifier, NOW));
            match end {
                0 => assert_eq!(code, 70002, "{name}"),
                _ => assert_eq!(code, 70005, "{name} cut to {end}"),
            }
        }
    }
}

#[test]
fn what_is_no_signature_is_not_decoded() {
    let check = |usersig: &str| code(verify(usersig, 1, "key", "id", NOW));
    for text in ["a+b/", "eJy=", "%2A", "AAAA", "H4sIAAAA", "签名"] {
        assert_eq!(check(text), 70003, "{text}");
    }
}

#[test]
fn own_signatures_verify_and_tampered_ones_do_not() {
    for identifier in ["administrator", "a b+c@d", "管理员", "😀"] {
        let usersig = sign(7, "key", identifier, NOW, 60);
        assert_eq!(verify(&usersig, 7, "key", identifier, NOW + 60), Ok(()));
        assert_eq!(code(verify(&usersig, 7, "key", identifier, NOW + 61)), 70001);
        assert_eq!(code(verify(&usersig, 7, "yek", identifier, NOW)), 70009);
    }
    let refused = verify(&sign(7, "key", "a", NOW, 60), 7, "yek", "a", NOW).unwrap_err().to_string();
    assert!(!refused.contains("yek") && !refused.contains("\"key\""), "{refused}");
}
