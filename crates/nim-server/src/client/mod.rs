//! The client: signs, paces, retries, turns to the backup host, and lists chatrooms to the last member.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use groupmembers_http::walk::{Fetch, Walk as _};
use groupmembers_http::{
    Attempt, Call, CallError, Driver, Pages, Quota, RetryPolicy, Runtime, Scope, TransportError, Verdict, retry_after,
    server_time,
};

use crate::checksum::Stamp;
use crate::codes::{ApiErrorKind, PENALTY};
use crate::command::{Command, Paged};
use crate::credentials::Credentials;
use crate::error::{BuildError, Error};
use crate::options::RosterOptions;
use crate::region::{BaseUrl, Region};
use crate::row::Rejected;
use crate::superteam_walk::{SuperteamAnswer, SuperteamRoster, SuperteamWalk};
use crate::team_walk::{TeamAnswer, TeamAsk, TeamRoster, TeamWalk};
use crate::types::Member;
use crate::walk::{Answer, Ask, Roster, RosterWalk};
use crate::{
    chatroom_get, chatroom_get_batch, chatroom_members_by_page, chatroom_query_members, chatroom_query_members_by_role,
    chatroom_query_user_room_ids, chatroom_tag_members_count, chatroom_tag_members_query, superteam_get_tlists,
    team_query, team_query_detail,
};

/// How long a host that could not be reached is left alone.
const COOL_DOWN: Duration = Duration::from_secs(30);

/// A clock that is off by less is none to correct: `Date` has whole seconds, and travels.
const LEAST_SKEW: u64 = 30;

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

/// Sets up a [`Client`]. Nothing is sent before the first call.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    credentials: Credentials,
    bases: Vec<BaseUrl>,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    calls_per_second: HashMap<&'static str, u32>,
    penalty: Duration,
    concurrency: usize,
    deadline: Option<Duration>,
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

