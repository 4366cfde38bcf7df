//! The transport over reqwest 0.13 and tokio. The module names the version, so that another one can stand beside it.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;

use crate::runtime::{Body, Now, Runtime, TransportError, TransportErrorKind};

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
            let response =
                client.execute(request).await.map_err(|error| transport_error(error, TransportErrorKind::Request))?;
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
    let error = error.without_url();
    match error.source().map(ToString::to_string) {
        Some(cause) => TransportError::new(kind).with_source(cause),
        None => TransportError::new(kind).with_source(error),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
