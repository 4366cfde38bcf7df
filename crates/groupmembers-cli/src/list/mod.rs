//! `groupmembers list`: what every vendor has in common. A vendor is one file beside this one.

pub(crate) mod agora;
mod either;
pub(crate) mod nim;
mod prepare;
mod resume;
pub(crate) mod tim;
pub(crate) mod wkteam;
pub(crate) mod yunshop;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use futures_util::FutureExt as _;
use groupmembers_http::reqwest_0_13::Reqwest;
use groupmembers_http::walk::{Roster, Walk};
use groupmembers_http::{Report, Runtime, TransportError, TransportErrorKind};
use groupmembers_unified::Member;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Code, Error};
use crate::files::{self, Place};
use crate::interrupt::Interrupt;
use crate::list::resume::{Asked, Resume, Shape};
use crate::output::{Format, Output};
use crate::progress::Progress;
use crate::record::Recording;
use crate::report::Summary;
use crate::sanitize::Rules;
use crate::{cli, ids, terminal};

/// The vendors.
#[derive(Debug, Subcommand)]
pub(crate) enum Vendor {
    /// Tencent Cloud Chat (TIM)
    Tim(tim::Args),
    /// Agora Chat (Shengwang, Easemob)
    Agora(agora::Args),
    /// NetEase Yunxin (NIM) chatrooms
    Nim(nim::Args),
    /// wkteam.cn (E云管家, personal WeChat)
    Wkteam(wkteam::Args),
    /// Yunshop (芸众商城, WeCom customer groups)
    Yunshop(yunshop::Args),
}

/// What every vendor's listing takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The group's id
    #[arg(long, short, value_name = "ID")]
    group: String,

    /// How rows are written [default: what the name of --output ends in, otherwise table]
    #[arg(long, short, value_name = "FORMAT", ignore_case = true)]
    format: Option<Format>,

    /// Write the rows to this file as they come; rows read before an error are kept
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write a report to this file as JSON: counts, how complete the list is, and where it may have gaps
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Save where the listing stands in this file, and go on from there if it is stopped or killed and then repeated;
    /// with --output as ndjson, csv or json. The file holds members' ids, and goes when the list is complete
    #[arg(long, value_name = "FILE", conflicts_with = "record", requires = "output")]
    resume: Option<PathBuf>,

    /// Add the vendor's own object to each row as "raw" (json, ndjson, csv)
    #[arg(long)]
    raw: bool,

    /// Write what goes over the wire into this new folder, as a fixture to test with: credentials, ids, names,
    /// pictures and custom values are replaced by made-up ones
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// Requests in flight
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = |text: &str| cli::number::<u16>(text, 1..=256), allow_negative_numbers = true)]
    concurrency: u16,

    /// Give up after so many seconds; rows read until then are kept
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = |text: &str| cli::number::<u32>(text, 1..=u32::MAX.into()), allow_negative_numbers = true)]
    deadline: u32,
}

/// Lists a group of a vendor.
pub(crate) fn run(vendor: Vendor) -> Result<Code, Error> {
    match vendor {
        Vendor::Tim(args) => tim::run(args),
        Vendor::Agora(args) => agora::run(args),
        Vendor::Nim(args) => nim::run(args),
        Vendor::Wkteam(args) => wkteam::run(args),
        Vendor::Yunshop(args) => yunshop::run(args),
    }
}

/// Lists what `roster` makes of a transport, and of the walk that was saved, if one was: everything of a listing that no
/// vendor does in its own way.
fn list<W>(
    common: &Common,
    rules: &'static Rules,
    shape: Shape,
    roster: impl FnOnce(Arc<dyn Runtime>, Option<W>) -> Result<Roster<W>, String>,
    member: impl Fn(W::Row) -> Member,
) -> Result<Code, Error>
where
    W: Walk + Serialize + DeserializeOwned + Unpin,
    W::Request: 'static,
    W::Answer: Send + 'static,
    W::Error: Send + Unpin + Display + 'static,
{
    let transport: Arc<dyn Runtime> = Reqwest::new().map_err(|error| Error::Failed(error.to_string()))?.into_runtime();
    let runtime = crate::runtime()?;
    let mut job = common.open(Arc::clone(&transport), rules, shape)?;
    let walk = job.walk()?;
    // Not before: opening a pipe waits for its reader, and Ctrl-C ends that best as it always does.
    let interrupt = runtime.block_on(async { Interrupt::listen() });
    let code = runtime.block_on(async {
        let roster = roster(job.runtime(transport), walk).map_err(Error::Failed)?;
        job.run(roster, interrupt, member).await
    });
    // What is still in flight was given up, a name being looked up included: wait for nothing.
    runtime.shutdown_background();
    code
}

