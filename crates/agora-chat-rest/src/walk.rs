//! How a group's members are walked: its description, which may hold everybody, else a chain of pages.

use std::collections::BTreeSet;
use std::{fmt, mem};

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Unreadable, Walk};
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::chatgroups_details::Group;
use crate::chatgroups_users::{Member, Role};
use crate::error::{Error, WalkError};
use crate::options::RosterOptions;
use crate::{chatgroups_admin, chatgroups_details, chatgroups_users};

/// The members of one group as a stream, and a report on how sure it is.
pub type Roster = walk::Roster<RosterWalk>;

/// The members of one group, and how sure that is.
pub type Listing = walk::Listing<Member>;

impl walk::Row for Member {
    fn id(&self) -> &str {
        &self.user_id
    }

    fn joined(&self) -> Option<i64> {
        // 0 is what a server writes that does not know.
        self.joined_time.and_then(|time| time.try_into().ok()).filter(|&time| time > 0)
    }
}

/// The walk over one group. It does no I/O; saved with serde, it can be taken up again by
/// [`Client::resume`](crate::Client::resume). What is saved holds people's data.
#[derive(Clone, Serialize, Deserialize)]
pub struct RosterWalk {
    group: String,
    options: RosterOptions,
    ahead: usize,
    ledger: Ledger<Member>,
    admins: BTreeSet<String>,
    /// The owner and the admins, as far as they have not come yet.
    awaited: BTreeSet<String>,
    phase: Phase,
}

#[derive(Clone, Serialize, Deserialize)]
enum Phase {
    /// Who are the admins?
    Admins { asked: bool },
    /// How large is the group, and does its description hold everybody?
    Details { asked: bool },
    /// Page by page.
    Chain { chain: Box<Chain> },
    /// Fewer were found than were counted: how many are there now?
    Recount { asked: bool },
    /// The end, and whether the list was proved whole.
    Done { proved: bool },
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Who the admins are.
    Admins(chatgroups_admin::Request),
    /// What the group is like.
    Details(chatgroups_details::Request),
    /// A page of members.
    Users(chatgroups_users::Request),
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum Answered {
    /// To [`Ask::Admins`].
    Admins(chatgroups_admin::Response),
    /// To [`Ask::Details`].
    Details(chatgroups_details::Response),
    /// To [`Ask::Users`].
    Users(chatgroups_users::Response),
}

/// Counts, no people.
impl fmt::Debug for RosterWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RosterWalk")
            .field("group", &self.group)
            .field("options", &self.options)
            .field("members", &self.ledger.members())
            .finish_non_exhaustive()
    }
}

impl RosterWalk {
    pub(crate) fn new(group: String, options: RosterOptions, concurrency: usize) -> Self {
        let phase = if options.admins { Phase::Admins { asked: false } } else { Phase::Details { asked: false } };
        Self {
            group,
            options,
            ahead: concurrency * 2,
            ledger: Ledger::default(),
            admins: BTreeSet::new(),
            awaited: BTreeSet::new(),
            phase,
        }
    }

