//! What the vendor issued for an app, and what was made of it.

use std::fmt;

use http::HeaderValue;

use crate::error::BuildError;

/// An App ID and its App Certificate: what tokens are built with, without a call.
#[derive(Clone)]
pub struct Credentials {
    app_id: String,
    certificate: String,
}

impl Credentials {
    /// Checks and keeps them. Both are 32 hex digits, and their case is kept: it matters.
    ///
    /// # Errors
    /// One of them is not. The vendor's own builders make an empty token of that, without an error.
    pub fn new(app_id: impl Into<String>, certificate: impl Into<String>) -> Result<Self, BuildError> {
        let (app_id, certificate) = (app_id.into(), certificate.into());
        check_hex("App ID", &app_id)?;
        check_hex("App Certificate", &certificate)?;
        Ok(Self { app_id, certificate })
    }

    /// From `AGORA_APP_ID` and `AGORA_APP_CERTIFICATE`.
    ///
    /// # Errors
    /// One of them is unset or malformed. The error names the variable and never shows a secret's content.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        let (app_id, certificate) = (read_env("AGORA_APP_ID")?, read_env("AGORA_APP_CERTIFICATE")?);
        check_hex("AGORA_APP_ID", &app_id)?;
        check_hex("AGORA_APP_CERTIFICATE", &certificate)?;
        Self::new(app_id, certificate)
    }

    /// The App ID.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Its characters are the secret, not the bytes they might spell in hex.
    pub(crate) fn certificate(&self) -> &[u8] {
        self.certificate.as_bytes()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

/// What a request is authorized with: an AccessToken2, or a token the vendor issued. Debug does not show it.
#[derive(Clone)]
pub struct Token {
    text: String,
    header: HeaderValue,
}

impl Token {
    /// Checks and keeps it, without `Bearer` in front.
    ///
    /// # Errors
    /// It is empty, has blanks or a line break in it, or is no ASCII.
    pub fn new(text: impl Into<String>) -> Result<Self, BuildError> {
        let text = text.into();
        check_text("token", &text)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BuildError::new("token", "has a blank or a letter beyond ASCII in it: give it without Bearer"));
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {text}"))
            .map_err(|_| BuildError::new("token", "cannot be a header"))?;
        header.set_sensitive(true);
        Ok(Self { text, header })
    }

    /// From `AGORA_APP_TOKEN`.
    ///
    /// # Errors
    /// It is unset, or can be no token.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        Self::new(read_env("AGORA_APP_TOKEN")?)
    }

    /// Its text. Whoever holds it can act as the app: keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// An Easemob-style client ID with its secret, from the console. Tokens are fetched with it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl ClientSecret {
    /// Checks and keeps them.
    ///
    /// # Errors
    /// One of them is empty, surrounded by blanks, or has a line break in it.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Result<Self, BuildError> {
        let (id, secret) = (id.into(), secret.into());
        check_text("client_id", &id)?;
        check_text("client_secret", &secret)?;
        Ok(Self { id, secret })
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

#[cfg(feature = "client")]
pub(crate) fn read_env(name: &'static str) -> Result<String, BuildError> {
    match std::env::var(name) {
        Ok(value) => check_text(name, &value).map(|()| value),
        Err(std::env::VarError::NotPresent) => Err(BuildError::new(name, "is not set: export it")),
        Err(std::env::VarError::NotUnicode(_)) => Err(BuildError::new(name, "is not UTF-8")),
    }
}

/// Refuses what is empty or was pasted with something around it. Never shows the text: it may be a secret.
pub(crate) fn check_text(name: &'static str, text: &str) -> Result<(), BuildError> {
    if text.trim().is_empty() {
        Err(BuildError::new(name, "is empty"))
    } else if text.trim() != text {
        Err(BuildError::new(name, "has blanks or a line break around it: remove them"))
    } else if text.chars().any(char::is_control) {
        Err(BuildError::new(name, "has a line break or another control character in it: remove it"))
    } else {
        Ok(())
    }
}

pub(crate) fn check_hex(name: &'static str, text: &str) -> Result<(), BuildError> {
    check_text(name, text)?;
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(BuildError::new(name, "is not 32 hex digits: copy it from the console"))
    }
}

/// Refuses what no id is, and what would leave its place in the path: `..`, slashes and their escapes, lists.
pub(crate) fn check_id(name: &'static str, id: &str) -> Result<(), BuildError> {
    check_text(name, id)?;
    if id.len() > 256 {
        Err(BuildError::new(name, "is longer than any id"))
    } else if matches!(id, "." | "..") || id.contains(['/', '\\', '%', '?', '#', ',', ' ']) {
        Err(BuildError::new(name, "has a slash, a comma or another character in it that no id has"))
    } else {
        Ok(())
    }
}

pub(crate) fn check_user_id(user: &str) -> Result<(), BuildError> {
    check_id("user ID", user)?;
    if user.chars().count() > 64 { Err(BuildError::new("user ID", "is longer than 64 characters")) } else { Ok(()) }
}
