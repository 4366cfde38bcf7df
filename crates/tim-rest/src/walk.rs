//! How a group's members are walked: probe, then one answer, windows, a cursor, or a live room's online list.

use std::mem;

use groupmembers_http::walk::{self, Cursor, Findings, Ledger, Page, Ticket, Unreadable, Walk, Windows};
use groupmembers_http::{Completeness, TransportErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Command, Envelope};
use crate::error::{ApiError, BuildError, Error, WalkError, scrub};
use crate::get_group_member_info::{self, MAX_LIMIT, MAX_LIMIT_COMMUNITY, Member};
use crate::options::RosterOptions;
use crate::types::GroupType;
use crate::{get_group_info, get_members};

/// The members of one group as a stream, and a report on how sure it is.
pub type Roster = walk::Roster<RosterWalk>;

/// The members of one group, and how sure that is.
pub type Listing = walk::Listing<Member>;

/// The largest answer the API gives.
const MAX_ANSWER: u64 = 1 << 20;

/// How often a list is read, where the first time left doubts.
const PASSES: u32 = 2;

/// The largest Community that is sold has a tenth of these.
const MOST: u64 = 1_000_000;

/// The clocks of join times and of answers differ by less, in seconds; and a `MemberNum` is not older.
const SKEW: i64 = 300;

/// After so many pages of a Community, twice the rows are asked for again.
const GOOD: u32 = 8;

/// One in fifty rows is fetched twice, so that neighbouring windows can be joined.
const OVERLAP: u32 = 50;

impl walk::Row for Member {
    fn id(&self) -> &str {
        &self.member_account
    }

    fn joined(&self) -> Option<i64> {
        // 0 is what a server writes that does not know.
        self.join_time.and_then(|time| time.try_into().ok()).filter(|&time| time > 0)
    }
}

impl From<get_members::Member> for Member {
    /// `NickName` and `Avatar`, which member lists do not have, are kept in `extra`.
    fn from(row: get_members::Member) -> Self {
        let mut extra = row.extra;
        for (name, value) in [("NickName", row.nick_name), ("Avatar", row.avatar)] {
            if let Some(value) = value {
                extra.insert(name.to_owned(), Value::String(value));
            }
        }
        Self {
            member_account: row.member_account,
            role: None,
            join_time: row.join_time,
            msg_seq: None,
            msg_flag: None,
            last_send_msg_time: None,
            mute_until: None,
            name_card: None,
            online_status: None,
            app_member_defined_data: None,
            extra,
        }
    }
}

/// The walk over one group. It does no I/O; saved with serde, it can be taken up again by
/// [`Client::resume`](crate::Client::resume). What is saved holds people's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RosterWalk {
    group: String,
    options: RosterOptions,
    ahead: usize,
    ledger: Ledger<Member>,
    /// The group's own number of members, where it was asked for first.
    probed: Option<u64>,
    phase: Phase,
}

/// How pages that were too large are got over: the largest that may be asked for again, and the pages since.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Growth {
    full: u32,
    good: u32,
    grown: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Phase {
    /// What type is the group, and how large?
    Probe { asked: bool },
    /// Everyone in one answer.
    Everyone { asked: bool },
    /// A Work, Public or Meeting group, read by Offset.
    Windows { windows: Windows<Member>, pass: u32 },
    /// A Community, read by Next.
    Community { cursor: Cursor<Member>, limit: u32, growth: Growth },
    /// A live room, read by Timestamp.
    LiveRoom { cursor: Cursor<Member> },
    /// The end.
    Done { proved: Completeness },
}

/// What the walk asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// The group's type and size.
    Info(Probe),
    /// Members of an ordinary group or a Community.
    Members(get_group_member_info::Request),
    /// Members of a live room.
    Live(get_members::Request),
}

/// Asks about one group; what is said of the group alone is said of the call, and so tried again where that may help.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Probe(get_group_info::Request);

impl Command for Probe {
    type Response = get_group_info::Response;

    const NAME: &'static str = <get_group_info::Request as Command>::NAME;

    fn group(&self) -> Option<&str> {
        self.0.group()
    }

    fn validate(&self) -> Result<(), BuildError> {
        self.0.validate()
    }

    fn envelope(response: &mut Self::Response) -> &mut Envelope {
        get_group_info::Request::envelope(response)
    }

