//! The first credential, the token: one login for all who need it, and one more where it was refused.
//!
//! A login is a call, and counts as one of the listing that caused it; where several wait for it, of the first. It is tried again
//! only where no connection was made, since passwords that come again and again look like an attack.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use groupmembers_http::Scope;

use super::Shared;
use crate::codes::ApiErrorKind;
use crate::command::{Answer, Command, Session};
use crate::credentials::{Credentials, Token, WId};
use crate::error::{Error, StatusErrorKind};
use crate::member_login;

impl Shared {
    /// Logs in. Owns what it needs, so that one login can serve all who wait for it.
    pub(super) fn log_in(self: &Arc<Self>, scope: &Scope) -> BoxFuture<'static, Result<Token, Error>> {
        let (shared, scope) = (Arc::clone(self), self.flight(scope));
        async move {
            let account = match &shared.credentials {
                Credentials::Token(token) => return Ok(token.clone()),
                Credentials::Account(account) => account,
            };
            // Passwords that are tried again and again look like an attack.
            if let Some(refused) = shared.no_login.lately(shared.now()) {
                return Err(refused);
            }
            let request = member_login::Request::from(account);
            let answer = shared.attempt(&request, &Session::default(), &scope).await;
            let outcome = answer.and_then(|answer| answer.data.token().cloned());
            if let Err(error @ (Error::Api(_) | Error::Status(_) | Error::Decode(_))) = &outcome
                && !error.is_retryable()
            {
                shared.no_login.note(error.clone(), shared.now());
            }
            outcome
        }
        .boxed()
    }

    /// Makes a call with the token; once more with a new one, where it was refused and a new one can be had.
    pub(super) async fn authorized<C: Command>(
        self: &Arc<Self>,
        command: &C,
        w_id: Option<WId>,
        scope: &Scope,
    ) -> Result<Answer<C::Data>, Error> {
        if !self.any_id {
            command.validate()?;
        }
        let (token, generation) = self.within(scope, self.token.get(None, || self.log_in(scope))).await?;
        let session = Session { token: Some(token), w_id: w_id.clone() };
        let outcome = self.attempt(command, &session, scope).await;
        let renewable = matches!(self.credentials, Credentials::Account(_));
        // Words are a guess, and what is no read may have been done for all they say.
        let guessed = !C::IS_READ && matches!(outcome, Err(Error::Api(_)));
        if guessed
            || !is_token_refused::<C>(&outcome)
            || !renewable
            || self.useless.lately(self.now()) == Some(generation)
        {
            return outcome;
        }
        let (token, generation) =
            match self.within(scope, self.token.get(Some(generation), || self.log_in(scope))).await {
                Ok(renewed) => renewed,
                // A 1001 was a guess; a login that fails without a word about the account makes it no better.
                Err(Error::Api(login)) if login.kind.is_about_the_developer() => return Err(Error::Api(login)),
                Err(_) if matches!(outcome, Err(Error::Api(_))) => return outcome,
                Err(error) => return Err(error),
            };
        let session = Session { token: Some(token), w_id };
        let outcome = self.attempt(command, &session, scope).await;
        if is_token_refused::<C>(&outcome) {
            self.useless.note(generation, self.now());
        }
        outcome
    }
}

/// What the vendor answers to a dead token nobody recorded: an HTTP status, a code, or its 1001 for everything. That one says
/// nothing but where its words name the token, or where the call has nothing beside the token.
fn is_token_refused<C: Command>(outcome: &Result<Answer<C::Data>, Error>) -> bool {
    match outcome {
        Err(Error::Status(error)) => error.kind == StatusErrorKind::Auth,
        Err(Error::Api(error)) => match error.kind {
            ApiErrorKind::Token => C::NEEDS_TOKEN,
            ApiErrorKind::Refused => C::NEEDS_TOKEN && !C::NEEDS_W_ID,
            _ => false,
        },
        _ => false,
    }
}
