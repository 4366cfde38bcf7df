//! What the world is made of.

use std::{fmt, time::Duration};

use super::{Churn, faults::Injection};

/// The app key of the demo app: made up, no secret.
pub const DEMO_APP_KEY: &str = "5a6e62fd1c0b4e7f9a3d28c47b10e9f3";
/// The app secret of the demo app: made up, no secret.
pub const DEMO_APP_SECRET: &str = "0123456789ab";

/// One app with its chat rooms and teams.
#[derive(Clone)]
pub struct Config {
    /// What `AppKey` must say.
    pub app_key: String,
    /// What `CheckSum` must be made with.
    pub app_secret: String,
    /// The chat rooms.
    pub rooms: Vec<RoomConfig>,
    /// The teams and super teams.
    pub teams: Vec<TeamConfig>,
    /// Calls let through in any 1.000 s: of one chat room call, of all team calls together, of all super team calls
    /// together. 0 enforces nothing.
    pub calls_per_second: u32,
    /// How long everything is refused with 416 once the limit was exceeded.
    pub penalty: Duration,
    /// What that hits.
    pub penalty_scope: Penalty,
    /// Seconds by which the server's clock is ahead of this machine's: what `CurTime` is held against and `Date` says.
    /// [`World::set_clock_offset`](super::World::set_clock_offset) changes it while the sandbox runs.
    pub clock_offset: i64,
    /// The world's own clock at the start, in Unix milliseconds: everybody seeded entered before it, everybody later
    /// enters after it. It stands still between events, so that a seed gives the same world on every day.
    pub clock: u64,
    /// Whether a `RequestId` that came with another call before is refused with 431. The same call again (a retry) is
    /// not.
    pub check_request_ids: bool,
    /// Faults that may hit any room or team and any call.
    pub faults: Vec<Injection>,
}

impl Default for Config {
    /// A demo app with the vendor's limits: a large live room, a middling and a small one, a closed one, two teams and
    /// a super team.
    fn default() -> Self {
        Self {
            app_key: DEMO_APP_KEY.to_owned(),
            app_secret: DEMO_APP_SECRET.to_owned(),
            rooms: vec![
                // Ids beyond 32 bits, signed and unsigned, as production has them.
                RoomConfig::new(9_500_000_001, 40, 20_000).robots(30).name("双十一直播间🎉"),
                RoomConfig::new(2_757_903_841, 260, 640).robots(12).name("周会 & 培训 \"第1期\""),
                RoomConfig::new(66, 9, 6).robots(1),
                RoomConfig::new(9_500_000_002, 5, 0).closed(),
            ],
            teams: vec![
                TeamConfig::new(2_690_000_001, TeamKind::Team, 180),
                TeamConfig::new(3_083, TeamKind::Team, 3),
                TeamConfig::new(2_690_000_002, TeamKind::SuperTeam, 1_500),
            ],
            calls_per_second: 100,
            penalty: Duration::from_secs(10),
            penalty_scope: Penalty::WholeApp,
            clock_offset: 0,
            clock: 1_700_000_000_000,
            check_request_ids: true,
            faults: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("app_key", &self.app_key)
            .field("app_secret", &"..")
            .field("rooms", &self.rooms)
            .field("teams", &self.teams)
            .field("calls_per_second", &self.calls_per_second)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// What is closed for the penalty time once a limit was exceeded. The vendor's words allow both readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Penalty {
    /// Every call of the app.
    WholeApp,
    /// The calls that share the exceeded limit.
    SameLimit,
}

/// The `type` of `membersByPage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberType {
    /// 0: fixed members, whether online or not.
    Fixed,
    /// 1: temporary members, who are in the room only while they are online.
    Guests,
    /// 2: fixed members who are online.
    OnlineFixed,
}

impl MemberType {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Fixed => 0,
            Self::Guests => 1,
            Self::OnlineFixed => 2,
        }
    }

    pub(crate) fn from_wire(number: &str) -> Option<Self> {
        Some(match number {
            "0" => Self::Fixed,
            "1" => Self::Guests,
            "2" => Self::OnlineFixed,
            _ => return None,
        })
    }
}

/// One chat room.
#[derive(Clone, Debug)]
pub struct RoomConfig {
    /// Its `roomid`.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The account of its creator, the first of the fixed members.
    pub creator: String,
    /// Fixed members at the start: the creator, managers, common and limited ones.
    pub fixed: u32,
    /// Guests at the start.
    pub guests: u32,
    /// How many of the guests are robots.
    pub robots: u32,
    /// How many guests, in the middle of the list, entered in one and the same millisecond. (In any case three share
    /// every millisecond somebody entered in.)
    pub crowd: u32,
    /// Whether the room is closed: its members cannot be asked for.
    pub closed: bool,
    /// Who comes and goes in the list that is being paged through. The creator stays.
    pub churn: Churn,
    /// Faults that hit this room only.
    pub faults: Vec<Injection>,
}

impl RoomConfig {
    /// An open and quiet room: no robots, no crowd, no churn, no faults.
    #[must_use]
    pub fn new(id: u64, fixed: u32, guests: u32) -> Self {
        Self {
            id,
            name: format!("聊天室{id}"),
            creator: "user000000".to_owned(),
            fixed,
            guests,
            robots: 0,
            crowd: 0,
            closed: false,
            churn: Churn::default(),
            faults: Vec::new(),
        }
    }

    /// With another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With another creator.
    #[must_use]
    pub fn creator(mut self, creator: impl Into<String>) -> Self {
        self.creator = creator.into();
        self
    }

    /// With this many robots among the guests.
    #[must_use]
    pub fn robots(mut self, robots: u32) -> Self {
        self.robots = robots;
        self
    }

    /// With this many guests who entered in the same millisecond.
    #[must_use]
    pub fn crowd(mut self, crowd: u32) -> Self {
        self.crowd = crowd;
        self
    }

    /// Closed.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.closed = true;
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

/// Which kind of team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TeamKind {
    /// `team/*`: everybody in one answer.
    Team,
    /// `superteam/*`: listed page by page.
    SuperTeam,
}

/// One team.
#[derive(Clone, Debug)]
pub struct TeamConfig {
    /// Its `tid`.
    pub id: u64,
    /// Which kind.
    pub kind: TeamKind,
    /// Members at the start, the owner among them.
    pub members: u32,
    /// Who comes and goes while it is being listed. The owner stays.
    pub churn: Churn,
    /// Faults that hit this team only.
    pub faults: Vec<Injection>,
}

impl TeamConfig {
    /// A quiet team.
    #[must_use]
    pub fn new(id: u64, kind: TeamKind, members: u32) -> Self {
        Self { id, kind, members, churn: Churn::default(), faults: Vec::new() }
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
