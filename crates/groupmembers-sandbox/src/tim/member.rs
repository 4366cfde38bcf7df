//! One member: everything about a person follows from the seed and the person's number, so a million cost nothing.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::rng::mix;

/// A member as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// `Member_Account`.
    pub account: String,
    /// What they are in the group.
    pub role: Role,
    /// Unix seconds.
    pub join_time: u32,
}

/// What a member is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The owner.
    Owner,
    /// An administrator of the group.
    Admin,
    /// An ordinary member.
    Member,
}

impl Role {
    /// The vendor's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
        }
    }

    pub(crate) fn from_wire(name: &str) -> Option<Self> {
        Some(match name {
            "Owner" => Self::Owner,
            "Admin" => Self::Admin,
            "Member" => Self::Member,
            _ => return None,
        })
    }
}

/// Accounts of printable ASCII that careless clients trip over, by the person's number.
const ODD_ACCOUNTS: [(u32, &str); 6] = [
    (6, "li.wei+vip@corp.example"),
    (8, "R&D #5 = 50%?"),
    (10, "back\\slash\"quote\""),
    (12, "<b>'; --</b>"),
    (14, "~!$^*()_-[]{}|:,./`"),
    (16, "%41%2F+%20"),
];

/// The account of the person with this number.
pub(crate) fn account(person: u32) -> Cow<'static, str> {
    match ODD_ACCOUNTS.iter().find(|(odd, _)| *odd == person) {
        Some((_, account)) => Cow::Borrowed(account),
        None => Cow::Owned(format!("user{person:06}")),
    }
}

/// The number of the person with this account.
pub(crate) fn person(account: &str) -> Option<u32> {
    if let Some((odd, _)) = ODD_ACCOUNTS.iter().find(|(_, odd)| *odd == account) {
        return Some(*odd);
    }
    let number = account.strip_prefix("user")?.parse().ok()?;
    // "user7" and "user+00007" are other people than "user000007".
    (self::account(number) == account).then_some(number)
}

const NAME_CARDS: [&str; 12] = [
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

/// What a member's row says beyond who and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    hash: u64,
    pub(crate) msg_seq: u32,
    pub(crate) msg_flag: &'static str,
    pub(crate) last_send_msg_time: u32,
    pub(crate) mute_until: u32,
    pub(crate) name_card: &'static str,
    pub(crate) online: bool,
}

pub(crate) const MUTED_FOREVER: u32 = u32::MAX;
const MUTED_ONCE: u32 = 1_500_000_000;
const MUTED_TILL_2096: u32 = 4_000_000_000;

/// The attributes of a person in a group; `seed` is the group's.
pub(crate) fn attributes(seed: u64, person: u32) -> Attributes {
    let hash = mix(seed ^ (u64::from(person) << 1));
    // Independent picks out of one hash. The first persons have one of everything, so that small groups do too.
    let pick = |shift: u32, of: u64| (hash >> shift) % of;
    Attributes {
        hash,
        msg_seq: match (person, pick(0, 64)) {
            (5, _) => u32::MAX,
            (_, 0) => u32::MAX - u32::try_from(pick(8, 1000)).unwrap_or(0),
            _ => u32::try_from(pick(8, 900)).unwrap_or(0),
        },
        msg_flag: match (person, pick(16, 16)) {
            (3, _) | (_, 0) => "AcceptNotNotifyExceptAt",
            (_, 1..=3) => "Discard",
            (_, 4..=6) => "AcceptNotNotify",
            _ => "AcceptAndNotify",
        },
        last_send_msg_time: match pick(24, 2) {
            0 => 0,
            _ => 1_690_000_000 + u32::try_from(pick(26, 10_000_000)).unwrap_or(0),
        },
        mute_until: match (person, pick(32, 128)) {
            (2, _) | (_, 0) => MUTED_FOREVER,
            (3, _) | (_, 1) => MUTED_ONCE,
            (4, _) | (_, 2) => MUTED_TILL_2096,
            _ => 0,
        },
        name_card: match (person, pick(40, 16)) {
            (0..12, _) => NAME_CARDS[person as usize],
            (_, 0) => NAME_CARDS[usize::try_from(pick(44, 12)).unwrap_or(0)],
            _ => "",
        },
        online: pick(52, 3) == 0,
    }
}

impl Attributes {
    /// Whether they may not speak at `now`.
    pub(crate) fn is_muted(&self, now: u64) -> bool {
        u64::from(self.mute_until) > now
    }

