//! Tencent Cloud Chat (TIM): ordinary groups by Offset or in one answer, Communities by Next, live rooms by Timestamp.

use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Completeness, RetryPolicy};
use tim_rest::get_group_member_info::Member;
use tim_rest::{Client, ClientBuilder, Credentials, GroupType, Roster, RosterOptions, RosterWalk};

use crate::group::Place;
use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{Expect, Vendor};

mod server;
mod usersig;

pub use server::Server;

const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const APP: u32 = 1_400_000_000;
const ADMIN: &str = "administrator";
/// The group.
pub const GROUP: &str = "@TGS#1NVTZEAE4";

/// What TIM is in one run.
#[derive(Debug, Clone)]
pub struct Tim {
    /// The type, by its name on the wire.
    kind: &'static str,
    /// Whether the client is told the type beforehand.
    told: bool,
    page_size: Option<u32>,
    one_answer: bool,
    /// Whether only some fields of members are asked for.
    few_fields: bool,
    /// How long the client's signatures live.
    lifetime: Duration,
    /// From this call on, what was signed before it is refused.
    revoked: Option<u64>,
    rules: Rules,
}

/// How the server behaves where its documents leave it open, or where it is worse than they say.
#[derive(Debug, Clone)]
struct Rules {
    /// Members who join after each of the first calls, at the end, and how many calls those are.
    grow: u64,
    grow_for: u64,
    /// Rows an answer has at most, whatever was asked for; or, where that moves, up to twice as many.
    clamp: usize,
    clamp_moves: bool,
    /// Answers over so many rows are refused with 10018; or, where that moves, one in three of them.
    too_large: usize,
    too_large_moves: bool,
    order: Order,
    total: Total,
    joined: Joined,
    /// Whether one row in twenty comes twice in its answer.
    twice: bool,
    /// One in so many members has a row that cannot be read; or only every other time.
    unreadable: u64,
    unreadable_moves: bool,
    /// Whether every answer starts at the first member.
    ignores_offset: bool,
    token: Token,
    /// Whether answers say when they were made, and by how many seconds that clock is ahead of that of join times.
    dated: Option<i64>,
    /// One call in so many fails with a code that may pass.
    transient: u64,
    /// One call in so many is answered by a gateway.
    gateway: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Kept,
    /// One who stays moves to another place with one call in four.
    Moves,
    /// Every answer has another order.
    None,
}

/// The number of members that comes with an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Total {
    True,
    /// Wrong by so many.
    Off(i64),
    /// Wrong by so many from the third call on.
    OffLate(i64),
    Missing,
    /// There when the group is asked for, not with its members.
    Probe,
}

/// The join times of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Joined {
    True,
    Missing,
    Zero,
    /// The same for everybody, always.
    Equal,
}

/// What a Community's `Next` stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    /// The member it stopped at.
    Member,
    /// A place in the list.
    Place,
    /// A place in the list, sometimes some rows back.
    Back,
    /// A place in the list, never the same, and again from the start behind the end.
    Wraps,
    /// A place in the list; the second time through it ends after the first page.
    ShortSecond,
    /// The same again and again after some pages.
    Stuck,
}

fn often<T>(random: &mut Random, usual: T, other: impl FnOnce(&mut Random) -> T) -> T {
    if random.one_in(5) { other(random) } else { usual }
}

impl Rules {
    fn honest() -> Self {
        Self {
            grow: 0,
            grow_for: 0,
            clamp: usize::MAX,
            clamp_moves: false,
            too_large: usize::MAX,
            too_large_moves: false,
            order: Order::Kept,
            total: Total::True,
            joined: Joined::True,
            twice: false,
            unreadable: 0,
            unreadable_moves: false,
            ignores_offset: false,
            token: Token::Member,
            dated: Some(0),
            transient: 0,
            gateway: 0,
        }
    }

