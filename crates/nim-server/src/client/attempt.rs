//! One call: a name that all its attempts share, a fresh signature for each, and what is learned of hosts and the clock.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use groupmembers_http::{
    Attempt, Call, CallError, Quota, Runtime, Scope, TransportError, Verdict, retry_after, server_time,
};

use super::{Client, Inner};
use crate::checksum::Stamp;
use crate::codes::ApiErrorKind;
use crate::command::Command;
use crate::error::Error;

/// A clock that is off by less is none to correct: `Date` has whole seconds, and travels.
const LEAST_SKEW: u64 = 30;

impl Client {
    pub(super) async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<C::Response, Error> {
        Ok(self.call_dated(command, scope).await?.0)
    }

    /// With the answer's `Date`, in seconds since 1970-01-01 UTC.
    pub(super) async fn call_dated<C: Command>(
        &self,
        command: &C,
        scope: &Scope,
    ) -> Result<(C::Response, Option<u64>), Error> {
        let runtime = self.inner.driver.runtime();
        let call = Signed {
            client: &self.inner,
            command,
            state: Mutex::new(State {
                request_id: request_id(runtime.as_ref()),
                host: 0,
                connect_failures: 0,
                skew: 0,
                repeated: false,
                date: None,
            }),
        };
        let outcome = self.inner.driver.execute(&call, scope).await;
        let date = call.state().date;
        outcome.map(|answer| (answer, date)).map_err(|mut error| {
            error.set_request_id(std::mem::take(&mut call.state().request_id));
            if let Error::Api(error) = &mut error {
                error.group = command.group();
            }
            error
        })
    }
}

fn request_id(runtime: &dyn Runtime) -> String {
    format!("{:016x}{:016x}", runtime.nonce(), runtime.nonce())
}

/// One call, signed by one client.
struct Signed<'a, C> {
    client: &'a Inner,
    command: &'a C,
    state: Mutex<State>,
}

/// What its attempts hand on.
struct State {
    request_id: String,
    host: usize,
    connect_failures: u32,
    /// What the last attempt corrected the clock by.
    skew: i64,
    /// The server took it for a call it has seen.
    repeated: bool,
    /// The last answer's `Date`.
    date: Option<u64>,
}

impl<C> Signed<'_, C> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Command> Call for Signed<'_, C> {
    type Response = C::Response;
    type Error = Error;

    fn name(&self) -> &str {
        C::NAME
    }

    fn quota(&self) -> Quota {
        let calls = self.client.calls_per_second.get(C::BUCKET).copied().unwrap_or(C::CALLS_PER_SECOND);
        Quota::new(C::BUCKET, calls, Duration::from_secs(1)).with_penalty(self.client.penalty)
    }

    fn max_body(&self) -> usize {
        C::MAX_BODY
    }

    async fn prepare(&self, attempt: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        let mut state = self.state();
        if attempt.connect_failures > state.connect_failures {
            state.connect_failures = attempt.connect_failures;
            self.client.leave_alone(state.host);
        }
        if std::mem::take(&mut state.repeated) {
            state.request_id = request_id(self.client.driver.runtime().as_ref());
        }
        state.host = self.client.host(attempt.now.elapsed);
        state.skew = self.client.clock_skew.load(Ordering::Relaxed);
        let cur_time = attempt.now.unix.as_secs().saturating_add_signed(state.skew);
        // The letter at its end keeps the nonce and CurTime apart.
        let stamp = Stamp::new(cur_time, format!("{:016x}n", attempt.nonce)).with_request_id(&state.request_id);
        self.command.to_http(&self.client.bases[state.host], &self.client.credentials, &stamp)
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<C::Response, Error> {
        let wish = retry_after(response.headers());
        let date = server_time(response.headers());
        self.state().date = date;
        C::from_http(response).map_err(|mut error| {
            let mut state = self.state();
            match &mut error {
                Error::Status(error) => {
                    error.retry_after = wish;
                    if error.status.as_u16() == 502 {
                        self.client.leave_alone(state.host);
                    }
                }
                Error::Api(error) if error.kind == ApiErrorKind::Clock => {
                    let now = self.client.driver.runtime().now().unix.as_secs();
                    let skew = date.map(|date| date.cast_signed().saturating_sub(now.cast_signed()));
                    // Where the server's own Date says that the time was right, another attempt would be refused again.
                    if let Some(skew) = skew
                        && skew.abs_diff(state.skew) >= LEAST_SKEW
                    {
                        self.client.clock_skew.store(skew, Ordering::Relaxed);
                        error.clock_skew = Some(skew);
                    }
                }
                Error::Api(error) if error.kind == ApiErrorKind::Repeated => state.repeated = true,
                _ => {}
            }
            error
        })
    }
}

impl CallError for Error {
    fn from_transport(error: TransportError) -> Self {
        error.into()
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Api(error) if error.kind == ApiErrorKind::Clock && error.clock_skew.is_some() => Verdict::Renew,
            Self::Api(error) if error.kind == ApiErrorKind::Repeated => Verdict::Renew,
            Self::Api(error) if error.kind == ApiErrorKind::Throttled => Verdict::Throttled { after: None },
            Self::Status(error) if error.status.as_u16() == 429 => Verdict::Throttled { after: error.retry_after },
            error if error.is_retryable() => Verdict::Retry { after: error.retry_after() },
            _ => Verdict::Fail,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Api(error) => Some(error.code.to_string()),
            Self::Status(error) => Some(format!("HTTP {}", error.status.as_u16())),
            _ => None,
        }
    }

    fn set_attempts(&mut self, attempts: u32) {
        match self {
            Self::Build(_) | Self::Walk(_) => {}
            Self::Transport(failure) => failure.error.set_attempts(attempts),
            Self::Status(error) => error.attempts = attempts,
            Self::Api(error) => error.attempts = attempts,
            Self::Decode(error) => error.attempts = attempts,
        }
    }
}
