//! The world around a vendor's server: it lets time pass in the group, holds calls against the limit, and keeps the trace.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use groupmembers_http::simulation::{Arrival, Trip};
use groupmembers_http::{Now, TransportErrorKind};
use http::{Request, Response};

use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{Limit, Server, World};

/// How long every client waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// More lines than these are not kept of a trace.
const TRACE: usize = 20_000;

/// A vendor's server, and what is done to it.
#[derive(Debug)]
pub struct Host<S> {
    server: S,
    schedule: Schedule,
    /// What the server sees.
    pub world: World,
    /// Calls that the network delivered twice: the second time the client did not make them.
    pub twice: u64,
    /// More calls than these are taken for a listing that does not end.
    endless: u64,
    /// When the next event of time comes.
    next_event: Duration,
    random: Random,
    buckets: HashMap<&'static str, Bucket>,
    /// Calls that were sent before this are somebody else's: the client was replaced by one that knows nothing of them.
    pub since: Duration,
    /// The first arrival.
    pub begun: Option<Duration>,
    /// The last arrival that somebody waits for.
    pub ended: Duration,
    /// What must not have happened.
    pub violations: Vec<String>,
    /// What happened, line by line.
    pub trace: Option<Vec<String>>,
}

#[derive(Debug, Default)]
struct Bucket {
    arrivals: VecDeque<Duration>,
    /// Known to the client from the first moment, over at the second.
    penalties: Vec<(Duration, Duration)>,
}

impl<S: Server> Host<S> {
    /// The world at its beginning; a listing that should have `calls` calls at most is broken off some time later.
    pub fn new(server: S, schedule: &Schedule, world: World, random: Random, calls: u64, verbose: bool) -> Self {
        let mut host = Self {
            server,
            schedule: schedule.clone(),
            world,
            twice: 0,
            endless: 2 * calls + 100,
            next_event: Duration::MAX,
            random,
            buckets: HashMap::new(),
            since: Duration::ZERO,
            begun: None,
            ended: Duration::ZERO,
            violations: Vec::new(),
            trace: verbose.then(Vec::new),
        };
        if schedule.churn.per_kilosecond > 0 {
            host.next_event = host.pause();
        }
        host
    }

    /// The time to the next event: anything up to twice the mean.
    fn pause(&mut self) -> Duration {
        let mean = 1_000_000_000 / self.schedule.churn.per_kilosecond.max(1);
        Duration::from_micros(1 + self.random.below(2 * mean))
    }

    /// Adds a line to the trace.
    pub fn say(&mut self, at: Duration, line: impl FnOnce() -> String) {
        if let Some(trace) = self.trace.as_mut().filter(|trace| trace.len() < TRACE) {
            trace.push(format!("{:>12.6} {}", at.as_secs_f64(), line()));
        }
    }

    fn violation(&mut self, at: Duration, what: String) {
        self.say(at, || format!("VIOLATION: {what}"));
        if self.violations.len() < 5 {
            self.violations.push(what);
        }
    }

    /// Lets the group change as it does until `now`.
    pub fn pass_time(&mut self, now: Duration) {
        // A client that sleeps for an hour need not find ten thousand changes.
        let mut left = 2_000;
        while self.next_event <= now && left > 0 {
            let at = self.next_event;
            self.change(at);
            self.next_event = at + self.pause();
            left -= 1;
        }
        if self.next_event <= now {
            self.next_event = now + self.pause();
        }
    }

    fn change(&mut self, at: Duration) {
        let unix = (crate::schedule::START + at).as_millis() as u64;
        let (what, who) = self.world.group.change(&self.schedule.churn.mix, &mut self.random, at, unix);
        self.say(at, || format!("          {who} {what}"));
    }

    /// What happens after each call.
    fn change_after(&mut self, at: Duration) {
        let mut events = self.schedule.churn.per_call;
        while self.random.below(100) < events {
            events = events.saturating_sub(100);
            self.change(at);
        }
        let call = self.world.calls;
        let bursts: u64 = self.schedule.churn.bursts.iter().filter(|burst| burst.0 == call).map(|burst| burst.1).sum();
        for _ in 0..bursts {
            self.change(at);
        }
    }

