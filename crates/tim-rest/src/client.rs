//! The client: signs, paces, retries, and lists groups to the last member.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use groupmembers_http::walk::Walk as _;
use groupmembers_http::{
    Attempt, Call, CallError, Driver, Pages, Quota, RetryPolicy, Runtime, Scope, TransportError, Verdict, retry_after,
    server_time,
};

use crate::codes::ApiErrorKind;
use crate::command::{Command, Paged};
use crate::credentials::Credentials;
use crate::error::{BuildError, Error};
use crate::options::RosterOptions;
use crate::region::{BaseUrl, Region};
use crate::usersig::UserSig;
use crate::walk::{Answer, Ask, Roster, RosterWalk};
use crate::{
    get_appid_group_list, get_group_ban_member, get_group_info, get_group_member_info, get_group_muted_account,
    get_joined_group_list, get_members, get_online_member_num, get_role_in_group, get_specified_group_member_info,
};

/// The API answers with 1 MB at most; the envelope and a generous reading of "1 MB" come on top.
const MAX_BODY: usize = (1 << 20) + (128 << 10);

/// What the API answers to a UserSig that has expired by its own clock.
const EXPIRED: i64 = 70_001;

/// Seconds that the clocks may differ by before that is taken for the reason of a refusal.
const LEAST_SKEW: u64 = 30;

/// Calls the API for one app. Clones are cheap, and share connections, pacing and the signature.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    credentials: Credentials,
    bases: Vec<BaseUrl>,
    /// Which of them could be reached last.
    working_base: AtomicUsize,
    driver: Driver,
    signature: Mutex<Option<Cached>>,
    /// How many seconds the server's clock is ahead of ours, as far as a refusal has shown.
    clock_skew: AtomicI64,
    signature_lifetime: Duration,
    calls_per_second: HashMap<&'static str, u32>,
    concurrency: usize,
    deadline: Option<Duration>,
}

struct Cached {
    signature: UserSig,
    renew_at: u64,
    generation: u64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("credentials", &self.inner.credentials)
            .field("bases", &self.inner.bases)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    credentials: Credentials,
    bases: Vec<BaseUrl>,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    signature_lifetime: Duration,
    calls_per_second: HashMap<&'static str, u32>,
    concurrency: usize,
    deadline: Option<Duration>,
}

impl ClientBuilder {
    /// The app's data centre, with its backup host. The default is China mainland.
    #[must_use]
    pub fn region(mut self, region: Region) -> Self {
        self.bases = vec![region.base_url(), region.backup_url()];
        self
    }

    /// Another host than a region's: a new region, a gateway, a sandbox.
    #[must_use]
    pub fn base_url(mut self, base: BaseUrl) -> Self {
        self.bases = vec![base];
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

    /// How long one attempt may take. The default is ten seconds; less than the server's own three gives up too early.
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

    /// How many requests a roster has in flight, at most 1,024. The default is 16.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.clamp(1, 1_024);
        self
    }

    /// Another quota for a command: larger where you bought one, smaller where other programs share it.
    #[must_use]
    pub fn calls_per_second<C: Command>(mut self, calls: u32) -> Self {
        self.calls_per_second.insert(C::NAME, calls.max(1));
        self
    }

