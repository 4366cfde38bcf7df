//! Sets up a client.

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::{Driver, RetryPolicy, Runtime};

use super::{Client, Inner};
use crate::command::Command;
use crate::credentials::Credentials;
#[cfg(not(feature = "reqwest"))]
use crate::error::BuildError;
use crate::error::Error;
use crate::region::{BaseUrl, Region};

/// Sets up a [`Client`]. Nothing is sent before the first call.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    pub(super) credentials: Credentials,
    pub(super) bases: Vec<BaseUrl>,
    pub(super) runtime: Option<Arc<dyn Runtime>>,
    pub(super) retry: RetryPolicy,
    pub(super) attempt_timeout: Duration,
    pub(super) calls_per_second: HashMap<&'static str, u32>,
    pub(super) penalty: Duration,
    pub(super) concurrency: usize,
    pub(super) deadline: Option<Duration>,
}

impl ClientBuilder {
    /// The app's data centre, with its backup host. The default is China mainland. Calls never leave it.
    #[must_use]
    pub fn region(mut self, region: Region) -> Self {
        self.bases = vec![region.base_url(), region.backup_url()];
        self
    }

    /// Another host than a region's: an old one, a gateway, a sandbox.
    #[must_use]
    pub fn base_url(mut self, base: BaseUrl) -> Self {
        self.bases = vec![base];
        self
    }

    /// A host to turn to when the others cannot be reached. It must be of the same region.
    #[must_use]
    pub fn backup_url(mut self, base: BaseUrl) -> Self {
        self.bases.push(base);
        self
    }

    /// Another transport than the built-in one.
    #[must_use]
    pub fn runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Other retries. The default is five attempts.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long one attempt may take. The default is ten seconds.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a roster, or any other call, may take in all. The default is an hour.
    #[must_use]
    pub fn deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many requests a roster has in flight. The default is 16.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// Another quota for a call, and all that share its bucket: larger where you bought one, smaller where other programs
    /// share it.
    #[must_use]
    pub fn calls_per_second<C: Command>(mut self, calls: u32) -> Self {
        self.calls_per_second.insert(C::BUCKET, calls.max(1));
        self
    }

    /// How long a bucket stays closed after a 416. The default is the documented ten seconds.
    #[must_use]
    pub fn penalty(mut self, penalty: Duration) -> Self {
        self.penalty = penalty;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// No transport was given and none is built in, or it could not be set up.
    pub fn build(self) -> Result<Client, Error> {
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => built_in_runtime()?,
        };
        let driver = Driver::new(runtime).with_retry(self.retry).with_attempt_timeout(self.attempt_timeout);
        Ok(Client {
            inner: Arc::new(Inner {
                credentials: self.credentials,
                cooling: Mutex::new(vec![Duration::ZERO; self.bases.len()]),
                bases: self.bases,
                driver,
                clock_skew: AtomicI64::new(0),
                calls_per_second: self.calls_per_second,
                penalty: self.penalty,
                concurrency: self.concurrency,
                deadline: self.deadline,
            }),
        })
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
