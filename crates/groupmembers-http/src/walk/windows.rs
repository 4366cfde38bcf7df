//! Chained windows: an offset list, read concurrently and proved whole.
//!
//! Neighbouring windows overlap. A pair counts as joined only if some row of the first, same member and same join time,
//! is found in the second. While the relative order of those who stay does not change, somebody present throughout cannot
//! be before the second window and behind the first: the shared row would have to be on both sides. So a chain of joined
//! pairs from offset 0 to the end of the list has lost nobody who was there throughout, whatever the moments at which its
//! windows were fetched. A pair that does not join is bridged by a window between, or its second window is fetched again.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{Ledger, Page, Row, Ticket};
use crate::report::Completeness;

/// How often a torn pair is mended before it becomes a gap.
const MENDS: u32 = 10;

/// So many windows without anybody new, one after the other, are taken for a server that does not heed the offset.
const IDLE: u32 = 32;

/// The walk over an offset list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Windows<R> {
    limit: u32,
    overlap: u32,
    ahead: usize,
    /// Planned, asked for, or here; not yet given out. By offset.
    open: BTreeMap<u64, Window<R>>,
    /// The window given out last: the left side of the next joint.
    left: Option<Left>,
    expected: u64,
    next_offset: u64,
    next_ticket: Ticket,
    mends: u32,
    mend_target: u64,
    mends_left: u32,
    idle: u32,
    proved: Completeness,
    ended: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Window<R> {
    limit: u32,
    state: State<R>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum State<R> {
    Wanted,
    Asked(Ticket),
    Here { rows: Vec<R>, unreadable: Vec<String>, total: Option<u64> },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Left {
    offset: u64,
    limit: u32,
    len: u64,
    total: Option<u64>,
    /// A window behind this one brought nothing new: the list does end here.
    confirmed: bool,
    keys: Keys,
}

/// Who was in a window, and since when. All ids in one text: a window has hundreds, and each is looked at once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Keys {
    ids: String,
    /// Where each id ends, and when its member joined.
    ends: Vec<(usize, Option<i64>)>,
}

impl Keys {
    fn of<R: Row>(rows: &[R]) -> Self {
        let mut keys = Self { ids: String::new(), ends: Vec::with_capacity(rows.len()) };
        for row in rows {
            keys.ids.push_str(row.id());
            keys.ends.push((keys.ids.len(), row.joined()));
        }
        keys
    }

    fn iter(&self) -> impl Iterator<Item = (&str, Option<i64>)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, joined)| (&self.ids[std::mem::replace(&mut start, end)..end], joined))
    }
}

impl Left {
    fn end(&self) -> u64 {
        self.offset + self.len
    }

    fn is_short(&self) -> bool {
        self.len < u64::from(self.limit)
    }

    /// A short window ends the list, unless the vendor declares more: then its server may give fewer rows than asked for.
    fn is_end(&self) -> bool {
        self.is_short() && (self.confirmed || self.total.is_some_and(|total| total <= self.end()))
    }
}

enum Joint {
    Torn,
    Joined,
    /// Joined, but without join times, or the shared rows stand in another order.
    Weak,
}

impl<R: Row> Windows<R> {
    /// Windows of `limit` rows, neighbours sharing `overlap`, at most `ahead` of them in memory.
    #[must_use]
    pub fn new(limit: u32, overlap: u32, ahead: usize) -> Self {
        let limit = limit.max(2);
        Self {
            limit,
            overlap: overlap.clamp(1, limit - 1),
            ahead: ahead.max(1),
            open: BTreeMap::new(),
            left: None,
            expected: 0,
            next_offset: 0,
            next_ticket: 0,
            mends: 0,
            mend_target: 0,
            mends_left: 64,
            idle: 0,
            proved: Completeness::Stable,
            ended: false,
        }
    }

    /// Knowing beforehand about how many rows there are: then the windows need not wait for the first answer.
    #[must_use]
    pub fn expecting(mut self, rows: u64) -> Self {
        self.expected = rows;
        self
    }

