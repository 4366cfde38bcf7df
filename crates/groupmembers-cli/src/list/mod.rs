//! `groupmembers list`: what every vendor has in common. A vendor is one file beside this one.

pub(crate) mod tim;

use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use futures_util::FutureExt as _;
use groupmembers_http::walk::{Roster, Walk};
use groupmembers_http::{Completeness, Report, Runtime};

use crate::error::{Code, Error};
use crate::interrupt::Interrupt;
use crate::member::Member;
use crate::output::{Format, Output};
use crate::progress::Progress;
use crate::record::Recording;
use crate::sanitize::Rules;
use crate::{files, report, terminal};

/// The vendors.
#[derive(Debug, Subcommand)]
pub(crate) enum Vendor {
    /// Tencent Cloud Chat (TIM)
    Tim(tim::Args),
}

/// What every vendor's listing takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The group's id
    #[arg(long, short, value_name = "ID")]
    group: String,

    /// How rows are written [default: what the name of --output ends in, otherwise table]
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<Format>,

    /// Write the rows to this file as they come; rows read before an error are kept
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write a report to this file as JSON: counts, how complete the list is, and where it may have gaps
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Add the vendor's own object to each row as "raw" (json, ndjson, csv)
    #[arg(long)]
    raw: bool,

    /// Write what goes over the wire into this new folder, as a fixture to test with: credentials, ids, names,
    /// pictures and custom values are replaced by made-up ones
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// Requests in flight
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,

    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..))]
    deadline: u32,
}

/// Lists a group of a vendor.
pub(crate) fn run(vendor: Vendor) -> Result<Code, Error> {
    match vendor {
        Vendor::Tim(args) => tim::run(args),
    }
}

impl Common {
    fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline.into())
    }

    /// The group's id, if it can be one.
    fn group(&self) -> Result<&str, Error> {
        let group = self.group.as_str();
        let problem = match () {
            () if group.trim().is_empty() => "is empty: give the group's id",
            () if group.trim() != group => "has blanks or a line break around it: remove them",
            () if group.chars().any(char::is_control) => "has a control character in it: remove it",
            () => return Ok(group),
        };
        Err(Error::Usage(format!("--group {problem}")))
    }

    /// Opens every place that will be written to. From here on only the vendor can be at fault.
    fn open(&self, runtime: Arc<dyn Runtime>, rules: &'static Rules) -> Result<Job, Error> {
        let format = self.format.or_else(|| self.output.as_deref().and_then(Format::of_file)).unwrap_or(Format::Table);
        if self.raw && format == Format::Table {
            return Err(Error::Usage("--raw has no place in a table: add --format json, ndjson or csv".to_owned()));
        }
        if self.output.as_deref() == Some(Path::new("-")) {
            return Err(Error::Usage("--output is -: leave it out, rows go to stdout then".to_owned()));
        }
        let output = self.output.as_deref().map(|path| Place::open("--output", path)).transpose()?;
        let report = self.report.as_deref().map(|path| Place::open("--report", path)).transpose()?;
        if let (Some(output), Some(report)) = (&output, &report)
            && files::are_one(&output.path, &report.path)
        {
            return Err(Error::Usage("--output and --report name the same file: name two".to_owned()));
        }
        let recording = self.record.as_deref().map(|dir| Recording::start(dir, runtime, rules)).transpose()?;
        let rows_are_seen = output.is_none() && std::io::stdout().is_terminal();
        let to: Box<dyn Write> = match &output {
            Some(place) => {
                Box::new(place.file.try_clone().map_err(|error| files::refused(place.flag, &place.path, &error))?)
            }
            None => Box::new(std::io::stdout()),
        };
        Ok(Job {
            output: Output::new(to, format, self.raw),
            output_name: output.as_ref().map_or_else(|| "stdout".to_owned(), |place| place.path.display().to_string()),
            to_empty: output,
            report,
            recording,
            progress: Progress::start(rows_are_seen),
        })
    }
}

/// A file that is open.
#[derive(Debug)]
struct Place {
    flag: &'static str,
    path: PathBuf,
    file: File,
}

impl Place {
    fn open(flag: &'static str, path: &Path) -> Result<Self, Error> {
        Ok(Self { flag, path: path.to_owned(), file: files::open(flag, path)? })
    }
}

/// One listing, with everything open that it writes to.
struct Job {
    output: Output,
    output_name: String,
    /// The output's file, until it is emptied: a listing that fails before its first row leaves what is in it.
    to_empty: Option<Place>,
    report: Option<Place>,
    recording: Option<Recording>,
    progress: Progress,
}

