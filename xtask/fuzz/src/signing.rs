//! Signatures and tokens: any text is read or refused, and what was read is never taken for genuine by another's key.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

const APP_ID: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";

/// The first byte says whether the rest is a UserSig or the bytes of a PrivateMapKey.
pub(crate) fn usersig(data: &[u8]) {
    use tim_rest::userbuf::PrivateMapKey;
    use tim_rest::usersig::Claims;
    let Some((kind, rest)) = data.split_first() else { return };
    if kind % 2 == 1 {
        let _ = PrivateMapKey::decode(rest).map(|read| format!("{read:?}"));
        return;
    }
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if let Ok(claims) = Claims::decode(text) {
        let _ = (format!("{claims:?}"), claims.userbuf().map(|bytes| PrivateMapKey::decode(&bytes).is_some()));
        let mine = tim_rest::Credentials::new(1, "administrator", "a key that signed nothing").unwrap();
        for now in [0, 1_700_000_000, u64::MAX] {
            assert!(claims.verify(&mine, now).is_err(), "a forgery");
        }
    }
}

/// The first byte says whether the rest is a token or the bytes inside one.
pub(crate) fn access_token(data: &[u8]) {
    use agora_chat_rest::access_token::Claims;
    let Some((kind, rest)) = data.split_first() else { return };
    let claims = match kind % 2 {
        0 => std::str::from_utf8(rest).ok().and_then(|text| Claims::decode(text).ok()),
        _ => Claims::from_payload(rest).ok(),
    };
    let Some(claims) = claims else { return };
    let _ = format!("{claims:?}");
    assert_eq!(Claims::decode(&claims.encode()).as_ref(), Ok(&claims), "it does not come back");
    let mine = agora_chat_rest::Credentials::new(APP_ID, CERTIFICATE).unwrap();
    let somebody = agora_chat_rest::Subject::User("somebody".to_owned());
    for now in [0, 1_700_000_000, u64::MAX] {
        for subject in [&agora_chat_rest::Subject::App, &somebody] {
            assert!(claims.verify(&mine, subject, now).is_err(), "a forgery");
        }
    }
}

/// Lines of `Name: value`.
pub(crate) fn checksum(data: &[u8]) {
    use nim_server::checksum::Claims;
    let headers = data.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..at], line[at + 1..].trim_ascii());
        Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
    });
    let headers: HeaderMap = headers.collect();
    let mine = nim_server::Credentials::new("0123456789abcdef", "a-secret-that-signed-nothing").unwrap();
    if let Ok(claims) = Claims::from_headers(&headers) {
        let _ = format!("{claims:?}");
        for now in [0, 1_700_000_000, u64::MAX] {
            assert!(claims.verify(&mine, now).is_err(), "a forgery");
        }
    }
}
