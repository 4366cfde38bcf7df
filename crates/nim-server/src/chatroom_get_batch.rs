//! `POST chatroom/getBatch.action`: many chatrooms. The code is 200 even where rooms failed.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/DU0NTUyNjY?platform=server>.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_batch, check_id};
use crate::error::BuildError;
use crate::row::{List, row};
use crate::types::Room;

/// Most rooms in one request; the client splits longer lists.
pub const MAX_ROOMIDS: usize = 20;

/// Asks about rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The rooms.
    pub roomids: Vec<u64>,
    /// Whether to count who is online.
    #[serde(rename = "needOnlineUserCount", default, skip_serializing_if = "Option::is_none")]
    pub need_online_user_count: Option<bool>,
}

impl Request {
    /// These rooms, and how many are online in each.
    #[must_use]
    pub fn new(roomids: impl IntoIterator<Item = u64>) -> Self {
        Self { roomids: roomids.into_iter().collect(), need_online_user_count: Some(true) }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/getBatch";

    fn validate(&self) -> Result<(), BuildError> {
        check_batch("roomids", self.roomids.len(), MAX_ROOMIDS)?;
        self.roomids.iter().try_for_each(|&id| check_id("roomid", id))
    }

    fn form(&self) -> Form {
        Form::new().json("roomids", &self.roomids).option("needOnlineUserCount", self.need_online_user_count)
    }
}

row! {
    /// The rooms.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// Those that were found.
            succ_rooms: List<Room> = "succRooms",
        }
        may {
            /// Those that do not exist.
            no_exist_rooms: List<u64> = "noExistRooms",
            /// Those that the server failed on: ask again. The client does, once.
            fail_rooms: List<u64> = "failRooms",
        }
    }
}
