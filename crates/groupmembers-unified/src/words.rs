//! The words of a row: vendors, roles, and how long somebody is muted. All of them are open: a word of a later version is kept.

use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::timestamp::{NoTimestamp, Timestamp};

/// Defines an enum of words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$word_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_meta])* $variant,)*
            /// A word this version does not know.
            Other(String),
        }

        impl $name {
            /// The word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    _ => Self::Other(word.to_owned()),
                }
            }
        }

        impl FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Ok(word.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parsed(deserializer)
            }
        }
    };
}

words! {
    /// Whose member it is.
    Vendor {
        /// Agora Chat (Shengwang, Easemob).
        Agora = "agora",
        /// NetEase IM (Yunxin).
        Nim = "nim",
        /// Tencent Cloud Chat.
        Tim = "tim",
        /// wkteam (E云管家): personal WeChat.
        Wkteam = "wkteam",
        /// Yunshop's WeCom plugin.
        Yunshop = "yunshop",
    }
}

words! {
    /// What a member is in the group.
    Role {
        /// Owns the group, or created it.
        Owner = "owner",
        /// Manages it.
        Admin = "admin",
        /// An ordinary member.
        Member = "member",
        /// There only while online.
        Guest = "guest",
        /// A member who is muted or blacklisted, where the vendor makes a role of it.
        Restricted = "restricted",
        /// The vendor names a role, and nobody knows which it is.
        Unknown = "unknown",
    }
}

/// Until when a member may not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MutedUntil {
    /// Until then.
    At(Timestamp),
    /// For ever, or until somebody lifts it.
    Forever,
}

const FOREVER: &str = "forever";

impl fmt::Display for MutedUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(end) => end.fmt(f),
            Self::Forever => f.write_str(FOREVER),
        }
    }
}

impl FromStr for MutedUntil {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        if text == FOREVER { Ok(Self::Forever) } else { text.parse().map(Self::At) }
    }
}

impl Serialize for MutedUntil {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MutedUntil {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

/// Reads a text, without a copy where the format has none to make. The error quotes nothing.
pub(crate) fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    struct Text<T>(std::marker::PhantomData<T>);

    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(std::marker::PhantomData))
}