    /// For how long a UserSig is signed, from a minute to 50 years. The default is a day; it is renewed well before.
    #[must_use]
    pub fn signature_lifetime(mut self, lifetime: Duration) -> Self {
        const YEAR: u64 = 365 * 24 * 60 * 60;
        self.signature_lifetime = lifetime.clamp(Duration::from_secs(60), Duration::from_secs(50 * YEAR));
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
                bases: self.bases,
                working_base: AtomicUsize::new(0),
                driver,
                signature: Mutex::default(),
                clock_skew: AtomicI64::new(0),
                signature_lifetime: self.signature_lifetime,
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
    /// A client of the app's data centre in China mainland, with the built-in transport.
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
            signature_lifetime: Duration::from_secs(24 * 60 * 60),
            calls_per_second: HashMap::new(),
            concurrency: 16,
            deadline: Some(Duration::from_secs(60 * 60)),
        }
    }

    /// Every member of a group, once, and a report on how sure that is.
    ///
    /// Asks for the group's type and size first, then reads it in the way its type has.
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
                    Ask::Info(request) => client.call(&request, &scope).await.map(|(info, _)| Answer::Info(info)),
                    Ask::Members(request) => {
                        let asked = client.inner.driver.runtime().now().unix.as_secs();
                        let outcome = client.call(&request, &scope).await;
                        // Whichever clock is behind: only who joined before it was there for certain.
                        outcome.map(|(page, answered)| Answer::Members(page, answered.map(|at| at.min(asked))))
                    }
                    Ask::Live(request) => client.call(&request, &scope).await.map(|(page, _)| Answer::Live(page)),
                }
            })
        });
        let Inner { driver, concurrency, deadline, .. } = &*self.inner;
        Roster::new("tim", group, walk, driver.clone(), *concurrency, *deadline, fetch)
    }

    /// Makes any command's call.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<C::Response, Error> {
        Ok(self.call(command, &self.scope()).await?.0)
    }

    /// The time that a call has from now.
    fn scope(&self) -> Scope {
        let now = self.inner.driver.runtime().now().elapsed;
        self.inner.deadline.map_or_else(Scope::default, |limit| Scope::until(now.saturating_add(limit)))
    }

    /// The pages of a list, one after the other, as the API gives them. All of them have the time of one call, from when
    /// the first is taken.
    pub fn pages<C: Paged + 'static>(&self, first: C) -> Pages<C::Response, Error> {
        let (client, scope) = (self.clone(), Arc::new(OnceLock::new()));
        Pages::new(first, move |request: C| {
            let (client, scope) = (client.clone(), Arc::clone(&scope));
            async move {
                let scope = scope.get_or_init(|| client.scope());
                let (page, _) = client.call(&request, scope).await?;
                let next = request.after(&page).map_err(Error::from);
                Ok((page, next))
            }
        })
    }

    /// One page of members. Whole groups: [`roster`](Self::roster).
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_member_info(
        &self,
        request: &get_group_member_info::Request,
    ) -> Result<get_group_member_info::Response, Error> {
        self.execute(request).await
    }

    /// These members. A list over the documented 50 is split.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn get_specified_group_member_info(
        &self,
        request: &get_specified_group_member_info::Request,
    ) -> Result<get_specified_group_member_info::Response, Error> {
        use get_specified_group_member_info::{MAX_ACCOUNTS, Request};
        let parts = request.member_list_account.chunks(MAX_ACCOUNTS);
        let parts = parts.map(|part| Request { member_list_account: part.to_vec(), ..request.clone() }).collect();
        let merge = |mut whole: get_specified_group_member_info::Response,
                     part: get_specified_group_member_info::Response| {
            let rows = whole.member_list.len() + whole.envelope.rejected.len();
            whole.member_list.extend(part.member_list);
            whole.envelope.absorb(part.envelope, rows);
            whole
        };
        self.in_parts(request, parts, merge).await
    }

    /// These accounts' roles. A list over the documented 500 is split.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn get_role_in_group(
        &self,
        request: &get_role_in_group::Request,
    ) -> Result<get_role_in_group::Response, Error> {
        use get_role_in_group::{MAX_ACCOUNTS, Request};
        let parts = request.user_account.chunks(MAX_ACCOUNTS);
        let parts = parts.map(|part| Request { user_account: part.to_vec(), ..request.clone() }).collect();
        let merge = |mut whole: get_role_in_group::Response, part: get_role_in_group::Response| {
            let rows = whole.user_id_list.len() + whole.envelope.rejected.len();
            whole.user_id_list.extend(part.user_id_list);
            whole.envelope.absorb(part.envelope, rows);
            whole
        };
        self.in_parts(request, parts, merge).await
    }

    /// These groups. A list over the documented 50 is split. A group may fail alone: see its `error_code`.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn get_group_info(&self, request: &get_group_info::Request) -> Result<get_group_info::Response, Error> {
        use get_group_info::{MAX_GROUPS, Request};
        let parts = request.group_id_list.chunks(MAX_GROUPS);
        let parts = parts.map(|part| Request { group_id_list: part.to_vec(), ..request.clone() }).collect();
        let merge = |mut whole: get_group_info::Response, part: get_group_info::Response| {
            let rows = whole.group_info.len() + whole.envelope.rejected.len();
            whole.group_info.extend(part.group_info);
            whole.envelope.absorb(part.envelope, rows);
            whole
        };
        self.in_parts(request, parts, merge).await
    }

    /// One page of the groups somebody is in, or all of them without a `Limit`.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_joined_group_list(
        &self,
        request: &get_joined_group_list::Request,
    ) -> Result<get_joined_group_list::Response, Error> {
        self.execute(request).await
    }

    /// One page of the app's groups. One call a second.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_appid_group_list(
        &self,
        request: &get_appid_group_list::Request,
    ) -> Result<get_appid_group_list::Response, Error> {
        self.execute(request).await
    }

    /// How many members are online.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_online_member_num(
        &self,
        request: &get_online_member_num::Request,
    ) -> Result<get_online_member_num::Response, Error> {
        self.execute(request).await
    }

    /// One page of the members of a live room.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_members(&self, request: &get_members::Request) -> Result<get_members::Response, Error> {
        self.execute(request).await
    }

    /// Who may not speak.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_muted_account(
        &self,
        request: &get_group_muted_account::Request,
    ) -> Result<get_group_muted_account::Response, Error> {
        self.execute(request).await
    }

    /// One page of those who were thrown out.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_ban_member(
        &self,
        request: &get_group_ban_member::Request,
    ) -> Result<get_group_ban_member::Response, Error> {
        self.execute(request).await
    }

    /// Makes a call; with the server's clock when it answered, where it said so.
    async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<(C::Response, Option<u64>), Error> {
        // What the server would refuse takes no place among the calls.
        command.validate()?;
        let base = self.inner.working_base.load(Ordering::Relaxed);
        let signed = Signed { client: &self.inner, command, base, used: Mutex::default() };
        let outcome = self.inner.driver.execute(&signed, scope).await;
        outcome.map_err(|error| match error {
            Error::Api(mut error) => {
                error.group = command.group().map(ToOwned::to_owned);
                Error::Api(error)
            }
            other => other,
        })
    }

    /// Makes the calls of a batch that was split, a few at once, and puts the answers together in order.
    async fn in_parts<C: Command>(
        &self,
        whole: &C,
        parts: Vec<C>,
        merge: impl Fn(C::Response, C::Response) -> C::Response,
    ) -> Result<C::Response, Error> {
        if parts.len() < 2 {
            return self.execute(whole).await;
        }
        let scope = &self.scope();
        // Each call owns its part: a future that borrowed it could not be spawned.
        let calls = parts.into_iter().map(|part| async move { self.call(&part, scope).await });
        let answers = stream::iter(calls).buffered(self.inner.concurrency);
        let answers: Vec<(C::Response, _)> = answers.try_collect().await?;
        let merged = answers.into_iter().map(|(answer, _)| answer).reduce(merge);
        merged.ok_or_else(|| BuildError::new("batch", "is empty").into())
    }
}

