//! `POST chatroom/membersByPage.action`: the members of a chatroom, newest first.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/zAzMjUxMzc?platform=server>. There is no cursor and no total: a
//! page begins below an instant, `endtime`. Rows of one millisecond that a page cuts in two are the trap; the documents do
//! not say whether a row of `endtime` itself is given. `Client::roster` heeds both.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, Paged, check_id, check_limit};
use crate::error::{BuildError, WalkError};
use crate::types::{Member, MemberType, Members};

/// Most rows a page may have.
pub const MAX_LIMIT: u32 = 100;

/// Asks for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The room.
    pub roomid: u64,
    /// Which members.
    #[serde(rename = "type")]
    pub member_type: MemberType,
    /// The time of the last member so far, in milliseconds since 1970-01-01 UTC; 0 is now.
    pub endtime: i64,
    /// Rows, 1 to 100.
    pub limit: u32,
}

impl Request {
    /// The newest 100.
    #[must_use]
    pub fn new(roomid: u64, member_type: MemberType) -> Self {
        Self { roomid, member_type, endtime: 0, limit: MAX_LIMIT }
    }
}

/// A page.
pub type Response = Members;

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/membersByPage";

    fn group(&self) -> Option<u64> {
        Some(self.roomid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("roomid", self.roomid)?;
        check_endtime(self.endtime)?;
        check_limit(self.limit)
    }

    fn form(&self) -> Form {
        Form::new()
            .field("roomid", self.roomid)
            .field("type", u8::from(self.member_type))
            .field("endtime", self.endtime)
            .field("limit", self.limit)
    }
}

impl Paged for Request {
    /// One millisecond above the oldest row, so that those of the same millisecond come too: rows repeat.
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        let next = next_endtime(&page.desc.data, page.desc.data.sent(), self.limit, self.endtime)?;
        Ok(next.map(|endtime| Self { endtime, ..self.clone() }))
    }
}

pub(crate) fn check_endtime(endtime: i64) -> Result<(), BuildError> {
    if endtime < 0 { Err(BuildError::new("endtime", "is negative: 0 is now")) } else { Ok(()) }
}

pub(crate) fn next_endtime(rows: &[Member], sent: usize, limit: u32, endtime: i64) -> Result<Option<i64>, WalkError> {
    if sent < limit as usize {
        return Ok(None);
    }
    let Some(oldest) = rows.iter().filter_map(|row| row.enter_time).filter(|&time| time > 0).min() else {
        return Err(WalkError::new("a full page without any enterTime does not say where the next one begins"));
    };
    let next = oldest.saturating_add(1);
    if endtime != 0 && next >= endtime {
        return Err(WalkError::new(format!(
            "a full page holds only members of the millisecond {oldest}: those that did not fit cannot be asked for"
        )));
    }
    Ok(Some(next))
}
