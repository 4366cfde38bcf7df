//! What can go wrong on demand, and when it does.

use std::{fmt, str::FromStr};

const PAGE: u32 = 50;
const NOWHERE: &str = "http://127.0.0.1:1/";

/// Something that goes wrong. Written and parsed by name; three take an argument after `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `10002-then-ok`: the group server's "please retry".
    ServerError,
    /// `70001-then-ok`: the signature is called expired, though it is not.
    SigExpired,
    /// `60007`: call frequency exceeded.
    Throttled,
    /// `10018` or `10018=ROWS`: pages of more rows (50 unless told) are refused as too large.
    TooLarge(u32),
    /// `stuck-cursor`: a Community's `Next` comes back as it was sent, with the same rows for ever.
    StuckCursor,
    /// `empty-page`: a Community page without rows that is not the last, with a new cursor.
    EmptyPage,
    /// `502-html`: a gateway's error page.
    BadGateway,
    /// `cut-body`: the connection is closed in the middle of a body of known length.
    CutBody,
    /// `reset`: the connection is reset before any byte of the answer.
    Reset,
    /// `reset-mid-body`: it is reset in the middle of the body.
    ResetMidBody,
    /// `slow-drip`: a byte every 200 ms.
    SlowDrip,
    /// `endless-body`: the answer, followed by white space without end.
    EndlessBody,
    /// `redirect` or `redirect=URL`: 302 to another host (one that is not there, unless told).
    Redirect(String),
    /// `html-200`: a page of HTML with status 200.
    Html200,
    /// `echo-query`: 10004, and `ErrorInfo` repeats the whole query string, signature included.
    EchoQuery,
    /// `clamp-page` or `clamp-page=ROWS`: never more rows than this (50 unless told), without a word.
    ClampPage(u32),
    /// `429-retry-after`: HTTP 429 with `Retry-After: 1`.
    TooManyRequests,
    /// `bad-row`: one row of the page has null for its `Member_Account`.
    BadRow,
    /// `null-list`: `MemberList` is null in a success.
    NullList,
    /// `missing-error-info`: the envelope has no `ErrorInfo`.
    MissingErrorInfo,
    /// `role-with-space`: `"Member "`.
    RoleWithSpace,
    /// `string-numbers`: `MemberNum` and the numbers in rows are strings.
    StringNumbers,
    /// `unstable-order`: the list is in another order for every call (a Community's only within the page).
    UnstableOrder,
}

impl Fault {
    /// Every name, as `--fault` would take it.
    pub const NAMES: [&str; 23] = [
        "10002-then-ok",
        "70001-then-ok",
        "60007",
        "10018",
        "stuck-cursor",
        "empty-page",
        "502-html",
        "cut-body",
        "reset",
        "reset-mid-body",
        "slow-drip",
        "endless-body",
        "redirect",
        "html-200",
        "echo-query",
        "clamp-page",
        "429-retry-after",
        "bad-row",
        "null-list",
        "missing-error-info",
        "role-with-space",
        "string-numbers",
        "unstable-order",
    ];

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

    /// What is usual for this fault: trouble passes (once), a vendor's habit stays (always).
    fn usual(&self) -> When {
        match self {
            Self::TooLarge(_)
            | Self::StuckCursor
            | Self::Redirect(_)
            | Self::Html200
            | Self::EchoQuery
            | Self::ClampPage(_)
            | Self::SlowDrip
            | Self::EndlessBody
            | Self::BadRow
            | Self::NullList
            | Self::MissingErrorInfo
            | Self::RoleWithSpace
            | Self::StringNumbers
            | Self::UnstableOrder => When::Always,
            _ => When::Once,
        }
    }