impl Inner {
    /// The cached signature, made anew where it is about to expire, or where `refused` is the one that was refused.
    fn signature(&self, now: Duration, nonce: u64, refused: Option<u64>) -> Result<(UserSig, u64), BuildError> {
        // Signing takes microseconds and waits for nobody, so one lock makes it single-flight.
        let mut cached = self.signature.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_secs().saturating_add_signed(self.clock_skew.load(Ordering::Relaxed));
        let generation = match &*cached {
            Some(cached) if now < cached.renew_at && refused != Some(cached.generation) => {
                return Ok((cached.signature.clone(), cached.generation));
            }
            Some(cached) => cached.generation + 1,
            None => 1,
        };
        let lifetime = self.signature_lifetime.as_secs();
        // Made anew within the same second it would be the same, and refused again: each has its own lifetime.
        let signature = UserSig::sign(&self.credentials, now, lifetime - generation % (lifetime / 10 + 1))?;
        // Renewed after 80 to 90 % of its life, so that many processes do not renew at once.
        let renew_at = now + lifetime - lifetime / 10 - nonce % (lifetime / 10 + 1);
        *cached = Some(Cached { signature: signature.clone(), renew_at, generation });
        Ok((signature, generation))
    }
}

/// One command, signed by one client.
struct Signed<'a, C> {
    client: &'a Inner,
    command: &'a C,
    /// The base URL of the first attempt.
    base: usize,
    /// Which signature the last attempt was made with, and when by our own clock.
    used: Mutex<(u64, u64)>,
}

impl<C: Command> Call for Signed<'_, C> {
    type Response = (C::Response, Option<u64>);
    type Error = Error;

    fn name(&self) -> &str {
        C::NAME
    }

    fn quota(&self) -> Quota {
        let calls = self.client.calls_per_second.get(C::NAME).copied().unwrap_or(C::CALLS_PER_SECOND);
        Quota::new(C::NAME, calls, Duration::from_secs(1))
    }

    fn max_body(&self) -> usize {
        MAX_BODY
    }

    async fn prepare(&self, attempt: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = attempt.renew.then_some(used.0);
        let (signature, generation) = self.client.signature(attempt.now.unix, attempt.nonce, refused)?;
        *used = (generation, attempt.now.unix.as_secs());
        let bases = &self.client.bases;
        let base = (self.base + attempt.connect_failures as usize) % bases.len();
        if attempt.connect_failures > 0 {
            // The calls that follow need not try the host first that cannot be reached.
            self.client.working_base.store(base, Ordering::Relaxed);
        }
        self.command.to_http(&bases[base], &signature, attempt.nonce as u32)
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<Self::Response, Error> {
        let (wish, answered) = (retry_after(response.headers()), server_time(response.headers()));
        C::from_http(response).map(|answer| (answer, answered)).map_err(|error| match error {
            Error::Status(mut error) => {
                error.retry_after = wish;
                Error::Status(error)
            }
            Error::Api(error) => {
                if let Some(answered) = answered.filter(|_| error.code == EXPIRED) {
                    // Signed anew by a clock that is behind, it would have expired again.
                    let (_, sent) = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
                    let skew = answered.cast_signed().saturating_sub(sent.cast_signed());
                    if skew.abs_diff(self.client.clock_skew.load(Ordering::Relaxed)) >= LEAST_SKEW {
                        self.client.clock_skew.store(skew, Ordering::Relaxed);
                    }
                }
                Error::Api(error)
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
            Self::Api(error) if error.wants_new_signature() => Verdict::Renew,
            Self::Api(error) if error.kind == ApiErrorKind::Throttled => Verdict::Throttled { after: None },
            Self::Status(error) if error.status.as_u16() == 429 => Verdict::Throttled { after: error.retry_after },
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
