//! A vendor made of a closure, on a virtual clock: one chatroom whose truth is known, and which changes while it is read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{RetryPolicy, TransportError, TransportErrorKind};
use http::Response;
use nim_server::checksum::Claims;
use nim_server::{Client, Credentials, Report, RosterOptions};
use serde_json::{Value, json};

pub(crate) const ROOM: u64 = 9_500_000_001;
pub(crate) const UNIX: u64 = 1_700_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Right,
    Missing,
    Off(i64),
    Stuck(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    Right,
    /// On no row.
    Missing,
    /// On every other row.
    Sometimes,
    /// One for all.
    Same,
}

#[derive(Debug, Clone)]
struct Person {
    id: u32,
    guest: bool,
    online: bool,
    /// What rows show.
    time: i64,
    /// What the list is sorted by.
    key: i64,
}

pub(crate) type Event = fn(&mut World);

pub(crate) struct World {
    people: Vec<Person>,
    pub(crate) ever: BTreeSet<u32>,
    pub(crate) throughout: BTreeSet<u32>,
    /// Who went from one list to the other.
    switched: BTreeSet<u32>,
    fresh: u32,
    clock: i64,
    random: u64,
    /// Events after each call, in hundredths.
    pub(crate) churn: u64,
    /// Whether fixed members are sorted by the time of their last change, which rows do not show.
    pub(crate) hidden: bool,
    /// Whether a row of `endtime` itself is given.
    pub(crate) inclusive: bool,
    pub(crate) clamp: Option<(usize, usize)>,
    pub(crate) count: Count,
    pub(crate) times: Times,
    /// Whether type 2 is filtered after it is cut.
    pub(crate) filters_late: bool,
    pub(crate) ignores_endtime: bool,
    /// Guests whom the server leaves out of a page after it has cut it.
    pub(crate) left_out: std::ops::Range<u32>,
    /// What happens after so many pages of members.
    pub(crate) script: Vec<(usize, Event)>,
    pages: usize,
    /// Whether there is always somebody older.
    pub(crate) endless: bool,
    /// One answer in so many is lost.
    pub(crate) lost: usize,
    /// Calls a second of one name; more are answered with 416 for ten seconds.
    pub(crate) quota: Option<usize>,
    arrivals: BTreeMap<String, VecDeque<Duration>>,
    closed_until: Duration,
    /// Answers to be given before the usual ones, to calls of this name.
    pub(crate) first: Vec<(&'static str, Response<Vec<u8>>)>,
    pub(crate) log: Vec<Arrival>,
    /// By how much the server's clock is ahead.
    pub(crate) ahead: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) name: String,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) request_id: String,
}

pub(crate) fn answer(value: &Value) -> Response<Vec<u8>> {
    Response::new(value.to_string().into_bytes())
}

impl World {
    /// The newest comes last in time; about one in four shares a millisecond with another where `spread` is small.
    pub(crate) fn new(fixed: u32, guests: u32, spread: u64, seed: u64) -> Self {
        let mut world = Self {
            people: Vec::new(),
            ever: BTreeSet::new(),
            throughout: BTreeSet::new(),
            switched: BTreeSet::new(),
            fresh: 0,
            clock: (UNIX * 1_000) as i64,
            random: seed | 1,
            churn: 0,
            hidden: false,
            inclusive: false,
            clamp: None,
            count: Count::Right,
            times: Times::Right,
            filters_late: false,
            ignores_endtime: false,
            left_out: 0..0,
            script: Vec::new(),
            pages: 0,
            endless: false,
            lost: 0,
            quota: None,
            arrivals: BTreeMap::new(),
            closed_until: Duration::ZERO,
            first: Vec::new(),
            log: Vec::new(),
            ahead: 0,
        };
        for number in 0..fixed + guests {
            let time = world.clock - 1 - world.draw(spread.max(1) as usize) as i64;
            let (guest, online) = (number >= fixed, number >= fixed || number % 3 == 0);
            world.join(guest, online, time);
        }
        world.throughout = world.ever.clone();
        world
    }

    fn join(&mut self, guest: bool, online: bool, time: i64) {
        self.people.push(Person { id: self.fresh, guest, online, time, key: time });
        self.ever.insert(self.fresh);
        self.fresh += 1;
    }

    pub(crate) fn retime(&mut self, time: impl Fn(u32) -> i64) {
        for person in &mut self.people {
            person.time = time(person.id);
            person.key = person.time;
        }
    }

    /// What fixed members are sorted by, which rows do not show.
    pub(crate) fn rekey(&mut self, key: impl Fn(u32) -> i64) {
        self.hidden = true;
        for person in &mut self.people {
            person.key = key(person.id);
        }
    }

