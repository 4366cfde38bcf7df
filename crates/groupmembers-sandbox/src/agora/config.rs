//! What the world is made of.

use std::{fmt, time::Duration};

use super::{Churn, faults::Injection};

/// The demo project's App ID; no real project has it.
pub const DEMO_APP_ID: &str = "0123456789abcdef0123456789abcdef";
/// The demo project's App Certificate; it protects nothing.
pub const DEMO_APP_CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
/// The first half of the demo App Key, for the older form of the URL.
pub const DEMO_ORG: &str = "41000001";
/// The second half of the demo App Key.
pub const DEMO_APP: &str = "groupmembers-demo";
/// For the older exchange of client credentials.
pub const DEMO_CLIENT_ID: &str = "YXA6demo-client-id";
/// Its secret; it protects nothing.
pub const DEMO_CLIENT_SECRET: &str = "YXA6demo-client-secret";
/// The default world's largest group, 12,000 members.
pub const DEMO_GROUP: &str = "271828182845904";

/// One Agora Chat project with its groups.
#[derive(Clone)]
pub struct Config {
    /// The App ID the tokens must be made for, and the one of the newer URL form.
    pub app_id: String,
    /// The App Certificate they must be made with.
    pub app_certificate: String,
    /// The organization of the older URL form.
    pub org: String,
    /// The app of the older URL form.
    pub app: String,
    /// Who may exchange client credentials for a token.
    pub client_id: String,
    /// With this secret.
    pub client_secret: String,
    /// The groups, newest first.
    pub groups: Vec<GroupConfig>,
    /// Calls of one kind let through in any 1.000 s; more are refused with 429 `reach_limit`. Half as many of a user's
    /// joined groups, three times as many for tokens. 0 enforces nothing.
    pub calls_per_second: u32,
    /// How many of those the app's end users take away: their apps' calls count against the same limit.
    pub sdk_calls_per_second: u32,
    /// Calls until the plan is used up and all are refused with 429 `resource_limited`; 0 is a plan without end.
    pub plan_calls: u64,
    /// Largest `pagesize` of a member list; a larger one is clamped in silence. Older clusters had 100.
    pub max_page: usize,
    /// The `pagesize` when none is sent. Older clusters had 10.
    pub default_page: usize,
    /// Largest `limit` of a member list by cursor, and the one when none is sent.
    pub max_cursor_page: usize,
    /// Largest `pagesize` of a user's joined groups.
    pub max_joined_page: usize,
    /// Most members in the details of a group.
    pub max_affiliations: usize,
    /// Longest life of a token in seconds; 0 accepts any.
    pub longest_token: u32,
    /// How long an exchanged token lives, whatever was asked for; `None` grants what is asked.
    pub token_seconds: Option<u32>,
    /// How far the server's clock is ahead.
    pub clock_ahead: Duration,
    /// How far it is behind.
    pub clock_behind: Duration,
    /// Faults that may hit any group and any call.
    pub faults: Vec<Injection>,
}

impl Default for Config {
    /// The demo project, the vendor's limits, groups of every kind, and two dozen small ones to list.
    fn default() -> Self {
        let mut groups = vec![
            GroupConfig::new(DEMO_GROUP, 12_000).named("万人大群 🎉"),
            GroupConfig::new("314159265358979", 3_000).named("满员普通群").admins(99),
            GroupConfig::new("161803398874989", 234).named("产品&研发 <周会>").private(),
            GroupConfig::new("141421356237309", 40).named("已封禁的群").disabled(),
            GroupConfig::new("173205080756887", 7).named("👨‍👩‍👧‍👦 一家人").private(),
            GroupConfig::new("223606797749978", 1).named("只有群主"),
        ];
        groups.extend((1..=24).map(|n| GroupConfig::new(format!("2645751311064{n:02}"), 3).named(format!("小群{n}"))));
        Self {
            app_id: DEMO_APP_ID.to_owned(),
            app_certificate: DEMO_APP_CERTIFICATE.to_owned(),
            org: DEMO_ORG.to_owned(),
            app: DEMO_APP.to_owned(),
            client_id: DEMO_CLIENT_ID.to_owned(),
            client_secret: DEMO_CLIENT_SECRET.to_owned(),
            groups,
            calls_per_second: 100,
            sdk_calls_per_second: 0,
            plan_calls: 0,
            max_page: 1_000,
            default_page: 1_000,
            max_cursor_page: 50,
            max_joined_page: 20,
            max_affiliations: 10_000,
            longest_token: 86_400,
            token_seconds: None,
            clock_ahead: Duration::ZERO,
            clock_behind: Duration::ZERO,
            faults: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("app_id", &self.app_id)
            .field("app_certificate", &"..")
            .field("org", &self.org)
            .field("app", &self.app)
            .field("client_id", &self.client_id)
            .field("client_secret", &"..")
            .field("groups", &self.groups)
            .field("calls_per_second", &self.calls_per_second)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// One group.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Members at the start, the owner and the admins among them.
    pub members: u32,
    /// Admins among them; the vendor allows 99.
    pub admins: u32,
    /// Muted ones among them.
    pub muted: u32,
    /// Ones on the allow list among them.
    pub allowed: u32,
    /// Users on the block list. They are no members.
    pub blocked: u32,
    /// Found by search and joined on request, or by invitation only.
    pub public: bool,
    /// Banned by the app: nobody can send to it.
    pub disabled: bool,
    /// Who comes and goes while it is being listed.
    pub churn: Churn,
    /// Faults that hit this group only.
    pub faults: Vec<Injection>,
}

impl GroupConfig {
    /// A quiet public group with a few of everything: no churn, no faults.
    #[must_use]
    pub fn new(id: impl Into<String>, members: u32) -> Self {
        let share = |part: u32, most: u32| (members / part).min(most);
        Self {
            id: id.into(),
            name: "测试群".to_owned(),
            members,
            admins: share(3, 5),
            muted: share(10, 30),
            allowed: share(20, 20),
            blocked: share(5, 130),
            public: true,
            disabled: false,
            churn: Churn::default(),
            faults: Vec::new(),
        }
    }

    /// With this name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With this many admins.
    #[must_use]
    pub fn admins(mut self, admins: u32) -> Self {
        self.admins = admins;
        self
    }

    /// By invitation only.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.public = false;
        self
    }

    /// Banned by the app.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
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
