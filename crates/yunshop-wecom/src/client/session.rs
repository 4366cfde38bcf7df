//! The session of a client: logged in when it is needed, led to its enterprise, and again when it is over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use groupmembers_http::Scope;

use super::Shared;
use crate::codes::ApiErrorKind;
use crate::command::{Answer, Command, Seen};
use crate::credentials::Credentials;
use crate::error::{ApiError, Error, WalkError};
use crate::fetched::Fetched;
use crate::session::Session;
use crate::{get_business_common_data, manage_business, member_login_index};

/// How often a page that says nothing of its enterprise is asked for again, where that was chosen anew meanwhile.
const MOST_CHOICES: u32 = 8;

/// A session as it lives: fetched when it is needed, and again when it is over.
#[derive(Default)]
pub(super) struct Live {
    pub(super) jar: Fetched<Jar>,
    /// The enterprise it works in. Once it does, it works in no other.
    pub(super) bound: Mutex<Option<u64>>,
}

/// What one login gave, and what answers to it have changed since.
#[derive(Clone, Default)]
pub(super) struct Jar(Arc<Mutex<Session>>);

impl Jar {
    fn new(session: Session) -> Self {
        Self(Arc::new(Mutex::new(session)))
    }

    pub(super) fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    pub(super) fn bound(&self) -> MutexGuard<'_, Option<u64>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    pub(super) fn deadline(&self) -> Option<Duration> {
        let now = self.driver.runtime().now().elapsed;
        self.deadline.map(|limit| now.saturating_add(limit))
    }

    pub(super) fn scope(&self) -> Scope {
        Scope::default().with_deadline(self.deadline())
    }

    /// A session, logged in and in its enterprise. Owns what it needs, so that one can serve all who wait for it.
    pub(super) fn establish(
        self: &Arc<Self>,
        live: &Arc<Live>,
        before: Option<Jar>,
        over: bool,
        scope: &Scope,
    ) -> BoxFuture<'static, Result<Jar, Error>> {
        let (shared, live) = (Arc::clone(self), Arc::clone(live));
        // Its calls count for who began it. Others wait for it too, so it has a deadline of its own.
        let scope = scope.with_deadline(self.deadline());
        async move {
            let (jar, fresh) = match (before, &shared.credentials) {
                (Some(jar), Credentials::Session(_)) => (jar, true),
                (Some(jar), Credentials::Account(_)) if !over => (jar, false),
                (None, Credentials::Session(session)) => (Jar::new(session.clone()), true),
                (_, Credentials::Account(_)) => (shared.log_in(&scope).await?, true),
            };
            let bound = *live.bound();
            let Some(id) = bound else { return Ok(jar) };
            let choice = manage_business::Request::new(id);
            match shared.attempt(&choice, &jar, &scope).await {
                Ok(_) => Ok(jar),
                Err(Error::Api(error)) if error.kind == ApiErrorKind::NotLoggedIn && !fresh => {
                    let jar = shared.log_in(&scope).await?;
                    shared.attempt(&choice, &jar, &scope).await.map(|_| jar)
                }
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    async fn log_in(&self, scope: &Scope) -> Result<Jar, Error> {
        let jar = Jar::default();
        if let Credentials::Account(account) = &self.credentials {
            self.attempt(&member_login_index::Request::from(account), &jar, scope).await?;
            if jar.session().is_empty() {
                let error = ApiError::new(member_login_index::Request::NAME, ApiErrorKind::NotLoggedIn, "", &[]);
                return Err(Error::Api(Box::new(error)));
            }
        }
        Ok(jar)
    }

    /// Makes a call in a session; a read once more, where the session was over or in the wrong enterprise.
    pub(super) async fn call<C: Command>(
        self: &Arc<Self>,
        live: &Arc<Live>,
        enterprise: Option<u64>,
        command: &C,
        scope: &Scope,
    ) -> Result<Answer<C::Data>, Error> {
        use ApiErrorKind::{EnterpriseNotSelected, NotLoggedIn, OtherEnterprise};
        // What cannot be sent is no reason to log in.
        command.validate()?;
        let (jar, generation) = live.jar.get(None, || self.establish(live, None, true, scope)).await?;
        let outcome = self.checked(command, live, jar.clone(), enterprise, scope).await;
        let kind = match &outcome {
            Err(Error::Api(error)) if C::IS_READ => error.kind,
            _ => return outcome,
        };
        let over = match kind {
            NotLoggedIn if matches!(self.credentials, Credentials::Account(_)) => true,
            EnterpriseNotSelected | OtherEnterprise if enterprise.is_some() => false,
            _ => return outcome,
        };
        let (jar, _) = live.jar.get(Some(generation), || self.establish(live, Some(jar), over, scope)).await?;
        self.checked(command, live, jar, enterprise, scope).await
    }

    /// Makes a call, and holds its answer against the enterprise it should be about.
    async fn checked<C: Command>(
        self: &Arc<Self>,
        command: &C,
        live: &Arc<Live>,
        mut jar: Jar,
        enterprise: Option<u64>,
        scope: &Scope,
    ) -> Result<Answer<C::Data>, Error> {
        for _ in 0..MOST_CHOICES {
            let before = live.jar.at_rest();
            let answer = self.attempt(command, &jar, scope).await?;
            let (Some(wanted), Some(seen)) = (enterprise, C::enterprise(&answer.data)) else { return Ok(answer) };
            let seen = match seen {
                // An empty page looks the same in every enterprise, so the session is asked where it is.
                Seen::Unknown if C::NAME != get_business_common_data::Request::NAME => {
                    let common = self.attempt(&get_business_common_data::Request::default(), &jar, scope).await?;
                    let seen = get_business_common_data::Request::enterprise(&common.data).unwrap_or(Seen::Unknown);
                    if seen == Seen::One(wanted) && (before.is_none() || live.jar.at_rest() != before) {
                        if !C::IS_READ {
                            let why = "the session was led back to its enterprise while it answered: whether this was done in it is not known";
                            return Err(WalkError::new(format!("{}: {why}", C::NAME)).into());
                        }
                        // Another call has chosen the enterprise anew meanwhile: that it is the right one now says nothing
                        // of where the page came from.
                        (jar, _) = live.jar.get(None, || self.establish(live, None, true, scope)).await?;
                        continue;
                    }
                    seen
                }
                seen => seen,
            };
            return match seen {
                Seen::One(found) if found != wanted => Err(other_enterprise::<C>(wanted, found)),
                Seen::Several(one, other) => {
                    Err(other_enterprise::<C>(wanted, if one == wanted { other } else { one }))
                }
                _ => Ok(answer),
            };
        }
        let why = "the session was led back to its enterprise again and again while it answered: give each a session of its own";
        Err(WalkError::new(why).into())
    }
}

fn other_enterprise<C: Command>(wanted: u64, found: u64) -> Error {
    Error::Api(Box::new(ApiError::other_enterprise(C::NAME, wanted, found)))
}
