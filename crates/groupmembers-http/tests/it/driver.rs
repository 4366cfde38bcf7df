//! Attempts, pauses, deadlines, caps.

use std::time::Duration;

use futures_util::future::maybe_done;
use groupmembers_http::{Quota, RetryPolicy, Runtime as _, Scope, TransportError, TransportErrorKind};
use http::Response;

use crate::fake::{Count, Error, driver, run, status};

const SECOND: Duration = Duration::from_secs(1);

fn fails_with(kind: TransportErrorKind) -> Result<Response<Vec<u8>>, TransportError> {
    Err(TransportError::new(kind))
}

#[test]
fn a_read_is_tried_again_with_a_fresh_stamp_until_it_works() {
    let (simulation, driver) = driver(1, (1, 9), |number, _| match number {
        1 => fails_with(TransportErrorKind::Request),
        2 => Ok(status(503)),
        3 => fails_with(TransportErrorKind::Body),
        _ => Ok(Response::new(vec![0; 7])),
    });
    let call = Count::new(100, SECOND);
    assert_eq!(run(&simulation, &driver, &call, &Scope::default()).unwrap(), 7);
    assert_eq!(*call.attempts.lock().unwrap(), [(1, false, 0), (2, false, 0), (3, false, 0), (4, false, 0)]);
}

#[test]
fn attempts_are_bounded_and_counted() {
    let (simulation, driver) = driver(1, (1, 9), |_, _| Ok(status(500)));
    let error = run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default()).unwrap_err();
    assert!(matches!(error, Error::Status { attempts: 5, .. }), "{error}");
    // Full jitter: never longer than 0.2 + 0.4 + 0.8 + 1.6 s, and the trips.
    assert!(simulation.now().elapsed < Duration::from_millis(3_100));
    let (simulation, driver) = self::driver(1, (1, 9), |_, _| Ok(status(500)));
    let driver = driver.with_retry(RetryPolicy::never());
    let error = run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default()).unwrap_err();
    assert!(matches!(error, Error::Status { attempts: 1, .. }), "{error}");
}

#[test]
fn what_is_no_read_is_tried_again_only_if_it_was_never_sent() {
    let (simulation, driver) = driver(1, (1, 9), |number, _| match number {
        1 | 2 => fails_with(TransportErrorKind::Connect),
        _ => Ok(status(500)),
    });
    let call = Count { read: false, ..Count::new(100, SECOND) };
    let error = run(&simulation, &driver, &call, &Scope::default()).unwrap_err();
    assert!(matches!(error, Error::Status { attempts: 3, .. }), "{error}");
    // A backup host is told by the number of failed connections.
    assert_eq!(*call.attempts.lock().unwrap(), [(1, false, 0), (2, false, 1), (3, false, 2)]);
}

#[test]
fn what_may_have_arrived_is_not_sent_again_where_that_is_asked_for() {
    for (first, attempts) in [
        (fails_with(TransportErrorKind::Connect), 2),
        (fails_with(TransportErrorKind::Timeout), 1),
        (Ok(status(429)), 1),
        (Ok(status(503)), 1),
    ] {
        let mut first = Some(first);
        let (simulation, driver) = driver(1, (1, 9), move |_, _| first.take().unwrap_or_else(|| Ok(status(200))));
        let driver = driver.clone().with_retry(driver.retry().clone().unsent_only());
        let call = Count::new(100, SECOND);
        let outcome = run(&simulation, &driver, &call, &Scope::default());
        assert_eq!((call.attempts.lock().unwrap().len(), outcome.is_ok()), (attempts, attempts == 2), "{outcome:?}");
    }
}

#[test]
fn credentials_are_renewed_once() {
    let (simulation, driver) = driver(1, (1, 9), |_, _| Ok(status(401)));
    let call = Count::new(100, SECOND);
    let error = run(&simulation, &driver, &call, &Scope::default()).unwrap_err();
    assert!(matches!(error, Error::Status { attempts: 2, .. }), "{error}");
    assert_eq!(*call.attempts.lock().unwrap(), [(1, false, 0), (2, true, 0)]);
}

#[test]
fn the_servers_wish_is_waited_for_unless_it_is_too_long() {
    let wish = |seconds: &str| {
        let response = Response::builder().status(503).header("retry-after", seconds);
        Ok(response.body(Vec::new()).unwrap())
    };
    let (simulation, driver) =
        driver(1, (1, 1), move |number, _| if number == 1 { wish("20") } else { Ok(status(200)) });
    run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default()).unwrap();
    assert!(simulation.now().elapsed >= 20 * SECOND);
    let (simulation, driver) = self::driver(1, (1, 1), move |_, _| wish("3600"));
    let error = run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default()).unwrap_err();
    assert!(matches!(error, Error::Status { after: Some(Duration { .. }), attempts: 1, .. }), "{error}");
    assert!(simulation.now().elapsed < SECOND);
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up() {
    let (simulation, driver) = driver(1, (20_000, 20_000), |_, _| Ok(status(200)));
    let driver = driver.with_retry(RetryPolicy::default().with_max_attempts(2));
    let error = run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default()).unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Timeout), "{error}");
    assert!(simulation.now().elapsed < 21 * SECOND);
}

