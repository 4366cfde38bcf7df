//! The world behind the port: what tests and people may know and change.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    config::Config,
    faults::{Fault, Injection},
    groups::{Event, Group, Kind, Member},
    sessions::Sessions,
};
use crate::faults::Faults;

/// The Yunshop host of a running sandbox: the truth about its groups, and the hand that changes them. Clones are handles
/// to the same world.
///
/// Methods that take a group's id or an account's mobile number panic when there is none such: a test that misspells one
/// must not pass.
#[derive(Clone)]
pub struct World {
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) groups: Vec<Group>,
    /// The next free row id.
    pub(crate) ids: u32,
    pub(crate) faults: Faults<Fault>,
    pub(crate) sessions: Sessions,
    /// By account: the enterprise managed last.
    pub(crate) last_managed: Vec<Option<u32>>,
    /// The groups that were synchronised, with their enterprises, in this order.
    pub(crate) synchronised: Vec<(u32, u32)>,
    admitted: VecDeque<Instant>,
}

impl State {
    /// Whether a call arriving at `now` may pass, when at most `limit` may in any second; 0 lets all pass.
    pub(crate) fn admit(&mut self, limit: u32, now: Instant) -> bool {
        let window = Duration::from_secs(1);
        while self.admitted.front().is_some_and(|first| now.saturating_duration_since(*first) >= window) {
            self.admitted.pop_front();
        }
        if limit == 0 || self.admitted.len() < limit as usize {
            self.admitted.push_back(now);
            return true;
        }
        false
    }
}

impl World {
    pub(crate) fn new(mut config: Config, seed: u64) -> Self {
        let mut faults = Faults::default();
        for injection in std::mem::take(&mut config.faults) {
            faults.inject(injection);
        }
        let (mut groups, mut ids) = (Vec::<Group>::new(), 4);
        for enterprise in &mut config.enterprises {
            for mut group in std::mem::take(&mut enterprise.groups) {
                for injection in std::mem::take(&mut group.faults) {
                    faults.inject(injection.on_group(group.id));
                }
                if groups.iter().all(|known| known.config.id != group.id) {
                    groups.push(Group::new(group, enterprise.business_id, seed, config.rejoin_adds_row, &mut ids));
                }
            }
        }
        let state = State {
            groups,
            ids,
            faults,
            sessions: Sessions::new(config.session_ttl, seed),
            last_managed: config.accounts.iter().map(|account| account.last_managed).collect(),
            synchronised: Vec::new(),
            admitted: VecDeque::new(),
        };
        Self { config: Arc::new(config), state: Arc::new(Mutex::new(state)) }
    }

    /// The groups of an enterprise, in the order they were configured.
    #[must_use]
    pub fn groups(&self, business_id: u32) -> Vec<u32> {
        let state = self.lock();
        state.groups.iter().filter(|group| group.business == business_id).map(|group| group.config.id).collect()
    }

    /// The rows of a list, in its order (newest first): those who left too.
    #[track_caller]
    #[must_use]
    pub fn rows(&self, group: u32, kind: Kind) -> Vec<Member> {
        self.lock().known(group).members(kind)
    }

    /// Who is in the group now, in list order.
    #[track_caller]
    #[must_use]
    pub fn members(&self, group: u32, kind: Kind) -> Vec<Member> {
        self.rows(group, kind).into_iter().filter(|member| member.present).collect()
    }

    /// Starts the record of [`present_throughout`](Self::present_throughout) and [`ever_present`](Self::ever_present)
    /// anew, for every group. Until it is called they count from the start of the sandbox.
    pub fn begin_recording(&self) {
        for group in &mut self.lock().groups {
            group.begin_recording();
        }
    }

    /// The userids that have been in the group since the recording began, without a break: who left and came back is
    /// not among them. A complete list names them all.
    #[track_caller]
    #[must_use]
    pub fn present_throughout(&self, group: u32, kind: Kind) -> BTreeSet<String> {
        self.lock().known(group).present_throughout(kind)
    }

    /// The userids that were in the group at some moment since the recording began. A true list of who is there names
    /// nobody else.
    #[track_caller]
    #[must_use]
    pub fn ever_present(&self, group: u32, kind: Kind) -> BTreeSet<String> {
        self.lock().known(group).ever_present(kind)
    }

    /// The groups whose copies were brought up to date by `synch`, each with its enterprise first, in this order.
    #[must_use]
    pub fn synchronised(&self) -> Vec<(u32, u32)> {
        self.lock().synchronised.clone()
    }

    /// What has happened in the group, oldest first: the last 100,000 events.
    #[track_caller]
    #[must_use]
    pub fn events(&self, group: u32) -> Vec<Event> {
        self.lock().known(group).events()
    }

    /// Lets an external member join, or come back. False when they are in the group already.
    #[track_caller]
    pub fn add_member(&self, group: u32, userid: &str) -> bool {
        let mut state = self.lock();
        let mut ids = state.ids;
        let added = state.known(group).add(userid, &mut ids);
        state.ids = ids;
        added
    }

    /// Lets an external member leave; their row stays. False when they are not in the group.
    #[track_caller]
    pub fn remove_member(&self, group: u32, userid: &str) -> bool {
        self.lock().known(group).remove(userid)
    }

    /// Takes the row of an external member out of the list. False when there is none.
    #[track_caller]
    pub fn purge_member(&self, group: u32, userid: &str) -> bool {
        self.lock().known(group).purge_userid(userid)
    }

    /// Puts a fault in force, beside those that are.
    pub fn inject(&self, fault: impl Into<Injection>) {
        self.lock().faults.inject(fault.into());
    }

    /// Puts a fault in force for calls that name one group.
    #[track_caller]
    pub fn inject_into(&self, group: u32, fault: impl Into<Injection>) {
        let mut state = self.lock();
        state.known(group);
        state.faults.inject(fault.into().on_group(group));
    }

    /// Ends all faults, those of the configuration too.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// A new `PHPSESSID` of this account, with no enterprise chosen in it: for trying things by hand, and for clients
    /// that are given a session instead of a password.
    #[track_caller]
    #[must_use]
    pub fn open_session(&self, mobile: &str) -> String {
        let account = self.account(mobile);
        let mut state = self.lock();
        let id = state.sessions.new_id();
        state.sessions.open(&id, account, Instant::now());
        id
    }

    /// Ends every session. Who has `Yz-appToken` gets a new one without noticing.
    pub fn expire_sessions(&self) {
        self.lock().sessions.close_all();
    }

    /// Makes every `Yz-appToken` and every token of `type=9` worthless.
    pub fn revoke_tokens(&self) {
        self.lock().sessions.revoke_all();
    }

    /// Lets the member choose an enterprise in another session: nothing changes in the sessions there are, only where
    /// one without a choice falls back to.
    #[track_caller]
    pub fn manage_elsewhere(&self, mobile: &str, business_id: u32) {
        let account = self.account(mobile);
        self.lock().last_managed[account] = Some(business_id);
    }

    #[track_caller]
    fn account(&self, mobile: &str) -> usize {
        match self.config.accounts.iter().position(|account| account.mobile == mobile) {
            Some(at) => at,
            None => panic!("the sandbox has no such Yunshop account"),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic over a misspelt group id leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    #[track_caller]
    fn known(&mut self, id: u32) -> &mut Group {
        match self.groups.iter_mut().find(|group| group.config.id == id) {
            Some(group) => group,
            None => panic!("the sandbox has no Yunshop group {id}"),
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("uniacid", &self.config.uniacid).finish_non_exhaustive()
    }
}
