//! A vendor made of a closure, on a virtual clock, with one group whose truth is known.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use agora_chat_rest::{App, Client, ClientBuilder, Token, TokenSource};
use groupmembers_http::simulation::Simulation;
use groupmembers_http::{TransportError, TransportErrorKind};
use http::{Request, Response};
use serde_json::{Value, json};

pub(crate) const APP_ID: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
pub(crate) const NOW: u64 = 1_700_000_000;

/// How the server cuts pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clamp {
    No,
    /// It takes larger pages for pages of this size.
    Page(usize),
    /// It leaves out the rest of larger pages.
    Rows(usize),
    /// As `Page`, with another size each time.
    Moving,
}

/// What rows say about the time of joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    Given,
    Missing,
    Same,
    /// 0, but for the owner.
    Zero,
}

pub(crate) struct World {
    pub(crate) list: Vec<(u32, u64)>,
    pub(crate) ever: BTreeSet<u32>,
    pub(crate) throughout: BTreeSet<u32>,
    fresh: u32,
    clock: u64,
    random: u64,
    /// Events after each call, in hundredths.
    pub(crate) churn: u64,
    /// Whether joins may land in the middle of the list.
    pub(crate) inserts: bool,
    pub(crate) clamp: Clamp,
    pub(crate) times: Times,
    /// One row in so many comes twice.
    pub(crate) twice: usize,
    /// Whether every answer shuffles the list first.
    pub(crate) shuffle: bool,
    /// Whether each answer finds the list longer by so many.
    pub(crate) grows: u32,
    /// The answer to the call with this number, from 1 on, has no rows.
    pub(crate) empty: Option<usize>,
    /// After the call with this number somebody joins at this place.
    pub(crate) joins: Option<(usize, usize)>,
    /// What `affiliations_count` is wrong by; `None`: it is missing.
    pub(crate) miscounts: Option<i64>,
    /// The number it has got stuck at.
    pub(crate) stuck: Option<u64>,
    /// How many members come with the group's description.
    pub(crate) affiliations: usize,
    /// One answer in so many is lost.
    pub(crate) lost: usize,
    /// Answers to be given before the usual ones.
    pub(crate) first: Vec<Result<Response<Vec<u8>>, TransportErrorKind>>,
    pub(crate) admins: Vec<u32>,
    pub(crate) log: Vec<Arrival>,
}

#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) token: Option<String>,
    pub(crate) at: Duration,
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

pub(crate) fn answer(value: &Value) -> Response<Vec<u8>> {
    Response::new(value.to_string().into_bytes())
}

pub(crate) fn refusal(status: u16, error: &str, description: &str) -> Response<Vec<u8>> {
    let body = json!({"error": error, "error_description": description, "timestamp": 1, "duration": 0});
    Response::builder().status(status).body(body.to_string().into_bytes()).unwrap()
}

impl World {
    pub(crate) fn new(members: u32, seed: u64) -> Self {
        Self {
            list: (0..members).map(|id| (id, 1_600_000_000_000 + u64::from(id / 3))).collect(),
            ever: (0..members).collect(),
            throughout: (0..members).collect(),
            fresh: members,
            clock: 1_700_000_000_000,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            churn: 0,
            inserts: false,
            clamp: Clamp::No,
            times: Times::Given,
            twice: 0,
            shuffle: false,
            grows: 0,
            empty: None,
            joins: None,
            miscounts: Some(0),
            stuck: None,
            affiliations: 0,
            lost: 0,
            first: Vec::new(),
            admins: Vec::new(),
            log: Vec::new(),
        }
    }

    pub(crate) fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    fn join(&mut self, place: usize) {
        self.clock += 1;
        self.list.insert(place.min(self.list.len()), (self.fresh, self.clock));
        self.ever.insert(self.fresh);
        self.fresh += 1;
    }

    fn change(&mut self) {
        let mut events = self.churn;
        while (self.draw(100) as u64) < events {
            events = events.saturating_sub(100);
            self.clock += 1;
            let place = if self.inserts { self.draw(self.list.len() + 1) } else { usize::MAX };
            // Member 0 is the owner, who stays.
            match self.draw(10) {
                0..5 if self.list.len() > 1 => {
                    let at = 1 + self.draw(self.list.len() - 1);
                    let (gone, _) = self.list.remove(at);
                    self.throughout.remove(&gone);
                }
                5..7 if self.list.len() > 1 => {
                    let at = 1 + self.draw(self.list.len() - 1);
                    let (back, _) = self.list.remove(at);
                    self.throughout.remove(&back);
                    self.list.insert(place.min(self.list.len()), (back, self.clock));
                }
                _ => self.join(place),
            }
        }
        for _ in 0..self.grows {
            self.join(usize::MAX);
        }
        if let Some((_, place)) = self.joins.filter(|(call, _)| *call == self.log.len()) {
            self.join(place);
        }
    }

