//! The client: logs in, finds the `wId`, paces, retries, and lists groups.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, select};
use groupmembers_http::walk::Walk as _;
use groupmembers_http::{
    Attempt, Call, CallError, Driver, Quota, RetryPolicy, Runtime, Scope, TransportError, TransportErrorKind, Verdict,
    retry_after,
};

use crate::base_url::BaseUrl;
use crate::codes::ApiErrorKind;
use crate::command::{Answer, Command, Rejected, Session};
use crate::credentials::{Credentials, Token, WId};
use crate::details::{self, DetailWalk, DetailedRoster};
use crate::error::{ApiError, BuildError, Error, StatusErrorKind, without};
use crate::lane::Lane;
use crate::options::{Pace, RosterOptions};
use crate::session::{Fetched, Generation};
use crate::walk::{self, Roster, RosterWalk};
use crate::{
    get_address_list, get_chat_room_info, get_chat_room_member, get_chat_room_member_info, get_contact,
    init_address_list, is_online, member_login, query_login_wx,
};

/// 500 members take 0.34 MB; other answers are smaller.
const MAX_BODY: usize = 4 << 20;

/// How long nothing is sent after a 429. The documents know none; this is ours.
const PENALTY: Duration = Duration::from_secs(10);

/// No wish of a server closes an account's bucket for longer.
const LONGEST_WISH: Duration = Duration::from_secs(60 * 60);

/// What was found out about a token, a `wId` or a login is good for so long: refusals are no reason to ask more often.
const FOUND: Duration = Duration::from_secs(60);

/// The bucket of calls that are about the developer account.
const PLATFORM: &str = "platform";

/// Calls the API for one developer account, as one WeChat account. Clones are cheap, and share connections, pacing and the
/// token.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    acting: Arc<Acting>,
}

/// What all WeChat accounts of a developer account share.
struct Shared {
    base: BaseUrl,
    credentials: Credentials,
    token: Fetched<Token>,
    /// A token that was refused as soon as it came: another one would be, too.
    useless: Found<Generation>,
    /// A login that was refused.
    no_login: Found<Arc<Error>>,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
    driver: Driver,
    attempt_timeout: Duration,
    pace: Pace,
    contact_pace: Pace,
    deadline: Option<Duration>,
    any_id: bool,
}

/// What was found out, and when.
struct Found<T>(Mutex<Option<(T, Duration)>>);

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Found<T> {
    fn note(&self, what: T, now: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((what, now));
    }

    /// What was found out not long ago.
    fn lately(&self, now: Duration) -> Option<T> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(_, at)| now.saturating_sub(*at) < FOUND).map(|(what, _)| what.clone())
    }
}

/// What the calls of one piece of work share.
#[derive(Clone)]
struct Budget {
    scope: Scope,
    /// The deadline of the scope once more: logging in and waiting in line end with it, too.
    until: Option<Duration>,
}

/// As which WeChat account calls are made.
enum Acting {
    /// As none.
    Nobody,
    /// As a login instance that was given.
    Instance(WId),
    /// As an account, through its latest login instance.
    Account { wc_id: String, w_id: Fetched<WId>, confirmed: Found<Generation> },
}

