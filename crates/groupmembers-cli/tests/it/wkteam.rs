//! `list wkteam` against the sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::replay::Replay;
use groupmembers_sandbox::wkteam::{AuthAnswer, Churn, GroupConfig, Injection, Role, Status};
use groupmembers_sandbox::{Config, Sandbox};
use serde_json::Value;
use wkteam_api::{Client, Token, WId};

use crate::program::{Outcome, Run, SECRET, files};

const GROUP: &str = "24343869723@chatroom";
const ACCOUNT: &str = "13911112222";
const WC_ID: &str = "wxid_sandbox0robot22";
/// The program's tests look for its middle everywhere.
const WID: &str = "349be9b5-MARKEDSECRET-4e10ca568c67";

fn sandbox(groups: Vec<GroupConfig>, change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Config::default();
    config.wkteam.account = ACCOUNT.to_owned();
    config.wkteam.password = SECRET.to_owned();
    config.wkteam.wechat[0].wid = WID.to_owned();
    config.wkteam.groups = groups;
    change(&mut config);
    Sandbox::start(config).unwrap()
}

fn group(members: u32) -> Vec<GroupConfig> {
    vec![GroupConfig::new(GROUP, "老用户群", members).role(Role::Admin)]
}

/// By an account, without pauses.
fn list(sandbox: &Sandbox, args: &[&str]) -> Run {
    list_of(sandbox, GROUP, args)
}

fn list_of(sandbox: &Sandbox, group: &str, args: &[&str]) -> Run {
    Run::new(&[&["list", "wkteam", "--group", group, "--pause-ms", "0"], args].concat())
        .env("WKTEAM_BASE_URL", &sandbox.base_url())
        .env("WKTEAM_ACCOUNT", ACCOUNT)
        .env("WKTEAM_PASSWORD", SECRET)
        .env("WKTEAM_WID", WID)
}

