//! The world behind the port: what tests and people may know and change.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    config::Config,
    faults::{Fault, Injection},
    groups::Group,
    limits::Limits,
    member::Member,
    refusal::Refusal,
    usersig,
};
use crate::{faults::Faults, vendor::unix_now};

/// The TIM app of a running sandbox: the truth about its groups, and the hand that changes them. Clones are handles to
/// the same world.
///
/// Methods that take a group's id panic when there is no such group: a test that misspells one must not pass.
#[derive(Clone)]
pub struct World {
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) groups: Groups,
    pub(crate) faults: Faults<Fault>,
    pub(crate) limits: Limits,
}

/// The groups, in the order they were configured.
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
        let mut list = Vec::new();
        for mut group in std::mem::take(&mut config.groups) {
            for injection in std::mem::take(&mut group.faults) {
                faults.inject(injection.on_group(group.id.clone()));
            }
            list.push(Group::new(group, seed));
        }
        let by_id = list.iter().enumerate().map(|(at, group)| (group.id.clone(), at)).collect();
        let state = State { groups: Groups { list, by_id }, faults, limits: Limits::default() };
        Self { config: Arc::new(config), state: Arc::new(Mutex::new(state)) }
    }

    /// The groups' ids, in the order they were configured.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.lock().groups.list.iter().map(|group| group.id.clone()).collect()
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

    /// Starts the record of [`present_throughout`](Self::present_throughout) and [`ever_present`](Self::ever_present)
    /// anew, for every group. Until it is called they count from the start of the sandbox.
    pub fn begin_recording(&self) {
        for group in &mut self.lock().groups.list {
            group.begin_recording();
        }
    }

    /// The accounts that have been in the group since the recording began, without a break: who left and came back is
    /// not among them. A complete list names them all.
    #[track_caller]
    #[must_use]
    pub fn present_throughout(&self, group: &str) -> BTreeSet<String> {
        self.lock().groups.known(group).present_throughout()
    }

    /// The accounts that were in the group at some moment since the recording began. A true list names nobody else.
    #[track_caller]
    #[must_use]
    pub fn ever_present(&self, group: &str) -> BTreeSet<String> {
        self.lock().groups.known(group).ever_present()
    }

    /// Lets somebody join, at the end of the list. False when they are in the group already.
    #[track_caller]
    pub fn add_member(&self, group: &str, account: &str) -> bool {
        self.lock().groups.known(group).add(account)
    }

    /// Lets somebody leave. False when they are not in the group.
    #[track_caller]
    pub fn remove_member(&self, group: &str, account: &str) -> bool {
        self.lock().groups.known(group).remove(account)
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

    /// A UserSig of this app for `identifier`, made now and good for `expire` seconds: for trying things by hand.
    #[must_use]
    pub fn user_sig(&self, identifier: &str, expire: u64) -> String {
        usersig::sign(self.config.sdk_app_id, &self.config.secret_key, identifier, unix_now(), expire)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic over a misspelt group id leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("sdk_app_id", &self.config.sdk_app_id).finish_non_exhaustive()
    }
}

impl Groups {
    /// A group somebody asked for over the wire.
    pub(crate) fn find(&mut self, id: &str) -> Result<&mut Group, Refusal> {
        let legal = (1..=48).contains(&id.len()) && id.bytes().all(|b| (0x20..=0x7e).contains(&b));
        if !legal {
            return Err(Refusal::new(10015, "GroupId is not 1 to 48 bytes of printable ASCII"));
        }
        match self.by_id.get(id) {
            Some(at) => Ok(&mut self.list[*at]),
            None => Err(Refusal::new(10010, format!("no group {id:?}"))),
        }
    }

    pub(crate) fn all(&self) -> &[Group] {
        &self.list
    }

    #[track_caller]
    fn known(&mut self, id: &str) -> &mut Group {
        match self.by_id.get(id) {
            Some(at) => &mut self.list[*at],
            None => panic!("the sandbox has no TIM group {id:?}"),
        }
    }
}
