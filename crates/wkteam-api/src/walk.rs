//! How a group is listed: ask for its size and its members' ids, then for the list, and compare.
//!
//! The list is one answer, so nothing can slip between pages; what can happen is that the server leaves somebody out. The
//! group's own answer is the witness: whoever was in the group when it was asked is named there. If the list names them
//! all, nobody who was there throughout is missing, as far as the witness tells the truth. A witness that names fewer than
//! the list may be an old one, so it is heard once more after the list: somebody joined if it then names all who are listed.
//! Otherwise the list is read again. A number alone is no witness: one may have left, one may have joined, and one may be
//! left out.

use std::collections::HashSet;

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Unreadable, Walk};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::codes::ApiErrorKind;
use crate::command::Command as _;
use crate::error::{DecodeErrorKind, Error, WalkError};
use crate::get_chat_room_info::{self, ChatRoom};
use crate::get_chat_room_member::{self, Member};
use crate::options::RosterOptions;

/// The members of one group as a stream, and a report on how sure it is.
pub type Roster = walk::Roster<RosterWalk>;

/// The members of one group, and how sure that is.
pub type Listing = walk::Listing<Member>;

impl walk::Row for Member {
    fn id(&self) -> &str {
        &self.user_name
    }

    fn joined(&self) -> Option<i64> {
        None
    }
}

/// The walk over one group. It does no I/O; saved with serde, it can be taken up again by
/// [`Client::resume`](crate::Client::resume). What is saved holds people's data, and no credential.
#[derive(Clone, Serialize, Deserialize)]
pub struct RosterWalk {
    group: String,
    options: RosterOptions,
    pub(crate) ledger: Ledger<Member>,
    round: u32,
    phase: Phase,
    /// The group as it last described itself.
    room: Option<ChatRoom>,
    /// What this round's description says: how many there are, and who.
    witness: Option<Witness>,
    /// Whether a row of the last list could not be read.
    unreadable: bool,
    /// A list that names more than the group did before it, until the group is heard once more.
    longer: Option<HashSet<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Info { asked: bool },
    List { asked: bool },
    Done { proved: Completeness },
}

#[derive(Clone, Serialize, Deserialize)]
struct Witness {
    count: Option<u64>,
    ids: HashSet<String>,
}

impl Witness {
    /// Whether it names people, and does not count others than it names.
    fn names_all(&self) -> bool {
        !self.ids.is_empty() && self.count.is_none_or(|count| count == self.ids.len() as u64)
    }
}

