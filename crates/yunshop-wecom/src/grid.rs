//! A list in pages of a fixed size, read several pages at a time, and what reading it proves.
//!
//! Rows are numbered as they are made, and come newest first. The first page, read before all others, therefore says what
//! the list is at that moment: so many rows (its `total`), and none with a greater number than its first row. Rows made
//! later have greater numbers. So every row met with that number or a smaller one is a row of that moment's list, and when
//! as many different ones have been met as there were, all of them have been met: whatever came, went or moved meanwhile.
//! One who leaves while another joins does not deceive this count, because the other's number is too great to be counted.
//!
//! What could deceive it is watched for: a total that does not fit its own page, rows that were given an old number although
//! somebody has just joined with them, rows out of order, pages of another size. Then the list is read again, and two readings that met the same
//! rows with the same join times are taken for the list, unless the server's total says that there are more.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use groupmembers_http::walk::Ticket;
use serde::{Deserialize, Serialize};

use crate::Rejected;
use crate::get_group_members::{Member, Response};

/// The vendor's page size, until a page says otherwise.
const PER_PAGE: u64 = 10;

/// Where the number of the reading stands in a ticket.
const PASS: u32 = 48;

/// Pages read of a list that does not say how long it is.
const MOST_PAGES: u64 = 500;

/// So many pages in a row without a row that is new to the reading are taken for a server that turns in circles.
const IDLE: u64 = 32;

/// One list of one group.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grid {
    passes: u32,
    ahead: u64,
    /// Rows of people who joined from here on, or that were changed if nobody knows when they joined, do not count as old. The shop's clock may be off by ten minutes.
    recently: i64,
    pass: Pass,
    /// The rows of the pass before.
    before: Option<Rows>,
    number: u32,
    /// A total that was once exceeded is not believed any more.
    exceeded: bool,
    done: Option<Verdict>,
}

/// Each row's number, and when its person joined, or the row was last changed where nobody knows that.
type Rows = BTreeSet<(u64, Option<i64>)>;

/// One reading.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Pass {
    open: BTreeMap<u64, Slot>,
    /// Pages taken over, in order.
    entered: u64,
    /// The last page that is known of.
    last: u64,
    /// No page behind this one is read, whatever turns up.
    bound: u64,
    per_page: u64,
    /// What the first page said: its first row, and the total.
    top: Option<(u64, Option<u64>)>,
    /// Rows that were there when the first page was read.
    old: HashSet<u64>,
    rows: Rows,
    met: HashSet<u64>,
    /// The smallest number met.
    lowest: u64,
    /// Whether a row came behind one with a smaller number.
    unordered: bool,
    /// Pages in a row that held no row that had not been met.
    idle: u64,
    /// Whether a page had fewer rows than fit on one.
    short: bool,
    /// Whether a page was not of the size it should have been.
    uneven: bool,
    /// Whether a row could not be read, or came without any time to tell it by.
    unreadable: bool,
    timeless: bool,
    /// Why the rest cannot be reached.
    broken: Option<String>,
}

/// A page on its way.
#[derive(Clone, Serialize, Deserialize)]
enum Slot {
    Wanted,
    Asked,
    Read(Reading),
}

/// A page.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) rows: Vec<Member>,
    pub(crate) unreadable: Vec<String>,
    pub(crate) total: Option<u64>,
    pub(crate) customers: Option<u64>,
    pub(crate) employees: Option<u64>,
    page: Option<u64>,
    per_page: Option<u64>,
    /// Whether there was a list in the answer at all.
    said: bool,
}

/// What the readings came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// Everybody who was there throughout was met.
    Whole,
    /// The list holds no row at all.
    Empty,
    /// Nothing was proved, perhaps for a reason that another reading would not change.
    Unproved(Option<String>),
    /// Somebody may be missing.
    Gap(String),
}

impl From<Response> for Reading {
    fn from(answer: Response) -> Self {
        let (list, summary) = (answer.data.list, answer.data.summary);
        let (customers, employees) =
            summary.map_or((None, None), |summary| (summary.in_group_customer_count, summary.in_group_employee_count));
        let said = list.is_some();
        let (rows, rejected, total, page, per_page) = list.map_or_else(Default::default, |list| {
            (list.data, list.rejected, list.total, list.current_page, list.per_page)
        });
        let place = page.map_or_else(|| "a page".to_owned(), |page| format!("page {page}"));
        let reason = |row: Rejected| {
            let prefix = format!("row {}: ", row.index);
            let why = row.reason.strip_prefix(&prefix).unwrap_or(&row.reason);
            format!("row {} of {place} could not be read: {why}", row.index)
        };
        let unreadable = rejected.into_iter().map(reason).collect();
        Self { rows, unreadable, total, customers, employees, page, per_page, said }
    }
}