    /// A fixed member enters, which takes them to the top of their list.
    pub(crate) fn log_in(&mut self, id: u32) {
        self.clock += 5;
        let person = self.people.iter_mut().find(|person| person.id == id).unwrap();
        (person.online, person.time, person.key) = (true, self.clock, self.clock);
    }

    /// A fixed member becomes a guest.
    pub(crate) fn turn_guest(&mut self, id: u32) {
        self.log_in(id);
        self.people.iter_mut().find(|person| person.id == id).unwrap().guest = true;
    }

    pub(crate) fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    fn online(&self) -> u64 {
        let people = self.people.iter().filter(|person| person.online && !self.left_out.contains(&person.id));
        people.count() as u64
    }

    fn change(&mut self) {
        let mut events = self.churn;
        while (self.draw(100) as u64) < events {
            events = events.saturating_sub(100);
            self.clock += 1 + self.draw(3) as i64;
            let (clock, guest, online) = (self.clock, self.draw(4) > 0, self.draw(2) > 0);
            let place = (!self.people.is_empty()).then(|| self.draw(self.people.len()));
            match (self.draw(12), place) {
                (0..4, Some(place)) => {
                    let gone = self.people.remove(place);
                    self.throughout.remove(&gone.id);
                }
                (4..6, Some(place)) => {
                    // Left and came back.
                    let id = self.people[place].id;
                    self.throughout.remove(&id);
                    self.people[place] = Person { id, guest, online: guest || online, time: clock, key: clock };
                }
                (6, Some(place)) => {
                    // A guest becomes a fixed member, or the other way round, and stays all the while. Nobody who looks
                    // at one list after the other can be sure to see those who do that twice.
                    let person = &mut self.people[place];
                    if !self.switched.insert(person.id) {
                        self.throughout.remove(&person.id);
                    }
                    person.guest = !person.guest;
                    (person.online, person.time, person.key) = (true, clock, clock);
                }
                (7..9, Some(place)) if self.hidden => self.people[place].key = clock,
                _ => self.join(guest, guest || online, clock),
            }
        }
    }

    fn row(&self, person: &Person, place: usize) -> Value {
        let role = if person.guest { "TEMPORARY" } else { role(person.id) };
        let mut row = json!({"roomid": ROOM, "accid": format!("u{}", person.id), "nick": "", "avator": null,
            "type": role, "onlineStat": person.online, "enterTime": person.time});
        match self.times {
            Times::Right => {}
            Times::Sometimes if place.is_multiple_of(2) => {}
            Times::Same => row["enterTime"] = json!(UNIX),
            Times::Missing | Times::Sometimes => drop(row.as_object_mut().unwrap().remove("enterTime")),
        }
        row
    }

    fn page(&mut self, form: &BTreeMap<String, String>) -> Value {
        let (kind, end) = (form["type"].as_str(), form["endtime"].parse::<i64>().unwrap());
        let limit: usize = form["limit"].parse().unwrap();
        if self.endless {
            let top = if end == 0 { self.clock } else { end - 1 };
            let rows = (0..limit as i64).map(|n| top - n);
            let rows: Vec<Value> = rows.map(|t| json!({"accid": format!("u{t}"), "enterTime": t})).collect();
            return json!({"desc": {"data": rows}, "code": 200});
        }
        let hidden = self.hidden && kind != "1";
        let key = |person: &Person| if hidden { person.key } else { person.time };
        let early = |person: &Person| kind != "2" || self.filters_late || person.online;
        let mut list: Vec<&Person> =
            self.people.iter().filter(|person| (kind == "1") == person.guest && early(person)).collect();
        list.sort_by_key(|person| (-key(person), person.id));
        if end != 0 && !self.ignores_endtime {
            list.retain(|person| key(person) < end + i64::from(self.inclusive));
        }
        let list: Vec<Person> = list.into_iter().cloned().collect();
        let most = self.clamp.map_or(limit, |(least, most)| limit.min(least + self.draw(most - least + 1)));
        let rows = list.iter().take(most).enumerate();
        let rows = rows.filter(|(_, person)| (kind != "2" || person.online) && !self.left_out.contains(&person.id));
        let rows: Vec<Value> = rows.map(|(place, person)| self.row(person, place)).collect();
        json!({"desc": {"data": rows}, "code": 200})
    }

