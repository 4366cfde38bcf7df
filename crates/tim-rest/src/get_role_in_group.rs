//! `POST v4/group_open_http_svc/get_role_in_group`: who of these is in a group, and as what.
//!
//! Source: <https://cloud.tencent.com/document/product/269/1626>. Live rooms answer 10007.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, check_batch, check_id};
use crate::error::BuildError;
use crate::lenient::{self, reads};
use crate::types::Role;

/// Most accounts in one request; the client splits longer lists.
pub const MAX_ACCOUNTS: usize = 500;

/// Asks for roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// Whom to look for.
    #[serde(rename = "User_Account")]
    pub user_account: Vec<String>,
}

impl Request {
    /// The roles of these accounts.
    #[must_use]
    pub fn new(group_id: impl Into<String>, accounts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { group_id: group_id.into(), user_account: accounts.into_iter().map(Into::into).collect() }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_role_in_group";
    const LISTS: &'static [&'static str] = &["UserIdList"];

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)?;
        check_batch("User_Account", &self.user_account, MAX_ACCOUNTS)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<UserRole>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

/// The roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// One row an account, [`Role::NotMember`] for those who are not in the group.
    pub user_id_list: Vec<UserRole>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    user_id_list: rows("UserIdList"),
} envelope);

/// An account's role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct UserRole {
    /// The `UserID`.
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// The role.
    pub role: Role,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(UserRole {
    member_account: id("Member_Account"),
    role: must("Role"),
} extra);
