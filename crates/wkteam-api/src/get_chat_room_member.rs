//! `POST getChatRoomMember`: everybody in a group, in one answer.
//!
//! Sources: the vendor's page `api-wen-dang2/qun-cao-zuo/queryGroupList.html`, and answers of real servers. There are no
//! pages, no cursor, no filter.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, check_chat_room_id};
use crate::error::BuildError;
use crate::lenient::{account, flag, integer, other, row, string, text};

/// Asks for the members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The group, `…@chatroom`.
    pub chat_room_id: String,
}

impl Request {
    /// The members of a group.
    #[must_use]
    pub fn new(chat_room_id: impl Into<String>) -> Self {
        Self { chat_room_id: chat_room_id.into() }
    }
}

impl Command for Request {
    type Data = Vec<Member>;

    const NAME: &'static str = "getChatRoomMember";
    const IS_LIST: bool = true;
    const REQUIRED: &'static [&'static str] = &["userName"];

    fn group(&self) -> Option<&str> {
        Some(&self.chat_room_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_chat_room_id(&self.chat_room_id)
    }

    fn is_odd(members: &Vec<Member>) -> bool {
        members.is_empty()
    }
}

/// The members. Never an empty list: a group that the account is in has a member, so that is an error.
pub type Response = Answer<Vec<Member>>;

/// A member of a group. The vendor sends one kind of object for groups and members, so much of it is always null here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Member {
    /// The id: `wxid_…`, an old id of one's own choice, or `…@openim` for WeCom users. Not what the phone shows.
    pub user_name: String,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_room_id: Option<String>,
    /// The name in the profile; may be "".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// The name in this group; "" is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Who invited them, where the account may see that; "" is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter_user_name: Option<String>,
    /// Whether they may manage the group. Clients disagree whether it means owner or administrator; the owner of the one
    /// recorded group has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_manage: Option<bool>,
    /// The large picture; may be "".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub big_head_img_url: Option<String>,
    /// The small picture; may be "".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small_head_img_url: Option<String>,
    /// In the vendor's table, in no sample. WeChat's own bit field; what its bits mean is nowhere documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_room_member_flag: Option<i64>,
    /// Fields this version does not know, and those that say nothing here: `memberCount` is 0 in every member, and is not
    /// the size of the group.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

row! { Member {
    must { user_name = "userName": account, }
    strict {  }
    odd {
        chat_room_id = "chatRoomId": string,
        nick_name = "nickName": string,
        display_name = "displayName": text,
        inviter_user_name = "inviterUserName": text,
        is_manage = "isManage": |value| other(value, |value| flag(value)),
        big_head_img_url = "bigHeadImgUrl": string,
        small_head_img_url = "smallHeadImgUrl": string,
        chat_room_member_flag = "chatRoomMemberFlag": |value| other(value, |value| integer(value)),
    }
} }

impl Member {
    /// What the group calls them: the name in the group, else the one in the profile.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.display_name.as_deref().or(self.nick_name.as_deref()).filter(|name| !name.is_empty())
    }
}
