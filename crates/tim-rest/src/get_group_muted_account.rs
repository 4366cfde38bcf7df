//! `POST v4/group_open_http_svc/get_group_muted_account`: who may not speak.
//!
//! Source: <https://cloud.tencent.com/document/product/269/2925>. Its old name was `get_group_shutted_uin`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, check_id};
use crate::error::BuildError;
use crate::lenient::{self, reads};
use crate::types::MuteUntil;

/// Asks who may not speak.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// A topic of a Community.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
}

impl Request {
    /// Those of a group.
    #[must_use]
    pub fn new(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), topic_id: None }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_group_muted_account";
    const LISTS: &'static [&'static str] = &["MutedAccountList", "ShuttedUinList"];

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<MutedAccount>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

/// Who may not speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The accounts; all of them, there are no pages.
    pub muted_account_list: Vec<MutedAccount>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    group_id: may("GroupId"),
    muted_account_list: rows("MutedAccountList" or "ShuttedUinList"),
} envelope);

/// Somebody who may not speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MutedAccount {
    /// The `UserID`.
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<MuteUntil>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(MutedAccount {
    member_account: id("Member_Account"),
    muted_until: may("MutedUntil" or "ShuttedUntil"),
} extra);
