//! `POST plugin/GroupDevelopUser/getList`: the customer groups of an enterprise.
//!
//! No document describes it; this is what the vendor's own admin page sends and shows.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Place, Seen};
use crate::error::{BuildError, DecodeErrorKind};
use crate::lenient;
use crate::list::{self, ListRow, Listed, check_list};
use crate::open_int::open_int;
use crate::time::{self, Time};
use crate::types::ShopMember;

open_int! {
    /// What became of a group in WeCom.
    GroupStatus {
        /// Dissolved.
        Dissolved = -99,
        /// Its owner is staff.
        Normal = 0,
        /// Its owner has left the enterprise.
        OwnerLeft = 1,
        /// It is being passed on.
        PassingOn = 2,
        /// It was passed on.
        PassedOn = 3,
    }
}

/// Asks for one page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// From 1.
    pub page: u64,
    /// The number of one group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// A word of the group's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A word of the owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// A word of the shop member the owner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_member_kwd: Option<String>,
    /// The shop member the owner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_member_uid: Option<u64>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_id: Option<u64>,
    /// From this instant, as in `2021-06-18 00:00:00`, Beijing time. Only together with `end_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// To this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Parameters this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Request {
    /// The first page.
    #[must_use]
    pub fn new() -> Self {
        Self {
            page: 1,
            id: None,
            name: None,
            owner_name: None,
            owner_member_kwd: None,
            owner_member_uid: None,
            tag_id: None,
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

    /// Only groups made between two instants, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn made_between(mut self, start: i64, end: i64) -> Self {
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

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("page", &self.page).finish_non_exhaustive()
    }
}

impl Command for Request {
    type Data = Listed<Group, Summary>;

    const NAME: &'static str = "getList";
    const PLACE: Place = Place::GroupDevelopUser;

    fn validate(&self) -> Result<(), BuildError> {
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
pub type Response = crate::command::Answer<Listed<Group, Summary>>;

/// How many people there are in all groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Members.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub all_members: Option<u64>,
    /// Members, each counted once.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub all_distinct_members: Option<u64>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// The number of the row: what other calls call `group_id`.
    #[serde(deserialize_with = "lenient::row_id")]
    pub id: u64,
    /// The tenant.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uniacid: Option<u64>,
    /// The enterprise.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub crop_id: Option<u64>,
    /// The enterprise, where a newer shop calls it so.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub business_id: Option<u64>,
    /// The id in WeCom, `wr…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// The name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// The owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_userid: Option<String>,
    /// The shop member the owner is; 0 is none.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub owner_uid: Option<u64>,
    /// The notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// When it was made.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub group_created_time: Option<Time>,
    /// The same as a date.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub group_created_time_str: Option<Time>,
    /// What became of it.
    #[serde(default, deserialize_with = "GroupStatus::read", skip_serializing_if = "Option::is_none")]
    pub status: Option<GroupStatus>,
    /// Staff in it.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub employee_count: Option<u64>,
    /// External members in it.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub customer_count: Option<u64>,
    /// Whose customers those who join become: 1 of the owner, 2 of who invited them.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub bind_type: Option<u64>,
    /// A flag of the shop.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub is_extra: Option<u64>,
    /// A poster.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub invite_poster_id: Option<u64>,
    /// A poster.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub shop_poster_id: Option<u64>,
    /// The QR code, a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qrcode_url: Option<String>,
    /// The QR code, a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qrcode_image: Option<String>,
    /// The shop member the owner is.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub has_one_owner_member: Option<ShopMember>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("id", &self.id)
            .field("crop_id", &self.crop_id)
            .field("status", &self.status)
            .field("group_created_time", &self.group_created_time)
            .field("employee_count", &self.employee_count)
            .field("customer_count", &self.customer_count)
            .finish_non_exhaustive()
    }
}

impl ListRow for Group {
    const REQUIRED: &'static [&'static str] = &["id"];

    fn enterprise(&self) -> Option<u64> {
        self.crop_id.or(self.business_id).filter(|&id| id > 0)
    }
}
