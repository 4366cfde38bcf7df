//! No window of the vendor's is ever exceeded, whatever the latency, and no place in it is wasted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::future::{join_all, maybe_done};
use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Body, Driver, Now, RetryPolicy, Runtime, Scope, TransportError};
use http::{Request, Response};
use proptest::prelude::*;

use crate::fake::{Count, driver, status};

/// The vendor's side: counts arrivals in a sliding window, and says by how much it was exceeded.
#[derive(Default)]
struct Window {
    arrivals: VecDeque<Duration>,
    exceeded: u32,
}

impl Window {
    fn arrive(&mut self, at: Duration, calls: usize, per: Duration) {
        while self.arrivals.front().is_some_and(|first| *first + per <= at) {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(at);
        self.exceeded += u32::from(self.arrivals.len() > calls);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_is_exceeded(
        seed in any::<u64>(),
        calls in 1..60_u32,
        (least, spread) in (0..200_u64, prop_oneof![Just(0_u64), 1..25_u64, 100..400_u64]),
        work in 1..400_usize,
        waves in 1..4_u32,
    ) {
        let per = Duration::from_secs(1);
        let window = Arc::new(Mutex::new(Window::default()));
        let counted = window.clone();
        let (simulation, driver) = driver(seed, (least, least + spread), move |_, now| {
            counted.lock().unwrap().arrive(now.elapsed, calls as usize, per);
            Ok(Response::new(Vec::new()))
        });
        let call = Count::new(calls, per);
        let scope = Scope::default();
        simulation.run(async {
            for wave in 0..waves {
                join_all((0..work).map(|_| driver.execute(&call, &scope))).await;
                simulation.sleep(Duration::from_millis(170 * u64::from(wave))).await;
            }
        });
        prop_assert_eq!(window.lock().unwrap().exceeded, 0);
        // Each window's worth takes its length and a round trip: nothing else is waited for.
        let made = work as u32 * waves;
        let windows = made.div_ceil(calls);
        let trip = Duration::from_millis(2 * (least + spread));
        let most = (per + trip) * windows + (trip + Duration::from_millis(200)) * (waves + 1);
        let took = simulation.now().elapsed;
        prop_assert!(took <= most, "{took:?} for {windows} windows");
    }
}

#[test]
fn a_connection_that_takes_long_to_make_is_no_reason_to_hurry() {
    // The first request waits 200 ms for its handshake, and nobody can tell that from its trip.
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let seen = arrivals.clone();
    let (simulation, _) = driver(1, (50, 50), move |_, now| {
        seen.lock().unwrap().push(now.elapsed);
        Ok(status(200))
    });
    let driver = Driver::new(Arc::new(Handshake { simulation: simulation.clone(), made: AtomicBool::new(false) }));
    let (call, scope) = (Count::new(1, Duration::from_secs(1)), Scope::default());
    simulation.run(async {
        for _ in 0..3 {
            driver.execute(&call, &scope).await.unwrap();
        }
    });
    let arrivals = arrivals.lock().unwrap();
    assert!(arrivals.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{arrivals:?}");
}

#[derive(Debug)]
struct Handshake {
    simulation: Arc<Simulation>,
    made: AtomicBool,
}

impl Runtime for Handshake {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            if !self.made.swap(true, Ordering::SeqCst) {
                self.simulation.sleep(Duration::from_millis(200)).await;
            }
            self.simulation.send(request).await
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.simulation.sleep(duration)
    }

    fn now(&self) -> Now {
        self.simulation.now()
    }

    fn nonce(&self) -> u64 {
        self.simulation.nonce()
    }
}

#[test]
fn a_call_that_nobody_polls_holds_nobody_up_for_long() {
    let second = Duration::from_secs(1);
    for polls in [1, 2, 3] {
        for calls in [1, 2, 5] {
            let (simulation, driver) = driver(1, (10, 10), |_, _| Ok(status(200)));
            let (call, scope) = (Count::new(calls, second), Scope::default());
            simulation.run(async {
                // Some in flight, some in the line, each left alone at another point of its way.
                let mut left_alone: Vec<_> =
                    (0..8).map(|_| Box::pin(maybe_done(driver.execute(&call, &scope)))).collect();
                for at in 0..polls {
                    for future in &mut left_alone {
                        let _ = futures_util::poll!(future);
                    }
                    simulation.sleep(Duration::from_millis(5 + 500 * at)).await;
                }
                for _ in 0..10 {
                    driver.execute(&call, &scope).await.unwrap();
                }
                // What was left alone can still be finished.
                for mut future in left_alone {
                    future.as_mut().await;
                    future.as_mut().take_output().unwrap().unwrap();
                }
            });
            // An attempt's ten seconds, at most, until the place of one that nobody polls is given to others.
            assert!(simulation.now().elapsed < Duration::from_secs(45), "{polls} {calls}: {:?}", simulation.now());
        }
    }
}

/// Requests travel 300 ms there and 300 ms back, whoever stops waiting for them.
#[derive(Debug)]
struct Distant {
    simulation: Arc<Simulation>,
    arrivals: Mutex<Vec<Duration>>,
}

impl Runtime for Distant {
    fn send(&self, _: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let trip = Duration::from_millis(300);
            self.arrivals.lock().unwrap().push(self.simulation.now().elapsed + trip);
            self.simulation.sleep(2 * trip).await;
            Ok(Response::new(Box::pin(futures_util::stream::empty()) as Body))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.simulation.sleep(duration)
    }

    fn now(&self) -> Now {
        self.simulation.now()
    }

    fn nonce(&self) -> u64 {
        self.simulation.nonce()
    }
}

#[test]
fn a_call_that_is_given_up_may_still_arrive_and_is_counted() {
    let per = Duration::from_secs(1);
    for (patience, timeout) in [(1, 10_000), (50, 10_000), (200, 10_000), (5_000, 250)] {
        let (simulation, _) = driver(1, (5, 5), |_, _| Ok(status(200)));
        let distant = Arc::new(Distant { simulation: simulation.clone(), arrivals: Mutex::default() });
        let runtime: Arc<dyn Runtime> = distant.clone();
        let driver =
            Driver::new(runtime).with_attempt_timeout(Duration::from_millis(timeout)).with_retry(RetryPolicy::never());
        let (call, scope) = (Count::new(10, per), Scope::default());
        simulation.run(async {
            for round in 0..40 {
                let call = std::pin::pin!(driver.execute(&call, &scope));
                // One in four is waited for.
                let patience = if round % 4 == 3 { 60_000 } else { patience };
                futures_util::future::select(call, simulation.sleep(Duration::from_millis(patience))).await;
            }
        });
        let arrivals = distant.arrivals.lock().unwrap();
        let dense = arrivals.windows(11).filter(|window| window[10] - window[0] < per).count();
        assert_eq!(dense, 0, "{patience} ms, {timeout} ms: {arrivals:?}");
        assert!(arrivals.len() > 10);
    }
}

#[test]
fn who_waits_longest_is_served_first() {
    let (simulation, driver) = driver(1, (5, 5), |_, _| Ok(status(200)));
    let (call, scope) = (Count::new(1, Duration::from_secs(1)), Scope::default());
    let order = Mutex::new(Vec::new());
    simulation.run(join_all((0..6).map(|who| {
        let (driver, call, scope, order) = (&driver, &call, &scope, &order);
        async move {
            for _ in 0..5 {
                driver.execute(call, scope).await.unwrap();
                order.lock().unwrap().push(who);
            }
        }
    })));
    let order = order.into_inner().unwrap();
    for round in order.chunks(6) {
        let mut round = round.to_vec();
        round.sort_unstable();
        assert_eq!(round, [0, 1, 2, 3, 4, 5], "{order:?}");
    }
}

#[test]
fn a_burst_goes_out_at_once() {
    let (simulation, driver) = driver(1, (10, 10), |_, _| Ok(status(200)));
    let (call, scope) = (Count::new(200, Duration::from_secs(1)), Scope::default());
    simulation.run(join_all((0..200).map(|_| driver.execute(&call, &scope))));
    assert!(simulation.now().elapsed <= Duration::from_millis(21));
}

#[test]
fn a_throttle_answer_closes_the_bucket_for_everybody() {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let seen = arrivals.clone();
    let (simulation, driver) = driver(1, (10, 10), move |number, now| {
        seen.lock().unwrap().push(now.elapsed);
        Ok(status(if number == 1 { 429 } else { 200 }))
    });
    let penalty = Duration::from_secs(10);
    let mut call = Count::new(1, Duration::from_millis(100));
    call.quota = call.quota.with_penalty(penalty);
    let scope = Scope::default();
    let done = simulation.run(join_all((0..5).map(|_| driver.execute(&call, &scope))));
    assert!(done.iter().all(Result::is_ok));
    let arrivals = arrivals.lock().unwrap();
    assert_eq!(arrivals.len(), 6);
    assert!(arrivals[1] >= arrivals[0] + penalty, "{arrivals:?}");
}

#[test]
fn a_call_that_is_dropped_gives_its_place_back() {
    let (simulation, driver) = driver(1, (500, 500), |_, _| Ok(status(200)));
    let (call, scope) = (Count::new(1, Duration::from_secs(1)), Scope::default());
    simulation.run(async {
        let dropped = std::pin::pin!(driver.execute(&call, &scope));
        let pause = simulation.sleep(Duration::from_millis(50));
        futures_util::future::select(dropped, pause).await;
    });
    simulation.run(driver.execute(&call, &scope)).unwrap();
    assert!(simulation.now().elapsed < Duration::from_secs(4));
}
