//! Yunshop (yun_shop): the customers of a WeCom group, and its staff, in pages of ten; sessions that end, and the silent fallback to
//! another enterprise.

use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Completeness, RetryPolicy, Runtime as _};
use yunshop_wecom::get_group_members::Member;
use yunshop_wecom::{Account, Client, Credentials, Enterprise, Roster, RosterOptions, RosterWalk, Session, Site};

use crate::group::Place;
use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{Expect, Vendor};

mod server;

pub use server::Server;

const UNIACID: u64 = 2;
const MOBILE: &str = "13800000000";
const PASSWORD: &str = "hunter-PLANTED-2";
const SESSION: &str = "PLANTED0given";
const APP_TOKEN: &str = "PLANTED0app";
/// The enterprise that is listed, and the one the server falls back to.
const OURS: u64 = 41;
const OTHER: u64 = 42;
const GROUP: u64 = 7;

/// What Yunshop is in one run.
#[derive(Debug, Clone)]
pub struct Yunshop {
    login: Login,
    /// Whether the staff is listed, too.
    staff: bool,
    passes: u32,
    rules: Rules,
}

/// What the client is given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Login {
    /// A number and a password.
    Account,
    /// Both cookies.
    Remembered,
    /// The session's cookie alone.
    Session,
    /// A token.
    Token,
}

/// How the server behaves where its documents leave it open, or where it is worse than they say.
#[derive(Debug, Clone)]
struct Rules {
    leaving: Leaving,
    /// Rows of people who left before, one in so many.
    history: u64,
    total: Total,
    /// How far off the counts beside the list are; `None`: there are none.
    summary: Option<i64>,
    cut: Cut,
    order: Order,
    joined: Joined,
    /// Whether rows say which enterprise they are of.
    named: bool,
    /// Every integer in quotes.
    strings: bool,
    /// Rows as an object with numbers for names.
    object: bool,
    /// Fields of types that are not documented.
    odd: bool,
    twice: bool,
    /// One in so many members has a row that cannot be read; or only every other time.
    unreadable: u64,
    unreadable_moves: bool,
    /// Whether getList may be called.
    may_list: bool,
    /// The session ends after so many calls in it; 0: never.
    expires: u64,
    /// What was chosen is forgotten after so many calls; 0: never.
    forgets: u64,
    /// What a 429 asks for.
    retry_after: Option<u64>,
    /// One call in so many is answered with 503 or by a gateway.
    gateway: u64,
    /// One call in so many is answered with a page of HTML and status 200.
    html: u64,
}

/// What becomes of a row when its person leaves, and comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leaving {
    /// It stays, says so, and is used again.
    Kept,
    /// It stays and says so; who comes back gets a new one.
    Anew,
    /// It goes, and who comes back gets a new one.
    Dropped,
    /// It goes, and comes back to its old place.
    Revived,
}

/// What the server says of the length of its list.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Total {
    True,
    Off(i64),
    /// Off from the third page on.
    OffLate(i64),
    /// What was true in the beginning.
    Stuck,
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// Always so many.
    Every(u64),
    /// Another number each time, which the page says.
    Announced,
    /// Some rows are left out at the end of pages.
    Hidden,
    /// Every page is the first one.
    First,
    /// Every page is the first one, and says so.
    FirstAnnounced,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Newest,
    Oldest,
    /// One row moves with one call in four.
    Moves,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Joined {
    True,
    /// One row in three has none, and all say when they were last changed.
    Changed,
    Zero,
    Equal,
}

fn often<T>(random: &mut Random, usual: T, other: impl FnOnce(&mut Random) -> T) -> T {
    if random.one_in(6) { other(random) } else { usual }
}

