//! A group: the rows about who is and was in it, and what happened to them.
//!
//! Rows are the table's: one for everybody who was ever there, numbered over all groups. Leaving changes a row, coming
//! back changes it again (or adds one), and only a purge takes one out of the list.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{
    config::GroupConfig,
    people::{Person, staff_name, staff_userid},
};
use crate::rng::{Rng, seed_of};

const FIRST_JOIN: u32 = 1_623_999_236;
/// When the seeded rows were pulled from WeCom, all at once.
pub(crate) const PULLED: u32 = 1_633_657_730;
/// When the world's own clock starts: later than every seeded join. Not the machine's clock, so that a seed gives the
/// same world on every day.
const CLOCK: u32 = 1_700_000_000;
/// A sandbox may stand for days.
const KEPT_EVENTS: usize = 100_000;

/// Which of the two lists of a group somebody is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A customer: `getGroupMembers`, `member_type` 2.
    External,
    /// Staff of the enterprise: `getGroupEmployees`, `member_type` 1.
    Employee,
}

/// A row of a group as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// `id`.
    pub row_id: u32,
    /// `userid`.
    pub userid: String,
    /// Which list it is in.
    pub kind: Kind,
    /// Whether they are in the group (`status` 1) or were (0).
    pub present: bool,
    /// `join_time`, Unix seconds, 0 where it is not known.
    pub join_time: u32,
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Somebody new.
    Joined,
    /// `status` became 0.
    Left,
    /// Somebody who had left.
    CameBack,
    /// The row has vanished from the list.
    Purged,
}

/// Something that happened in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// What.
    pub change: Change,
    /// To whom.
    pub userid: String,
    /// To which row.
    pub row_id: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: u32,
    pub(crate) person: u32,
    pub(crate) kind: Kind,
    pub(crate) present: bool,
    pub(crate) joined: u32,
    /// When they left last, 0 for never.
    pub(crate) left: u32,
    pub(crate) created: u32,
    /// 0 for never.
    pub(crate) updated: u32,
    /// The number of the event that brought them in, 0 for the beginning.
    since: u64,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) config: GroupConfig,
    pub(crate) business: u32,
    /// The enterprise's.
    pub(crate) seed: u64,
    rng: Rng,
    rows: Vec<Row>,
    /// The rows in the lists, oldest first.
    external: Vec<u32>,
    employees: Vec<u32>,
    /// How many of them are in the group.
    present: [usize; 2],
    /// Rows of people who left and can come back.
    gone: Vec<u32>,
    aliases: HashMap<u32, String>,
    next_person: u32,
    rejoin_adds_row: bool,
    clock: u32,
    /// Churn events owed.
    due: f64,
    count: u64,
    recorded_from: u64,
    /// Who left since.
    left: Vec<(Kind, String)>,
    events: VecDeque<Event>,
}

impl Group {
    /// `ids` is the next free row id of the table.
    pub(crate) fn new(config: GroupConfig, business: u32, seed: u64, rejoin_adds_row: bool, ids: &mut u32) -> Self {
        let seed = seed_of(seed, &format!("enterprise {business}"));
        let mut group = Self {
            business,
            seed,
            rng: Rng::new(seed_of(seed, &format!("group {}", config.id))),
            rows: Vec::new(),
            external: Vec::new(),
            employees: Vec::new(),
            present: [0; 2],
            gone: Vec::new(),
            aliases: HashMap::new(),
            next_person: config.members.saturating_add(config.left),
            rejoin_adds_row,
            clock: CLOCK
                .max(FIRST_JOIN.saturating_add((config.members.saturating_add(config.left) / 3).saturating_mul(97))),
            due: 0.0,
            count: 0,
            recorded_from: 0,
            left: Vec::new(),
            events: VecDeque::new(),
            config,
        };
        for person in 0..group.config.employees {
            group.seat(Kind::Employee, person, FIRST_JOIN - 60 + person / 3, PULLED, ids);
        }
        let (all, left) = (u64::from(group.next_person), u64::from(group.config.left));
        for person in 0..group.next_person {
            // Three share every time: it is no key, and no order either. Of some it is not known.
            let joined = if person % 50 == 19 { 0 } else { FIRST_JOIN.saturating_add(person / 3 * 97) };
            let row = group.seat(Kind::External, person, joined, PULLED, ids);
            let n = u64::from(person);
            if n * left / all != (n + 1) * left / all {
                group.gone.push(row);
                group.present[Kind::External as usize] -= 1;
                let row = &mut group.rows[row as usize];
                (row.present, row.left, row.updated) = (false, joined.saturating_add(86_400), PULLED + 60);
            } else if person % 17 == 8 {
                // Here again; when they had left is still written there.
                group.rows[row as usize].left = joined.saturating_sub(86_400);
            }
        }
        group
    }

