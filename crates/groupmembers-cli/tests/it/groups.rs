//! Lists of groups, of every vendor that has them.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use groupmembers_sandbox::nim::RoomConfig;
use groupmembers_sandbox::tim::{GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, agora, wkteam, yunshop};
use serde_json::Value;

use crate::listings::{Listing, report};
use crate::program::{Outcome, Run, folder, until};

/// A vendor with several groups.
fn several(name: &'static str, latency: Duration) -> Listing {
    Listing::start_with(name, 0.0, 0, latency, |config: &mut Config| {
        let kinds = [GroupKind::Work, GroupKind::Public, GroupKind::Meeting];
        let tim = (0..30).map(|n| GroupConfig::new(format!("g{n}"), kinds[n % 3], 5));
        config.tim.groups = tim.collect();
        let agora = (0..25_u64).map(|n| agora::GroupConfig::new((271_828_182_845_000 + n).to_string(), 5));
        config.agora.groups = agora.collect();
        let room = |n: u64| RoomConfig::new(9_500_000_000 + n, 3, 0).creator(if n < 22 { "alice" } else { "bob" });
        config.nim.rooms = (1..30).map(room).collect();
        config.nim.rooms.push(RoomConfig::new(66, 3, 0).creator("alice").closed());
        let wkteam = (0..23).map(|n| wkteam::GroupConfig::new(format!("2000000{n:04}@chatroom"), format!("群 {n}"), 4));
        config.wkteam.groups = wkteam.collect();
        config.wkteam.groups.push(wkteam::GroupConfig::new("29999999999@chatroom", "没有保存", 4).unsaved());
        config.wkteam.init_takes = Duration::from_millis(10);
        if let Some(shop) = config.yunshop.enterprises.first_mut() {
            let groups = (100..124).map(|id| yunshop::GroupConfig::new(id, format!("会员群 {id}"), 5).employees(2));
            *shop = yunshop::Enterprise::new(yunshop::DEMO_BUSINESS_ID, "机密零售有限公司", groups.collect());
        }
    })
}

fn rows(outcome: &Outcome) -> Vec<Value> {
    outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = rows.iter().map(|row| row["group"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), rows.len(), "a group stands there twice");
    ids
}

/// NDJSON with a report: the rows, and the report.
fn list(listing: &Listing, code: i32, more: &[&str]) -> (Vec<Value>, Value) {
    let dir = folder();
    let outcome = listing.groups(&dir, &[&["-f", "ndjson", "--report", "report.json"], more].concat()).go();
    assert_eq!(outcome.code, code, "{}", outcome.stderr);
    (rows(&outcome), report(&dir))
}

#[test]
fn all_groups_of_a_tim_app_are_listed() {
    let tim = several("tim", Duration::ZERO);
    let all: BTreeSet<String> = tim.sandbox.tim().groups().into_iter().collect();
    let (bare, report) = list(&tim, 0, &[]);
    assert_eq!(ids(&bare), all);
    assert_eq!(
        (&report["completeness"], &report["groups"], &report["pages"]),
        (&"verified".into(), &30.into(), &1.into())
    );
    assert!(bare.iter().all(|row| row["name"].is_null() && row["vendor"] == "tim" && row.get("raw").is_none()));

    // In pages it may have lost one between two of them: it is read twice.
    let (pages, report) = list(&tim, 0, &["--page-size", "20", "--details", "--raw"]);
    assert_eq!(ids(&pages), all);
    assert_eq!((&report["completeness"], &report["passes"]), (&"stable".into(), &2.into()), "{report}");
    assert_eq!((&report["pages"], &report["declared_total"]), (&4.into(), &30.into()));
    for row in &pages {
        assert!(row["members"] == 5 && row["owner"].is_string() && row["created_at"].is_string(), "{row}");
        assert_eq!(row["raw"]["GroupId"], row["group"]);
    }
    let (public, _) = list(&tim, 0, &["--type", "public", "--details"]);
    assert!(public.len() == 10 && public.iter().all(|row| row["type"] == "Public"));
}