    fn draw(random: &mut Random, community: bool) -> Self {
        let mut rules = Self::honest();
        // Half of the servers do what their documents say.
        if random.one_in(2) {
            rules.dated = often(random, Some(0), |random| Some(random.range(0..200) as i64 - 100));
            return rules;
        }
        rules.grow = often(random, 0, |random| random.range(1..3));
        // A list that never ends takes thousands of calls: not often.
        rules.grow_for = random.pick(&[10, 30, 100, 100, 300, 300, 300, u64::MAX]);
        rules.clamp = often(random, usize::MAX, |random| 1 + random.place(60));
        rules.clamp_moves = rules.clamp < usize::MAX && random.one_in(3);
        rules.too_large = often(random, usize::MAX, |random| 2 + random.place(60));
        rules.too_large_moves = random.one_in(3);
        rules.order = match random.below(12) {
            0 => Order::None,
            1 => Order::Moves,
            _ => Order::Kept,
        };
        rules.total = match random.below(16) {
            0 => Total::Off(random.range(0..140) as i64 - 70),
            1 => Total::Off(i64::MAX),
            2 => Total::OffLate(random.range(0..2_000) as i64 - 1_000),
            3 => Total::Missing,
            4 => Total::Probe,
            _ => Total::True,
        };
        rules.joined = match random.below(20) {
            0 => Joined::Missing,
            1 => Joined::Zero,
            2 => Joined::Equal,
            _ => Joined::True,
        };
        rules.twice = often(random, false, |_| true);
        rules.unreadable = often(random, 0, |random| random.range(2..60));
        rules.unreadable_moves = random.one_in(2);
        rules.ignores_offset = random.one_in(20);
        let tokens =
            [Token::Member, Token::Place, Token::Place, Token::Back, Token::Wraps, Token::ShortSecond, Token::Stuck];
        rules.token = if community { random.pick(&tokens) } else { Token::Member };
        rules.dated = if random.one_in(3) { None } else { Some(random.range(0..400) as i64 - 200) };
        rules.transient = often(random, 0, |random| random.range(4..30));
        rules.gateway = often(random, 0, |random| random.range(4..30));
        // Only the deadline ends a list that grows for ever and is never counted.
        if matches!(rules.total, Total::Missing | Total::Probe) {
            rules.grow = 0;
        }
        // Against a number that is wrong by just as many as were lost, a list without overlaps has no defence.
        if community && rules.token != Token::Member && matches!(rules.total, Total::Off(_) | Total::OffLate(_)) {
            rules.total = Total::True;
        }
        rules
    }
}

impl Tim {
    /// An ordinary group, read by Offset in pages of `rows`, of a server that does what its documents say.
    #[must_use]
    pub fn plain(rows: u32) -> Self {
        Self {
            kind: "Public",
            told: true,
            page_size: Some(rows),
            one_answer: false,
            few_fields: false,
            lifetime: Duration::from_secs(86_400),
            revoked: None,
            rules: Rules::honest(),
        }
    }

    /// The client before it is built.
    #[must_use]
    pub fn builder(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> ClientBuilder {
        let Ok(credentials) = Credentials::new(APP, ADMIN, KEY) else { unreachable!("they are good") };
        Client::builder(credentials)
            .runtime(runtime)
            .concurrency(schedule.concurrency)
            .retry(RetryPolicy::default().with_max_attempts(schedule.attempts))
            .signature_lifetime(self.lifetime)
            .deadline(None)
    }

    fn is_community(&self) -> bool {
        self.kind == "Community"
    }

    fn is_live(&self) -> bool {
        self.kind == "AVChatRoom"
    }

    /// Whether rows carry join times that tell who left and came back.
    fn has_times(&self) -> bool {
        self.rules.joined == Joined::True
    }

    /// Whether the server does what its documents say, and no more than they leave open.
    fn is_honest(&self) -> bool {
        let rules = &self.rules;
        let whole = rules.clamp == usize::MAX && rules.too_large == usize::MAX;
        let true_rows = rules.order == Order::Kept && self.has_times() && !rules.twice && rules.unreadable == 0;
        let steady = !rules.ignores_offset && rules.transient == 0 && rules.gateway == 0 && rules.grow == 0;
        whole
            && true_rows
            && steady
            && rules.total == Total::True
            && rules.token == Token::Member
            && self.revoked.is_none()
    }

    fn page(&self) -> u32 {
        let most = if self.is_community() { 100 } else { 200 };
        self.page_size.unwrap_or(most).min(most)
    }
}

impl Vendor for Tim {
    const NAME: &'static str = "tim";
    const SECRETS: &'static [&'static str] = &[KEY, "usersig=", "eJw", "eAE", "eNo"];

