//! The transport over reqwest 0.13 and tokio. The module names the version, so that another one can stand beside it.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;

use crate::runtime::{Body, ConnectFailure, Now, Runtime, TransportError, TransportErrorKind};

/// Connecting takes longer than this only where nobody answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A reqwest client and tokio's timers. Must be used inside a tokio runtime.
#[derive(Debug, Clone)]
pub struct Reqwest {
    client: reqwest::Client,
    /// For hosts on this machine: a proxy could not reach them, and would read what is only let out because it stays here.
    loopback: reqwest::Client,
    start: Instant,
}

impl Reqwest {
    /// A client of its own: pooled connections, no redirects, three seconds to connect. It heeds the proxy variables of the
    /// environment, but for hosts on this machine.
    ///
    /// # Errors
    /// The TLS backend or the system's resolver could not be set up.
    pub fn new() -> Result<Self, TransportError> {
        let build = |builder: reqwest::ClientBuilder| {
            let builder = builder.redirect(reqwest::redirect::Policy::none()).connect_timeout(CONNECT_TIMEOUT);
            let built =
                builder.tcp_nodelay(true).user_agent(concat!("groupmembers/", env!("CARGO_PKG_VERSION"))).build();
            built.map_err(|error| TransportError::new(TransportErrorKind::Connect).with_source(error.without_url()))
        };
        let client = build(reqwest::Client::builder())?;
        let loopback = build(reqwest::Client::builder().no_proxy())?;
        Ok(Self { client, loopback, start: Instant::now() })
    }

    /// A client of the caller's, for proxies, own certificates and the like. Build it with
    /// `redirect(Policy::none())`: a followed redirect is an error here, but by then the credentials have been sent on.
    #[must_use]
    pub fn with_client(client: reqwest::Client) -> Self {
        Self { loopback: client.clone(), client, start: Instant::now() }
    }

    /// As the seam a driver takes.
    #[must_use]
    pub fn into_runtime(self) -> Arc<dyn Runtime> {
        Arc::new(self)
    }
}

impl Runtime for Reqwest {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|error| transport_error(error, TransportErrorKind::Request))?;
            let url = request.url().clone();
            let client = if is_loopback(url.host_str().unwrap_or_default()) { &self.loopback } else { &self.client };
            let response = client.execute(request).await.map_err(|error| {
                let error = transport_error(error, TransportErrorKind::Request);
                url.host_str().into_iter().fold(error, TransportError::with_host)
            })?;
            if *response.url() != url {
                return Err(TransportError::new(TransportErrorKind::Redirected).with_status(response.status()));
            }
            let mut head = http::Response::builder().status(response.status()).version(response.version());
            if let Some(headers) = head.headers_mut() {
                headers.extend(response.headers().clone());
            }
            let chunks = futures_util::stream::unfold(Some(response), |response| async move {
                let mut response = response?;
                match response.chunk().await {
                    Ok(chunk) => chunk.map(|chunk| (Ok(chunk), Some(response))),
                    Err(error) => Some((Err(transport_error(error, TransportErrorKind::Body)), None)),
                }
            });
            head.body(chunks.boxed() as Body)
                .map_err(|error| TransportError::new(TransportErrorKind::Request).with_source(error))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> Now {
        Now { elapsed: self.start.elapsed(), unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() }
    }

    fn nonce(&self) -> u64 {
        // Without a source of randomness the clock still tells attempts apart.
        getrandom::u64().unwrap_or_else(|_| self.now().unix.subsec_nanos().into())
    }
}

fn transport_error(error: reqwest::Error, otherwise: TransportErrorKind) -> TransportError {
    let kind = match () {
        () if error.is_connect() => TransportErrorKind::Connect,
        () if error.is_timeout() => TransportErrorKind::Timeout,
        () => otherwise,
    };
    let late = error.is_timeout().then_some(ConnectFailure::Unreachable);
    let error = error.without_url();
    let (causes, failure) = causes(error.source());
    let failure = failure.or(late).filter(|_| kind == TransportErrorKind::Connect);
    let told = failure.into_iter().fold(TransportError::new(kind), TransportError::with_failure);
    if causes.is_empty() { told.with_source(error) } else { told.with_source(causes) }
}

