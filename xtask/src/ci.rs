//! Every check a change must pass, in an order that fails early and builds little twice.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum as _;

use crate::{Outcome, features, fixtures, fuzz, run, simulate, tree, workspace};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only this one.
    step: Option<Step>,
}

/// In the order they are run: first what needs no build, then what shares the artefacts of `cargo check`, then the rest.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Step {
    /// Everything is formatted.
    Fmt,
    /// Every fixture is what its case says, and nothing in it is secret.
    Fixtures,
    /// The crates each feature set brings are those that are listed.
    Tree,
    /// Banned crates, licences and sources, by deny.toml.
    Deny,
    /// No warning in any target with any feature set.
    Clippy,
    /// Each library compiles with each feature set alone, without what tests bring in.
    Features,
    /// The fuzzer's binaries compile, where there is a C++ compiler.
    Fuzz,
    /// The documentation builds without a warning, with the default features and with all.
    Docs,
    /// The README's test command; doctests are part of it.
    Test,
    /// Whole listings of each vendor under churn and faults keep what the reports promise.
    Simulate,
    /// Every crate can be packed, and what was packed compiles. XTASK_ALLOW_DIRTY=1 allows uncommitted changes.
    Package,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let steps = match &arguments.step {
        Some(step) => std::slice::from_ref(step),
        None => Step::value_variants(),
    };
    let mut times = Vec::new();
    for step in steps {
        let name = format!("{step:?}").to_lowercase();
        println!("== {name}");
        let start = Instant::now();
        perform(*step).map_err(|problem| format!("step `{name}` failed: {problem}"))?;
        println!("== {name}: {}\n", run::seconds(start.elapsed()));
        times.push((name, start.elapsed()));
    }
    for (name, time) in &times {
        println!("{name:<10} {:>8}", run::seconds(*time));
    }
    println!("{:<10} {:>8}  all passed", "", run::seconds(times.iter().map(|(_, time)| *time).sum::<Duration>()));
    Ok(())
}

fn perform(step: Step) -> Outcome {
    match step {
        Step::Fmt => run::show(run::cargo().args(["fmt", "--all", "--", "--check", "--color", "never"])),
        Step::Fixtures => fixtures::check(None),
        Step::Tree => tree::run(&tree::Arguments::default()),
        Step::Deny => deny(),
        Step::Clippy => clippy(),
        Step::Features => features::run(),
        Step::Fuzz => fuzz::check(),
        Step::Docs => docs(),
        Step::Test => test(),
        Step::Simulate => simulate::run(&simulate::Arguments::of(["--vendor", "all", "--seeds", "2000"])),
        Step::Package => package(),
    }
}

fn clippy() -> Outcome {
    let clippy = ["clippy", "--locked", "--quiet", "--all-targets"];
    let strict = ["--", "-D", "warnings"];
    run::show(run::cargo().args(clippy).arg("--workspace").args(strict))?;
    let packages = workspace::packages()?;
    for set in features::sets(&packages, features::native_tls())? {
        run::show(set.apply(run::cargo().args(clippy)).args(strict))?;
    }
    Ok(())
}

/// The line of README.md that people are told to run.
fn test() -> Outcome {
    let readme = workspace::root().join("README.md");
    let text = fs::read_to_string(&readme).map_err(|error| format!("cannot read {}: {error}", readme.display()))?;
    let command = test_command(&text)?;
    run::show(run::cargo().args(command))
}

fn test_command(readme: &str) -> Outcome<impl Iterator<Item = &str>> {
    const COMMAND: &str = "cargo test --workspace";
    let mut lines = readme.lines().filter(|line| line.starts_with(COMMAND));
    let line = lines.next().ok_or_else(|| format!("README.md has no line that begins with `{COMMAND}`"))?;
    if lines.any(|other| other != line) {
        return Err(format!("README.md has several lines that begin with `{COMMAND}`: which one holds?"));
    }
    let words = line.split('#').next().unwrap_or(line).split_whitespace().skip(1);
    match words.clone().find(|word| !word.chars().all(|char| char.is_ascii_alphanumeric() || "-_=,/.".contains(char))) {
        Some(word) => Err(format!("README.md's test command needs a shell (`{word}`)")),
        None => Ok(words),
    }
}

fn docs() -> Outcome {
    let doc = || {
        let mut cargo = run::cargo();
        cargo.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--locked", "--quiet", "--no-deps"]);
        cargo
    };
    run::show(doc().arg("--workspace"))?;
    let (mut all, mut named) = (doc(), Vec::new());
    let native_tls = features::native_tls();
    for package in workspace::packages()?.iter().filter(|package| package.is_library()) {
        all.args(["-p", &package.name]);
        named.extend(features::all(package, native_tls));
    }
    run::show(all.args(["--lib", "--features"]).arg(named.join(",")))
}

fn deny() -> Outcome {
    if !run::succeeds(run::cargo().args(["deny", "--version"])) {
        return Err("cargo-deny is not there: `cargo install cargo-deny --version 0.20.2 --locked`".into());
    }
    run::show(run::cargo().args(["deny", "--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))
}

fn package() -> Outcome {
    let mut cargo = run::cargo();
    cargo.args(["package", "--locked", "--quiet"]);
    let packages = workspace::packages()?;
    forget_unpacked(&packages)?;
    for package in packages {
        cargo.args(["-p", &package.name]);
    }
    if env::var_os("XTASK_ALLOW_DIRTY").is_some_and(|value| value == "1") {
        cargo.arg("--allow-dirty");
    }
    run::show(&mut cargo)
}

/// Removes what cargo unpacked of our crates when they were packed before.
///
/// While it packs, cargo keeps the crates packed so far in a registry of its own below the target directory. It unpacks
/// them once for that registry's path and version, and would compile an earlier state of ours in place of this one.
fn forget_unpacked(packages: &[workspace::Package]) -> Outcome {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| Some(env::home_dir()?.join(".cargo"))) else { return Ok(()) };
    for registry in fs::read_dir(home.join("registry").join("src")).into_iter().flatten().flatten() {
        // A registry on a host has the host's name in front.
        if registry.file_name().to_string_lossy().starts_with('-') {
            for package in packages {
                let unpacked = registry.path().join(format!("{}-{}", package.name, package.version));
                if unpacked.exists() {
                    fs::remove_dir_all(&unpacked)
                        .map_err(|error| format!("cannot remove {}: {error}", unpacked.display()))?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_command_is_the_readme_s() {
        let words = |readme: &str| test_command(readme).map(|words| words.collect::<Vec<_>>().join(" "));
        assert_eq!(words("# Tests\n```sh\ncargo test --workspace\n```\n").unwrap(), "test --workspace");
        assert_eq!(words("cargo test --workspace -q  # two minutes\n").unwrap(), "test --workspace -q");
        assert!(words("run `cargo test --workspace`").unwrap_err().contains("no line"));
        assert!(words("cargo test --workspace\ncargo test --workspace -q").unwrap_err().contains("several"));
        assert!(words("cargo test --workspace && true").unwrap_err().contains("shell"));
    }
}
