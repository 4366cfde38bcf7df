//! Each library with each feature set alone: features only add, so each must do without the others.

use std::collections::BTreeSet;
use std::process::Command;

use crate::workspace::{self, Package};
use crate::{Outcome, run};

/// The sets, each tried on every crate that has all its features. A feature that is in none of them fails the check.
const SETS: &[(&str, &[&str])] = &[
    ("none", &[]),
    ("client", &["client"]),
    ("reqwest", &["reqwest"]),
    ("rustls", &["rustls"]),
    ("native-tls", &["native-tls"]),
    ("gzip", &["gzip"]),
    ("tracing", &["tracing"]),
    ("test-util", &["test-util"]),
    ("agora", &["agora"]),
    ("nim", &["nim"]),
    ("tim", &["tim"]),
    ("wkteam", &["wkteam"]),
    ("yunshop", &["yunshop"]),
    ("full", &["full"]),
    ("unified", &["unified"]),
];

/// The crate that passes the vendors' features on.
const FACADE: &str = "groupmembers";

/// What all vendors have in common: a feature of the facade's own, which `full` leaves out.
const UNIFIED: &str = "groupmembers-unified";

/// The one feature that needs something cargo cannot bring.
const NEEDS_OPENSSL: &str = "native-tls";

/// A feature set of one crate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Set<'a> {
    pub(crate) package: &'a str,
    pub(crate) name: &'a str,
    features: Vec<&'a str>,
}

impl Set<'_> {
    /// `-p CRATE --no-default-features --features …`
    pub(crate) fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.args(["-p", self.package, "--no-default-features"]);
        if !self.features.is_empty() {
            command.arg("--features").arg(self.features.join(","));
        }
        command
    }
}

pub(crate) fn run() -> Outcome {
    let packages = workspace::packages()?;
    facade(&packages)?;
    for set in sets(&packages, native_tls())? {
        run::show(set.apply(run::cargo().args(["check", "--locked", "--quiet", "--lib"])))?;
    }
    Ok(())
}

/// Every vendor is reached through the facade, by itself and as one of all; every feature of a vendor is the facade's too,
/// passed on without bringing the vendor in.
fn facade(packages: &[Package]) -> Outcome {
    let facade = packages.iter().find(|package| package.name == FACADE).ok_or(format!("no crate is named {FACADE}"))?;
    let has = |feature: &str, what: &str| facade.enables(feature).iter().any(|enabled| enabled == what);
    let mut problems = Vec::new();
    for vendor in
        packages.iter().filter(|package| package.depends_on("groupmembers-http") && !package.depends_on("clap"))
    {
        let name = vendor.name.as_str();
        if name == FACADE {
            continue;
        }
        let own = facade.features().into_iter().find(|feature| has(feature, &format!("dep:{name}")));
        match own {
            None => problems.push(format!("no feature brings {name} in")),
            Some(own) if !has("full", own) && name != UNIFIED => problems.push(format!("`full` is without `{own}`")),
            Some(_) => {}
        }
        let missing = vendor.features().into_iter().filter(|feature| !has(feature, &format!("{name}?/{feature}")));
        problems.extend(missing.map(|feature| format!("`{feature}` is not passed on to {name}")));
    }
    if problems.is_empty() { Ok(()) } else { Err(format!("{FACADE}: {}", problems.join("; "))) }
}

/// Whether the headers that `native-tls` is built against are here; says so where not.
pub(crate) fn native_tls() -> bool {
    let there = !cfg!(target_os = "linux") || run::succeeds(Command::new("pkg-config").args(["--exists", "openssl"]));
    if !there {
        println!("SKIPPED: `{NEEDS_OPENSSL}`, for want of OpenSSL's headers (on Debian: libssl-dev and pkg-config)");
    }
    there
}

/// All features of a crate that can be built here, each with its crate's name in front.
pub(crate) fn all(package: &Package, native_tls: bool) -> impl Iterator<Item = String> {
    let features = package.features().into_iter().filter(move |&feature| native_tls || feature != NEEDS_OPENSSL);
    features.map(|feature| format!("{}/{feature}", package.name))
}

/// The sets of all libraries that have features.
pub(crate) fn sets(packages: &[Package], native_tls: bool) -> Outcome<Vec<Set<'_>>> {
    let mut sets = Vec::new();
    for package in packages.iter().filter(|package| package.is_library()) {
        sets.extend(sets_of(&package.name, &package.features(), native_tls)?);
    }
    Ok(sets)
}

fn sets_of<'a>(package: &'a str, features: &BTreeSet<&'a str>, native_tls: bool) -> Outcome<Vec<Set<'a>>> {
    if features.is_empty() {
        return Ok(Vec::new());
    }
    let here = SETS.iter().filter(|(_, wanted)| wanted.iter().all(|feature| features.contains(feature)));
    let covered: BTreeSet<_> = here.clone().flat_map(|(_, wanted)| *wanted).collect();
    if let Some(forgotten) = features.iter().find(|feature| !covered.contains(feature)) {
        return Err(format!(
            "the feature `{forgotten}` of {package} is in no feature set: name it in SETS of xtask/src/features.rs"
        ));
    }
    let can = |feature: &&str| native_tls || *feature != NEEDS_OPENSSL;
    let mut sets: Vec<_> = here
        .filter(|(_, wanted)| wanted.iter().all(can))
        .map(|&(name, wanted)| Set { package, name, features: wanted.to_vec() })
        .collect();
    sets.push(Set { package, name: "all", features: features.iter().copied().filter(can).collect() });
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(features: &[&'static str], native_tls: bool) -> Vec<&'static str> {
        let sets = sets_of("vendor", &features.iter().copied().collect(), native_tls).unwrap();
        sets.iter().map(|set| SETS.iter().map(|set| set.0).find(|name| *name == set.name).unwrap_or("all")).collect()
    }

    #[test]
    fn every_feature_is_tried_alone_and_all_together() {
        let all = ["client", "reqwest", "native-tls"];
        assert_eq!(names(&all, true), ["none", "client", "reqwest", "native-tls", "all"]);
        assert_eq!(names(&all, false), ["none", "client", "reqwest", "all"]);
        assert_eq!(names(&[], true), [""; 0]);
    }

    #[test]
    fn a_new_feature_cannot_be_forgotten() {
        let problem = sets_of("vendor", &["client", "brotli"].into(), true).unwrap_err();
        assert!(problem.contains("`brotli` of vendor"), "{problem}");
    }
}
