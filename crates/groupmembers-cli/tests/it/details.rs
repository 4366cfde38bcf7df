//! `list wkteam --details`: every member's profile, asked for once, whatever happens on the way.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use groupmembers_sandbox::wkteam::{Fault, Injection};
use serde_json::Value;

use crate::listings::{Listing, report, whole_rows};
use crate::program::{Outcome, Run, folder, until};

const MEMBERS: usize = 40;

fn start() -> Listing {
    Listing::start("details", 0.0, 0, Duration::ZERO)
}

fn rows(outcome: &Outcome) -> Vec<Value> {
    outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How often profiles were asked for.
fn asked(listing: &Listing) -> usize {
    listing.sandbox.log().iter().filter(|entry| entry.command == "getChatRoomMemberInfo").count()
}

#[test]
fn every_member_comes_with_a_profile() {
    let listing = start();
    let dir = folder();
    let outcome = listing.bare(&dir, &["-f", "ndjson", "--report", "report.json"]).go();
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let rows = rows(&outcome);
    let ids: BTreeSet<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, listing.truth().0);
    for row in &rows {
        assert_eq!((&row["raw"]["userName"], &row["raw"]["profile"]["userName"]), (&row["id"], &row["id"]), "{row}");
        assert!(row["raw"].get("problem").is_none(), "{row}");
    }
    assert_eq!(rows.iter().filter(|row| row["role"] == "owner").count(), 1, "the group still says who owns it");
    assert_eq!(asked(&listing), MEMBERS);
    let report = report(&dir);
    assert_eq!((&report["completeness"], &report["members"]), (&"verified".into(), &MEMBERS.into()), "{report}");
}

#[test]
fn who_is_refused_comes_without_one_and_says_why() {
    let listing = start();
    let refused: Injection = "1001@call-3".parse().unwrap();
    listing.sandbox.wkteam().inject(refused.on_command("getChatRoomMemberInfo"));
    let outcome = listing.bare(&folder(), &["-f", "ndjson"]).go();
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let bare: Vec<Value> = rows(&outcome).into_iter().filter(|row| row["raw"]["profile"].is_null()).collect();
    assert_eq!(bare.len(), 1);
    assert!(!bare[0]["raw"]["problem"].as_str().unwrap().is_empty());
    assert!(outcome.stderr.contains("without a profile"), "{}", outcome.stderr);
}

#[test]
fn nobody_is_asked_about_twice_after_ctrl_c() {
    let listing = Listing::start("details", 0.0, 0, Duration::from_millis(60));
    let dir = folder();
    let mut stops = 0;
    let code = loop {
        let before = whole_rows(&dir.join("rows"), "ndjson").len();
        let mut run = listing.run(&dir, "ndjson", &[]);
        let mut child = run.command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        until(|| child.try_wait().unwrap().is_some() || whole_rows(&dir.join("rows"), "ndjson").len() > before + 8);
        if child.try_wait().unwrap().is_none() {
            crate::signals::interrupt(&child);
            stops += 1;
        }
        let outcome = run.outcome(child.wait_with_output().unwrap());
        if outcome.code != 130 {
            break outcome.code;
        }
        assert!(outcome.stderr.contains("to go on, repeat it with --resume state"), "{}", outcome.stderr);
    };
    assert_eq!(code, 0);
    assert!(stops >= 2, "{stops}");
    let ids = whole_rows(&dir.join("rows"), "ndjson");
    assert_eq!((ids.len(), ids.into_iter().collect::<BTreeSet<_>>()), (MEMBERS, listing.truth().0));
    // What was on its way at a stop was never answered.
    assert!((MEMBERS..=MEMBERS + stops).contains(&asked(&listing)), "{} after {stops} stops", asked(&listing));
    let report = report(&dir);
    assert_eq!((&report["completeness"], &report["members"]), (&"verified".into(), &MEMBERS.into()), "{report}");
    for line in fs::read_to_string(dir.join("rows")).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["raw"]["profile"]["userName"], row["id"]);
    }
}

#[test]
fn profiles_that_nobody_would_see_are_refused() {
    let env = |run: Run| {
        run.env("WKTEAM_BASE_URL", "http://127.0.0.1:9").env("WKTEAM_TOKEN", "t0ken").env("WKTEAM_WID", "w-id-1")
    };
    for args in [&["list"][..], &["watch", "--every", "60s"]] {
        let more = ["wkteam", "--group", "1@chatroom", "--details"];
        let run = env(Run::new(&[&args[..1], &more, &args[1..]].concat())).go();
        assert!(run.code == 2 && run.error().starts_with("--details adds a profile"), "{}", run.stderr);
    }
    let listing = start();
    listing.sandbox.wkteam().inject(Fault::Offline.always());
    let dir = folder();
    let outcome = listing.run(&dir, "ndjson", &[]).go();
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    listing.sandbox.wkteam().clear_faults();

    // A listing that was begun with profiles does not go on without.
    let listing = Listing::start("details", 0.0, 0, Duration::from_millis(60));
    let dir = folder();
    let mut run = listing.run(&dir, "ndjson", &[]);
    let child = run.command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| whole_rows(&dir.join("rows"), "ndjson").len() > 3);
    crate::signals::interrupt(&child);
    assert_eq!(run.outcome(child.wait_with_output().unwrap()).code, 130);
    let plain = listing.without_details(&dir).go();
    assert_eq!(plain.code, 2, "{}", plain.stderr);
    assert!(plain.error().contains("was begun with --details true, and it is none now"), "{}", plain.stderr);
}
