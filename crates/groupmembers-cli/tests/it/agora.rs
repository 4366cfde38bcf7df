//! `list agora` against the sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use agora_chat_rest::{App, Client, RosterOptions, Token};
use groupmembers_http::replay::Replay;
use groupmembers_sandbox::agora::{Churn, GroupConfig, Injection};
use groupmembers_sandbox::{Config, Sandbox};
use serde_json::Value;

use crate::program::{CERTIFICATE, Outcome, Run, files};
use crate::token_agora::APP_ID;

const GROUP: &str = "271828182845904";
const ORG: &str = "41999999";
const APP: &str = "our-own-app";

fn sandbox(groups: Vec<GroupConfig>, change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Config::default();
    config.agora.app_id = APP_ID.to_owned();
    config.agora.app_certificate = CERTIFICATE.to_owned();
    config.agora.org = ORG.to_owned();
    config.agora.app = APP.to_owned();
    config.agora.groups = groups;
    change(&mut config);
    Sandbox::start(config).unwrap()
}

fn group(members: u32) -> Vec<GroupConfig> {
    vec![GroupConfig::new(GROUP, members)]
}

fn app(run: Run) -> Run {
    run.env("AGORA_APP_ID", APP_ID).env("AGORA_APP_CERTIFICATE", CERTIFICATE)
}

fn list(sandbox: &Sandbox, args: &[&str]) -> Run {
    app(Run::new(&[&["list", "agora", "--group", GROUP], args].concat())).env("AGORA_BASE_URL", &sandbox.base_url())
}

fn ids(run: &Outcome) -> BTreeSet<String> {
    let rows = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn truth(sandbox: &Sandbox) -> BTreeSet<String> {
    sandbox.agora().present_throughout(GROUP)
}

#[test]
fn every_format_shows_the_same_members() {
    let sandbox = sandbox(group(17), |_| {});
    for format in ["table", "json", "ndjson", "csv"] {
        let run = list(&sandbox, &["--format", format, "--admins"]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("17 members of {GROUP}, verified (2 calls, ")), "{}", run.stderr);
        insta::assert_snapshot!(format!("agora_{format}"), run.stdout);
    }
    let run = list(&sandbox, &["-f", "ndjson", "--raw", "--page-size", "10"]).go();
    assert_eq!((run.code, ids(&run)), (0, truth(&sandbox)), "{}", run.stderr);
    let first: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
    let raw = first["raw"].as_object().unwrap();
    assert!(raw.values().any(|value| *value == first["id"]) && raw.contains_key("joined_time"), "{first}");
}

#[test]
fn groups_of_every_size_are_listed_whole() {
    for members in [1, 250, 9_999, 12_345] {
        let sandbox = sandbox(group(members), |_| {});
        for args in [&[][..], &["--page-size", "100", "--concurrency", "3"], &["--admins"]] {
            // Pages of a single member share nothing that could prove them.
            if args.contains(&"100") && !(250..10_000).contains(&members) {
                continue;
            }
            let run = list(&sandbox, &[&["-f", "ndjson"], args].concat()).go();
            assert_eq!(run.code, 0, "{members} {args:?}: {}", run.stderr);
            assert!(run.stderr.contains(", verified ("), "{members} {args:?}: {}", run.stderr);
            assert_eq!(ids(&run), truth(&sandbox), "{members} {args:?}");
        }
    }
}

#[test]
fn admins_are_told_apart_where_they_are_asked_for() {
    let sandbox = sandbox(group(300), |config| config.agora.faults = vec!["admin-as-member".parse().unwrap()]);
    for (args, admins) in
        [(&["-f", "csv", "--page-size", "100"][..], 0), (&["-f", "csv", "--page-size", "100", "--admins"], 5)]
    {
        let run = list(&sandbox, args).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.stdout.matches(",admin,").count(), admins, "{args:?}");
        assert_eq!(run.stdout.matches(",owner,").count(), 1);
    }
}

