//! `list nim` against the sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::replay::Replay;
use groupmembers_sandbox::nim::{Churn, Fault, Injection, MemberType, Role, RoomConfig, TeamConfig, TeamKind, When};
use groupmembers_sandbox::{Config, Sandbox};
use nim_server::{Client, Credentials, Kind, RosterOptions};
use serde_json::Value;

use crate::program::{Outcome, Run, SECRET, files, folder};

const KEY: &str = "our-own-app-key";
const ROOM: u64 = 2_757_903_841;
const TEAM: u64 = 2_690_000_001;
const SUPERTEAM: u64 = 2_690_000_002;

fn sandbox(rooms: Vec<RoomConfig>, change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Config::default();
    config.nim.app_key = KEY.to_owned();
    config.nim.app_secret = SECRET.to_owned();
    config.nim.rooms = rooms;
    change(&mut config);
    Sandbox::start(config).unwrap()
}

fn base(sandbox: &Sandbox) -> String {
    format!("{}/nimserver", sandbox.base_url())
}

fn app(run: Run) -> Run {
    run.env("NIM_APP_KEY", KEY).env("NIM_APP_SECRET", SECRET)
}

fn list(sandbox: &Sandbox, args: &[&str]) -> Run {
    let room = ROOM.to_string();
    app(Run::new(&[&["list", "nim", "--group", &room], args].concat())).env("NIM_BASE_URL", &base(sandbox))
}

/// A team of 180 and a superteam of 750, and no room.
fn teams(change: impl FnOnce(&mut Config)) -> Sandbox {
    sandbox(Vec::new(), |config| {
        config.nim.teams =
            vec![TeamConfig::new(TEAM, TeamKind::Team, 180), TeamConfig::new(SUPERTEAM, TeamKind::SuperTeam, 750)];
        change(config);
    })
}

fn list_team(sandbox: &Sandbox, kind: &str, args: &[&str]) -> Run {
    let tid = if kind == "team" { TEAM } else { SUPERTEAM }.to_string();
    app(Run::new(&[&["list", "nim", "--kind", kind, "--group", &tid], args].concat()))
        .env("NIM_BASE_URL", &base(sandbox))
}

fn rows(run: &Outcome) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_format_shows_the_same_members() {
    let sandbox = sandbox(vec![RoomConfig::new(ROOM, 14, 9).robots(1)], |_| {});
    for format in ["table", "json", "ndjson", "csv"] {
        let run = list(&sandbox, &["--format", format]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("23 members of {ROOM}, verified (")), "{}", run.stderr);
        // For how long somebody is still muted is counted from now.
        let until = |line: &str| match line.find("\"muted_until\":\"2").or(None) {
            Some(at) => format!("{}\"muted_until\":\"later{}", &line[..at], &line[at + 35..]),
            None => line.to_owned(),
        };
        if format == "ndjson" {
            insta::assert_snapshot!("nim_ndjson", run.stdout.lines().map(until).collect::<Vec<_>>().join("\n"));
        }
        assert_eq!(run.stdout.matches("user000008").count(), 1, "{}", run.stdout);
    }
    let run = list(&sandbox, &["-f", "ndjson", "--raw"]).go();
    let raw = rows(&run);
    assert!(raw.iter().all(|row| row["raw"]["accid"] == row["id"] && row["raw"]["roomid"] == ROOM), "{}", run.stdout);
}

