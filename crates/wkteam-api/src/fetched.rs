//! What is fetched once and shared: the token, and the `wId` of an account. However many calls want it, one fetches it. And
//! what was found out about them, which is believed for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::error::Error;

/// Which value it is: a newer one has a greater number.
pub(crate) type Generation = u64;

type Flight<T> = BoxFuture<'static, Result<T, Error>>;

/// What was found out about a token, a `wId` or a login is good for so long: refusals are no reason to ask more often.
const FOUND: Duration = Duration::from_secs(60);

/// What was found out, and when.
pub(crate) struct Found<T>(Mutex<Option<(T, Duration)>>);

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Found<T> {
    pub(crate) fn note(&self, what: T, now: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((what, now));
    }

    /// What was found out not long ago.
    pub(crate) fn lately(&self, now: Duration) -> Option<T> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(_, at)| now.saturating_sub(*at) < FOUND).map(|(what, _)| what.clone())
    }
}

/// A value that is fetched when it is first wanted, and again when it was refused.
pub(crate) struct Fetched<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Option<T>,
    generation: Generation,
    /// Weak: when nobody waits for it any more, it ends, and holds up nobody.
    flight: Option<WeakShared<Flight<T>>>,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { value: None, generation: 0, flight: None }) }
    }
}

impl<T: Clone + Send + Sync + 'static> Fetched<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that has a value already.
    pub(crate) fn with(value: T) -> Self {
        Self { state: Mutex::new(State { value: Some(value), generation: 1, flight: None }) }
    }

    /// Which value there is now; 0 before the first.
    pub(crate) fn generation(&self) -> Generation {
        self.state().generation
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
