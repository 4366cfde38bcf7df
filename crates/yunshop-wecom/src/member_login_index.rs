//! `POST api.php?route=member.login.index`: logs a shop member in.
//!
//! Success is shown by the cookies that come with it; `msg` is an object then.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, Place};
use crate::credentials::{Account, check_text};
use crate::error::{BuildError, DecodeErrorKind};
use crate::lenient;

/// Logs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// "5": mobile number and password; "10": mobile number and a code sent to it.
    pub login_type: String,
    /// 1 with a code.
    pub is_sms: u8,
    /// The mobile number.
    pub mobile: String,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 1: with a `Yz-appToken`, which brings the session back for 25 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<u8>,
}

impl Request {
    /// With a code from a text message. The server makes a new member of a number it does not know.
    #[must_use]
    pub fn with_code(mobile: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            login_type: "10".to_owned(),
            is_sms: 1,
            mobile: mobile.into(),
            password: None,
            code: Some(code.into()),
            remember: None,
        }
    }
}

impl From<&Account> for Request {
    /// To be remembered.
    fn from(account: &Account) -> Self {
        Self {
            login_type: "5".to_owned(),
            is_sms: 0,
            mobile: account.mobile().to_owned(),
            password: Some(account.password().to_owned()),
            code: None,
            remember: Some(1),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request(…)")
    }
}

impl Command for Request {
    type Data = Login;

    const NAME: &'static str = "member.login.index";
    const PLACE: Place = Place::Api;
    const IS_READ: bool = false;

    fn validate(&self) -> Result<(), BuildError> {
        check_text("mobile", &self.mobile)?;
        self.password.iter().try_for_each(|password| check_text("password", password))?;
        self.code.iter().try_for_each(|code| check_text("code", code))
    }

    fn secrets(&self) -> Vec<&str> {
        [Some(&self.mobile), self.password.as_ref(), self.code.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }

    fn read(data: Value) -> Result<Login, (DecodeErrorKind, String)> {
        match data {
            Value::Object(fields) => {
                lenient::read_row(&fields, &[]).map_err(|reason| (DecodeErrorKind::Shape, format!("data: {reason}")))
            }
            Value::Array(empty) if empty.is_empty() => Ok(Login::default()),
            Value::Null => Ok(Login::default()),
            _ => Err((DecodeErrorKind::Shape, "data is no object".to_owned())),
        }
    }
}

/// That it worked. `msg` holds the member: their number, name and mobile number.
pub type Response = Answer<Login>;

/// What came of it. `Debug` shows neither the token nor whose it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Login {
    /// 1.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// Where a browser would go next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The token of a login of type 9: see [`Session::with_yz_token`](crate::Session::with_yz_token).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("status", &self.status).finish_non_exhaustive()
    }
}
