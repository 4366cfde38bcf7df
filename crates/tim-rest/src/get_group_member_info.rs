//! `POST v4/group_open_http_svc/get_group_member_info`: the members of a group.
//!
//! Source: <https://cloud.tencent.com/document/product/269/1617>. Work, Public and Meeting groups are paged by `Offset`,
//! Community groups by `Next`; live rooms (AVChatRoom) have [`get_members`](crate::get_members) instead.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, Paged, check_id, check_range};
use crate::error::{BuildError, WalkError};
use crate::lenient::{self, reads};
use crate::types::{CustomField, MsgFlag, MuteUntil, OnlineStatus, Role};

/// Most rows a page may have.
pub const MAX_LIMIT: u32 = 200;
/// Most rows a page of a Community may have.
pub const MAX_LIMIT_COMMUNITY: u32 = 100;

/// No group that is read by Offset is so large.
const MAX_EMPTY_OFFSET: u32 = 100_000;

/// Asks for members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// Only these fields of each member; absent: all standard ones. `Member_Account` always comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_info_filter: Option<Vec<String>>,
    /// Only members in these roles; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_role_filter: Option<Vec<Role>>,
    /// The custom fields to return.
    #[serde(rename = "AppDefinedDataFilter_GroupMember", default, skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group_member: Option<Vec<String>>,
    /// At most so many rows; absent: everyone, which fails with 10018 where that is more than 1 MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// So many rows are left out first. Not for a Community.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// For a Community: `""`, then what the page before said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Request {
    /// Everyone in one answer.
    #[must_use]
    pub fn everyone(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), ..Self::default() }
    }

    /// A page of a Work, Public or Meeting group.
    #[must_use]
    pub fn page(group_id: impl Into<String>, limit: u32, offset: u32) -> Self {
        Self { limit: Some(limit), offset: Some(offset), ..Self::everyone(group_id) }
    }

    /// A page of a Community: `next` is `""`, then what the page before said.
    #[must_use]
    pub fn community_page(group_id: impl Into<String>, limit: u32, next: impl Into<String>) -> Self {
        Self { limit: Some(limit), next: Some(next.into()), ..Self::everyone(group_id) }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_group_member_info";
    const LISTS: &'static [&'static str] = &["MemberList"];

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)?;
        if self.next.is_some() && self.offset.is_some() {
            return Err(BuildError::new(
                "Offset",
                "and Next exclude each other: Next is for a Community, Offset for the others",
            ));
        }
        let most = if self.next.is_some() { MAX_LIMIT_COMMUNITY } else { MAX_LIMIT };
        check_range("Limit", self.limit, most)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<Member>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        if let Some(sent) = &self.next {
            return match page.cursor()? {
                None => Ok(None),
                Some(next) if next == sent => {
                    Err(WalkError::new("the server sent the same Next again: the rest cannot be reached"))
                }
                Some(next) => Ok(Some(Self { next: Some(next.to_owned()), ..self.clone() })),
            };
        }
        let Some(limit) = self.limit else { return Ok(None) };
        let rows = (page.member_list.len() + page.envelope.rejected.len()) as u32;
        // Under a role filter it is open whether Offset counts before or after it, and a page without a match is no end.
        let filtered = self.member_role_filter.is_some();
        let step = if rows == 0 && filtered { limit } else { rows };
        let Some(offset) = self.offset.unwrap_or(0).checked_add(step) else {
            return Err(WalkError::new("the list has more rows than Offset can count: the rest cannot be reached"));
        };
        if rows == 0 && filtered && offset > MAX_EMPTY_OFFSET {
            return Err(WalkError::new(
                "no member has the role, and MemberNum is larger than any group: there is no end",
            ));
        }
        let end = match page.member_num {
            Some(total) => u64::from(offset) >= total,
            None => rows < limit,
        };
        Ok((step > 0 && !end).then(|| Self { offset: Some(offset), ..self.clone() }))
    }
}

/// One page of members, or everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// How many members the *group* has, whatever was filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_num: Option<u64>,
    /// The members.
    pub member_list: Vec<Member>,
    /// For a Community: what to ask with next; `""` at the end. Opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    member_num: may("MemberNum"),
    member_list: rows("MemberList"),
    next: cursor("Next"),
} envelope);

impl Response {
    /// What to ask a Community with next; `None` at the end.
    ///
    /// # Errors
    /// `Next` came, but is no cursor: that is no end.
    pub fn cursor(&self) -> Result<Option<&str>, WalkError> {
        self.envelope.check_cursor("Next")?;
        Ok(self.next.as_deref().filter(|next| !next.is_empty()))
    }
}

/// A member of a group. What a filter left out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Member {
    /// The `UserID`.
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// When they joined, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_time: Option<u64>,
    /// The last message they have read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_seq: Option<u64>,
    /// What they want of the group's messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_flag: Option<MsgFlag>,
    /// When they last spoke, in seconds since 1970-01-01 UTC; 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_send_msg_time: Option<u64>,
    /// Until when they may not speak. `ShutUpUntil` before 2022.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_until: Option<MuteUntil>,
    /// The name in the group, at most 50 bytes; often `""`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_card: Option<String>,
    /// Whether they are online. Comes where `MemberInfoFilter` names it, with a paid plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online_status: Option<OnlineStatus>,
    /// The custom fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_member_defined_data: Option<Vec<CustomField>>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(Member {
    member_account: id("Member_Account"),
    role: may("Role"),
    join_time: may("JoinTime"),
    msg_seq: may("MsgSeq"),
    msg_flag: may("MsgFlag"),
    last_send_msg_time: may("LastSendMsgTime"),
    mute_until: may("MuteUntil" or "ShutUpUntil"),
    name_card: may("NameCard"),
    online_status: may("OnlineStatus"),
    app_member_defined_data: may("AppMemberDefinedData"),
} extra);
