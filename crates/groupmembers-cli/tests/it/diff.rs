use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use groupmembers_sandbox::tim::GroupKind;
use serde_json::Value;

use crate::program::{Outcome, Run, group, sandbox};

const HEADER: &str = "vendor,group,id,name,role,joined_at,avatar_url,muted_until,online";

/// A line of NDJSON.
fn row(group: &str, id: &str, name: &str, role: &str) -> String {
    format!(
        "{{\"vendor\":\"tim\",\"group\":\"{group}\",\"id\":\"{id}\",\"name\":\"{name}\",\"role\":\"{role}\",\"joined_at\":null,\"avatar_url\":null,\"muted_until\":null,\"online\":null}}\n"
    )
}

fn diff(old: &str, new: &str, args: &[&str]) -> Outcome {
    let run = Run::new(&[&["diff", "old", "new"], args].concat());
    fs::write(run.dir.join("old"), old).unwrap();
    fs::write(run.dir.join("new"), new).unwrap();
    run.go()
}

#[test]
fn who_joined_left_or_changed_is_told_and_the_exit_code_says_that_somebody_did() {
    let old = row("g", "a", "甲", "member") + &row("g", "b", "乙", "member") + &row("g", "c", "丙", "owner");
    let new = row("g", "c", "丙", "owner") + &row("g", "d", "丁", "member") + &row("g", "a", "甲", "admin");
    let run = diff(&old, &new, &[]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    let lines: Vec<String> =
        run.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, ["CHANGE ID NAME WHAT", "joined d 丁", "left b 乙", "changed a 甲 role: member → admin"]);
    assert_eq!(run.stderr, "1 joined, 1 left, 1 changed; 3 members now\n");

    let run = diff(&old, &new, &["--format", "ndjson"]);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let changes: Vec<&str> = lines.iter().map(|line| line["change"].as_str().unwrap()).collect();
    assert_eq!((run.code, changes), (4, vec!["joined", "left", "changed"]));
    assert_eq!((&lines[0]["id"], &lines[0]["role"]), (&"d".into(), &"member".into()));
    assert_eq!(lines[2]["fields"], serde_json::json!({"role": {"from": "member", "to": "admin"}}));

    let same = diff(&old, &old, &[]);
    assert_eq!((same.code, same.stdout.as_str(), same.stderr.as_str()), (0, "", "the same 3 members\n"));
}

#[test]
fn order_format_line_ends_and_a_byte_order_mark_make_no_difference() {
    let rows = [("a", "甲"), ("b", "x, \"y\"\\n z")];
    let ndjson: String = rows.iter().map(|(id, name)| row("g", id, &name.replace('"', "\\\""), "member")).collect();
    let csv = format!("{HEADER}\ntim,g,b,\"x, \"\"y\"\"\n z\",member,,,,\ntim,g,a,甲,member,,,,\n");
    let other = "id,group,vendor,role,name\r\nb,g,tim,member,\"x, \"\"y\"\"\n z\"\r\na,g,tim,member,甲".to_owned();
    let sorted = "\n".to_owned() + &ndjson.lines().rev().collect::<Vec<_>>().join("\r\n");
    for old in [&ndjson, &csv, &other, &sorted] {
        for new in [&ndjson, &csv, &other, &sorted] {
            let run = diff(&format!("\u{feff}{old}"), new, &[]);
            assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{old}\n{new}\n{}", run.stderr);
        }
    }
    let empty = diff("", &ndjson, &[]);
    assert_eq!((empty.code, empty.stderr.as_str()), (4, "2 joined; 2 members now\n"));
}

/// What changed, and whose row, as the lines of ndjson say it.
fn changes(lines: &str) -> Vec<(String, String)> {
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines.map(|line| (text(&line["change"]), text(&line["id"]))).collect()
}

#[test]
fn differences_come_in_the_order_of_the_files() {
    let rows = |members: std::ops::Range<u32>, role: &str| -> String {
        members.map(|n| row("g", &format!("u{n:03}"), "n", if n % 3 == 0 { role } else { "member" })).collect()
    };
    let run = diff(&rows(0..200, "member"), &rows(50..300, "admin"), &["--format", "ndjson"]);
    let found = changes(&run.stdout);
    let of = |change: &str, members: &mut dyn Iterator<Item = u32>| -> Vec<(String, String)> {
        members.map(|n| (change.to_owned(), format!("u{n:03}"))).collect()
    };
    let joined = of("joined", &mut (200..300));
    let left = of("left", &mut (0..50));
    let changed = of("changed", &mut (50..200).filter(|n| n % 3 == 0));
    assert_eq!((run.code, found), (4, [joined, left, changed].concat()), "{}", run.stderr);
}

/// Rows that end with a bare carriage return stand all in line 1: a line tells nothing of their order.
#[test]
fn differences_come_in_the_order_of_a_file_that_is_one_line() {
    let id = |n: u32| format!("u{}", n * 7_919 % 10_007);
    let rows = |members: std::ops::Range<u32>, role: &str| -> String {
        let rows = members.map(|n| format!("tim,g,{},甲,{role},,,,\r", id(n)));
        format!("{HEADER}\r") + &rows.collect::<String>()
    };
    let run = diff(&rows(0..300, "member"), &rows(100..400, "admin"), &["--format", "ndjson"]);
    let found = changes(&run.stdout);
    let of = |change: &str, members: std::ops::Range<u32>| -> Vec<(String, String)> {
        members.map(|n| (change.to_owned(), id(n))).collect()
    };
    let expected = [of("joined", 300..400), of("left", 0..100), of("changed", 100..300)].concat();
    assert_eq!((run.code, found), (4, expected), "{}", run.stderr);
}

