//! What can go wrong, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::codes::ApiErrorKind;

/// What can go wrong. Its texts name no URL, no body and no secret. Clones share the cause: all who waited for one token get the
/// same error.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The request cannot be built; nothing was sent.
    Build(BuildError),
    /// No whole response came back.
    #[cfg(feature = "client")]
    Transport(groupmembers_http::TransportError),
    /// The HTTP status is not 200.
    Status(Box<StatusError>),
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
            Self::Transport(error) => error.is_retryable(),
            Self::Status(error) => matches!(error.status.as_u16(), 408 | 425 | 429 | 500 | 502..=504),
            Self::Api(error) => match error.kind {
                ApiErrorKind::Throttled => true,
                ApiErrorKind::Server => matches!(error.status.as_u16(), 408 | 500 | 502..=504),
                _ => false,
            },
            Self::Decode(error) => error.kind == DecodeErrorKind::CutOff,
        }
    }

    /// What the API meant, where it spoke, or what its status says.
    #[must_use]
    pub fn kind(&self) -> Option<ApiErrorKind> {
        match self {
            Self::Api(error) => Some(error.kind),
            Self::Status(error) => Some(error.kind),
            _ => None,
        }
    }

    /// Whether the token was refused, or what it was to be fetched with.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        matches!(self.kind(), Some(ApiErrorKind::Auth | ApiErrorKind::Credentials))
    }

    /// Whether the caller may not do this.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        self.kind() == Some(ApiErrorKind::Permission)
    }

    /// Whether the group, or the user, does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Api(error) if error.kind == ApiErrorKind::NotFound)
    }

    /// Whether there were too many calls in this second.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.kind() == Some(ApiErrorKind::Throttled)
    }

    /// Whether the plan's limit is reached.
    #[must_use]
    pub fn is_quota(&self) -> bool {
        self.kind() == Some(ApiErrorKind::Quota)
    }

    /// How long to wait before the next try, where the server says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(error) => error.retry_after,
            Self::Api(error) => error.retry_after,
            _ => None,
        }
    }

    /// How many attempts were made; 0 where nothing was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Build(_) | Self::Walk(_) => 0,
            #[cfg(feature = "client")]
            Self::Transport(error) => error.attempts(),
            Self::Status(error) => error.attempts,
            Self::Api(error) => error.attempts,
            Self::Decode(error) => error.attempts,
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

    /// The first 4 KiB of the answer that made the error, where one came. They may hold people's names: look at them, do not log
    /// them. No text of an error quotes them. The client has cut its own tokens and secrets out of them.
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

    /// The request's path behind the app, as in `chatgroups/1/users`, where an answer came to it and the client knows it.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Build(_) | Self::Walk(_) => None,
            #[cfg(feature = "client")]
            Self::Transport(_) => None,
            Self::Status(error) => error.path.as_deref(),
            Self::Api(error) => error.path.as_deref(),
            Self::Decode(error) => error.path.as_deref(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            #[cfg(feature = "client")]
            Self::Transport(error) => error.fmt(f),
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
            Self::Transport(error) => error.source(),
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
        Self::Transport(error)
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
struct Body(Vec<u8>);

impl Body {
    /// So much of a body is kept.
    const KEPT: usize = 4096;

    fn of(body: &[u8]) -> Self {
        Self(body[..body.len().min(Self::KEPT)].to_vec())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// An HTTP status other than 200, without the API's own words: a gateway's, or another server's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The endpoint that was called.
    pub command: &'static str,
    /// The request's path behind the app, where the client knows it.
    pub path: Option<String>,
    /// The status.
    pub status: StatusCode,
    /// What it means.
    pub kind: ApiErrorKind,
    /// What the server asked for.
    pub retry_after: Option<Duration>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Whether the client has a way to another token.
    pub(crate) renewable: bool,
    body: Body,
}

impl StatusError {
    pub(crate) fn new(command: &'static str, status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        // Without words, 404 is a wrong path rather than a missing group, and 403 a wall rather than a rule of the group.
        let kind = match status.as_u16() {
            401 => ApiErrorKind::Auth,
            429 => ApiErrorKind::Throttled,
            408 | 500.. => ApiErrorKind::Server,
            _ => ApiErrorKind::Other,
        };
        Self { command, path: None, status, kind, retry_after, attempts: 0, renewable: false, body: Body::of(body) }
    }

    /// The first 4 KiB of the answer: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.0
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: HTTP status {}", self.command, self.status.as_u16())?;
        f.write_str(match self.kind {
            ApiErrorKind::Auth => ": the token was refused: check that it belongs to this app and host",
            ApiErrorKind::Throttled => ": too many calls; slow down",
            ApiErrorKind::Server => " from the server or a gateway in front of it; try again later",
            _ if self.status.is_redirection() => {
                ", a redirect, which is not followed: it would take the token to another host; check the base URL"
            }
            _ => ": this does not look like the Chat API; check the base URL and the app",
        })?;
        write_attempts(f, self.attempts)
    }
}

/// The API said no.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The endpoint that refused.
    pub command: &'static str,
    /// The group it was about, where the client knows it.
    pub group: Option<String>,
    /// The request's path behind the app, where the client knows it.
    pub path: Option<String>,
    /// The HTTP status.
    pub status: StatusCode,
    /// `error`, the vendor's word.
    pub error: String,
    /// What it means for the caller.
    pub kind: ApiErrorKind,
    /// `error_description`: shortened, and without anything in it that could be a token.
    pub error_description: String,
    /// `exception`, a Java class. It differs for one and the same error.
    pub exception: Option<String>,
    /// The server's clock, in milliseconds since 1970-01-01 UTC.
    pub timestamp: Option<u64>,
    /// What the server asked for.
    pub retry_after: Option<Duration>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Whether the client has a way to another token.
    pub(crate) renewable: bool,
    body: Body,
}