    type Error = tim_rest::Error;
    type Row = Member;
    type Walk = RosterWalk;
    type Client = Client;
    type Server = Server;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        let kind = random.pick(&[
            "Public",
            "Public",
            "Work",
            "Private",
            "Meeting",
            "ChatRoom",
            "Community",
            "Community",
            "AVChatRoom",
        ]);
        let community = kind == "Community";
        let most = if community { 101 } else { 201 };
        let page_size = match random.below(3) {
            0 => None,
            1 => Some(random.range(2..most) as u32),
            // A group of thousands in pages of two rows says nothing that a small one does not.
            _ => Some(random.range(if schedule.members < 1_000 { 2..40 } else { 20..100 }) as u32),
        };
        let mut tim = Self {
            kind,
            told: random.one_in(3),
            page_size,
            one_answer: random.one_in(2),
            few_fields: random.one_in(6),
            lifetime: Duration::from_secs(random.pick(&[86_400, 86_400, 86_400, 600, 20, 3])),
            revoked: often(random, None, |random| Some(random.range(2..20))),
            rules: Rules::draw(random, community),
        };
        if tim.is_live() {
            // Its list is who is online: who comes back has joined anew, and the newest are first.
            schedule.churn.mix.place = Place::Start;
            tim.rules.grow = 0;
            (tim.rules.ignores_offset, tim.rules.order) = (false, Order::Kept);
        } else {
            schedule.churn.mix.keeps_time = random.one_in(12);
        }
        if community && matches!(tim.rules.total, Total::Missing | Total::Probe) {
            // Only the deadline ends a list that grows faster than it is read and is never counted.
            let churn = &mut schedule.churn;
            (churn.per_kilosecond, churn.per_call) = (churn.per_kilosecond.min(300), churn.per_call.min(60));
        }
        // One answer is taken for what it says it is.
        if tim.rules.total != Total::True {
            tim.one_answer = false;
        }
        tim
    }

    fn server(&self, _: &Schedule) -> Server {
        Server::new(self.clone())
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        let Ok(client) = self.builder(schedule, runtime).build() else { unreachable!("it is set up well") };
        client
    }

    fn roster(&self, client: &Client) -> Roster {
        let mut options = RosterOptions::default();
        options.one_answer = self.one_answer;
        options.page_size = self.page_size;
        if self.told {
            options.group_type = Some(GroupType::from(self.kind));
        }
        if self.few_fields {
            options = options.fields(["Role"]);
        }
        client.roster_with(GROUP, options)
    }

    fn resume(&self, client: &Client, walk: RosterWalk) -> Roster {
        client.resume(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        let rules = &self.rules;
        // A page brings at least this many rows that its neighbour has not.
        let rows = self.page().min(rules.clamp.min(rules.too_large) as u32).saturating_sub(1).max(1);
        let members = u64::from(schedule.members).max(1_000);
        // Twice through a list that may be believed to be four times as long, and the windows that are asked for again.
        let mut calls = 200 + 4 * schedule.concurrency as u64 + 10 * (members / u64::from(rows) + 40);
        let churn = &schedule.churn;
        // It may grow by itself as fast as it is read.
        let outgrows = churn.mix.leaves == 0 && churn.per_kilosecond >= 30_000 && churn.per_call >= 100;
        if rules.grow > 0 || outgrows || !matches!(rules.total, Total::True) || rules.clamp < usize::MAX {
            // It may be led on until the list is four times as long as any such list is believed to be, two rows at a time.
            calls = calls.max(20_000);
        }
        let held = 4_096 + (2 * schedule.concurrency + 2) * self.page() as usize;
        let faults = rules.transient > 0
            || rules.gateway > 0
            || self.revoked.is_some()
            || self.lifetime < Duration::from_secs(600);
        let mut expect = Expect::within(schedule, faults, calls, held.max(schedule.members as usize + 4_096));
        expect.no_proof = if self.is_live() {
            Some("a live room has no member list")
        } else if !self.has_times() {
            Some("rows without join times prove nothing")
        } else if rules.order == Order::None {
            Some("a list without an order")
        } else if rules.total != Total::True {
            Some("no number of members that can be believed")
        } else {
            None
        };
        expect.no_premise = (rules.order != Order::Kept).then_some("those who stay keep their order");
        let apart = schedule.members > schedule.ties || schedule.members < 2;
        let too_many = self.is_live() && schedule.members >= 1_000;
        if self.is_honest() && apart && !too_many {
            expect.quiet = Some(match (self.is_live(), self.is_community()) {
                (true, _) => Completeness::Unverified,
                // The number of members is part of the proof, so it cannot confirm it.
                (_, true) => Completeness::Stable,
                _ if self.page() < 3 && !self.one_answer => Completeness::Unverified,
                _ => Completeness::Verified,
            });
        }
        expect
    }

    fn behaviours(&self) -> Vec<&'static str> {
        let rules = &self.rules;
        [
            (self.is_honest(), "tim: an honest server"),
            (self.is_community(), "tim: Community"),
            (self.is_live(), "tim: live room"),
            (!self.is_community() && !self.is_live() && self.one_answer, "tim: one answer"),
            (!self.is_community() && !self.is_live() && !self.one_answer, "tim: Offset"),
            (self.told, "tim: told the type"),
            (self.revoked.is_some(), "tim: signatures revoked"),
            (self.lifetime < Duration::from_secs(600), "tim: signatures that expire"),
            (rules.grow > 0, "tim: grows with each call"),
            (rules.clamp < usize::MAX, "tim: clamped pages"),
            (rules.too_large < usize::MAX, "tim: 10018"),
            (rules.order != Order::Kept, "tim: no order"),
            (matches!(rules.total, Total::Off(_) | Total::OffLate(_)), "tim: a wrong MemberNum"),
            (matches!(rules.total, Total::Missing | Total::Probe), "tim: no MemberNum"),
            (!self.has_times(), "tim: no JoinTime"),
            (rules.twice, "tim: rows that come twice"),
            (rules.unreadable > 0, "tim: rows that cannot be read"),
            (rules.ignores_offset, "tim: does not heed Offset"),
            (self.is_community() && rules.token != Token::Member, "tim: an odd Next"),
            (rules.dated.is_none(), "tim: answers without a Date"),
            (rules.transient > 0, "tim: codes that pass"),
            (rules.gateway > 0, "tim: a gateway's 502"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}
