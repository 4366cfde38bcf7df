//! wkteam (E云管家): a list in one answer, held against the group's own description; with profiles, one call a member.

use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Completeness, RetryPolicy};
use wkteam_api::get_chat_room_member::Member;
use wkteam_api::{
    Account, Client, Credentials, DetailWalk, Detailed, DetailedRoster, Roster, RosterOptions, RosterWalk, Token, WId,
};

use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{Expect, Vendor};

mod server;

pub use server::Server;

const GROUP: &str = "10000000001@chatroom";
const ACCOUNT: &str = "PLANTED-account";
const PASSWORD: &str = "PLANTED-password";
const WC_ID: &str = "wxid_aaaabbbbcccc11";
const SECRETS: &[&str] = &[PASSWORD, ACCOUNT, "PLANTED-token", "PLANTED-w-id"];

fn token(number: u32) -> String {
    format!("PLANTED-token-{number}")
}

fn w_id(number: u32) -> String {
    format!("PLANTED-w-id-{number}")
}

/// What the group says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Info {
    /// Count and names.
    Whole,
    /// Names, and 0 for a count.
    Names,
    /// A count, and no names.
    Counts,
    /// Neither.
    Silent,
    /// Names, and a count that is off by so many.
    Off(i64),
    /// What was true at the first call.
    Frozen,
    /// A copy from before the last so many joined.
    Old(usize),
    /// 1001.
    Refused,
    /// 1000 and null.
    Null,
}

/// What a dead token answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dead {
    Status(u16),
    Code(u16),
    Framework(u16),
    /// 1001, and words about the token.
    Words,
    /// 1001, and words about nothing.
    Mute,
}

/// How answers are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Envelope {
    Flat,
    InList,
    InObject,
}

/// What the client is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    WId,
    WcId,
    Both,
}

/// The server's behaviour, as one seed has it. What happens now and then happens to one call in so many; 0 is never.
#[derive(Debug, Clone)]
struct Rules {
    info: Info,
    envelope: Envelope,
    /// 0 as text, 1 with blanks, 2 as a number.
    code: u8,
    msg: bool,
    /// Rows that a list has at most.
    most: usize,
    /// One list in so many is cut in half.
    halved: u64,
    /// One list in so many is the one before it again.
    cached: u64,
    twice: bool,
    shuffled: bool,
    /// One row in so many cannot be read.
    unreadable: u64,
    /// 1001 that passes.
    refused: u64,
    /// 1000 and null, that passes.
    null: u64,
    /// 500 to 504.
    gateway: u64,
    /// 429, and what it asks for.
    throttled: u64,
    wish: Option<&'static str>,
    /// JSON that ends in the middle.
    cut: u64,
    /// Profiles of these are refused: one in so many.
    private: u64,
    /// Tokens die before these calls.
    revoked: Vec<u64>,
    dead: Dead,
    /// The account logs in anew before these calls.
    relogin: Vec<u64>,
    /// It is not online from one call to another.
    offline: Option<(u64, u64)>,
}

impl Rules {
    fn draw(random: &mut Random) -> Self {
        let mut rules = Self {
            info: Info::Whole,
            envelope: random.pick(&[Envelope::Flat, Envelope::Flat, Envelope::InList, Envelope::InObject]),
            code: random.below(3) as u8,
            msg: random.one_in(4),
            most: usize::MAX,
            halved: 0,
            cached: 0,
            twice: false,
            shuffled: false,
            unreadable: 0,
            refused: 0,
            null: 0,
            gateway: 0,
            throttled: 0,
            wish: None,
            cut: 0,
            private: 0,
            revoked: Vec::new(),
            dead: random.pick(&[
                Dead::Status(401),
                Dead::Status(403),
                Dead::Code(401),
                Dead::Code(403),
                Dead::Framework(401),
                Dead::Words,
                Dead::Words,
                Dead::Mute,
                Dead::Mute,
            ]),
            relogin: Vec::new(),
            offline: None,
        };
        if random.one_in(3) {
            return rules;
        }
        let off = random.range(0..20) as i64 - 10;
        let old = random.range(1..4) as usize;
        rules.info = random.pick(&[
            Info::Whole,
            Info::Whole,
            Info::Whole,
            Info::Names,
            Info::Counts,
            Info::Silent,
            Info::Off(off),
            Info::Frozen,
            Info::Old(old),
            Info::Refused,
            Info::Null,
        ]);
        let mut often = |value: &mut u64| {
            if random.one_in(6) {
                *value = random.range(2..20);
            }
        };
        for value in [
            &mut rules.halved,
            &mut rules.cached,
            &mut rules.unreadable,
            &mut rules.refused,
            &mut rules.null,
            &mut rules.gateway,
            &mut rules.throttled,
            &mut rules.cut,
            &mut rules.private,
        ] {
            often(value);
        }
        if random.one_in(5) {
            rules.most = random.range(1..300) as usize;
        }
        (rules.twice, rules.shuffled) = (random.one_in(6), random.one_in(5));
        rules.wish = random.pick(&[None, Some("5"), Some("30"), Some("soon")]);
        if random.one_in(4) {
            rules.revoked = (0..random.range(1..4)).map(|_| random.below(20)).collect();
        }
        if random.one_in(4) {
            rules.relogin = (0..random.range(1..4)).map(|_| random.below(20)).collect();
        }
        if random.one_in(10) {
            let from = random.below(15);
            rules.offline = Some((from, from + random.range(1..20)));
        }
        // A description and a list that leave out the same member cannot be seen through, and the documents say so.
        if matches!(rules.info, Info::Old(_)) {
            (rules.most, rules.halved, rules.unreadable) = (usize::MAX, 0, 0);
        }
        rules
    }
}

