//! A group: who is in it, in which order, and who ever was.
//!
//! Every time somebody joins, the group gets a new seat at the end, and seats are never used twice. So the list order is
//! the order of the seats' numbers, "the same membership throughout" is "the same seat", and a cursor is the number of
//! the next seat: it keeps its place whoever leaves. Twelve bytes a member, whatever their rows look like.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use super::{
    config::{GroupConfig, GroupKind},
    member::{self, Attributes, Member, Role, attributes},
};
use crate::rng::{Rng, mix, seed_of};

#[derive(Clone, Copy, Debug)]
struct Seat {
    person: u32,
    join_time: u32,
}

/// Marks a person who is not in the group.
const NOWHERE: u32 = u32::MAX;
const FIRST_JOIN: u32 = 1_600_000_000;
/// When the world's own clock starts: later than every seeded join. Not the machine's clock, so that a seed gives the
/// same world on every day.
const CLOCK: u32 = 1_700_000_000;

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) kind: GroupKind,
    pub(crate) custom_fields: bool,
    config: GroupConfig,
    seed: u64,
    rng: Rng,
    seats: Vec<Seat>,
    /// The seats that are taken, in list order.
    order: Vec<u32>,
    /// By person: their seat now.
    seat_of: Vec<u32>,
    /// Persons added by account at run time whose account is not the one of their number.
    aliases: HashMap<u32, String>,
    by_alias: HashMap<String, u32>,
    /// Persons who left, and when they had joined.
    gone: Vec<(u32, u32)>,
    admins: u32,
    seeded: u32,
    clock: u32,
    /// Churn events owed.
    due: f64,
    /// Seats below this one existed when the recording began.
    recorded_from: u32,
    /// Seats given up since.
    left: Vec<u32>,
}

impl Group {
    pub(crate) fn new(config: GroupConfig, seed: u64) -> Self {
        let members = config.members;
        let seed = seed_of(seed, &config.id);
        // Three people share every JoinTime: it is no key, and no order either.
        let seats: Vec<Seat> =
            (0..members).map(|n| Seat { person: n, join_time: FIRST_JOIN.saturating_add(n / 3 * 97) }).collect();
        let clock = seats.last().map_or(CLOCK, |last| CLOCK.max(last.join_time.saturating_add(1)));
        Self {
            id: config.id.clone(),
            kind: config.kind,
            custom_fields: config.custom_fields,
            seed,
            rng: Rng::new(mix(seed)),
            order: (0..members).collect(),
            seat_of: (0..members).collect(),
            seats,
            aliases: HashMap::new(),
            by_alias: HashMap::new(),
            gone: Vec::new(),
            admins: if members > 3 { (members / 100).clamp(1, 9) } else { 0 },
            seeded: members,
            clock,
            due: 0.0,
            recorded_from: members,
            left: Vec::new(),
            config,
        }
    }

