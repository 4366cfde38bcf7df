//! How a team is listed: one answer holds everybody, and is held against the team's own number of members.

use std::fmt;

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Walk};
use serde::{Deserialize, Serialize};

use crate::codes::ApiErrorKind;
use crate::error::{Error, WalkError};
use crate::row::List;
use crate::{team_query, team_query_detail};

/// The members of one team as a stream, and a report on how sure it is.
pub type TeamRoster = walk::Roster<TeamWalk>;

/// The members of one team, and how sure that is.
pub type TeamListing = walk::Listing<TeamMember>;

/// So often the team is asked for, until the answer holds as many as it declares.
const LOOKS: u8 = 3;

/// What somebody is in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TeamRole {
    /// Owns the team.
    Owner,
    /// Manages it.
    Admin,
    /// Everybody else.
    Member,
}

/// Somebody in a team, and what they are in it: the API tells that by the list they stand in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TeamMember {
    /// What they are.
    pub role: TeamRole,
    /// The row.
    #[serde(flatten)]
    pub member: team_query_detail::Member,
}

impl walk::Row for TeamMember {
    fn id(&self) -> &str {
        &self.member.accid
    }

    fn joined(&self) -> Option<i64> {
        self.member.createtime.filter(|&time| time > 0)
    }
}

/// The walk over one team. It does no I/O; saved with serde, it can be taken up again by
/// [`Client::resume_team_roster`](crate::Client::resume_team_roster). What is saved holds people's data, and no credential.
#[derive(Clone, Serialize, Deserialize)]
pub struct TeamWalk {
    tid: u64,
    ledger: Ledger<TeamMember>,
    phase: Phase,
    ticket: Ticket,
    looks: u8,
    /// Members in the last answer, and how many it declares.
    last: u64,
    size: Option<u64>,
    /// Whether the answer has all that it should.
    whole: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Detail { asked: Option<Ticket> },
    Size { asked: Option<Ticket> },
    Done,
}