    /// A request arrives.
    pub fn serve(&mut self, request: &Request<Vec<u8>>, now: Now) -> Response<Vec<u8>> {
        let at = now.elapsed;
        let arrival = request.extensions().get::<Arrival>().copied();
        let arrival = arrival.unwrap_or(Arrival { sent: at, again: false, heard: None });
        self.world.calls += 1;
        self.twice += u64::from(arrival.again);
        assert!(self.world.calls < self.endless, "it does not end: {} calls", self.endless);
        self.world.now = now;
        self.pass_time(at);
        self.begun.get_or_insert(at);
        if !arrival.again {
            self.ended = at;
        }
        let number = self.world.calls;
        if self.trace.is_some() {
            let line = self.server.describe(request);
            let again = if arrival.again { " (again)" } else { "" };
            self.say(at, || format!("#{number:<5}{again} {line}"));
        }
        let limit = self.server.limit(request);
        let response = match limit {
            Some(limit) if self.is_refused(&limit, arrival, at) => {
                self.world.seen.insert("throttle answers");
                self.server.throttled(request, &mut self.world)
            }
            _ => self.server.answer(request, &mut self.world),
        };
        if self.trace.is_some() {
            let body = String::from_utf8_lossy(response.body());
            let cut: String = body.chars().take(600).collect();
            let (status, length) = (response.status().as_u16(), body.len());
            self.say(at, || format!("#{number:<5} answer {status}, {length} bytes: {cut}"));
        }
        self.change_after(at);
        response
    }

    /// Holds a call against its limit, and says whether the server refuses it.
    fn is_refused(&mut self, limit: &Limit, arrival: Arrival, at: Duration) -> bool {
        let busy = self.schedule.busy.iter().any(|(from, until)| (*from..*until).contains(&at));
        let since = self.since;
        let bucket = self.buckets.entry(limit.bucket).or_default();
        let mut problem = None;
        // What the network doubles is not the client's doing, and what another client sent this one cannot know.
        if !arrival.again && arrival.sent >= since {
            while bucket.arrivals.front().is_some_and(|first| *first + limit.per <= at) {
                bucket.arrivals.pop_front();
            }
            bucket.arrivals.push_back(at);
            if bucket.arrivals.len() > limit.calls {
                problem = Some(format!(
                    "{} calls of {} within {:?}, where {} are allowed",
                    bucket.arrivals.len(),
                    limit.bucket,
                    limit.per,
                    limit.calls
                ));
            }
            let penalty = bucket.penalties.iter().find(|(from, until)| arrival.sent > *from && arrival.sent < *until);
            if let Some((from, until)) = penalty {
                problem = Some(format!(
                    "a call of {} was sent at {:?}, in a penalty known from {from:?} to {until:?}",
                    limit.bucket, arrival.sent
                ));
            }
        }
        let refused = busy || problem.is_some();
        // What comes after the attempt's timeout nobody hears.
        let heard = arrival.heard.filter(|heard| *heard < arrival.sent + TIMEOUT);
        if let Some(heard) = heard.filter(|_| refused) {
            bucket.penalties.push((heard, heard + limit.penalty));
        }
        if let Some(problem) = problem {
            self.violation(at, problem);
        }
        refused
    }

    /// A new client: what the one before it sent, or was told, it does not know.
    pub fn forget_client(&mut self, at: Duration) {
        self.since = at;
        self.buckets.clear();
        self.say(at, || "          the walk is saved, and taken up by a new client".to_owned());
    }
}

/// What the network of a schedule does with one request.
pub(crate) fn trip(schedule: &Schedule, random: &mut Random) -> Trip {
    let network = &schedule.network;
    let mut one_way = || {
        let (least, most) = schedule.latency;
        least + Duration::from_nanos(random.below((most - least).as_nanos() as u64 + 1))
    };
    let (there, back) = (one_way(), one_way());
    let usual = Trip { there: Some(there), again: None, back: Some(back), error: None };
    if random.one_in(network.refused) {
        return Trip { there: None, error: Some(TransportErrorKind::Connect), ..usual };
    }
    if random.one_in(network.swallowed) {
        return Trip { there: None, back: None, ..usual };
    }
    if random.one_in(network.reset) {
        return Trip { error: Some(TransportErrorKind::Request), ..usual };
    }
    if random.one_in(network.broken) {
        return Trip { error: Some(TransportErrorKind::Body), ..usual };
    }
    if random.one_in(network.lost) {
        return Trip { back: None, ..usual };
    }
    if random.one_in(network.doubled) {
        let again = Duration::from_millis(random.below(3_000));
        return Trip { again: Some(again), ..usual };
    }
    if random.one_in(network.slow) {
        let back = Duration::from_millis(random.below(12_000));
        return Trip { back: Some(back), ..usual };
    }
    usual
}
