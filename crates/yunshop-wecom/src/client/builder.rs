//! How a client is set up.

use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::{Driver, Quota, RetryPolicy, Runtime};

use super::{Client, Shared};
use crate::base_url::Site;
use crate::credentials::Credentials;
use crate::error::{BuildError, Error};

/// A client calls one host.
const BUCKET: &str = "host";

/// And where it does, at least.
const LEAST_PENALTY: Duration = Duration::from_secs(1);

impl Client {
    /// A client to set up.
    #[must_use]
    pub fn builder(site: Site, credentials: impl Into<Credentials>) -> ClientBuilder {
        ClientBuilder {
            site,
            credentials: credentials.into(),
            runtime: None,
            retry: RetryPolicy::default().with_max_attempts(3),
            attempt_timeout: Duration::from_secs(20),
            slow_timeout: Duration::from_secs(120),
            max_export: 64 << 20,
            concurrency: 4,
            quota: Quota::new(BUCKET, 200, Duration::from_secs(1)).with_penalty(LEAST_PENALTY),
            deadline: Some(Duration::from_secs(10 * 60)),
        }
    }
}

/// Sets up a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    site: Site,
    credentials: Credentials,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    slow_timeout: Duration,
    max_export: usize,
    concurrency: usize,
    quota: Quota,
    deadline: Option<Duration>,
}

impl ClientBuilder {
    /// Another transport than the built-in one.
    #[must_use]
    pub fn runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Other retries. The default is three attempts, and only of calls that read, after a connection failure, a timeout, a
    /// body that broke off, 429 or 5xx. Others are sent again only where no connection was made.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long one attempt may take. The default is 20 seconds.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long an attempt may take for which the shop has to work: an export, or a step of a synchronisation. The default is
    /// two minutes.
    #[must_use]
    pub fn slow_timeout(mut self, timeout: Duration) -> Self {
        self.slow_timeout = timeout;
        self
    }

    /// How many bytes an export may have: a larger one is an error. The default is 64 MiB.
    #[must_use]
    pub fn max_export(mut self, bytes: usize) -> Self {
        self.max_export = bytes;
        self
    }

    /// How many pages of a list are asked for at once. The default is 4: it is a merchant's own server.
    #[must_use]
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// At most so many calls in any stretch of time. The default is 200 a second; the server has no limit of its own.
    #[must_use]
    pub fn at_most(mut self, calls: u32, per: Duration) -> Self {
        self.quota = Quota::new(BUCKET, calls, per).with_penalty(LEAST_PENALTY);
        self
    }

    /// How long a roster, or any other call, may take in all. The default is ten minutes.
    #[must_use]
    pub fn deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// No transport was given and none is built in, or it could not be set up; or the session that was given is empty.
    pub fn build(self) -> Result<Client, Error> {
        if matches!(&self.credentials, Credentials::Session(session) if session.is_empty()) {
            return Err(BuildError::new("session", "is empty: give it a cookie or a token").into());
        }
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => built_in_runtime()?,
        };
        let shared = Shared {
            site: self.site,
            credentials: self.credentials,
            driver: Driver::new(runtime).with_retry(self.retry).with_attempt_timeout(self.attempt_timeout),
            concurrency: self.concurrency,
            quota: self.quota,
            slow_timeout: self.slow_timeout,
            max_export: self.max_export,
            deadline: self.deadline,
            own: Arc::default(),
        };
        Ok(Client { shared: Arc::new(shared) })
    }
}

#[cfg(feature = "reqwest")]
fn built_in_runtime() -> Result<Arc<dyn Runtime>, Error> {
    Ok(groupmembers_http::reqwest_0_13::Reqwest::new()?.into_runtime())
}

#[cfg(not(feature = "reqwest"))]
fn built_in_runtime() -> Result<Arc<dyn Runtime>, Error> {
    Err(BuildError::new("runtime", "is missing: give one, or enable the feature `rustls`, `native-tls` or `reqwest`")
        .into())
}
