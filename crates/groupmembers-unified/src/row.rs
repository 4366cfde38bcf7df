//! The vendor's own row, which rides along: what the common fields cannot say is still there.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The row a member was made of.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum Row {
    /// There is none: it was let go, or the member was read from where it does not stand.
    #[default]
    None,
    /// As JSON: the member was read from `raw`, or is of a call that has no variant of its own here.
    Json(Value),
    /// Agora Chat's.
    #[cfg(feature = "agora")]
    Agora(Box<agora_chat_rest::chatgroups_users::Member>),
    /// NIM's, of a chatroom.
    #[cfg(feature = "nim")]
    Nim(Box<nim_server::Member>),
    /// NIM's, of a team. What somebody is there is told by the list they stand in, and not in the row.
    #[cfg(feature = "nim")]
    NimTeam(Box<nim_server::team_query_detail::Member>),
    /// NIM's, of a superteam.
    #[cfg(feature = "nim")]
    NimSuperteam(Box<nim_server::superteam_get_tlists::Member>),
    /// TIM's.
    #[cfg(feature = "tim")]
    Tim(Box<tim_rest::get_group_member_info::Member>),
    /// wkteam's.
    #[cfg(feature = "wkteam")]
    Wkteam(Box<wkteam_api::get_chat_room_member::Member>),
    /// Yunshop's.
    #[cfg(feature = "yunshop")]
    Yunshop(Box<yunshop_wecom::get_group_members::Member>),
}

impl Row {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The vendor's own object, as JSON; null where there is none.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Names the kind: what is in it is people's data.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Json(_) => "Json(..)",
            #[cfg(feature = "agora")]
            Self::Agora(_) => "Agora(..)",
            #[cfg(feature = "nim")]
            Self::Nim(_) => "Nim(..)",
            #[cfg(feature = "nim")]
            Self::NimTeam(_) => "NimTeam(..)",
            #[cfg(feature = "nim")]
            Self::NimSuperteam(_) => "NimSuperteam(..)",
            #[cfg(feature = "tim")]
            Self::Tim(_) => "Tim(..)",
            #[cfg(feature = "wkteam")]
            Self::Wkteam(_) => "Wkteam(..)",
            #[cfg(feature = "yunshop")]
            Self::Yunshop(_) => "Yunshop(..)",
        })
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_unit(),
            Self::Json(value) => value.serialize(serializer),
            #[cfg(feature = "agora")]
            Self::Agora(row) => row.serialize(serializer),
            #[cfg(feature = "nim")]
            Self::Nim(row) => row.serialize(serializer),
            #[cfg(feature = "nim")]
            Self::NimTeam(row) => row.serialize(serializer),
            #[cfg(feature = "nim")]
            Self::NimSuperteam(row) => row.serialize(serializer),
            #[cfg(feature = "tim")]
            Self::Tim(row) => row.serialize(serializer),
            #[cfg(feature = "wkteam")]
            Self::Wkteam(row) => row.serialize(serializer),
            #[cfg(feature = "yunshop")]
            Self::Yunshop(row) => row.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::None,
            value => Self::Json(value),
        })
    }
}

impl From<Value> for Row {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}