impl fmt::Debug for TeamWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeamWalk")
            .field("tid", &self.tid)
            .field("members", &self.ledger.members())
            .finish_non_exhaustive()
    }
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum TeamAsk {
    /// The team, with its members.
    Detail(team_query_detail::Request),
    /// The team, for its size.
    Size(team_query::Request),
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum TeamAnswer {
    /// To [`TeamAsk::Detail`].
    Detail(Box<team_query_detail::Response>),
    /// To [`TeamAsk::Size`].
    Size(team_query::Response),
}

impl TeamWalk {
    pub(crate) fn new(tid: u64) -> Self {
        Self {
            tid,
            ledger: Ledger::default(),
            phase: Phase::Detail { asked: None },
            ticket: 0,
            looks: 0,
            last: 0,
            size: None,
            whole: true,
        }
    }

    /// The team that is walked.
    #[must_use]
    pub fn tid(&self) -> u64 {
        self.tid
    }

    fn detail(&mut self, team: team_query_detail::Team) -> Result<(), Error> {
        if team.tid.is_some_and(|tid| tid != self.tid) {
            return Err(WalkError::new("the server answered about another team").into());
        }
        self.looks += 1;
        if team.owner.is_none() {
            self.ledger.gap("the answer holds no owner who can be read");
        }
        if team.admins.is_none() {
            self.ledger.gap("the answer holds no list of admins");
        }
        let (rejected, mut rows) = (team.members.rejected.len(), Vec::new());
        rows.extend(team.owner.map(|member| TeamMember { role: TeamRole::Owner, member }));
        let mut add = |role, list: List<team_query_detail::Member>| {
            for row in list.rejected {
                self.ledger.gap(format!("row {} of the members could not be read: {}", row.index, row.reason));
            }
            rows.extend(list.rows.into_iter().map(|member| TeamMember { role, member }));
        };
        if let Some(admins) = team.admins {
            add(TeamRole::Admin, admins);
        }
        add(TeamRole::Member, team.members);
        // Some answers have the admins among the members as well.
        let accounts: std::collections::HashSet<&str> = rows.iter().map(walk::Row::id).collect();
        self.last = (accounts.len() + rejected) as u64;
        self.size = team.size;
        self.ledger.enter(Page::new(rows, None), 0);
        match self.size {
            Some(_) => self.compare(),
            None => self.phase = Phase::Size { asked: None },
        }
        Ok(())
    }

    /// Holds the answer against the team's size.
    fn compare(&mut self) {
        let Some(size) = self.size else { return self.phase = Phase::Done };
        if size == self.last || self.looks >= LOOKS {
            self.ledger.declare(size);
            if size > self.last && size <= self.ledger.members() {
                self.ledger.gap(format!("{size} members declared, {} in the answer", self.last));
            } else if size < self.last {
                self.whole = false;
                self.ledger.note(format!("{size} members declared, {} in the answer", self.last));
            }
            self.phase = Phase::Done;
        } else {
            // Somebody may have come or gone between two questions.
            self.phase = Phase::Detail { asked: None };
        }
    }
}

impl Walk for TeamWalk {
    type Request = TeamAsk;
    type Answer = TeamAnswer;
    type Row = TeamMember;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, TeamAsk)> {
        let ticket = self.ticket;
        let ask = match &mut self.phase {
            Phase::Detail { asked } if asked.is_none() => {
                *asked = Some(ticket);
                TeamAsk::Detail(team_query_detail::Request::new(self.tid))
            }
            Phase::Size { asked } if asked.is_none() => {
                *asked = Some(ticket);
                TeamAsk::Size(team_query::Request { ope: 0, ..team_query::Request::new([self.tid]) })
            }
            _ => return None,
        };
        self.ticket += 1;
        Some((ticket, ask))
    }

    fn take(&mut self, ticket: Ticket, answer: Result<TeamAnswer, Error>) -> Result<(), Error> {
        let (Phase::Detail { asked } | Phase::Size { asked }) = self.phase else { return Ok(()) };
        if asked != Some(ticket) {
            return Ok(());
        }
        let outcome = match (answer, self.phase) {
            (Ok(TeamAnswer::Detail(answer)), Phase::Detail { .. }) => self.detail(answer.tinfo),
            (Ok(TeamAnswer::Size(answer)), _) => {
                let team = answer.tinfos.rows.into_iter().find(|team| team.tid == self.tid);
                self.size = team.and_then(|team| team.size);
                self.compare();
                Ok(())
            }
            (Ok(TeamAnswer::Detail(_)), _) => Ok(()),
            (Err(Error::Api(error)), Phase::Size { .. })
                if matches!(error.kind, ApiErrorKind::Permission | ApiErrorKind::InvalidRequest) =>
            {
                self.ledger.note(format!("the list could not be compared: {error}"));
                self.compare();
                Ok(())
            }
            (Err(error), _) => Err(error),
        };
        outcome.inspect_err(|error| self.ledger.stop(format!("stopped: {error}")))
    }

    fn row(&mut self) -> Option<TeamMember> {
        self.ledger.row()
    }

    fn ready(&self) -> usize {
        self.ledger.ready()
    }

    fn is_done(&self) -> bool {
        self.phase == Phase::Done || self.ledger.is_stopped()
    }

    fn restart(&mut self) {
        self.ledger.go_on();
        if let Phase::Detail { asked } | Phase::Size { asked } = &mut self.phase {
            *asked = None;
        }
    }

    fn findings(&self) -> Findings {
        // One answer is everybody at one moment; that it is all of them, the size says.
        let done = self.phase == Phase::Done && self.whole;
        let proved = match self.size {
            Some(size) if done && size == self.last => Completeness::Verified,
            _ if done => Completeness::Stable,
            _ => Completeness::Unverified,
        };
        self.ledger.findings(proved)
    }
}
