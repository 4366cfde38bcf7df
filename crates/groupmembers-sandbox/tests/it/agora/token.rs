//! Verification against tokens made by the vendor's own packages.

use groupmembers_sandbox::agora::{
    DEMO_APP_CERTIFICATE, DEMO_APP_ID, Refused,
    token::{Holder, sign, verify},
};
use serde_json::Value;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/agora/access_token/vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

struct Official {
    name: String,
    token: String,
    app: String,
    certificate: String,
    holder: Holder,
    issued: u64,
    expire: u64,
}

fn official() -> Vec<Official> {
    let file = vectors();
    let mut all = Vec::new();
    let mut add = |name: String, inputs: &Value, token: &str| {
        let text = |name: &str| inputs[name].as_str().unwrap_or_default().to_owned();
        all.push(Official {
            name,
            token: token.to_owned(),
            app: text("app_id"),
            certificate: text("app_certificate"),
            holder: if inputs["kind"] == "app" { Holder::App } else { Holder::User(text("user_id")) },
            issued: inputs["issue_ts"].as_u64().unwrap(),
            expire: inputs["expire"].as_u64().unwrap(),
        });
    };
    for vector in file["vectors"].as_array().unwrap() {
        for (by, token) in vector["tokens_by_implementation"].as_object().unwrap() {
            add(format!("{} by {by}", vector["name"]), &vector["inputs"], token.as_str().unwrap());
        }
    }
    for vector in file["official_published_vectors"].as_array().unwrap() {
        for token in vector["token_strings_in_official_tests"].as_array().unwrap() {
            add("published".to_owned(), &vector["inputs"], token["token"].as_str().unwrap());
        }
    }
    assert!(all.len() >= 50, "{}", all.len());
    all
}

#[test]
fn every_official_token_verifies_to_its_last_second() {
    for Official { name, token, app, certificate, holder, issued, expire } in official() {
        let at = |now| verify(&token, &app, &certificate, now, 0);
        assert_eq!(at(issued), Ok(holder.clone()), "{name}");
        assert_eq!(at(issued + expire - 1), Ok(holder), "{name}");
        assert!(matches!(at(issued + expire), Err(Refused::Expired(_))), "{name}");
        let longest = u32::try_from(expire).unwrap() - 1;
        assert!(
            longest == 0 || matches!(verify(&token, &app, &certificate, issued, longest), Err(Refused::Expired(_)))
        );
    }
}

#[test]
fn every_official_token_is_refused_with_another_app_or_certificate() {
    for Official { name, token, app, certificate, issued, .. } in official() {
        let foreign = |app: &str, certificate: &str| {
            assert!(matches!(verify(&token, app, certificate, issued, 0), Err(Refused::Foreign(_))), "{name}");
        };
        foreign(&app, &certificate.to_uppercase());
        foreign(&app, &format!("{certificate}0"));
        foreign(&certificate, &certificate);
    }
}

#[test]
fn the_same_payload_at_any_compression_verifies() {
    let file = vectors();
    let sweep = file["zlib_level_sweep"]["tokens"].as_object().unwrap();
    assert_eq!(sweep.len(), 11);
    for token in sweep.values() {
        let now = 1_700_000_000;
        assert!(verify(token.as_str().unwrap(), DEMO_APP_ID, DEMO_APP_CERTIFICATE, now, 86_400).is_ok());
    }
}

#[test]
fn what_is_no_token_is_corrupt() {
    let good = sign(DEMO_APP_ID, DEMO_APP_CERTIFICATE, &Holder::App, 1_000, 600, 7);
    let check = |token: &str| verify(token, DEMO_APP_ID, DEMO_APP_CERTIFICATE, 1_000, 0);
    assert_eq!(check(&good), Ok(Holder::App));
    for end in 0..good.len() {
        assert!(matches!(check(&good[..end]), Err(Refused::Corrupt(_))), "cut to {end}");
    }
    for token in [format!("006{}", &good[3..]), format!("{good}="), format!("{good}\n"), "007令牌".to_owned()] {
        assert!(matches!(check(&token), Err(Refused::Corrupt(_))), "{token}");
    }
    let user = sign(DEMO_APP_ID, DEMO_APP_CERTIFICATE, &Holder::User(String::new()), 1_000, 600, 7);
    assert!(matches!(check(&user), Err(Refused::Foreign(_))));
    let refused = format!("{:?}", verify(&good, DEMO_APP_ID, "secret-secret", 1_000, 0));
    assert!(!refused.contains("secret-secret") && !refused.contains(&good[3..]), "{refused}");
}