#[test]
fn every_kind_of_members_is_listed() {
    let sandbox = sandbox(vec![RoomConfig::new(ROOM, 260, 640).robots(12)], |_| {});
    for (kind, side, code, verdict) in [
        ("all", None, 0, "verified"),
        ("fixed", Some(MemberType::Fixed), 0, "stable"),
        ("Temporary", Some(MemberType::Guests), 0, "stable"),
        ("online-fixed", Some(MemberType::OnlineFixed), 3, "unverified"),
    ] {
        for more in [&[][..], &["--page-size", "30", "--concurrency", "3"]] {
            let run = list(&sandbox, &[&["-f", "ndjson", "--type", kind], more].concat()).go();
            assert_eq!(run.code, code, "{kind}: {}", run.stderr);
            assert!(run.stderr.contains(&format!(", {verdict} (")), "{kind}: {}", run.stderr);
            let listed: BTreeSet<String> =
                rows(&run).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            let sides = side.map_or_else(|| vec![MemberType::Fixed, MemberType::Guests], |side| vec![side]);
            let truth: BTreeSet<String> = sides
                .into_iter()
                .flat_map(|side| sandbox.nim().members(ROOM, side))
                .map(|member| member.accid)
                .collect();
            assert_eq!(listed, truth, "{kind}");
            let roles: BTreeSet<&str> = ["owner", "admin", "member", "guest", "restricted", "unknown"].into();
            assert!(rows(&run).iter().all(|row| roles.contains(row["role"].as_str().unwrap())));
        }
    }
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let sandbox = sandbox(vec![RoomConfig::new(ROOM, 5, 0)], |_| {});
    let refused = |run: Run, words: &[&str]| {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        for word in words {
            assert!(run.error().contains(word), "{word}: {}", run.stderr);
        }
    };
    let bare = || Run::new(&["list", "nim", "--group", "66"]);
    refused(bare(), &["NIM_APP_KEY and NIM_APP_SECRET are not set: export them"]);
    refused(bare().env("NIM_APP_KEY", "k").env("NIM_APP_SECRET", ""), &["NIM_APP_SECRET is empty"]);
    refused(list(&sandbox, &[]).env("NIM_APP_SECRET", &format!("{SECRET}\n")), &["NIM_APP_SECRET"]);
    refused(list(&sandbox, &[]).env("NIM_APP_KEY", "an app"), &["NIM_APP_KEY"]);
    for group in ["", " 66", "the room", "-1", "0", "1.5", "9007199254740992", "99999999999999999999"] {
        refused(app(Run::new(&["list", "nim", &format!("--group={group}")])), &["--group"]);
    }
    for (url, words) in [
        ("api.yunxinapi.com/nimserver", "no scheme: write https://"),
        ("http://api.yunxinapi.com/nimserver", "plain http"),
        (&*format!("https://boss:{SECRET}@api.yunxinapi.com"), "has credentials in it"),
    ] {
        refused(list(&sandbox, &["--base-url", url]), &["--base-url", words]);
        refused(list(&sandbox, &[]).env("NIM_BASE_URL", url), &["NIM_BASE_URL", words]);
    }
    refused(list(&sandbox, &["--region", "mars"]), &["--region", "none of china, singapore"]);
    refused(list(&sandbox, &[]).without("NIM_BASE_URL").env("NIM_REGION", "mars"), &["NIM_REGION"]);
    refused(list(&sandbox, &["--region", "china", "--base-url", "https://h/nimserver"]), &["--region"]);
    refused(list(&sandbox, &["--type", "everybody"]), &["--type", "all, fixed, temporary, online-fixed"]);
    refused(list(&sandbox, &["--kind", "crowd"]), &["--kind", "room, team, superteam"]);
    refused(list_team(&sandbox, "team", &["--type", "fixed"]), &["--type is of rooms only", "--kind team"]);
    refused(list_team(&sandbox, "superteam", &["--page-size", "50"]), &["--page-size is of rooms only"]);
    let unnamed = app(Run::new(&["list", "nim", "--kind", "superteam", "--group", "everybody"]));
    refused(unnamed, &["--group everybody is no superteam", "2690000002"]);
    refused(list(&sandbox, &["--page-size", "1"]), &["--page-size", "from 2 to 100"]);
    refused(list(&sandbox, &["--app-secret", SECRET]), &["--app-secret"]);
    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
}