    /// The seats taken, in list order.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    pub(crate) fn account(&self, seat: u32) -> Cow<'_, str> {
        self.account_of(self.seats[seat as usize].person)
    }

    fn account_of(&self, person: u32) -> Cow<'_, str> {
        match self.aliases.get(&person) {
            Some(alias) => Cow::Borrowed(alias),
            None => member::account(person),
        }
    }

    pub(crate) fn join_time(&self, seat: u32) -> u32 {
        self.seats[seat as usize].join_time
    }

    /// Owner and admins are those the group was seeded with; who comes back comes back as a member.
    pub(crate) fn role(&self, seat: u32) -> Role {
        match seat {
            seat if seat >= self.seeded => Role::Member,
            0 => Role::Owner,
            seat if seat <= self.admins => Role::Admin,
            _ => Role::Member,
        }
    }

    pub(crate) fn attributes(&self, seat: u32) -> Attributes {
        attributes(self.seed, self.seats[seat as usize].person)
    }

    /// The seat this account has now.
    pub(crate) fn seat(&self, account: &str) -> Option<u32> {
        let seat = *self.seat_of.get(self.person(account)? as usize)?;
        (seat != NOWHERE).then_some(seat)
    }

    fn person(&self, account: &str) -> Option<u32> {
        self.by_alias
            .get(account)
            .copied()
            .or_else(|| member::person(account).filter(|p| (*p as usize) < self.seat_of.len()))
            .filter(|person| self.account_of(*person) == account)
    }

    pub(crate) fn members(&self) -> Vec<Member> {
        let member = |seat: &u32| Member {
            account: self.account(*seat).into_owned(),
            role: self.role(*seat),
            join_time: self.join_time(*seat),
        };
        self.order.iter().map(member).collect()
    }

    // ---- truth

    pub(crate) fn begin_recording(&mut self) {
        self.recorded_from = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.left.clear();
    }

    pub(crate) fn present_throughout(&self) -> BTreeSet<String> {
        let end = self.order.partition_point(|seat| *seat < self.recorded_from);
        self.order[..end].iter().map(|seat| self.account(*seat).into_owned()).collect()
    }

    pub(crate) fn ever_present(&self) -> BTreeSet<String> {
        self.order.iter().chain(&self.left).map(|seat| self.account(*seat).into_owned()).collect()
    }

    // ---- change

    /// False when the account is in the group already.
    pub(crate) fn add(&mut self, account: &str) -> bool {
        if self.seat(account).is_some() {
            return false;
        }
        let person = self.person(account).unwrap_or_else(|| {
            let person = self.new_person();
            if member::account(person) != account {
                self.aliases.insert(person, account.to_owned());
                self.by_alias.insert(account.to_owned(), person);
            }
            person
        });
        self.sit(person);
        true
    }

    /// False when the account is not in the group.
    pub(crate) fn remove(&mut self, account: &str) -> bool {
        let Some(position) = self.seat(account).and_then(|seat| self.order.binary_search(&seat).ok()) else {
            return false;
        };
        self.leave(position);
        true
    }

    /// Half of the churn of one call.
    pub(crate) fn churn(&mut self) {
        self.due += self.config.churn.per_call / 2.0;
        while self.due >= 1.0 {
            self.due -= 1.0;
            self.event();
        }
    }

    fn event(&mut self) {
        let churn = self.config.churn;
        let (leave, join, rejoin) = (churn.leave as usize, churn.join as usize, churn.rejoin as usize);
        if leave + join + rejoin == 0 {
            return;
        }
        match self.rng.below(leave + join + rejoin) {
            n if n < leave => {
                let position = self.rng.below(self.order.len());
                // An owner cannot leave, and the last one turns off the light.
                if self.order.len() > 1 && self.role(self.order[position]) != Role::Owner {
                    self.leave(position);
                }
            }
            n if n >= leave + join && !self.gone.is_empty() => {
                let (person, _) = self.gone[self.rng.below(self.gone.len())];
                self.sit(person);
            }
            // Nobody has left yet, or it is time for somebody new.
            _ => {
                let person = self.new_person();
                self.sit(person);
            }
        }
    }

    fn new_person(&mut self) -> u32 {
        loop {
            let person = u32::try_from(self.seat_of.len()).unwrap_or(NOWHERE);
            self.seat_of.push(NOWHERE);
            // Somebody may have been added under the account this number stands for.
            if !self.by_alias.contains_key(&*member::account(person)) {
                return person;
            }
        }
    }

    fn sit(&mut self, person: u32) {
        if let Some(at) = self.gone.iter().position(|(gone, _)| *gone == person) {
            let (_, joined) = self.gone.swap_remove(at);
            // Coming back is told from never having left by the time of joining.
            self.clock = self.clock.max(joined.saturating_add(1));
        }
        let seat = u32::try_from(self.seats.len()).unwrap_or(NOWHERE);
        self.seats.push(Seat { person, join_time: self.clock });
        self.seat_of[person as usize] = seat;
        self.order.push(seat);
        // Several joins in one second, as in life.
        self.clock += u32::from(seat % 3 == 0);
    }

    fn leave(&mut self, position: usize) {
        let seat = self.order.remove(position);
        let Seat { person, join_time } = self.seats[seat as usize];
        self.seat_of[person as usize] = NOWHERE;
        self.gone.push((person, join_time));
        self.left.push(seat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tim::Churn;

    fn group(members: u32) -> Group {
        Group::new(GroupConfig::new("g", GroupKind::Public, members).churn(Churn::per_call(2.0)), 7)
    }

    #[test]
    fn who_comes_back_goes_to_the_end_with_a_later_join_time() {
        let mut group = group(30);
        let before = group.members()[9].clone();
        assert!(group.remove(&before.account));
        assert!(!group.remove(&before.account));
        assert!(group.add(&before.account));
        assert!(!group.add(&before.account));
        let after = group.members().pop().unwrap();
        assert_eq!(after.account, before.account);
        assert!(after.join_time > before.join_time);
        // Several times in the same second of the world's clock.
        let mut joined = after.join_time;
        for _ in 0..6 {
            assert!(group.remove(&before.account));
            assert!(group.add(&before.account));
            let again = group.members().pop().unwrap().join_time;
            assert!(again > joined);
            joined = again;
        }
        assert!(!group.present_throughout().contains(&before.account));
        assert!(group.ever_present().contains(&before.account));
    }

    #[test]
    fn people_added_by_account_never_share_one_with_people_who_join_by_themselves() {
        let mut group = group(5);
        for account in ["user000007", "阿强", "user7", "user000005"] {
            assert!(group.add(account), "{account}");
        }
        for _ in 0..50 {
            let person = group.new_person();
            group.sit(person);
        }
        let members = group.members();
        let accounts: BTreeSet<_> = members.iter().map(|m| &m.account).collect();
        assert_eq!(accounts.len(), members.len());
        assert!(
            members.iter().all(|m| { group.seat(&m.account).is_some_and(|seat| group.account(seat) == m.account) })
        );
    }

    #[test]
    fn the_truth_agrees_with_a_naive_record() {
        let mut group = group(200);
        group.churn();
        group.begin_recording();
        let now =
            |group: &Group| group.members().into_iter().map(|m| (m.account, m.join_time)).collect::<BTreeSet<_>>();
        let (mut throughout, mut ever) = (now(&group), now(&group));
        for _ in 0..1000 {
            group.churn();
            let now = now(&group);
            throughout.retain(|member| now.contains(member));
            ever.extend(now);
        }
        let names = |set: BTreeSet<(String, u32)>| set.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
        assert!(!throughout.is_empty() && throughout.len() < 200);
        assert_eq!(group.present_throughout(), names(throughout));
        assert_eq!(group.ever_present(), names(ever));
    }
}
