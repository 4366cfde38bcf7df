//! Some seeds of each vendor, so that the workspace's tests cover the simulation, and tests of the oracle itself: a simulation that
//! cannot fail proves nothing.

use std::time::Duration;

use groupmembers_simulate::VENDORS;
use groupmembers_simulate::schedule::{Clock, Network, Schedule};

use crate::liar::{Lie, found};

mod liar;

#[test]
fn some_seeds_of_each_vendor_pass() {
    for (name, run) in VENDORS {
        for seed in 0..50 {
            let found = run(seed, false).violations;
            assert!(found.is_empty(), "cargo xtask simulate --vendor {name} --seeds 1 --from {seed}   {found:?}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    for (name, run) in VENDORS {
        for seed in 0..10 {
            assert_eq!(run(seed, true).trace, run(seed, true).trace, "{name} {seed}");
        }
    }
}

/// Nothing but what a test puts in.
fn quiet(schedule: &mut Schedule) {
    schedule.members = schedule.members.clamp(60, 300);
    schedule.ties = 1;
    schedule.churn.stop();
    schedule.network = Network::default();
    schedule.clock = Clock::default();
    schedule.busy.clear();
    schedule.stops.clear();
    schedule.resumes = 0;
}

#[test]
fn an_honest_loop_has_nothing_against_it_where_nothing_happens() {
    assert_eq!(found(Lie::Whole, 50, quiet), None);
}

#[test]
fn the_loop_that_loses_people_is_found_out() {
    let violation = found(Lie::Whole, 100, |schedule| {
        quiet(schedule);
        schedule.churn.per_call = 100;
    });
    let violation = violation.expect("it loses people, and says verified");
    assert!(violation.contains("lost") && violation.contains("verified"), "{violation}");
}

#[test]
fn each_lie_is_found_out() {
    for (lie, words) in [
        (Lie::Twice, "appears twice"),
        (Lie::Ghost, "invented"),
        (Lie::Doubt, "nothing happens"),
        (Lie::Crowd, "in flight"),
        (Lie::Endless, "calls"),
        (Lie::Chatter, "secret"),
    ] {
        let violation = found(lie, 20, |schedule| {
            quiet(schedule);
            schedule.concurrency = 4;
        });
        let violation = violation.unwrap_or_else(|| panic!("{lie:?} is not found out"));
        assert!(violation.contains(words), "{lie:?}: {violation}");
    }
}

#[test]
fn one_call_too_many_is_found_out() {
    let haste = |schedule: &mut Schedule| {
        quiet(schedule);
        schedule.members = 3_000;
        schedule.latency = (Duration::ZERO, Duration::from_millis(1));
    };
    let violation = found(Lie::Haste, 5, haste).expect("more than 200 calls a second");
    assert!(violation.contains("are allowed"), "{violation}");
    assert_eq!(found(Lie::Whole, 5, haste), None, "the client's own pacing keeps the limit");
}
