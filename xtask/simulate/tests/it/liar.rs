//! Clients that lie, each in its own way: what the oracle must find out.

use std::collections::VecDeque;
use std::sync::Arc;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Walk};
use groupmembers_http::{Completeness, Driver};
use groupmembers_simulate::random::Random;
use groupmembers_simulate::run::run_with;
use groupmembers_simulate::schedule::Schedule;
use groupmembers_simulate::tim::{GROUP, Server, Tim};
use groupmembers_simulate::vendor::{Expect, Vendor};
use serde::{Deserialize, Serialize};
use tim_rest::get_group_member_info::{Member, Request, Response};
use tim_rest::{Client, Error};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Lie {
    /// The loop that everybody writes, and calls its list verified.
    Whole,
    /// It gives out what comes twice.
    Twice,
    /// It gives out somebody who is not there.
    Ghost,
    /// It says less than it knows: not even that the list is whole where nothing happens.
    Doubt,
    /// It asks as often as it can.
    Haste,
    /// It has more requests on their way than it was allowed.
    Crowd,
    /// It never stops.
    Endless,
    /// Its report says what it should not.
    Chatter,
}

#[derive(Debug, Clone)]
pub(crate) struct Liar {
    tim: Tim,
    rows: u32,
    pub(crate) lie: Lie,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Loop {
    lie: Lie,
    rows: u32,
    offset: u32,
    asked: bool,
    over: bool,
    ledger: Ledger<Member>,
    repeated: VecDeque<Member>,
}

impl Walk for Loop {
    type Request = Request;
    type Answer = Response;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Request)> {
        if self.over || std::mem::replace(&mut self.asked, true) {
            return None;
        }
        Some((0, Request::page(GROUP, self.rows, self.offset)))
    }

    fn take(&mut self, _: Ticket, answer: Result<Response, Error>) -> Result<(), Error> {
        let mut page = answer?.member_list;
        self.asked = false;
        self.over = page.len() < self.rows as usize && self.lie != Lie::Endless;
        self.offset += page.len() as u32;
        if self.lie == Lie::Twice {
            self.repeated.extend(page.first().cloned());
        }
        if let Some(first) = page.first_mut().filter(|_| self.lie == Lie::Ghost) {
            first.member_account = "u4000000".to_owned();
        }
        self.ledger.enter(Page::new(page, None), 0);
        if self.lie == Lie::Chatter {
            self.ledger.note("asked with usersig=eJw");
        }
        Ok(())
    }

    fn row(&mut self) -> Option<Member> {
        self.repeated.pop_front().or_else(|| self.ledger.row())
    }

    fn ready(&self) -> usize {
        self.ledger.ready()
    }

    fn is_done(&self) -> bool {
        self.over
    }

    fn restart(&mut self) {
        self.asked = false;
    }

    fn findings(&self) -> Findings {
        let proved = if self.lie == Lie::Doubt { Completeness::Unverified } else { Completeness::Verified };
        self.ledger.findings(proved)
    }
}

impl Vendor for Liar {
    const NAME: &'static str = "liar";
    const SECRETS: &'static [&'static str] = Tim::SECRETS;

    type Error = Error;
    type Row = Member;
    type Walk = Loop;
    type Client = (Client, Arc<Simulation>);
    type Server = Server;

    fn draw(_: &mut Random, _: &mut Schedule) -> Self {
        unreachable!("it is made by hand")
    }

    fn server(&self, schedule: &Schedule) -> Server {
        self.tim.server(schedule)
    }

    fn client(&self, schedule: &Schedule, runtime: Arc<Simulation>) -> Self::Client {
        let mut client = self.tim.builder(schedule, runtime.clone());
        if self.lie == Lie::Haste {
            client = client.calls_per_second::<Request>(100_000);
        }
        let Ok(client) = client.build() else { unreachable!("it is set up well") };
        (client, runtime)
    }

    fn roster(&self, client: &Self::Client) -> walk::Roster<Loop> {
        let walk = Loop {
            lie: self.lie,
            rows: self.rows,
            offset: 0,
            asked: false,
            over: false,
            ledger: Ledger::default(),
            repeated: VecDeque::new(),
        };
        self.resume(client, walk)
    }

    fn resume(&self, client: &Self::Client, mut walk: Loop) -> walk::Roster<Loop> {
        walk.restart();
        let lie = self.lie;
        let (client, runtime) = client.clone();
        let driver = Driver::new(runtime);
        let fetch: walk::Fetch<Loop> = Box::new(move |request, _| {
            let client = client.clone();
            Box::pin(async move {
                if lie == Lie::Crowd {
                    let calls = (0..20).map(|_| client.get_group_member_info(&request));
                    let _ = futures_util::future::join_all(calls).await;
                }
                client.get_group_member_info(&request).await
            })
        });
        walk::Roster::new("liar", GROUP, walk, driver, 1, None, fetch)
    }

    fn expect(&self, schedule: &Schedule) -> Expect {
        self.tim.expect(schedule)
    }

    fn behaviours(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// The first violation that the oracle finds in this lie, if it finds any in so many seeds.
pub(crate) fn found(lie: Lie, seeds: u64, change: impl Fn(&mut Schedule)) -> Option<String> {
    (0..seeds).find_map(|seed| {
        let mut schedule = Schedule::draw(seed, &mut Random::new(seed));
        change(&mut schedule);
        let liar = Liar { tim: Tim::plain(7), rows: 7, lie };
        run_with(&liar, &schedule, false).violations.into_iter().next()
    })
}
