//! Reads a UserSig as the service does: base64 with another alphabet, zlib, JSON.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What the service looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) app: u64,
    pub(super) identifier: String,
    pub(super) at: u64,
    /// A length of time, in seconds.
    pub(super) expire: u64,
}

/// `None`: it cannot be decoded.
pub(super) fn read(text: &str) -> Option<Signed> {
    let text: String = text
        .chars()
        .map(|char| match char {
            '*' => '+',
            '-' => '/',
            '_' => '=',
            other => other,
        })
        .collect();
    let packed = STANDARD.decode(text).ok()?;
    let mut json = Vec::new();
    flate2::read::ZlibDecoder::new(packed.as_slice()).take(4_096).read_to_end(&mut json).ok()?;
    let fields: Value = serde_json::from_slice(&json).ok()?;
    Some(Signed {
        app: fields["TLS.sdkappid"].as_u64()?,
        identifier: fields["TLS.identifier"].as_str()?.to_owned(),
        at: fields["TLS.time"].as_u64()?,
        expire: fields["TLS.expire"].as_u64()?,
    })
}
