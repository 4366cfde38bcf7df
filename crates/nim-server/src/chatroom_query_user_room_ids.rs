//! `POST chatroom/queryUserRoomIds.action`: the open chatrooms that somebody created. There are no pages.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/DU0NTUyNjY?platform=server>.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form};
use crate::credentials::check_text;
use crate::error::BuildError;
use crate::row::{List, row};

/// Asks by creator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The creator's account.
    pub creator: String,
}

impl Request {
    /// By creator.
    #[must_use]
    pub fn new(creator: impl Into<String>) -> Self {
        Self { creator: creator.into() }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/queryUserRoomIds";

    fn validate(&self) -> Result<(), BuildError> {
        check_text("creator", &self.creator)
    }

    fn form(&self) -> Form {
        Form::new().field("creator", &self.creator)
    }
}

row! {
    /// The rooms.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// `desc`, which is a text in a refusal.
            desc: RoomIds = "desc",
        }
        may {}
    }
}

row! {
    /// What `desc` holds.
    RoomIds {
        must {
            /// The rooms. Texts on the wire.
            roomids: List<u64> = "roomids",
        }
        may {}
    }
}
