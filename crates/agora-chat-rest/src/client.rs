//! The client: fetches tokens, paces, retries, and lists groups to the last member.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use groupmembers_http::walk::Walk as _;
use groupmembers_http::{
    Attempt, Call, CallError, Driver, Pages, Quota, RetryPolicy, Runtime, Scope, TransportError, Verdict, retry_after,
};

use crate::access_token::{self, Subject};
use crate::app::{App, BaseUrl};
use crate::codes::ApiErrorKind;
use crate::command::{Answer, Command, Paged, Rejected};
use crate::credentials::{Credentials, Token};
use crate::error::{BuildError, Error};
use crate::options::RosterOptions;
use crate::session::{Generation, Session};
use crate::token_source::{Lease, TokenSource};
use crate::walk::{Answered, Ask, Roster, RosterWalk};
use crate::{
    chatgroups, chatgroups_admin, chatgroups_blocks_users, chatgroups_details, chatgroups_is_joined, chatgroups_mute,
    chatgroups_roles, chatgroups_user, chatgroups_users, chatgroups_white_users, joined_chatgroups,
    metadata_chatgroup_get, metadata_chatgroup_user, token,
};

/// Calls the API for one app. Clones are cheap, and share connections, pacing and the token.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    base: BaseUrl,
    app: App,
    tokens: TokenSource,
    session: Session,
    driver: Driver,
    calls_per_second: HashMap<&'static str, u32>,
    concurrency: usize,
    deadline: Option<Duration>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.inner.base)
            .field("app", &self.inner.app)
            .field("tokens", &self.inner.tokens)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    base: BaseUrl,
    app: App,
    tokens: TokenSource,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    calls_per_second: HashMap<&'static str, u32>,
    concurrency: usize,
    deadline: Option<Duration>,
}

impl ClientBuilder {
    /// Another transport than the built-in one.
    #[must_use]
    pub fn runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Other retries. The default is five attempts, with pauses from a second on: the vendor names none.
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

