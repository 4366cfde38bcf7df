//! What every walk keeps book of: who was given out, what the vendor declared, where somebody may be missing.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

use super::ids::{IdSet, Seen};
use super::{Page, Row};
use crate::report::{Completeness, Gap};

/// More gaps than these are counted, not described.
const GAPS: usize = 100;

/// Gives every member out once, and remembers what a report needs.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ledger<R> {
    seen: IdSet,
    ready: VecDeque<R>,
    duplicates: u64,
    declared: Option<Declared>,
    beginning: Option<Beginning>,
    /// The first join time, and whether there was another one.
    joined: Option<i64>,
    joined_apart: bool,
    pass: u8,
    tally: Tally,
    tally_before: Option<Tally>,
    gaps: Vec<Gap>,
    more_gaps: u64,
    notes: Vec<String>,
    /// Why the walk stopped before its end, until it goes on.
    stopped: Option<String>,
}

impl<R> fmt::Debug for Ledger<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("members", &self.seen.len())
            .field("ready", &self.ready.len())
            .field("duplicates", &self.duplicates)
            .field("gaps", &self.gaps.len())
            .finish_non_exhaustive()
    }
}

/// Who was seen in one pass through the list, told apart by id and join time: how many, and a sum over them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    members: u64,
    sum: u64,
}

/// How many members the vendor declared when the walk began, and how many were found who had joined by then.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Beginning {
    total: u64,
    before: i64,
    found: u64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Declared {
    least: u64,
    most: u64,
    last: u64,
}

/// What a walk knows of itself; with counts and times it becomes a [report](crate::Report).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Findings {
    /// Members found, each once.
    pub members: u64,
    /// Rows that came more than once.
    pub duplicates: u64,
    /// The vendor's own last word on the number of members.
    pub declared_total: Option<u64>,
    /// How sure the list is.
    pub completeness: Completeness,
    /// Where somebody may be missing.
    pub gaps: Vec<Gap>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

impl<R> Default for Ledger<R> {
    fn default() -> Self {
        Self {
            seen: IdSet::default(),
            ready: VecDeque::new(),
            duplicates: 0,
            declared: None,
            beginning: None,
            joined: None,
            joined_apart: false,
            pass: 1,
            tally: Tally::default(),
            tally_before: None,
            gaps: Vec::new(),
            more_gaps: 0,
            notes: Vec::new(),
            stopped: None,
        }
    }
}

impl<R: Row> Ledger<R> {
    /// Takes the rows of a page: those not seen before become ready. `first` is the place of its first row in the list.
    /// Returns how many had not been seen in this pass.
    pub fn enter(&mut self, page: Page<R>, first: u64) -> u64 {
        let before = self.tally.members;
        for row in page.rows {
            if let Some(joined) = row.joined() {
                self.joined_apart |= *self.joined.get_or_insert(joined) != joined;
            }
            let seen = self.seen.insert(row.id(), self.pass);
            if seen != Some(Seen::Again) {
                self.tally.members += 1;
                self.tally.sum = self.tally.sum.wrapping_add(fingerprint(&row));
            }
            match seen {
                Some(Seen::New) => {
                    if let Some(beginning) = &mut self.beginning {
                        beginning.found += u64::from(row.joined().is_some_and(|joined| joined < beginning.before));
                    }
                    self.ready.push_back(row);
                }
                Some(_) => self.duplicates += 1,
                None => {
                    self.gap("more than 4 GiB of ids: members from here on may come twice");
                    self.ready.push_back(row);
                }
            }
        }
        for row in page.unreadable {
            self.gap(format!("row {} of the list could not be read: {}", first + row.index, row.why));
        }
        self.tally.members - before
    }

