//! What Tencent issued for an app.

use std::fmt;

use crate::error::BuildError;

/// An app, its secret key, and the App admin on whose behalf its server calls.
#[derive(Debug, Clone)]
pub struct Credentials {
    sdk_app_id: u32,
    identifier: String,
    secret_key: SecretKey,
}

impl Credentials {
    /// Checks and keeps them.
    ///
    /// # Errors
    /// Something is empty or surrounded by blanks, or the app id is 0.
    pub fn new(
        sdk_app_id: u32,
        identifier: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Result<Self, BuildError> {
        if sdk_app_id == 0 {
            return Err(BuildError::new("SDKAppID", "is 0: take the number the console shows for the app"));
        }
        let identifier = identifier.into();
        check_text("identifier", &identifier)?;
        Ok(Self { sdk_app_id, identifier, secret_key: SecretKey::new(secret_key)? })
    }

    /// From `TIM_SDK_APP_ID`, `TIM_SECRET_KEY` and `TIM_ADMIN`.
    ///
    /// # Errors
    /// One of them is unset or malformed. The error names the variable and never shows a secret's content.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        let read = |name: &'static str| match std::env::var(name) {
            Ok(value) => check_text(name, &value).map(|()| value),
            Err(std::env::VarError::NotPresent) => Err(BuildError::new(name, "is not set: export it")),
            Err(std::env::VarError::NotUnicode(_)) => Err(BuildError::new(name, "is not UTF-8")),
        };
        let sdk_app_id = read("TIM_SDK_APP_ID")?;
        let sdk_app_id = sdk_app_id.parse().ok().filter(|&id| id != 0).ok_or_else(|| {
            BuildError::new("TIM_SDK_APP_ID", "is not an app id: take the number the console shows, such as 1400000000")
        })?;
        Self::new(sdk_app_id, read("TIM_ADMIN")?, read("TIM_SECRET_KEY")?)
    }

    /// The number of the app.
    #[must_use]
    pub fn sdk_app_id(&self) -> u32 {
        self.sdk_app_id
    }

    /// The `UserID` of the App admin.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The app's secret key.
    #[must_use]
    pub fn secret_key(&self) -> &SecretKey {
        &self.secret_key
    }
}

/// The app's secret key, as the console shows it: its characters are the key, not the bytes they might spell in hex.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    /// Checks and keeps it.
    ///
    /// # Errors
    /// It is empty, surrounded by blanks, or has a line break in it.
    pub fn new(key: impl Into<String>) -> Result<Self, BuildError> {
        let key = key.into();
        check_text("secret key", &key)?;
        Ok(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
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
