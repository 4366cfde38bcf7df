use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::replay::Replay;
use groupmembers_sandbox::tim::{Churn, GroupConfig, GroupKind, Injection};
use groupmembers_sandbox::{Config, Sandbox};
use serde_json::Value;
use tim_rest::{Client, Credentials, GroupType, RosterOptions};

use crate::program::{ADMIN, APP, Outcome, Run, files, folder, sandbox, until};

struct Recorded {
    outcome: Outcome,
    dir: std::path::PathBuf,
    report: Value,
    rows: Vec<Value>,
    case: Value,
}

fn record(sandbox: &Sandbox, group: &str, args: &[&str]) -> Recorded {
    let always = ["--record", "case", "--report", "report.json", "--output", "rows.ndjson", "--raw"];
    let run = Run::new(&[&["list", "tim", "--group", group], &always[..], args].concat());
    let run = run.app().env("TIM_BASE_URL", &sandbox.base_url());
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
    let stamp =
        (Duration::from_secs(case["stamp"]["unix"].as_u64().unwrap()), case["stamp"]["random"].as_u64().unwrap());
    let replay = Replay::from_dir(&recorded.dir, stamp.0, stamp.1, &["usersig"]).unwrap();
    let of = |name: &str| case["credentials"][name].as_str().unwrap().to_owned();
    let app = u32::try_from(case["credentials"]["sdk_app_id"].as_u64().unwrap()).unwrap();
    let credentials = Credentials::new(app, of("identifier"), of("secret_key")).unwrap();
    let request = &case["request"];
    let group = request["GroupId"].as_str().or(request["GroupIdList"][0].as_str()).unwrap();
    let client = Client::builder(credentials).runtime(Arc::<Replay>::clone(&replay)).build().unwrap();
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
        let raw = &row["raw"];
        assert!(stand_in.member_account.starts_with("user_") && ids.insert(&stand_in.member_account));
        let stand_in = serde_json::to_value(stand_in).unwrap();
        for (name, value) in raw.as_object().unwrap() {
            match name.as_str() {
                "Member_Account" => assert_ne!(value, &stand_in[name]),
                "NameCard" | "NickName" | "Avatar" => assert_eq!(value == "", stand_in[name] == "", "{name}"),
                "AppMemberDefinedData" => assert_eq!(value[0]["Key"], stand_in[name][0]["Key"]),
                _ => assert_eq!(value, &stand_in[name], "{name}"),
            }
        }
    }
}

/// What the vendor sent of people must not be in any file.
fn is_sanitised(recorded: &Recorded, group: &str) {
    let mut private: BTreeSet<&str> = [ADMIN, group].into();
    for row in &recorded.rows {
        private.extend(["id", "name", "avatar_url"].iter().filter_map(|name| row[*name].as_str()));
        private.extend(
            row["raw"]["AppMemberDefinedData"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|pair| pair["Value"].as_str()),
        );
    }
    private.remove("");
    assert!(private.len() > 20);
    for file in files(&recorded.dir) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("sdkappid=1400000000&identifier=administrator&usersig=REDACTED&random=99999999&", "");
        assert!(!text.contains("127.0.0.1") && !text.contains(&APP.to_string()), "{}", file.display());
        let strings: BTreeSet<String> = strings(&text);
        for word in &private {
            assert!(!strings.contains(*word), "{word:?} is in {}", file.display());
        }
    }
}

/// Every string of the JSON of a file.
fn strings(text: &str) -> BTreeSet<String> {
    fn collect(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => drop(into.insert(text.clone())),
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let body = text.split_once("\r\n\r\n").map_or(text, |(_, body)| body);
    let mut found = BTreeSet::new();
    collect(&serde_json::from_str(body).unwrap(), &mut found);
    found
}

fn world(change: impl FnOnce(&mut Config)) -> Sandbox {
    let groups = vec![
        GroupConfig::new("@TGS#2SECRETCLUB", GroupKind::Public, 700).custom_fields(),
        GroupConfig::new("@TGS#_@TGS#cSECRETCLUB", GroupKind::Community, 450),
        GroupConfig::new("@TGS#aSECRETCLUB", GroupKind::AVChatRoom, 600),
    ];
    sandbox(groups, change)
}

#[test]
fn what_is_recorded_replays_with_stand_ins() {
    let windows = RosterOptions::default().page_size(60).in_windows();
    let custom = || RosterOptions::default().custom_fields(["MemberDefined1", "MemberDefined3"]);
    let keys = "--custom-fields=MemberDefined1,MemberDefined3";
    for (group, args, options, code) in [
        ("@TGS#2SECRETCLUB", &[keys][..], custom(), 0),
        (
            "@TGS#2SECRETCLUB",
            &[keys, "--type=public", "--page-size=60"],
            custom().group_type(GroupType::Public).page_size(60).in_windows(),
            0,
        ),
        ("@TGS#2SECRETCLUB", &["--page-size=60"], windows, 0),
        ("@TGS#_@TGS#cSECRETCLUB", &[], RosterOptions::default(), 0),
        ("@TGS#aSECRETCLUB", &[], RosterOptions::default(), 3),
    ] {
        let sandbox = world(|_| {});
        let recorded = record(&sandbox, group, args);
        assert_eq!(recorded.outcome.code, code, "{group} {args:?}: {}", recorded.outcome.stderr);
        let case = &recorded.case;
        assert_eq!(
            (&case["schema"], &case["vendor"], &case["provenance"]),
            (&1.into(), &"tim".into(), &"recorded".into())
        );
        assert_eq!((&case["expect"], &case["ignore_query"]), (&"ok".into(), &serde_json::json!(["usersig"])));
        assert_eq!(case["credentials"]["secret_key"], "REDACTED");
        let first = fs::read_to_string(recorded.dir.join("1.request.http")).unwrap();
        assert!(first.starts_with("POST /v4/group_open_") && first.contains("host: console.tim.qq.com\r\n"), "{first}");
        let (head, body) = first.split_once("\r\n\r\n").unwrap();
        assert!(head.split('?').next().unwrap().ends_with(case["endpoint"].as_str().unwrap()));
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), case["request"]);
        assert_eq!(files(&recorded.dir).len() as u64, 1 + 2 * recorded.report["calls"].as_u64().unwrap());
        is_sanitised(&recorded, group);
        replays(&recorded, options);
    }
}

