//! `POST getChatRoomInfo`: a group's name, owner and size, and its members' ids and names.
//!
//! Sources: the vendor's section 群操作, and answers of real servers. The owner is to be had from here only.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, check_chat_room_id};
use crate::error::BuildError;
use crate::lenient::{account, flag, integer, other, row, string, text};

/// Asks about a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The group, `…@chatroom`.
    pub chat_room_id: String,
}

impl Request {
    /// About a group.
    #[must_use]
    pub fn new(chat_room_id: impl Into<String>) -> Self {
        Self { chat_room_id: chat_room_id.into() }
    }
}

impl Command for Request {
    type Data = Vec<ChatRoom>;

    const NAME: &'static str = "getChatRoomInfo";
    const IS_LIST: bool = true;
    const REQUIRED: &'static [&'static str] = &["chatRoomId"];

    fn group(&self) -> Option<&str> {
        Some(&self.chat_room_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_chat_room_id(&self.chat_room_id)
    }

    fn is_odd(rooms: &Vec<ChatRoom>) -> bool {
        rooms.is_empty()
    }
}

/// A list of one group.
pub type Response = Answer<Vec<ChatRoom>>;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatRoom {
    /// The group.
    pub chat_room_id: String,
    /// The group once more; null in the documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The group's name; "" for a group without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// The owner's `userName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_room_owner: Option<String>,
    /// How many members the group has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u64>,
    /// Everybody's id and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_room_members: Option<Vec<RoomMember>>,
    /// Whether the account is told of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<i64>,
    /// The large picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub big_head_img_url: Option<String>,
    /// The small picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small_head_img_url: Option<String>,
    /// A ticket, `v3_…@stranger`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v1: Option<String>,
    /// Fields this version does not know, and those that say nothing about a group.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

row! { ChatRoom {
    must { chat_room_id = "chatRoomId": account, }
    strict {  }
    odd {
        user_name = "userName": string,
        nick_name = "nickName": string,
        chat_room_owner = "chatRoomOwner": text,
        member_count = "memberCount": |value| other(value, |value| integer(value)),
        chat_room_members = "chatRoomMembers": |value| other(value, |value| Option::deserialize(value)),
        notify = "notify": |value| other(value, |value| integer(value)),
        big_head_img_url = "bigHeadImgUrl": string,
        small_head_img_url = "smallHeadImgUrl": string,
        v1 = "v1": string,
    }
} }

/// A member, as far as the group's own answer goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RoomMember {
    /// The id.
    pub user_name: String,
    /// The name, as real servers send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// The name, as the documents spell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nike_name: Option<String>,
    /// Who invited them; "" is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter_user_name: Option<String>,
    /// See [`Member::is_manage`](crate::get_chat_room_member::Member::is_manage).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_manage: Option<bool>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

row! { RoomMember {
    must { user_name = "userName": account, }
    strict {  }
    odd {
        nick_name = "nickName": string,
        nike_name = "nikeName": string,
        inviter_user_name = "inviterUserName": text,
        is_manage = "isManage": |value| other(value, |value| flag(value)),
    }
} }

impl RoomMember {
    /// The name, whichever way it is spelt.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.nick_name.as_deref().or(self.nike_name.as_deref()).filter(|name| !name.is_empty())
    }
}
