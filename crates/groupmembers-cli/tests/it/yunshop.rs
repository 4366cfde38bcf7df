//! `list yunshop` against the sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::replay::Replay;
use groupmembers_sandbox::yunshop::{
    Account, Churn, DEMO_BUSINESS_ID, DEMO_OTHER_BUSINESS_ID, Enterprise, GroupConfig, Identity, Injection, Kind,
};
use groupmembers_sandbox::{Config, Sandbox};
use serde_json::Value;
use yunshop_wecom::{Client, RosterOptions, Session, Site};

use crate::program::{Outcome, Run, SECRET, files};

const GROUP: u32 = 7;
const MOBILE: &str = "13911112222";

fn sandbox(group: GroupConfig, change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Config::default();
    let account = Account::new(3075, MOBILE, SECRET)
        .manages(DEMO_BUSINESS_ID, Identity::Creator)
        .manages(DEMO_OTHER_BUSINESS_ID, Identity::Staff)
        .last_managed(DEMO_OTHER_BUSINESS_ID);
    config.yunshop.accounts = vec![account];
    config.yunshop.enterprises = vec![
        Enterprise::new(DEMO_BUSINESS_ID, "机密零售有限公司", vec![group]),
        Enterprise::new(DEMO_OTHER_BUSINESS_ID, "另一家企业", vec![GroupConfig::new(21, "别人的群", 5)]),
    ];
    change(&mut config);
    Sandbox::start(config).unwrap()
}

/// Small enough that all join times are known: then a list can be proved.
fn small() -> GroupConfig {
    GroupConfig::new(GROUP, "机密会员群", 16).left(3).employees(4)
}

fn large() -> GroupConfig {
    GroupConfig::new(GROUP, "机密会员群", 230).left(21).employees(13)
}

