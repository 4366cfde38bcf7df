//! A list addressed by a token that only the server understands: one page after the other.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Ledger, Page, Row, Ticket};
use crate::report::Completeness;

/// So many pages without anybody new, one after the other, are taken for a server that turns in circles.
const IDLE: u64 = 32;

/// The walk over a cursor list. Where the vendor's total disagrees with what was found, it goes through the list twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cursor<R> {
    start: String,
    next: String,
    used: HashSet<String>,
    asked: bool,
    /// Pages of this pass, and how many of the last ones brought nobody new.
    pages: u64,
    idle: u64,
    /// How many pages the pass before took.
    pages_before: u64,
    pass: u32,
    passes: u32,
    found_in_pass: u64,
    ended: bool,
    broken: bool,
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R: Row> Cursor<R> {
    /// From the cursor that asks for the first page, through the list `passes` times at most.
    #[must_use]
    pub fn new(start: impl Into<String>, passes: u32) -> Self {
        let start = start.into();
        Self {
            next: start.clone(),
            start,
            used: HashSet::new(),
            asked: false,
            pages: 0,
            idle: 0,
            pages_before: 0,
            pass: 1,
            passes: passes.max(1),
            found_in_pass: 0,
            ended: false,
            broken: false,
            row: std::marker::PhantomData,
        }
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
            ledger.declare(total);
        }
        let new = ledger.enter(page);
        self.found_in_pass += new;
        self.pages += 1;
        self.idle = if new == 0 { self.idle + 1 } else { 0 };
        self.used.insert(std::mem::take(&mut self.next));
        match next {
            Some(next) if self.used.contains(&next) => {
                self.break_off(
                    ledger,
                    "the server sent a cursor again that it had sent before: the rest cannot be reached",
                );
            }
            // A second pass meets nobody new where nothing is wrong: it is bounded by the length of the first.
            Some(_) if self.idle >= IDLE && self.pages >= 2 * self.pages_before => {
                self.break_off(
                    ledger,
                    "the server sends pages without anybody new, and no end: the rest cannot be reached",
                );
            }
            Some(next) => self.next = next,
            None if self.pass < self.passes && !ledger.agrees() => {
                // What the second pass cannot read either, it notes again.
                ledger.forget_gaps();
                self.pass += 1;
                self.found_in_pass = 0;
                self.pages_before = std::mem::take(&mut self.pages);
                self.idle = 0;
                self.used.clear();
                self.next.clone_from(&self.start);
            }
            None => self.ended = true,
        }
    }

    /// The page was too large and is asked for again, with fewer rows.
    pub fn again(&mut self) {
        self.asked = false;
    }

    /// The page cannot be had.
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

    /// What the walk proves about the list: one pass that agrees with the vendor's total, or two passes that agree.
    #[must_use]
    pub fn proved(&self, ledger: &Ledger<R>) -> Completeness {
        let twice = self.pass > 1 && self.found_in_pass == 0;
        match self.ended && !self.broken && (ledger.agrees() || twice) {
            true => Completeness::Stable,
            false => Completeness::Unverified,
        }
    }
}