#[test]
fn tokens_and_url_forms_come_from_the_environment() {
    let sandbox = sandbox(group(30), |_| {});
    let token = sandbox.agora().app_token(600);
    let by_key = |run: Run| run.env("AGORA_ORG", ORG).env("AGORA_APP", APP);
    for run in [
        by_key(list(&sandbox, &[])),
        list(&sandbox, &[]).without("AGORA_APP_CERTIFICATE").env("AGORA_APP_TOKEN", &token),
        by_key(list(&sandbox, &[]))
            .without("AGORA_APP_CERTIFICATE")
            .without("AGORA_APP_ID")
            .env("AGORA_APP_TOKEN", &token),
        // Set but empty is as good as unset.
        list(&sandbox, &[]).env("AGORA_APP_TOKEN", "").env("AGORA_ORG", "").env("AGORA_APP", ""),
    ] {
        let run = run.go();
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let token_agora = app(Run::new(&["token", "agora", "--expire", "60"])).makes_tokens().go().stdout;
    let run = list(&sandbox, &[]).without("AGORA_APP_CERTIFICATE").env("AGORA_APP_TOKEN", token_agora.trim()).go();
    assert_eq!(run.code, 0, "{}", run.stderr);
    // The sandbox heard the app it was told of, in the form it was told of.
    let user = sandbox.agora().user_token("somebody-else", 600);
    let run = list(&sandbox, &[]).without("AGORA_APP_CERTIFICATE").env("AGORA_APP_TOKEN", &user).go();
    assert_eq!(run.code, 1, "{}", run.stderr);
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let sandbox = sandbox(group(5), |_| {});
    let refused = |run: Run, words: &[&str]| {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{words:?}: {}", run.stderr);
        for word in words {
            assert!(run.error().contains(word), "{word}: {}", run.stderr);
        }
    };
    let bare = || Run::new(&["list", "agora", "--group", GROUP]);
    refused(bare(), &["AGORA_BASE_URL, AGORA_APP_ID and AGORA_APP_CERTIFICATE are not set: export them"]);
    refused(bare().env("AGORA_APP_TOKEN", "YWMtabc"), &["AGORA_BASE_URL and AGORA_APP_ID are not set"]);
    refused(
        bare().env("AGORA_APP_TOKEN", "YWMtabc").env("AGORA_ORG", ORG),
        &["AGORA_BASE_URL and AGORA_APP are not set"],
    );
    refused(list(&sandbox, &[]).env("AGORA_APP", APP), &["AGORA_ORG is not set"]);
    refused(list(&sandbox, &[]).without("AGORA_BASE_URL"), &["AGORA_BASE_URL is not set"]);
    refused(list(&sandbox, &[]).env("AGORA_APP_ID", "my app"), &["AGORA_APP_ID is not 32 hex digits"]);
    refused(list(&sandbox, &[]).env("AGORA_APP_CERTIFICATE", &CERTIFICATE[..31]), &["AGORA_APP_CERTIFICATE is not 32"]);
    refused(
        list(&sandbox, &[]).env("AGORA_APP_CERTIFICATE", &format!("{CERTIFICATE}\n")),
        &["AGORA_APP_CERTIFICATE has"],
    );
    refused(
        list(&sandbox, &[]).env("AGORA_APP_TOKEN", "Bearer badc0de5ec2e7bad"),
        &["AGORA_APP_TOKEN", "without Bearer"],
    );
    refused(list(&sandbox, &[]).env("AGORA_APP_TOKEN", "YWMt\nabc"), &["AGORA_APP_TOKEN"]);
    refused(list(&sandbox, &[]).env("AGORA_ORG", "a/b").env("AGORA_APP", APP), &["AGORA_ORG", "slash"]);
    for group in ["", " 1", "../1", "1%2f2", "1,2", "1/users", "..", "a b", "1?x=y"] {
        refused(app(Run::new(&["list", "agora", &format!("--group={group}")])), &["--group"]);
    }
    refused(app(Run::new(&["list", "agora", "--group", &"1".repeat(300)])), &["--group is 300 bytes long"]);
    for (url, words) in [
        ("a41.chat.agora.io", "no scheme: write https://"),
        ("http://a41.chat.agora.io", "plain http"),
        (&*format!("https://boss:{CERTIFICATE}@a41.chat.agora.io"), "has credentials in it"),
        ("https://a41.chat.agora.io/?a=b", "a query"),
    ] {
        refused(list(&sandbox, &["--base-url", url]), &["--base-url", words]);
        refused(list(&sandbox, &[]).env("AGORA_BASE_URL", url), &["AGORA_BASE_URL", words]);
    }
    for size in ["0", "9", "1001", "x"] {
        refused(list(&sandbox, &["--page-size", size]), &["--page-size", "from 10 to 1,000"]);
    }
    refused(list(&sandbox, &["--app-certificate", CERTIFICATE]), &["--app-certificate"]);
    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
}

#[test]
fn refusals_of_the_vendor_are_errors_that_say_what_to_do() {
    let sandbox = sandbox(group(5), |_| {});
    let fails = |run: Run, words: &[&str]| {
        let run = run.go();
        assert_eq!(run.code, 1, "{}", run.stderr);
        for word in words {
            assert!(run.error().contains(word), "{word}: {}", run.stderr);
        }
    };
    fails(
        app(Run::new(&["list", "agora", "--group", "66"])).env("AGORA_BASE_URL", &sandbox.base_url()),
        &["of group 66: no such group or user (404 ", "check the id"],
    );
    fails(list(&sandbox, &[]).env("AGORA_APP_CERTIFICATE", &"1".repeat(32)), &["the token was refused (401 "]);
    fails(list(&sandbox, &[]).env("AGORA_APP_ID", &"1".repeat(32)), &["no such app on this host (404 "]);
    fails(list(&sandbox, &[]).env("AGORA_ORG", ORG).env("AGORA_APP", "another"), &["no such app on this host (404 "]);
    let given = |token: &str| list(&sandbox, &[]).without("AGORA_APP_CERTIFICATE").env("AGORA_APP_TOKEN", token);
    fails(given("YWMtnobody"), &["the token was refused (401 "]);
    let credentials = agora_chat_rest::Credentials::new(APP_ID, CERTIFICATE).unwrap();
    let subject = agora_chat_rest::Subject::App;
    let old = agora_chat_rest::access_token::build(&credentials, &subject, 1_700_000_000, 600, 1).unwrap();
    fails(
        given(old.as_str()),
        &[
            "the token was refused",
            "AGORA_APP_TOKEN expired at 2023-11-14T22:23:20Z: make another, with `groupmembers token agora`",
        ],
    );
    let gone = { Sandbox::start(Config::default()).unwrap().base_url() };
    fails(list(&sandbox, &["--base-url", &gone]), &["no connection to the server"]);
}

fn with(faults: &[&str], args: &[&str]) -> (Outcome, Value, usize) {
    let faults = faults.iter().map(|fault| fault.parse::<Injection>().unwrap());
    let sandbox = sandbox(group(1_000), |config| config.agora.faults.extend(faults));
    let run =
        list(&sandbox, &[&["--output", "rows.ndjson", "--report", "report.json", "--page-size", "100"], args].concat());
    let dir = run.dir.clone();
    let run = run.go();
    let report: Value = serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
    let rows = fs::read_to_string(dir.join("rows.ndjson")).unwrap_or_default().lines().count();
    assert_eq!(report["members"], rows);
    (run, report, rows)
}

#[test]
fn trouble_that_passes_is_overcome() {
    for fault in [
        "401-expired",
        "401-blank",
        "408",
        "429-reach-limit",
        "429-retry-after",
        "500",
        "502-html",
        "503",
        "504-empty",
        "cut-body",
        "reset",
        "reset-mid-body",
    ] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, rows), (0, 1_000), "{fault}: {}", run.stderr);
        assert_eq!(report["completeness"], "verified", "{fault}: {report}");
        assert!(report["retries"].as_u64().unwrap() >= 1, "{fault}: {report}");
    }
    for habit in ["string-times", "wrong-count", "clamp-page=50", "owner-last", "application-fields", "properties"] {
        let (run, _, rows) = with(&[habit], &[]);
        assert_eq!((run.code, rows), (0, 1_000), "{habit}: {}", run.stderr);
    }
}