    /// The group that is walked.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    pub(crate) fn options(&self) -> &RosterOptions {
        &self.options
    }

    fn admins(&mut self, answer: chatgroups_admin::Response) {
        for row in &answer.rejected {
            self.ledger.note(format!("an admin could not be read: {}", row.reason));
        }
        self.awaited.extend(answer.data.iter().cloned());
        self.admins = answer.data.into_iter().collect();
        self.phase = Phase::Details { asked: false };
    }

    fn own(&self, answer: chatgroups_details::Response) -> Result<Group, Error> {
        let found = answer.data.into_iter().find(|group| group.id == self.group);
        found.ok_or_else(|| WalkError::new("the answer describes other groups than the one it was asked for").into())
    }

    fn details(&mut self, answer: chatgroups_details::Response) -> Result<(), Error> {
        let group = self.own(answer)?;
        if let Some(count) = group.affiliations_count {
            self.ledger.declare(count);
        }
        if self.options.snapshot
            && let Some(members) = group.snapshot()
        {
            let rows = self.named(members.to_vec());
            self.ledger.enter(Page::new(rows, None), 0);
            self.ledger.note("everybody came with the group's description, in one answer");
            self.phase = Phase::Done { proved: true };
            return Ok(());
        }
        self.awaited.extend(group.owner);
        let chain = Chain::new(self.options.page_size, self.ahead, group.affiliations_count);
        self.phase = Phase::Chain { chain: Box::new(chain) };
        Ok(())
    }

    fn users(&mut self, ticket: Ticket, answer: chatgroups_users::Response) {
        let mut page = Page::new(self.named(answer.data), None);
        let rejected = answer.rejected.into_iter();
        page.unreadable = rejected.map(|row| Unreadable { index: row.index as u64, why: row.reason }).collect();
        if let Phase::Chain { chain } = &mut self.phase {
            chain.take(&mut self.ledger, ticket, page);
        }
        self.end_of_chain();
    }

    /// Rows with the admins among them called so.
    fn named(&mut self, mut rows: Vec<Member>) -> Vec<Member> {
        for row in &mut rows {
            if matches!(row.role, Role::Member | Role::Unknown) && self.admins.contains(&row.user_id) {
                row.role = Role::Admin;
            }
        }
        rows
    }

    fn end_of_chain(&mut self) {
        let Phase::Chain { chain } = &self.phase else { return };
        if !chain.is_done() {
            return;
        }
        // Without join times a chain of several pages proves nothing; one page that holds as many as are counted needs none.
        let proved = chain.is_proved() || (chain.came_at_once(self.ledger.declared()) && self.ledger.agrees());
        self.phase = match proved && self.ledger.falls_short() {
            true => Phase::Recount { asked: false },
            false => Phase::Done { proved },
        };
    }

    fn recount(&mut self, answer: chatgroups_details::Response) -> Result<(), Error> {
        if let Some(count) = self.own(answer)?.affiliations_count {
            self.ledger.declare(count);
        }
        self.phase = Phase::Done { proved: true };
        Ok(())
    }

    fn stop(&mut self, error: &Error) {
        let place = match &mut self.phase {
            Phase::Chain { chain } => format!(" at row {}", chain.stop(&mut self.ledger)),
            _ => String::new(),
        };
        self.ledger.stop(format!("stopped{place}: {error}"));
    }

    fn ask_details(&self) -> Ask {
        Ask::Details(chatgroups_details::Request::new([self.group.as_str()]).with_joined_time())
    }
}

impl Walk for RosterWalk {
    type Request = Ask;
    type Answer = Answered;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Ask)> {
        match &mut self.phase {
            Phase::Admins { asked } => (!mem::replace(asked, true))
                .then(|| (0, Ask::Admins(chatgroups_admin::Request::new(self.group.as_str())))),
            Phase::Details { asked } | Phase::Recount { asked } => {
                (!mem::replace(asked, true)).then(|| (0, self.ask_details()))
            }
            Phase::Chain { chain } => {
                let wanted = chain.want(&mut self.ledger);
                self.end_of_chain();
                let (ticket, pagenum, pagesize) = wanted?;
                Some((ticket, Ask::Users(chatgroups_users::Request::page(self.group.as_str(), pagenum, pagesize))))
            }
            Phase::Done { .. } => None,
        }
    }

    fn take(&mut self, ticket: Ticket, answer: Result<Answered, Error>) -> Result<(), Error> {
        let outcome = match answer {
            Ok(Answered::Admins(answer)) => {
                self.admins(answer);
                Ok(())
            }
            Ok(Answered::Details(answer)) if matches!(self.phase, Phase::Recount { .. }) => self.recount(answer),
            Ok(Answered::Details(answer)) => self.details(answer),
            Ok(Answered::Users(answer)) => {
                self.users(ticket, answer);
                Ok(())
            }
            Err(error) => Err(error),
        };
        outcome.inspect_err(|error| self.stop(error))
    }

    fn row(&mut self) -> Option<Member> {
        self.ledger.row().inspect(|row| {
            self.awaited.remove(&row.user_id);
        })
    }

    fn ready(&self) -> usize {
        self.ledger.ready()
    }

    fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done { .. }) || self.ledger.is_stopped()
    }

    fn restart(&mut self) {
        self.ledger.go_on();
        match &mut self.phase {
            Phase::Admins { asked } | Phase::Details { asked } | Phase::Recount { asked } => *asked = false,
            Phase::Chain { chain } => chain.restart(),
            Phase::Done { .. } => {}
        }
    }

    fn findings(&self) -> Findings {
        let done = matches!(self.phase, Phase::Done { .. }) && self.ledger.ready() == 0;
        let proved = matches!(self.phase, Phase::Done { proved: true });
        let findings = |ledger: &Ledger<Member>| {
            let proved = if proved { Completeness::Stable } else { Completeness::Unverified };
            ledger.findings(ledger.against_total(proved))
        };
        if done && !self.awaited.is_empty() {
            // Somebody who became owner or admin meanwhile may have changed places in the list.
            let mut ledger = self.ledger.clone();
            ledger.gap("the group's owner, or one of its admins, is not in the list");
            return findings(&ledger);
        }
        findings(&self.ledger)
    }
}
