//! What every vendor's faults have in common: when they come, how they are written, and which calls they hit.

use std::{fmt, str::FromStr};

pub use crate::transport::Transport;
use crate::vendor::Sent;

/// The faults of one vendor: its own, and those of the [`Transport`].
pub trait Kind: Clone + PartialEq + fmt::Debug + fmt::Display + FromStr<Err = UnknownFault> + From<Transport> {
    /// What is usual for this fault: trouble passes (once), a habit stays (always).
    fn usual(&self) -> When;

    /// The calls it is about; none for all. A fault in lists must not be used up by calls that have none.
    fn calls(&self) -> &'static [&'static str];

    /// The fault, where it is the transport's.
    fn transport(&self) -> Option<&Transport>;
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
    fn is_now(self, call: u32) -> bool {
        match self {
            Self::Once => call == 1,
            Self::Every(n) => call.is_multiple_of(n.max(1)),
            Self::Always => true,
            Self::Call(k) => call == k,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |prefix| {
            let number = text.strip_prefix(prefix)?.trim_start_matches(['-', ' ']).parse().ok();
            number.filter(|&number: &u32| number > 0)
        };
        match text {
            "once" => Some(Self::Once),
            "always" => Some(Self::Always),
            _ => number("every").map(Self::Every).or_else(|| number("call").map(Self::Call)),
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

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    text: String,
    names: &'static [&'static str],
}

impl UnknownFault {
    pub(crate) fn new(text: &str, names: &'static [&'static str]) -> Self {
        Self { text: text.to_owned(), names }
    }
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, transport) = (self.names.join(", "), Transport::NAMES.join(", "));
        write!(f, "no such fault: {:?}; there are {own}, and of every vendor's transport {transport}", self.text)?;
        f.write_str("; add @once, @always, @every-N or @call-N to say when")
    }
}

impl std::error::Error for UnknownFault {}

/// A fault, how often it comes, and what it is limited to. Parsed from `NAME` or `NAME@WHEN`: `reset`,
/// `clamp-page=20@always`, `502-html@every-3`, `cut-body@call-2`. Without a `WHEN`, trouble comes once and habits always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection<F> {
    /// What goes wrong.
    pub fault: F,
    /// How often, counted over the calls it can hit.
    pub when: When,
    /// In calls about this group only.
    pub group: Option<String>,
    /// In calls of this name only, as the log has it.
    pub command: Option<String>,
}

impl<F> Injection<F> {
    /// As often as `when` says.
    #[must_use]
    pub fn new(fault: F, when: When) -> Self {
        Self { fault, when, group: None, command: None }
    }

    /// In calls about this group only.
    #[must_use]
    pub fn on_group(mut self, group: impl ToString) -> Self {
        self.group = Some(group.to_string());
        self
    }

    /// In calls of this name only, as the log has it: `get_group_info`, `chatroom/membersByPage`,
    /// `chatgroups/{id}/users`, `getChatRoomMember`, `getGroupMembers`.
    #[must_use]
    pub fn on_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}

impl<F: Kind> From<F> for Injection<F> {
    /// As often as is usual for the fault: trouble comes once, habits always.
    fn from(fault: F) -> Self {
        let when = fault.usual();
        Self::new(fault, when)
    }
}

impl<F: fmt::Display> fmt::Display for Injection<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.fault, self.when)
    }
}

impl<F: Kind> FromStr for Injection<F> {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        // The last "@": a redirect's URL may hold one of its own.
        if let Some((fault, Some(when))) = text.rsplit_once('@').map(|(fault, when)| (fault, When::parse(when))) {
            let named = fault.parse::<F>().map_err(|unknown| UnknownFault { text: text.to_owned(), ..unknown })?;
            return Ok(Self::new(named, when));
        }
        text.parse::<F>().map(Self::from)
    }
}

