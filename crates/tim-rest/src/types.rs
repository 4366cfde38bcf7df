//! Words and values that several commands share.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::lenient::{Field, Read};
use crate::open_enum::open_enum;

open_enum! {
    /// A member's role in a group.
    Role {
        /// Owns the group.
        Owner = "Owner",
        /// Administers the group.
        Admin = "Admin",
        /// Is in the group.
        Member = "Member",
        /// Is not in the group; only `get_role_in_group` says so.
        NotMember = "NotMember",
    }
}

open_enum! {
    /// What a member wants of the group's messages.
    MsgFlag {
        /// Receives and is notified.
        AcceptAndNotify = "AcceptAndNotify",
        /// Receives, is not notified.
        AcceptNotNotify = "AcceptNotNotify",
        /// Receives, is notified only when mentioned (since 2026).
        AcceptNotNotifyExceptAt = "AcceptNotNotifyExceptAt",
        /// Does not receive.
        Discard = "Discard",
    }
}

open_enum! {
    /// Whether a member is online. Needs a paid plan and a switch in the console.
    OnlineStatus {
        /// Online.
        Online = "Online",
        /// Not online.
        Offline = "Offline",
    }
}

open_enum! {
    /// The type of a group. Old and new names both occur, in answers and in filters.
    GroupType {
        /// Invitation only; the old name is [`Private`](Self::Private).
        Work = "Work",
        /// The old name of [`Work`](Self::Work).
        Private = "Private",
        /// Joining may need approval.
        Public = "Public",
        /// Anyone may come and go; the old name is [`ChatRoom`](Self::ChatRoom).
        Meeting = "Meeting",
        /// The old name of [`Meeting`](Self::Meeting).
        ChatRoom = "ChatRoom",
        /// Up to a million members, listed by cursor.
        Community = "Community",
        /// A live room of unbounded size; it has an online list instead of a member list.
        AVChatRoom = "AVChatRoom",
        /// Legacy; has no member data at all.
        BChatRoom = "BChatRoom",
    }
}

open_enum! {
    /// How people come into a group.
    JoinOption {
        /// Freely.
        FreeAccess = "FreeAccess",
        /// With approval.
        NeedPermission = "NeedPermission",
        /// Nobody can apply.
        DisableApply = "DisableApply",
        /// Nobody can be invited.
        DisableInvite = "DisableInvite",
    }
}

open_enum! {
    /// A switch.
    Switch {
        /// On.
        On = "On",
        /// Off.
        Off = "Off",
    }
}

/// Until when a member may not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MuteUntil {
    /// 0 on the wire.
    NotMuted,
    /// Until this instant, in seconds since 1970-01-01 UTC. It may have passed.
    Until(u64),
    /// For ever: 4294967295 on the wire.
    Permanent,
}

impl MuteUntil {
    const FOREVER: u64 = u32::MAX as u64;

    /// Whether the member may not speak at `now` (seconds since 1970-01-01 UTC).
    #[must_use]
    pub fn is_muted(self, now: u64) -> bool {
        match self {
            Self::NotMuted => false,
            Self::Until(end) => end > now,
            Self::Permanent => true,
        }
    }
}

impl From<u64> for MuteUntil {
    fn from(seconds: u64) -> Self {
        match seconds {
            0 => Self::NotMuted,
            Self::FOREVER => Self::Permanent,
            end => Self::Until(end),
        }
    }
}

impl From<MuteUntil> for u64 {
    fn from(mute: MuteUntil) -> Self {
        match mute {
            MuteUntil::NotMuted => 0,
            MuteUntil::Until(end) => end,
            MuteUntil::Permanent => MuteUntil::FOREVER,
        }
    }
}

impl Serialize for MuteUntil {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64((*self).into())
    }
}

impl<'de> Deserialize<'de> for MuteUntil {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Read::deserialize(deserializer)? {
            Read::Absent => Ok(Self::NotMuted),
            Read::Good(mute) => Ok(mute),
            Read::Odd(_) => Err(D::Error::custom("neither an integer nor one in a string")),
        }
    }
}

impl Field for MuteUntil {
    fn integer(value: i128) -> Option<Self> {
        u64::integer(value).map(Self::from)
    }

    fn text(text: &str) -> Read<Self> {
        match u64::text(text) {
            Read::Absent => Read::Absent,
            Read::Good(seconds) => Read::Good(seconds.into()),
            Read::Odd(value) => Read::Odd(value),
        }
    }
}

/// One custom field of a group or of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CustomField {
    /// At most 16 bytes.
    pub key: String,
    /// Documented as a string of at most 64 bytes, `""` when unset. Whatever came is kept.
    #[serde(default)]
    pub value: Value,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
