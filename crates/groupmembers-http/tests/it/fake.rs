//! A call, its error and a server, as simple as they can be.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Attempt, Call, CallError, Driver, Now, Quota, Scope, TransportError, Verdict, retry_after};
use http::{Request, Response, StatusCode};

/// Answers a number; everything but 200 is an error.
pub(crate) struct Count {
    pub(crate) quota: Quota,
    pub(crate) read: bool,
    pub(crate) attempts: Mutex<Vec<(u32, bool, u32)>>,
}

impl Count {
    pub(crate) fn new(calls: u32, per: Duration) -> Self {
        Self { quota: Quota::new("count", calls, per), read: true, attempts: Mutex::default() }
    }
}

#[derive(Debug)]
pub(crate) enum Error {
    Transport(TransportError),
    Status { status: StatusCode, after: Option<Duration>, attempts: u32 },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Status { status, attempts, .. } => write!(f, "{status}, {attempts} attempts"),
        }
    }
}

impl std::error::Error for Error {}

impl CallError for Error {
    fn from_transport(error: TransportError) -> Self {
        Self::Transport(error)
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Transport(error) if error.is_retryable() => Verdict::Retry { after: None },
            Self::Status { status, after, .. } => match status.as_u16() {
                401 => Verdict::Renew,
                429 => Verdict::Throttled { after: *after },
                500.. => Verdict::Retry { after: *after },
                _ => Verdict::Fail,
            },
            Self::Transport(_) => Verdict::Fail,
        }
    }

    fn set_attempts(&mut self, number: u32) {
        match self {
            Self::Transport(error) => error.set_attempts(number),
            Self::Status { attempts, .. } => *attempts = number,
        }
    }
}

impl Call for Count {
    type Response = usize;
    type Error = Error;

    fn name(&self) -> &str {
        "count"
    }

    fn quota(&self) -> Quota {
        self.quota.clone()
    }

    fn max_body(&self) -> usize {
        1_000
    }

    fn is_read(&self) -> bool {
        self.read
    }

    async fn prepare(&self, attempt: &Attempt) -> Result<Request<Vec<u8>>, Error> {
        self.attempts.lock().unwrap().push((attempt.number, attempt.renew, attempt.connect_failures));
        Ok(Request::post("http://server/count").body(attempt.nonce.to_string().into_bytes()).unwrap())
    }

    fn decode(&self, response: Response<Vec<u8>>) -> Result<usize, Error> {
        match response.status() {
            StatusCode::OK => Ok(response.body().len()),
            status => Err(Error::Status { status, after: retry_after(response.headers()), attempts: 0 }),
        }
    }
}

pub(crate) type Answer = Result<Response<Vec<u8>>, TransportError>;

/// A driver over a server that is asked with the number of the request (from 1) and the instant of its arrival.
pub(crate) fn driver(
    seed: u64,
    latency: (u64, u64),
    mut server: impl FnMut(u32, Now) -> Answer + Send + 'static,
) -> (Arc<Simulation>, Driver) {
    let mut number = 0;
    let latency = (Duration::from_millis(latency.0), Duration::from_millis(latency.1));
    let server = move |_: &Request<Vec<u8>>, now: Now| {
        number += 1;
        server(number, now)
    };
    let simulation = Simulation::new(seed, Duration::from_secs(1_700_000_000), latency, Box::new(server));
    (simulation.clone(), Driver::new(simulation))
}

pub(crate) fn status(code: u16) -> Response<Vec<u8>> {
    Response::builder().status(code).body(Vec::new()).unwrap()
}

pub(crate) fn run(simulation: &Simulation, driver: &Driver, call: &Count, scope: &Scope) -> Result<usize, Error> {
    simulation.run(driver.execute(call, scope))
}
