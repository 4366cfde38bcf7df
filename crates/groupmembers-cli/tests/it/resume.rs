//! `--resume`: listings that stop go on where they stopped; what cannot go on is refused, and stays as it is.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::listings::{ALL, Listing, report, whole_rows};
use crate::program::{Outcome, Run, SECRET, files, folder, until};
use crate::signals::interrupt;

const SLOW: Duration = Duration::from_millis(80);

fn spawn(mut run: Run) -> (Run, Child) {
    let child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (run, child)
}

/// Interrupted when it has written the first rows.
fn interrupted(run: Run) -> Outcome {
    let rows = run.dir.join("rows");
    let before = fs::metadata(&rows).map_or(0, |about| about.len());
    let (run, child) = spawn(run);
    until(|| fs::metadata(&rows).is_ok_and(|about| about.len() > before + 2_000));
    interrupt(&child);
    run.outcome(child.wait_with_output().unwrap())
}

/// The rows are those who are there, each once, and the report says so.
fn whole(listing: &Listing, dir: &Path, format: &str, outcome: &Outcome) -> Value {
    let rows = whole_rows(&dir.join("rows"), format);
    let ids: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(ids.len(), rows.len(), "somebody is there twice");
    assert_eq!(ids, listing.truth().0, "{}", outcome.stderr);
    let report = report(dir);
    assert_eq!(report["members"], ids.len(), "{report}");
    assert!(!dir.join("state").exists(), "the state goes when the list is complete");
    report
}

fn notes(report: &Value) -> String {
    report["notes"].to_string()
}

/// Refused before anything is sent, in one line with these words.
fn refused(run: Run, words: &[&str]) {
    let outcome = run.go();
    assert_eq!((outcome.code, outcome.stderr.lines().count()), (2, 1), "{}", outcome.stderr);
    for word in words {
        assert!(outcome.error().contains(word), "{word}: {}", outcome.stderr);
    }
}

#[test]
fn ctrl_c_and_then_the_rest() {
    for name in ALL {
        for format in ["ndjson", "csv", "json"] {
            // In one answer, or in few: those are met by the kill tests.
            if matches!(name, "wkteam" | "employees") || (format != "ndjson" && name != "tim") {
                continue;
            }
            let listing = Listing::start(name, 0.0, 0, SLOW);
            let dir = folder();
            let stopped = interrupted(listing.run(&dir, format, &[]));
            assert_eq!(stopped.code, 130, "{name}: {}", stopped.stderr);
            assert!(stopped.stderr.contains("; to go on, repeat it with --resume state"), "{}", stopped.stderr);
            let first = report(&dir);
            let had = whole_rows(&dir.join("rows"), format);
            assert_eq!((&first["members"], &first["completeness"]), (&had.len().into(), &"incomplete".into()));
            if format == "json" {
                // What stopped in order can be read as it is.
                let all: Vec<Value> = serde_json::from_slice(&fs::read(dir.join("rows")).unwrap()).unwrap();
                assert_eq!(all.len(), had.len());
            }
            let state = fs::metadata(dir.join("state")).unwrap();
            assert_eq!(state.permissions().mode() & 0o777, 0o600, "people's ids are in it");

            let run = listing.run(&dir, format, &[]).go();
            assert!(run.code == 0 || listing.vendor == "yunshop", "{name}: {}", run.stderr);
            assert!(run.stderr.starts_with("going on behind "), "{}", run.stderr);
            let report = whole(&listing, &dir, format, &run);
            assert!(notes(&report).contains("taken up again once: calls and time are those of all runs"), "{report}");
            assert!(!notes(&report).contains("killed"), "{report}");
            assert_eq!(report["started_at"], first["started_at"]);
            assert!(report["calls"].as_u64() > first["calls"].as_u64(), "{report}");
            // Those in flight when it was interrupted were never answered.
            assert!(report["calls"].as_u64().unwrap() <= listing.sandbox.calls() + 4, "{report}");
            assert_eq!(whole_rows(&dir.join("rows"), format)[..had.len()], had, "what was there stayed where it was");
            if format == "json" {
                let all: Vec<Value> = serde_json::from_slice(&fs::read(dir.join("rows")).unwrap()).unwrap();
                assert_eq!(report["members"], all.len());
            }
        }
    }
}

