//! What a vendor brings to the simulation: a server of its own, and the real client.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::walk::{Roster, Row, Walk};
use groupmembers_http::{Completeness, Now};
use http::{Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::group::Group;
use crate::random::Random;
use crate::schedule::Schedule;

/// One vendor, as one seed has it: how its server behaves, and how its client is set up.
pub trait Vendor: Clone + Debug + Send + Sync + 'static {
    /// The name on the command line.
    const NAME: &'static str;
    /// Texts that may stand in no error and no report: keys, tokens, passwords.
    const SECRETS: &'static [&'static str];

    /// The client's error.
    type Error: Error + Send + Unpin + 'static;
    /// The client's row.
    type Row: Row;
    /// The client's walk.
    type Walk: Walk<Request: 'static, Answer: Send + 'static, Row = Self::Row, Error = Self::Error>
        + Serialize
        + DeserializeOwned
        + Unpin;
    /// The real client.
    type Client;
    /// The simulated server.
    type Server: Server;

    /// Draws it, and takes out of the schedule what this vendor's API cannot have.
    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self;

    /// The server.
    fn server(&self, schedule: &Schedule) -> Self::Server;

    /// A new client.
    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Self::Client;

    /// What a program does with a client before it lists: by default nothing.
    fn ready(&self, client: Self::Client) -> impl Future<Output = Self::Client> {
        async { client }
    }

    /// The listing of the group.
    fn roster(&self, client: &Self::Client) -> Roster<Self::Walk>;

    /// The listing taken up again.
    fn resume(&self, client: &Self::Client, walk: Self::Walk) -> Roster<Self::Walk>;

    /// What a run of this seed must end in.
    fn expect(&self, schedule: &Schedule) -> Expect;

    /// The names of the server's behaviours, for the table of what was covered.
    fn behaviours(&self) -> Vec<&'static str>;

    /// Which [person](crate::group::Person) a row is: `u17` is 17.
    fn number(row: &Self::Row) -> Option<u32> {
        row.id().strip_prefix('u')?.parse().ok()
    }
}

/// What a run must end in, and stay within.
#[derive(Debug, Clone)]
pub struct Expect {
    /// With a quiet schedule everybody is there, and the report is at least this; `None` where the server does what its documents do not
    /// say.
    pub quiet: Option<Completeness>,
    /// A mode in which nothing can prove a list whole, and the documents say so: there `unverified` may miss somebody.
    pub no_proof: Option<&'static str>,
    /// What the proofs take for granted, and the documents say that they do, and this server does not keep to: there `stable` may miss
    /// somebody too, and `verified` still may not.
    pub no_premise: Option<&'static str>,
    /// Whether the server does something that may end in an error, whatever the schedule.
    pub may_fail: bool,
    /// At most so many calls.
    pub calls: u64,
    /// At most so much virtual time, pauses between stop and resume aside.
    pub time: Duration,
    /// At most so many rows wait to be given out.
    pub rows: usize,
}

impl Expect {
    /// Bounds that hold for `calls` calls without faults, under the faults of a schedule, or of the server where it has `faults`; and
    /// errors, where it has.
    #[must_use]
    pub fn within(schedule: &Schedule, faults: bool, calls: u64, rows: usize) -> Self {
        // A walk that is taken up again asks again for what was on its way.
        let again = schedule.stops.len() as u64 + u64::from(schedule.resumes);
        let trouble = faults || schedule.has_faults();
        let attempts = if trouble { u64::from(schedule.attempts) } else { 1 };
        let calls = (calls + again * (schedule.concurrency as u64 + 1)) * attempts;
        // Each attempt: two trips, or ten seconds; and the pause after it.
        let slowest = if trouble { Duration::from_secs(25) } else { 2 * schedule.latency.1 };
        let busy: Duration = schedule.busy.iter().map(|(from, until)| *until - *from + Duration::from_secs(60)).sum();
        let time = slowest * u32::try_from(calls).unwrap_or(u32::MAX) + busy + Duration::from_secs(60);
        Self { quiet: None, no_proof: None, no_premise: None, may_fail: faults, calls, time, rows }
    }
}

/// A vendor's server. It is written from the vendor's documents alone: the client's code has no part in it, or it could not prove it
/// wrong.
pub trait Server: Send {
    /// The limit that this request counts for.
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit>;

    /// The answer to one call too many.
    fn throttled(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>>;

    /// The answer to any other call.
    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>>;

    /// A request in a trace.
    fn describe(&self, request: &Request<Vec<u8>>) -> String {
        format!("{} {}", request.uri().path(), String::from_utf8_lossy(request.body()))
    }
}

/// A vendor's limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What shares it.
    pub bucket: &'static str,
    /// So many calls…
    pub calls: usize,
    /// …in any stretch of this length.
    pub per: Duration,
    /// How long the vendor refuses everything of the bucket after it has refused one call.
    pub penalty: Duration,
}

/// What a server has at hand.
#[derive(Debug)]
pub struct World {
    /// The group, as it is now.
    pub group: Group,
    /// The true time.
    pub now: Now,
    /// The number of this call, from 1.
    pub calls: u64,
    /// The server's own draws.
    pub random: Random,
    /// What happened, for the table of what was covered.
    pub seen: BTreeSet<&'static str>,
}

impl World {
    /// The true time in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn unix_millis(&self) -> u64 {
        self.now.unix.as_millis() as u64
    }
}
