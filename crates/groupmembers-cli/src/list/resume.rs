//! `--resume FILE`: where a listing stands is saved there as it goes, so that it can be stopped, or killed, and go on.
//!
//! What is saved says how much of the output the walk had given out. A run that was killed may have written more: those
//! rows stay, because whoever is in them may have left the group by now, and are not written again when the walk, which
//! knows nothing of them, gives them out once more.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use groupmembers_http::{Completeness, Report};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::begun::Begun;
use crate::error::Error;
use crate::files::{self, Place};
use crate::kept::{self, Kept};
use crate::output::Format;
use crate::rows::{self, Problem, Sum, Written};
use crate::terminal;
use crate::vendors::Shape;

/// The first key of a saved listing, and the form in which it is written.
const MARK: &str = "groupmembers_listing";
const VERSION: u32 = 1;

/// Is saved this far apart at least, and so that it takes one part in twenty of the time at most.
const BETWEEN: Duration = Duration::from_millis(500);
const SHARE: u32 = 20;

/// A listing that can go on later.
pub(super) struct Resume {
    /// As it was typed.
    name: PathBuf,
    file: Kept,
    vendor: &'static str,
    group: String,
    options: Vec<(String, String)>,
    /// What was saved, until the walk is read out of it.
    saved: Option<Vec<u8>>,
    /// It is on the disk now, and this run need not have put it there.
    there: bool,
    new: bool,
    runs: Runs,
    /// Whose rows are in the output without the walk's knowing of them.
    ahead: BTreeSet<String>,
    next: Instant,
    /// What had come when it was saved last.
    last: Option<(u64, u64)>,
    trouble: Option<String>,
}

/// All runs before this one together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Runs {
    /// How often it was taken up again.
    resumed: u32,
    /// How many ended without saving where they stood.
    broken: u32,
    /// A run is writing to the output, or was when it was killed.
    running: bool,
    started_at: Option<u64>,
    elapsed_ms: u64,
    calls: u64,
    retries: u64,
    throttled: u64,
}

/// What is saved, but for the walk.
#[derive(Deserialize)]
struct Head {
    vendor: String,
    group: String,
    options: Vec<(String, String)>,
    output: Written,
    ahead: BTreeSet<String>,
    runs: Runs,
}

/// What is saved. The key that the file begins with comes first.
#[derive(Serialize)]
struct State<'a, W> {
    groupmembers_listing: u32,
    vendor: &'a str,
    group: &'a str,
    options: &'a [(String, String)],
    output: &'a Written,
    ahead: &'a BTreeSet<String>,
    runs: &'a Runs,
    walk: &'a W,
}

#[derive(Deserialize)]
struct Walked<W> {
    walk: W,
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a listing is asked for.
pub(super) struct Asked<'a> {
    pub(super) vendor: &'static str,
    pub(super) group: &'a str,
    pub(super) format: Format,
    pub(super) raw: bool,
    pub(super) shape: Shape,
}

/// What is in the output already.
pub(super) struct Before {
    pub(super) bytes: u64,
    pub(super) rows: u64,
    pub(super) sum: Sum,
}

