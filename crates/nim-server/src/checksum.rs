//! `CheckSum`: how a request is signed, and how Yunxin signs its own callbacks. The two schemes differ.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/jk3MzY2MTI?platform=server>.

use std::fmt;

use http::HeaderMap;

use crate::credentials::{AppSecret, Credentials, check_header};
use crate::error::BuildError;

/// `CurTime` may be so many seconds away from the server's clock, in either direction.
pub const TOLERANCE: u64 = 300;

/// The longest `Nonce`.
pub const MAX_NONCE: usize = 128;

/// What one attempt is signed with. A fresh one for each attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stamp {
    /// Seconds since 1970-01-01 UTC.
    pub cur_time: u64,
    /// Any text of 1 to 128 visible ASCII characters. One that ends in no digit cannot run into `CurTime`.
    pub nonce: String,
    /// The name of the call, the same for all its attempts. The server takes two calls of one name for the same.
    pub request_id: Option<String>,
}

impl Stamp {
    /// An instant and a nonce.
    #[must_use]
    pub fn new(cur_time: u64, nonce: impl Into<String>) -> Self {
        Self { cur_time, nonce: nonce.into(), request_id: None }
    }

    /// With a name of the call.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        check_header("Nonce", &self.nonce)?;
        if self.nonce.len() > MAX_NONCE {
            return Err(BuildError::new("Nonce", "is longer than 128 characters"));
        }
        self.request_id.as_deref().map_or(Ok(()), |id| check_header("RequestId", id))
    }
}

/// The lowercase hex SHA-1 of `AppSecret + Nonce + CurTime`.
#[must_use]
pub fn check_sum(secret: &AppSecret, nonce: &str, cur_time: &str) -> String {
    sha1_hex(&[secret.as_str(), nonce, cur_time])
}

/// The headers of a signed request, as a server sees them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// `AppKey`.
    pub app_key: String,
    /// `Nonce`.
    pub nonce: String,
    /// `CurTime`, as it was sent.
    pub cur_time: String,
    check_sum: String,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("app_key", &self.app_key)
            .field("nonce", &self.nonce)
            .field("cur_time", &self.cur_time)
            .finish_non_exhaustive()
    }
}

impl Claims {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// One is missing.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Refusal> {
        Ok(Self {
            app_key: text(headers, "AppKey")?,
            nonce: text(headers, "Nonce")?,
            cur_time: text(headers, "CurTime")?,
            check_sum: text(headers, "CheckSum")?,
        })
    }

    /// Says why the server answers 414, or that it should not.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self, credentials: &Credentials, now: u64) -> Result<(), Refusal> {
        if self.app_key != credentials.app_key() {
            return Err(Refusal::OtherApp);
        }
        if self.nonce.is_empty() || self.nonce.len() > MAX_NONCE {
            return Err(Refusal::Nonce);
        }
        check_time(&self.cur_time, now)?;
        same(&check_sum(credentials.app_secret(), &self.nonce, &self.cur_time), &self.check_sum)
    }
}

/// The headers of a callback, which Yunxin sends to your server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callback {
    /// `CurTime`, as it was sent.
    pub cur_time: String,
    md5: String,
    check_sum: String,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("cur_time", &self.cur_time).finish_non_exhaustive()
    }
}

impl Callback {
    /// Reads the headers of a callback.
    ///
    /// # Errors
    /// One is missing.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Refusal> {
        Ok(Self {
            cur_time: text(headers, "CurTime")?,
            md5: text(headers, "MD5")?,
            check_sum: text(headers, "CheckSum")?,
        })
    }

    /// Whether a callback with this body came from Yunxin. How old it may be is for you to say: `CurTime` is signed too.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self, secret: &AppSecret, body: &[u8]) -> Result<(), Refusal> {
        let md5 = md5_hex(body);
        if !self.md5.eq_ignore_ascii_case(&md5) {
            return Err(Refusal::OtherBody);
        }
        same(&callback_check_sum(secret, &md5, &self.cur_time), &self.check_sum)
    }
}

/// The lowercase hex MD5 of a callback's body.
#[must_use]
pub fn md5_hex(body: &[u8]) -> String {
    format!("{:x}", md5::compute(body))
}

/// The lowercase hex SHA-1 of `AppSecret + MD5 + CurTime`. It signs callbacks, and no request.
#[must_use]
pub fn callback_check_sum(secret: &AppSecret, md5: &str, cur_time: &str) -> String {
    sha1_hex(&[secret.as_str(), md5, cur_time])
}

/// Why something that was signed is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A header is missing or no text.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// It names another app.
    #[error("it names another AppKey")]
    OtherApp,
    /// The nonce is empty or too long.
    #[error("the Nonce is empty, or longer than 128 characters")]
    Nonce,
    /// `CurTime` is no number of seconds.
    #[error("the CurTime is no number of seconds: milliseconds are three digits longer")]
    CurTime,
    /// `CurTime` is too far away from the clock.
    #[error("the CurTime is {seconds} s away from the clock, and 300 are allowed: set the clock")]
    Expired {
        /// How far.
        seconds: u64,
    },
    /// The body is not the one that was signed.
    #[error("the body is not the one whose MD5 was signed")]
    OtherBody,
    /// The digest is wrong.
    #[error("the CheckSum was made with another secret, or in another way than lowercase hex of SHA-1")]
    WrongCheckSum,
}

fn text(headers: &HeaderMap, name: &'static str) -> Result<String, Refusal> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.map(ToOwned::to_owned).ok_or(Refusal::Missing(name))
}

fn check_time(cur_time: &str, now: u64) -> Result<(), Refusal> {
    let seconds: u64 = cur_time.parse().map_err(|_| Refusal::CurTime)?;
    // The year 5138 has not come: these are milliseconds.
    if seconds >= 100_000_000_000 {
        return Err(Refusal::CurTime);
    }
    match seconds.abs_diff(now) {
        away if away > TOLERANCE => Err(Refusal::Expired { seconds: away }),
        _ => Ok(()),
    }
}

/// Compares in a time that does not depend on where they differ.
fn same(right: &str, given: &str) -> Result<(), Refusal> {
    let differences = right.bytes().zip(given.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    if right.len() == given.len() && differences == 0 { Ok(()) } else { Err(Refusal::WrongCheckSum) }
}

fn sha1_hex(parts: &[&str]) -> String {
    let mut sha1 = sha1_smol::Sha1::new();
    for part in parts {
        sha1.update(part.as_bytes());
    }
    sha1.digest().to_string()
}
