//! The client: logs in, works in the enterprise it was told to, paces, retries, and lists groups.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use groupmembers_http::walk::Walk as _;
use groupmembers_http::{
    Attempt, Call, CallError, Driver, Pages, Quota, RetryPolicy, Runtime, Scope, TransportError, Verdict, retry_after,
};

use crate::base_url::Site;
use crate::codes::ApiErrorKind;
use crate::command::{self, Answer, Command, Place, Seen};
use crate::credentials::Credentials;
use crate::error::{ApiError, BuildError, Error, StatusErrorKind, WalkError};
use crate::fetched::Fetched;
use crate::options::RosterOptions;
use crate::session::Session;
use crate::walk::{self, Roster, RosterWalk};
use crate::{
    business_list, get_business_common_data, get_group_employees, get_group_members, get_list, manage_business,
    member_login_index,
};

/// A page takes some 30 KB.
const MAX_BODY: usize = 4 << 20;

/// How long nothing is sent after a 429, which only a proxy in front of the shop would say, where it does not say how long.
const PENALTY: Duration = Duration::from_secs(10);

/// And where it does, at least.
const LEAST_PENALTY: Duration = Duration::from_secs(1);

/// Calls one tenant of a shop as one member. Lists belong to an enterprise: [`manage`](Self::manage) leads to them. Clones are
/// cheap, and share connections, pacing and the session.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// One enterprise, chosen in a session that works in no other. Clones are cheap, and share it.
///
/// The server forgets what was chosen when a session is over, and then silently answers from the enterprise the member
/// managed last. So the enterprise is chosen again after every login, and rows of another enterprise are an error.
#[derive(Clone)]
pub struct Enterprise {
    shared: Arc<Shared>,
    live: Arc<Live>,
    id: u64,
}

struct Shared {
    site: Site,
    credentials: Credentials,
    driver: Driver,
    concurrency: usize,
    quota: Quota,
    deadline: Option<Duration>,
    own: Arc<Live>,
}

/// A session as it lives: fetched when it is needed, and again when it is over.
#[derive(Default)]
struct Live {
    jar: Fetched<Jar>,
    /// The enterprise it works in. Once it does, it works in no other.
    bound: Mutex<Option<u64>>,
}

/// What one login gave, and what answers to it have changed since.
#[derive(Clone, Default)]
struct Jar(Arc<Mutex<Session>>);

impl Jar {
    fn new(session: Session) -> Self {
        Self(Arc::new(Mutex::new(session)))
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn bound(&self) -> MutexGuard<'_, Option<u64>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("site", &self.shared.site)
            .field("credentials", &self.shared.credentials)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Enterprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enterprise").field("site", &self.shared.site).field("id", &self.id).finish_non_exhaustive()
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
            deadline: self.deadline,
            own: Arc::default(),
        };
        Ok(Client { shared: Arc::new(shared) })
    }
}

/// How often a page that says nothing of its enterprise is asked for again, where that was chosen anew meanwhile.
const MOST_CHOICES: u32 = 8;

/// A client calls one host.
const BUCKET: &str = "host";

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
    /// A client to set up.
    #[must_use]
    pub fn builder(site: Site, credentials: impl Into<Credentials>) -> ClientBuilder {
        ClientBuilder {
            site,
            credentials: credentials.into(),
            runtime: None,
            retry: RetryPolicy::default().with_max_attempts(3),
            attempt_timeout: Duration::from_secs(20),
            concurrency: 4,
            quota: Quota::new(BUCKET, 200, Duration::from_secs(1)).with_penalty(LEAST_PENALTY),
            deadline: Some(Duration::from_secs(10 * 60)),
        }
    }

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

