//! One group, in list order, and who was in it when: the truth that a listing is held against.

use std::time::Duration;

use crate::random::Random;

/// A member as the group has them now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Their number; a vendor makes its id of it (`u17`).
    pub id: u32,
    /// When they joined by the vendor's word, in milliseconds since 1970-01-01 UTC.
    pub joined: u64,
    /// Their role, a number that the vendor gives a meaning; 0 is the usual one.
    pub role: u8,
}

/// A stay in the group, on the clock of the simulation.
#[derive(Debug, Clone, Copy)]
struct Stay {
    /// `None`: since before the simulation began.
    from: Option<Duration>,
    until: Option<Duration>,
}

/// Where in the list somebody who joins is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind everybody.
    End,
    /// In front of everybody.
    Start,
    /// Anywhere.
    Anywhere,
}

/// What may happen to a group, and how often in comparison: each is a weight.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Somebody leaves.
    pub leaves: u64,
    /// Somebody leaves and comes back at once.
    pub rejoins: u64,
    /// Somebody who left before comes back.
    pub returns: u64,
    /// Somebody new joins.
    pub joins: u64,
    /// Somebody's role changes.
    pub roles: u64,
    /// Where joins are put.
    pub place: Place,
    /// Who comes back has the join time that they had: leaving is not always final.
    pub keeps_time: bool,
    /// So many members never leave: the owner, and who else must stay.
    pub rooted: u32,
}

/// A group: its list now, and its history.
#[derive(Debug)]
pub struct Group {
    list: Vec<Person>,
    /// By number.
    stays: Vec<Vec<Stay>>,
    /// Who left, as they were.
    gone: Vec<Person>,
}

impl Group {
    /// `members` of them, joined before `unix` (milliseconds), up to `ties` at the same second; in the order in which they joined.
    #[must_use]
    pub fn new(members: u32, ties: u32, unix: u64, random: &mut Random) -> Self {
        let mut list = Vec::with_capacity(members as usize);
        let span = u64::from(members) + 10;
        // Everybody joined at least an hour ago.
        let (mut joined, mut same) = ((unix / 1_000 - 3_600 - span * 100) * 1_000, 0);
        for id in 0..members {
            if same == 0 {
                same = 1 + random.below(u64::from(ties.max(1)));
                joined += 1_000 * (1 + random.below(99));
            }
            same -= 1;
            list.push(Person { id, joined, role: 0 });
        }
        let stays = vec![vec![Stay { from: None, until: None }]; members as usize];
        Self { list, stays, gone: Vec::new() }
    }

    /// The members now, in list order.
    #[must_use]
    pub fn list(&self) -> &[Person] {
        &self.list
    }

    /// How many there are now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nobody is there now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Where somebody stands in the list now.
    #[must_use]
    pub fn place_of(&self, id: u32) -> Option<usize> {
        self.list.iter().position(|person| person.id == id)
    }

    /// Whether `id` is there all the time from `begin` to `end`. Who comes or leaves at these very moments is not.
    #[must_use]
    pub fn was_throughout(&self, id: u32, begin: Duration, end: Duration) -> bool {
        let stays = self.stays.get(id as usize);
        stays.is_some_and(|stays| {
            stays.iter().any(|stay| stay.from < Some(begin) && stay.until.is_none_or(|until| until > end))
        })
    }

    /// Whether `id` was there at some moment from `begin` to `end`.
    #[must_use]
    pub fn was_ever(&self, id: u32, begin: Duration, end: Duration) -> bool {
        let stays = self.stays.get(id as usize);
        stays.is_some_and(|stays| {
            stays.iter().any(|stay| stay.from <= Some(end) && stay.until.is_none_or(|until| until >= begin))
        })
    }

    /// All numbers that were ever given to somebody.
    #[must_use]
    pub fn everybody(&self) -> std::ops::Range<u32> {
        0..self.stays.len() as u32
    }