    fn from_http(response: http::Response<impl AsRef<[u8]>>) -> Result<Self::Response, Error> {
        let answer = get_group_info::Request::from_http(response)?;
        let refused =
            answer.group_info.iter().find_map(|info| Some((info.error_code.filter(|&code| code != 0)?, info)));
        match refused {
            None => Ok(answer),
            Some((code, info)) => {
                let words = info.error_info.as_deref().unwrap_or_default();
                let error = ApiError::new(Self::NAME, code, words, answer.envelope.request_id.clone());
                Err(Error::Api(Box::new(error)))
            }
        }
    }
}

/// What it gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Ask::Info`].
    Info(get_group_info::Response),
    /// To [`Ask::Members`]; with the server's clock when it answered, in Unix seconds, where it said so.
    Members(get_group_member_info::Response, Option<u64>),
    /// To [`Ask::Live`].
    Live(get_members::Response),
}

impl RosterWalk {
    pub(crate) fn new(group: String, options: RosterOptions, concurrency: usize) -> Self {
        let mut walk = Self {
            group,
            options,
            ahead: concurrency * 2,
            ledger: Ledger::default(),
            probed: None,
            phase: Phase::Probe { asked: false },
        };
        if let Some(group_type) = walk.options.group_type.clone() {
            // A type without a member list is met again, and refused, once the walk is asked for a request.
            if let Ok(phase) = walk.phase_for(Some(&group_type), None) {
                walk.phase = phase;
            }
        }
        walk
    }

