//! Chained windows: an offset list, read concurrently and proved whole.
//!
//! Neighbouring windows overlap. A pair counts as joined only if some row of the first, same member and same join time,
//! is found in the second. While the relative order of those who stay does not change, somebody present throughout cannot
//! be before the second window and behind the first: the shared row would have to be on both sides. So a chain of joined
//! pairs from offset 0 to the end of the list has lost nobody who was there throughout, whatever the moments at which its
//! windows were fetched. A pair that does not join is bridged by a window between, or its second window is fetched again.
//!
//! That a window reaches the end of the list must be in the same answer as its rows: the vendor's number of members is the
//! place behind its last row. A window with fewer rows than asked for may just as well be one that the server cut short,
//! and an empty one behind it may be empty because people left meanwhile.

use std::collections::BTreeMap;
use std::fmt;

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use super::{Ledger, Page, Row, Ticket};
use crate::report::Completeness;

/// How often a torn pair is mended before it becomes a gap.
const MENDS: u32 = 10;

/// So many windows without anybody new, one after the other, are taken for a server that does not heed the offset.
const IDLE: u32 = 32;

/// After so many windows, twice the rows are asked for again.
const GOOD: u32 = 16;

/// So many windows' rows, and so many empty answers, are always allowed.
const SLACK: u64 = 64;

/// The walk is broken off when it has brought so many times the rows that the list had at first.
const LAPS: u64 = 4;

/// The least and the greatest length that a list is believed to have, whatever its vendor declares, and the length where
/// nothing is declared that can be believed.
const LENGTHS: (u64, u64, u64) = (1_000, 1_000_000, 4_000);

/// The walk over an offset list.
#[derive(Clone, Serialize, Deserialize)]
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
    bounds: Bounds,
    /// About as many rows as the server gives at once.
    served: u64,
    /// The server's clock at the first answer: who joined later may stand anywhere.
    since: Option<i64>,
    growth: Growth,
    doubts: Doubts,
    end: Option<End>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Window<R> {
    limit: u32,
    state: State<R>,
}

#[derive(Clone, Serialize, Deserialize)]
enum State<R> {
    Wanted,
    Asked(Ticket),
    Here(Page<R>),
}

/// What keeps the walk from going on for ever.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Bounds {
    rows: u64,
    empty: u64,
    /// The number of members that was declared first.
    total: Option<u64>,
}

/// How answers that were too large are got over.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Growth {
    /// The largest number of rows that may be asked for again.
    full: u32,
    /// Windows since the last one that was too large.
    good: u32,
    /// Whether more was asked for again already.
    grown: bool,
}

/// What makes the vendor's numbers doubtful.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Doubts {
    /// A window had fewer rows than asked for, and was not the last.
    clamped: bool,
    /// A window reached further than the number of members that came with it.
    exceeded: bool,
    /// Windows were joined only by rows without a join time.
    weak: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum End {
    /// The last window's own answer shows that nobody is behind it.
    Proved,
    /// Nothing more came.
    Assumed,
    /// Broken off.
    Broken,
}

#[derive(Clone, Serialize, Deserialize)]
struct Left {
    offset: u64,
    end: u64,
    total: Option<u64>,
    /// Its number of members ends the list, but its server may have cut it short: an empty answer behind it is wanted.
    doubtful: bool,
    /// The window behind it brought nothing that it had not.
    stalled: bool,
    keys: Keys,
}

/// Who was in a window, and since when. All ids in one text: a window has hundreds, and each is looked at once.
#[derive(Clone, Default, Serialize, Deserialize)]
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

enum Joint {
    Torn,
    Joined,
    /// Joined, but somebody stands in front of a shared row who should have been seen before it, or the shared rows stand in
    /// another order.
    Moved,
    /// Joined, but by rows without join times.
    Timeless,
}

