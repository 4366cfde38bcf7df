//! What a vendor crate tells the driver about one call.

use std::time::Duration;

use crate::pacer::Quota;
use crate::runtime::{Now, TransportError};

/// One call of a vendor's API: how to build it, how to read its answer, what its failures mean.
pub trait Call: Sync {
    /// What a successful answer decodes to.
    type Response: Send;
    /// The vendor's error.
    type Error: CallError;

    /// The vendor's name of the call, for traces.
    fn name(&self) -> &str;

    /// How often it may be called.
    fn quota(&self) -> Quota;

    /// The largest body to read.
    fn max_body(&self) -> usize;

    /// Whether sending it twice is harmless. Only such calls are tried again once they may have arrived.
    fn is_read(&self) -> bool {
        true
    }

    /// Builds and signs the request of one attempt.
    fn prepare(&self, attempt: &Attempt) -> impl Future<Output = Result<http::Request<Vec<u8>>, Self::Error>> + Send;

    /// Reads an answer.
    ///
    /// # Errors
    /// Everything that is not a success in the vendor's terms.
    fn decode(&self, response: http::Response<Vec<u8>>) -> Result<Self::Response, Self::Error>;
}

/// A vendor's error, as the driver sees it.
pub trait CallError: std::error::Error + Send + 'static {
    /// Wraps a transport failure.
    fn from_transport(error: TransportError) -> Self;

    /// What the driver should do about it.
    fn verdict(&self) -> Verdict;

    /// The vendor's own code of the failure, for traces.
    fn code(&self) -> Option<String> {
        None
    }

    /// Notes how many attempts were made.
    fn set_attempts(&mut self, attempts: u32);
}

/// What one attempt is made with: a signature is good for one attempt only.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attempt {
    /// The first attempt is 1.
    pub number: u32,
    /// The instant to sign with.
    pub now: Now,
    /// Unpredictable.
    pub nonce: u64,
    /// The vendor refused the credentials of the attempt before: renew them if they are still the same.
    pub renew: bool,
    /// How many connections failed so far: where a vendor has a backup host, an odd number means to use it.
    pub connect_failures: u32,
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Another attempt would fail as well.
    Fail,
    /// Another attempt may work, not before `after`.
    Retry {
        /// The server's own wish.
        after: Option<Duration>,
    },
    /// Too many calls: the bucket stays closed for the penalty, or for `after` where that is longer.
    Throttled {
        /// The server's own wish.
        after: Option<Duration>,
    },
    /// The credentials were refused: renew them once and try again.
    Renew,
}