/// The texts of a chain of causes from the first to the last, and what they say stood in the way of a connection.
fn causes(mut next: Option<&(dyn StdError + 'static)>) -> (String, Option<ConnectFailure>) {
    let mut texts = Vec::<String>::new();
    let mut failure = None;
    while let Some(cause) = next {
        let text = cause.to_string();
        let io = cause.downcast_ref::<io::Error>();
        // The resolver and the TLS backends have no types that could be named here.
        let words = text.to_ascii_lowercase();
        let found = match io.map(io::Error::kind) {
            _ if words.contains("certificate") || words.contains("unknownca") => Some(ConnectFailure::Certificate),
            _ if words.contains("dns error") || words.contains("lookup address") => Some(ConnectFailure::Dns),
            Some(io::ErrorKind::ConnectionRefused) => Some(ConnectFailure::Refused),
            Some(
                io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::NotConnected
                | io::ErrorKind::TimedOut,
            ) => Some(ConnectFailure::Unreachable),
            Some(io::ErrorKind::InvalidData) => Some(ConnectFailure::Tls),
            _ if ["tls", "ssl", "handshake"].iter().any(|word| words.contains(word)) => Some(ConnectFailure::Tls),
            _ => None,
        };
        // The deeper, the nearer to what happened; but TLS backends tell about certificates in several layers.
        if failure != Some(ConnectFailure::Certificate) {
            failure = found.or(failure);
        }
        // What an io::Error wraps is no part of its chain.
        next = match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
        if !text.contains("://") && texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    (texts.join(": "), failure)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<dyn StdError + Send + Sync>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Layer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    fn told(outer: &'static str, cause: io::Error) -> (String, Option<ConnectFailure>) {
        causes(Some(&Layer("client error (Connect)", Some(Box::new(Layer(outer, Some(Box::new(cause))))))))
    }

    #[test]
    fn the_last_cause_is_found_and_told_apart() {
        use ConnectFailure::{Certificate, Dns, Refused, Tls, Unreachable};
        let wrapped = |text| io::Error::new(io::ErrorKind::InvalidData, Layer(text, None));
        for (outer, cause, failure) in [
            ("tcp connect error", io::ErrorKind::ConnectionRefused.into(), Some(Refused)),
            ("tcp connect error", io::ErrorKind::NetworkUnreachable.into(), Some(Unreachable)),
            ("tcp connect error", io::ErrorKind::TimedOut.into(), Some(Unreachable)),
            (
                "dns error",
                io::Error::other("failed to lookup address information: Name or service not known"),
                Some(Dns),
            ),
            ("x", wrapped("invalid peer certificate: UnknownIssuer"), Some(Certificate)),
            ("x", wrapped("received fatal alert: UnknownCA"), Some(Certificate)),
            (
                "x",
                io::Error::other("SSL routines:tls_post_process_server_certificate:certificate verify failed"),
                Some(Certificate),
            ),
            ("x", wrapped("received corrupt message of type InvalidContentType"), Some(Tls)),
            ("x", io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof"), Some(Tls)),
            ("tunnel error: unsuccessful", io::Error::other("x"), None),
        ] {
            let text = cause.to_string();
            assert_eq!(told(outer, cause), (format!("client error (Connect): {outer}: {text}"), failure));
        }
    }

    #[test]
    fn what_an_io_error_wraps_is_looked_into_and_urls_are_left_out() {
        let deepest = Layer("deepest", None);
        let cause = io::Error::other(Layer("at https://host/?usersig=PLANTED", Some(Box::new(deepest))));
        assert_eq!(told("outer", cause).0, "client error (Connect): outer: deepest");
    }
}
