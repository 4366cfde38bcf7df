//! An exact sliding window per bucket: bursts are allowed, no window is ever exceeded.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// A limit counts arrivals, and we know departures and answers. A place in the window is therefore free again only when the
/// window's length has passed since the answer: the call cannot have arrived later than that, however its trip divides.
/// A call that is given up may still arrive, as late as any call did so far.
///
/// Nobody waits for somebody else to act. A caller may stop polling a future at any moment and still want something of
/// this bucket before it polls it again, so each waiter has its own timer, and who does not come when it is due is passed.
#[derive(Clone)]
pub(crate) struct Pacer {
    runtime: Arc<dyn Runtime>,
    buckets: Arc<Mutex<Buckets>>,
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer").finish_non_exhaustive()
    }
}

type Buckets = HashMap<Cow<'static, str>, Arc<Mutex<Window>>>;

#[derive(Default)]
struct Window {
    tickets: u64,
    /// Calls without an answer yet, and when their places are free even if nobody tells of one.
    in_flight: BTreeMap<u64, Duration>,
    /// When the places of answered calls become free, in order.
    free_at: VecDeque<Duration>,
    /// Who waits, in the order they came, and when each will look again.
    line: BTreeMap<u64, Duration>,
    closed_until: Duration,
    longest_trip: Option<Duration>,
}

fn lock(window: &Mutex<Window>) -> MutexGuard<'_, Window> {
    window.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Window {
    /// Takes a place for the waiter with this ticket, or says when it should look again.
    fn take(&mut self, ticket: u64, quota: &Quota, lifetime: Duration, now: Duration) -> Option<Duration> {
        let (calls, per) = (quota.calls as usize, quota.per.max(Duration::from_millis(1)));
        self.in_flight.retain(|_, free| *free > now);
        let passed = self.free_at.partition_point(|at| *at <= now);
        self.free_at.drain(..passed);
        // Who is long overdue is not being polled, and holds nobody up.
        let grace = per / 10;
        let alive = |due: &&Duration| due.saturating_add(grace) > now;
        let ahead = self.line.range(..ticket).map(|(_, due)| due).filter(alive).take(calls).count();
        let taken = self.in_flight.len() + self.free_at.len();
        let free = match (taken + ahead).checked_sub(calls) {
            None => now,
            Some(place) => self.free_at.get(place).copied().unwrap_or_else(|| {
                // Looks again before its turn, since somebody in front may give up; less often where many are in front.
                now.saturating_add(if ahead < calls { per / 10 } else { per / 2 })
            }),
        };
        let due = free.max(self.closed_until);
        if due > now {
            self.line.insert(ticket, due);
            return Some(due);
        }
        self.line.remove(&ticket);
        self.in_flight.insert(ticket, now.saturating_add(lifetime).saturating_add(per));
        None
    }
}

impl Pacer {
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self { runtime, buckets: Arc::default() }
    }

    fn window(&self, quota: &Quota) -> Arc<Mutex<Window>> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(quota.bucket.clone()).or_default())
    }

    /// Waits for a place in the window. The place is taken until the permit is dropped, and a while longer; it is free again
    /// in any case once `lifetime`, the longest that the call may last, has passed as well.
    pub(crate) async fn acquire(&self, quota: &Quota, lifetime: Duration) -> Permit {
        let window = self.window(quota);
        let waiting = Waiting::new(&window);
        loop {
            let now = self.runtime.now().elapsed;
            let due = lock(&window).take(waiting.ticket, quota, lifetime, now);
            let Some(due) = due else { break };
            self.runtime.sleep(due.saturating_sub(now)).await;
        }
        let permit = Permit {
            ticket: waiting.ticket,
            sent: self.runtime.now().elapsed,
            per: quota.per,
            end: End::GivenUp,
            runtime: Arc::clone(&self.runtime),
            window: Arc::clone(&window),
        };
        drop(waiting);
        permit
    }

    /// Closes a bucket for `pause` from now.
    pub(crate) fn close(&self, quota: &Quota, pause: Duration) {
        let until = self.runtime.now().elapsed.saturating_add(pause);
        let window = self.window(quota);
        let mut window = lock(&window);
        window.closed_until = window.closed_until.max(until);
    }
}

/// A place in the line. Given up by dropping it.
struct Waiting<'a> {
    ticket: u64,
    window: &'a Mutex<Window>,
}

impl<'a> Waiting<'a> {
    fn new(window: &'a Mutex<Window>) -> Self {
        let mut guard = lock(window);
        guard.tickets += 1;
        Self { ticket: guard.tickets, window }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(self.window).line.remove(&self.ticket);
    }
}

/// Where nothing is known of the trips of a bucket's calls, one that is given up has this long to arrive.
const TRIP: Duration = Duration::from_secs(1);

/// A place in a bucket's window. Dropped when the answer is there, or when none will come.
pub(crate) struct Permit {
    ticket: u64,
    sent: Duration,
    per: Duration,
    end: End,
    runtime: Arc<dyn Runtime>,
    window: Arc<Mutex<Window>>,
}

/// How a call ended.
enum End {
    Answered,
    NeverSent,
    GivenUp,
}

impl Permit {
    /// Gives the place back after an answer.
    pub(crate) fn answered(mut self) {
        self.end = End::Answered;
    }

    /// Gives the place back unused.
    pub(crate) fn never_sent(mut self) {
        self.end = End::NeverSent;
    }

    /// The call goes on for `lifetime` from now.
    pub(crate) fn extend(&self, lifetime: Duration) {
        let until = self.runtime.now().elapsed.saturating_add(lifetime).saturating_add(self.per);
        lock(&self.window).in_flight.insert(self.ticket, until);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = self.runtime.now().elapsed;
        let mut window = lock(&self.window);
        window.in_flight.remove(&self.ticket);
        let arrived = match self.end {
            End::NeverSent => return,
            End::Answered => {
                let trip = now.saturating_sub(self.sent);
                window.longest_trip = window.longest_trip.max(Some(trip));
                now
            }
            End::GivenUp => now.saturating_add(window.longest_trip.unwrap_or(TRIP)),
        };
        let free = arrived.saturating_add(self.per);
        let place = window.free_at.partition_point(|at| *at <= free);
        window.free_at.insert(place, free);
    }
}
