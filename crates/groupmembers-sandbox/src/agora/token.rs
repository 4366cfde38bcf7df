//! AccessToken2 ("007"), checked from the vendor's published layout.
//!
//! ```text
//! token        = "007" + base64(zlib(str(signature) + signing_info))
//! signing_info = str(app_id) + u32 issue_ts + u32 expire + u32 salt + u16 services + service*
//! chat service = u16 5 + u16 n + n * (u16 privilege, u32 seconds) + str(user_id)
//! str          = u16 length + bytes; every integer is little-endian
//! signature    = HMAC-SHA256(HMAC-SHA256(LE32(salt), HMAC-SHA256(LE32(issue_ts), certificate)), signing_info)
//! ```
//! HMACs are written (key, message): the numbers are the keys, the certificate's characters are a message.

use std::{
    fmt,
    io::{Read, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// No honest token comes near; a compressed bomb would.
const LARGEST: u64 = 64 * 1024;
const CHAT: u16 = 5;
const USER: u16 = 1;
const APP: u16 = 2;

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// It is no AccessToken2: prefix, base64, compression or layout.
    Corrupt(&'static str),
    /// It is one, but not of this project or not for Chat.
    Foreign(&'static str),
    /// Its time is over, or longer than allowed.
    Expired(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt(why) | Self::Foreign(why) => f.write_str(why),
            Self::Expired(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refused {}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The app's own server.
    App,
    /// One chat user.
    User(String),
}

/// Checks a token against the project and the time in Unix seconds. `longest` is the longest life in seconds that is
/// accepted; 0 accepts any.
///
/// # Errors
/// What is wrong with it; never with a piece of the token or the certificate.
pub fn verify(token: &str, app_id: &str, certificate: &str, now: u64, longest: u32) -> Result<Holder, Refused> {
    let payload = inflate(token)?;
    let mut rest = Bytes(&payload);
    let signature = rest.text()?;
    let signed = rest.0;
    let app = rest.text()?;
    let (issued, expire, salt) = (rest.u32()?, rest.u32()?, rest.u32()?);
    let chat = chat_service(&mut rest)?;

    if app != app_id.as_bytes() {
        return Err(Refused::Foreign("the token was made for another App ID"));
    }
    let key = signing_key(issued, salt, certificate);
    let mut mac = keyed(&key);
    mac.update(signed);
    if mac.verify_slice(signature).is_err() {
        return Err(Refused::Foreign("the signature is not the HMAC of this token with the app certificate"));
    }
    if longest > 0 && expire > longest {
        return Err(Refused::Expired(format!("made for {expire} s, {longest} s are the longest life")));
    }
    let over = |seconds: u32| now >= u64::from(issued) + u64::from(seconds);
    if over(expire) {
        return Err(Refused::Expired(format!("made at {issued} for {expire} s, now it is {now}")));
    }
    let Some(chat) = chat else {
        return Err(Refused::Foreign("the token has no chat service"));
    };
    let granted = |privilege| chat.privileges.iter().find(|(p, _)| *p == privilege).map(|(_, seconds)| *seconds);
    let (holder, seconds) = match (granted(APP), granted(USER)) {
        (Some(seconds), _) => (Holder::App, seconds),
        (None, Some(_)) if chat.user.is_empty() => return Err(Refused::Foreign("a user token without a user")),
        (None, Some(seconds)) => (Holder::User(chat.user), seconds),
        (None, None) => return Err(Refused::Foreign("neither the app nor the user privilege")),
    };
    if seconds != 0 && over(seconds) {
        return Err(Refused::Expired(format!("its privilege was for {seconds} s from {issued}, now it is {now}")));
    }
    Ok(holder)
}

/// Makes a token, for trying the sandbox by hand.
#[must_use]
pub fn sign(app_id: &str, certificate: &str, holder: &Holder, issued: u32, expire: u32, salt: u32) -> String {
    let (privilege, user) = match holder {
        Holder::App => (APP, ""),
        Holder::User(user) => (USER, user.as_str()),
    };
    let mut info = Vec::new();
    put(&mut info, app_id.as_bytes());
    for number in [issued, expire, salt] {
        info.extend(number.to_le_bytes());
    }
    for number in [1, CHAT, 1, privilege] {
        info.extend(number.to_le_bytes());
    }
    info.extend(expire.to_le_bytes());
    put(&mut info, user.as_bytes());
    let key = signing_key(issued, salt, certificate);
    let mut mac = keyed(&key);
    mac.update(&info);
    let mut payload = Vec::new();
    put(&mut payload, &mac.finalize().into_bytes());
    payload.extend(info);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec does not fail.
    let _ = zlib.write_all(&payload);
    format!("007{}", STANDARD.encode(zlib.finish().unwrap_or_default()))
}

fn put(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(text.iter().take(usize::from(u16::MAX)));
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    #[allow(clippy::expect_used)]
    Hmac::<Sha256>::new_from_slice(key).expect("a key of any length")
}

/// The number is the key and the secret the message, in both steps.
fn signing_key(issued: u32, salt: u32, certificate: &str) -> Vec<u8> {
    let mut first = keyed(&issued.to_le_bytes());
    first.update(certificate.as_bytes());
    let mut second = keyed(&salt.to_le_bytes());
    second.update(&first.finalize().into_bytes());
    second.finalize().into_bytes().to_vec()
}

fn inflate(token: &str) -> Result<Vec<u8>, Refused> {
    let base64 = token.strip_prefix("007").ok_or(Refused::Corrupt("no token of version 007"))?;
    let packed = STANDARD.decode(base64).map_err(|_| Refused::Corrupt("not base64 (RFC 4648, padded)"))?;
    let mut payload = Vec::new();
    match ZlibDecoder::new(packed.as_slice()).take(LARGEST + 1).read_to_end(&mut payload) {
        Ok(_) if payload.len() as u64 > LARGEST => Err(Refused::Corrupt("longer than any token")),
        Ok(_) => Ok(payload),
        Err(_) => Err(Refused::Corrupt("not zlib data (RFC 1950), or cut short")),
    }
}

struct Chat {
    privileges: Vec<(u16, u32)>,
    user: String,
}

/// Services come in ascending order of their types; what follows the chat service is covered by the signature and does
/// not matter here.
fn chat_service(rest: &mut Bytes<'_>) -> Result<Option<Chat>, Refused> {
    for _ in 0..rest.u16()? {
        let service = rest.u16()?;
        let count = rest.u16()?;
        let privileges = (0..count).map(|_| Ok((rest.u16()?, rest.u32()?))).collect::<Result<_, Refused>>()?;
        match service {
            // RTC: channel and user.
            1 => {
                rest.text()?;
                rest.text()?;
            }
            // RTM: user.
            2 => {
                rest.text()?;
            }
            // FPA has nothing more.
            4 => {}
            CHAT => {
                let user = std::str::from_utf8(rest.text()?);
                let user = user.map_err(|_| Refused::Corrupt("the user is not UTF-8"))?.to_owned();
                return Ok(Some(Chat { privileges, user }));
            }
            // How long any other one is cannot be known.
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Refused> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Refused::Corrupt("the payload ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, Refused> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32, Refused> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn text(&mut self) -> Result<&'a [u8], Refused> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}