    /// The group that is walked.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    pub(crate) fn options(&self) -> &RosterOptions {
        &self.options
    }

    /// How to read a group of this type and size.
    fn phase_for(&mut self, group_type: Option<&GroupType>, members: Option<u64>) -> Result<Phase, Error> {
        match group_type {
            Some(GroupType::Community) => {
                let limit = self.options.page_size.unwrap_or(MAX_LIMIT_COMMUNITY).min(MAX_LIMIT_COMMUNITY);
                let most = members.map_or(MOST, |members| members.min(MOST));
                return Ok(Phase::Community {
                    cursor: Cursor::new("", PASSES, most).with_skew(SKEW),
                    limit,
                    growth: Growth { full: limit, good: 0, grown: false },
                });
            }
            Some(GroupType::AVChatRoom) => {
                self.ledger.note(
                    "a live room has no member list: these are the members online 10 to 40 seconds ago, \
                     at most the 1,000 newest (30 on small plans)",
                );
                return Ok(Phase::LiveRoom { cursor: Cursor::new("0", 1, get_members::MAX_MEMBERS) });
            }
            Some(GroupType::BChatRoom) => {
                return Err(WalkError::new("a BChatRoom has no member data").into());
            }
            Some(GroupType::Other(name)) => {
                self.ledger.note(format!("the group's type {:?} is unknown: read by Offset", scrub(name)));
            }
            _ => {}
        }
        let fits = members.is_none_or(|members| members.saturating_mul(self.options.row_bytes()) <= MAX_ANSWER);
        Ok(if self.options.one_answer && fits { Phase::Everyone { asked: false } } else { self.windows(members) })
    }

    fn windows(&self, members: Option<u64>) -> Phase {
        let limit = self.options.page_size.unwrap_or(MAX_LIMIT).clamp(2, MAX_LIMIT);
        let windows = Windows::new(limit, (limit / OVERLAP).max(1), self.ahead).expecting(members.unwrap_or(0));
        Phase::Windows { windows, pass: 1 }
    }

    fn members_request(&self) -> get_group_member_info::Request {
        get_group_member_info::Request {
            member_info_filter: self.options.member_info_filter(),
            app_defined_data_filter_group_member: self.options.custom_fields.clone(),
            ..get_group_member_info::Request::everyone(self.group.as_str())
        }
    }

    fn info(&mut self, answer: get_group_info::Response) -> Result<(), Error> {
        let found = answer.group_info.into_iter().find(|info| info.group_id == self.group);
        let Some(info) = found else {
            return Err(WalkError::new("get_group_info answered without the group it was asked for").into());
        };
        self.phase = self.phase_for(info.group_type.as_ref(), info.member_num)?;
        // A live room's number is not reliable, and its list is not all of it.
        self.probed = info.member_num.filter(|_| !matches!(self.phase, Phase::LiveRoom { .. }));
        Ok(())
    }

    /// A few may have left since the group was asked for; more than a few are missing.
    fn hold_against_probe(&mut self) {
        let found = self.ledger.members();
        let much_less = |probed: &u64| *probed > found + (probed / 20).max(10);
        if let Some(probed) = self.probed.take().filter(much_less).filter(|_| !self.ledger.falls_short()) {
            self.ledger.gap(format!("the group says that it has {probed} members, its list has {found}"));
        }
    }

    fn members(
        &mut self,
        ticket: Ticket,
        answer: get_group_member_info::Response,
        answered: Option<u64>,
    ) -> Result<(), Error> {
        let next = answer.cursor()?.map(ToOwned::to_owned);
        answer.envelope.notes.iter().for_each(|note| self.ledger.note(note.as_str()));
        let mut page = page(answer.member_list, answer.member_num, &answer.envelope);
        page.at = answered.and_then(|at| at.try_into().ok());
        match &mut self.phase {
            Phase::Everyone { .. } => {
                let (found, declared) = (page.rows.len(), page.total);
                if let Some(total) = page.total {
                    self.ledger.declare(total);
                }
                self.ledger.enter(page, 0);
                self.phase = match (self.ledger.agrees(), declared) {
                    (true, _) => Phase::Done { proved: Completeness::Verified },
                    (false, None) => Phase::Done { proved: Completeness::Unverified },
                    (false, Some(total)) => {
                        self.ledger.note(format!("one answer held {found} of {total} members: read again in windows"));
                        self.ledger.begin_pass();
                        self.windows(declared)
                    }
                };
            }
            Phase::Windows { windows, pass } => {
                windows.take(&mut self.ledger, ticket, page);
                if windows.is_done() {
                    // A whole chain in a second pass makes good what was torn in the first.
                    let hope = *pass < PASSES && !windows.is_broken();
                    self.phase = if hope && (self.ledger.has_gaps() || self.ledger.falls_short()) {
                        self.ledger.begin_pass();
                        let expected = self.ledger.declared().unwrap_or_default();
                        Phase::Windows { windows: windows.once_more().expecting(expected), pass: *pass + 1 }
                    } else {
                        Phase::Done { proved: windows.proved(&self.ledger) }
                    };
                }
            }
            Phase::Community { cursor, limit, growth } => {
                growth.good += 1;
                if growth.good >= GOOD && *limit < growth.full {
                    *limit = (*limit * 2).min(growth.full);
                    (growth.good, growth.grown) = (0, true);
                }
                cursor.take(&mut self.ledger, page, next);
                self.end_of_cursor();
            }
            Phase::Probe { .. } | Phase::LiveRoom { .. } | Phase::Done { .. } => {}
        }
        Ok(())
    }

    fn live(&mut self, answer: get_members::Response) -> Result<(), Error> {
        let next = answer.cursor()?.map(|next| next.to_string());
        answer.envelope.notes.iter().for_each(|note| self.ledger.note(note.as_str()));
        if let Phase::LiveRoom { cursor } = &mut self.phase {
            let rows = answer.member_list.into_iter().map(Member::from).collect();
            cursor.take(&mut self.ledger, page(rows, None, &answer.envelope), next);
            if self.ledger.members() >= get_members::MAX_MEMBERS {
                cursor.break_off(&mut self.ledger, "the room has more members online than get_members gives");
            }
            self.end_of_cursor();
        }
        Ok(())
    }

    fn end_of_cursor(&mut self) {
        match &self.phase {
            Phase::Community { cursor, .. } if cursor.is_done() => {
                // Without a number of members, a server that leaves somebody out each time cannot be found out.
                let counted = self.ledger.declared().is_some();
                let proved = if counted { cursor.proved(&self.ledger) } else { Completeness::Unverified };
                self.phase = Phase::Done { proved };
            }
            // One look at who is online proves nothing about the moment before.
            Phase::LiveRoom { cursor } if cursor.is_done() => {
                self.phase = Phase::Done { proved: Completeness::Unverified };
            }
            _ => {}
        }
    }

    /// Whether asking for less at once is a way around an answer that was too large.
    fn shrink(&mut self, ticket: Ticket) -> bool {
        match &mut self.phase {
            Phase::Everyone { .. } => {
                self.ledger.note("everyone in one answer would be more than 1 MB: read in windows");
                self.phase = self.windows(None);
                true
            }
            Phase::Windows { windows, .. } => windows.shrink(ticket),
            Phase::Community { cursor, limit, growth } if *limit > 1 => {
                *limit /= 2;
                if growth.grown {
                    // It had been tried again: more is not to be had.
                    growth.full = *limit;
                }
                growth.good = 0;
                cursor.again();
                true
            }
            _ => false,
        }
    }

    fn stop(&mut self, error: &Error) {
        let place = match &mut self.phase {
            Phase::Windows { windows, .. } => format!(" at offset {}", windows.stop(&mut self.ledger)),
            _ => String::new(),
        };
        self.ledger.stop(format!("stopped{place}: {error}"));
    }
}