#[test]
fn refusals_of_the_vendor_are_errors_that_say_what_to_do() {
    let sandbox = sandbox(vec![RoomConfig::new(ROOM, 5, 0), RoomConfig::new(7, 5, 0).closed()], |_| {});
    for (name, value, words) in [
        ("NIM_APP_KEY", "another", "(414): check it, and the region"),
        ("NIM_APP_SECRET", "another", "(414): check the AppSecret"),
    ] {
        let run = list(&sandbox, &[]).env(name, value).go();
        assert_eq!(run.code, 1, "{name}");
        assert!(run.error().contains(words), "{name}: {}", run.stderr);
    }
    for room in ["66", "7"] {
        let run = app(Run::new(&["list", "nim", "--group", room])).env("NIM_BASE_URL", &base(&sandbox)).go();
        assert_eq!(run.code, 1, "{room}");
        assert!(run.error().contains(&format!("of {room}: ")) && run.error().contains("(404)"), "{}", run.stderr);
    }
    // Without its path.
    let run = list(&sandbox, &["--base-url", &sandbox.base_url()]).go();
    assert_eq!(run.code, 1);
    assert!(run.error().contains("the base URL does not end in /nimserver"), "{}", run.stderr);
}

#[test]
fn teams_and_superteams_are_listed_with_what_their_members_are() {
    let sandbox = teams(|_| {});
    for (kind, tid, verdict, call) in
        [("team", TEAM, "verified", "team/queryDetail"), ("superteam", SUPERTEAM, "stable", "superteam/getTlists")]
    {
        for format in ["ndjson", "json", "csv", "table"] {
            let seen = sandbox.log().len();
            let run = list_team(&sandbox, kind, &["--format", format, "--concurrency", "1"]).go();
            assert_eq!(run.code, 0, "{}", run.stderr);
            let members = sandbox.nim().team_members(tid);
            assert!(run.stderr.contains(&format!("{} members of {tid}, {verdict} (", members.len())), "{}", run.stderr);
            // One kind of call, each of them signed and in time.
            let log = sandbox.log().split_off(seen);
            assert!(
                log.iter().all(|entry| entry.command == call && entry.code == 0 && entry.note.is_empty()),
                "{log:?}"
            );
            assert!(log.iter().all(|entry| entry.group.as_deref() == Some(&*tid.to_string())), "{log:?}");
            assert!(if kind == "team" { log.len() == 1 } else { (8..11).contains(&log.len()) }, "{}", log.len());
            if format != "ndjson" {
                assert_eq!(run.stdout.matches("user000123").count(), 1, "{}", run.stdout);
                continue;
            }
            let rows = rows(&run);
            assert_eq!(rows.len(), members.len());
            for member in members {
                let row = rows.iter().find(|row| row["id"] == member.accid.as_str()).unwrap();
                let role = match member.role {
                    Role::Creator => "owner",
                    Role::Manager => "admin",
                    _ => "member",
                };
                assert_eq!((&row["role"], &row["group"]), (&role.into(), &tid.to_string().into()));
                assert!(row["joined_at"].as_str().unwrap().starts_with("20"), "{row}");
            }
        }
    }
    let run = list_team(&sandbox, "superteam", &["-f", "ndjson", "--raw"]).go();
    assert!(rows(&run).iter().all(|row| row["raw"]["accid"] == row["id"] && row["raw"]["tid"] == SUPERTEAM));
    // A team is no superteam, nor a room, and the API does not know it as one.
    let tid = TEAM.to_string();
    for (kind, code) in [("superteam", "(803)"), ("room", "(404)")] {
        let run = app(Run::new(&["list", "nim", "--kind", kind, "--group", &tid])).env("NIM_BASE_URL", &base(&sandbox));
        let run = run.go();
        assert_eq!(run.code, 1, "{kind}");
        assert!(run.error().contains(code) && run.error().contains(&tid), "{kind}: {}", run.stderr);
    }
}