    fn row(&self, (id, joined): (u32, u64)) -> Value {
        let role = if id == 0 { "owner" } else { "member" };
        match self.times {
            Times::Given => json!({role: format!("u{id}"), "joined_time": joined}),
            Times::Zero => json!({role: format!("u{id}"), "joined_time": if id == 0 { joined } else { 0 }}),
            Times::Missing => json!({role: format!("u{id}")}),
            Times::Same => json!({role: format!("u{id}"), "joined_time": 1_600_000_000_000_u64}),
        }
    }

    fn answer(&mut self, arrival: &Arrival) -> Value {
        if self.shuffle {
            for last in (1..self.list.len()).rev() {
                let other = self.draw(last + 1);
                self.list.swap(last, other);
            }
        }
        if arrival.path.ends_with("/admin") {
            let admins: Vec<String> = self.admins.iter().map(|id| format!("u{id}")).collect();
            return json!({"action": "get", "data": admins, "count": admins.len()});
        }
        if !arrival.path.ends_with("/users") {
            assert_eq!(arrival.query["joined_time"], "true");
            let rows: Vec<Value> = self.list.iter().take(self.affiliations).map(|&row| self.row(row)).collect();
            let mut group = json!({"id": "g", "name": "群", "owner": "u0"});
            if self.affiliations > 0 {
                group["affiliations"] = Value::Array(rows);
            }
            if let Some(wrong) = self.miscounts {
                let count = (self.list.len() as u64).saturating_add_signed(wrong);
                group["affiliations_count"] = json!(self.stuck.unwrap_or(count));
            }
            return json!({"action": "get", "data": [group], "count": 1});
        }
        let number = |name: &str| arrival.query[name].parse::<usize>().unwrap();
        let (page, asked) = (number("pagenum"), number("pagesize"));
        assert!((1..=1000).contains(&asked) && page > 0);
        let (size, rows) = match self.clamp {
            Clamp::No => (asked, asked),
            Clamp::Page(most) => (asked.min(most), asked.min(most)),
            Clamp::Rows(most) => (asked, asked.min(most)),
            Clamp::Moving => {
                let size = asked.min(3 + self.draw(28));
                (size, size)
            }
        };
        let start = ((page - 1) * size).min(self.list.len());
        let rows = if self.empty == Some(self.log.len()) { 0 } else { rows };
        let mut rows = self.list[start..(start + rows).min(self.list.len())].to_vec();
        for at in (0..rows.len()).rev() {
            if self.twice > 0 && self.draw(self.twice) == 0 {
                rows.insert(at, rows[at]);
            }
        }
        let rows: Vec<Value> = rows.iter().map(|&row| self.row(row)).collect();
        // The vendor's own sample counts wrongly.
        json!({"action": "get", "data": rows, "count": 1, "uri": "http://h/org/app/x", "entities": []})
    }

    fn serve(&mut self, request: &Request<Vec<u8>>, at: Duration) -> Result<Response<Vec<u8>>, TransportError> {
        let pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let token = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let arrival = Arrival {
            path: request.uri().path().to_owned(),
            query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            token,
            at,
        };
        self.log.push(arrival.clone());
        if !self.first.is_empty() {
            return self.first.remove(0).map_err(TransportError::new);
        }
        let body = self.answer(&arrival);
        self.change();
        if self.lost > 0 && self.draw(self.lost) == 0 {
            return Err(TransportError::new(TransportErrorKind::Body));
        }
        Ok(answer(&body))
    }
}

pub(crate) fn simulate(world: World, seed: u64) -> (Shared, Arc<Simulation>) {
    simulate_at(world, seed, (Duration::from_millis(5), Duration::from_millis(60)))
}

pub(crate) fn simulate_at(world: World, seed: u64, latency: (Duration, Duration)) -> (Shared, Arc<Simulation>) {
    let world = Arc::new(Mutex::new(world));
    let server = Arc::clone(&world);
    let simulation = Simulation::new(
        seed,
        Duration::from_secs(NOW),
        latency,
        Box::new(move |request, now| lock(&server).serve(request, now.elapsed)),
    );
    (world, simulation)
}

pub(crate) fn builder(simulation: &Arc<Simulation>, tokens: impl Into<TokenSource>) -> ClientBuilder {
    let base = "https://a1.example.com".parse().unwrap();
    Client::builder(base, App::id(APP_ID).unwrap(), tokens).runtime(simulation.clone())
}

pub(crate) fn fixed() -> Token {
    Token::new("token-of-the-test").unwrap()
}
