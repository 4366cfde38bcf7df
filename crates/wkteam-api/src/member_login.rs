//! `POST member/login`: a token for a developer account.
//!
//! The token has no end in normal use. `/member/logout`, which is not here, invalidates it and takes all WeChat accounts
//! offline.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::codes::ApiErrorKind;
use crate::command::{Answer, Command};
use crate::credentials::{Account, Token, check_text};
use crate::error::{ApiError, BuildError, Error};
use crate::lenient::{row, string};
use crate::types::AccountStatus;

/// Asks for a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The developer account, a phone number.
    pub account: String,
    /// Its password.
    pub password: String,
}

impl From<&Account> for Request {
    fn from(account: &Account) -> Self {
        Self { account: account.account().to_owned(), password: account.password().to_owned() }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request(…)")
    }
}

impl Command for Request {
    type Data = Login;

    const NAME: &'static str = "member/login";
    const NEEDS_TOKEN: bool = false;
    const NEEDS_W_ID: bool = false;
    const IS_READ: bool = false;
    // A status that cannot be read may say that the account is frozen.
    const REQUIRED: &'static [&'static str] = &["Authorization", "authorization", "status"];

    fn secrets(&self) -> Vec<&str> {
        vec![&self.account, &self.password]
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_text("account", &self.account)?;
        check_text("password", &self.password)
    }
}

/// The token.
pub type Response = Answer<Login>;

/// A token, and whether the account may use it. `Debug` shows neither the token nor whose it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Login {
    /// The token. With a capital A on the wire.
    #[serde(rename = "Authorization")]
    pub authorization: Token,
    /// Whether the account may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
    /// Where the vendor sends events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Fields this version does not know, and those of 2020: name, account, times.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

row! { Login {
    must { authorization = "Authorization" | "authorization": Token::deserialize, }
    strict { status = "status": AccountStatus::read, }
    odd {
        callback_url = "callbackUrl": string,
    }
} }

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("authorization", &self.authorization)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Login {
    /// The token, if the account may use it.
    ///
    /// # Errors
    /// The account is frozen or has expired, although the login said 1000.
    pub fn token(&self) -> Result<&Token, Error> {
        let kind = match self.status {
            Some(AccountStatus::Frozen) => ApiErrorKind::Frozen,
            Some(AccountStatus::Expired) => ApiErrorKind::Expired,
            _ => return Ok(&self.authorization),
        };
        let mut error = ApiError::new(Request::NAME, "1000", "");
        (error.kind, error.attempts) = (kind, 1);
        Err(Error::Api(Box::new(error)))
    }
}
