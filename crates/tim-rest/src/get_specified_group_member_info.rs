//! `POST v4/group_open_http_svc/get_specified_group_member_info`: these members of a group.
//!
//! Source: <https://cloud.tencent.com/document/product/269/112002>. Not for live rooms.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Command, Envelope, check_batch, check_id};
use crate::error::BuildError;
pub use crate::get_group_member_info::Member;
use crate::lenient::{self, reads};
use crate::types::Role;

/// Most accounts in one request; the client splits longer lists.
pub const MAX_ACCOUNTS: usize = 50;

/// Asks for some members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// Whom to look for.
    #[serde(rename = "Member_List_Account")]
    pub member_list_account: Vec<String>,
    /// Only these fields of each member; absent: all standard ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_info_filter: Option<Vec<String>>,
    /// Only members in these roles; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_role_filter: Option<Vec<Role>>,
    /// The custom fields to return.
    #[serde(rename = "AppDefinedDataFilter_GroupMember", default, skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group_member: Option<Vec<String>>,
}

impl Request {
    /// These accounts, with all standard fields.
    #[must_use]
    pub fn new(group_id: impl Into<String>, accounts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let member_list_account = accounts.into_iter().map(Into::into).collect();
        Self { group_id: group_id.into(), member_list_account, ..Self::default() }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_specified_group_member_info";
    const LISTS: &'static [&'static str] = &["MemberList"];

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)?;
        check_batch("Member_List_Account", &self.member_list_account, MAX_ACCOUNTS)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<Member>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

/// Those of them who are members, in an order of the server's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The members.
    pub member_list: Vec<Member>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    group_id: may("GroupId"),
    member_list: rows("MemberList"),
} envelope);
