//! `groupmembers watch`: lists a group again and again, and prints who joined, left or changed.
//!
//! Only a list that is known to be whole is compared. Differences are printed before what is known now is saved: a watch that
//! is killed in between tells them once more, and none is lost.

mod known;
mod pipe;
mod state;

use std::io::{BufWriter, IsTerminal as _, Stdout, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use groupmembers_http::reqwest_0_13::Reqwest;
use groupmembers_http::{Completeness, Report};
use groupmembers_unified::Vendor;

use crate::diff::{Form, Shown};
use crate::error::{Code, Error};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::report::Summary;
use crate::terminal;
use crate::vendors::{Help, Listing, Task, worded};
use known::{Counts, Found, Known};
use state::State;

const NOTES: &str = "\
The first listing is what the next one is compared with, and prints nothing,
unless --state holds the roster of an earlier watch. Only lists known to be
whole are compared: of one with a gap nobody is said to have left; it is told
on stderr, and the next one is due. An error of the first listing ends it; later
ones are told, the group is left alone for longer and longer (up to an hour),
and the tenth in a row ends it. Rows are those of `groupmembers diff`.
--state FILE --times 1 prints what changed since the last time, and ends.
Exit codes: 0 the last of --times listings was whole, 1 error, 2 usage,
3 the last of --times was not whole, 130 Ctrl-C or SIGTERM.

";

/// So many errors in a row end it.
const MOST_FAILURES: u32 = 10;

/// After errors it waits no longer than this, or than `--every`.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How often, and where to.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// From the start of a listing to the start of the next, such as 60s, 5m, 1h30m; never two at once
    #[arg(long, value_name = "TIME", value_parser = time)]
    every: Duration,

    /// Save the roster in this file, and go on from it after a restart; it holds members' ids and names
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// End after so many listings
    #[arg(long, value_name = "N", value_parser = |text: &str| crate::cli::number::<u32>(text, 1..=u32::MAX.into()), allow_negative_numbers = true)]
    times: Option<u32>,

    /// Compare lists that nothing proves (unverified) as well: somebody who was not read may be said to have left
    #[arg(long)]
    take_unverified: bool,

    /// How differences are written
    #[arg(long, short, value_name = "FORMAT", ignore_case = true, default_value = "table")]
    format: Form,
}

/// A time with its unit.
fn time(text: &str) -> Result<Duration, String> {
    let time = text.trim().parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(7 * 24 * 3600));
    time.filter(|time| (least..=most).contains(time))
        .ok_or_else(|| "write a time from 1s to 168h with its unit, such as 60s, 5m or 1h30m".to_owned())
}

impl Task for Args {
    fn help(help: &Help) -> String {
        let group = help.group;
        help.with(NOTES, &[format!("watch {group} --every 60s"), format!("watch {group} --every 5m --state st")])
    }

    fn run<L: Listing>(self, listing: L) -> Result<Code, Error> {
        let (state, saved) = match &self.state {
            Some(name) => State::open(name, &listing).map(|(state, saved)| (Some(state), saved))?,
            None => (None, None),
        };
        let transport = Reqwest::new().map_err(|error| Error::Failed(error.to_string()))?.into_runtime();
        if let (Some(state), Some((known, at))) = (&state, &saved) {
            terminal::say(&state.going_on(known.len(), *at));
        }
        let mut watch = Watch {
            out: Shown::new(BufWriter::new(std::io::stdout()), self.format, false),
            has_roster: saved.is_some(),
            known: saved.map(|(known, _)| known).unwrap_or_default(),
            state,
            turns: 0,
            failures: 0,
            told: Told::default(),
            listing: &listing,
            args: &self,
        };
        let runtime = crate::runtime()?;
        let code = runtime.block_on(async {
            let mut interrupt = Interrupt::listen();
            let connected = tokio::select! {
                biased;
                () = interrupt.wait() => return Ok(Code::Interrupted),
                connected = listing.connect(transport) => connected,
            };
            let client = connected.map_err(|error| Error::Failed(worded(&error, listing.group(), None)))?;
            watch.all(&client, interrupt).await
        });
        runtime.shutdown_background();
        code.map_err(|error| listing.hinted(error))
    }
}

