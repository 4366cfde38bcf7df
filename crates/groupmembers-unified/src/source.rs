//! Clients of several vendors behind one trait: the members of a group as a stream, and a report on how sure it is.
#![cfg_attr(
    not(any(feature = "agora", feature = "nim", feature = "tim", feature = "wkteam", feature = "yunshop")),
    allow(dead_code, unused_macros, reason = "without a vendor there is nothing to list")
)]

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use groupmembers_http::Report;
use groupmembers_http::walk::{Roster, Walk};

use crate::member::Member;
use crate::words::Vendor;

/// Somebody who can be asked who is in a group: every vendor's client is one. An application that works with several
/// vendors holds `Box<dyn Source>`.
pub trait Source: fmt::Debug + Send + Sync {
    /// Whose groups these are.
    fn vendor(&self) -> Vendor;

    /// The members of a group, with the vendor's default options: for others make the vendor's own roster, and `Members`
    /// [from it](Members#trait-implementations). Nothing is sent before the first member is asked for.
    ///
    /// # Errors
    /// `group` cannot be a group of this vendor: a NIM chatroom and a row of a Yunshop are numbers.
    fn members(&self, group: &str) -> Result<Members, Error>;
}

/// The members of one group as a stream, whatever the vendor: every member once, and in the end a report. After an error no
/// members follow; the report says where it stopped.
#[must_use = "nothing is asked for until a member is taken"]
pub struct Members {
    vendor: Vendor,
    group: String,
    roster: Box<dyn Listing>,
}

/// A roster of any vendor.
trait Listing: Send {
    fn poll_member(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Member, Error>>>;

    fn report(&self) -> Report;
}

/// A vendor's roster, and how its rows are members. The walk may know what a row does not say.
struct Mapped<W: Walk> {
    vendor: Vendor,
    group: String,
    roster: Roster<W>,
    member: fn(&str, W::Row, &Roster<W>) -> Member,
}

impl<W> Listing for Mapped<W>
where
    W: Walk + Send + Unpin,
    W::Request: 'static,
    W::Answer: Send + 'static,
    W::Error: Failed,
{
    fn poll_member(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Member, Error>>> {
        Pin::new(&mut self.roster).poll_next(context).map(|next| {
            next.map(|row| match row {
                Ok(row) => Ok((self.member)(&self.group, row, &self.roster)),
                Err(error) => Err(Error::of(self.vendor.clone(), error)),
            })
        })
    }

    fn report(&self) -> Report {
        self.roster.report()
    }
}

impl Members {
    pub(crate) fn new<W>(vendor: Vendor, roster: Roster<W>, member: fn(&str, W::Row, &Roster<W>) -> Member) -> Self
    where
        W: Walk + Send + Unpin + 'static,
        W::Request: 'static,
        W::Answer: Send + 'static,
        W::Error: Failed,
    {
        let group = roster.report().group;
        let mapped = Mapped { vendor: vendor.clone(), group: group.clone(), roster, member };
        Self { vendor, group, roster: Box::new(mapped) }
    }

    /// Whose group it is.
    #[must_use]
    pub fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The next member.
    pub async fn next(&mut self) -> Option<Result<Member, Error>> {
        std::future::poll_fn(|context| self.roster.poll_member(context)).await
    }

    /// All members at once, and the report.
    ///
    /// # Errors
    /// The first error. What had been read before it is gone: take members with [`next`](Self::next) to keep it.
    pub async fn all(mut self) -> Result<(Vec<Member>, Report), Error> {
        let mut members = Vec::new();
        while let Some(member) = self.next().await {
            members.push(member?);
        }
        Ok((members, self.report()))
    }

    /// What is known of the list so far. It is final when the members have come to their end.
    #[must_use]
    pub fn report(&self) -> Report {
        self.roster.report()
    }
}

impl Stream for Members {
    type Item = Result<Member, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.roster.poll_member(context)
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").field("vendor", &self.vendor).field("group", &self.group).finish_non_exhaustive()
    }
}

/// What the vendors' errors have in common.
pub(crate) trait Failed: std::error::Error + Send + Sync + Unpin + 'static {
    fn is_retryable(&self) -> bool;

    fn retry_after(&self) -> Option<Duration>;
}

/// A vendor's error. It reads as the vendor's own does, which is its [`source`](std::error::Error::source).
#[derive(Debug)]
pub struct Error {
    vendor: Vendor,
    retryable: bool,
    retry_after: Option<Duration>,
    inner: Box<dyn std::error::Error + Send + Sync>,
}

impl Error {
    fn of<E: Failed>(vendor: Vendor, error: E) -> Self {
        Self { vendor, retryable: error.is_retryable(), retry_after: error.retry_after(), inner: Box::new(error) }
    }

    /// The group cannot be one.
    #[cfg(any(feature = "nim", feature = "yunshop"))]
    pub(crate) fn no_group(vendor: Vendor, why: &'static str) -> Self {
        Self { vendor, retryable: false, retry_after: None, inner: why.into() }
    }

    /// Whose it is.
    #[must_use]
    pub fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// How long the vendor wants to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.inner)
    }
}

/// A vendor's client as a [`Source`], its roster as [`Members`].
macro_rules! source {
    ($vendor:ident, $client:ty, $roster:ty, $error:ty, $member:expr, |$this:ident, $group:ident| $made:expr) => {
        impl crate::source::Failed for $error {
            fn is_retryable(&self) -> bool {
                self.is_retryable()
            }

            fn retry_after(&self) -> Option<std::time::Duration> {
                self.retry_after()
            }
        }

        impl From<$roster> for crate::Members {
            fn from(roster: $roster) -> Self {
                Self::new(crate::Vendor::$vendor, roster, $member)
            }
        }

        impl crate::Source for $client {
            fn vendor(&self) -> crate::Vendor {
                crate::Vendor::$vendor
            }

            fn members(&self, group: &str) -> Result<crate::Members, crate::Error> {
                let ($this, $group) = (self, group);
                Ok($made.into())
            }
        }
    };
}
#[cfg(any(feature = "agora", feature = "nim", feature = "tim", feature = "wkteam", feature = "yunshop"))]
pub(crate) use source;
