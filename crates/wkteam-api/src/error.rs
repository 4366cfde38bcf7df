//! What can go wrong, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::codes::ApiErrorKind;

/// What can go wrong. Its texts name no URL, no body and no secret. All who waited for one login get clones of one error.
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
    /// Whether the same read may work a moment later. The client has tried that already. Never for an answer of the API
    /// itself: haste costs the account.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Build(_) | Self::Walk(_) | Self::Api(_) => false,
            #[cfg(feature = "client")]
            Self::Transport(error) => error.is_retryable(),
            Self::Status(error) => matches!(error.status.as_u16(), 408 | 425 | 429 | 500..),
            Self::Decode(error) => error.kind == DecodeErrorKind::CutOff,
        }
    }

    /// Whether the token, or the account's password, was refused. HTTP 401 and 403 say so, and a 1001 whose words name the
    /// token; another 1001 says nothing.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        match self {
            Self::Status(error) => error.kind == StatusErrorKind::Auth,
            Self::Api(error) => matches!(error.kind, ApiErrorKind::Auth | ApiErrorKind::Token),
            _ => false,
        }
    }

    /// How long to wait before the next try, where the server says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(error) => error.retry_after,
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

    /// Whether the API said 1000 and gave nothing. That is not an empty group: a group the account is in has a member.
    #[must_use]
    pub fn is_empty_data(&self) -> bool {
        matches!(self, Self::Decode(error) if error.kind == DecodeErrorKind::EmptyData)
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

/// What an HTTP status means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusErrorKind {
    /// 401, 403: the token was refused.
    Auth,
    /// 429: too many calls.
    Throttled,
    /// 5xx: the server, or a gateway in front of it.
    Server,
    /// Anything else: probably another server.
    Http,
}

/// An HTTP status other than 200. The API's own refusals come with 200.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The endpoint that was called.
    pub command: &'static str,
    /// The status.
    pub status: StatusCode,
    /// What it means.
    pub kind: StatusErrorKind,
    /// What the server asked for.
    pub retry_after: Option<Duration>,
    /// How many attempts were made.
    pub attempts: u32,
    body: Vec<u8>,
}

impl StatusError {
    pub(crate) fn new(command: &'static str, status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let kind = match status.as_u16() {
            401 | 403 => StatusErrorKind::Auth,
            429 => StatusErrorKind::Throttled,
            500.. => StatusErrorKind::Server,
            _ => StatusErrorKind::Http,
        };
        Self { command, status, kind, retry_after, attempts: 0, body: snippet(body) }
    }

    /// The first 4 KiB of the answer: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusError")
            .field("command", &self.command)
            .field("status", &self.status)
            .field("kind", &self.kind)
            .field("retry_after", &self.retry_after)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: HTTP status {}", self.command, self.status.as_u16())?;
        f.write_str(match self.kind {
            StatusErrorKind::Auth => ": the token was refused: log in again, and check that it belongs to this host",
            StatusErrorKind::Throttled => ": too many requests; slow down",
            StatusErrorKind::Server => " from the server or a gateway in front of it; try again later",
            StatusErrorKind::Http if self.status.is_redirection() => {
                ", a redirect, which is not followed: it would take the token to another host; check the base URL"
            }
            StatusErrorKind::Http => ": this is not the wkteam API; check the base URL",
        })?;
        write_attempts(f, self.attempts)
    }
}

/// The API said no, with HTTP status 200 as it always does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The endpoint that refused.
    pub command: &'static str,
    /// The group it was about, where the client knows it.
    pub group: Option<String>,
    /// `code` as it came, trimmed: "1001", and perhaps one day another one.
    pub code: String,
    /// What it means for the caller.
    pub kind: ApiErrorKind,
    /// `message`, else `msg`: shortened, and without anything in it that could be a token, a `wId` or a phone number.
    pub message: String,
    /// Whether the refusal stood inside an answer that said 1000.
    pub nested: bool,
    /// How many attempts were made.
    pub attempts: u32,
}

