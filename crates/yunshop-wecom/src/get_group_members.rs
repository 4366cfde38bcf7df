//! `POST plugin/GroupDevelopUser/getGroupMembers`: the external members of a group, those who left included, ten a page.
//!
//! Sources: <https://wiki.yunzmall.com/docs/show/7098>, whose two samples stand under each other's headings, and what the vendor's
//! own admin page sends: the document leaves out `group_id`, `page` and the names of the time filters. Rows come by descending
//! [`Member::id`]. What they say is as fresh as the shop's last synchronisation with WeCom.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::command::{Command, Place, Seen};
use crate::error::{BuildError, DecodeErrorKind};
use crate::lenient;
use crate::list::{self, ListRow, Listed, check_list};
use crate::time::{self, Time};
use crate::types::{Customer, JoinScene, MemberStatus, MemberType, Staff, WithdrawScene};

/// Asks for one page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The group: `id` of [`get_list`](crate::get_list)'s rows, not `chat_id`.
    pub group_id: u64,
    /// From 1.
    pub page: u64,
    /// The number of one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// A word of the shop member behind the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_kwd: Option<String>,
    /// A word of the staff member who invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitor_kwd: Option<String>,
    /// A word of the shop member who invited (newer shops).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter_member_kwd: Option<String>,
    /// The shop member who invited (newer shops).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter_member_uid: Option<u64>,
    /// A word of the member above in the sales tree, for all its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_owner_kwd: Option<String>,
    /// The number of that member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_owner_uid: Option<String>,
    /// How they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_scene: Option<JoinScene>,
    /// From this instant, as in `2021-06-18 00:00:00`, Beijing time. Only together with `end_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// To this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Parameters this version does not know, such as the documents' `times`, which the vendor's own page does not send.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Request {
    /// The first page of a group.
    #[must_use]
    pub fn new(group_id: u64) -> Self {
        Self {
            group_id,
            page: 1,
            id: None,
            customer_kwd: None,
            invitor_kwd: None,
            inviter_member_kwd: None,
            inviter_member_uid: None,
            chat_owner_kwd: None,
            chat_owner_uid: None,
            join_scene: None,
            start_time: None,
            end_time: None,
            extra: Map::new(),
        }
    }

    /// Another page of the same list.
    #[must_use]
    pub fn page(mut self, page: u64) -> Self {
        self.page = page;
        self
    }

    /// Only who joined between two instants, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn joined_between(mut self, start: i64, end: i64) -> Self {
        self.start_time = Some(time::write(start));
        self.end_time = Some(time::write(end));
        self
    }

    /// The page after an answer, if there is one.
    #[must_use]
    pub fn after(&self, answer: &Response) -> Option<Self> {
        let more = answer.data.list.as_ref()?.has_more(self.page);
        Some(self.clone().page(self.page.checked_add(1).filter(|_| more)?))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("group_id", &self.group_id).field("page", &self.page).finish_non_exhaustive()
    }
}

impl Command for Request {
    type Data = Listed<Member, Summary>;

    const NAME: &'static str = "getGroupMembers";
    const PLACE: Place = Place::GroupDevelopUser;

    fn validate(&self) -> Result<(), BuildError> {
        if self.group_id == 0 {
            return Err(BuildError::new("group_id", "is 0: give the id of a row of getList"));
        }
        check_list(self.page, self.start_time.as_deref(), self.end_time.as_deref(), &self.extra)
    }

    fn read(data: Value) -> Result<Self::Data, (DecodeErrorKind, String)> {
        list::read(data)
    }

    fn enterprise(data: &Self::Data) -> Option<Seen> {
        Some(list::enterprise(data))
    }
}

/// A page.
pub type Response = crate::command::Answer<Listed<Member, Summary>>;

/// How many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Members now.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub in_group_count: Option<u64>,
    /// Staff now.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub in_group_employee_count: Option<u64>,
    /// External members now.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub in_group_customer_count: Option<u64>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