#[test]
fn all_groups_of_an_agora_app_are_listed() {
    let agora = several("agora", Duration::ZERO);
    let all: BTreeSet<String> = agora.sandbox.agora().groups().into_iter().collect();
    let (rows, report) = list(&agora, 0, &[]);
    assert_eq!((ids(&rows), &report["completeness"], &report["passes"]), (all.clone(), &"stable".into(), &1.into()));
    for row in &rows {
        assert!(row["members"] == 5 && row["name"].is_string(), "{row}");
        assert!(!row["owner"].as_str().unwrap().contains('#'), "{row}");
    }
    let (rows, report) = list(&agora, 0, &["--page-size", "10"]);
    assert_eq!((ids(&rows), &report["completeness"], &report["pages"]), (all, &"stable".into(), &6.into()));
}

#[test]
fn the_rooms_that_somebody_created_are_listed() {
    let nim = several("nim", Duration::ZERO);
    let (rows, report) = list(&nim, 0, &["--creator", "alice"]);
    assert_eq!((ids(&rows).len(), &report["completeness"]), (21, &"stable".into()), "{report}");
    assert!(rows.iter().all(|row| row["owner"] == "alice" && row["name"].is_string()), "{rows:?}");
    assert!(report["notes"][0].as_str().unwrap().contains("open rooms"));
    let (rows, report) = list(&nim, 0, &["--creator", "nobody"]);
    assert_eq!((rows.len(), &report["groups"], &report["completeness"]), (0, &0.into(), &"stable".into()));
}

#[test]
fn the_groups_in_an_address_book_are_listed_once_it_was_read() {
    let wkteam = several("wkteam", Duration::ZERO);
    let dir = folder();
    let before = wkteam.groups(&dir, &["--pause-ms", "0"]).go();
    assert_eq!((before.code, before.stdout.as_str()), (1, ""), "{}", before.stderr);
    assert!(before.error().contains("see --init"), "{}", before.stderr);
    let (rows, report) = list(&wkteam, 0, &["--pause-ms", "0", "--init", "--names"]);
    assert_eq!((ids(&rows).len(), &report["completeness"]), (23, &"stable".into()), "{report}");
    assert!(rows.iter().all(|row| row["name"].as_str().unwrap().starts_with("群 ")), "{rows:?}");
    let (rows, report) = list(&wkteam, 0, &["--pause-ms", "0"]);
    assert!(rows.len() == 23 && rows[0]["name"].is_null());
    assert!(report["notes"][0].as_str().unwrap().contains("address book"), "{report}");
}

#[test]
fn all_groups_of_an_enterprise_are_listed() {
    let yunshop = several("yunshop", Duration::ZERO);
    let (rows, report) = list(&yunshop, 0, &[]);
    assert_eq!((ids(&rows).len(), &report["completeness"], &report["pages"]), (24, &"stable".into(), &6.into()));
    for row in &rows {
        assert!(row["members"] == 7 && row["name"].as_str().unwrap().starts_with("会员群 "), "{row}");
        assert!(row["created_at"].is_string(), "{row}");
    }
    let (rows, report) = list(&yunshop, 0, &["--name", "107"]);
    assert_eq!((ids(&rows), &report["completeness"]), (["107".to_owned()].into(), &"verified".into()));
}

#[test]
fn every_format_holds_the_same() {
    let tim = several("tim", Duration::ZERO);
    let of = |args: &[&str]| {
        let outcome = tim.groups(&folder(), &[args, &["--details"]].concat()).go();
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome
    };
    let ndjson = of(&["-f", "ndjson", "--raw"]);
    let json: Vec<Value> = serde_json::from_str(&of(&["-f", "json", "--raw"]).stdout).unwrap();
    assert_eq!(json, rows(&ndjson));
    let text = of(&["-f", "csv"]).stdout;
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        csv.headers().unwrap(),
        ["vendor", "group", "name", "type", "owner", "members", "created_at"].as_slice()
    );
    for (record, row) in csv.records().zip(&json) {
        let record = record.unwrap();
        assert_eq!(
            (&record[1], &record[4], &record[5]),
            (row["group"].as_str().unwrap(), row["owner"].as_str().unwrap(), "5")
        );
    }
    let table = of(&[]);
    assert!(table.stdout.starts_with("GROUP "), "{}", table.stdout);
    assert_eq!(table.stdout.lines().count(), 31);
    assert!(table.stderr.contains("30 groups, verified (1 answer, "), "{}", table.stderr);
}