/// With a token instead.
fn by_token(run: Run, token: &str) -> Run {
    run.without("WKTEAM_ACCOUNT").without("WKTEAM_PASSWORD").env("WKTEAM_TOKEN", token)
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_format_shows_the_same_members() {
    let sandbox = sandbox(group(14), |_| {});
    for format in ["table", "json", "ndjson", "csv"] {
        let run = list(&sandbox, &["--format", format]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.starts_with(&format!("14 members of {GROUP}, verified (3 calls, ")), "{}", run.stderr);
        insta::assert_snapshot!(format!("wkteam_{format}"), run.stdout);
    }
    let run = list(&sandbox, &["-f", "ndjson", "--raw"]).go();
    assert!(rows(&run.stdout).iter().all(|row| row["raw"]["userName"] == row["id"]), "{}", run.stdout);
}

#[test]
fn a_group_is_listed_whole_and_its_owner_is_named() {
    for members in [2, 500] {
        let sandbox = sandbox(group(members), |_| {});
        let token = sandbox.wkteam().token();
        for run in [
            list(&sandbox, &["-f", "ndjson"]),
            by_token(list(&sandbox, &["-f", "ndjson", "--wc-id", WC_ID]), &token).without("WKTEAM_WID"),
            by_token(list(&sandbox, &["-f", "ndjson"]), &token).env("WKTEAM_WCID", WC_ID).without("WKTEAM_WID"),
        ] {
            let run = run.go();
            assert_eq!(run.code, 0, "{}", run.stderr);
            assert!(!run.stderr.contains(&token));
            let (listed, truth) = (rows(&run.stdout), sandbox.wkteam().members(GROUP));
            let ids: BTreeSet<&str> = listed.iter().map(|row| row["id"].as_str().unwrap()).collect();
            assert_eq!(ids, truth.iter().map(|member| member.user_name.as_str()).collect());
            let owners: Vec<&Value> = listed.iter().filter(|row| row["role"] == "owner").collect();
            let owner = truth.iter().find(|member| member.role == Role::Owner).unwrap();
            assert!(owners.len() == 1 && owners[0]["id"] == owner.user_name.as_str(), "{owners:?}");
        }
    }
}

#[test]
fn administrators_are_named_where_the_server_does() {
    let managing = sandbox(group(60), |config| config.wkteam.faults = vec!["admins-manage".parse().unwrap()]);
    let run = list(&managing, &["-f", "ndjson"]).go();
    let admins = rows(&run.stdout).iter().filter(|row| row["role"] == "admin").count();
    let truth = managing.wkteam().members(GROUP).iter().filter(|member| member.role == Role::Admin).count();
    assert!(admins == truth && truth > 0, "{admins} {truth}");
    // Nobody said who owns the group, and nothing was checked.
    let run = list(&managing, &["-f", "ndjson", "--no-check"]).go();
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("60 members") && run.stderr.contains("unverified (2 calls"), "{}", run.stderr);
    assert!(rows(&run.stdout).iter().all(|row| row["role"].is_null() || row["role"] == "unknown"));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let sandbox = sandbox(group(5), |_| {});
    let refused = |run: Run, words: &[&str]| {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        for word in words {
            assert!(run.error().contains(word), "{word}: {}", run.stderr);
        }
    };
    let bare = || Run::new(&["list", "wkteam", "--group", GROUP]);
    let list = |args: &[&str]| list(&sandbox, args);
    refused(
        bare(),
        &[
            "WKTEAM_BASE_URL, WKTEAM_WID and WKTEAM_TOKEN are not set: export them",
            "WKTEAM_ACCOUNT and WKTEAM_PASSWORD may stand for WKTEAM_TOKEN",
        ],
    );
    refused(
        bare().env("WKTEAM_ACCOUNT", ACCOUNT),
        &["WKTEAM_BASE_URL, WKTEAM_WID and WKTEAM_PASSWORD are not set: export them"],
    );
    refused(list(&[]).without("WKTEAM_ACCOUNT"), &["WKTEAM_ACCOUNT is not set: export it"]);
    refused(list(&[]).env("WKTEAM_PASSWORD", ""), &["WKTEAM_PASSWORD is empty"]);
    refused(list(&[]).env("WKTEAM_PASSWORD", &format!("{SECRET}\n")), &["WKTEAM_PASSWORD", "line break"]);
    refused(list(&[]).env("WKTEAM_WID", &WID.replace('-', "\n")), &["WKTEAM_WID", "line break"]);
    refused(list(&[]).without("WKTEAM_WID"), &["WKTEAM_WID is not set"]);
    for (token, words) in [
        (&*format!("Bearer {SECRET}"), "begins with Bearer"),
        (&*format!("{SECRET} {SECRET}"), "blanks"),
        (&*format!("{SECRET}\r\nx: y"), "line break"),
        ("", "is empty"),
    ] {
        let run = by_token(list(&[]), token);
        refused(run, &["WKTEAM_TOKEN", words]);
    }
    for group in
        ["", " 1@chatroom", "24343869723", "@chatroom", "wxid_a", "1@chatroom,2@chatroom", "1\u{200b}@chatroom"]
    {
        refused(list_of(&sandbox, group, &[]), &["--group"]);
    }
    for (url, words) in [
        ("203.0.113.7:9899", "no scheme: write http://"),
        (&*format!("http://boss:{SECRET}@203.0.113.7"), "has credentials in it"),
        ("http://203.0.113.7:99999", "port"),
        ("http://203.0.113.7/?a=b", "a query"),
        ("ftp://203.0.113.7", "another scheme"),
    ] {
        refused(list(&["--base-url", url]), &["--base-url", words]);
        refused(list(&[]).env("WKTEAM_BASE_URL", url), &["WKTEAM_BASE_URL", words]);
    }
    refused(list(&["--wc-id", "a b\u{200b}"]), &["--wc-id", "U+200B"]);
    refused(list(&[]).env("WKTEAM_WCID", " wxid"), &["WKTEAM_WCID"]);
    refused(list(&["--concurrency", "2"]), &["--concurrency", "one call at a time: leave it out"]);
    refused(list(&["--rounds", "0"]), &["--rounds", "from 1 to 5"]);
    refused(list(&["--token", SECRET]), &["--token"]);
    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
    // Plain http is what the vendor's hosts speak, and is said in the help.
    let help = Run::new(&["list", "wkteam", "--help"]).go();
    assert!(help.stdout.contains("plain http") && !help.stdout.contains("--concurrency"), "{}", help.stdout);
}

