//! `POST token`: fetches a token, for credentials that cannot build one, and for services that take no AccessToken2.
//!
//! Sources: Easemob's page on app tokens, public copies of Agora's older page, the vendor's first Java SDK. Fetching too often
//! gets an account blocked: the client keeps what it gets.

use std::fmt;

use http::Method;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::command::{Answer, Command, Rejected};
use crate::credentials::{ClientSecret, Token, check_text};
use crate::error::BuildError;
use crate::fields::as_integer;

/// Asks for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// With a client ID and its secret.
    ClientCredentials {
        /// From the console.
        client: ClientSecret,
        /// For how many seconds; 0 for ever, `None` for the console's setting. The answer's own number counts.
        ttl: Option<u64>,
    },
    /// With an AccessToken2 as `Authorization`.
    Agora,
}

impl Command for Request {
    type Data = Issued;

    const NAME: &'static str = "token";
    const METHOD: Method = Method::POST;
    const PLACE: &'static str = "access_token";
    const CALLS_PER_SECOND: u32 = 10;
    const IS_READ: bool = false;

    fn validate(&self) -> Result<(), BuildError> {
        match self {
            Self::ClientCredentials { client, .. } => check_text("client_id", &client.id),
            Self::Agora => Ok(()),
        }
    }

    fn path(&self) -> Vec<String> {
        vec!["token".to_owned()]
    }

    fn body(&self) -> Option<Value> {
        Some(match self {
            Self::ClientCredentials { client, ttl } => {
                let mut body = json!({
                    "grant_type": "client_credentials",
                    "client_id": client.id,
                    "client_secret": client.secret,
                });
                if let Some(ttl) = ttl {
                    body["ttl"] = json!(ttl);
                }
                body
            }
            Self::Agora => json!({"grant_type": "agora"}),
        })
    }

    fn read(place: Value) -> Result<(Issued, Vec<Rejected>), String> {
        let text = place.as_str().ok_or_else(|| " is no text".to_owned())?;
        let token = Token::new(text).map_err(|why| format!(": {why}"))?;
        Ok((Issued(token), Vec::new()))
    }
}

/// A token the vendor issued. Neither Debug nor serialising shows it.
#[derive(Clone)]
pub struct Issued(Token);

impl Issued {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.0
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued(…)")
    }
}

impl Serialize for Issued {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

/// The token, and how long it is good.
pub type Response = Answer<Issued>;

impl Response {
    /// Until when it is good, in seconds since 1970-01-01 UTC, where it was issued at `now`. The one grant answers with
    /// `expires_in` in seconds from now, the other with `expire_timestamp`, a time in milliseconds; `expires_in` 0 is for ever.
    #[must_use]
    pub fn expires_at(&self, now: u64) -> Option<u64> {
        let number = |name: &str| self.envelope.extra.get(name).and_then(as_integer::<u64>);
        match number("expires_in") {
            Some(0) => None,
            Some(seconds) => Some(now.saturating_add(seconds)),
            None => number("expire_timestamp").map(|millis| millis / 1000),
        }
    }
}