    /// Another quota for an endpoint: larger where you bought one, smaller where other programs share it. The default is four
    /// fifths of the documented one, since the SDKs of the app's users count as well.
    #[must_use]
    pub fn calls_per_second<C: Command>(mut self, calls: u32) -> Self {
        self.calls_per_second.insert(C::NAME, calls.max(1));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// The app's names can be none; no transport was given and none is built in, or it could not be set up.
    pub fn build(self) -> Result<Client, Error> {
        self.app.check()?;
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => built_in_runtime()?,
        };
        let driver = Driver::new(runtime).with_retry(self.retry).with_attempt_timeout(self.attempt_timeout);
        Ok(Client {
            inner: Arc::new(Inner {
                base: self.base,
                app: self.app,
                tokens: self.tokens,
                session: Session::default(),
                driver,
                calls_per_second: self.calls_per_second,
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

impl Client {
    /// A client to set up. The console shows the host; the app is named by its App ID or its App Key, whichever the host's
    /// documents use.
    #[must_use]
    pub fn builder(base: BaseUrl, app: App, tokens: impl Into<TokenSource>) -> ClientBuilder {
        ClientBuilder {
            base,
            app,
            tokens: tokens.into(),
            runtime: None,
            retry: RetryPolicy::default().with_backoff(Duration::from_secs(1), Duration::from_secs(10)),
            attempt_timeout: Duration::from_secs(10),
            calls_per_second: HashMap::new(),
            concurrency: 16,
            deadline: Some(Duration::from_secs(60 * 60)),
        }
    }

    /// Every member of a group, once, and a report on how sure that is.
    ///
    /// Asks for the group's description first. Where that holds everybody, it is the answer; else the list is read in pages.
    pub fn roster(&self, group_id: impl Into<String>) -> Roster {
        self.roster_with(group_id, RosterOptions::default())
    }

    /// Every member of a group, with options.
    pub fn roster_with(&self, group_id: impl Into<String>, options: RosterOptions) -> Roster {
        self.run(RosterWalk::new(group_id.into(), options, self.inner.concurrency))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let (client, group) = (self.clone(), walk.group().to_owned());
        let refused = walk.options().validate().err();
        let fetch: groupmembers_http::walk::Fetch<RosterWalk> = Box::new(move |ask, scope| {
            let (client, refused) = (client.clone(), refused.clone());
            Box::pin(async move {
                if let Some(refused) = refused {
                    return Err(refused.into());
                }
                match ask {
                    Ask::Admins(request) => client.call(&request, &scope).await.map(Answered::Admins),
                    Ask::Details(request) => client.call(&request, &scope).await.map(Answered::Details),
                    Ask::Users(request) => client.call(&request, &scope).await.map(Answered::Users),
                }
            })
        });
        let Inner { driver, concurrency, deadline, .. } = &*self.inner;
        Roster::new("agora", group, walk, driver.clone(), *concurrency, *deadline, fetch)
    }

    /// Makes any endpoint's call.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<Answer<C::Data>, Error> {
        self.call(command, &self.scope()).await
    }

    /// The pages of a list, one after the other, as the API gives them. All of them have the time of one call, from when the
    /// first is taken.
    pub fn pages<C: Paged + 'static>(&self, first: C) -> Pages<Answer<C::Data>, Error>
    where
        C::Data: 'static,
    {
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

    /// One page of members. Whole groups: [`roster`](Self::roster).
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_users(
        &self,
        request: &chatgroups_users::Request,
    ) -> Result<chatgroups_users::Response, Error> {
        self.execute(request).await
    }

    /// These groups. A list over the documented 100 is split.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn chatgroups_details(
        &self,
        request: &chatgroups_details::Request,
    ) -> Result<chatgroups_details::Response, Error> {
        let parts = request.group_ids.chunks(chatgroups_details::MAX_GROUPS);
        if parts.len() < 2 {
            return self.execute(request).await;
        }
        let parts: Vec<chatgroups_details::Request> =
            parts.map(|part| chatgroups_details::Request { group_ids: part.to_vec(), ..request.clone() }).collect();
        let scope = &self.scope();
        // Each call owns its part: a future that borrowed it could not be spawned.
        let calls = parts.into_iter().map(|part| async move { self.call(&part, scope).await });
        let calls = stream::iter(calls).buffered(self.inner.concurrency);
        let answers: Vec<chatgroups_details::Response> = calls.try_collect().await?;
        let merged = answers.into_iter().reduce(|mut whole, part| {
            let rows = whole.data.len() + whole.rejected.len();
            whole.data.extend(part.data);
            whole.rejected.extend(part.rejected.into_iter().map(|row| Rejected { index: row.index + rows, ..row }));
            whole
        });
        merged.ok_or_else(|| BuildError::new("group IDs", "are none").into())
    }

    /// The attributes of these members. A list over the documented 10 is split.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn metadata_chatgroup_get(
        &self,
        request: &metadata_chatgroup_get::Request,
    ) -> Result<metadata_chatgroup_get::Response, Error> {
        let parts = request.targets.chunks(metadata_chatgroup_get::MAX_TARGETS);
        if parts.len() < 2 {
            return self.execute(request).await;
        }
        let parts: Vec<metadata_chatgroup_get::Request> =
            parts.map(|part| metadata_chatgroup_get::Request { targets: part.to_vec(), ..request.clone() }).collect();
        let scope = &self.scope();
        let calls = parts.into_iter().map(|part| async move { self.call(&part, scope).await });
        let calls = stream::iter(calls).buffered(self.inner.concurrency);
        let answers: Vec<metadata_chatgroup_get::Response> = calls.try_collect().await?;
        let merged = answers.into_iter().reduce(|mut whole, part| {
            let rows = whole.data.len() + whole.rejected.len();
            whole.data.extend(part.data);
            whole.rejected.extend(part.rejected.into_iter().map(|row| Rejected { index: row.index + rows, ..row }));
            whole
        });
        merged.ok_or_else(|| BuildError::new("targets", "are none").into())
    }

    /// The attributes of one member.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn metadata_chatgroup_user(
        &self,
        request: &metadata_chatgroup_user::Request,
    ) -> Result<metadata_chatgroup_user::Response, Error> {
        self.execute(request).await
    }

    /// What the members are, and who is online. Not documented.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_roles(
        &self,
        request: &chatgroups_roles::Request,
    ) -> Result<chatgroups_roles::Response, Error> {
        self.execute(request).await
    }

    /// One page of the app's groups.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups(&self, request: &chatgroups::Request) -> Result<chatgroups::Response, Error> {
        self.execute(request).await
    }

    /// One page of the groups somebody is in, with a total.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_user(
        &self,
        request: &chatgroups_user::Request,
    ) -> Result<chatgroups_user::Response, Error> {
        self.execute(request).await
    }

