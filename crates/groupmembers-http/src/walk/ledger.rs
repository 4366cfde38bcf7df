//! What every walk keeps book of: who was given out, what the vendor declared, where somebody may be missing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::ids::IdSet;
use super::{Page, Row};
use crate::report::{Completeness, Gap};

/// Gives every member out once, and remembers what a report needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ledger<R> {
    seen: IdSet,
    ready: VecDeque<R>,
    duplicates: u64,
    declared: Option<Declared>,
    gaps: Vec<Gap>,
    notes: Vec<String>,
    /// Why the walk stopped before its end, until it goes on.
    stopped: Option<String>,
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
            gaps: Vec::new(),
            notes: Vec::new(),
            stopped: None,
        }
    }
}

impl<R: Row> Ledger<R> {
    /// Takes the rows of a page: those not seen before become ready. Returns how many were new.
    pub fn enter(&mut self, page: Page<R>) -> u64 {
        let before = self.members();
        for row in page.rows {
            match self.seen.insert(row.id()) {
                Some(true) => self.ready.push_back(row),
                Some(false) => self.duplicates += 1,
                None => {
                    self.gap("more than 4 GiB of ids: members from here on may come twice");
                    self.ready.push_back(row);
                }
            }
        }
        for why in page.unreadable {
            self.gap(why);
        }
        self.members() - before
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
        if !self.gaps.iter().any(|gap| gap.what == what) {
            self.gaps.push(Gap { after: self.members(), what });
        }
    }

    /// Whether a gap was noted.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// Forgets the gaps: the list is read again from its start, and what that proves counts.
    pub fn forget_gaps(&mut self) {
        self.gaps.clear();
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

    /// Whether at every moment more members were declared than were found in all: then somebody is missing.
    #[must_use]
    pub fn falls_short(&self) -> bool {
        self.declared.is_some_and(|declared| self.members() < declared.least)
    }

    /// What there is to report, where the walk itself proved `proved` about the list.
    #[must_use]
    pub fn findings(&self, proved: Completeness) -> Findings {
        let mut gaps = self.gaps.clone();
        gaps.extend(self.stopped.iter().map(|why| Gap { after: self.members(), what: why.clone() }));
        if let Some(declared) = self.declared.filter(|_| self.falls_short()) {
            let what = format!("{} members declared, {} found", declared.least, self.members());
            gaps.push(Gap { after: self.members(), what });
        }
        let completeness = match proved {
            _ if !gaps.is_empty() => Completeness::Incomplete,
            Completeness::Verified | Completeness::Stable if self.agrees() => Completeness::Verified,
            Completeness::Verified => Completeness::Stable,
            other => other,
        };
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
