//! AccessToken2 ("007"): building, parsing, verifying. Nothing is sent.
//!
//! Rules: <https://github.com/AgoraIO/Tools>, `DynamicKey/AgoraDynamicKey`. Two tokens of the same content need not be the same
//! text: compressors differ. Compare what [`Claims::decode`] finds.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use sha2::Sha256;

use crate::credentials::{Credentials, Token, check_user_id};
use crate::error::BuildError;

/// The longest life the documents allow, in seconds.
pub const MAX_EXPIRE: u32 = 86_400;

/// The deflate level that zlib takes by default.
const LEVEL: u8 = 6;

/// No honest token unpacks to more.
const MAX_PAYLOAD: usize = 64 * 1024;

const CHAT: u16 = 5;
const USER: u16 = 1;
const APP: u16 = 2;

/// For whom a token speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The app's own server: what this API is called with.
    App,
    /// One chat user.
    User(String),
}

/// Builds a token that is good from `issued_at` (seconds since 1970-01-01 UTC) for `expire` seconds. `salt` is any number; a
/// fresh one for each token.
///
/// # Errors
/// `expire` is 0 or over [`MAX_EXPIRE`], `issued_at` does not fit, or the user ID can be none.
pub fn build(
    credentials: &Credentials,
    subject: &Subject,
    issued_at: u64,
    expire: u32,
    salt: u32,
) -> Result<Token, BuildError> {
    if !(1..=MAX_EXPIRE).contains(&expire) {
        return Err(BuildError::new("expire", "is a number of seconds from now, 1 to 86400; not a point in time"));
    }
    let claims = Claims::new(credentials, subject, issued_at, expire, salt)?;
    Token::new(claims.encode())
}

/// What a token says. Parsing proves nothing: [`verify`](Self::verify) does.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    app_id: String,
    issued_at: u32,
    expire: u32,
    salt: u32,
    services: Vec<Service>,
    unknown_service: Option<u16>,
    signature: Vec<u8>,
    /// What the signature covers, as it came.
    signed: Vec<u8>,
}

/// What a token allows for one of Agora's services.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// 1 RTC, 2 RTM, 3 Streaming, 4 FPA, 5 Chat, 6 FCDN, 7 APaaS, 8 RTM2, 9 ConvoAI, 10 STT.
    pub kind: u16,
    /// Privilege, and for how many seconds from the token's issue.
    pub privileges: BTreeMap<u16, u32>,
    /// Chat: the user; "" in an app token. Other services: their first text, a channel, a user or a room.
    pub subject: String,
}

impl Claims {
    /// What a chat token says that is to be built: without holding `expire` against the documents.
    ///
    /// # Errors
    /// `issued_at` does not fit into 32 bits, or the user ID can be none.
    pub fn new(
        credentials: &Credentials,
        subject: &Subject,
        issued_at: u64,
        expire: u32,
        salt: u32,
    ) -> Result<Self, BuildError> {
        let issued_at = u32::try_from(issued_at)
            .map_err(|_| BuildError::new("issue time", "is not in seconds since 1970-01-01"))?;
        let (privilege, user) = match subject {
            Subject::App => (APP, ""),
            Subject::User(user) => {
                check_user_id(user)?;
                (USER, user.as_str())
            }
        };
        let mut signed = Vec::new();
        put_text(&mut signed, credentials.app_id().as_bytes());
        for number in [issued_at, expire, salt] {
            signed.extend(number.to_le_bytes());
        }
        for number in [1, CHAT, 1, privilege] {
            signed.extend(number.to_le_bytes());
        }
        signed.extend(expire.to_le_bytes());
        put_text(&mut signed, user.as_bytes());
        let mut claims = Self {
            app_id: credentials.app_id().to_owned(),
            issued_at,
            expire,
            salt,
            services: vec![Service {
                kind: CHAT,
                privileges: BTreeMap::from([(privilege, expire)]),
                subject: user.to_owned(),
            }],
            unknown_service: None,
            signature: Vec::new(),
            signed,
        };
        claims.signature = claims.mac(credentials).finalize().into_bytes().to_vec();
        Ok(claims)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`Refusal::Damaged`], with what is wrong with it.
    pub fn decode(token: &str) -> Result<Self, Refusal> {
        let Some(packed) = token.trim().strip_prefix("007") else {
            return Err(Refusal::Damaged("it does not begin with 007: it is of another kind"));
        };
        let packed =
            BASE64.decode(packed).map_err(|_| Refusal::Damaged("it is not base64 after 007, or was cut off"))?;
        let payload = decompress_to_vec_zlib_with_limit(&packed, MAX_PAYLOAD).map_err(|error| match error.status {
            TINFLStatus::HasMoreOutput => Refusal::Damaged("it unpacks to more than any token holds"),
            _ => Refusal::Damaged("it does not unpack: it was cut off or changed"),
        })?;
        Self::from_payload(&payload)
    }

    /// Reads a token's payload: what is left once prefix, base64 and zlib are gone.
    ///
    /// # Errors
    /// [`Refusal::Damaged`], with what is wrong with it.
    pub fn from_payload(payload: &[u8]) -> Result<Self, Refusal> {
        let read = || {
            let mut rest = Reader(payload);
            let signature = rest.bytes()?.to_vec();
            let signed = rest.0.to_vec();
            let app_id = rest.text()?;
            let (issued_at, expire, salt) = (rest.u32()?, rest.u32()?, rest.u32()?);
            let mut claims = Self {
                app_id,
                issued_at,
                expire,
                salt,
                services: Vec::new(),
                unknown_service: None,
                signature,
                signed,
            };
            for _ in 0..rest.u16()? {
                let kind = rest.u16()?;
                if !(1..=10).contains(&kind) {
                    // Its length is unknown, so what follows cannot be found.
                    claims.unknown_service = Some(kind);
                    break;
                }
                claims.services.push(rest.service(kind)?);
            }
            Some(claims)
        };
        read().ok_or(Refusal::Damaged("its content ends early, or is no token's"))
    }

