//! A group: who is in it, in which order, and who ever was.

use std::collections::{BTreeSet, HashMap};

use super::{config::GroupConfig, people};
use crate::rng::{Rng, mix, seed_of};

/// A member as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// `userName`.
    pub user_name: String,
    /// The name in this group, if there is one.
    pub display_name: Option<String>,
    /// What they are in the group.
    pub role: Role,
    /// Who invited them, if anybody did.
    pub inviter: Option<String>,
}

/// What a member is in a group. The member list itself never says it in so many words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The owner (群主).
    Owner,
    /// An administrator (群管理).
    Admin,
    /// An ordinary member.
    Member,
}

/// Somebody came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Joined, or came back, at the end of the list.
    Joined(String),
    /// Left.
    Left(String),
}

pub(crate) struct Group {
    pub(crate) config: GroupConfig,
    pub(crate) seed: u64,
    /// By person.
    names: Vec<String>,
    by_name: HashMap<String, u32>,
    /// Who is in it, in list order.
    order: Vec<u32>,
    /// By person: whether they are in it.
    here: Vec<bool>,
    /// Persons who left and may come back.
    gone: Vec<u32>,
    admins: Vec<u32>,
    /// The WeChat account's person.
    myself: u32,
    rng: Rng,
    /// Churn events owed.
    due: f64,
    /// Who was in it when the recording began.
    start: BTreeSet<String>,
    events: Vec<Event>,
}

const OWNER: u32 = 0;

impl Group {
    /// `wc_id` is the WeChat account's, which is in every group.
    pub(crate) fn new(config: GroupConfig, wc_id: &str, seed: u64) -> Self {
        let members = config.members;
        let admins = if members > 3 { (members / 60).clamp(1, 3) } else { u32::from(config.role == Role::Admin) };
        let admins = admins.min(members.saturating_sub(1));
        let myself = match config.role {
            Role::Owner => OWNER,
            Role::Admin => 1,
            // Beyond the people every small group is to have.
            Role::Member => admins + 5,
        };
        let myself = myself.min(members.saturating_sub(1));
        let seed = seed_of(seed, &config.id);
        let name = |person| if person == myself { wc_id.to_owned() } else { people::user_name(seed, person) };
        let names: Vec<String> = (0..members).map(name).collect();
        let by_name = (0..).zip(&names).map(|(person, name)| (name.clone(), person)).collect();
        let mut group = Self {
            seed,
            by_name,
            order: (0..members).collect(),
            here: vec![true; names.len()],
            gone: Vec::new(),
            admins: (1..=admins).collect(),
            myself,
            rng: Rng::new(mix(seed)),
            due: 0.0,
            start: BTreeSet::new(),
            events: Vec::new(),
            names,
            config,
        };
        group.begin_recording();
        group
    }

    /// Who is in it, in list order.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn name(&self, person: u32) -> &str {
        &self.names[person as usize]
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    pub(crate) fn role(&self, person: u32) -> Role {
        match person {
            OWNER => Role::Owner,
            person if self.admins.contains(&person) => Role::Admin,
            _ => Role::Member,
        }
    }

    /// What the WeChat account is in it, if it is in it.
    pub(crate) fn own_role(&self) -> Option<Role> {
        self.is_here(self.myself).then(|| self.role(self.myself))
    }

    fn is_here(&self, person: u32) -> bool {
        self.here.get(person as usize).is_some_and(|here| *here)
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        self.is_here(OWNER).then(|| self.name(OWNER))
    }

    /// The member with this userName.
    pub(crate) fn member(&self, user_name: &str) -> Option<u32> {
        self.by_name.get(user_name).copied().filter(|person| self.is_here(*person))
    }

    /// Whether somebody with this userName is or was in it.
    pub(crate) fn knows(&self, user_name: &str) -> bool {
        self.by_name.contains_key(user_name)
    }

