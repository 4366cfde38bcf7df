//! The client: [`attempt`] signs and sends one call, [`calls`] and [`rosters`] are what it is used for, and [`builder`] sets it
//! up.

mod attempt;
mod builder;
mod calls;
mod rosters;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use groupmembers_http::{Driver, Pages, RetryPolicy, Scope};

use crate::codes::PENALTY;
use crate::command::{Command, Paged};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::region::{BaseUrl, Region};
pub use builder::ClientBuilder;
pub use calls::Found;

/// How long a host that could not be reached is left alone.
const COOL_DOWN: Duration = Duration::from_secs(30);

/// Calls the API for one app. Clones are cheap, and share connections, pacing and what was learned of hosts and the clock.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    credentials: Credentials,
    bases: Vec<BaseUrl>,
    /// Until when each host is left alone.
    cooling: Mutex<Vec<Duration>>,
    driver: Driver,
    /// By how many seconds the machine's clock is behind the server's.
    clock_skew: AtomicI64,
    calls_per_second: HashMap<&'static str, u32>,
    penalty: Duration,
    concurrency: usize,
    deadline: Option<Duration>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("credentials", &self.inner.credentials)
            .field("bases", &self.inner.bases)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the data centre in China mainland, with the built-in transport.
    ///
    /// # Errors
    /// The transport cannot be set up.
    #[cfg(feature = "reqwest")]
    pub fn new(credentials: Credentials) -> Result<Self, Error> {
        Self::builder(credentials).build()
    }

    /// A client to set up.
    #[must_use]
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        let region = Region::default();
        ClientBuilder {
            credentials,
            bases: vec![region.base_url(), region.backup_url()],
            runtime: None,
            retry: RetryPolicy::default(),
            attempt_timeout: Duration::from_secs(10),
            calls_per_second: HashMap::new(),
            penalty: PENALTY,
            concurrency: 16,
            deadline: Some(Duration::from_secs(60 * 60)),
        }
    }

    /// By how many seconds this machine's clock is behind the server's, as far as a refusal told. 0: not known to be.
    #[must_use]
    pub fn clock_skew(&self) -> i64 {
        self.inner.clock_skew.load(Ordering::Relaxed)
    }

    /// Makes any call.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<C::Response, Error> {
        self.call(command, &self.scope()).await
    }

    fn scope(&self) -> Scope {
        let now = self.inner.driver.runtime().now().elapsed;
        self.inner.deadline.map_or_else(Scope::default, |limit| Scope::until(now.saturating_add(limit)))
    }

    /// The pages of a list, one after the other, as the API gives them. All of them have the time of one call, from when the
    /// first is taken.
    pub fn pages<C: Paged + 'static>(&self, first: C) -> Pages<C::Response, Error> {
        let (client, scope) = (self.clone(), Arc::new(OnceLock::new()));
        Pages::new(first, move |request: C| {
            let (client, scope) = (client.clone(), Arc::clone(&scope));
            async move {
                let scope = scope.get_or_init(|| client.scope());
                let page = client.call(&request, scope).await?;
                let next = request.after(&page).map_err(Error::from);
                Ok((page, next))
            }
        })
    }
}

impl Inner {
    fn cooling(&self) -> MutexGuard<'_, Vec<Duration>> {
        self.cooling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first host that is not left alone, or else the one that is for the shortest time.
    fn host(&self, now: Duration) -> usize {
        let cooling = self.cooling();
        (0..cooling.len()).min_by_key(|&host| cooling[host].max(now)).unwrap_or(0)
    }

    fn leave_alone(&self, host: usize) {
        let until = self.driver.runtime().now().elapsed + COOL_DOWN;
        if let Some(cooling) = self.cooling().get_mut(host) {
            *cooling = until;
        }
    }
}
