//! The program as people run it: arguments, environment and files in; stdout, stderr, files and an exit code out.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod agora;
mod bad_input;
mod demo;
#[cfg(unix)]
mod details;
mod diff;
mod faults;
mod formats;
#[cfg(unix)]
mod groups;
#[cfg(unix)]
mod kills;
mod listings;
mod nim;
mod program;
mod record;
#[cfg(unix)]
mod resume;
#[cfg(unix)]
mod sandbox;
#[cfg(unix)]
mod signals;
mod token;
mod token_agora;
#[cfg(unix)]
mod watch;
mod wkteam;
mod yunshop;