fn list(sandbox: &Sandbox, args: &[&str]) -> Run {
    Run::new(&[&["list", "yunshop", "--group", "7"], args].concat())
        .env("YUNSHOP_BASE_URL", &sandbox.base_url())
        .env("YUNSHOP_UNIACID", "2")
        .env("YUNSHOP_BUSINESS_ID", "1")
        .env("YUNSHOP_MOBILE", MOBILE)
        .env("YUNSHOP_PASSWORD", SECRET)
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn truth(sandbox: &Sandbox, kinds: &[Kind]) -> BTreeSet<String> {
    let members = kinds.iter().flat_map(|kind| sandbox.yunshop().members(GROUP, *kind));
    members.filter(|member| member.present).map(|member| member.userid).collect()
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_format_shows_the_same_members() {
    let sandbox = sandbox(small(), |_| {});
    for format in ["table", "json", "ndjson", "csv"] {
        let run = list(&sandbox, &["--format", format, "--employees"]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains("20 members of 7, verified (3 calls, "), "{}", run.stderr);
        // A picture may be on the shop's host, which has another port each time.
        let stdout = run.stdout.replace(&sandbox.base_url(), "http://127.0.0.1:PORT");
        insta::assert_snapshot!(format!("yunshop_{format}"), stdout);
    }
    let run = list(&sandbox, &["-f", "ndjson", "--raw"]).go();
    assert!(rows(&run.stdout).iter().all(|row| row["raw"]["userid"] == row["id"]), "{}", run.stdout);
}

#[test]
fn customers_are_listed_and_the_staff_where_asked_for() {
    let sandbox = sandbox(large(), |_| {});
    for (args, kinds) in [
        (&[][..], &[Kind::External][..]),
        (&["--employees"], &[Kind::External, Kind::Employee]),
        (&["--employees", "--concurrency", "1", "--passes", "1"], &[Kind::External, Kind::Employee]),
    ] {
        let run = list(&sandbox, &[&["-f", "ndjson"], args].concat()).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(ids(&rows(&run.stdout)), truth(&sandbox, kinds), "{args:?}");
        assert!(rows(&run.stdout).iter().all(|row| row["role"].is_null() && row["vendor"] == "yunshop"));
    }
}

#[test]
fn a_session_of_a_browser_works_as_well_and_a_shop_under_a_path() {
    let sandbox = sandbox(small(), |config| config.yunshop.base_path = "/shop/web".to_owned());
    let session = sandbox.yunshop().open_session(MOBILE);
    let base = format!("{}/shop/web", sandbox.base_url());
    let run = list(&sandbox, &["-f", "ndjson", "--base-url", &base]).env("YUNSHOP_SESSION", &session);
    let run = run.without("YUNSHOP_MOBILE").without("YUNSHOP_PASSWORD").go();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(ids(&rows(&run.stdout)), truth(&sandbox, &[Kind::External]));
    assert!(!run.stderr.contains(&session) && !run.stdout.contains(&session));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let sandbox = sandbox(small(), |_| {});
    let refused = |run: Run, words: &[&str]| {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        for word in words {
            assert!(run.error().contains(word), "{word}: {}", run.stderr);
        }
    };
    let bare = || Run::new(&["list", "yunshop", "--group", "7"]);
    let list = |args: &[&str]| list(&sandbox, args);
    refused(
        bare(),
        &[
            "YUNSHOP_BASE_URL, YUNSHOP_UNIACID, YUNSHOP_BUSINESS_ID and YUNSHOP_SESSION are not set: export them",
            "YUNSHOP_MOBILE and YUNSHOP_PASSWORD may stand for YUNSHOP_SESSION",
        ],
    );
    refused(bare().env("YUNSHOP_MOBILE", MOBILE), &["and YUNSHOP_PASSWORD are not set"]);
    refused(list(&[]).env("YUNSHOP_PASSWORD", ""), &["YUNSHOP_PASSWORD is empty"]);
    refused(list(&[]).env("YUNSHOP_PASSWORD", &format!(" {SECRET}")), &["YUNSHOP_PASSWORD", "blanks"]);
    for session in [format!("{SECRET};x"), format!("{SECRET}\n"), format!("PHPSESSID={SECRET}")] {
        refused(list(&[]).env("YUNSHOP_SESSION", &session), &["YUNSHOP_SESSION"]);
    }
    for (name, value) in [
        ("YUNSHOP_UNIACID", "0"),
        ("YUNSHOP_UNIACID", "shop"),
        ("YUNSHOP_UNIACID", "2 "),
        ("YUNSHOP_BUSINESS_ID", "0"),
        ("YUNSHOP_BUSINESS_ID", "-1"),
        ("YUNSHOP_BUSINESS_ID", "99999999999999999999"),
    ] {
        refused(list(&[]).env(name, value), &[name]);
    }
    for group in ["", " 7", "0", "-7", "7.5", "wrAAAA", "../../x", "99999999999999999999"] {
        refused(Run::new(&["list", "yunshop", &format!("--group={group}")]), &["--group"]);
    }
    for (url, words) in [
        ("shop.example", "no scheme: write https://"),
        (&*format!("http://boss:{SECRET}@shop.example"), "has credentials in it"),
        ("https://shop.example/?i=2", "a query"),
        ("https://shop.example:0", "port"),
        ("ftp://shop.example", "another scheme"),
    ] {
        refused(list(&["--base-url", url]), &["--base-url", words]);
        refused(list(&[]).env("YUNSHOP_BASE_URL", url), &["YUNSHOP_BASE_URL", words]);
    }
    refused(list(&["--concurrency", "65"]), &["--concurrency", "from 1 to 64"]);
    refused(list(&["--passes", "6"]), &["--passes", "from 1 to 5"]);
    refused(list(&["--session", SECRET]), &["--session"]);
    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
    let help = Run::new(&["list", "yunshop", "--help"]).go();
    assert!(help.stdout.contains("plain http") && help.stdout.contains("[default: 4]"), "{}", help.stdout);
}

#[test]
fn refusals_of_the_vendor_are_errors_that_say_what_to_do() {
    let sandbox = sandbox(small(), |_| {});
    let other = SECRET.replace('5', "6");
    for (name, value, words) in [
        ("YUNSHOP_PASSWORD", &*other, "the mobile number or the password is wrong"),
        ("YUNSHOP_SESSION", &other, "not logged in"),
        ("YUNSHOP_UNIACID", "3", "there is no such tenant"),
        ("YUNSHOP_BUSINESS_ID", "9", "the member may not manage this enterprise"),
        ("YUNSHOP_BUSINESS_ID", "2", "no right to use this call"),
    ] {
        let run = list(&sandbox, &["--report", "report.json", "-o", "rows.csv"]).env(name, value);
        let dir = run.dir.clone();
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{name}: {}", run.stderr);
        assert!(run.error().contains(words), "{name}: {}", run.stderr);
        // What goes wrong before there is a list is reported as well, and leaves no list.
        let report: Value = serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
        assert_eq!((report["error"].as_str(), &report["completeness"]), (Some(run.error()), &"incomplete".into()));
        assert_eq!(
            (&report["vendor"], &report["group"], &report["members"]),
            (&"yunshop".into(), &"7".into(), &0.into())
        );
        assert!(run.stderr.contains("stopped: nothing listed of 7") && !dir.join("rows.csv").exists());
    }
    let nobody = list(&sandbox, &[]).env("YUNSHOP_MOBILE", "13911113333").go();
    assert_eq!(nobody.code, 1);
    // A group that is not there looks like an empty one: it is not called complete.
    let run = Run::new(&["list", "yunshop", "--group", "8"]);
    let run = ["YUNSHOP_BASE_URL", "YUNSHOP_UNIACID", "YUNSHOP_BUSINESS_ID", "YUNSHOP_MOBILE", "YUNSHOP_PASSWORD"]
        .into_iter()
        .zip([&*sandbox.base_url(), "2", "1", MOBILE, SECRET])
        .fold(run, |run, (name, value)| run.env(name, value))
        .go();
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("the group was not found in getList: check its id"), "{}", run.stderr);
}

fn with(faults: &[&str], args: &[&str]) -> (Outcome, Value, usize) {
    let faults = faults.iter().map(|fault| fault.parse::<Injection>().unwrap());
    let sandbox = sandbox(small(), |config| config.yunshop.faults.extend(faults));
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
    // The login is never sent twice: the third call is the first page.
    for fault in ["502-html", "503-html", "cut-body", "reset", "reset-mid-body", "429-retry-after", "500-json"] {
        let (run, report, rows) = with(&[&format!("{fault}@call-3")], &[]);
        assert_eq!((run.code, rows), (0, 16), "{fault}: {}", run.stderr);
        assert!(report["retries"].as_u64().unwrap() >= 1, "{fault}: {report}");
    }
    for fault in
        ["session-expired", "logged-out", "enterprise-lost", "enterprise-switched", "no-result", "status-minus-5"]
    {
        let (run, _, rows) = with(&[&format!("{fault}@call-3")], &[]);
        assert_eq!((run.code, rows), (0, 16), "{fault}: {}", run.stderr);
    }
}

#[test]
fn habits_of_the_vendor_are_taken() {
    for habit in [
        "null-msg",
        "object-msg",
        "string-result",
        "bool-result",
        "bom",
        "string-ints",
        "object-data",
        "string-per-page",
        "old-paginator",
        "paginator-links",
        "new-staff",
        "newer-columns",
        "unknown-columns",
        "unknown-enums",
        "empty-relations",
        "missing-relations",
        "iso-times",
        "printed-times",
        "zero-dates",
        "broken-extattr",
    ] {
        let (run, report, rows) = with(&[habit], &[]);
        let known = if habit == "unknown-enums" { rows > 0 } else { run.code == 0 && rows == 16 };
        assert!(known, "{habit}: {rows} {report} {}", run.stderr);
    }
}

#[test]
fn trouble_that_stays_is_an_error_in_one_line() {
    for (fault, words) in [
        ("502-html@always", "HTTP status 502"),
        ("whoops-200@always", "it is HTML, not JSON"),
        ("html-login", "it is HTML, not JSON"),
        ("redirect", "a redirect, which is not followed"),
        ("endless-body", "larger than this call's largest"),
        ("forbidden@always", "no right to use this call"),
        ("foreign-rows", "another enterprise"),
        ("login-status=-1@always", "blacklist"),
        ("null-data", "nothing is known from it"),
    ] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, rows), (1, 0), "{fault}: {}", run.stderr);
        assert!(run.error().contains(words), "{fault}: {}", run.stderr);
        assert_eq!((report["error"].as_str(), &report["completeness"]), (Some(run.error()), &"incomplete".into()));
    }
    let (run, report, _) = with(&["slow-drip"], &["--deadline", "2"]);
    assert_eq!(run.code, 1);
    assert!(run.error().contains("allow more time with --deadline"), "{}", run.stderr);
    assert!(report["elapsed_ms"].as_u64().unwrap() < 20_000, "{report}");
}

