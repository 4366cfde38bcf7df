//! `POST chatroom/queryMembers.action`: these accounts, as far as they are members.
//!
//! Source: <https://doc.yunxin.163.com/messaging/server-apis/zAzMjUxMzc?platform=server>. Accounts that are unknown, or
//! guests who are not online, are left out without a word: [`Request::missing`] names them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_batch, check_id};
use crate::credentials::check_text;
use crate::error::BuildError;
use crate::types::{Member, Members};

/// Most accounts in one request; the client splits longer lists.
pub const MAX_ACCIDS: usize = 200;

/// Asks for accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The room.
    pub roomid: u64,
    /// The accounts.
    pub accids: Vec<String>,
}

impl Request {
    /// These accounts.
    #[must_use]
    pub fn new(roomid: u64, accids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { roomid, accids: accids.into_iter().map(Into::into).collect() }
    }

    /// Who was asked for and is not among `members`, in the order of the request, each once.
    #[must_use]
    pub fn missing(&self, members: &[Member]) -> Vec<String> {
        let mut known: HashSet<&str> = members.iter().map(|member| member.accid.as_str()).collect();
        self.accids.iter().filter(|accid| known.insert(accid)).cloned().collect()
    }
}

/// Those who are members, in any order.
pub type Response = Members;

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "chatroom/queryMembers";

    fn group(&self) -> Option<u64> {
        Some(self.roomid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("roomid", self.roomid)?;
        check_batch("accids", self.accids.len(), MAX_ACCIDS)?;
        self.accids.iter().try_for_each(|accid| check_text("accid", accid))
    }

    fn form(&self) -> Form {
        Form::new().field("roomid", self.roomid).json("accids", &self.accids)
    }
}
