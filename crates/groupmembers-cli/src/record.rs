//! `--record`: a runtime that passes everything on and writes it down as a fixture case.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use groupmembers_http::{Body, Now, Runtime, TransportError};
use http::{Request, Response};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::files::{self, Folder};
use crate::sanitize::{Outcome, Rules, Sanitizer};
use crate::terminal;

/// A longer body is no answer of any vendor, and is not kept.
const LONGEST_BODY: usize = 4 << 20;

const CASE: &str = "case.json";

/// A case being written.
#[derive(Debug)]
pub(crate) struct Recording {
    runtime: Arc<Recorder>,
    dir: PathBuf,
    unix: u64,
}

#[derive(Debug)]
struct Recorder {
    inner: Arc<dyn Runtime>,
    tape: Arc<Mutex<Tape>>,
}

/// What has been recorded. Exchanges are written in the order in which they were sent, as soon as all before them are.
struct Tape {
    folder: Folder,
    rules: &'static Rules,
    sanitizer: Sanitizer,
    /// The first of `waiting` is the exchange of this number.
    first_waiting: usize,
    waiting: VecDeque<Slot>,
    /// Answers that were no success: only those of requests that never had one are kept, at the end.
    failures: Vec<Exchange>,
    answered: HashSet<u64>,
    written: usize,
    /// Logins, which the rules leave out.
    left_out: usize,
    /// Of exchange 1: the endpoint, its request, and how it read.
    head: Option<(String, Value, Outcome)>,
    error: Option<io::Error>,
}

enum Slot {
    UnderWay,
    Gone,
    Whole(Box<Pair>),
}

/// As it was.
type Pair = (Request<Vec<u8>>, Response<Vec<u8>>);

/// Sanitised.
struct Exchange {
    endpoint: String,
    request: Vec<u8>,
    response: Vec<u8>,
    outcome: Outcome,
}

/// `case.json`, schema 1.
#[derive(Serialize)]
struct Case<'a> {
    schema: u32,
    vendor: &'a str,
    endpoint: &'a str,
    provenance: &'a str,
    source: String,
    changed: String,
    stamp: Stamp,
    credentials: Value,
    request: &'a Value,
    ignore_query: &'a [&'a str],
    allow: [Value; 0],
    expect: &'a str,
}

#[derive(Serialize)]
struct Stamp {
    unix: u64,
    random: u32,
}

impl Recording {
    /// Makes the folder and its first file, so that it is sure that they can be written.
    pub(crate) fn start(dir: &Path, inner: Arc<dyn Runtime>, rules: &'static Rules) -> Result<Self, Error> {
        let mut folder = Folder::start("--record", dir)?;
        folder.write(CASE, b"").map_err(|error| files::refused("--record", dir, &error))?;
        let tape = Tape {
            folder,
            rules,
            sanitizer: Sanitizer::new(rules),
            first_waiting: 0,
            waiting: VecDeque::new(),
            failures: Vec::new(),
            answered: HashSet::new(),
            written: 0,
            left_out: 0,
            head: None,
            error: None,
        };
        let unix = inner.now().unix.as_secs();
        let runtime = Arc::new(Recorder { inner, tape: Arc::new(Mutex::new(tape)) });
        Ok(Self { runtime, dir: dir.to_owned(), unix })
    }

    /// The runtime that records.
    pub(crate) fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::<Recorder>::clone(&self.runtime)
    }

    /// Writes what is left, and `case.json`. A case that does not come about leaves nothing in its place.
    pub(crate) fn finish(self) -> Result<(), String> {
        let cannot = |error: &dyn std::fmt::Display| format!("--record {}: {error}", self.dir.display());
        let mut tape = lock(&self.runtime.tape);
        let (left_out, kept) = tape.finish();
        if let Some(error) = &tape.error {
            return Err(cannot(error));
        }
        let Some((endpoint, request, outcome)) = &tape.head else {
            let why = match tape.left_out {
                0 => "no answer came, so there is nothing to record",
                _ => "only a login was answered, which is not recorded, so there is nothing to record",
            };
            return Err(cannot(&why));
        };
        let version = env!("CARGO_PKG_VERSION");
        let date = terminal::rfc3339(self.unix).unwrap_or_default();
        let mut changed = "credentials and signatures cut; app, admin, host and random number replaced by fixed ones; ids, names, pictures, texts, \
             cursors, custom values and values of unknown fields replaced by made-up ones, the same by the same; headers other than \
             content-type, date and retry-after left out"
            .to_owned();
        if left_out > 0 {
            changed.push_str(&format!("; {left_out} failed answers to requests that later succeeded left out"));
        }
        if kept > 0 && *outcome == Outcome::Ok {
            changed.push_str(&format!("; the last {kept} answers are no successes"));
        }
        if tape.left_out > 0 {
            changed.push_str("; logins left out");
        }
        let rules = tape.rules;
        let case = Case {
            schema: 1,
            vendor: rules.vendor,
            endpoint,
            provenance: "recorded",
            source: format!("recorded by groupmembers {version}, begun {}", date.get(..10).unwrap_or_default()),
            changed,
            stamp: Stamp { unix: self.unix, random: rules.random },
            credentials: (rules.credentials)(),
            request,
            ignore_query: rules.ignore_query,
            allow: [],
            expect: outcome.as_str(),
        };
        let mut json = serde_json::to_vec_pretty(&case).map_err(|error| cannot(&error))?;
        json.push(b'\n');
        tape.folder.write(CASE, &json).map_err(|error| cannot(&error))?;
        tape.folder.keep();
        Ok(())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // The tape may live on for a while in requests that were given up.
        lock(&self.runtime.tape).folder.clear();
    }
}