    /// One page of the groups somebody is in, by the older call.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn joined_chatgroups(
        &self,
        request: &joined_chatgroups::Request,
    ) -> Result<joined_chatgroups::Response, Error> {
        self.execute(request).await
    }

    /// Whether somebody is in a group.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_is_joined(&self, request: &chatgroups_is_joined::Request) -> Result<bool, Error> {
        Ok(self.execute(request).await?.data)
    }

    /// Who is an admin.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_admin(
        &self,
        request: &chatgroups_admin::Request,
    ) -> Result<chatgroups_admin::Response, Error> {
        self.execute(request).await
    }

    /// Who may not speak.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_mute(
        &self,
        request: &chatgroups_mute::Request,
    ) -> Result<chatgroups_mute::Response, Error> {
        self.execute(request).await
    }

    /// Who may not come back.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_blocks_users(
        &self,
        request: &chatgroups_blocks_users::Request,
    ) -> Result<chatgroups_blocks_users::Response, Error> {
        self.execute(request).await
    }

    /// Who may speak while everybody is muted.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatgroups_white_users(
        &self,
        request: &chatgroups_white_users::Request,
    ) -> Result<chatgroups_white_users::Response, Error> {
        self.execute(request).await
    }

    fn scope(&self) -> Scope {
        let now = self.inner.driver.runtime().now().elapsed;
        self.inner.deadline.map_or_else(Scope::default, |limit| Scope::until(now.saturating_add(limit)))
    }

    async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<Answer<C::Data>, Error> {
        // Ids that cannot be sent are no reason to fetch a token.
        command.validate()?;
        let call = Authorized { client: &self.inner, command, scope, used: Mutex::new(None) };
        self.inner.driver.execute(&call, scope).await
    }
}

impl Inner {
    fn quota<C: Command>(&self) -> Quota {
        let calls = self.calls_per_second.get(C::NAME).copied().unwrap_or(C::CALLS_PER_SECOND * 4 / 5);
        Quota::new(C::NAME, calls, Duration::from_secs(1))
    }

    /// The shared token, fetched anew where it is about to expire, or where `refused` is the one that was refused.
    async fn token(
        &self,
        attempt: &Attempt,
        refused: Option<Generation>,
        scope: &Scope,
    ) -> Result<(Token, Generation), Error> {
        let (now, nonce) = (attempt.now.unix.as_secs(), attempt.nonce);
        self.session.token(now, nonce, refused, || self.fetch(now, nonce, scope)).await
    }

    fn fetch(&self, now: u64, nonce: u64, scope: &Scope) -> BoxFuture<'static, Result<Lease, Error>> {
        let build = |credentials: &Credentials| {
            let token = access_token::build(credentials, &Subject::App, now, access_token::MAX_EXPIRE, nonce as u32)?;
            Ok::<_, Error>(Lease { token, expires_at: Some(now + u64::from(access_token::MAX_EXPIRE)) })
        };
        let exchange = |request: token::Request, with: Option<Token>| {
            let exchange = Exchange {
                base: self.base.clone(),
                app: self.app.clone(),
                quota: self.quota::<token::Request>(),
                request,
                with,
            };
            let (driver, scope) = (self.driver.clone(), scope.clone());
            async move {
                let answer = driver.execute(&exchange, &scope).await?;
                Ok(Lease { token: answer.data.token().clone(), expires_at: answer.expires_at(now) })
            }
            .boxed()
        };
        match &self.tokens {
            TokenSource::Local(credentials) => std::future::ready(build(credentials)).boxed(),
            TokenSource::Exchange(credentials) => match build(credentials) {
                Ok(lease) => exchange(token::Request::Agora, Some(lease.token)),
                Err(error) => std::future::ready(Err(error)).boxed(),
            },
            TokenSource::ClientCredentials { client, ttl } => {
                exchange(token::Request::ClientCredentials { client: client.clone(), ttl: *ttl }, None)
            }
            TokenSource::Fixed(token) => {
                std::future::ready(Ok(Lease { token: token.clone(), expires_at: None })).boxed()
            }
            TokenSource::Custom(source) => source.fetch(),
        }
    }
}

