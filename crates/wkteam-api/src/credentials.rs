//! What the vendor issued: a token or an account, and the name of a login instance.

use std::fmt;

use http::HeaderValue;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::BuildError;

/// How calls are authorized: with a token you have, or with one the client gets by logging in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A token; when it is refused, nothing can be done about it.
    Token(Token),
    /// A developer account; its token is fetched when it is needed, and once more when it is refused.
    Account(Account),
}

impl Credentials {
    /// From `WKTEAM_TOKEN`, or from `WKTEAM_ACCOUNT` and `WKTEAM_PASSWORD`.
    ///
    /// # Errors
    /// One of them is unset or malformed. The error names the variable and never shows its content.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        if std::env::var_os("WKTEAM_TOKEN").is_some() {
            return Token::new(read_env("WKTEAM_TOKEN")?).map(Self::Token);
        }
        if std::env::var_os("WKTEAM_ACCOUNT").is_none() {
            return Err(BuildError::new(
                "WKTEAM_TOKEN",
                "is not set: export it, or WKTEAM_ACCOUNT and WKTEAM_PASSWORD",
            ));
        }
        Account::new(read_env("WKTEAM_ACCOUNT")?, read_env("WKTEAM_PASSWORD")?).map(Self::Account)
    }
}

impl From<Token> for Credentials {
    fn from(token: Token) -> Self {
        Self::Token(token)
    }
}

impl From<Account> for Credentials {
    fn from(account: Account) -> Self {
        Self::Account(account)
    }
}

/// A developer account: a phone number and a password.
#[derive(Clone)]
pub struct Account {
    account: String,
    password: String,
}

impl Account {
    /// Checks and keeps them.
    ///
    /// # Errors
    /// One is empty, surrounded by blanks, or has a line break in it.
    pub fn new(account: impl Into<String>, password: impl Into<String>) -> Result<Self, BuildError> {
        let (account, password) = (account.into(), password.into());
        check_text("account", &account)?;
        check_text("password", &password)?;
        Ok(Self { account, password })
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The password. For the login request; do not print it.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(…)")
    }
}

/// What `/member/login` calls `Authorization`: a JWT without an end, which carries a hash of the password. It is sent as it
/// is, without `Bearer`. Serde writes it in the clear; `Debug` does not.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Checks and keeps it.
    ///
    /// # Errors
    /// It is empty, surrounded by blanks, begins with `Bearer`, or holds what no header can.
    pub fn new(token: impl Into<String>) -> Result<Self, BuildError> {
        let token = token.into();
        check_text("token", &token)?;
        if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
            return Err(BuildError::new("token", "begins with Bearer: this vendor takes it raw, leave that out"));
        }
        if !token.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) {
            return Err(BuildError::new("token", "has blanks or characters in it that no header takes"));
        }
        Ok(Self(token))
    }

    /// Its text. For the `Authorization` header; do not print it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> Result<HeaderValue, BuildError> {
        let mut value = HeaderValue::from_str(&self.0).map_err(|_| BuildError::new("token", "fits into no header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// `wId`, the name of one login instance of a WeChat account, and with the token all it takes to act as that account. Each
/// new login gives another one; `wcId` (the `wxid_…`) stays. Serde writes it in the clear; `Debug` does not.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct WId(String);

impl WId {
    /// Checks and keeps it.
    ///
    /// # Errors
    /// It is empty, surrounded by blanks, or has a line break in it.
    pub fn new(w_id: impl Into<String>) -> Result<Self, BuildError> {
        let w_id = w_id.into();
        check_text("wId", &w_id)?;
        Ok(Self(w_id))
    }

    /// From `WKTEAM_WID`.
    ///
    /// # Errors
    /// It is unset or malformed.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        Self::new(read_env("WKTEAM_WID")?)
    }

    /// Its text. For requests; do not print it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WId(…)")
    }
}

impl<'de> Deserialize<'de> for WId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
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
