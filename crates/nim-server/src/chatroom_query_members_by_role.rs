//! `POST chatroom/queryMembersByRole.action`: a chatroom's creator, managers, blacklisted and muted fixed members.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/zAzMjUxMzc?platform=server>. There are no pages.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_id};
use crate::error::BuildError;
use crate::types::Members;

/// Asks by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The room.
    pub roomid: u64,
    /// Which roles.
    pub roles: Roles,
}

/// Which roles to ask for. What is `None` is not sent, which means the same as `false`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// The creator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<bool>,
    /// The managers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<bool>,
    /// Who is blacklisted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blacklist: Option<bool>,
    /// Who is muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute: Option<bool>,
}

impl Roles {
    /// All four.
    pub const ALL: Self = Self { creator: Some(true), manager: Some(true), blacklist: Some(true), mute: Some(true) };
}

impl Request {
    /// By these roles.
    #[must_use]
    pub fn new(roomid: u64, roles: Roles) -> Self {
        Self { roomid, roles }
    }
}

/// Everybody in these roles.
pub type Response = Members;

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/queryMembersByRole";
    // All in one answer.
    const MAX_BODY: usize = 16 << 20;

    fn group(&self) -> Option<u64> {
        Some(self.roomid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        let Roles { creator, manager, blacklist, mute } = self.roles;
        if ![creator, manager, blacklist, mute].contains(&Some(true)) {
            return Err(BuildError::new("roles", "asks for none of the four"));
        }
        check_id("roomid", self.roomid)
    }

    fn form(&self) -> Form {
        Form::new().field("roomid", self.roomid).json("roles", &self.roles)
    }
}
