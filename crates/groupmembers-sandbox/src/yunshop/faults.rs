//! What can go wrong on demand, and when it does.

use std::{fmt, str::FromStr};

use crate::tim::When;

const NOWHERE: &str = "http://127.0.0.1:1/";
const NOT_LOGGED_IN: i32 = 1;

/// Which calls a fault can hit: it must not be used up by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// All.
    Any,
    /// Those that need a session.
    Session,
    /// `getList`, `getGroupMembers`, `getGroupEmployees`.
    Lists,
    /// `getGroupMembers`, `getGroupEmployees`.
    Rows,
}

impl Reach {
    fn includes(self, command: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Session => command != "login",
            Self::Lists => matches!(command, "getList" | "getGroupMembers" | "getGroupEmployees"),
            Self::Rows => matches!(command, "getGroupMembers" | "getGroupEmployees"),
        }
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $name:literal $usual:ident $reach:ident,)*) => {
        /// Something that goes wrong. Written and parsed by name; two take an argument after `=`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* #[doc = concat!("(`", $name, "`)")] $variant,)*
            /// A refusal with this `login_status`: 1 please log in, 2 choose an enterprise, -1 blacklisted, -2 no such
            /// tenant, -4 bad client type, 0 log in for WeChat. (`login-status` is 1, or `login-status=N`)
            LoginStatus(i32),
            /// 302 to another host, one that is not there unless told. (`redirect` or `redirect=URL`)
            Redirect(String),
        }

        impl Fault {
            /// Every name, as `--fault` would take it.
            pub const NAMES: &'static [&'static str] = &[$($name,)* "login-status", "redirect"];

            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::LoginStatus(_) => "login-status",
                    Self::Redirect(_) => "redirect",
                }
            }

            fn plain(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// What is usual for this fault: trouble passes (once), a host's habit stays (always).
            fn usual(&self) -> When {
                match self {
                    $(Self::$variant => When::$usual,)*
                    Self::LoginStatus(_) => When::Once,
                    Self::Redirect(_) => When::Always,
                }
            }

            fn reach(&self) -> Reach {
                match self {
                    $(Self::$variant => Reach::$reach,)*
                    Self::LoginStatus(_) => Reach::Session,
                    Self::Redirect(_) => Reach::Any,
                }
            }
        }
    };
}

