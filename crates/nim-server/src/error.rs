//! What can go wrong, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::codes::{self, ApiErrorKind};

/// What can go wrong. Its texts name no URL, no body and no secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The request cannot be built; nothing was sent.
    Build(BuildError),
    /// No whole response came back.
    #[cfg(feature = "client")]
    Transport(TransportFailure),
    /// The HTTP status is not 200, and the body is no answer of the API.
    Status(StatusError),
    /// The API says no.
    Api(Box<ApiError>),
    /// The answer is not what the API documents.
    Decode(Box<DecodeError>),
    /// A list cannot be read to its end.
    Walk(WalkError),
}

impl Error {
    /// Whether the same read may work a moment later. The client has tried that already.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Build(_) | Self::Walk(_) => false,
            #[cfg(feature = "client")]
            Self::Transport(failure) => failure.error.is_retryable(),
            Self::Status(error) => matches!(error.status.as_u16(), 408 | 425 | 429 | 500..),
            Self::Api(error) => error.is_retryable(),
            Self::Decode(error) => error.cut_off,
        }
    }

    /// How long to wait before the next try, where the server says so or the documents do.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(error) => error.retry_after,
            Self::Api(error) if error.kind == ApiErrorKind::Throttled => Some(codes::PENALTY),
            _ => None,
        }
    }

    /// How many attempts were made; 0 where nothing was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Build(_) | Self::Walk(_) => 0,
            #[cfg(feature = "client")]
            Self::Transport(failure) => failure.error.attempts(),
            Self::Status(error) => error.attempts,
            Self::Api(error) => error.attempts,
            Self::Decode(error) => error.attempts,
        }
    }

    /// The name of the call, to tell the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Build(_) | Self::Walk(_) => None,
            #[cfg(feature = "client")]
            Self::Transport(failure) => failure.request_id.as_deref(),
            Self::Status(error) => error.request_id.as_deref(),
            Self::Api(error) => error.request_id.as_deref(),
            Self::Decode(error) => error.request_id.as_deref(),
        }
    }

    #[cfg(feature = "client")]
    pub(crate) fn set_request_id(&mut self, id: String) {
        match self {
            Self::Build(_) | Self::Walk(_) => {}
            Self::Transport(failure) => failure.request_id = Some(id),
            Self::Status(error) => error.request_id = Some(id),
            Self::Api(error) => error.request_id = Some(id),
            Self::Decode(error) => error.request_id = Some(id),
        }
    }

    /// The first 4 KiB of the answer that made the error, where one came. They may hold people's names, and what a server
    /// echoes of a request: look at them, do not log them. No text of an error quotes them.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        match self {
            Self::Build(_) | Self::Walk(_) => None,
            #[cfg(feature = "client")]
            Self::Transport(_) => None,
            Self::Status(error) => Some(error.body()),
            Self::Api(error) => Some(error.body()),
            Self::Decode(error) => Some(error.body()),
        }
    }

    /// The API's own error, where it gave one.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            #[cfg(feature = "client")]
            Self::Transport(failure) => failure.fmt(f),
            Self::Status(error) => error.fmt(f),
            Self::Api(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Walk(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The texts of the others are passed on above; only the transport has a cause of its own.
            #[cfg(feature = "client")]
            Self::Transport(failure) => failure.error.source(),
            _ => None,
        }
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl From<WalkError> for Error {
    fn from(error: WalkError) -> Self {
        Self::Walk(error)
    }
}

#[cfg(feature = "client")]
impl From<groupmembers_http::TransportError> for Error {
    fn from(error: groupmembers_http::TransportError) -> Self {
        Self::Transport(TransportFailure { error, request_id: None })
    }
}

/// A call that brought no whole response.
#[cfg(feature = "client")]
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportFailure {
    /// What happened.
    pub error: groupmembers_http::TransportError,
    /// The name of the call, to tell the vendor's support.
    pub request_id: Option<String>,
}

#[cfg(feature = "client")]
impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        write_request_id(f, self.request_id.as_ref())
    }
}

/// Something given by the caller cannot be used. Names the value, never shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct BuildError {
    name: &'static str,
    problem: Cow<'static, str>,
}

impl BuildError {
    pub(crate) fn new(name: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { name, problem: problem.into() }
    }

    /// What cannot be used.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Why, and what to do.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// The beginning of an answer, which is not printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Body(Vec<u8>);

impl Body {
    /// So much of a body is kept.
    const KEPT: usize = 4096;

    pub(crate) fn of(body: &[u8]) -> Self {
        Self(body[..body.len().min(Self::KEPT)].to_vec())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// An HTTP status that the API itself never gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The status.
    pub status: StatusCode,
    /// What the server asked for.
    pub retry_after: Option<Duration>,
    /// The name of the call.
    pub request_id: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    pub(crate) body: Body,
}

impl StatusError {
    /// The first 4 KiB of the answer. They may hold anything: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.0
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}", self.status.as_u16())?;
        f.write_str(match self.status.as_u16() {
            300..=399 => {
                ", a redirect, which is not followed: it would take the CheckSum to another host; check the base URL"
            }
            429 => ": too many requests; slow down",
            500.. => " from the server or a gateway in front of it; try again later",
            _ => ": this is not the NIM API; check the base URL, which ends in /nimserver",
        })?;
        write_request_id(f, self.request_id.as_ref())?;
        write_attempts(f, self.attempts)
    }
}

