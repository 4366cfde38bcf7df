//! One chatroom, written from the documents: fixed members and guests, each list newest first, cut by an instant.
//!
//! Who is in the room the world says; whether they are fixed members or guests, online or not, and by what they are sorted,
//! is kept here.

use std::cmp::Reverse;
use std::fmt::Write as _;

use http::{Request, Response};

use super::wire::{self, Form, Gate};
use super::{Count, Nim, ROOM, Times};
use crate::group::Person;
use crate::random::Random;
use crate::vendor::{self, Limit, World};

/// One entry of a list.
#[derive(Debug, Clone)]
struct Entry {
    id: u32,
    /// As the world had them when they were looked at.
    joined: u64,
    role: u8,
    guest: bool,
    online: bool,
    /// What rows show.
    time: u64,
    /// What the list is sorted by.
    key: u64,
    switches: u32,
    /// The call at which they were in the room.
    there: u64,
}

/// Sorted by it: key, then who.
type Place = (Reverse<u64>, u64, u32);

/// The server of one room.
#[derive(Debug)]
pub struct Server {
    nim: Nim,
    gate: Gate,
    /// By number.
    people: Vec<Option<Entry>>,
    /// The group when it was looked at last.
    known: Vec<Person>,
    /// Guests who are no longer there and still stand in the list when a page is cut: by key.
    ghosts: Vec<u64>,
    fixed: Vec<Place>,
    guests: Vec<Place>,
    dirty: bool,
}

/// No person has this number.
const GHOST: u32 = u32::MAX;