#[test]
fn many_interruptions_are_counted() {
    let listing = Listing::start("community", 0.0, 0, SLOW);
    let dir = folder();
    for _ in 0..3 {
        assert_eq!(interrupted(listing.run(&dir, "csv", &[])).code, 130);
    }
    let run = listing.run(&dir, "csv", &[]).go();
    let report = whole(&listing, &dir, "csv", &run);
    assert!(notes(&report).contains("taken up again 3 times"), "{report}");
    // Each row came over the wire once more at most: what had been read is not read again.
    assert!(listing.sandbox.calls() < 60, "{} calls", listing.sandbox.calls());
}

#[test]
fn a_deadline_and_then_the_rest() {
    // Agora and NIM ask for one page after the other.
    for (name, latency) in [("agora", 120), ("nim", 150)] {
        let listing = Listing::start(name, 0.0, 0, Duration::from_millis(latency));
        let dir = folder();
        let stopped = listing.run(&dir, "ndjson", &["--deadline", "2"]).go();
        assert_eq!(stopped.code, 1, "{}", stopped.stderr);
        let words = "what was read is kept; allow more time with --deadline, or go on with --resume state";
        assert!(stopped.error().contains(words), "{}", stopped.stderr);
        assert!(report(&dir)["gaps"].to_string().contains(words));
        let run = listing.run(&dir, "ndjson", &[]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        let report = whole(&listing, &dir, "ndjson", &run);
        assert!(report["elapsed_ms"].as_u64().unwrap() >= 2_000, "the time of all runs: {report}");
        assert!(report["error"].is_null() && report["gaps"] == serde_json::json!([]), "{report}");
    }
}

#[test]
fn a_server_that_goes_down_and_comes_back() {
    let listing = Listing::start("tim", 0.0, 0, SLOW);
    let port = listing.sandbox.addr().port();
    let dir = folder();
    let (run, child) = spawn(listing.run(&dir, "ndjson", &["--deadline", "20"]));
    until(|| fs::metadata(dir.join("rows")).is_ok_and(|about| about.len() > 2_000));
    drop(listing);
    let stopped = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 1, "{}", stopped.stderr);
    assert!(stopped.stderr.contains("to go on, repeat it with --resume state"), "{}", stopped.stderr);
    let had = whole_rows(&dir.join("rows"), "ndjson");

    // It is still down.
    let saved = fs::read(dir.join("rows")).unwrap();
    let down = Listing::start("tim", 0.0, port, SLOW);
    let again = down.run(&dir, "ndjson", &["--deadline", "2"]);
    drop(down);
    let again = again.go();
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(again.stderr.contains(", incomplete ("), "the rows so far count: {}", again.stderr);
    assert_eq!(fs::read(dir.join("rows")).unwrap(), saved);
    assert_eq!(report(&dir)["members"], had.len());

    let listing = Listing::start("tim", 0.0, port, SLOW);
    let run = listing.run(&dir, "ndjson", &[]).go();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = whole(&listing, &dir, "ndjson", &run);
    assert!(notes(&report).contains("taken up again 2 times"), "{report}");
    assert!(report["retries"].as_u64().unwrap() > 0, "those of all runs: {report}");
}

