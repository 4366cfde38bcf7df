//! The vendors: the flags and variables that lead to a group of each, and how its list is come by. What is done with the
//! list is a [`Task`]: `groupmembers list` writes it, `groupmembers watch` compares it.
//!
//! The way of a command: [`Vendor::run`] → `Args::run` of the vendor, which refuses what cannot be and makes a [`Listing`] →
//! [`Task::run`] of the command, which connects, and takes the members.

pub(crate) mod agora;
mod either;
pub(crate) mod nim;
pub(crate) mod tim;
pub(crate) mod wkteam;
pub(crate) mod yunshop;

use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use groupmembers_http::walk::{Roster, Walk};
use groupmembers_http::{Runtime, TransportError, TransportErrorKind};
use groupmembers_unified::Member;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Code, Error};
use crate::sanitize::Rules;
use crate::{cli, ids, terminal};

/// The vendors, each with the flags of a task beside its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Vendor<T: Task> {
    /// Tencent Cloud Chat (TIM)
    #[command(after_help = T::help(&tim::HELP))]
    Tim(With<tim::Args, T>),
    /// Agora Chat (Shengwang, Easemob)
    #[command(after_help = T::help(&agora::HELP))]
    Agora(With<agora::Args, T>),
    /// NetEase Yunxin (NIM) chatrooms, teams and superteams
    #[command(after_help = T::help(&nim::HELP))]
    Nim(With<nim::Args, T>),
    /// wkteam.cn (E云管家, personal WeChat)
    #[command(after_help = T::help(&wkteam::HELP))]
    Wkteam(With<wkteam::Args, T>),
    /// Yunshop (芸众商城, WeCom customer groups)
    #[command(after_help = T::help(&yunshop::HELP))]
    Yunshop(With<yunshop::Args, T>),
}

/// A vendor's flags, and a task's.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct With<V: clap::Args, T: clap::Args> {
    #[command(flatten)]
    pub(crate) vendor: V,
    #[command(flatten)]
    pub(crate) task: T,
}

impl<T: Task> Vendor<T> {
    /// Does what was asked for.
    pub(crate) fn run(self) -> Result<Code, Error> {
        match self {
            Self::Tim(With { vendor, task }) => vendor.run(task),
            Self::Agora(With { vendor, task }) => vendor.run(task),
            Self::Nim(With { vendor, task }) => vendor.run(task),
            Self::Wkteam(With { vendor, task }) => vendor.run(task),
            Self::Yunshop(With { vendor, task }) => vendor.run(task),
        }
    }
}

/// What `--help` says of a vendor behind the flags.
pub(crate) struct Help {
    /// The variables, and what else is to be known.
    pub(crate) environment: &'static str,
    /// Sets the variables, line after line.
    pub(crate) exports: &'static str,
    /// The vendor, and a group of it, as they are typed.
    pub(crate) group: &'static str,
    /// Behind `groupmembers list`, the group and a blank: one example after the other.
    pub(crate) lists: &'static [&'static str],
}

impl Help {
    /// Behind the flags; `lines` are further examples.
    pub(crate) fn with(&self, before: &str, lines: &[String]) -> String {
        let Self { environment, exports, .. } = self;
        let lines: String = lines.iter().map(|line| format!("\n  groupmembers {}", line.trim_end())).collect();
        format!("{before}Environment:\n{environment}\n\nExamples:\n{exports}{lines}")
    }
}

impl Help {
    /// The same for the vendor's groups.
    pub(crate) fn of_groups(&self, lines: &[&str]) -> String {
        self.with("", &lines.iter().map(ToString::to_string).collect::<Vec<_>>())
    }
}

/// What is done with the list of a group.
pub(crate) trait Task: clap::Args {
    /// What is said behind the flags.
    fn help(help: &Help) -> String;

    /// Whether what goes over the wire is recorded.
    fn records(&self) -> bool {
        false
    }

    /// Whether the vendor's own objects are written.
    fn writes_raw(&self) -> bool {
        false
    }

