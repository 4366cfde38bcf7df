//! What proving costs: the completeness proof against the same walk without it, and the simulation that the proofs are held against.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use groupmembers_http::walk::{Fetch, Findings, Ledger, Roster, Ticket, Walk};
use groupmembers_http::{Completeness, Driver};
use groupmembers_sandbox::tim::{GroupConfig, GroupKind};
use groupmembers_simulate::run::run_of_size;
use groupmembers_simulate::tim::Tim;
use tim_rest::get_group_member_info::{Member, Request};
use tim_rest::{Client, Error, RosterOptions, get_group_info};

use crate::{MEMBERS, Outcome, PAGE, Row, list, median, proc, sandbox};

/// As many as the client has by default.
const CONCURRENCY: usize = 16;

/// The same requests with no row fetched twice, and nothing kept that could prove anything: rows come out in list order, that is all.
struct Plain {
    probed: bool,
    members: Option<u32>,
    next: u32,
    given: u32,
    here: BTreeMap<u32, Vec<Member>>,
    ready: VecDeque<Member>,
}

enum Answer {
    Members(u32),
    Page(Vec<Member>),
}

impl Walk for Plain {
    /// The offset; `None` asks for the number of members.
    type Request = Option<u32>;
    type Answer = Answer;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Self::Request)> {
        let Some(members) = self.members else {
            return (!std::mem::replace(&mut self.probed, true)).then_some((0, None));
        };
        let offset = self.next;
        self.next += PAGE;
        (offset < members).then_some((offset.into(), Some(offset)))
    }

    fn take(&mut self, ticket: Ticket, answer: Result<Answer, Error>) -> Result<(), Error> {
        match answer? {
            Answer::Members(members) => self.members = Some(members),
            Answer::Page(rows) => {
                self.here.insert(ticket as u32, rows);
            }
        }
        while let Some(rows) = self.here.remove(&self.given) {
            self.ready.extend(rows);
            self.given += PAGE;
        }
        Ok(())
    }

    fn row(&mut self) -> Option<Member> {
        self.ready.pop_front()
    }

    fn ready(&self) -> usize {
        self.ready.len()
    }

    fn is_done(&self) -> bool {
        self.members.is_some_and(|members| self.given >= members)
    }

    fn restart(&mut self) {}

    fn findings(&self) -> Findings {
        Ledger::<Member>::default().findings(Completeness::Unverified)
    }
}

async fn plain(client: &Client, driver: &Driver) -> Outcome<u32> {
    let client = client.clone();
    let fetch: Fetch<Plain> = Box::new(move |offset, _| {
        let client = client.clone();
        Box::pin(async move {
            let Some(offset) = offset else {
                let request = get_group_info::Request::new(["g"]).with_base_info(["Type", "MemberNum"]);
                let info = client.get_group_info(&request).await?.group_info;
                let members = info.first().and_then(|info| info.member_num).unwrap_or_default();
                return Ok(Answer::Members(members as u32));
            };
            Ok(Answer::Page(client.get_group_member_info(&Request::page("g", PAGE, offset)).await?.member_list))
        })
    });
    let walk = Plain { probed: false, members: None, next: 0, given: 0, here: BTreeMap::new(), ready: VecDeque::new() };
    let mut roster = Roster::new("plain", "g", walk, driver.clone(), CONCURRENCY, None, fetch);
    let mut members = 0;
    while let Some(member) = roster.next().await {
        member?;
        members += 1;
    }
    Ok(members)
}

/// A roster of 6,000 at 30 ms, in windows, with the proof and without.
pub(crate) async fn cost(rows: &mut Vec<Row>) -> Outcome<()> {
    let group = GroupConfig::new("g", GroupKind::Public, MEMBERS - 1);
    // The limit would hold back whichever comes second.
    let sandbox = sandbox(Duration::from_millis(30), 0, vec![group])?;
    let client = crate::client(&sandbox.base_url())?
        .calls_per_second::<Request>(100_000)
        .calls_per_second::<get_group_info::Request>(100_000)
        .build()?;
    let driver = Driver::new(groupmembers_http::reqwest_0_13::Reqwest::new()?.into_runtime());
    let (mut proved, mut without) = (Vec::new(), Vec::new());
    for round in 0..32 {
        // Each goes first as often as the other.
        for turn in [round, round + 1] {
            let start = Instant::now();
            if turn % 2 == 0 {
                list(&client, "g", RosterOptions::default().in_windows()).await?;
                proved.push(start.elapsed());
            } else {
                let found = plain(&client, &driver).await?;
                if found != MEMBERS - 1 {
                    return Err(format!("{found} members without the proof").into());
                }
                without.push(start.elapsed());
            }
        }
    }
    let (proved, without) = (median(proved), median(without));
    let cost = (proved.as_secs_f64() / without.as_secs_f64() - 1.0) * 100.0;
    rows.push(Row {
        what: "cost of the completeness proof, against the same walk without it, 6,000 members, 30 ms latency",
        measured: format!("{cost:.1} % ({:.1} ms against {:.1} ms)", millis(proved), millis(without)),
        target: "at most 5 %",
        met: cost <= 5.0,
    });
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Listings of groups of 1,000 in the simulation: the real client, with every behaviour that the seeds have, in CPU time of one core.
pub(crate) fn simulation(rows: &mut Vec<Row>) -> Outcome<()> {
    const LISTINGS: u64 = 500;
    let start = proc::cpu_micros()?;
    for seed in 0..LISTINGS {
        let violations = run_of_size::<Tim>(seed, 1_000).violations;
        if !violations.is_empty() {
            return Err(format!("seed {seed}: {violations:?}").into());
        }
    }
    let seconds = (proc::cpu_micros()? - start) as f64 / 1e6;
    let rate = LISTINGS as f64 / seconds;
    rows.push(Row {
        what: "simulated listings per second, one core, 1,000-member groups",
        measured: format!("{rate:.0}/s"),
        target: "at least 100/s",
        met: rate >= 100.0,
    });
    Ok(())
}