    /// The next window to ask for: its offset and its number of rows.
    pub fn want(&mut self, ledger: &Ledger<R>) -> Option<(Ticket, u64, u32)> {
        self.plan(ledger);
        let (&offset, window) = self.open.iter_mut().find(|(_, window)| matches!(window.state, State::Wanted))?;
        self.next_ticket += 1;
        window.state = State::Asked(self.next_ticket);
        Some((self.next_ticket, offset, window.limit))
    }

    /// Takes a window's rows.
    pub fn take(&mut self, ledger: &mut Ledger<R>, ticket: Ticket, page: Page<R>) {
        if let Some(total) = page.total {
            ledger.declare(total);
        }
        if let Some(window) = self.asked(ticket) {
            window.state = State::Here { rows: page.rows, unreadable: page.unreadable, total: page.total };
            self.settle(ledger);
        }
    }

    /// The answer to a window was too large: asks for half the rows from now on. `false` if that is no way out.
    pub fn shrink(&mut self, ticket: Ticket) -> bool {
        let Some(window) = self.asked(ticket) else { return true };
        if window.limit < 4 {
            return false;
        }
        window.limit /= 2;
        window.state = State::Wanted;
        let limit = window.limit;
        self.limit = self.limit.min(limit);
        self.overlap = self.overlap.min(self.limit - 1);
        for window in self.open.values_mut().filter(|window| matches!(window.state, State::Wanted)) {
            window.limit = window.limit.min(self.limit);
        }
        true
    }

    /// Gives out what is here, joined or not, and wants it again: for a walk that must stop, and may go on later.
    /// Returns the offset of the first window that was not to be had.
    pub fn stop(&mut self, ledger: &mut Ledger<R>) -> u64 {
        let mut place = None;
        for (offset, window) in &mut self.open {
            match std::mem::replace(&mut window.state, State::Wanted) {
                State::Here { rows, unreadable, total } => {
                    ledger.enter(Page { rows, unreadable, total });
                }
                State::Wanted | State::Asked(_) => {
                    place.get_or_insert(*offset);
                }
            }
        }
        place.unwrap_or(self.next_offset)
    }