impl std::fmt::Debug for RosterWalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RosterWalk")
            .field("group", &self.group)
            .field("round", &self.round)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// The group's own description.
    Info(get_chat_room_info::Request),
    /// The list.
    Members(get_chat_room_member::Request),
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Ask::Info`].
    Info(get_chat_room_info::Response),
    /// To [`Ask::Members`].
    Members(get_chat_room_member::Response),
}

impl RosterWalk {
    pub(crate) fn new(group: String, options: RosterOptions) -> Self {
        let phase = if options.check { Phase::Info { asked: false } } else { Phase::List { asked: false } };
        Self {
            group,
            options,
            ledger: Ledger::default(),
            round: 1,
            phase,
            room: None,
            witness: None,
            unreadable: false,
            longer: None,
        }
    }

    /// The group that is walked.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The group as it described itself, with its name and its owner: the list names no owner. It is there before the first
    /// member is, unless the group was not asked, or refused.
    #[must_use]
    pub fn room(&self) -> Option<&ChatRoom> {
        self.room.as_ref()
    }

    fn is_group(&self, id: &str) -> bool {
        id.eq_ignore_ascii_case(&self.group)
    }

    fn info(&mut self, answer: get_chat_room_info::Response) -> Result<(), Error> {
        let Some(room) = answer.data.into_iter().find(|room| self.is_group(&room.chat_room_id)) else {
            return Err(WalkError::new("getChatRoomInfo answered about another group than it was asked about").into());
        };
        // A group has a member at least: 0 is what this vendor says where a count does not apply.
        let count = room.member_count.filter(|&count| count > 0);
        if let Some(count) = count {
            self.ledger.declare(count);
        }
        let ids = room.chat_room_members.iter().flatten().map(|member| member.user_name.clone()).collect();
        let witness = Witness { count, ids };
        self.room = Some(room);
        self.phase = match self.longer.take() {
            Some(listed) if witness.names_all() && witness.ids == listed => {
                Phase::Done { proved: Completeness::Stable }
            }
            Some(_) => self.once_more(Phase::List { asked: false }),
            None => Phase::List { asked: false },
        };
        self.witness = Some(witness);
        Ok(())
    }

    /// The list is what was asked for: it may be had where the description is not. What an earlier one said still holds.
    fn no_info(&mut self, error: &Error) {
        self.ledger.note(format!("the list could not be checked: {error}"));
        self.phase = match self.longer.take() {
            Some(_) => self.once_more(Phase::List { asked: false }),
            None => Phase::List { asked: false },
        };
    }

    /// Another round that begins with `phase`, unless this was the last one.
    fn once_more(&mut self, phase: Phase) -> Phase {
        if self.round < self.options.rounds.clamp(1, RosterOptions::MOST_ROUNDS) {
            self.round += 1;
            return phase;
        }
        if matches!(phase, Phase::List { .. }) {
            self.ledger.note("the list names members whom the group does not");
        }
        Phase::Done { proved: Completeness::Unverified }
    }

    fn members(&mut self, answer: get_chat_room_member::Response) -> Result<(), Error> {
        let (rows, strangers): (Vec<Member>, Vec<Member>) =
            answer.data.into_iter().partition(|row| row.chat_room_id.as_deref().is_none_or(|id| self.is_group(id)));
        if !strangers.is_empty() {
            return Err(WalkError::new("getChatRoomMember answered with members of another group").into());
        }
        // What is read in this round counts; what could not be read in the one before may be readable now.
        self.ledger.begin_pass();
        let listed: HashSet<String> = rows.iter().map(|row| row.user_name.clone()).collect();
        let mut page = Page::new(rows, None);
        let rejected = answer.rejected.into_iter();
        page.unreadable = rejected.map(|row| Unreadable { index: row.index as u64, why: row.reason }).collect();
        self.unreadable = !page.unreadable.is_empty();
        self.ledger.enter(page, 0);
        self.phase = self.judge(&listed);
        Ok(())
    }

    /// What the list proves, or that it is to be read again.
    fn judge(&mut self, listed: &HashSet<String>) -> Phase {
        let Some(witness) = &self.witness else {
            return Phase::Done { proved: Completeness::Unverified };
        };
        let absent = witness.ids.difference(listed).count();
        let found = listed.len() as u64;
        if absent == 0 && !self.unreadable {
            if witness.names_all() {
                if witness.ids.len() == listed.len() {
                    // Everybody who was there before is listed. Whether the count agrees throughout, the ledger knows.
                    return Phase::Done { proved: Completeness::Stable };
                }
                self.longer = Some(listed.clone());
                return Phase::Info { asked: false };
            }
            match witness.count {
                None => {
                    self.ledger
                        .note("the group says neither how many it has nor whom: nothing to check the list against");
                    return Phase::Done { proved: Completeness::Unverified };
                }
                Some(count) if count == found => {
                    self.ledger.note("only the number of members could be checked, not who they are");
                    return Phase::Done { proved: Completeness::Unverified };
                }
                Some(_) => {}
            }
        }
        let count = witness.count;
        let end = self.once_more(Phase::Info { asked: false });
        if matches!(end, Phase::Done { .. }) {
            if absent > 0 {
                self.ledger.gap(format!("the group names {absent} of its members that the list does not"));
            }
            if let Some(count) = count.filter(|&count| found < count) {
                self.ledger.gap(format!("the group has {count} members, the list {found}"));
            }
        }
        end
    }
}

impl Walk for RosterWalk {
    type Request = Ask;
    type Answer = Answer;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Ask)> {
        let group = self.group.as_str();
        match &mut self.phase {
            Phase::Info { asked } => {
                (!std::mem::replace(asked, true)).then(|| (0, Ask::Info(get_chat_room_info::Request::new(group))))
            }
            Phase::List { asked } => {
                (!std::mem::replace(asked, true)).then(|| (0, Ask::Members(get_chat_room_member::Request::new(group))))
            }
            Phase::Done { .. } => None,
        }
    }

    fn take(&mut self, _: Ticket, answer: Result<Answer, Error>) -> Result<(), Error> {
        let outcome = match answer {
            Ok(Answer::Info(answer)) => self.info(answer),
            Ok(Answer::Members(answer)) => self.members(answer),
            Err(error)
                if matches!(self.phase, Phase::Info { .. })
                    && is_about_the_call(&error, get_chat_room_info::Request::NAME) =>
            {
                self.no_info(&error);
                Ok(())
            }
            Err(error) => Err(error),
        };
        outcome.inspect_err(|error| self.ledger.stop(format!("stopped: {error}")))
    }

    /// Nothing before the list is judged: while the caller is busy with a member, no call of this walk may hold up others for
    /// the same account.
    fn row(&mut self) -> Option<Member> {
        if self.is_done() { self.ledger.row() } else { None }
    }

    fn ready(&self) -> usize {
        if self.is_done() { self.ledger.ready() } else { 0 }
    }

    fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done { .. }) || self.ledger.is_stopped()
    }

    fn restart(&mut self) {
        self.ledger.go_on();
        match &mut self.phase {
            Phase::Info { asked } | Phase::List { asked } => *asked = false,
            Phase::Done { .. } => {}
        }
    }

    fn findings(&self) -> Findings {
        self.ledger.findings(match self.phase {
            Phase::Done { proved } => self.ledger.against_total(proved),
            _ => Completeness::Unverified,
        })
    }
}

/// Whether an error says something about this one call, and not that nothing can be had at all: no login, no `wId`.
pub(crate) fn is_about_the_call(error: &Error, name: &str) -> bool {
    use DecodeErrorKind::{EmptyData, NoCode, Shape};
    match error {
        Error::Api(error) => error.command == name && error.kind == ApiErrorKind::Refused,
        Error::Decode(error) => error.command == name && matches!(error.kind, EmptyData | NoCode | Shape),
        // The program behind the API failed; what stands before it says 502 to 504.
        Error::Status(error) => error.command == name && error.status == StatusCode::INTERNAL_SERVER_ERROR,
        _ => false,
    }
}
