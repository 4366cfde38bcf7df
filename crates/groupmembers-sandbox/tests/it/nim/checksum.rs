//! Verification against digests made by other implementations, the vendor's own Go client among them.

use groupmembers_sandbox::nim::checksum::{check_sum, verify};
use serde_json::Value;

fn file() -> Value {
    serde_json::from_str(include_str!("checksum_vectors.json")).unwrap()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

#[test]
fn every_vector_verifies_within_five_minutes_and_no_longer() {
    let file = file();
    let vectors = file["request_check_sum"]["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 5);
    for vector in vectors {
        let (secret, nonce, time) = (text(vector, "app_secret"), text(vector, "nonce"), text(vector, "cur_time"));
        let given = text(vector, "check_sum");
        assert_eq!(check_sum(secret, nonce, time), given, "{}", vector["name"]);
        let now: u64 = time.parse().unwrap();
        for now in [now - 300, now, now + 300] {
            verify(secret, nonce, time, given, now).unwrap();
        }
        for now in [now - 301, now + 301] {
            assert_eq!(verify(secret, nonce, time, given, now).unwrap_err().desc, "CurTime is expired");
        }
    }
}

#[test]
fn the_digest_is_of_the_plain_concatenation() {
    // Which is why a nonce had better not end in a digit.
    assert_eq!(check_sum("0123456789ab", "7", "81700000000"), check_sum("0123456789ab", "78", "1700000000"));
}

#[test]
fn digests_of_other_rules_are_refused_and_the_log_line_says_which() {
    let file = file();
    let first = &file["request_check_sum"]["vectors"][0];
    let (secret, nonce, time) = (text(first, "app_secret"), text(first, "nonce"), text(first, "cur_time"));
    let now = time.parse().unwrap();
    let wrong = file["request_check_sum"]["must_not_produce"].as_object().unwrap();
    let mut seen = 0;
    for (name, digest) in wrong.iter().filter(|(name, _)| *name != "note") {
        let refused = verify(secret, nonce, time, digest.as_str().unwrap(), now).unwrap_err();
        assert_eq!(refused.desc, "checksum", "{name}");
        let expected = match name.as_str() {
            "upper_hex" => "not in lower case",
            "md5_instead_of_sha1" => "not 40 hex digits",
            _ => "another secret, nonce or time",
        };
        assert!(refused.why.contains(expected), "{name}: {}", refused.why);
        seen += 1;
    }
    assert_eq!(seen, 5);
    // The scheme of the callbacks is none of this API's.
    for vector in file["callback_check_sum"]["vectors"].as_array().unwrap() {
        let (secret, time) = (text(vector, "app_secret"), text(vector, "cur_time"));
        let now = time.parse().unwrap();
        let given = text(vector, "check_sum");
        assert!(verify(secret, "1", time, given, now).is_err());
        assert!(
            verify(secret, text(vector, "md5"), time, given, now).is_ok(),
            "the same rule, with the MD5 for a nonce"
        );
    }
}

#[test]
fn nonces_and_times_that_cannot_be() {
    let desc = |nonce: &str, time: &str| {
        let given = check_sum("s", nonce, time);
        verify("s", nonce, time, &given, 1_700_000_000).err().map(|refused| refused.desc)
    };
    let time = "1700000000";
    assert_eq!(desc(&"a".repeat(128), time), None);
    assert_eq!(desc(&"a".repeat(129), time), Some("checksum"));
    assert_eq!(desc("", time), Some("checksum"));
    for time in ["", "now", "+1700000000", " 1700000000", "1700000000.0", "1700000000000", "99999999999999999999999"] {
        assert_eq!(desc("a", time), Some("CurTime is expired"), "{time:?}");
    }
    assert_eq!(desc("a", "01700000000"), None, "the digest is over the text as it came");
    let milliseconds = verify("s", "a", "1700000000000", "", 1_700_000_000).unwrap_err();
    assert!(milliseconds.why.contains("milliseconds"), "{}", milliseconds.why);
}