    /// Faults in member lists must not be used up by calls that have none.
    fn can_hit(&self, command: &str) -> bool {
        match self {
            Self::TooLarge(_)
            | Self::StuckCursor
            | Self::EmptyPage
            | Self::ClampPage(_)
            | Self::NullList
            | Self::UnstableOrder => command == "get_group_member_info",
            Self::BadRow | Self::RoleWithSpace | Self::StringNumbers => {
                matches!(command, "get_group_member_info" | "get_specified_group_member_info")
            }
            _ => true,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::ServerError => "10002-then-ok",
            Self::SigExpired => "70001-then-ok",
            Self::Throttled => "60007",
            Self::TooLarge(_) => "10018",
            Self::StuckCursor => "stuck-cursor",
            Self::EmptyPage => "empty-page",
            Self::BadGateway => "502-html",
            Self::CutBody => "cut-body",
            Self::Reset => "reset",
            Self::ResetMidBody => "reset-mid-body",
            Self::SlowDrip => "slow-drip",
            Self::EndlessBody => "endless-body",
            Self::Redirect(_) => "redirect",
            Self::Html200 => "html-200",
            Self::EchoQuery => "echo-query",
            Self::ClampPage(_) => "clamp-page",
            Self::TooManyRequests => "429-retry-after",
            Self::BadRow => "bad-row",
            Self::NullList => "null-list",
            Self::MissingErrorInfo => "missing-error-info",
            Self::RoleWithSpace => "role-with-space",
            Self::StringNumbers => "string-numbers",
            Self::UnstableOrder => "unstable-order",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::TooLarge(PAGE) | Self::ClampPage(PAGE) => Ok(()),
            Self::TooLarge(rows) | Self::ClampPage(rows) => write!(f, "={rows}"),
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
        let rows = || match argument {
            None => Ok(PAGE),
            Some(argument) => argument.parse().map_err(|_| unknown()),
        };
        let fault = match name {
            "10018" => return rows().map(Self::TooLarge),
            "clamp-page" => return rows().map(Self::ClampPage),
            "redirect" => return Ok(Self::Redirect(argument.unwrap_or(NOWHERE).to_owned())),
            "10002-then-ok" => Self::ServerError,
            "70001-then-ok" => Self::SigExpired,
            "60007" => Self::Throttled,
            "stuck-cursor" => Self::StuckCursor,
            "empty-page" => Self::EmptyPage,
            "502-html" => Self::BadGateway,
            "cut-body" => Self::CutBody,
            "reset" => Self::Reset,
            "reset-mid-body" => Self::ResetMidBody,
            "slow-drip" => Self::SlowDrip,
            "endless-body" => Self::EndlessBody,
            "html-200" => Self::Html200,
            "echo-query" => Self::EchoQuery,
            "429-retry-after" => Self::TooManyRequests,
            "bad-row" => Self::BadRow,
            "null-list" => Self::NullList,
            "missing-error-info" => Self::MissingErrorInfo,
            "role-with-space" => Self::RoleWithSpace,
            "string-numbers" => Self::StringNumbers,
            "unstable-order" => Self::UnstableOrder,
            _ => return Err(unknown()),
        };
        if argument.is_some() { Err(unknown()) } else { Ok(fault) }
    }
}

/// How often, counted over the calls a fault can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `once`: the first call.
    Once,
    /// `every-N`: every Nth call.
    Every(u32),
    /// `always`.
    Always,
    /// `call-N`: the Nth call only, counted from 1.
    Call(u32),
}

impl When {
    pub(crate) fn is_now(self, call: u32) -> bool {
        match self {
            Self::Once => call == 1,
            Self::Every(n) => call.is_multiple_of(n.max(1)),
            Self::Always => true,
            Self::Call(k) => call == k,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once => f.write_str("once"),
            Self::Every(n) => write!(f, "every-{n}"),
            Self::Always => f.write_str("always"),
            Self::Call(k) => write!(f, "call-{k}"),
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
    /// In calls about this group only.
    pub group: Option<String>,
    /// In calls of this command only.
    pub command: Option<String>,
}

impl Injection {
    /// In calls about this group only.
    #[must_use]
    pub fn on_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
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
    pub(crate) fn hitting(&mut self, command: &str, groups: &[&str]) -> Vec<Fault> {
        let mut hitting = Vec::new();
        for (injection, calls) in &mut self.0 {
            let here = injection.fault.can_hit(command)
                && injection.command.as_deref().is_none_or(|c| c == command)
                && injection.group.as_deref().is_none_or(|g| groups.contains(&g));
            if here {
                *calls = calls.saturating_add(1);
                if injection.when.is_now(*calls) {
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
        for name in Fault::NAMES {
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), name);
        }
        for text in ["10018=20@always", "redirect=http://a@b/?c=d@call-2", "reset@every-3", "60007@once"] {
            assert_eq!(text.parse::<Injection>().unwrap().to_string(), text);
        }
        assert_eq!("reset@every 3".parse::<Injection>().unwrap().when, When::Every(3));
        assert_eq!("reset".parse::<Injection>().unwrap().when, When::Once);
        assert_eq!("clamp-page".parse::<Injection>().unwrap().when, When::Always);
        for text in
            ["", "resett", "reset=1", "10018=x", "reset@sometimes", "reset@every-x", "reset@every-0", "reset@call-0"]
        {
            assert!(text.parse::<Injection>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_injection_counts_the_calls_it_can_hit() {
        let mut faults = Faults::default();
        faults.inject(Fault::Reset.every(2).on_group("a"));
        faults.inject(Fault::BadRow.once());
        faults.inject(Fault::Html200.on_call(3).on_command("get_group_info"));
        let mut hitting = |command, group| faults.hitting(command, &[group]);
        assert_eq!(hitting("get_group_info", "a"), []);
        assert_eq!(hitting("get_group_info", "b"), []);
        assert_eq!(hitting("get_group_member_info", "a"), [Fault::Reset, Fault::BadRow]);
        assert_eq!(hitting("get_group_info", "b"), [Fault::Html200]);
        assert_eq!(hitting("get_group_member_info", "b"), []);
    }
}
