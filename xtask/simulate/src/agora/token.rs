//! Reads an AccessToken2 as the service does: base64, zlib, little-endian numbers and texts with their lengths before them.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the service looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) app: String,
    pub(super) at: u64,
    /// A length of time, in seconds: that of the token, or of its right to call, whichever is shorter.
    pub(super) expire: u64,
}

/// `None`: it cannot be decoded, or is no app token.
pub(super) fn read(text: &str) -> Option<Signed> {
    let packed = STANDARD.decode(text.strip_prefix("007")?).ok()?;
    let mut payload = Vec::new();
    flate2::read::ZlibDecoder::new(packed.as_slice()).take(4_096).read_to_end(&mut payload).ok()?;
    let rest = &mut payload.as_slice();
    take_text(rest).filter(|signature| signature.len() == 32)?;
    let app = String::from_utf8(take_text(rest)?.to_vec()).ok()?;
    let (at, expire, _salt) = (take_u32(rest)?, take_u32(rest)?, take_u32(rest)?);
    // One service, Chat, with the one right of an app, and no user.
    let (services, service, rights, right) = (take_u16(rest)?, take_u16(rest)?, take_u16(rest)?, take_u16(rest)?);
    let may = take_u32(rest)?;
    let user = take_text(rest)?;
    let is_app = (services, service, rights, right) == (1, 5, 1, 2) && user.is_empty() && rest.is_empty();
    is_app.then(|| Signed { app, at: at.into(), expire: expire.min(may).into() })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn take_u16(rest: &mut &[u8]) -> Option<u16> {
    Some(u16::from_le_bytes(take(rest, 2)?.try_into().ok()?))
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_u16(rest)?;
    take(rest, length.into())
}
