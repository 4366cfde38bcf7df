//! A list's pages one after the other, for those who want the vendor's answers as they are.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;

/// Pages as a stream, or by [`next`](Self::next). Ends behind the last page, or behind an error.
#[must_use = "nothing is asked for until a page is taken"]
pub struct Pages<T, E> {
    stream: BoxStream<'static, Result<T, E>>,
}

impl<T, E> fmt::Debug for Pages<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl<T: Send + 'static, E: Send + 'static> Pages<T, E> {
    /// Starts with `first`; `fetch` brings a request's page, and what to do for the one behind it.
    pub fn new<Q, F>(first: Q, fetch: impl Fn(Q) -> F + Send + 'static) -> Self
    where
        Q: Send + 'static,
        F: Future<Output = Result<(T, Result<Option<Q>, E>), E>> + Send + 'static,
    {
        let stream = futures_util::stream::unfold((Some(Ok(first)), fetch), |(request, fetch)| async move {
            match request? {
                Err(error) => Some((Err(error), (None, fetch))),
                Ok(request) => match fetch(request).await {
                    Ok((page, next)) => Some((Ok(page), (next.transpose(), fetch))),
                    Err(error) => Some((Err(error), (None, fetch))),
                },
            }
        });
        Self { stream: stream.boxed() }
    }

    /// The next page.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        self.stream.next().await
    }
}

impl<T, E> Stream for Pages<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next_unpin(context)
    }
}
