//! Agora (Shengwang) Chat: a group's description, which may hold everybody, else its members in pages by number; admins beside them;
//! tokens that are built, exchanged or given, and end in mid-walk.

use std::sync::Arc;
use std::time::Duration;

use agora_chat_rest::chatgroups_users::{self, Member};
use agora_chat_rest::{
    App, BaseUrl, Client, ClientSecret, Credentials, Roster, RosterOptions, RosterWalk, Token, TokenSource,
};
use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Completeness, RetryPolicy};

use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{Expect, Vendor};

mod server;
mod token;

pub use server::Server;

const APP_ID: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const CLIENT_ID: &str = "YXA6client";
const CLIENT_SECRET: &str = "YXA6PLANTEDsecret";
/// Given to the client where it has nothing to make tokens of.
const GIVEN: &str = "YWMtPLANTEDgiven";
/// The group.
const GROUP: &str = "183742659182736";

/// What Agora is in one run.
#[derive(Debug, Clone)]
pub struct Agora {
    source: Source,
    /// Whether the app is named by its App Key.
    keyed: bool,
    page_size: u32,
    snapshot: bool,
    admins: bool,
    /// What the client is told it may call a second; `None`: its own default.
    calls_per_second: Option<u32>,
    rules: Rules,
}

/// Where tokens come from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Local,
    Exchange,
    ClientCredentials,
    Fixed,
}

/// How the server behaves where its documents leave it open, or where it is worse than they say.
#[derive(Debug, Clone)]
struct Rules {
    clamp: Clamp,
    order: Order,
    total: Total,
    /// How many members come with the group's description.
    affiliations: usize,
    joined: Joined,
    /// Whether rows are bare ids.
    bare: bool,
    /// Whether rows call admins admins.
    says_admin: bool,
    /// Whether numbers stand in quotes, and what may be missing of an answer is.
    sloppy: bool,
    /// Whether one row in twenty comes twice in its answer.
    twice: bool,
    /// One in so many members has a row that cannot be read; or only every other time.
    unreadable: u64,
    unreadable_moves: bool,
    /// One page in so many has no rows.
    blank: u64,
    /// With this call somebody becomes the owner, and stands in front of all others from then on.
    transfer: Option<u64>,
    /// For how many seconds the tokens that it issues are good, and whether it says they were good for a day.
    lifetime: u64,
    overstates: bool,
    /// From this call on, tokens from before it are refused.
    revoked: Option<u64>,
    /// Whether tokens from the future are refused.
    no_future: bool,
    /// One call in so many is refused as not permitted, with the status of a bad token.
    forbidden: u64,
    /// From this call on the plan is used up.
    limited: Option<u64>,
    busy: Busy,
    /// One call in so many fails in a way that may pass.
    transient: u64,
}

/// How the server cuts pages: to three rows or more. A server of smaller ones is known nowhere, and no end could be proved there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Clamp {
    No,
    /// It takes larger pages for pages of this size.
    Size(usize),
    /// It leaves out what is more of larger pages.
    Rows(usize),
    /// As `Size`, with another one each time, at least this one.
    Moves(usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Kept,
    /// One who stays moves to another place with one call in four.
    Moves,
    /// Every answer has another order.
    None,
}

/// `affiliations_count`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Total {
    True,
    Off(i64),
    /// Off from the third call on.
    OffLate(i64),
    /// What was true in the beginning.
    Stuck,
    Missing,
}

/// The join times of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Joined {
    True,
    /// A digit short, as in the vendor's samples.
    Short,
    Missing,
    /// 0, but for one row in eight.
    Zero,
    /// The same for everybody, always.
    Equal,
}

/// What one call too many is answered with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Busy {
    /// 429, and no word of how long.
    Bare,
    /// 429, and for how many seconds.
    For(u64),
    /// 503, as older pages have it.
    Old,
}

