//! A group: who is in it, in which order, and who ever was.
//!
//! Every time somebody joins, the group gets a new seat at the end, and seats are never used twice: "the same membership
//! throughout" is "the same seat", and a cursor is the number of the next seat, which keeps its place whoever leaves.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use super::config::GroupConfig;
use crate::rng::{Rng, mix, seed_of};

const FIRST_JOIN: u64 = 1_600_000_000_000;
/// When the world's own clock starts: later than every seeded join. Not the machine's clock, so that a seed gives the
/// same world on every day.
const CLOCK: u64 = 1_730_000_000_000;

/// A member as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The user ID.
    pub id: String,
    /// What they are in the group.
    pub role: Role,
    /// Unix milliseconds.
    pub joined: u64,
}

/// What a member is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The owner.
    Owner,
    /// An administrator of the group.
    Admin,
    /// An ordinary member.
    Member,
}

impl Role {
    /// The vendor's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// Somebody came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This user joined.
    Joined(String),
    /// This user left.
    Left(String),
}

/// User IDs that the vendor allows and careless clients trip over, by the person's number.
const ODD_IDS: [(u32, &str); 6] = [
    (1, "li.wei_01-x"),
    (2, "2882341273"),
    (4, "-dash"),
    (5, "_under_score_"),
    (8, "null"),
    (10, "a123456789b123456789c123456789d123456789e123456789f123456789g123"),
];

const NICK_NAMES: [&str; 6] = ["张伟", "李娜🎉", "王小明(华东 销售)", "👨‍👩‍👧‍👦 一家人", "O'Neil \"Sam\"", " 前后有空格 "];

/// The ID of the person with this number.
fn id_of(person: u32) -> Cow<'static, str> {
    match ODD_IDS.iter().find(|(odd, _)| *odd == person) {
        Some((_, id)) => Cow::Borrowed(id),
        None => Cow::Owned(format!("user{person:06}")),
    }
}

fn person_of(id: &str) -> Option<u32> {
    if let Some((odd, _)) = ODD_IDS.iter().find(|(_, odd)| *odd == id) {
        return Some(*odd);
    }
    let number = id.strip_prefix("user")?.parse().ok()?;
    (id_of(number) == id).then_some(number)
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) number: u32,
    person: u32,
    pub(crate) joined: u64,
    pub(crate) role: Role,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) config: GroupConfig,
    pub(crate) created: u64,
    seed: u64,
    rng: Rng,
    seats: Vec<Seat>,
    next_seat: u32,
    next_person: u32,
    /// Persons added by an ID at run time that is not the one of their number.
    aliases: HashMap<u32, String>,
    gone: Vec<u32>,
    clock: u64,
    /// Churn events owed.
    due: f64,
    /// Seats below this one existed when the recording began.
    recorded_from: u32,
    /// Persons who left since.
    left: Vec<u32>,
    events: Vec<Event>,
}

impl Group {
    /// `age` in days.
    pub(crate) fn new(config: GroupConfig, seed: u64, age: u64) -> Self {
        let seed = seed_of(seed, &config.id);
        let members = config.members;
        let seat = |n: u32| Seat {
            number: n,
            person: n,
            // Three people share every join time: it is no key, and no order either.
            joined: FIRST_JOIN + u64::from(n / 3) * 97_001,
            role: match n {
                0 => Role::Owner,
                n if n <= config.admins => Role::Admin,
                _ => Role::Member,
            },
        };
        let seats: Vec<Seat> = (0..members).map(seat).collect();
        Self {
            created: FIRST_JOIN.saturating_sub(age * 86_400_000),
            seed,
            rng: Rng::new(mix(seed)),
            clock: seats.last().map_or(CLOCK, |last| CLOCK.max(last.joined + 1)),
            seats,
            next_seat: members,
            next_person: members,
            aliases: HashMap::new(),
            gone: Vec::new(),
            due: 0.0,
            recorded_from: members,
            left: Vec::new(),
            events: Vec::new(),
            config,
        }
    }