    fn call(&mut self, name: &str, form: &BTreeMap<String, String>) -> Value {
        match name {
            "chatroom/get" => {
                let count = match self.count {
                    Count::Right => json!(self.online()),
                    Count::Missing => Value::Null,
                    Count::Off(by) => json!(self.online().saturating_add_signed(by)),
                    Count::Stuck(count) => json!(count),
                };
                json!({"chatroom": {"roomid": ROOM, "valid": true, "onlineusercount": count}, "code": 200})
            }
            "chatroom/queryMembersByRole" => {
                let rows = self.people.iter().filter(|person| !person.guest && role(person.id) != "COMMON");
                let rows: Vec<Value> = rows
                    .map(|person| {
                        let mut row = self.row(person, 0);
                        drop(row.as_object_mut().unwrap().remove("enterTime"));
                        row["muted"] = json!(role(person.id) == "LIMITED");
                        row
                    })
                    .collect();
                json!({"desc": {"data": rows}, "code": 200})
            }
            "chatroom/membersByPage" => {
                let page = self.page(form);
                self.pages += 1;
                for (after, happens) in self.script.clone() {
                    if after == self.pages {
                        happens(self);
                    }
                }
                page
            }
            other => panic!("no such call: {other}"),
        }
    }

    /// Whether the call comes too early.
    fn throttles(&mut self, name: &str, now: Duration) -> bool {
        let Some(quota) = self.quota else { return false };
        if now < self.closed_until {
            return true;
        }
        let arrivals = self.arrivals.entry(name.to_owned()).or_default();
        while arrivals.front().is_some_and(|&at| at + Duration::from_secs(1) <= now) {
            arrivals.pop_front();
        }
        arrivals.push_back(now);
        if arrivals.len() > quota {
            self.closed_until = now + Duration::from_secs(10);
            return true;
        }
        false
    }
}

fn role(id: u32) -> &'static str {
    match id {
        0 => "CREATOR",
        1 | 2 => "MANAGER",
        3 | 4 => "LIMITED",
        _ => "COMMON",
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("app-key", "PLANTED-secret").unwrap()
}

/// One-way trips take 5 to 60 milliseconds.
pub(crate) fn simulate(world: World, seed: u64) -> (Shared, Arc<Simulation>) {
    simulate_with(world, seed, (Duration::from_millis(5), Duration::from_millis(60)))
}

pub(crate) fn simulate_with(world: World, seed: u64, latency: (Duration, Duration)) -> (Shared, Arc<Simulation>) {
    let world = Arc::new(Mutex::new(world));
    let server = Arc::clone(&world);
    let simulation = Simulation::new(
        seed,
        Duration::from_secs(UNIX),
        latency,
        Box::new(move |request, now| {
            let mut world = lock(&server);
            let name = request.uri().path().trim_start_matches("/nimserver/").trim_end_matches(".action").to_owned();
            let text = |header: &str| request.headers().get(header).unwrap().to_str().unwrap().to_owned();
            let form: BTreeMap<String, String> = std::str::from_utf8(request.body())
                .unwrap()
                .split('&')
                .map(|field| field.split_once('=').unwrap())
                .map(|(name, value)| {
                    let value = percent_encoding::percent_decode_str(value).decode_utf8().unwrap();
                    (name.to_owned(), value.into_owned())
                })
                .collect();
            world.log.push(Arrival { name: name.clone(), form: form.clone(), request_id: text("requestid") });
            if let Some(at) = world.first.iter().position(|(of, _)| *of == name) {
                return Ok(world.first.remove(at).1);
            }
            let time = now.unix.as_secs().saturating_add_signed(world.ahead);
            let second = time - 1_699_920_000;
            let date = format!("Tue, 14 Nov 2023 {:02}:{:02}:{:02} GMT", second / 3600, second / 60 % 60, second % 60);
            if Claims::from_headers(request.headers()).unwrap().verify(&credentials(), time).is_err() {
                let refused = Response::builder().header("date", date);
                return Ok(refused.body(br#"{"code":414,"desc":"CurTime is expired"}"#.to_vec()).unwrap());
            }
            if world.throttles(&name, now.elapsed) {
                return Ok(answer(&json!({"code": 416, "desc": "query too fast"})));
            }
            let given = world.call(&name, &form);
            world.change();
            let lost = world.lost;
            if lost > 0 && world.draw(lost) == 0 {
                return Err(TransportError::new(TransportErrorKind::Body));
            }
            Ok(answer(&given))
        }),
    );
    (world, simulation)
}

/// So many answers are lost that five attempts would not always do.
pub(crate) fn client(simulation: &Arc<Simulation>) -> Client {
    let retry = RetryPolicy::default().with_max_attempts(20);
    Client::builder(credentials()).runtime(simulation.clone()).retry(retry).build().unwrap()
}

pub(crate) fn list(world: World, seed: u64, options: RosterOptions) -> (Shared, Vec<u32>, Report) {
    let (world, simulation) = simulate(world, seed);
    let listing = simulation.run(client(&simulation).roster_with(ROOM, options).all()).unwrap();
    (world, listing.members.iter().map(|member| member.accid[1..].parse().unwrap()).collect(), listing.report)
}
