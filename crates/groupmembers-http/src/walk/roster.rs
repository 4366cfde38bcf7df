//! Runs a walk: sends what it wants, a bounded number at a time, and streams what it gives out.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::{Ticket, Walk};
use crate::driver::{Driver, Scope};
use crate::report::Report;
use crate::runtime::Now;

/// No more is asked for while so many rows wait to be taken.
const ROWS_WAITING: usize = 4096;

/// How a roster makes one of its walk's requests.
pub type Fetch<W> = Box<
    dyn Fn(<W as Walk>::Request, Scope) -> BoxFuture<'static, Result<<W as Walk>::Answer, <W as Walk>::Error>>
        + Send
        + Sync,
>;

type Answer<W> = (Ticket, Result<<W as Walk>::Answer, <W as Walk>::Error>);

/// The members of one group as a stream, and a report on how sure it is.
///
/// Take rows with [`next`](Self::next) or as a [`Stream`]. After an error no rows follow; the report says where it stopped.
#[must_use = "a roster does nothing until its rows are taken"]
pub struct Roster<W: Walk> {
    walk: W,
    fetch: Fetch<W>,
    in_flight: FuturesUnordered<BoxFuture<'static, Answer<W>>>,
    concurrency: usize,
    failed: Option<W::Error>,
    /// Whether the walk may want something: it has been told something new, or rows have made room.
    wanting: bool,
    over: bool,
    vendor: &'static str,
    group: String,
    limit: Option<Duration>,
    scope: Scope,
    driver: Driver,
    /// When the first row was asked for.
    started: Option<Now>,
    ended: Option<Now>,
}

/// The members of a group, and how sure that is.
#[derive(Debug, Clone)]
#[must_use = "look at the report: it says whether the list is complete"]
#[non_exhaustive]
pub struct Listing<R> {
    /// Everybody found, each once.
    pub members: Vec<R>,
    /// How sure that is.
    pub report: Report,
}

impl<R> Listing<R> {
    /// The members, if they are all of them.
    ///
    /// # Errors
    /// The report, if somebody may be missing.
    pub fn if_complete(self) -> Result<Vec<R>, Box<Report>> {
        if self.report.completeness.is_complete() { Ok(self.members) } else { Err(Box::new(self.report)) }
    }
}

impl<W: Walk> fmt::Debug for Roster<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster")
            .field("group", &self.group)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl<W> Roster<W>
where
    W: Walk + Unpin,
    W::Request: 'static,
    W::Answer: Send + 'static,
    W::Error: Send + Unpin + 'static,
{
    /// Runs `walk` with at most `concurrency` requests in flight, all of it within `limit` of its first row being asked for.
    pub fn new(
        vendor: &'static str,
        group: impl Into<String>,
        walk: W,
        driver: Driver,
        concurrency: usize,
        limit: Option<Duration>,
        fetch: Fetch<W>,
    ) -> Self {
        Self {
            walk,
            fetch,
            in_flight: FuturesUnordered::new(),
            concurrency: concurrency.max(1),
            failed: None,
            wanting: true,
            over: false,
            vendor,
            group: group.into(),
            limit,
            scope: Scope::default(),
            driver,
            started: None,
            ended: None,
        }
    }

    /// The next member.
    pub async fn next(&mut self) -> Option<Result<W::Row, W::Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All members at once, and the report.
    ///
    /// # Errors
    /// The first error. What had been read before it is gone: take rows with [`next`](Self::next) to keep it.
    pub async fn all(mut self) -> Result<Listing<W::Row>, W::Error> {
        let mut members = Vec::new();
        while let Some(member) = self.next().await {
            members.push(member?);
        }
        Ok(Listing { members, report: self.report() })
    }

    /// The clock by which the rows come, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.driver.runtime().now().unix.as_secs()
    }

    /// What is known of the list so far. It is final when the rows have come to their end.
    #[must_use]
    pub fn report(&self) -> Report {
        let findings = self.walk.findings();
        let now = self.driver.runtime().now();
        let (started, ended) = (self.started.unwrap_or(now), self.ended.unwrap_or(now));
        let elapsed = ended.elapsed.saturating_sub(started.elapsed);
        let counts = self.scope.counts();
        Report {
            vendor: self.vendor.to_owned(),
            group: self.group.clone(),
            members: findings.members,
            calls: counts.calls.load(Ordering::Relaxed),
            retries: counts.retries.load(Ordering::Relaxed),
            throttled: counts.throttled.load(Ordering::Relaxed),
            duplicates: findings.duplicates,
            declared_total: findings.declared_total,
            completeness: findings.completeness,
            gaps: findings.gaps,
            notes: findings.notes,
            started_at: started.unix.as_secs(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The walk as it stands. Saved with serde, it can be taken up again where it stopped: a member given out before is not
    /// given out twice, and one not yet given out is not lost.
    #[must_use]
    pub fn walk(&self) -> &W {
        &self.walk
    }

    fn end(&mut self) {
        self.over = true;
        self.in_flight.clear();
        self.ended = Some(self.driver.runtime().now());
    }

    /// Sends what the walk wants, as far as there is room.
    fn send(&mut self) {
        while self.wanting && self.in_flight.len() < self.concurrency && self.walk.ready() < ROWS_WAITING {
            let Some((ticket, request)) = self.walk.want() else {
                self.wanting = false;
                break;
            };
            let answer = (self.fetch)(request, self.scope.clone());
            self.in_flight.push(Box::pin(async move { (ticket, answer.await) }));
        }
    }

    /// Polls what is in flight and takes one answer, if there is one.
    fn receive(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        let Some((ticket, answer)) = std::task::ready!(self.in_flight.poll_next_unpin(context)) else {
            return Poll::Ready(None);
        };
        if let Err(error) = self.walk.take(ticket, answer) {
            self.failed = Some(error);
            self.in_flight.clear();
        } else {
            self.wanting = true;
            self.send();
        }
        Poll::Ready(Some(()))
    }
}

impl<W> Stream for Roster<W>
where
    W: Walk + Unpin,
    W::Request: 'static,
    W::Answer: Send + 'static,
    W::Error: Send + Unpin + 'static,
{
    type Item = Result<W::Row, W::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        if this.started.is_none() {
            let now = this.driver.runtime().now();
            this.started = Some(now);
            this.scope = this.limit.map_or(Scope::default(), |limit| Scope::until(now.elapsed.saturating_add(limit)));
        }
        if this.failed.is_none() {
            this.send();
            if !this.in_flight.is_empty() {
                // So that the next pages travel, and are received in time, while the rows of this one are used.
                let _ = this.receive(context);
            }
        }
        loop {
            if let Some(row) = this.walk.row() {
                return Poll::Ready(Some(Ok(row)));
            }
            if this.failed.is_some() || this.walk.is_done() {
                this.end();
                return Poll::Ready(this.failed.take().map(Err));
            }
            this.send();
            if std::task::ready!(this.receive(context)).is_none() {
                // A walk that wants nothing, waits for nothing and is not done could never end.
                this.end();
                return Poll::Ready(None);
            }
        }
    }
}
