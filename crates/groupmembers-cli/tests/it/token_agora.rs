//! `token agora`, and `token inspect` of what it builds.

use std::time::{SystemTime, UNIX_EPOCH};

use agora_chat_rest::access_token::Claims;
use agora_chat_rest::{Credentials, Subject};

use crate::program::{CERTIFICATE, Outcome, Run};

pub(crate) const APP_ID: &str = "00112233445566778899aabbccddeeff";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn credentials() -> Credentials {
    Credentials::new(APP_ID, CERTIFICATE).unwrap()
}

fn user(id: &str) -> Subject {
    Subject::User(id.to_owned())
}

fn built(subject: &Subject, at: u64, expire: u32) -> String {
    Claims::new(&credentials(), subject, at, expire, 7).unwrap().encode()
}

fn app(run: Run) -> Run {
    run.env("AGORA_APP_ID", APP_ID).env("AGORA_APP_CERTIFICATE", CERTIFICATE)
}

fn inspect(token: &str, args: &[&str]) -> Outcome {
    app(Run::new(&[&["token", "inspect", "-"], args].concat())).read(token)
}

#[test]
fn what_is_built_is_found_good() {
    for (args, subject, whose) in [
        (&[][..], Subject::App, "service      Chat: app for 600 s"),
        (&["--user", "张三"], user("张三"), "service      Chat of 张三: user for 600 s"),
    ] {
        let run = app(Run::new(&[&["token", "agora", "--expire", "600"], args].concat())).makes_tokens().go();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert_eq!(run.stdout.lines().count(), 1);
        let claims = Claims::decode(&run.stdout).unwrap();
        assert_eq!(claims.verify(&credentials(), &subject, now()), Ok(()));
        assert!(now().abs_diff(claims.issued_at()) < 60 && claims.expire() == 600);

        let found = inspect(&run.stdout, args);
        assert_eq!(found.code, 0, "{}", found.stdout);
        for line in
            ["kind         Agora AccessToken2 (007)", &format!("app          {APP_ID}"), whose, "verdict      good"]
        {
            assert!(found.stdout.lines().any(|found| found == line), "{line}: {}", found.stdout);
        }
        assert!(found.stdout.contains("signed at    2") && found.stdout.contains("Z (600 s)\n"), "{}", found.stdout);
        // As an argument as well, and with TIM's variables set beside.
        assert_eq!(app(Run::new(&["token", "inspect", run.stdout.trim()]).app()).go().code, 0);
    }
    let salt = || app(Run::new(&["token", "agora", "--expire", "60"])).makes_tokens().go().stdout;
    assert_ne!(Claims::decode(&salt()).unwrap().salt(), Claims::decode(&salt()).unwrap().salt());
}

#[test]
fn every_verdict_has_its_reason() {
    let refused = |run: Outcome, reason: &str| {
        assert_eq!(run.code, 1, "{reason}: {}", run.stdout);
        assert!(run.stdout.contains(&format!("verdict      refused: {reason}")), "{reason}: {}", run.stdout);
    };
    let good = built(&Subject::App, now(), 600);
    refused(inspect(&built(&Subject::App, now() - 100, 50), &[]), "it expired at 2");
    refused(inspect(&good[..50], &[]), "it is damaged: ");
    refused(inspect("007", &[]), "it is damaged: ");
    refused(inspect("007 not a token", &[]), "it is damaged: ");
    refused(inspect(&good, &["--user", "alice"]), "it is an app token, no user's");
    let alice = built(&user("alice"), now(), 600);
    assert_eq!(inspect(&alice, &["--identifier", "alice"]).code, 0);
    refused(inspect(&alice, &["--user", "bob"]), "it was signed for another user, alice");
    let other = |name: &str, value: &str| app(Run::new(&["token", "inspect", "-"])).env(name, value).read(&good);
    refused(other("AGORA_APP_ID", &"1".repeat(32)), &format!("it was signed for another app, {APP_ID}"));
    refused(other("AGORA_APP_CERTIFICATE", &"1".repeat(32)), "it was signed with another certificate");
    refused(other("AGORA_APP_CERTIFICATE", &CERTIFICATE.to_uppercase()), "it was signed with another certificate");

    let long = inspect(&built(&Subject::App, now(), 6_000_000), &[]);
    assert!(
        long.code == 0 && long.stdout.contains("note         it lasts longer than the 24 hours"),
        "{}",
        long.stdout
    );
    // The vendor's own published sample, of another service.
    let run = Run::new(&["token", "inspect", "-"]).read("YWMtabcdefgh");
    assert_eq!(run.code, 1, "what begins otherwise is read as a UserSig");
}

#[test]
fn without_a_certificate_what_needs_none_is_checked() {
    let bare = |token: &str, args: &[&str]| Run::new(&[&["token", "inspect", "-"], args].concat()).read(token);
    let good = built(&Subject::App, now(), 600);
    let run = bare(&good, &[]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("verdict      not checked: set AGORA_APP_CERTIFICATE"), "{}", run.stdout);
    assert_eq!(bare(&built(&Subject::App, now() - 100, 50), &[]).code, 1);
    assert_eq!(bare(&good, &["--user", "alice"]).code, 1);
    assert_eq!(bare(&built(&user("alice"), now(), 60), &["--user", "alice"]).code, 3);
    let run = Run::new(&["token", "inspect", "-"]).env("AGORA_APP_ID", &"1".repeat(32)).read(&good);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let run = app(Run::new(&["token", "inspect", "-"])).without("AGORA_APP_ID").read(&good);
    assert!(run.code == 0 && run.stdout.contains("good (for its own app"), "{}", run.stdout);
}

#[test]
fn what_cannot_be_built_is_refused() {
    let build = |args: &[&str]| app(Run::new(&[&["token", "agora"], args].concat()));
    for (run, words) in [
        (Run::new(&["token", "agora", "--expire", "60"]), "AGORA_APP_ID and AGORA_APP_CERTIFICATE are not set"),
        (build(&[]), "--expire <SECONDS>"),
        (build(&["--expire", "0"]), "from 1 to 86,400"),
        (build(&["--expire", "86401"]), "from 1 to 86,400"),
        (build(&["--expire", "1700000000"]), "from 1 to 86,400"),
        (build(&["--expire", "60", "--user", ""]), "--user is empty"),
        (build(&["--expire", "60", "--user", "a/b"]), "--user has a slash"),
        (build(&["--expire", "60", "--user", "a\u{200b}"]), "U+200B"),
        (build(&["--expire", "60", "--user", &"a".repeat(65)]), "--user is longer than 64 characters"),
        (build(&["--expire", "60"]).env("AGORA_APP_ID", "my app"), "AGORA_APP_ID is not 32 hex digits"),
        (
            build(&["--expire", "60"]).env("AGORA_APP_CERTIFICATE", &format!("{CERTIFICATE}\n")),
            "AGORA_APP_CERTIFICATE has blanks or a line break",
        ),
        (
            app(Run::new(&["token", "inspect", &built(&Subject::App, 1, 60)])).env("AGORA_APP_CERTIFICATE", "x"),
            "AGORA_APP_CERTIFICATE is not 32 hex digits",
        ),
    ] {
        let run = run.go();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{words}");
        assert!(run.error().contains(words), "{words}: {}", run.stderr);
    }
}