impl<R> fmt::Debug for Windows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Windows")
            .field("limit", &self.limit)
            .field("overlap", &self.overlap)
            .field("open", &self.open.len())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
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
            bounds: Bounds::default(),
            served: 0,
            since: None,
            growth: Growth { full: limit, good: 0, grown: false },
            doubts: Doubts::default(),
            end: None,
        }
    }

    /// Knowing beforehand about how many rows there are: then the windows need not wait for the first answer.
    #[must_use]
    pub fn expecting(mut self, rows: u64) -> Self {
        self.expected = rows;
        self
    }

    /// The same list from its start. Answers that are still on their way to this walk are not taken for the other's.
    #[must_use]
    pub fn once_more(&self) -> Self {
        let Self { next_ticket, growth, .. } = *self;
        Self { next_ticket, growth, ..Self::new(self.limit, self.overlap, self.ahead) }
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
    pub fn take(&mut self, ledger: &mut Ledger<R>, ticket: Ticket, mut page: Page<R>) {
        if let Some(total) = page.total {
            ledger.declare(total);
            self.bounds.total.get_or_insert(total);
        }
        self.since = self.since.or(page.at);
        let Some((offset, window)) = self.asked(ticket) else { return };
        let total = page.total;
        if total.is_some_and(|total| total <= offset + page.len()) {
            // Rows that came twice in one answer do not count for the place of its end.
            let mut ids = HashSet::with_capacity(page.rows.len());
            page.rows.retain(|row| ids.insert(row.id().to_owned()));
        }
        let len = page.len();
        let exceeded = len > 0 && total.is_some_and(|total| total < offset + len);
        window.state = State::Here(page);
        self.bounds.rows += len;
        self.bounds.empty += u64::from(len == 0);
        self.doubts.exceeded |= exceeded;
        self.settle(ledger);
    }

    /// The answer to a window was too large: asks for half the rows from now on. `false` if that is no way out.
    pub fn shrink(&mut self, ticket: Ticket) -> bool {
        let Some((_, window)) = self.asked(ticket) else { return true };
        if window.limit <= 2 {
            return false;
        }
        window.limit = (window.limit / 2).max(2);
        window.state = State::Wanted;
        let limit = window.limit;
        if self.growth.grown {
            // It had been tried again: more is not to be had.
            self.growth.full = limit;
        }
        self.growth.good = 0;
        self.narrow(limit);
        true
    }

    /// Gives out what is here, joined or not, and wants it again: for a walk that must stop, and may go on later.
    /// Returns the offset of the first window that was not to be had.
    pub fn stop(&mut self, ledger: &mut Ledger<R>) -> u64 {
        let mut place = None;
        for (offset, window) in &mut self.open {
            match std::mem::replace(&mut window.state, State::Wanted) {
                State::Here(page) => {
                    ledger.enter(page, *offset);
                }
                State::Wanted | State::Asked(_) => {
                    place.get_or_insert(*offset);
                }
            }
        }
        place.unwrap_or(self.next_offset)
    }

    /// Whether the end of the list was reached, or will not be.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the walk was broken off, so that the same list from its start would not end better.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.end == Some(End::Broken)
    }

    /// Asks again for what was asked and not answered.
    pub fn restart(&mut self) {
        // What is asked for again brings nobody new, and is no sign of a list without end.
        (self.idle, self.bounds.rows, self.bounds.empty) = (0, 0, 0);
        for window in self.open.values_mut() {
            if matches!(window.state, State::Asked(_)) {
                window.state = State::Wanted;
            }
        }
    }

    /// What the chain proves about the list, and whether the vendor's number of members agrees with it.
    #[must_use]
    pub fn proved(&self, ledger: &Ledger<R>) -> Completeness {
        match self.end {
            Some(End::Proved) if self.doubts.exceeded || self.doubts.weak => Completeness::Unverified,
            Some(End::Proved) => ledger.against_total(Completeness::Stable),
            _ => Completeness::Unverified,
        }
    }

    fn asked(&mut self, ticket: Ticket) -> Option<(u64, &mut Window<R>)> {
        let mut open = self.open.iter_mut();
        let (offset, window) = open.find(|(_, window)| matches!(window.state, State::Asked(t) if t == ticket))?;
        Some((*offset, window))
    }

    fn insert(&mut self, offset: u64) {
        let window = Window { limit: self.limit, state: State::Wanted };
        self.open.entry(offset).or_insert(window);
    }

    /// Asks for no more than `limit` rows at once from now on. Neighbours share as large a part as before.
    fn narrow(&mut self, limit: u32) {
        if limit >= self.limit {
            return;
        }
        let share = u64::from(self.overlap) * u64::from(limit) / u64::from(self.limit);
        (self.limit, self.overlap) = (limit, (share as u32).clamp(1, limit - 1));
        for window in self.open.values_mut().filter(|window| matches!(window.state, State::Wanted)) {
            window.limit = window.limit.min(limit);
        }
    }

    /// Asks for twice as many rows from now on: an answer that was too large once need not be so for ever.
    fn widen(&mut self) {
        (self.growth.good, self.growth.grown) = (0, true);
        (self.limit, self.overlap) = ((self.limit * 2).min(self.growth.full), self.overlap * 2);
        self.overlap = self.overlap.clamp(1, (self.limit / 2).max(1));
    }

    /// Plans windows over the part of the list that is known to be there.
    fn plan(&mut self, ledger: &Ledger<R>) {
        if self.end.is_some() {
            return;
        }
        let total = if self.doubts.exceeded { 0 } else { ledger.declared().unwrap_or(self.expected) };
        // A window that starts within the last rows of the list would bring nothing that its neighbour has not.
        while self.open.len() < self.ahead
            && (self.next_offset == 0 || self.next_offset + u64::from(self.overlap) <= total)
        {
            self.insert(self.next_offset);
            self.next_offset += u64::from(self.limit - self.overlap);
            self.mends_left += 2;
        }
    }

    fn finish(&mut self, ledger: &mut Ledger<R>, end: End) {
        self.open.clear();
        self.end = Some(end);
        if self.left.as_ref().is_some_and(|left| left.offset > 0) && !ledger.tells_times_apart() {
            self.doubt(ledger);
        }
        if self.doubts.exceeded {
            ledger.note("the list has more rows than the vendor's number of members: the number proves nothing");
        }
    }

    /// Gives out windows from the left, as far as the chain holds.
    fn settle(&mut self, ledger: &mut Ledger<R>) {
        while self.end.is_none() {
            let (least, most, unknown) = LENGTHS;
            let known = self.bounds.total.or(Some(self.expected).filter(|rows| *rows > 0));
            let length = known.filter(|rows| *rows <= most).unwrap_or(unknown).max(least);
            if self.bounds.rows > LAPS * length + SLACK * u64::from(self.limit)
                || self.bounds.empty > SLACK + 2 * self.ahead as u64
            {
                ledger.gap("the list grows faster than it can be read, or has no end");
                self.finish(ledger, End::Broken);
                return;
            }
            self.plan(ledger);
            if let Some(left) = &self.left {
                if !left.doubtful && left.total == Some(left.end) && !self.doubts.exceeded {
                    // What is still open lies behind the end; it was planned when the list was longer.
                    self.finish(ledger, End::Proved);
                    return;
                }
                if self.open.first_key_value().is_none_or(|(&offset, _)| offset > left.end) {
                    let next = if left.doubtful || left.stalled { left.end } else { self.behind(left) };
                    self.insert(next);
                    self.next_offset = self.next_offset.max(next + u64::from(self.limit - self.overlap));
                }
            }
            let Some(mut first) = self.open.first_entry() else { return };
            let offset = *first.key();
            let State::Here(page) = &mut first.get_mut().state else { return };
            if page.is_empty() {
                self.nothing(ledger, offset);
                continue;
            }
            let joint = match &self.left {
                None if offset == 0 => Joint::Joined,
                None => Joint::Torn,
                Some(left) => joint(left, offset, &page.rows, self.since, ledger),
            };
            match joint {
                Joint::Joined => self.accept(ledger, offset),
                // Asked for again, it is younger than the left one, and has nobody who left in between.
                Joint::Moved if self.mends < MENDS && self.mends_left > 0 => self.again(offset),
                Joint::Moved => {
                    ledger.gap(format!("the list's order moved while it was read, in front of offset {offset}"));
                    self.accept(ledger, offset);
                }
                Joint::Timeless => {
                    self.doubt(ledger);
                    self.accept(ledger, offset);
                }
                Joint::Torn => self.torn(ledger, offset),
            }
        }
    }

    /// The offset of a window that overlaps the end of this one.
    fn behind(&self, left: &Left) -> u64 {
        left.end.saturating_sub(u64::from(self.overlap)).max(left.offset + 1)
    }

    fn doubt(&mut self, ledger: &mut Ledger<R>) {
        self.doubts.weak = true;
        ledger.note("the rows carry no join times that tell them apart: the chain of windows proves nothing");
    }

    fn accept(&mut self, ledger: &mut Ledger<R>, offset: u64) {
        let Some(Window { limit, state: State::Here(page) }) = self.open.remove(&offset) else { return };
        let (len, total) = (page.len(), page.total);
        let end = offset + len;
        let ends = total == Some(end);
        if len < u64::from(limit) && total.is_some_and(|total| total > end) {
            self.doubts.clamped = true;
        }
        // A full window does not show that nobody is behind it.
        let full = len >= self.served || len >= u64::from(limit);
        let doubtful = ends && (self.doubts.clamped || self.doubts.exceeded || full);
        self.served = len.max(self.served - self.served / 8);
        match &mut self.left {
            // It brought nothing that its neighbour has not, and says nothing of the end.
            Some(left) if end <= left.end && !ends => {
                (left.offset, left.stalled) = (offset, true);
            }
            left => *left = Some(Left { offset, end, total, doubtful, stalled: false, keys: Keys::of(&page.rows) }),
        }
        if self.doubts.clamped && self.served < u64::from(self.limit) {
            let limit = (self.served as u32).max(2);
            if limit <= self.limit / 2
                && let Some(left) = &self.left
            {
                // The windows on their way leave holes between them: they are planned anew.
                self.next_offset = self.behind(left);
                self.open.retain(|_, window| matches!(window.state, State::Here(_)));
            }
            self.narrow(limit);
        }
        if offset >= self.mend_target {
            self.mends = 0;
        }
        self.growth.good += 1;
        if self.growth.good >= GOOD && !self.doubts.clamped && self.limit < self.growth.full {
            self.widen();
        }
        let fresh = ledger.enter(page, offset);
        self.idle = if fresh > 0 { 0 } else { self.idle + 1 };
        if self.idle >= IDLE + self.ahead as u32 {
            ledger.gap("the server sends the same rows again and again, whatever the offset");
            self.finish(ledger, End::Broken);
        }
    }

    /// The first window that is open is here, and empty.
    fn nothing(&mut self, ledger: &mut Ledger<R>, offset: u64) {
        let Some(Window { state: State::Here(page), .. }) = self.open.remove(&offset) else { return };
        let no_more = page.total.is_some_and(|total| total <= offset) && !self.doubts.exceeded;
        match &self.left {
            None => self.finish(ledger, if no_more { End::Proved } else { End::Assumed }),
            // Planned when the list was longer; what lies between is asked for first.
            Some(left) if offset > left.end => {}
            Some(left) if offset == left.end && left.total == Some(offset) && no_more => {
                self.finish(ledger, End::Proved);
            }
            // It is empty because people left; somebody who stayed may have moved from behind the window into it.
            Some(left) if offset < left.end || (no_more && left.total.is_some_and(|total| total > offset)) => {
                let again = left.offset + 1;
                if self.mends < MENDS && self.mends_left > 0 && again < offset {
                    self.mending(offset);
                    self.insert(again.midpoint(offset));
                } else {
                    ledger.gap("the list became shorter again and again while its end was read");
                    self.finish(ledger, End::Assumed);
                }
            }
            Some(_) => self.finish(ledger, End::Assumed),
        }
    }

    /// The window at `offset` does not join the one given out last.
    fn torn(&mut self, ledger: &mut Ledger<R>, offset: u64) {
        let start = self.left.as_ref().map_or(0, |left| left.offset);
        if let Some(left) = &self.left {
            let behind = self.behind(left);
            if offset >= left.end && behind < offset {
                // The left window is shorter than planned, so they never overlapped.
                self.insert(behind);
                return;
            }
        }
        if self.mends >= MENDS || self.mends_left == 0 {
            ledger.gap(format!(
                "the windows at offsets {start} and {offset} share no member: the list moves too fast, or has no order"
            ));
            self.accept(ledger, offset);
            return;
        }
        let between = start.midpoint(offset);
        if self.mends.is_multiple_of(2) && between > start && between < offset {
            self.mending(offset);
            self.insert(between);
        } else {
            self.again(offset);
        }
    }

    fn again(&mut self, offset: u64) {
        self.mending(offset);
        if let Some(window) = self.open.get_mut(&offset) {
            window.state = State::Wanted;
        }
    }

    fn mending(&mut self, offset: u64) {
        self.mends += 1;
        self.mends_left -= 1;
        self.mend_target = self.mend_target.max(offset);
    }
}

