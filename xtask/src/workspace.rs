//! What cargo knows about our crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Outcome, run};

/// One of our crates that others can depend on or install: everything but this program.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    features: BTreeMap<String, Vec<String>>,
    publish: Option<Vec<String>>,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Package {
    /// The features, `default` aside.
    pub(crate) fn features(&self) -> BTreeSet<&str> {
        self.features.keys().map(String::as_str).filter(|&feature| feature != "default").collect()
    }

    /// Whether leaving the default features out makes a difference.
    pub(crate) fn has_defaults(&self) -> bool {
        self.features.get("default").is_some_and(|features| !features.is_empty())
    }

    /// What a feature enables.
    pub(crate) fn enables(&self, feature: &str) -> &[String] {
        self.features.get(feature).map_or(&[], Vec::as_slice)
    }

    /// Whether its users get this crate with it, always or with a feature.
    pub(crate) fn depends_on(&self, name: &str) -> bool {
        self.dependencies.iter().any(|dependency| dependency.name == name && dependency.kind.is_none())
    }

    pub(crate) fn is_library(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The crates that are published, by name.
pub(crate) fn packages() -> Outcome<Vec<Package>> {
    let mut cargo = run::cargo();
    let text = run::read(cargo.args(["metadata", "--locked", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text).map_err(|error| format!("`cargo metadata`: {error}"))?;
    let mut packages = metadata.packages;
    packages.retain(|package| package.publish.as_ref().is_none_or(|registries| !registries.is_empty()));
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(packages)
}

/// The files of a directory and of those in it, sorted; what begins with a dot is left out.
pub(crate) fn files(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        let problem = |error| format!("cannot read {}: {error}", directory.display());
        for entry in std::fs::read_dir(&directory).map_err(problem)? {
            let path = entry.map_err(problem)?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            match path.is_dir() {
                _ if hidden => {}
                true => open.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}
