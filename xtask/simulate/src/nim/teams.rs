//! Teams, whose members come in one answer, and superteams, page by page from the oldest.

use std::fmt::Write as _;
use std::sync::Arc;

use groupmembers_http::Completeness;
use groupmembers_http::simulation::Simulation;
use http::{Request, Response};
use nim_server::{Client, SuperteamRoster, SuperteamWalk, TeamMember, TeamRoster, TeamWalk, superteam_get_tlists};

use super::wire::{self, Form, Gate, Manners};
use super::{SECRETS, client};
use crate::group::Person;
use crate::random::Random;
use crate::schedule::Schedule;
use crate::vendor::{self, Expect, Limit, Vendor, World};

const TEAM: u64 = 2_690_000_001;

/// What a team is in one run.
#[derive(Debug, Clone)]
pub struct Team {
    manners: Manners,
    /// Whether admins are among the members as well.
    admins_too: bool,
    size: Size,
    /// By how much the size is wrong.
    off: i64,
    twice: bool,
    unreadable: u64,
}

/// Where the number of members is told.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    /// With the members.
    Here,
    /// By `team/query` only.
    There,
    /// Nowhere.
    Nowhere,
    /// `team/query` may not be asked.
    Refused,
}

/// The server of one team.
#[derive(Debug)]
pub struct TeamServer {
    team: Team,
    gate: Gate,
}