    /// Whether the end of the list was reached.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.ended
    }

    /// Asks again for what was asked and not answered.
    pub fn restart(&mut self) {
        for window in self.open.values_mut() {
            if matches!(window.state, State::Asked(_)) {
                window.state = State::Wanted;
            }
        }
    }

    /// What the chain proves about the list.
    #[must_use]
    pub fn proved(&self) -> Completeness {
        if self.ended { self.proved } else { Completeness::Unverified }
    }

    fn asked(&mut self, ticket: Ticket) -> Option<&mut Window<R>> {
        self.open.values_mut().find(|window| matches!(window.state, State::Asked(t) if t == ticket))
    }

    fn insert(&mut self, offset: u64) {
        let window = Window { limit: self.limit, state: State::Wanted };
        self.open.entry(offset).or_insert(window);
    }

    /// Plans windows over the part of the list that is known to be there.
    fn plan(&mut self, ledger: &Ledger<R>) {
        if self.ended {
            return;
        }
        let total = ledger.declared().unwrap_or(self.expected);
        // A window that starts within the last rows of the list would bring nothing that its neighbour has not.
        while self.open.len() < self.ahead
            && (self.next_offset == 0 || self.next_offset + u64::from(self.overlap) <= total)
        {
            self.insert(self.next_offset);
            self.next_offset += u64::from(self.limit - self.overlap);
            self.mends_left += 2;
        }
    }

    /// Gives out windows from the left, as far as the chain holds.
    fn settle(&mut self, ledger: &mut Ledger<R>) {
        while !self.ended {
            self.plan(ledger);
            let Some((&offset, window)) = self.open.first_key_value() else {
                self.go_on();
                return;
            };
            if self.left.as_ref().is_some_and(Left::is_end) {
                // What is still open lies behind the end; it was planned when the list was longer.
                self.open.clear();
                self.ended = true;
                return;
            }
            let State::Here { rows, unreadable, total } = &window.state else {
                return;
            };
            let empty = rows.is_empty() && unreadable.is_empty();
            if empty && total.is_some_and(|total| total > offset) && self.left.as_ref().is_some_and(Left::is_short) {
                // More is declared than is given: the rows are to be believed, and the ledger knows of the difference.
                self.open.clear();
                self.ended = true;
                return;
            }
            let joint = match &self.left {
                None if offset == 0 => Joint::Joined,
                None => Joint::Torn,
                Some(left) => joint(left, rows),
            };
            match joint {
                Joint::Joined => self.accept(ledger, offset),
                Joint::Weak => {
                    ledger.note(
                        "the list's order moved, or its rows carry no join time: the chain of windows proves nothing",
                    );
                    self.proved = Completeness::Unverified;
                    self.accept(ledger, offset);
                }
                Joint::Torn => self.mend(ledger, offset),
            }
        }
    }

    /// Nothing is open: the list ends, or it goes on behind the window given out last.
    fn go_on(&mut self) {
        let Some(left) = &self.left else { return };
        if left.is_end() || (left.len == 0 && left.offset == 0) {
            self.ended = true;
        } else {
            let offset = left.end().saturating_sub(u64::from(self.overlap)).max(left.offset + 1);
            self.insert(offset);
            self.next_offset = self.next_offset.max(offset + u64::from(self.limit - self.overlap));
        }
    }

    fn accept(&mut self, ledger: &mut Ledger<R>, offset: u64) {
        let Some(Window { limit, state: State::Here { rows, unreadable, total } }) = self.open.remove(&offset) else {
            return;
        };
        let page = Page { rows, unreadable, total };
        let len = page.len();
        let confirmed = self.left.as_ref().is_some_and(|left| left.is_short() && offset + len <= left.end());
        self.left = Some(Left { offset, limit, len, total, confirmed, keys: Keys::of(&page.rows) });
        if offset >= self.mend_target {
            self.mends = 0;
        }
        let new = ledger.enter(page);
        self.idle = if new > 0 { 0 } else { self.idle + 1 };
        if self.idle >= IDLE {
            ledger.gap("the server sends the same rows again and again, whatever the offset");
            self.open.clear();
            self.ended = true;
        }
    }

    /// The window at `offset` does not join the one given out last.
    fn mend(&mut self, ledger: &mut Ledger<R>, offset: u64) {
        let (start, reach, full) = self.left.as_ref().map_or((0, 0, false), |left| {
            let step = u64::from(left.limit.saturating_sub(self.overlap)).max(1);
            (left.offset, left.offset + step, !left.is_short())
        });
        if full && offset > reach {
            // The left window was asked for with fewer rows than planned.
            self.insert(reach);
            return;
        }
        if self.mends >= MENDS || self.mends_left == 0 {
            ledger.gap(format!(
                "the windows at offsets {start} and {offset} share no member: the list moves too fast, or has no order"
            ));
            self.accept(ledger, offset);
            return;
        }
        self.mends += 1;
        self.mends_left -= 1;
        self.mend_target = self.mend_target.max(offset);
        let between = start.midpoint(offset);
        if self.mends % 2 == 1 && between > start && between < offset {
            self.insert(between);
        } else if let Some(window) = self.open.get_mut(&offset) {
            window.state = State::Wanted;
        }
    }
}

/// Whether some row of the left window, same member and same join time, is among `rows`.
fn joint<R: Row>(left: &Left, rows: &[R]) -> Joint {
    let places: HashMap<&str, (usize, Option<i64>)> =
        left.keys.iter().enumerate().map(|(at, (id, joined))| (id, (at, joined))).collect();
    let (mut joined, mut timeless, mut in_order, mut last) = (false, false, true, None);
    for row in rows {
        let Some(&(place, since)) = places.get(row.id()) else { continue };
        if since != row.joined() {
            continue;
        }
        joined |= since.is_some();
        timeless |= since.is_none();
        in_order &= last.is_none_or(|last| last < place);
        last = Some(place);
    }
    match (joined, timeless) {
        (false, false) => Joint::Torn,
        (true, _) if in_order => Joint::Joined,
        _ => Joint::Weak,
    }
}
