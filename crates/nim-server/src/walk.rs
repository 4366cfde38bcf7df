//! How a chatroom is walked: the room, its roles, its fixed members, its guests, its fixed members again, the room again.
//!
//! Guests are listed by the time they entered, which does not change while they stay: one chain of pages reads them all.
//! Fixed members come to the top when they enter, so their list is read when the chain is whole and a last look at its top
//! shows everybody who went there. The server may sort them by the time of their record's last change, which rows do not
//! show: then pages are searched for that overlap, and the list counts as read when two passes saw the same order.
//!
//! Fixed members are read before and after the guests: who turns from one into the other meanwhile is on one of the lists;
//! who does so twice, to and fro, may be on none.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use groupmembers_http::Completeness;
use groupmembers_http::walk::{self, Findings, Ledger, Page, Ticket, Unreadable, Walk};
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Check};
use crate::chatroom_query_members_by_role::Roles;
use crate::codes::ApiErrorKind;
use crate::error::{Error, WalkError};
use crate::options::{Kind, RosterOptions};
use crate::seek::Seek;
use crate::types::{Member, MemberType, Members, Role};
use crate::{chatroom_get, chatroom_members_by_page, chatroom_query_members_by_role};

/// The members of one chatroom as a stream, and a report on how sure it is.
pub type Roster = walk::Roster<RosterWalk>;

/// The members of one chatroom, and how sure that is.
pub type Listing = walk::Listing<Member>;

/// So often the fixed members are read at most, before the guests and after them.
const PASSES: u32 = 3;

impl walk::Row for Member {
    fn id(&self) -> &str {
        &self.accid
    }

    fn joined(&self) -> Option<i64> {
        // Nothing else is an instant of this world; what is not counts as a row without one.
        self.enter_time.filter(|time| (1..1 << 53).contains(time))
    }
}

/// The walk over one chatroom. It does no I/O; saved with serde, it can be taken up again by
/// [`Client::resume`](crate::Client::resume). What is saved holds people's data, and no credential.
#[derive(Clone, Serialize, Deserialize)]
pub struct RosterWalk {
    room: u64,
    options: RosterOptions,
    ahead: usize,
    ledger: Ledger<Member>,
    phase: Phase,
    todo: VecDeque<Step>,
    ticket: Ticket,
    pages: u32,
    /// Who came with a role, by account.
    roles: BTreeMap<String, Member>,
    /// Passes through the fixed members, since the walk began or the guests were read.
    passes: u32,
    /// Whether the fixed members are sorted by what rows do not show, and the order that the last pass found.
    sought: bool,
    order: Option<Vec<(String, Option<i64>)>>,
    /// Whether each list of fixed members was read whole: before the guests, after them.
    fixed_proved: bool,
    guests_proved: bool,
    /// Somebody came with a role whom no list holds, or the like.
    doubtful: bool,
    /// `onlineusercount`, before and after.
    counts: Vec<Option<u64>>,
    online: Online,
    /// Rows of guests.
    guests: u64,
}

/// Those found, against the room's count of people online.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Online {
    /// Found and online.
    known: u64,
    /// Found in rows that do not say whether they are online.
    unsaid: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Room,
    Roles,
    List(MemberType),
}

#[derive(Clone, Serialize, Deserialize)]
enum Phase {
    Room { asked: Option<Ticket> },
    Roles { asked: Option<Ticket> },
    List { member_type: MemberType, list: Box<List> },
    Done,
}

/// How a list is read.
#[derive(Clone, Serialize, Deserialize)]
enum List {
    /// By the time its rows show.
    Axis(Axis<Member>),
    /// By a time they do not show.
    Seek(Seek),
}

impl List {
    fn is_done(&self) -> bool {
        match self {
            Self::Axis(axis) => axis.is_done(),
            Self::Seek(seek) => seek.is_done(),
        }
    }

    fn is_clean(&self) -> bool {
        match self {
            Self::Axis(axis) => axis.is_clean(),
            Self::Seek(seek) => seek.is_clean(),
        }
    }

