//! NetEase Yunxin (NIM): chatrooms by `endtime`, teams in one answer, superteams by `timetag`.

use std::sync::Arc;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Completeness, RetryPolicy};
use nim_server::{Client, Credentials, Kind, Member, Roster, RosterOptions, RosterWalk};

use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{Expect, Vendor};

mod server;
mod teams;
mod wire;

pub use server::Server;
pub use teams::{Superteam, SuperteamServer, Team, TeamServer};
use wire::Manners;

const KEY: &str = "45c6af3c98409b18a84451215d0bdd6e";
const SECRET: &str = "PLANTED5bd2850fff3e";
const ROOM: u64 = 9_500_000_001;

/// What stands in no error and no report: the secret, and where a signature would begin.
const SECRETS: &[&str] = &[SECRET, "PLANTED", "checksum="];

/// What a chatroom is in one run.
#[derive(Debug, Clone)]
pub struct Nim {
    seed: u64,
    kind: Kind,
    page_size: u32,
    roles: bool,
    count_asked: bool,
    manners: Manners,
    /// How many in a hundred are fixed members.
    share: u64,
    /// Whether fixed members become guests, and the other way round.
    switches: bool,
    /// Whether all fixed members are online.
    all_online: bool,
    /// Fixed members who may enter with each call.
    moves: u32,
    /// Whether fixed members are sorted by the time of their record's last change, which rows do not show.
    hidden: bool,
    /// Whether a row of `endtime` itself is given.
    inclusive: bool,
    unstable_ties: bool,
    /// Rows an answer has at most: so many, and up to so many more.
    clamp: Option<(usize, usize)>,
    /// Whether guests who left are left out of pages only after they were cut; and so many at once, so far apart.
    leaves_ghosts: bool,
    block: Option<(u64, u64)>,
    /// Whether type 2 is cut before those who are offline are left out.
    filters_late: bool,
    ignores_endtime: bool,
    count: Count,
    times: Times,
    /// Whether rows do not say who is online.
    says_nothing_of_online: bool,
    twice: bool,
    /// One in so many members has a row that cannot be read.
    unreadable: u64,
}

/// The room's number of people online.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Count {
    Right,
    Missing,
    Refused,
    Off(i64),
    Stuck(u64),
}

/// The times of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Times {
    Right,
    Missing,
    Sometimes,
    Same,
}

impl Nim {
    /// Whether the server does what its documents say, and no more than they leave open.
    fn is_honest(&self) -> bool {
        self.clamp.is_none()
            && !self.leaves_ghosts
            && self.block.is_none()
            && !self.ignores_endtime
            && self.count == Count::Right
            && self.times == Times::Right
            && !self.says_nothing_of_online
            && !self.twice
            && self.unreadable == 0
            && !self.manners.may_fail()
    }
}

fn client(schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
    let client = Credentials::new(KEY, SECRET).map(|credentials| {
        Client::builder(credentials)
            .runtime(runtime)
            .concurrency(schedule.concurrency)
            .retry(RetryPolicy::default().with_max_attempts(schedule.attempts))
            .deadline(None)
            .build()
    });
    match client {
        Ok(Ok(client)) => client,
        _ => unreachable!("the credentials are good"),
    }
}

