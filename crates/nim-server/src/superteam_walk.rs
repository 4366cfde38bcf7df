//! How a superteam is listed: by the time its members joined, which does not change while they stay.
//!
//! The list runs from the oldest to the newest, so it is the axis of guests upside down. Nothing tells how many there are.

use std::fmt;

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Unreadable, Walk};
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Check, MIRROR};
use crate::chatroom_members_by_page::MAX_LIMIT;
use crate::error::{Error, WalkError};
use crate::superteam_get_tlists::{Member, Request, Response};

/// The members of one superteam as a stream, and a report on how sure it is.
pub type SuperteamRoster = walk::Roster<SuperteamWalk>;

/// The members of one superteam, and how sure that is.
pub type SuperteamListing = walk::Listing<Member>;

/// No list is read over more pages than this: a server may go on for ever.
const MAX_PAGES: u32 = 100_000;

impl walk::Row for Member {
    fn id(&self) -> &str {
        &self.accid
    }

    fn joined(&self) -> Option<i64> {
        self.jointime.filter(|time| (1..MIRROR).contains(time))
    }
}

/// A row of the list upside down.
#[derive(Clone, Serialize, Deserialize)]
struct Mirrored(Member);

impl walk::Row for Mirrored {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn joined(&self) -> Option<i64> {
        self.0.joined().map(|time| MIRROR - time)
    }
}

/// The walk over one superteam. It does no I/O; saved with serde, it can be taken up again by
/// [`Client::resume_superteam_roster`](crate::Client::resume_superteam_roster). What is saved holds people's data, and no
/// credential.
#[derive(Clone, Serialize, Deserialize)]
pub struct SuperteamWalk {
    tid: u64,
    ledger: Ledger<Member>,
    axis: Axis<Mirrored>,
    ticket: Ticket,
    pages: u32,
}

impl fmt::Debug for SuperteamWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuperteamWalk")
            .field("tid", &self.tid)
            .field("pages", &self.pages)
            .field("members", &self.ledger.members())
            .finish_non_exhaustive()
    }
}

/// What the walk gets.
#[derive(Debug, Clone)]
pub struct SuperteamAnswer {
    /// The page.
    pub page: Response,
    /// The server's `Date`, in seconds since 1970-01-01 UTC: it tells those who joined since from those who were left out.
    pub at: Option<u64>,
}

impl SuperteamWalk {
    pub(crate) fn new(tid: u64, concurrency: usize) -> Self {
        let axis = Axis::new(MAX_LIMIT, concurrency, Check::None).mirrored();
        Self { tid, ledger: Ledger::default(), axis, ticket: 0, pages: 0 }
    }

    /// The superteam that is walked.
    #[must_use]
    pub fn tid(&self) -> u64 {
        self.tid
    }

    fn page(&mut self, ticket: Ticket, answer: SuperteamAnswer) -> Result<(), Error> {
        let (rows, rejected) = (answer.page.tlists.rows, answer.page.tlists.rejected);
        if rows.iter().any(|row| row.tid.is_some_and(|tid| tid != self.tid)) {
            return Err(WalkError::new("the server answered with members of another superteam").into());
        }
        let mut page = Page::new(rows.into_iter().map(Mirrored).collect(), None);
        page.unreadable =
            rejected.into_iter().map(|row| Unreadable { index: row.index as u64, why: row.reason }).collect();
        page.at = answer.at.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000));
        let ledger = &mut self.ledger;
        let mut enter = |row: Mirrored| ledger.enter(Page::new(vec![row.0], None), 0) > 0;
        self.axis.take(ticket, page, &mut enter);
        if self.pages >= MAX_PAGES && !self.axis.is_done() {
            self.axis.cut(format!("the list goes on after {MAX_PAGES} pages"), &mut enter);
        }
        if self.axis.is_done() {
            for gap in self.axis.gaps() {
                self.ledger.gap(gap);
            }
            for note in self.axis.notes() {
                self.ledger.note(note);
            }
        }
        Ok(())
    }
}

impl Walk for SuperteamWalk {
    type Request = Request;
    type Answer = SuperteamAnswer;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Request)> {
        let (timetag, limit) = self.axis.want(self.ticket).filter(|_| self.pages < MAX_PAGES)?;
        let ticket = self.ticket;
        self.ticket += 1;
        self.pages += 1;
        Some((ticket, Request { limit, reverse: Some(1), ..Request::new(self.tid, timetag) }))
    }

    fn take(&mut self, ticket: Ticket, answer: Result<SuperteamAnswer, Error>) -> Result<(), Error> {
        if !self.axis.is_waiting_for(ticket) {
            return Ok(());
        }
        answer.and_then(|answer| self.page(ticket, answer)).inspect_err(|error| {
            let ledger = &mut self.ledger;
            self.axis.hand_over(|row: Mirrored| ledger.enter(Page::new(vec![row.0], None), 0) > 0);
            self.ledger.stop(format!("stopped: {error}"));
        })
    }

    fn row(&mut self) -> Option<Member> {
        self.ledger.row()
    }

    fn ready(&self) -> usize {
        self.ledger.ready()
    }

    fn is_done(&self) -> bool {
        self.axis.is_done() || self.ledger.is_stopped()
    }

    fn restart(&mut self) {
        self.ledger.go_on();
        self.axis.restart();
    }

    fn findings(&self) -> Findings {
        let stable =
            self.axis.is_done() && self.axis.is_unbroken() && !self.ledger.has_gaps() && self.ledger.members() > 0;
        self.ledger.findings(if stable { Completeness::Stable } else { Completeness::Unverified })
    }
}
