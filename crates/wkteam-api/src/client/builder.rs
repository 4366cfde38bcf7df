//! What a client is set up with.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::{Driver, RetryPolicy, Runtime};

use super::w_id::{Acting, Logins};
use super::{Client, Shared};
use crate::base_url::BaseUrl;
use crate::credentials::{Credentials, WId};
#[cfg(not(feature = "reqwest"))]
use crate::error::BuildError;
use crate::error::Error;
use crate::fetched::{Fetched, Found};
use crate::options::Pace;

/// Sets up a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    base: BaseUrl,
    credentials: Credentials,
    w_id: Option<WId>,
    wc_id: Option<String>,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    pace: Pace,
    contact_pace: Pace,
    deadline: Option<Duration>,
    any_id: bool,
}

impl ClientBuilder {
    /// Acts as this login instance, until a call is refused and a newer one of the same account is found. For that the account
    /// must be known: by [`wc_id`](Self::wc_id), or since an answer of `/queryLoginWx` named this `wId`.
    #[must_use]
    pub fn w_id(mut self, w_id: WId) -> Self {
        self.w_id = Some(w_id);
        self
    }

    /// Acts as this WeChat account, `wxid_…`: its `wId`, unless it was given, is looked up when it is first needed, and again
    /// after a refusal, but not twice in a minute. A call that was refused because it went to an old `wId` is then made again, if it only reads.
    #[must_use]
    pub fn wc_id(mut self, wc_id: impl Into<String>) -> Self {
        self.wc_id = Some(wc_id.into());
        self
    }

    /// Another transport than the built-in one.
    #[must_use]
    pub fn runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Other retries. The default is three attempts, and only of calls that read, after a connection failure, a timeout, 429
    /// or 5xx. A login, and any other call that is no read, is tried again only where no connection was made. A refusal of
    /// the API is never tried again.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long one attempt may take. The default is 20 seconds; calls that are documented as slow have their own time.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Another pause between calls for the same account.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Another pause after `/getContact`.
    #[must_use]
    pub fn contact_pace(mut self, pace: Pace) -> Self {
        self.contact_pace = pace;
        self
    }

    /// How long a roster, or any other call, may take in all. The default is an hour.
    #[must_use]
    pub fn deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sends ids that do not look like ids, too.
    #[must_use]
    pub fn any_id(mut self) -> Self {
        self.any_id = true;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// No transport was given and none is built in, or it could not be set up; or the `wcId` cannot be one.
    pub fn build(self) -> Result<Client, Error> {
        if let Some(wc_id) = &self.wc_id {
            crate::command::check_id("wcId", wc_id)?;
        }
        let mut logins = Logins::default();
        if let (Some(wc_id), Some(w_id)) = (&self.wc_id, &self.w_id) {
            logins.learn(wc_id, w_id);
        }
        let acting = Acting::new(self.w_id, self.wc_id);
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => built_in_runtime()?,
        };
        let shared = Shared {
            base: self.base,
            credentials: self.credentials,
            token: Fetched::default(),
            useless: Found::default(),
            no_login: Found::default(),
            logins: Mutex::new(logins),
            driver: Driver::new(runtime).with_retry(self.retry).with_attempt_timeout(self.attempt_timeout),
            attempt_timeout: self.attempt_timeout,
            pace: self.pace,
            contact_pace: self.contact_pace,
            deadline: self.deadline,
            any_id: self.any_id,
        };
        Ok(Client { shared: Arc::new(shared), acting })
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

impl Client {
    /// A client to set up. The base URL is the one your console shows.
    #[must_use]
    pub fn builder(base: BaseUrl, credentials: impl Into<Credentials>) -> ClientBuilder {
        ClientBuilder {
            base,
            credentials: credentials.into(),
            w_id: None,
            wc_id: None,
            runtime: None,
            retry: RetryPolicy::default()
                .with_max_attempts(3)
                .with_backoff(Duration::from_secs(1), Duration::from_secs(10)),
            attempt_timeout: Duration::from_secs(20),
            pace: Pace::default(),
            contact_pace: Pace::CONTACT,
            deadline: Some(Duration::from_secs(60 * 60)),
            any_id: false,
        }
    }
}
