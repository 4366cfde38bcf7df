//! The second credential, the `wId`: which login instance calls are made as, and how a newer one is found.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use groupmembers_http::Scope;

use super::{Client, Shared};
use crate::codes::ApiErrorKind;
use crate::command::{Answer, Command};
use crate::credentials::WId;
use crate::error::{ApiError, BuildError, Error};
use crate::fetched::{Fetched, Found, Generation};
use crate::query_login_wx;

/// As which WeChat account calls are made.
pub(super) struct Acting {
    /// The account, where it was given.
    wc_id: Option<String>,
    /// Its login instance: as given, until a newer one is found.
    w_id: Fetched<WId>,
    /// What the last look said of which instance: still the account's, or why there is none.
    looked: Found<(Generation, Option<ApiErrorKind>)>,
}

impl Acting {
    /// `None` as nobody.
    pub(super) fn new(w_id: Option<WId>, wc_id: Option<String>) -> Option<Arc<Self>> {
        (w_id.is_some() || wc_id.is_some()).then(|| {
            let w_id = w_id.map_or_else(Fetched::default, Fetched::with);
            Arc::new(Self { wc_id, w_id, looked: Found::default() })
        })
    }
}

/// Whose the login instances are that were seen so far.
#[derive(Default)]
pub(super) struct Logins {
    accounts: HashMap<WId, String>,
    /// The first instance of an account. It names the line of the account's calls, whatever instance they are made as.
    first: HashMap<String, WId>,
}

impl Logins {
    pub(super) fn learn(&mut self, wc_id: &str, w_id: &WId) {
        self.accounts.insert(w_id.clone(), wc_id.to_owned());
        self.first.entry(wc_id.to_owned()).or_insert_with(|| w_id.clone());
    }
}

impl Shared {
    /// In which line calls as this instance stand.
    pub(super) fn line(&self, w_id: &WId) -> String {
        let logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        let first = logins.accounts.get(w_id).and_then(|account| logins.first.get(account));
        first.unwrap_or(w_id).as_str().to_owned()
    }

    fn account_of(&self, w_id: &WId) -> Option<String> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner).accounts.get(w_id).cloned()
    }

    /// Who is online; and remembers it.
    pub(super) async fn logins(self: &Arc<Self>, scope: &Scope) -> Result<query_login_wx::Response, Error> {
        let answer = self.authorized(&query_login_wx::Request::default(), None, scope).await?;
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        for login in &answer.data {
            logins.learn(&login.wc_id, &login.w_id);
        }
        Ok(answer)
    }

    /// The latest instance of the account that is acted as; `old` is the one it had so far.
    fn look_up(
        self: &Arc<Self>,
        acting: &Arc<Acting>,
        old: Option<WId>,
        scope: &Scope,
    ) -> BoxFuture<'static, Result<WId, Error>> {
        let (shared, acting, scope) = (Arc::clone(self), Arc::clone(acting), self.flight(scope));
        async move {
            let answer = shared.logins(&scope).await?;
            let account = acting.wc_id.clone().or_else(|| shared.account_of(old.as_ref()?));
            let latest = answer.data.into_iter().find(|login| Some(&login.wc_id) == account.as_ref());
            match latest {
                Some(login) => Ok(login.w_id),
                None => {
                    let mut error = ApiError::new(query_login_wx::Request::NAME, "1000", "");
                    let kind = if account.is_some() { ApiErrorKind::Offline } else { ApiErrorKind::UnknownLogin };
                    (error.kind, error.attempts) = (kind, 1);
                    Err(Error::Api(Box::new(error)))
                }
            }
        }
        .boxed()
    }

    /// Whether the account that is acted as, if it is known, has another instance than the one so far; that is used from now.
    pub(super) async fn has_newer(
        self: &Arc<Self>,
        acting: &Option<Arc<Acting>>,
        scope: &Scope,
    ) -> Result<bool, Error> {
        let Some(acting) = acting else { return Ok(false) };
        let (old, generation) = self.within(scope, acting.w_id.get(None, || self.look_up(acting, None, scope))).await?;
        if acting.wc_id.is_none() && self.account_of(&old).is_none() {
            return Ok(false);
        }
        let look_up = || self.look_up(acting, Some(old.clone()), scope);
        match self.within(scope, acting.w_id.get(Some(generation), look_up)).await {
            Ok((latest, _)) => Ok(latest != old),
            Err(error) => super::not_online(error),
        }
    }
}

impl Client {
    /// Makes a call as the WeChat account.
    pub(super) async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<Answer<C::Data>, Error> {
        let outcome = match &self.acting {
            _ if !C::NEEDS_W_ID => self.shared.authorized(command, None, scope).await,
            None => Err(BuildError::new("wId", "is missing: give the builder a wId or a wcId").into()),
            Some(acting) => self.call_as(acting, command, scope).await,
        };
        outcome.map_err(|error| match error {
            Error::Api(mut error) if error.command == C::NAME => {
                error.group = command.group().map(ToOwned::to_owned);
                Error::Api(error)
            }
            other => other,
        })
    }

    async fn call_as<C: Command>(
        &self,
        acting: &Arc<Acting>,
        command: &C,
        scope: &Scope,
    ) -> Result<Answer<C::Data>, Error> {
        let shared = &self.shared;
        // Ids that cannot be sent are no reason to look anything up.
        if !shared.any_id {
            command.validate()?;
        }
        let (w_id, generation) =
            shared.within(scope, acting.w_id.get(None, || shared.look_up(acting, None, scope))).await?;
        // The token that the call is made with, or one before it: whatever comes later is newer.
        let (_, token) = shared.within(scope, shared.token.get(None, || shared.log_in(scope))).await?;
        let outcome = shared.authorized(command, Some(w_id.clone()), scope).await;
        if !matches!(&outcome, Err(Error::Api(error)) if error.kind == ApiErrorKind::Refused) {
            return outcome;
        }
        // 1001 says anything. Whether the wId is still the account's, the vendor can be asked.
        if let Some((looked, found)) = acting.looked.lately(shared.now())
            && looked == generation
        {
            return called(outcome, found);
        }
        let look_up = || shared.look_up(acting, Some(w_id.clone()), scope);
        match shared.within(scope, acting.w_id.get(Some(generation), look_up)).await {
            Ok((latest, generation)) => {
                acting.looked.note((generation, None), shared.now());
                let renewed = latest != w_id || shared.token.generation() != token;
                if renewed && C::IS_READ { shared.authorized(command, Some(latest), scope).await } else { outcome }
            }
            Err(Error::Api(error)) if error.kind.is_about_the_login() => {
                acting.looked.note((generation, Some(error.kind)), shared.now());
                called(outcome, Some(error.kind))
            }
            // The look went as far as logging in, and that says what is wrong.
            Err(Error::Api(login)) if login.kind.is_about_the_developer() => Err(Error::Api(login)),
            Err(_) => outcome,
        }
    }
}

/// A refusal by what a look at the account found.
fn called<T>(outcome: Result<T, Error>, kind: Option<ApiErrorKind>) -> Result<T, Error> {
    outcome.map_err(|error| match (error, kind) {
        (Error::Api(mut error), Some(kind)) => {
            error.kind = kind;
            Error::Api(error)
        }
        (error, _) => error,
    })
}