#[test]
fn the_files_are_stable_in_layout() {
    let sandbox = sandbox(vec![GroupConfig::new("g", GroupKind::Work, 7).custom_fields()], |_| {});
    let recorded = record(&sandbox, "g", &["--custom-fields=MemberDefined1,MemberDefined2"]);
    for number in [1, 2] {
        for what in ["request", "response"] {
            let name = format!("{number}.{what}.http");
            let text = fs::read_to_string(recorded.dir.join(&name)).unwrap();
            let lines = text.split("\r\n").map(|line| if line.starts_with("date: ") { "date: today" } else { line });
            insta::assert_snapshot!(name.replace('.', "_"), lines.collect::<Vec<_>>().join("␍\n"));
        }
    }
}

#[test]
fn failed_attempts_are_left_out_where_the_request_succeeded_later() {
    let sandbox = world(|config| {
        config.tim.faults =
            ["502-html@call-2", "reset@call-3", "10002-then-ok@call-4"].map(|f| f.parse::<Injection>().unwrap()).into();
    });
    let recorded = record(&sandbox, "@TGS#2SECRETCLUB", &["--page-size=60", "--concurrency=1"]);
    assert_eq!(recorded.outcome.code, 0, "{}", recorded.outcome.stderr);
    let (calls, retries) = (recorded.report["calls"].as_u64().unwrap(), recorded.report["retries"].as_u64().unwrap());
    assert!(retries >= 3);
    assert_eq!(files(&recorded.dir).len() as u64, 1 + 2 * (calls - retries));
    assert!(recorded.case["changed"].as_str().unwrap().contains("2 failed answers"), "{}", recorded.case["changed"]);
}

#[test]
fn a_refusal_is_recorded_too() {
    let sandbox = world(|config| config.tim.faults = vec!["echo-query".parse().unwrap()]);
    let recorded = record(&sandbox, "@TGS#2SECRETCLUB", &[]);
    assert_eq!(recorded.outcome.code, 1);
    assert_eq!(recorded.case["expect"], "api-error");
    let answer = fs::read_to_string(recorded.dir.join("1.response.http")).unwrap();
    assert!(answer.contains(r#""ErrorInfo":"text 1","ErrorCode":10004"#), "{answer}");
}

#[test]
fn a_recording_under_churn_replays_to_the_same_verdict() {
    let sandbox = world(|config| {
        for group in &mut config.tim.groups {
            group.churn = Churn::per_call(1.0);
        }
    });
    let recorded = record(&sandbox, "@TGS#2SECRETCLUB", &["--page-size=60", "--concurrency=1"]);
    let case = Path::new(&recorded.dir).join("case.json");
    assert!(case.exists());
    is_sanitised(&recorded, "@TGS#2SECRETCLUB");
}

#[test]
fn a_recording_that_fails_is_said_and_does_not_block_the_next() {
    let gone = world(|_| {}).base_url();
    let list = |url: &str, dir: &Path| {
        let mut run = Run::new(&["list", "tim", "--group", "@TGS#2SECRETCLUB", "-f", "csv", "--record", "new/case"]);
        run.command.current_dir(dir);
        run.app().env("TIM_BASE_URL", url).go()
    };
    let dir = folder();
    let failed = list(&gone, &dir);
    assert_eq!(failed.code, 1);
    let errors: Vec<&str> = failed.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(errors.len(), 2, "{}", failed.stderr);
    assert!(errors[0].starts_with("--record new/case: no answer came"), "{errors:?}");
    assert!(errors[1].starts_with("no connection to the server"), "{errors:?}");
    assert!(!dir.join("new").exists(), "nothing is left of it");

    let sandbox = world(|_| {});
    let again = list(&sandbox.base_url(), &dir);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(fs::metadata(dir.join("new/case/case.json")).unwrap().len() > 0);
}

#[test]
fn a_recording_that_cannot_be_written_leaves_nothing_but_what_was_there() {
    let sandbox = world(|config| config.latency = Duration::from_millis(400));
    let mut run = Run::new(&["list", "tim", "--group", "@TGS#2SECRETCLUB", "-f", "csv", "--record", "case"]);
    run.command.env("TIM_BASE_URL", sandbox.base_url()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut run = run.app();
    let case = run.dir.join("case");
    fs::create_dir(&case).unwrap();
    let child = run.command.spawn().unwrap();
    until(|| case.join("case.json").exists());
    // Where its first answer wants to go, a folder stands in the way.
    fs::create_dir(case.join("1.response.http")).unwrap();
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.error().starts_with("--record case: "), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("700 members of @TGS#2SECRETCLUB, verified"), "{}", outcome.stderr);
    assert!(case.is_dir() && files(&case).is_empty(), "{:?}", files(&case));
}