impl Acting {
    fn account(wc_id: String) -> Self {
        Self::Account { wc_id, w_id: Fetched::default(), confirmed: Found::default() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.shared.base)
            .field("credentials", &self.shared.credentials)
            .finish_non_exhaustive()
    }
}

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
    /// Acts as this login instance. It is good until the account logs in again.
    #[must_use]
    pub fn w_id(mut self, w_id: WId) -> Self {
        self.w_id = Some(w_id);
        self
    }

    /// Acts as this WeChat account, `wxid_…`: its `wId` is looked up when it is first needed, and again after a refusal, but not
    /// twice in a minute. A call that was refused because it went to an old `wId` is then made again, if it only reads.
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
    /// or 5xx. A refusal of the API is never tried again.
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
    /// No transport was given and none is built in, or it could not be set up; or both a `wId` and a `wcId` were given.
    pub fn build(self) -> Result<Client, Error> {
        let acting = match (self.w_id, self.wc_id) {
            (Some(_), Some(_)) => return Err(BuildError::new("wId", "and wcId were both given: give one").into()),
            (Some(w_id), None) => Acting::Instance(w_id),
            (None, Some(wc_id)) => {
                crate::command::check_id("wcId", &wc_id)?;
                Acting::account(wc_id)
            }
            (None, None) => Acting::Nobody,
        };
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
            lanes: Mutex::default(),
            driver: Driver::new(runtime).with_retry(self.retry).with_attempt_timeout(self.attempt_timeout),
            attempt_timeout: self.attempt_timeout,
            pace: self.pace,
            contact_pace: self.contact_pace,
            deadline: self.deadline,
            any_id: self.any_id,
        };
        Ok(Client { shared: Arc::new(shared), acting: Arc::new(acting) })
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

    /// The same client, acting as another login instance. Token, connections and pacing are shared.
    #[must_use]
    pub fn with_w_id(&self, w_id: WId) -> Self {
        Self { shared: Arc::clone(&self.shared), acting: Arc::new(Acting::Instance(w_id)) }
    }

    /// The same client, acting as another WeChat account. Token, connections and pacing are shared. Keep it: each one made here
    /// looks the `wId` up for itself.
    #[must_use]
    pub fn with_wc_id(&self, wc_id: impl Into<String>) -> Self {
        Self { shared: Arc::clone(&self.shared), acting: Arc::new(Acting::account(wc_id.into())) }
    }

    /// Every member of a group, once, and a report on how sure that is.
    ///
    /// Two calls: the group's own description, then the list; again where they disagree, with at most
    /// [`rounds`](RosterOptions::rounds) lists.
    pub fn roster(&self, chat_room_id: impl Into<String>) -> Roster {
        self.roster_with(chat_room_id, RosterOptions::default())
    }

    /// Every member of a group, with options.
    pub fn roster_with(&self, chat_room_id: impl Into<String>, options: RosterOptions) -> Roster {
        self.run(RosterWalk::new(chat_room_id.into(), options))
    }

    /// Every member of a group with their profile: one call a member, paced, so about 11 minutes for 500. A member whose
    /// profile is refused comes without one. What was had before an error is given out, and the walk can be saved and
    /// [taken up again](Self::resume_with_details).
    pub fn roster_with_details(&self, chat_room_id: impl Into<String>, options: RosterOptions) -> DetailedRoster {
        self.run_with_details(DetailWalk::new(RosterWalk::new(chat_room_id.into(), options)))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    /// Takes up a walk that was saved: who was given out before is not given out, nor asked about, again.
    pub fn resume_with_details(&self, mut walk: DetailWalk) -> DetailedRoster {
        walk.restart();
        self.run_with_details(walk)
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let (client, group, until) = (self.clone(), walk.group().to_owned(), self.shared.until());
        let fetch: groupmembers_http::walk::Fetch<RosterWalk> = Box::new(move |ask, scope| {
            let (client, budget) = (client.clone(), Budget { scope, until });
            Box::pin(async move { client.ask(ask, &budget).await })
        });
        Roster::new("wkteam", group, walk, self.shared.driver.clone(), 1, self.shared.deadline, fetch)
    }

    fn run_with_details(&self, walk: DetailWalk) -> DetailedRoster {
        let (client, group, until) = (self.clone(), walk.list().group().to_owned(), self.shared.until());
        let fetch: groupmembers_http::walk::Fetch<DetailWalk> = Box::new(move |ask, scope| {
            let (client, budget) = (client.clone(), Budget { scope, until });
            Box::pin(async move {
                match ask {
                    details::Ask::List(ask) => client.ask(ask, &budget).await.map(details::Answer::List),
                    details::Ask::Profile(ask) => client.call(&ask, &budget).await.map(details::Answer::Profile),
                }
            })
        });
        DetailedRoster::new("wkteam", group, walk, self.shared.driver.clone(), 1, self.shared.deadline, fetch)
    }

    async fn ask(&self, ask: walk::Ask, budget: &Budget) -> Result<walk::Answer, Error> {
        match ask {
            walk::Ask::Info(request) => self.call(&request, budget).await.map(walk::Answer::Info),
            walk::Ask::Members(request) => self.call(&request, budget).await.map(walk::Answer::Members),
        }
    }

    /// Makes any endpoint's call.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<Answer<C::Data>, Error> {
        self.call(command, &self.shared.budget()).await
    }

    /// Logs in, and gives the whole answer. The client does so by itself where it was given an account.
    ///
    /// # Errors
    /// The login failed, or the account is frozen or has expired.
    pub async fn member_login(&self, request: &member_login::Request) -> Result<member_login::Response, Error> {
        let answer = self.shared.attempt(request, &Session::default(), &self.shared.budget()).await?;
        answer.data.token()?;
        Ok(answer)
    }

    /// Everybody in a group, as the API gives them. With a check: [`roster`](Self::roster).
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_chat_room_member(
        &self,
        request: &get_chat_room_member::Request,
    ) -> Result<get_chat_room_member::Response, Error> {
        self.execute(request).await
    }

    /// One member's profile.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_chat_room_member_info(
        &self,
        request: &get_chat_room_member_info::Request,
    ) -> Result<get_chat_room_member_info::Response, Error> {
        self.execute(request).await
    }

    /// A group's name, owner and size.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_chat_room_info(
        &self,
        request: &get_chat_room_info::Request,
    ) -> Result<get_chat_room_info::Response, Error> {
        self.execute(request).await
    }

    /// The WeChat accounts that are online.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn query_login_wx(&self) -> Result<query_login_wx::Response, Error> {
        self.execute(&query_login_wx::Request::default()).await
    }

    /// Whether the WeChat account is online: given a `wId`, that login of it; given a `wcId`, any, and a newer one is used
    /// from then on.
    ///
    /// # Errors
    /// What is left after all attempts. A 1001 may mean that it is not, and may mean anything else: given a `wcId`, the list of
    /// those online decides.
    pub async fn is_online(&self) -> Result<bool, Error> {
        let (shared, budget) = (&self.shared, self.shared.budget());
        let said = match self.call(&is_online::Request::default(), &budget).await {
            Ok(answer) => answer.data.is_online,
            Err(error) => return not_online(error),
        };
        let Acting::Account { wc_id, w_id, .. } = &*self.acting else { return Ok(said) };
        if said {
            return Ok(true);
        }
        // It is that login which is not; there may be a newer one.
        let look_up = || shared.look_up(wc_id);
        let (asked, generation) = shared.within(&budget, w_id.get(None, look_up)).await?;
        match shared.within(&budget, w_id.get(Some(generation), look_up)).await {
            Ok((latest, _)) => Ok(latest != asked),
            Err(error) => not_online(error),
        }
    }

    /// Has the server read the address book: ten seconds to three minutes, once after each login. Never tried again.
    ///
    /// # Errors
    /// The attempt's.
    pub async fn init_address_list(&self) -> Result<init_address_list::Response, Error> {
        self.execute(&init_address_list::Request::default()).await
    }

    /// The ids in the address book.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_address_list(&self) -> Result<get_address_list::Response, Error> {
        self.execute(&get_address_list::Request::default()).await
    }

    /// The profiles of these. A list over the documented 20 is split, and the parts are asked for one after the other; who is
    /// not in the answer, [`missing`](get_contact::Request::missing) names.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn get_contact(&self, request: &get_contact::Request) -> Result<get_contact::Response, Error> {
        let budget = self.shared.budget();
        let mut parts = request.wc_ids.chunks(get_contact::MAX_IDS);
        let Some(first) = parts.next() else {
            return Err(BuildError::new("wcId", "is an empty list").into());
        };
        let mut whole = self.call(&get_contact::Request::new(first), &budget).await?;
        for part in parts {
            let part = self.call(&get_contact::Request::new(part), &budget).await?;
            let before = whole.data.len() + whole.rejected.len();
            whole.data.extend(part.data);
            whole.rejected.extend(part.rejected.into_iter().map(|row| Rejected { index: before + row.index, ..row }));
        }
        Ok(whole)
    }

    /// Makes a call as the WeChat account.
    async fn call<C: Command>(&self, command: &C, budget: &Budget) -> Result<Answer<C::Data>, Error> {
        let shared = &self.shared;
        let outcome = match &*self.acting {
            _ if !C::NEEDS_W_ID => shared.authorized(command, None, budget).await,
            Acting::Nobody => Err(BuildError::new("wId", "is missing: give the builder a wId or a wcId").into()),
            Acting::Instance(w_id) => shared.authorized(command, Some(w_id.clone()), budget).await,
            Acting::Account { wc_id, w_id, confirmed } => {
                // Ids that cannot be sent are no reason to look anything up.
                if !shared.any_id {
                    command.validate()?;
                }
                let look_up = || shared.look_up(wc_id);
                let (first, generation) = shared.within(budget, w_id.get(None, look_up)).await?;
                let token = shared.token.generation();
                let outcome = shared.authorized(command, Some(first.clone()), budget).await;
                let refused = matches!(&outcome, Err(Error::Api(error)) if error.kind == ApiErrorKind::Refused);
                if !refused || confirmed.lately(shared.now()) == Some(generation) {
                    outcome
                } else {
                    // 1001 says anything. Whether the wId is still the account's, the vendor can be asked.
                    match shared.within(budget, w_id.get(Some(generation), look_up)).await {
                        Ok((latest, generation)) => {
                            confirmed.note(generation, shared.now());
                            let renewed = latest != first || shared.token.generation() != token;
                            if renewed && C::IS_READ {
                                // Another wId, and a lane of its own, but the same account.
                                shared.pause(budget).await?;
                                shared.authorized(command, Some(latest), budget).await
                            } else {
                                outcome
                            }
                        }
                        Err(Error::Api(offline)) if offline.kind == ApiErrorKind::Offline => {
                            outcome.map_err(|error| match error {
                                Error::Api(mut error) => {
                                    error.kind = ApiErrorKind::Offline;
                                    Error::Api(error)
                                }
                                other => other,
                            })
                        }
                        // The look went as far as logging in, and that says what is wrong.
                        Err(Error::Api(login)) if login.kind.is_about_the_developer() => Err(Error::Api(login)),
                        Err(_) => outcome,
                    }
                }
            }
        };
        outcome.map_err(|error| match error {
            Error::Api(mut error) if error.command == C::NAME => {
                error.group = command.group().map(ToOwned::to_owned);
                Error::Api(error)
            }
            other => other,
        })
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

    fn budget(&self) -> Budget {
        let until = self.until();
        Budget { scope: until.map_or_else(Scope::default, Scope::until), until }
    }

    /// Waits for something, but not past the deadline.
    async fn within<T>(&self, budget: &Budget, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(until) = budget.until else { return work.await };
        let timer = self.driver.runtime().sleep(until.saturating_sub(self.now()));
        match select(std::pin::pin!(work), timer).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(TransportError::new(TransportErrorKind::Deadline).into()),
        }
    }

    async fn pause(&self, budget: &Budget) -> Result<(), Error> {
        let runtime = self.driver.runtime();
        self.within(budget, runtime.sleep(self.pace.draw(runtime.nonce())).map(Ok)).await
    }

    /// Logs in. Owns what it needs, so that one login can serve all who wait for it.
    fn log_in(self: &Arc<Self>) -> BoxFuture<'static, Result<Token, Error>> {
        let shared = Arc::clone(self);
        async move {
            let account = match &shared.credentials {
                Credentials::Token(token) => return Ok(token.clone()),
                Credentials::Account(account) => account,
            };
            // Passwords that are tried again and again look like an attack.
            if let Some(refused) = shared.no_login.lately(shared.now()) {
                return Err(refused.duplicate());
            }
            let request = member_login::Request::from(account);
            let answer = shared.attempt(&request, &Session::default(), &shared.budget()).await;
            let outcome = answer.and_then(|answer| answer.data.token().cloned());
            if let Err(error @ (Error::Api(_) | Error::Status(_) | Error::Decode(_))) = &outcome
                && !error.is_retryable()
            {
                shared.no_login.note(Arc::new(error.duplicate()), shared.now());
            }
            outcome
        }
        .boxed()
    }

    /// The latest login instance of an account.
    fn look_up(self: &Arc<Self>, wc_id: &str) -> BoxFuture<'static, Result<WId, Error>> {
        let (shared, wc_id) = (Arc::clone(self), wc_id.to_owned());
        async move {
            let request = query_login_wx::Request::default();
            let answer = shared.authorized(&request, None, &shared.budget()).await?;
            match answer.data.into_iter().find(|login| login.wc_id == wc_id) {
                Some(login) => Ok(login.w_id),
                None => {
                    let mut error = ApiError::new(query_login_wx::Request::NAME, "1000", "");
                    (error.kind, error.attempts) = (ApiErrorKind::Offline, 1);
                    Err(Error::Api(Box::new(error)))
                }
            }
        }
        .boxed()
    }

    /// Makes a call with the token; once more with a new one, where it was refused and a new one can be had.
    async fn authorized<C: Command>(
        self: &Arc<Self>,
        command: &C,
        w_id: Option<WId>,
        budget: &Budget,
    ) -> Result<Answer<C::Data>, Error> {
        if !self.any_id {
            command.validate()?;
        }
        let (token, generation) = self.within(budget, self.token.get(None, || self.log_in())).await?;
        let session = Session { token: Some(token), w_id: w_id.clone() };
        let outcome = self.attempt(command, &session, budget).await;
        let renewable = matches!(self.credentials, Credentials::Account(_));
        if !is_token_refused::<C>(&outcome) || !renewable || self.useless.lately(self.now()) == Some(generation) {
            return outcome;
        }
        let (token, generation) = match self.within(budget, self.token.get(Some(generation), || self.log_in())).await {
            Ok(renewed) => renewed,
            // A 1001 was a guess; a login that fails without a word about the account makes it no better.
            Err(Error::Api(login)) if login.kind.is_about_the_developer() => return Err(Error::Api(login)),
            Err(_) if matches!(outcome, Err(Error::Api(_))) => return outcome,
            Err(error) => return Err(error),
        };
        let session = Session { token: Some(token), w_id };
        let outcome = self.attempt(command, &session, budget).await;
        if is_token_refused::<C>(&outcome) {
            self.useless.note(generation, self.now());
        }
        outcome
    }

    async fn attempt<C: Command>(
        &self,
        command: &C,
        session: &Session,
        budget: &Budget,
    ) -> Result<Answer<C::Data>, Error> {
        let mut driver = self.driver.clone();
        if let Some(slow) = C::SLOW {
            driver = driver.with_attempt_timeout(slow.max(self.attempt_timeout));
        }
        if !C::IS_READ {
            // Not even after a 429, which the driver takes for "not done".
            driver = driver.with_retry(RetryPolicy::never());
        }
        let request = match self.any_id {
            true => command.to_http_unchecked(&self.base, session)?,
            false => command.to_http(&self.base, session)?,
        };
        let pace = if C::NAME == get_contact::Request::NAME { self.contact_pace } else { self.pace };
        // One lane and one bucket an account: one call at a time, whichever it is.
        let account = session.w_id.as_ref().map_or(PLATFORM, WId::as_str);
        let call = Authorized::<C> {
            request,
            account: account.to_owned(),
            pause: pace.draw(driver.runtime().nonce()),
            secrets: self.secrets(command, session),
            command: PhantomData,
        };
        let scope = budget.scope.clone();
        let lane = self.lane(account);
        let work = lane.run(async move { driver.execute(&call, &scope).await });
        self.within(budget, work).await
    }

    fn lane(&self, account: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(account.to_owned()).or_default())
    }

    /// What a server that says our own words back to us must not have printed.
    fn secrets<C: Command>(&self, command: &C, session: &Session) -> Vec<String> {
        let mut secrets = command.secrets();
        if let Credentials::Account(account) = &self.credentials {
            secrets.extend([account.account(), account.password()]);
        }
        secrets.extend(session.token.as_ref().map(Token::as_str));
        secrets.extend(session.w_id.as_ref().map(WId::as_str));
        secrets.into_iter().map(ToOwned::to_owned).collect()
    }
}