/// A row: somebody who is, or was, in the group. A field that is odd costs nobody their row: it goes to `extra`, as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Member {
    /// The number of the row. Newer rows have greater ones.
    #[serde(deserialize_with = "lenient::row_id")]
    pub id: u64,
    /// The id: `wm…` or `wo…` of a customer, of staff their own.
    #[serde(deserialize_with = "lenient::account")]
    pub userid: String,
    /// The tenant.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uniacid: Option<u64>,
    /// The enterprise.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub crop_id: Option<u64>,
    /// The enterprise, where a newer shop calls it so.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub business_id: Option<u64>,
    /// The group's id in WeCom, `wr…`. The document calls it a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// The staff member who invited; "" where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitor_userid: Option<String>,
    /// The id in WeChat's open platform, or "".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unionid: Option<String>,
    /// When they joined; 0 where nobody knows.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub join_time: Option<Time>,
    /// How they came.
    #[serde(default, deserialize_with = "JoinScene::read", skip_serializing_if = "Option::is_none")]
    pub join_scene: Option<JoinScene>,
    /// Staff or not.
    #[serde(default, deserialize_with = "MemberType::read", skip_serializing_if = "Option::is_none")]
    pub member_type: Option<MemberType>,
    /// In the group, or left.
    #[serde(default, deserialize_with = "MemberStatus::read", skip_serializing_if = "Option::is_none")]
    pub status: Option<MemberStatus>,
    /// When they last left; 0 is never.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub withdraw_time: Option<Time>,
    /// How they left.
    #[serde(default, deserialize_with = "WithdrawScene::read", skip_serializing_if = "Option::is_none")]
    pub withdraw_scene: Option<WithdrawScene>,
    /// The name in WeChat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub we_nickname: Option<String>,
    /// 1: was there before the shop listened (newer shops).
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub is_old: Option<u64>,
    /// When the row was made.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it was changed.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    /// `join_time` as a date.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub join_time_str: Option<Time>,
    /// `status` in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_desc: Option<String>,
    /// `join_scene` in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_scene_desc: Option<String>,
    /// When the shop account was made.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub customer_member_createtime: Option<Time>,
    /// The member above in the sales tree; 0 is none.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub parent_member_uid: Option<u64>,
    /// The picture of that member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_member_avatar_image: Option<String>,
    /// The name of that member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_member_nickname: Option<String>,
    /// The picture of the shop member who invited (newer shops).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter_member_avatar: Option<String>,
    /// The name of the shop member who invited (newer shops).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter_member_name: Option<String>,
    /// The staff member with this `userid`; none for customers.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub has_one_employee: Option<Box<Staff>>,
    /// The shop account with this `unionid`.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub has_one_customer: Option<Box<Customer>>,
    /// The staff member who invited.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub has_one_invitor: Option<Box<Staff>>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Map::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A row without an odd field.
struct Plain(Member);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Member::deserialize(deserializer).map(Self)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("id", &self.id)
            .field("crop_id", &self.crop_id)
            .field("join_time", &self.join_time)
            .field("join_scene", &self.join_scene)
            .field("member_type", &self.member_type)
            .field("status", &self.status)
            .field("withdraw_time", &self.withdraw_time)
            .field("withdraw_scene", &self.withdraw_scene)
            .finish_non_exhaustive()
    }
}

impl Member {
    /// The name in WeChat; "" is none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.we_nickname.as_deref().filter(|name| !name.is_empty())
    }

    /// When they joined, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn joined(&self) -> Option<i64> {
        self.join_time.as_ref().and_then(Time::unix)
    }

    /// What tells a row that was brought back from one that was always there: when they joined, or where nobody knows that,
    /// when the row was last changed.
    #[cfg(feature = "client")]
    pub(crate) fn stamp(&self) -> Option<i64> {
        let unix = |time: &Option<Time>| time.as_ref().and_then(Time::unix);
        self.joined().or_else(|| unix(&self.updated_at)).or_else(|| unix(&self.created_at))
    }

    /// Whether the row says that they left.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.status == Some(MemberStatus::Left)
    }
}

impl ListRow for Member {
    const REQUIRED: &'static [&'static str] = &["id", "userid"];

    fn read(fields: &Map<String, Value>) -> Result<Self, String> {
        lenient::read_row::<Plain>(fields, Self::REQUIRED).map(|row| row.0)
    }

    fn enterprise(&self) -> Option<u64> {
        let staff = [&self.has_one_employee, &self.has_one_invitor].into_iter().flatten();
        let own = self.crop_id.or(self.business_id).filter(|&id| id > 0);
        own.or_else(|| staff.filter_map(|staff| staff.enterprise()).next())
    }
}
