use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use groupmembers_sandbox::tim::GroupKind;
use serde_json::Value;

use crate::program::{Run, group, sandbox};

#[test]
fn every_format_shows_the_same_members() {
    let sandbox = sandbox(vec![group(GroupKind::Public, 17).remove(0).custom_fields()], |_| {});
    for format in ["table", "json", "ndjson", "csv"] {
        let run =
            Run::list(&sandbox, &["--format", format, "--fields", "Role,JoinTime,MuteUntil,NameCard,OnlineStatus"])
                .go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.starts_with("17 members of g, verified (2 calls, "), "{}", run.stderr);
        insta::assert_snapshot!(format, run.stdout);
    }
    for format in ["ndjson", "csv"] {
        let run =
            Run::list(&sandbox, &["-f", format, "--raw", "--type", "public", "--custom-fields", "MemberDefined1"]).go();
        insta::assert_snapshot!(format!("{format}_raw"), run.stdout.lines().take(4).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn json_is_one_array_and_csv_has_a_header_even_without_rows() {
    let sandbox = sandbox(group(GroupKind::AVChatRoom, 0), |_| {});
    for (format, expected) in [
        ("json", "[]\n"),
        ("ndjson", ""),
        ("csv", "vendor,group,id,name,role,joined_at,avatar_url,muted_until,online\n"),
        ("table", "ID  NAME  ROLE  JOINED  MUTED UNTIL  ONLINE\n"),
    ] {
        let run = Run::list(&sandbox, &["-f", format, "--type", "avchatroom"]).go();
        assert_eq!((run.code, run.stdout.as_str()), (3, expected));
    }
}

#[test]
fn a_live_room_has_nick_names_and_is_unverified() {
    let sandbox = sandbox(group(GroupKind::AVChatRoom, 40), |_| {});
    let run = Run::list(&sandbox, &["-f", "ndjson"]).go();
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("note: a live room has no member list")
            && run.stderr.contains("40 members of g, unverified")
    );
    let rows: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row["role"].is_null() && row["id"].is_string()));
    assert!(rows.iter().any(|row| row["name"].is_string()) && rows.iter().any(|row| row["name"].is_null()));
    assert!(rows.iter().all(|row| row["name"] != "" && row["avatar_url"] != ""));
}

#[test]
fn every_kind_of_group_is_listed_whole() {
    for (kind, word, rows) in [
        (GroupKind::Work, "work", 300),
        (GroupKind::Meeting, "meeting", 6_000),
        (GroupKind::Community, "community", 2_345),
    ] {
        let sandbox = sandbox(group(kind, rows), |_| {});
        for args in [&["-f", "csv"][..], &["-f", "csv", "--type", word, "--page-size", "90", "--concurrency", "3"]] {
            let run = Run::list(&sandbox, args).go();
            assert_eq!(run.code, 0, "{}", run.stderr);
            // Names have line breaks in them: count what a reader of CSV counts.
            let read = csv::Reader::from_reader(run.stdout.as_bytes()).into_records().map(Result::unwrap);
            let ids: std::collections::BTreeSet<String> = read.map(|record| record[2].to_owned()).collect();
            assert_eq!(ids.len(), rows as usize);
        }
    }
}

#[test]
fn a_table_goes_on_with_the_widths_of_its_first_rows() {
    let sandbox = sandbox(group(GroupKind::Community, 5_000), |_| {});
    let run = Run::list(&sandbox, &[]).go();
    assert_eq!(run.code, 0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 5_001, "one header, and a line for every member");
    let joined = |line: &str| line.find("20").unwrap();
    assert_eq!(joined(lines[1].trim_start_matches(|c: char| !c.is_ascii())), joined(lines[1]));
    assert!(lines[4_990].starts_with("user00"), "{}", lines[4_990]);
    // ASCII rows of the first and of the last part stand in the same columns.
    let column = |lines: &[&str]| {
        let line = lines.iter().find(|line| line.is_ascii() && line.contains("member")).unwrap();
        (line.find("member").unwrap(), line.find("T1").or(line.find("T0")).unwrap_or_default() > 0)
    };
    assert_eq!(column(&lines[1..2_000]), column(&lines[3_000..]));
}

