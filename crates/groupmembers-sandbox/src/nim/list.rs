//! A list of members in the order of time: who is in it, and who ever was.
//!
//! Every time somebody enters, the list gets a new seat at the end, and seats are never used twice: the order of the
//! seats' numbers is the order of their times, and "the same membership throughout" is "the same seat".

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use super::{Churn, person};
use crate::rng::{Rng, mix};

/// Somebody came or went after the start, or since the recording began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Who.
    pub accid: String,
    /// Whether they came.
    pub entered: bool,
    /// When the membership that began or ended had begun, in Unix milliseconds.
    pub enter_time: u64,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    person: u32,
    time: u64,
}

/// Marks a person who is not in the list.
const NOWHERE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct List {
    /// What accounts begin with.
    prefix: &'static str,
    pub(crate) seed: u64,
    rng: Rng,
    churn: Churn,
    /// Whether the first seat is somebody who cannot leave.
    headed: bool,
    seats: Vec<Seat>,
    /// The seats that are taken.
    order: Vec<u32>,
    /// By person: their seat now.
    seat_of: Vec<u32>,
    /// Persons whose account is not the one of their number.
    aliases: HashMap<u32, String>,
    by_alias: HashMap<String, u32>,
    /// Persons who left, and when they had entered.
    gone: Vec<(u32, u64)>,
    pub(crate) seeded: u32,
    clock: u64,
    /// Churn events owed.
    due: f64,
    /// Seats below this one existed when the recording began.
    recorded_from: u32,
    /// Seats given up since.
    left: Vec<u32>,
    events: Vec<(u32, bool)>,
}

/// What a list is made from.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) prefix: &'static str,
    pub(crate) seed: u64,
    pub(crate) members: u32,
    /// How many in the middle share one millisecond.
    pub(crate) crowd: u32,
    /// The longest time between two who enter, in milliseconds.
    pub(crate) pause: u64,
    /// Everybody entered before this.
    pub(crate) clock: u64,
    pub(crate) churn: Churn,
    /// The account of the first, who then cannot leave.
    pub(crate) head: Option<String>,
}

impl List {
    pub(crate) fn new(plan: Plan) -> Self {
        let Plan { prefix, seed, members, crowd, pause, clock, churn, head } = plan;
        let crowd = {
            let first = (members - crowd.min(members)) / 2;
            first..first + crowd.min(members)
        };
        let mut at = 0;
        let mut seats: Vec<Seat> = (0..members)
            .map(|person| {
                // A fifth of all came in a rush: a list cut into equal times is not cut into equal parts.
                let rush = members / 2 <= person && person < members / 10 * 7;
                let most = if rush { pause.min(8) } else { pause };
                // Three share a millisecond; the crowd has one of its own.
                let later = if crowd.contains(&person) {
                    person == crowd.start
                } else {
                    person % 3 == 0 || person == crowd.end && !crowd.is_empty()
                };
                at += if later { 1 + mix(seed ^ u64::from(person)) % most.max(1) } else { 0 };
                Seat { person, time: at }
            })
            .collect();
        let last = seats.last().map_or(0, |seat| seat.time);
        for seat in &mut seats {
            seat.time += clock.saturating_sub(last + 1);
        }
        let mut list = Self {
            prefix,
            seed,
            rng: Rng::new(mix(seed)),
            churn,
            headed: head.is_some(),
            order: (0..members).collect(),
            seat_of: (0..members).collect(),
            seats,
            aliases: HashMap::new(),
            by_alias: HashMap::new(),
            gone: Vec::new(),
            seeded: members,
            clock,
            due: 0.0,
            recorded_from: members,
            left: Vec::new(),
            events: Vec::new(),
        };
        if let Some(head) = head.filter(|head| members > 0 && *person::account(prefix, 0) != **head) {
            list.by_alias.insert(head.clone(), 0);
            list.aliases.insert(0, head);
        }
        list
    }

