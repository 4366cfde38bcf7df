//! How a group is listed: its external members, and its staff where that is wanted, each a [grid](crate::grid) of pages.

use std::collections::BTreeSet;

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Walk};
use serde::{Deserialize, Serialize};

use crate::error::{Error, WalkError};
use crate::get_group_members::{self, Member};
use crate::grid::{Grid, Reading, Verdict};
use crate::options::RosterOptions;
use crate::types::MemberStatus;
use crate::{get_group_employees, get_list};

/// The members of one group as a stream, and a report on how sure it is.
pub type Roster = walk::Roster<RosterWalk>;

/// The members of one group, and how sure that is.
pub type Listing = walk::Listing<Member>;

/// Sets the tickets of the staff apart.
const EMPLOYEES: Ticket = 1 << 63;

/// How far the shop's clock may be off, in seconds.
const CLOCKS: i64 = 600;

impl walk::Row for Member {
    fn id(&self) -> &str {
        &self.userid
    }

    fn joined(&self) -> Option<i64> {
        self.joined()
    }
}

/// The walk over one group. It does no I/O; saved with serde, it can be taken up again by
/// [`Enterprise::resume`](crate::Enterprise::resume). What is saved holds people's data, and no session.
#[derive(Clone, Serialize, Deserialize)]
pub struct RosterWalk {
    group: u64,
    options: RosterOptions,
    ahead: u64,
    since: i64,
    ledger: Ledger<Member>,
    phase: Phase,
    /// What all lists so far proved.
    proved: Completeness,
    /// Gaps of the list that is read, and of those that were read before it: a new reading starts without the former.
    unreadable: Vec<String>,
    kept: Vec<String>,
    /// The group's id in WeCom, which all rows share.
    chat: Option<String>,
    left: BTreeSet<u64>,
    /// Whether a row did not say whether its person left.
    unsaid: bool,
    /// How many the server counts in each list.
    customers: Option<Counted>,
    staff: Option<Counted>,
}

/// What a server's count of a list was while it was read.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Counted {
    least: u64,
    most: u64,
    last: u64,
}

impl Counted {
    fn at(count: u64) -> Self {
        Self { least: count, most: count, last: count }
    }

    fn and(self, count: u64) -> Self {
        Self { least: self.least.min(count), most: self.most.max(count), last: count }
    }
}

#[derive(Clone, Serialize, Deserialize)]
enum Phase {
    /// The external members.
    Members { grid: Grid },
    /// Nobody: is there such a group?
    Exists { asked: bool },
    /// The staff.
    Employees { grid: Grid },
    /// The end.
    Done,
}

