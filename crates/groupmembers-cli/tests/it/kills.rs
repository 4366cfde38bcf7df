//! kill -9 at any instant: nothing that stood in the file is lost, nobody stands there twice, and in the end all are there.
//!
//! `GROUPMEMBERS_KILLS=500` kills so often per group, `GROUPMEMBERS_KILL_SEED=7` takes other instants.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::listings::{Listing, report, whole_rows};
use crate::program::{files, folder};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

/// Kills listings of a group until it has killed enough of them, and sees each one through to its end.
fn kill(name: &'static str) {
    let (wanted, seed) = (number("GROUPMEMBERS_KILLS", 12), number("GROUPMEMBERS_KILL_SEED", 1));
    let mut random = Random(seed ^ name.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte)));
    let (mut kills, mut round, mut ended_before) = (0, 0_u64, 0);
    while kills < wanted {
        round += 1;
        let format = ["ndjson", "csv", "json"][(round % 3) as usize];
        let churn = if round % 2 == 0 { 0.4 } else { 0.0 };
        let listing = Listing::start(name, churn, 0, Duration::from_millis(25));
        let dir = folder();
        let mut stood = BTreeSet::new();
        let mut here = 0;
        let mut ended = None;
        while kills < wanted && here < 6 && ended.is_none() {
            // Half of them early: there the state is written for the first time, and rows are read again.
            let instant = if random.below(2) == 0 { random.below(150) } else { random.below(900) };
            eprintln!("{name} {format} churn {churn}, seed {seed}, round {round}: kill {kills} after {instant} ms");
            let mut run = listing.run(&dir, format, &[]);
            let mut child = run.command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(instant));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                child.wait().unwrap();
                (kills, here) = (kills + 1, here + 1);
                let rows = fs::metadata(dir.join("rows")).map_or(0, |about| about.len());
                if rows > 0 && !dir.join("state").exists() {
                    // All was done but to exit.
                    let complete = ["verified", "stable"].map(Value::from).contains(&report(&dir)["completeness"]);
                    ended = Some((if complete { 0 } else { 3 }, "killed at its very end".to_owned()));
                }
            } else {
                ended_before += 1;
                ended = Some(end(child));
            }
            check(&dir, format, &mut stood);
        }
        // What is left is done in peace, whether it was killed or not.
        let (code, said) = ended.unwrap_or_else(|| {
            let outcome = listing.run(&dir, format, &[]).go();
            (outcome.code, outcome.stderr)
        });
        check(&dir, format, &mut stood);
        see(&listing, &dir, &stood, churn, code, &said, here);
        fs::remove_dir_all(&dir).unwrap();
    }
    eprintln!("{name}: {kills} kills, {ended_before} listings ended before they could be killed");
}

fn end(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Nobody is gone who stood there, and nobody stands there twice.
fn check(dir: &Path, format: &str, stood: &mut BTreeSet<String>) {
    let rows = whole_rows(&dir.join("rows"), format);
    let now: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(rows.len(), now.len(), "somebody stands there twice");
    let lost: Vec<&String> = stood.difference(&now).collect();
    assert!(lost.is_empty(), "{} rows are lost: {lost:?}", lost.len());
    *stood = now;
}

/// The listing has come to its end.
fn see(listing: &Listing, dir: &Path, ids: &BTreeSet<String>, churn: f64, code: i32, said: &str, kills: u32) {
    assert!(code == 0 || code == 3, "it ended with {code}: {said}");
    let report = report(dir);
    let (throughout, ever) = listing.truth();
    let invented: Vec<&String> = ids.difference(&ever).collect();
    assert!(invented.is_empty(), "nobody knows {invented:?}");
    let missing: Vec<&String> = throughout.difference(ids).collect();
    assert!(missing.is_empty() || code == 3, "{missing:?} are missing, and {said}");
    if churn == 0.0 {
        assert_eq!((missing.len(), ids.len()), (0, throughout.len()), "{said}");
        let proved = ["verified", "stable"].map(Value::from).contains(&report["completeness"]);
        // Yunshop does not know when everybody joined, and proves little.
        assert!(proved || listing.vendor == "yunshop", "{report}");
    }
    assert_eq!(code == 0, report["completeness"] == "verified" || report["completeness"] == "stable", "{report}");
    assert_eq!(report["members"], ids.len(), "{report}");
    if report["completeness"] == "verified" && report["declared_total"].is_u64() {
        assert_eq!(report["declared_total"], ids.len(), "{report}");
    }
    let calls = report["calls"].as_u64().unwrap();
    // What was in flight at a kill was never answered.
    let most = listing.sandbox.calls() + 4 * u64::from(kills);
    assert!((1..=most).contains(&calls), "{calls} calls of {most}: {report}");
    let notes: Vec<&str> = report["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    // A run that was killed before it had written anything left nothing to go on with.
    let resumed = notes.iter().any(|note| note.starts_with("taken up again "));
    let killed = notes.iter().any(|note| note.contains(" killed: the last calls"));
    assert!(resumed == killed && (kills > 0 || !resumed), "{kills} kills: {report}");
    // Nothing is left but what was asked for.
    let left: BTreeSet<_> = files(dir).into_iter().collect();
    assert_eq!(left, [dir.join("report.json"), dir.join("rows")].into(), "{said}");
}

#[test]
fn tim_killed() {
    kill("tim");
}

#[test]
fn a_community_killed() {
    kill("community");
}

#[test]
fn agora_killed() {
    kill("agora");
}

#[test]
fn nim_killed() {
    kill("nim");
}

#[test]
fn a_superteam_killed() {
    kill("superteam");
}

#[test]
fn wkteam_killed() {
    kill("wkteam");
}

#[test]
fn wkteam_with_details_killed() {
    kill("details");
}

#[test]
fn yunshop_killed() {
    kill("yunshop");
}

#[test]
fn yunshop_employees_killed() {
    kill("employees");
}
