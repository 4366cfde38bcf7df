//! Whether two windows of a list overlap. Pure.

use std::collections::HashMap;
use std::mem;

use groupmembers_http::walk::{Ledger, Row as _};
use serde::{Deserialize, Serialize};

use crate::chatgroups_users::Member;

/// Who, and since when.
pub(crate) type Key = (String, Option<i64>);

/// A window that was given out.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) start: u64,
    pub(crate) size: u32,
    pub(crate) len: u64,
    pub(crate) keys: Vec<Key>,
}

impl Left {
    /// The place behind its last row.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.len
    }
}

/// How two windows join.
pub(crate) enum Joint {
    Torn,
    Joined,
    /// Joined, but without join times, or the shared rows stand in another order.
    Weak,
}

pub(crate) fn key(row: &Member) -> Key {
    (row.user_id.clone(), row.joined())
}

/// The rows of a window that are in another page as well: same members, same join times, each counted once.
pub(crate) struct Shared {
    rows: usize,
    /// How many of them have a join time.
    timed: usize,
    in_order: bool,
    /// The first of them in the page: its place in the window, in which so many stand from it on, and its place in the page.
    pub(crate) place: usize,
    from_it_on: usize,
    at: usize,
    /// How many others stand between them in the page.
    between: usize,
}

impl Shared {
    pub(crate) fn of(left: &Left, page: &[Member]) -> Option<Self> {
        let mut places: HashMap<&str, (usize, Option<i64>)> = HashMap::with_capacity(left.keys.len());
        for (id, since) in &left.keys {
            let place = places.len();
            places.entry(id).or_insert((place, *since));
        }
        let (mut found, mut last, mut others) = (None::<Self>, None, 0);
        for (at, row) in page.iter().enumerate() {
            let place = places.get(row.user_id.as_str()).filter(|(_, since)| *since == row.joined());
            let Some(&(place, since)) = place.filter(|(place, _)| last != Some(*place)) else {
                others += usize::from(place.is_none());
                continue;
            };
            let shared = found.get_or_insert_with(|| {
                others = 0;
                let from_it_on = places.len() - place;
                Self { rows: 0, timed: 0, in_order: true, place, from_it_on, at, between: 0 }
            });
            shared.rows += 1;
            shared.timed += usize::from(since.is_some());
            shared.in_order &= last.is_none_or(|last| last < place);
            shared.between += mem::take(&mut others);
            last = Some(place);
        }
        found
    }

    /// Whether they look like people who left and came back under their old join times, and not like the end of the window.
    /// One who came back stands further right than before, and most of those who stood behind them do not stand behind them now.
    /// In front of those who stay stands nobody whom nobody has seen yet, and between them nobody but who joined since.
    fn came_back(&self, left: &Left, start: u64, page: &[Member], ledger: &Ledger<Member>) -> bool {
        let moved_right = start + self.at as u64 > left.start + self.place as u64;
        let strangers = page[..self.at].iter().filter(|row| !ledger.has(&row.user_id)).count();
        (moved_right && self.from_it_on > 2 * self.rows) || strangers + self.between > self.rows
    }
}

/// Whether rows of the left window, same members and same join times, are among `rows`, which begin at `start`, in the same
/// order. One alone may be there by chance, but small pages have places where they cannot share more.
pub(crate) fn joint(left: &Left, start: u64, rows: &[Member], ledger: &Ledger<Member>) -> Joint {
    let Some(shared) = Shared::of(left, rows) else { return Joint::Torn };
    let few = left.keys.len() < 6 || rows.len() < 6 || left.end() == start + 1;
    let enough = shared.timed >= if few { 1 } else { 2 };
    let timeless = shared.timed < shared.rows;
    if (!enough && !timeless) || (shared.timed > 0 && shared.came_back(left, start, rows, ledger)) {
        Joint::Torn
    } else if enough && shared.in_order {
        Joint::Joined
    } else {
        Joint::Weak
    }
}
