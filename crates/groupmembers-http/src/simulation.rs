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

use crate::runtime::{Body, Now, Runtime, TransportError, TransportErrorKind};

/// What a simulated server does with a request that arrives at `now`; its wall clock is the true one.
pub type Server =
    Box<dyn FnMut(&http::Request<Vec<u8>>, Now) -> Result<http::Response<Vec<u8>>, TransportError> + Send>;

/// Says, when a request is sent, what the network does with it.
pub type Network = Box<dyn FnMut(&http::Request<Vec<u8>>, Now) -> Trip + Send>;

/// The client's wall clock at an [elapsed](Now::elapsed) time.
pub type WallClock = Box<dyn Fn(Duration) -> Duration + Send>;

/// What becomes of one request on its way. What the client gives up arrives all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// How long it travels to the server; `None`: it never arrives.
    pub there: Option<Duration>,
    /// It arrives once more, so long after the first time; nobody hears the answer to that.
    pub again: Option<Duration>,
    /// How long the answer travels back, or how long after sending it is known that none will come; `None`: nothing comes back.
    pub back: Option<Duration>,
    /// What the client hears in place of the answer.
    pub error: Option<TransportErrorKind>,
}

/// How a request came to the server: among its [extensions](http::Request::extensions) when the server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it was sent, on the clock that [`Now::elapsed`] is of.
    pub sent: Duration,
    /// Whether it is the second time that it arrives.
    pub again: bool,
    /// When the client hears the answer; `None`: never.
    pub heard: Option<Duration>,
}

/// A runtime with a virtual clock and a server made of a closure. Each request travels for a random part of `latency` to
/// the server, and each answer for another part back, unless a [`Network`] has other plans.
pub struct Simulation {
    state: Mutex<State>,
    latency: (Duration, Duration),
    unix: Duration,
}

struct State {
    now: Duration,
    random: u64,
    /// By when they go off; the number tells apart those that go off together.
    timers: BTreeMap<(Duration, u64), Timer>,
    timers_set: u64,
    server: Option<Server>,
    network: Option<Network>,
    wall_clock: Option<WallClock>,
    in_flight: usize,
    most_in_flight: usize,
}

enum Timer {
    Wake(Waker),
    Arrive(Box<(http::Request<Vec<u8>>, Arc<Answer>, Trip)>),
}

/// What the client hears of one request.
type Heard = Result<http::Response<Vec<u8>>, TransportError>;

/// Where the answer to one request is left.
#[derive(Default)]
struct Answer(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// When it can be heard, and what it is.
    answer: Option<(Duration, Heard)>,
    waker: Option<Waker>,
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
            timers_set: 0,
            server: Some(server),
            network: None,
            wall_clock: None,
            in_flight: 0,
            most_in_flight: 0,
        };
        Arc::new(Self { state: Mutex::new(state), latency, unix })
    }

    /// From now on this decides what becomes of each request on its way.
    pub fn set_network(&self, network: Network) {
        self.state().network = Some(network);
    }

    /// From now on the client's wall clock is this one. The server's stays the true one.
    pub fn set_wall_clock(&self, wall_clock: WallClock) {
        self.state().wall_clock = Some(wall_clock);
    }

    /// The most requests that were sent and neither answered nor given up at one time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.state().most_in_flight
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
                let Some(((at, _), timer)) = timer else {
                    panic!("the simulation hangs: it waits for what no timer will bring");
                };
                let mut state = self.state();
                state.now = state.now.max(at);
                drop(state);
                match timer {
                    Timer::Wake(waker) => waker.wake(),
                    Timer::Arrive(arriving) => self.arrive(*arriving),
                }
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

    /// The true time, on both clocks.
    fn truth(&self) -> Now {
        let now = self.state().now;
        Now { elapsed: now, unix: self.unix + now }
    }

    fn set_timer(&self, after: Duration, timer: Timer) {
        let mut state = self.state();
        state.timers_set += 1;
        let key = (state.now.saturating_add(after), state.timers_set);
        state.timers.insert(key, timer);
    }

    /// The server sees a request, and its answer sets out.
    fn arrive(&self, (mut request, waiting, trip): (http::Request<Vec<u8>>, Arc<Answer>, Trip)) {
        let now = self.truth();
        let again = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.again);
        if let Some(arrival) = request.extensions_mut().get_mut::<Arrival>() {
            arrival.heard =
                trip.back.filter(|_| !again && trip.error.is_none()).map(|back| now.elapsed.saturating_add(back));
        }
        // The server runs outside the lock, so that it may look at the clock itself.
        let server = self.state().server.take();
        let Some(mut server) = server else { unreachable!("the simulation runs on one thread") };
        let answer = server(&request, now);
        self.state().server = Some(server);
        if again {
            return;
        }
        if let Some(after) = trip.again {
            if let Some(arrival) = request.extensions_mut().get_mut::<Arrival>() {
                (arrival.again, arrival.heard) = (true, None);
            }
            self.set_timer(after, Timer::Arrive(Box::new((request, Arc::clone(&waiting), trip))));
        }
        if let Some(back) = trip.back {
            let answer = trip.error.map_or(answer, |error| Err(TransportError::new(error)));
            waiting.put(now.elapsed.saturating_add(back), answer);
        }
    }
}

