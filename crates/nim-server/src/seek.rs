//! Reads a list that is sorted by an instant which its rows do not show.
//!
//! Of fixed members the server may sort by the time of their record's last change. `endtime` still cuts that order in two,
//! and pages still overlap or do not: so the instant below which a page begins with somebody of the page before, and brings
//! others, is searched for. A page without anybody of the page before lies too low, one without others too high. Whoever is
//! on a page that was tried is found, wherever it lies.

use std::collections::{HashMap, HashSet};

use groupmembers_http::walk::{Page, Row, Ticket};
use serde::{Deserialize, Serialize};

use crate::chatroom_members_by_page::MAX_LIMIT;

/// As `endtime`: above all rows. It is 0 on the wire.
const NOW: i64 = i64::MAX;

/// No instant of this world is above.
const LATEST: i64 = 1 << 53;

/// The first step of a search, in milliseconds; each is four times the one before.
const STEP: i64 = 1_000;

/// So often instants further and further down are asked for below a page that is not full.
const PROBES: u32 = 6;

/// A list is left after so many pages that brought nobody: where `endtime` is not heeded and members of one instant come in
/// any order, each page looks like the next one.
const THIN: u32 = 40;

/// A member, and since when.
type Key = (String, Option<i64>);

/// One list of one room.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Seek {
    limit: u32,
    stage: Stage,
    /// The page that was read last.
    recent: Vec<Key>,
    /// The lowest question that brings nothing, or little, that is not on that page. At first, that page's own.
    high: i64,
    /// Questions whose pages have nobody of that page, ascending.
    low: Vec<i64>,
    /// Whether the highest of them was held against that page, and not only against those before it.
    tried: bool,
    step: i64,
    /// What the answer to `high` brings, where it brings a little.
    best: Option<Vec<Key>>,
    /// The next page is taken though it does not join: the gap is noted.
    forced: bool,
    /// The first page: the top is looked at again.
    first: Vec<Key>,
    /// Everybody, in the order of the list.
    order: Vec<Key>,
    /// Everybody who was on any page.
    known: HashSet<Key>,
    /// How often a page below the last one had somebody new, and that page's own first member as well.
    unheeded: u32,
    /// Pages one after the other that brought nobody.
    thin: u32,
    pages: u32,
    #[serde(skip)]
    asked: Option<(Ticket, i64, u32)>,
    clean: bool,
    gaps: Vec<String>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Reading,
    /// A page was not full; so many instants below it were asked for.
    Ending(u32),
    /// The first page is looked at once more.
    Topping,
    Ended,
}

