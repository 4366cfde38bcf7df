//! A list cut into pages by number, read concurrently and proved whole. Pure: it asks for pages and takes them.
//!
//! `pagenum` and `pagesize` name a multiple of the page's own size, so pages of one size never overlap. Pages of slightly
//! different sizes do: for every place of the list some size up to the largest has a page that begins a little before it and
//! ends far behind it. So neighbouring windows share rows, and a pair counts as joined only if it shares rows of the same
//! members with the same join times, in the same order. While the relative order of those who stay does not change, a chain of
//! joined windows from the first page on has passed over nobody who was there throughout, whatever the moments at which its
//! windows were fetched, and wherever the server cut them off.
//!
//! The end needs more than a last page that is short, since the server may have cut it. A small page that begins a row or two
//! before the end and reaches behind it is asked for, behind all windows. Where it shares rows with the last window and was not
//! cut, nobody stood behind its own last row at that moment. So nobody who was there throughout stands behind either.

use std::collections::{BTreeMap, HashSet};
use std::mem;

use groupmembers_http::walk::{Ledger, Page, Row as _, Ticket, Unreadable};
use serde::{Deserialize, Serialize};

use crate::chatgroups_users::Member;
use crate::joint::{Joint, Left, Shared, joint, key};

/// How often a torn pair is mended before it becomes a gap, and how often in all.
const MENDS: u32 = 10;
const MENDS_IN_ALL: u32 = 200;

/// How often a first page that is empty is asked for again.
const BLANKS: u32 = 2;

/// No server cuts pages shorter than this: a page of three rows or more that comes with one or two was not cut.
const LEAST_CUT: u64 = 3;

/// How often the front is read once more where it does not reach the first window.
const FRONTS: u8 = 3;

/// How often the end is looked for where it moves.
const ROUNDS: u32 = 8;

