//! `POST getAddressList`: the ids in the address book. [`init_address_list`](crate::init_address_list) comes first.
//!
//! Only groups that were saved to the address book are in it; others show up in message callbacks alone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, is_envelope};
use crate::lenient::{other, row};

/// Asks for the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {}

impl Command for Request {
    type Data = AddressList;

    const NAME: &'static str = "getAddressList";

    fn is_odd(data: &AddressList) -> bool {
        is_envelope(&data.extra) || Self::says_nothing(data)
    }

    fn says_nothing(data: &AddressList) -> bool {
        [&data.chatrooms, &data.friends, &data.ghs, &data.others].iter().all(|kind| kind.is_none())
    }
}

/// The ids.
pub type Response = Answer<AddressList>;

/// The ids in an address book, by what they are. `None`: the answer did not say, which is not the same as an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AddressList {
    /// Groups, `…@chatroom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatrooms: Option<Vec<String>>,
    /// People.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friends: Option<Vec<String>>,
    /// Official accounts, `gh_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghs: Option<Vec<String>>,
    /// WeChat's own, such as `fmessage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<Vec<String>>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

row! { AddressList {
    must {  }
    strict {  }
    odd {
        chatrooms = "chatrooms": |value| other(value, |value| Option::deserialize(value)),
        friends = "friends": |value| other(value, |value| Option::deserialize(value)),
        ghs = "ghs": |value| other(value, |value| Option::deserialize(value)),
        others = "others": |value| other(value, |value| Option::deserialize(value)),
    }
} }
