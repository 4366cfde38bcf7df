//! What can go wrong on demand, and when it does.

use std::{fmt, str::FromStr};

use super::{When, gate::Command};

const PAGE: u32 = 20;
const NOWHERE: &str = "http://127.0.0.1:1/";
const SERVER_ERROR: u32 = 500;

/// The calls a fault can hit: faults in member lists must not be used up by calls that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hits {
    Any,
    /// Calls whose answer has rows of room members.
    Rows,
    /// Calls that page through rows.
    Pages,
    /// Calls with a list under `desc.data` or `tlists`.
    Lists,
    /// Those of them that page along one list.
    Ordered,
    ByPage,
    GetBatch,
    Teams,
    SuperTeam,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $name:literal $when:ident $hits:ident,)*) => {
        /// Something that goes wrong. Written and parsed by name; three take an argument after `=`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = concat!("`", $name, "`:")] $(#[$doc])* $variant,)*
            /// `clamp-page` or `clamp-page=ROWS`: never more rows than this (20 unless told), whatever `limit` says.
            ClampPage(u32),
            /// `code` or `code=NUMBER`: this code (500 unless told) with the vendor's words.
            Code(u32),
            /// `redirect` or `redirect=URL`: 302 to another host (one that is not there, unless told).
            Redirect(String),
        }

        const PLAIN: &[(Fault, &str, When, Hits)] = &[$((Fault::$variant, $name, When::$when, Hits::$hits),)*];

        impl Fault {
            /// Every name, as `--fault` would take it.
            pub const NAMES: &[&str] = &[$($name,)* "clamp-page", "code", "redirect"];
        }
    };
}

faults! {
    /// "server error".
    ServerError "500-then-ok" Once Any,
    /// "server busy".
    Busy "503-then-ok" Once Any,
    /// "service unavailable".
    Unavailable "514-then-ok" Once Any,
    /// The server's own timeout.
    Timeout "408-then-ok" Once Any,
    /// "query too fast", though it was not.
    Throttled "416" Once Any,
    /// 414 `CurTime is expired`, though it is not.
    ClockExpired "clock-expired" Once Any,
    /// 414 `checksum`, though it is right.
    CheckSum "checksum" Once Any,
    /// 431, though the `RequestId` is new.
    Repeated "431-repeated" Once Any,
    /// 403 to an app key of another region, which does not look like it.
    WrongRegion "403-wrong-region" Always Any,
    /// The caller's address is not on the app's list.
    IpForbidden "315-ip" Always Any,
    /// The room is missing or closed.
    NotFound "404-then-ok" Once Any,
    /// The `Date` header cannot be read.
    BadDate "bad-date" Always Any,
    /// A gateway's error page.
    BadGateway "502-html" Once Any,
    /// The connection is closed in the middle of a body of known length.
    CutBody "cut-body" Once Any,
    /// The connection is reset before any byte of the answer.
    Reset "reset" Once Any,
    /// It is reset in the middle of the body.
    ResetMidBody "reset-mid-body" Once Any,
    /// A byte every 200 ms.
    SlowDrip "slow-drip" Always Any,
    /// The answer, followed by white space without end.
    EndlessBody "endless-body" Always Any,
    /// A page of HTML with status 200.
    Html200 "html-200" Always Any,
    /// HTTP 429 with `Retry-After: 1`.
    TooManyRequests "429-retry-after" Once Any,
    /// 414, and `desc` repeats the request's headers, signature included.
    EchoHeaders "echo-headers" Always Any,
    /// A refusal's `desc` is null.
    NullDesc "null-desc" Always Any,
    /// A refusal has no `desc`.
    NoDesc "no-desc" Always Any,
    /// The answer has no `code`.
    NoCode "no-code" Always Any,
    /// `code` is a text.
    TextCode "text-code" Always Any,
    /// `desc` is JSON inside a text, as the vendor's own Go client expects it.
    DescAsText "desc-as-text" Always Any,
    /// The whole payload is missing from a success: only `code` is there.
    NoPayload "no-payload" Always Any,
    /// The list is null in a success.
    NullList "null-list" Always Lists,
    /// The list is missing from a success.
    NoList "no-list" Always Lists,
    /// A page without rows that is not the last.
    EmptyPage "empty-page" Once Pages,
    /// Every page has half as many rows as asked for, though there are more.
    ShortPages "short-pages" Always Pages,
    /// Online fixed members are picked after the page was cut: a page may be short, or empty, though there are more.
    FilterAfterCut "filter-after-cut" Always ByPage,
    /// Who entered at exactly `endtime` (or `timetag`) is on the page too.
    EndtimeInclusive "endtime-inclusive" Always Pages,
    /// `endtime` (or `timetag`) is ignored: the first page for ever.
    StuckCursor "stuck-cursor" Always Pages,
    /// Fixed members are ordered and paged by when their record changed, which no row says.
    ByUpdateTime "fixed-by-update-time" Always ByPage,
    /// Who shares a millisecond comes in another order every time, on whichever side of a page's end.
    UnstableTies "unstable-ties" Always Ordered,
    /// The rows of a page come oldest first.
    RisingRows "rising-rows" Always ByPage,
    /// Every row comes twice.
    RepeatedRows "repeated-rows" Always Pages,
    /// Rows have no `enterTime`.
    NoEnterTime "no-enter-time" Always Rows,
    /// One row of the list has null for its `accid`.
    BadRow "bad-row" Always Lists,
    /// Every number in a row is a text.
    StringNumbers "string-numbers" Always Lists,
    /// `type` is a number.
    NumericType "numeric-type" Always Rows,
    /// One row has a `type` that no document knows.
    UnknownType "unknown-type" Always Rows,
    /// `blacklisted`, `muted`, `tempMuted` and `isRobot` are there when they are false.
    FalseFlags "false-flags" Always Rows,
    /// `nick` and `ext` are null.
    NullTexts "null-texts" Always Lists,
    /// Rows have no more than `roomid`, `accid`, `type` and `enterTime`.
    SparseRows "sparse-rows" Always Rows,
    /// Rows and the answer have fields that no document knows.
    ExtraFields "extra-fields" Always Any,
    /// The first room that exists is among `failRooms`.
    FailRooms "fail-rooms" Once GetBatch,
    /// A team that is not there is refused with 108404 instead of 803.
    SixDigitCodes "six-digit-codes" Always Teams,
    /// A team's `members` hold its admins too.
    AdminsInMembers "admins-in-members" Always Teams,
    /// `jointime` of a super team's member is a number.
    NumberJointime "number-jointime" Always SuperTeam,
}

