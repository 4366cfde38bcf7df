//! The client: logs in, works in the enterprise it was told to, paces, retries, and lists groups.

mod attempt;
mod builder;
mod enterprise;
mod session;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::{Driver, Quota};

use self::session::{Jar, Live};
use crate::base_url::Site;
use crate::command::Command as _;
use crate::credentials::Credentials;
use crate::error::{BuildError, Error};
use crate::session::Session;
use crate::{business_list, manage_business, member_login_index};

pub use self::builder::ClientBuilder;
pub use self::enterprise::Enterprise;

/// Calls one tenant of a shop as one member. Lists belong to an enterprise: [`manage`](Self::manage) leads to them. Clones are
/// cheap, and share connections, pacing and the session.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    site: Site,
    credentials: Credentials,
    driver: Driver,
    concurrency: usize,
    quota: Quota,
    slow_timeout: Duration,
    max_export: usize,
    deadline: Option<Duration>,
    own: Arc<Live>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("site", &self.shared.site)
            .field("credentials", &self.shared.credentials)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Chooses an enterprise, and gives what works in it.
    ///
    /// One session works in one enterprise. With an account, every further enterprise gets a login of its own; a session that
    /// was given serves the first one only.
    ///
    /// # Errors
    /// The login failed, the member may not manage the enterprise, or the session already works in another one.
    pub async fn manage(&self, business_id: u64) -> Result<Enterprise, Error> {
        manage_business::Request::new(business_id).validate()?;
        let own = &self.shared.own;
        let (live, fresh) = {
            let mut bound = own.bound();
            match (*bound, &self.shared.credentials) {
                (None, _) => {
                    *bound = Some(business_id);
                    (Arc::clone(own), true)
                }
                (Some(id), _) if id == business_id => (Arc::clone(own), false),
                (Some(_), Credentials::Account(_)) => {
                    (Arc::new(Live { bound: Mutex::new(Some(business_id)), ..Live::default() }), true)
                }
                (Some(_), Credentials::Session(_)) => {
                    return Err(BuildError::new(
                        "business id",
                        "is not the enterprise this session works in: give each enterprise a session of its own",
                    )
                    .into());
                }
            }
        };
        // A session from before the choice has to be told of it.
        let (before, generation) = live.jar.current().filter(|_| fresh).unzip();
        let chosen =
            live.jar.get(generation, || self.shared.establish(&live, before, false, &self.shared.scope())).await;
        if let Err(error) = chosen {
            if fresh {
                *live.bound() = None;
            }
            return Err(error);
        }
        Ok(Enterprise { shared: Arc::clone(&self.shared), live, id: business_id })
    }

    /// The enterprises the member may manage.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn business_list(&self) -> Result<business_list::Response, Error> {
        self.shared.call(&self.shared.own, None, &business_list::Request::default(), &self.shared.scope()).await
    }

    /// Logs in, and gives the answer and the session. The client does so by itself where it was given an account.
    ///
    /// # Errors
    /// The login failed.
    pub async fn member_login_index(
        &self,
        request: &member_login_index::Request,
    ) -> Result<(member_login_index::Response, Session), Error> {
        let jar = Jar::default();
        let answer = self.shared.attempt(request, &jar, &self.shared.scope()).await?;
        let session = jar.session().clone();
        Ok((answer, session))
    }

    /// The session as it is now, to be kept: with it the next client needs no login. `None` before the first call.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.shared.own.jar.current().map(|(jar, _)| jar.session().clone())
    }
}
