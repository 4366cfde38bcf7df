//! What the world is made of.

use std::{fmt, time::Duration};

use super::{Churn, Role, faults::Injection};

/// The developer's account, a phone number.
pub const DEMO_ACCOUNT: &str = "13800000000";
/// The developer's password. No secret: it is good for a sandbox only.
pub const DEMO_PASSWORD: &str = "sandbox-password";
/// The WeChat account that is in every group: its `wcId`, which stays.
pub const DEMO_WC_ID: &str = "wxid_sandbox0robot22";
/// Its `wId`, until it logs in again. No secret: it is good for a sandbox only.
pub const DEMO_WID: &str = "5b2f9c1e-7d34-4a60-9e8b-0c1d2e3f4a5b";
/// The largest group of `Config::default()`.
pub const DEMO_GROUP: &str = "20000000500@chatroom";
/// The most members WeChat allows in a group. A [`GroupConfig`] may go beyond it.
pub const MOST_MEMBERS: u32 = 500;

/// One developer's account, its WeChat accounts and their groups.
#[derive(Clone)]
pub struct Config {
    /// What `/member/login` takes as `account`.
    pub account: String,
    /// What it takes as `password`.
    pub password: String,
    /// What it says about the developer's account.
    pub status: Status,
    /// The WeChat accounts that were ever logged in. The first one is in every group, the others are in none.
    pub wechat: Vec<AccountConfig>,
    /// The groups, in the order `/getAddressList` gives them.
    pub groups: Vec<GroupConfig>,
    /// How a missing, wrong or outdated `Authorization` is answered. The vendor does not say.
    pub auth_answer: AuthAnswer,
    /// The most ids `/getContact` takes.
    pub max_contacts: usize,
    /// What must lie between two `/getContact` of one WeChat account; zero enforces nothing.
    pub contact_gap: Duration,
    /// What must lie between two `/getChatRoomMemberInfo` of one WeChat account; zero enforces nothing. The vendor
    /// asks for a pause and gives no figure.
    pub detail_gap: Duration,
    /// Calls of any other one path let through in any 1.000 s for one WeChat account; 0 enforces nothing. The vendor
    /// documents no such limit.
    pub calls_per_second: u32,
    /// So many hurried calls take a WeChat account offline, which is what the vendor threatens; 0 never does.
    pub hurried_until_offline: u32,
    /// How long `/initAddressList` takes: 10 s to 3 min at the vendor.
    pub init_takes: Duration,
    /// Faults that may hit any group and any call.
    pub faults: Vec<Injection>,
}

impl Default for Config {
    /// One developer with two WeChat accounts, and groups of all sizes up to the largest.
    fn default() -> Self {
        Self {
            account: DEMO_ACCOUNT.to_owned(),
            password: DEMO_PASSWORD.to_owned(),
            status: Status::Normal,
            wechat: vec![
                AccountConfig::new(DEMO_WC_ID, DEMO_WID),
                AccountConfig::new("wxid_sandbox1other21", "6c30ad2f-8e45-4b71-af9c-1d2e3f405b6c"),
            ],
            groups: vec![
                GroupConfig::new("20000000003@chatroom", "", 3).role(Role::Owner),
                GroupConfig::new("20000000040@chatroom", "产品答疑🎉 1群", 40).role(Role::Admin),
                GroupConfig::new("20000000187@chatroom", "同城 (周末) 徒步", 187),
                GroupConfig::new(DEMO_GROUP, "老用户 500 人群", 500).role(Role::Owner),
                GroupConfig::new("20000000012@chatroom", "没存通讯录的群", 12).unsaved(),
            ],
            auth_answer: AuthAnswer::Code,
            max_contacts: 20,
            contact_gap: Duration::from_millis(300),
            detail_gap: Duration::from_millis(100),
            calls_per_second: 0,
            hurried_until_offline: 10,
            init_takes: Duration::ZERO,
            faults: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("account", &self.account)
            .field("password", &"..")
            .field("status", &self.status)
            .field("wechat", &self.wechat)
            .field("groups", &self.groups)
            .field("auth_answer", &self.auth_answer)
            .field("calls_per_second", &self.calls_per_second)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// A WeChat account.
#[derive(Clone)]
pub struct AccountConfig {
    /// Its `wcId` (wxid), which stays.
    pub wc_id: String,
    /// Its `wId` at the start: good until it logs in again.
    pub wid: String,
    /// Whether it is online.
    pub online: bool,
}

impl AccountConfig {
    /// An account that is online.
    #[must_use]
    pub fn new(wc_id: impl Into<String>, wid: impl Into<String>) -> Self {
        Self { wc_id: wc_id.into(), wid: wid.into(), online: true }
    }
}

impl fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who has a wId and a token has the WeChat account.
        f.debug_struct("AccountConfig")
            .field("wc_id", &self.wc_id)
            .field("wid", &"..")
            .field("online", &self.online)
            .finish()
    }
}

/// What `/member/login` says about the developer's account: a code of 1000 does not mean that it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0.
    Normal,
    /// 1.
    Frozen,
    /// 2.
    Expired,
}

impl Status {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Normal => 0,
            Self::Frozen => 1,
            Self::Expired => 2,
        }
    }
}

/// How a bad `Authorization` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthAnswer {
    /// Status 200 and code 1001, like every other failure.
    Code,
    /// HTTP 401.
    Unauthorized,
    /// HTTP 403.
    Forbidden,
}

/// One group.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// Its `chatRoomId`.
    pub id: String,
    /// Its name; "" for a group nobody named.
    pub name: String,
    /// Members at the start, the WeChat account among them.
    pub members: u32,
    /// What the WeChat account is in it. A plain member is not told who invited whom.
    pub role: Role,
    /// Whether it is saved to the address book: only then does `/getAddressList` name it.
    pub saved: bool,
    /// Who comes and goes while it is being read: half of the events happen just before a call about the group is
    /// answered, half just after. The owner and the WeChat account stay.
    pub churn: Churn,
    /// Faults that hit this group only.
    pub faults: Vec<Injection>,
}

impl GroupConfig {
    /// A quiet group that is saved, with the WeChat account as a plain member.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, members: u32) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            members,
            role: Role::Member,
            saved: true,
            churn: Churn::default(),
            faults: Vec::new(),
        }
    }

    /// With the WeChat account as this.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Not saved to the address book.
    #[must_use]
    pub fn unsaved(mut self) -> Self {
        self.saved = false;
        self
    }

    /// With people coming and going.
    #[must_use]
    pub fn churn(mut self, churn: Churn) -> Self {
        self.churn = churn;
        self
    }

    /// With a fault.
    #[must_use]
    pub fn fault(mut self, fault: impl Into<Injection>) -> Self {
        self.faults.push(fault.into());
        self
    }
}