impl Seek {
    /// Pages of `limit` rows.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            stage: Stage::Reading,
            recent: Vec::new(),
            high: NOW,
            low: Vec::new(),
            tried: false,
            step: STEP,
            best: None,
            forced: false,
            first: Vec::new(),
            order: Vec::new(),
            known: HashSet::new(),
            unheeded: 0,
            thin: 0,
            pages: 0,
            asked: None,
            clean: true,
            gaps: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Ended
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.is_done() && self.clean && self.gaps.is_empty()
    }

    pub(crate) fn is_waiting_for(&self, ticket: Ticket) -> bool {
        self.asked.is_some_and(|(asked, ..)| asked == ticket)
    }

    pub(crate) fn gaps(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gaps)
    }

    pub(crate) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Everybody with their time, in the order of the list: two passes that agree on it saw nobody move.
    pub(crate) fn order(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.order)
    }

    pub(crate) fn restart(&mut self) {
        self.asked = None;
    }

    /// Gives up: the rest is a gap.
    pub(crate) fn cut(&mut self, why: impl Into<String>) {
        self.gap(why);
        self.stage = Stage::Ended;
    }

    /// The `endtime` and `limit` to ask for now.
    pub(crate) fn want(&mut self, ticket: Ticket) -> Option<(i64, u32)> {
        if self.asked.is_some() || self.is_done() {
            return None;
        }
        let end = self.next_end();
        let limit = if matches!(self.stage, Stage::Ending(_)) { MAX_LIMIT } else { self.limit };
        self.asked = Some((ticket, end, limit));
        Some((if end == NOW { 0 } else { end }, limit))
    }

    fn next_end(&self) -> i64 {
        // Rows show a time that may be near to what the list is sorted by.
        let oldest = self.recent.iter().filter_map(|(_, time)| *time).min();
        let guess = oldest.map_or(LATEST, |oldest| oldest + 1).clamp(1, self.high.min(LATEST));
        match (self.stage, self.low.last()) {
            (Stage::Topping, _) => NOW,
            (Stage::Ending(probes), _) => guess.saturating_sub(STEP << (6 * probes)).max(1),
            _ if self.pages == 0 => NOW,
            // It lay too low for the page before, and may be right for this one.
            (_, Some(&low)) if !self.tried || self.forced => low,
            (_, Some(&low)) if self.high == NOW => low.saturating_add(self.step).min(LATEST),
            (_, Some(&low)) => low + (self.high - low) / 2,
            (_, None) if self.step == STEP => guess.min(self.high - 1).max(1),
            (_, None) => self.high.saturating_sub(self.step).max(1),
        }
    }

    pub(crate) fn take<R: Row>(&mut self, ticket: Ticket, page: Page<R>, mut enter: impl FnMut(R) -> bool) {
        let Some((_, end, limit)) = self.asked.take_if(|(asked, ..)| *asked == ticket) else { return };
        let full = page.len() >= u64::from(limit);
        for row in page.unreadable {
            self.gap(format!("row {} of a page of fixed members could not be read: {}", row.index, row.why));
        }
        let keys: Vec<Key> = page.rows.iter().map(|row| (row.id().to_owned(), row.joined())).collect();
        if keys.iter().any(|(_, time)| time.is_none()) {
            self.doubt("rows without an enterTime prove nothing about the list");
        }
        for row in page.rows {
            enter(row);
        }
        let seen = self.known.len();
        self.known.extend(keys.iter().cloned());
        let new = self.known.len() > seen;
        match self.stage {
            Stage::Ended => {}
            Stage::Topping => self.topped(&keys, full),
            Stage::Ending(probes) => {
                self.unheeded += u32::from(new && self.recent.first().is_some_and(|first| keys.contains(first)));
                if self.unheeded > THIN {
                    self.cut("the server does not heed endtime: the rest cannot be reached");
                } else if new {
                    // The page was not full, and yet no end.
                    self.doubt("the server gives fewer rows than are asked for");
                    self.stage = Stage::Reading;
                    self.too_low(end);
                } else if probes + 1 == PROBES || end == 1 {
                    self.stage = if self.pages > 1 { Stage::Topping } else { Stage::Ended };
                } else {
                    self.stage = Stage::Ending(probes + 1);
                }
            }
            Stage::Reading => {
                self.thin = if new { 0 } else { self.thin };
                self.read(end, keys, full);
            }
        }
    }

    fn read(&mut self, end: i64, keys: Vec<Key>, full: bool) {
        if self.pages == 0 {
            self.first.clone_from(&keys);
        }
        if self.pages == 0 || std::mem::take(&mut self.forced) {
            let brought = keys.len();
            return self.accept(end, keys, brought, full);
        }
        let places: HashMap<&Key, usize> = self.recent.iter().enumerate().map(|(place, key)| (key, place)).collect();
        let common: Vec<usize> = keys.iter().filter_map(|key| places.get(key).copied()).collect();
        let brought = keys.iter().rev().take_while(|key| !places.contains_key(key)).count();
        if common.is_empty() {
            return self.too_low(end);
        }
        if !common.is_sorted() {
            self.doubt("members changed their places while the list was read");
        }
        if !full || brought * 4 >= self.limit as usize {
            return self.accept(end, keys, brought, full);
        }
        self.high = end;
        self.best = (brought > 0).then_some(keys);
        let known = self.low.len();
        self.low.retain(|&low| low < end);
        self.tried &= self.low.len() == known;
        self.narrow();
    }

    fn too_low(&mut self, end: i64) {
        if self.low.last().is_none_or(|&low| low < end) {
            self.low.push(end);
        }
        self.tried = true;
        self.narrow();
    }

    /// Takes larger steps, or what there is where nothing is left between too high and too low.
    fn narrow(&mut self) {
        self.step = self.step.saturating_mul(4).min(LATEST);
        match self.low.last().copied() {
            Some(LATEST) if self.high == NOW => self.cut("the first page of fixed members joins no other"),
            None if self.high <= 1 => self.cut("the server does not heed endtime: the rest cannot be reached"),
            Some(low) if self.high - low <= 1 && self.tried => {
                if let Some(keys) = self.best.take() {
                    let known: HashSet<&Key> = self.recent.iter().collect();
                    let brought = keys.iter().rev().take_while(|key| !known.contains(key)).count();
                    return self.accept(self.high, keys, brought, true);
                }
                self.gap(format!("a full page holds only members of the instant {low}: there may be more of them"));
                self.forced = true;
            }
            _ => {}
        }
    }

    fn accept(&mut self, end: i64, keys: Vec<Key>, brought: usize, full: bool) {
        self.thin += 1;
        self.order.extend_from_slice(&keys[keys.len() - brought..]);
        self.pages += 1;
        if self.thin > THIN {
            return self.cut("page after page brings nobody: the rest cannot be reached");
        }
        self.low.retain(|&low| low < end);
        (self.high, self.recent, self.best) = (end, keys, None);
        (self.tried, self.step) = (false, STEP);
        if !full {
            self.stage = Stage::Ending(0);
        }
    }

    /// The top of the list once more: whoever moved there or joined is above those who stayed.
    fn topped(&mut self, keys: &[Key], full: bool) {
        let places: HashMap<&Key, usize> = self.first.iter().enumerate().map(|(place, key)| (key, place)).collect();
        let stayed: Vec<usize> = keys.iter().filter_map(|key| places.get(key).copied()).collect();
        if !stayed.is_sorted() || (full && stayed.is_empty()) {
            self.doubt("members changed their places while the list was read");
        }
        self.stage = Stage::Ended;
    }

    fn gap(&mut self, why: impl Into<String>) {
        let why = why.into();
        if !self.gaps.contains(&why) {
            self.gaps.push(why);
        }
    }

    fn doubt(&mut self, why: &str) {
        self.clean = false;
        if !self.notes.iter().any(|note| note == why) {
            self.notes.push(why.to_owned());
        }
    }
}