#[test]
fn refusals_of_the_vendor_are_errors_that_say_what_to_do() {
    let refusing = sandbox(group(5), |_| {});
    let other = SECRET.replace('5', "6");
    for (run, words) in [
        (list(&refusing, &[]).env("WKTEAM_PASSWORD", &other), "the account or the password is wrong (1001)"),
        (list(&refusing, &[]).env("WKTEAM_WID", "349be9b5"), "give the account's wcId"),
        (list_of(&refusing, "1@chatroom", &[]), "that the account is in the group"),
        (by_token(list(&refusing, &[]), &other), "WKTEAM_TOKEN is still good"),
        (list(&refusing, &["--wc-id", "wxid_nobody"]), "the WeChat account is not online"),
    ] {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{words}: {}", run.stderr);
        assert!(run.error().contains(words), "{words}: {}", run.stderr);
    }
    for (answer, status) in [(AuthAnswer::Unauthorized, "401"), (AuthAnswer::Forbidden, "403")] {
        let sandbox = sandbox(group(5), |config| config.wkteam.auth_answer = answer);
        let run = by_token(list(&sandbox, &[]), &other).go();
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.error().contains(status) && run.error().contains("token"), "{}", run.stderr);
    }
    for (status, words) in [(Status::Frozen, "frozen"), (Status::Expired, "expired")] {
        let sandbox = sandbox(group(5), |config| config.wkteam.status = status);
        let run = list(&sandbox, &[]).go();
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.error().contains(words), "{}", run.stderr);
    }
}

fn with(faults: &[&str], args: &[&str]) -> (Outcome, Value, usize) {
    let faults = faults.iter().map(|fault| fault.parse::<Injection>().unwrap());
    let sandbox = sandbox(group(90), |config| config.wkteam.faults.extend(faults));
    let run = list(&sandbox, &[&["--output", "rows.ndjson", "--report", "report.json"], args].concat());
    let dir = run.dir.clone();
    let run = run.go();
    let report: Value = serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
    let rows = fs::read_to_string(dir.join("rows.ndjson")).unwrap_or_default().lines().count();
    assert_eq!(report["members"], rows);
    (run, report, rows)
}

#[test]
fn trouble_that_passes_is_overcome() {
    for fault in ["502-html@call-2", "cut-body@call-2", "reset@call-2", "reset-mid-body@call-3"] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, rows), (0, 90), "{fault}: {}", run.stderr);
        assert_eq!((&report["completeness"], &report["retries"]), (&"verified".into(), &1.into()), "{fault}: {report}");
    }
    let (run, _, rows) = with(&["relogin"], &["--wc-id", WC_ID]);
    assert_eq!((run.code, rows), (0, 90), "{}", run.stderr);
}

#[test]
fn habits_of_the_vendor_are_taken() {
    for habit in [
        "code-number",
        "code-spaced",
        "msg-key",
        "nested",
        "nested-object",
        "rows-2020",
        "empty-strings",
        "null-fields",
        "extra-fields",
        "string-numbers",
        "unstable-order",
        "nike-name",
        "login-2020",
        "lower-case-authorization",
    ] {
        let (run, report, rows) = with(&[habit], &[]);
        assert_eq!((run.code, rows), (0, 90), "{habit}: {}", run.stderr);
        assert_eq!(report["completeness"], "verified", "{habit}: {report}");
    }
}

#[test]
fn trouble_that_stays_is_an_error_in_one_line() {
    for (fault, words) in [
        ("502-html@always", "HTTP status 502"),
        ("html-200", "it is HTML, not JSON"),
        ("redirect", "a redirect"),
        ("echo-credentials", "(1001)"),
        ("endless-body", "larger than this call's largest"),
        ("1001@always", "(1001)"),
        ("9999@always", "(9999)"),
        ("null-data@always", "nothing is known from it"),
        ("nested-failure@always", "(1001)"),
        ("login-frozen", "frozen"),
    ] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, rows), (1, 0), "{fault}: {}", run.stderr);
        assert!(run.error().contains(words), "{fault}: {}", run.stderr);
        assert_eq!(report["completeness"], "incomplete", "{fault}: {report}");
    }
    let (run, report, _) = with(&["slow-drip"], &["--deadline", "2"]);
    assert_eq!(run.code, 1);
    assert!(run.error().contains("allow more time with --deadline"), "{}", run.stderr);
    assert!(report["elapsed_ms"].as_u64().unwrap() < 20_000, "{report}");
}

