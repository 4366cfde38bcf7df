//! `POST plugin/GroupDevelopUser/getGroupEmployees`: the staff in a group, ten a page.
//!
//! No document describes it; this is what the vendor's own admin page sends. Rows and summary are those of
//! [`get_group_members`](crate::get_group_members).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Place, Seen};
use crate::error::{BuildError, DecodeErrorKind};
use crate::get_group_members::{Member, Summary};
use crate::list::{self, Listed, check_list};
use crate::time;
use crate::types::JoinScene;

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
    /// A word of the staff member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_kwd: Option<String>,
    /// A word of the staff member who invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitor_kwd: Option<String>,
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
            user_kwd: None,
            invitor_kwd: None,
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

    const NAME: &'static str = "getGroupEmployees";
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