    /// The group's custom member fields: one text, one that is often unset, one long enough to matter.
    pub(crate) fn custom(&self) -> [(&'static str, String); 3] {
        let hash = self.hash;
        [
            ("MemberDefined1", format!("等级{}", hash % 10)),
            ("MemberDefined2", if hash & 8 == 0 { String::new() } else { format!("crm\u{1}{:08x}", hash >> 32) }),
            ("MemberDefined3", format!("{hash:016x}{:016x}", mix(hash))),
        ]
    }
}

/// Which fields of a row were asked for, and what is to be wrong with them.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) role: bool,
    pub(crate) join_time: bool,
    pub(crate) msg_seq: bool,
    pub(crate) msg_flag: bool,
    pub(crate) last_send_msg_time: bool,
    pub(crate) mute_until: bool,
    pub(crate) name_card: bool,
    pub(crate) online_status: bool,
    pub(crate) custom: Custom,
    /// Fault: `"Member "`.
    pub(crate) role_with_space: bool,
    /// Fault: numbers come as strings.
    pub(crate) string_numbers: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Custom {
    None,
    All,
    Only(Vec<String>),
}

impl Fields {
    /// All standard fields. `OnlineStatus` is not one: it only comes when named.
    pub(crate) fn standard(custom: Custom) -> Self {
        Self {
            role: true,
            join_time: true,
            msg_seq: true,
            msg_flag: true,
            last_send_msg_time: true,
            mute_until: true,
            name_card: true,
            custom,
            ..Self::none()
        }
    }

    /// Only `Member_Account`.
    pub(crate) fn none() -> Self {
        Self {
            role: false,
            join_time: false,
            msg_seq: false,
            msg_flag: false,
            last_send_msg_time: false,
            mute_until: false,
            name_card: false,
            online_status: false,
            custom: Custom::None,
            role_with_space: false,
            string_numbers: false,
        }
    }

    /// Adds a field by its name in `MemberInfoFilter`; false when there is no such name.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        let field = match name {
            // Always there; get_group_info's samples call it "Account".
            "Member_Account" | "Account" => return true,
            "Role" => &mut self.role,
            "JoinTime" => &mut self.join_time,
            "MsgSeq" => &mut self.msg_seq,
            "MsgFlag" => &mut self.msg_flag,
            "LastSendMsgTime" => &mut self.last_send_msg_time,
            "MuteUntil" => &mut self.mute_until,
            "NameCard" => &mut self.name_card,
            "OnlineStatus" => &mut self.online_status,
            _ => return false,
        };
        *field = true;
        true
    }

    pub(crate) fn row<'a>(&self, account: &'a str, role: Role, join_time: u32, of: &Attributes) -> Row<'a> {
        let number = |wanted: bool, n: u32| match (wanted, self.string_numbers) {
            (false, _) => None,
            (true, false) => Some(Number::Plain(n)),
            (true, true) => Some(Number::Text(n)),
        };
        let role = match role {
            Role::Member if self.role_with_space => "Member ",
            role => role.as_str(),
        };
        Row {
            account: Some(account),
            role: self.role.then_some(role),
            join_time: number(self.join_time, join_time),
            msg_seq: number(self.msg_seq, of.msg_seq),
            msg_flag: self.msg_flag.then_some(of.msg_flag),
            last_send_msg_time: number(self.last_send_msg_time, of.last_send_msg_time),
            mute_until: number(self.mute_until, of.mute_until),
            name_card: self.name_card.then_some(of.name_card),
            online_status: self.online_status.then_some(if of.online { "Online" } else { "Offline" }),
            custom: match &self.custom {
                Custom::None => None,
                Custom::All => Some(of.custom().into_iter().map(Pair::from).collect()),
                Custom::Only(keys) => {
                    let wanted = |(key, _): &(&'static str, String)| keys.iter().any(|k| k == key);
                    Some(of.custom().into_iter().filter(wanted).map(Pair::from).collect())
                }
            },
        }
    }
}

/// A row of `MemberList`.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    #[serde(rename = "Member_Account")]
    account: Option<&'a str>,
    #[serde(rename = "Role", skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(rename = "JoinTime", skip_serializing_if = "Option::is_none")]
    join_time: Option<Number>,
    #[serde(rename = "MsgSeq", skip_serializing_if = "Option::is_none")]
    msg_seq: Option<Number>,
    #[serde(rename = "MsgFlag", skip_serializing_if = "Option::is_none")]
    msg_flag: Option<&'static str>,
    #[serde(rename = "LastSendMsgTime", skip_serializing_if = "Option::is_none")]
    last_send_msg_time: Option<Number>,
    #[serde(rename = "MuteUntil", skip_serializing_if = "Option::is_none")]
    mute_until: Option<Number>,
    #[serde(rename = "NameCard", skip_serializing_if = "Option::is_none")]
    name_card: Option<&'static str>,
    #[serde(rename = "OnlineStatus", skip_serializing_if = "Option::is_none")]
    online_status: Option<&'static str>,
    #[serde(rename = "AppMemberDefinedData", skip_serializing_if = "Option::is_none")]
    custom: Option<Vec<Pair>>,
}

impl Row<'_> {
    /// Fault: a row about nobody.
    pub(crate) fn spoil(&mut self) {
        self.account = None;
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    key: &'static str,
    value: String,
}

impl From<(&'static str, String)> for Pair {
    fn from((key, value): (&'static str, String)) -> Self {
        Self { key, value }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Plain(u32),
    Text(u32),
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(n) => serializer.serialize_u32(*n),
            Self::Text(n) => serializer.collect_str(n),
        }
    }
}