/// The injections in force, and how many calls each has seen.
#[derive(Debug)]
pub(crate) struct Faults<F>(Vec<(Injection<F>, u32)>);

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: Kind> Faults<F> {
    pub(crate) fn inject(&mut self, injection: Injection<F>) {
        self.0.push((injection, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether this is a habit now; nothing is counted.
    pub(crate) fn in_force(&self, habit: &F) -> bool {
        self.0.iter().any(|(injection, _)| injection.fault == *habit && injection.when == When::Always)
    }

    /// The faults that hit this call, each injection's count moved on.
    pub(crate) fn hitting(&mut self, command: &str, groups: &[impl AsRef<str>]) -> Vec<F> {
        self.hitting_among(command, groups, |_| true)
    }

    /// Those of them that `among` is true for; the others are not counted.
    pub(crate) fn hitting_among(
        &mut self,
        command: &str,
        groups: &[impl AsRef<str>],
        among: impl Fn(&F) -> bool,
    ) -> Vec<F> {
        let mut hitting = Vec::new();
        for (injection, calls) in &mut self.0 {
            let about = injection.fault.calls();
            let here = among(&injection.fault)
                && (about.is_empty() || about.contains(&command))
                && injection.command.as_deref().is_none_or(|c| c == command)
                && injection.group.as_deref().is_none_or(|g| groups.iter().any(|group| group.as_ref() == g));
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

/// Lets the transport's faults have their way with an answer, and says in its note which faults were played.
pub(crate) fn play<F: Kind>(faults: &[F], sent: &mut Sent) {
    for fault in faults.iter().filter_map(Kind::transport) {
        fault.spoil(sent);
    }
    if !faults.is_empty() {
        let names: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let note = std::mem::take(&mut sent.note);
        sent.note = format!("fault: {}", names.join(", "));
        if !note.is_empty() {
            sent.note = format!("{}; {note}", sent.note);
        }
    }
}

/// Writes a vendor's `Fault`: each variant with its argument's type and usual value (if it takes one), its name, what is
/// usual for it, and the calls it can hit.
macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $(($type:ty = $argument:expr))? = $name:literal, $usual:ident, $calls:expr;)*) => {
        /// Something that goes wrong. Written and parsed by name; some take an argument after `=`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            /// Of the connection, or of what stands between: the same for every vendor.
            Transport(crate::faults::Transport),
            $($(#[$doc])* $variant $(($type))?,)*
        }

        /// A fault, how often it comes, and what it is limited to.
        pub type Injection = crate::faults::Injection<Fault>;

        impl Fault {
            /// The vendor's own, as `--fault` would take them. [`Transport::NAMES`](crate::faults::Transport::NAMES)
            /// are there besides.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The first call it can hit, and no other.
            #[must_use]
            pub fn once(self) -> Injection {
                self.when(crate::faults::When::Once)
            }

            /// Every `n`th call: with 3, the 3rd, the 6th, ..
            #[must_use]
            pub fn every(self, n: u32) -> Injection {
                self.when(crate::faults::When::Every(n))
            }

            /// Every call.
            #[must_use]
            pub fn always(self) -> Injection {
                self.when(crate::faults::When::Always)
            }

            /// The `k`th call only, counted from 1.
            #[must_use]
            pub fn on_call(self, k: u32) -> Injection {
                self.when(crate::faults::When::Call(k))
            }

            /// As often as `when` says.
            #[must_use]
            pub fn when(self, when: crate::faults::When) -> Injection {
                Injection::new(self, when)
            }
        }

        impl From<crate::faults::Transport> for Fault {
            fn from(fault: crate::faults::Transport) -> Self {
                Self::Transport(fault)
            }
        }

        impl crate::faults::Kind for Fault {
            fn usual(&self) -> crate::faults::When {
                match self {
                    Self::Transport(fault) => fault.usual(),
                    $(Self::$variant { .. } => crate::faults::When::$usual,)*
                }
            }

            fn calls(&self) -> &'static [&'static str] {
                match self {
                    Self::Transport(_) => &[],
                    $(Self::$variant { .. } => $calls,)*
                }
            }

            fn transport(&self) -> Option<&crate::faults::Transport> {
                match self {
                    Self::Transport(fault) => Some(fault),
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for Fault {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    Self::Transport(fault) => std::fmt::Display::fmt(fault, f),
                    $(crate::faults::with!(argument $(: $type)?; Self::$variant) => {
                        f.write_str($name)?;
                        $(let usual = <$type>::from($argument);
                        if *argument != usual {
                            write!(f, "={argument}")?;
                        })?
                        Ok(())
                    })*
                }
            }
        }

        impl std::str::FromStr for Fault {
            type Err = crate::faults::UnknownFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let (name, argument) = match text.split_once('=') {
                    Some((name, argument)) => (name, Some(argument)),
                    None => (text, None),
                };
                let own = match name {
                    $($name => crate::faults::read!(Self::$variant, argument $(, $type, $argument)?),)*
                    _ => crate::faults::Transport::named(name, argument).map(Self::Transport),
                };
                own.ok_or_else(|| crate::faults::UnknownFault::new(text, Self::NAMES))
            }
        }
    };
}

/// The pattern of a variant, with its argument where it has one.
macro_rules! with {
    ($argument:ident; $variant:path) => {
        $variant
    };
    ($argument:ident : $type:ty; $variant:path) => {
        $variant($argument)
    };
}

/// A variant with the argument that was given, or the usual one.
macro_rules! read {
    ($variant:expr, $given:expr) => {
        if $given.is_none() { Some($variant) } else { None }
    };
    ($variant:expr, $given:expr, $type:ty, $usual:expr) => {
        match $given {
            None => Some($variant(<$type>::from($usual))),
            Some(text) => text.parse::<$type>().ok().map($variant),
        }
    };
}

pub(crate) use {faults, read, with};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tim::{Fault, Injection};

    fn names_of<F: Kind>(own: &[&str]) {
        let all: Vec<&str> = own.iter().chain(Transport::NAMES).copied().collect();
        for name in &all {
            assert_eq!(name.parse::<F>().unwrap().to_string(), *name);
            assert_eq!(name.parse::<super::Injection<F>>().unwrap().fault.to_string(), *name);
        }
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
    }

    #[test]
    fn the_names_of_every_vendor_parse_and_print_themselves() {
        names_of::<crate::agora::Fault>(crate::agora::Fault::NAMES);
        names_of::<crate::nim::Fault>(crate::nim::Fault::NAMES);
        names_of::<Fault>(Fault::NAMES);
        names_of::<crate::wkteam::Fault>(crate::wkteam::Fault::NAMES);
        names_of::<crate::yunshop::Fault>(crate::yunshop::Fault::NAMES);
    }

    #[test]
    fn the_readme_names_them_all() {
        let readme = include_str!("../README.md");
        let own = [
            crate::agora::Fault::NAMES,
            crate::nim::Fault::NAMES,
            Fault::NAMES,
            crate::wkteam::Fault::NAMES,
            crate::yunshop::Fault::NAMES,
            Transport::NAMES,
        ];
        for name in own.concat() {
            assert!(readme.contains(&format!("`{name}`")) || readme.contains(&format!("`{name}[")), "{name}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_what_is_odd_is_refused() {
        for text in ["10018=20@always", "redirect=http://a@b/?c=d@call-2", "reset@every-3", "60007@once"] {
            assert_eq!(text.parse::<Injection>().unwrap().to_string(), text);
        }
        assert_eq!("10018=50".parse::<Fault>().unwrap().to_string(), "10018");
        assert_eq!("reset@every 3".parse::<Injection>().unwrap().when, When::Every(3));
        assert_eq!("reset".parse::<Injection>().unwrap().when, When::Once);
        assert_eq!("html-200".parse::<Injection>().unwrap().when, When::Always);
        for text in
            ["", "resett", "reset=1", "10018=x", "reset@sometimes", "reset@every-x", "reset@every-0", "reset@call-0"]
        {
            let unknown = text.parse::<Injection>().unwrap_err().to_string();
            assert!(unknown.starts_with(&format!("no such fault: {text:?}; there are 10002-then-ok, ")), "{unknown}");
        }
    }

    #[test]
    fn each_injection_counts_the_calls_it_can_hit() {
        let mut faults = Faults::default();
        faults.inject(Fault::from(Transport::Reset).every(2).on_group("7"));
        faults.inject(Fault::BadRow.once());
        faults.inject(Fault::Throttled.on_call(3).on_command("get_group_info"));
        let mut hitting = |command, group: &str| faults.hitting(command, &[group.to_owned()]);
        assert_eq!(hitting("get_group_info", "7"), []);
        assert_eq!(hitting("get_group_info", "8"), []);
        assert_eq!(hitting("get_group_member_info", "7"), [Transport::Reset.into(), Fault::BadRow]);
        assert_eq!(hitting("get_group_info", "8"), [Fault::Throttled]);
        assert_eq!(hitting("get_group_member_info", "8"), []);
    }
}