impl Rules {
    fn draw(random: &mut Random) -> Self {
        let leaving = random.pick(&[Leaving::Kept, Leaving::Kept, Leaving::Anew, Leaving::Dropped, Leaving::Revived]);
        let mut rules = Self {
            leaving,
            history: if matches!(leaving, Leaving::Kept | Leaving::Anew) { random.pick(&[0, 2, 7]) } else { 0 },
            total: Total::True,
            summary: Some(0),
            cut: Cut::Every(10),
            order: Order::Newest,
            joined: Joined::True,
            named: !random.one_in(4),
            strings: random.one_in(4),
            object: random.one_in(4),
            odd: false,
            twice: false,
            unreadable: 0,
            unreadable_moves: random.one_in(2),
            may_list: true,
            expires: 0,
            forgets: 0,
            retry_after: random.pick(&[None, Some(1), Some(3), Some(40)]),
            gateway: 0,
            html: 0,
        };
        rules.expires = often(random, 0, |random| random.range(3..80));
        rules.forgets = often(random, 0, |random| random.range(3..80));
        // Half of the servers do what is known of them.
        if random.one_in(2) {
            return rules;
        }
        rules.total = match random.below(10) {
            0 => Total::Off(random.range(0..60) as i64 - 30),
            1 => Total::Off(random.range(0..4) as i64 - 2),
            2 => Total::OffLate(random.range(0..200) as i64 - 100),
            3 => Total::Stuck,
            4 => Total::Missing,
            _ => Total::True,
        };
        rules.summary = match random.below(6) {
            0 => None,
            1 => Some(random.range(0..9) as i64 - 4),
            _ => Some(0),
        };
        rules.cut = match random.below(16) {
            0 => Cut::Announced,
            1 => Cut::Hidden,
            2 => Cut::First,
            3 => Cut::FirstAnnounced,
            4 => Cut::Every(15),
            5 => Cut::Every(3),
            _ => Cut::Every(10),
        };
        rules.order = random.pick(&[
            Order::Newest,
            Order::Newest,
            Order::Newest,
            Order::Newest,
            Order::Newest,
            Order::Oldest,
            Order::Moves,
            Order::None,
        ]);
        rules.joined = match random.below(12) {
            0 => Joined::Zero,
            1 => Joined::Equal,
            2 | 3 => Joined::Changed,
            _ => Joined::True,
        };
        rules.odd = random.one_in(3);
        rules.twice = often(random, false, |_| true);
        rules.unreadable = often(random, 0, |random| random.range(2..60));
        rules.may_list = !random.one_in(5);
        rules.gateway = often(random, 0, |random| random.range(4..30));
        rules.html = often(random, 0, |random| random.range(8..60));
        rules
    }
}

impl Yunshop {
    /// Whether the server does what is known of it, and no more than that leaves open.
    fn is_honest(&self) -> bool {
        let rules = &self.rules;
        let list = rules.total == Total::True && rules.cut == Cut::Every(10) && rules.order == Order::Newest;
        let rows = rules.joined == Joined::True && !rules.twice && rules.unreadable == 0;
        list && rows && rules.gateway == 0 && rules.html == 0
    }
}

/// A client, and the enterprise it has chosen.
#[derive(Debug)]
pub struct Chosen {
    client: Client,
    runtime: Arc<Simulation>,
    enterprise: Option<Enterprise>,
}

impl Chosen {
    fn enterprise(&self) -> &Enterprise {
        match &self.enterprise {
            Some(enterprise) => enterprise,
            None => unreachable!("it was made ready"),
        }
    }
}

/// So often a program tries to choose its enterprise.
const CHOICES: u32 = 60;

