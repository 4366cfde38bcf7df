//! What the vendor issued for an app.

use std::fmt;

use crate::error::BuildError;

/// An app's key and secret.
#[derive(Debug, Clone)]
pub struct Credentials {
    app_key: String,
    app_secret: AppSecret,
}

impl Credentials {
    /// Checks and keeps them.
    ///
    /// # Errors
    /// One is empty, surrounded by blanks, or has characters in it that no key has.
    pub fn new(app_key: impl Into<String>, app_secret: impl Into<String>) -> Result<Self, BuildError> {
        let app_key = app_key.into();
        check_header("AppKey", &app_key)?;
        Ok(Self { app_key, app_secret: AppSecret::new(app_secret)? })
    }

    /// From `NIM_APP_KEY` and `NIM_APP_SECRET`.
    ///
    /// # Errors
    /// One of them is unset or malformed. The error names the variable and never shows its content.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        let read = |name: &'static str| match std::env::var(name) {
            Ok(value) => check_header(name, &value).map(|()| value),
            Err(std::env::VarError::NotPresent) => Err(BuildError::new(name, "is not set: export it")),
            Err(std::env::VarError::NotUnicode(_)) => Err(BuildError::new(name, "is not UTF-8")),
        };
        Self::new(read("NIM_APP_KEY")?, read("NIM_APP_SECRET")?)
    }

    /// The app's key.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.app_key
    }

    /// The app's secret.
    #[must_use]
    pub fn app_secret(&self) -> &AppSecret {
        &self.app_secret
    }
}

/// The app's secret, as the console shows it.
#[derive(Clone)]
pub struct AppSecret(String);

impl AppSecret {
    /// Checks and keeps it.
    ///
    /// # Errors
    /// It is empty, surrounded by blanks, or has characters in it that no secret has.
    pub fn new(secret: impl Into<String>) -> Result<Self, BuildError> {
        let secret = secret.into();
        check_header("AppSecret", &secret)?;
        Ok(Self(secret))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
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

/// For what travels in a header, or is printed in the console: visible ASCII.
pub(crate) fn check_header(name: &'static str, text: &str) -> Result<(), BuildError> {
    check_text(name, text)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(BuildError::new(name, "has a character in it that is no visible ASCII: paste it again"))
    }
}