#[test]
fn trouble_that_stays_is_an_error_in_one_line() {
    for (fault, words) in [
        ("502-html@always", "HTTP status 502"),
        ("401-expired@always", "the token was refused (401 "),
        ("401-permission", "not permitted (401 "),
        ("403-disabled", "(403 "),
        ("404-app", "no such app on this host"),
        ("429-resource-limited", "the plan's limit is reached"),
        ("html-200", "it is HTML, not JSON"),
        ("null-data", "nothing is known from it"),
        ("redirect", "a redirect, which is not followed"),
        ("endless-body", "larger than this call's largest"),
    ] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, rows), (1, 0), "{fault}: {}", run.stderr);
        assert!(run.error().contains(words), "{fault}: {}", run.stderr);
        assert_eq!((report["error"].as_str(), &report["completeness"]), (Some(run.error()), &"incomplete".into()));
    }
    let (run, report, _) = with(&["slow-drip"], &["--deadline", "2"]);
    assert_eq!(run.code, 1);
    assert!(run.error().contains("allow more time with --deadline") && !report.to_string().contains("go on from"));
}

#[test]
fn lists_with_gaps_are_listed_and_end_with_3() {
    for (fault, verdict) in [("bad-row", "incomplete"), ("unstable-order", "incomplete"), ("missing-times", "")] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!(run.code, if verdict.is_empty() { run.code } else { 3 }, "{fault}: {}", run.stderr);
        assert!(verdict.is_empty() || report["completeness"] == verdict, "{fault}: {report}");
        assert!(rows >= 100, "{fault}: {rows} {}", run.stderr);
    }
}