impl std::fmt::Debug for RosterWalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phase = match &self.phase {
            Phase::Members { .. } => "Members",
            Phase::Exists { .. } => "Exists",
            Phase::Employees { .. } => "Employees",
            Phase::Done => "Done",
        };
        f.debug_struct("RosterWalk")
            .field("group", &self.group)
            .field("phase", &phase)
            .field("members", &self.ledger.members())
            .finish_non_exhaustive()
    }
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A page of the external members.
    Members(get_group_members::Request),
    /// A page of the staff.
    Employees(get_group_employees::Request),
    /// The group itself.
    Group(get_list::Request),
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Ask::Members`] and [`Ask::Employees`].
    Members(get_group_members::Response),
    /// To [`Ask::Group`].
    Group(get_list::Response),
}

/// Whether getList knows a group.
enum Found {
    Yes,
    /// And it counts members in it.
    Peopled(u64),
    No,
    /// It did not say, and why.
    Unknown(String),
}

impl Found {
    fn of(group: u64, answer: &get_list::Response) -> Self {
        match &answer.data.list {
            None => Self::Unknown("getList answered without a list".to_owned()),
            Some(list) if list.data.iter().any(|row| row.id == group) => {
                let counts = list.data.iter().filter(|row| row.id == group).filter_map(|row| row.customer_count);
                counts.max().filter(|&count| count > 0).map_or(Self::Yes, Self::Peopled)
            }
            Some(list) if !list.rejected.is_empty() || list.total.is_some_and(|total| total > list.rows()) => {
                Self::Unknown("getList answered with fewer rows than it counts, or with unreadable ones".to_owned())
            }
            Some(_) => Self::No,
        }
    }
}

impl RosterWalk {
    /// `now` is in seconds since 1970-01-01 UTC.
    pub(crate) fn new(group: u64, options: RosterOptions, concurrency: usize, now: i64) -> Self {
        let (ahead, since) = (concurrency as u64 * 2, now.saturating_sub(CLOCKS));
        let mut ledger = Ledger::default();
        if !options.employees {
            ledger.note("these are the external members; the staff in the group is another list");
        }
        Self {
            group,
            ahead,
            since,
            ledger,
            phase: Phase::Members { grid: Grid::new(options.passes, ahead, since) },
            options,
            proved: Completeness::Stable,
            unreadable: Vec::new(),
            kept: Vec::new(),
            chat: None,
            left: BTreeSet::new(),
            unsaid: false,
            customers: None,
            staff: None,
        }
    }

    /// The group that is walked.
    #[must_use]
    pub fn group(&self) -> u64 {
        self.group
    }

    fn page(&mut self, ticket: Ticket, reading: Reading) -> Result<(), Error> {
        let employees = matches!(self.phase, Phase::Employees { .. });
        let (Phase::Members { grid } | Phase::Employees { grid }) = &mut self.phase else { return Ok(()) };
        // Before the page counts as read: after the error it is asked for again.
        for row in &reading.rows {
            let chat = row.chat_id.as_deref().filter(|chat| !chat.is_empty());
            match (&self.chat, chat) {
                (Some(known), Some(chat)) if known != chat => {
                    return Err(WalkError::new("the server answered with members of several groups").into());
                }
                (None, Some(chat)) => self.chat = Some(chat.to_owned()),
                _ => {}
            }
        }
        for reading in grid.take(ticket & !EMPLOYEES, reading) {
            for row in &reading.rows {
                self.unsaid |= !matches!(row.status, Some(MemberStatus::InGroup | MemberStatus::Left));
            }
            // The count of the other list may be missing here, or 0.
            let (count, counted) = match employees {
                true => (reading.employees, &mut self.staff),
                false => (reading.customers, &mut self.customers),
            };
            if let Some(count) = count {
                *counted = Some(counted.map_or(Counted::at(count), |before| before.and(count)));
            }
            let (gone, rows): (Vec<Member>, Vec<Member>) = reading.rows.into_iter().partition(Member::has_left);
            self.left.extend(gone.iter().map(|row| row.id));
            self.unreadable.extend(reading.unreadable.iter().cloned());
            self.ledger.enter(Page::new(rows, None), 0);
            reading.unreadable.into_iter().for_each(|why| self.ledger.gap(why));
        }
        match grid.verdict().cloned() {
            Some(verdict) => self.end_of_list(verdict),
            None if grid.is_again() => {
                // What this reading cannot read either, it notes again.
                self.ledger.begin_pass();
                self.unreadable.clear();
                self.left.clear();
                for gap in &self.kept {
                    self.ledger.gap(gap.as_str());
                }
            }
            None => {}
        }
        Ok(())
    }

    fn end_of_list(&mut self, verdict: Verdict) {
        let of_members = matches!(self.phase, Phase::Members { .. });
        self.kept.append(&mut self.unreadable);
        match verdict {
            Verdict::Whole => {}
            Verdict::Empty if of_members => {
                self.phase = Phase::Exists { asked: false };
                return;
            }
            Verdict::Empty => {}
            Verdict::Unproved(why) => {
                self.proved = Completeness::Unverified;
                why.into_iter().for_each(|why| self.ledger.note(why));
            }
            Verdict::Gap(why) => {
                self.proved = Completeness::Unverified;
                self.ledger.gap(why.as_str());
                self.kept.push(why);
            }
        }
        self.next_list(of_members);
    }

    fn next_list(&mut self, of_members: bool) {
        self.phase = if of_members && self.options.employees {
            Phase::Employees { grid: Grid::new(self.options.passes, self.ahead, self.since) }
        } else {
            self.end();
            Phase::Done
        };
    }

    /// Holds what was found against what the server counts: in both lists, where both were read.
    fn end(&mut self) {
        let staff = if self.options.employees { self.staff } else { Some(Counted::at(0)) };
        if let Some((customers, staff)) = self.customers.zip(staff) {
            self.ledger.declare(customers.least.saturating_add(staff.least));
            self.ledger.declare(customers.most.saturating_add(staff.most));
            self.ledger.declare(customers.last.saturating_add(staff.last));
        }
        if self.unsaid {
            self.ledger.note("rows that do not say whether somebody left are taken for members");
            if !self.ledger.agrees() {
                self.proved = Completeness::Unverified;
            }
        }
    }

    /// A list without rows is what a group without external members has, and one that is not there.
    fn exists(&mut self, found: Found) {
        let why = match found {
            Found::Yes => None,
            Found::Peopled(count) => {
                let gap = format!("getList counts {count} external members, and the list has no row");
                self.ledger.gap(gap.as_str());
                self.kept.push(gap);
                None
            }
            Found::No => Some("no row at all, and the group was not found in getList: check its id".to_owned()),
            Found::Unknown(why) => {
                Some(format!("no row at all, and whether there is such a group could not be told: {why}"))
            }
        };
        if let Some(why) = why {
            self.proved = Completeness::Unverified;
            self.ledger.note(why);
        }
        self.next_list(true);
    }
}

impl Walk for RosterWalk {
    type Request = Ask;
    type Answer = Answer;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Ask)> {
        let group = self.group;
        match &mut self.phase {
            Phase::Members { grid } => {
                let (ticket, page) = grid.want()?;
                Some((ticket, Ask::Members(get_group_members::Request::new(group).page(page))))
            }
            Phase::Employees { grid } => {
                let (ticket, page) = grid.want()?;
                Some((ticket | EMPLOYEES, Ask::Employees(get_group_employees::Request::new(group).page(page))))
            }
            Phase::Exists { asked } => (!std::mem::replace(asked, true)).then(|| {
                let request = get_list::Request { id: Some(group), ..get_list::Request::new() };
                (0, Ask::Group(request))
            }),
            Phase::Done => None,
        }
    }

    fn take(&mut self, ticket: Ticket, answer: Result<Answer, Error>) -> Result<(), Error> {
        let employees = ticket & EMPLOYEES != 0;
        let expected = match &self.phase {
            Phase::Members { grid } => !employees && grid.expects(ticket),
            Phase::Employees { grid } => employees && grid.expects(ticket & !EMPLOYEES),
            Phase::Exists { .. } => ticket == 0,
            Phase::Done => false,
        };
        if !expected {
            // A page behind the end of a reading that is over.
            return Ok(());
        }
        let outcome = match answer {
            Ok(Answer::Members(answer)) => self.page(ticket, answer.into()),
            Ok(Answer::Group(answer)) => {
                self.exists(Found::of(self.group, &answer));
                Ok(())
            }
            // Not everybody who may see members may see groups.
            Err(error @ (Error::Api(_) | Error::Decode(_))) if matches!(self.phase, Phase::Exists { .. }) => {
                self.exists(Found::Unknown(error.to_string()));
                Ok(())
            }
            Err(error) => Err(error),
        };
        outcome.inspect_err(|error| {
            let place = match &mut self.phase {
                Phase::Members { grid } | Phase::Employees { grid } => {
                    grid.failed(ticket & !EMPLOYEES);
                    format!(" at page {}", grid.page())
                }
                _ => String::new(),
            };
            self.ledger.stop(format!("stopped{place}: {error}"));
        })
    }

    fn row(&mut self) -> Option<Member> {
        self.ledger.row()
    }

    fn ready(&self) -> usize {
        self.ledger.ready()
    }

    fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done) || self.ledger.is_stopped()
    }

    fn restart(&mut self) {
        self.ledger.go_on();
        match &mut self.phase {
            Phase::Members { grid } | Phase::Employees { grid } => grid.restart(),
            Phase::Exists { asked } => *asked = false,
            Phase::Done => {}
        }
    }

    fn findings(&self) -> Findings {
        let mut findings = self.ledger.findings(match self.phase {
            Phase::Done => self.ledger.against_total(self.proved),
            _ => Completeness::Unverified,
        });
        if !self.options.employees {
            // The last word of a walk that was broken off, too.
            findings.declared_total = findings.declared_total.or(self.customers.map(|customers| customers.last));
        }
        if !self.left.is_empty() {
            findings.notes.push(format!("{} rows are of people who left, and were not given out", self.left.len()));
        }
        findings
    }
}
