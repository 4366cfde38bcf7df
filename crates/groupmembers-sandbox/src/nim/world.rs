//! The world behind the port: what tests and people may know and change.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    checksum,
    config::{Config, MemberType, TeamKind},
    faults::{Fault, Injection},
    limits::Limits,
    list::Event,
    person::{Member, TeamMember},
    room::Room,
    team::Team,
};
use crate::{faults::Faults, vendor::unix_now};

/// The app of a running sandbox: the truth about its rooms and teams, and the hand that changes them. Clones are handles
/// to the same world.
///
/// Methods that take a room's or team's id panic when there is none with it: a test that misspells one must not pass.
#[derive(Clone)]
pub struct World {
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) rooms: BTreeMap<u64, Room>,
    pub(crate) teams: BTreeMap<u64, Team>,
    pub(crate) faults: Faults<Fault>,
    pub(crate) limits: Limits,
    /// By `RequestId`: which call it came with, as a hash.
    pub(crate) requests: HashMap<String, u64>,
    pub(crate) clock_offset: i64,
}

impl World {
    pub(crate) fn new(mut config: Config, seed: u64) -> Self {
        let mut faults = Faults::default();
        for injection in std::mem::take(&mut config.faults) {
            faults.inject(injection);
        }
        let mut rooms = BTreeMap::new();
        for mut room in std::mem::take(&mut config.rooms) {
            for injection in std::mem::take(&mut room.faults) {
                faults.inject(injection.on_group(room.id));
            }
            rooms.insert(room.id, Room::new(room, seed, config.clock));
        }
        let mut teams = BTreeMap::new();
        for mut team in std::mem::take(&mut config.teams) {
            for injection in std::mem::take(&mut team.faults) {
                faults.inject(injection.on_group(team.id));
            }
            teams.insert(team.id, Team::new(team, seed, config.clock));
        }
        let clock_offset = config.clock_offset;
        let state = State { rooms, teams, faults, limits: Limits::default(), requests: HashMap::new(), clock_offset };
        Self { config: Arc::new(config), state: Arc::new(Mutex::new(state)) }
    }

    /// The rooms' ids, in the order of the numbers.
    #[must_use]
    pub fn rooms(&self) -> Vec<u64> {
        self.lock().rooms.keys().copied().collect()
    }

    /// The teams' ids, in the order of the numbers.
    #[must_use]
    pub fn teams(&self, kind: TeamKind) -> Vec<u64> {
        self.lock().teams.values().filter(|team| team.is(kind)).map(|team| team.config.id).collect()
    }

    /// Who is in the room now as such a member, oldest first.
    #[track_caller]
    #[must_use]
    pub fn members(&self, room: u64, kind: MemberType) -> Vec<Member> {
        self.lock().room(room).members(kind)
    }

    /// How many are in the room now as such a member.
    #[track_caller]
    #[must_use]
    pub fn member_count(&self, room: u64, kind: MemberType) -> usize {
        self.lock().room(room).members(kind).len()
    }

    /// Starts the record of who was there anew, for every room and team. Until it is called it counts from the start of
    /// the sandbox.
    pub fn begin_recording(&self) {
        let state = &mut *self.lock();
        for room in state.rooms.values_mut() {
            room.fixed.begin_recording();
            room.guests.begin_recording();
        }
        for team in state.teams.values_mut() {
            team.list.begin_recording();
        }
    }

    /// The accounts that have been in the room as such a member since the recording began, without a break: who left
    /// and came back is not among them. A complete list names them all.
    #[track_caller]
    #[must_use]
    pub fn present_throughout(&self, room: u64, kind: MemberType) -> BTreeSet<String> {
        self.lock().room(room).present_throughout(kind)
    }

    /// The accounts that were in the room as such a member at some moment since the recording began. A true list names
    /// nobody else.
    #[track_caller]
    #[must_use]
    pub fn ever_present(&self, room: u64, kind: MemberType) -> BTreeSet<String> {
        self.lock().room(room).ever_present(kind)
    }

