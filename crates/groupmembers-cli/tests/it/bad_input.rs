use std::fs;
use std::process::Stdio;

use groupmembers_sandbox::tim::GroupKind;

use crate::program::{Run, SECRET, files, group, sandbox};

/// Runs what must be refused before anything is sent, with one line that has these words in it.
fn refused(run: Run, words: &[&str]) {
    let outcome = run.go();
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    for word in words {
        assert!(outcome.error().contains(word), "{word}: {}", outcome.stderr);
    }
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    let list = |args: &[&str]| Run::list(&sandbox, args);

    for name in ["TIM_SDK_APP_ID", "TIM_SECRET_KEY", "TIM_ADMIN"] {
        refused(list(&[]).without(name), &[name, "is not set: export it"]);
        refused(list(&[]).env(name, ""), &[name, "is empty"]);
    }
    refused(list(&[]).env("TIM_SDK_APP_ID", "my app"), &["TIM_SDK_APP_ID", "such as 1400000000"]);
    refused(list(&[]).env("TIM_SDK_APP_ID", "0"), &["TIM_SDK_APP_ID"]);
    refused(
        list(&[]).env("TIM_SECRET_KEY", &format!("{SECRET}\n")),
        &["TIM_SECRET_KEY", "line break around it: remove"],
    );
    refused(list(&[]).env("TIM_SECRET_KEY", &format!(" {SECRET}")), &["TIM_SECRET_KEY", "blanks"]);
    refused(list(&[]).env("TIM_SECRET_KEY", &SECRET.replace("ret", "\n")), &["TIM_SECRET_KEY", "line break"]);

    for (url, words) in [
        ("console.tim.qq.com", "no scheme: write https://"),
        (&*format!("https://boss:{SECRET}@console.tim.qq.com"), "has credentials in it"),
        ("http://console.tim.qq.com", "plain http"),
        ("https://console.tim.qq.com/?a=b", "a query"),
        ("ftp://console.tim.qq.com", "another scheme"),
        ("https://", "write https://"),
    ] {
        refused(list(&["--base-url", url]), &["--base-url", words]);
        refused(list(&[]).env("TIM_BASE_URL", url), &["TIM_BASE_URL", words]);
    }
    refused(list(&["--region", "mars"]), &["--region", "none of china"]);
    refused(list(&[]).without("TIM_BASE_URL").env("TIM_REGION", "mars"), &["TIM_REGION", "none of china"]);
    refused(list(&["--base-url", &sandbox.base_url(), "--region", "china"]), &["--base-url", "--region"]);

    let group = |id: &str| Run::new(&["list", "tim", "--group", id]).app().env("TIM_BASE_URL", &sandbox.base_url());
    for (id, words) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("g ", "blanks"),
        ("g\nh", "control character"),
        ("g\u{1b}[2J", "U+001B as character 2"),
        ("g\u{200b}h", "U+200B as character 2"),
        ("\u{feff}g", "U+FEFF as character 1"),
        ("@TGS#1\u{202e}CBA", "U+202E as character 7"),
        (&"群".repeat(17), "is 51 bytes long, and no such id has more than 48"),
        (&format!("@TGS#_@TGS#c{}", "A".repeat(5_000)), "is 5012 bytes long"),
    ] {
        refused(group(id), &["--group", words]);
        if id.trim().is_empty() {
            continue;
        }
        refused(list(&[]).env("TIM_ADMIN", id), &["TIM_ADMIN", words.split_once(" as ").map_or("", |(code, _)| code)]);
    }
    let run = group(&"a".repeat(5_000)).go();
    assert!(run.stderr.len() < 200, "{}", run.stderr);
    refused(list(&[]).env("TIM_ADMIN", &"a".repeat(33)), &["TIM_ADMIN", "no such id has more than 32"]);
    refused(
        Run::new(&["token", "tim", "--expire", "60", "--identifier", "a\u{200b}"]).app(),
        &["--identifier", "U+200B"],
    );
    refused(Run::new(&["list", "tim"]).app(), &["--group <ID>"]);
    for size in ["0", "1", "201", "500", "-1", "x"] {
        refused(list(&[&format!("--page-size={size}")]), &["--page-size", size]);
    }
    refused(list(&["--type", "community", "--page-size", "150"]), &["--page-size", "100"]);
    refused(list(&["--type", "chat"]), &["--type", "work, public, meeting, community, avchatroom"]);
    refused(list(&["--type", &"群".repeat(2_000)]), &["--type", "群…群", "community"]);
    refused(list(&["--format", "xml"]), &["--format", "table, json, ndjson, csv"]);
    for number in ["0", "-1", "1.5", "99999999999999999999"] {
        refused(list(&["--concurrency", number]), &["--concurrency", "a whole number from 1 to 256"]);
        refused(list(&["--deadline", number]), &["--deadline", "a whole number from 1 to "]);
    }
    refused(list(&["--fields", "Role,,JoinTime"]), &["--fields"]);
    for name in ["Rolle", "ShutUpUntill", "角色"] {
        let names =
            "Role, JoinTime, MsgSeq, MsgFlag, LastSendMsgTime, MuteUntil, NameCard, OnlineStatus, Member_Account";
        refused(list(&["--fields", &format!("JoinTime,{name}")]), &["--fields", name, names]);
    }
    refused(list(&["--fields", SECRET]), &["--fields"]);
    refused(list(&["--custom-fields", "a, b"]), &["--custom-fields"]);
    refused(list(&["--custom-fields", "a,a23456789-1234567"]), &["--custom-fields", "more than 16 bytes"]);
    refused(list(&["--output", "members.xlsx"]), &["--output members.xlsx", "name a .csv, or add --format"]);
    refused(Run::new(&["list", "tencent", "--group", "g"]), &["'tencent'", "known are tim, "]);
    refused(Run::new(&["lits"]), &["'lits'", "'list'", "known are demo, sandbox, list, groups, watch, diff, token"]);
    refused(list(&["--raw"]), &["--raw", "--format"]);
    refused(list(&["--secret-key", SECRET]), &["--secret-key"]);
    refused(list(&[SECRET]), &["unexpected argument"]);

    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
}

