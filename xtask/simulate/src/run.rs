//! One seed: draws the run, lets the real client list the group, and asks the oracle.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::walk::Walk as _;
use groupmembers_http::{Now, Report, Runtime as _};

use crate::group::Group;
use crate::host::{Host, trip};
use crate::oracle;
use crate::random::Random;
use crate::schedule::{START, Schedule};
use crate::vendor::{Vendor, World};

/// What came of one seed.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// What was violated; empty: nothing.
    pub violations: Vec<String>,
    /// What was in it.
    pub behaviours: BTreeSet<&'static str>,
    /// The report's word, or `error`.
    pub ended: &'static str,
    /// What happened, where that was asked for.
    pub trace: Vec<String>,
}

/// What the client brought, for the oracle.
#[derive(Debug)]
pub struct Brought<V: Vendor> {
    /// The rows, in the order they came.
    pub rows: Vec<V::Row>,
    /// The report at the end.
    pub report: Report,
    /// The error it ended in.
    pub error: Option<V::Error>,
    /// The reports that stood beside errors, and the errors' texts.
    pub stopped: Vec<(Report, String)>,
    /// The most rows that waited to be given out.
    pub most_ready: usize,
    /// Virtual time, pauses aside.
    pub elapsed: Duration,
}

/// Runs one seed of a vendor.
#[must_use]
pub fn run<V: Vendor>(seed: u64, verbose: bool) -> Run {
    let mut random = Random::new(seed);
    let mut schedule = Schedule::draw(seed, &mut random.fork());
    let vendor = V::draw(&mut random.fork(), &mut schedule);
    run_with(&vendor, &schedule, verbose)
}

/// Runs one seed with a group of this size.
#[must_use]
pub fn run_of_size<V: Vendor>(seed: u64, members: u32) -> Run {
    let mut random = Random::new(seed);
    let mut schedule = Schedule::draw(seed, &mut random.fork());
    schedule.members = members;
    let vendor = V::draw(&mut random.fork(), &mut schedule);
    run_with(&vendor, &schedule, false)
}

/// Runs one schedule.
#[must_use]
pub fn run_with<V: Vendor>(vendor: &V, schedule: &Schedule, verbose: bool) -> Run {
    let mut behaviours: BTreeSet<_> = schedule.behaviours().into_iter().chain(vendor.behaviours()).collect();
    let mut start = Vec::new();
    if verbose {
        start.push(format!("{schedule:?}"));
        start.push(format!("{vendor:?}"));
    }
    let mut random = Random::new(schedule.seed ^ 0x5eed);
    let group = Group::new(schedule.members, schedule.ties, START.as_millis() as u64, &mut random.fork());
    let now = Now::new(Duration::ZERO, START);
    let world = World { group, now, calls: 0, random: random.fork(), seen: BTreeSet::new() };
    let calls = vendor.expect(schedule).calls;
    let host = Host::new(vendor.server(schedule), schedule, world, random.fork(), calls, verbose);
    let host = Arc::new(Mutex::new(host));

    let outcome = catch_unwind(AssertUnwindSafe(|| list(vendor, schedule, &host, random)));
    let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
    let mut violations = std::mem::take(&mut host.violations);
    let ended = match &outcome {
        Err(panic) => {
            violations.push(format!("it panicked: {}", words(panic.as_ref())));
            "panic"
        }
        Ok((brought, most_in_flight)) => {
            violations.extend(oracle::judge(vendor, schedule, &host, brought, *most_in_flight));
            if brought.error.is_some() { "error" } else { brought.report.completeness.as_str() }
        }
    };
    behaviours.append(&mut host.world.seen);
    let mut trace = start;
    trace.append(host.trace.as_mut().unwrap_or(&mut Vec::new()));
    if verbose {
        if let Ok((brought, _)) = &outcome {
            trace.push(format!("{:?}", brought.report));
            trace.extend(brought.error.as_ref().map(|error| format!("error: {error}")));
        }
        trace.extend(violations.iter().map(|violation| format!("VIOLATION: {violation}")));
    }
    Run { violations, behaviours, ended, trace }
}

type Shared<V> = Arc<Mutex<Host<<V as Vendor>::Server>>>;

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn list<V: Vendor>(vendor: &V, schedule: &Schedule, host: &Shared<V>, mut random: Random) -> (Brought<V>, usize) {
    let server = Arc::clone(host);
    let simulation = Simulation::new(
        random.draw(),
        START,
        schedule.latency,
        Box::new(move |request, now| Ok(lock(&server).serve(request, now))),
    );
    let (network, clock) = (schedule.clone(), schedule.clock.clone());
    let mut draws = random.fork();
    simulation.set_network(Box::new(move |_, _| trip(&network, &mut draws)));
    simulation.set_wall_clock(Box::new(move |elapsed| clock.shows(elapsed)));
    let brought = simulation.run(take_rows(vendor, schedule, host, &simulation));
    (brought, simulation.most_in_flight())
}

async fn take_rows<V: Vendor>(
    vendor: &V,
    schedule: &Schedule,
    host: &Shared<V>,
    simulation: &Arc<Simulation>,
) -> Brought<V> {
    let mut client = vendor.ready(vendor.client(schedule, Arc::clone(simulation))).await;
    let mut roster = vendor.roster(&client);
    let (mut rows, mut stopped, mut most_ready, mut paused) = (Vec::new(), Vec::new(), 0, Duration::ZERO);
    let mut stops = schedule.stops.iter().peekable();
    let mut resumes = schedule.resumes;
    let error = loop {
        let pause = match stops.next_if(|stop| stop.0 <= rows.len()) {
            Some(stop) => stop.1,
            None => match roster.next().await {
                Some(Ok(row)) => {
                    rows.push(row);
                    most_ready = most_ready.max(roster.walk().ready());
                    continue;
                }
                None => break None,
                Some(Err(error)) => {
                    let now = simulation.now().elapsed;
                    lock(host).say(now, || format!("          error: {error}"));
                    if resumes == 0 {
                        break Some(error);
                    }
                    resumes -= 1;
                    stopped.push((roster.report(), format!("{error} {error:?}")));
                    Duration::from_secs(1 << (schedule.resumes - resumes).min(7))
                }
            },
        };
        let saved = serde_json::to_vec(roster.walk()).map_err(|error| format!("a walk cannot be saved: {error}"));
        let walk = saved.and_then(|saved| {
            serde_json::from_slice(&saved).map_err(|error| format!("a saved walk cannot be read: {error}"))
        });
        let walk = walk.unwrap_or_else(|problem| panic!("{problem}"));
        drop(roster);
        simulation.sleep(pause).await;
        paused += pause;
        lock(host).forget_client(simulation.now().elapsed);
        client = vendor.ready(vendor.client(schedule, Arc::clone(simulation))).await;
        roster = vendor.resume(&client, walk);
    };
    let elapsed = simulation.now().elapsed.saturating_sub(paused);
    Brought { rows, report: roster.report(), error, stopped, most_ready, elapsed }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap_or("?")
}
