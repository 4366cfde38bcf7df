//! What the world is made of.

use std::{fmt, time::Duration};

use super::faults::Injection;

/// The tenant (公众号) of the demo world: the number in the path, and `i`.
pub const DEMO_UNIACID: u32 = 2;
/// The shop member who manages the demo enterprises.
pub const DEMO_MOBILE: &str = "13800000000";
/// Their password.
pub const DEMO_PASSWORD: &str = "yunshop-demo";
/// The enterprise with the groups.
pub const DEMO_BUSINESS_ID: u32 = 1;
/// The enterprise the demo member managed last: what answers when none is chosen.
pub const DEMO_OTHER_BUSINESS_ID: u32 = 2;
/// The row id of a group with 200 pages of external members.
pub const DEMO_GROUP_ID: u32 = 13;

/// One merchant's host: a tenant, those who can log in, and the enterprises they manage.
#[derive(Clone)]
pub struct Config {
    /// The tenant.
    pub uniacid: u32,
    /// What stands before `/business` and `/addons` in the path, as where the product is not installed at the root:
    /// empty, or with a slash in front and none at the end.
    pub base_path: String,
    /// The shop members who can log in.
    pub accounts: Vec<Account>,
    /// The enterprises.
    pub enterprises: Vec<Enterprise>,
    /// Whether the `business-pc` plugin is open. Without it everything is refused before anybody is asked who they are.
    pub pc_open: bool,
    /// Whether sessions are kept in MySQL, which breaks requests without `i` (HTTP 500).
    pub mysql_sessions: bool,
    /// How long a session lasts after its last use.
    pub session_ttl: Duration,
    /// Rows a page.
    pub per_page: u32,
    /// Whether somebody who comes back to a group gets a new row beside the old one, instead of the old one again. The
    /// vendor does not say which it is.
    pub rejoin_adds_row: bool,
    /// Calls let through in any 1.000 s; more get the 503 page of a web server that limits requests. 0 enforces
    /// nothing, as the vendor does.
    pub calls_per_second: u32,
    /// Faults that may hit any group and any command.
    pub faults: Vec<Injection>,
}

impl Default for Config {
    /// A member who manages two enterprises, was last seen in the wrong one, and has groups of every kind.
    fn default() -> Self {
        let mut groups = vec![
            GroupConfig::new(11, "新客体验群", 3),
            GroupConfig::new(12, "华东会员福利群🎁", 236).left(17).employees(12),
            GroupConfig::new(DEMO_GROUP_ID, "全国代理 VIP 群/总部", 1_960).left(40).employees(25),
            GroupConfig::new(14, "已解散的群", 0).left(30).status(-99),
            GroupConfig::new(15, "", 0),
        ];
        // Enough for the list of groups to have a second page.
        groups.extend((31..=38).map(|id| GroupConfig::new(id, format!("门店{}号群", id - 30), 5)));
        Self {
            uniacid: DEMO_UNIACID,
            base_path: String::new(),
            accounts: vec![
                Account::new(3075, DEMO_MOBILE, DEMO_PASSWORD)
                    .manages(DEMO_BUSINESS_ID, Identity::Creator)
                    .manages(DEMO_OTHER_BUSINESS_ID, Identity::Manager)
                    .manages(3, Identity::Staff)
                    .manages(4, Identity::AwaitingReview)
                    .last_managed(DEMO_OTHER_BUSINESS_ID),
            ],
            enterprises: vec![
                Enterprise::new(DEMO_BUSINESS_ID, "示例零售有限公司", groups),
                Enterprise::new(
                    DEMO_OTHER_BUSINESS_ID,
                    "另一家企业",
                    vec![GroupConfig::new(21, "另一家企业的群", 40).employees(3)],
                ),
                Enterprise::new(3, "只是员工的企业", Vec::new()),
                Enterprise::new(4, "待审核的企业", Vec::new()),
            ],
            pc_open: true,
            mysql_sessions: true,
            session_ttl: Duration::from_secs(7200),
            per_page: 10,
            rejoin_adds_row: false,
            calls_per_second: 0,
            faults: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("uniacid", &self.uniacid)
            .field("base_path", &self.base_path)
            .field("accounts", &self.accounts)
            .field("enterprises", &self.enterprises)
            .field("per_page", &self.per_page)
            .field("calls_per_second", &self.calls_per_second)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// A shop member who can log in.
#[derive(Clone)]
pub struct Account {
    /// Their number in the shop.
    pub uid: u32,
    /// What they log in with.
    pub mobile: String,
    /// And with what else.
    pub password: String,
    /// Their name.
    pub nickname: String,
    /// The enterprises they have to do with, and what they are there.
    pub enterprises: Vec<(u32, Identity)>,
    /// The one they managed last, in whatever session: where a session without a choice falls back to.
    pub last_managed: Option<u32>,
    /// Whether the shop has shut them out.
    pub blacklisted: bool,
    /// Whether they run a store, without which `type=9` gives no token.
    pub store_manager: bool,
}

impl Account {
    /// Somebody who manages nothing yet.
    #[must_use]
    pub fn new(uid: u32, mobile: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            uid,
            mobile: mobile.into(),
            password: password.into(),
            nickname: "林晓".to_owned(),
            enterprises: Vec::new(),
            last_managed: None,
            blacklisted: false,
            store_manager: true,
        }
    }

    /// With something to do in an enterprise.
    #[must_use]
    pub fn manages(mut self, business_id: u32, identity: Identity) -> Self {
        self.enterprises.push((business_id, identity));
        self
    }

    /// Who managed this enterprise last.
    #[must_use]
    pub fn last_managed(mut self, business_id: u32) -> Self {
        self.last_managed = Some(business_id);
        self
    }

    pub(crate) fn identity(&self, business_id: u32) -> Option<Identity> {
        self.enterprises.iter().find(|(id, _)| *id == business_id).map(|(_, identity)| *identity)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("uid", &self.uid)
            .field("password", &"..")
            .field("enterprises", &self.enterprises)
            .field("last_managed", &self.last_managed)
            .finish_non_exhaustive()
    }
}

/// What a member is in an enterprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// Asked to be let in; manages nothing yet.
    AwaitingReview,
    /// An employee: may choose the enterprise, and has no right to this plugin.
    Staff,
    /// An administrator.
    Manager,
    /// Who created it.
    Creator,
    /// Its legal person.
    LegalPerson,
    /// Both.
    CreatorAndLegalPerson,
}

impl Identity {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::AwaitingReview => 0,
            Self::Staff => 1,
            Self::Manager => 2,
            Self::Creator => 3,
            Self::LegalPerson => 4,
            Self::CreatorAndLegalPerson => 5,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AwaitingReview => "待审核",
            Self::Staff => "员工",
            Self::Manager => "管理员",
            Self::Creator => "创建人",
            Self::LegalPerson => "法人",
            Self::CreatorAndLegalPerson => "法人、创建人",
        }
    }
}

