//! `POST chatroom/tagMembersQuery.action`: who is online in a chatroom with a tag, newest first.
//!
//! Source: the vendor's Java SDK, `im/v1/chatroom`. One row a device, so an account may come more than once. `endTime`, with a
//! capital T, is what `endtime` is in [`chatroom_members_by_page`](crate::chatroom_members_by_page).

use serde::{Deserialize, Serialize};

use crate::chatroom_members_by_page::{MAX_LIMIT, check_endtime, next_endtime};
use crate::command::{Command, Form, Paged, check_id, check_limit};
use crate::credentials::check_text;
use crate::error::{BuildError, WalkError};
use crate::types::Members;

/// Asks for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The room.
    pub roomid: u64,
    /// The tag.
    pub tag: String,
    /// The time of the last member so far, in milliseconds since 1970-01-01 UTC; 0 is now.
    #[serde(rename = "endTime")]
    pub end_time: i64,
    /// Rows, 1 to 100.
    pub limit: u32,
}

impl Request {
    /// The newest 100.
    #[must_use]
    pub fn new(roomid: u64, tag: impl Into<String>) -> Self {
        Self { roomid, tag: tag.into(), end_time: 0, limit: MAX_LIMIT }
    }
}

/// A page.
pub type Response = Members;

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/tagMembersQuery";

    fn group(&self) -> Option<u64> {
        Some(self.roomid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("roomid", self.roomid)?;
        check_text("tag", &self.tag)?;
        check_endtime(self.end_time)?;
        check_limit(self.limit)
    }

    fn form(&self) -> Form {
        Form::new()
            .field("roomid", self.roomid)
            .field("tag", &self.tag)
            .field("endTime", self.end_time)
            .field("limit", self.limit)
    }
}

impl Paged for Request {
    /// One millisecond above the oldest row: rows repeat.
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        let next = next_endtime(&page.desc.data, page.desc.data.sent(), self.limit, self.end_time)?;
        Ok(next.map(|end_time| Self { end_time, ..self.clone() }))
    }
}
