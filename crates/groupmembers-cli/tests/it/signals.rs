use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use groupmembers_sandbox::tim::GroupKind;
use serde_json::Value;

use crate::program::{Run, group, sandbox};

pub(crate) fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Waits for something to become true, not for ever.
pub(crate) fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < Duration::from_secs(30), "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn ctrl_c_leaves_the_rows_and_the_report() {
    let sandbox = sandbox(group(GroupKind::Community, 100_000), |config| {
        config.latency = Duration::from_millis(20);
    });
    for format in ["ndjson", "json"] {
        let mut run =
            Run::list(&sandbox, &["-f", format, "--output", "rows", "--report", "report.json", "--record", "case"]);
        let rows = run.dir.join("rows");
        let child = run.command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        until(|| fs::metadata(&rows).is_ok_and(|about| about.len() > 10_000));
        interrupt(&child);
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, 130, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("interrupted: ") && !outcome.stderr.contains("error: "), "{}", outcome.stderr);
        let written = fs::read_to_string(&rows).unwrap();
        let count = match format {
            "json" => serde_json::from_str::<Vec<Value>>(&written).unwrap().len(),
            _ => {
                let rows = written.lines().map(serde_json::from_str::<Value>);
                rows.collect::<Result<Vec<_>, _>>().unwrap().len()
            }
        };
        assert!((50..100_000).contains(&count));
        let report: Value = serde_json::from_slice(&fs::read(run.dir.join("report.json")).unwrap()).unwrap();
        assert_eq!(report["members"], count);
        assert_eq!(report["completeness"], "incomplete", "{report}");
        assert!(report["error"].as_str().unwrap().contains("Ctrl-C"));
        assert!(fs::metadata(run.dir.join("case/case.json")).unwrap().len() > 0);
    }
}

#[test]
fn ctrl_c_before_the_first_answer_ends_at_once() {
    let sandbox = sandbox(group(GroupKind::Work, 10), |config| {
        config.latency = Duration::from_secs(30);
    });
    let mut run = Run::list(&sandbox, &["-f", "json"]);
    let child = run.command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let began = Instant::now();
    interrupt(&child);
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stdout.as_str()), (130, "[]\n"));
    assert!(began.elapsed() < Duration::from_secs(20), "it waited for the answer");
}

#[test]
fn a_termination_is_like_ctrl_c() {
    let sandbox = sandbox(group(GroupKind::Community, 100_000), |config| {
        config.latency = Duration::from_millis(20);
    });
    let mut run = Run::list(&sandbox, &["-f", "ndjson", "--output", "rows"]);
    let rows = run.dir.join("rows");
    let child = run.command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    until(|| fs::metadata(&rows).is_ok_and(|about| about.len() > 10_000));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    assert!(fs::read_to_string(&rows).unwrap().lines().all(|row| serde_json::from_str::<Value>(row).is_ok()));
}
