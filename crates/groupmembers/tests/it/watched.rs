//! Real sockets, watched: what went out that must not be seen again, how much came in, and a clock that need not be waited for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use groupmembers::http::{Body, Now, Runtime, TransportError};

/// The timeout of an attempt, by which it is known among all other waiting: longer than any that a vendor's crate has itself.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(7_777);

/// How time passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// Waiting between calls is over at once. An attempt really has so much time.
    Skipping(Duration),
    /// As it does.
    Real,
}

#[derive(Debug)]
pub(crate) struct Watched {
    inner: Arc<dyn Runtime>,
    clock: Clock,
    /// Seconds that the client's wall clock is ahead.
    ahead: i64,
    skipped: Mutex<Duration>,
    secrets: Mutex<Vec<String>>,
    sent: AtomicU64,
    most_read: Arc<AtomicU64>,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn Runtime>, clock: Clock, ahead: i64) -> Self {
        Self {
            inner,
            clock,
            ahead,
            skipped: Mutex::default(),
            secrets: Mutex::default(),
            sent: AtomicU64::new(0),
            most_read: Arc::default(),
        }
    }

    /// How many requests went out.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The longest body that was read, unpacked.
    pub(crate) fn most_read(&self) -> u64 {
        self.most_read.load(Ordering::Relaxed)
    }

    /// Every signature, token and session that was sent, whole and in its parts.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().clone()
    }

    fn elapsed(&self) -> Duration {
        self.inner.now().elapsed + *self.skipped.lock().unwrap()
    }

    fn note(&self, request: &http::Request<Vec<u8>>) {
        let mut secrets = self.secrets.lock().unwrap();
        let query = request.uri().query().unwrap_or_default();
        for name in ["usersig=", "yz_token="] {
            secrets.extend(query.split('&').filter_map(|pair| pair.strip_prefix(name)).map(str::to_owned));
        }
        for name in ["authorization", "checksum", "cookie"] {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let parts = value.split("; ").map(|part| {
                let part = part.strip_prefix("Bearer ").unwrap_or(part);
                part.split_once('=').map_or(part, |(_, value)| value)
            });
            secrets.extend(parts.filter(|part| part.len() > 5).map(str::to_owned));
        }
    }
}

impl Runtime for Watched {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        self.note(&request);
        self.sent.fetch_add(1, Ordering::Relaxed);
        let most = Arc::clone(&self.most_read);
        Box::pin(async move {
            let (head, body) = self.inner.send(request).await?.into_parts();
            let mut read = 0;
            let body = body.inspect(move |chunk| {
                if let Ok(chunk) = chunk {
                    read += chunk.len() as u64;
                    most.fetch_max(read, Ordering::Relaxed);
                }
            });
            Ok(http::Response::from_parts(head, body.boxed() as Body))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        match self.clock {
            Clock::Real => self.inner.sleep(duration),
            Clock::Skipping(attempt) if duration >= ATTEMPT => self.inner.sleep(attempt),
            Clock::Skipping(_) => {
                let until = self.elapsed() + duration;
                Box::pin(async move {
                    self.inner.sleep(Duration::from_millis(1)).await;
                    let left = until.saturating_sub(self.elapsed());
                    *self.skipped.lock().unwrap() += left;
                })
            }
        }
    }

    fn now(&self) -> Now {
        let unix = self.inner.now().unix.as_secs().saturating_add_signed(self.ahead);
        Now::new(self.elapsed(), Duration::from_secs(unix))
    }

    fn nonce(&self) -> u64 {
        self.inner.nonce()
    }
}