/// Before the driver sees an error: it may log it.
fn redact(mut error: Error, secrets: &[String]) -> Error {
    let text = match &mut error {
        Error::Api(error) => Some(&mut error.message),
        Error::Decode(error) => error.content_type.as_mut(),
        _ => None,
    };
    if let Some(text) = text {
        for secret in secrets {
            *text = without(text, secret);
        }
    }
    error
}

/// That it is not online is an answer to whether it is.
fn not_online(error: Error) -> Result<bool, Error> {
    match error {
        Error::Api(error) if error.kind == ApiErrorKind::Offline => Ok(false),
        error => Err(error),
    }
}

/// What the vendor answers to a dead token is not known: an HTTP status, or its 1001 for everything. That one says nothing, but
/// for a call that has nothing beside the token.
fn is_token_refused<C: Command>(outcome: &Result<Answer<C::Data>, Error>) -> bool {
    match outcome {
        Err(Error::Status(error)) => error.kind == StatusErrorKind::Auth,
        Err(Error::Api(error)) => C::NEEDS_TOKEN && !C::NEEDS_W_ID && error.kind == ApiErrorKind::Refused,
        _ => false,
    }
}

/// One call of one session.
struct Authorized<C> {
    request: http::Request<Vec<u8>>,
    account: String,
    /// Until the next call for the same account.
    pause: Duration,
    secrets: Vec<String>,
    command: PhantomData<fn() -> C>,
}