impl Reading {
    fn len(&self) -> u64 {
        (self.rows.len() + self.unreadable.len()) as u64
    }
}

impl Grid {
    pub(crate) fn new(passes: u32, ahead: u64, recently: i64) -> Self {
        let pass = Pass { per_page: PER_PAGE, ..Pass::default() };
        Self { passes, ahead, recently, pass, before: None, number: 1, exceeded: false, done: None }
    }

    /// The next page to ask for, and the ticket of its answer.
    pub(crate) fn want(&mut self) -> Option<(Ticket, u64)> {
        let page = self.want_page()?;
        Some((self.ticket(page), page))
    }

    fn ticket(&self, page: u64) -> Ticket {
        u64::from(self.number) << PASS | page
    }

    /// Whether the answer belongs to this reading. Those of an earlier one are older than its first page, and prove nothing.
    pub(crate) fn expects(&self, ticket: Ticket) -> bool {
        let page = ticket & ((1 << PASS) - 1);
        self.ticket(page) == ticket && matches!(self.pass.open.get(&page), Some(Slot::Asked))
    }

    fn want_page(&mut self) -> Option<u64> {
        if self.done.is_some() {
            return None;
        }
        let pass = &mut self.pass;
        let again = pass.open.iter_mut().find(|(_, slot)| matches!(slot, Slot::Wanted));
        if let Some((&page, slot)) = again {
            *slot = Slot::Asked;
            return Some(page);
        }
        let page = pass.open.keys().next_back().map_or(pass.entered, |&page| page) + 1;
        // The first page is read before all others: what it says of the list must be older than they are.
        let until = if pass.entered == 0 { 1 } else { pass.last.max(pass.entered + 1).min(pass.entered + self.ahead) };
        if page > until {
            return None;
        }
        pass.open.insert(page, Slot::Asked);
        Some(page)
    }

    /// Takes a page that is expected. What can be given out comes back, in list order.
    pub(crate) fn take(&mut self, ticket: Ticket, reading: Reading) -> Vec<Reading> {
        let mut entered = Vec::new();
        self.pass.open.insert(ticket & ((1 << PASS) - 1), Slot::Read(reading));
        while matches!(self.pass.open.first_key_value(), Some((_, Slot::Read(_)))) {
            let Some((page, Slot::Read(reading))) = self.pass.open.pop_first() else { break };
            let over = self.enter(page, &reading);
            entered.push(reading);
            if over {
                // Pages that were asked for in vain are not waited for.
                self.pass.open.clear();
                self.judge();
                break;
            }
        }
        entered
    }

    /// Keeps book of a page, and says whether it is the last one.
    fn enter(&mut self, page: u64, reading: &Reading) -> bool {
        let pass = &mut self.pass;
        let rows = reading.len();
        pass.entered = page;
        if let Some(other) = reading.page.filter(|&other| other != page) {
            pass.broken = Some(format!("the server was asked for page {page}, and answered with page {other}"));
        }
        if !reading.said {
            pass.broken = Some("the server answered without a list: nothing is known from it".to_owned());
        }
        if page == 1 {
            pass.per_page = reading.per_page.filter(|&size| size > 0).unwrap_or(rows.max(PER_PAGE));
            pass.top = Some((reading.rows.iter().map(|row| row.id).max().unwrap_or(0), reading.total));
            // Twice what the first page promises; a list that does not say has a bound of its own.
            let promised = reading.total.map(|total| (total / pass.per_page).saturating_mul(2).saturating_add(64));
            pass.bound = promised.unwrap_or(MOST_PAGES).min(MOST_PAGES * 200);
        }
        let size = pass.per_page;
        pass.uneven |= reading.per_page.is_some_and(|other| other != size) || rows > size;
        let place = (page - 1).saturating_mul(size);
        if let Some(total) = reading.total {
            pass.uneven |= rows != total.saturating_sub(place).min(size);
            self.exceeded |= rows > 0 && place.saturating_add(rows) > total;
            pass.last = pass.last.max(total / size + 1);
        } else {
            pass.last = pass.last.max(page);
        }

        let newest = pass.top.map_or(0, |(newest, _)| newest);
        let met = pass.met.len();
        for row in &reading.rows {
            let stamp = row.stamp();
            pass.timeless |= stamp.is_none();
            pass.rows.insert((row.id, stamp));
            if pass.met.insert(row.id) {
                // Rows that moved right come again; but no row that is new to the reading may stand behind an older one.
                pass.unordered |= pass.met.len() > 1 && row.id <= newest && row.id > pass.lowest;
                pass.lowest = if pass.met.len() == 1 { row.id } else { pass.lowest.min(row.id) };
            }
            if row.id <= newest && stamp.is_some_and(|stamp| stamp < self.recently) {
                pass.old.insert(row.id);
            }
        }
        pass.unreadable |= !reading.unreadable.is_empty();
        pass.idle = if pass.met.len() == met { pass.idle + 1 } else { 0 };
        if pass.top.and_then(|(_, total)| total).is_some_and(|total| pass.old.len() as u64 > total) {
            self.exceeded = true;
        }
        // A page that is not full and not the last one: who knows what it leaves out.
        pass.uneven |= pass.short && rows > 0;
        pass.short |= rows < size;
        // Without a total only an empty page says that there is nothing more.
        let ends = rows == 0 || (reading.total.is_some() && page >= pass.last && rows < size);
        if !ends && pass.broken.is_none() {
            if pass.idle >= IDLE {
                pass.broken =
                    Some("the server sends the same rows again and again: the rest cannot be reached".to_owned());
            } else if page >= pass.bound {
                pass.broken =
                    Some(format!("the list goes on behind page {page}: it grows while it is read, or has no end"));
                // Another reading would not come to an end either.
                self.number = self.passes;
            }
        }
        ends || pass.broken.is_some()
    }

