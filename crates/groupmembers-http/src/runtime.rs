//! The single seam to the world: send, sleep, now, nonce.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_core::future::BoxFuture;

/// What a driver needs of the world. The reqwest transport, replay and
/// simulation (feature `test-util`) implement it; so can you.
pub trait Runtime: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and answers with the head of the response and a stream of its body.
    ///
    /// Implementations never follow a redirect: a request carries credentials that are meant for one host.
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>>;

    /// Comes back after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// The time now, on both clocks.
    fn now(&self) -> Now;

    /// An unpredictable number.
    fn nonce(&self) -> u64;
}

/// A response body as it comes in.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// One instant on two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Now {
    /// Since an arbitrary start; never goes back. Pacing and deadlines use it.
    pub elapsed: Duration,
    /// Since 1970-01-01 UTC; may jump. Signatures use it.
    pub unix: Duration,
}

impl Now {
    /// An instant read from both clocks.
    #[must_use]
    pub fn new(elapsed: Duration, unix: Duration) -> Self {
        Self { elapsed, unix }
    }
}

/// Why no whole response came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name resolution, refused, TLS. The request was never sent.
    Connect,
    /// The runtime had no way to send it: a replay that has no such request.
    NotSent,
    /// The connection failed before the head of the response was there.
    Request,
    /// The attempt took longer than its timeout.
    Timeout,
    /// The deadline of the whole call or walk has passed.
    Deadline,
    /// The body broke off.
    Body,
    /// The body is larger than the endpoint's largest documented answer.
    TooLarge,
    /// The HTTP client followed a redirect on its own, so the credentials went to another host.
    Redirected,
}

/// What stood in the way of a connection, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The host's name could not be resolved.
    Dns,
    /// The host, or a proxy, refused.
    Refused,
    /// There is no way to the host, or nobody answers there.
    Unreachable,
    /// The host's certificate is not to be trusted. It will not be a moment later.
    Certificate,
    /// TLS failed otherwise.
    Tls,
}

/// A request that brought no whole response. Its texts never carry a URL: URLs carry signatures. Clones share the cause: all
/// who waited for one request get the same error.
#[derive(Debug, Clone)]
pub struct TransportError {
    kind: TransportErrorKind,
    failure: Option<ConnectFailure>,
    host: Option<String>,
    status: Option<http::StatusCode>,
    attempts: u32,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, failure: None, host: None, status: None, attempts: 0, source: None }
    }

    /// With what stood in the way of a connection.
    #[must_use]
    pub fn with_failure(mut self, failure: ConnectFailure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// With the host the request was for: its name alone, nothing else of the URL.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// With its cause, which must not print a URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// With the status that had come before the body failed.
    #[must_use]
    pub fn with_status(mut self, status: http::StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// What stood in the way of a connection, where that is known.
    #[must_use]
    pub fn failure(&self) -> Option<ConnectFailure> {
        self.failure
    }

    /// The host the request was for, where that is known.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The status, where the head of the response had come.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        self.status
    }

    /// How many attempts were made.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Notes how many attempts were made.
    pub fn set_attempts(&mut self, attempts: u32) {
        self.attempts = attempts;
    }

    /// Whether the same read may work a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use TransportErrorKind as Kind;
        matches!(self.kind, Kind::Connect | Kind::Request | Kind::Timeout | Kind::Body)
            && self.failure != Some(ConnectFailure::Certificate)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == TransportErrorKind::Connect {
            f.write_str("no connection to the server")?;
            if let Some(host) = &self.host {
                write!(f, " {}", host.escape_debug())?;
            }
        }
        f.write_str(match self.kind {
            TransportErrorKind::Connect => match self.failure {
                None => ": check the base URL, the network and the proxy",
                Some(ConnectFailure::Dns) => ": its name cannot be resolved (DNS); check the base URL and the network",
                Some(ConnectFailure::Refused) => {
                    ": refused; check the host and the port of the base URL, and the proxy"
                }
                Some(ConnectFailure::Unreachable) => {
                    ": it cannot be reached, or does not answer; check the network and the proxy"
                }
                Some(ConnectFailure::Certificate) => {
                    ": its certificate is not to be trusted; check the clock, the base URL, and what stands in between"
                }
                Some(ConnectFailure::Tls) => ": TLS failed; check that the base URL's port speaks https, and the proxy",
            },
            TransportErrorKind::NotSent => "the request was not sent",
            TransportErrorKind::Request => "the connection failed before an answer came",
            TransportErrorKind::Timeout => "the answer took longer than the attempt's timeout",
            TransportErrorKind::Deadline => "the deadline passed: allow more time, or go on from where this stopped",
            TransportErrorKind::Body => "the answer broke off in the middle of its body",
            TransportErrorKind::TooLarge => "the answer is larger than this call's largest documented answer",
            TransportErrorKind::Redirected => {
                "the HTTP client followed a redirect: build it with redirects off, and consider the credentials seen"
            }
        })?;
        if let Some(status) = self.status {
            write!(f, " (after HTTP status {})", status.as_u16())?;
        }
        if self.attempts > 1 {
            write!(f, ", {} attempts", self.attempts)?;
        }
        Ok(())
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_is_told_apart_and_only_a_certificate_stays_in_it() {
        let error = |failure: Option<ConnectFailure>| {
            let error = TransportError::new(TransportErrorKind::Connect).with_host("api.example");
            failure.into_iter().fold(error, TransportError::with_failure)
        };
        for (failure, words, retryable) in [
            (None, "check the base URL", true),
            (Some(ConnectFailure::Dns), "(DNS)", true),
            (Some(ConnectFailure::Refused), "refused", true),
            (Some(ConnectFailure::Unreachable), "cannot be reached", true),
            (Some(ConnectFailure::Tls), "TLS failed", true),
            (Some(ConnectFailure::Certificate), "certificate", false),
        ] {
            let error = error(failure);
            let text = error.to_string();
            assert!(text.starts_with("no connection to the server api.example: ") && text.contains(words), "{text}");
            assert_eq!(error.is_retryable(), retryable, "{text}");
        }
        let unknown = TransportError::new(TransportErrorKind::Connect).to_string();
        assert_eq!(unknown, "no connection to the server: check the base URL, the network and the proxy");
    }
}
