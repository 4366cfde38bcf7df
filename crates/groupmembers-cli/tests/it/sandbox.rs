use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use groupmembers_sandbox::tim::{DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY};

use crate::program::Run;
use crate::signals::interrupt;

/// A sandbox command that listens, and the first lines it printed.
fn start(args: &[&str], lines: usize) -> (Child, Vec<String>) {
    let mut run = Run::new(&[&["sandbox"], args].concat());
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.as_mut().unwrap());
    let lines = stdout.lines().take(lines).map(Result::unwrap).collect();
    (child, lines)
}

fn stop(mut child: Child) -> String {
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    stderr
}

#[test]
fn env_prints_exports_that_a_listing_works_with() {
    let (child, lines) =
        start(&["--env", "--members", "321", "--seed", "7", "--churn", "0.5", "--fault", "502-html"], 5);
    assert!(lines[0].starts_with("# ") && lines[0].contains("no secret"), "{lines:?}");
    let mut run = Run::new(&["list", "tim", "--group", "@TGS#1WORK", "-f", "csv"]);
    for line in &lines[1..] {
        let (name, value) = line.strip_prefix("export ").and_then(|export| export.split_once('=')).unwrap();
        run = run.env(name, value);
    }
    let run = run.go();
    assert!(matches!(run.code, 0 | 3), "{}", run.stderr);
    assert!(run.stdout.lines().count() > 300);
    let stderr = stop(child);
    assert!(stderr.contains("502-html") && stderr.contains("answered"), "{stderr}");
}

#[test]
fn the_exports_of_every_vendor_work() {
    let (child, lines) =
        start(&["--env", "--members", "12", "--fault", "wkteam:502-html@call-2", "--fault", "yunshop:bom"], 24);
    for (vendor, group, more) in [
        ("wkteam", "20000000500@chatroom", &["--pause-ms", "0"][..]),
        ("yunshop", "13", &[]),
        ("agora", "271828182845904", &[]),
        ("nim", "2757903841", &[]),
    ] {
        let mut run = Run::new(&[&["list", vendor, "--group", group, "-f", "csv"], more].concat());
        for line in lines.iter().filter_map(|line| line.strip_prefix("export ")) {
            let (name, value) = line.split_once('=').unwrap();
            run = run.env(name, value);
        }
        let run = run.go();
        assert!(matches!(run.code, 0 | 3), "{vendor}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("12 members of {group}, ")), "{vendor}: {}", run.stderr);
    }
    let stderr = stop(child);
    assert!(stderr.contains("502-html"), "{stderr}");
    for args in [
        ["--fault", "agora:nonsense"],
        ["--fault", "nim:nonsense"],
        ["--fault", "wkteam:nonsense"],
        ["--fault", "yunshop:nonsense"],
    ] {
        let run = Run::new(&[&["sandbox"], &args[..]].concat()).go();
        assert_eq!(run.code, 2);
        assert!(run.error().contains("--fault ") && run.error().contains("502-html"), "{}", run.stderr);
    }
}

#[test]
fn without_env_it_prints_the_same_readably() {
    let (child, lines) = start(&["--latency-ms", "1"], 7);
    let text = lines.join("\n");
    for word in
        ["Tencent IM at http://127.0.0.1:", &DEMO_SDK_APP_ID.to_string(), DEMO_SECRET_KEY, DEMO_ADMIN, "@TGS#1WORK"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    stop(child);
}

#[test]
fn groups_stand_one_on_a_line_and_are_no_larger_than_the_vendor_allows() {
    let (child, _) = start(&["--env", "--members", "50000"], 5);
    let stderr = stop(child);
    let lines: Vec<Vec<&str>> = stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    for group in [
        ["@TGS#1WORK", "Work", "6,000"],
        ["@TGS#2PUBLIC", "Public", "6,000"],
        ["@TGS#3MEETING", "Meeting", "6,000"],
        ["@TGS#_@TGS#cCOMMUNITY", "Community", "50,000"],
        ["@TGS#aAVCHATROOM", "AVChatRoom", "50,000"],
    ] {
        assert!(lines.iter().any(|line| *line == group), "{group:?}: {stderr}");
    }
    assert!(stderr.contains("note: the vendor has no groups of 50,000 for Work, Public, Meeting: "), "{stderr}");
    let (child, _) = start(&["--env", "--members", "6000"], 5);
    assert!(!stop(child).contains("note: "));
}

#[test]
fn what_it_cannot_do_is_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (args, words) in [
        (&["--port", &*port][..], "cannot listen there"),
        (&["--fault", "nonsense"], "there are 10002-then-ok"),
        (&["--churn", "NaN"], "--churn"),
        (&["--churn", "many"], "--churn"),
        (&["--members", "0"], "'--members <N>': write a whole number from 1 to 5,000,000"),
        (&["--members", "-5"], "'--members <N>': write a whole number from 1 to 5,000,000"),
        (&["--members", "99999999999999999999"], "'--members <N>': write a whole number from 1 to 5,000,000"),
        (&["--members", "many"], "'--members <N>': write a whole number from 1 to 5,000,000"),
        (&["--port", "-1"], "'--port <N>': write a whole number from 0 to 65,535"),
        (&["--latency-ms", "-1"], "'--latency-ms <N>': write a whole number from 0 to 60,000"),
        (&["--seed", "-1"], "'--seed <N>': write a whole number from 0 to "),
    ] {
        let run = Run::new(&[&["sandbox"], args].concat()).go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.error().contains(words), "{args:?}: {}", run.stderr);
    }
}