faults! {
    /// The connection is reset before any byte of the answer.
    Reset "reset" Once Any,
    /// It is reset in the middle of the body.
    ResetMidBody "reset-mid-body" Once Any,
    /// The connection is closed in the middle of a body of known length.
    CutBody "cut-body" Once Any,
    /// A byte every 200 ms.
    SlowDrip "slow-drip" Always Any,
    /// The answer, followed by white space without end.
    EndlessBody "endless-body" Always Any,
    /// A gateway's error page.
    BadGateway "502-html" Once Any,
    /// The page of a host that is down for maintenance.
    Maintenance "503-html" Once Any,
    /// HTTP 429 with `Retry-After: 1`, from something in front of the host.
    TooManyRequests "429-retry-after" Once Any,
    /// HTTP 405 as a page, as for a route that takes no such method.
    MethodNotAllowed "405-html" Once Any,
    /// HTTP 500 `{"message":"Server Error"}`; a page for who asked for no JSON.
    ServerError "500-json" Once Any,
    /// The debug page of a host that is not in production, with status 200.
    Whoops "whoops-200" Once Any,
    /// The login page with status 200, where JSON was asked for.
    HtmlLogin "html-login" Always Session,
    /// An exception of the shop: JSON for who sends `X-Requested-With`, a page with status 200 for everybody else.
    ShopException "exception" Once Any,

    /// The session has ended before this call. Who sends `Yz-appToken` too gets a new one without a word, in which
    /// no enterprise is chosen.
    SessionExpired "session-expired" Once Session,
    /// The session and `Yz-appToken` have both ended before this call.
    LoggedOut "logged-out" Once Session,
    /// The session has lost its enterprise before this call, and the member has meanwhile chosen another one elsewhere:
    /// that is what it falls back to, without a word.
    EnterpriseLost "enterprise-lost" Once Session,
    /// Somebody has chosen another enterprise in this very session before this call.
    EnterpriseSwitched "enterprise-switched" Once Session,
    /// The rows are those of a group of another enterprise.
    ForeignRows "foreign-rows" Always Rows,
    /// `result` 0 with `data.status` -2: go to login.
    StatusMinus2 "status-minus-2" Once Session,
    /// `result` 1 (!) with `data.status` -5: go to login.
    StatusMinus5 "status-minus-5" Once Session,
    /// Not logged in, in the shape of the other guard: no `result` at all.
    NoResult "no-result" Once Session,
    /// `Sorry,您没有操作权限`.
    Forbidden "forbidden" Once Session,

    /// A success whose `data` is `[]`.
    DataArray "data-array" Always Lists,
    /// `msg` is null.
    NullMsg "null-msg" Always Any,
    /// `msg` is an object.
    ObjectMsg "object-msg" Always Any,
    /// `result` is `"1"` or `"0"`.
    StringResult "string-result" Always Any,
    /// `result` is true or false.
    BoolResult "bool-result" Always Any,
    /// A byte order mark and white space ahead of the JSON.
    Bom "bom" Always Any,
    /// Every integer in `data` is a string.
    StringInts "string-ints" Always Any,

    /// The paginator's `data` is an object with gaps in its numeric keys.
    ObjectData "object-data" Always Lists,
    /// The paginator's `data` is null.
    NullData "null-data" Always Lists,
    /// `per_page` is a string.
    StringPerPage "string-per-page" Always Lists,
    /// Laravel 5.4's paginator: no `first_page_url`, `last_page_url`, `path`.
    OldPaginator "old-paginator" Always Lists,
    /// Laravel 8's paginator: with `links`.
    PaginatorLinks "paginator-links" Always Lists,
    /// `page` is ignored: always the first.
    IgnoredPage "ignored-page" Always Lists,
    /// The rows of the first page whatever is asked, and a `current_page` that says what was asked.
    RepeatedRows "repeated-rows" Always Lists,
    /// `last_page` is always one more than the page asked for, and `total` goes with it.
    GrowingPages "growing-pages" Always Lists,
    /// A page without rows that is not the last.
    EmptyPage "empty-page" Once Lists,
    /// The last row of every page is missing, and `total` counts it.
    MissingRow "missing-row" Always Lists,
    /// `total` counts one more than there are.
    TotalTooHigh "total-too-high" Always Lists,
    /// The list is in another order for every call.
    UnstableOrder "unstable-order" Always Rows,

    /// Staff rows of the newer kind: `business_id`, `user_id`, `avatar`, no `department` or `extattr`.
    NewStaff "new-staff" Always Rows,
    /// Columns of newer versions: `is_old`, `inviter_member_name`, `inviter_member_avatar`.
    NewerColumns "newer-columns" Always Rows,
    /// Columns no document knows of.
    UnknownColumns "unknown-columns" Always Lists,
    /// Enumerations with numbers nobody has written down.
    UnknownEnums "unknown-enums" Always Rows,
    /// Relations that are none are `[]` instead of null.
    EmptyRelations "empty-relations" Always Lists,
    /// Relations that are none are missing.
    MissingRelations "missing-relations" Always Lists,
    /// Optional texts and numbers are null instead of empty or 0.
    NullFields "null-fields" Always Rows,
    /// Dates as Laravel 7 and later print them: `2021-10-08T01:48:50.000000Z`.
    IsoTimes "iso-times" Always Rows,
    /// The dates of `has_one_customer` are printed, not counted.
    PrintedTimes "printed-times" Always Rows,
    /// Dates are `0000-00-00 00:00:00`.
    ZeroDates "zero-dates" Always Rows,
    /// `extattr` and `external_profile` hold text that is no JSON.
    BrokenExtattr "broken-extattr" Always Rows,
    /// One row of the page has neither an id nor a userid.
    BadRow "bad-row" Always Rows,
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

    /// Whether it happens to the session, before anybody looks who is calling.
    fn is_before(&self) -> bool {
        matches!(self, Self::SessionExpired | Self::LoggedOut | Self::EnterpriseLost | Self::EnterpriseSwitched)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::LoginStatus(status) if *status != NOT_LOGGED_IN => write!(f, "={status}"),
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
        let fault = match text.split_once('=') {
            None if text == "login-status" => Some(Self::LoginStatus(NOT_LOGGED_IN)),
            None if text == "redirect" => Some(Self::Redirect(NOWHERE.to_owned())),
            None => Self::plain(text),
            Some(("login-status", status)) => status.parse().ok().map(Self::LoginStatus),
            Some(("redirect", to)) => Some(Self::Redirect(to.to_owned())),
            Some(_) => None,
        };
        fault.ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

/// A fault, how often it comes, and what it is limited to. Parsed from `NAME` or `NAME@WHEN`: `reset`,
/// `login-status=2@always`, `502-html@every-3`, `cut-body@call-2`. Without a `WHEN`, trouble comes once and habits always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// What goes wrong.
    pub fault: Fault,
    /// How often, counted over the calls the fault can hit. Calls that are refused for another reason do not count,
    /// except for what happens to the session itself.
    pub when: When,
    /// In calls about this group only.
    pub group: Option<u32>,
    /// In calls of this command only: `login`, `businessList`, `manageBusiness`, `getBusinessCommonData`, `getList`,
    /// `getGroupMembers`, `getGroupEmployees`.
    pub command: Option<String>,
}

impl Injection {
    /// In calls about this group only.
    #[must_use]
    pub fn on_group(mut self, group: u32) -> Self {
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
        let when = fault.usual();
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
            let number = |prefix| when.strip_prefix(prefix)?.parse().ok().filter(|number: &u32| *number > 0);
            let when = match when {
                "once" => Some(When::Once),
                "always" => Some(When::Always),
                _ => number("every-").map(When::Every).or_else(|| number("call-").map(When::Call)),
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

    /// The faults that hit a call before it is known whether it will be admitted.
    pub(crate) fn before(&mut self, command: &str, group: Option<u32>) -> Vec<Fault> {
        self.hitting(command, group, true)
    }

    /// The faults that hit a call that was admitted.
    pub(crate) fn after(&mut self, command: &str, group: Option<u32>) -> Vec<Fault> {
        self.hitting(command, group, false)
    }

    fn hitting(&mut self, command: &str, group: Option<u32>, before: bool) -> Vec<Fault> {
        let mut hitting = Vec::new();
        for (injection, calls) in &mut self.0 {
            let here = injection.fault.is_before() == before
                && injection.fault.reach().includes(command)
                && injection.command.as_deref().is_none_or(|c| c == command)
                && injection.group.is_none_or(|g| group == Some(g));
            if here {
                *calls = calls.saturating_add(1);
                if is_now(injection.when, *calls) {
                    hitting.push(injection.fault.clone());
                }
            }
        }
        hitting
    }
}

fn is_now(when: When, call: u32) -> bool {
    match when {
        When::Once => call == 1,
        When::Every(n) => call.is_multiple_of(n.max(1)),
        When::Always => true,
        When::Call(k) => call == k,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_and_print_themselves() {
        for name in Fault::NAMES {
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), *name);
        }
        for text in ["login-status=-2@always", "redirect=http://a@b/?c=d@call-2", "reset@every-3", "502-html@once"] {
            assert_eq!(text.parse::<Injection>().unwrap().to_string(), text);
        }
        assert_eq!("reset".parse::<Injection>().unwrap().when, When::Once);
        assert_eq!("string-ints".parse::<Injection>().unwrap().when, When::Always);
        for text in ["", "resett", "reset=1", "login-status=x", "reset@sometimes", "reset@every-0", "reset@call-x"] {
            assert!(text.parse::<Injection>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_injection_counts_the_calls_it_can_hit() {
        let mut faults = Faults::default();
        faults.inject(Fault::Reset.every(2).on_group(11));
        faults.inject(Fault::BadRow.once());
        faults.inject(Fault::SessionExpired.on_call(2));
        let mut after = |command, group| faults.after(command, Some(group));
        assert_eq!(after("getList", 11), []);
        assert_eq!(after("getList", 12), []);
        assert_eq!(after("getGroupMembers", 11), [Fault::Reset, Fault::BadRow]);
        assert_eq!(faults.before("login", None), []);
        assert_eq!(faults.before("getList", None), []);
        assert_eq!(faults.before("getList", None), [Fault::SessionExpired]);
    }
}
