//! The world behind the port: what tests and people may know and change.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    accounts::Account,
    config::{Config, Status},
    faults::{Fault, Injection},
    groups::{Event, Group, Member},
    limits::Limits,
    token::Signer,
};
use crate::faults::Faults;

/// The developer's account of a running sandbox: the truth about its WeChat accounts and their groups, and the hand
/// that changes them. Clones are handles to the same world.
///
/// Methods that take the id of a group or of a WeChat account panic when there is none: a test that misspells one must
/// not pass.
#[derive(Clone)]
pub struct World {
    config: Arc<Config>,
    seed: u64,
    signer: Arc<Signer>,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) groups: Groups,
    pub(crate) accounts: Vec<Account>,
    pub(crate) faults: Faults<Fault>,
    pub(crate) limits: Limits,
    pub(crate) status: Status,
    pub(crate) password: String,
    logouts: u32,
}

/// The groups, in the order they were configured.
#[derive(Default)]
pub(crate) struct Groups {
    list: Vec<Group>,
    by_id: HashMap<String, usize>,
}

impl World {
    pub(crate) fn new(mut config: Config, seed: u64) -> Self {
        let mut faults = Faults::default();
        for injection in std::mem::take(&mut config.faults) {
            faults.inject(injection);
        }
        let accounts: Vec<Account> = std::mem::take(&mut config.wechat).into_iter().map(Account::new).collect();
        let me = accounts.first().map_or("", |account| account.wc_id.as_str());
        let mut list = Vec::new();
        for mut group in std::mem::take(&mut config.groups) {
            for injection in std::mem::take(&mut group.faults) {
                faults.inject(injection.on_group(group.id.clone()));
            }
            list.push(Group::new(group, me, seed));
        }
        let by_id = list.iter().enumerate().map(|(at, group)| (group.config.id.clone(), at)).collect();
        let state = State {
            groups: Groups { list, by_id },
            accounts,
            faults,
            limits: Limits::default(),
            status: config.status,
            password: std::mem::take(&mut config.password),
            logouts: 0,
        };
        Self { config: Arc::new(config), seed, signer: Arc::new(Signer::new(seed)), state: Arc::new(Mutex::new(state)) }
    }

    /// The groups' ids, in the order they were configured.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.lock().groups.list.iter().map(|group| group.config.id.clone()).collect()
    }

    /// Who is in the group now, in list order.
    #[track_caller]
    #[must_use]
    pub fn members(&self, group: &str) -> Vec<Member> {
        self.lock().groups.known(group).members()
    }

    /// How many are in the group now.
    #[track_caller]
    #[must_use]
    pub fn member_count(&self, group: &str) -> usize {
        self.lock().groups.known(group).len()
    }

    /// Starts the record of [`present_throughout`](Self::present_throughout), [`ever_present`](Self::ever_present) and
    /// [`events`](Self::events) anew, for every group. Until it is called they count from the start of the sandbox.
    pub fn begin_recording(&self) {
        for group in &mut self.lock().groups.list {
            group.begin_recording();
        }
    }

    /// The userNames that have been in the group since the recording began, without a break: who left and came back is
    /// not among them. A complete list names them all.
    #[track_caller]
    #[must_use]
    pub fn present_throughout(&self, group: &str) -> BTreeSet<String> {
        self.lock().groups.known(group).present_throughout()
    }

    /// The userNames that were in the group at some moment since the recording began. A true list names nobody else.
    #[track_caller]
    #[must_use]
    pub fn ever_present(&self, group: &str) -> BTreeSet<String> {
        self.lock().groups.known(group).ever_present()
    }

    /// Who came and went since the recording began, in the order it happened.
    #[track_caller]
    #[must_use]
    pub fn events(&self, group: &str) -> Vec<Event> {
        self.lock().groups.known(group).events().to_vec()
    }

    /// Lets somebody join, at the end of the list. False when they are in the group already.
    #[track_caller]
    pub fn add_member(&self, group: &str, user_name: &str) -> bool {
        self.lock().groups.known(group).add(user_name)
    }

    /// Lets somebody leave, the WeChat account itself too. False when they are not in the group.
    #[track_caller]
    pub fn remove_member(&self, group: &str, user_name: &str) -> bool {
        self.lock().groups.known(group).remove(user_name)
    }

    /// Puts a fault in force, beside those that are.
    pub fn inject(&self, fault: impl Into<Injection>) {
        self.lock().faults.inject(fault.into());
    }

    /// Puts a fault in force for one group.
    #[track_caller]
    pub fn inject_into(&self, group: &str, fault: impl Into<Injection>) {
        let mut state = self.lock();
        state.groups.known(group);
        state.faults.inject(fault.into().on_group(group));
    }

    /// Ends all faults, those of the configuration too.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// The token `/member/login` would give now, for trying things by hand.
    #[must_use]
    pub fn token(&self) -> String {
        self.token_of(&self.lock())
    }

    /// The developer logs out: every token so far is void, and all WeChat accounts are offline.
    pub fn log_out(&self) {
        let mut state = self.lock();
        state.logouts += 1;
        for account in &mut state.accounts {
            account.online = false;
        }
    }

    /// The developer has another password, and every token so far is void.
    pub fn change_password(&self, password: impl Into<String>) {
        self.lock().password = password.into();
    }

    /// Freezes the developer's account, or lets it expire, or brings it back.
    pub fn set_status(&self, status: Status) {
        self.lock().status = status;
    }

    /// The `wcId` of every WeChat account, online or not.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        self.lock().accounts.iter().map(|account| account.wc_id.clone()).collect()
    }

    /// The `wId` a WeChat account has now.
    #[track_caller]
    #[must_use]
    pub fn wid(&self, wc_id: &str) -> String {
        self.lock().account(wc_id).wid.clone()
    }

    /// Whether a WeChat account is online.
    #[track_caller]
    #[must_use]
    pub fn is_online(&self, wc_id: &str) -> bool {
        self.lock().account(wc_id).online
    }

    /// A WeChat account logs in again: it is online, its old `wId` is dead, and this is the new one.
    #[track_caller]
    pub fn log_in_again(&self, wc_id: &str) -> String {
        self.lock().account(wc_id).log_in(self.seed)
    }

    /// WeChat drops an account.
    #[track_caller]
    pub fn take_offline(&self, wc_id: &str) {
        self.lock().account(wc_id).online = false;
    }

    pub(crate) fn token_of(&self, state: &State) -> String {
        self.signer.sign(&self.config.account, &state.password, state.logouts)
    }

    /// Why a token is not good, in words that do not repeat it.
    pub(crate) fn verify(&self, state: &State, token: &str) -> Result<(), &'static str> {
        self.signer.verify(token, &self.config.account, &state.password, state.logouts)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic over a misspelt id leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("account", &self.config.account).finish_non_exhaustive()
    }
}

impl State {
    #[track_caller]
    fn account(&mut self, wc_id: &str) -> &mut Account {
        match self.accounts.iter_mut().find(|account| account.wc_id == wc_id) {
            Some(account) => account,
            None => panic!("the sandbox has no WeChat account {wc_id:?}"),
        }
    }
}

impl Groups {
    /// A group somebody asked for over the wire.
    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Group> {
        self.by_id.get(id).map(|at| &mut self.list[*at])
    }

    pub(crate) fn all(&self) -> &[Group] {
        &self.list
    }

    #[track_caller]
    fn known(&mut self, id: &str) -> &mut Group {
        match self.find(id) {
            Some(group) => group,
            None => panic!("the sandbox has no wkteam group {id:?}"),
        }
    }
}
