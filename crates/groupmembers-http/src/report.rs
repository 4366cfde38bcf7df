//! What a walk says of itself when it ends.

use serde::{Deserialize, Serialize};

/// How sure a roster is. Never more is claimed than was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Completeness {
    /// The list was proved whole in itself, and the vendor's own total stood still and agrees.
    Verified,
    /// The list was proved whole in one way: by its chain of windows, by two passes that saw the same members, or by the
    /// vendor's total and the times at which the members joined.
    Stable,
    /// One pass; no check was possible or asked for.
    Unverified,
    /// Somebody is known, or must be suspected, to be missing: see the gaps.
    Incomplete,
}

impl Completeness {
    /// Whether the list may be used as the whole list.
    #[must_use]
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Verified | Self::Stable)
    }

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Stable => "stable",
            Self::Unverified => "unverified",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A place where somebody may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gap {
    /// How many members had been given out before it.
    pub after: u64,
    /// What happened.
    pub what: String,
}

/// What a walk says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The vendor's short name.
    pub vendor: String,
    /// The group.
    pub group: String,
    /// Members given out, each once.
    pub members: u64,
    /// Requests sent. A listing that was taken up again counts its own.
    pub calls: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Answers that said "too many calls".
    pub throttled: u64,
    /// Rows that came more than once and were given out once. Overlaps that prove the list whole are among them.
    pub duplicates: u64,
    /// The vendor's own last word on the number of members.
    pub declared_total: Option<u64>,
    /// How sure the list is.
    pub completeness: Completeness,
    /// Where somebody may be missing.
    pub gaps: Vec<Gap>,
    /// What else a reader should know, such as limits of the vendor's call.
    pub notes: Vec<String>,
    /// When the walk began, in seconds since 1970-01-01 UTC.
    pub started_at: u64,
    /// How long it took.
    pub elapsed_ms: u64,
}