/// The vendor, as one seed has it.
#[derive(Debug, Clone)]
pub struct Wkteam {
    given: Given,
    fixed_token: bool,
    check: bool,
    rounds: u32,
    details: bool,
    rules: Rules,
}

impl Wkteam {
    fn of(random: &mut Random, schedule: &mut Schedule, details: bool) -> Self {
        // A group has a member at least: the account itself.
        schedule.members = schedule.members.clamp(1, if details { 60 } else { 500 });
        schedule.churn.mix.rooted = 1;
        // Haste costs the account: the client has no such setting.
        schedule.concurrency = 1;
        Self {
            given: random.pick(&[Given::WcId, Given::WcId, Given::WId, Given::Both]),
            fixed_token: random.one_in(4),
            check: !random.one_in(8),
            rounds: random.pick(&[1, 3, 3, 3, 5]),
            details,
            rules: Rules::draw(random),
        }
    }

    fn options(&self) -> RosterOptions {
        let options = RosterOptions::default().rounds(self.rounds);
        if self.check { options } else { options.unchecked() }
    }

    fn set_up(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Option<Client> {
        let credentials: Credentials = if self.fixed_token {
            Token::new(token(1)).ok()?.into()
        } else {
            Account::new(ACCOUNT, PASSWORD).ok()?.into()
        };
        let mut builder = Client::builder("http://203.0.113.7:9899".parse().ok()?, credentials)
            .runtime(runtime)
            .attempt_timeout(Duration::from_secs(10))
            .retry(RetryPolicy::default().with_max_attempts(schedule.attempts))
            .deadline(None);
        if self.given != Given::WcId {
            builder = builder.w_id(WId::new(w_id(1)).ok()?);
        }
        if self.given != Given::WId {
            builder = builder.wc_id(WC_ID);
        }
        builder.build().ok()
    }

    /// Whether calls may fail that are no longing of the schedule's.
    fn has_faults(&self) -> bool {
        let rules = &self.rules;
        rules.refused + rules.null + rules.gateway + rules.throttled + rules.cut > 0
            || !rules.revoked.is_empty()
            || !rules.relogin.is_empty()
            || rules.offline.is_some()
    }

    /// Whether what the description and the list say is so.
    fn is_honest(&self) -> bool {
        let rules = &self.rules;
        matches!(rules.info, Info::Whole | Info::Names)
            && rules.most == usize::MAX
            && rules.halved + rules.cached + rules.unreadable == 0
            && !rules.twice
            && !self.has_faults()
    }

    fn bounds(&self, schedule: &Schedule) -> Expect {
        let rules = &self.rules;
        let again = schedule.stops.len() as u64 + u64::from(schedule.resumes);
        // A description and a list a round, and one more description; a login, a look, and both once more.
        let mut calls = 2 * u64::from(self.rounds) + 1 + 4 + 6 * again;
        if self.details {
            let coming = schedule.churn.bursts.iter().map(|burst| burst.1).sum::<u64>();
            calls += u64::from(schedule.members) + coming + 2_000 * u64::from(!schedule.churn.is_none());
        }
        if self.has_faults() {
            // Each may be refused for its token or its wId: a look, a login, a look again, and the call again.
            calls *= 6;
        }
        // Profiles of those who left are refused, and so may be five one after the other.
        let may_fail = self.has_faults() || self.details && (!schedule.churn.is_none() || rules.private > 0);
        // Of a small group it may be that no row can be read, and a group may become small.
        let small = schedule.members < 20 || schedule.churn.mix.leaves > 0 && schedule.churn.per_kilosecond >= 30_000;
        let may_fail = may_fail || rules.unreadable > 0 && small;
        let mut expect = Expect::within(schedule, may_fail, calls, schedule.members as usize + 10_000);
        // From an answer to the next departure it is up to a second and a half, after a 429 up to thirty.
        expect.time += Duration::from_secs(if may_fail || schedule.has_faults() { 60 } else { 2 })
            * u32::try_from(expect.calls).unwrap_or(u32::MAX);
        let names = matches!(rules.info, Info::Whole | Info::Names | Info::Off(_) | Info::Frozen | Info::Old(_));
        expect.no_proof = if !self.check {
            Some("the description was not asked for")
        } else if !names {
            Some("the description names nobody")
        } else if rules.refused + rules.null + rules.gateway > 0
            || (rules.offline.is_some() && !rules.revoked.is_empty())
        {
            // Where the wId and the token die together, what is asked once more is refused once more.
            Some("the description may be refused")
        } else {
            None
        };
        if self.is_honest() {
            expect.quiet = Some(match (self.check, rules.info) {
                (true, Info::Whole) => Completeness::Verified,
                (true, _) => Completeness::Stable,
                _ => Completeness::Unverified,
            });
        }
        expect
    }

    fn named(&self) -> Vec<&'static str> {
        let rules = &self.rules;
        [
            (self.is_honest(), "wkteam: an honest server"),
            (self.given == Given::WId, "wkteam: a wId alone"),
            (self.given == Given::WcId, "wkteam: a wcId alone"),
            (self.fixed_token, "wkteam: a token that was given"),
            (!self.check, "wkteam: no check"),
            (self.details, "wkteam: profiles"),
            (rules.envelope != Envelope::Flat, "wkteam: an envelope in another"),
            (rules.code == 2, "wkteam: a code that is a number"),
            (rules.info == Info::Names, "wkteam: memberCount 0"),
            (matches!(rules.info, Info::Off(_)), "wkteam: a wrong memberCount"),
            (matches!(rules.info, Info::Frozen | Info::Old(_)), "wkteam: an old description"),
            (matches!(rules.info, Info::Counts | Info::Silent), "wkteam: no names"),
            (matches!(rules.info, Info::Refused | Info::Null), "wkteam: no description"),
            (rules.most < usize::MAX, "wkteam: lists that are always cut"),
            (rules.halved > 0, "wkteam: lists that are cut at times"),
            (rules.cached > 0, "wkteam: an old list at times"),
            (rules.twice, "wkteam: rows that come twice"),
            (rules.shuffled, "wkteam: no order"),
            (rules.unreadable > 0, "wkteam: rows that cannot be read"),
            (rules.refused > 0, "wkteam: 1001 that passes"),
            (rules.null > 0, "wkteam: 1000 and null"),
            (rules.gateway > 0, "wkteam: 5xx"),
            (rules.throttled > 0, "wkteam: 429"),
            (rules.cut > 0, "wkteam: answers cut off"),
            (!rules.revoked.is_empty(), "wkteam: a token that dies"),
            (!rules.relogin.is_empty(), "wkteam: a wId that changes"),
            (rules.offline.is_some(), "wkteam: offline for a while"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

impl Vendor for Wkteam {
    const NAME: &'static str = "wkteam";
    const SECRETS: &'static [&'static str] = SECRETS;

    type Error = wkteam_api::Error;
    type Row = Member;
    type Walk = RosterWalk;
    type Client = Client;
    type Server = Server;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        Self::of(random, schedule, false)
    }

    fn server(&self, _: &Schedule) -> Server {
        Server::new(self.clone())
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        let Some(client) = self.set_up(schedule, runtime) else { unreachable!("it is set up well") };
        client
    }

    fn roster(&self, client: &Client) -> Roster {
        client.roster_with(GROUP, self.options())
    }

    fn resume(&self, client: &Client, walk: RosterWalk) -> Roster {
        client.resume(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        self.bounds(schedule)
    }

    fn behaviours(&self) -> Vec<&'static str> {
        self.named()
    }
}

/// The same with profiles.
#[derive(Debug, Clone)]
pub struct WithDetails(Wkteam);

impl Vendor for WithDetails {
    const NAME: &'static str = "wkteam-details";
    const SECRETS: &'static [&'static str] = SECRETS;

    type Error = wkteam_api::Error;
    type Row = Detailed;
    type Walk = DetailWalk;
    type Client = Client;
    type Server = Server;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        Self(Wkteam::of(random, schedule, true))
    }

    fn server(&self, schedule: &Schedule) -> Server {
        self.0.server(schedule)
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        self.0.client(schedule, runtime)
    }

    fn roster(&self, client: &Client) -> DetailedRoster {
        client.roster_with_details(GROUP, self.0.options())
    }

    fn resume(&self, client: &Client, walk: DetailWalk) -> DetailedRoster {
        client.resume_with_details(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        self.0.bounds(schedule)
    }

    fn behaviours(&self) -> Vec<&'static str> {
        self.0.named()
    }
}
