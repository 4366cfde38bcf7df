//! When to try again.

use std::time::Duration;

/// Bounded attempts with exponential backoff and full jitter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts in all, at least 1.
    pub max_attempts: u32,
    /// The longest pause after the first failed attempt; it doubles with each further one.
    pub base: Duration,
    /// No pause is longer, unless the server asks for it.
    pub cap: Duration,
    /// A server that asks for a longer pause than this gets its error reported instead.
    pub longest_wish: Duration,
    /// Whether only a request that certainly never arrived is sent again: no connection was made.
    pub unsent_only: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base: Duration::from_millis(200),
            cap: Duration::from_secs(10),
            longest_wish: Duration::from_secs(60),
            unsent_only: false,
        }
    }
}

impl RetryPolicy {
    /// No second attempt.
    #[must_use]
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// With so many attempts in all (at least one is made).
    #[must_use]
    pub fn with_max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts.max(1);
        self
    }

    /// With pauses of at most `base`, doubling, up to `cap`.
    #[must_use]
    pub fn with_backoff(mut self, base: Duration, cap: Duration) -> Self {
        (self.base, self.cap) = (base, cap);
        self
    }

    /// Only for requests that certainly never arrived, whatever the server says: a login that is sent again after a 429
    /// looks like an attack.
    #[must_use]
    pub fn unsent_only(mut self) -> Self {
        self.unsent_only = true;
        self
    }

    /// The pause after `failed` attempts: anything from nothing to the bound, drawn by `nonce`.
    pub(crate) fn pause(&self, failed: u32, nonce: u64) -> Duration {
        let bound = self.base.saturating_mul(1_u32 << failed.saturating_sub(1).min(16)).min(self.cap);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(nonce.checked_rem(nanos.saturating_add(1)).unwrap_or(nonce))
    }
}