#[test]
fn a_deadline_bounds_attempts_pauses_and_waiting_for_a_place() {
    let deadline = Scope::until(Duration::from_millis(700));
    let (simulation, slow) = driver(1, (20_000, 20_000), |_, _| Ok(status(200)));
    let error = run(&simulation, &slow, &Count::new(100, SECOND), &deadline).unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Deadline), "{error}");
    assert!(simulation.now().elapsed <= Duration::from_millis(701));

    // The last real error is worth more than the news that time is up.
    let (simulation, failing) = driver(1, (1, 1), |_, _| Ok(status(500)));
    let failing = failing.with_retry(RetryPolicy::default().with_max_attempts(1_000));
    let error = run(&simulation, &failing, &Count::new(100, SECOND), &deadline).unwrap_err();
    assert!(matches!(error, Error::Status { .. }), "{error}");
    assert!(simulation.now().elapsed <= Duration::from_millis(701));

    let (simulation, paced) = driver(1, (1, 1), |_, _| Ok(status(200)));
    let call = Count::new(1, SECOND);
    run(&simulation, &paced, &call, &deadline).unwrap();
    let error = run(&simulation, &paced, &call, &deadline).unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Deadline), "{error}");
    assert!(simulation.now().elapsed <= Duration::from_millis(701));
}

#[test]
fn a_body_over_the_cap_is_not_read_and_not_asked_for_again() {
    let (simulation, driver) = driver(1, (1, 1), |number, _| Ok(Response::new(vec![0; 999 + number as usize])));
    let call = Count::new(100, SECOND);
    assert_eq!(run(&simulation, &driver, &call, &Scope::default()).unwrap(), 1_000);
    let error = run(&simulation, &driver, &call, &Scope::default()).unwrap_err();
    let Error::Transport(error) = error else { panic!("{error}") };
    assert_eq!(
        (error.kind(), error.attempts(), error.status().unwrap().as_u16()),
        (TransportErrorKind::TooLarge, 1, 200)
    );
    let lying = |_, _| Ok(Response::builder().header("content-length", "9999999").body(Vec::new()).unwrap());
    let (simulation, driver) = self::driver(1, (1, 1), lying);
    let error = run(&simulation, &driver, &call, &Scope::default()).unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::TooLarge), "{error}");
}

#[test]
fn an_absurd_wish_is_reported_and_does_not_lock_the_bucket_up() {
    for wish in ["18446744073709551615", "999999999", "-1", "1e9", "soon"] {
        let (simulation, driver) = driver(1, (1, 1), move |number, _| {
            let status = if number == 1 { 429 } else { 200 };
            Ok(Response::builder().status(status).header("retry-after", wish).body(Vec::new()).unwrap())
        });
        simulation.run(simulation.sleep(SECOND));
        let _ = run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default());
        run(&simulation, &driver, &Count::new(100, SECOND), &Scope::default()).unwrap();
        assert!(simulation.now().elapsed < 62 * SECOND, "{wish}: {:?}", simulation.now());
    }
}

#[test]
fn an_answer_that_came_while_its_caller_was_busy_is_taken() {
    let (simulation, driver) = driver(1, (20, 20), |_, _| Ok(Response::new(vec![0; 7])));
    let call = Count::new(100, SECOND);
    let scope = Scope::default();
    let driver = driver.with_attempt_timeout(SECOND).with_retry(RetryPolicy::never());
    simulation.run(async {
        for busy in [5_u64, 30, 50] {
            let mut answer = Box::pin(maybe_done(driver.execute(&call, &scope)));
            let _ = futures_util::poll!(&mut answer);
            simulation.sleep(Duration::from_millis(busy)).await;
            let _ = futures_util::poll!(&mut answer);
            simulation.sleep(5 * SECOND).await;
            answer.as_mut().await;
            assert_eq!(answer.as_mut().take_output().unwrap().unwrap(), 7, "{busy}");
        }
    });
}

#[test]
fn the_last_real_error_is_kept_where_the_deadline_comes_while_waiting_for_a_place() {
    let (simulation, driver) = driver(1, (1, 1), |_, _| Ok(status(429)));
    let call = Count { quota: Quota::new("count", 100, SECOND).with_penalty(10 * SECOND), ..Count::new(100, SECOND) };
    let error = run(&simulation, &driver, &call, &Scope::until(3 * SECOND)).unwrap_err();
    assert!(matches!(&error, Error::Status { status, attempts: 1, .. } if status.as_u16() == 429), "{error}");
    assert!(simulation.now().elapsed <= Duration::from_millis(3_001));
}