/// One call with the client's token.
struct Authorized<'a, C> {
    client: &'a Inner,
    command: &'a C,
    scope: &'a Scope,
    /// The token that the last attempt was made with.
    used: Mutex<Option<(Token, Generation)>>,
}

impl<C> Authorized<'_, C> {
    fn used(&self) -> MutexGuard<'_, Option<(Token, Generation)>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Command> Call for Authorized<'_, C> {
    type Response = Answer<C::Data>;
    type Error = Error;

    fn name(&self) -> &str {
        C::NAME
    }

    fn quota(&self) -> Quota {
        self.client.quota::<C>()
    }

    fn max_body(&self) -> usize {
        C::MAX_BODY
    }

    fn is_read(&self) -> bool {
        C::IS_READ
    }

    async fn prepare(&self, attempt: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        let refused = self.used().as_ref().filter(|_| attempt.renew).map(|used| used.1);
        let (token, generation) = self.client.token(attempt, refused, self.scope).await?;
        let request = self.command.to_http(&self.client.base, &self.client.app, Some(&token));
        *self.used() = Some((token, generation));
        request
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<Self::Response, Error> {
        // A token that was given cannot be renewed: sending it again would be refused again.
        let renewable = !matches!(self.client.tokens, TokenSource::Fixed(_));
        let used = self.used();
        read(self.command, response, renewable, used.as_ref().map(|used| used.0.as_str()).as_slice())
    }
}

/// The call that fetches a token.
struct Exchange {
    base: BaseUrl,
    app: App,
    quota: Quota,
    request: token::Request,
    with: Option<Token>,
}

impl Call for Exchange {
    type Response = token::Response;
    type Error = Error;

    fn name(&self) -> &str {
        token::Request::NAME
    }

    fn quota(&self) -> Quota {
        self.quota.clone()
    }

    fn max_body(&self) -> usize {
        token::Request::MAX_BODY
    }

    fn is_read(&self) -> bool {
        token::Request::IS_READ
    }

    async fn prepare(&self, _: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        self.request.to_http(&self.base, &self.app, self.with.as_ref())
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<token::Response, Error> {
        let mut secrets: Vec<&str> = self.with.iter().map(Token::as_str).collect();
        if let token::Request::ClientCredentials { client, .. } = &self.request {
            secrets.push(&client.secret);
        }
        read(&self.request, response, false, &secrets)
    }
}

/// Reads an answer, and adds to an error what the answer alone does not say. What the server quotes of our `secrets` is cut out.
fn read<C: Command>(
    command: &C,
    response: http::Response<Vec<u8>>,
    renewable: bool,
    secrets: &[&str],
) -> Result<Answer<C::Data>, Error> {
    let wish = retry_after(response.headers());
    let (head, body) = response.into_parts();
    let from = |body: &[u8]| C::from_http(http::Response::from_parts(head.clone(), body));
    from(&body).or_else(|error| without(&body, secrets).map_or(Err(error), |body| from(&body))).map_err(|mut error| {
        let path = Some(command.path().join("/"));
        match &mut error {
            Error::Status(error) => (error.retry_after, error.renewable, error.path) = (wish, renewable, path),
            Error::Api(error) => {
                error.group = command.group().map(ToOwned::to_owned);
                (error.retry_after, error.renewable, error.path) = (wish, renewable, path);
            }
            Error::Decode(error) => error.path = path,
            _ => {}
        }
        error
    })
}

/// The body with `…` in the place of each secret; `None` if there is none in it.
fn without(body: &[u8], secrets: &[&str]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    // JSON may have a backslash before each slash.
    let forms = secrets.iter().flat_map(|secret| [(*secret).to_owned(), secret.replace('/', "\\/")]);
    let clean = forms.fold(text.clone().into_owned(), |text, form| text.replace(&form, "…"));
    (clean != text).then(|| clean.into_bytes())
}

impl CallError for Error {
    fn from_transport(error: TransportError) -> Self {
        Self::Transport(error)
    }

    fn verdict(&self) -> Verdict {
        let renewable = match self {
            Self::Api(error) => error.renewable,
            Self::Status(error) => error.renewable,
            _ => false,
        };
        match self.kind() {
            Some(ApiErrorKind::Auth) if renewable => Verdict::Renew,
            Some(ApiErrorKind::Throttled) => Verdict::Throttled { after: self.retry_after() },
            _ if self.is_retryable() => Verdict::Retry { after: self.retry_after() },
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
