//! One call: wait for the pacer, stamp, sign, send, read up to a cap, decode, classify, and perhaps again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};

use crate::call::{Attempt, Call, CallError, Verdict};
use crate::pacer::{Pacer, Permit};
use crate::retry::RetryPolicy;
use crate::runtime::{Runtime, TransportError, TransportErrorKind};

/// Makes calls. Clones share their pacing.
#[derive(Debug, Clone)]
pub struct Driver {
    runtime: Arc<dyn Runtime>,
    pacer: Pacer,
    retry: RetryPolicy,
    attempt_timeout: Duration,
}

/// What the calls of one piece of work share: a deadline and the counts for its report.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    deadline: Option<Duration>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) calls: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) throttled: AtomicU64,
}

impl Scope {
    /// Work that must be over at `deadline`, on the [elapsed](crate::Now::elapsed) clock of the driver's runtime.
    #[must_use]
    pub fn until(deadline: Duration) -> Self {
        Self { deadline: Some(deadline), counts: Arc::default() }
    }

    /// The same counts under another deadline: for work that more than one waits for, and that counts for who began it.
    #[must_use]
    pub fn with_deadline(&self, deadline: Option<Duration>) -> Self {
        Self { deadline, counts: Arc::clone(&self.counts) }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Driver {
    /// A driver with its own pacing: ten seconds an attempt, and the default retries.
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        let pacer = Pacer::new(Arc::clone(&runtime));
        Self { runtime, pacer, retry: RetryPolicy::default(), attempt_timeout: Duration::from_secs(10) }
    }

    /// With other retries.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// When it tries again.
    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// With another timeout for one attempt, from sending to the last byte.
    #[must_use]
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Its seam to the world.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.runtime
    }

    /// Makes a call, with as many attempts as it takes and the policy allows.
    ///
    /// # Errors
    /// The last attempt's error, with the number of attempts noted in it.
    pub async fn execute<C: Call>(&self, call: &C, scope: &Scope) -> Result<C::Response, C::Error> {
        let quota = call.quota();
        let mut attempt = Attempt { number: 0, now: self.runtime.now(), nonce: 0, renew: false, connect_failures: 0 };
        let mut renewed = false;
        let mut last = None;
        let late = || C::Error::from_transport(TransportError::new(TransportErrorKind::Deadline));
        loop {
            let place = self.pacer.acquire(&quota, self.attempt_timeout);
            let Some(permit) = self.before_deadline(scope, place).await else {
                // The last real error is worth more than the news that time is up.
                return Err(
                    last.unwrap_or_else(|| C::Error::from_transport(TransportError::new(TransportErrorKind::Deadline)))
                );
            };
            attempt.number += 1;
            attempt.now = self.runtime.now();
            attempt.nonce = self.runtime.nonce();
            // A vendor may have to ask for a token first.
            let Some(request) = self.before_deadline(scope, call.prepare(&attempt)).await else {
                permit.never_sent();
                return Err(last.unwrap_or_else(late));
            };
            let request = match request {
                Ok(request) => request,
                Err(error) => {
                    permit.never_sent();
                    return Err(error);
                }
            };
            permit.extend(self.attempt_timeout);
            #[cfg(feature = "tracing")]
            let host = request.uri().host().unwrap_or_default().to_owned();
            let counts = scope.counts();
            counts.calls.fetch_add(1, Ordering::Relaxed);
            counts.retries.fetch_add(u64::from(attempt.number > 1), Ordering::Relaxed);
            let sent = self.send(request, call.max_body(), scope, &permit).await;
            let never_sent = matches!(&sent, Err(error) if error.kind() == TransportErrorKind::Connect);
            match &sent {
                Ok(_) => permit.answered(),
                Err(_) if never_sent => permit.never_sent(),
                Err(_) => drop(permit),
            }
            let outcome = sent.map_err(C::Error::from_transport).and_then(|response| call.decode(response));
            #[cfg(feature = "tracing")]
            self.trace(call, &host, &attempt, &outcome);
            let mut error = match outcome {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            error.set_attempts(attempt.number);
            attempt.connect_failures += u32::from(never_sent);

            let verdict = error.verdict();
            if let Verdict::Throttled { after } = verdict {
                counts.throttled.fetch_add(1, Ordering::Relaxed);
                // A wish beyond all bounds is reported, and must not lock the bucket up for as long.
                let wish = after.unwrap_or_default().min(self.retry.longest_wish);
                self.pacer.close(&quota, wish.max(quota.penalty));
            }
            let refused = matches!(verdict, Verdict::Throttled { .. });
            let again = never_sent || !self.retry.unsent_only && (call.is_read() || refused);
            if !again || attempt.number >= self.retry.max_attempts {
                return Err(error);
            }
            let pause = match verdict {
                Verdict::Fail => return Err(error),
                Verdict::Renew if renewed => return Err(error),
                Verdict::Renew => Duration::ZERO,
                // The closed bucket holds the next attempt back; the jitter spreads those that wait behind it.
                Verdict::Retry { after } | Verdict::Throttled { after } => {
                    if after.is_some_and(|after| after > self.retry.longest_wish) {
                        return Err(error);
                    }
                    after.unwrap_or_default().max(self.retry.pause(attempt.number, self.runtime.nonce()))
                }
            };
            attempt.renew = verdict == Verdict::Renew;
            renewed |= attempt.renew;
            if self.remaining(scope).is_some_and(|remaining| remaining <= pause) {
                return Err(error);
            }
            last = Some(error);
            if !pause.is_zero() {
                self.runtime.sleep(pause).await;
            }
        }
    }

    /// Sends one request and reads the whole body, up to the cap, the attempt's timeout and the deadline.
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        max_body: usize,
        scope: &Scope,
        permit: &Permit,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let mut timer = Timer::start(self, scope);
        let mut response = self.runtime.send(request);
        let response = loop {
            match select(response, &mut timer.sleep).await {
                Either::Left((response, _)) => break response?,
                Either::Right(((), unfinished)) => {
                    timer.rang(self, scope, permit)?;
                    response = unfinished;
                }
            }
        };
        let (head, mut body) = response.into_parts();
        let with_status = |error: TransportError| error.with_status(head.status);
        let declared =
            head.headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if declared.is_some_and(|length: usize| length > max_body) {
            return Err(with_status(TransportError::new(TransportErrorKind::TooLarge)));
        }
        let mut bytes = Vec::with_capacity(declared.unwrap_or(0));
        loop {
            match select(body.next(), &mut timer.sleep).await {
                Either::Left((None, _)) => return Ok(http::Response::from_parts(head, bytes)),
                Either::Left((Some(chunk), _)) => {
                    let chunk = chunk.map_err(with_status)?;
                    if chunk.len() > max_body - bytes.len() {
                        return Err(with_status(TransportError::new(TransportErrorKind::TooLarge)));
                    }
                    bytes.extend_from_slice(&chunk);
                }
                Either::Right(((), _)) => timer.rang(self, scope, permit).map_err(with_status)?,
            }
        }
    }

