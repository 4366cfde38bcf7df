//! Running other programs.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, workspace};

/// Cargo, in the workspace's root.
///
/// What `cargo run` told this program about itself is not handed on: build scripts that look at it would run again.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo.current_dir(workspace::root());
    cargo
}

/// Runs a command whose output is for the reader, and says how long it took.
pub(crate) fn show(command: &mut Command) -> Outcome {
    let line = line(command);
    println!("$ {line}");
    let start = Instant::now();
    let status = command.status().map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if status.success() {
        println!("  {}", seconds(start.elapsed()));
        return Ok(());
    }
    Err(format!("`{line}` failed ({status}, {})", seconds(start.elapsed())))
}

/// Runs a command whose standard output is for us.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    let line = line(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed ({})", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{line}` printed something that is not UTF-8"))
}

/// Whether a program is there and ends well. Its output goes nowhere.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut words: Vec<_> =
        set.map(|(name, value)| format!("{}={:?}", name.to_string_lossy(), value.to_string_lossy())).collect();
    let program = std::path::Path::new(command.get_program());
    words.push(program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned());
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
