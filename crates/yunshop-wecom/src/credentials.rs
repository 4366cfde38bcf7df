//! What a client logs in with, or the session it is given.

use std::fmt;

use crate::error::BuildError;
use crate::session::Session;

/// How calls are authorized: with a session you have, or with one the client gets by logging in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A session from elsewhere; when it is over, nothing can be done about it.
    Session(Session),
    /// A shop member's account; the client logs in when it must, and once more when the session is over.
    Account(Account),
}

impl Credentials {
    /// From `YUNSHOP_SESSION` (the value of the cookie `PHPSESSID`), or from `YUNSHOP_MOBILE` and `YUNSHOP_PASSWORD`.
    ///
    /// # Errors
    /// One of them is unset or malformed. The error names the variable and never shows its content.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        if std::env::var_os("YUNSHOP_SESSION").is_some() {
            return Session::of_cookie(&read_env("YUNSHOP_SESSION")?).map(Self::Session);
        }
        if std::env::var_os("YUNSHOP_MOBILE").is_none() {
            return Err(BuildError::new(
                "YUNSHOP_SESSION",
                "is not set: export it, or YUNSHOP_MOBILE and YUNSHOP_PASSWORD",
            ));
        }
        Account::new(read_env("YUNSHOP_MOBILE")?, read_env("YUNSHOP_PASSWORD")?).map(Self::Account)
    }
}

impl From<Session> for Credentials {
    fn from(session: Session) -> Self {
        Self::Session(session)
    }
}

impl From<Account> for Credentials {
    fn from(account: Account) -> Self {
        Self::Account(account)
    }
}

/// A shop member's account: a phone number and a password.
#[derive(Clone)]
pub struct Account {
    mobile: String,
    password: String,
}

impl Account {
    /// Checks and keeps them.
    ///
    /// # Errors
    /// One is empty, surrounded by blanks, or has a line break in it.
    pub fn new(mobile: impl Into<String>, password: impl Into<String>) -> Result<Self, BuildError> {
        let (mobile, password) = (mobile.into(), password.into());
        check_text("mobile", &mobile)?;
        check_text("password", &password)?;
        Ok(Self { mobile, password })
    }

    /// The phone number.
    #[must_use]
    pub fn mobile(&self) -> &str {
        &self.mobile
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
