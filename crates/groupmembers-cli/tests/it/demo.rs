use crate::program::Run;

#[test]
fn the_demo_lists_six_thousand_and_says_what_to_try_next() {
    let run = Run::new(&["demo"]).go();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let rows: Vec<&str> = run.stdout.lines().collect();
    assert!(rows[0].starts_with("ID") && rows[1].starts_with("user000000"), "{}", run.stdout);
    assert_eq!(rows[11], "… and 5,990 more");
    assert!(run.stderr.contains("6,000 members of @TGS#1DEMO, verified ("), "{}", run.stderr);
    assert_eq!(rows[12..].iter().filter(|row| row.starts_with("ID")).count(), 4, "{}", run.stdout);
    for line in [
        "12,000 members of 271828182845904, verified (",
        "900 members of 2757903841, verified (",
        "500 members of 20000000500@chatroom, verified (",
        "22 members of 7, verified (",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    assert!(run.stderr.contains("Try next:\n  groupmembers sandbox --env"), "{}", run.stderr);
}

#[test]
fn help_has_an_example_for_every_command() {
    let commands: [&[&str]; 25] = [
        &[],
        &["demo"],
        &["sandbox"],
        &["list"],
        &["list", "tim"],
        &["list", "agora"],
        &["list", "nim"],
        &["list", "wkteam"],
        &["list", "yunshop"],
        &["groups"],
        &["groups", "tim"],
        &["groups", "agora"],
        &["groups", "nim"],
        &["groups", "wkteam"],
        &["groups", "yunshop"],
        &["watch"],
        &["watch", "tim"],
        &["watch", "agora"],
        &["watch", "nim"],
        &["watch", "wkteam"],
        &["watch", "yunshop"],
        &["token"],
        &["token", "tim"],
        &["token", "agora"],
        &["token", "inspect"],
    ];
    for command in commands {
        let run = Run::new(&[command, &["--help"]].concat()).go();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        let (_, examples) = run.stdout.split_once("Example").unwrap_or_else(|| panic!("{command:?}: {}", run.stdout));
        assert!(examples.contains(&format!("groupmembers {}", command.join(" "))), "{command:?}");
        // What is pasted must not have been broken into two lines.
        let (_, lines) = examples.split_once('\n').unwrap();
        let lines: Vec<&str> = lines.lines().take_while(|line| !line.is_empty()).collect();
        assert!(lines.iter().all(|line| line.starts_with("  ") && line.len() <= 80), "{command:?}: {lines:?}");
    }
    let bare = Run::new(&[]).go();
    assert!(bare.code == 0 && bare.stdout.contains("Usage: groupmembers <COMMAND>"));
    let version = Run::new(&["--version"]).go();
    assert_eq!(version.stdout, format!("groupmembers {}\n", env!("CARGO_PKG_VERSION")));
    for vendor in ["agora", "nim", "wkteam", "yunshop"] {
        assert_eq!(Run::new(&["list", vendor, "--group", "g"]).go().code, 2);
    }
}
