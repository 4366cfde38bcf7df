//! The evidence under `fixtures/`: what `fixtures/README.md` promises about it holds, and nothing in it is secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, workspace};

mod access_token;
mod agora;
mod case;
mod exact;
mod http;
mod new;
mod nim;
mod secrets;
mod tim;
mod usersig;
mod vectors;
mod wkteam;
mod yunshop;

/// What a scaffold says where a person has to say something. No evidence contains it.
const BLANK: &str = "FILL IN";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Checks every case under a directory.
    Check {
        /// A folder of cases, or one case, such as `groupmembers list --record` writes. Without it: fixtures/.
        directory: Option<PathBuf>,
    },
    /// Lays out a case to be completed by hand: `fixtures new tim get_group_info topic_gone`.
    New(new::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match &arguments.action {
        Action::Check { directory } => check(directory.as_deref()),
        Action::New(arguments) => new::run(&fixtures(), arguments),
    }
}

pub(crate) fn check(directory: Option<&Path>) -> Outcome {
    let directory = directory.map_or_else(fixtures, Path::to_path_buf);
    let (cases, problems) = examine(&directory)?;
    if !problems.0.is_empty() {
        return Err(format!(
            "{} problems in {}:\n  {}",
            problems.0.len(),
            directory.display(),
            problems.0.join("\n  ")
        ));
    }
    if cases == 0 {
        return Err(format!("there is no case in {}: no case.json at any depth", directory.display()));
    }
    println!("{cases} cases in {}: all as they should be", directory.display());
    Ok(())
}

fn fixtures() -> PathBuf {
    workspace::root().join("fixtures")
}

/// What is wrong, each with the file it is wrong in.
#[derive(Debug, Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, path: &Path, problem: impl Display) {
        self.0.push(format!("{}: {problem}", path.display()));
    }
}

/// Looks at every file below a directory; says how many cases there were, and what is wrong.
fn examine(directory: &Path) -> Outcome<(usize, Problems)> {
    let directory =
        &directory.canonicalize().map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let fixtures = fixtures();
    // A case may lie anywhere; what folders there are above it, in our tree or in the one given, say what it is.
    let base = if directory.starts_with(&fixtures) { &fixtures } else { directory };
    let mut problems = Problems::default();
    let mut folders = BTreeMap::<PathBuf, BTreeMap<String, Vec<u8>>>::new();
    for path in workspace::files(directory)? {
        let bytes = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        secrets::check(&path, &bytes, &mut problems);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        folders.entry(path.parent().unwrap_or(directory).to_path_buf()).or_default().insert(name, bytes);
    }
    let cases: BTreeSet<_> =
        folders.keys().filter(|folder| folders[*folder].contains_key("case.json")).cloned().collect();
    for (folder, files) in &folders {
        if cases.contains(folder) {
            let place = folder.strip_prefix(base).unwrap_or(folder);
            case::check(folder, place, files, &mut problems);
        } else if files.keys().any(|name| name.ends_with(".http")) {
            problems.add(folder, "exchanges without a case.json");
        }
        if folder.ancestors().skip(1).any(|above| cases.contains(above)) {
            problems.add(folder, "a folder within a case");
        }
    }
    Ok((cases.len(), problems))
}

#[cfg(test)]
mod tests;