#[test]
fn listings_of_teams_that_stop_go_on_where_they_stopped() {
    let always = ["-f", "ndjson", "--output", "rows", "--report", "report.json", "--resume", "state"];
    // A superteam whose fourth page is refused, and a team that came whole and could not be held against its size.
    for (kind, fault, command, had, rest) in [
        ("superteam", Injection::new(Fault::IpForbidden, When::Call(4)), "superteam/getTlists", 298, 5..9),
        ("team", Fault::ServerError.always(), "team/query", 180, 1..2),
    ] {
        let sandbox = teams(|config| config.nim.faults.push(Fault::NoSize.always()));
        let tid = if kind == "team" { TEAM } else { SUPERTEAM };
        sandbox.nim().inject(fault.on_command(command));
        let dir = folder();
        let run = |kind: &str, tid: u64| {
            let tid = tid.to_string();
            let run =
                Run::new(&[&["list", "nim", "--kind", kind, "--group", &tid, "--concurrency=1"], &always[..]].concat());
            let mut run = app(run).env("NIM_BASE_URL", &base(&sandbox));
            run.command.current_dir(&dir);
            dir.clone_into(&mut run.dir);
            run
        };
        let stopped = run(kind, tid).go();
        assert_eq!(stopped.code, 1, "{kind}: {}", stopped.stderr);
        assert!(stopped.stderr.contains("; to go on, repeat it with --resume state"), "{}", stopped.stderr);
        let first = fs::read_to_string(dir.join("rows")).unwrap();
        let report = || -> Value { serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap() };
        assert_eq!((first.lines().count(), &report()["completeness"]), (had, &"incomplete".into()));

        // Not as another kind of group.
        let seen = sandbox.calls();
        for other in ["room", "team", "superteam"].into_iter().filter(|other| *other != kind) {
            let refused = run(other, tid).go();
            assert_eq!(refused.code, 2, "{}", refused.stderr);
            let words = format!("was begun with --kind {kind}, and it is {other} now");
            assert!(refused.error().contains(&words), "{}", refused.stderr);
        }
        assert_eq!(sandbox.calls(), seen, "nothing may be sent");

        sandbox.nim().clear_faults();
        let done = run(kind, tid).go();
        assert_eq!(done.code, 0, "{kind}: {}", done.stderr);
        assert!(done.stderr.starts_with(&format!("going on behind {had} members")), "{}", done.stderr);
        let log = sandbox.log().split_off(usize::try_from(seen).unwrap());
        assert!(rest.contains(&log.len()) && log.iter().all(|entry| entry.command == command), "{log:?}");
        let all = fs::read_to_string(dir.join("rows")).unwrap();
        assert!(all.starts_with(&first), "what was there stayed where it was");
        let ids: Vec<String> = all
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
            .collect();
        let unique: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(unique.len(), ids.len(), "somebody is there twice");
        assert_eq!(unique, sandbox.nim().team_members(tid).into_iter().map(|member| member.accid).collect());
        let verdict = if kind == "team" { "verified" } else { "stable" };
        assert_eq!((&report()["completeness"], &report()["members"]), (&verdict.into(), &ids.len().into()));
        assert!(!dir.join("state").exists());
    }
}

fn with(faults: &[&str], args: &[&str]) -> (Outcome, Value, usize) {
    let faults = faults.iter().map(|fault| fault.parse::<Injection>().unwrap());
    let sandbox = sandbox(vec![RoomConfig::new(ROOM, 60, 340)], |config| {
        config.nim.faults.extend(faults);
        config.nim.penalty = Duration::from_millis(100);
    });
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
    for fault in [
        "500-then-ok",
        "503-then-ok",
        "408-then-ok",
        "416",
        "431-repeated",
        "502-html",
        "cut-body",
        "reset",
        "reset-mid-body",
        "429-retry-after",
    ] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, rows), (0, 400), "{fault}: {}", run.stderr);
        assert_eq!(report["completeness"], "verified", "{fault}: {report}");
        assert!(report["retries"].as_u64().unwrap() >= 1, "{fault}: {report}");
    }
}

