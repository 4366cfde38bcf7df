//! The calls and the lists of every vendor's client, and what they come to.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use groupmembers::http::{RetryPolicy, Runtime};
use groupmembers::{Completeness, Report};
use groupmembers_sandbox::faults::{Transport, When};
use groupmembers_sandbox::{Config, Sandbox};

mod agora;
mod nim;
mod tim;
mod wkteam;
mod yunshop;

pub(crate) const VENDORS: &[&Vendor] = &[&agora::VENDOR, &nim::VENDOR, &tim::VENDOR, &wkteam::VENDOR, &yunshop::VENDOR];

/// A vendor, its calls and its lists.
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    /// The folder of its crate.
    pub(crate) package: &'static str,
    pub(crate) columns: &'static [Column],
    /// What no one may print, besides what was sent.
    pub(crate) secrets: &'static [&'static str],
    /// The largest answer that any of its calls reads.
    pub(crate) most_read: u64,
    pub(crate) start: fn() -> Sandbox,
    pub(crate) inject: fn(&Sandbox, Transport, When, &str),
    pub(crate) call: for<'a> fn(Place<'a>, &'static str) -> BoxFuture<'a, Seen>,
}

/// What is done, and where it meets the fault.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The sandbox's name of the call that the fault is in.
    pub(crate) command: &'static str,
    /// In which of these calls a fault comes that comes once, counted from 1.
    pub(crate) first: u32,
}

const fn column(name: &'static str, command: &'static str) -> Column {
    Column { name, command, first: 1 }
}

/// One of which the fault hits a later call.
const fn later(name: &'static str, command: &'static str, first: u32) -> Column {
    Column { name, command, first }
}

/// Where a client is sent, and by what.
pub(crate) struct Place<'a> {
    /// `None` for a port at which nobody listens.
    pub(crate) sandbox: Option<&'a Sandbox>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) deadline: Option<Duration>,
}

impl Place<'_> {
    fn url(&self) -> String {
        self.sandbox.map_or_else(|| "http://127.0.0.1:1".to_owned(), Sandbox::base_url)
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) outcome: String,
    /// Whether it was one call, and no list.
    pub(crate) is_call: bool,
    /// The answer of a single call, to be held against the usual one.
    pub(crate) answer: Option<String>,
    /// All that a program could print of it.
    pub(crate) printed: String,
}

/// Without the worlds of the other vendors, which take their time to be made.
fn only(config: &mut Config, vendor: &str) {
    if vendor != "agora" {
        config.agora.groups.clear();
    }
    if vendor != "nim" {
        config.nim.rooms.clear();
        config.nim.teams.clear();
    }
    if vendor != "tim" {
        config.tim.groups.clear();
    }
    if vendor != "wkteam" {
        config.wkteam.groups.clear();
    }
    if vendor != "yunshop" {
        config.yunshop.enterprises.clear();
    }
}

fn retry() -> RetryPolicy {
    RetryPolicy::default().with_max_attempts(3).with_backoff(Duration::from_millis(2), Duration::from_millis(10))
}

/// An error, and its causes, in all their forms.
fn printed(error: &dyn Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut next = error.source();
    while let Some(cause) = next {
        write!(text, " {cause} {cause:?}").unwrap();
        next = cause.source();
    }
    text
}

/// How a single call ended.
fn seen<T: std::fmt::Debug, E: Error>(answer: Result<T, E>) -> Seen {
    match answer {
        Ok(answer) => {
            let printed = format!("{answer:?}");
            // What was when is another number in every world.
            let answer = printed.replace(|letter: char| letter.is_ascii_digit(), "#");
            Seen { outcome: "ok".to_owned(), is_call: true, answer: Some(answer), printed }
        }
        Err(error) => Seen { outcome: error.to_string(), is_call: true, answer: None, printed: printed(&error) },
    }
}

/// How a list ended, once it is sure that it does not lie.
fn judged<E: Error>(
    found: Vec<String>,
    truth: Option<BTreeSet<String>>,
    report: &Report,
    error: Option<E>,
    walk: &str,
) -> Seen {
    let mut outcome = format!("{} members, {}", found.len(), report.completeness.as_str());
    let unique: BTreeSet<String> = found.iter().cloned().collect();
    let truth = truth.unwrap_or_default();
    assert_eq!(unique.len(), found.len(), "somebody appears twice: {outcome}");
    assert_eq!(report.members, found.len() as u64);
    assert!(unique.is_subset(&truth), "somebody was invented: {outcome}");
    if report.completeness.is_complete() {
        assert_eq!(unique, truth, "somebody is lost: {outcome}");
    }
    assert!(error.is_none() || report.completeness == Completeness::Incomplete, "{outcome}");
    assert_eq!(report.completeness == Completeness::Incomplete, !report.gaps.is_empty(), "{outcome}");
    let text = error.as_ref().map(ToString::to_string);
    for gap in &report.gaps {
        match &text {
            Some(error) if gap.what == format!("stopped: {error}") => outcome += "; stopped",
            _ => write!(outcome, "; gap after {}: {}", gap.after, gap.what).unwrap(),
        }
    }
    let mut shown = format!("{report:?} {report:#?} {walk}");
    if let Some(error) = &error {
        write!(outcome, "; {error}").unwrap();
        shown += &printed(error);
    }
    Seen { outcome, is_call: false, answer: None, printed: shown }
}

/// Reads a list to its end.
macro_rules! list {
    ($roster:expr, $truth:expr, |$member:ident| $id:expr) => {{
        let mut roster = $roster;
        let (mut found, mut error) = (Vec::new(), None);
        while let Some(member) = roster.next().await {
            match member {
                Ok($member) => found.push($id),
                Err(end) => error = Some(end),
            }
        }
        $crate::vendors::judged(found, $truth, &roster.report(), error, &format!("{roster:?} {:?}", roster.walk()))
    }};
}

use list;