    /// What the reading that has come to its end proves.
    fn judge(&mut self) {
        let pass = std::mem::replace(&mut self.pass, Pass { per_page: PER_PAGE, ..Pass::default() });
        let told = pass.top.and_then(|(_, total)| total);
        let total = told.filter(|_| !self.exceeded);
        let old = pass.old.len() as u64;
        let even = !pass.unreadable && !pass.uneven && pass.broken.is_none();
        // Somebody who left and came back is told by the join time alone, where the row is the same.
        let mut times = pass.rows.iter().map(|(_, joined)| joined);
        let first = times.next();
        let timeless = pass.timeless || (pass.rows.len() > 1 && times.all(|joined| Some(joined) == first));
        let sound = even && !timeless && !pass.unordered;
        // One page is one moment, and tells without that.
        let at_once = even && pass.entered == 1 && total == Some(pass.met.len() as u64);
        let counted = at_once || (sound && total == Some(old));
        let met = pass.met.len() as u64;
        let falls_short = total.is_some_and(|total| met < total);
        let same = self.before.as_ref() == Some(&pass.rows);
        // Two readings may miss the same person. What the first page told says so, if it told anything: a number that was
        // exceeded elsewhere is no proof, but still a doubt.
        let repeated = sound && same && told.is_some_and(|told| met >= told);
        self.done = if (counted || repeated) && pass.rows.is_empty() {
            Some(Verdict::Empty)
        } else if counted || repeated {
            Some(Verdict::Whole)
        } else if sound && same && told.is_none() {
            let why = "two readings met the same rows, and there is no total to say whether these are all";
            Some(Verdict::Unproved(Some(why.to_owned())))
        } else if even && timeless && !falls_short {
            let why =
                "rows without any time, or all with the same one: whether somebody came back meanwhile cannot be told";
            Some(Verdict::Unproved(Some(why.to_owned())))
        } else if self.number < self.passes {
            None
        } else if let Some(why) = pass.broken {
            Some(Verdict::Gap(why))
        } else if let Some(total) = total.filter(|_| falls_short) {
            Some(Verdict::Gap(format!("the list counts {total} rows, and {met} were found")))
        } else if pass.uneven {
            Some(Verdict::Gap("pages came in sizes that leave room for rows between them".to_owned()))
        } else if pass.unordered {
            Some(Verdict::Unproved(Some(
                "rows do not come newest first: the list proves nothing about itself".to_owned(),
            )))
        } else if pass.unreadable || self.passes == 1 {
            // The rows that could not be read are gaps themselves.
            Some(Verdict::Unproved(None))
        } else {
            Some(Verdict::Gap(format!("read {} times, the list was another one each time", self.number)))
        };
        if self.done.is_none() {
            self.number += 1;
            self.before = Some(pass.rows);
        }
    }

    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        self.done.as_ref()
    }

    /// Whether the reading that has begun is not the first.
    pub(crate) fn is_again(&self) -> bool {
        self.number > 1 && self.pass.entered == 0
    }

    /// Asks again for what was asked and not answered.
    pub(crate) fn restart(&mut self) {
        for slot in self.pass.open.values_mut() {
            if matches!(slot, Slot::Asked) {
                *slot = Slot::Wanted;
            }
        }
    }

    /// Asks again for a page whose answer was an error.
    pub(crate) fn failed(&mut self, ticket: Ticket) {
        self.pass.open.insert(ticket & ((1 << PASS) - 1), Slot::Wanted);
    }

    pub(crate) fn page(&self) -> u64 {
        self.pass.entered + 1
    }
}