impl Fault {
    /// The first call it can hit, and no other.
    #[must_use]
    pub fn once(self) -> Injection {
        self.when(When::Once)
    }

    /// Every `n`th call: with 3, the 3rd, the 6th, ..
    #[must_use]
    pub fn every(self, n: u32) -> Injection {
        self.when(When::Every(n))
    }

    /// Every call.
    #[must_use]
    pub fn always(self) -> Injection {
        self.when(When::Always)
    }

    /// The `k`th call only, counted from 1.
    #[must_use]
    pub fn on_call(self, k: u32) -> Injection {
        self.when(When::Call(k))
    }

    /// As often as `when` says.
    #[must_use]
    pub fn when(self, when: When) -> Injection {
        Injection { fault: self, when, group: None, command: None }
    }

    /// Its name, what is usual for it (trouble passes, a habit stays), and what it can hit.
    fn traits(&self) -> (&'static str, When, Hits) {
        match self {
            Self::ClampPage(_) => ("clamp-page", When::Always, Hits::Pages),
            Self::Code(_) => ("code", When::Once, Hits::Any),
            Self::Redirect(_) => ("redirect", When::Always, Hits::Any),
            plain => PLAIN
                .iter()
                .find(|(fault, ..)| fault == plain)
                .map_or(("", When::Always, Hits::Any), |(_, name, when, hits)| (*name, *when, *hits)),
        }
    }

    fn can_hit(&self, command: Command) -> bool {
        use Command as C;
        let pages = matches!(command, C::MembersByPage | C::TagMembersQuery | C::SuperTeamGetTlists);
        let rows = matches!(command, C::MembersByPage | C::QueryMembersByRole | C::QueryMembers | C::TagMembersQuery);
        match self.traits().2 {
            Hits::Any => true,
            Hits::Rows => rows,
            Hits::Pages => pages,
            Hits::Lists => rows || pages,
            Hits::Ordered => matches!(command, C::MembersByPage | C::SuperTeamGetTlists),
            Hits::ByPage => command == C::MembersByPage,
            Hits::GetBatch => command == C::GetBatch,
            Hits::Teams => matches!(command, C::TeamQuery | C::TeamQueryDetail | C::SuperTeamGetTlists),
            Hits::SuperTeam => command == C::SuperTeamGetTlists,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.traits().0)?;
        match self {
            Self::ClampPage(PAGE) | Self::Code(SERVER_ERROR) => Ok(()),
            Self::ClampPage(number) | Self::Code(number) => write!(f, "={number}"),
            Self::Redirect(to) if to != NOWHERE => write!(f, "={to}"),
            _ => Ok(()),
        }
    }
}

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such fault: {:?}; there are {}", self.0, Fault::NAMES.join(", "))?;
        f.write_str("; add @once, @always, @every-N or @call-N to say when")
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.to_owned());
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let number = |usual| argument.map_or(Ok(usual), |argument| argument.parse().map_err(|_| unknown()));
        match name {
            "clamp-page" => number(PAGE).map(Self::ClampPage),
            "code" => number(SERVER_ERROR).map(Self::Code),
            "redirect" => Ok(Self::Redirect(argument.unwrap_or(NOWHERE).to_owned())),
            _ if argument.is_some() => Err(unknown()),
            _ => PLAIN.iter().find(|(_, n, ..)| *n == name).map(|(fault, ..)| fault.clone()).ok_or_else(unknown),
        }
    }
}