impl Vendor for Yunshop {
    const NAME: &'static str = "yunshop";
    const SECRETS: &'static [&'static str] = &[MOBILE, "PLANTED"];

    type Error = yunshop_wecom::Error;
    type Row = Member;
    type Walk = RosterWalk;
    type Client = Chosen;
    type Server = Server;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        let login = random.pick(&[Login::Account, Login::Account, Login::Remembered, Login::Session, Login::Token]);
        let yunshop =
            Self { login, staff: random.one_in(3), passes: random.pick(&[3, 3, 3, 1, 5]), rules: Rules::draw(random) };
        // Rows are numbered as they are made.
        schedule.churn.mix.place = Place::End;
        schedule.churn.mix.keeps_time = yunshop.rules.leaving != Leaving::Revived && random.one_in(8);
        yunshop
    }

    fn server(&self, _: &Schedule) -> Server {
        Server::new(self.clone())
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Chosen {
        let site =
            "http://203.0.113.7/shop".parse().map_err(drop).and_then(|base| Site::new(base, UNIACID).map_err(drop));
        let session = Session::of_cookie(SESSION);
        let credentials = match self.login {
            Login::Account => Account::new(MOBILE, PASSWORD).map(Credentials::from),
            Login::Remembered => session.and_then(|session| session.with_app_token(APP_TOKEN)).map(Credentials::from),
            Login::Session => session.map(Credentials::from),
            Login::Token => session.and_then(|session| session.with_yz_token(APP_TOKEN)).map(Credentials::from),
        };
        let (Ok(site), Ok(credentials)) = (site, credentials) else { unreachable!("the credentials are good") };
        let client = Client::builder(site, credentials)
            .runtime(Arc::clone(&runtime) as _)
            .concurrency(schedule.concurrency)
            .retry(RetryPolicy::default().with_max_attempts(schedule.attempts))
            .deadline(None)
            .build();
        match client {
            Ok(client) => Chosen { client, runtime, enterprise: None },
            Err(_) => unreachable!("it has all it needs"),
        }
    }

    async fn ready(&self, mut client: Chosen) -> Chosen {
        for _ in 0..CHOICES {
            match client.client.manage(OURS).await {
                Ok(enterprise) => {
                    client.enterprise = Some(enterprise);
                    return client;
                }
                Err(_) => client.runtime.sleep(Duration::from_secs(5)).await,
            }
        }
        panic!("the enterprise could not be chosen");
    }

    fn roster(&self, client: &Chosen) -> Roster {
        let mut options = RosterOptions::default().passes(self.passes);
        options.employees = self.staff;
        client.enterprise().roster_with(GROUP, options)
    }

    fn resume(&self, client: &Chosen, walk: RosterWalk) -> Roster {
        client.enterprise().resume(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        let rules = &self.rules;
        let size = match rules.cut {
            Cut::Every(size) => size,
            _ => 3,
        };
        let members = u64::from(schedule.members) * 2 + 400;
        let in_flight = schedule.concurrency as u64;
        let mut pages = 2 * (members / size + 40) + 64 + 4 * in_flight;
        if rules.total == Total::Missing || !schedule.churn.is_none() {
            pages += 1_500;
        }
        let passes = u64::from(self.passes) * if self.staff { 2 } else { 1 };
        // A page may be empty, or not say where it is from; a session may be over, and the enterprise is chosen.
        let calls = 200 + 6 * passes * pages;
        let restless = |every: u64| every > 0 && every < 12 * in_flight + 12;
        let ends = rules.expires > 0 && matches!(self.login, Login::Session | Login::Token);
        // A refusal is answered once, and the session that was led back may be over at the next call.
        let both = rules.expires > 0 && rules.forgets > 0;
        let restless = both || restless(rules.expires) || restless(rules.forgets);
        let faults = rules.gateway > 0 || rules.html > 0 || ends || restless;
        let mut expect = Expect::within(schedule, faults, calls, 4_096);
        expect.time += Duration::from_secs(600) * (2 + schedule.stops.len() as u32 + schedule.resumes);
        expect.no_proof = if self.passes == 1 {
            Some("one reading may prove nothing")
        } else if rules.total == Total::Missing {
            Some("no total")
        } else if matches!(rules.joined, Joined::Zero | Joined::Equal) {
            Some("rows without join times prove nothing")
        } else if rules.order != Order::Newest {
            Some("a list in another order proves nothing")
        } else {
            None
        };
        let farthest = schedule.clock.jumps.iter().map(|jump| jump.1.abs()).sum::<i64>() + schedule.clock.skew.abs();
        let wrong = matches!(rules.total, Total::Off(_) | Total::OffLate(_) | Total::Stuck);
        expect.no_premise = if rules.leaving == Leaving::Revived && farthest > 600 {
            Some("the clocks of shop and client differ by ten minutes at most")
        } else if wrong && rules.cut == Cut::Hidden {
            Some("a total is not wrong by just as many as are missing")
        } else {
            None
        };
        let apart = schedule.members > schedule.ties || schedule.members < 2;
        if self.is_honest() && self.passes > 1 && !expect.may_fail {
            expect.quiet = Some(if !apart || (schedule.members == 0 && !rules.may_list) {
                Completeness::Unverified
            } else if rules.summary == Some(0) {
                Completeness::Verified
            } else {
                Completeness::Stable
            });
            if rules.summary.is_some_and(|off| off != 0) {
                expect.quiet = None;
            }
        }
        expect
    }

    fn behaviours(&self) -> Vec<&'static str> {
        let rules = &self.rules;
        [
            (self.is_honest(), "yunshop: an honest server"),
            (self.login == Login::Account, "yunshop: an account"),
            (self.login == Login::Remembered, "yunshop: a session with Yz-appToken"),
            (self.login == Login::Session, "yunshop: a session alone"),
            (self.login == Login::Token, "yunshop: a token"),
            (self.staff, "yunshop: with staff"),
            (self.passes == 1, "yunshop: read once"),
            (rules.leaving == Leaving::Kept, "yunshop: rows are kept"),
            (rules.leaving == Leaving::Anew, "yunshop: rows are kept, and new ones made"),
            (rules.leaving == Leaving::Dropped, "yunshop: rows go"),
            (rules.leaving == Leaving::Revived, "yunshop: rows go and are revived"),
            (rules.history > 0, "yunshop: rows of those who left"),
            (matches!(rules.total, Total::Off(_) | Total::OffLate(_)), "yunshop: a wrong total"),
            (rules.total == Total::Stuck, "yunshop: a total that is stuck"),
            (rules.total == Total::Missing, "yunshop: no total"),
            (rules.summary.is_none(), "yunshop: no summary"),
            (rules.summary.is_some_and(|off| off != 0), "yunshop: a wrong summary"),
            (rules.cut != Cut::Every(10), "yunshop: pages cut otherwise"),
            (rules.order != Order::Newest, "yunshop: another order"),
            (rules.joined != Joined::True, "yunshop: rows without join times"),
            (!rules.named, "yunshop: rows without an enterprise"),
            (rules.strings, "yunshop: strings for integers"),
            (rules.object, "yunshop: rows in an object"),
            (rules.odd, "yunshop: odd fields"),
            (rules.twice, "yunshop: rows that come twice"),
            (rules.unreadable > 0, "yunshop: rows that cannot be read"),
            (!rules.may_list, "yunshop: no right to getList"),
            (rules.gateway > 0, "yunshop: 502 and 503"),
            (rules.html > 0, "yunshop: HTML with status 200"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}