impl Runtime for Recorder {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let take = Take::begin(&self.tape, request.clone());
        let answer = self.inner.send(request);
        Box::pin(async move {
            let mut take = take;
            let (head, body) = answer.await?.into_parts();
            let mut copy = Response::new(Vec::new());
            *copy.status_mut() = head.status;
            *copy.headers_mut() = head.headers.clone();
            take.response = Some(copy);
            Ok(Response::from_parts(head, Box::pin(Tee { body, take }) as Body))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.inner.sleep(duration)
    }

    fn now(&self) -> Now {
        self.inner.now()
    }

    fn nonce(&self) -> u64 {
        self.inner.nonce()
    }
}

/// One exchange under way. Dropped before its end, it is not recorded: there was no whole answer.
struct Take {
    tape: Arc<Mutex<Tape>>,
    number: usize,
    request: Option<Request<Vec<u8>>>,
    response: Option<Response<Vec<u8>>>,
}

impl Take {
    fn begin(tape: &Arc<Mutex<Tape>>, request: Request<Vec<u8>>) -> Self {
        let mut open = lock(tape);
        let number = open.first_waiting + open.waiting.len();
        open.waiting.push_back(Slot::UnderWay);
        Self { tape: Arc::clone(tape), number, request: Some(request), response: None }
    }

    fn end(&mut self) {
        if let Some((request, response)) = self.request.take().zip(self.response.take()) {
            lock(&self.tape).settle(self.number, Slot::Whole(Box::new((request, response))));
        }
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        if self.request.is_some() {
            lock(&self.tape).settle(self.number, Slot::Gone);
        }
    }
}

/// A body that is read by somebody else, with a copy kept.
struct Tee {
    body: Body,
    take: Take,
}

impl Stream for Tee {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(self.body.as_mut().poll_next(context));
        match &next {
            Some(Ok(chunk)) => {
                if let Some(response) = &mut self.take.response {
                    response.body_mut().extend_from_slice(chunk);
                    if response.body().len() > LONGEST_BODY {
                        self.take.response = None;
                    }
                }
            }
            Some(Err(_)) => self.take.response = None,
            None => self.take.end(),
        }
        Poll::Ready(next)
    }
}

fn lock(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tape {
    fn settle(&mut self, number: usize, slot: Slot) {
        if let Some(waiting) = number.checked_sub(self.first_waiting).and_then(|index| self.waiting.get_mut(index)) {
            *waiting = slot;
        }
        while !matches!(self.waiting.front(), None | Some(Slot::UnderWay)) {
            self.next();
        }
    }

    /// Takes the first of those that wait.
    fn next(&mut self) {
        self.first_waiting += 1;
        let Some(Slot::Whole(exchange)) = self.waiting.pop_front() else {
            return;
        };
        let (request, response) = *exchange;
        let endpoint = (self.rules.ways.endpoint)(request.uri().path());
        if self.rules.ways.left_out.iter().any(|left_out| request.uri().path().ends_with(left_out)) {
            self.left_out += 1;
            return;
        }
        let outcome = Outcome::of(self.rules, &endpoint, response.status(), response.body());
        let exchange = Exchange {
            endpoint,
            request: self.sanitizer.request(&request),
            response: self.sanitizer.response(&response),
            outcome,
        };
        if outcome == Outcome::Ok {
            self.answered.insert(hash(&exchange.request));
            self.write(&exchange);
        } else {
            self.failures.push(exchange);
        }
    }

    /// Everything that is left: how many failures were left out, and how many kept.
    fn finish(&mut self) -> (usize, usize) {
        while !self.waiting.is_empty() {
            self.next();
        }
        let failures = std::mem::take(&mut self.failures);
        let all = failures.len();
        let kept: Vec<Exchange> =
            failures.into_iter().filter(|exchange| !self.answered.contains(&hash(&exchange.request))).collect();
        for exchange in &kept {
            self.write(exchange);
        }
        (all - kept.len(), kept.len())
    }

    fn write(&mut self, exchange: &Exchange) {
        if self.error.is_some() {
            return;
        }
        if self.head.is_none() {
            let bytes = &exchange.request;
            let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |end| end + 4);
            let head = String::from_utf8_lossy(&bytes[..body]);
            let target = head.split(' ').nth(1).unwrap_or_default();
            let request = (self.rules.ways.request)(&exchange.endpoint, target, &bytes[body..]);
            self.head = Some((exchange.endpoint.clone(), request, exchange.outcome));
        }
        self.written += 1;
        let number = self.written;
        let folder = &mut self.folder;
        let written = folder
            .write(&format!("{number}.request.http"), &exchange.request)
            .and_then(|()| folder.write(&format!("{number}.response.http"), &exchange.response));
        self.error = written.err();
    }
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape").field("written", &self.written).finish_non_exhaustive()
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
