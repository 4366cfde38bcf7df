//! Whole listings on a virtual clock, without a socket: the same seed gives the same run.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;

use crate::runtime::{Body, Now, Runtime, TransportError};

/// What a simulated server does with a request that arrives at `now`.
pub type Server =
    Box<dyn FnMut(&http::Request<Vec<u8>>, Now) -> Result<http::Response<Vec<u8>>, TransportError> + Send>;

/// A runtime with a virtual clock and a server made of a closure. Each request travels for a random part of `latency` to
/// the server, and each answer for another part back.
pub struct Simulation {
    state: Mutex<State>,
    latency: (Duration, Duration),
    unix: Duration,
}

struct State {
    now: Duration,
    random: u64,
    /// By when they go off; the number tells apart those that go off together.
    timers: BTreeMap<(Duration, u64), Waker>,
    sleeps: u64,
    server: Option<Server>,
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("now", &self.state().now).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Simulation {
    /// A world whose wall clock starts at `unix`, with one-way trips between the two latencies.
    pub fn new(seed: u64, unix: Duration, latency: (Duration, Duration), server: Server) -> Arc<Self> {
        let state = State {
            now: Duration::ZERO,
            // xorshift must not start at zero.
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            timers: BTreeMap::new(),
            sleeps: 0,
            server: Some(server),
        };
        Arc::new(Self { state: Mutex::new(state), latency, unix })
    }

    /// Runs `work` to its end, letting the clock jump from timer to timer.
    ///
    /// # Panics
    /// If `work` waits for something that no timer will bring: it would hang forever.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            woken.0.store(false, Ordering::Release);
            if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return done;
            }
            while !woken.0.load(Ordering::Acquire) {
                let timer = self.state().timers.pop_first();
                let Some(((at, _), waker)) = timer else {
                    panic!("the simulation hangs: it waits for what no timer will bring");
                };
                let mut state = self.state();
                state.now = state.now.max(at);
                drop(state);
                waker.wake();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trip(&self) -> Duration {
        let (least, most) = self.latency;
        let span = u64::try_from((most - least).as_nanos()).unwrap_or(u64::MAX);
        least + Duration::from_nanos(self.nonce() % span.saturating_add(1).max(1))
    }
}

impl Runtime for Simulation {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            self.sleep(self.trip()).await;
            let now = self.now();
            // The server runs outside the lock, so that it may look at the clock itself.
            let server = self.state().server.take();
            let Some(mut server) = server else { unreachable!("the simulation runs on one thread") };
            let answer = server(&request, now);
            self.state().server = Some(server);
            self.sleep(self.trip()).await;
            let (head, body) = answer?.into_parts();
            let body = futures_util::stream::iter([Ok(Bytes::from(body))]).boxed() as Body;
            Ok(http::Response::from_parts(head, body))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let mut state = self.state();
        state.sleeps += 1;
        let timer = (state.now.saturating_add(duration), state.sleeps);
        drop(state);
        Box::pin(Sleep { simulation: self, timer })
    }

    fn now(&self) -> Now {
        let now = self.state().now;
        Now { elapsed: now, unix: self.unix + now }
    }

    fn nonce(&self) -> u64 {
        let mut state = self.state();
        state.random ^= state.random << 13;
        state.random ^= state.random >> 7;
        state.random ^= state.random << 17;
        state.random
    }
}

/// However often it is polled, it has one timer; dropped, it has none.
struct Sleep<'a> {
    simulation: &'a Simulation,
    timer: (Duration, u64),
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.simulation.state();
        if state.now >= self.timer.0 {
            return Poll::Ready(());
        }
        state.timers.insert(self.timer, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.simulation.state().timers.remove(&self.timer);
    }
}