#[test]
fn a_clock_that_is_wrong_is_corrected() {
    let sandbox = sandbox(vec![RoomConfig::new(ROOM, 5, 9)], |config| config.nim.clock_offset = 4_000);
    let run = list(&sandbox, &["-f", "csv"]).go();
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn trouble_that_stays_is_an_error_in_one_line() {
    for (fault, words) in [
        ("502-html@always", "HTTP status 502"),
        ("html-200", "it is HTML, not JSON"),
        ("redirect", "a redirect, which is not followed"),
        ("echo-headers", "(414)"),
        ("endless-body", "larger than this call's largest"),
        ("403-wrong-region", "check the region"),
        ("315-ip", "add it in the console"),
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
    for fault in ["bad-row", "stuck-cursor"] {
        let (run, report, rows) = with(&[fault], &[]);
        assert_eq!((run.code, &report["completeness"]), (3, &"incomplete".into()), "{fault}: {}", run.stderr);
        assert!(rows > 50 && run.stderr.contains("gap after "), "{fault}: {rows} {}", run.stderr);
    }
}

struct Recorded {
    outcome: Outcome,
    dir: std::path::PathBuf,
    report: Value,
    rows: Vec<Value>,
    case: Value,
}

fn record(sandbox: &Sandbox, args: &[&str]) -> Recorded {
    recorded(|always| list(sandbox, &[always, args].concat()))
}

fn recorded(run: impl FnOnce(&[&str]) -> Run) -> Recorded {
    let run = run(&["--record", "case", "--report", "report.json", "--output", "rows.ndjson", "--raw"]);
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

/// Lists the recorded room as a user's test would, and compares with what the program saw.
fn replays(recorded: &Recorded, options: RosterOptions) {
    let (replay, client, room) = replaying(recorded, "roomid");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(client.roster_with(room, options).all()).unwrap();
    assert_eq!(replay.left(), 0, "every recorded answer is asked for");
    let report = serde_json::to_value(&listing.report).unwrap();
    for key in ["vendor", "members", "calls", "retries", "throttled", "duplicates", "declared_total", "completeness"] {
        assert_eq!(report[key], recorded.report[key], "{key}");
    }
    assert_eq!(listing.members.len(), recorded.rows.len());
    let mut ids = BTreeSet::new();
    for (stand_in, row) in listing.members.iter().zip(&recorded.rows) {
        assert!(stand_in.accid.starts_with("user_") && ids.insert(&stand_in.accid));
        let stand_in = serde_json::to_value(stand_in).unwrap();
        for (name, value) in row["raw"].as_object().unwrap() {
            match name.as_str() {
                "accid" | "roomid" => assert_ne!(value, &stand_in[name]),
                "nick" | "avator" | "ext" => assert_eq!(value == "", stand_in[name] == "", "{name}"),
                _ => assert_eq!(value, &stand_in[name], "{name}"),
            }
        }
    }
}

/// What the vendor sent of people, and what was sent of the app, must not be in any file.
fn is_sanitised(recorded: &Recorded) {
    let room = ROOM.to_string();
    let mut private: BTreeSet<&str> = [KEY, room.as_str(), "127.0.0.1"].into();
    for row in &recorded.rows {
        private.extend(["id", "name", "avatar_url"].iter().filter_map(|name| row[*name].as_str()));
        private.extend(row["raw"]["ext"].as_str());
    }
    // Too short to say anything about anybody, or a word of JSON.
    private.retain(|word| word.len() > 4);
    assert!(private.len() > 10);
    for file in files(&recorded.dir) {
        let text = fs::read_to_string(&file).unwrap();
        for word in &private {
            let quoted = serde_json::to_string(word).unwrap();
            let word = quoted.trim_matches('"');
            assert!(!text.contains(word), "{word:?} is in {}: {text}", file.display());
        }
        for header in ["checksum", "nonce", "curtime", "requestid", "appkey:"] {
            assert!(!text.to_lowercase().contains(&format!("\r\n{header}")), "{header} is in {}", file.display());
        }
    }
}

#[test]
fn what_is_recorded_replays_with_stand_ins() {
    let default = RosterOptions::default;
    for (args, options, code) in [
        (&[][..], default(), 0),
        (&["--page-size", "40"], default().page_size(40), 0),
        (&["--type", "fixed"], default().kind(Kind::Fixed), 0),
        (&["--type", "temporary", "--page-size=50"], default().kind(Kind::Temporary).page_size(50), 0),
        (&["--type", "online-fixed"], default().kind(Kind::OnlineFixed), 3),
    ] {
        let sandbox = sandbox(vec![RoomConfig::new(ROOM, 70, 330).robots(3)], |_| {});
        let recorded = record(&sandbox, args);
        assert_eq!(recorded.outcome.code, code, "{args:?}: {}", recorded.outcome.stderr);
        let case = &recorded.case;
        assert_eq!((&case["schema"], &case["vendor"], &case["expect"]), (&1.into(), &"nim".into(), &"ok".into()));
        let first = fs::read_to_string(recorded.dir.join("1.request.http")).unwrap();
        let endpoint = case["endpoint"].as_str().unwrap().replace('_', "/");
        assert!(first.starts_with(&format!("POST /nimserver/{endpoint}.action HTTP/1.1\r\n")), "{first}");
        assert_eq!(files(&recorded.dir).len() as u64, 1 + 2 * recorded.report["calls"].as_u64().unwrap());
        is_sanitised(&recorded);
        replays(&recorded, options);
    }
}

#[test]
fn a_refusal_and_a_list_under_churn_are_recorded_too() {
    let refusing = sandbox(vec![RoomConfig::new(ROOM, 5, 0)], |config| {
        config.nim.faults = vec!["echo-headers".parse().unwrap()];
    });
    let recorded = record(&refusing, &[]);
    assert_eq!((recorded.outcome.code, &recorded.case["expect"]), (1, &"api-error".into()));
    let answer = fs::read_to_string(recorded.dir.join("1.response.http")).unwrap();
    assert!(answer.contains("\"code\":414") && answer.contains("\"text 1"), "{answer}");

    let moving = sandbox(vec![RoomConfig::new(ROOM, 60, 400).churn(Churn::per_call(1.0))], |_| {});
    let recorded = record(&moving, &["--page-size=40"]);
    assert!(matches!(recorded.outcome.code, 0 | 3), "{}", recorded.outcome.stderr);
    is_sanitised(&recorded);
    replays(&recorded, RosterOptions::default().page_size(40));
}

/// The client that a recording is played back to, and the number of its group, which stands under `key`.
fn replaying(recorded: &Recorded, key: &str) -> (Arc<Replay>, Client, u64) {
    let case = &recorded.case;
    let unix = Duration::from_secs(case["stamp"]["unix"].as_u64().unwrap());
    let replay = Replay::from_dir(&recorded.dir, unix, 0, &[]).unwrap();
    let of = |name: &str| case["credentials"][name].as_str().unwrap().to_owned();
    let credentials = Credentials::new(of("app_key"), of("app_secret")).unwrap();
    let client = Client::builder(credentials).concurrency(1).runtime(Arc::<Replay>::clone(&replay)).build().unwrap();
    (replay, client, case["request"][key].as_u64().unwrap())
}

#[test]
fn teams_are_recorded_and_replay_with_stand_ins() {
    for (kind, endpoint, verdict) in
        [("team", "team_queryDetail", "verified"), ("superteam", "superteam_getTlists", "stable")]
    {
        let sandbox = teams(|config| config.nim.faults.push(Fault::NoSize.always()));
        let recorded = recorded(|always| list_team(&sandbox, kind, always));
        assert_eq!(recorded.outcome.code, 0, "{}", recorded.outcome.stderr);
        assert_eq!((&recorded.case["endpoint"], &recorded.case["expect"]), (&endpoint.into(), &"ok".into()));
        let calls = recorded.report["calls"].as_u64().unwrap();
        assert_eq!(files(&recorded.dir).len() as u64, 1 + 2 * calls);
        is_sanitised(&recorded);
        for tid in [TEAM, SUPERTEAM] {
            let shown = files(&recorded.dir)
                .into_iter()
                .any(|file| fs::read_to_string(file).unwrap().contains(&tid.to_string()));
            assert!(!shown, "{tid} is in the recording");
        }

        let (replay, client, tid) = replaying(&recorded, "tid");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (ids, report) = if kind == "team" {
            let listing = runtime.block_on(client.team_roster(tid).all()).unwrap();
            (listing.members.into_iter().map(|row| row.member.accid).collect::<Vec<_>>(), listing.report)
        } else {
            let listing = runtime.block_on(client.superteam_roster(tid).all()).unwrap();
            (listing.members.into_iter().map(|row| row.accid).collect(), listing.report)
        };
        assert_eq!((replay.left(), report.completeness.as_str(), report.calls), (0, verdict, calls));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), recorded.rows.len());
        assert!(ids.iter().all(|id| id.starts_with("user_")));
    }
}
