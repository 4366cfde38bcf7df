//! What the world is made of.

use std::fmt;

use super::faults::Injection;

/// The app of the vendor's published demo pair.
pub const DEMO_SDK_APP_ID: u32 = 1_400_000_000;
/// The key of the vendor's published demo pair: printed in its own READMEs and tests, no secret.
pub const DEMO_SECRET_KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
/// The default app administrator.
pub const DEMO_ADMIN: &str = "administrator";

/// One TIM app with its groups.
#[derive(Clone)]
pub struct Config {
    /// The app the signatures must be made for.
    pub sdk_app_id: u32,
    /// The key they must be made with.
    pub secret_key: String,
    /// The only identifiers that may call.
    pub admins: Vec<String>,
    /// The groups, in the order `get_appid_group_list` gives them.
    pub groups: Vec<GroupConfig>,
    /// Calls of one command let through in any 1.000 s; more are refused with 60007. 0 enforces nothing at all, not
    /// even the one call a second of `get_appid_group_list`.
    pub calls_per_second: u32,
    /// Largest `Limit` of `get_group_member_info`.
    pub max_page: u32,
    /// Largest `Limit` of `get_group_member_info` for a Community.
    pub max_community_page: u32,
    /// Largest answer in bytes; longer ones are refused with 10018.
    pub max_answer: usize,
    /// Whether `Offset` counts the rows `MemberRoleFilter` leaves (true) or all members (false). The vendor does not
    /// say which it is.
    pub offset_counts_filtered_rows: bool,
    /// Faults that may hit any group and any command.
    pub faults: Vec<Injection>,
}

impl Default for Config {
    /// The vendor's demo app, its limits, and a group of every kind.
    fn default() -> Self {
        Self {
            sdk_app_id: DEMO_SDK_APP_ID,
            secret_key: DEMO_SECRET_KEY.to_owned(),
            admins: vec![DEMO_ADMIN.to_owned()],
            groups: vec![
                GroupConfig::new("@TGS#1WORK", GroupKind::Work, 180),
                GroupConfig::new("@TGS#2PUBLIC", GroupKind::Public, 1_234),
                GroupConfig::new("@TGS#3MEETING", GroupKind::Meeting, 6_000),
                GroupConfig::new("@TGS#_@TGS#cCOMMUNITY", GroupKind::Community, 10_000),
                GroupConfig::new("@TGS#aAVCHATROOM", GroupKind::AVChatRoom, 600),
            ],
            calls_per_second: 200,
            max_page: 200,
            max_community_page: 100,
            max_answer: 1024 * 1024,
            offset_counts_filtered_rows: true,
            faults: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("secret_key", &"..")
            .field("admins", &self.admins)
            .field("groups", &self.groups)
            .field("calls_per_second", &self.calls_per_second)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// One group.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// Its `GroupId`.
    pub id: String,
    /// Its type.
    pub kind: GroupKind,
    /// Members at the start.
    pub members: u32,
    /// Who comes and goes while it is being listed.
    pub churn: Churn,
    /// Whether its members carry custom fields (`AppMemberDefinedData`), which makes rows about twice as long.
    pub custom_fields: bool,
    /// Faults that hit this group only.
    pub faults: Vec<Injection>,
}

impl GroupConfig {
    /// A quiet group: no churn, no custom fields, no faults.
    #[must_use]
    pub fn new(id: impl Into<String>, kind: GroupKind, members: u32) -> Self {
        Self { id: id.into(), kind, members, churn: Churn::default(), custom_fields: false, faults: Vec::new() }
    }

    /// With people coming and going.
    #[must_use]
    pub fn churn(mut self, churn: Churn) -> Self {
        self.churn = churn;
        self
    }

    /// With custom fields on every member.
    #[must_use]
    pub fn custom_fields(mut self) -> Self {
        self.custom_fields = true;
        self
    }

    /// With a fault.
    #[must_use]
    pub fn fault(mut self, fault: impl Into<Injection>) -> Self {
        self.faults.push(fault.into());
        self
    }
}

/// The type of a group, by its newer name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// Friends at work; `Private` in older texts.
    Work,
    /// Anybody may ask to join.
    Public,
    /// Come and go; `ChatRoom` in older texts.
    Meeting,
    /// Very large, listed by cursor.
    Community,
    /// A live room; has no member list, only who is online.
    AVChatRoom,
}

impl GroupKind {
    /// The vendor's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Work => "Work",
            Self::Public => "Public",
            Self::Meeting => "Meeting",
            Self::Community => "Community",
            Self::AVChatRoom => "AVChatRoom",
        }
    }

    /// The most members the vendor allows, on any of its plans; `None` where it names no limit. A [`GroupConfig`] may go
    /// beyond it.
    #[must_use]
    pub fn most_members(self) -> Option<u32> {
        match self {
            Self::Work | Self::Public | Self::Meeting => Some(6_000),
            Self::Community => Some(1_000_000),
            Self::AVChatRoom => None,
        }
    }

    /// By the vendor's word, older names included.
    pub(crate) fn from_wire(name: &str) -> Option<Self> {
        Some(match name {
            "Work" | "Private" => Self::Work,
            "Public" => Self::Public,
            "Meeting" | "ChatRoom" => Self::Meeting,
            "Community" => Self::Community,
            "AVChatRoom" => Self::AVChatRoom,
            _ => return None,
        })
    }
}

/// How members leave, join and come back while a group is listed: half of the events happen just before a
/// `get_group_member_info` of the group is answered, half just after. The owner stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Churn {
    /// Events per answered call; 0 is a quiet group, 0.5 an event every other call.
    pub per_call: f64,
    /// How often an event is somebody leaving, in proportion to the other two.
    pub leave: u32,
    /// How often it is somebody new joining.
    pub join: u32,
    /// How often it is somebody coming back who had left. They go to the end of the list, with a new `JoinTime`.
    pub rejoin: u32,
}

impl Churn {
    /// `per_call` events for every call: as many leave as arrive, and half of those who arrive had been there before.
    #[must_use]
    pub fn per_call(per_call: f64) -> Self {
        Self { per_call, leave: 2, join: 1, rejoin: 1 }
    }
}
