use std::fs;

use groupmembers_sandbox::tim::GroupKind;

use crate::program::{Run, SECRET, group, sandbox};

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

    for (id, words) in [("", "is empty"), ("  ", "is empty"), ("g ", "blanks"), ("g\nh", "control character")] {
        refused(
            Run::new(&["list", "tim", "--group", id]).app().env("TIM_BASE_URL", &sandbox.base_url()),
            &["--group", words],
        );
    }
    refused(Run::new(&["list", "tim"]).app(), &["--group <ID>"]);
    for size in ["0", "1", "201", "500", "-1", "x"] {
        refused(list(&[&format!("--page-size={size}")]), &["--page-size", size]);
    }
    refused(list(&["--type", "community", "--page-size", "150"]), &["--page-size", "100"]);
    refused(list(&["--type", "chat"]), &["--type", "community"]);
    refused(list(&["--concurrency", "0"]), &["--concurrency"]);
    refused(list(&["--deadline", "0"]), &["--deadline"]);
    refused(list(&["--fields", "Role,,JoinTime"]), &["--fields"]);
    refused(list(&["--custom-fields", "a, b"]), &["--custom-fields"]);
    refused(list(&["--raw"]), &["--raw", "--format"]);
    refused(list(&["--secret-key", SECRET]), &["--secret-key"]);
    refused(list(&[SECRET]), &["unexpected argument"]);

    assert_eq!(sandbox.calls(), 0, "nothing may be sent");
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
    #[cfg(unix)]
    {
        let run = Run::list(&sandbox, &["--output", "x.csv", "--report", "y.csv"]);
        fs::write(run.dir.join("x.csv"), "kept").unwrap();
        std::os::unix::fs::symlink(run.dir.join("x.csv"), run.dir.join("y.csv")).unwrap();
        let kept = run.dir.join("x.csv");
        refused(run, &["--output", "--report", "two"]);
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
}
