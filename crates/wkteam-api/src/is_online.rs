//! `POST isOnline`: whether a login instance is online.
//!
//! The table says 1000 for online and 1001 for offline; the vendor's own sample of "offline" is 1000 with `isOnline: false`.
//! Both are read. A 1001 that does not say `isOnline` is an error: every other failure looks the same.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Code, Command};
use crate::lenient;

/// Asks whether it is online.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {}

impl Command for Request {
    type Data = Online;

    const NAME: &'static str = "isOnline";
    const REQUIRED: &'static [&'static str] = &["isOnline"];

    fn is_answer(code: &Code, data: &Online) -> bool {
        code.is_success() || (code.is_refusal() && !data.is_online)
    }
}

/// Whether it is online.
pub type Response = Answer<Online>;

/// Whether a login instance is online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Online {
    /// Whether it is.
    #[serde(deserialize_with = "lenient::sure_flag")]
    pub is_online: bool,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
