//! One listing: takes row after row, writes them, saves where it stands, and says how it went.

use std::fmt::Display;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use groupmembers_http::walk::Roster;
use groupmembers_http::{Report, Runtime};
use groupmembers_unified::Member;
use serde::de::DeserializeOwned;

use super::resume::Resume;
use crate::error::{Code, Error};
use crate::files::Place;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress::Progress;
use crate::record::Recording;
use crate::report::Summary;
use crate::terminal;
use crate::vendors::{SavedWalk, worded};

/// One listing, with everything open that it writes to.
pub(super) struct Job {
    pub(super) group: String,
    pub(super) output: Output,
    pub(super) output_name: String,
    /// The output's file: a listing that stops before its first row leaves what is in it.
    pub(super) place: Option<Place>,
    pub(super) report: Option<Place>,
    pub(super) resume: Option<Resume>,
    /// A row was taken and could not be written.
    pub(super) unwritten: bool,
    pub(super) recording: Option<Recording>,
    pub(super) progress: Progress,
}

/// Why a listing stopped before its end.
pub(super) enum Stop {
    Error(Error),
    /// By what.
    Interrupted(&'static str),
}

impl Job {
    /// The runtime to list with: one that records, where that was asked for.
    pub(super) fn runtime(&self, plain: Arc<dyn Runtime>) -> Arc<dyn Runtime> {
        self.recording.as_ref().map_or(plain, Recording::runtime)
    }

    /// The walk to go on with, where one was saved.
    pub(super) fn walk<W: DeserializeOwned>(&mut self) -> Result<Option<W>, Error> {
        self.resume.as_mut().map_or(Ok(None), Resume::walk)
    }

    /// Lists, and says how it went. The walk may know something of a member that the row does not say.
    pub(super) async fn run<W: SavedWalk>(
        mut self,
        mut roster: Roster<W>,
        interrupt: Interrupt,
        member: impl Fn(&W, W::Row) -> Member,
    ) -> Result<Code, Error> {
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
    async fn rows<W: SavedWalk>(
        &mut self,
        roster: &mut Roster<W>,
        mut interrupt: Interrupt,
        member: impl Fn(&W, W::Row) -> Member,
    ) -> Result<(), Stop> {
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
    fn save_now_and_then<W: SavedWalk>(&mut self, roster: &Roster<W>) {
        if self.resume.as_ref().is_some_and(Resume::is_due) {
            // It is tried again later; and a listing that comes to its end needs it no more.
            let _ = self.save(roster, true);
        }
    }

    /// Saves where the listing stands, where that was asked for: first the rows, then what says that they are there.
    fn save<W: SavedWalk>(&mut self, roster: &Roster<W>, running: bool) -> std::io::Result<()> {
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
    pub(super) fn sum_up(&self, report: &mut Report, ended: bool) {
        if let Some(resume) = &self.resume {
            resume.sum_up(report, ended);
        }
    }

    /// What the driver and the vendor said, for people at a terminal.
    pub(super) fn worded(&self, text: &str) -> String {
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
    pub(super) fn close(
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
