//! The connection itself: what is put on the wire, and how it is broken on purpose.

use std::{
    convert::Infallible,
    io::{self, Write as _},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
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
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt as _, stream, task::AtomicWaker};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Long enough for the first half of a body to have left before the connection breaks.
const SETTLE: Duration = Duration::from_millis(50);
const DRIP: Duration = Duration::from_millis(200);

/// So many blocks of so many bytes make a gibibyte.
const BLOCKS: usize = 1024;
const BLOCK: usize = 1024 * 1024;

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
    /// RST when the body has arrived.
    ResetAfterBody,
    /// An orderly end in the middle of the head.
    CutHead,
    /// Content-Length promises twice the body, and the connection stays open.
    LongLength,
    /// Content-Length promises half of the body.
    ShortLength,
    /// A chunk whose length is no number.
    BadChunks,
    /// No answer of HTTP.
    NoHttp,
    /// A byte every 200 ms; Content-Length is right.
    Drip,
    /// The answer, then white space for ever.
    Endless,
    /// The same with an end, compressed.
    Bomb,
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
    if let Some(raw) = raw(delivery, status, &headers, &body) {
        peer.say(raw);
    }
    let body = match delivery {
        Delivery::Whole => Body::from(body),
        Delivery::CutHead | Delivery::LongLength | Delivery::ShortLength | Delivery::BadChunks | Delivery::NoHttp => {
            Body::empty()
        }
        Delivery::Reset => {
            peer.reset();
            Body::empty()
        }
        Delivery::ResetAfterBody => {
            let peer = peer.clone();
            tokio::spawn(async move {
                tokio::time::sleep(SETTLE).await;
                peer.reset();
            });
            Body::from(body)
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
        Delivery::Bomb => {
            let (first, block) = bomb(&body);
            let blocks = stream::iter(std::iter::once(first).chain(std::iter::repeat_n(block, BLOCKS)));
            Body::from_stream(blocks.map(Ok::<_, Infallible>))
        }
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
    if matches!(
        delivery,
        Delivery::Whole | Delivery::ResetMidBody | Delivery::ResetAfterBody | Delivery::Cut | Delivery::Drip
    ) {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// What no HTTP server would write.
fn raw(delivery: Delivery, status: u16, headers: &[(header::HeaderName, String)], body: &[u8]) -> Option<Raw> {
    let mut head = format!("HTTP/1.1 {status} On Purpose\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = |promised: usize| [format!("{head}content-length: {promised}\r\n\r\n").as_bytes(), body].concat();
    let (bytes, then) = match delivery {
        Delivery::CutHead => (head.as_bytes()[..head.len() / 2].to_vec(), Then::Close),
        Delivery::LongLength => (length(body.len() * 2 + 1), Then::Hold),
        Delivery::ShortLength => (length(body.len() / 2), Then::Close),
        Delivery::BadChunks => {
            let (first, rest) = body.split_at(body.len() / 2);
            let mut bytes = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n", first.len()).into_bytes();
            bytes.extend([first, b"\r\nmany\r\n", rest, b"\r\n0\r\n\r\n"].concat());
            (bytes, Then::Close)
        }
        Delivery::NoHttp => (b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), Then::Hold),
        _ => return None,
    };
    Some(Raw { bytes: bytes.into(), then })
}

/// The compressed body, and a block that can follow it any number of times: it only refers to white space before it.
fn bomb(body: &[u8]) -> (Bytes, Bytes) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut block = |bytes: &[u8]| {
        // Writing to memory cannot fail.
        let _ = encoder.write_all(bytes).and_then(|()| encoder.flush());
        Bytes::from(std::mem::take(encoder.get_mut()))
    };
    let blank = vec![b' '; BLOCK];
    let first = block(&[body, &blank[..64 * 1024]].concat());
    (first, block(&blank))
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer(Arc<Broken>);

#[derive(Debug, Default)]
struct Broken {
    reset: AtomicBool,
    /// Wakes who waits for the next request.
    reader: AtomicWaker,
    raw: Mutex<Option<Raw>>,
}

/// Bytes that go out instead of what the server writes from now on.
#[derive(Debug)]
struct Raw {
    bytes: Bytes,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Close,
    Hold,
}

impl Peer {
    fn reset(&self) {
        self.0.reset.store(true, Ordering::Release);
        self.0.reader.wake();
    }

    fn say(&self, raw: Raw) {
        *self.0.raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(raw);
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

pub(crate) struct Listener {
    listener: TcpListener,
    traffic: Arc<Traffic>,
}

/// What goes over all connections.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Bytes that went out.
    pub(crate) sent: AtomicU64,
    /// Connections that are open.
    pub(crate) open: AtomicUsize,
}

impl Listener {
    pub(crate) fn new(listener: std::net::TcpListener, traffic: Arc<Traffic>) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::from_std(listener)?, traffic })
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = Peer;

    async fn accept(&mut self) -> (Connection, Peer) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    // Small answers must not wait for the peer's acknowledgement of the ones before.
                    let _ = stream.set_nodelay(true);
                    let peer = Peer::default();
                    self.traffic.open.fetch_add(1, Ordering::Relaxed);
                    return (Connection { stream, peer: peer.clone(), traffic: Arc::clone(&self.traffic) }, peer);
                }
                // Out of file descriptors, most likely: some will come back.
                Err(_) => tokio::time::sleep(SETTLE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer::default())
    }
}

/// A TCP stream that refuses to write once its peer is to be reset, and then closes with a RST.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: Peer,
    traffic: Arc<Traffic>,
}

impl Connection {
    fn is_reset(&self) -> bool {
        self.peer.0.reset.load(Ordering::Acquire)
    }

    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.traffic.sent.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_reset() {
            // Closing with a linger time of zero is what makes the kernel send RST instead of FIN.
            let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
        self.traffic.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.peer.0.reader.register(cx.waker());
        if self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let peer = self.peer.clone();
        let mut raw = peer.0.raw.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(raw) = &mut *raw else { return self.write(cx, buf) };
        while !raw.bytes.is_empty() {
            let written = std::task::ready!(self.write(cx, &raw.bytes))?;
            let _ = raw.bytes.split_to(written);
        }
        match raw.then {
            Then::Close => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Then::Hold => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_reset() {
            // A shutdown would send the FIN that the RST is to replace.
            return Poll::Ready(Ok(()));
        }
        let held = matches!(
            &*self.peer.0.raw.lock().unwrap_or_else(PoisonError::into_inner),
            Some(Raw { then: Then::Hold, .. })
        );
        if held {
            // The other side hangs up first.
            let (mut bytes, stream) = ([0; 64], &mut self.stream);
            let mut buffer = ReadBuf::new(&mut bytes);
            while std::task::ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer)).is_ok()
                && !buffer.filled().is_empty()
            {
                buffer.clear();
            }
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
