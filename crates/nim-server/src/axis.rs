//! Reads one list along the axis of time: the only address its pages have is an instant.
//!
//! A page asked for with `endtime` E holds the newest rows below E. With its oldest row at M it has therefore read everything
//! in (M, E), and rows at M as far as they fitted. So an answer reaches the part that has been read when E lies above that
//! part's lowest instant, and the next question is M + 1: the oldest row comes back, which joins the two, and the other rows
//! of its millisecond come too.
//!
//! Instants below can be asked for before those above are answered: there stretches of some pages begin, and each is read
//! on from page to page until it reaches the next. Such answers wait (islands) until what has been read reaches them. How
//! far apart stretches begin is learned from the time that full pages span; where the guess was bad and an answer brought
//! little that is new, less is asked ahead.
//!
//! Two more things are looked at when the list has ended. Where members may come back to its top (fixed members who log in),
//! the top is asked for once more: whoever went there while the list was read is on it. And where nothing else says that an
//! empty page is the end, instants further and further down are asked for: a server may cut a page first and leave people
//! out of it afterwards.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use groupmembers_http::walk::{Page, Row, Ticket};
use serde::{Deserialize, Serialize};

use crate::chatroom_members_by_page::MAX_LIMIT;

/// As `endtime`: above all rows. It is 0 on the wire.
const NOW: i64 = i64::MAX;

/// Lists that run from the oldest to the newest are read upside down: their instants, taken from this one.
pub(crate) const MIRROR: i64 = 1 << 53;

/// A list that grows is left after so many pages that brought next to nothing.
const THIN: u32 = 40;

/// So many pages make a stretch: where it meets the next, half a page is read twice.
const STRETCH: i64 = 6;

/// So many stretches are begun at once: below the end of the list they are in vain.
const BEGUN: usize = 3;

/// Two pages that do not join are asked for again with more overlap so often.
const MENDS: u8 = 2;

/// So many instants below the end are asked for, from 16 ms to two years further down: each twice as far as the one before,
/// so that two hundred rows of which nothing is shown hide nobody behind them.
const PROBES: u32 = 33;

/// What the end of a list is checked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Check {
    /// Nothing: nobody vouches for it.
    None,
    /// Guests stay in their place: the last page is looked at once more.
    Bottom,
    /// Fixed members may come to the top: it is looked at once more.
    Top,
}

/// One list of one room.
#[derive(Clone, Serialize, Deserialize)]
#[serde(bound(serialize = "R: Serialize", deserialize = "R: serde::de::DeserializeOwned"))]
pub(crate) struct Axis<R> {
    limit: u32,
    check: Check,
    /// Whether its instants are mirrored.
    mirrored: bool,
    most: usize,
    /// How many questions may be open now.
    depth: usize,
    stage: Stage,
    /// The oldest instant read: all above has been read, rows of the instant itself as far as they fitted.
    low: Option<i64>,
    /// The newest instant of the first page: what entered later is no part of what had been read.
    top: i64,
    /// The first page, where the top is looked at again.
    first: Vec<(String, i64)>,
    /// The page that reached `low`: its question, and its rows with a time.
    recent_end: i64,
    recent: Vec<(String, i64)>,
    recent_full: bool,
    /// When the last page at the head that was not full was answered, by the server's clock.
    short_at: Option<i64>,
    /// Such pages one after the other that brought next to nothing.
    thin: u32,
    /// How many milliseconds below `low + 1` the next question lies.
    step: u8,
    mends: u8,
    /// An empty page says that nothing is below; a short one hints at it.
    floor: i64,
    hint: i64,
    /// How many milliseconds a full page spans.
    span: Option<i64>,
    islands: BTreeMap<i64, Island<R>>,
    /// Instants below the end that are still to be asked for, and the end they were counted from.
    probes: Vec<i64>,
    probed: Option<i64>,
    /// Each with the number of rows that was asked for.
    #[serde(skip)]
    asked: BTreeMap<Ticket, (i64, u32)>,
    /// Whether short pages were followed by others: then a short page is no end.
    clamped: bool,
    /// Whether it was seen that the server sorts by something else.
    disordered: bool,
    /// Whether it was seen that the list changed in a way that may have hidden somebody.
    disturbed: bool,
    clean: bool,
    gaps: Vec<String>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Reading,
    /// Nothing is below; the last page is looked at once more.
    Looking,
    /// Nothing is below; the first page is looked at once more.
    Topping,
    /// Whether really nothing is below.
    Probing,
    Ended,
}

