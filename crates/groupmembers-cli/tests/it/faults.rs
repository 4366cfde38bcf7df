use std::fs;
use std::time::{Duration, Instant};

use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::tim::{Fault, GroupKind, Injection};
use serde_json::Value;

use crate::program::{ADMIN, Outcome, Run, SECRET, group, sandbox};

fn with(faults: &[&str], kind: GroupKind, args: &[&str]) -> (Outcome, Value, String) {
    let faults = faults.iter().map(|fault| fault.parse::<Injection>().unwrap());
    let sandbox = sandbox(group(kind, 1_000), |config| config.tim.faults.extend(faults));
    let run = Run::list(
        &sandbox,
        &[&["--output", "rows.ndjson", "--report", "report.json", "--page-size", "50"], args].concat(),
    );
    let dir = run.dir.clone();
    let began = Instant::now();
    let outcome = run.go();
    assert!(began.elapsed() < Duration::from_secs(40), "took {:?}", began.elapsed());
    let report: Value = serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
    // Where nothing was listed, there is no file.
    let rows = fs::read_to_string(dir.join("rows.ndjson")).unwrap_or_default();
    for row in rows.lines() {
        serde_json::from_str::<Value>(row).unwrap();
    }
    assert_eq!(report["members"], rows.lines().count());
    (outcome, report, rows)
}

#[test]
fn trouble_that_passes_is_overcome() {
    for fault in [
        "10002-then-ok",
        "70001-then-ok",
        "60007",
        "502-html",
        "cut-body",
        "reset",
        "reset-mid-body",
        "429-retry-after",
    ] {
        let (run, report, _) = with(&[fault], GroupKind::Public, &[]);
        assert_eq!((run.code, &report["members"]), (0, &1_000.into()), "{fault}: {}", run.stderr);
        assert!(report["retries"].as_u64().unwrap() >= 1, "{fault}: {report}");
    }
}

#[test]
fn trouble_that_stays_is_an_error_in_one_line() {
    for (fault, words) in [
        ("502-html@always", "HTTP status 502"),
        ("html-200", "it is HTML, not JSON"),
        ("redirect", "a redirect, which is not followed"),
        ("echo-query", "(10004)"),
        ("endless-body", "larger than this call's largest"),
        ("reset@always", "connection failed before an answer came"),
    ] {
        let (run, report, rows) = with(&[fault], GroupKind::Public, &[]);
        assert_eq!((run.code, rows.as_str()), (1, ""), "{fault}: {}", run.stderr);
        assert!(run.error().contains(words), "{fault}: {}", run.stderr);
        assert_eq!(report["error"].as_str(), Some(run.error()));
        assert_ne!(report["completeness"], "verified");
    }
}

#[test]
fn a_slow_server_meets_the_deadline() {
    let (run, report, _) = with(&["slow-drip"], GroupKind::Public, &["--deadline", "2"]);
    assert_eq!(run.code, 1);
    assert!(run.error().contains("deadline") && report["elapsed_ms"].as_u64().unwrap() < 20_000, "{report}");
    // This program cannot take a listing up again: it must not say so, in the file as little as on the screen.
    assert!(run.error().contains("what was read is kept; allow more time with --deadline"), "{}", run.stderr);
    assert!(!run.stderr.contains("go on from") && !report.to_string().contains("go on from"), "{report}");
    let gaps = report["gaps"].as_array().unwrap();
    assert!(gaps.len() == 1 && gaps[0]["what"].as_str().unwrap().contains(run.error()), "{report}");
}

#[test]
fn lists_with_gaps_are_listed_and_end_with_3() {
    for (fault, kind) in [("stuck-cursor", GroupKind::Community), ("bad-row", GroupKind::Public)] {
        let (run, report, rows) = with(&[fault], kind, &[]);
        assert_eq!(run.code, 3, "{fault}: {}", run.stderr);
        assert_eq!(report["completeness"], "incomplete", "{fault}: {report}");
        assert!(!report["gaps"].as_array().unwrap().is_empty() && run.stderr.contains("gap after "), "{}", run.stderr);
        assert!(rows.lines().count() >= 50);
    }
}

#[test]
fn a_page_too_large_is_asked_for_again_in_parts() {
    let (run, report, _) = with(&["10018=20"], GroupKind::Public, &[]);
    assert_eq!((run.code, &report["completeness"]), (0, &"verified".into()), "{}", run.stderr);
}

#[test]
fn rows_before_an_error_are_kept_and_the_report_says_where_it_stopped() {
    // From its tenth call on, and for all attempts.
    let faults: Vec<Injection> = (10..=14).map(|call| Fault::Transport(Transport::BadGateway).on_call(call)).collect();
    for format in ["ndjson", "json", "csv"] {
        let sandbox = sandbox(group(GroupKind::Public, 1_000), |config| {
            config.tim.faults.extend(faults.clone());
        });
        let args =
            ["--output", "rows", "-f", format, "--report", "report.json", "--page-size", "50", "--concurrency", "1"];
        let run = Run::list(&sandbox, &args);
        let dir = run.dir.clone();
        let run = run.go();
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.error().contains("HTTP status 502") && run.error().contains("5 attempts"), "{}", run.stderr);
        let report: Value = serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
        let written = fs::read_to_string(dir.join("rows")).unwrap();
        let rows = match format {
            "json" => serde_json::from_str::<Vec<Value>>(&written).unwrap().len(),
            "csv" => csv::Reader::from_reader(written.as_bytes()).into_records().map(Result::unwrap).count(),
            _ => written.lines().count(),
        };
        assert!((300..1_000).contains(&rows), "{rows}");
        assert_eq!(report["members"], rows);
        assert_eq!(report["gaps"][0]["after"], rows, "{report}");
        assert_eq!(report["error"].as_str(), Some(run.error()));
        assert!(run.stderr.contains("stopped: "), "{}", run.stderr);
    }
}

#[test]
fn refusals_of_the_vendor_are_errors_that_say_what_to_do() {
    let sandbox = sandbox(group(GroupKind::Public, 10), |_| {});
    let unknown = Run::new(&["list", "tim", "--group", "nobody"]).app().env("TIM_BASE_URL", &sandbox.base_url()).go();
    assert_eq!(unknown.code, 1);
    assert!(unknown.error().contains("10010") && unknown.error().contains("nobody"), "{}", unknown.stderr);
    for (name, value, code) in [
        ("TIM_SDK_APP_ID", "1600000002", "70020"),
        ("TIM_SECRET_KEY", &*SECRET.replace('5', "6"), "70009"),
        ("TIM_ADMIN", "somebody", "60010"),
    ] {
        let run = Run::list(&sandbox, &[]).env(name, value).go();
        assert_eq!(run.code, 1, "{name}");
        assert!(run.error().contains(&format!("({code})")), "{name}: {}", run.stderr);
    }
    assert!(!ADMIN.is_empty());
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let gone = {
        let sandbox = sandbox(group(GroupKind::Public, 10), |_| {});
        sandbox.base_url()
    };
    let run = Run::new(&["list", "tim", "--group", "g", "--base-url", &gone]).app().go();
    assert_eq!(run.code, 1);
    assert!(run.error().starts_with("no connection to the server"), "{}", run.stderr);
}