impl Answer {
    fn put(&self, at: Duration, answer: Heard) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.answer = Some((at, answer));
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }

    async fn get(&self) -> (Duration, Heard) {
        std::future::poll_fn(|context| {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match waiting.answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    waiting.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Counts one request that is in flight, until it is dropped.
struct InFlight<'a>(&'a Simulation);

impl<'a> InFlight<'a> {
    fn new(simulation: &'a Simulation) -> Self {
        let mut state = simulation.state();
        state.in_flight += 1;
        state.most_in_flight = state.most_in_flight.max(state.in_flight);
        drop(state);
        Self(simulation)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

impl Runtime for Simulation {
    fn send(&self, mut request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let _in_flight = InFlight::new(self);
            let sent = self.truth();
            let network = self.state().network.take();
            let trip = match network {
                Some(mut network) => {
                    let trip = network(&request, sent);
                    self.state().network = Some(network);
                    trip
                }
                None => Trip { there: Some(self.trip()), again: None, back: Some(self.trip()), error: None },
            };
            request.extensions_mut().insert(Arrival { sent: sent.elapsed, again: false, heard: None });
            let waiting = Arc::new(Answer::default());
            match (trip.there, trip.back) {
                (Some(there), _) => {
                    self.set_timer(there, Timer::Arrive(Box::new((request, Arc::clone(&waiting), trip))));
                }
                (None, Some(back)) => {
                    let error = TransportError::new(trip.error.unwrap_or(TransportErrorKind::Connect));
                    waiting.put(sent.elapsed.saturating_add(back), Err(error));
                }
                (None, None) => {}
            }
            let (at, answer) = waiting.get().await;
            self.sleep(at.saturating_sub(self.now().elapsed)).await;
            let (head, body) = answer?.into_parts();
            let body = futures_util::stream::iter([Ok(Bytes::from(body))]).boxed() as Body;
            Ok(http::Response::from_parts(head, body))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let mut state = self.state();
        state.timers_set += 1;
        let timer = (state.now.saturating_add(duration), state.timers_set);
        drop(state);
        Box::pin(Sleep { simulation: self, timer })
    }

    fn now(&self) -> Now {
        let state = self.state();
        let unix = state.wall_clock.as_ref().map_or_else(|| self.unix + state.now, |clock| clock(state.now));
        Now { elapsed: state.now, unix }
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
        state.timers.insert(self.timer, Timer::Wake(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.simulation.state().timers.remove(&self.timer);
    }
}