#[test]
fn without_an_interruption_it_is_as_it_would_be_without_resume() {
    let listing = Listing::start("tim", 0.0, 0, Duration::ZERO);
    for format in ["ndjson", "csv", "json"] {
        let dir = folder();
        let run = listing.run(&dir, format, &[]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        let report = whole(&listing, &dir, format, &run);
        assert_eq!(notes(&report), "[]");
        let plain = listing.bare(&folder(), &["-f", format]).go();
        assert_eq!(fs::read_to_string(dir.join("rows")).unwrap(), plain.stdout);
        // Done is done: once more would write over it.
        refused(
            listing.run(&dir, format, &[]),
            &["--output rows: is complete already, or was not begun with --resume state"],
        );
        assert_eq!(fs::read_to_string(dir.join("rows")).unwrap(), plain.stdout);
    }
}

#[test]
fn a_run_that_lists_nothing_leaves_nothing() {
    let listing = Listing::start("tim", 0.0, 0, Duration::ZERO);
    let dir = folder();
    let mut run = Run::new(&["list", "tim", "--group", "mistyped", "--output", "rows.csv", "--resume", "state"]).app();
    run.command.current_dir(&dir);
    dir.clone_into(&mut run.dir);
    let run = run.env("TIM_BASE_URL", &listing.sandbox.base_url()).go();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(!run.stderr.contains("to go on"), "{}", run.stderr);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);

    // A refused login comes before the list.
    let listing = Listing::start("yunshop", 0.0, 0, Duration::ZERO);
    let run = listing.run(&dir, "csv", &[]).env("YUNSHOP_PASSWORD", "another").go();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(!dir.join("state").exists() && !dir.join("rows").exists());
}

/// A listing that was interrupted in this folder.
fn half(format: &str) -> (Listing, std::path::PathBuf) {
    let listing = Listing::start("community", 0.0, 0, SLOW);
    let dir = folder();
    assert_eq!(interrupted(listing.run(&dir, format, &[])).code, 130);
    (listing, dir)
}

#[test]
fn what_was_begun_otherwise_is_refused_by_name() {
    let (listing, dir) = half("ndjson");
    let calls = listing.sandbox.calls();
    let (rows, state) = (fs::read(dir.join("rows")).unwrap(), fs::read(dir.join("state")).unwrap());
    let base = ["-f", "ndjson", "--output", "rows", "--resume", "state"];
    let with = |more: &[&str]| listing.bare(&dir, &[&base[..], more].concat());
    refused(with(&["--raw"]), &["--resume state", "begun with --raw false", "it is true now"]);
    refused(with(&["--page-size", "50"]), &["begun with --page-size none", "it is 50 now"]);
    refused(with(&["--type", "community"]), &["--type none", "community now"]);
    refused(with(&["--fields", "Role"]), &["--fields none", "role now"]);
    refused(with(&["--base-url", "http://127.0.0.1:1"]), &["begun with --base-url", "127.0.0.1:1 now"]);
    refused(with(&[]).env("TIM_SDK_APP_ID", "1400000009"), &["begun with TIM_SDK_APP_ID", "1400000009 now"]);
    let args = ["-f", "csv", "--output", "rows", "--resume", "state"];
    refused(listing.bare(&dir, &args), &["begun with --format ndjson", "csv now"]);
    let mut other = Run::new(&[&["list", "tim", "--group", "h"], &base[..]].concat()).app();
    other.command.current_dir(&dir);
    dir.clone_into(&mut other.dir);
    refused(other.env("TIM_BASE_URL", &listing.sandbox.base_url()), &["begun with --group g", "it is h now"]);
    let nim = Listing::start("nim", 0.0, 0, SLOW);
    refused(nim.run(&dir, "ndjson", &[]), &["is a listing of tim, not of nim"]);
    assert_eq!((listing.sandbox.calls(), nim.sandbox.calls()), (calls, 0), "nothing may be sent");
    assert_eq!((fs::read(dir.join("rows")).unwrap(), fs::read(dir.join("state")).unwrap()), (rows, state));

    // What shapes no row and no step may be another.
    let run = listing.run(&dir, "ndjson", &["--concurrency", "3", "--deadline", "99"]).go();
    assert_eq!(run.code, 0, "{}", run.stderr);
    whole(&listing, &dir, "ndjson", &run);
}