struct Recorded {
    outcome: Outcome,
    dir: std::path::PathBuf,
    report: Value,
    rows: Vec<Value>,
    case: Value,
}

fn record(run: Run) -> Recorded {
    let mut run = run;
    run.command.args(["--record", "case", "--report", "report.json", "--output", "rows.ndjson", "--raw"]);
    let dir = run.dir.clone();
    let outcome = run.go();
    let json = |name: &str| serde_json::from_slice(&fs::read(dir.join(name)).unwrap()).unwrap();
    let rows = fs::read_to_string(dir.join("rows.ndjson")).unwrap_or_default();
    Recorded {
        report: json("report.json"),
        case: json("case/case.json"),
        rows: rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        dir: dir.join("case"),
        outcome,
    }
}

/// Lists the recorded group as a user's test would, and compares with what the program saw.
fn replays(recorded: &Recorded, options: RosterOptions) {
    let case = &recorded.case;
    let unix = Duration::from_secs(case["stamp"]["unix"].as_u64().unwrap());
    let replay = Replay::from_dir(&recorded.dir, unix, 0, &[]).unwrap();
    let of = |name: &str| case["credentials"][name].as_str().unwrap().to_owned();
    let app = if of("app").contains('#') { App::key(&of("app")) } else { App::id(of("app")) };
    let base = "https://a1.example.com".parse().unwrap();
    let request = &case["request"];
    let group = request["group_id"].as_str().or(request["group_ids"][0].as_str()).unwrap();
    let client = Client::builder(base, app.unwrap(), Token::new(of("token")).unwrap()).concurrency(1);
    let client = client.runtime(Arc::<Replay>::clone(&replay)).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(client.roster_with(group, options).all()).unwrap();
    assert_eq!(replay.left(), 0, "every recorded answer is asked for");
    let report = serde_json::to_value(&listing.report).unwrap();
    for key in ["vendor", "members", "calls", "retries", "throttled", "duplicates", "declared_total", "completeness"] {
        assert_eq!(report[key], recorded.report[key], "{key}");
    }
    assert_eq!(listing.members.len(), recorded.rows.len());
    let mut ids = BTreeSet::new();
    for (stand_in, row) in listing.members.iter().zip(&recorded.rows) {
        assert!(stand_in.user_id.starts_with("user_") && ids.insert(&stand_in.user_id));
        let stand_in = serde_json::to_value(stand_in).unwrap();
        for (name, value) in row["raw"].as_object().unwrap() {
            match name.as_str() {
                "joined_time" => assert_eq!(value, &stand_in[name]),
                _ => assert!(stand_in[name].is_string() && value != &stand_in[name], "{name}"),
            }
        }
    }
}