/// Who was found, and who was not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The members among those asked for.
    pub members: Vec<Member>,
    /// Who was asked for and did not come back: unknown, or a guest who is not online.
    pub missing: Vec<String>,
    /// Rows that could not be read. Whom they are about may be among the missing.
    pub rejected: Vec<Rejected>,
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

    /// Every member of a chatroom, once, and a report on how sure that is.
    pub fn roster(&self, roomid: u64) -> Roster {
        self.roster_with(roomid, RosterOptions::default())
    }

    /// Every member of a chatroom, with options.
    pub fn roster_with(&self, roomid: u64, options: RosterOptions) -> Roster {
        self.run(RosterWalk::new(roomid, options, self.inner.concurrency))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    /// Every member of a team, once, and a report on how sure that is.
    pub fn team_roster(&self, tid: u64) -> TeamRoster {
        self.run_team(TeamWalk::new(tid))
    }

    /// Takes up a walk over a team that was saved: who was given out before is not given out again.
    pub fn resume_team_roster(&self, mut walk: TeamWalk) -> TeamRoster {
        walk.restart();
        self.run_team(walk)
    }

    fn run_team(&self, walk: TeamWalk) -> TeamRoster {
        self.start(walk.tid(), walk, |client, ask, scope| {
            Box::pin(async move {
                match ask {
                    TeamAsk::Detail(request) => {
                        client.call(&request, &scope).await.map(|team| TeamAnswer::Detail(Box::new(team)))
                    }
                    TeamAsk::Size(request) => client.call(&request, &scope).await.map(TeamAnswer::Size),
                }
            })
        })
    }

    /// Every member of a superteam, once, and a report on how sure that is.
    pub fn superteam_roster(&self, tid: u64) -> SuperteamRoster {
        self.run_superteam(SuperteamWalk::new(tid, self.inner.concurrency))
    }

    /// Takes up a walk over a superteam that was saved: who was given out before is not given out again.
    pub fn resume_superteam_roster(&self, mut walk: SuperteamWalk) -> SuperteamRoster {
        walk.restart();
        self.run_superteam(walk)
    }

    fn run_superteam(&self, walk: SuperteamWalk) -> SuperteamRoster {
        self.start(walk.tid(), walk, |client, request, scope| {
            Box::pin(async move {
                let (page, at) = client.call_dated(&request, &scope).await?;
                Ok(SuperteamAnswer { page, at })
            })
        })
    }

    /// Starts a walk over a group whose requests are made so.
    fn start<W>(
        &self,
        group: u64,
        walk: W,
        ask: impl Fn(Self, W::Request, Scope) -> BoxFuture<'static, Result<W::Answer, Error>> + Send + Sync + 'static,
    ) -> groupmembers_http::walk::Roster<W>
    where
        W: groupmembers_http::walk::Walk<Error = Error> + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
    {
        let client = self.clone();
        let fetch: Fetch<W> = Box::new(move |request, scope| ask(client.clone(), request, scope));
        let Inner { driver, concurrency, deadline, .. } = &*self.inner;
        groupmembers_http::walk::Roster::new(
            "nim",
            group.to_string(),
            walk,
            driver.clone(),
            *concurrency,
            *deadline,
            fetch,
        )
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let refused = walk.options().validate().err();
        self.start(walk.room(), walk, move |client, ask, scope| {
            let refused = refused.clone();
            Box::pin(async move {
                if let Some(refused) = refused {
                    return Err(refused.into());
                }
                match ask {
                    Ask::Room(request) => client.call(&request, &scope).await.map(|room| Answer::Room(Box::new(room))),
                    Ask::Roles(request) => client.call(&request, &scope).await.map(Answer::Roles),
                    Ask::Members(request) => client.call(&request, &scope).await.map(Answer::Members),
                }
            })
        })
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

    /// One page of members. Whole rooms: [`roster`](Self::roster).
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_members_by_page(
        &self,
        request: &chatroom_members_by_page::Request,
    ) -> Result<chatroom_members_by_page::Response, Error> {
        self.execute(request).await
    }

    /// Creator, managers, blacklisted and muted fixed members.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_query_members_by_role(
        &self,
        request: &chatroom_query_members_by_role::Request,
    ) -> Result<chatroom_query_members_by_role::Response, Error> {
        self.execute(request).await
    }

    /// These accounts, as far as they are members. A list over the documented 200 is split.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn chatroom_query_members(&self, request: &chatroom_query_members::Request) -> Result<Found, Error> {
        use chatroom_query_members::{MAX_ACCIDS, Request};
        let parts = request.accids.chunks(MAX_ACCIDS);
        let parts = parts.map(|part| Request { accids: part.to_vec(), ..request.clone() }).collect();
        let mut found = Found { members: Vec::new(), missing: Vec::new(), rejected: Vec::new() };
        for answer in self.in_parts(request, parts).await? {
            found.members.extend(answer.desc.data.rows);
            found.rejected.extend(answer.desc.data.rejected);
        }
        found.missing = request.missing(&found.members);
        Ok(found)
    }

    /// One room.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_get(&self, request: &chatroom_get::Request) -> Result<chatroom_get::Response, Error> {
        self.execute(request).await
    }

    /// These rooms. A list over the documented 20 is split, and what the server failed on is asked for once more.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn chatroom_get_batch(
        &self,
        request: &chatroom_get_batch::Request,
    ) -> Result<chatroom_get_batch::Response, Error> {
        let mut whole = self.chatroom_get_batch_once(request).await?;
        let Some(failed) = whole.fail_rooms.as_mut().filter(|failed| !failed.is_empty()) else {
            return Ok(whole);
        };
        let roomids = std::mem::take(&mut failed.rows);
        let again = chatroom_get_batch::Request { roomids, ..request.clone() };
        merge_rooms(&mut whole, self.chatroom_get_batch_once(&again).await?);
        Ok(whole)
    }

    async fn chatroom_get_batch_once(
        &self,
        request: &chatroom_get_batch::Request,
    ) -> Result<chatroom_get_batch::Response, Error> {
        use chatroom_get_batch::{MAX_ROOMIDS, Request};
        let parts = request.roomids.chunks(MAX_ROOMIDS);
        let parts = parts.map(|part| Request { roomids: part.to_vec(), ..request.clone() }).collect();
        let answers = self.in_parts(request, parts).await?;
        let merged = answers.into_iter().reduce(|mut whole, part| {
            merge_rooms(&mut whole, part);
            whole
        });
        merged.ok_or_else(|| BuildError::new("roomids", "is empty").into())
    }

    /// The open rooms that somebody created.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_query_user_room_ids(
        &self,
        request: &chatroom_query_user_room_ids::Request,
    ) -> Result<chatroom_query_user_room_ids::Response, Error> {
        self.execute(request).await
    }

    /// One page of those online with a tag, one row a device.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_tag_members_query(
        &self,
        request: &chatroom_tag_members_query::Request,
    ) -> Result<chatroom_tag_members_query::Response, Error> {
        self.execute(request).await
    }

    /// How many are online with a tag.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_tag_members_count(
        &self,
        request: &chatroom_tag_members_count::Request,
    ) -> Result<chatroom_tag_members_count::Response, Error> {
        self.execute(request).await
    }

    /// Teams, with their members' accounts.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn team_query(&self, request: &team_query::Request) -> Result<team_query::Response, Error> {
        self.execute(request).await
    }

    /// One team, with its members.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn team_query_detail(
        &self,
        request: &team_query_detail::Request,
    ) -> Result<team_query_detail::Response, Error> {
        self.execute(request).await
    }

    /// One page of a superteam's members.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn superteam_get_tlists(
        &self,
        request: &superteam_get_tlists::Request,
    ) -> Result<superteam_get_tlists::Response, Error> {
        self.execute(request).await
    }

    async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<C::Response, Error> {
        Ok(self.call_dated(command, scope).await?.0)
    }

    /// With the answer's `Date`, in seconds since 1970-01-01 UTC.
    async fn call_dated<C: Command>(&self, command: &C, scope: &Scope) -> Result<(C::Response, Option<u64>), Error> {
        let runtime = self.inner.driver.runtime();
        let call = Signed {
            client: &self.inner,
            command,
            state: Mutex::new(State {
                request_id: request_id(runtime.as_ref()),
                host: 0,
                connect_failures: 0,
                skew: 0,
                repeated: false,
                date: None,
            }),
        };
        let outcome = self.inner.driver.execute(&call, scope).await;
        let date = call.state().date;
        outcome.map(|answer| (answer, date)).map_err(|mut error| {
            error.set_request_id(std::mem::take(&mut call.state().request_id));
            if let Error::Api(error) = &mut error {
                error.group = command.group();
            }
            error
        })
    }

    /// Makes the calls of a batch that was split, a few at once, all by one deadline. The answers are in order.
    async fn in_parts<C: Command>(&self, whole: &C, parts: Vec<C>) -> Result<Vec<C::Response>, Error> {
        if parts.len() < 2 {
            return Ok(vec![self.execute(whole).await?]);
        }
        let scope = &self.scope();
        // Each call owns its part: a future that borrowed it could not be spawned.
        let calls = parts.into_iter().map(|part| async move { self.call(&part, scope).await });
        stream::iter(calls).buffered(self.inner.concurrency).try_collect().await
    }
}