/// A watch that is going on.
struct Watch<'a, L> {
    listing: &'a L,
    args: &'a Args,
    out: Shown<BufWriter<Stdout>>,
    known: Known,
    /// There is something to compare with.
    has_roster: bool,
    state: Option<State>,
    /// Listings so far.
    turns: u32,
    /// Errors in a row.
    failures: u32,
    told: Told,
}

/// What need not be said again.
#[derive(Debug, Default)]
struct Told {
    /// The last listing was not whole, or failed.
    trouble: bool,
    /// A listing took longer than `--every`.
    slow: bool,
}

/// What one listing came to.
enum Turn {
    /// Known to be whole, or taken for it.
    Whole(Found, Report),
    /// Somebody may be missing.
    Unsure(Report),
    Failed(String),
}

impl<L: Listing> Watch<'_, L> {
    /// Listing after listing.
    async fn all(&mut self, client: &L::Client, mut interrupt: Interrupt) -> Result<Code, Error> {
        loop {
            let began = Instant::now();
            let Some(turn) = self.turn(client, &mut interrupt).await? else { break };
            self.turns += 1;
            let last = self.args.times.is_some_and(|times| self.turns >= times);
            let code = match turn {
                Turn::Whole(found, report) => {
                    self.failures = 0;
                    self.compared(found, report)?;
                    Code::Done
                }
                Turn::Unsure(report) => {
                    self.failures = 0;
                    self.unsure(report, last);
                    Code::Unsure
                }
                Turn::Failed(error) => {
                    self.failed(error, last)?;
                    Code::Failed
                }
            };
            if last {
                return Ok(code);
            }
            if began.elapsed() > self.args.every && !std::mem::replace(&mut self.told.slow, true) {
                say("a listing takes longer than --every: the next one begins when it has ended");
            }
            if !self.pause(began, &mut interrupt).await? {
                break;
            }
        }
        let (listings, known) = (terminal::counted(self.turns.into(), "listing"), self.known.len());
        let by = interrupt.pressed().unwrap_or("a signal");
        say(&format!("ended by {by} after {listings}; {} known", terminal::counted(known, "member")));
        Ok(Code::Interrupted)
    }

    /// Lists the group once; `None` where that was interrupted.
    async fn turn(&mut self, client: &L::Client, interrupt: &mut Interrupt) -> Result<Option<Turn>, Error> {
        let first = self.turns == 0;
        let mut progress = first.then(|| Progress::start(std::io::stdout().is_terminal()));
        let mut roster = self.listing.roster(client, None);
        let (mut found, mut rows) = (self.known.compare(), 0_u64);
        let failed = loop {
            let next = tokio::select! {
                biased;
                () = interrupt.wait() => None,
                next = roster.next() => Some(next),
            };
            let Some(next) = next else {
                if let Some(progress) = &mut progress {
                    progress.end();
                }
                return Ok(None);
            };
            match next {
                None => break None,
                Some(Err(error)) => break Some(error.to_string()),
                Some(Ok(row)) => {
                    let member = self.listing.member(roster.walk(), row);
                    self.known.see(&mut found, &member).map_err(|error| Error::Failed(error.to_string()))?;
                    rows += 1;
                    if let Some(progress) = progress.as_mut().filter(|_| rows.is_multiple_of(500)) {
                        progress.at(rows, roster.report().declared_total);
                    }
                }
            }
        };
        if let Some(progress) = &mut progress {
            progress.end();
        }
        let report = roster.report();
        Ok(Some(match (failed, report.completeness) {
            (Some(error), _) => {
                let error = worded(&error, self.listing.group(), None);
                Turn::Failed(self.listing.hint(&error).map_or(error.clone(), |hint| format!("{error}; {hint}")))
            }
            (None, Completeness::Verified | Completeness::Stable) => Turn::Whole(found, report),
            (None, Completeness::Unverified) if self.args.take_unverified => Turn::Whole(found, report),
            (None, _) => Turn::Unsure(report),
        }))
    }

    /// Prints what a whole list has changed, and then holds on to it.
    fn compared(&mut self, found: Found, report: Report) -> Result<(), Error> {
        let counts = self.known.counts(&found);
        let (baseline, at) = (!self.has_roster, report.started_at);
        if !baseline && counts != Counts::default() {
            let (vendor, group) = (Vendor::from(self.listing.rules().vendor), self.listing.group());
            let shown = self.known.differences(&found, &vendor, group, |difference| self.out.show(difference));
            shown.and_then(|()| self.out.to.flush()).map_err(|error| Error::write("stdout", &error))?;
        }
        self.known.take_over(found);
        self.has_roster = true;
        let changed = counts != Counts::default();
        if let Some(state) = self.state.as_mut().filter(|_| baseline || changed) {
            state.save(&self.known, at)?;
        }

        let trouble = std::mem::take(&mut self.told.trouble);
        let summary = self.summary(report);
        let closing = summary.closing_line();
        if baseline {
            for remark in summary.remarks() {
                say(&remark);
            }
            say(&format!("watching from here: {closing}"));
        } else if changed {
            say(&format!("{}; {closing}", words(counts)));
        } else if trouble {
            say(&format!("whole again, and the same: {closing}"));
        }
        Ok(())
    }

    /// Says that a list proves nothing.
    fn unsure(&mut self, report: Report, last: bool) {
        let summary = self.summary(report);
        if !std::mem::replace(&mut self.told.trouble, true) {
            for remark in summary.remarks() {
                say(&remark);
            }
        }
        say(&format!("not compared, somebody may be missing: {}{}", summary.closing_line(), self.next(last)));
    }

    /// Says that a listing failed, or ends the watch.
    fn failed(&mut self, error: String, last: bool) -> Result<(), Error> {
        self.failures += 1;
        self.told.trouble = true;
        if self.turns == 1 || last {
            return Err(Error::Failed(error));
        }
        if self.failures == MOST_FAILURES {
            return Err(Error::Failed(format!("{error}; these were {MOST_FAILURES} errors in a row: giving up")));
        }
        say(&format!("failed: {error}{}", self.next(last)));
        Ok(())
    }

    fn summary(&self, mut report: Report) -> Summary {
        for gap in &mut report.gaps {
            gap.what = worded(&gap.what, self.listing.group(), None);
        }
        let members = report.members;
        Summary::new(report, members, None)
    }

    /// When the next listing is.
    fn next(&self, last: bool) -> String {
        if last {
            String::new()
        } else {
            format!(
                "; the next is due after {:#}",
                jiff::SignedDuration::try_from(wait(self.args.every, self.failures)).unwrap_or_default()
            )
        }
    }

    /// Waits for the next turn; `false` where that was interrupted.
    async fn pause(&self, began: Instant, interrupt: &mut Interrupt) -> Result<bool, Error> {
        loop {
            if pipe::is_closed() {
                return Err(Error::Pipe);
            }
            let left = wait(self.args.every, self.failures).saturating_sub(began.elapsed());
            tokio::select! {
                biased;
                () = interrupt.wait() => return Ok(false),
                () = tokio::time::sleep(left.min(Duration::from_secs(1))) => {}
            }
            if left <= Duration::from_secs(1) {
                return Ok(true);
            }
        }
    }
}

