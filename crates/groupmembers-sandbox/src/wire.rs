//! The connection itself: what is put on the wire, and how it is broken on purpose.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::connect_info::Connected,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    serve::IncomingStream,
};
use futures_util::stream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Long enough for the first half of a body to have left before the connection breaks.
const SETTLE: Duration = Duration::from_millis(50);
const DRIP: Duration = Duration::from_millis(200);

/// What happens to the connection while an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// RST before any byte of the answer.
    Reset,
    /// RST after half of the body.
    ResetMidBody,
    /// An orderly end after half of the body; Content-Length promised all of it.
    Cut,
    /// A byte every 200 ms; Content-Length is right.
    Drip,
    /// The answer, then white space for ever.
    Endless,
}

/// Builds the answer as it will appear on the wire.
pub(crate) fn respond(
    peer: &Peer,
    delivery: Delivery,
    status: u16,
    headers: Vec<(header::HeaderName, String)>,
    body: Vec<u8>,
) -> Response {
    let length = body.len();
    let half = length / 2;
    let body = match delivery {
        Delivery::Whole => Body::from(body),
        Delivery::Reset => {
            peer.reset();
            Body::empty()
        }
        Delivery::Cut => broken(body, half, None),
        Delivery::ResetMidBody => broken(body, half, Some(peer.clone())),
        Delivery::Drip => Body::from_stream(stream::unfold((Bytes::from(body), 0), |(body, at)| async move {
            if at > 0 {
                tokio::time::sleep(DRIP).await;
            }
            (at < body.len()).then(|| (Ok::<_, Infallible>(body.slice(at..=at)), (body, at + 1)))
        })),
        Delivery::Endless => Body::from_stream(stream::unfold(Some(Bytes::from(body)), |first| async move {
            let chunk = first.unwrap_or_else(|| Bytes::from_static(&[b' '; 16 * 1024]));
            Some((Ok::<_, Infallible>(chunk), None))
        })),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            // An answer may set several cookies.
            if name == header::SET_COOKIE {
                response.headers_mut().append(name, value);
            } else {
                response.headers_mut().insert(name, value);
            }
        }
    }
    if !matches!(delivery, Delivery::Endless | Delivery::Reset) {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// A body that gives its first `half` bytes and then fails, which makes the server drop the connection.
fn broken(body: Vec<u8>, half: usize, reset: Option<Peer>) -> Body {
    let mut first = Bytes::from(body);
    first.truncate(half);
    Body::from_stream(stream::unfold(Some(first), move |first| {
        let reset = reset.clone();
        async move {
            if let Some(first) = first {
                return Some((Ok(first), None));
            }
            tokio::time::sleep(SETTLE).await;
            if let Some(peer) = reset {
                peer.reset();
            }
            Some((Err(io::Error::other("broken off on purpose")), None))
        }
    }))
}

/// The handle of one connection that a request can break it by.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    reset: Arc<AtomicBool>,
}

impl Peer {
    fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Listener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.remote_addr().clone()
    }
}

pub(crate) async fn serve(listener: Listener, app: Router) {
    // axum's server only ever returns when the listener does, and ours retries for ever.
    let _ = axum::serve(listener, app.into_make_service_with_connect_info::<Peer>()).await;
}

pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new(listener: std::net::TcpListener) -> io::Result<Self> {
        TcpListener::from_std(listener).map(Self)
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = Peer;

    async fn accept(&mut self) -> (Connection, Peer) {
        loop {
            match self.0.accept().await {
                Ok((stream, _)) => {
                    // Small answers must not wait for the peer's acknowledgement of the ones before.
                    let _ = stream.set_nodelay(true);
                    let peer = Peer { reset: Arc::default() };
                    return (Connection { stream, peer: peer.clone() }, peer);
                }
                // Out of file descriptors, most likely: some will come back.
                Err(_) => tokio::time::sleep(SETTLE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { reset: Arc::default() })
    }
}

/// A TCP stream that refuses to write once its peer is to be reset, and then closes with a RST.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: Peer,
}

impl Connection {
    fn is_reset(&self) -> bool {
        self.peer.reset.load(Ordering::Acquire)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_reset() {
            // Closing with a linger time of zero is what makes the kernel send RST instead of FIN.
            let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_reset() {
            // A shutdown would send the FIN that the RST is to replace.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