#[test]
fn a_group_without_its_flag_is_told_where_it_belongs() {
    for vendor in ["tim", "agora", "nim", "wkteam", "yunshop"] {
        refused(
            Run::new(&["list", vendor, "12345"]),
            &["unexpected argument '12345'", "tip: the group's id goes behind --group"],
        );
    }
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let bare = || Run::new(&["list", "tim", "--group", "g"]);
    refused(bare(), &["TIM_SDK_APP_ID, TIM_SECRET_KEY and TIM_ADMIN are not set: export them"]);
    refused(bare().env("TIM_SDK_APP_ID", "1"), &["TIM_SECRET_KEY and TIM_ADMIN are not set: export them"]);
    refused(
        bare().env("TIM_SECRET_KEY", ""),
        &["TIM_SDK_APP_ID and TIM_ADMIN are not set, TIM_SECRET_KEY is empty: export them"],
    );
    let token = Run::new(&["token", "tim", "--identifier", "a", "--expire", "60"]);
    refused(token, &["TIM_SDK_APP_ID and TIM_SECRET_KEY are not set: export them"]);
}

#[test]
fn words_of_a_choice_may_be_written_in_any_case() {
    let sandbox = sandbox(group(GroupKind::Public, 5), |_| {});
    for (group_type, format, fields) in [("Public", "CSV", "role,NAMECARD"), ("PUBLIC", "Csv", "Role,NameCard")] {
        let run = Run::list(&sandbox, &["--type", group_type, "-f", format, "--fields", fields]).go();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains(",owner,"), "the field is asked for by the vendor's word: {}", run.stdout);
    }
    // What older texts call it.
    assert_eq!(Run::list(&sandbox, &["--type", "ChatRoom"]).go().code, 0);
}

#[test]
fn a_wrong_type_is_suspected_where_the_api_only_says_no() {
    let sandbox = sandbox(group(GroupKind::Public, 5), |_| {});
    for wrong in ["community", "avchatroom"] {
        let run = Run::list(&sandbox, &["--type", wrong]).go();
        assert_eq!(run.code, 1, "{wrong}: {}", run.stderr);
        assert!(run.error().contains("--type is wrong: leave it out"), "{wrong}: {}", run.stderr);
    }
}

#[test]
fn a_refused_run_leaves_no_file_behind() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    for args in [
        &["--output", "new.csv", "--report", "no/such/folder/report.json"][..],
        &["--output", "new.csv", "--report", "new.csv"],
        &["--output", "new.csv", "--report", "new.json", "--record", "blocked/case"],
        &["--output", "new.csv", "--report", "-"],
        &["--output", "new.csv", "--record", "."],
    ] {
        let run = Run::list(&sandbox, args);
        let dir = run.dir.clone();
        fs::write(dir.join("blocked"), "a file").unwrap();
        refused(run, &[args[args.len() - 2]]);
        assert_eq!(files(&dir), [dir.join("blocked")], "{args:?}");
    }
    // What could be made of a --record folder before it was refused goes as well.
    let run = Run::list(&sandbox, &["--record", "a/b/case", "--output", "no/such/folder/list"]);
    let dir = run.dir.clone();
    refused(run, &["--output"]);
    assert!(!dir.join("a").exists());
    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
}

#[test]
fn a_long_id_is_not_read_out_in_full() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    let id = format!("@TGS#{}", "群".repeat(41));
    let run = Run::new(&["list", "tim", "--group", &id, "--report", "report.json"]).app();
    let run = run.env("TIM_BASE_URL", &sandbox.base_url());
    let report = run.dir.join("report.json");
    let run = run.go();
    assert_eq!(run.code, 1);
    assert!(run.error().contains("@TGS#群") && run.error().contains('…'), "{}", run.stderr);
    assert!(!run.stderr.contains(&id), "{}", run.stderr);
    // The report is for programs: there it stands as it is.
    assert!(fs::read_to_string(report).unwrap().contains(&format!("\"group\": \"{id}\"")));
}