/// From the start of a listing to the start of the next, after so many errors in a row.
fn wait(every: Duration, failures: u32) -> Duration {
    match failures {
        0 => every,
        _ => every.saturating_mul(1 << failures.min(MOST_FAILURES)).min(LONGEST_WAIT.max(every)),
    }
}

/// A line for the log.
fn say(line: &str) {
    terminal::say(&format!("{} {line}", terminal::rfc3339(terminal::now()).unwrap_or_default()));
}

/// `1 joined, 2 left`.
fn words(counts: Counts) -> String {
    let counts = [(counts.joined, "joined"), (counts.left, "left"), (counts.changed, "changed")];
    let said = counts.iter().filter(|(count, _)| *count > 0);
    said.map(|(count, what)| format!("{} {what}", terminal::count(*count))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_it_fails_the_longer_the_group_is_left_alone() {
        let waits = |every: u64| -> Vec<u64> {
            (0..MOST_FAILURES).map(|failures| wait(Duration::from_secs(every), failures).as_secs()).collect()
        };
        assert_eq!(waits(60), [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600]);
        assert_eq!(waits(7_200), [7_200; 10]);
    }

    #[test]
    fn times_have_units() {
        let seconds = |text| time(text).map(|time| time.as_secs());
        assert_eq!(
            [seconds("60s"), seconds("1h30m"), seconds("5 minutes"), seconds("168h")].map(Result::unwrap),
            [60, 5_400, 300, 604_800]
        );
        for text in ["", "60", "0s", "-5s", "1ms", "169h", "1d", "soon"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