    /// Whether this member was entered in this pass.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.seen.has(id, self.pass)
    }

    /// Notes how many members the vendor declared at a moment before any of them was entered, and a time, on the clock and
    /// in the unit of [`Row::joined`], that is certainly before that moment.
    pub fn begin(&mut self, total: u64, before: i64) {
        self.beginning.get_or_insert(Beginning { total, before, found: 0 });
    }

    /// Whether everybody is found who was there at the [beginning](Self::begin).
    ///
    /// Those who joined before it and were found were there at it, each; if they are as many as were declared, they are
    /// all. Whoever joined or left later cannot make up for somebody lost: their join times tell them apart.
    #[must_use]
    pub fn has_all_of_the_beginning(&self) -> bool {
        self.tells_times_apart() && self.beginning.is_some_and(|beginning| beginning.found == beginning.total)
    }

    /// Whether there were different join times: where all are the same, they say nothing of who left and came back.
    #[must_use]
    pub fn tells_times_apart(&self) -> bool {
        self.joined_apart
    }

    /// The list is read again from its start: gaps are forgotten, since what the new pass proves counts.
    pub fn begin_pass(&mut self) {
        self.pass = self.pass.wrapping_add(1);
        self.tally_before = Some(std::mem::take(&mut self.tally));
        self.gaps.clear();
        self.more_gaps = 0;
    }

    /// Whether this pass saw the same members, with the same join times, as the one before it, and nobody else.
    #[must_use]
    pub fn passes_agree(&self) -> bool {
        self.tally_before == Some(self.tally)
    }

    /// Notes a total the vendor declared.
    pub fn declare(&mut self, total: u64) {
        let (least, most) = self.declared.map_or((total, total), |d| (d.least.min(total), d.most.max(total)));
        self.declared = Some(Declared { least, most, last: total });
    }

    /// The vendor's last word on the number of members.
    #[must_use]
    pub fn declared(&self) -> Option<u64> {
        self.declared.map(|declared| declared.last)
    }

    /// Notes a place where somebody may be missing. The same words are noted once.
    pub fn gap(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.gaps.iter().any(|gap| gap.what == what) {
            return;
        }
        if self.gaps.len() < GAPS {
            self.gaps.push(Gap { after: self.members(), what });
        } else {
            self.more_gaps += 1;
        }
    }

    /// Whether a gap was noted.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// Notes that the walk stops here, because of an error.
    pub fn stop(&mut self, why: impl Into<String>) {
        self.stopped = Some(why.into());
    }

    /// Whether the walk stopped, and did not go on.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Notes that the walk goes on where it stopped.
    pub fn go_on(&mut self) {
        self.stopped = None;
    }

    /// Notes something a reader of the report should know.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// How many rows wait to be given out.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// The next row to give out.
    pub fn row(&mut self) -> Option<R> {
        self.ready.pop_front()
    }

    /// Members found so far, each once.
    #[must_use]
    pub fn members(&self) -> u64 {
        self.seen.len()
    }

    /// Whether the vendor declared one number throughout, and exactly so many members were found.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.declared.is_some_and(|d| d.least == d.most && d.last == self.members())
    }

    /// A proof of the list held against the vendor's total: `stable` becomes `verified` where that [agrees](Self::agrees).
    #[must_use]
    pub fn against_total(&self, proved: Completeness) -> Completeness {
        if proved == Completeness::Stable && self.agrees() { Completeness::Verified } else { proved }
    }

    /// Whether at every moment more members were declared than were found in all: then somebody is missing.
    #[must_use]
    pub fn falls_short(&self) -> bool {
        self.declared.is_some_and(|declared| self.members() < declared.least)
    }

    /// What there is to report, where the walk itself proved `proved` about the list. Where there are gaps, it is incomplete.
    #[must_use]
    pub fn findings(&self, proved: Completeness) -> Findings {
        let mut gaps = self.gaps.clone();
        let mut add = |what: String| gaps.push(Gap { after: self.members(), what });
        if self.more_gaps > 0 {
            add(format!("{} more gaps", self.more_gaps));
        }
        if let Some(why) = &self.stopped {
            add(why.clone());
        }
        if let Some(declared) = self.declared.filter(|_| self.falls_short()) {
            add(format!("{} members declared, {} found", declared.least, self.members()));
        }
        let completeness = if gaps.is_empty() { proved } else { Completeness::Incomplete };
        Findings {
            members: self.members(),
            duplicates: self.duplicates,
            declared_total: self.declared(),
            completeness,
            gaps,
            notes: self.notes.clone(),
        }
    }
}

/// Not keyed: it must be the same when a saved walk goes on.
fn fingerprint<R: Row>(row: &R) -> u64 {
    let mut hasher = DefaultHasher::new();
    (row.id(), row.joined()).hash(&mut hasher);
    hasher.finish()
}