#[test]
fn of_all_who_stand_there_twice_the_first_is_named() {
    let once: String = (0..100).map(|n| row("g", &format!("u{n:02}"), "n", "member")).collect();
    let again = [70, 20, 70, 5, 20].map(|n| row("g", &format!("u{n:02}"), "other", "admin")).concat();
    let twice = format!("{once}{again}");
    for (old, new, file) in [(&twice, &once, "old"), (&once, &twice, "new")] {
        let run = diff(old, new, &[]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        let words = format!("{file} line 101: u70 stands in line 71 already");
        assert!(run.stderr.contains(&words), "{}", run.stderr);
    }
}

#[test]
fn a_name_that_is_no_utf_8_is_looked_at_where_it_changed() {
    let bytes = |name: &[u8]| {
        let text = row("g", "a", "NAME", "member");
        let (before, behind) = text.split_once("NAME").unwrap();
        [before.as_bytes(), name, behind.as_bytes()].concat()
    };
    for (new, code, words) in
        [(b"\xff", 0, "the same 1 member"), (b"\xfe", 1, "a field holds what no member has there")]
    {
        let run = Run::new(&["diff", "old", "new"]);
        fs::write(run.dir.join("old"), bytes(b"\xff")).unwrap();
        fs::write(run.dir.join("new"), bytes(new)).unwrap();
        let run = run.go();
        assert_eq!(run.code, code, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn members_of_several_groups_are_told_apart() {
    let old = row("g", "a", "甲", "member") + &row("h", "a", "甲", "member");
    let run = diff(&old, &(row("h", "a", "甲", "member") + &row("g", "b", "乙", "member")), &[]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(run.code == 4 && lines.len() == 3, "{}", run.stdout);
    assert!(lines[1].contains("tim g b") && lines[2].contains("tim g a"), "{}", run.stdout);
}

#[test]
fn what_list_wrote_is_compared_and_stdin_is_read() {
    let sandbox = sandbox(group(GroupKind::Public, 300), |_| {});
    let before = Run::list(&sandbox, &["-f", "ndjson", "--raw"]).go().stdout;
    let csv = Run::list(&sandbox, &["-f", "csv", "--raw"]).go().stdout;
    assert_eq!(diff(&before, &csv, &[]).code, 0);
    assert!(sandbox.tim().add_member("g", "late"));
    let after = Run::list(&sandbox, &["-f", "csv"]).go().stdout;
    for old in [&before, &csv] {
        let run = Run::new(&["diff", "old", "-", "-f", "ndjson"]);
        fs::write(run.dir.join("old"), old).unwrap();
        let run = run.read(&after);
        assert_eq!((run.code, run.stdout.lines().count()), (4, 1), "{}", run.stderr);
        let joined: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((&joined["change"], &joined["id"]), (&"joined".into(), &"late".into()));
    }
}

#[test]
fn what_is_no_roster_is_refused_in_one_line_without_a_word_of_it() {
    let good = row("g", "a", "甲", "member");
    for (bad, says) in [
        (good.clone() + &good, "new line 2: a stands in line 1 already: every member is there once"),
        (good.clone() + &row("g", "b", "张三", "admin")[..60], "new line 2: the end of the file cuts it off"),
        (good.clone() + "{\"vendor\": 张三\n", "new line 2: it is no JSON"),
        (
            good.clone() + "{\"vendor\":\"tim\",\"group\":\"g\",\"id\":\"b\",\"张三\":1}\n",
            "new line 2: it has not the fields of a member, or others",
        ),
        (good.replace("\"id\":\"a\"", "\"id\":\"\""), "new line 1: it is without vendor, group or id"),
        (good.replace("\"online\":null", "\"online\":\"张三\""), "new line 1: a field holds what no member has there"),
        (format!("[\n{good}]\n"), "new line 1: it is one JSON array: write it with --format ndjson or csv"),
        ("张三,李四\n1,2\n".to_owned(), "new line 1: it is no header of a roster: vendor, group and id must be in it"),
        (format!("{HEADER},张三\n"), "new line 1: column 10 is no column of a roster, or there twice"),
        (
            format!("{HEADER}\ntim,g,a,张三"),
            "new line 2: it has not as many columns as the header, or the end of the file cuts it off",
        ),
        (
            format!("{HEADER}\ntim,g,a,甲,,,,,\ntim,g,a,甲,,,,,\n"),
            "new line 3: a stands in line 2 already: every member is there once",
        ),
        (format!("{HEADER}\ntim,g,a,张三,,soon,,,\n"), "new line 2: joined_at is no instant"),
    ] {
        let run = diff(&good, &bad, &[]);
        assert_eq!((run.code, run.error()), (1, says));
        assert!(!run.stderr.contains("张三") && run.stdout.is_empty(), "{}", run.stderr);
    }
    let run = Run::new(&["diff", "old", "-"]);
    fs::write(run.dir.join("old"), &good).unwrap();
    let run = run.read(&format!("{{\"vendor\":\"{}", "x".repeat(17 << 20)));
    assert_eq!((run.code, run.error()), (1, "stdin line 1: it is longer than any row: this is no roster"));
    for args in [&["diff", "-", "-"][..], &["diff", "none", "none"], &["diff", ".", "."], &["diff", "old"]] {
        let run = Run::new(args).go();
        assert_eq!(run.code, 2, "{}", run.stderr);
        run.error();
    }
}

#[test]
fn whoever_reads_one_line_and_leaves_hears_nothing_more() {
    let many: String = (0..5_000).map(|n| row("g", &format!("u{n}"), "甲", "member")).collect();
    let mut run = Run::new(&["diff", "old", "new"]);
    fs::write(run.dir.join("old"), many).unwrap();
    fs::write(run.dir.join("new"), "").unwrap();
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 2]).unwrap();
    drop(stdout);
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (4, ""));
}