    fn is_waiting_for(&self, ticket: Ticket) -> bool {
        match self {
            Self::Axis(axis) => axis.is_waiting_for(ticket),
            Self::Seek(seek) => seek.is_waiting_for(ticket),
        }
    }

    fn want(&mut self, ticket: Ticket) -> Option<(i64, u32)> {
        match self {
            Self::Axis(axis) => axis.want(ticket),
            Self::Seek(seek) => seek.want(ticket),
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Axis(axis) => axis.restart(),
            Self::Seek(seek) => seek.restart(),
        }
    }

    fn cut(&mut self, why: String, enter: impl FnMut(Member) -> bool) {
        match self {
            Self::Axis(axis) => axis.cut(why, enter),
            Self::Seek(seek) => seek.cut(why),
        }
    }

    fn gaps(&mut self) -> Vec<String> {
        match self {
            Self::Axis(axis) => axis.gaps(),
            Self::Seek(seek) => seek.gaps(),
        }
    }

    fn notes(&mut self) -> Vec<String> {
        match self {
            Self::Axis(axis) => axis.notes(),
            Self::Seek(seek) => seek.notes(),
        }
    }
}

impl fmt::Debug for RosterWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RosterWalk")
            .field("room", &self.room)
            .field("options", &self.options)
            .field("pages", &self.pages)
            .field("members", &self.ledger.members())
            .finish_non_exhaustive()
    }
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// The room, with the number of people online.
    Room(chatroom_get::Request),
    /// Members by role.
    Roles(chatroom_query_members_by_role::Request),
    /// A page of members.
    Members(chatroom_members_by_page::Request),
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Ask::Room`].
    Room(Box<chatroom_get::Response>),
    /// To [`Ask::Roles`].
    Roles(Members),
    /// To [`Ask::Members`].
    Members(Members),
}

impl RosterWalk {
    pub(crate) fn new(room: u64, options: RosterOptions, concurrency: usize) -> Self {
        let fixed = Step::List(MemberType::Fixed);
        let mut todo: VecDeque<Step> = match options.kind {
            Kind::All => [fixed, Step::List(MemberType::Temporary), fixed].into(),
            Kind::Fixed => [fixed].into(),
            Kind::Temporary => [Step::List(MemberType::Temporary)].into(),
            Kind::OnlineFixed => [Step::List(MemberType::OnlineFixed)].into(),
        };
        if options.roles && matches!(options.kind, Kind::All | Kind::Fixed) {
            todo.push_front(Step::Roles);
        }
        if options.count && options.kind == Kind::All {
            todo.push_front(Step::Room);
        }
        if options.count && options.kind != Kind::Temporary {
            todo.push_back(Step::Room);
        }
        let mut walk = Self {
            room,
            options,
            ahead: concurrency,
            ledger: Ledger::default(),
            phase: Phase::Done,
            todo,
            ticket: 0,
            pages: 0,
            roles: BTreeMap::new(),
            passes: 0,
            sought: false,
            order: None,
            fixed_proved: true,
            guests_proved: false,
            doubtful: false,
            counts: Vec::new(),
            online: Online::default(),
            guests: 0,
        };
        if walk.options.kind == Kind::OnlineFixed {
            walk.ledger.note("whether the server leaves out who is offline before or after it cuts pages is not known");
        }
        walk.next_step();
        walk
    }

    /// The room that is walked.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.room
    }

    pub(crate) fn options(&self) -> &RosterOptions {
        &self.options
    }

    fn next_step(&mut self) {
        let limit = self.options.page_size;
        self.phase = match self.todo.pop_front() {
            None => {
                self.finish();
                Phase::Done
            }
            Some(Step::Room) => Phase::Room { asked: None },
            Some(Step::Roles) => Phase::Roles { asked: None },
            Some(Step::List(_)) if self.pages >= self.options.max_pages => {
                self.ledger.gap(format!("the list goes on after {} pages", self.pages));
                return self.next_step();
            }
            Some(Step::List(member_type)) => {
                // Of guests alone it is known what they are sorted by, so only their list can be asked for ahead.
                let list = match member_type {
                    MemberType::Temporary => List::Axis(Axis::new(limit, self.ahead, Check::Bottom)),
                    _ if self.sought => List::Seek(Seek::new(limit)),
                    MemberType::Fixed => List::Axis(Axis::new(limit, 1, Check::Top)),
                    MemberType::OnlineFixed => List::Axis(Axis::new(limit, 1, Check::None)),
                };
                Phase::List { member_type, list: Box::new(list) }
            }
        };
    }

    /// Everything was asked for.
    fn finish(&mut self) {
        let found = self.ledger.members();
        let roles = std::mem::take(&mut self.roles);
        if roles.values().any(|row| row.role == Some(Role::Creator)) {
            // Others may have lost their role and left meanwhile; a creator stays.
            self.ledger.gap("the list of fixed members does not hold the room's creator");
        }
        for row in roles.into_values() {
            enter(&mut self.ledger, &mut self.online, row, false);
        }
        if self.ledger.members() > found {
            self.doubtful = true;
            self.ledger.note("members came by role whom the list of fixed members does not hold");
        }
        let online = self.online.known;
        if self.doubts_guests() {
            self.doubtful = true;
            self.ledger.note(match self.counts.first() {
                Some(Some(count)) => {
                    format!("{count} people are online by the room's count, and none is listed as a guest")
                }
                _ => "no guest is listed, and no count of the people online says that there is none".to_owned(),
            });
        }
        match self.counts[..] {
            [Some(before), Some(after)] if self.online.known + self.online.unsaid < before.min(after) => {
                let (least, found) = (before.min(after), self.online.known);
                self.ledger
                    .gap(format!("{least} people were online throughout by the room's count, {found} were found"));
            }
            // Of a part of the room the count proves nothing.
            [Some(count)] if matches!(self.options.kind, Kind::Fixed | Kind::OnlineFixed) => {
                self.ledger.note(format!("{count} people are online by the room's count, {online} are on this list"));
            }
            _ => {}
        }
    }

    /// Whether the room's count of people online was the same before and after, and is that of those found.
    fn count_agrees(&self) -> bool {
        matches!(self.counts[..], [Some(before), Some(after)] if before == after && after == self.online.known && self.online.unsaid == 0)
    }

    /// Whether an empty list of guests is all there is to say that there are none.
    fn doubts_guests(&self) -> bool {
        let lists_guests = matches!(self.options.kind, Kind::All | Kind::Temporary);
        // Neighbouring pages, which prove other lists, there were none.
        lists_guests
            && self.guests == 0
            && !matches!(self.counts.first(), Some(Some(count)) if *count <= self.online.known)
    }

    fn members(&mut self, ticket: Ticket, answer: Members) -> Result<(), Error> {
        let mut page = Page::new(answer.desc.data.rows, None);
        let rejected = answer.desc.data.rejected.into_iter();
        page.unreadable = rejected.map(|row| Unreadable { index: row.index as u64, why: row.reason }).collect();
        self.check_room(&page.rows)?;
        let Self { ledger, online, guests, roles, .. } = self;
        let Phase::List { member_type, list } = &mut self.phase else { return Ok(()) };
        let member_type = *member_type;
        let mut take_in = |row| take_in(ledger, online, guests, roles, member_type, row);
        match &mut **list {
            List::Axis(axis) => axis.take(ticket, page, &mut take_in),
            List::Seek(seek) => seek.take(ticket, page, &mut take_in),
        }
        if self.pages >= self.options.max_pages && !list.is_done() {
            list.cut(format!("the list goes on after {} pages", self.pages), &mut take_in);
        }
        self.end_of_list();
        Ok(())
    }

    fn end_of_list(&mut self) {
        let may_go_on = self.pages < self.options.max_pages;
        let Phase::List { member_type, list } = &mut self.phase else { return };
        if !list.is_done() {
            return;
        }
        let clean = list.is_clean();
        let again = match (&mut **list, *member_type) {
            (List::Axis(axis), MemberType::Temporary) => {
                // An empty page is the end, where nobody else is online by the room's count.
                let vouched = matches!(self.counts[..], [Some(count)] if count == self.online.known);
                if may_go_on && (!vouched || self.online.unsaid > 0) && axis.probe() {
                    return;
                }
                self.guests_proved = clean;
                self.passes = 0;
                if self.options.kind == Kind::Temporary && self.options.count && self.guests == 0 {
                    self.todo.push_back(Step::Room);
                }
                false
            }
            (List::Axis(axis), _) if axis.is_disordered() && may_go_on => {
                self.sought = true;
                true
            }
            (list, MemberType::Fixed) => {
                self.passes += 1;
                let guests_follow = self.todo.contains(&Step::List(MemberType::Temporary));
                let (mut proved, mut disturbed) = (clean, true);
                if let List::Axis(axis) = list {
                    disturbed = axis.is_disturbed();
                } else if let List::Seek(seek) = list {
                    let order = seek.order();
                    // Of one pass nobody knows whether members moved meanwhile; the pass before the guests is held
                    // against the one after them.
                    let agrees = self.order.as_ref() == Some(&order);
                    let first_after = self.options.kind == Kind::All && self.passes == 1;
                    if first_after && !guests_follow && !agrees {
                        self.fixed_proved = false;
                        self.ledger.gap("fixed members may have changed their places between two readings");
                    }
                    proved &= agrees || guests_follow;
                    self.order = clean.then_some(order);
                }
                let again = !proved && self.passes < PASSES && may_go_on;
                self.fixed_proved &= proved || again;
                if !proved && !again && disturbed {
                    self.ledger.gap("fixed members may have changed their places each time that they were read");
                }
                again
            }
            _ => false,
        };
        let (gaps, notes) = (list.gaps(), list.notes());
        let member_type = *member_type;
        for note in notes {
            self.ledger.note(note);
        }
        if again {
            self.todo.push_front(Step::List(member_type));
        }
        // What the next pass cannot read either, it notes again.
        if !self.todo.contains(&Step::List(member_type)) {
            for gap in gaps {
                self.ledger.gap(gap);
            }
        }
        self.next_step();
    }

    fn check_room(&self, rows: &[Member]) -> Result<(), Error> {
        if rows.iter().any(|row| row.roomid.is_some_and(|id| id != self.room)) {
            return Err(WalkError::new("the server answered with members of another room").into());
        }
        Ok(())
    }

    fn stop(&mut self, error: &Error) {
        let Self { ledger, online, guests, roles, .. } = self;
        if let Phase::List { member_type, list } = &mut self.phase
            && let List::Axis(axis) = &mut **list
        {
            let member_type = *member_type;
            axis.hand_over(|row| take_in(ledger, online, guests, roles, member_type, row));
        }
        self.ledger.stop(format!("stopped: {error}"));
    }
}

/// Gives a row out, if its account was not given out before.
fn enter(ledger: &mut Ledger<Member>, online: &mut Online, row: Member, guest: bool) -> bool {
    let is_online = if guest { Some(true) } else { row.online_stat };
    let is_new = ledger.enter(Page::new(vec![row], None), 0) > 0;
    online.known += u64::from(is_new && is_online == Some(true));
    online.unsaid += u64::from(is_new && is_online.is_none());
    is_new
}

fn take_in(
    ledger: &mut Ledger<Member>,
    online: &mut Online,
    guests: &mut u64,
    roles: &mut BTreeMap<String, Member>,
    member_type: MemberType,
    mut row: Member,
) -> bool {
    *guests += u64::from(member_type == MemberType::Temporary);
    if let Some(known) = roles.remove(&row.accid) {
        complete(&mut row, known);
    }
    enter(ledger, online, row, member_type == MemberType::Temporary)
}

/// What the list does not say, the answer by role may.
fn complete(row: &mut Member, known: Member) {
    if row.role.as_ref().is_none_or(|role| *role == Role::Unset) && known.role.is_some() {
        row.role = known.role;
    }
    row.blacklisted = row.blacklisted.or(known.blacklisted);
    row.muted = row.muted.or(known.muted);
}

impl Walk for RosterWalk {
    type Request = Ask;
    type Answer = Answer;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Ask)> {
        let (roomid, ticket) = (self.room, self.ticket);
        let ask = match &mut self.phase {
            Phase::Room { asked } if asked.is_none() => {
                *asked = Some(ticket);
                Ask::Room(chatroom_get::Request::new(roomid))
            }
            Phase::Roles { asked } if asked.is_none() => {
                *asked = Some(ticket);
                Ask::Roles(chatroom_query_members_by_role::Request::new(roomid, Roles::ALL))
            }
            Phase::List { member_type, list } if self.pages < self.options.max_pages => {
                let (endtime, limit) = list.want(ticket)?;
                self.pages += 1;
                let member_type = *member_type;
                Ask::Members(chatroom_members_by_page::Request { roomid, member_type, endtime, limit })
            }
            _ => return None,
        };
        self.ticket += 1;
        Some((ticket, ask))
    }

    fn take(&mut self, ticket: Ticket, answer: Result<Answer, Error>) -> Result<(), Error> {
        let waiting = match &self.phase {
            Phase::Room { asked } | Phase::Roles { asked } => *asked == Some(ticket),
            Phase::List { list, .. } => list.is_waiting_for(ticket),
            Phase::Done => false,
        };
        if !waiting {
            // Pages asked for ahead may come when their list is over.
            return Ok(());
        }
        let outcome = match (answer, &self.phase) {
            (Ok(Answer::Members(answer)), Phase::List { .. }) => self.members(ticket, answer),
            (Ok(Answer::Room(answer)), Phase::Room { .. }) => {
                let room = answer.chatroom;
                if room.roomid == self.room {
                    self.counts.push(room.onlineusercount);
                    self.next_step();
                    Ok(())
                } else {
                    Err(WalkError::new("the server answered about another room").into())
                }
            }
            (Ok(Answer::Roles(answer)), Phase::Roles { .. }) => self.check_room(&answer.desc.data).map(|()| {
                for row in &answer.desc.data.rejected {
                    self.ledger.gap(format!("a row could not be read: {}", row.reason));
                }
                let rows = answer.desc.data.rows.into_iter();
                self.roles = rows.map(|row| (row.accid.clone(), row)).collect();
                self.next_step();
            }),
            (Ok(_), _) => Ok(()),
            (Err(error), Phase::Room { .. } | Phase::Roles { .. }) if is_about_the_call(&error) => {
                self.ledger.note(format!("the list could not be compared: {error}"));
                if matches!(self.phase, Phase::Room { .. }) {
                    self.counts.push(None);
                }
                self.next_step();
                Ok(())
            }
            (Err(error), _) => Err(error),
        };
        outcome.inspect_err(|error| self.stop(error))
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
            Phase::Room { asked } | Phase::Roles { asked } => *asked = None,
            Phase::List { list, .. } => list.restart(),
            Phase::Done => {}
        }
        if self.pages >= self.options.max_pages
            && let Phase::List { list, .. } = &mut self.phase
        {
            list.cut(format!("the list goes on after {} pages", self.pages), |_| false);
            self.end_of_list();
        }
    }

    fn findings(&self) -> Findings {
        let proved = match self.options.kind {
            Kind::All => self.fixed_proved && self.guests_proved,
            Kind::Fixed => self.fixed_proved,
            Kind::Temporary => self.guests_proved,
            Kind::OnlineFixed => false,
        };
        let stable = proved && !self.doubtful && matches!(self.phase, Phase::Done);
        let mut findings = self.ledger.findings(if stable { Completeness::Stable } else { Completeness::Unverified });
        if findings.completeness == Completeness::Stable && self.count_agrees() {
            findings.completeness = Completeness::Verified;
        }
        findings
    }
}

/// Whether an error says that this one call may not be made, and nothing about the others.
fn is_about_the_call(error: &Error) -> bool {
    matches!(error, Error::Api(error) if matches!(error.kind, ApiErrorKind::Permission | ApiErrorKind::InvalidRequest))
}
