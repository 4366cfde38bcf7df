//! A list addressed by a token that only the server understands: one page after the other.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Ledger, Page, Row, Ticket};
use crate::report::Completeness;

/// So many pages without anybody new, one after the other, are taken for a server that turns in circles.
const IDLE: u32 = 32;

/// So many pages without a row are taken for a server that has nothing to say and does not end.
const EMPTY: u32 = 64;

/// A pass is broken off when it has brought so many times the rows that the list can have, or the members that it has brought.
const LAPS: u64 = 4;

/// The least length that a list is believed to have, whatever its vendor declares.
const SMALL: u64 = 1_000;

/// The walk over a cursor list.
///
/// A page begins where the one before it ended, so nothing in it shows whether somebody slipped under the boundary. That
/// nobody did is proved by the members' join times and the number of members at the beginning
/// ([`Ledger::has_all_of_the_beginning`]), or by a second pass that sees exactly the same members.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cursor<R> {
    start: String,
    next: String,
    used: HashSet<String>,
    asked: bool,
    pass: u32,
    passes: u32,
    /// The most members that such a list can have.
    most: u64,
    /// By how much the clock of join times and that of answers may differ.
    skew: i64,
    /// Rows in this pass, those among them that it had not brought before, and pages without any.
    rows: u64,
    fresh: u64,
    empty: u32,
    /// How many of the last pages brought nobody new to this pass.
    idle: u32,
    ended: bool,
    broken: bool,
    in_one: bool,
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Cursor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("pass", &self.pass)
            .field("pages", &self.used.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl<R: Row> Cursor<R> {
    /// From the cursor that asks for the first page, through a list of at most `most` members, `passes` times where one
    /// time leaves doubts.
    #[must_use]
    pub fn new(start: impl Into<String>, passes: u32, most: u64) -> Self {
        let start = start.into();
        Self {
            next: start.clone(),
            start,
            used: HashSet::new(),
            asked: false,
            pass: 1,
            passes: passes.max(1),
            most: most.max(SMALL),
            skew: 0,
            rows: 0,
            fresh: 0,
            empty: 0,
            idle: 0,
            ended: false,
            broken: false,
            in_one: false,
            row: std::marker::PhantomData,
        }
    }

    /// Where the clock of join times and that of answers may differ by so much.
    #[must_use]
    pub fn with_skew(mut self, skew: i64) -> Self {
        self.skew = skew;
        self
    }

    /// The cursor to ask with now.
    pub fn want(&mut self) -> Option<(Ticket, &str)> {
        if self.asked || self.ended {
            return None;
        }
        self.asked = true;
        Some((0, &self.next))
    }

    /// Takes a page, and the cursor that came with it: `None` at the end of the list.
    pub fn take(&mut self, ledger: &mut Ledger<R>, page: Page<R>, next: Option<String>) {
        self.asked = false;
        if let Some(total) = page.total {
            if self.rows == 0
                && let Some(at) = page.at
            {
                ledger.begin(total, at.saturating_sub(self.skew));
            }
            ledger.declare(total);
            // What is declared first bounds the list: later numbers may grow for as long as it is read.
            if self.pass == 1 && self.rows == 0 {
                self.most = total.clamp(SMALL, self.most);
            }
        }
        let rows = page.len();
        let in_one = self.pass == 1 && self.rows == 0 && next.is_none() && page.total.is_some();
        let fresh = ledger.enter(page, self.rows);
        self.rows += rows;
        self.fresh += fresh;
        self.empty += u32::from(rows == 0);
        self.idle = if fresh == 0 { self.idle + 1 } else { 0 };
        self.used.insert(std::mem::take(&mut self.next));
        match next {
            Some(next) if self.used.contains(&next) => {
                self.break_off(
                    ledger,
                    "the server sent a cursor again that it had sent before: the rest cannot be reached",
                );
            }
            Some(_) if self.idle >= IDLE || self.empty >= EMPTY => {
                self.break_off(
                    ledger,
                    "the server sends pages without anybody new, and no end: the rest cannot be reached",
                );
            }
            // Somebody new now and then does not make a circle a list.
            Some(_) if self.rows > LAPS * self.most.min(self.fresh.max(SMALL)) => {
                self.break_off(ledger, "the server sends more rows than the list can have, and no end");
            }
            Some(next) => self.next = next,
            // The whole list came in one answer, and its own number of members with it.
            None if in_one && ledger.agrees() => (self.ended, self.in_one) = (true, true),
            None if self.pass < self.passes && !ledger.has_all_of_the_beginning() => {
                ledger.begin_pass();
                self.pass += 1;
                (self.rows, self.fresh, self.empty, self.idle) = (0, 0, 0, 0);
                self.used.clear();
                self.next.clone_from(&self.start);
            }
            None => {
                if self.pass > 1 && !ledger.passes_agree() && !ledger.has_all_of_the_beginning() {
                    ledger.gap(
                        "read twice, the list had other members each time: somebody may have slipped between two pages",
                    );
                }
                self.ended = true;
            }
        }
    }

    /// The page was too large and is asked for again, with fewer rows.
    pub fn again(&mut self) {
        self.asked = false;
    }

    /// The rest cannot be had.
    pub fn break_off(&mut self, ledger: &mut Ledger<R>, why: &str) {
        ledger.gap(why);
        self.ended = true;
        self.broken = true;
    }

    /// Whether nothing more will be asked for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.ended
    }

    /// Asks again for what was asked and not answered.
    pub fn restart(&mut self) {
        self.asked = false;
    }

    /// What the walk proves about the list. A number of members that agrees proves nothing by itself: one may have left
    /// and another joined.
    #[must_use]
    pub fn proved(&self, ledger: &Ledger<R>) -> Completeness {
        // Without join times, somebody who left and came back looks like somebody who stayed.
        let twice = self.in_one || (self.pass > 1 && ledger.passes_agree() && ledger.tells_times_apart());
        match (self.ended && !self.broken, twice, ledger.has_all_of_the_beginning()) {
            (true, true, _) => ledger.against_total(Completeness::Stable),
            (true, false, true) => Completeness::Stable,
            _ => Completeness::Unverified,
        }
    }
}
