use std::time::{SystemTime, UNIX_EPOCH};

use tim_rest::userbuf::{PrivateMapKey, Room};
use tim_rest::{Credentials, SecretKey, UserSig};

use crate::program::{ADMIN, APP, Outcome, Run, SECRET};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn signed(identifier: &str, at: u64, expire: u64) -> String {
    let key = SecretKey::new(SECRET).unwrap();
    UserSig::sign_for(APP, &key, identifier, at, expire, None).unwrap().as_str().to_owned()
}

fn inspect(token: &str, args: &[&str]) -> Outcome {
    Run::new(&[&["token", "inspect", "-"], args].concat()).app().read(token)
}

#[test]
fn what_is_signed_is_found_good() {
    // No admin is needed to sign for somebody.
    let run = Run::new(&["token", "tim", "--identifier", "张三 #1", "--expire", "60"])
        .app()
        .without("TIM_ADMIN")
        .makes_tokens()
        .go();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout.lines().count(), 1);
    let found = inspect(&run.stdout, &["--identifier", "张三 #1"]);
    assert_eq!(found.code, 0, "{}", found.stdout);
    for line in ["identifier   张三 #1", &format!("app          {APP}"), "userbuf      none", "verdict      good"] {
        assert!(found.stdout.lines().any(|found| found == line), "{line}: {}", found.stdout);
    }
    assert!(found.stdout.contains("signed at    2") && found.stdout.contains("Z (60 s)\n"), "{}", found.stdout);
    // As an argument as well.
    assert_eq!(Run::new(&["token", "inspect", run.stdout.trim()]).app().go().code, 0);
}

#[test]
fn every_verdict_has_its_reason() {
    let good = signed(ADMIN, now(), 600);
    let changed = format!("{}AAAA{}", &good[..40], &good[44..]);
    for (token, reason) in [
        (signed(ADMIN, now() - 100, 50), "it expired at 2"),
        (changed, "damaged"),
        (good[..50].to_owned(), "damaged"),
        ("hello".to_owned(), "damaged"),
    ] {
        let run = inspect(&token, &[]);
        assert_eq!(run.code, 1, "{}", run.stdout);
        assert!(
            run.stdout.contains("verdict      refused: ") && run.stdout.contains(reason),
            "{reason}: {}",
            run.stdout
        );
    }
    let refused = |run: Outcome, reason: &str| {
        assert_eq!(run.code, 1);
        assert!(run.stdout.contains(&format!("verdict      refused: {reason}")), "{reason}: {}", run.stdout);
    };
    refused(inspect(&good, &["--identifier", "alice"]), &format!("it was signed for another identifier, {ADMIN}"));
    let run = Run::new(&["token", "inspect", "-"]).app().env("TIM_SDK_APP_ID", "1600000002").read(&good);
    refused(run, &format!("it was signed for another app, {APP}"));
    let run = Run::new(&["token", "inspect", "-"]).app().env("TIM_SECRET_KEY", "another").read(&good);
    refused(run, "it was signed with another key");
}

#[test]
fn without_a_key_what_needs_none_is_checked() {
    let bare = |token: &str| Run::new(&["token", "inspect", "-"]).read(token);
    let run = bare(&signed(ADMIN, now(), 600));
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("verdict      not checked: set TIM_SECRET_KEY"), "{}", run.stdout);
    assert_eq!(bare(&signed(ADMIN, now() - 100, 50)).code, 1);
    let run = Run::new(&["token", "inspect", "-"]).app().without("TIM_SDK_APP_ID").read(&signed(ADMIN, now(), 600));
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("good (for its own app"), "{}", run.stdout);
}

#[test]
fn a_private_map_key_is_shown() {
    let credentials = Credentials::new(APP, ADMIN, SECRET).unwrap();
    for (room, shown) in [(Room::Number(10_000), "room 10000"), (Room::Name("客厅".to_owned()), "room \"客厅\"")] {
        let signed = PrivateMapKey::new("alice", room, 42).sign(&credentials, now(), 60).unwrap();
        let run = inspect(signed.as_str(), &[]);
        assert_eq!(run.code, 0, "{}", run.stdout);
        let line = format!("userbuf      PrivateMapKey: alice into {shown} of app {APP}, privileges 42, until 2");
        assert!(run.stdout.contains(&line), "{}", run.stdout);
    }
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let sign = |args: &[&str]| Run::new(&[&["token", "tim"], args].concat()).app();
    for (run, words) in [
        (sign(&["--identifier", "", "--expire", "60"]), "--identifier is empty"),
        (sign(&["--identifier", "a", "--expire", "0"]), "--expire"),
        (sign(&["--identifier", "a"]), "--expire <SECONDS>"),
        (sign(&["--identifier", "a", "--expire", "60"]).without("TIM_SECRET_KEY"), "TIM_SECRET_KEY is not set"),
        (
            sign(&["--identifier", "a", "--expire", "60"]).env("TIM_SECRET_KEY", &format!("{SECRET}\r\n")),
            "TIM_SECRET_KEY has",
        ),
        (sign(&["--identifier", "a", "--expire", "60"]).env("TIM_SDK_APP_ID", "x"), "TIM_SDK_APP_ID is not an app id"),
        (Run::new(&["token", "inspect", ""]), "the token is empty"),
        (Run::new(&["token", "inspect", &signed("a", 1, 2), &signed("b", 1, 2)]), "unexpected argument"),
    ] {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{words}");
        assert!(run.error().contains(words), "{words}: {}", run.stderr);
    }
}
