//! An exact sliding window per bucket: bursts are allowed, no window is ever exceeded.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::runtime::Runtime;

/// How often a call may be made, from the vendor's published table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// Calls that share a limit share a bucket.
    pub bucket: Cow<'static, str>,
    /// So many calls…
    pub calls: u32,
    /// …in any stretch of this length.
    pub per: Duration,
    /// How long the vendor refuses everything after one call too many.
    pub penalty: Duration,
}

impl Quota {
    /// `calls` in any `per`; after a throttle answer the bucket closes for `per`.
    #[must_use]
    pub fn new(bucket: impl Into<Cow<'static, str>>, calls: u32, per: Duration) -> Self {
        Self { bucket: bucket.into(), calls: calls.max(1), per, penalty: per }
    }

    /// With a penalty of its own.
    #[must_use]
    pub fn with_penalty(mut self, penalty: Duration) -> Self {
        self.penalty = penalty;
        self
    }
}

/// Holds calls back until their bucket has room.
///
/// A limit counts arrivals, and we know departures. A place in the window is therefore free again only when the window's
/// length has passed since the *latest* moment the call can have arrived: its answer less the shortest round trip seen.
/// Five percent on top cover what the shortest round trip hides: how it divides into way there and way back.
#[derive(Clone)]
pub(crate) struct Pacer {
    runtime: Arc<dyn Runtime>,
    buckets: Arc<Mutex<HashMap<Cow<'static, str>, Arc<Bucket>>>>,
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Bucket {
    /// Who holds it is next; the others queue behind.
    line: futures_util::lock::Mutex<()>,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    in_flight: usize,
    /// When the places of answered calls become free.
    free_at: BinaryHeap<Reverse<Duration>>,
    closed_until: Duration,
    shortest_trip: Option<Duration>,
    /// The next in line, waiting for an answer.
    waiting: Option<Waker>,
}

impl Bucket {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pacer {
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self { runtime, buckets: Arc::default() }
    }

    fn bucket(&self, quota: &Quota) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(quota.bucket.clone()).or_default())
    }

    /// Waits for a place in the window. The place is taken until the permit is dropped, and a while longer.
    pub(crate) async fn acquire(&self, quota: &Quota) -> Permit {
        enum Next {
            Sleep(Duration),
            Answer,
        }
        let bucket = self.bucket(quota);
        let line = bucket.line.lock().await;
        loop {
            let now = self.runtime.now().elapsed;
            let next = {
                let mut window = bucket.window();
                while window.free_at.peek().is_some_and(|Reverse(at)| *at <= now) {
                    window.free_at.pop();
                }
                if now < window.closed_until {
                    Next::Sleep(window.closed_until - now)
                } else if window.in_flight + window.free_at.len() < quota.calls as usize {
                    window.in_flight += 1;
                    break;
                } else {
                    window.free_at.peek().map_or(Next::Answer, |Reverse(at)| Next::Sleep(*at - now))
                }
            };
            match next {
                Next::Sleep(pause) => self.runtime.sleep(pause).await,
                Next::Answer => {
                    std::future::poll_fn(|context| {
                        let mut window = bucket.window();
                        if window.free_at.is_empty() && window.in_flight >= quota.calls as usize {
                            window.waiting = Some(context.waker().clone());
                            Poll::Pending
                        } else {
                            Poll::Ready(())
                        }
                    })
                    .await;
                }
            }
        }
        drop(line);
        let sent = self.runtime.now().elapsed;
        Permit { sent, per: quota.per, answered: false, runtime: Arc::clone(&self.runtime), bucket }
    }

    /// Closes a bucket for `pause` from now.
    pub(crate) fn close(&self, quota: &Quota, pause: Duration) {
        let until = self.runtime.now().elapsed + pause;
        let bucket = self.bucket(quota);
        let mut window = bucket.window();
        window.closed_until = window.closed_until.max(until);
    }
}

/// A place in a bucket's window.
pub(crate) struct Permit {
    sent: Duration,
    per: Duration,
    answered: bool,
    runtime: Arc<dyn Runtime>,
    bucket: Arc<Bucket>,
}

impl Permit {
    /// Gives the place back after an answer: only then has the call made its round trip, and can the shortest be learned.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = self.runtime.now().elapsed;
        let trip = now.saturating_sub(self.sent);
        let mut window = self.bucket.window();
        if self.answered {
            window.shortest_trip = Some(window.shortest_trip.map_or(trip, |shortest| shortest.min(trip)));
        }
        let shortest = window.shortest_trip.unwrap_or_default();
        window.in_flight -= 1;
        let free_at = self.sent.max(now.saturating_sub(shortest)) + self.per + self.per / 20;
        window.free_at.push(Reverse(free_at));
        if let Some(waiting) = window.waiting.take() {
            waiting.wake();
        }
    }
}