impl Common {
    fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline.into())
    }

    /// Requests in flight of a vendor whose next request hangs on the answers so far: recorded one after the other,
    /// they are the same in a replay.
    fn in_flight_of_a_chain(&self) -> usize {
        if self.record.is_some() { 1 } else { self.concurrency.into() }
    }

    /// The group's id, if it can be one.
    fn group(&self, longest: usize) -> Result<&str, Error> {
        ids::check("--group", &self.group, longest).map(|()| self.group.as_str())
    }

    /// Opens every place that will be written to. From here on only the vendor can be at fault. `shape` is what rows and
    /// walk hang on, besides what is here.
    fn open(&self, runtime: Arc<dyn Runtime>, rules: &'static Rules, shape: Shape) -> Result<Job, Error> {
        let format = match (self.format, &self.output) {
            (Some(format), _) => format,
            (None, Some(path)) => Format::of_file(path).map_err(Error::Usage)?,
            (None, None) => Format::Table,
        };
        if self.raw && format == Format::Table {
            return Err(Error::Usage("--raw has no place in a table: add --format json, ndjson or csv".to_owned()));
        }
        if self.resume.is_some() && format == Format::Table {
            return Err(Error::Usage(
                "--resume cannot go on with a table: name an --output that ends in .csv, .ndjson or .json, or add --format"
                    .to_owned(),
            ));
        }
        let open = if self.resume.is_some() { Place::open_to_go_on } else { Place::open };
        let mut place = self.output.as_deref().map(|path| open("--output", path)).transpose()?;
        let report = self.report.as_deref().map(|path| Place::open("--report", path)).transpose()?;
        if let Some(report) = &report {
            let rows = if place.is_some() { "--output" } else { "stdout" };
            if place.as_ref().map_or_else(|| report.is_stdout(), |place| place.is(report)) {
                return Err(Error::Usage(format!("{rows} and --report go to the same file: name two")));
            }
        }
        let mut output_before = None;
        let mut resume = None;
        if let (Some(name), Some(place)) = (&self.resume, &mut place) {
            if report.as_ref().is_some_and(|report| report.is_at(name)) {
                return Err(Error::Usage("--report and --resume go to the same file: name two".to_owned()));
            }
            let asked = Asked { vendor: rules.vendor, group: &self.group, format, raw: self.raw, shape };
            let (opened, before) = Resume::open(name, place, asked)?;
            place.keep(before.bytes);
            (resume, output_before) = (Some(opened), Some(before));
        }
        let recording = self.record.as_deref().map(|dir| Recording::start(dir, runtime, rules)).transpose()?;
        let rows_are_seen = place.is_none() && std::io::stdout().is_terminal();
        let to: Box<dyn Write> = match &place {
            Some(place) => Box::new(place.writer().map_err(|error| files::refused("--output", &place.path, &error))?),
            None => Box::new(std::io::stdout()),
        };
        let mut output = Output::new(to, format, self.raw);
        if let Some(before) = output_before {
            output.go_on(before.rows, before.sum);
        }
        Ok(Job {
            group: self.group.clone(),
            output,
            resume,
            unwritten: false,
            output_name: place.as_ref().map_or_else(|| "stdout".to_owned(), |place| place.path.display().to_string()),
            place,
            report,
            recording,
            progress: Progress::start(rows_are_seen),
        })
    }
}

/// One listing, with everything open that it writes to.
struct Job {
    group: String,
    output: Output,
    output_name: String,
    /// The output's file: a listing that stops before its first row leaves what is in it.
    place: Option<Place>,
    report: Option<Place>,
    resume: Option<Resume>,
    /// A row was taken and could not be written.
    unwritten: bool,
    recording: Option<Recording>,
    progress: Progress,
}

/// Why a listing stopped before its end.
enum Stop {
    Error(Error),
    /// By what.
    Interrupted(&'static str),
}

impl Job {
    /// The runtime to list with: one that records, where that was asked for.
    fn runtime(&self, plain: Arc<dyn Runtime>) -> Arc<dyn Runtime> {
        self.recording.as_ref().map_or(plain, Recording::runtime)
    }

    /// The walk to go on with, where one was saved.
    fn walk<W: DeserializeOwned>(&mut self) -> Result<Option<W>, Error> {
        self.resume.as_mut().map_or(Ok(None), Resume::walk)
    }

