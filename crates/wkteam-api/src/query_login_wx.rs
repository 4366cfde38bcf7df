//! `POST queryLoginWx`: the WeChat accounts that are online, and their `wId`s.
//!
//! A `wId` changes with each login, the `wcId` never does: this is how the one is found by the other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command};
use crate::credentials::WId;
use crate::lenient;

/// Asks who is online. The body is `{}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {}

impl Command for Request {
    type Data = Vec<Login>;

    const NAME: &'static str = "queryLoginWx";
    const NEEDS_W_ID: bool = false;
    const IS_LIST: bool = true;
    const REQUIRED: &'static [&'static str] = &["wcId", "wId"];

    fn may_be_empty(data: &Value) -> bool {
        // An empty list says that nobody is online; null says nothing.
        data.is_array()
    }
}

/// The accounts that are online, perhaps none.
pub type Response = Answer<Vec<Login>>;

/// A WeChat account that is online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Login {
    /// The account, `wxid_…`.
    #[serde(deserialize_with = "lenient::account")]
    pub wc_id: String,
    /// Its login instance.
    pub w_id: WId,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
