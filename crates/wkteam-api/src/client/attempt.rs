//! One call: sent in its account's line, read, and rid of secrets.

use std::marker::PhantomData;
use std::time::Duration;

use groupmembers_http::{Attempt, Call, CallError, Quota, Scope, TransportError, Verdict, retry_after};

use super::Shared;
use crate::command::{Answer, Command, Session};
use crate::credentials::{Credentials, Token, WId};
use crate::error::{Error, StatusErrorKind, without};
use crate::get_contact;

/// 500 members take 0.34 MB; other answers are smaller.
const MAX_BODY: usize = 4 << 20;

/// How long nothing is sent after a 429. The documents know none; this is ours.
const PENALTY: Duration = Duration::from_secs(10);

/// No wish of a server closes an account's bucket for longer.
const LONGEST_WISH: Duration = Duration::from_secs(60 * 60);

/// The line of calls that are about the developer account.
const PLATFORM: &str = "platform";

impl Shared {
    pub(super) async fn attempt<C: Command>(
        &self,
        command: &C,
        session: &Session,
        scope: &Scope,
    ) -> Result<Answer<C::Data>, Error> {
        let mut driver = self.driver.clone();
        if let Some(slow) = C::SLOW {
            driver = driver.with_attempt_timeout(slow.max(self.attempt_timeout));
        }
        if !C::IS_READ {
            let retry = driver.retry().clone().unsent_only();
            driver = driver.with_retry(retry);
        }
        let request = match self.any_id {
            true => command.to_http_unchecked(&self.base, session)?,
            false => command.to_http(&self.base, session)?,
        };
        let pace = if C::NAME == get_contact::Request::NAME { self.contact_pace } else { self.pace };
        let call = Authorized::<C> {
            request,
            line: session.w_id.as_ref().map_or_else(|| PLATFORM.to_owned(), |w_id| self.line(w_id)),
            pause: pace.draw(driver.runtime().nonce()),
            secrets: self.secrets(command, session),
            command: PhantomData,
        };
        driver.execute(&call, scope).await
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

/// One call of one session.
struct Authorized<C> {
    request: http::Request<Vec<u8>>,
    /// Whoever stands in the same line is sent one after the other.
    line: String,
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
        Quota::new(self.line.clone(), 1, self.pause).with_penalty(self.pause.max(PENALTY))
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