    /// Lists, and says how it went.
    async fn run<W>(
        self,
        roster: Roster<W>,
        interrupt: Interrupt,
        member: impl Fn(W::Row) -> Member,
    ) -> Result<Code, Error>
    where
        W: Walk + Serialize + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + Display + 'static,
    {
        self.run_with(roster, interrupt, |_, row| member(row)).await
    }

    /// The same, where the walk knows something of a member that the row does not say.
    async fn run_with<W>(
        mut self,
        mut roster: Roster<W>,
        interrupt: Interrupt,
        member: impl Fn(&W, W::Row) -> Member,
    ) -> Result<Code, Error>
    where
        W: Walk + Serialize + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + Display + 'static,
    {
        if let Some(resume) = &self.resume {
            let name = resume.name().display().to_string();
            if self.output.rows() > 0 {
                terminal::say(&format!("going on behind {} ({name})", terminal::counted(self.output.rows(), "member")));
            }
            // What cannot be saved is better known before anything is sent.
            self.save(&roster, true)
                .map_err(|error| Error::Usage(format!("--resume {name}: cannot be written: {error}")))?;
        }
        let mut stop = self.rows(&mut roster, interrupt, member).await.err();
        self.progress.end();
        let nothing = self.output.rows() == 0 && stop.is_some();
        // Where a row could not be written, what was saved before holds: its walk gives the row out again.
        if stop.is_some() && !self.unwritten {
            let _ = self.save(&roster, false);
        }
        let mut troubles = Vec::new();
        if !nothing && let Err(error) = self.begin().and_then(|()| self.output.finish()) {
            match (&stop, Error::write(&self.output_name, &error)) {
                (None, error) => stop = Some(Stop::Error(error)),
                (Some(Stop::Error(Error::Failed(said))), Error::Failed(text)) if *said == text => {}
                (Some(_), Error::Failed(text)) => troubles.push(text),
                (Some(_), _) => {}
            }
        }

        let mut report = roster.report();
        drop(roster);
        self.sum_up(&mut report, stop.is_none());
        for gap in &mut report.gaps {
            gap.what = self.worded(&gap.what);
        }
        let error = match &stop {
            None | Some(Stop::Error(Error::Quiet(_))) => None,
            Some(Stop::Interrupted(by)) => Some(format!("interrupted by {by}")),
            Some(Stop::Error(Error::Pipe)) => Some("whoever read the rows closed the pipe".to_owned()),
            Some(Stop::Error(Error::Usage(text) | Error::Failed(text))) => Some(text.clone()),
        };
        let summary = Summary::new(report, self.output.arrived(), error);
        self.close(&summary, stop, nothing, troubles)
    }

    /// Takes row after row.
    async fn rows<W>(
        &mut self,
        roster: &mut Roster<W>,
        mut interrupt: Interrupt,
        member: impl Fn(&W, W::Row) -> Member,
    ) -> Result<(), Stop>
    where
        W: Walk + Serialize + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + Display + 'static,
    {
        while interrupt.pressed().is_none() {
            let next = match roster.next().now_or_never() {
                Some(next) => next,
                None => {
                    // The rows so far are all that is there for now: hand them on.
                    self.output.flush().map_err(|error| self.cannot_write(&error))?;
                    self.progress.at(self.output.rows(), roster.report().declared_total);
                    self.save_now_and_then(roster);
                    tokio::select! {
                        biased;
                        () = interrupt.wait() => break,
                        next = roster.next() => next,
                        () = tokio::time::sleep(Duration::from_millis(100)) => continue,
                    }
                }
            };
            if self.take(next, |row| member(roster.walk(), row))?.is_break() {
                return Ok(());
            }
            self.save_now_and_then(roster);
        }
        // Rows that have been read are kept. No more than those: a fast server would never let this end.
        for _ in 0..roster.walk().ready() {
            let Some(next) = roster.next().now_or_never() else { break };
            if self.take(next, |row| member(roster.walk(), row))?.is_break() {
                return Ok(());
            }
        }
        Err(Stop::Interrupted(interrupt.pressed().unwrap_or("a signal")))
    }

    /// Writes what came next.
    fn take<R, E: Display>(
        &mut self,
        next: Option<Result<R, E>>,
        member: impl Fn(R) -> Member,
    ) -> Result<ControlFlow<()>, Stop> {
        match next {
            None => Ok(ControlFlow::Break(())),
            Some(Ok(row)) => {
                let member = member(row);
                if self.resume.as_mut().is_some_and(|resume| resume.is_written(&member.id)) {
                    return Ok(ControlFlow::Continue(()));
                }
                let written = self.begin().and_then(|()| self.output.row(&member));
                written.map_err(|error| self.cannot_write(&error))?;
                Ok(ControlFlow::Continue(()))
            }
            Some(Err(error)) => Err(Stop::Error(Error::Failed(self.worded(&error.to_string())))),
        }
    }

