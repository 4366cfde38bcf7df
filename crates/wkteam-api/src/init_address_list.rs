//! `POST initAddressList`: has the server read the address book, which [`get_address_list`](crate::get_address_list) then
//! shows. It takes ten seconds to three minutes. Once after each login is enough; on a new account, calling it more than
//! once may take the account offline. So it is never tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, is_envelope};

/// Has the address book read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {}

impl Command for Request {
    type Data = Option<Value>;

    const NAME: &'static str = "initAddressList";
    const IS_READ: bool = false;
    const SLOW: Option<Duration> = Some(Duration::from_secs(200));

    fn is_odd(data: &Option<Value>) -> bool {
        match data {
            Some(Value::Object(fields)) => is_envelope(fields),
            Some(Value::Array(rows)) => rows.iter().any(|row| row.as_object().is_some_and(is_envelope)),
            _ => false,
        }
    }

    fn may_be_empty(_: &Value) -> bool {
        true
    }
}

/// That it was read; `data` is null.
pub type Response = Answer<Option<Value>>;