impl<C: Command> Call for Authorized<C> {
    type Response = Answer<C::Data>;
    type Error = Error;

    fn name(&self) -> &str {
        C::NAME
    }

    fn quota(&self) -> Quota {
        // The name stays in the pacer.
        Quota::new(self.account.clone(), 1, self.pause).with_penalty(self.pause.max(PENALTY))
    }

    fn max_body(&self) -> usize {
        MAX_BODY
    }

    fn is_read(&self) -> bool {
        C::IS_READ
    }

    async fn prepare(&self, _: &Attempt) -> Result<http::Request<Vec<u8>>, Error> {
        Ok(self.request.clone())
    }

    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<Answer<C::Data>, Error> {
        let wish = retry_after(response.headers());
        C::from_http(response).map_err(|error| match error {
            Error::Status(mut error) => {
                error.retry_after = wish;
                Error::Status(error)
            }
            other => redact(other, &self.secrets),
        })
    }
}

impl CallError for Error {
    fn from_transport(error: TransportError) -> Self {
        Self::Transport(error)
    }

    fn verdict(&self) -> Verdict {
        let after = self.retry_after().map(|wish| wish.min(LONGEST_WISH));
        match self {
            Self::Status(error) if error.kind == StatusErrorKind::Throttled => Verdict::Throttled { after },
            error if error.is_retryable() => Verdict::Retry { after },
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