    /// The seats taken, in list order; the owner's is the first.
    pub(crate) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    pub(crate) fn id(&self, seat: &Seat) -> Cow<'_, str> {
        self.person_id(seat.person)
    }

    fn person_id(&self, person: u32) -> Cow<'_, str> {
        self.aliases.get(&person).map_or_else(|| id_of(person), |alias| Cow::Borrowed(alias))
    }

    fn person(&self, id: &str) -> Option<u32> {
        let alias = self.aliases.iter().find(|(_, alias)| *alias == id).map(|(person, _)| *person);
        alias
            .or_else(|| person_of(id).filter(|person| *person < self.next_person && !self.aliases.contains_key(person)))
    }

    pub(crate) fn seat(&self, id: &str) -> Option<&Seat> {
        let person = self.person(id)?;
        self.seats.iter().find(|seat| seat.person == person)
    }

    /// Whether this user was ever heard of here: as a member, a former one, or one on the block list.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.person(id).is_some() || self.blocked().any(|blocked| blocked == id)
    }

    pub(crate) fn owner(&self) -> Cow<'_, str> {
        self.seats.first().map_or(Cow::Borrowed(""), |seat| self.id(seat))
    }

    /// The last of the seeded members who are still here.
    pub(crate) fn muted(&self) -> impl Iterator<Item = &Seat> {
        let first = self.config.members.saturating_sub(self.config.muted);
        self.seats.iter().filter(move |seat| (first..self.config.members).contains(&seat.number))
    }

    /// The ones seeded right after the admins who are still here.
    pub(crate) fn allowed(&self) -> impl Iterator<Item = &Seat> {
        let first = self.config.admins + 1;
        self.seats.iter().filter(move |seat| (first..first + self.config.allowed).contains(&seat.number))
    }

    pub(crate) fn blocked(&self) -> impl Iterator<Item = String> {
        (0..self.config.blocked).map(|n| format!("blocked{n:04}"))
    }

    /// The attributes of a member: a name, and a level that some have not.
    pub(crate) fn attributes(&self, seat: &Seat) -> Vec<(&'static str, String)> {
        let hash = mix(self.seed ^ u64::from(seat.person));
        let name = NICK_NAMES[usize::try_from(hash % 6).unwrap_or(0)];
        let mut attributes = vec![("nickName", name.to_owned())];
        if hash & 64 == 0 {
            attributes.push(("level", format!("等级{}", hash % 10)));
        }
        attributes
    }

    pub(crate) fn members(&self) -> Vec<Member> {
        let member = |seat: &Seat| Member { id: self.id(seat).into_owned(), role: seat.role, joined: seat.joined };
        self.seats.iter().map(member).collect()
    }

    // ---- truth

    pub(crate) fn begin_recording(&mut self) {
        self.recorded_from = self.next_seat;
        self.left.clear();
        self.events.clear();
    }

    pub(crate) fn present_throughout(&self) -> BTreeSet<String> {
        let old = self.seats.iter().take_while(|seat| seat.number < self.recorded_from);
        old.map(|seat| self.id(seat).into_owned()).collect()
    }

    pub(crate) fn ever_present(&self) -> BTreeSet<String> {
        let here = self.seats.iter().map(|seat| seat.person);
        here.chain(self.left.iter().copied()).map(|person| self.person_id(person).into_owned()).collect()
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    // ---- change

    /// False when the user is in the group already.
    pub(crate) fn add(&mut self, id: &str) -> bool {
        if self.seat(id).is_some() {
            return false;
        }
        let person = self.person(id).unwrap_or_else(|| {
            let person = self.new_person();
            if id_of(person) != id {
                self.aliases.insert(person, id.to_owned());
            }
            person
        });
        self.sit(person);
        true
    }

    /// False when the user is not in the group.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some(number) = self.seat(id).map(|seat| seat.number) else { return false };
        if let Ok(at) = self.seats.binary_search_by_key(&number, |seat| seat.number) {
            self.leave(at);
        }
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
            // The owner, in the first seat, cannot leave.
            n if n < leave => {
                if let Some(others @ 1..) = self.seats.len().checked_sub(1) {
                    let at = 1 + self.rng.below(others);
                    self.leave(at);
                }
            }
            n if n >= leave + join && !self.gone.is_empty() => {
                let person = self.gone[self.rng.below(self.gone.len())];
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
            let person = self.next_person;
            self.next_person += 1;
            // Somebody may have been added under the ID this number stands for.
            if !self.aliases.values().any(|alias| *alias == id_of(person)) {
                return person;
            }
        }
    }

    fn sit(&mut self, person: u32) {
        self.gone.retain(|gone| *gone != person);
        let number = self.next_seat;
        self.next_seat += 1;
        // Two in a row share a time here too.
        self.clock += u64::from(number % 2) * 1_000;
        self.seats.push(Seat { number, person, joined: self.clock, role: Role::Member });
        self.events.push(Event::Joined(self.person_id(person).into_owned()));
    }

    fn leave(&mut self, at: usize) {
        let seat = self.seats.remove(at);
        self.gone.push(seat.person);
        self.left.push(seat.person);
        self.events.push(Event::Left(self.person_id(seat.person).into_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tim::Churn;

    #[test]
    fn the_truth_agrees_with_a_naive_record() {
        let mut group = Group::new(GroupConfig::new("g", 200).churn(Churn::per_call(2.0)), 1, 0);
        group.churn();
        group.begin_recording();
        let now =
            |group: &Group| group.seats().iter().map(|s| (s.number, group.id(s).into_owned())).collect::<BTreeSet<_>>();
        let (mut throughout, mut ever) = (now(&group), now(&group));
        for _ in 0..1000 {
            group.churn();
            let now = now(&group);
            throughout.retain(|seat| now.contains(seat));
            ever.extend(now);
        }
        let ids = |set: BTreeSet<(u32, String)>| set.into_iter().map(|(_, id)| id).collect::<BTreeSet<_>>();
        assert!(!throughout.is_empty() && throughout.len() < 200);
        assert_eq!(group.present_throughout(), ids(throughout));
        assert_eq!(group.ever_present(), ids(ever));
        assert_eq!(group.events().len(), 1000);
        let seated: BTreeSet<_> = group.seats().iter().map(|seat| seat.person).collect();
        assert_eq!(seated.len(), group.seats().len(), "nobody sits twice");
    }

    #[test]
    fn people_added_by_id_never_share_one_with_people_who_join_by_themselves() {
        let mut group = Group::new(GroupConfig::new("g", 5), 1, 0);
        for id in ["user000007", "阿强", "user7", "user000005"] {
            assert!(group.add(id) && !group.add(id), "{id}");
        }
        for _ in 0..50 {
            let person = group.new_person();
            group.sit(person);
        }
        let ids: BTreeSet<_> = group.members().into_iter().map(|m| m.id).collect();
        assert_eq!(ids.len(), group.seats().len());
        assert!(group.remove("阿强") && !group.remove("阿强"));
    }
}
