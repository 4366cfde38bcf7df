//! A list with every member's profile: one call a member, one after the other.

use std::collections::VecDeque;

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ticket, Walk};
use serde::{Deserialize, Serialize};

use crate::command::Command as _;
use crate::error::Error;
use crate::get_chat_room_member::Member;
use crate::get_chat_room_member_info::{self, USER_LIST};
use crate::types::Profile;
use crate::walk::{self as roster, RosterWalk, is_about_the_call};

/// So many refusals one after the other are about the account, not about the members: going on could cost it.
const REFUSALS: u32 = 5;

/// The members of one group with their profiles, as a stream.
pub type DetailedRoster = walk::Roster<DetailWalk>;

/// The members of one group with their profiles.
pub type DetailedListing = walk::Listing<Detailed>;

/// A member, with their profile if it could be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Detailed {
    /// As the list has them.
    pub member: Member,
    /// Their profile.
    pub profile: Option<Profile>,
    /// Why there is no profile.
    pub problem: Option<String>,
}

impl walk::Row for Detailed {
    fn id(&self) -> &str {
        &self.member.user_name
    }

    fn joined(&self) -> Option<i64> {
        None
    }
}

/// The walk over one group and its members' profiles. Saved with serde, it is taken up again by
/// [`Client::resume_with_details`](crate::Client::resume_with_details), and asks for no profile again that it had or was refused. What is saved
/// holds people's data, and no credential.
#[derive(Clone, Serialize, Deserialize)]
pub struct DetailWalk {
    list: RosterWalk,
    /// Listed, without a profile yet.
    waiting: VecDeque<Member>,
    ready: VecDeque<Detailed>,
    asked: bool,
    given: u64,
    bare: u64,
    refusals: u32,
}

impl std::fmt::Debug for DetailWalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DetailWalk")
            .field("list", &self.list)
            .field("waiting", &self.waiting.len())
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// What the list asks for.
    List(roster::Ask),
    /// A member's profile.
    Profile(get_chat_room_member_info::Request),
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Ask::List`].
    List(roster::Answer),
    /// To [`Ask::Profile`].
    Profile(get_chat_room_member_info::Response),
}

impl DetailWalk {
    pub(crate) fn new(list: RosterWalk) -> Self {
        Self { list, waiting: VecDeque::new(), ready: VecDeque::new(), asked: false, given: 0, bare: 0, refusals: 0 }
    }

    /// The walk over the list.
    #[must_use]
    pub fn list(&self) -> &RosterWalk {
        &self.list
    }

    fn collect(&mut self) {
        while let Some(member) = self.list.row() {
            self.waiting.push_back(member);
        }
    }

    /// Gives the next member out, with or without a profile.
    fn settle(&mut self, profile: Option<Profile>, problem: Option<String>) {
        if let Some(member) = self.waiting.pop_front() {
            self.bare += u64::from(profile.is_none());
            self.ready.push_back(Detailed { member, profile, problem });
        }
    }

    fn profile(&mut self, answer: Result<Answer, Error>) -> Result<(), Error> {
        let wanted = self.waiting.front().map(|member| member.user_name.clone()).unwrap_or_default();
        match answer {
            Ok(Answer::Profile(answer)) => {
                self.refusals = 0;
                match answer.data.into_iter().find(|profile| profile.user_name == wanted) {
                    Some(profile) => self.settle(Some(profile), None),
                    None => self.settle(None, Some("the answer was about somebody else".to_owned())),
                }
                Ok(())
            }
            Ok(Answer::List(_)) => Ok(()),
            // An id that no request takes: nothing was sent.
            Err(Error::Build(error)) if error.name() == USER_LIST => {
                self.settle(None, Some(error.to_string()));
                Ok(())
            }
            Err(error)
                if is_about_the_call(&error, get_chat_room_member_info::Request::NAME)
                    && self.refusals + 1 < REFUSALS =>
            {
                self.refusals += 1;
                self.settle(None, Some(error.to_string()));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl Walk for DetailWalk {
    type Request = Ask;
    type Answer = Answer;
    type Row = Detailed;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Ask)> {
        if let Some((ticket, ask)) = self.list.want() {
            return Some((ticket, Ask::List(ask)));
        }
        self.collect();
        let member = self.waiting.front().filter(|_| !self.asked)?;
        let request = get_chat_room_member_info::Request::new(self.list.group(), member.user_name.as_str());
        self.asked = true;
        Some((1, Ask::Profile(request)))
    }

    fn take(&mut self, ticket: Ticket, answer: Result<Answer, Error>) -> Result<(), Error> {
        if ticket == 0 {
            let answer = match answer {
                Ok(Answer::List(answer)) => Ok(answer),
                Ok(Answer::Profile(_)) => return Ok(()),
                Err(error) => Err(error),
            };
            return self.list.take(ticket, answer);
        }
        self.asked = false;
        self.profile(answer).inspect_err(|error| self.list.ledger.stop(format!("stopped: {error}")))
    }

    fn row(&mut self) -> Option<Detailed> {
        let row = self.ready.pop_front()?;
        self.given += 1;
        Some(row)
    }

    /// As good as full while anybody waits to be taken: then nothing is asked for, and while the caller is busy with a member
    /// no call of this walk holds up others for the same account.
    fn ready(&self) -> usize {
        if self.ready.is_empty() { 0 } else { usize::MAX }
    }

    fn is_done(&self) -> bool {
        self.list.is_done() && self.list.ready() == 0 && self.waiting.is_empty() && self.ready.is_empty()
            || self.list.ledger.is_stopped()
    }

    fn restart(&mut self) {
        self.asked = false;
        self.refusals = 0;
        self.list.restart();
    }

    fn findings(&self) -> Findings {
        let mut findings = self.list.findings();
        findings.members = self.given;
        // So long as somebody waits, what was given out is not the list.
        if findings.completeness.is_complete() && !(self.waiting.is_empty() && self.ready.is_empty()) {
            findings.completeness = Completeness::Unverified;
        }
        for gap in &mut findings.gaps {
            gap.after = gap.after.min(self.given);
        }
        if self.bare > 0 {
            findings.notes.push(format!("{} members came without a profile; each says why", self.bare));
        }
        findings
    }
}