    /// Somebody new joins at `place` of the list; `at` on the simulation's clock, `unix` in milliseconds.
    pub fn join(&mut self, place: usize, at: Duration, unix: u64) -> u32 {
        let id = self.stays.len() as u32;
        self.stays.push(Vec::new());
        self.enter(Person { id, joined: unix, role: 0 }, place, at);
        id
    }

    /// Somebody comes (back) to `place` of the list.
    pub fn enter(&mut self, person: Person, place: usize, at: Duration) {
        self.stays[person.id as usize].push(Stay { from: Some(at), until: None });
        self.list.insert(place.min(self.list.len()), person);
    }

    /// Who stands at `place` leaves.
    pub fn leave(&mut self, place: usize, at: Duration) -> Person {
        let person = self.list.remove(place);
        if let Some(stay) = self.stays[person.id as usize].last_mut() {
            stay.until = Some(at);
        }
        self.gone.push(person);
        person
    }

    /// Who stands at `place` leaves and comes back as they were: whoever lists the group need not have seen them.
    pub fn blink(&mut self, place: usize, at: Duration) {
        if let Some(stays) = self.list.get(place).and_then(|person| self.stays.get_mut(person.id as usize)) {
            if let Some(stay) = stays.last_mut() {
                stay.until = Some(at);
            }
            stays.push(Stay { from: Some(at), until: None });
        }
    }

    /// Changes the order of the whole list.
    pub fn shuffle(&mut self, random: &mut Random) {
        for last in (1..self.list.len()).rev() {
            self.list.swap(last, random.place(last + 1));
        }
    }

    /// Moves one who stays to another place.
    pub fn move_one(&mut self, random: &mut Random) {
        if !self.list.is_empty() {
            let person = self.list.remove(random.place(self.list.len()));
            self.list.insert(random.place(self.list.len() + 1), person);
        }
    }

    /// Moves who stands at `place` to the front.
    pub fn move_to_front(&mut self, place: usize) {
        self.list[..=place].rotate_right(1);
    }

    /// One thing happens, drawn from the mix. Returns what, for a trace.
    pub fn change(&mut self, mix: &Mix, random: &mut Random, at: Duration, unix: u64) -> (&'static str, u32) {
        let place = match mix.place {
            Place::End => self.list.len(),
            Place::Start => 0,
            Place::Anywhere => random.place(self.list.len() + 1),
        };
        let mut left = random.below(mix.leaves + mix.rejoins + mix.returns + mix.joins + mix.roles);
        let mut chosen = |weight: u64| match left.checked_sub(weight) {
            None => true,
            Some(rest) => {
                left = rest;
                false
            }
        };
        let (leaves, rejoins, returns, roles) =
            (chosen(mix.leaves), chosen(mix.rejoins), chosen(mix.returns), chosen(mix.roles));
        let movable = |person: &Person| person.id >= mix.rooted;
        // Who would leave: anybody but the rooted.
        let leaver = (!self.list.is_empty()).then(|| random.place(self.list.len()));
        let leaver = leaver.filter(|&place| movable(&self.list[place]));
        match leaver {
            Some(leaver) if leaves => ("leaves", self.leave(leaver, at).id),
            Some(leaver) if rejoins => {
                let mut person = self.leave(leaver, at);
                self.gone.pop();
                if !mix.keeps_time {
                    (person.joined, person.role) = (unix, 0);
                }
                self.enter(person, place, at);
                ("leaves and comes back", person.id)
            }
            Some(who) if roles => {
                let person = &mut self.list[who];
                person.role = random.below(3) as u8;
                ("has another role", person.id)
            }
            _ if returns && !self.gone.is_empty() => {
                let mut person = self.gone.swap_remove(random.place(self.gone.len()));
                if !mix.keeps_time {
                    (person.joined, person.role) = (unix, 0);
                }
                self.enter(person, place, at);
                ("comes back", person.id)
            }
            _ => ("joins", self.join(place, at, unix)),
        }
    }
}