#[test]
fn what_cannot_work_is_an_error_in_one_line() {
    for name in ["tim", "agora", "nim", "wkteam", "yunshop"] {
        let listing = several(name, Duration::ZERO);
        let creator: &[&str] = if name == "nim" { &["--creator", "alice"] } else { &[] };
        let pause: &[&str] = if name == "wkteam" { &["--pause-ms", "0"] } else { &[] };
        let bare = Run::new(&[&["groups", name], creator].concat()).go();
        assert_eq!(bare.code, 2, "{}", bare.stderr);
        assert!(bare.error().contains(" not set: export "), "{}", bare.stderr);
        let help = Run::new(&["groups", name, "--help"]).go();
        assert!(help.code == 0 && help.stdout.contains(&format!("  groupmembers groups {name}")), "{}", help.stdout);

        let html = groupmembers_sandbox::faults::Transport::Html200;
        match name {
            "tim" => listing.sandbox.tim().inject(groupmembers_sandbox::tim::Fault::Transport(html).always()),
            "agora" => listing.sandbox.agora().inject(agora::Fault::Transport(html).always()),
            "nim" => listing.sandbox.nim().inject(groupmembers_sandbox::nim::Fault::Transport(html).always()),
            "wkteam" => listing.sandbox.wkteam().inject(wkteam::Fault::Transport(html).always()),
            _ => listing.sandbox.yunshop().inject(yunshop::Fault::Transport(html).always()),
        }
        let dir = folder();
        fs::write(dir.join("old.csv"), "yesterday").unwrap();
        let args = [creator, pause, &["-o", "old.csv", "--report", "report.json"]].concat();
        let run = listing.groups(&dir, &args).go();
        assert_eq!(run.code, 1, "{name}: {}", run.stderr);
        assert!(!run.error().contains("<html"), "{}", run.stderr);
        assert!(run.stderr.contains("stopped: no groups listed ("), "{}", run.stderr);
        assert_eq!(fs::read_to_string(dir.join("old.csv")).unwrap(), "yesterday");
        let report = report(&dir);
        assert_eq!((&report["completeness"], report["error"].as_str()), (&"incomplete".into(), Some(run.error())));
    }
    for (args, says) in [
        (&["groups", "nim"][..], "--creator"),
        (&["groups", "tim", "--page-size", "10001"], "1 to 10,000"),
        (&["groups", "tim", "--raw"], "--raw has no place in a table"),
        (&["groups", "tam"], "known are tim, agora, nim, wkteam, yunshop"),
    ] {
        let run = Run::new(args).app().go();
        assert!(run.code == 2 && run.error().contains(says), "{}", run.stderr);
    }
}

#[test]
fn ctrl_c_leaves_what_was_read() {
    // One call a second: it takes half a minute.
    let tim = several("tim", Duration::ZERO);
    let dir = folder();
    let mut run = tim.groups(&dir, &["--page-size", "1", "-o", "rows.ndjson", "--report", "report.json"]);
    let child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| fs::read_to_string(dir.join("rows.ndjson")).unwrap_or_default().lines().count() >= 2);
    crate::signals::interrupt(&child);
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    let count = fs::read_to_string(dir.join("rows.ndjson")).unwrap().lines().count();
    let report = report(&dir);
    assert_eq!((&report["groups"], &report["completeness"]), (&count.into(), &"incomplete".into()), "{report}");
    assert_eq!(report["gaps"][0]["what"], "interrupted by Ctrl-C");
    assert!(outcome.stderr.contains("interrupted: "), "{}", outcome.stderr);

    let short = tim.groups(&dir, &["--page-size", "1", "-f", "ndjson", "--deadline", "2"]).go();
    assert!(short.code == 1 && short.error().contains("--deadline"), "{}", short.stderr);
    assert!(!rows(&short).is_empty());
}

#[test]
fn whoever_closes_the_pipe_hears_nothing_more() {
    let tim = several("tim", Duration::ZERO);
    let mut run = tim.groups(&folder(), &["--page-size", "1", "-f", "ndjson"]);
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 2]).unwrap();
    drop(stdout);
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}