impl ApiError {
    pub(crate) fn new(command: &'static str, status: StatusCode, error: &str, description: &str, body: &[u8]) -> Self {
        Self {
            command,
            group: None,
            path: None,
            status,
            error: scrub(error),
            kind: ApiErrorKind::of(status.as_u16(), error, description),
            error_description: scrub(description),
            exception: None,
            timestamp: None,
            retry_after: None,
            attempts: 0,
            renewable: false,
            body: Body::of(body),
        }
    }

    /// The first 4 KiB of the answer, as the server gave it: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.0
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.command)?;
        if let Some(group) = &self.group {
            write!(f, " of group {}", group.escape_debug())?;
        }
        let (what, advice) = self.kind.words();
        write!(f, ": {what} ({} {})", self.status.as_u16(), self.error)?;
        if !advice.is_empty() {
            write!(f, ": {advice}")?;
        }
        if !self.error_description.is_empty() {
            write!(f, " [server: {}]", self.error_description)?;
        }
        write_attempts(f, self.attempts)
    }
}

/// In which way an answer is not what the API documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// A success, and what was asked for is null or missing.
    NoData,
    /// No JSON at all.
    NotJson,
    /// The JSON ends in the middle; another try may bring all of it.
    CutOff,
    /// JSON of another shape.
    Shape,
}

/// An answer that is not what the API documents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The endpoint that answered.
    pub command: &'static str,
    /// The request's path behind the app, where the client knows it.
    pub path: Option<String>,
    /// In which way.
    pub kind: DecodeErrorKind,
    /// What is wrong, and where; it quotes nothing of the answer but names of fields.
    pub reason: String,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    body: Body,
}

impl DecodeError {
    pub(crate) fn new(
        command: &'static str,
        kind: DecodeErrorKind,
        reason: String,
        content_type: Option<String>,
        body: &[u8],
    ) -> Self {
        Self { command, path: None, kind, reason, content_type, attempts: 0, body: Body::of(body) }
    }

    /// The first 4 KiB of the answer. They hold people's names: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.0
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the answer cannot be read: {}", self.command, self.reason)?;
        if let Some(content_type) = self.content_type.as_ref().filter(|t| !t.starts_with("application/json")) {
            write!(f, " (content type {content_type})")?;
        }
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

fn write_attempts(f: &mut fmt::Formatter<'_>, attempts: u32) -> fmt::Result {
    if attempts > 1 { write!(f, ", {attempts} attempts") } else { Ok(()) }
}

/// A server's own words, safe to print: one line, not long, and no run of characters that could be a token or a secret.
pub(crate) fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 30;
    const LONGEST_TEXT: usize = 300;
    let secret_like = |c: char| c.is_ascii_alphanumeric() || "*-_+/=%.".contains(c);
    let mut clean = String::new();
    let mut run = String::new();
    for c in text.trim().chars().chain(['\n']) {
        if secret_like(c) {
            run.push(c);
            continue;
        }
        // The vendor's own words are long, and of small letters only.
        let word = run.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        clean.push_str(if run.len() > LONGEST_WORD && !word { "…" } else { &run });
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
    fn what_could_be_a_secret_is_cut_out_and_short_words_stay() {
        let token = "YWMtabc0".repeat(5);
        assert_eq!(scrub(&format!("token {token} is\nexpired")), "token … is expired");
        assert_eq!(scrub("  do not find this group:123 "), "do not find this group:123");
        assert_eq!(scrub(&"张 ".repeat(400)).chars().count(), 300);
    }
}
