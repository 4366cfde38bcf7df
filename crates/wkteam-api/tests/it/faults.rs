//! Everything the sandbox can do wrong, and what a caller gets to know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use groupmembers_http::Runtime;
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::wkteam::{DEMO_WC_ID, Fault, GroupConfig, Injection, Role};
use wkteam_api::{Client, Completeness, Error, Report, RosterOptions, get_contact};

use crate::sandbox::{FastClock, GROUP, account, base, patient, start};

/// What is done while something goes wrong, and in which calls it may.
const DOINGS: &[(&str, Option<&str>, &[&str])] = &[
    // Login, look for the wId, description, list: the third is the description.
    ("roster", None, &["once", "call-3", "always"]),
    ("roster", Some("getChatRoomInfo"), &["once", "always"]),
    ("roster", Some("getChatRoomMember"), &["once", "always"]),
    ("third roster", Some("getChatRoomInfo"), &["call-3"]),
    ("third roster", Some("getChatRoomMember"), &["call-3"]),
    ("profiles", Some("getChatRoomMemberInfo"), &["once", "call-3", "always"]),
    ("contacts", Some("getContact"), &["once", "always"]),
    ("logins", Some("queryLoginWx"), &["always"]),
    ("online", Some("isOnline"), &["always"]),
    ("book", Some("getAddressList"), &["always"]),
    ("init", Some("initAddressList"), &["once"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_ends_in_the_right_result_or_the_right_error() {
    let mut cases = Vec::new();
    for &(doing, command, whens) in DOINGS {
        let slow: &[&str] = if doing == "init" { &["slow-answer"] } else { &[] };
        for name in slow.iter().chain(Fault::NAMES) {
            cases.extend(whens.iter().map(|when| (doing, command, *name, *when)));
        }
    }
    let runtime = FastClock::runtime();
    let lines = stream::iter(cases.into_iter().enumerate()).map(|(at, (doing, command, name, when))| {
        let runtime = Arc::clone(&runtime);
        async move {
            let mut fault: Injection = format!("{name}@{when}").parse().unwrap();
            fault.command = command.map(str::to_owned);
            if doing == "init" && name == "slow-answer" {
                // Nearly three minutes, as documented, by the fast clock.
                fault.fault = Fault::Transport(Transport::SlowAnswer(160_000 / FastClock::TIMES));
            }
            let place = command.map_or_else(String::new, |command| format!(" in {command}"));
            let line = tokio::spawn(outcome(doing, fault, runtime)).await.unwrap();
            (at, line.map_or_else(String::new, |line| format!("{name} {when}{place}, {doing}: {line}\n")))
        }
    });
    let table: BTreeMap<usize, String> = lines.buffer_unordered(32).collect().await;
    let table: String = table.into_values().collect();
    for name in Fault::NAMES {
        assert!(table.contains(&format!("{name} always")), "{name} hits nothing");
    }
    insta::assert_snapshot!(table);
}

/// What it came to, on one line; none where the fault is about other calls.
async fn outcome(doing: &str, fault: Injection, runtime: Arc<dyn Runtime>) -> Option<String> {
    let members = if doing == "profiles" { 7 } else { 40 };
    let sandbox = start(patient([GroupConfig::new(GROUP, "群", members).role(Role::Owner)]));
    let world = sandbox.wkteam();
    let client = Client::builder(base(&sandbox), account()).runtime(runtime);
    let client = client.attempt_timeout(Duration::from_secs(3) * FastClock::TIMES).wc_id(DEMO_WC_ID).build().unwrap();
    if doing == "book" {
        client.init_address_list().await.unwrap();
    }
    // A caller who does not wait for the answer leaves no line in the log.
    let silent = matches!(fault.fault, Fault::Transport(Transport::SlowAnswer(_)));
    world.inject(fault);
    let before = sandbox.calls();
    let line = match doing {
        "roster" | "third roster" => {
            for _ in 0..if doing == "roster" { 0 } else { 2 } {
                assert_eq!(client.roster(GROUP).all().await.unwrap().report.completeness, Completeness::Verified);
            }
            let mut roster = client.roster(GROUP);
            let (mut found, mut error) = (Vec::new(), None);
            while let Some(member) = roster.next().await {
                match member {
                    Ok(member) => found.push(member.user_name),
                    Err(end) => error = Some(end),
                }
            }
            judged(&world.present_throughout(GROUP), &found, &roster.report(), error)
        }
        "profiles" => {
            let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
            let (mut found, mut bare, mut error) = (Vec::new(), String::new(), None);
            while let Some(member) = roster.next().await {
                match member {
                    Ok(member) => {
                        if let Some(problem) = &member.problem {
                            write!(bare, "; member {}: {problem}", found.len()).unwrap();
                        }
                        assert_ne!(member.problem.is_some(), member.profile.is_some());
                        found.push(member.member.user_name);
                    }
                    Err(end) => error = Some(end),
                }
            }
            judged(&world.present_throughout(GROUP), &found, &roster.report(), error) + &bare
        }
        "contacts" => {
            let ids: Vec<String> = world.members(GROUP).into_iter().take(3).map(|member| member.user_name).collect();
            let request = get_contact::Request::new(ids);
            said(client.get_contact(&request).await.map(|answer| {
                let missing = request.missing(&answer).count();
                format!("{} profiles, {missing} missing, {} rejected", answer.data.len(), answer.rejected.len())
            }))
        }
        "logins" => said(client.query_login_wx().await.map(|answer| format!("{} accounts", answer.data.len()))),
        "online" => said(client.is_online().await.map(|online| online.to_string())),
        "book" => said(client.get_address_list().await.map(|book| format!("{:?}", book.data.chatrooms))),
        "init" => said(client.init_address_list().await.map(|_| "done".to_owned())),
        other => panic!("{other}"),
    };
    for secret in [world.token(), world.wid(DEMO_WC_ID), "sandbox-password".to_owned(), "13800000000".to_owned()] {
        assert!(!line.contains(&secret), "{line}");
    }
    let calls = sandbox.calls() - before;
    let hit = silent || sandbox.log().iter().any(|entry| entry.note.starts_with("fault: "));
    hit.then(|| format!("{line} ({calls} calls)"))
}

fn said(outcome: Result<String, Error>) -> String {
    outcome.unwrap_or_else(|error| format!("error: {error}"))
}

/// The line, once it is sure that it does not lie.
fn judged(truth: &BTreeSet<String>, found: &[String], report: &Report, error: Option<Error>) -> String {
    let unique: BTreeSet<String> = found.iter().cloned().collect();
    let mut line = format!("{} members, {}", found.len(), report.completeness.as_str());
    assert_eq!(unique.len(), found.len(), "somebody appears twice: {line}");
    assert_eq!(report.members, found.len() as u64);
    assert!(unique.is_subset(truth), "somebody was invented: {line}");
    if report.completeness.is_complete() {
        assert_eq!(&unique, truth, "somebody is lost: {line}");
        assert!(report.gaps.is_empty() && error.is_none(), "{line}");
    }
    if error.is_some() {
        assert_eq!(report.completeness, Completeness::Incomplete);
    }
    assert_eq!(report.completeness == Completeness::Incomplete, !report.gaps.is_empty(), "{line}");
    for note in &report.notes {
        write!(line, "; note: {note}").unwrap();
    }
    let error = error.map(|error| error.to_string());
    for gap in &report.gaps {
        let what = match &error {
            Some(error) if gap.what == format!("stopped: {error}") => "stopped",
            _ => &gap.what,
        };
        write!(line, "; gap after {}: {what}", gap.after).unwrap();
    }
    if let Some(error) = error {
        write!(line, "; error: {error}").unwrap();
    }
    line
}