fn merge_rooms(whole: &mut chatroom_get_batch::Response, part: chatroom_get_batch::Response) {
    /// An index says nothing once lists are put together, so rejected rows keep their own.
    fn extend<T>(whole: &mut Option<crate::List<T>>, part: Option<crate::List<T>>) {
        match (whole, part) {
            (Some(whole), Some(part)) => {
                whole.rows.extend(part.rows);
                whole.rejected.extend(part.rejected);
            }
            (whole @ None, part) => *whole = part,
            (Some(_), None) => {}
        }
    }
    whole.succ_rooms.rows.extend(part.succ_rooms.rows);
    whole.succ_rooms.rejected.extend(part.succ_rooms.rejected);
    extend(&mut whole.no_exist_rooms, part.no_exist_rooms);
    extend(&mut whole.fail_rooms, part.fail_rooms);
}

fn request_id(runtime: &dyn Runtime) -> String {
    format!("{:016x}{:016x}", runtime.nonce(), runtime.nonce())
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

/// One call, signed by one client.
struct Signed<'a, C> {
    client: &'a Inner,
    command: &'a C,
    state: Mutex<State>,
}

/// What its attempts hand on.
struct State {
    request_id: String,
    host: usize,
    connect_failures: u32,
    /// What the last attempt corrected the clock by.
    skew: i64,
    /// The server took it for a call it has seen.
    repeated: bool,
    /// The last answer's `Date`.
    date: Option<u64>,
}