/// A group has no more pages than this, and four times what its size lets expect, within reason.
const MAX_PAGES: u64 = 2048;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Chain {
    /// Rows to ask for at most. It falls to what the server gives.
    largest: u32,
    ahead: usize,
    /// Planned, asked for, or here; not yet given out. By the place of the first row.
    open: BTreeMap<u64, Window>,
    /// The window given out last: the left side of the next joint.
    left: Option<Left>,
    /// The window given out first, where the list is read in several.
    first: Option<Left>,
    /// How many rows there seem to be.
    expected: u64,
    /// Where the windows planned so far end.
    planned: u64,
    tail: Tail,
    ticket: Ticket,
    pages: u64,
    max_pages: u64,
    /// The most rows an answer had.
    most: u64,
    mends: u32,
    mend_target: u64,
    mends_left: u32,
    rounds: u32,
    /// The furthest place at which the end was looked for.
    sought: u64,
    /// The least and the latest join time.
    times: Option<(i64, i64)>,
    weak: bool,
    /// How many windows were given out.
    given: u64,
    /// Whether the end was reached, and proved.
    ended: Option<bool>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Window {
    size: u32,
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
enum State {
    Wanted,
    Asked(Ticket),
    Here { rows: Vec<Member>, unreadable: Vec<Unreadable> },
}

/// The search for the end of the list.
#[derive(Clone, Serialize, Deserialize)]
enum Tail {
    Idle,
    /// What does a small page over place `at` hold, if the list ends before it?
    End {
        at: u64,
        asked: Option<Small>,
    },
    /// These rows, the first of them at `start`.
    Seen {
        at: u64,
        start: u64,
        len: u64,
        /// Those of them that could be read, if all could and the page was not full.
        short: Option<Vec<Member>>,
    },
    /// The end is proved. Who moved to the front meanwhile, as a new owner may?
    Front {
        asked: Option<Ticket>,
        tries: u8,
    },
}

/// A small page that was asked for.
#[derive(Clone, Serialize, Deserialize)]
struct Small {
    ticket: Ticket,
    start: u64,
    size: u32,
}

impl Chain {
    /// Pages of at most `largest` rows, at most `ahead` of them in memory, of a list that should have `expected` rows.
    pub(crate) fn new(largest: u32, ahead: usize, expected: Option<u64>) -> Self {
        let largest = largest.max(2);
        // No group is so large; the number is a mistake.
        let expected = expected.filter(|&rows| rows < 1 << 20);
        let tail = expected.filter(|&at| at > 0).map_or(Tail::Idle, |at| Tail::End { at, asked: None });
        let expected = expected.unwrap_or(0);
        Self {
            largest,
            ahead: ahead.max(1),
            open: BTreeMap::new(),
            left: None,
            first: None,
            expected,
            planned: 0,
            tail,
            ticket: 0,
            pages: 0,
            max_pages: MAX_PAGES + (expected * 4 / u64::from(largest)).min(100_000),
            most: 0,
            mends: 0,
            mend_target: 0,
            mends_left: MENDS_IN_ALL,
            rounds: 0,
            sought: 0,
            times: None,
            weak: false,
            given: 0,
            ended: None,
        }
    }

    /// The next page to ask for: its number and its size.
    pub(crate) fn want(&mut self, ledger: &mut Ledger<Member>) -> Option<(Ticket, u64, u32)> {
        if self.ended.is_some() {
            return None;
        }
        self.plan();
        let ticket = self.ticket + 1;
        let wanted = self.open.iter_mut().find(|(_, window)| matches!(window.state, State::Wanted));
        let page = match (wanted, &mut self.tail) {
            (Some((start, window)), _) => {
                window.state = State::Asked(ticket);
                (start / u64::from(window.size) + 1, window.size)
            }
            // Behind the last window, so that little happens between the two.
            (None, Tail::End { at, asked: asked @ None }) if self.planned > self.expected => {
                let (start, size) = straddle(*at, self.most);
                *asked = Some(Small { ticket, start, size });
                (start / u64::from(size) + 1, size)
            }
            (None, Tail::Front { asked: asked @ None, tries }) => {
                *asked = Some(ticket);
                (1, if *tries == 0 { self.largest.min(100) } else { self.largest })
            }
            (None, _) => return None,
        };
        self.pages += 1;
        if self.pages > self.max_pages {
            ledger.gap("the list has more pages than a group can have: the rest was not read");
            self.end(false);
            return None;
        }
        self.ticket = ticket;
        Some((ticket, page.0, page.1))
    }

    /// Takes a page.
    pub(crate) fn take(&mut self, ledger: &mut Ledger<Member>, ticket: Ticket, page: Page<Member>) {
        let Page { rows, unreadable, .. } = page;
        let len = (rows.len() + unreadable.len()) as u64;
        match self.tail {
            Tail::End { at, asked: Some(Small { ticket: asked, start, size }) } if asked == ticket => {
                let short = (unreadable.is_empty() && len < size.into()).then_some(rows);
                self.tail = Tail::Seen { at, start, len, short };
            }
            Tail::Front { asked, tries } if asked == Some(ticket) => {
                // Who moved to the front stands before those who stood there first, and so do those who joined there since.
                let reaches = self.first.as_ref().is_none_or(|first| Shared::of(first, &rows).is_some());
                enter(ledger, rows, unreadable, 0);
                if reaches {
                    self.ended = Some(true);
                } else if tries < FRONTS {
                    self.tail = Tail::Front { asked: None, tries: tries + 1 };
                } else {
                    ledger.gap(
                        "nobody who stood in front stands in the first page now: who moved there may be behind it",
                    );
                    self.end(false);
                }
            }
            _ => {
                let asked = self.open.values_mut().find(|w| matches!(w.state, State::Asked(t) if t == ticket));
                // An answer nobody waits for was planned before the server's own page size was known.
                let Some(window) = asked else { return };
                if len > self.most {
                    // A row that comes twice does not make the server give more.
                    let apart: HashSet<&str> = rows.iter().map(|row| row.user_id.as_str()).collect();
                    self.most = self.most.max((apart.len() + unreadable.len()) as u64);
                }
                window.state = State::Here { rows, unreadable };
            }
        }
        self.settle(ledger);
    }

    /// Gives out what is here, joined or not, and wants it again: for a walk that must stop, and may go on later.
    /// Returns the place of the first row that was not to be had.
    pub(crate) fn stop(&mut self, ledger: &mut Ledger<Member>) -> u64 {
        let mut place = None;
        for (start, window) in &mut self.open {
            match mem::replace(&mut window.state, State::Wanted) {
                State::Here { rows, unreadable } => enter(ledger, rows, unreadable, *start),
                State::Wanted | State::Asked(_) => {
                    place.get_or_insert(*start);
                }
            }
        }
        self.restart();
        place.unwrap_or(self.planned)
    }

    /// Asks again for what was asked and not answered.
    pub(crate) fn restart(&mut self) {
        for window in self.open.values_mut() {
            if matches!(window.state, State::Asked(_)) {
                window.state = State::Wanted;
            }
        }
        match &mut self.tail {
            Tail::End { asked, .. } => *asked = None,
            Tail::Front { asked, .. } => *asked = None,
            Tail::Idle | Tail::Seen { .. } => {}
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether the chain, and the end of the list, prove it whole.
    pub(crate) fn is_proved(&self) -> bool {
        // One time for all says no more than none.
        let told_apart = self.times.is_some_and(|(least, most)| least < most);
        self.ended == Some(true) && !self.weak && told_apart
    }

    /// Whether one answer held this many rows, and the end was found behind it: it was true at one moment, whatever its join
    /// times say.
    pub(crate) fn came_at_once(&self, rows: Option<u64>) -> bool {
        let held = self.left.as_ref().map(|left| left.len);
        self.ended == Some(true) && self.given == 1 && held == rows
    }

    fn overlap(&self) -> u32 {
        (3 + self.largest / 50).min(self.largest / 2).max(1)
    }

    fn insert(&mut self, start: u64, size: u32) {
        self.open.insert(start, Window { size, state: State::Wanted });
    }

    /// Plans windows over the part of the list that is known to be there.
    fn plan(&mut self) {
        // One row further than expected: the last window must come back short.
        while self.open.len() < self.ahead && self.planned <= self.expected {
            let (start, size) = cover(self.planned, self.overlap(), self.largest);
            self.insert(start, size);
            self.planned = start + u64::from(size);
        }
    }

    /// Gives out windows from the left, as far as the chain holds.
    fn settle(&mut self, ledger: &mut Ledger<Member>) {
        while self.ended.is_none() {
            self.plan();
            let Some((&start, window)) = self.open.first_key_value() else {
                if self.finish(ledger) {
                    continue;
                }
                return;
            };
            let State::Here { rows, unreadable } = &window.state else {
                return;
            };
            if rows.is_empty() && unreadable.is_empty() {
                if self.left.is_none() && self.mends < BLANKS {
                    // A group has at least its owner, and so a first page.
                    self.mends += 1;
                    self.open.insert(start, Window { size: window.size, state: State::Wanted });
                    return;
                }
                // It lies behind the end, and so do those behind it: the list was longer when they were planned, or miscounted.
                self.open.retain(|_, window| !matches!(window.state, State::Wanted));
                self.open.remove(&start);
                self.expected = self.expected.min(start);
                if self.left.is_none() {
                    ledger.gap("the first page is empty, and a group has at least its owner");
                    self.end(false);
                }
                continue;
            }
            match self.left.as_ref().map_or(Joint::Joined, |left| joint(left, start, rows, ledger)) {
                Joint::Joined => self.accept(ledger, start),
                Joint::Weak => {
                    ledger.note(
                        "the list's order moved, or its rows carry no join time: the chain of pages proves nothing",
                    );
                    self.weak = true;
                    self.accept(ledger, start);
                }
                Joint::Torn => self.mend(ledger, start),
            }
        }
    }

    fn accept(&mut self, ledger: &mut Ledger<Member>, start: u64) {
        let Some(Window { size, state: State::Here { rows, unreadable } }) = self.open.remove(&start) else {
            return;
        };
        for time in rows.iter().filter_map(|row| row.joined()) {
            let (least, most) = self.times.unwrap_or((time, time));
            self.times = Some((least.min(time), most.max(time)));
        }
        self.given += 1;
        let len = (rows.len() + unreadable.len()) as u64;
        let given = Left { start, size, len, keys: rows.iter().map(key).collect() };
        self.first.get_or_insert_with(|| given.clone());
        self.left = Some(given);
        if start >= self.mend_target {
            self.mends = 0;
        }
        enter(ledger, rows, unreadable, start);
    }

    /// The window at `start` does not join the one given out last.
    fn mend(&mut self, ledger: &mut Ledger<Member>, start: u64) {
        let Some(left) = &self.left else { return };
        let (start_of_left, len, end) = (left.start, left.len, left.end());
        if len < u64::from(left.size) && self.heed() {
            // The server gives smaller pages than were asked for, so all of these begin elsewhere than planned.
            self.planned = end;
            self.open.clear();
            return;
        }
        if self.mends >= MENDS || self.mends_left == 0 {
            ledger.gap(format!(
                "the pages from rows {start_of_left} and {start} on share no member who stayed: the list moves too fast, or has no order"
            ));
            self.accept(ledger, start);
            return;
        }
        let between = start_of_left + len / 2;
        self.mends += 1;
        self.mends_left -= 1;
        self.mend_target = self.mend_target.max(start);
        if self.mends % 2 == 1 {
            let (bridge, size) = cover(between + 1, 1, self.largest);
            self.insert(bridge, size);
        } else if let Some(window) = self.open.get_mut(&start) {
            window.state = State::Wanted;
        }
    }

    /// Nothing is open: is this the end? Returns whether there is something new to plan.
    fn finish(&mut self, ledger: &mut Ledger<Member>) -> bool {
        let Some(left) = &self.left else { return false };
        let (end, full) = (left.end(), left.len >= u64::from(left.size));
        match mem::replace(&mut self.tail, Tail::Idle) {
            tail @ (Tail::End { .. } | Tail::Front { .. }) => self.tail = tail,
            Tail::Seen { start, short: Some(rows), .. } if self.ends(left, start, &rows, ledger) => {
                self.weak |= matches!(joint(left, start, &rows, ledger), Joint::Weak);
                // Who joined behind the last window since it was read comes with it.
                enter(ledger, rows, Vec::new(), start);
                if self.given > 1 {
                    self.tail = Tail::Front { asked: None, tries: 0 };
                } else {
                    self.ended = Some(true);
                }
            }
            Tail::Seen { start, len, .. } if start + len > end => self.go_on(ledger, start + len - 1, end, full),
            Tail::Seen { at, .. } if at == end => {
                // Its last row has left, or has moved: the list has become shorter.
                if self.round(ledger, end) {
                    self.reread();
                }
            }
            Tail::Seen { .. } | Tail::Idle => {
                if self.round(ledger, end) {
                    self.tail = Tail::End { at: end, asked: None };
                }
            }
        }
        !self.open.is_empty() || self.planned <= self.expected
    }

    /// Whether a short page proves that nobody stands behind the last window who was there throughout: it shares rows with that
    /// window, and was not cut. It was not if nothing is; nor if it begins where it should and ends where the window does, and the
    /// server gave longer ones. A page that begins further left was taken for one of a smaller size, and cut there.
    fn ends(&self, left: &Left, start: u64, rows: &[Member], ledger: &Ledger<Member>) -> bool {
        let len = rows.len() as u64;
        let last = rows.last().map(key);
        let as_named = Shared::of(left, rows).is_some_and(|shared| left.start + shared.place as u64 >= start);
        let whole = len < LEAST_CUT || (len < self.most && as_named && last.as_ref() == left.keys.last());
        whole && !matches!(joint(left, start, rows, ledger), Joint::Torn)
    }

    /// There is a row at place `at`, and the windows end before it.
    fn go_on(&mut self, ledger: &mut Ledger<Member>, at: u64, end: u64, full: bool) {
        let again = end <= self.sought;
        if !self.round(ledger, end) {
            return;
        }
        // Seen once, the list may have grown. Seen again, the server gives smaller pages than were asked for.
        if !full && again {
            self.heed();
        }
        self.planned = end;
        // Where windows come back full, nobody knows how many rows there are: reach further each time.
        self.expected = if full && at >= end { (at + 1).max(end * 2) } else { (at + 1).max(end) };
    }

    /// Asks for no larger pages than the server was seen to give. Whether that is less than before.
    fn heed(&mut self) -> bool {
        let heeds = (2..u64::from(self.largest)).contains(&self.most);
        if heeds {
            self.largest = self.most as u32;
        }
        heeds
    }

    /// Looking again where one has looked is what must not go on for ever; pages are counted elsewhere.
    fn round(&mut self, ledger: &mut Ledger<Member>, end: u64) -> bool {
        self.rounds += u32::from(end <= self.sought);
        self.sought = self.sought.max(end);
        if self.rounds > ROUNDS {
            ledger.gap("the end of the list was not found: it moved each time it was looked for");
            self.end(false);
        }
        self.ended.is_none()
    }

    /// Wants the end of the list once more, from the middle of the last window on.
    fn reread(&mut self) {
        let Some(left) = &self.left else { return };
        let from = if self.rounds < ROUNDS / 2 { left.start + left.len / 2 } else { left.start };
        let (start, size) = cover(from + 1, 1, self.largest);
        self.insert(start, size);
    }

    fn end(&mut self, proved: bool) {
        self.open.clear();
        self.ended = Some(proved);
    }
}

/// A small page that holds as few rows as can be before place `end`, but some, and the place itself. Where the server gave
/// `most` rows at once, there are fewer of them.
fn straddle(end: u64, most: u64) -> (u64, u32) {
    let before = |size: &u32| end % u64::from(*size);
    let fits = |size: &u32| (1..most.max(LEAST_CUT)).contains(&before(size));
    let small = (2..=64).filter(|size| before(size) > 0).min_by_key(|size| (before(size), *size));
    let size = small.filter(fits).or_else(|| (2..=1000).find(fits)).or(small).unwrap_or(2);
    (end - before(&size), size)
}

/// The page that holds the `overlap` rows before place `end` and reaches as far behind it as a page of `largest` rows can.
fn cover(end: u64, overlap: u32, largest: u32) -> (u64, u32) {
    let mut best = (0, largest);
    // At a multiple of all sizes no page reaches over the boundary; that takes a largest size of a few rows.
    for shared in [overlap, 2, 1, 0] {
        let from = end.saturating_sub(shared.into());
        let pages = (1..=largest).map(|size| (from - from % u64::from(size), size));
        best = pages.max_by_key(|(start, size)| start + u64::from(*size)).unwrap_or(best);
        if best.0 + u64::from(best.1) > end {
            break;
        }
    }
    best
}

fn enter(ledger: &mut Ledger<Member>, rows: Vec<Member>, unreadable: Vec<Unreadable>, first: u64) {
    let mut page = Page::new(rows, None);
    page.unreadable = unreadable;
    ledger.enter(page, first);
}

#[cfg(test)]
mod tests {
    use super::cover;

    #[test]
    fn pages_cover_a_list_with_overlaps_and_little_more() {
        for (largest, rows) in [(1000_u32, 100_000_u64), (100, 10_000), (20, 3_000), (10, 2_000)] {
            let overlap = (3 + largest / 50).min(largest / 2);
            let (mut end, mut pages) = (u64::from(largest), 1);
            while end < rows {
                let (start, size) = cover(end, overlap, largest);
                assert!(size <= largest && start % u64::from(size) == 0, "it is a page of its own size");
                assert!(start < end && start + u64::from(size) > end, "it overlaps, and goes on");
                end = start + u64::from(size);
                pages += 1;
            }
            let least = rows.div_ceil(u64::from(largest));
            let most = if largest < 100 { least * 5 / 2 } else { least + least / 3 + 1 };
            assert!(pages <= most, "{largest}: {pages} pages for {least}");
        }
    }
}