#[test]
fn unwritable_places_are_refused_and_what_is_there_stays() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    for flag in ["--output", "--report"] {
        for place in ["no/such/folder/file", "."] {
            refused(Run::list(&sandbox, &[flag, place]), &[flag, place, "name a place"]);
        }
    }
    refused(Run::list(&sandbox, &["--output", "x.json", "--report", "x.json"]), &["--output", "--report", "two"]);
    refused(Run::list(&sandbox, &["--output", "x.csv", "--report", "./x.csv"]), &["--output", "--report", "two"]);
    refused(Run::list(&sandbox, &["--output", "-"]), &["--output", "stdout"]);
    refused(Run::list(&sandbox, &["--report", "-"]), &["--report is -", "name a file"]);
    refused(Run::list(&sandbox, &["--record", "-"]), &["--record is -", "name a folder"]);
    #[cfg(unix)]
    {
        let run = Run::list(&sandbox, &["--output", "x.csv", "--report", "y.csv"]);
        fs::write(run.dir.join("x.csv"), "kept").unwrap();
        std::os::unix::fs::symlink(run.dir.join("x.csv"), run.dir.join("y.csv")).unwrap();
        let kept = run.dir.join("x.csv");
        refused(run, &["--output", "--report", "two"]);
        assert_eq!(fs::read_to_string(kept).unwrap(), "kept");

        let run = Run::list(&sandbox, &["--output", "x.csv", "--report", "y.csv"]);
        let kept = run.dir.join("x.csv");
        fs::write(&kept, "kept").unwrap();
        fs::hard_link(&kept, run.dir.join("y.csv")).unwrap();
        refused(run, &["--output", "--report", "two"]);
        assert_eq!(fs::read_to_string(kept).unwrap(), "kept");

        // A shell may have sent the rows into the report's file as well.
        let mut run = Run::list(&sandbox, &["--report", "x.json"]);
        let kept = run.dir.join("x.json");
        fs::write(&kept, "kept").unwrap();
        run.command.stdout(fs::File::options().append(true).open(&kept).unwrap()).stderr(Stdio::piped());
        let child = run.command.spawn().unwrap();
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.error().contains("stdout and --report go to the same file"), "{}", outcome.stderr);
        assert_eq!(fs::read_to_string(kept).unwrap(), "kept");
    }
    let run = Run::list(&sandbox, &["--record", "file/case"]);
    fs::write(run.dir.join("file"), "").unwrap();
    refused(run, &["--record file/case", "name a place"]);

    let run = Run::list(&sandbox, &["--output", "kept.csv", "--record", "full"]);
    let dir = run.dir.clone();
    fs::create_dir(dir.join("full")).unwrap();
    fs::write(dir.join("full/case.json"), "{}").unwrap();
    fs::write(dir.join("kept.csv"), "yesterday's list").unwrap();
    refused(run, &["--record full", "not empty"]);
    assert_eq!(fs::read_to_string(dir.join("kept.csv")).unwrap(), "yesterday's list");
    assert_eq!(fs::read_to_string(dir.join("full/case.json")).unwrap(), "{}");
    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
}

#[test]
fn a_listing_that_fails_before_its_first_row_leaves_the_last_one() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    for format in ["csv", "json", "ndjson", "table"] {
        let list = |group: &str| {
            let args = ["list", "tim", "--group", group, "--output", "list", "-f", format, "--report", "report.json"];
            let run = Run::new(&args).app().env("TIM_BASE_URL", &sandbox.base_url());
            fs::write(
                run.dir.join("list"),
                "yesterday's list, which is a good deal longer than the new one\n".repeat(99),
            )
            .unwrap();
            let (list, report) = (run.dir.join("list"), run.dir.join("report.json"));
            let code = run.go().code;
            (code, fs::read_to_string(list).unwrap(), fs::read_to_string(report).unwrap())
        };
        let (code, kept, report) = list("mistyped");
        assert!(code == 1 && kept.starts_with("yesterday") && report.contains("10010"), "{kept} {report}");
        let (code, new, _) = list("g");
        assert!(code == 0 && !new.contains("yesterday") && !new.is_empty(), "{new}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let sandbox = sandbox(group(GroupKind::Work, 5), |_| {});
    let run = Run::list(&sandbox, &["--output", "/dev/full", "--report", "report.json", "-f", "csv"]);
    let dir = run.dir.clone();
    let run = run.go();
    assert_eq!(run.code, 1);
    assert!(run.error().starts_with("cannot write to /dev/full: "), "{}", run.stderr);
    let report = fs::read_to_string(dir.join("report.json")).unwrap();
    assert!(report.contains("\"completeness\": \"incomplete\"") && report.contains("/dev/full"), "{report}");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["members"], &report["gaps"][0]["after"]), (&0.into(), &0.into()), "no row arrived: {report}");
}