impl<C> Signed<'_, C> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Command> Call for Signed<'_, C> {
    type Response = C::Response;
    type Error = Error;

    fn name(&self) -> &str {
        C::NAME
    }

    fn quota(&self) -> Quota {
        let calls = self.client.calls_per_second.get(C::BUCKET).copied().unwrap_or(C::CALLS_PER_SECOND);
        Quota::new(C::BUCKET, calls, Duration::from_secs(1)).with_penalty(self.client.penalty)
    }

    fn max_body(&self) -> usize {
        C::MAX_BODY
    }

    async fn prepare(&self, attempt: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        let mut state = self.state();
        if attempt.connect_failures > state.connect_failures {
            state.connect_failures = attempt.connect_failures;
            self.client.leave_alone(state.host);
        }
        if std::mem::take(&mut state.repeated) {
            state.request_id = request_id(self.client.driver.runtime().as_ref());
        }
        state.host = self.client.host(attempt.now.elapsed);
        state.skew = self.client.clock_skew.load(Ordering::Relaxed);
        let cur_time = attempt.now.unix.as_secs().saturating_add_signed(state.skew);
        // The letter at its end keeps the nonce and CurTime apart.
        let stamp = Stamp::new(cur_time, format!("{:016x}n", attempt.nonce)).with_request_id(&state.request_id);
        self.command.to_http(&self.client.bases[state.host], &self.client.credentials, &stamp)
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<C::Response, Error> {
        let wish = retry_after(response.headers());
        let date = server_time(response.headers());
        self.state().date = date;
        C::from_http(response).map_err(|mut error| {
            let mut state = self.state();
            match &mut error {
                Error::Status(error) => {
                    error.retry_after = wish;
                    if error.status.as_u16() == 502 {
                        self.client.leave_alone(state.host);
                    }
                }
                Error::Api(error) if error.kind == ApiErrorKind::Clock => {
                    let now = self.client.driver.runtime().now().unix.as_secs();
                    let skew = date.map(|date| date.cast_signed().saturating_sub(now.cast_signed()));
                    // Where the server's own Date says that the time was right, another attempt would be refused again.
                    if let Some(skew) = skew
                        && skew.abs_diff(state.skew) >= LEAST_SKEW
                    {
                        self.client.clock_skew.store(skew, Ordering::Relaxed);
                        error.clock_skew = Some(skew);
                    }
                }
                Error::Api(error) if error.kind == ApiErrorKind::Repeated => state.repeated = true,
                _ => {}
            }
            error
        })
    }
}

impl CallError for Error {
    fn from_transport(error: TransportError) -> Self {
        error.into()
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Api(error) if error.kind == ApiErrorKind::Clock && error.clock_skew.is_some() => Verdict::Renew,
            Self::Api(error) if error.kind == ApiErrorKind::Repeated => Verdict::Renew,
            Self::Api(error) if error.kind == ApiErrorKind::Throttled => Verdict::Throttled { after: None },
            Self::Status(error) if error.status.as_u16() == 429 => Verdict::Throttled { after: error.retry_after },
            error if error.is_retryable() => Verdict::Retry { after: error.retry_after() },
            _ => Verdict::Fail,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Api(error) => Some(error.code.to_string()),
            Self::Status(error) => Some(format!("HTTP {}", error.status.as_u16())),
            _ => None,
        }
    }

    fn set_attempts(&mut self, attempts: u32) {
        match self {
            Self::Build(_) | Self::Walk(_) => {}
            Self::Transport(failure) => failure.error.set_attempts(attempts),
            Self::Status(error) => error.attempts = attempts,
            Self::Api(error) => error.attempts = attempts,
            Self::Decode(error) => error.attempts = attempts,
        }
    }
}
