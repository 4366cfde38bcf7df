//! The world behind the port: what tests and people may know and change.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    config::Config,
    faults::{Fault, Injection},
    group::{Event, Group, Member},
    issued::Issued,
    token::{self, Holder},
};
use crate::{
    faults::Faults,
    rng::{mix, seed_of},
    tim::limits::Limits,
};

/// The Agora Chat project of a running sandbox: the truth about its groups, and the hand that changes them. Clones are
/// handles to the same world.
///
/// Methods that take a group's ID panic when there is no such group: a test that misspells one must not pass.
#[derive(Clone)]
pub struct World {
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
    application: Arc<str>,
}

pub(crate) struct State {
    pub(crate) groups: Groups,
    pub(crate) faults: Faults<Fault>,
    pub(crate) limits: Limits,
    pub(crate) issued: Issued,
    pub(crate) calls: u64,
    salt: u32,
}

/// The groups, newest first.
pub(crate) struct Groups {
    pub(crate) list: Vec<Group>,
    by_id: HashMap<String, usize>,
}

impl World {
    pub(crate) fn new(mut config: Config, seed: u64) -> Self {
        let mut faults = Faults::default();
        for injection in std::mem::take(&mut config.faults) {
            faults.inject(injection);
        }
        let mut list = Vec::new();
        for (age, mut group) in std::mem::take(&mut config.groups).into_iter().enumerate() {
            for injection in std::mem::take(&mut group.faults) {
                faults.inject(injection.on_group(group.id.clone()));
            }
            list.push(Group::new(group, seed, age as u64));
        }
        let by_id = list.iter().enumerate().map(|(at, group)| (group.config.id.clone(), at)).collect();
        let seed = seed_of(seed, &config.app_id);
        let (high, low) = (mix(seed), mix(seed ^ 1));
        let application = format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        );
        let state = State {
            groups: Groups { list, by_id },
            faults,
            limits: Limits::default(),
            issued: Issued::new(mix(seed ^ 2)),
            calls: 0,
            salt: 0,
        };
        Self { config: Arc::new(config), state: Arc::new(Mutex::new(state)), application: application.into() }
    }

    /// The groups' IDs, newest first.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.lock().groups.list.iter().map(|group| group.config.id.clone()).collect()
    }

    /// Who is in the group now, in order of joining.
    #[track_caller]
    #[must_use]
    pub fn members(&self, group: &str) -> Vec<Member> {
        self.lock().groups.known(group).members()
    }

    /// How many are in the group now.
    #[track_caller]
    #[must_use]
    pub fn member_count(&self, group: &str) -> usize {
        self.lock().groups.known(group).seats().len()
    }

    /// Starts the record of [`present_throughout`](Self::present_throughout), [`ever_present`](Self::ever_present) and
    /// [`events`](Self::events) anew, for every group. Until it is called they count from the start of the sandbox.
    pub fn begin_recording(&self) {
        for group in &mut self.lock().groups.list {
            group.begin_recording();
        }
    }

    /// The users who have been in the group since the recording began, without a break: who left and came back is not
    /// among them. A complete list names them all.
    #[track_caller]
    #[must_use]
    pub fn present_throughout(&self, group: &str) -> BTreeSet<String> {
        self.lock().groups.known(group).present_throughout()
    }

    /// The users who were in the group at some moment since the recording began. A true list names nobody else.
    #[track_caller]
    #[must_use]
    pub fn ever_present(&self, group: &str) -> BTreeSet<String> {
        self.lock().groups.known(group).ever_present()
    }

    /// Who came and went since the recording began, in order.
    #[track_caller]
    #[must_use]
    pub fn events(&self, group: &str) -> Vec<Event> {
        self.lock().groups.known(group).events().to_vec()
    }

    /// Lets somebody join, at the end of the list. False when they are in the group already.
    #[track_caller]
    pub fn add_member(&self, group: &str, user: &str) -> bool {
        self.lock().groups.known(group).add(user)
    }

    /// Lets somebody leave. False when they are not in the group.
    #[track_caller]
    pub fn remove_member(&self, group: &str, user: &str) -> bool {
        self.lock().groups.known(group).remove(user)
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

    /// An AccessToken2 of the app, made now and good for `expire` seconds: for trying things by hand.
    #[must_use]
    pub fn app_token(&self, expire: u32) -> String {
        self.token(&Holder::App, expire)
    }

    /// An AccessToken2 of one chat user, who may read the groups they are in.
    #[must_use]
    pub fn user_token(&self, user: &str, expire: u32) -> String {
        self.token(&Holder::User(user.to_owned()), expire)
    }

    fn token(&self, holder: &Holder, expire: u32) -> String {
        let mut state = self.lock();
        state.salt += 1;
        let issued = u32::try_from(self.now() / 1000).unwrap_or(u32::MAX);
        token::sign(&self.config.app_id, &self.config.app_certificate, holder, issued, expire, state.salt)
    }

    /// Refuses every token that was used or issued so far, as if they had expired. New ones are welcome.
    pub fn revoke_tokens(&self) {
        self.lock().issued.revoke();
    }

    /// The server's clock, in Unix milliseconds.
    pub(crate) fn now(&self) -> u64 {
        let now = SystemTime::now() + self.config.clock_ahead;
        let now = now.checked_sub(self.config.clock_behind).unwrap_or(UNIX_EPOCH);
        now.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// The app's UUID.
    pub(crate) fn application(&self) -> &str {
        &self.application
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic over a misspelt group ID leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("app_id", &self.config.app_id).finish_non_exhaustive()
    }
}

impl Groups {
    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Group> {
        self.by_id.get(id).map(|at| &mut self.list[*at])
    }

    #[track_caller]
    fn known(&mut self, id: &str) -> &mut Group {
        match self.find(id) {
            Some(group) => group,
            None => panic!("the sandbox has no Agora Chat group {id:?}"),
        }
    }
}
