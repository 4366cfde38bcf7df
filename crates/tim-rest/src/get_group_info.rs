//! `POST v4/group_open_http_svc/get_group_info`: what groups are like, how many members they have.
//!
//! Source: <https://cloud.tencent.com/document/product/269/1616>.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, check_batch};
use crate::error::BuildError;
use crate::get_group_member_info::Member;
use crate::lenient::{self, reads};
use crate::types::{CustomField, GroupType, JoinOption, Switch};

/// Most groups in one request; the client splits longer lists.
pub const MAX_GROUPS: usize = 50;

/// Asks for groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The groups.
    pub group_id_list: Vec<String>,
    /// What to return of them; absent: everything, members included (for small groups).
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
    /// Fields of its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_info_filter: Option<Vec<String>>,
    /// Custom fields of the group.
    #[serde(rename = "AppDefinedDataFilter_Group", default, skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group: Option<Vec<String>>,
    /// Custom fields of its members.
    #[serde(rename = "AppDefinedDataFilter_GroupMember", default, skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group_member: Option<Vec<String>>,
}

impl Request {
    /// These groups, with everything.
    #[must_use]
    pub fn new(group_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { group_id_list: group_ids.into_iter().map(Into::into).collect(), response_filter: None }
    }

    /// Only these fields of each group, and no members.
    #[must_use]
    pub fn with_base_info(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let fields = fields.into_iter().map(Into::into).collect();
        self.response_filter =
            Some(ResponseFilter { group_base_info_filter: Some(fields), ..ResponseFilter::default() });
        self
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_group_info";
    const LISTS: &'static [&'static str] = &["GroupInfo"];

    fn group(&self) -> Option<&str> {
        match self.group_id_list.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_batch("GroupIdList", &self.group_id_list, MAX_GROUPS)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<GroupInfo>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

/// The groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// One entry a group. A group may fail alone: look at its [`error_code`](GroupInfo::error_code).
    pub group_info: Vec<GroupInfo>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    group_info: rows("GroupInfo"),
} envelope);

/// A group. What a filter left out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct GroupInfo {
    /// The group.
    pub group_id: String,
    /// 0, or why this group's entry is empty: 10010 where it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// The server's words on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_info: Option<String>,
    /// Its type.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub group_type: Option<GroupType>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The app it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<u64>,
    /// Its introduction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    /// Its notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    /// Its owner.
    #[serde(rename = "Owner_Account", skip_serializing_if = "Option::is_none")]
    pub owner_account: Option<String>,
    /// When it was made, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<u64>,
    /// Counts the changes of its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info_seq: Option<u64>,
    /// When its data last changed, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_info_time: Option<u64>,
    /// When somebody last spoke, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_msg_time: Option<u64>,
    /// The number of the next message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_msg_seq: Option<u64>,
    /// How many members it has. Not reliable for a live room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_num: Option<u64>,
    /// How many it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_member_num: Option<u64>,
    /// How one applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_join_option: Option<JoinOption>,
    /// How one is invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_join_option: Option<JoinOption>,
    /// Whether nobody may speak. `ShutUpAllMember` before 2022.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_all_member: Option<Switch>,
    /// Whether a Community uses permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_permission: Option<i64>,
    /// The permissions of its members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_permission: Option<u64>,
    /// The custom fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_defined_data: Option<Vec<CustomField>>,
    /// Members, where asked for. Not all of a large group: that is [`get_group_member_info`](crate::get_group_member_info).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_list: Option<Vec<Member>>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(GroupInfo {
    group_id: id("GroupId"),
    error_code: strict("ErrorCode"),
    error_info: may("ErrorInfo"),
    group_type: may("Type"),
    name: may("Name"),
    appid: may("Appid"),
    introduction: may("Introduction"),
    notification: may("Notification"),
    face_url: may("FaceUrl"),
    owner_account: may("Owner_Account"),
    create_time: may("CreateTime"),
    info_seq: may("InfoSeq"),
    last_info_time: may("LastInfoTime"),
    last_msg_time: may("LastMsgTime"),
    next_msg_seq: may("NextMsgSeq"),
    member_num: may("MemberNum"),
    max_member_num: may("MaxMemberNum"),
    apply_join_option: may("ApplyJoinOption"),
    invite_join_option: may("InviteJoinOption"),
    mute_all_member: may("MuteAllMember" or "ShutUpAllMember"),
    enable_permission: may("EnablePermission"),
    default_permission: may("DefaultPermission"),
    app_defined_data: may("AppDefinedData"),
    member_list: may("MemberList"),
} extra);
