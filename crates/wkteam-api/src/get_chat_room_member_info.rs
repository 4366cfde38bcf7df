//! `POST getChatRoomMemberInfo`: one member's profile.
//!
//! Source: `api-wen-dang2/qun-cao-zuo/queryGroupMemberDetail.html`. "Several members at once are not supported; call at
//! intervals", without saying which.

use serde::{Deserialize, Serialize};

use crate::command::{Answer, Command, check_chat_room_id, check_id};
use crate::error::BuildError;
use crate::types::Profile;

/// The field that names the member.
pub(crate) const USER_LIST: &str = "userList";

/// Asks for one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The group, `…@chatroom`.
    pub chat_room_id: String,
    /// The member. One, whatever the field is called.
    pub user_list: String,
}

impl Request {
    /// The profile of a member.
    #[must_use]
    pub fn new(chat_room_id: impl Into<String>, user_name: impl Into<String>) -> Self {
        Self { chat_room_id: chat_room_id.into(), user_list: user_name.into() }
    }
}

impl Command for Request {
    type Data = Vec<Profile>;

    const NAME: &'static str = "getChatRoomMemberInfo";
    const IS_LIST: bool = true;
    const REQUIRED: &'static [&'static str] = &["userName"];

    fn group(&self) -> Option<&str> {
        Some(&self.chat_room_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_chat_room_id(&self.chat_room_id)?;
        check_id(USER_LIST, &self.user_list)
    }

    fn is_odd(profiles: &Vec<Profile>) -> bool {
        profiles.is_empty()
    }
}

/// A list of one profile.
pub type Response = Answer<Vec<Profile>>;