impl Resume {
    /// Looks at what was saved in `name`, and whether the output is as it was left. Nothing is changed.
    pub(super) fn open(name: &Path, place: &Place, asked: Asked<'_>) -> Result<(Self, Before), Error> {
        let (state, output) = (name.display(), place.path.display());
        let refused = |why: String| Error::Usage(format!("--resume {state}: {why}"));
        files::no_dash("--resume", name, "name a file")?;
        let mut file = Kept::at(name);
        if file.is(&place.path) {
            return Err(refused("is the file of --output as well: name two".to_owned()));
        }
        match kept::lock(place.file()) {
            Ok(true) => {}
            Ok(false) => {
                return Err(Error::Usage(format!("--output {output}: another run is writing to it: wait for its end")));
            }
            Err(error) => return Err(Error::Usage(format!("--output {output}: cannot be locked: {error}"))),
        }
        let saved = match file.hold(MARK, VERSION) {
            Ok(kept::Found::Nothing) => None,
            Ok(kept::Found::Whole(bytes)) => Some(bytes),
            Ok(kept::Found::Damaged) => {
                return Err(refused(format!("is damaged: it cannot go on; remove it and {output} to list anew")));
            }
            Ok(kept::Found::Foreign) => {
                return Err(refused("is no saved listing: name another file, or one that is not there yet".to_owned()));
            }
            Ok(kept::Found::Version(other)) => {
                let which = if other > VERSION { "a newer" } else { "an older" };
                return Err(refused(format!("was saved by {which} version of this program: go on with that one")));
            }
            Ok(kept::Found::Busy) => {
                return Err(refused("another run is going on from it: wait for its end".to_owned()));
            }
            Err(error) => return Err(refused(format!("cannot be written: {error}; name a place that can"))),
        };

        let mut options =
            vec![("--format".to_owned(), asked.format.name()), ("--raw".to_owned(), asked.raw.to_string())];
        options.extend(asked.shape.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut resume = Self {
            name: name.to_owned(),
            file,
            vendor: asked.vendor,
            group: asked.group.to_owned(),
            options,
            there: saved.is_some(),
            new: saved.is_none(),
            saved,
            runs: Runs::default(),
            ahead: BTreeSet::new(),
            next: Instant::now(),
            last: None,
            trouble: None,
        };
        let head = resume.saved.as_deref().map(serde_json::from_slice::<Head>).transpose();
        let head = head.map_err(|_| resume.of_another_version())?;
        let written = match &head {
            None => Sum::default().written(0),
            Some(head) => {
                let was = Begun { vendor: &head.vendor, group: &head.group, options: &head.options };
                let is = Begun { vendor: resume.vendor, group: &resume.group, options: &resume.options };
                is.goes_on(&was, "listing", "--resume", name)?;
                head.output.clone()
            }
        };
        if place.new && written.bytes > 0 {
            let rows = terminal::counted(written.rows, "row");
            return Err(Error::Usage(format!(
                "--output {output}: is not there, and {state} goes on behind its {rows}: bring it back, or remove \
                 {state} to list anew"
            )));
        }
        let of = rows::Of { vendor: asked.vendor, group: asked.group, format: asked.format, raw: asked.raw };
        let length = place.file().metadata().map_or(0, |about| about.len());
        if head.is_none() {
            if length > 0 {
                return Err(Error::Usage(format!(
                    "--output {output}: is complete already, or was not begun with --resume {state}: remove it to list \
                     anew, or name another"
                )));
            }
            kept::sync_folder(&place.path);
        }
        let found = rows::find(place.file(), &written, &of).map_err(|problem| {
            let what = match problem {
                Problem::Unreadable(error) => format!("cannot be read: {error}"),
                Problem::Shorter => format!("is shorter than it was when {state} was saved: it was changed since"),
                Problem::Changed => format!("is not what it was when {state} was saved: it was changed since"),
                Problem::Foreign => format!("has rows in it that no run of {state} wrote: it was changed since"),
            };
            let way_out = format!("; bring it back, or remove it and {state} to list anew");
            Error::Usage(format!("--output {output}: {what}{way_out}"))
        })?;
        if let Some(head) = head {
            resume.runs = head.runs;
            resume.runs.resumed += 1;
            resume.runs.broken += u32::from(resume.runs.running);
            resume.ahead = head.ahead;
            resume.ahead.extend(found.after);
        }
        Ok((resume, Before { bytes: found.bytes, rows: found.rows, sum: found.sum }))
    }

    /// The walk as it was saved.
    pub(super) fn walk<W: DeserializeOwned>(&mut self) -> Result<Option<W>, Error> {
        let Some(saved) = self.saved.take() else { return Ok(None) };
        match serde_json::from_slice::<Walked<W>>(&saved) {
            Ok(walked) => Ok(Some(walked.walk)),
            // What stands where it should not may be somebody's name.
            Err(_) => Err(self.of_another_version()),
        }
    }

    fn of_another_version(&self) -> Error {
        Error::Usage(format!(
            "--resume {}: was saved by another version of this program, in another form: go on with that one",
            self.name.display()
        ))
    }

    /// Where it is, as it was typed.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// Whether the row of this member is in the output already. Asked once for each row that the walk gives out.
    pub(super) fn is_written(&mut self, id: &str) -> bool {
        !self.ahead.is_empty() && self.ahead.remove(id)
    }

    /// Whether enough time has passed.
    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Saves where the listing stands. All rows that the walk has given out must be on the disk, `written`.
    pub(super) fn save<W: Serialize>(
        &mut self,
        walk: &W,
        report: &Report,
        written: &Written,
        running: bool,
    ) -> io::Result<()> {
        let (began, state) = (Instant::now(), Some((written.rows, report.calls)));
        if running && self.last == state {
            // Nothing has come since.
            self.next = began + BETWEEN;
            return Ok(());
        }
        let runs = Runs { running, ..self.with(report) };
        let saved = self.file.write(&State {
            groupmembers_listing: VERSION,
            vendor: self.vendor,
            group: &self.group,
            options: &self.options,
            output: written,
            ahead: &self.ahead,
            runs: &runs,
            walk,
        });
        let now = Instant::now();
        self.next = now + BETWEEN.max(now.duration_since(began) * SHARE);
        match &saved {
            Ok(()) => (self.there, self.last, self.trouble) = (true, state, None),
            Err(error) => self.trouble = Some(format!("cannot write to {}: {error}", self.name.display())),
        }
        saved
    }

    /// All runs, this one included.
    fn with(&self, report: &Report) -> Runs {
        let before = &self.runs;
        Runs {
            started_at: before.started_at.or(Some(report.started_at)),
            elapsed_ms: before.elapsed_ms.saturating_add(report.elapsed_ms),
            calls: before.calls.saturating_add(report.calls),
            retries: before.retries.saturating_add(report.retries),
            throttled: before.throttled.saturating_add(report.throttled),
            ..before.clone()
        }
    }

    /// Makes a report of this run one of all runs. `ended`: the walk came to its end.
    pub(super) fn sum_up(&self, report: &mut Report, ended: bool) {
        let all = self.with(report);
        (report.started_at, report.elapsed_ms) = (all.started_at.unwrap_or(report.started_at), all.elapsed_ms);
        (report.calls, report.retries, report.throttled) = (all.calls, all.retries, all.throttled);
        if all.resumed > 0 {
            let times = if all.resumed == 1 {
                "once".to_owned()
            } else {
                format!("{} times", terminal::count(all.resumed.into()))
            };
            report.notes.push(format!("taken up again {times}: calls and time are those of all runs"));
        }
        if all.broken > 0 {
            let runs = if all.broken == 1 {
                "one run was".to_owned()
            } else {
                format!("{} runs were", terminal::count(all.broken.into()))
            };
            report.notes.push(format!("{runs} killed: the last calls before that are not counted"));
        }
        if ended && !self.ahead.is_empty() {
            let members = terminal::counted(self.ahead.len() as u64, "member");
            report.notes.push(format!(
                "{members} had been written when a run was killed, and did not come again: they may have left the group"
            ));
            if report.completeness == Completeness::Verified {
                // The vendor's total is not the number of rows any more.
                report.completeness = Completeness::Stable;
            }
        }
    }

    /// The listing is over, and there is nothing to go on with.
    pub(super) fn done(&self) -> Result<(), String> {
        self.file.remove().map_err(|error| format!("cannot remove {}: {error}", self.name.display()))
    }

    /// The listing stopped. Where it never wrote a row, and nothing was saved before, nothing is kept.
    pub(super) fn stopped(&mut self, nothing: bool) -> Option<String> {
        if self.new && nothing && self.file.remove().is_ok() {
            self.there = false;
        }
        self.trouble.take()
    }

    /// How to go on, where that is possible.
    pub(super) fn hint(&self) -> Option<String> {
        self.there.then(|| format!("to go on, repeat it with --resume {}", self.name.display()))
    }
}