impl Vendor for Nim {
    const NAME: &'static str = "nim";
    const SECRETS: &'static [&'static str] = SECRETS;

    type Error = nim_server::Error;
    type Row = Member;
    type Walk = RosterWalk;
    type Client = Client;
    type Server = Server;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        let kind =
            random.pick(&[Kind::All, Kind::All, Kind::All, Kind::All, Kind::Fixed, Kind::Temporary, Kind::OnlineFixed]);
        let share = match kind {
            Kind::Temporary => 0,
            Kind::All => random.pick(&[0, 5, 20, 50, 90, 100]),
            _ => 100,
        };
        let mut nim = Self {
            seed: random.draw(),
            kind,
            page_size: random.pick(&[100, 100, 40, 0, 0]),
            roles: !random.one_in(5),
            count_asked: !random.one_in(6),
            manners: Manners::GOOD,
            share,
            switches: kind == Kind::All && random.one_in(2),
            all_online: kind == Kind::OnlineFixed,
            moves: 0,
            hidden: random.one_in(5),
            inclusive: random.one_in(2),
            unstable_ties: false,
            clamp: None,
            leaves_ghosts: false,
            block: None,
            filters_late: random.one_in(2),
            ignores_endtime: false,
            count: Count::Right,
            times: Times::Right,
            says_nothing_of_online: false,
            twice: false,
            unreadable: 0,
        };
        if nim.page_size == 0 {
            nim.page_size = random.range(2..40) as u32;
        }
        // Who comes back has entered anew; the creator stays.
        schedule.churn.mix.keeps_time = false;
        schedule.churn.mix.rooted = u32::from(share > 0);
        schedule.churn.mix.roles = random.pick(&[1, 1, 6, 20]);
        if !schedule.is_quiet() && random.one_in(3) {
            nim.moves = random.range(1..4) as u32;
        }
        // Half of the servers do what their documents say.
        if random.one_in(2) {
            nim.manners = Manners::draw(random);
            nim.unstable_ties = random.one_in(5);
            if random.one_in(5) {
                let least = 3 + random.place(40);
                nim.clamp = Some((least, random.place(20)));
            }
            if random.one_in(5) {
                nim.leaves_ghosts = random.one_in(2);
                let spacing = random.pick(&[1, 10, 1_000, 60_000]);
                nim.block = random.one_in(2).then(|| (random.range(1..180), spacing));
            }
            nim.ignores_endtime = random.one_in(30);
            nim.count = match random.below(12) {
                0 => Count::Missing,
                1 => Count::Refused,
                2 => Count::Off(random.range(0..60) as i64 - 30),
                3 => Count::Stuck(random.below(300)),
                _ => Count::Right,
            };
            nim.times = match random.below(24) {
                0 => Times::Missing,
                1 => Times::Sometimes,
                2 => Times::Same,
                _ => Times::Right,
            };
            nim.says_nothing_of_online = random.one_in(12);
            nim.twice = random.one_in(12);
            nim.unreadable = if random.one_in(12) { random.range(2..60) } else { 0 };
        }
        // A search asks some dozens of times for each page.
        if nim.hidden {
            nim.page_size = nim.page_size.max(20);
            nim.clamp = None;
            schedule.members = schedule.members.min(300);
        }
        if schedule.members > 300 || nim.times == Times::Same {
            nim.page_size = nim.page_size.max(20);
        }
        nim
    }

    fn server(&self, _: &Schedule) -> Server {
        Server::new(self.clone())
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        client(schedule, runtime)
    }

    fn roster(&self, client: &Client) -> Roster {
        let mut options = RosterOptions::default().kind(self.kind).page_size(self.page_size);
        (options.roles, options.count) = (self.roles, self.count_asked);
        client.roster_with(ROOM, options)
    }

    fn resume(&self, client: &Client, walk: RosterWalk) -> Roster {
        client.resume(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        // A page brings at least this many rows that its neighbour has not.
        let page = self.page_size.min(self.clamp.map_or(100, |clamp| clamp.0 as u32));
        let rows = u64::from(page.saturating_sub(schedule.ties.min(page - 1)).max(1));
        let members = u64::from(schedule.members).max(300) + 200;
        // Seven passes at most, each page perhaps three times, or searched for.
        let each = if self.hidden { 60 } else { 3 };
        let calls = 400 + 4 * schedule.concurrency as u64 + 7 * each * (members / rows + 20);
        let held = 4_096 + (2 * schedule.concurrency + 2) * 100;
        let mut expect =
            Expect::within(schedule, self.manners.may_fail(), calls, held.max(schedule.members as usize + 4_096));
        expect.no_proof = if self.kind == Kind::OnlineFixed {
            Some("a list that may be cut before it is filtered")
        } else if self.times != Times::Right {
            Some("rows whose times say nothing")
        } else if self.clamp.is_some() || self.leaves_ghosts || self.block.is_some() {
            Some("pages that are shorter than they need be")
        } else {
            None
        };
        expect.no_premise = untraced(self.clamp, schedule);
        // So many of one instant are no full page.
        let apart = schedule.ties + 2 <= self.page_size;
        if self.is_honest() && apart {
            expect.quiet = Some(match self.kind {
                Kind::OnlineFixed => Completeness::Unverified,
                Kind::Temporary if !self.count_asked && schedule.members == 0 => Completeness::Unverified,
                // Nobody says that there are no guests.
                Kind::All if !self.count_asked => Completeness::Unverified,
                Kind::All => Completeness::Verified,
                _ => Completeness::Stable,
            });
        }
        expect
    }

    fn behaviours(&self) -> Vec<&'static str> {
        [
            (self.is_honest(), "nim: an honest server"),
            (self.kind == Kind::All, "nim: fixed members and guests"),
            (self.kind == Kind::Fixed, "nim: fixed members"),
            (self.kind == Kind::Temporary, "nim: guests"),
            (self.kind == Kind::OnlineFixed, "nim: online fixed members"),
            (self.hidden, "nim: sorted by a hidden time"),
            (self.inclusive, "nim: a row of endtime itself is given"),
            (self.unstable_ties, "nim: one instant in any order"),
            (self.clamp.is_some(), "nim: clamped pages"),
            (self.leaves_ghosts || self.block.is_some(), "nim: cut before it is filtered"),
            (self.ignores_endtime, "nim: does not heed endtime"),
            (matches!(self.count, Count::Missing | Count::Refused) || !self.count_asked, "nim: no count"),
            (matches!(self.count, Count::Off(_) | Count::Stuck(_)), "nim: a wrong count"),
            (self.times != Times::Right, "nim: times that say nothing"),
            (self.twice, "nim: rows that come twice"),
            (self.unreadable > 0, "nim: rows that cannot be read"),
            (self.moves > 0, "nim: fixed members come to the top"),
            (self.manners.dedupes, "nim: RequestIds are remembered"),
            (self.manners.dated.is_none(), "nim: answers without a Date"),
            (self.manners.may_fail(), "nim: codes that pass, and a gateway's 502"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// Of more people of one instant than a page shows, the same ones come each time, or by chance the same twice: the rest leaves
/// no trace.
fn untraced(clamp: Option<(usize, usize)>, schedule: &Schedule) -> Option<&'static str> {
    let (least, more) = clamp?;
    (schedule.ties as usize > least && more < 12)
        .then_some("more people of one instant than a page shows, and pages that vary little")
}