/// What the vendor sent of people, and what was sent of the app, must not be in any file.
fn is_sanitised(recorded: &Recorded) {
    let mut private: BTreeSet<&str> = [GROUP, APP_ID, ORG, APP, "127.0.0.1", "测试群", "007eJ"].into();
    private.extend(recorded.rows.iter().filter_map(|row| row["id"].as_str()));
    assert!(private.len() > 10);
    for file in files(&recorded.dir) {
        let text = fs::read_to_string(&file).unwrap();
        let words: BTreeSet<&str> = text.split(['"', '/', '=', '&', '?', ' ', '\r', '\n', ':']).collect();
        for word in &private {
            let found = if word.len() > 8 { text.contains(word) } else { words.contains(word) };
            assert!(!found, "{word:?} is in {}: {text}", file.display());
        }
        assert!(!file.ends_with("1.request.http") || text.contains("\r\nauthorization: Bearer REDACTED\r\n"), "{text}");
    }
}

#[test]
fn what_is_recorded_replays_with_stand_ins() {
    let default = RosterOptions::default;
    let by_key = |run: Run| run.env("AGORA_ORG", ORG).env("AGORA_APP", APP);
    let sandbox = sandbox(group(730), |_| {});
    for (run, options) in [
        (list(&sandbox, &[]), default()),
        (list(&sandbox, &["--page-size", "100"]), default().page_size(100).in_pages()),
        (list(&sandbox, &["--admins", "--page-size", "100"]), default().page_size(100).in_pages().with_admins()),
        (by_key(list(&sandbox, &["--page-size", "200"])), default().page_size(200).in_pages()),
    ] {
        let recorded = record(run);
        assert_eq!(recorded.outcome.code, 0, "{}", recorded.outcome.stderr);
        let case = &recorded.case;
        assert_eq!((&case["schema"], &case["vendor"], &case["expect"]), (&1.into(), &"agora".into(), &"ok".into()));
        assert_eq!(files(&recorded.dir).len() as u64, 1 + 2 * recorded.report["calls"].as_u64().unwrap());
        is_sanitised(&recorded);
        replays(&recorded, options);
    }
}

#[test]
fn a_refusal_and_a_list_under_churn_are_recorded_too() {
    let refusing = sandbox(group(5), |config| config.agora.faults = vec!["401-permission".parse().unwrap()]);
    let recorded = record(list(&refusing, &[]));
    assert_eq!((recorded.outcome.code, &recorded.case["expect"]), (1, &"api-error".into()));
    let answer = fs::read_to_string(recorded.dir.join("1.response.http")).unwrap();
    assert!(answer.contains("\"error_description\":\"text 2 permission\""), "{answer}");

    let moving = sandbox(vec![GroupConfig::new(GROUP, 700).churn(Churn::per_call(1.0))], |_| {});
    let recorded = record(list(&moving, &["--page-size=100"]));
    assert!(matches!(recorded.outcome.code, 0 | 3), "{}", recorded.outcome.stderr);
    is_sanitised(&recorded);
    replays(&recorded, RosterOptions::default().page_size(100).in_pages());
}