    /// Does it.
    fn run<L: Listing>(self, listing: L) -> Result<Code, Error>;
}

/// How the list of one group is come by. Nothing has been sent, and what can be wrong before that is not.
pub(crate) trait Listing {
    type Walk: SavedWalk;
    /// What reads the list.
    type Client;

    fn rules(&self) -> &'static Rules;

    fn group(&self) -> &str;

    /// What rows and walk hang on.
    fn shape(&self) -> Shape;

    /// What has to succeed before there is a list to read, if anything. The error is what to tell people.
    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Self::Client, String>;

    /// The list, from where a walk stands that was saved.
    fn roster(&self, client: &Self::Client, walk: Option<Self::Walk>) -> Roster<Self::Walk>;

    fn member(&self, walk: &Self::Walk, row: RowOf<Self>) -> Member;

    /// What else an error may mean, of this group and with these flags.
    fn hint(&self, _error: &str) -> Option<String> {
        None
    }

    /// An error with its hint.
    fn hinted(&self, error: Error) -> Error {
        match error {
            Error::Failed(text) => {
                let hint = self.hint(&text);
                Error::Failed(hint.map_or(text.clone(), |hint| format!("{text}; {hint}")))
            }
            error => error,
        }
    }
}

/// What the vendor says of one member.
pub(crate) type RowOf<L> = <<L as Listing>::Walk as Walk>::Row;

/// A walk that can be saved and taken up again.
pub(crate) trait SavedWalk:
    Walk<Request: 'static, Answer: Send + 'static, Error: Send + Unpin + Display + 'static>
    + Serialize
    + DeserializeOwned
    + Unpin
    + 'static
{
}

impl<W> SavedWalk for W where
    W: Walk<Request: 'static, Answer: Send + 'static, Error: Send + Unpin + Display + 'static>
        + Serialize
        + DeserializeOwned
        + Unpin
        + 'static
{
}

/// What rows and walk hang on, by the flag or variable it comes from. Nothing in it is secret.
pub(crate) type Shape = Vec<(&'static str, String)>;

/// Which group, and how hard the vendor is asked for it.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// The group's id
    #[arg(long, short, value_name = "ID")]
    group: String,

    /// Requests in flight
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = |text: &str| cli::number::<u16>(text, 1..=256), allow_negative_numbers = true, display_order = 900)]
    concurrency: u16,

    /// Give up on a listing after so many seconds; rows that `list` has read until then are kept
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = |text: &str| cli::number::<u32>(text, 1..=u32::MAX.into()), allow_negative_numbers = true, display_order = 901)]
    deadline: u32,
}

impl Target {
    fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline.into())
    }

    /// Requests in flight of a vendor whose next request hangs on the answers so far: recorded one after the other,
    /// they are the same in a replay.
    fn in_flight_of_a_chain(&self, recorded: bool) -> usize {
        if recorded { 1 } else { self.concurrency.into() }
    }

    /// The group's id, if it can be one.
    fn group(&self, longest: usize) -> Result<&str, Error> {
        ids::check("--group", &self.group, longest).map(|()| self.group.as_str())
    }
}

/// What was given, or nothing.
fn or_none(given: Option<impl ToString>) -> String {
    given.map(|given| given.to_string()).unwrap_or_default()
}

/// What the driver and the vendor said, for people at a terminal: this program goes on only where that was saved, and an
/// id that was typed need not be read out in full.
pub(crate) fn worded(text: &str, group: &str, resume: Option<&Path>) -> String {
    let deadline = TransportError::new(TransportErrorKind::Deadline).to_string();
    let kept = "the deadline passed: what was read is kept; allow more time with --deadline";
    let text = text.replace(
        &deadline,
        &match resume {
            Some(state) => format!("{kept}, or go on with --resume {}", state.display()),
            None => kept.to_owned(),
        },
    );
    match terminal::short(group) {
        Cow::Borrowed(_) => text,
        Cow::Owned(short) => text.replace(&group.escape_debug().to_string(), &short).replace(group, &short),
    }
}