    /// Saves where the listing stands, where that was asked for and is due.
    fn save_now_and_then<W>(&mut self, roster: &Roster<W>)
    where
        W: Walk + Serialize + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + 'static,
    {
        if self.resume.as_ref().is_some_and(Resume::is_due) {
            // It is tried again later; and a listing that comes to its end needs it no more.
            let _ = self.save(roster, true);
        }
    }

    /// Saves where the listing stands, where that was asked for: first the rows, then what says that they are there.
    fn save<W>(&mut self, roster: &Roster<W>, running: bool) -> std::io::Result<()>
    where
        W: Walk + Serialize + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + 'static,
    {
        if let (Some(resume), Some(place)) = (&mut self.resume, &self.place) {
            self.output.flush()?;
            place.sync()?;
            if let Some(written) = self.output.written() {
                resume.save(roster.walk(), &roster.report(), &written, running)?;
            }
        }
        Ok(())
    }

    /// Makes the report of this run one of all runs of the listing.
    fn sum_up(&self, report: &mut Report, ended: bool) {
        if let Some(resume) = &self.resume {
            resume.sum_up(report, ended);
        }
    }

    /// What the driver and the vendor said, for people at a terminal.
    fn worded(&self, text: &str) -> String {
        worded(text, &self.group, self.resume.as_ref().map(Resume::name))
    }

    /// Empties the output's file, once: now there is something to put into it.
    fn begin(&mut self) -> std::io::Result<()> {
        self.place.as_mut().map_or(Ok(()), Place::begin)
    }

    fn cannot_write(&mut self, error: &std::io::Error) -> Stop {
        self.unwritten = true;
        Stop::Error(Error::write(&self.output_name, error))
    }

    /// Writes what is written at the end, and says the last words.
    fn close(
        mut self,
        summary: &Summary,
        stop: Option<Stop>,
        nothing: bool,
        mut troubles: Vec<String>,
    ) -> Result<Code, Error> {
        if let Some(mut place) = self.report {
            let written = place.begin().and_then(|()| summary.write(BufWriter::new(place.writer()?)));
            troubles.extend(written.err().map(|error| format!("cannot write to {}: {error}", place.path.display())));
        }
        if let Some(recording) = self.recording {
            troubles.extend(recording.finish().err());
        }
        if let Some(resume) = &mut self.resume {
            troubles.extend(match stop {
                Some(_) => resume.stopped(nothing),
                // A report that is missing is written by the next run.
                None if troubles.is_empty() => {
                    let synced = self.place.as_ref().map_or(Ok(()), Place::sync);
                    let synced = synced.map_err(|error| format!("cannot write to {}: {error}", self.output_name));
                    synced.and_then(|()| resume.done()).err()
                }
                None => None,
            });
        }

        // Whoever closed the pipe wants to hear nothing more of the list.
        if !matches!(stop, Some(Stop::Error(Error::Pipe))) {
            for remark in summary.remarks() {
                terminal::say(&remark);
            }
            let closing = match &self.place {
                Some(place) if nothing && !place.new => {
                    format!("{}; {} is as it was", summary.closing_line(), place.path.display())
                }
                _ => summary.closing_line(),
            };
            let hint = self.resume.as_ref().filter(|_| stop.is_some()).and_then(Resume::hint);
            let closing = hint.map_or(closing.clone(), |hint| format!("{closing}; {hint}"));
            match &stop {
                None => terminal::say(&closing),
                Some(Stop::Interrupted(_)) => terminal::say(&format!("interrupted: {closing}")),
                Some(Stop::Error(_)) => terminal::say(&format!("stopped: {closing}")),
            }
        }
        let troubled = !troubles.is_empty();
        for trouble in troubles {
            terminal::say(&format!("error: {trouble}"));
        }
        match stop {
            Some(Stop::Interrupted(_)) => Ok(Code::Interrupted),
            Some(Stop::Error(Error::Pipe)) | None if troubled => Ok(Code::Failed),
            Some(Stop::Error(error)) => Err(error),
            None if summary.is_complete() => Ok(Code::Done),
            None => Ok(Code::Unsure),
        }
    }
}

/// What was given, or nothing.
fn or_none(given: Option<impl ToString>) -> String {
    given.map(|given| given.to_string()).unwrap_or_default()
}

/// What the driver and the vendor said, for people at a terminal: this program goes on only where that was saved, and an
/// id that was typed need not be read out in full.
fn worded(text: &str, group: &str, resume: Option<&Path>) -> String {
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
