//! What is fetched once and shared: a session that works in an enterprise. However many calls want it, one fetches it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::error::Error;

/// Which value it is: a newer one has a greater number.
pub(crate) type Generation = u64;

type Flight<T> = BoxFuture<'static, Result<T, Error>>;

/// A value that is fetched when it is first wanted, and again when it was refused.
pub(crate) struct Fetched<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Option<T>,
    generation: Generation,
    /// How often it was fetched, or tried to be.
    flights: u64,
    /// Weak: when nobody waits for it any more, it ends, and holds up nobody.
    flight: Option<WeakShared<Flight<T>>>,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { value: None, generation: 0, flights: 0, flight: None }) }
    }
}

impl<T: Clone + Send + Sync + 'static> Fetched<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value as it is, if there is one.
    pub(crate) fn current(&self) -> Option<(T, Generation)> {
        let state = self.state();
        state.value.clone().map(|value| (value, state.generation))
    }

    /// How often it was fetched so far; `None` while it is being fetched.
    pub(crate) fn at_rest(&self) -> Option<u64> {
        let state = self.state();
        let flying = state.flight.as_ref().and_then(WeakShared::upgrade).is_some();
        (!flying).then_some(state.flights)
    }

    /// The value, unless it is the one that was `refused`: then, or if there is none yet, what `fetch` brings.
    pub(crate) async fn get(
        &self,
        refused: Option<Generation>,
        fetch: impl FnOnce() -> BoxFuture<'static, Result<T, Error>>,
    ) -> Result<(T, Generation), Error> {
        let flight = {
            let mut state = self.state();
            if let Some(value) = &state.value
                && refused != Some(state.generation)
            {
                return Ok((value.clone(), state.generation));
            }
            match state.flight.as_ref().and_then(WeakShared::upgrade) {
                Some(flight) => flight,
                None => {
                    let flight: Shared<Flight<T>> = fetch().shared();
                    state.flight = flight.downgrade();
                    state.flights += 1;
                    flight
                }
            }
        };
        let fetched = flight.clone().await;
        let mut state = self.state();
        let current = state.flight.as_ref().and_then(WeakShared::upgrade).is_some_and(|now| now.ptr_eq(&flight));
        if current {
            state.flight = None;
            if let Ok(value) = &fetched {
                state.value = Some(value.clone());
                state.generation += 1;
            }
        }
        fetched.map(|value| (value, state.generation))
    }
}
