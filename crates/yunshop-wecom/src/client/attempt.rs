//! One attempt of one call in one session, and what its failures mean.

use std::borrow::Cow;
use std::time::Duration;

use groupmembers_http::{Attempt, Call, CallError, Quota, Scope, TransportError, Verdict, retry_after};

use super::Shared;
use super::session::Jar;
use crate::command::{Answer, Command, Place};
use crate::credentials::Credentials;
use crate::error::{Error, StatusErrorKind};

/// A page takes some 30 KB.
const MAX_BODY: usize = 4 << 20;

/// How long nothing is sent after a 429, which only a proxy in front of the shop would say, where it does not say how long.
const PENALTY: Duration = Duration::from_secs(10);

impl Shared {
    pub(super) async fn attempt<C: Command>(
        &self,
        command: &C,
        jar: &Jar,
        scope: &Scope,
    ) -> Result<Answer<C::Data>, Error> {
        let mut driver = self.driver.clone();
        if C::IS_SLOW {
            driver = driver.with_attempt_timeout(self.slow_timeout);
        }
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
        if C::PLACE == Place::Export { self.shared.max_export } else { MAX_BODY }
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
        C::receive(response.map(Cow::Owned), &secrets).map_err(|error| match error {
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
