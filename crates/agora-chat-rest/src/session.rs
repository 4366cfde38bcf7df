//! The token all calls share. However many want it, one fetches it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::credentials::Token;
use crate::error::Error;
use crate::token_source::Lease;

/// Which token it is: a newer one has a greater number.
pub(crate) type Generation = u64;

type Flight = BoxFuture<'static, Result<Lease, Error>>;

#[derive(Default)]
pub(crate) struct Session {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// In seconds since 1970-01-01 UTC.
    renew_at: Option<u64>,
    generation: Generation,
    /// Weak: when nobody waits for it any more, it ends, and holds up nobody.
    flight: Option<WeakShared<Flight>>,
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token, unless it is the one that was `refused`, or is about to expire at `now`: then what `fetch` brings.
    pub(crate) async fn token(
        &self,
        now: u64,
        nonce: u64,
        refused: Option<Generation>,
        fetch: impl FnOnce() -> BoxFuture<'static, Result<Lease, Error>>,
    ) -> Result<(Token, Generation), Error> {
        let flight = {
            let mut state = self.state();
            if let Some(token) = &state.token
                && refused != Some(state.generation)
                && state.renew_at.is_none_or(|at| now < at)
            {
                return Ok((token.clone(), state.generation));
            }
            match state.flight.as_ref().and_then(WeakShared::upgrade) {
                Some(flight) => flight,
                None => {
                    let flight: Shared<Flight> = fetch().shared();
                    state.flight = flight.downgrade();
                    flight
                }
            }
        };
        let fetched = flight.clone().await;
        let mut state = self.state();
        let current = state.flight.as_ref().and_then(WeakShared::upgrade).is_some_and(|now| now.ptr_eq(&flight));
        if current {
            state.flight = None;
            if let Ok(lease) = &fetched {
                state.token = Some(lease.token.clone());
                // Renewed after 80 to 90 % of its life, so that many processes do not renew at once. By a clock that is ahead of the
                // server's it may be over before it begins: then nobody knows when it ends but who refuses it.
                state.renew_at = lease.expires_at.filter(|&at| at > now).map(|at| {
                    let life = at.saturating_sub(now);
                    at - life / 10 - nonce % (life / 10 + 1)
                });
                state.generation += 1;
            }
        }
        Ok((fetched?.token, state.generation))
    }
}