impl Enterprise {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The session as it is now, to be kept.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.live.jar.current().map(|(jar, _)| jar.session().clone())
    }

    /// Every external member of a group, once, and a report on how sure that is. `group_id` is the `id` of a row of
    /// [`get_list`](Self::get_list).
    pub fn roster(&self, group_id: u64) -> Roster {
        self.roster_with(group_id, RosterOptions::default())
    }

    /// Every member of a group, with options.
    pub fn roster_with(&self, group_id: u64, options: RosterOptions) -> Roster {
        let now = self.shared.driver.runtime().now().unix.as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.run(RosterWalk::new(group_id, options, self.shared.concurrency, now))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let (enterprise, group) = (self.clone(), walk.group().to_string());
        let fetch: groupmembers_http::walk::Fetch<RosterWalk> = Box::new(move |ask, scope| {
            let enterprise = enterprise.clone();
            Box::pin(async move {
                match ask {
                    walk::Ask::Members(ask) => enterprise.call(&ask, &scope).await.map(walk::Answer::Members),
                    walk::Ask::Employees(ask) => enterprise.call(&ask, &scope).await.map(walk::Answer::Members),
                    walk::Ask::Group(ask) => enterprise.call(&ask, &scope).await.map(walk::Answer::Group),
                }
            })
        });
        let shared = &self.shared;
        Roster::new("yunshop", group, walk, shared.driver.clone(), shared.concurrency, shared.deadline, fetch)
    }

    /// Makes the call of any endpoint that works in an enterprise.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<Answer<C::Data>, Error> {
        if C::PLACE == Place::Api || C::NAME == manage_business::Request::NAME {
            let why = "would change the session of this enterprise: use Client::manage or Client::member_login_index";
            return Err(BuildError::new("call", why).into());
        }
        self.call(command, &self.shared.scope()).await
    }

    /// One page of the external members of a group.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_members(
        &self,
        request: &get_group_members::Request,
    ) -> Result<get_group_members::Response, Error> {
        self.execute(request).await
    }

    /// One page of the staff in a group.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_employees(
        &self,
        request: &get_group_employees::Request,
    ) -> Result<get_group_employees::Response, Error> {
        self.execute(request).await
    }

    /// One page of the enterprise's groups.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_list(&self, request: &get_list::Request) -> Result<get_list::Response, Error> {
        self.execute(request).await
    }

    /// What the session works in.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_business_common_data(&self) -> Result<get_business_common_data::Response, Error> {
        self.execute(&get_business_common_data::Request::default()).await
    }

    /// The pages of the external members from a request on, as the server has them: nothing is held against anything.
    pub fn get_group_members_pages(
        &self,
        request: get_group_members::Request,
    ) -> Pages<get_group_members::Response, Error> {
        self.pages(request, get_group_members::Request::after)
    }

    /// The pages of the staff from a request on.
    pub fn get_group_employees_pages(
        &self,
        request: get_group_employees::Request,
    ) -> Pages<get_group_employees::Response, Error> {
        self.pages(request, get_group_employees::Request::after)
    }

    /// The pages of the groups from a request on.
    pub fn get_list_pages(&self, request: get_list::Request) -> Pages<get_list::Response, Error> {
        self.pages(request, get_list::Request::after)
    }

    fn pages<C: Command + 'static>(
        &self,
        first: C,
        after: fn(&C, &Answer<C::Data>) -> Option<C>,
    ) -> Pages<Answer<C::Data>, Error>
    where
        Answer<C::Data>: 'static,
    {
        let (enterprise, scope) = (self.clone(), self.shared.scope());
        Pages::new(first, move |request: C| {
            let (enterprise, scope) = (enterprise.clone(), scope.clone());
            async move {
                let answer = enterprise.call(&request, &scope).await?;
                let next = after(&request, &answer);
                Ok((answer, Ok(next)))
            }
        })
    }

    async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<Answer<C::Data>, Error> {
        self.shared.call(&self.live, Some(self.id), command, scope).await
    }
}

impl Shared {
    fn deadline(&self) -> Option<Duration> {
        let now = self.driver.runtime().now().elapsed;
        self.deadline.map(|limit| now.saturating_add(limit))
    }

    fn scope(&self) -> Scope {
        Scope::default().with_deadline(self.deadline())
    }

    /// A session, logged in and in its enterprise. Owns what it needs, so that one can serve all who wait for it.
    fn establish(
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
    async fn call<C: Command>(
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

    async fn attempt<C: Command>(&self, command: &C, jar: &Jar, scope: &Scope) -> Result<Answer<C::Data>, Error> {
        let mut driver = self.driver.clone();
        if !C::IS_READ {
            // What may have arrived is not sent again, not even after a 429 or a 5xx: a code is good for one login, and wrong
            // passwords may be counted. What certainly never arrived is.
            let retry = driver.retry().clone().unsent_only();
            driver = driver.with_retry(retry);
        }
        let call = Authorized { shared: self, command, jar };
        driver.execute(&call, scope).await
    }
}

fn other_enterprise<C: Command>(wanted: u64, found: u64) -> Error {
    Error::Api(Box::new(ApiError::other_enterprise(C::NAME, wanted, found)))
}

/// One call in one session.
struct Authorized<'a, C> {
    shared: &'a Shared,
    command: &'a C,
    jar: &'a Jar,
}

impl<C: Command> Call for Authorized<'_, C> {
    type Response = Answer<C::Data>;
    type Error = Error;

    fn name(&self) -> &str {
        C::NAME
    }

    fn quota(&self) -> Quota {
        self.shared.quota.clone()
    }

    fn max_body(&self) -> usize {
        MAX_BODY
    }

    fn is_read(&self) -> bool {
        C::IS_READ
    }

    async fn prepare(&self, _: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        let session = self.jar.session().clone();
        self.command.to_http(&self.shared.site, &session)
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<Answer<C::Data>, Error> {
        self.jar.session().absorb(response.headers());
        let wish = retry_after(response.headers());
        // A server may say our own secrets back to us. Cut here, and not where the error is handed out: the driver may log it first.
        let session = self.jar.session().clone();
        let mut secrets = self.command.secrets();
        secrets.extend(session.secrets());
        match &self.shared.credentials {
            Credentials::Account(account) => secrets.extend([account.mobile(), account.password()]),
            Credentials::Session(session) => secrets.extend(session.secrets()),
        }
        command::receive::<C>(response, &secrets).map_err(|error| match error {
            Error::Status(mut error) => {
                error.retry_after = wish;
                Error::Status(error)
            }
            other => other,
        })
    }
}

impl CallError for Error {
    fn from_transport(error: TransportError) -> Self {
        Self::Transport(error)
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Status(error) if error.kind == StatusErrorKind::Throttled => {
                Verdict::Throttled { after: Some(error.retry_after.unwrap_or(PENALTY)) }
            }
            error if error.is_retryable() => Verdict::Retry { after: error.retry_after() },
            _ => Verdict::Fail,
        }
    }

    fn set_attempts(&mut self, attempts: u32) {
        match self {
            Self::Build(_) | Self::Walk(_) => {}
            Self::Transport(error) => error.set_attempts(attempts),
            Self::Status(error) => error.attempts = attempts,
            Self::Api(error) => error.attempts = attempts,
            Self::Decode(error) => error.attempts = attempts,
        }
    }
}