#[test]
fn lists_with_gaps_are_listed_and_end_with_3() {
    for fault in ["bad-row", "missing-row", "total-too-high", "ignored-page", "repeated-rows"] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!(run.code, 3, "{fault}: {rows} {}", run.stderr);
        assert_eq!(report["completeness"], "incomplete", "{fault}: {report}");
        assert!(rows > 0 && run.stderr.contains("gap after "), "{fault}: {}", run.stderr);
    }
}

#[test]
fn the_login_can_be_interrupted() {
    let sandbox = sandbox(small(), |config| config.latency = Duration::from_secs(20));
    let mut run = list(&sandbox, &["--report", "report.json"]);
    let report = run.dir.join("report.json");
    let child = run.command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    #[cfg(unix)]
    {
        crate::program::until(|| report.exists());
        std::thread::sleep(Duration::from_millis(500));
        crate::signals::interrupt(&child);
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (130, ""), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("interrupted: nothing listed of 7"), "{}", outcome.stderr);
        assert!(fs::read_to_string(report).unwrap().contains("interrupted by Ctrl-C"));
    }
    #[cfg(not(unix))]
    drop((child, report));
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
fn replays(recorded: &Recorded, options: RosterOptions, concurrency: usize) {
    let case = &recorded.case;
    let unix = Duration::from_secs(case["stamp"]["unix"].as_u64().unwrap());
    let replay = Replay::from_dir(&recorded.dir, unix, 0, &[]).unwrap();
    let number = |name: &str| case["request"][name].as_str().unwrap().parse::<u64>().unwrap();
    let site = Site::new("https://shop.example".parse().unwrap(), number("i")).unwrap();
    let session = Session::of_cookie(case["credentials"]["session"].as_str().unwrap()).unwrap();
    let builder = Client::builder(site, session).concurrency(concurrency);
    let client = builder.runtime(Arc::<Replay>::clone(&replay)).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(async {
        let enterprise = client.manage(number("id")).await.unwrap();
        enterprise.roster_with(GROUP.into(), options).all().await.unwrap()
    });
    assert_eq!(replay.left(), 0, "every recorded answer is asked for");
    let report = serde_json::to_value(&listing.report).unwrap();
    for key in ["vendor", "members", "calls", "retries", "throttled", "duplicates", "declared_total", "completeness"] {
        assert_eq!(report[key], recorded.report[key], "{key}");
    }
    assert_eq!(listing.members.len(), recorded.rows.len());
    let mut ids = BTreeSet::new();
    for (stand_in, row) in listing.members.iter().zip(&recorded.rows) {
        assert!(stand_in.userid.starts_with("user_") && ids.insert(&stand_in.userid));
        let stand_in = serde_json::to_value(stand_in).unwrap();
        for (name, value) in row["raw"].as_object().unwrap() {
            match (name.as_str(), value) {
                ("created_at" | "updated_at" | "join_time_str", _) => assert_eq!(value, &stand_in[name], "{name}"),
                ("parent_member_uid", _) => assert_eq!(value == 0, stand_in[name] == 0),
                (_, Value::String(text)) => assert_eq!(text.is_empty(), stand_in[name] == "", "{name}"),
                (_, Value::Object(_)) => assert!(stand_in[name].is_object(), "{name}"),
                _ => assert_eq!(value, &stand_in[name], "{name}"),
            }
        }
    }
}

