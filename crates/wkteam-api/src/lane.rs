//! One call at a time for one account, in the order they came.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, BoxFuture, Shared, WeakShared, abortable};

type Flight = Shared<BoxFuture<'static, ()>>;

/// Those who wait drive the call that is on its way, whoever made it: a caller who stops polling (a roster that is kept for
/// later) would otherwise hold up everybody behind.
#[derive(Default)]
pub(crate) struct Lane {
    line: Mutex<VecDeque<WeakShared<BoxFuture<'static, ()>>>>,
}

/// A caller who goes away takes the call out of the line, even where others drive it.
struct Caller(AbortHandle);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Lane {
    /// Does the work when it is its turn.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let (work, handle) = abortable(work);
        let _caller = Caller(handle);
        let done = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&done);
        let own = async move {
            if let Ok(outcome) = work.await {
                *lock(&slot) = Some(outcome);
            }
        };
        let own: Flight = own.boxed().shared();
        lock(&self.line).extend(own.downgrade());
        loop {
            if let Some(outcome) = lock(&done).take() {
                return outcome;
            }
            self.head().unwrap_or_else(|| own.clone()).await;
        }
    }

    /// The first in line; those before it are over, or their callers are gone.
    fn head(&self) -> Option<Flight> {
        let mut line = lock(&self.line);
        loop {
            match line.front()?.upgrade() {
                Some(flight) if flight.peek().is_none() => return Some(flight),
                _ => drop(line.pop_front()),
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