impl ApiError {
    pub(crate) fn new(command: &'static str, code: &str, message: &str) -> Self {
        let (kind, message) = (ApiErrorKind::of(command, code, message), scrub(message));
        Self { command, group: None, code: scrub(code), kind, message, nested: false, attempts: 0 }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.command)?;
        if let Some(group) = &self.group {
            write!(f, " of group {}", group.escape_debug())?;
        }
        let (what, advice) = self.kind.words(self.command);
        write!(f, ": {what} ({})", self.code)?;
        if !advice.is_empty() {
            write!(f, ": {advice}")?;
        }
        if !self.message.is_empty() {
            write!(f, " [server: {}]", self.message)?;
        }
        write_attempts(f, self.attempts)
    }
}

/// In which way an answer is not what the API documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// 1000, and `data` is null, missing or empty where something must be.
    EmptyData,
    /// JSON, but without `code`: another program answered, or the framework under the API did.
    NoCode,
    /// No JSON at all.
    NotJson,
    /// The JSON ends in the middle; another try may bring all of it.
    CutOff,
    /// JSON of another shape.
    Shape,
}

/// An answer that is not what the API documents.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The endpoint that answered.
    pub command: &'static str,
    /// In which way.
    pub kind: DecodeErrorKind,
    /// What is wrong, and where; it quotes nothing of the answer but names of fields.
    pub reason: String,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    body: Vec<u8>,
}

impl DecodeError {
    pub(crate) fn new(
        command: &'static str,
        kind: DecodeErrorKind,
        reason: String,
        content_type: Option<String>,
        body: &[u8],
    ) -> Self {
        Self { command, kind, reason, content_type, attempts: 0, body: snippet(body) }
    }

    /// The first 4 KiB of the answer. They hold people's names: look at them, do not log them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("command", &self.command)
            .field("kind", &self.kind)
            .field("reason", &self.reason)
            .field("content_type", &self.content_type)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
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

#[cfg(feature = "client")]
impl WalkError {
    pub(crate) fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into() }
    }
}

/// So much of a body is kept.
fn snippet(body: &[u8]) -> Vec<u8> {
    body[..body.len().min(4096)].to_vec()
}

fn write_attempts(f: &mut fmt::Formatter<'_>, attempts: u32) -> fmt::Result {
    if attempts > 1 { write!(f, ", {attempts} attempts") } else { Ok(()) }
}

/// A server's own words, safe to print: one line, not long, and no run of characters that could be a token, a `wId` (36
/// characters), an add-friend ticket or a Chinese mobile number.
pub(crate) fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 30;
    const LONGEST_TEXT: usize = 300;
    let secret_like = |c: char| c.is_ascii_alphanumeric() || "*-_+/=%.".contains(c);
    let phone = |run: &str| run.len() == 11 && run.starts_with('1') && run.bytes().all(|b| b.is_ascii_digit());
    let mut clean = String::new();
    let mut run = String::new();
    for c in text.trim().chars().chain(['\n']) {
        if secret_like(c) {
            run.push(c);
            continue;
        }
        clean.push_str(if run.len() > LONGEST_WORD || phone(&run) { "…" } else { &run });
        run.clear();
        clean.push(if c.is_control() { ' ' } else { c });
    }
    match clean.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", clean[..end].trim_end()),
        None => clean.trim_end().to_owned(),
    }
}

/// A scrubbed text without a secret: whole, as scrubbing left it, or cut off at the end.
#[cfg(feature = "client")]
pub(crate) fn without(text: &str, secret: &str) -> String {
    let mut clean = text.to_owned();
    for form in [secret, &scrub(secret)] {
        if form != "…" {
            clean = clean.replace(form, "…");
        }
        let cut = clean.trim_end_matches('…').len();
        let starts = form.char_indices().map(|(at, _)| form[..at].trim_end()).filter(|start| !start.is_empty());
        if cut < clean.len()
            && let Some(start) = starts.rev().find(|start| clean[..cut].ends_with(start))
        {
            clean.truncate(cut - start.len());
            clean.push('…');
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn what_could_be_a_secret_is_cut_out_and_short_words_stay() {
        let w_id = "00000000-1111-2222-3333-444444444444";
        assert_eq!(scrub(&format!("实例 {w_id} 不存在,\n请重试")), "实例 … 不存在, 请重试");
        assert_eq!(scrub("用户 13800000000 不存在"), "用户 … 不存在");
        assert_eq!(scrub("  群 24343869723@chatroom "), "群 24343869723@chatroom");
        assert_eq!(scrub(&"张 ".repeat(400)).chars().count(), 300);
    }
}
