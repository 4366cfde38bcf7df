//! UserSig (TLSSigAPIv2), checked from the vendor's published rules.
//!
//! ```text
//! content = "TLS.identifier:ID\nTLS.sdkappid:APP\nTLS.time:SECONDS\nTLS.expire:SECONDS\n" [+ "TLS.userbuf:BASE64\n"]
//! TLS.sig = base64(HMAC-SHA256(the key's characters, content))
//! usersig = base64(zlib(JSON of the fields)), with * - _ for + / =
//! ```

use std::{
    fmt,
    io::{Read, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

/// No honest signature comes near; a compressed bomb would.
const LARGEST: u64 = 64 * 1024;

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The vendor's code: 70001 to 70014.
    pub code: u32,
    /// What is wrong with it. Names identifiers and apps, never a key or a signature.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.why, self.code)
    }
}

impl std::error::Error for Refused {}

fn refuse<T>(code: u32, why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { code, why: why.into() })
}

/// Checks a UserSig against the app, its key, the identifier that came with it, and the time in Unix seconds.
///
/// # Errors
/// 70002 empty, 70003 not decodable, 70005 truncated, 70014 another app, 70013 another identifier, 70001 expired,
/// 70009 made with another key: the first of these that holds.
pub fn verify(usersig: &str, sdk_app_id: u32, secret_key: &str, identifier: &str, now: u64) -> Result<(), Refused> {
    let fields = decode(usersig)?;
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        _ => refuse(70003, format!("{name} is missing or not a string")),
    };
    let number = |name: &str| match fields.get(name).and_then(Value::as_u64) {
        Some(number) => Ok(number),
        None => refuse(70003, format!("{name} is missing or not an unsigned integer")),
    };
    let version = text("TLS.ver")?;
    if version != "2.0" {
        return refuse(70003, format!("TLS.ver is {version:?}, not \"2.0\""));
    }
    let (signed_for, app) = (text("TLS.identifier")?, number("TLS.sdkappid")?);
    let (time, expire) = (number("TLS.time")?, number("TLS.expire")?);
    let userbuf = match fields.get("TLS.userbuf") {
        None => None,
        Some(_) => Some(text("TLS.userbuf")?),
    };
    let Ok(sig) = STANDARD.decode(text("TLS.sig")?) else {
        return refuse(70003, "TLS.sig is not base64");
    };
    if app != u64::from(sdk_app_id) {
        return refuse(70014, format!("signed for app {app}, called as app {sdk_app_id}"));
    }
    if signed_for != identifier {
        return refuse(70013, format!("signed for {signed_for:?}, called as {identifier:?}"));
    }
    if now > time.saturating_add(expire) {
        return refuse(70001, format!("made at {time} for {expire} s, now it is {now}"));
    }
    let content = content(identifier, sdk_app_id, time, expire, userbuf);
    if mac(secret_key, &content).verify_slice(&sig).is_err() {
        return refuse(70009, format!("TLS.sig is not the HMAC of these fields with the key of app {sdk_app_id}"));
    }
    Ok(())
}

/// Makes a UserSig, for trying the sandbox by hand.
#[must_use]
pub fn sign(sdk_app_id: u32, secret_key: &str, identifier: &str, time: u64, expire: u64) -> String {
    let sig = mac(secret_key, &content(identifier, sdk_app_id, time, expire, None)).finalize().into_bytes();
    let fields = serde_json::json!({
        "TLS.ver": "2.0", "TLS.identifier": identifier, "TLS.sdkappid": sdk_app_id,
        "TLS.expire": expire, "TLS.time": time, "TLS.sig": STANDARD.encode(sig),
    });
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec does not fail.
    let _ = zlib.write_all(fields.to_string().as_bytes());
    let packed = zlib.finish().unwrap_or_default();
    STANDARD
        .encode(packed)
        .chars()
        .map(|c| match c {
            '+' => '*',
            '/' => '-',
            '=' => '_',
            c => c,
        })
        .collect()
}

fn content(identifier: &str, sdk_app_id: u32, time: u64, expire: u64, userbuf: Option<&str>) -> String {
    let mut content =
        format!("TLS.identifier:{identifier}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time}\nTLS.expire:{expire}\n");
    if let Some(userbuf) = userbuf {
        // As it stands in the document: still in base64.
        content.push_str("TLS.userbuf:");
        content.push_str(userbuf);
        content.push('\n');
    }
    content
}

fn mac(secret_key: &str, content: &str) -> Hmac<Sha256> {
    // The key is its 64 characters, not the 32 bytes they spell. HMAC takes keys of any length.
    #[allow(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).expect("a key of any length");
    mac.update(content.as_bytes());
    mac
}

fn decode(usersig: &str) -> Result<Map<String, Value>, Refused> {
    if usersig.is_empty() {
        return refuse(70002, "usersig is empty");
    }
    let mut base64 = String::with_capacity(usersig.len());
    for c in usersig.chars() {
        base64.push(match c {
            '*' => '+',
            '-' => '/',
            '_' => '=',
            c if c.is_ascii_alphanumeric() => c,
            c => return refuse(70003, format!("{c:?} is not of the alphabet A-Z a-z 0-9 * - _")),
        });
    }
    let packed = match STANDARD.decode(&base64) {
        Ok(packed) => packed,
        Err(_) if !base64.len().is_multiple_of(4) => return refuse(70005, "the base64 text ends too early"),
        Err(error) => return refuse(70003, format!("not base64: {error}")),
    };
    let mut json = Vec::new();
    match ZlibDecoder::new(packed.as_slice()).take(LARGEST + 1).read_to_end(&mut json) {
        Ok(_) if json.len() as u64 > LARGEST => return refuse(70003, "longer than any signature"),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return refuse(70005, "the compressed data ends too early");
        }
        Err(_) => return refuse(70003, "not zlib data (RFC 1950)"),
    }
    match serde_json::from_slice(&json) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => refuse(70003, "not a JSON object"),
        Err(error) if error.is_eof() => refuse(70005, "the JSON document ends too early"),
        Err(_) => refuse(70003, "not a JSON document"),
    }
}