    pub(crate) fn display_name(&self, person: u32) -> Option<&'static str> {
        people::display_name(self.seed, person)
    }

    /// Nobody invited the owner, nor whoever scanned a code.
    pub(crate) fn inviter(&self, person: u32) -> Option<&str> {
        let hash = mix(self.seed.rotate_left(7) ^ u64::from(person));
        let inviter = u32::try_from((hash >> 8) % u64::from(person.max(1))).ok()?;
        (person != OWNER && !hash.is_multiple_of(5)).then(|| self.name(inviter))
    }

    pub(crate) fn members(&self) -> Vec<Member> {
        let member = |person: &u32| Member {
            user_name: self.name(*person).to_owned(),
            display_name: self.display_name(*person).map(str::to_owned),
            role: self.role(*person),
            inviter: self.inviter(*person).map(str::to_owned),
        };
        self.order.iter().map(member).collect()
    }

    // ---- truth

    pub(crate) fn begin_recording(&mut self) {
        self.start = self.order.iter().map(|person| self.name(*person).to_owned()).collect();
        self.events.clear();
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn present_throughout(&self) -> BTreeSet<String> {
        let mut present = self.start.clone();
        for event in &self.events {
            if let Event::Left(name) = event {
                present.remove(name);
            }
        }
        present
    }

    pub(crate) fn ever_present(&self) -> BTreeSet<String> {
        let mut present = self.start.clone();
        for event in &self.events {
            if let Event::Joined(name) = event {
                present.insert(name.clone());
            }
        }
        present
    }

    // ---- change

    /// False when they are in the group already.
    pub(crate) fn add(&mut self, user_name: &str) -> bool {
        let person = match self.by_name.get(user_name) {
            Some(person) if self.is_here(*person) => return false,
            Some(person) => *person,
            None => self.new_person(user_name.to_owned()),
        };
        self.join(person);
        true
    }

    /// False when they are not in the group.
    pub(crate) fn remove(&mut self, user_name: &str) -> bool {
        let Some(person) = self.member(user_name) else { return false };
        if let Some(position) = self.order.iter().position(|other| *other == person) {
            self.leave(position);
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
            n if n < leave => {
                let position = self.rng.below(self.order.len());
                // An owner cannot leave, and the account that listens would hear no more.
                if self.order.get(position).is_some_and(|person| *person != OWNER && *person != self.myself) {
                    self.leave(position);
                }
            }
            n if n >= leave + join && !self.gone.is_empty() => {
                let person = self.gone[self.rng.below(self.gone.len())];
                self.join(person);
            }
            // Nobody has left yet, or it is time for somebody new.
            _ => {
                let mut number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                // Somebody may have been added under the name this number stands for.
                let name = loop {
                    let name = people::user_name(self.seed, number);
                    if !self.by_name.contains_key(&name) {
                        break name;
                    }
                    number = number.wrapping_add(1);
                };
                let person = self.new_person(name);
                self.join(person);
            }
        }
    }

    fn new_person(&mut self, user_name: String) -> u32 {
        let person = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.by_name.insert(user_name.clone(), person);
        self.names.push(user_name);
        self.here.push(false);
        person
    }

    fn join(&mut self, person: u32) {
        self.gone.retain(|gone| *gone != person);
        self.here[person as usize] = true;
        self.order.push(person);
        self.events.push(Event::Joined(self.name(person).to_owned()));
    }

    fn leave(&mut self, position: usize) {
        let person = self.order.remove(position);
        self.here[person as usize] = false;
        self.gone.push(person);
        // Who comes back comes back as a member.
        self.admins.retain(|admin| *admin != person);
        self.events.push(Event::Left(self.name(person).to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wkteam::Churn;

    fn group(members: u32) -> Group {
        let config = GroupConfig::new("1@chatroom", "g", members).churn(Churn::per_call(2.0));
        Group::new(config, "wxid_me", 7)
    }

    #[test]
    fn the_truth_agrees_with_a_naive_record() {
        let mut group = group(200);
        group.churn();
        group.begin_recording();
        let now = |group: &Group| group.members().into_iter().map(|m| m.user_name).collect::<BTreeSet<_>>();
        let (mut throughout, mut ever) = (now(&group), now(&group));
        for _ in 0..1000 {
            group.churn();
            let now = now(&group);
            assert_eq!(now.len(), group.len(), "nobody is in it twice");
            throughout.retain(|member| now.contains(member));
            ever.extend(now);
        }
        assert!(throughout.len() < 200 && throughout.contains("wxid_me"));
        assert_eq!((group.present_throughout(), group.ever_present()), (throughout, ever));
    }

    #[test]
    fn groups_may_be_of_any_size_and_have_one_owner() {
        for members in [0, 1, 2, 3, 4, 200, 3000] {
            let group = group(members);
            let owners = group.members().iter().filter(|m| m.role == Role::Owner).count();
            assert_eq!((group.len(), owners), (members as usize, usize::from(members > 0)), "{members}");
            assert_eq!(group.own_role().is_some(), members > 0);
        }
    }

    #[test]
    fn who_comes_back_is_an_ordinary_member_at_the_end() {
        let mut group = group(30);
        let admin = group.members()[1].clone();
        assert_eq!(admin.role, Role::Admin);
        assert!(group.remove(&admin.user_name) && !group.remove(&admin.user_name));
        assert!(group.add(&admin.user_name) && !group.add(&admin.user_name));
        let last = group.members().pop().unwrap();
        assert_eq!((last.user_name.as_str(), last.role), (admin.user_name.as_str(), Role::Member));
        assert!(!group.present_throughout().contains(&last.user_name));
        assert_eq!(group.events(), [Event::Left(admin.user_name.clone()), Event::Joined(admin.user_name)]);
    }
}
