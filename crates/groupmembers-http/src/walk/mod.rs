//! Walks over member lists: pure state machines that hand out the requests they want, take the answers in any order,
//! give rows out in list order, and can say in the end how sure they are.
//!
//! [`Windows`] walks lists addressed by an offset, [`Cursor`] lists addressed by a token; both put what they find into a
//! [`Ledger`], which gives every member out once. A vendor's [`Walk`] is made of them, and [`Roster`] runs it.

use serde::{Deserialize, Serialize};

mod cursor;
mod ids;
mod ledger;
mod roster;
mod windows;

pub use cursor::Cursor;
pub use ledger::{Findings, Ledger};
pub use roster::{Fetch, Listing, Roster};
pub use windows::Windows;

/// One row of a member list.
pub trait Row {
    /// What the vendor calls the member by.
    fn id(&self) -> &str;

    /// When the member joined, in the vendor's unit. Somebody who left and came back is told apart by it.
    fn joined(&self) -> Option<i64>;
}

/// One answer of a list call.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page<R> {
    /// The rows that could be read, in list order.
    pub rows: Vec<R>,
    /// The others: they count as rows of the list, and each is a gap.
    pub unreadable: Vec<Unreadable>,
    /// The vendor's number of members at that moment.
    pub total: Option<u64>,
    /// The server's clock when it answered, in the unit of [`Row::joined`].
    pub at: Option<i64>,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Its place in the answer.
    pub index: u64,
    /// Why, without what is in it.
    pub why: String,
}

impl<R> std::fmt::Debug for Page<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("rows", &self.rows.len())
            .field("unreadable", &self.unreadable)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl<R> Page<R> {
    /// A page of readable rows.
    #[must_use]
    pub fn new(rows: Vec<R>, total: Option<u64>) -> Self {
        Self { rows, unreadable: Vec::new(), total, at: None }
    }

    /// How many rows the server sent.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.rows.len() + self.unreadable.len()) as u64
    }

    /// Whether the server sent no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Names a request until its answer comes.
pub type Ticket = u64;

/// A vendor's walk: it maps requests and answers, and does no I/O.
pub trait Walk {
    /// What it asks for.
    type Request;
    /// What it gets.
    type Answer;
    /// What it gives out.
    type Row;
    /// The vendor's error.
    type Error;

    /// The next request that may be sent now. `None`: it needs answers first, or it is done.
    fn want(&mut self) -> Option<(Ticket, Self::Request)>;

    /// Takes the answer to a request, or the error that is left after all attempts.
    ///
    /// # Errors
    /// An error it has no way around. Rows that had come before stay to be given out.
    fn take(&mut self, ticket: Ticket, answer: Result<Self::Answer, Self::Error>) -> Result<(), Self::Error>;

    /// The next row, in list order.
    fn row(&mut self) -> Option<Self::Row>;

    /// How many rows wait to be given out.
    fn ready(&self) -> usize;

    /// Whether nothing more will be asked for.
    fn is_done(&self) -> bool;

    /// Forgets what was asked and not answered: a saved walk asks again.
    fn restart(&mut self);

    /// What it knows of itself.
    fn findings(&self) -> Findings;
}