fn often<T>(random: &mut Random, usual: T, other: impl FnOnce(&mut Random) -> T) -> T {
    if random.one_in(6) { other(random) } else { usual }
}

impl Rules {
    fn draw(random: &mut Random) -> Self {
        let mut rules = Self {
            clamp: Clamp::No,
            order: Order::Kept,
            total: Total::True,
            affiliations: random.pick(&[10_000, 10_000, 0, 50, 200]),
            joined: Joined::True,
            bare: false,
            says_admin: random.one_in(2),
            sloppy: random.one_in(3),
            twice: false,
            unreadable: 0,
            unreadable_moves: false,
            blank: 0,
            transfer: None,
            lifetime: random.pick(&[86_400, 86_400, 600, 20]),
            overstates: false,
            revoked: None,
            no_future: random.one_in(3),
            forbidden: 0,
            limited: None,
            busy: random.pick(&[Busy::Bare, Busy::Bare, Busy::For(1), Busy::For(3), Busy::For(40), Busy::Old]),
            transient: 0,
        };
        rules.transfer = often(random, None, |random| Some(random.range(1..40)));
        // Half of the servers do what their documents say.
        if random.one_in(2) {
            return rules;
        }
        rules.clamp = match random.below(10) {
            0 => Clamp::Size(3 + random.place(60)),
            1 => Clamp::Rows(3 + random.place(60)),
            2 => Clamp::Moves(3 + random.place(20)),
            _ => Clamp::No,
        };
        rules.order = match random.below(12) {
            0 => Order::None,
            1 => Order::Moves,
            _ => Order::Kept,
        };
        rules.total = match random.below(12) {
            0 => Total::Off(random.range(0..60) as i64 - 30),
            1 => Total::Off(i64::MAX),
            2 => Total::OffLate(random.range(0..200) as i64 - 100),
            3 => Total::Stuck,
            4 | 5 => Total::Missing,
            _ => Total::True,
        };
        rules.joined = match random.below(14) {
            0 => Joined::Missing,
            1 => Joined::Zero,
            2 => Joined::Equal,
            3 | 4 => Joined::Short,
            _ => Joined::True,
        };
        rules.bare = random.one_in(12);
        rules.twice = often(random, false, |_| true);
        rules.unreadable = often(random, 0, |random| random.range(2..60));
        rules.unreadable_moves = random.one_in(2);
        rules.blank = often(random, 0, |random| random.range(2..20));
        rules.lifetime = random.pick(&[86_400, 600, 20, 3]);
        rules.overstates = random.one_in(3);
        rules.revoked = often(random, None, |random| Some(random.range(2..20)));
        rules.forbidden = often(random, 0, |random| random.range(8..60));
        rules.limited = often(random, None, |random| Some(random.range(1..20)));
        rules.transient = often(random, 0, |random| random.range(4..30));
        rules
    }

    /// Whether rows carry join times that tell who left and came back.
    fn has_times(&self) -> bool {
        matches!(self.joined, Joined::True | Joined::Short) && !self.bare
    }
}

impl Agora {
    /// Whether the server does what its documents say, and no more than they leave open.
    fn is_honest(&self) -> bool {
        let rules = &self.rules;
        let list = rules.clamp == Clamp::No && rules.order == Order::Kept && rules.total == Total::True;
        let rows = rules.has_times() && !rules.twice && rules.unreadable == 0 && rules.blank == 0;
        list && rows && rules.transfer.is_none() && rules.transient == 0
    }

    /// Whether calls may end in an error, whatever the network does.
    fn may_fail(&self) -> bool {
        let rules = &self.rules;
        let short = match self.source {
            Source::Local => false,
            // Nobody can renew what was given.
            Source::Fixed => rules.lifetime < 86_400,
            Source::Exchange | Source::ClientCredentials => {
                rules.lifetime < 20 || (rules.lifetime < 600 && rules.overstates)
            }
        };
        // A page of which no row can be read is none.
        let unreadable = rules.unreadable > 0;
        short
            || unreadable
            || rules.revoked.is_some()
            || rules.forbidden > 0
            || rules.limited.is_some()
            || rules.transient > 0
    }