#[test]
fn a_state_that_is_not_as_it_was_is_refused() {
    let (listing, dir) = half("csv");
    let calls = listing.sandbox.calls();
    let state = fs::read(dir.join("state")).unwrap();
    let rows = fs::read(dir.join("rows")).unwrap();
    let text = String::from_utf8(state.clone()).unwrap();
    let mut flipped = state.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for (bytes, words) in [
        (&state[..state.len() / 2], "is damaged"),
        (&state[..30], "is damaged"),
        (&state[..state.len() - 4], "is damaged"),
        (&flipped, "is damaged"),
        (b"", "is no saved listing"),
        (b"id,name\n", "is no saved listing"),
        (b"{\"groupmembers_listing\":", "is damaged"),
        (text.replacen(":1,", ":2,", 1).as_bytes(), "a newer version"),
        (text.replacen(":1,", ":0,", 1).as_bytes(), "an older version"),
    ] {
        fs::write(dir.join("state"), bytes).unwrap();
        refused(listing.run(&dir, "csv", &[]), &["--resume state: ", words]);
        assert_eq!(fs::read(dir.join("state")).unwrap(), bytes, "it stays as it is");
        assert_eq!(fs::read(dir.join("rows")).unwrap(), rows);
    }
    fs::remove_file(dir.join("state")).unwrap();
    refused(
        listing.run(&dir, "csv", &[]),
        &["--output rows: is complete already, or was not begun with --resume state"],
    );
    fs::create_dir(dir.join("state")).unwrap();
    refused(listing.run(&dir, "csv", &[]), &["--resume state"]);
    assert_eq!(fs::read(dir.join("rows")).unwrap(), rows);
    assert_eq!(listing.sandbox.calls(), calls, "nothing may be sent");
}

#[test]
fn an_output_that_is_not_as_it_was_is_refused() {
    for format in ["ndjson", "csv", "json"] {
        let (listing, dir) = half(format);
        let calls = listing.sandbox.calls();
        let rows = fs::read(dir.join("rows")).unwrap();
        let mut edited = rows.clone();
        let middle = edited.len() / 2;
        edited[middle] ^= 1;
        let mut longer = rows.clone();
        longer.extend_from_slice(b"{\"vendor\":\"tim\",\"group\":\"h\",\"id\":\"someone\"}\n");
        for (bytes, words) in [
            (&rows[..rows.len() / 2], "is shorter than it was"),
            (b"", "is shorter than it was"),
            (&edited, "is not what it was"),
            (&longer, "has rows in it that no run of state wrote"),
        ] {
            fs::write(dir.join("rows"), bytes).unwrap();
            refused(listing.run(&dir, format, &[]), &["--output rows: ", words, "remove it and state to list anew"]);
            assert_eq!(fs::read(dir.join("rows")).unwrap(), bytes, "it stays as it is");
        }
        fs::remove_file(dir.join("rows")).unwrap();
        refused(listing.run(&dir, format, &[]), &["--output rows: is not there", "remove state to list anew"]);
        assert!(!dir.join("rows").exists());
        assert_eq!(listing.sandbox.calls(), calls, "nothing may be sent");
        // Brought back, it goes on.
        fs::write(dir.join("rows"), &rows).unwrap();
        let run = listing.run(&dir, format, &[]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        whole(&listing, &dir, format, &run);
    }
}

#[test]
fn what_cannot_be_resumed_is_refused_before_anything_is_sent() {
    let listing = Listing::start("community", 0.0, 0, SLOW);
    let dir = folder();
    let with = |args: &[&str]| listing.bare(&dir, args);
    refused(with(&["--resume", "state"]), &["--output"]);
    refused(with(&["--resume", "state", "-f", "ndjson"]), &["--output"]);
    refused(with(&["--resume", "state", "--output", "list.txt"]), &["--resume cannot go on with a table"]);
    refused(with(&["--resume", "state", "--output", "l.csv", "-f", "table"]), &["--resume cannot go on with a table"]);
    refused(with(&["--resume", "state", "--output", "/dev/null", "-f", "csv"]), &["--output /dev/null: is no file"]);
    refused(with(&["--resume", "l.csv", "--output", "l.csv"]), &["--resume", "--output", "two"]);
    refused(with(&["--resume", "./l.csv", "--output", "l.csv"]), &["--resume", "--output", "two"]);
    refused(with(&["--resume", "r", "--output", "l.csv", "--report", "r"]), &["--report and --resume", "two"]);
    refused(with(&["--resume", "state", "--output", "l.csv", "--record", "case"]), &["--resume", "--record"]);
    refused(with(&["--resume", "no/such/state", "--output", "l.csv"]), &["no/such/state: cannot be written"]);
    refused(with(&["--resume", ".", "--output", "l.csv"]), &["--resume ."]);
    refused(with(&["--resume", "/dev/full", "--output", "l.csv"]), &["--resume /dev/full"]);
    refused(with(&["--resume", "-", "--output", "l.csv"]), &["--resume is -"]);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "a refused run leaves no file behind");
    // Root may write anywhere.
    let shut = dir.join("shut");
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(shut.join("try"), "").is_err() {
        refused(with(&["--resume", "shut/state", "--output", "l.csv"]), &["shut/state: cannot be written"]);
    } else {
        eprintln!("skipped: this user may write into a folder that is shut");
    }
    assert_eq!(listing.sandbox.calls(), 0, "nothing may be sent");
}