    /// The bytes that are packed into the token's text.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(2 + self.signature.len() + self.signed.len());
        put_text(&mut payload, &self.signature);
        payload.extend(&self.signed);
        payload
    }

    /// Checks it as the service would at `now`, offline. The documents ask for the times; how the service takes clocks that
    /// differ is not known.
    ///
    /// # Errors
    /// The first reason to refuse it, in this order: other app, wrong certificate, no chat, other subject, expired.
    pub fn verify(&self, credentials: &Credentials, subject: &Subject, now: u64) -> Result<(), Refusal> {
        if self.app_id != credentials.app_id() {
            return Err(Refusal::OtherApp { signed_for: self.app_id.clone() });
        }
        self.mac(credentials).verify_slice(&self.signature).map_err(|_| Refusal::WrongCertificate)?;
        let chat = self.services.iter().filter(|service| service.kind == CHAT);
        let (privilege, user) = match subject {
            Subject::App => (APP, ""),
            Subject::User(user) => (USER, user.as_str()),
        };
        let mut refusal = Refusal::NoChat;
        for service in chat {
            refusal = match service.privileges.get(&privilege) {
                Some(&lasts) if service.subject == user => {
                    // A privilege of 0 lasts as long as the token.
                    let lasts = if lasts == 0 { self.expire } else { lasts.min(self.expire) };
                    let at = u64::from(self.issued_at) + u64::from(lasts);
                    if now < at {
                        return Ok(());
                    }
                    Refusal::Expired { at }
                }
                _ => Refusal::OtherSubject,
            };
        }
        Err(refusal)
    }

    /// The app it is for.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// When it was built, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.issued_at.into()
    }

    /// For how many seconds it is good.
    #[must_use]
    pub fn expire(&self) -> u32 {
        self.expire
    }

    /// From when on it is refused, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.issued_at() + u64::from(self.expire)
    }

    /// The random number in it.
    #[must_use]
    pub fn salt(&self) -> u32 {
        self.salt
    }

    /// What it allows, service by service.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The first service this version does not know. It and those behind it could not be read; the signature covers them.
    #[must_use]
    pub fn unknown_service(&self) -> Option<u16> {
        self.unknown_service
    }

    /// Twice the number is the key and the secret the message: that is how the vendor does it.
    fn mac(&self, credentials: &Credentials) -> Hmac<Sha256> {
        let hash = |key: &[u8], message: &[u8]| {
            // HMAC takes keys of every length, so this cannot fail.
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
            mac.update(message);
            mac
        };
        let key = hash(&self.issued_at.to_le_bytes(), credentials.certificate()).finalize().into_bytes();
        let key = hash(&self.salt.to_le_bytes(), &key).finalize().into_bytes();
        hash(&key, &self.signed)
    }

    /// The token's text. Whoever holds it can act as its subject.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("007{}", BASE64.encode(compress_to_vec_zlib(&self.payload(), LEVEL)))
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("app_id", &self.app_id)
            .field("issued_at", &self.issued_at)
            .field("expire", &self.expire)
            .field("services", &self.services)
            .field("unknown_service", &self.unknown_service)
            .finish_non_exhaustive()
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It cannot be read.
    #[error("the token is damaged: {0}")]
    Damaged(&'static str),
    /// It is for another app.
    #[error("the token was built for the App ID {signed_for:?}")]
    OtherApp {
        /// That app.
        signed_for: String,
    },
    /// It was built with another certificate, or changed afterwards. The case of its letters matters.
    #[error("the token was built with another App Certificate (its case matters), or changed afterwards")]
    WrongCertificate,
    /// It is for other services than Chat.
    #[error("the token is for other services than Chat")]
    NoChat,
    /// It is a user's where an app token is wanted, the other way round, or another user's.
    #[error("the token is not for this subject: the REST API wants an app token, not a user's")]
    OtherSubject,
    /// Its time is over.
    #[error("the token expired at {at} (seconds since 1970-01-01 UTC)")]
    Expired {
        /// From when on it is refused.
        at: u64,
    },
}

fn put_text(payload: &mut Vec<u8>, text: &[u8]) {
    // Longer texts cannot come here: ids and signatures are short.
    payload.extend((text.len() as u16).to_le_bytes());
    payload.extend(text);
}

/// Little-endian numbers, and texts behind their length.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// Each service has its own fields behind the privileges.
    fn service(&mut self, kind: u16) -> Option<Service> {
        let mut privileges = BTreeMap::new();
        for _ in 0..self.u16()? {
            privileges.insert(self.u16()?, self.u32()?);
        }
        let mut subject = String::new();
        match kind {
            1 | 3 | 6 => {
                subject = self.text()?;
                self.bytes()?;
            }
            2 | 5 => subject = self.text()?,
            7 => {
                subject = self.text()?;
                self.bytes()?;
                self.u16()?;
            }
            8 => {
                subject = self.text()?;
                for _resource in 0..self.u16()? {
                    self.u16()?;
                    for _permission in 0..self.u16()? {
                        self.u16()?;
                        for _name in 0..self.u16()? {
                            self.bytes()?;
                        }
                    }
                }
            }
            _ => {}
        }
        Some(Service { kind, privileges, subject })
    }
}