#[test]
fn lists_that_do_not_agree_with_the_group_end_with_3() {
    for (fault, completeness, rows) in [
        ("short-list=7", "incomplete", 83),
        ("bad-row", "incomplete", 89),
        ("wrong-count", "incomplete", 90),
        ("null-room", "unverified", 90),
    ] {
        let (run, report, listed) = with(&[fault], &[]);
        assert_eq!((run.code, listed), (3, rows), "{fault}: {}", run.stderr);
        assert_eq!(report["completeness"], completeness, "{fault}: {report}");
        assert!(run.stderr.contains("gap after ") || run.stderr.contains("note: "), "{fault}: {}", run.stderr);
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
    Recorded {
        report: json("report.json"),
        case: json("case/case.json"),
        rows: rows(&fs::read_to_string(dir.join("rows.ndjson")).unwrap_or_default()),
        dir: dir.join("case"),
        outcome,
    }
}

/// Lists the recorded group as a user's test would, and compares with what the program saw.
///
/// So many calls, a login and the look for a wId, are no part of a recording.
fn replays(recorded: &Recorded, left_out: u64) {
    let case = &recorded.case;
    let unix = Duration::from_secs(case["stamp"]["unix"].as_u64().unwrap());
    let replay = Replay::from_dir(&recorded.dir, unix, 0, &[]).unwrap();
    let of = |name: &str| case["credentials"][name].as_str().unwrap();
    let group = case["request"]["chatRoomId"].as_str().unwrap();
    assert_eq!(case["request"]["wId"], case["credentials"]["w_id"]);
    let client = Client::builder("http://203.0.113.7:9899".parse().unwrap(), Token::new(of("token")).unwrap())
        .w_id(WId::new(of("w_id")).unwrap())
        .runtime(Arc::<Replay>::clone(&replay))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(client.roster(group).all()).unwrap();
    assert_eq!(replay.left(), 0, "every recorded answer is asked for");
    let report = serde_json::to_value(&listing.report).unwrap();
    assert_eq!(report["calls"].as_u64().map(|calls| calls + left_out), recorded.report["calls"].as_u64(), "calls");
    for key in ["vendor", "members", "retries", "throttled", "duplicates", "declared_total", "completeness"] {
        assert_eq!(report[key], recorded.report[key], "{key}");
    }
    assert_eq!(listing.members.len(), recorded.rows.len());
    let mut ids = BTreeSet::new();
    for (stand_in, row) in listing.members.iter().zip(&recorded.rows) {
        assert!(stand_in.user_name.starts_with("user_") && ids.insert(&stand_in.user_name));
        let stand_in = serde_json::to_value(stand_in).unwrap();
        for (name, value) in row["raw"].as_object().unwrap() {
            match value.as_str() {
                // Nobody knows what it is, so it is replaced.
                _ if matches!(name.as_str(), "uin" | "ext") => assert!(stand_in.get(name).is_some()),
                Some(text) => assert!(text.is_empty() == (stand_in[name] == ""), "{name}"),
                None => assert_eq!(value, &stand_in[name], "{name}"),
            }
        }
    }
}

/// What the vendor sent of people, and what was sent of the account, must not be in any file.
fn is_sanitised(sandbox: &Sandbox, recorded: &Recorded) {
    let token = sandbox.wkteam().token();
    let mut private: BTreeSet<&str> = [ACCOUNT, WC_ID, GROUP, "24343869723", "老用户群", "127.0.0.1", &token].into();
    for row in &recorded.rows {
        let raw = &row["raw"];
        let fields = [&row["id"], &row["name"], &row["avatar_url"], &raw["inviterUserName"], &raw["smallHeadImgUrl"]];
        private.extend(fields.into_iter().filter_map(Value::as_str));
    }
    // A name of one letter says nothing about anybody.
    private.retain(|word| word.chars().count() > 1);
    assert!(private.len() > 10);
    for file in files(&recorded.dir) {
        let text = fs::read_to_string(&file).unwrap();
        for word in &private {
            let quoted = serde_json::to_string(word).unwrap();
            assert!(!text.contains(quoted.trim_matches('"')), "{word:?} is in {}: {text}", file.display());
        }
    }
}

#[test]
fn what_is_recorded_replays_with_stand_ins() {
    for by_name in [false, true] {
        let sandbox = sandbox(group(120), |_| {});
        let more: &[&str] = if by_name { &["--wc-id", WC_ID] } else { &[] };
        let recorded = record(list(&sandbox, more));
        assert_eq!(recorded.outcome.code, 0, "{}", recorded.outcome.stderr);
        let case = &recorded.case;
        assert_eq!((&case["schema"], &case["vendor"], &case["expect"]), (&1.into(), &"wkteam".into(), &"ok".into()));
        assert!(case["changed"].as_str().unwrap().contains("logins left out"), "{case}");
        let first = fs::read_to_string(recorded.dir.join("1.request.http")).unwrap();
        assert_eq!(
            first,
            "POST /getChatRoomInfo HTTP/1.1\r\nhost: 203.0.113.7:9899\r\nauthorization: REDACTED\r\n\
             content-type: application/json\r\n\r\n{\"wId\":\"REDACTED\",\"chatRoomId\":\"group_1@chatroom\"}"
        );
        assert_eq!(files(&recorded.dir).len(), 1 + 2 * 2);
        is_sanitised(&sandbox, &recorded);
        replays(&recorded, if by_name { 2 } else { 1 });
    }
}

#[test]
fn habits_of_the_vendor_are_recorded_as_they_are() {
    for habits in
        [&["nested", "string-numbers", "extra-fields", "code-number"][..], &["rows-2020", "nike-name", "msg-key"]]
    {
        let faults: Vec<Injection> = habits.iter().map(|habit| habit.parse().unwrap()).collect();
        let sandbox = sandbox(group(50), |config| config.wkteam.faults = faults);
        let recorded = record(by_token(list(&sandbox, &[]), &sandbox.wkteam().token()));
        assert_eq!(recorded.outcome.code, 0, "{habits:?}: {}", recorded.outcome.stderr);
        is_sanitised(&sandbox, &recorded);
        replays(&recorded, 0);
    }
}

#[test]
fn refusals_and_moving_groups_are_recorded_too() {
    let refusing = sandbox(group(5), |config| {
        config.wkteam.faults = vec![Injection { command: Some("getChatRoomMember".to_owned()), ..echo() }];
    });
    let recorded = record(list(&refusing, &[]));
    assert_eq!(recorded.outcome.code, 1, "{}", recorded.outcome.stderr);
    is_sanitised_of(&recorded, &[ACCOUNT, GROUP, &refusing.wkteam().token()]);
    let answer = fs::read_to_string(recorded.dir.join("2.response.http")).unwrap();
    assert!(answer.contains("\"1001\"") && answer.contains("\"text "), "{answer}");

    let moving = sandbox(vec![group(150).remove(0).churn(Churn::per_call(0.7))], |_| {});
    let recorded = record(list(&moving, &[]));
    assert!(matches!(recorded.outcome.code, 0 | 3), "{}", recorded.outcome.stderr);
    is_sanitised(&moving, &recorded);
    replays(&recorded, 1);
}

fn echo() -> Injection {
    "echo-credentials".parse().unwrap()
}

fn is_sanitised_of(recorded: &Recorded, private: &[&str]) {
    for file in files(&recorded.dir) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(private.iter().all(|word| !text.contains(word)), "{}: {text}", file.display());
    }
}

