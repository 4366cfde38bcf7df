//! What can go wrong on demand, and when it does.

use std::{fmt, str::FromStr};

use super::When;

/// Any call.
const ANY: &[&str] = &[];
const LOGIN: &[&str] = &["member/login"];
const LIST: &[&str] = &["getChatRoomMember"];
const ROOM: &[&str] = &["getChatRoomInfo"];
const ROWS: &[&str] = &["getChatRoomMember", "getChatRoomInfo"];
const ONLINE: &[&str] = &["isOnline"];
const DETAIL: &[&str] = &["getChatRoomMemberInfo", "getChatRoomInfo"];
const PEOPLE: &[&str] = &["getChatRoomMember", "getChatRoomInfo", "getChatRoomMemberInfo", "getContact"];
/// The calls with a wId.
const WID: &[&str] = &[
    "getChatRoomMember",
    "getChatRoomMemberInfo",
    "getChatRoomInfo",
    "isOnline",
    "initAddressList",
    "getAddressList",
    "getContact",
];
/// The calls whose success has data.
const DATA: &[&str] = &[
    "member/login",
    "getChatRoomMember",
    "getChatRoomMemberInfo",
    "getChatRoomInfo",
    "queryLoginWx",
    "isOnline",
    "getAddressList",
    "getContact",
];
/// The calls that list.
const LISTS: &[&str] = &["getChatRoomMember", "getChatRoomMemberInfo", "getChatRoomInfo", "queryLoginWx", "getContact"];

const SLOW: u32 = 20_000;
const SHORT: u32 = 2;
const MORE: i32 = 1;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $(($type:ty = $usual_argument:expr))? = $name:literal, $usual:expr, $calls:expr;)*) => {
        /// Something that goes wrong. Written and parsed by name; some take an argument after `=`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $variant $(($type))?,)*
        }

        impl Fault {
            /// Every name, as `--fault` would take it.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// By its name, with the argument that is usual for it.
            fn named(name: &str) -> Option<Self> {
                Some(match name {
                    $($name => Self::$variant $((<$type>::from($usual_argument)))?,)*
                    _ => return None,
                })
            }

            /// What is usual for this fault: trouble passes (once), a vendor's habit stays (always).
            fn usual(&self) -> When {
                match self { $(Self::$variant { .. } => $usual,)* }
            }

            /// The calls it is about; none for all. A fault in lists must not be used up by calls that have none.
            fn calls(&self) -> &'static [&'static str] {
                match self { $(Self::$variant { .. } => $calls,)* }
            }
        }
    };
}