/// The API said no, with HTTP status 200 as it always does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The call that was refused.
    pub command: &'static str,
    /// The room or team it was about, where the client knows it.
    pub group: Option<u64>,
    /// `code`.
    pub code: i64,
    /// What the code, and with 414 the text, means for the caller.
    pub kind: ApiErrorKind,
    /// `desc`, shortened, and without anything in it that could be a signature or a key.
    pub desc: String,
    /// With [`ApiErrorKind::Clock`]: by how many seconds this machine's clock is behind the server's `Date`.
    pub clock_skew: Option<i64>,
    /// The name of the call, to tell the vendor's support.
    pub request_id: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    body: Body,
}

impl ApiError {
    pub(crate) fn new(command: &'static str, code: i64, desc: &str, body: &[u8]) -> Self {
        Self {
            command,
            group: None,
            code,
            kind: codes::find(code, desc).0,
            desc: scrub(desc),
            clock_skew: None,
            request_id: None,
            attempts: 0,
            body: Body::of(body),
        }
    }

    /// The first 4 KiB of the answer, as the server gave it: fields besides `code` and `desc` are in it, and what a server
    /// echoes of a request. Look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.0
    }

    /// Whether the same read may work a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Throttled | ApiErrorKind::Server)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.command)?;
        if let Some(group) = self.group {
            write!(f, " of {group}")?;
        }
        let (_, what, advice) = codes::find(self.code, &self.desc);
        write!(f, ": {what} ({})", self.code)?;
        if !advice.is_empty() {
            write!(f, ": {advice}")?;
        }
        if let Some(skew) = self.clock_skew.filter(|&skew| skew != 0) {
            let direction = if skew > 0 { "behind" } else { "ahead of" };
            write!(f, " (it is {} s {direction} the server's)", skew.unsigned_abs())?;
        }
        if !self.desc.is_empty() {
            write!(f, " [server: {}]", self.desc)?;
        }
        write_request_id(f, self.request_id.as_ref())?;
        write_attempts(f, self.attempts)
    }
}

/// An answer that is not what the API documents.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The call that was answered.
    pub command: &'static str,
    /// What is wrong, and where; it quotes nothing of the answer but names of fields.
    pub reason: String,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// Whether the answer ends in the middle: then another try may bring all of it.
    pub cut_off: bool,
    /// The name of the call.
    pub request_id: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    body: Body,
}

impl DecodeError {
    pub(crate) fn new(
        command: &'static str,
        reason: impl Into<String>,
        content_type: Option<String>,
        body: &[u8],
    ) -> Self {
        let body = Body::of(body);
        Self { command, reason: reason.into(), content_type, cut_off: false, request_id: None, attempts: 0, body }
    }

    /// The first 4 KiB of the answer. They hold people's names: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.0
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("command", &self.command)
            .field("reason", &self.reason)
            .field("content_type", &self.content_type)
            .field("cut_off", &self.cut_off)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the answer cannot be read: {}", self.command, self.reason)?;
        if let Some(content_type) = self.content_type.as_ref().filter(|t| !t.starts_with("application/json")) {
            write!(f, " (content type {})", scrub(content_type))?;
        }
        write_request_id(f, self.request_id.as_ref())?;
        write_attempts(f, self.attempts)
    }
}

/// A list that cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct WalkError {
    what: Cow<'static, str>,
}

impl WalkError {
    pub(crate) fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into() }
    }
}

fn write_request_id(f: &mut fmt::Formatter<'_>, id: Option<&String>) -> fmt::Result {
    id.map_or(Ok(()), |id| write!(f, " [RequestId {}]", scrub(id)))
}

fn write_attempts(f: &mut fmt::Formatter<'_>, attempts: u32) -> fmt::Result {
    if attempts > 1 { write!(f, ", {attempts} attempts") } else { Ok(()) }
}

/// A server's own words, safe to print: one line, not long, and no run of characters that could be a signature or a key.
pub(crate) fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 32;
    const LONGEST_TEXT: usize = 300;
    let secret_like = |c: char| c.is_ascii_alphanumeric() || "*-_+/=%.".contains(c);
    let mut clean = String::new();
    let mut run = String::new();
    for c in text.trim().chars().chain(['\n']) {
        if secret_like(c) {
            run.push(c);
            continue;
        }
        clean.push_str(if run.len() > LONGEST_WORD { "…" } else { &run });
        run.clear();
        clean.push(if c.is_control() { ' ' } else { c });
    }
    match clean.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", clean[..end].trim_end()),
        None => clean.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn long_runs_are_cut_out_and_short_words_stay() {
        let sum = "20fab1286a".repeat(4);
        assert_eq!(scrub(&format!("bad sum checksum={sum}&x=1\nnext")), "bad sum …&x=1 next");
        assert_eq!(scrub("  聊天室不存在 9500000001 "), "聊天室不存在 9500000001");
        assert_eq!(scrub(&"张 ".repeat(400)).chars().count(), 300);
    }
}
