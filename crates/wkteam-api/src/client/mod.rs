//! The client: [`login`] gets the token, [`w_id`] finds the login instance, [`attempt`] makes one call in its account's line,
//! [`calls`] and [`rosters`] are what it is used for, and [`builder`] sets it up.

mod attempt;
mod builder;
mod calls;
mod login;
mod rosters;
mod w_id;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::{Driver, Scope, TransportError, TransportErrorKind};

use crate::base_url::BaseUrl;
use crate::credentials::{Credentials, Token, WId};
use crate::error::Error;
use crate::fetched::{Fetched, Found, Generation};
use crate::options::Pace;
pub use builder::ClientBuilder;
use w_id::{Acting, Logins};

/// Calls the API for one developer account, as one WeChat account. Clones are cheap, and share connections, pacing and the
/// token.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    acting: Option<Arc<Acting>>,
}

/// What all WeChat accounts of a developer account share.
struct Shared {
    base: BaseUrl,
    credentials: Credentials,
    token: Fetched<Token>,
    /// A token that was refused as soon as it came: another one would be, too.
    useless: Found<Generation>,
    /// A login that was refused.
    no_login: Found<Error>,
    logins: Mutex<Logins>,
    driver: Driver,
    attempt_timeout: Duration,
    pace: Pace,
    contact_pace: Pace,
    deadline: Option<Duration>,
    any_id: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.shared.base)
            .field("credentials", &self.shared.credentials)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// The same client, acting as another login instance. Token, connections and pacing are shared.
    #[must_use]
    pub fn with_w_id(&self, w_id: WId) -> Self {
        Self { shared: Arc::clone(&self.shared), acting: Acting::new(Some(w_id), None) }
    }

    /// The same client, acting as another WeChat account. Token, connections and pacing are shared. Keep it: each one made here
    /// looks the `wId` up for itself.
    #[must_use]
    pub fn with_wc_id(&self, wc_id: impl Into<String>) -> Self {
        Self { shared: Arc::clone(&self.shared), acting: Acting::new(None, Some(wc_id.into())) }
    }
}

impl Shared {
    fn now(&self) -> Duration {
        self.driver.runtime().now().elapsed
    }

    /// When what begins now must be over.
    fn until(&self) -> Option<Duration> {
        self.deadline.map(|limit| self.now().saturating_add(limit))
    }

    /// For one call.
    fn scope(&self) -> Scope {
        Scope::default().with_deadline(self.until())
    }

    /// For work that others may wait for as well: it counts for who began it, and has a deadline of its own.
    fn flight(&self, scope: &Scope) -> Scope {
        scope.with_deadline(self.until())
    }

    /// Waits for something, but not past the deadline.
    async fn within<T>(&self, scope: &Scope, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = || Err(TransportError::new(TransportErrorKind::Deadline).into());
        self.driver.before_deadline(scope, work).await.unwrap_or_else(late)
    }
}

/// That it is not online is an answer to whether it is.
fn not_online(error: Error) -> Result<bool, Error> {
    match error {
        Error::Api(error) if error.kind.is_about_the_login() => Ok(false),
        error => Err(error),
    }
}
