//! `POST chatroom/get.action`: one chatroom.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/DU0NTUyNjY?platform=server>.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_id};
use crate::error::BuildError;
use crate::row::row;
use crate::types::Room;

/// Asks about a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The room.
    pub roomid: u64,
    /// Whether to count who is online.
    #[serde(rename = "needOnlineUserCount", default, skip_serializing_if = "Option::is_none")]
    pub need_online_user_count: Option<bool>,
}

impl Request {
    /// A room, and how many are online.
    #[must_use]
    pub fn new(roomid: u64) -> Self {
        Self { roomid, need_online_user_count: Some(true) }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/get";

    fn group(&self) -> Option<u64> {
        Some(self.roomid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("roomid", self.roomid)
    }

    fn form(&self) -> Form {
        Form::new().field("roomid", self.roomid).option("needOnlineUserCount", self.need_online_user_count)
    }
}

row! {
    /// The room.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// The room.
            chatroom: Room = "chatroom",
        }
        may {}
    }
}