/// What the vendor sent of people, and what was sent of the account, must not be in any file.
fn is_sanitised(recorded: &Recorded) {
    fn texts<'a>(value: &'a Value, key: &str, into: &mut BTreeSet<&'a str>) {
        const KEPT: [&str; 3] = ["type", "at", "str"];
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| texts(value, key, into)),
            Value::Array(values) => values.iter().for_each(|value| texts(value, key, into)),
            Value::String(text) if !KEPT.iter().any(|kept| key.ends_with(kept)) && !key.ends_with("createtime") => {
                into.insert(text);
            }
            _ => {}
        }
    }
    let mut private: BTreeSet<&str> = [MOBILE, "127.0.0.1", "机密零售有限公司", "机密会员群", "PHPSESSID=s"].into();
    for row in &recorded.rows {
        texts(&row["raw"], "", &mut private);
    }
    // Departments, flags, counts and times in texts: no phone number is so short.
    private.retain(|word| word.len() > 10 || !word.bytes().all(|byte| byte.is_ascii_digit()));
    private.retain(|word| word.chars().count() > 1 && word.len() > 3 && *word != "null");
    assert!(private.len() > 30);
    for file in files(&recorded.dir) {
        let text = fs::read_to_string(&file).unwrap();
        for word in &private {
            let quoted = serde_json::to_string(word).unwrap();
            assert!(!text.contains(quoted.trim_matches('"')), "{word:?} is in {}: {text}", file.display());
        }
        assert!(!text.to_lowercase().contains("set-cookie"), "{text}");
    }
}

