//! How calls are spaced, and how a group is listed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The pause between two calls for the same account: at least `least`, and up to `jitter` more, drawn anew each time. Either is
/// a day at most.
///
/// The vendor documents no limit of calls, only that haste gets accounts logged out or banned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From sending one call to sending the next.
    pub least: Duration,
    /// Up to so much more.
    pub jitter: Duration,
}

impl Default for Pace {
    /// A second, and up to half a second more.
    fn default() -> Self {
        Self { least: Duration::from_secs(1), jitter: Duration::from_millis(500) }
    }
}

impl Pace {
    /// Neither part is longer.
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// What the vendor asks for after `/getContact`: 300 to 800 ms.
    pub(crate) const CONTACT: Self = Self { least: Duration::from_millis(300), jitter: Duration::from_millis(500) };

    pub(crate) fn draw(self, nonce: u64) -> Duration {
        let span = u64::try_from(self.jitter.min(Self::LONGEST).as_nanos()).unwrap_or_default();
        self.least.min(Self::LONGEST) + Duration::from_nanos(nonce % (span + 1))
    }
}

/// How to list a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RosterOptions {
    /// Whether to ask `/getChatRoomInfo` whom the group names, and check the list against it. One call more; without it the
    /// list is `unverified`.
    pub check: bool,
    /// How often the list is read at most, where it does not agree with what the group says of itself. 1 to 5; what is less or
    /// more is taken for these.
    pub rounds: u32,
}

impl Default for RosterOptions {
    fn default() -> Self {
        Self { check: true, rounds: 3 }
    }
}

impl RosterOptions {
    /// Each is two calls for a group that has nothing new to say.
    pub(crate) const MOST_ROUNDS: u32 = 5;

    /// One call, and nothing checked.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.check = false;
        self
    }

    /// With so many readings at most.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds.clamp(1, Self::MOST_ROUNDS);
        self
    }
}