#[test]
fn a_table_cuts_no_id() {
    let sandbox = sandbox(group(GroupKind::Community, 2_500), |_| {});
    let long = ["somebody-who-came-late-0123456789", "一个名字特别长而且来得特别晚的人", "x"];
    assert!(long.iter().all(|id| sandbox.tim().add_member("g", id)));
    let run = Run::list(&sandbox, &[]).go();
    assert_eq!(run.code, 0, "{}", run.stderr);
    for id in long {
        assert_eq!(run.stdout.lines().filter(|line| line.split("  ").next() == Some(id)).count(), 1, "{id}");
    }
    assert_eq!(run.stdout.lines().count(), 2_504);
}

#[test]
fn the_name_of_the_output_decides_the_format_and_stdout_stays_empty() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    for (name, start) in [
        ("a.json", "[\n{"),
        ("a.ndjson", "{\"vendor\":\"tim\",\"group\":\"g\",\"id\""),
        ("a.csv", "vendor,"),
        ("a.txt", "ID"),
    ] {
        let run = Run::list(&sandbox, &["--output", name, "--report", "report.json"]);
        let dir = run.dir.clone();
        fs::write(dir.join(name), "what was here before ".repeat(1000)).unwrap();
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
        let written = fs::read_to_string(dir.join(name)).unwrap();
        assert!(written.starts_with(start) && !written.contains("what was here"), "{written}");
        let report: Value = serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
        let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
        let expected = "calls completeness declared_total duplicates elapsed_ms gaps group members notes retries started_at throttled vendor";
        assert_eq!(keys.into_iter().cloned().collect::<Vec<_>>().join(" "), expected);
        assert_eq!(
            (&report["members"], &report["completeness"], &report["declared_total"]),
            (&5.into(), &"verified".into(), &5.into())
        );
        assert!(report["started_at"].as_str().unwrap().ends_with('Z'));
    }
}

#[test]
fn whoever_reads_one_line_and_leaves_hears_nothing_more() {
    let sandbox = sandbox(group(GroupKind::Community, 30_000), |_| {});
    for format in ["ndjson", "table", "json", "csv"] {
        let mut run = Run::list(&sandbox, &["-f", format]);
        let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 2]).unwrap();
        drop(stdout);
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{format}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_said_even_to_whoever_left() {
    let sandbox = sandbox(group(GroupKind::Community, 30_000), |_| {});
    for (report, code) in [("report.json", 0), ("/dev/full", 1)] {
        if report == "/dev/full" && !std::path::Path::new(report).exists() {
            continue;
        }
        let mut run = Run::list(&sandbox, &["-f", "ndjson", "--report", report]);
        let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 2]).unwrap();
        drop(stdout);
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        match code {
            0 => assert_eq!(outcome.stderr, ""),
            _ => {
                assert!(outcome.error().starts_with("cannot write to /dev/full: "), "{}", outcome.stderr);
                assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
            }
        }
    }
}

#[test]
fn the_report_counts_the_rows_that_arrived() {
    let sandbox = sandbox(group(GroupKind::Meeting, 6_000), |config| {
        config.tim.faults.push("bad-row".parse().unwrap());
    });
    // Everyone is in one answer, and the gap of the bad row lies behind all the others that were read.
    let mut run = Run::list(&sandbox, &["-f", "ndjson", "--report", "report.json"]);
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 2]).unwrap();
    drop(stdout);
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let report: Value = serde_json::from_slice(&fs::read(run.dir.join("report.json")).unwrap()).unwrap();
    let members = report["members"].as_u64().unwrap();
    // A pipe holds 64 KiB, and a row has more than 50 bytes.
    assert!(members < 2_000, "{report}");
    assert_eq!(report["completeness"], "incomplete");
    let gaps = report["gaps"].as_array().unwrap();
    assert!(!gaps.is_empty() && gaps.iter().all(|gap| gap["after"].as_u64().unwrap() <= members), "{report}");
    assert!(gaps.iter().any(|gap| gap["after"] == members && gap["what"].as_str().unwrap().contains("pipe")));
}
