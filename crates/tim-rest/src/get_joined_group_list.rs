//! `POST v4/group_open_http_svc/get_joined_group_list`: the groups somebody is in.
//!
//! Source: <https://cloud.tencent.com/document/product/269/1625>.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, Paged, check_id, check_range};
use crate::error::{BuildError, WalkError};
use crate::lenient::{self, Field, reads};
use crate::types::{GroupType, MsgFlag, Role};

/// Asks for somebody's groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The `UserID`.
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// 1: live rooms too. By default they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_huge_groups: Option<u32>,
    /// 1: Work groups that are not active yet too. By default they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_no_active_groups: Option<u32>,
    /// At most so many rows; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// So many rows are left out first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Only groups of this type; absent: all types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_type: Option<GroupType>,
    /// 1: Communities with topics too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_topic: Option<u32>,
    /// What to return of each group; absent: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_filter: Option<ResponseFilter>,
}

/// What to return of each group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResponseFilter {
    /// Fields of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_base_info_filter: Option<Vec<String>>,
    /// Fields of the member in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_info_filter: Option<Vec<String>>,
}

impl Request {
    /// All groups of an account, their ids only.
    #[must_use]
    pub fn new(account: impl Into<String>) -> Self {
        Self { member_account: account.into(), ..Self::default() }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_joined_group_list";
    const LISTS: &'static [&'static str] = &["GroupIdList"];

    fn validate(&self) -> Result<(), BuildError> {
        check_id("Member_Account", &self.member_account)?;
        // No upper bound is documented.
        check_range("Limit", self.limit, u32::MAX)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<JoinedGroup>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        let Some(limit) = self.limit else { return Ok(None) };
        let rows = (page.group_id_list.len() + page.envelope.rejected.len()) as u32;
        let Some(offset) = self.offset.unwrap_or(0).checked_add(rows) else {
            return Err(WalkError::new("the list has more rows than Offset can count: the rest cannot be reached"));
        };
        let end = page.total_count.map_or(rows < limit, |total| u64::from(offset) >= total);
        Ok((rows > 0 && !end).then(|| Self { offset: Some(offset), ..self.clone() }))
    }
}

/// A page of groups, or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// How many groups there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u64>,
    /// The groups.
    pub group_id_list: Vec<JoinedGroup>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    total_count: may("TotalCount"),
    group_id_list: rows("GroupIdList"),
} envelope);

/// A group somebody is in. What was not asked for is `None`; other fields of the group are in `extra`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct JoinedGroup {
    /// The group.
    pub group_id: String,
    /// Its type.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub group_type: Option<GroupType>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many members it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_num: Option<u64>,
    /// The account in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_info: Option<SelfInfo>,
    /// Fields this type does not name.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(JoinedGroup {
    group_id: id("GroupId"),
    group_type: may("Type"),
    name: may("Name"),
    member_num: may("MemberNum"),
    self_info: may("SelfInfo"),
} extra);

/// The account in one of its groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SelfInfo {
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// When they joined, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_time: Option<u64>,
    /// What they want of the group's messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_flag: Option<MsgFlag>,
    /// The last message they have read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_seq: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(SelfInfo {
    role: may("Role"),
    join_time: may("JoinTime"),
    msg_flag: may("MsgFlag"),
    msg_seq: may("MsgSeq"),
} extra);

impl Field for SelfInfo {
    fn object(object: &Value) -> Option<Self> {
        Self::deserialize(object).ok()
    }
}