    fn seat(&mut self, kind: Kind, person: u32, joined: u32, created: u32, ids: &mut u32) -> u32 {
        let at = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let since = self.count;
        self.rows.push(Row { id: *ids, person, kind, present: true, joined, left: 0, created, updated: 0, since });
        *ids += 1;
        self.present[kind as usize] += 1;
        self.list_mut(kind).push(at);
        at
    }

    /// The rows of a list, oldest first.
    pub(crate) fn list(&self, kind: Kind) -> &[u32] {
        match kind {
            Kind::External => &self.external,
            Kind::Employee => &self.employees,
        }
    }

    fn list_mut(&mut self, kind: Kind) -> &mut Vec<u32> {
        match kind {
            Kind::External => &mut self.external,
            Kind::Employee => &mut self.employees,
        }
    }

    pub(crate) fn row(&self, at: u32) -> &Row {
        &self.rows[at as usize]
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    pub(crate) fn person(&self, row: &Row) -> Person {
        Person::new(self.seed, row.person)
    }

    pub(crate) fn userid(&self, row: &Row) -> String {
        match (row.kind, self.aliases.get(&row.person)) {
            (Kind::Employee, _) => staff_userid(row.person),
            (Kind::External, Some(alias)) => alias.clone(),
            (Kind::External, None) => self.person(row).external_userid(),
        }
    }

    pub(crate) fn name(&self, row: &Row) -> String {
        match row.kind {
            Kind::Employee => staff_name(row.person),
            Kind::External => self.person(row).name(),
        }
    }

    /// How many are in the group now.
    pub(crate) fn present(&self, kind: Kind) -> usize {
        self.present[kind as usize]
    }

    // ---- truth

    pub(crate) fn members(&self, kind: Kind) -> Vec<Member> {
        let member = |at: &u32| {
            let row = self.row(*at);
            Member { row_id: row.id, userid: self.userid(row), kind, present: row.present, join_time: row.joined }
        };
        self.list(kind).iter().rev().map(member).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.iter().cloned().collect()
    }

    pub(crate) fn begin_recording(&mut self) {
        self.recorded_from = self.count;
        self.left.clear();
    }

    pub(crate) fn present_throughout(&self, kind: Kind) -> BTreeSet<String> {
        let rows = self.list(kind).iter().map(|at| self.row(*at));
        rows.filter(|row| row.present && row.since <= self.recorded_from).map(|row| self.userid(row)).collect()
    }

    pub(crate) fn ever_present(&self, kind: Kind) -> BTreeSet<String> {
        let now = self.list(kind).iter().map(|at| self.row(*at)).filter(|row| row.present).map(|row| self.userid(row));
        let left = self.left.iter().filter(|(k, _)| *k == kind).map(|(_, userid)| userid.clone());
        now.chain(left).collect()
    }

    // ---- change

    /// False when they are in the group already.
    pub(crate) fn add(&mut self, userid: &str, ids: &mut u32) -> bool {
        if self.find(userid, true).is_some() {
            return false;
        }
        match self.find(userid, false) {
            Some(at) => self.come_back(at, ids),
            None => {
                let person = self.next_person;
                self.aliases.insert(person, userid.to_owned());
                self.join(Kind::External, ids);
            }
        }
        true
    }

    /// False when they are not in the group.
    pub(crate) fn remove(&mut self, userid: &str) -> bool {
        let found = self.find(userid, true);
        found.inspect(|at| self.leave(*at)).is_some()
    }

    /// False when no row of theirs is in the list.
    pub(crate) fn purge_userid(&mut self, userid: &str) -> bool {
        let found = self.find(userid, true).or_else(|| self.find(userid, false));
        found.inspect(|at| self.purge(*at)).is_some()
    }

    fn find(&self, userid: &str, present: bool) -> Option<u32> {
        let matches = |at: &&u32| self.row(**at).present == present && self.userid(self.row(**at)) == userid;
        self.external.iter().rev().find(matches).copied()
    }

    /// Half of the churn of one call about this list.
    pub(crate) fn churn(&mut self, kind: Kind, ids: &mut u32) {
        self.due += self.config.churn.per_call / 2.0;
        while self.due >= 1.0 {
            self.due -= 1.0;
            self.event(kind, ids);
        }
    }

    fn event(&mut self, kind: Kind, ids: &mut u32) {
        let churn = self.config.churn;
        let [leave, join, rejoin, purge] = [churn.leave, churn.join, churn.rejoin, churn.purge].map(|n| n as usize);
        if leave + join + rejoin + purge == 0 {
            return;
        }
        let length = self.list(kind).len();
        // The owner has the first row of the employees, and stays.
        let first = usize::from(kind == Kind::Employee);
        let n = self.rng.below(leave + join + rejoin + purge);
        if n < leave || n >= leave + join + rejoin {
            if length <= first {
                return;
            }
            let picked = first + self.rng.below(length - first);
            let at = self.list(kind)[picked];
            if n >= leave {
                self.purge(at);
            } else if self.row(at).present {
                self.leave(at);
            }
            return;
        }
        let gone: Vec<u32> = self.gone.iter().copied().filter(|at| self.row(*at).kind == kind).collect();
        // Somebody new, or nobody has left yet.
        if n < leave + join || gone.is_empty() {
            self.join(kind, ids);
        } else {
            let at = gone[self.rng.below(gone.len())];
            self.come_back(at, ids);
        }
    }

    fn join(&mut self, kind: Kind, ids: &mut u32) {
        self.count += 1;
        let person = match kind {
            Kind::External => {
                self.next_person += 1;
                self.next_person - 1
            }
            Kind::Employee => {
                let last = self.rows.iter().filter(|row| row.kind == kind).map(|row| row.person).max();
                last.map_or(0, |last| last + 1)
            }
        };
        let at = self.seat(kind, person, self.clock, self.clock, ids);
        self.happened(Change::Joined, at);
    }

    fn leave(&mut self, at: u32) {
        self.count += 1;
        let now = self.clock;
        let row = &mut self.rows[at as usize];
        (row.present, row.left, row.updated) = (false, now, now);
        let (kind, userid) = (row.kind, self.userid(self.row(at)));
        self.left.push((kind, userid));
        self.present[kind as usize] -= 1;
        self.gone.push(at);
        self.happened(Change::Left, at);
    }

    fn come_back(&mut self, at: u32, ids: &mut u32) {
        self.count += 1;
        self.gone.retain(|gone| *gone != at);
        let Row { kind, person, joined, .. } = *self.row(at);
        // Coming back is told from never having left by the time of joining.
        self.clock = self.clock.max(joined.saturating_add(1));
        if self.rejoin_adds_row {
            let at = self.seat(kind, person, self.clock, self.clock, ids);
            return self.happened(Change::CameBack, at);
        }
        self.present[kind as usize] += 1;
        let (now, since) = (self.clock, self.count);
        let row = &mut self.rows[at as usize];
        (row.present, row.joined, row.updated, row.since) = (true, now, now, since);
        self.happened(Change::CameBack, at);
    }

    fn purge(&mut self, at: u32) {
        self.count += 1;
        let (kind, present, userid) = (self.row(at).kind, self.row(at).present, self.userid(self.row(at)));
        if present {
            self.left.push((kind, userid));
            self.present[kind as usize] -= 1;
        }
        self.gone.retain(|gone| *gone != at);
        self.list_mut(kind).retain(|listed| *listed != at);
        self.happened(Change::Purged, at);
    }

    fn happened(&mut self, change: Change, at: u32) {
        let (userid, row_id) = (self.userid(self.row(at)), self.row(at).id);
        if self.events.len() == KEPT_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(Event { change, userid, row_id });
        // Several events in one second, as in life.
        self.clock += u32::from(self.count.is_multiple_of(3));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yunshop::config::Churn;

    #[test]
    fn the_truth_agrees_with_a_naive_record() {
        for adds_row in [false, true] {
            let mut ids = 7;
            let config = GroupConfig::new(1, "g", 200).left(10).employees(4).churn(Churn::per_call(2.0).purge(1));
            let mut group = Group::new(config, 1, 3, adds_row, &mut ids);
            assert_eq!((group.present(Kind::External), group.list(Kind::External).len()), (200, 210));
            group.churn(Kind::External, &mut ids);
            group.begin_recording();
            let now = |group: &Group| {
                let present = group.members(Kind::External).into_iter().filter(|member| member.present);
                present.map(|member| (member.userid, member.join_time)).collect::<BTreeSet<_>>()
            };
            let (mut throughout, mut ever) = (now(&group), now(&group));
            for _ in 0..300 {
                group.churn(Kind::External, &mut ids);
                let now = now(&group);
                assert_eq!(group.present(Kind::External), now.len());
                throughout.retain(|member| now.contains(member));
                ever.extend(now);
            }
            let names = |set: BTreeSet<(String, u32)>| set.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
            assert!(!throughout.is_empty() && throughout.len() < 200);
            assert_eq!(group.present_throughout(Kind::External), names(throughout));
            assert_eq!(group.ever_present(Kind::External), names(ever));
            for change in [Change::Joined, Change::Left, Change::CameBack, Change::Purged] {
                assert!(group.events().iter().any(|event| event.change == change), "{change:?}");
            }
        }
    }
}