impl TeamServer {
    fn size(&self, world: &World) -> String {
        format!(r#","size":{}"#, (world.group.len() as u64).saturating_add_signed(self.team.off))
    }

    fn row(&self, text: &mut String, person: &Person) {
        if self.team.unreadable > 0 && u64::from(person.id).is_multiple_of(self.team.unreadable) {
            text.push_str(r#"{"accid":null,"nick":""}"#);
            return;
        }
        let (id, joined) = (person.id, person.joined);
        let _ = write!(
            text,
            r#"{{"createtime":{joined},"updatetime":{joined},"nick":"n","accid":"u{id}","mute":false,"custom":null}}"#
        );
    }

    fn detail(&self, world: &mut World) -> Response<Vec<u8>> {
        let list = world.group.list();
        let Some(owner) = list.iter().find(|person| person.id == 0) else {
            return self.gate.refuse(803, "team not exist", world);
        };
        let is_admin = |person: &Person| person.role == 1;
        let rest = || list.iter().filter(|person| person.id != 0);
        let mut rows = |people: Vec<Person>| {
            let mut text = String::new();
            for person in people {
                for _ in 0..if self.team.twice && world.random.one_in(20) { 2 } else { 1 } {
                    text.push_str(if text.is_empty() { "" } else { "," });
                    self.row(&mut text, &person);
                }
            }
            text
        };
        let admins = rows(rest().filter(|person| is_admin(person)).copied().collect());
        let members = rows(rest().filter(|person| self.team.admins_too || !is_admin(person)).copied().collect());
        let mut head = String::new();
        self.row(&mut head, owner);
        let size = if self.team.size == Size::Here { self.size(world) } else { String::new() };
        let body = format!(
            r#"{{"tinfo":{{"tid":{TEAM},"tname":"t","owner":{head},"admins":[{admins}],"members":[{members}]{size},"maxusers":5000}},"code":200}}"#
        );
        self.gate.answer(body, world)
    }

    fn query(&self, world: &mut World) -> Response<Vec<u8>> {
        let size = match self.team.size {
            Size::Refused => return self.gate.refuse(403, "not opened", world),
            Size::Nowhere => String::new(),
            Size::Here | Size::There => self.size(world),
        };
        self.gate.answer(
            format!(r#"{{"tinfos":[{{"tid":{TEAM},"tname":"t","owner":"u0","icon":null{size},"maxusers":5000}}],"code":200}}"#),
            world,
        )
    }
}

impl vendor::Server for TeamServer {
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit> {
        Some(wire::limit(request))
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.gate.refuse(416, "query too fast", world)
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        let form = match self.gate.pass(request, world) {
            Ok(form) => form,
            Err(refusal) => return *refusal,
        };
        let is = |name: &str, value: &str| form.get(name).is_some_and(|text| text == value);
        match wire::command(request) {
            "team/queryDetail" if is("tid", &TEAM.to_string()) => self.detail(world),
            "team/query" if is("tids", &format!("[\"{TEAM}\"]")) && is("ope", "0") => self.query(world),
            _ => self.gate.refuse(414, "bad parameter", world),
        }
    }
}

impl Vendor for Team {
    const NAME: &'static str = "nim-team";
    const SECRETS: &'static [&'static str] = SECRETS;

    type Error = nim_server::Error;
    type Row = TeamMember;
    type Walk = TeamWalk;
    type Client = Client;
    type Server = TeamServer;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        // A team has an owner.
        schedule.members = schedule.members.max(1);
        (schedule.churn.mix.rooted, schedule.churn.mix.keeps_time) = (1, false);
        let mut team = Self {
            manners: Manners::GOOD,
            admins_too: random.one_in(2),
            size: random.pick(&[Size::Here, Size::There]),
            off: 0,
            twice: false,
            unreadable: 0,
        };
        if random.one_in(2) {
            team.manners = Manners::draw(random);
            team.size = random.pick(&[Size::Here, Size::There, Size::Nowhere, Size::Refused]);
            team.off = if random.one_in(5) { random.below(40) as i64 - 20 } else { 0 };
            team.twice = random.one_in(5);
            team.unreadable = if random.one_in(5) { random.range(2..60) } else { 0 };
        }
        team
    }

    fn server(&self, _: &Schedule) -> TeamServer {
        TeamServer { team: self.clone(), gate: Gate::new(self.manners.clone()) }
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        client(schedule, runtime)
    }

    fn roster(&self, client: &Client) -> TeamRoster {
        client.team_roster(TEAM)
    }

    fn resume(&self, client: &Client, walk: TeamWalk) -> TeamRoster {
        client.resume_team_roster(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        let mut expect = Expect::within(schedule, self.manners.may_fail(), 8, 3 * schedule.members as usize + 4_096);
        expect.may_fail =
            self.manners.may_fail() || self.manners.dedupes || self.manners.dated != Some(0) || self.unreadable > 0;
        if self.off == 0 && self.unreadable == 0 && matches!(self.size, Size::Here | Size::There) {
            expect.quiet = Some(Completeness::Verified);
        }
        expect
    }

    fn behaviours(&self) -> Vec<&'static str> {
        [
            (self.admins_too, "nim-team: admins among the members"),
            (self.size == Size::Here, "nim-team: the size with the members"),
            (self.size == Size::There, "nim-team: the size by another call"),
            (matches!(self.size, Size::Nowhere | Size::Refused), "nim-team: no size"),
            (self.off != 0, "nim-team: a wrong size"),
            (self.twice, "nim-team: rows that come twice"),
            (self.unreadable > 0, "nim-team: rows that cannot be read"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// What a superteam is in one run.
#[derive(Debug, Clone)]
pub struct Superteam {
    manners: Manners,
    /// Whether a row of `timetag` itself is given.
    inclusive: bool,
    clamp: Option<(usize, usize)>,
    ignores_timetag: bool,
    /// Whether `jointime` is a number.
    numbers: bool,
    no_times: bool,
    twice: bool,
    unreadable: u64,
}

/// The server of one superteam.
#[derive(Debug)]
pub struct SuperteamServer {
    team: Superteam,
    gate: Gate,
}

impl SuperteamServer {
    fn page(&self, form: &Form, world: &mut World) -> Response<Vec<u8>> {
        let number = |name: &str| form.get(name).and_then(|text| text.parse::<u64>().ok());
        let (Some(tag), Some(limit @ 1..=100)) = (number("timetag"), number("limit")) else {
            return self.gate.refuse(414, "bad parameter", world);
        };
        if form.get("reverse").is_some_and(|reverse| reverse != "1") {
            return self.gate.refuse(414, "bad parameter", world);
        }
        let team = &self.team;
        let from = match tag {
            _ if team.ignores_timetag => 0,
            tag if team.inclusive => tag,
            tag => tag + 1,
        };
        let mut list: Vec<Person> = world.group.list().iter().filter(|person| person.joined >= from).copied().collect();
        list.sort_unstable_by_key(|person| (person.joined, person.id));
        let most = match team.clamp {
            None => limit as usize,
            Some((least, more)) => (least + world.random.place(more + 1)).min(limit as usize),
        };
        let mut text = String::from(r#"{"tlists":["#);
        let mut first = true;
        for person in list.into_iter().take(most) {
            for _ in 0..if team.twice && world.random.one_in(20) { 2 } else { 1 } {
                text.push_str(if std::mem::take(&mut first) { "" } else { "," });
                let _ = write!(text, r#"{{"tid":{TEAM},"uid":{},"type":2,"nick":"""#, person.id);
                let broken = team.unreadable > 0 && u64::from(person.id).is_multiple_of(team.unreadable);
                let _ = match broken {
                    true => write!(text, r#","accid":"""#),
                    false => write!(text, r#","accid":"u{}""#, person.id),
                };
                let _ = match (team.no_times, team.numbers) {
                    (true, _) => Ok(()),
                    (_, true) => write!(text, r#","jointime":{}"#, person.joined),
                    (_, false) => write!(text, r#","jointime":"{}""#, person.joined),
                };
                text.push_str(r#","mute":0,"validflag":1}"#);
            }
        }
        text.push_str(r#"],"code":200}"#);
        self.gate.answer(text, world)
    }
}

impl vendor::Server for SuperteamServer {
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit> {
        Some(wire::limit(request))
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.gate.refuse(416, "query too fast", world)
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        let form = match self.gate.pass(request, world) {
            Ok(form) => form,
            Err(refusal) => return *refusal,
        };
        match wire::command(request) {
            "superteam/getTlists" if form.get("tid").is_some_and(|tid| *tid == TEAM.to_string()) => {
                self.page(&form, world)
            }
            _ => self.gate.refuse(414, "bad parameter", world),
        }
    }
}

impl Vendor for Superteam {
    const NAME: &'static str = "nim-superteam";
    const SECRETS: &'static [&'static str] = SECRETS;

    type Error = nim_server::Error;
    type Row = superteam_get_tlists::Member;
    type Walk = SuperteamWalk;
    type Client = Client;
    type Server = SuperteamServer;

    fn draw(random: &mut Random, schedule: &mut Schedule) -> Self {
        let churn = &mut schedule.churn;
        churn.mix.keeps_time = false;
        let outgrows = churn.mix.leaves == 0 && churn.per_kilosecond >= 30_000 && churn.per_call >= 100;
        let mut team = Self {
            manners: Manners::GOOD,
            inclusive: random.one_in(2),
            clamp: None,
            ignores_timetag: false,
            numbers: random.one_in(2),
            no_times: false,
            twice: false,
            unreadable: 0,
        };
        if random.one_in(2) {
            team.manners = Manners::draw(random);
            if random.one_in(4) {
                let clamp = (3 + random.place(60), random.place(30));
                // Page by page, it would grow as fast as it is read, for ever.
                team.clamp = (!outgrows).then_some(clamp);
            }
            team.ignores_timetag = random.one_in(20);
            team.no_times = random.one_in(20);
            team.twice = random.one_in(6);
            team.unreadable = if random.one_in(6) { random.range(2..60) } else { 0 };
        }
        team
    }

    fn server(&self, _: &Schedule) -> SuperteamServer {
        SuperteamServer { team: self.clone(), gate: Gate::new(self.manners.clone()) }
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Client {
        client(schedule, runtime)
    }

    fn roster(&self, client: &Client) -> SuperteamRoster {
        client.superteam_roster(TEAM)
    }

    fn resume(&self, client: &Client, walk: SuperteamWalk) -> SuperteamRoster {
        client.resume_superteam_roster(walk)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        let page = self.clamp.map_or(100, |clamp| clamp.0.min(100) as u64);
        let rows = page.saturating_sub(u64::from(schedule.ties).min(page - 1)).max(1);
        let calls = 200 + 4 * schedule.concurrency as u64 + 4 * (u64::from(schedule.members).max(300) / rows + 20);
        let held = 4_096 + (2 * schedule.concurrency + 2) * 100;
        let mut expect =
            Expect::within(schedule, self.manners.may_fail(), calls, held.max(schedule.members as usize + 4_096));
        expect.no_proof = if self.no_times {
            Some("rows without a time")
        } else if self.clamp.is_some() {
            Some("pages that are shorter than they need be")
        } else {
            None
        };
        expect.no_premise = super::untraced(self.clamp, schedule);
        let honest = self.clamp.is_none() && !self.ignores_timetag && !self.no_times && self.unreadable == 0;
        if honest {
            let nobody = schedule.members == 0;
            expect.quiet = Some(if nobody { Completeness::Unverified } else { Completeness::Stable });
        }
        expect
    }

    fn behaviours(&self) -> Vec<&'static str> {
        [
            (self.inclusive, "nim-superteam: a row of timetag itself is given"),
            (self.clamp.is_some(), "nim-superteam: clamped pages"),
            (self.ignores_timetag, "nim-superteam: does not heed timetag"),
            (self.no_times, "nim-superteam: no jointime"),
            (self.twice, "nim-superteam: rows that come twice"),
            (self.unreadable > 0, "nim-superteam: rows that cannot be read"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}
