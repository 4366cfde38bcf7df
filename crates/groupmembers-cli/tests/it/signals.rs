use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use groupmembers_sandbox::tim::GroupKind;
use serde_json::Value;

use crate::program::{Run, group, sandbox, until};

pub(crate) fn interrupt(child: &Child) {
    signal(child, "-INT");
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
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
        let gaps = report["gaps"].as_array().unwrap();
        assert_eq!(gaps.last().unwrap(), &serde_json::json!({"after": count, "what": "interrupted by Ctrl-C"}));
        assert!(gaps.iter().all(|gap| gap["after"].as_u64().unwrap() <= count as u64), "{report}");
        assert!(outcome.stderr.contains("members of g, incomplete ("), "{}", outcome.stderr);
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
    assert_eq!((outcome.code, outcome.stdout.as_str()), (130, ""));
    assert!(began.elapsed() < Duration::from_secs(20), "it waited for the answer");
}

#[test]
fn what_had_been_read_is_written_when_it_is_interrupted_in_the_middle_of_a_page() {
    let sandbox = sandbox(group(GroupKind::Meeting, 6_000), |_| {});
    for name in ["-INT", "-TERM"] {
        let mut run = Run::list(&sandbox, &["-f", "ndjson", "--report", "report.json"]);
        let mut child = run.command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // All 6,000 come in one answer, far more than a pipe holds: after its first line the program waits for us.
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut rows = String::new();
        stdout.read_line(&mut rows).unwrap();
        signal(&child, name);
        std::thread::sleep(Duration::from_secs(1));
        stdout.read_to_string(&mut rows).unwrap();
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, 130, "{}", outcome.stderr);
        assert_eq!(rows.lines().count(), 6_000);
        let report: Value = serde_json::from_slice(&fs::read(run.dir.join("report.json")).unwrap()).unwrap();
        assert_eq!((&report["members"], &report["completeness"]), (&6_000.into(), &"incomplete".into()), "{report}");
        assert_eq!(report["gaps"][0]["after"], 6_000, "{report}");
    }
}

#[test]
fn an_interruption_before_the_first_row_leaves_the_last_list() {
    let sandbox = sandbox(group(GroupKind::Work, 10), |config| {
        config.latency = Duration::from_secs(30);
    });
    for old in [Some("yesterday's list"), None] {
        let mut run = Run::list(&sandbox, &["--output", "list.csv", "--report", "report.json", "--record", "case"]);
        let (list, report, case) = (run.dir.join("list.csv"), run.dir.join("report.json"), run.dir.join("case"));
        if let Some(old) = old {
            fs::write(&list, old).unwrap();
        }
        let child = run.command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        until(|| case.join("case.json").exists());
        interrupt(&child);
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, 130, "{}", outcome.stderr);
        assert_eq!(fs::read_to_string(&list).ok().as_deref(), old, "an empty list would look like an empty group");
        assert!(outcome.stderr.contains("interrupted: nothing listed of g"), "{}", outcome.stderr);
        assert!(outcome.error().contains("--record case: no answer came"), "{}", outcome.stderr);
        assert!(!case.exists());
        let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        assert_eq!((&report["members"], &report["gaps"][0]["after"]), (&0.into(), &0.into()), "{report}");
        assert_eq!(report["completeness"], "incomplete");
    }
}

#[test]
fn a_termination_and_a_closed_terminal_are_like_ctrl_c() {
    let sandbox = sandbox(group(GroupKind::Community, 100_000), |config| {
        config.latency = Duration::from_millis(20);
    });
    // A test run that was started by nohup hands its deafness on.
    let names: &[&str] = if hup_is_ignored() { &["TERM"] } else { &["TERM", "HUP"] };
    for name in names {
        let mut run = Run::list(&sandbox, &["-f", "ndjson", "--output", "rows", "--report", "report.json"]);
        let rows = run.dir.join("rows");
        let child = run.command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        until(|| fs::metadata(&rows).is_ok_and(|about| about.len() > 10_000));
        signal(&child, &format!("-{name}"));
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, 130, "{name}: {}", outcome.stderr);
        let written = fs::read_to_string(&rows).unwrap();
        assert!(written.lines().all(|row| serde_json::from_str::<Value>(row).is_ok()));
        let report: Value = serde_json::from_slice(&fs::read(run.dir.join("report.json")).unwrap()).unwrap();
        assert_eq!(report["error"], format!("interrupted by SIG{name}"));
        assert_eq!(report["members"], written.lines().count());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn under_nohup_a_closed_terminal_ends_nothing() {
    let sandbox = sandbox(group(GroupKind::Community, 3_000), |config| {
        config.latency = Duration::from_millis(20);
    });
    let listing = Run::list(&sandbox, &["-f", "ndjson", "--output", "rows"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(listing.command.get_program());
    shell.args(listing.command.get_args()).current_dir(&listing.dir);
    for (name, value) in listing.command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let rows = listing.dir.join("rows");
    let child = shell.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    until(|| fs::metadata(&rows).is_ok_and(|about| about.len() > 10_000));
    signal(&child, "-HUP");
    let outcome = listing.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(fs::read_to_string(&rows).unwrap().lines().count(), 3_000);
}

/// Whether this process ignores SIGHUP (1), and so whatever it starts.
fn hup_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
