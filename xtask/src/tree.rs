//! The crates a user gets: an allow-list per crate and feature set, in `xtask/tree/<crate>-<set>.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::workspace::{self, Package};
use crate::{Outcome, run};

/// How many crates there may be at most, the crate itself counted.
const LIMITS: &[(&str, &str, usize)] = &[
    ("agora-chat-rest", "none", 34),
    ("groupmembers", "full", 38),
    ("nim-server", "none", 24),
    ("tim-rest", "none", 34),
    ("tim-rest", "default", 110),
    ("wkteam-api", "none", 20),
    ("yunshop-wecom", "none", 20),
];

/// What no library may bring without its features: neither these crates nor any named `<one of these>-…`.
const IMPURE: &[&str] = &["reqwest", "tokio", "hyper", "url", "rustls", "native-tls", "openssl", "ring", "aws-lc"];

/// The lists are for one target, whatever machine they are compared on.
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Write the lists as the trees are now. The limits hold all the same.
    #[arg(long)]
    accept: bool,
}

/// The crates of one tree, the root left out: each name with the versions it is there in.
type Crates = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let packages = workspace::packages()?;
    let directory = workspace::root().join("xtask").join("tree");
    let mut stale: BTreeSet<PathBuf> = workspace::files(&directory).unwrap_or_default().into_iter().collect();
    let mut problems = Vec::new();
    println!("{:<24} {:<8} {:>6} {:>6}", "crate", "features", "crates", "limit");
    for package in &packages {
        for (set, flags) in sets(package) {
            let name = package.name.as_str();
            let mut cargo = run::cargo();
            cargo.args(["tree", "--locked", "-p", name, "-e", "normal", "--prefix", "none", "--target", TARGET]);
            let crates = parse(name, &run::read(cargo.args(flags))?)?;
            let lines = lines(&crates);
            let count = lines.len() + 1;
            let limit = LIMITS.iter().find(|limit| (limit.0, limit.1) == (name, set)).map(|limit| limit.2);
            let shown = limit.map(|limit| limit.to_string()).unwrap_or_default();
            println!("{name:<24} {set:<8} {count:>6} {shown:>6}");
            if limit.is_some_and(|limit| count > limit) {
                problems.push(format!("{name} ({set}): {count} crates, {shown} are allowed"));
            }
            if set == "none" {
                problems
                    .extend(impure(&crates).map(|other| format!("{name} ({set}): {other} must not be in the tree")));
            }
            let path = directory.join(format!("{name}-{set}.txt"));
            stale.remove(&path);
            if arguments.accept {
                write(&path, &lines)?;
                continue;
            }
            let Ok(listed) = fs::read_to_string(&path) else {
                problems.push(format!("{name} ({set}): no list yet"));
                continue;
            };
            let differences = differences(listed.lines(), &lines);
            problems.extend(differences.map(|difference| format!("{name} ({set}): {difference}")));
        }
    }
    for path in stale {
        if arguments.accept {
            fs::remove_file(&path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        } else {
            problems.push(format!("{}: no such crate or feature set", path.display()));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the trees are not as they should be (`cargo xtask tree --accept` writes the lists anew):\n  {}",
        problems.join("\n  ")
    ))
}

/// The feature sets of a crate whose trees are worth a list.
fn sets(package: &Package) -> Vec<(&'static str, Vec<String>)> {
    let flags = |flags: &[&str]| flags.iter().map(|&flag| flag.to_owned()).collect();
    let features = package.features();
    let mut sets = Vec::new();
    if !features.is_empty() {
        sets.push(("none", flags(&["--no-default-features"])));
    }
    for feature in ["full", "client", "reqwest"] {
        if features.contains(feature) {
            sets.push((feature, flags(&["--no-default-features", "--features", feature])));
        }
    }
    if package.has_defaults() || features.is_empty() {
        sets.push(("default", Vec::new()));
    }
    if !features.is_empty() {
        sets.push(("all", flags(&["--all-features"])));
    }
    sets
}

/// Reads `name vVERSION (path or note) (*)`, one a line; the first line is the crate itself.
fn parse(root: &str, tree: &str) -> Outcome<Crates> {
    let mut crates = Crates::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split(' ');
        let (name, version) =
            words.next().zip(words.next()).ok_or_else(|| format!("`cargo tree` printed `{line}`: no version in it"))?;
        crates.entry(name.to_owned()).or_default().insert(version.to_owned());
    }
    crates.remove(root).ok_or_else(|| format!("`cargo tree` did not print {root}"))?;
    Ok(crates)
}

/// Sorted names, one a line: a crate that is there in two versions stands there twice.
fn lines(crates: &Crates) -> Vec<&str> {
    crates.iter().flat_map(|(name, versions)| versions.iter().map(|_| name.as_str())).collect()
}

fn impure(crates: &Crates) -> impl Iterator<Item = &str> {
    let starts =
        |name: &str, start| name.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    crates.keys().map(String::as_str).filter(move |name| IMPURE.iter().any(|start| starts(name, *start)))
}

/// What came in and what went, each copy on its own, in one line.
fn differences<'a>(listed: impl Iterator<Item = &'a str>, found: &[&'a str]) -> Option<String> {
    let mut balance = BTreeMap::<&str, i32>::new();
    for name in found {
        *balance.entry(name).or_default() += 1;
    }
    for name in listed {
        *balance.entry(name).or_default() -= 1;
    }
    let names = |sign: i32| {
        let copies = balance.iter().flat_map(move |(name, count)| (0..count * sign).map(|_| *name));
        copies.collect::<Vec<_>>().join(", ")
    };
    let sides = [("came in: ", names(1)), ("listed and gone: ", names(-1))];
    let sides: Vec<_> =
        sides.into_iter().filter(|side| !side.1.is_empty()).map(|(what, names)| what.to_owned() + &names).collect();
    (!sides.is_empty()).then(|| sides.join("; "))
}

fn write(path: &PathBuf, lines: &[&str]) -> Outcome {
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tim-rest v0.1.0 (/somewhere/tim-rest)\nserde v1.0.1\nserde_derive v1.0.1 (proc-macro)\n\
                        syn v2.0.1\nhashbrown v0.15.0\nhashbrown v0.16.0\nserde v1.0.1 (*)\n";

    #[test]
    fn repeats_count_once_and_two_versions_twice() {
        let crates = parse("tim-rest", TREE).unwrap();
        assert_eq!(lines(&crates), ["hashbrown", "hashbrown", "serde", "serde_derive", "syn"]);
    }

    #[test]
    fn what_comes_in_and_what_goes_is_named() {
        let crates = parse("tim-rest", TREE).unwrap();
        let found = lines(&crates);
        assert_eq!(differences(found.iter().copied(), &found), None);
        let listed = ["hashbrown", "itoa", "serde", "serde_derive", "syn"];
        let difference = differences(listed.into_iter(), &found).unwrap();
        assert_eq!(difference, "came in: hashbrown; listed and gone: itoa");
    }

    #[test]
    fn the_http_stack_is_recognised() {
        let tree = "a v1\nhyper-util v1\nurlencoding v1\nurl v2\ntokio-rustls v1\naws-lc-sys v1\nstrings v1\n";
        let crates = parse("a", tree).unwrap();
        assert_eq!(impure(&crates).collect::<Vec<_>>(), ["aws-lc-sys", "hyper-util", "tokio-rustls", "url"]);
    }
}