    /// Who came and went since the recording began, in order: among the guests, or among the fixed members.
    #[track_caller]
    #[must_use]
    pub fn events(&self, room: u64, kind: MemberType) -> Vec<Event> {
        self.lock().room(room).list(Room::side(kind)).events()
    }

    /// Lets somebody enter as a guest or become a fixed member. False when they are one already.
    #[track_caller]
    pub fn add_member(&self, room: u64, kind: MemberType, accid: &str) -> bool {
        self.lock().room(room).list_mut(Room::side(kind)).add(accid)
    }

    /// Lets a guest leave or a fixed member be one no more. False when they are not.
    #[track_caller]
    pub fn remove_member(&self, room: u64, kind: MemberType, accid: &str) -> bool {
        self.lock().room(room).list_mut(Room::side(kind)).remove(accid)
    }

    /// Who is in the team now, oldest first.
    #[track_caller]
    #[must_use]
    pub fn team_members(&self, team: u64) -> Vec<TeamMember> {
        self.lock().team(team).members()
    }

    /// As [`present_throughout`](Self::present_throughout), for a team.
    #[track_caller]
    #[must_use]
    pub fn team_present_throughout(&self, team: u64) -> BTreeSet<String> {
        self.lock().team(team).list.present_throughout(|_| true)
    }

    /// As [`ever_present`](Self::ever_present), for a team.
    #[track_caller]
    #[must_use]
    pub fn team_ever_present(&self, team: u64) -> BTreeSet<String> {
        self.lock().team(team).list.ever_present(|_| true)
    }

    /// Lets somebody join the team. False when they are in it already.
    #[track_caller]
    pub fn add_to_team(&self, team: u64, accid: &str) -> bool {
        self.lock().team(team).list.add(accid)
    }

    /// Lets somebody leave the team. False when they are not in it.
    #[track_caller]
    pub fn remove_from_team(&self, team: u64, accid: &str) -> bool {
        self.lock().team(team).list.remove(accid)
    }

    /// Puts a fault in force, beside those that are.
    pub fn inject(&self, fault: impl Into<Injection>) {
        self.lock().faults.inject(fault.into());
    }

    /// Puts a fault in force for one room or team.
    #[track_caller]
    pub fn inject_into(&self, group: u64, fault: impl Into<Injection>) {
        let mut state = self.lock();
        let known = state.rooms.contains_key(&group) || state.teams.contains_key(&group);
        assert!(known, "the sandbox has no NIM room or team {group}");
        state.faults.inject(fault.into().on_group(group));
    }

    /// Ends all faults, those of the configuration too.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Sets by how many seconds the server's clock is ahead of this machine's.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.lock().clock_offset = seconds;
    }

    /// The four headers of a call made now by the server's clock: for trying things by hand.
    #[must_use]
    pub fn headers(&self, nonce: &str) -> [(&'static str, String); 4] {
        let cur_time = self.now().to_string();
        let check_sum = checksum::check_sum(&self.config.app_secret, nonce, &cur_time);
        [
            ("AppKey", self.config.app_key.clone()),
            ("Nonce", nonce.to_owned()),
            ("CurTime", cur_time),
            ("CheckSum", check_sum),
        ]
    }

    /// The server's clock in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        unix_now().saturating_add_signed(self.lock().clock_offset)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic over a misspelt id leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    #[track_caller]
    fn room(&mut self, id: u64) -> &mut Room {
        match self.rooms.get_mut(&id) {
            Some(room) => room,
            None => panic!("the sandbox has no NIM room {id}"),
        }
    }

    #[track_caller]
    fn team(&mut self, id: u64) -> &mut Team {
        match self.teams.get_mut(&id) {
            Some(team) => team,
            None => panic!("the sandbox has no NIM team {id}"),
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("app_key", &self.config.app_key).finish_non_exhaustive()
    }
}
