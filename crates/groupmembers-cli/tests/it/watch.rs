//! Watches over real sockets: what is told, what is not, and what is left when they are stopped or killed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_sandbox::Sandbox;
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::tim::{Churn, Fault, GroupConfig, GroupKind};
use serde_json::Value;

use crate::listings::{ALL, Listing};
use crate::program::{Outcome, Run, folder, group, sandbox, until};

/// A watch that is going on, and what it has said so far.
struct Watching {
    run: Run,
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

/// `watch tim --group g`, every second, as NDJSON.
fn watch(sandbox: &Sandbox, dir: &Path, args: &[&str]) -> Run {
    let fixed = ["watch", "tim", "--group", "g", "--every", "1s"];
    let form: &[&str] = if args.contains(&"-f") { &[] } else { &["-f", "ndjson"] };
    let mut run = Run::new(&[&fixed[..], form, args].concat()).app().env("TIM_BASE_URL", &sandbox.base_url());
    run.command.current_dir(dir);
    dir.clone_into(&mut run.dir);
    run
}

fn read(from: impl Read + Send + 'static, to: &Arc<Mutex<String>>) -> std::thread::JoinHandle<()> {
    let to = Arc::clone(to);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let mut text = to.lock().unwrap();
            text.push_str(&line.unwrap());
            text.push('\n');
        }
    })
}

impl Watching {
    fn start(mut run: Run) -> Self {
        let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let readers = vec![read(child.stdout.take().unwrap(), &stdout), read(child.stderr.take().unwrap(), &stderr)];
        Self { run, child, stdout, stderr, readers }
    }

    /// Waits for its first whole list.
    fn begun(run: Run) -> Self {
        let watching = Self::start(run);
        watching.says("watching from here: ");
        watching
    }

    fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Waits until it has said this to stderr.
    fn says(&self, text: &str) {
        let began = std::time::Instant::now();
        while !self.stderr().contains(text) {
            assert!(began.elapsed() < Duration::from_secs(60), "it never said {text}: {}", self.stderr());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for so many differences.
    fn told(&self, lines: usize) -> Vec<(String, String)> {
        until(|| self.stdout().lines().count() >= lines);
        let told = told(&self.stdout());
        assert_eq!(told.len(), lines, "{}", self.stdout());
        told
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    fn ended(mut self) -> Outcome {
        let status = self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let output =
            std::process::Output { status, stdout: self.stdout().into_bytes(), stderr: self.stderr().into_bytes() };
        self.run.outcome(output)
    }

    fn interrupted(self) -> Outcome {
        self.signal("-INT");
        self.ended()
    }
}

/// What was told of whom.
fn told(stdout: &str) -> Vec<(String, String)> {
    let rows = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["change"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned())).collect()
}

fn pair(change: &str, id: &str) -> (String, String) {
    (change.to_owned(), id.to_owned())
}

/// Whose roster stands in a state.
fn saved(state: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(state).unwrap();
    let state: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    state["members"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

#[test]
fn who_joins_and_leaves_is_told_as_it_is_found() {
    let sandbox = sandbox(group(GroupKind::Public, 300), |_| {});
    let somebody = sandbox.tim().members("g")[7].account.clone();
    let watching = Watching::begun(watch(&sandbox, &folder(), &[]));
    assert_eq!(watching.stdout(), "", "what it begins with is no news");
    assert!(sandbox.tim().add_member("g", "late"));
    assert_eq!(watching.told(1), [pair("joined", "late")]);
    assert!(sandbox.tim().remove_member("g", &somebody) && sandbox.tim().remove_member("g", "late"));
    let mut both = watching.told(3)[1..].to_vec();
    both.sort();
    assert_eq!(both.iter().map(|(change, _)| change.as_str()).collect::<Vec<_>>(), ["left", "left"]);
    let outcome = watching.interrupted();
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(" 1 joined; 301 members of g, verified ("), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ended by Ctrl-C after "), "{}", outcome.stderr);
    // The same rows as those of `groupmembers diff`.
    let row: Value = serde_json::from_str(outcome.stdout.lines().next().unwrap()).unwrap();
    let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    let all = ["change", "vendor", "group", "id", "name", "role", "joined_at", "avatar_url", "muted_until", "online"];
    assert_eq!(keys.iter().copied().collect::<BTreeSet<_>>(), all.into(), "{row}");
}

#[test]
fn a_table_has_one_header_and_a_watch_ends_after_as_many_listings_as_were_wanted() {
    let sandbox = sandbox(group(GroupKind::Work, 20), |_| {});
    let watching = Watching::begun(watch(&sandbox, &folder(), &["-f", "table", "--times", "4"]));
    sandbox.tim().add_member("g", "one");
    until(|| watching.stdout().contains("one"));
    sandbox.tim().add_member("g", "two");
    let outcome = watching.ended();
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let first: Vec<&str> = outcome.stdout.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(first, ["CHANGE", "joined", "joined"], "{}", outcome.stdout);
}

#[test]
fn a_restart_tells_what_changed_while_it_was_off() {
    let sandbox = sandbox(group(GroupKind::Meeting, 400), |_| {});
    let dir = folder();
    let once = |more: &[&str]| watch(&sandbox, &dir, &[&["--state", "state", "--times", "1"], more].concat()).go();
    let first = once(&[]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""), "{}", first.stderr);
    let before = fs::read(dir.join("state")).unwrap();
    let quiet = once(&[]);
    assert_eq!((quiet.code, quiet.stdout.as_str()), (0, ""), "{}", quiet.stderr);
    assert!(quiet.stderr.contains("going on from 400 members of 20"), "{}", quiet.stderr);
    assert_eq!(fs::read(dir.join("state")).unwrap(), before, "nothing changed");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(dir.join("state")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let gone = sandbox.tim().members("g")[33].account.clone();
    assert!(sandbox.tim().remove_member("g", &gone) && sandbox.tim().add_member("g", "new"));
    // Rows a page are no part of what is known.
    let after = once(&["--page-size", "50"]);
    assert_eq!(told(&after.stdout), [pair("joined", "new"), pair("left", &gone)], "{}", after.stderr);
    assert_eq!(once(&[]).stdout, "", "once is enough");
    assert!(saved(&dir.join("state")).contains("new"));
}

#[test]
fn who_was_not_read_has_not_left() {
    let sandbox = sandbox(group(GroupKind::Public, 120), |_| {});
    let dir = folder();
    let watching = Watching::begun(watch(&sandbox, &dir, &["--state", "state"]));
    let state = fs::read(dir.join("state")).unwrap();
    sandbox.tim().inject(Fault::BadRow.always());
    let gone = sandbox.tim().members("g")[5].account.clone();
    assert!(sandbox.tim().remove_member("g", &gone));
    watching.says("not compared, somebody may be missing: ");
    watching.says("; the next is due after 1s");
    assert_eq!(watching.stdout(), "");
    assert_eq!(fs::read(dir.join("state")).unwrap(), state, "only what was proved is kept");
    sandbox.tim().clear_faults();
    assert_eq!(watching.told(1), [pair("left", &gone)]);
    assert_eq!(watching.interrupted().code, 130);

    sandbox.tim().inject(Fault::BadRow.always());
    let unsure = watch(&sandbox, &dir, &["--state", "state", "--times", "2"]).go();
    assert_eq!((unsure.code, unsure.stdout.as_str()), (3, ""), "{}", unsure.stderr);
    assert!(unsure.stderr.contains("gap after "), "{}", unsure.stderr);
    let none = watch(&sandbox, &folder(), &["--state", "state", "--times", "1"]);
    let dir = none.dir.clone();
    assert_eq!(none.go().code, 3);
    assert!(!dir.join("state").exists(), "there is no roster to begin with");
}

#[test]
fn what_moves_while_it_is_read_is_told_right_or_not_at_all() {
    let groups = vec![GroupConfig::new("g", GroupKind::Meeting, 900).churn(Churn::per_call(0.7))];
    let sandbox = sandbox(groups, |_| {});
    let dir = folder();
    let args = ["--state", "state", "--page-size", "50", "--concurrency", "2", "--times", "8"];
    let outcome = watch(&sandbox, &dir, &args).go();
    assert!([0, 3].contains(&outcome.code), "{}", outcome.stderr);
    let throughout = sandbox.tim().present_throughout("g");
    let ever = sandbox.tim().ever_present("g");
    for (change, id) in told(&outcome.stdout) {
        assert!(ever.contains(&id), "nobody knows {id}");
        assert!(!throughout.contains(&id), "{id} was there all the time, and {change}");
    }
    assert!(saved(&dir.join("state")).is_superset(&throughout));
}

#[test]
fn an_error_at_first_ends_it_and_later_ones_do_not() {
    let sandbox = sandbox(group(GroupKind::Public, 50), |_| {});
    let dir = folder();
    let wrong = |args: &[&str], key: Option<&str>| {
        let mut run = watch(&sandbox, &dir, args);
        if let Some(key) = key {
            run = run.env("TIM_SECRET_KEY", key);
        }
        let outcome = run.go();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
        assert!(!dir.join("state").exists());
        outcome.error().to_owned()
    };
    let error = wrong(&["--state", "state"], Some(&"0".repeat(64)));
    assert!(error.contains("(70003)") || error.contains("secret key"), "{error}");
    sandbox.tim().inject(Fault::Transport(Transport::BadGateway).always());
    let error = wrong(&["--state", "state"], None);
    assert!(error.contains("502"), "{error}");
    sandbox.tim().clear_faults();
    let nobody = Run::new(&["watch", "tim", "--group", "other", "--every", "1s"]).app();
    let nobody = nobody.env("TIM_BASE_URL", &sandbox.base_url()).go();
    assert!(nobody.code == 1 && nobody.error().contains("(10010)"), "{}", nobody.stderr);

    let watching = Watching::begun(watch(&sandbox, &dir, &["--state", "state"]));
    sandbox.tim().inject(Fault::EchoQuery.always());
    assert!(sandbox.tim().add_member("g", "late"));
    watching.says(" failed: ");
    watching.says("; the next is due after 2s");
    watching.says("; the next is due after 4s");
    sandbox.tim().clear_faults();
    assert_eq!(watching.told(1), [pair("joined", "late")]);
    let outcome = watching.interrupted();
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    assert!(saved(&dir.join("state")).contains("late"));

    // Out of patience by the last of the listings that were wanted.
    let watching = Watching::begun(watch(&sandbox, &folder(), &["--times", "2"]));
    sandbox.tim().inject(Fault::EchoQuery.always());
    assert_eq!(watching.ended().code, 1);
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let sandbox = sandbox(group(GroupKind::Public, 5), |_| {});
    let dir = folder();
    for every in ["60", "0s", "1ms", "8d", "soon", "169h"] {
        let run = Run::new(&["watch", "tim", "--group", "g", "--every", every]).app().go();
        assert_eq!(run.code, 2, "{every}: {}", run.stderr);
        assert!(run.error().contains("such as 60s"), "{}", run.stderr);
    }
    for args in [&["watch", "tim", "--group", "g"][..], &["watch", "tim", "--every", "60s"], &["watch", "tom"]] {
        let run = Run::new(args).app().go();
        assert_eq!(run.code, 2, "{}", run.stderr);
        run.error();
    }
    let bare = Run::new(&["watch", "tim", "--group", "g", "--every", "60s"]).go();
    assert_eq!(bare.error(), "TIM_SDK_APP_ID, TIM_SECRET_KEY and TIM_ADMIN are not set: export them (see --help)");
    let says = |args: &[&str], text: &str| {
        let run = watch(&sandbox, &dir, args).go();
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.error().contains(text), "{text}: {}", run.stderr);
    };
    fs::write(dir.join("list.csv"), "vendor,group,id\n").unwrap();
    says(&["--state", "list.csv"], "--state list.csv: is no roster that a watch has saved");
    says(&["--state", "-"], "--state is -");
    says(&["--state", "no/such/folder"], "cannot be written");
    says(&["--times", "0"], "--times");
    assert_eq!(watch(&sandbox, &dir, &["--state", "state", "--times", "1"]).go().code, 0);
    says(&["--state", "state", "--fields", "Role"], "was begun with --fields none, and it is role now");
    let whole = fs::read_to_string(dir.join("state")).unwrap();
    fs::write(dir.join("state"), whole.replace("\"g\"", "\"h\"")).unwrap();
    says(&["--state", "state"], "is damaged");
    fs::write(dir.join("state"), &whole[..whole.len() / 2]).unwrap();
    says(&["--state", "state"], "is damaged");
    fs::write(dir.join("state"), whole.replace("_watch\":1,", "_watch\":9,")).unwrap();
    says(&["--state", "state"], "a newer version");
    assert_eq!(sandbox.calls(), 2);
}

#[test]
fn one_state_is_one_watch() {
    let sandbox = sandbox(group(GroupKind::Public, 5), |_| {});
    let dir = folder();
    let watching = Watching::begun(watch(&sandbox, &dir, &["--state", "state"]));
    let other = watch(&sandbox, &dir, &["--state", "state"]).go();
    assert_eq!(other.code, 2);
    assert!(other.error().contains("another watch goes on from it"), "{}", other.stderr);
    // Another group's roster is not gone on from.
    watching.signal("-TERM");
    let outcome = watching.ended();
    assert_eq!(outcome.code, 130, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ended by SIGTERM"), "{}", outcome.stderr);
    let other = Run::new(&["watch", "tim", "--group", "h", "--every", "1s", "--state", "state"]).app();
    let mut other = other.env("TIM_BASE_URL", &sandbox.base_url());
    other.command.current_dir(&dir);
    let other = other.go();
    assert!(other.code == 2 && other.error().contains("was begun with --group g, and it is h now"), "{}", other.stderr);
}

#[test]
fn ctrl_c_in_the_middle_of_a_listing_leaves_the_state_whole() {
    let sandbox = sandbox(group(GroupKind::Community, 100_000), |config| config.latency = Duration::from_millis(20));
    let dir = folder();
    let watching = Watching::start(watch(&sandbox, &dir, &["--state", "state"]));
    until(|| sandbox.calls() > 20);
    let outcome = watching.interrupted();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (130, ""), "{}", outcome.stderr);
    assert_eq!(crate::program::files(&dir), Vec::<PathBuf>::new(), "half a list is no roster");
}

#[test]
fn whoever_closes_the_pipe_ends_it_without_a_word() {
    let sandbox = sandbox(group(GroupKind::Public, 5), |_| {});
    let dir = folder();
    let mut run = watch(&sandbox, &dir, &["--state", "state"]);
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| dir.join("state").exists());
    // Nothing changes: it finds out all the same.
    drop(child.stdout.take());
    let outcome = run.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
}

#[test]
fn what_could_not_be_written_is_told_again() {
    let sandbox = sandbox(group(GroupKind::Public, 5), |_| {});
    let dir = folder();
    let once = || watch(&sandbox, &dir, &["--state", "state", "--times", "1"]);
    assert_eq!(once().go().code, 0);
    assert!(sandbox.tim().add_member("g", "late"));
    if Path::new("/dev/full").exists() {
        let mut run = once();
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = run.command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let outcome = run.outcome(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, 1);
        assert!(outcome.error().contains("cannot write to stdout"), "{}", outcome.stderr);
    }
    assert_eq!(told(&once().go().stdout), [pair("joined", "late")]);
}

#[test]
fn a_watch_that_is_killed_again_and_again_loses_nothing() {
    let sandbox = sandbox(group(GroupKind::Meeting, 500), |config| config.latency = Duration::from_millis(30));
    let dir = folder();
    let args = ["--state", "state", "--page-size", "100"];
    let first = watch(&sandbox, &dir, &[&args[..], &["--times", "1"]].concat()).go();
    assert_eq!(first.code, 0, "{}", first.stderr);
    let before = saved(&dir.join("state"));
    let mut rows = String::new();
    let mut random = 7_u64;
    for round in 0..12_u64 {
        assert!(sandbox.tim().add_member("g", &format!("new{round}")));
        let old = sandbox.tim().members("g")[round as usize].account.clone();
        assert!(sandbox.tim().remove_member("g", &old));
        let mut run = watch(&sandbox, &dir, &args);
        let out = fs::OpenOptions::new().create(true).append(true).open(dir.join("out")).unwrap();
        let mut child = run.command.stdout(out).stderr(Stdio::null()).spawn().unwrap();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(100 + (random >> 33) % 1_500));
        child.kill().unwrap();
        child.wait().unwrap();
        // Whole, whenever it was killed.
        assert!(saved(&dir.join("state")).len() >= 480);
    }
    let last = watch(&sandbox, &dir, &[&args[..], &["--times", "1"]].concat()).go();
    assert_eq!(last.code, 0, "{}", last.stderr);
    rows.push_str(&fs::read_to_string(dir.join("out")).unwrap());
    rows.push_str(&last.stdout);
    let mut now = before;
    for (change, id) in told(&rows) {
        // What was told and not saved is told again: the same once more changes nothing.
        if change == "joined" {
            now.insert(id)
        } else {
            now.remove(&id)
        };
    }
    let members: BTreeSet<String> = sandbox.tim().members("g").iter().map(|member| member.account.clone()).collect();
    assert_eq!(now, members);
    assert_eq!(saved(&dir.join("state")), members);
}

#[test]
fn every_vendor_is_watched() {
    for name in ALL {
        let listing = Listing::start(name, 0.0, 0, Duration::ZERO);
        let dir = folder();
        let mut run = listing.watch(&dir, &["--state", "state"]);
        if name == "employees" || name == "yunshop" {
            // Nobody knows when everybody joined.
            run.command.arg("--take-unverified");
        }
        let watching = Watching::begun(run);
        let id = match name {
            "agora" => "zwatch",
            "yunshop" | "employees" => "wmWATCHEDWATCHEDWATCHEDWATCHED00",
            _ => "wxid_watched",
        };
        assert!(listing.join(id), "{name}");
        assert_eq!(watching.told(1), [pair("joined", id)], "{name}");
        assert!(listing.leave(id), "{name}");
        assert_eq!(watching.told(2)[1], pair("left", id), "{name}");
        let outcome = watching.interrupted();
        assert_eq!(outcome.code, 130, "{name}: {}", outcome.stderr);
        let once = listing.watch(&dir, &["--state", "state", "--times", "1", "--take-unverified"]).go();
        assert_eq!((once.code, once.stdout.as_str()), (0, ""), "{name}: {}", once.stderr);
    }
}

#[test]
fn every_vendor_has_its_help() {
    for vendor in ["tim", "agora", "nim", "wkteam", "yunshop"] {
        let run = Run::new(&["watch", vendor, "--help"]).go();
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains(&format!("groupmembers watch {vendor} --group ")), "{}", run.stdout);
        assert!(run.stdout.contains("Environment:") && run.stdout.contains("--every"), "{}", run.stdout);
        assert!(run.stdout.lines().all(|line| line.chars().count() <= 120), "{}", run.stdout);
    }
}