/// Why a listing stopped before its end.
enum Stop {
    Error(Error),
    Interrupted,
}

impl Job {
    /// The runtime to list with: one that records, where that was asked for.
    fn runtime(&self, plain: Arc<dyn Runtime>) -> Arc<dyn Runtime> {
        self.recording.as_ref().map_or(plain, Recording::runtime)
    }

    /// Lists, and says how it went.
    async fn run<W>(mut self, mut roster: Roster<W>, member: impl Fn(W::Row) -> Member) -> Result<Code, Error>
    where
        W: Walk + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + Display + 'static,
    {
        let mut stop = self.rows(&mut roster, member).await.err();
        self.progress.end();
        let nothing = self.output.rows() == 0 && matches!(stop, Some(Stop::Error(_)));
        if !nothing && let Err(error) = self.begin().and_then(|()| self.output.finish()) {
            stop.get_or_insert(Stop::Error(Error::write(&self.output_name, &error)));
        }

        let mut report = roster.report();
        drop(roster);
        report.members = self.output.rows();
        let error = match &stop {
            None => None,
            Some(Stop::Interrupted) => Some("interrupted by Ctrl-C".to_owned()),
            Some(Stop::Error(Error::Pipe)) => Some("whoever read the rows closed the pipe".to_owned()),
            Some(Stop::Error(Error::Usage(text) | Error::Failed(text))) => Some(text.clone()),
            Some(Stop::Error(Error::Quiet(_))) => None,
        };
        if error.is_some() && report.completeness.is_complete() {
            // The vendor's list was read to its end, but the rows did not all arrive where they should.
            report.completeness = Completeness::Incomplete;
        }
        self.close(&report, error.as_deref(), stop)
    }

    /// Takes row after row.
    async fn rows<W>(&mut self, roster: &mut Roster<W>, member: impl Fn(W::Row) -> Member) -> Result<(), Stop>
    where
        W: Walk + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Send + Unpin + Display + 'static,
    {
        let mut interrupt = Interrupt::listen();
        while !interrupt.pressed() {
            let next = match roster.next().now_or_never() {
                Some(next) => next,
                None => {
                    // The rows so far are all that is there for now: hand them on.
                    self.output.flush().map_err(|error| self.cannot_write(&error))?;
                    self.progress.at(self.output.rows(), roster.report().declared_total);
                    tokio::select! {
                        biased;
                        () = interrupt.wait() => break,
                        next = roster.next() => next,
                        () = tokio::time::sleep(Duration::from_millis(100)) => continue,
                    }
                }
            };
            match next {
                None => return Ok(()),
                Some(Ok(row)) => {
                    let written = self.begin().and_then(|()| self.output.row(&member(row)));
                    written.map_err(|error| self.cannot_write(&error))?;
                }
                Some(Err(error)) => return Err(Stop::Error(Error::Failed(error.to_string()))),
            }
        }
        Err(Stop::Interrupted)
    }

    /// Empties the output's file, once: now there is something to put into it.
    fn begin(&mut self) -> std::io::Result<()> {
        self.to_empty.take().map_or(Ok(()), |place| files::empty(&place.file))
    }

    fn cannot_write(&self, error: &std::io::Error) -> Stop {
        Stop::Error(Error::write(&self.output_name, error))
    }

    /// Writes what is written at the end, and says the last words.
    fn close(self, report: &Report, error: Option<&str>, stop: Option<Stop>) -> Result<Code, Error> {
        let mut troubles = Vec::new();
        if let Some(place) = self.report {
            let written =
                files::empty(&place.file).and_then(|()| report::write(report, error, BufWriter::new(&place.file)));
            troubles.extend(written.err().map(|error| format!("--report {}: {error}", place.path.display())));
        }
        if let Some(recording) = self.recording {
            troubles.extend(recording.finish().err());
        }
        if matches!(stop, Some(Stop::Error(Error::Pipe))) {
            return Err(Error::Pipe);
        }
        for remark in report::remarks(report, error) {
            terminal::say(&remark);
        }
        let closing = report::closing_line(report);
        match &stop {
            None => terminal::say(&closing),
            Some(Stop::Interrupted) => terminal::say(&format!("interrupted: {closing}")),
            Some(Stop::Error(_)) => terminal::say(&format!("stopped: {closing}")),
        }
        match stop {
            Some(Stop::Error(error)) => return Err(error),
            Some(Stop::Interrupted) => return Ok(Code::Interrupted),
            None => {}
        }
        match troubles.pop() {
            Some(trouble) => Err(Error::Failed(trouble)),
            None if report.completeness.is_complete() => Ok(Code::Done),
            None => Ok(Code::Unsure),
        }
    }
}