#[test]
fn two_runs_do_not_write_to_one_list() {
    let listing = Listing::start("community", 0.0, 0, Duration::from_millis(700));
    let dir = folder();
    let (run, child) = spawn(listing.run(&dir, "ndjson", &[]));
    until(|| fs::metadata(dir.join("rows")).is_ok_and(|about| about.len() > 2_000));
    refused(listing.run(&dir, "ndjson", &[]), &["--output rows: another run is writing to it"]);
    let args = ["-f", "ndjson", "--output", "rows", "--resume", "another"];
    refused(listing.bare(&dir, &args), &["--output rows: another run is writing to it"]);
    let args = ["-f", "ndjson", "--output", "others", "--resume", "state"];
    refused(listing.bare(&dir, &args), &["--resume state: another run is going on from it"]);
    assert!(!dir.join("others").exists());
    interrupt(&child);
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    // It let go: what it saved can be gone on with.
    assert_eq!(interrupted(listing.run(&dir, "ndjson", &[])).code, 130);
}

/// No file may grow over so many KiB: what is written beyond that fails.
fn bounded(run: Run, kib: u32) -> Run {
    let mut shell = Command::new("sh");
    // Without the trap the signal would end the program, which is a kill.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2)]);
    shell.arg(run.command.get_program()).args(run.command.get_args()).current_dir(&run.dir).stdin(Stdio::null());
    for (name, value) in run.command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let mut bounded = run;
    bounded.command = shell;
    bounded
}

#[test]
fn a_disk_that_is_full_loses_nothing() {
    for format in ["ndjson", "csv", "json"] {
        let listing = Listing::start("community", 0.0, 0, Duration::from_millis(10));
        let dir = folder();
        let full = bounded(listing.run(&dir, format, &[]), 64).go();
        assert_eq!(full.code, 1, "{}", full.stderr);
        assert!(full.error().starts_with("cannot write to rows: "), "{}", full.stderr);
        let had = whole_rows(&dir.join("rows"), format);
        assert!(!had.is_empty());
        assert_eq!(report(&dir)["members"], had.len(), "those that arrived");
        let run = listing.run(&dir, format, &[]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        whole(&listing, &dir, format, &run);
        assert_eq!(whole_rows(&dir.join("rows"), format)[..had.len()], had);
    }
}

#[test]
fn a_state_that_cannot_be_saved_any_more_is_said_when_it_is_needed() {
    let listing = Listing::start("community", 0.0, 0, SLOW);
    let dir = folder();
    let args = ["-f", "csv", "--output", "rows", "--resume", "in/state", "--report", "report.json"];
    let away = |stop: bool| {
        let _ = fs::create_dir(dir.join("in"));
        let (run, child) = spawn(listing.bare(&dir, &args));
        let before = fs::metadata(dir.join("rows")).map_or(0, |about| about.len());
        until(|| fs::metadata(dir.join("rows")).is_ok_and(|about| about.len() > before + 2_000));
        fs::rename(dir.join("in"), dir.join("away")).unwrap();
        if stop {
            interrupt(&child);
        }
        let outcome = run.outcome(child.wait_with_output().unwrap());
        fs::rename(dir.join("away"), dir.join("in")).unwrap();
        outcome
    };
    let outcome = away(true);
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    assert!(outcome.error().starts_with("cannot write to in/state: "), "{}", outcome.stderr);
    let had = whole_rows(&dir.join("rows"), "csv");
    // What was saved before that is still good, and the rows since then are not lost. A list that is complete needs none.
    let outcome = away(false);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let report = whole(&listing, &dir, "csv", &outcome);
    assert!(notes(&report).contains("one run was killed"), "as far as can be known: {report}");
    assert_eq!(whole_rows(&dir.join("rows"), "csv")[..had.len()], had);
}

#[test]
fn a_report_that_could_not_be_written_comes_with_the_next_run() {
    for name in ["tim", "wkteam", "yunshop"] {
        let listing = Listing::start(name, 0.0, 0, Duration::ZERO);
        let dir = folder();
        let args = ["-f", "json", "--output", "rows", "--resume", "state", "--report", "/dev/full"];
        let run = listing.bare(&dir, &args).go();
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.error().starts_with("cannot write to /dev/full"), "{}", run.stderr);
        let rows = fs::read(dir.join("rows")).unwrap();
        let run = listing.run(&dir, "json", &[]).go();
        assert!(run.code == 0 || name == "yunshop", "{}", run.stderr);
        whole(&listing, &dir, "json", &run);
        assert_eq!(fs::read(dir.join("rows")).unwrap(), rows);
    }
}

