//! A session: the two cookies of a login, or a token, and nothing else.
//!
//! A cookie jar that heeds `Path` does not work with this vendor: the login sets `Yz-appToken` for `/addons/yun_shop`, where
//! the calls do not go, and `PHPSESSID` for several paths, of which the stale one wins. So names and values are kept, and paths
//! are not. They belong to one host: the client sends them nowhere else, and follows no redirect.

use std::fmt;

use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Deserializer, Serialize};

use crate::credentials::check_text;
use crate::error::BuildError;

/// The usual name of PHP's session cookie.
pub const SESSION_COOKIE: &str = "PHPSESSID";

/// The cookie that brings a session back for 25 days.
pub const APP_TOKEN_COOKIE: &str = "Yz-appToken";

/// What a login gave. Serde writes it in the clear, so that it can be kept; `Debug` does not.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// What PHP calls its cookie on this host.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yz_token: Option<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self { name: SESSION_COOKIE.to_owned(), id: None, app_token: None, yz_token: None }
    }
}

impl Session {
    /// A session of somebody who is not logged in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With the value of the cookie `PHPSESSID` as a browser has it.
    ///
    /// # Errors
    /// It is empty, or holds what no cookie can.
    pub fn of_cookie(id: &str) -> Result<Self, BuildError> {
        check_cookie("session", id)?;
        Ok(Self { id: Some(id.to_owned()), ..Self::default() })
    }

    /// With the value of the cookie `Yz-appToken`: it brings the session back when it has run out, after two hours without
    /// a call.
    ///
    /// # Errors
    /// It is empty, or holds what no cookie can.
    pub fn with_app_token(mut self, app_token: &str) -> Result<Self, BuildError> {
        check_cookie(APP_TOKEN_COOKIE, app_token)?;
        self.app_token = Some(app_token.to_owned());
        Ok(self)
    }

    /// With the token of a login of type 9 (the app of store managers). It travels in the URL.
    ///
    /// # Errors
    /// It is empty, or has blanks or a line break around or in it.
    pub fn with_yz_token(mut self, yz_token: &str) -> Result<Self, BuildError> {
        check_text("yz_token", yz_token)?;
        self.yz_token = Some(yz_token.to_owned());
        Ok(self)
    }

    /// With another name of PHP's cookie, where the host's `session.name` is not the usual one.
    ///
    /// # Errors
    /// It is no name of a cookie.
    pub fn with_cookie_name(mut self, name: &str) -> Result<Self, BuildError> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            return Err(BuildError::new("cookie name", "is none: letters, digits, -, _ and . make one"));
        }
        name.clone_into(&mut self.name);
        Ok(self)
    }

    /// Whether it holds anything that could identify somebody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_none() && self.app_token.is_none() && self.yz_token.is_none()
    }

    /// The value of PHP's cookie. For a request; do not print it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The value of `Yz-appToken`. For a request; do not print it.
    #[must_use]
    pub fn app_token(&self) -> Option<&str> {
        self.app_token.as_deref()
    }

    pub(crate) fn yz_token(&self) -> Option<&str> {
        self.yz_token.as_deref()
    }

    /// Takes over what an answer sets, whatever path it is for. A cookie that is taken back is gone.
    pub fn absorb(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            // A value no cookie may have is left where it is.
            let Some((name, value)) = cookie.to_str().ok().and_then(|cookie| cookie.split_once('=')) else { continue };
            let (value, attributes) = value.split_once(';').unwrap_or((value, ""));
            let slot = match name.trim() {
                name if name == self.name => &mut self.id,
                APP_TOKEN_COOKIE => &mut self.app_token,
                _ => continue,
            };
            let value = value.trim();
            if matches!(value, "" | "deleted") || is_over(attributes) {
                *slot = None;
            } else if check_cookie("cookie", value).is_ok() {
                *slot = Some(value.to_owned());
            }
        }
    }

    /// The `Cookie` header, marked as sensitive.
    pub(crate) fn header(&self) -> Result<Option<HeaderValue>, BuildError> {
        let pairs = [(self.name.as_str(), &self.id), (APP_TOKEN_COOKIE, &self.app_token)];
        let pairs = pairs.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")));
        let pairs: Vec<String> = pairs.collect();
        if pairs.is_empty() {
            return Ok(None);
        }
        let mut value =
            HeaderValue::from_str(&pairs.join("; ")).map_err(|_| BuildError::new("session", "fits into no header"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Everything in it that must not be printed.
    #[cfg(feature = "client")]
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        [&self.id, &self.app_token, &self.yz_token].into_iter().flatten().map(String::as_str)
    }
}

/// `Max-Age=0`, or a date in 1970 as PHP writes it to take a cookie back.
fn is_over(attributes: &str) -> bool {
    attributes.split(';').filter_map(|attribute| attribute.split_once('=')).any(|(name, value)| {
        match name.trim().to_ascii_lowercase().as_str() {
            "max-age" => value.trim().parse::<i64>().is_ok_and(|seconds| seconds <= 0),
            "expires" => value.contains("1970"),
            _ => false,
        }
    })
}

/// Refuses what would end the cookie, or the header. Never shows the text.
fn check_cookie(name: &'static str, value: &str) -> Result<(), BuildError> {
    check_text(name, value)?;
    match value.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && !b"\";,\\".contains(&byte)) {
        true => Ok(()),
        false => {
            Err(BuildError::new(name, "has characters in it that no cookie takes: give the value of the cookie alone"))
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.as_ref().map(|_| "…");
        f.debug_struct("Session")
            .field("id", &shown(&self.id))
            .field("app_token", &shown(&self.app_token))
            .field("yz_token", &shown(&self.yz_token))
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Saved {
            name: String,
            id: Option<String>,
            app_token: Option<String>,
            yz_token: Option<String>,
        }
        let saved = Saved::deserialize(deserializer)?;
        let read = || {
            let mut session = Self::new().with_cookie_name(&saved.name)?;
            if let Some(id) = &saved.id {
                check_cookie("session", id)?;
                session.id = Some(id.clone());
            }
            if let Some(token) = &saved.app_token {
                session = session.with_app_token(token)?;
            }
            match &saved.yz_token {
                Some(token) => session.with_yz_token(token),
                None => Ok(session),
            }
        };
        read().map_err(|error: BuildError| serde::de::Error::custom(error))
    }
}