    fn remaining(&self, scope: &Scope) -> Option<Duration> {
        scope.deadline.map(|deadline| deadline.saturating_sub(self.runtime.now().elapsed))
    }

    /// Waits for work, but not past the scope's deadline: `None` where that came first.
    pub async fn before_deadline<T>(&self, scope: &Scope, work: impl Future<Output = T>) -> Option<T> {
        let work = std::pin::pin!(work);
        match self.remaining(scope) {
            None => Some(work.await),
            Some(remaining) if remaining.is_zero() => None,
            Some(remaining) => match select(work, self.runtime.sleep(remaining)).await {
                Either::Left((done, _)) => Some(done),
                Either::Right(((), _)) => None,
            },
        }
    }

    #[cfg(feature = "tracing")]
    fn trace<C: Call>(&self, call: &C, host: &str, attempt: &Attempt, outcome: &Result<C::Response, C::Error>) {
        let elapsed = self.runtime.now().elapsed.saturating_sub(attempt.now.elapsed);
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        match outcome {
            Ok(_) => tracing::debug!(call = call.name(), host, attempt = attempt.number, millis, "answered"),
            Err(error) => {
                let code = error.code();
                let code = code.as_deref();
                tracing::debug!(call = call.name(), host, attempt = attempt.number, millis, code, %error, "failed");
            }
        }
    }
}

/// A timer that rings so much too late was not looked at in time: its caller was busy with something else, and so may
/// not have looked at the answer either.
const LATE: Duration = Duration::from_millis(100);

/// How often an attempt's time starts anew because its caller was busy.
const LATE_TIMES: u32 = 3;

/// The time one attempt may take.
struct Timer<'a> {
    ends: Duration,
    sleep: BoxFuture<'a, ()>,
    late: u32,
}

impl<'a> Timer<'a> {
    fn start(driver: &'a Driver, scope: &Scope) -> Self {
        let limit = driver.remaining(scope).map_or(driver.attempt_timeout, |left| left.min(driver.attempt_timeout));
        let ends = driver.runtime.now().elapsed.saturating_add(limit);
        Self { ends, sleep: driver.runtime.sleep(limit), late: 0 }
    }

    /// It went off: goes on with a new one, if nobody could have noticed an answer in time.
    fn rang(&mut self, driver: &'a Driver, scope: &Scope, permit: &Permit) -> Result<(), TransportError> {
        if driver.remaining(scope).is_some_and(|remaining| remaining.is_zero()) {
            return Err(TransportError::new(TransportErrorKind::Deadline));
        }
        let overdue = driver.runtime.now().elapsed.saturating_sub(self.ends);
        if overdue < LATE || self.late >= LATE_TIMES {
            return Err(TransportError::new(TransportErrorKind::Timeout));
        }
        permit.extend(driver.attempt_timeout);
        *self = Self { late: self.late + 1, ..Self::start(driver, scope) };
        Ok(())
    }
}
