//! One member: everything about a person follows from the seed and the person's number.

use std::borrow::Cow;

use crate::rng::mix;

/// A member of a chat room as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// `accid`.
    pub accid: String,
    /// What they are in the room.
    pub role: Role,
    /// `enterTime`, Unix milliseconds.
    pub enter_time: u64,
    /// In the room now. Guests always are.
    pub online: bool,
    /// On the room's blacklist.
    pub blacklisted: bool,
    /// Muted until further notice.
    pub muted: bool,
    /// Muted for this many seconds.
    pub temp_muted: Option<u32>,
    /// A virtual member.
    pub robot: bool,
}

/// A member of a team as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TeamMember {
    /// `accid`.
    pub accid: String,
    /// [`Creator`](Role::Creator) is the team's owner.
    pub role: Role,
    /// When they joined, Unix milliseconds.
    pub join_time: u64,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The creator of a room, the owner of a team.
    Creator,
    /// A manager.
    Manager,
    /// An ordinary fixed member.
    Common,
    /// A fixed member who is blacklisted, muted, or both.
    Limited,
    /// A fixed member whose role was never set.
    Unset,
    /// A guest.
    Temporary,
    /// A guest without an account. Only `queryMembers` says so; elsewhere they are `TEMPORARY`.
    Anonymous,
}

impl Role {
    /// The vendor's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creator => "CREATOR",
            Self::Manager => "MANAGER",
            Self::Common => "COMMON",
            Self::Limited => "LIMITED",
            Self::Unset => "UNSET",
            Self::Temporary => "TEMPORARY",
            Self::Anonymous => "ANONYMOUS",
        }
    }
}

/// Accounts that careless clients trip over, by the person's number.
const ODD_ACCOUNTS: [(u32, &str); 5] =
    [(5, "li.wei@corp.example"), (7, "10086"), (9, "_-@."), (11, "0012"), (13, "null")];

/// The account of the person with this number in a list whose accounts begin with `prefix`.
pub(crate) fn account(prefix: &str, person: u32) -> Cow<'static, str> {
    match ODD_ACCOUNTS.iter().find(|(odd, _)| *odd == person && prefix == "user") {
        Some((_, account)) => Cow::Borrowed(account),
        None => Cow::Owned(format!("{prefix}{person:06}")),
    }
}

/// The number of the person with this account.
pub(crate) fn number(prefix: &str, account: &str) -> Option<u32> {
    if let Some((odd, _)) = ODD_ACCOUNTS.iter().find(|(_, odd)| *odd == account && prefix == "user") {
        return Some(*odd);
    }
    let number = account.strip_prefix(prefix)?.parse().ok()?;
    // "user7" and "user+00007" are other people than "user000007".
    (self::account(prefix, number) == account).then_some(number)
}

const NICKS: [&str; 12] = [
    "张伟",
    "李娜🎉",
    "王小明(华东 销售)",
    "O'Neil \"Sam\"",
    "👨‍👩‍👧‍👦 一家人",
    "<script>alert(1)</script>",
    " 前后有空格 ",
    "=HYPERLINK(\"x\"),逗号",
    "tab\tand\nnewline",
    "ＶＩＰ・会員 №1",
    "عمر",
    "e\u{301}\u{200b}zero-width",
];

const TAGS: [&str; 4] = ["vip", "华东", "east", "new"];

/// What a member's row says beyond who and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    pub(crate) nick: &'static str,
    pub(crate) avator: Option<&'static str>,
    pub(crate) ext: &'static str,
    pub(crate) level: u32,
    /// Whether a fixed member is in the room.
    pub(crate) online: bool,
    /// Whether a fixed member has ever been in the room.
    pub(crate) entered: bool,
    pub(crate) blacklisted: bool,
    pub(crate) muted: bool,
    pub(crate) temp_muted: Option<u32>,
    pub(crate) unset: bool,
    pub(crate) anonymous: bool,
    pub(crate) tag: Option<&'static str>,
    /// How many they are connected with.
    pub(crate) devices: u32,
}

/// The attributes of a person in a list; `seed` is the list's.
pub(crate) fn attributes(seed: u64, person: u32) -> Attributes {
    let hash = mix(seed ^ (u64::from(person) << 1));
    // Independent picks out of one hash. The first persons have one of everything, so that small rooms do too.
    let pick = |shift: u32, of: u64| usize::try_from((hash >> shift) % of).unwrap_or(0);
    let online = pick(0, 3) == 0;
    Attributes {
        nick: match (person, pick(4, 4)) {
            (0..12, _) => NICKS[person as usize],
            (_, 0) => "",
            _ => NICKS[pick(8, 12)],
        },
        avator: match pick(16, 3) {
            0 => None,
            1 => Some(""),
            _ => Some("http://nim.nosdn.127.net/MTAxMTAwMg==/bmltYV8xNzg4NTA1NF8xNDU2Mjg0NDQ3MDcy"),
        },
        ext: match pick(20, 4) {
            0 => "{\"vip\":3,\"城市\":\"上海\"}",
            1 => "not json",
            _ => "",
        },
        level: u32::try_from(pick(24, 6).saturating_sub(2)).unwrap_or(0),
        online,
        entered: online || pick(28, 2) == 0,
        blacklisted: person != 8 && matches!((person, pick(32, 24)), (3 | 5, _) | (6.., 0 | 1)),
        muted: person != 8 && matches!((person, pick(32, 24)), (4 | 5, _) | (6.., 1 | 2)),
        temp_muted: matches!((person, pick(40, 32)), (2 | 6, _) | (_, 0))
            .then(|| 60 + u32::try_from(pick(44, 3600)).unwrap_or(0)),
        unset: person == 8 || pick(52, 64) == 0,
        anonymous: person == 1 || pick(48, 40) == 0,
        tag: match (person, pick(54, 8)) {
            (0..4, _) => Some(TAGS[person as usize]),
            (_, n @ 0..4) => Some(TAGS[n]),
            _ => None,
        },
        devices: if person == 0 || pick(58, 10) == 0 { 2 } else { 1 },
    }
}
