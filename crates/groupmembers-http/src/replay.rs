//! Replays recorded exchanges: the same files that prove the codec drive a whole client, without a socket.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, fs, io};

use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;

use crate::runtime::{Body, Now, Runtime, TransportError, TransportErrorKind};

/// One recorded exchange.
#[derive(Debug, Clone)]
struct Exchange {
    request: http::Request<Vec<u8>>,
    response: http::Response<Vec<u8>>,
    used: bool,
}

/// A runtime that answers with what was recorded. Each answer is given once; a request that was not recorded fails.
pub struct Replay {
    exchanges: Mutex<Vec<Exchange>>,
    ignored: BTreeSet<String>,
    clock: AtomicU64,
    unix: Duration,
    nonce: u64,
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("left", &self.left()).finish_non_exhaustive()
    }
}

impl Replay {
    /// Reads `1.request.http`, `1.response.http`, `2.…` of a fixture case. The clock stands at `unix`, every nonce is
    /// `nonce`, and the values of the query parameters in `ignored` are not compared: signatures differ from run to run.
    ///
    /// # Errors
    /// A file is missing or is no HTTP message.
    pub fn from_dir(dir: &Path, unix: Duration, nonce: u64, ignored: &[&str]) -> io::Result<Arc<Self>> {
        let mut exchanges = Vec::new();
        while let number = exchanges.len() + 1
            && (number == 1 || dir.join(format!("{number}.request.http")).exists())
        {
            let request = parse_request(&fs::read(dir.join(format!("{number}.request.http")))?)?;
            let response = parse_response(&fs::read(dir.join(format!("{number}.response.http")))?)?;
            exchanges.push(Exchange { request, response, used: false });
        }
        Ok(Arc::new(Self {
            exchanges: Mutex::new(exchanges),
            ignored: ignored.iter().map(|&name| name.to_owned()).collect(),
            clock: AtomicU64::new(0),
            unix,
            nonce,
        }))
    }

    /// How many recorded answers nobody asked for yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|exchange| !exchange.used).count()
    }

    fn same(&self, recorded: &http::Request<Vec<u8>>, sent: &http::Request<Vec<u8>>) -> bool {
        recorded.method() == sent.method()
            && recorded.uri().path() == sent.uri().path()
            && self.query(recorded) == self.query(sent)
            && recorded.body() == sent.body()
    }

    /// The query's parameters in any order, those that are ignored by name only.
    fn query<'a>(&self, request: &'a http::Request<Vec<u8>>) -> BTreeSet<(&'a str, Option<&'a str>)> {
        let pairs = request.uri().query().unwrap_or_default().split('&');
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name, (!self.ignored.contains(name)).then_some(value)))
            .collect()
    }
}

impl Runtime for Replay {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let found = exchanges.iter_mut().find(|exchange| !exchange.used && self.same(&exchange.request, &request));
        let answer = found.map(|exchange| {
            exchange.used = true;
            let (head, body) = exchange.response.clone().into_parts();
            http::Response::from_parts(head, futures_util::stream::iter([Ok(body.into())]).boxed() as Body)
        });
        Box::pin(std::future::ready(answer.ok_or_else(|| {
            let what = format!("not recorded: {} {}", request.method(), request.uri().path());
            TransportError::new(TransportErrorKind::NotSent).with_source(what)
        })))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        // A timer of an attempt must not run out before the answer, so time passes only where nothing else happens.
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let mut polled = false;
        Box::pin(std::future::poll_fn(move |context| {
            if std::mem::replace(&mut polled, true) {
                self.clock.fetch_add(nanos, Ordering::Relaxed);
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }))
    }

    fn now(&self) -> Now {
        Now { elapsed: Duration::from_nanos(self.clock.load(Ordering::Relaxed)), unix: self.unix }
    }

    fn nonce(&self) -> u64 {
        self.nonce
    }
}

/// Reads the bytes of an HTTP/1.1 request.
///
/// # Errors
/// They are none.
pub fn parse_request(bytes: &[u8]) -> io::Result<http::Request<Vec<u8>>> {
    let (first, headers, body) = parse_message(bytes)?;
    let mut words = first.split(' ');
    let (method, target) = words.next().zip(words.next()).ok_or_else(|| damaged("the request line"))?;
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(body).map_err(|_| damaged("the head"))
}

/// Reads the bytes of an HTTP/1.1 response.
///
/// # Errors
/// They are none.
pub fn parse_response(bytes: &[u8]) -> io::Result<http::Response<Vec<u8>>> {
    let (first, headers, body) = parse_message(bytes)?;
    let status = first.split(' ').nth(1).ok_or_else(|| damaged("the status line"))?;
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(|_| damaged("the head"))
}

type Message<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<u8>);

fn parse_message(bytes: &[u8]) -> io::Result<Message<'_>> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| damaged("the blank line"))?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| damaged("the head"))?;
    let mut lines = head.split("\r\n");
    let first = lines.next().ok_or_else(|| damaged("the first line"))?;
    let headers =
        lines.map(|line| line.split_once(": ").ok_or_else(|| damaged("a header"))).collect::<Result<_, _>>()?;
    Ok((first, headers, bytes[end + 4..].to_vec()))
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} of the HTTP message is missing or damaged"))
}