impl Server {
    pub(super) fn new(nim: Nim) -> Self {
        let gate = Gate::new(nim.manners.clone());
        let (people, known, ghosts, fixed, guests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { nim, gate, people, known, ghosts, fixed, guests, dirty: true }
    }

    fn entry(&self, id: u32) -> Option<&Entry> {
        self.people.get(id as usize)?.as_ref()
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.people.iter().flatten()
    }

    /// A number that belongs to somebody.
    fn of(&self, id: u32, what: u64) -> u64 {
        Random::new(self.nim.seed ^ (u64::from(id) << 20) ^ what).draw() >> 8
    }

    /// Looks at who came, went and changed since the last call.
    fn look(&mut self, world: &mut World) {
        let (now, call) = (world.unix_millis(), world.calls);
        if self.known != world.group.list() {
            self.compare(world, now, call);
            self.known = world.group.list().to_vec();
        }
        for _ in 0..self.nim.moves {
            if world.random.one_in(3)
                && let Some(place) = (!self.fixed.is_empty()).then(|| world.random.place(self.fixed.len()))
                && let Some(entry) = self.people.get_mut(self.fixed[place].2 as usize).and_then(Option::as_mut)
                && !entry.guest
            {
                (entry.online, entry.time, entry.key) = (true, now, now);
                self.dirty = true;
                world.seen.insert("nim: a fixed member enters");
            }
        }
        if call == 1
            && let Some((count, spacing)) = self.nim.block
        {
            // Many who left at once, in a stretch between two who stayed.
            let mut keys: Vec<u64> = self.entries().filter(|entry| entry.guest).map(|entry| entry.key).collect();
            keys.sort_unstable();
            let top = if keys.is_empty() { now } else { keys[world.random.place(keys.len())] };
            self.ghosts.extend((1..=count).map(|n| top - n * spacing));
        }
        if std::mem::take(&mut self.dirty) {
            self.sort();
        }
    }

    fn compare(&mut self, world: &mut World, now: u64, call: u64) {
        let mut blinks = Vec::new();
        for (place, person) in world.group.list().iter().enumerate() {
            let known = self.people.get_mut(person.id as usize).and_then(Option::as_mut);
            if let Some(entry) = known
                && entry.joined == person.joined
            {
                entry.there = call;
                if entry.role == person.role {
                    continue;
                }
                entry.role = person.role;
                self.dirty = true;
                match world.random.below(3) {
                    0 if self.nim.switches && person.id > 0 => {
                        entry.guest = !entry.guest;
                        (entry.online, entry.time, entry.key) = (true, now, now);
                        entry.switches += 1;
                        world.seen.insert("nim: fixed to guest or back");
                        // Whoever does it twice may be on neither list when it is read.
                        if entry.switches > 1 {
                            blinks.push(place);
                        }
                    }
                    1 if !entry.guest => {
                        (entry.online, entry.time) = (true, now);
                        if !self.nim.hidden || world.random.one_in(2) {
                            entry.key = now;
                        }
                        world.seen.insert("nim: a fixed member enters");
                    }
                    _ if self.nim.hidden && !entry.guest => {
                        entry.key = now;
                        world.seen.insert("nim: a record changes");
                    }
                    _ => {}
                }
                continue;
            }
            self.dirty = true;
            let guest = self.of(person.id, 1) % 100 >= self.nim.share && !(person.id == 0 && self.nim.share > 0);
            let early = person.joined < world.now.unix.as_millis() as u64 - world.now.elapsed.as_millis() as u64;
            let time = person.joined;
            let hidden = time - (self.of(person.id, 2) % 3_000_000_000);
            let key = if self.nim.hidden && !guest && early { hidden } else { time };
            let online = guest || self.nim.all_online || self.of(person.id, 3).is_multiple_of(3);
            let entry = Entry {
                id: person.id,
                joined: person.joined,
                role: person.role,
                guest,
                online,
                time,
                key,
                switches: 0,
                there: call,
            };
            let place = person.id as usize;
            self.people.resize_with(self.people.len().max(place + 1), || None);
            self.people[place] = Some(entry);
        }
        for place in blinks {
            world.group.blink(place, world.now.elapsed);
        }
        for place in &mut self.people {
            if let Some(entry) = place.take_if(|entry| entry.there != call) {
                self.dirty = true;
                if self.nim.leaves_ghosts && entry.guest {
                    self.ghosts.push(entry.key);
                }
            }
        }
    }

    fn sort(&mut self) {
        self.fixed.clear();
        self.guests.clear();
        for entry in self.people.iter().flatten() {
            let list = if entry.guest { &mut self.guests } else { &mut self.fixed };
            list.push((Reverse(entry.key), u64::from(entry.id), entry.id));
        }
        self.guests.extend(self.ghosts.iter().map(|&key| (Reverse(key), 0, GHOST)));
        self.fixed.sort_unstable();
        self.guests.sort_unstable();
    }

    fn room(&self, form: &Form, world: &mut World) -> Response<Vec<u8>> {
        let online = self.entries().filter(|entry| entry.online).count() as u64;
        let count = match self.nim.count {
            Count::Right => Some(online),
            Count::Missing => None,
            Count::Refused => return self.gate.refuse(403, "not opened", world),
            Count::Off(by) => Some(online.saturating_add_signed(by)),
            Count::Stuck(count) => Some(count),
        };
        let wanted = form.get("needOnlineUserCount").is_some_and(|flag| flag == "true");
        let count = count.filter(|_| wanted).map_or(String::new(), |count| format!(r#","onlineusercount":{count}"#));
        let body = format!(
            r#"{{"chatroom":{{"roomid":{ROOM},"valid":true,"muted":false,"announcement":null,"name":"n","broadcasturl":null,"ext":"","creator":"u0","queuelevel":0{count}}},"code":200}}"#
        );
        self.gate.answer(body, world)
    }

    fn by_role(&self, world: &mut World) -> Response<Vec<u8>> {
        let mut text = String::from(r#"{"desc":{"data":["#);
        let mut first = true;
        for (.., id) in &self.fixed {
            if word(*id) != "COMMON"
                && let Some(entry) = self.entry(*id)
            {
                self.row(&mut text, &mut first, entry, false, false);
            }
        }
        text.push_str(r#"]},"code":200}"#);
        self.gate.answer(text, world)
    }

    fn page(&mut self, form: &Form, world: &mut World) -> Response<Vec<u8>> {
        let number = |name: &str| form.get(name).and_then(|text| text.parse::<u64>().ok());
        let (Some(kind @ 0..=2), Some(end), Some(limit @ 1..=100)) =
            (number("type"), number("endtime"), number("limit"))
        else {
            return self.gate.refuse(414, "bad parameter", world);
        };
        let nim = &self.nim;
        let list = if kind == 1 { &self.guests } else { &self.fixed };
        let below = match end {
            0 => u64::MAX,
            _ if nim.ignores_endtime => u64::MAX,
            end if nim.inclusive => end + 1,
            end => end,
        };
        let start = list.partition_point(|(key, ..)| key.0 >= below);
        let online = |id: u32| self.entry(id).is_some_and(|entry| entry.online);
        let most = match nim.clamp {
            None => limit as usize,
            Some((least, more)) => (least + world.random.place(more + 1)).min(limit as usize),
        };
        let early = kind == 2 && !nim.filters_late;
        let mut cut: Vec<Place> =
            list[start..].iter().filter(|(.., id)| !early || online(*id)).take(most).copied().collect();
        if nim.unstable_ties {
            // Everybody of the last instant may be on the page, or not.
            if let Some(&(last, ..)) = cut.last() {
                let whole = cut.partition_point(|(key, ..)| *key < last);
                let more = list[start..].iter().filter(|(.., id)| !early || online(*id)).skip(whole);
                let mut tied: Vec<Place> = more.take_while(|(key, ..)| *key == last).copied().collect();
                for place in (1..tied.len()).rev() {
                    tied.swap(place, world.random.place(place + 1));
                }
                cut.truncate(whole);
                cut.extend(tied.into_iter().take(most - whole));
            }
        }
        let mut text = String::with_capacity(cut.len() * 150 + 40);
        text.push_str(r#"{"desc":{"data":["#);
        let mut first = true;
        for (.., id) in cut {
            let Some(entry) = self.entry(id) else {
                world.seen.insert("nim: rows left out of a page that was cut");
                continue;
            };
            if kind == 2 && !entry.online {
                continue;
            }
            let broken = nim.unreadable > 0 && u64::from(id).is_multiple_of(nim.unreadable);
            for _ in 0..if nim.twice && world.random.one_in(20) { 2 } else { 1 } {
                self.row(&mut text, &mut first, entry, true, broken);
            }
        }
        text.push_str(r#"]},"code":200}"#);
        self.gate.answer(text, world)
    }

    fn row(&self, text: &mut String, first: &mut bool, entry: &Entry, timed: bool, broken: bool) {
        if !std::mem::take(first) {
            text.push(',');
        }
        let role = if entry.guest { "TEMPORARY" } else { word(entry.id) };
        let _ = write!(text, r#"{{"roomid":{ROOM},"level":0,"nick":"","type":"{role}","ext":"","avator":null"#);
        let _ = match broken {
            true => write!(text, r#","accid":null"#),
            false => write!(text, r#","accid":"u{}""#, entry.id),
        };
        if !self.nim.says_nothing_of_online {
            let _ = write!(text, r#","onlineStat":{}"#, entry.online);
        }
        if timed {
            let _ = match self.nim.times {
                Times::Right => write!(text, r#","enterTime":{}"#, entry.time),
                Times::Sometimes if entry.id.is_multiple_of(2) => write!(text, r#","enterTime":{}"#, entry.time),
                Times::Same => write!(text, r#","enterTime":1600000000000"#),
                Times::Missing | Times::Sometimes => Ok(()),
            };
        }
        text.push('}');
    }
}

fn word(id: u32) -> &'static str {
    match id {
        0 => "CREATOR",
        id if id % 17 == 1 => "MANAGER",
        id if id % 23 == 2 => "LIMITED",
        _ => "COMMON",
    }
}

impl vendor::Server for Server {
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit> {
        Some(wire::limit(request))
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.gate.refuse(416, "query too fast", world)
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.look(world);
        let form = match self.gate.pass(request, world) {
            Ok(form) => form,
            Err(refusal) => return *refusal,
        };
        if form.get("roomid").is_none_or(|id| *id != ROOM.to_string()) {
            return self.gate.refuse(404, "no such room", world);
        }
        match wire::command(request) {
            "chatroom/get" => self.room(&form, world),
            "chatroom/queryMembersByRole" => self.by_role(world),
            "chatroom/membersByPage" => self.page(&form, world),
            _ => self.gate.refuse(404, "no such call", world),
        }
    }
}
