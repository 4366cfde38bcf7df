//! How a chatroom is listed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::chatroom_members_by_page::MAX_LIMIT;
use crate::error::BuildError;

/// Which members to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// Fixed members and guests.
    #[default]
    All,
    /// Fixed members, online or not.
    Fixed,
    /// Guests.
    Temporary,
    /// Fixed members who are online.
    OnlineFixed,
}

impl Kind {
    /// Its name, as [`from_str`](Self::from_str) takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Fixed => "fixed",
            Self::Temporary => "temporary",
            Self::OnlineFixed => "online-fixed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        let all = [Self::All, Self::Fixed, Self::Temporary, Self::OnlineFixed];
        let found = all.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| BuildError::new("type", "is none of all, fixed, temporary, online-fixed"))
    }
}

/// How to list a chatroom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RosterOptions {
    /// Which members.
    pub kind: Kind,
    /// Whether to ask by role too, which completes what the list says of creator, managers, blacklisted and muted.
    pub roles: bool,
    /// Whether to hold the list against the room's number of people online. Only [`Kind::All`] can be, and an empty list
    /// of guests.
    pub count: bool,
    /// Rows a page, 2 to 100.
    pub page_size: u32,
    /// No list is read over more pages than this: a server may go on for ever.
    pub max_pages: u32,
}

impl Default for RosterOptions {
    fn default() -> Self {
        Self { kind: Kind::All, roles: true, count: true, page_size: MAX_LIMIT, max_pages: 100_000 }
    }
}

impl RosterOptions {
    /// Only these members.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Without asking by role.
    #[must_use]
    pub fn without_roles(mut self) -> Self {
        self.roles = false;
        self
    }

    /// Without asking how many are online.
    #[must_use]
    pub fn without_count(mut self) -> Self {
        self.count = false;
        self
    }

    /// With so many rows a page.
    #[must_use]
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// Over so many pages at most.
    #[must_use]
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = pages;
        self
    }

    pub(crate) fn validate(&self) -> Result<(), BuildError> {
        if !(2..=MAX_LIMIT).contains(&self.page_size) {
            let rows = self.page_size;
            return Err(BuildError::new(
                "page size",
                format!("is {rows}: the API takes up to {MAX_LIMIT}, and a proof needs at least 2"),
            ));
        }
        if self.max_pages == 0 {
            return Err(BuildError::new("max pages", "is 0: nothing could be read"));
        }
        Ok(())
    }
}