    fn tokens(&self) -> TokenSource {
        let tokens = match self.source {
            Source::Local => Credentials::new(APP_ID, CERTIFICATE).map(TokenSource::Local),
            Source::Exchange => Credentials::new(APP_ID, CERTIFICATE).map(TokenSource::Exchange),
            Source::ClientCredentials => ClientSecret::new(CLIENT_ID, CLIENT_SECRET).map(TokenSource::from),
            Source::Fixed => Token::new(GIVEN).map(TokenSource::Fixed),
        };
        match tokens {
            Ok(tokens) => tokens,
            Err(_) => unreachable!("they are good"),
        }
    }
}

impl Vendor for Agora {
    const NAME: &'static str = "agora";
    const SECRETS: &'static [&'static str] = &[CERTIFICATE, "PLANTED", "007e", "Bearer"];

    type Error = agora_chat_rest::Error;
    type Row = Member;
    type Walk = RosterWalk;
    type Client = Client;
    type Server = Server;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        // A group has its owner, who stays.
        schedule.members = schedule.members.max(1);
        schedule.churn.mix.rooted = 1;
        let small = if schedule.members < 1_000 { 10..60 } else { 30..200 };
        let mut agora = Self {
            source: random.pick(&[
                Source::Local,
                Source::Local,
                Source::Exchange,
                Source::ClientCredentials,
                Source::Fixed,
            ]),
            keyed: random.one_in(2),
            page_size: match random.below(3) {
                0 => 1_000,
                1 => random.range(10..1_001) as u32,
                // A group of thousands in pages of ten rows says nothing that a small one does not.
                _ => random.range(small) as u32,
            },
            snapshot: random.one_in(2),
            admins: random.one_in(3),
            calls_per_second: random.pick(&[None, None, Some(100)]),
            rules: Rules::draw(random),
        };
        let rules = &mut agora.rules;
        schedule.churn.mix.keeps_time = rules.has_times() && random.one_in(12);
        // A description that holds as many as it counts is taken for what it says it is.
        if rules.total != Total::True || rules.unreadable > 0 {
            rules.affiliations = 0;
        }
        if agora.source == Source::Fixed && rules.lifetime < 600 {
            rules.lifetime = 600;
        }
        agora
    }

    fn server(&self, schedule: &Schedule) -> Server {
        Server::new(self.clone(), schedule)
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        let app = if self.keyed { App::key("org#app") } else { App::id(APP_ID) };
        let (Ok(base), Ok(app)) = ("https://a41.chat.example.com".parse::<BaseUrl>(), app) else {
            unreachable!("they are good")
        };
        let mut builder = Client::builder(base, app, self.tokens())
            .runtime(runtime)
            .concurrency(schedule.concurrency)
            .retry(
                RetryPolicy::default()
                    .with_backoff(Duration::from_secs(1), Duration::from_secs(10))
                    .with_max_attempts(schedule.attempts),
            )
            .deadline(None);
        if let Some(calls) = self.calls_per_second {
            builder = builder.calls_per_second::<chatgroups_users::Request>(calls);
        }
        match builder.build() {
            Ok(client) => client,
            Err(_) => unreachable!("it has all it needs"),
        }
    }

    fn roster(&self, client: &Client) -> Roster {
        let mut options = RosterOptions::default().page_size(self.page_size);
        (options.snapshot, options.admins) = (self.snapshot, self.admins);
        client.roster_with(GROUP, options)
    }

    fn resume(&self, client: &Client, walk: RosterWalk) -> Roster {
        client.resume(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        let rules = &self.rules;
        let cut = match rules.clamp {
            Clamp::No => u32::MAX,
            Clamp::Size(rows) | Clamp::Rows(rows) | Clamp::Moves(rows) => rows as u32,
        };
        // A page brings at least this many rows that its neighbour has not.
        let rows = u64::from((self.page_size.min(cut) / 2).max(1));
        let members = u64::from(schedule.members).max(1_000);
        let mut calls = 200 + 4 * schedule.concurrency as u64 + 10 * (members / rows + 40);
        let churn = &schedule.churn;
        // It may grow by itself as fast as it is read.
        let outgrows = churn.mix.leaves == 0 && (churn.per_kilosecond >= 30_000 || churn.per_call >= 100);
        if outgrows || rules.total != Total::True || rules.clamp != Clamp::No || rules.order != Order::Kept {
            calls = calls.max(20_000);
        }
        let held = 4_096 + (2 * schedule.concurrency + 2) * self.page_size as usize;
        let mut expect = Expect::within(schedule, self.may_fail(), calls, held.max(schedule.members as usize + 4_096));
        if let Busy::For(seconds) = rules.busy {
            expect.time += Duration::from_secs(seconds) * 20;
        }
        expect.no_proof = if !rules.has_times() {
            Some("rows without join times prove nothing")
        } else if rules.order == Order::None {
            Some("a list without an order")
        } else {
            None
        };
        expect.no_premise = (rules.order != Order::Kept).then_some("those who stay keep their order");
        let apart = schedule.members > schedule.ties || schedule.members < 2;
        if self.is_honest() && apart && !expect.may_fail {
            expect.quiet = Some(Completeness::Verified);
        }
        expect
    }

    fn behaviours(&self) -> Vec<&'static str> {
        let rules = &self.rules;
        let issued = matches!(self.source, Source::Exchange | Source::ClientCredentials);
        [
            (self.is_honest(), "agora: an honest server"),
            (self.source == Source::Local, "agora: tokens built"),
            (self.source == Source::Exchange, "agora: tokens exchanged"),
            (self.source == Source::ClientCredentials, "agora: client credentials"),
            (self.source == Source::Fixed, "agora: a token that was given"),
            (self.keyed, "agora: named by App Key"),
            (self.snapshot && rules.affiliations > 0, "agora: members with the description"),
            (!self.snapshot || rules.affiliations == 0, "agora: pages alone"),
            (self.admins, "agora: with admins"),
            (self.calls_per_second.is_some(), "agora: at the full limit"),
            (matches!(rules.clamp, Clamp::Size(_)), "agora: clamped sizes"),
            (matches!(rules.clamp, Clamp::Rows(_)), "agora: clamped rows"),
            (matches!(rules.clamp, Clamp::Moves(_)), "agora: clamps that move"),
            (rules.order != Order::Kept, "agora: no order"),
            (matches!(rules.total, Total::Off(_) | Total::OffLate(_)), "agora: a wrong count"),
            (rules.total == Total::Stuck, "agora: a count that is stuck"),
            (rules.total == Total::Missing, "agora: no count"),
            (!rules.has_times(), "agora: no join times"),
            (rules.joined == Joined::Short, "agora: short join times"),
            (rules.bare, "agora: bare ids"),
            (rules.sloppy, "agora: sloppy answers"),
            (rules.twice, "agora: rows that come twice"),
            (rules.unreadable > 0, "agora: rows that cannot be read"),
            (rules.blank > 0, "agora: pages without rows"),
            (rules.transfer.is_some(), "agora: another owner"),
            (issued && rules.lifetime < 86_400, "agora: tokens that expire"),
            (issued && rules.overstates && rules.lifetime < 86_400, "agora: tokens that expire too early"),
            (rules.revoked.is_some(), "agora: tokens revoked"),
            (rules.forbidden > 0, "agora: 401 for what is not permitted"),
            (rules.limited.is_some(), "agora: the plan is used up"),
            (rules.busy == Busy::Old, "agora: 503 for too many calls"),
            (rules.transient > 0, "agora: failures that pass"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}