/// A fault, how often it comes, and what it is limited to. Parsed from `NAME` or `NAME@WHEN`: `reset`,
/// `clamp-page=20@always`, `502-html@every-3`, `cut-body@call-2`. Without a `WHEN`, trouble comes once and habits always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// What goes wrong.
    pub fault: Fault,
    /// How often.
    pub when: When,
    /// In calls about this room or team only.
    pub group: Option<u64>,
    /// In this call only: `chatroom/membersByPage`.
    pub command: Option<String>,
}

impl Injection {
    /// In calls about this room or team only.
    #[must_use]
    pub fn on_group(mut self, group: u64) -> Self {
        self.group = Some(group);
        self
    }

    /// In calls of this command only.
    #[must_use]
    pub fn on_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}

impl From<Fault> for Injection {
    /// As often as is usual for the fault: trouble comes once, habits always.
    fn from(fault: Fault) -> Self {
        let when = fault.traits().1;
        fault.when(when)
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.fault, self.when)
    }
}

impl FromStr for Injection {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        // The last "@": a redirect's URL may hold one of its own.
        if let Some((fault, when)) = text.rsplit_once('@') {
            let number = |prefix| {
                let number = when.strip_prefix(prefix)?.trim_start_matches(['-', ' ']).parse().ok();
                number.filter(|&number: &u32| number > 0)
            };
            let when = match when {
                "once" => Some(When::Once),
                "always" => Some(When::Always),
                _ => number("every").map(When::Every).or_else(|| number("call").map(When::Call)),
            };
            if let Some(when) = when {
                return Ok(fault.parse::<Fault>().map_err(|_| UnknownFault(text.to_owned()))?.when(when));
            }
        }
        text.parse::<Fault>().map(Self::from)
    }
}

/// The injections in force, and how many calls each has seen.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Injection, u32)>);

impl Faults {
    pub(crate) fn inject(&mut self, injection: Injection) {
        self.0.push((injection, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults that hit this call, each injection's count moved on.
    pub(crate) fn hitting(&mut self, command: Command, groups: &[String]) -> Vec<Fault> {
        let mut hitting = Vec::new();
        for (injection, calls) in &mut self.0 {
            let here = injection.fault.can_hit(command)
                && injection.command.as_deref().is_none_or(|c| c == command.name())
                && injection.group.is_none_or(|group| groups.iter().any(|g| *g == group.to_string()));
            if here {
                *calls = calls.saturating_add(1);
                let now = match injection.when {
                    When::Once => *calls == 1,
                    When::Every(n) => calls.is_multiple_of(n.max(1)),
                    When::Always => true,
                    When::Call(k) => *calls == k,
                };
                if now {
                    hitting.push(injection.fault.clone());
                }
            }
        }
        hitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_and_print_themselves() {
        let mut names = Fault::NAMES.to_vec();
        for name in &names {
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), *name);
            assert_eq!(name.parse::<Injection>().unwrap().fault.to_string(), *name);
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for text in ["clamp-page=30@always", "redirect=http://a@b/?c=d@call-2", "reset@every-3", "code=13003@once"] {
            assert_eq!(text.parse::<Injection>().unwrap().to_string(), text);
        }
        assert_eq!("reset".parse::<Injection>().unwrap().when, When::Once);
        assert_eq!("endtime-inclusive".parse::<Injection>().unwrap().when, When::Always);
        for text in ["", "resett", "reset=1", "code=x", "reset@sometimes", "reset@every-0", "reset@call-0"] {
            assert!(text.parse::<Injection>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_injection_counts_the_calls_it_can_hit() {
        let mut faults = Faults::default();
        faults.inject(Fault::Reset.every(2).on_group(7));
        faults.inject(Fault::BadRow.once());
        faults.inject(Fault::Html200.on_call(3).on_command("chatroom/get"));
        let mut hitting = |command, group: &str| faults.hitting(command, &[group.to_owned()]);
        assert_eq!(hitting(Command::Get, "7"), []);
        assert_eq!(hitting(Command::Get, "8"), []);
        assert_eq!(hitting(Command::MembersByPage, "7"), [Fault::Reset, Fault::BadRow]);
        assert_eq!(hitting(Command::Get, "8"), [Fault::Html200]);
        assert_eq!(hitting(Command::MembersByPage, "8"), []);
    }
}