/// One enterprise (企业): `business_id`, and `crop_id` in older tables.
#[derive(Clone, Debug)]
pub struct Enterprise {
    /// Its number.
    pub business_id: u32,
    /// Its name.
    pub name: String,
    /// Whether it is in use. One that is not can be chosen, and is then asked to be chosen again for ever.
    pub enabled: bool,
    /// Whether the plugin is authorised for it.
    pub plugin: bool,
    /// Its groups, oldest first. The ids are the table's: they must differ between enterprises too, the first one of
    /// the same number counts.
    pub groups: Vec<GroupConfig>,
}

impl Enterprise {
    /// One that is in use and has the plugin.
    #[must_use]
    pub fn new(business_id: u32, name: impl Into<String>, groups: Vec<GroupConfig>) -> Self {
        Self { business_id, name: name.into(), enabled: true, plugin: true, groups }
    }
}

/// One group.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// The id of its row, `group_id` of the calls about it.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// External members in it at the start.
    pub members: u32,
    /// External members who had left before: they stay in the list, with status 0.
    pub left: u32,
    /// Employees in it, its owner among them.
    pub employees: u32,
    /// 0 to 3; -99 is dissolved.
    pub status: i32,
    /// Who comes and goes while it is being listed.
    pub churn: Churn,
    /// Faults that hit this group only.
    pub faults: Vec<Injection>,
}

impl GroupConfig {
    /// A quiet group with one employee, its owner.
    #[must_use]
    pub fn new(id: u32, name: impl Into<String>, members: u32) -> Self {
        let (churn, faults) = (Churn::default(), Vec::new());
        Self { id, name: name.into(), members, left: 0, employees: 1, status: 0, churn, faults }
    }

    /// With external members who have left.
    #[must_use]
    pub fn left(mut self, left: u32) -> Self {
        self.left = left;
        self
    }

    /// With as many employees.
    #[must_use]
    pub fn employees(mut self, employees: u32) -> Self {
        self.employees = employees;
        self
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: i32) -> Self {
        self.status = status;
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

/// How people leave, join and come back while a group is listed: half of the events happen just before a page of it is
/// answered, half just after, among those the page is about (external members or employees). The owner stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Churn {
    /// Events per answered call; 0 is a quiet group, 0.5 an event every other call.
    pub per_call: f64,
    /// How often an event is somebody leaving: their row stays, with status 0.
    pub leave: u32,
    /// How often it is somebody new: a row at the top of the list, and every other one a place further down.
    pub join: u32,
    /// How often it is somebody coming back who had left.
    pub rejoin: u32,
    /// How often it is a row vanishing for good: every row below it moves a place up, over page boundaries.
    pub purge: u32,
}

impl Churn {
    /// `per_call` events for every call: as many leave as arrive, half of those who arrive had been there before, and
    /// no row vanishes.
    #[must_use]
    pub fn per_call(per_call: f64) -> Self {
        Self { per_call, leave: 2, join: 1, rejoin: 1, purge: 0 }
    }

    /// With rows that vanish, as often in proportion to the others.
    #[must_use]
    pub fn purge(mut self, purge: u32) -> Self {
        self.purge = purge;
        self
    }
}