#[derive(Clone, Serialize, Deserialize)]
struct Island<R> {
    rows: Vec<R>,
    /// Whether it has as many rows as were asked for.
    full: bool,
    /// When it was answered, by the server's clock.
    at: Option<i64>,
    /// The oldest of its rows; for an empty page, nothing is below its question.
    oldest: Option<i64>,
    /// How many milliseconds it spans, if it is full.
    span: Option<i64>,
}

impl<R: Row> Axis<R> {
    /// Pages of `limit` rows, at most `most` at once.
    pub(crate) fn new(limit: u32, most: usize, check: Check) -> Self {
        Self {
            limit,
            check,
            mirrored: false,
            most: most.max(1),
            depth: most.max(1),
            stage: Stage::Reading,
            low: None,
            top: i64::MIN,
            first: Vec::new(),
            recent_end: NOW,
            recent: Vec::new(),
            recent_full: true,
            short_at: None,
            thin: 0,
            step: 0,
            mends: 0,
            floor: 0,
            hint: 0,
            span: None,
            islands: BTreeMap::new(),
            probes: Vec::new(),
            probed: None,
            asked: BTreeMap::new(),
            clamped: false,
            disordered: false,
            disturbed: false,
            clean: true,
            gaps: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The same list upside down.
    pub(crate) fn mirrored(mut self) -> Self {
        self.mirrored = true;
        self
    }

    /// An instant, or a question, as the API has it.
    fn shown(&self, instant: i64) -> i64 {
        match (instant, self.mirrored) {
            (NOW, _) => 0,
            (instant, true) => MIRROR - instant,
            (instant, false) => instant,
        }
    }

    /// What the API calls the question, and the time of a row; where the answer lies from the question.
    fn words(&self) -> (&'static str, &'static str, &'static str) {
        if self.mirrored { ("timetag", "jointime", "above") } else { ("endtime", "enterTime", "below") }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Whether the whole list was read without a doubt.
    pub(crate) fn is_clean(&self) -> bool {
        self.stage == Stage::Ended && self.clean && self.gaps.is_empty()
    }

    /// Whether members came or went in a way that may have hidden somebody: reading again may help.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.disturbed
    }

    /// Whether nothing was seen that makes the list doubtful.
    pub(crate) fn is_unbroken(&self) -> bool {
        self.clean
    }

    /// Whether the server sorts by something that rows do not show.
    pub(crate) fn is_disordered(&self) -> bool {
        self.disordered
    }

    pub(crate) fn is_waiting_for(&self, ticket: Ticket) -> bool {
        self.asked.contains_key(&ticket)
    }

    pub(crate) fn gaps(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gaps)
    }

    pub(crate) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Asks again for what was asked and not answered.
    pub(crate) fn restart(&mut self) {
        self.asked.clear();
    }

    /// Gives up: the rest is a gap.
    pub(crate) fn cut(&mut self, why: impl Into<String>, mut enter: impl FnMut(R) -> bool) {
        self.hand_over(&mut enter);
        self.end_with_gap(why);
    }

    /// Gives out what waits, which is asked for again if the walk goes on.
    pub(crate) fn hand_over(&mut self, mut enter: impl FnMut(R) -> bool) {
        for (_, island) in std::mem::take(&mut self.islands).into_iter().rev() {
            for row in island.rows {
                enter(row);
            }
        }
    }

    /// Goes on below the end, if it did not do so yet. For lists for whose end nothing else vouches.
    pub(crate) fn probe(&mut self) -> bool {
        let Some(low) = self.low.filter(|_| self.stage == Stage::Ended && self.probed != self.low) else {
            return false;
        };
        self.probed = self.low;
        // The nearest is taken first.
        self.probes = (0..PROBES).rev().map(|k| low - (16 << k)).filter(|&end| end > 0).collect();
        if !self.probes.is_empty() {
            self.stage = Stage::Probing;
        }
        self.stage == Stage::Probing
    }

    /// The `endtime` and `limit` to ask for now.
    pub(crate) fn want(&mut self, ticket: Ticket) -> Option<(i64, u32)> {
        if self.stage == Stage::Probing {
            let asked = |end: &i64| self.asked.values().any(|(other, _)| other == end);
            let next = self.probes.iter().rev().copied().find(|end| !asked(end));
            let end = next.filter(|_| self.asked.len() < self.most)?;
            self.asked.insert(ticket, (end, MAX_LIMIT));
            return Some((self.shown(end), MAX_LIMIT));
        }
        let end = self.next_end()?;
        // Whether anybody is below is asked with as large a page as there is: a larger one is not left empty as easily.
        let limit = if self.step > 0 { MAX_LIMIT } else { self.limit };
        self.asked.insert(ticket, (end, limit));
        Some((self.shown(end), limit))
    }

    fn next_end(&self) -> Option<i64> {
        let open = self.asked.len();
        if self.stage == Stage::Ended || open >= self.depth {
            return None;
        }
        let head = self.head();
        let asked = |end: i64| self.asked.values().any(|&(other, _)| other == end);
        let low = match self.low {
            Some(low) if self.stage == Stage::Reading && self.step == 0 && self.mends == 0 => low,
            // Until the question at the head is answered, nobody knows what to ask further down.
            _ => return (!asked(head)).then_some(head),
        };
        let recent = span(self.recent.iter().map(|(_, time)| *time), self.recent.len() >= self.limit as usize);
        if !self.is_covered(low, recent) {
            return Some(head);
        }
        let stride = self.stride()?;
        let below = self.floor.max(self.hint).max(1);
        // What waits is kept in memory: where it is much, only what is next to be reached is asked for.
        let much = open + self.islands.len() >= STRETCH as usize * self.most;
        let pages = self.islands.values().rev().filter_map(|island| Some((island.oldest?, island.span)));
        let pages = std::iter::once((low, recent)).chain(pages).take(if much { self.most } else { usize::MAX });
        let (mut lowest, mut begin) = (head, None);
        for (oldest, span) in pages.filter(|&(oldest, _)| oldest > below) {
            // Where a page holds nothing but one instant, the same question again brings nothing more.
            if !self.is_covered(oldest, span) && oldest != low && !self.islands.contains_key(&(oldest + 1)) {
                return Some(oldest + 1);
            }
            begin = begin.or_else(|| self.denser(oldest, span?));
            lowest = lowest.min(oldest + 1);
        }
        let goes_on = |end| end == head || self.islands.values().any(|island| island.oldest == Some(end - 1));
        if self.asked.values().filter(|&&(end, _)| !goes_on(end)).count() >= BEGUN {
            return None;
        }
        if begin.is_some() || much {
            return begin;
        }
        let lowest = self
            .islands
            .keys()
            .copied()
            .chain(self.asked.values().map(|&(end, _)| end))
            .min()
            .unwrap_or(lowest)
            .min(lowest);
        let end = lowest.saturating_sub(stride);
        (end > below).then_some(end)
    }

    /// Where to begin below a page, in a stretch that holds more than was thought when it was begun: the page spans less than
    /// its part of the way down to the next question.
    fn denser(&self, oldest: i64, span: i64) -> Option<i64> {
        let stride = span.saturating_mul(STRETCH);
        let ends = || self.asked.values().map(|(end, _)| *end).chain(self.islands.keys().copied());
        if self.islands.range(oldest + 1..).any(|(_, island)| island.oldest.is_none_or(|o| o < oldest)) {
            return None;
        }
        let next = ends().filter(|&end| end <= oldest).max()?;
        // Spans vary a little where nothing is denser than elsewhere.
        (next < oldest.saturating_sub(stride.saturating_mul(3))).then(|| oldest - stride)
    }

    /// The question that has to be answered for the walk to go on.
    fn head(&self) -> i64 {
        let newer = |index: usize| self.recent.get(index).map_or(NOW, |(_, time)| time.saturating_add(1));
        match (self.stage, self.low, self.mends) {
            (Stage::Topping, ..) => NOW,
            // Whether the server finds rows by the one instant they all show.
            (Stage::Looking, Some(low), _) if self.is_one_instant() => low + 1,
            (Stage::Looking, ..) | (_, _, MENDS) => self.recent_end,
            (_, None, _) => NOW,
            (_, Some(_), 1) => newer(self.recent.len() / 2),
            (_, Some(low), _) => low + 1 - i64::from(self.step),
        }
    }

    /// Whether an answer that goes on below `instant` is there, or to be expected.
    fn is_covered(&self, instant: i64, span: Option<i64>) -> bool {
        // An answer spans a page, or somewhat less.
        let reach = span.or(self.span).map_or(1, |span| (span - span / 7).max(1));
        self.asked.values().any(|&(end, _)| end > instant && end <= instant.saturating_add(reach))
            || self.islands.iter().any(|(&end, island)| end > instant && island.oldest.is_none_or(|o| o < instant))
    }

    /// How far below the beginning of a stretch the next one begins.
    fn stride(&self) -> Option<i64> {
        self.span.map(|span| span.saturating_mul(STRETCH)).filter(|_| self.most > 1)
    }

    pub(crate) fn take(&mut self, ticket: Ticket, page: Page<R>, mut enter: impl FnMut(R) -> bool) {
        let Some((end, limit)) = self.asked.remove(&ticket) else { return };
        if self.stage == Stage::Ended {
            return;
        }
        let len = page.rows.len() + page.unreadable.len();
        let full = len >= limit as usize;
        let ((question, word, side), asked) = (self.words(), self.shown(end));
        for row in page.unreadable {
            self.gap(format!("row {} of the page {side} {question} {asked} could not be read: {}", row.index, row.why));
        }
        let times: Vec<i64> = page.rows.iter().filter_map(Row::joined).collect();
        if times.len() < page.rows.len() {
            self.doubt(&format!("rows without {word} prove nothing about the list"));
        }
        if !times.is_sorted_by_key(|&time| Reverse(time)) {
            self.disordered = true;
            self.gap(format!("the rows {side} {question} {asked} are not in the order of their {word}"));
        }
        let (newest, oldest) = (times.iter().copied().max(), times.iter().copied().min());
        if len == 0 {
            self.floor = self.floor.max(end.min(NOW - 1)).min(self.low.unwrap_or(NOW));
        } else if !full {
            self.hint = self.hint.max(oldest.unwrap_or(0));
        } else if let (Some(newest), Some(oldest)) = (newest, oldest)
            && newest > oldest
            && self.islands.first_key_value().is_none_or(|(&lowest, _)| end < lowest)
        {
            // The lowest page says best how far below it to ask.
            self.span = Some(newest - oldest);
        }
        if newest.is_some_and(|newest| newest > end) || (oldest.is_none() && len > 0) {
            for row in page.rows {
                enter(row);
            }
            if newest.is_some() {
                self.disordered = true;
                self.end_with_gap(format!("the server does not heed {question}: the rest cannot be reached"));
            } else if full {
                self.end_with_gap(format!("a full page has no {word}: the rest cannot be asked for"));
            } else if end == NOW {
                self.stage = Stage::Ended;
            } else {
                self.end_with_gap(format!("a page has no {word}: the rest cannot be asked for"));
            }
            return;
        }
        let island = Island { rows: page.rows, full, oldest, at: page.at, span: span(times.iter().copied(), full) };
        match self.stage {
            Stage::Probing => return self.probed_at(end, island, &mut enter),
            Stage::Topping if end == NOW => return self.topped(island, &mut enter),
            _ if len == 0 && self.low.is_some_and(|low| end < low) && end != self.head() => return,
            _ => {}
        }
        self.islands.insert(end, island);
        self.settle(&mut enter);
    }

    /// Takes what reaches the part that has been read, the highest first.
    fn settle(&mut self, enter: &mut impl FnMut(R) -> bool) {
        while self.stage != Stage::Ended {
            let head = self.head();
            let reaches = |end: i64| match self.low {
                None => end == NOW,
                Some(low) => end == head || (end > low && self.step == 0),
            };
            let Some(end) = self.islands.keys().rev().copied().find(|&end| reaches(end)) else { return };
            let Some(island) = self.islands.remove(&end) else { return };
            self.accept(end, island, end == head, enter);
        }
        // The other way round they joined since.
        if !self.mirrored
            && self.low.is_some_and(|low| self.islands.values().any(|island| island.oldest.is_some_and(|o| o < low)))
        {
            self.doubt("rows turned up below the end of the list");
        }
        self.hand_over(enter);
    }

    fn accept(&mut self, end: i64, island: Island<R>, is_head: bool, enter: &mut impl FnMut(R) -> bool) {
        let Island { rows, full, oldest, at, .. } = island;
        let looked = self.stage == Stage::Looking && is_head;
        let low = self.low;
        if let Some(low) = low
            && end > low
            && !looked
            && self.mends <= MENDS
            && oldest.is_none_or(|oldest| oldest <= low)
            && !self.joins(&rows)
        {
            // Everybody of that instant may have left: ask again from further up, where somebody stayed. The last time
            // that is the question which brought the page above: then all of that page left, and this one is in its place.
            if !is_head {
                self.mends = self.mends.max(1);
                return;
            }
            if self.mends < MENDS {
                self.mends += 1;
                return;
            }
        }

        let keys: Vec<(String, i64)> =
            rows.iter().filter_map(|row| Some((row.id().to_owned(), row.joined()?))).collect();
        let mut new = 0;
        for row in rows {
            let time = row.joined();
            let is_new = enter(row);
            new += usize::from(is_new);
            // Only the answer at the head is sure to be younger than what was read: others may show who has left since.
            let had_been_read = low
                .zip(time)
                .is_some_and(|(low, time)| is_head && time <= self.top && (time > low || (looked && time == low)));
            if is_new && had_been_read {
                self.disturbed = true;
                self.doubt("rows turned up in a stretch that had been read");
            }
        }
        let (short_at, after_short) = (self.short_at, self.step > 0 || (is_head && !self.recent_full));
        if is_head && !full && self.step == 0 {
            self.short_at = at;
        }
        if self.mirrored && is_head {
            self.thin = if new * 4 >= self.limit as usize { 0 } else { self.thin + 1 };
            if self.thin > THIN {
                return self.end_with_gap("the list grows as fast as it is read");
            }
        }
        if is_head {
            self.depth = (self.depth + 1).min(self.most);
        } else {
            // An answer asked for ahead of time that brought little was asked for too close to another.
            let some = new * 4 >= self.limit as usize;
            self.depth = if some { (self.depth + 1).min(self.most) } else { (self.depth / 2).max(1) };
        }

        match oldest {
            Some(oldest) if low.is_none_or(|low| oldest < low) => {
                if low.is_none() {
                    self.top = keys.iter().map(|(_, time)| *time).max().unwrap_or(oldest);
                    if self.check == Check::Top {
                        self.first.clone_from(&keys);
                    }
                }
                if let Some(low) = low.filter(|_| self.mirrored && after_short) {
                    if self.joined_since(short_at, low, &keys) {
                        return self.bottom();
                    }
                    if self.step == 0 {
                        self.clamped = true;
                        self.doubt("the server gives fewer rows than are asked for");
                    }
                }
                if self.step > 0 && self.hint_was_wrong(low) {
                    // The short page was no end, so rows of its oldest instant may not have fitted on it.
                    self.clamped = true;
                    self.doubt("the server gives fewer rows than are asked for");
                    (self.step, self.stage) = (0, Stage::Reading);
                    return;
                }
                if looked && low.is_some() {
                    self.doubt("rows turned up below the end of the list");
                }
                (self.low, self.recent, self.recent_end) = (Some(oldest), keys, end);
                self.recent_full = full;
                (self.mends, self.stage) = (0, Stage::Reading);
                // A short page ends the list, as the documents have it: the next question is what is below. Where nothing
                // else is looked at, it may have been cut within its oldest instant: that is asked for first.
                self.step = u8::from(!full && !self.clamped && !self.mirrored);
                self.end_at_floor();
            }
            _ if looked => {
                self.shows_the_same(&keys, short_at);
                if self.is_one_instant() && oldest != self.low {
                    self.doubt("all rows have the same time, and the server does not find them by it");
                }
                self.bottom();
            }
            None if low.is_none_or(|low| end > low) || is_head => self.bottom(),
            _ if is_head && (1..=MENDS).contains(&self.mends) => {
                // More overlap brought nothing from below.
                self.mends += 1;
                if self.mends == MENDS + 1 {
                    self.disordered = true;
                    self.gap(format!("the pages around {} cannot be joined", self.shown(low.unwrap_or(NOW))));
                }
            }
            // Whoever left is missing from the next answer too.
            Some(_) if is_head && !full && !self.shows_the_same(&keys, short_at) => {}
            Some(oldest) if is_head => self.stand_still(oldest, full),
            _ => {}
        }
    }

    /// A page at the head that holds nothing but rows of the oldest instant.
    fn stand_still(&mut self, oldest: i64, full: bool) {
        let shown = self.shown(oldest);
        if self.low == Some(oldest) && full {
            let entered = if self.mirrored { "joined" } else { "entered" };
            self.gap(format!("a full page holds only members who {entered} at {shown}: there may be more of them"));
        }
        self.step += 1;
        // Where a row of `endtime` itself is given, two milliseconds below is the first question without it.
        if self.step > 2 {
            self.end_with_gap(format!("the list cannot be read {} {shown}", self.words().2));
        } else {
            self.end_at_floor();
        }
    }

    /// Whether another answer shows those of the oldest instant who are known, where nothing else is looked at. One who is not
    /// known did not fit before, or joined since.
    fn shows_the_same(&mut self, keys: &[(String, i64)], short_at: Option<i64>) -> bool {
        let Some(low) = self.low.filter(|_| self.mirrored && !self.clamped) else { return true };
        let of_low = |keys: &[(String, i64)]| -> std::collections::HashSet<String> {
            keys.iter().filter(|(_, time)| *time == low).map(|(id, _)| id.clone()).collect()
        };
        let (known, shown) = (of_low(&self.recent), of_low(keys));
        // On a full page not all of them may have fitted.
        let may_grow = std::mem::take(&mut self.recent_full);
        if !may_grow && !shown.is_subset(&known) && short_at.is_none_or(|at| self.shown(low) < at) {
            self.clamped = true;
            self.doubt("the server gives fewer rows than are asked for");
        }
        self.recent.retain(|(id, time)| *time != low || shown.contains(id));
        self.recent.extend(shown.difference(&known).map(|id| (id.clone(), low)));
        shown.len() >= known.len()
    }

    /// Where it is known that nothing is below, nothing needs to be asked.
    fn end_at_floor(&mut self) {
        let Some(low) = self.low else { return };
        let known = self.floor >= low && self.limit >= MAX_LIMIT;
        if (self.step > 0 && known) || low + 1 - i64::from(self.step) < 1 {
            self.bottom();
        }
    }

    fn hint_was_wrong(&self, low: Option<i64>) -> bool {
        !self.clamped && self.step > 0 && low.is_some_and(|low| self.hint >= low)
    }

    /// Nothing is below.
    fn bottom(&mut self) {
        // That a list ends behind a full page is looked at twice: an empty answer may be a mistake.
        let looked = self.stage == Stage::Looking;
        let doubtful = self.recent_full && !self.mirrored;
        let look = !looked && (doubtful || self.is_one_instant() || self.check == Check::Bottom);
        self.stage = match self.check {
            _ if look => Stage::Looking,
            Check::Top if self.low.is_some() && self.recent_end != NOW => Stage::Topping,
            _ => Stage::Ended,
        };
        (self.step, self.mends) = (0, 0);
    }

    /// Several rows of one single instant are the whole list.
    fn is_one_instant(&self) -> bool {
        self.recent_end == NOW && self.recent.len() > 1 && self.recent.iter().all(|(_, time)| *time == self.top)
    }

    /// The top of the list once more: whoever moved there or joined after the first page was read is above those who stayed.
    fn topped(&mut self, island: Island<R>, enter: &mut impl FnMut(R) -> bool) {
        let Island { rows, full, oldest, .. } = island;
        let first: std::collections::HashSet<(&str, i64)> =
            self.first.iter().map(|(id, time)| (id.as_str(), *time)).collect();
        let joins = rows.iter().any(|row| row.joined().is_some_and(|time| first.contains(&(row.id(), time))));
        if full && (!joins || oldest.is_none_or(|oldest| oldest >= self.top)) {
            self.disturbed = true;
            self.doubt("more members came to the top of the list while it was read than a page holds");
        }
        let top = self.top;
        for row in rows {
            let time = row.joined();
            if enter(row) && time.is_some_and(|time| time < top) {
                self.disturbed = true;
                self.doubt("rows turned up in a stretch that had been read");
            }
        }
        self.stage = Stage::Ended;
    }

    /// Whether all of those below `low`, behind a page that was not full, joined after it was answered: then it was the end.
    /// Where the clock of join times is behind that of answers, some who did seem to have been left out.
    fn joined_since(&self, short_at: Option<i64>, low: i64, keys: &[(String, i64)]) -> bool {
        let mut below = keys.iter().map(|(_, time)| *time).filter(|&time| time < low);
        short_at.is_some_and(|at| below.all(|time| self.shown(time) >= at))
    }

    /// An instant below the end.
    fn probed_at(&mut self, end: i64, island: Island<R>, enter: &mut impl FnMut(R) -> bool) {
        let Island { rows, oldest, .. } = island;
        self.probes.retain(|&probe| probe != end);
        let keys: Vec<(String, i64)> =
            rows.iter().filter_map(|row| Some((row.id().to_owned(), row.joined()?))).collect();
        let mut unknown = false;
        for row in rows {
            unknown |= enter(row);
        }
        // Where the list was read on below this instant meanwhile, those who are known say nothing of what is below them.
        if let Some(oldest) = oldest.filter(|&oldest| unknown || self.low.is_none_or(|low| oldest < low)) {
            let low = self.low.unwrap_or(end);
            self.gap(format!(
                "the list seemed to end at {low}, and there are members below {end}: others may be between"
            ));
            (self.low, self.recent, self.recent_end) = (Some(oldest), keys, end);
            (self.stage, self.clamped, self.step) = (Stage::Reading, true, 0);
            self.probes.clear();
            self.asked.clear();
        } else if self.probes.is_empty() {
            self.stage = Stage::Ended;
        }
    }

    /// Whether somebody of the page above, with the same time, is among `rows`.
    fn joins(&self, rows: &[R]) -> bool {
        let known: std::collections::HashSet<(&str, i64)> =
            self.recent.iter().map(|(id, time)| (id.as_str(), *time)).collect();
        rows.iter().any(|row| row.joined().is_some_and(|time| known.contains(&(row.id(), time))))
    }

    fn end_with_gap(&mut self, why: impl Into<String>) {
        self.gap(why);
        self.stage = Stage::Ended;
        self.islands.clear();
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

/// How many milliseconds a full page spans.
fn span(times: impl Iterator<Item = i64>, full: bool) -> Option<i64> {
    let (newest, oldest) =
        times.fold((i64::MIN, i64::MAX), |(newest, oldest), time| (newest.max(time), oldest.min(time)));
    (full && newest > oldest).then(|| newest - oldest)
}