#[test]
fn what_is_recorded_replays_with_stand_ins() {
    let staff = RosterOptions::default().with_employees();
    for (group, args, options, code) in [
        (small(), &[][..], RosterOptions::default(), 0),
        (small(), &["--employees"], staff.clone(), 0),
        (large(), &[], RosterOptions::default(), 0),
        (large(), &["--employees", "--concurrency", "2"], staff, 0),
    ] {
        let sandbox = sandbox(group, |_| {});
        let recorded = record(list(&sandbox, args));
        assert_eq!(recorded.outcome.code, code, "{args:?}: {}", recorded.outcome.stderr);
        let case = &recorded.case;
        assert_eq!((&case["schema"], &case["vendor"], &case["expect"]), (&1.into(), &"yunshop".into(), &"ok".into()));
        assert!(case["changed"].as_str().unwrap().contains("logins left out"), "{case}");
        let first = fs::read_to_string(recorded.dir.join("1.request.http")).unwrap();
        assert!(first.starts_with("GET /business/2/admin/manageBusiness?i=2&type=5&id=1 HTTP/1.1\r\n"), "{first}");
        assert!(first.contains("\r\ncookie: PHPSESSID=REDACTED\r\n"), "{first}");
        is_sanitised(&recorded);
        replays(&recorded, options.clone(), 1);
        replays(&recorded, options, 4);
    }
}

#[test]
fn habits_of_the_vendor_are_recorded_as_they_are() {
    for habits in
        [&["bom", "string-ints", "object-data"][..], &["bool-result", "new-staff", "iso-times", "newer-columns"]]
    {
        let faults: Vec<Injection> = habits.iter().map(|habit| habit.parse().unwrap()).collect();
        let sandbox = sandbox(small(), |config| config.yunshop.faults = faults);
        let session = sandbox.yunshop().open_session(MOBILE);
        let run = list(&sandbox, &["--employees"]).env("YUNSHOP_SESSION", &session);
        let recorded = record(run.without("YUNSHOP_MOBILE").without("YUNSHOP_PASSWORD"));
        assert_eq!(recorded.outcome.code, 0, "{habits:?}: {}", recorded.outcome.stderr);
        for file in files(&recorded.dir) {
            assert!(!fs::read_to_string(&file).unwrap().contains(&session), "{}", file.display());
        }
        is_sanitised(&recorded);
        replays(&recorded, RosterOptions::default().with_employees(), 4);
    }
}

#[test]
fn refusals_and_moving_groups_are_recorded_too() {
    let refusing = sandbox(small(), |config| config.yunshop.faults = vec!["forbidden@call-2".parse().unwrap()]);
    let recorded = record(list(&refusing, &[]));
    assert_eq!(recorded.outcome.code, 1, "{}", recorded.outcome.stderr);
    let answer = fs::read_to_string(recorded.dir.join("2.response.http")).unwrap();
    assert!(
        answer.contains("没有操作权限") || answer.contains("\\u6ca1"),
        "what the codec knows a refusal by: {answer}"
    );

    for group in [small(), large()] {
        let moving = sandbox(group.churn(Churn::per_call(0.5)), |_| {});
        let recorded = record(list(&moving, &[]));
        assert!(matches!(recorded.outcome.code, 0 | 3), "{}", recorded.outcome.stderr);
        is_sanitised(&recorded);
        replays(&recorded, RosterOptions::default(), 1);
    }
}