#[test]
fn a_refused_login_is_not_recorded() {
    let sandbox = sandbox(group(5), |_| {});
    let run = list(&sandbox, &["--record", "case"]).env("WKTEAM_PASSWORD", &SECRET.replace('5', "6"));
    let dir = run.dir.clone();
    let run = run.go();
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("--record case: only a login was answered, which is not recorded"), "{}", run.stderr);
    assert!(!dir.join("case").exists());
}

#[test]
fn profiles_are_recorded_with_stand_ins_and_replay() {
    let sandbox = sandbox(group(9), |config| config.wkteam.detail_gap = Duration::ZERO);
    let recorded = record(list(&sandbox, &["--details"]));
    assert_eq!(recorded.outcome.code, 0, "{}", recorded.outcome.stderr);
    assert_eq!(files(&recorded.dir).len(), 1 + 2 * (2 + 9));
    is_sanitised(&sandbox, &recorded);
    let case = &recorded.case;
    let unix = Duration::from_secs(case["stamp"]["unix"].as_u64().unwrap());
    let replay = Replay::from_dir(&recorded.dir, unix, 0, &[]).unwrap();
    let token = Token::new(case["credentials"]["token"].as_str().unwrap()).unwrap();
    let client = Client::builder("http://203.0.113.7:9899".parse().unwrap(), token)
        .w_id(WId::new(case["credentials"]["w_id"].as_str().unwrap()).unwrap())
        .runtime(Arc::<Replay>::clone(&replay))
        .build()
        .unwrap();
    let group = case["request"]["chatRoomId"].as_str().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let roster = client.roster_with_details(group, wkteam_api::RosterOptions::default());
    let listing = runtime.block_on(roster.all()).unwrap();
    assert_eq!((replay.left(), listing.members.len()), (0, 9), "every recorded answer is asked for");
    for (stand_in, row) in listing.members.iter().zip(&recorded.rows) {
        let profile = stand_in.profile.as_ref().unwrap();
        assert_eq!(profile.user_name, stand_in.member.user_name);
        assert_ne!(Some(profile.user_name.as_str()), row["id"].as_str());
        let name = row["raw"]["profile"]["nickName"].as_str().unwrap();
        assert!(!name.is_empty() && profile.nick_name.as_deref() != Some(name));
    }
}