#[test]
fn a_state_in_another_form_is_not_read_out() {
    let (listing, dir) = half("csv");
    let state = fs::read_to_string(dir.join("state")).unwrap();
    let line = state.lines().next().unwrap();
    for (key, other) in
        [("\"walk\":{", "\"walk\":{\"group\":[\"user000001\"],"), ("\"runs\":{", "\"runs\":[\"user000001\"],\"x\":{")]
    {
        let line = line.replacen(key, other, 1);
        let sum =
            Command::new("sh").args(["-c", "printf %s \"$1\" | sha256sum | cut -c1-64", "sh", &line]).output().unwrap();
        fs::write(dir.join("state"), format!("{line}\n{}", String::from_utf8(sum.stdout).unwrap())).unwrap();
        let run = listing.run(&dir, "csv", &[]).go();
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.error().contains("another version") && !run.stderr.contains("user000001"), "{}", run.stderr);
    }
}

#[test]
fn no_secret_is_in_the_state() {
    for name in ALL {
        let listing = Listing::start(name, 0.0, 0, SLOW);
        let dir = folder();
        let mut run = listing.run(&dir, "ndjson", &["--raw"]);
        // What the server issues has no mark in it.
        let issued = match listing.vendor {
            "wkteam" => listing.sandbox.wkteam().token(),
            "yunshop" => listing.sandbox.yunshop().open_session("13911112222"),
            _ => SECRET.to_owned(),
        };
        run = match listing.vendor {
            "wkteam" => run.env("WKTEAM_TOKEN", &issued),
            "yunshop" => run.env("YUNSHOP_SESSION", &issued),
            _ => run,
        };
        let mut child = run.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Once at the start, and once when there was something to save.
        let saved = |rows: u64| {
            let state = fs::read(dir.join("state")).unwrap_or_default();
            let state =
                state.split(|&byte| byte == b'\n').next().and_then(|state| serde_json::from_slice::<Value>(state).ok());
            state.is_some_and(|state| state["output"]["rows"].as_u64() >= Some(rows))
        };
        until(|| saved(0));
        until(|| saved(1) || !dir.join("state").exists());
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        for file in files(&dir) {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains(&issued), "{name}: a credential is in {}", file.display());
        }
        // Looks for the marks in every file.
        let _ = run.outcome(output);
        fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
#[should_panic(expected = "the secret key is in")]
fn a_secret_in_the_state_would_be_found() {
    let listing = Listing::start("tim", 0.0, 0, SLOW);
    let dir = folder();
    let mut run = listing.run(&dir, "ndjson", &[]);
    fs::write(dir.join("state"), format!("{{\"key\":\"{}\"}}", SECRET)).unwrap();
    let output = run.command.output().unwrap();
    run.outcome(output);
}
