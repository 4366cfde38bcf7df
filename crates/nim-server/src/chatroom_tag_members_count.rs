//! `POST chatroom/tagMembersCount.action`: how many are online in a chatroom with a tag.
//!
//! Source: the vendor's Java SDK, `im/v1/chatroom`. The answer is in `data`, not in `desc`.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_id};
use crate::credentials::check_text;
use crate::error::BuildError;
use crate::row::row;

/// Asks for a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The room.
    pub roomid: u64,
    /// The tag.
    pub tag: String,
}

impl Request {
    /// Of a tag.
    #[must_use]
    pub fn new(roomid: u64, tag: impl Into<String>) -> Self {
        Self { roomid, tag: tag.into() }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/tagMembersCount";

    fn group(&self) -> Option<u64> {
        Some(self.roomid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("roomid", self.roomid)?;
        check_text("tag", &self.tag)
    }

    fn form(&self) -> Form {
        Form::new().field("roomid", self.roomid).field("tag", &self.tag)
    }
}

row! {
    /// The count.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// The count.
            data: Count = "data",
        }
        may {}
    }
}

row! {
    /// How many are online with a tag.
    Count {
        must {
            /// So many.
            online_user_count: u64 = "onlineUserCount",
        }
        may {
            /// The tag.
            tag: String = "tag",
        }
    }
}
