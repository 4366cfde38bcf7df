//! `groupmembers`: who is in this group? Lists every member of a group of a Chinese IM vendor, and says how sure it is.

mod begun;
mod cli;
mod demo;
mod diff;
mod env;
mod error;
mod files;
mod groups;
mod ids;
mod interrupt;
mod kept;
mod list;
mod output;
mod progress;
mod record;
mod report;
mod rows;
mod sandbox;
mod sanitize;
mod terminal;
mod token;
mod vendors;
mod watch;
mod writing;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::error::{Code, Error};

fn main() -> ExitCode {
    let outcome = Cli::read().and_then(|cli| match cli.command {
        Command::Demo => demo::run(),
        Command::Diff(args) => diff::run(&args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::List { vendor } => vendor.run(),
        Command::Groups { vendor } => vendor.run(),
        Command::Watch { vendor } => vendor.run(),
        Command::Token { what } => token::run(what),
    });
    let code = outcome.unwrap_or_else(|error| {
        let code = error.code();
        if let Error::Usage(text) | Error::Failed(text) = error {
            terminal::say(&format!("error: {text}"));
        }
        code
    });
    ExitCode::from(code as u8)
}

/// The tokio runtime that commands run on.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| Error::Failed(format!("cannot start the program's threads: {error}")))
}

/// Shorthand for a command that did all it was asked for.
const DONE: Result<Code, Error> = Ok(Code::Done);