/// Whether some row of the left window, same member and same join time, is among `rows`.
///
/// The shared rows stand in front, in the order they had. Somebody in front of them whom nobody has seen yet, and who did not
/// join since the walk began, shows that one of them has moved.
///
/// Not everybody who leaves and comes back gets another join time. Who did so stands further right than before, and most of those
/// who stood behind them in the left window do not stand behind them now.
fn joint<R: Row>(left: &Left, offset: u64, rows: &[R], since: Option<i64>, ledger: &Ledger<R>) -> Joint {
    let places: HashMap<&str, (usize, Option<i64>)> =
        left.keys.iter().enumerate().map(|(at, (id, joined))| (id, (at, joined))).collect();
    let (mut joined, mut timeless, mut in_order, mut last) = (false, false, true, None);
    let (mut stranger, mut moved) = (false, false);
    let (mut first, mut here) = (None, 0);
    for (at, row) in rows.iter().enumerate() {
        let shared = places.get(row.id()).filter(|(_, joined)| *joined == row.joined());
        let Some(&(place, since_when)) = shared else {
            let old = since.zip(row.joined()).is_none_or(|(since, joined)| joined < since);
            stranger |= old && !ledger.has(row.id());
            continue;
        };
        // Who joined since the walk began may have left and come back within the same second.
        joined |= since_when.is_some_and(|joined| since.is_none_or(|since| joined < since));
        timeless |= since_when.is_none();
        // A row that comes twice in one answer is not out of order.
        in_order &= last.is_none_or(|last| last <= place);
        moved |= stranger;
        last = Some(place);
        first = first.or(Some((place, at)));
        here += 1;
    }
    let known = left.keys.ends.len();
    let came_back = first.is_some_and(|(place, at)| {
        let was = left.end.saturating_sub((known - place) as u64);
        offset + at as u64 > was && (known - place).saturating_sub(here) > here
    });
    if came_back {
        return Joint::Torn;
    }
    match (joined, timeless) {
        (false, false) => Joint::Torn,
        (false, true) => Joint::Timeless,
        (true, _) if in_order && !moved => Joint::Joined,
        (true, _) => Joint::Moved,
    }
}
