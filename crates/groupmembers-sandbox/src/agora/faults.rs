//! What can go wrong on demand, and when it does.

use std::{fmt, str::FromStr};

use super::{When, command};

const OLD_CAP: usize = 100;
const NOWHERE: &str = "http://127.0.0.1:1/";

const ANY: &[&str] = &[];
const USERS: &[&str] = &[command::USERS];
const MEMBERS: &[&str] = &[command::USERS, command::DETAILS];
const DETAILS: &[&str] = &[command::DETAILS];
const GROUPS: &[&str] = &[command::GROUPS];
const CURSORS: &[&str] = &[command::USERS, command::GROUPS, command::BLOCKED];
const COUNTED: &[&str] = &[command::USERS, command::GROUPS, command::DETAILS, command::ADMINS, command::BLOCKED];

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $usual:ident, $hits:ident;)*) => {
        /// Something that goes wrong. Written and parsed by name; two take an argument after `=`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $variant,)*
            /// `clamp-page` or `clamp-page=ROWS`: never more members than this (100 unless told), without a word.
            ClampPage(usize),
            /// `redirect` or `redirect=URL`: 302 to another host (one that is not there, unless told).
            Redirect(String),
        }

        impl Fault {
            /// Every name, as `--fault` would take it.
            pub const NAMES: &[&str] = &[$($name,)* "clamp-page", "redirect"];

            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::ClampPage(_) => "clamp-page",
                    Self::Redirect(_) => "redirect",
                }
            }

            /// What is usual for this fault: trouble passes (once), a habit stays (always).
            fn usual(&self) -> When {
                match self {
                    $(Self::$variant => When::$usual,)*
                    Self::ClampPage(_) | Self::Redirect(_) => When::Always,
                }
            }

            /// Faults in member lists must not be used up by calls that have none.
            fn can_hit(&self, command: &str) -> bool {
                let hits = match self {
                    $(Self::$variant => $hits,)*
                    Self::ClampPage(_) => USERS,
                    Self::Redirect(_) => ANY,
                };
                hits.is_empty() || hits.contains(&command)
            }

            fn plain(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

faults! {
    /// `401-expired`: the token is called expired, though it is not.
    Expired = "401-expired", Once, ANY;
    /// `401-oauth`: the documented 401, "Unable to authenticate (OAuth)".
    OAuth = "401-oauth", Once, ANY;
    /// `401-corrupt`: `auth_bad_access_token`.
    Corrupt = "401-corrupt", Once, ANY;
    /// `401-blank`: `group_authorization`, "token is blank!", as the group service really says it.
    Blank = "401-blank", Once, ANY;
    /// `401-permission`: `group_authorization` again, but no new token helps.
    Permission = "401-permission", Always, ANY;
    /// `403-disabled`: `forbidden_op`, "group is disabled".
    Disabled = "403-disabled", Always, ANY;
    /// `404-app`: `organization_application_not_found`, as from the cluster of another region.
    NoApp = "404-app", Always, ANY;
    /// `404-group`: the group is gone.
    NoGroup = "404-group", Once, ANY;
    /// `404-other-form`: a missing group is reported in the other one of the two forms.
    OtherNotFound = "404-other-form", Always, ANY;
    /// `408`: the server's own time-out.
    TimedOut = "408", Once, ANY;
    /// `429-reach-limit`: calls per second exceeded, though they are not.
    ReachLimit = "429-reach-limit", Once, ANY;
    /// `429-resource-limited`: the plan is used up.
    ResourceLimited = "429-resource-limited", Always, ANY;
    /// `429-retry-after`: calls per second exceeded, with `Retry-After: 1`.
    TooManyRequests = "429-retry-after", Once, ANY;
    /// `500`: `web_application`.
    ServerError = "500", Once, ANY;
    /// `502-html`: a gateway's error page.
    BadGateway = "502-html", Once, ANY;
    /// `503`: "service unavailable", which older texts have for throttling.
    Unavailable = "503", Once, ANY;
    /// `504-empty`: no body at all.
    GatewayTimeout = "504-empty", Once, ANY;
    /// `cut-body`: the connection is closed in the middle of a body of known length.
    CutBody = "cut-body", Once, ANY;
    /// `reset`: the connection is reset before any byte of the answer.
    Reset = "reset", Once, ANY;
    /// `reset-mid-body`: it is reset in the middle of the body.
    ResetMidBody = "reset-mid-body", Once, ANY;
    /// `slow-drip`: a byte every 200 ms.
    SlowDrip = "slow-drip", Always, ANY;
    /// `endless-body`: the answer, followed by white space without end.
    EndlessBody = "endless-body", Always, ANY;
    /// `html-200`: a page of HTML with status 200.
    Html200 = "html-200", Always, ANY;
    /// `empty-body`: status 200 and nothing.
    EmptyBody = "empty-body", Always, ANY;
    /// `null-body`: status 200 and `null`.
    NullBody = "null-body", Always, ANY;
    /// `null-data`: `data` is null in a success.
    NullData = "null-data", Always, ANY;
    /// `missing-data`: there is no `data`.
    MissingData = "missing-data", Always, ANY;
    /// `no-params`: the query is not echoed.
    NoParams = "no-params", Always, ANY;
    /// `application-fields`: `application`, `organization` and `applicationName`, as on other clusters.
    ApplicationFields = "application-fields", Always, ANY;
    /// `properties`: `"properties":{}` and the keys sorted, as newer clusters have it; in errors too.
    Properties = "properties", Always, ANY;
    /// `short-exception`: errors name the Java class without its package.
    ShortException = "short-exception", Always, ANY;
    /// `bare-error`: errors are `{"error":..}` and nothing else.
    BareError = "bare-error", Always, ANY;
    /// `documented-401`: every 401 about a token has the one documented text.
    Documented401 = "documented-401", Always, ANY;
    /// `no-cursor-mode`: `limit` and `cursor` are ignored for members; it is the first page again and again.
    NoCursorMode = "no-cursor-mode", Always, USERS;
    /// `stuck-cursor`: the cursor comes back as it was sent, with the same rows for ever.
    StuckCursor = "stuck-cursor", Always, CURSORS;
    /// `cursor-at-end`: the last rows have a cursor too; behind it is an empty page.
    CursorAtEnd = "cursor-at-end", Always, CURSORS;
    /// `null-cursor`: at the end the cursor is null instead of absent.
    NullCursor = "null-cursor", Always, CURSORS;
    /// `empty-page`: a page without rows that is not the last.
    EmptyPage = "empty-page", Once, USERS;
    /// `repeat-last-page`: past the end it is the last page over and over.
    RepeatLastPage = "repeat-last-page", Always, USERS;
    /// `unstable-order`: members are in another order for every call (by cursor only within the page).
    UnstableOrder = "unstable-order", Always, USERS;
    /// `owner-last`: the owner is at the end of the list.
    OwnerLast = "owner-last", Always, USERS;
    /// `admin-as-member`: admins come under the key `member`.
    AdminAsMember = "admin-as-member", Always, USERS;
    /// `bare-ids`: members are plain strings, without a role.
    BareIds = "bare-ids", Always, USERS;
    /// `unknown-role`: ordinary members come under a key nobody knows.
    UnknownRole = "unknown-role", Always, USERS;
    /// `bad-row`: one member of the page is null.
    BadRow = "bad-row", Always, MEMBERS;
    /// `string-times`: join times are strings.
    StringTimes = "string-times", Always, MEMBERS;
    /// `short-times`: join times have 12 digits.
    ShortTimes = "short-times", Always, MEMBERS;
    /// `missing-times`: every third member has no join time.
    MissingTimes = "missing-times", Always, MEMBERS;
    /// `wrong-count`: `count` is 1, whatever the page holds.
    WrongCount = "wrong-count", Always, COUNTED;
    /// `string-count`: `count` is a string.
    StringCount = "string-count", Always, COUNTED;
    /// `wrong-affiliations`: the number of members is three too many.
    WrongAffiliations = "wrong-affiliations", Always, DETAILS;
    /// `em-spelling`: `last_modified` for `lastModified`.
    EmSpelling = "em-spelling", Always, GROUPS;
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
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::ClampPage(rows) if *rows != OLD_CAP => write!(f, "={rows}"),
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
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let fault = match (name, argument) {
            ("clamp-page", None) => Some(Self::ClampPage(OLD_CAP)),
            ("clamp-page", Some(rows)) => rows.parse().ok().filter(|rows| *rows > 0).map(Self::ClampPage),
            ("redirect", to) => Some(Self::Redirect(to.unwrap_or(NOWHERE).to_owned())),
            (name, None) => Self::plain(name),
            _ => None,
        };
        fault.ok_or_else(|| UnknownFault(text.to_owned()))
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
    /// In calls of this kind only, by the name the log has for it: `chatgroups/{id}/users`.
    pub command: Option<String>,
}

impl Injection {
    /// In calls about this group only.
    #[must_use]
    pub fn on_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// In calls of this kind only, by the name the log has for it: `chatgroups/{id}/users`.
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
        if let Some((fault, when)) = text.rsplit_once('@')
            && let Some(when) = parse_when(when)
        {
            return Ok(fault.parse::<Fault>().map_err(|_| UnknownFault(text.to_owned()))?.when(when));
        }
        text.parse::<Fault>().map(Self::from)
    }
}

fn parse_when(text: &str) -> Option<When> {
    let number = |prefix| text.strip_prefix(prefix)?.parse().ok().filter(|number: &u32| *number > 0);
    match text {
        "once" => Some(When::Once),
        "always" => Some(When::Always),
        _ => number("every-").map(When::Every).or_else(|| number("call-").map(When::Call)),
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

    /// Whether this is a habit now; nothing is counted.
    pub(crate) fn in_force(&self, habit: &Fault) -> bool {
        self.0.iter().any(|(injection, _)| injection.fault == *habit && injection.when == When::Always)
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
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), *name);
        }
        for text in ["clamp-page=20@always", "redirect=http://a@b/?c=d@call-2", "reset@every-3", "503@once"] {
            assert_eq!(text.parse::<Injection>().unwrap().to_string(), text);
        }
        assert_eq!("reset".parse::<Injection>().unwrap().when, When::Once);
        assert_eq!("owner-last".parse::<Injection>().unwrap().when, When::Always);
        for text in ["", "resett", "reset=1", "clamp-page=x", "clamp-page=0", "reset@sometimes", "reset@every-0"] {
            assert!(text.parse::<Injection>().is_err(), "{text}");
        }
    }
}