    /// The seats taken, oldest first.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn person_of(&self, seat: u32) -> u32 {
        self.seats[seat as usize].person
    }

    pub(crate) fn time(&self, seat: u32) -> u64 {
        self.seats[seat as usize].time
    }

    pub(crate) fn account(&self, seat: u32) -> Cow<'_, str> {
        self.account_of(self.person_of(seat))
    }

    fn account_of(&self, person: u32) -> Cow<'_, str> {
        match self.aliases.get(&person) {
            Some(alias) => Cow::Borrowed(alias),
            None => person::account(self.prefix, person),
        }
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
            .or_else(|| person::number(self.prefix, account).filter(|p| (*p as usize) < self.seat_of.len()))
            .filter(|person| self.account_of(*person) == account)
    }

    // ---- pages

    /// A page of `limit` seats, newest first, of those older than `before` that `keep` keeps. `shuffle`: those who share
    /// a millisecond come in another order every time.
    pub(crate) fn newest(
        &mut self,
        before: u64,
        limit: usize,
        keep: impl Fn(&Self, u32) -> bool,
        shuffle: bool,
    ) -> Vec<u32> {
        let end = self.order.partition_point(|seat| self.time(*seat) < before);
        let from = self.order[..end].iter().rev().copied().filter(|seat| keep(self, *seat));
        let page = self.cut(from, limit, shuffle);
        self.finish(page, limit, shuffle)
    }

    /// A page of `limit` seats, oldest first, of those not older than `from`.
    pub(crate) fn oldest(&mut self, from: u64, limit: usize, shuffle: bool) -> Vec<u32> {
        let begin = self.order.partition_point(|seat| self.time(*seat) < from);
        let page = self.cut(self.order[begin..].iter().copied(), limit, shuffle);
        self.finish(page, limit, shuffle)
    }

    /// The page, and when it is to be shuffled everybody else who shares the last one's millisecond.
    fn cut(&self, from: impl Iterator<Item = u32>, limit: usize, shuffle: bool) -> Vec<u32> {
        let mut page: Vec<u32> = Vec::new();
        for seat in from {
            let tied = page.last().is_some_and(|last| self.time(*last) == self.time(seat));
            if page.len() >= limit && !(shuffle && tied) {
                break;
            }
            page.push(seat);
        }
        page
    }

    fn finish(&mut self, mut page: Vec<u32>, limit: usize, shuffle: bool) -> Vec<u32> {
        if shuffle {
            let Self { seats, rng, .. } = self;
            for ties in page.chunk_by_mut(|a, b| seats[*a as usize].time == seats[*b as usize].time) {
                rng.shuffle(ties);
            }
        }
        page.truncate(limit);
        page
    }

    // ---- truth

    pub(crate) fn begin_recording(&mut self) {
        self.recorded_from = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.left.clear();
        self.events.clear();
    }

    pub(crate) fn present_throughout(&self, keep: impl Fn(u32) -> bool) -> BTreeSet<String> {
        let end = self.order.partition_point(|seat| *seat < self.recorded_from);
        self.order[..end].iter().filter(|seat| keep(**seat)).map(|seat| self.account(*seat).into_owned()).collect()
    }

    pub(crate) fn ever_present(&self, keep: impl Fn(u32) -> bool) -> BTreeSet<String> {
        let all = self.order.iter().chain(&self.left).filter(|seat| keep(**seat));
        all.map(|seat| self.account(*seat).into_owned()).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let event = |&(seat, entered): &(u32, bool)| Event {
            accid: self.account(seat).into_owned(),
            entered,
            enter_time: self.time(seat),
        };
        self.events.iter().map(event).collect()
    }

    // ---- change

    /// False when the account is in the list already.
    pub(crate) fn add(&mut self, account: &str) -> bool {
        if self.seat(account).is_some() {
            return false;
        }
        let person = self.person(account).unwrap_or_else(|| {
            let person = self.new_person();
            if person::account(self.prefix, person) != account {
                self.aliases.insert(person, account.to_owned());
                self.by_alias.insert(account.to_owned(), person);
            }
            person
        });
        self.sit(person);
        true
    }

    /// False when the account is not in the list.
    pub(crate) fn remove(&mut self, account: &str) -> bool {
        let Some(position) = self.seat(account).and_then(|seat| self.order.binary_search(&seat).ok()) else {
            return false;
        };
        self.leave(position);
        true
    }

    /// Half of the churn of one call.
    pub(crate) fn churn(&mut self) {
        self.due += self.churn.per_call / 2.0;
        while self.due >= 1.0 {
            self.due -= 1.0;
            self.event();
        }
    }

    fn event(&mut self) {
        let Churn { leave, join, rejoin, .. } = self.churn;
        let (leave, join, rejoin) = (leave as usize, join as usize, rejoin as usize);
        if leave + join + rejoin == 0 {
            return;
        }
        match self.rng.below(leave + join + rejoin) {
            n if n < leave => {
                let position = self.rng.below(self.order.len());
                // The last one turns off the light.
                if self.order.len() > 1 && !(self.headed && self.order[position] == 0) {
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
            if !self.by_alias.contains_key(&*person::account(self.prefix, person)) {
                return person;
            }
        }
    }

    fn sit(&mut self, person: u32) {
        if let Some(at) = self.gone.iter().position(|(gone, _)| *gone == person) {
            let (_, entered) = self.gone.swap_remove(at);
            // Coming back is told from never having left by the time of entering.
            self.clock = self.clock.max(entered.saturating_add(1));
        }
        let seat = u32::try_from(self.seats.len()).unwrap_or(NOWHERE);
        self.seats.push(Seat { person, time: self.clock });
        self.seat_of[person as usize] = seat;
        self.order.push(seat);
        self.events.push((seat, true));
        // Several in one millisecond, as in life.
        self.clock += if seat % 3 == 0 { 1 + self.rng.next() % 20 } else { 0 };
    }

    fn leave(&mut self, position: usize) {
        let seat = self.order.remove(position);
        let Seat { person, time } = self.seats[seat as usize];
        self.seat_of[person as usize] = NOWHERE;
        self.gone.push((person, time));
        self.left.push(seat);
        self.events.push((seat, false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(members: u32, crowd: u32) -> List {
        let churn = Churn::per_call(2.0);
        let head = Some("abc".to_owned());
        List::new(Plan { prefix: "guest", seed: 7, members, crowd, pause: 700, clock: 1_700_000_000_000, churn, head })
    }

    #[test]
    fn times_rise_and_a_crowd_shares_exactly_one() {
        for (members, crowd) in [(0, 0), (1, 0), (1, 9), (100, 0), (1000, 250), (1000, 251), (1001, 1001), (30, 1)] {
            let list = list(members, crowd);
            let times: Vec<u64> = list.order().iter().map(|seat| list.time(*seat)).collect();
            assert!(times.is_sorted());
            assert!(times.last().is_none_or(|last| *last < 1_700_000_000_000));
            let most = times.chunk_by(|a, b| a == b).map(<[u64]>::len).max().unwrap_or(0);
            let expected = crowd.min(members).max(members.min(3)) as usize;
            assert_eq!(most, expected, "{members} {crowd}");
        }
    }

    #[test]
    fn pages_are_cut_by_time_and_ties_stay_together_when_shuffled() {
        let mut list = list(300, 0);
        let end = list.time(200);
        let page = list.newest(end, 50, |_, _| true, false);
        assert_eq!(page.len(), 50);
        assert!(page.iter().all(|seat| list.time(*seat) < end));
        assert!(page.is_sorted_by(|a, b| a > b));
        let mut other = list.newest(end, 50, |_, _| true, true);
        assert!(other.is_sorted_by(|a, b| list.time(*a) >= list.time(*b)));
        assert_ne!(page, other);
        other.sort_unstable();
        other.dedup();
        assert_eq!(other.len(), 50);
        let odd = list.newest(u64::MAX, 10, |_, seat| seat % 2 == 1, false);
        assert_eq!(odd[..2], [299, 297]);
        assert_eq!(list.oldest(0, 3, false), [0, 1, 2]);
        assert_eq!(list.oldest(list.time(3), 2, false), [3, 4]);
    }

    #[test]
    fn the_truth_agrees_with_a_naive_record() {
        let mut list = list(200, 0);
        list.churn();
        list.begin_recording();
        let now = |list: &List| -> BTreeSet<(String, u64)> {
            list.order().iter().map(|seat| (list.account(*seat).into_owned(), list.time(*seat))).collect()
        };
        let start = now(&list);
        let (mut throughout, mut ever) = (start.clone(), start.clone());
        for _ in 0..1000 {
            list.churn();
            let now = now(&list);
            throughout.retain(|member| now.contains(member));
            ever.extend(now);
        }
        assert!(list.seat("abc").is_some() && list.seat("guest000000").is_none());
        let names = |set: &BTreeSet<(String, u64)>| set.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
        assert!(!throughout.is_empty() && throughout.len() < 200);
        assert_eq!(list.present_throughout(|_| true), names(&throughout));
        assert_eq!(list.ever_present(|_| true), names(&ever));
        let mut replayed = start;
        for Event { accid, entered, enter_time } in list.events() {
            let member = (accid, enter_time);
            assert!(if entered { replayed.insert(member) } else { replayed.remove(&member) });
        }
        assert_eq!(replayed, now(&list));
    }

    #[test]
    fn people_added_by_account_never_share_one_with_people_who_come_by_themselves() {
        let mut list = list(5, 0);
        for account in ["guest000007", "阿强", "guest7", "guest000005"] {
            assert!(list.add(account), "{account}");
            assert!(!list.add(account), "{account}");
        }
        for _ in 0..50 {
            let person = list.new_person();
            list.sit(person);
        }
        let accounts: BTreeSet<_> = list.order().iter().map(|seat| list.account(*seat)).collect();
        assert_eq!(accounts.len(), list.len());
        assert!(list.order().iter().all(|seat| list.seat(&list.account(*seat)) == Some(*seat)));
    }
}