faults! {
    // ---- the connection
    /// `reset`: the connection is reset before any byte of the answer.
    Reset = "reset", When::Once, ANY;
    /// `reset-mid-body`: it is reset in the middle of the body.
    ResetMidBody = "reset-mid-body", When::Once, ANY;
    /// `cut-body`: the connection is closed in the middle of a body of known length.
    CutBody = "cut-body", When::Once, ANY;
    /// `slow-drip`: a byte every 200 ms.
    SlowDrip = "slow-drip", When::Always, ANY;
    /// `endless-body`: the answer, followed by white space without end.
    EndlessBody = "endless-body", When::Always, ANY;
    /// `slow-answer` or `slow-answer=MS`: the answer comes after 20 s, or after so many milliseconds.
    SlowAnswer(u32 = SLOW) = "slow-answer", When::Once, ANY;
    // ---- what stands between
    /// `redirect` or `redirect=URL`: 302 to another host (one that is not there, unless told).
    Redirect(String = "http://127.0.0.1:1/") = "redirect", When::Always, ANY;
    /// `502-html`: a gateway's error page.
    BadGateway = "502-html", When::Once, ANY;
    /// `html-200`: a page of HTML with status 200.
    Html200 = "html-200", When::Always, ANY;
    /// `429-retry-after`: HTTP 429 with `Retry-After: 1`.
    TooManyRequests = "429-retry-after", When::Once, ANY;
    /// `401`: HTTP 401 with a body that has no `code`.
    Unauthorized = "401", When::Once, ANY;
    /// `403`: HTTP 403 with a body that has no `code`.
    Forbidden = "403", When::Once, ANY;
    /// `spring-error`: HTTP 500 with the server's own error object: `timestamp`, `status`, `error`, `path`.
    SpringError = "spring-error", When::Once, ANY;
    /// `spring-200`: the same object with status 200.
    Spring200 = "spring-200", When::Once, ANY;
    // ---- failures
    /// `1001`: failed (失败), and not a word why.
    Failure = "1001", When::Once, ANY;
    /// `1001-retry`: 系统失败,请重试, the only words that ask to try again.
    PleaseRetry = "1001-retry", When::Once, ANY;
    /// `1001-xml`: `message` is a piece of XML.
    XmlMessage = "1001-xml", When::Once, ANY;
    /// `10001`: a failure with the code that the vendor's tables print.
    TypoCode = "10001", When::Once, ANY;
    /// `9999`: a failure with a code that nobody documents.
    UnknownCode = "9999", When::Once, ANY;
    /// `echo-credentials`: 1001, and `message` repeats the `Authorization` and the body, wId or password included.
    EchoCredentials = "echo-credentials", When::Always, ANY;
    // ---- the envelope
    /// `code-number`: `code` is a number.
    CodeNumber = "code-number", When::Always, ANY;
    /// `code-spaced`: `code` is a string with blanks around the digits.
    CodeSpaced = "code-spaced", When::Always, ANY;
    /// `no-code`: the envelope has no `code`.
    NoCode = "no-code", When::Once, ANY;
    /// `msg-key`: the text is in `msg`, as the vendor's tables say, not in `message`.
    MsgKey = "msg-key", When::Always, ANY;
    /// `data-first`: the envelope's fields in the opposite order.
    DataFirst = "data-first", When::Always, ANY;
    /// `nested`: `data` is a list of one whole envelope, as in the published sample.
    Nested = "nested", When::Always, DATA;
    /// `nested-object`: `data` is a whole envelope.
    NestedObject = "nested-object", When::Always, DATA;
    /// `nested-failure`: 1000 around a 1001 without data.
    NestedFailure = "nested-failure", When::Once, DATA;
    /// `null-data`: 1000, and `data` is null.
    NullData = "null-data", When::Once, DATA;
    /// `missing-data`: 1000 without `data`.
    MissingData = "missing-data", When::Once, DATA;
    /// `empty-data`: 1000, and `data` is an empty list.
    EmptyData = "empty-data", When::Once, LISTS;
    /// `data-object`: a list of one is sent as that one, which is what the tables say.
    DataObject = "data-object", When::Always, DETAIL;
    // ---- the login and the wId
    /// `login-frozen`: the login succeeds with `status` 1.
    LoginFrozen = "login-frozen", When::Always, LOGIN;
    /// `login-expired`: the login succeeds with `status` 2.
    LoginExpired = "login-expired", When::Always, LOGIN;
    /// `login-2020`: the login answers with all the fields of the older documents.
    Login2020 = "login-2020", When::Always, LOGIN;
    /// `status-string`: the login's `status` is a string.
    StatusString = "status-string", When::Always, LOGIN;
    /// `lower-case-authorization`: the token is in `authorization`.
    LowerCaseAuthorization = "lower-case-authorization", When::Always, LOGIN;
    /// `null-authorization`: the login succeeds, with null for the token.
    NullAuthorization = "null-authorization", When::Once, LOGIN;
    /// `relogin`: the WeChat account logs in again just before the call, so its wId is dead and there is a new one.
    Relogin = "relogin", When::Once, WID;
    /// `offline`: the WeChat account goes offline just before the call, and stays so.
    Offline = "offline", When::Once, WID;
    /// `offline-1001`: `/isOnline` says offline as its table does, with 1001 and no data.
    Offline1001 = "offline-1001", When::Always, ONLINE;
    // ---- members
    /// `rows-2020`: members as in 2020: pictures by http, no `displayName`, `inviterUserName`, `notify` or `isManage`.
    Rows2020 = "rows-2020", When::Always, LIST;
    /// `empty-strings`: "" where the live server sends null.
    EmptyStrings = "empty-strings", When::Always, PEOPLE;
    /// `null-fields`: everything but `userName` is null in every third member.
    NullFields = "null-fields", When::Always, PEOPLE;
    /// `extra-fields`: members have fields nobody documents, one of them an object.
    ExtraFields = "extra-fields", When::Always, PEOPLE;
    /// `member-flag`: members have `chatRoomMemberFlag`, which only the table names.
    MemberFlag = "member-flag", When::Always, LIST;
    /// `string-numbers`: numbers in members and groups are strings.
    StringNumbers = "string-numbers", When::Always, PEOPLE;
    /// `bad-row`: one member has null for its `userName`.
    BadRow = "bad-row", When::Always, ROWS;
    /// `duplicate-row`: one member is there twice.
    DuplicateRow = "duplicate-row", When::Always, ROWS;
    /// `short-list` or `short-list=ROWS`: the last two members, or so many, are missing, without a word.
    ShortList(u32 = SHORT) = "short-list", When::Always, LIST;
    /// `unstable-order`: the members are in another order for every call.
    UnstableOrder = "unstable-order", When::Always, ROWS;
    /// `admins-manage`: `isManage` is true for administrators too, not only for the owner.
    AdminsManage = "admins-manage", When::Always, ROWS;
    // ---- the group
    /// `wrong-count` or `wrong-count=DELTA`: `memberCount` is one too many, or off by so many.
    WrongCount(i32 = MORE) = "wrong-count", When::Always, ROOM;
    /// `zero-count`: `memberCount` is 0, as it is in members.
    ZeroCount = "zero-count", When::Always, ROOM;
    /// `null-room`: `chatRoomOwner`, `memberCount` and `chatRoomMembers` are null.
    NullRoom = "null-room", When::Always, ROOM;
    /// `nike-name`: the group as in 2020: its `userName` is null, and its members' names are in `nikeName`.
    NikeName = "nike-name", When::Always, ROOM;
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

    fn argument(&self) -> Option<String> {
        match self {
            Self::SlowAnswer(ms) => Some(ms.to_string()),
            Self::Redirect(to) => Some(to.clone()),
            Self::ShortList(rows) => Some(rows.to_string()),
            Self::WrongCount(delta) => Some(delta.to_string()),
            _ => None,
        }
    }

    fn set_argument(&mut self, text: &str) -> Option<()> {
        match self {
            Self::SlowAnswer(number) | Self::ShortList(number) => *number = text.parse().ok()?,
            Self::WrongCount(delta) => *delta = text.parse().ok()?,
            Self::Redirect(to) => text.clone_into(to),
            _ => return None,
        }
        Some(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.argument() {
            Some(argument) if Self::named(self.name()).as_ref() != Some(self) => write!(f, "={argument}"),
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
        let fault = Self::named(name).and_then(|mut fault| {
            argument.map_or(Some(()), |argument| fault.set_argument(argument))?;
            Some(fault)
        });
        fault.ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

/// A fault, how often it comes, and what it is limited to. Parsed from `NAME` or `NAME@WHEN`: `reset`,
/// `short-list=20@always`, `502-html@every-3`, `relogin@call-2`. Without a `WHEN`, trouble comes once and habits always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// What goes wrong.
    pub fault: Fault,
    /// How often.
    pub when: When,
    /// In calls about this group only.
    pub group: Option<String>,
    /// In calls of this path only, written without its first slash.
    pub command: Option<String>,
}

impl Injection {
    /// In calls about this group only.
    #[must_use]
    pub fn on_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// In calls of this path only, written without its first slash: `getChatRoomInfo`.
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
        if let Some((fault, Some(when))) = text.rsplit_once('@').map(|(fault, when)| (fault, parse_when(when))) {
            return Ok(fault.parse::<Fault>().map_err(|_| UnknownFault(text.to_owned()))?.when(when));
        }
        text.parse::<Fault>().map(Self::from)
    }
}

fn parse_when(text: &str) -> Option<When> {
    let number = |prefix| {
        let number = text.strip_prefix(prefix)?.trim_start_matches(['-', ' ']).parse().ok();
        number.filter(|&number: &u32| number > 0)
    };
    match text {
        "once" => Some(When::Once),
        "always" => Some(When::Always),
        _ => number("every").map(When::Every).or_else(|| number("call").map(When::Call)),
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
    pub(crate) fn hitting(&mut self, command: &str, group: Option<&str>) -> Vec<Fault> {
        let mut hitting = Vec::new();
        for (injection, calls) in &mut self.0 {
            let among = injection.fault.calls();
            let here = (among.is_empty() || among.contains(&command))
                && injection.command.as_deref().is_none_or(|c| c == command)
                && injection.group.as_deref().is_none_or(|g| group == Some(g));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_and_print_themselves() {
        for name in Fault::NAMES {
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), *name);
        }
        for text in
            ["short-list=20@always", "wrong-count=-3@call-2", "redirect=http://a@b/?c=d@call-2", "reset@every-3"]
        {
            assert_eq!(text.parse::<Injection>().unwrap().to_string(), text);
        }
        assert_eq!("reset".parse::<Injection>().unwrap().when, When::Once);
        assert_eq!("nested".parse::<Injection>().unwrap().when, When::Always);
        for text in ["", "resett", "reset=1", "short-list=x", "reset@sometimes", "reset@every-0", "reset@call-0"] {
            assert!(text.parse::<Injection>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_readme_names_them_all() {
        let readme = include_str!("../../README.md").split("## wkteam").nth(1).unwrap();
        for name in Fault::NAMES {
            assert!(readme.contains(&format!("`{name}`")) || readme.contains(&format!("`{name}[")), "{name}");
        }
    }

    #[test]
    fn each_injection_counts_the_calls_it_can_hit() {
        let mut faults = Faults::default();
        faults.inject(Fault::Reset.every(2).on_group("a"));
        faults.inject(Fault::BadRow.once());
        faults.inject(Fault::Html200.on_call(2).on_command("isOnline"));
        let mut hitting = |command, group| faults.hitting(command, group);
        assert_eq!(hitting("isOnline", None), []);
        assert_eq!(hitting("getChatRoomInfo", Some("a")), [Fault::BadRow]);
        assert_eq!(hitting("getChatRoomMember", Some("a")), [Fault::Reset]);
        assert_eq!(hitting("getChatRoomMember", Some("b")), []);
        assert_eq!(hitting("isOnline", None), [Fault::Html200]);
    }
}
