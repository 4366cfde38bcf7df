//! Where tokens come from.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::credentials::{ClientSecret, Credentials, Token};
use crate::error::Error;

/// Where a client's tokens come from. Whatever it is, one token is shared by all clones, and fetched by one call at a time.
#[derive(Clone)]
#[non_exhaustive]
pub enum TokenSource {
    /// Built here, without a call: an app token of a day.
    Local(Credentials),
    /// Built here, then exchanged at the API: for services that take no AccessToken2.
    Exchange(Credentials),
    /// Fetched with a client ID and its secret, for `ttl` seconds where given.
    ClientCredentials {
        /// From the console.
        client: ClientSecret,
        /// For how many seconds; `None` for the console's setting.
        ttl: Option<u64>,
    },
    /// This one. It cannot be renewed.
    Fixed(Token),
    /// Your own: another process that builds them, a vault.
    Custom(Arc<dyn FetchToken>),
}

/// A source of tokens of your own.
pub trait FetchToken: Send + Sync + 'static {
    /// Brings a token. Called when there is none, when the last one is about to expire, and once when it was refused. It must
    /// come to an end by itself: the client's timeouts do not cover it.
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease, Error>> + Send>>;
}

/// A token, and how long it is good.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The token.
    pub token: Token,
    /// In seconds since 1970-01-01 UTC; `None` where nobody knows.
    pub expires_at: Option<u64>,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local(_) => "Local(…)",
            Self::Exchange(_) => "Exchange(…)",
            Self::ClientCredentials { .. } => "ClientCredentials(…)",
            Self::Fixed(_) => "Fixed(…)",
            Self::Custom(_) => "Custom(…)",
        })
    }
}

impl From<Credentials> for TokenSource {
    fn from(credentials: Credentials) -> Self {
        Self::Local(credentials)
    }
}

impl From<Token> for TokenSource {
    fn from(token: Token) -> Self {
        Self::Fixed(token)
    }
}

impl From<ClientSecret> for TokenSource {
    fn from(client: ClientSecret) -> Self {
        Self::ClientCredentials { client, ttl: None }
    }
}
