//! Words and rows that several calls share.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::open_enum::open_enum;
use crate::row::{List, Read, row};

open_enum! {
    /// What somebody is in a chatroom.
    Role {
        /// Not set.
        Unset = "UNSET",
        /// A fixed member who is blacklisted or muted.
        Limited = "LIMITED",
        /// An ordinary fixed member.
        Common = "COMMON",
        /// Created the room.
        Creator = "CREATOR",
        /// Manages the room.
        Manager = "MANAGER",
        /// A guest: a member only while online.
        Temporary = "TEMPORARY",
        /// A guest without an account.
        Anonymous = "ANONYMOUS",
    }
}

impl Read for Role {
    /// A word; an old sample has a number, which is the client SDKs' number for the same.
    fn read(value: &Value) -> Result<Self, String> {
        match (value.as_str(), value.as_i64()) {
            (Some(word), _) if !word.trim().is_empty() => Ok(Self::from(word)),
            (_, Some(-2)) => Ok(Self::Unset),
            (_, Some(-1)) => Ok(Self::Limited),
            (_, Some(0)) => Ok(Self::Common),
            (_, Some(1)) => Ok(Self::Creator),
            (_, Some(2)) => Ok(Self::Manager),
            (_, Some(3)) => Ok(Self::Temporary),
            (_, Some(4)) => Ok(Self::Anonymous),
            _ => Err("is no role".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Which members a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MemberType {
    /// 0: creator, managers, ordinary and limited fixed members, online or not.
    #[default]
    Fixed,
    /// 1: guests. They are members only while online.
    Temporary,
    /// 2: fixed members who are online.
    OnlineFixed,
}

impl From<MemberType> for u8 {
    fn from(member_type: MemberType) -> Self {
        match member_type {
            MemberType::Fixed => 0,
            MemberType::Temporary => 1,
            MemberType::OnlineFixed => 2,
        }
    }
}

impl Serialize for MemberType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8((*self).into())
    }
}

impl<'de> Deserialize<'de> for MemberType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Self::Fixed),
            1 => Ok(Self::Temporary),
            2 => Ok(Self::OnlineFixed),
            _ => Err(serde::de::Error::custom("a member type other than 0, 1 and 2")),
        }
    }
}

row! {
    /// Somebody in a chatroom.
    Member {
        must {
            /// The account.
            accid: String = "accid" by crate::row::account,
        }
        may {
            /// The room. Larger than 32 bits.
            roomid: u64 = "roomid",
            /// The name in the room; may be "".
            nick: String = "nick",
            /// The picture. The vendor's spelling.
            avator: String = "avator",
            /// The app's own text; of the same member "" in one call and null in another.
            ext: String = "ext",
            /// What they are in the room.
            role: Role = "type",
            /// The level, if one was set.
            level: i64 = "level",
            /// Whether they are online.
            online_stat: bool = "onlineStat",
            /// When they entered, in milliseconds since 1970-01-01 UTC. Fixed members who never entered have one too.
            /// `queryMembers` and `queryMembersByRole` do not give it.
            enter_time: i64 = "enterTime",
            /// Whether they are blacklisted; absent when not.
            blacklisted: bool = "blacklisted",
            /// Whether they are muted; absent when not.
            muted: bool = "muted",
            /// Whether they are muted for a while; absent when not.
            temp_muted: bool = "tempMuted",
            /// For how many seconds more.
            temp_mute_ttl: u64 = "tempMuteTtl",
            /// Whether it is a robot; absent when not. Robots count as online.
            is_robot: bool = "isRobot",
            /// For how many seconds the robot lives. The vendor's spelling.
            robot_expir_at: u64 = "robotExpirAt",
            /// Tags; `tagMembersQuery` gives them.
            tags: String = "tags",
            /// Whom they notify; `tagMembersQuery` gives it.
            notify_target_tags: String = "notifyTargetTags",
        }
    }
}

row! {
    /// Members, as three chatroom calls answer with them.
    Members {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// `desc`, which is a text in a refusal.
            desc: MemberData = "desc",
        }
        may {}
    }
}

row! {
    /// What `desc` holds.
    MemberData {
        must {
            /// The members.
            data: List<Member> = "data",
        }
        may {}
    }
}

row! {
    /// A chatroom.
    Room {
        must {
            /// Its id.
            roomid: u64 = "roomid",
        }
        may {
            /// Whether it is open.
            valid: bool = "valid",
            /// Whether everybody but its managers is muted.
            muted: bool = "muted",
            /// The announcement; null where there is none.
            announcement: String = "announcement",
            /// The name.
            name: String = "name",
            /// Where the live stream is; null where there is none.
            broadcasturl: String = "broadcasturl",
            /// The app's own text.
            ext: String = "ext",
            /// The creator's account.
            creator: String = "creator",
            /// Who may change the queue.
            queuelevel: i64 = "queuelevel",
            /// Whether entering and leaving is announced.
            ionotify: bool = "ionotify",
            /// How many are online: guests, online fixed members, robots. Only if asked for.
            onlineusercount: u64 = "onlineusercount",
        }
    }
}