impl Walk for RosterWalk {
    type Request = Ask;
    type Answer = Answer;
    type Row = Member;
    type Error = Error;

    fn want(&mut self) -> Option<(Ticket, Ask)> {
        use get_group_member_info::Request;
        // Asked for each row: nothing is built until it is known that a request is wanted.
        match &mut self.phase {
            Phase::Probe { asked } => (!mem::replace(asked, true)).then(|| {
                let fields = ["Type", "MemberNum"];
                (0, Ask::Info(Probe(get_group_info::Request::new([self.group.as_str()]).with_base_info(fields))))
            }),
            Phase::Everyone { asked } => {
                (!mem::replace(asked, true)).then(|| (0, Ask::Members(self.members_request())))
            }
            Phase::Windows { windows, .. } => {
                let (ticket, offset, limit) = windows.want(&self.ledger)?;
                // An offset beyond 32 bits would need more members than there are people.
                let (limit, offset) = (Some(limit), Some(u32::try_from(offset).unwrap_or(u32::MAX)));
                Some((ticket, Ask::Members(Request { limit, offset, ..self.members_request() })))
            }
            Phase::Community { cursor, limit, .. } => {
                let (ticket, next) = cursor.want()?;
                let (limit, next) = (Some(*limit), Some(next.to_owned()));
                Some((ticket, Ask::Members(Request { limit, next, ..self.members_request() })))
            }
            Phase::LiveRoom { cursor } => {
                let (ticket, next) = cursor.want()?;
                let timestamp = next.parse().unwrap_or(0);
                Some((
                    ticket,
                    Ask::Live(get_members::Request { timestamp, ..get_members::Request::new(self.group.as_str()) }),
                ))
            }
            Phase::Done { .. } => None,
        }
    }

    fn take(&mut self, ticket: Ticket, answer: Result<Answer, Error>) -> Result<(), Error> {
        let outcome = match answer {
            Ok(Answer::Info(answer)) => self.info(answer),
            Ok(Answer::Members(answer, answered)) => self.members(ticket, answer, answered),
            Ok(Answer::Live(answer)) => self.live(answer),
            Err(error) if is_too_large(&error) && self.shrink(ticket) => Ok(()),
            Err(error) => Err(error),
        };
        if matches!(self.phase, Phase::Done { .. }) {
            self.hold_against_probe();
        }
        outcome.inspect_err(|error| self.stop(error))
    }

    fn row(&mut self) -> Option<Member> {
        self.ledger.row()
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
            Phase::Probe { asked } | Phase::Everyone { asked } => *asked = false,
            Phase::Windows { windows, .. } => windows.restart(),
            Phase::Community { cursor, .. } | Phase::LiveRoom { cursor } => cursor.restart(),
            Phase::Done { .. } => {}
        }
    }

    fn findings(&self) -> Findings {
        self.ledger.findings(match self.phase {
            Phase::Done { proved } => proved,
            _ => Completeness::Unverified,
        })
    }
}

/// Whether asking for less at once may help: the API says so, or its answer is more than it may be.
fn is_too_large(error: &Error) -> bool {
    match error {
        Error::Api(error) => error.code == 10018,
        Error::Transport(error) => error.kind() == TransportErrorKind::TooLarge,
        _ => false,
    }
}

fn page(rows: Vec<Member>, total: Option<u64>, envelope: &Envelope) -> Page<Member> {
    let mut page = Page::new(rows, total);
    let rejected = envelope.rejected.iter();
    page.unreadable = rejected.map(|row| Unreadable { index: row.index as u64, why: row.reason.clone() }).collect();
    page
}
