//! What can go wrong, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::codes::ApiErrorKind;

/// What can go wrong. Its texts name no URL, no body and no secret. Clones share the cause: all who waited for one login get the
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
    /// Whether the same read may work a moment later. The client has tried that already. Never for a refusal of
    /// the API itself.
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

    /// Whether the login, or the session, was refused.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        use ApiErrorKind as Kind;
        matches!(self, Self::Api(error) if matches!(error.kind, Kind::NotLoggedIn | Kind::WrongPassword | Kind::NoSuchMember))
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
    /// 429: too many calls. The shop has no such limit; a proxy in front of it may.
    Throttled,
    /// 503: perhaps the shop is being upgraded.
    Maintenance,
    /// Any other 5xx: the shop, or a gateway in front of it.
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
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// What the framework under the shop says (`{"message": …}`), shortened and without anything that could be a secret.
    pub message: String,
    /// How many attempts were made.
    pub attempts: u32,
    snippet: String,
    body: Vec<u8>,
}

impl StatusError {
    pub(crate) fn new(
        command: &'static str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let message = serde_json::from_slice::<Value>(body).ok();
        let message = message.as_ref().and_then(|body| body.get("message")?.as_str());
        let message = message.map(|message| scrub(message, secrets)).unwrap_or_default();
        let kind = match status.as_u16() {
            429 => StatusErrorKind::Throttled,
            503 => StatusErrorKind::Maintenance,
            500.. => StatusErrorKind::Server,
            _ => StatusErrorKind::Http,
        };
        let (retry_after, content_type) = (retry_after(headers), content_type(headers, secrets));
        let (snippet, body) = (snippet(body, secrets), beginning(body));
        Self { command, status, kind, retry_after, content_type, message, attempts: 0, snippet, body }
    }

    /// What the answer begins with, for who runs the shop: one line of text without tags, scripts and styles, and without
    /// anything in it that could be a token, a session or a phone number. It may hold people's names, so no error prints it.
    #[must_use]
    pub fn snippet(&self) -> &str {
        &self.snippet
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
            .field("content_type", &self.content_type)
            .field("message", &self.message)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: HTTP status {}", self.command, self.status.as_u16())?;
        f.write_str(match self.kind {
            StatusErrorKind::Throttled => ": too many requests; slow down",
            StatusErrorKind::Maintenance => ": the shop is down for maintenance; try again later",
            StatusErrorKind::Server => " from the shop or a gateway in front of it; try again later",
            StatusErrorKind::Http if self.status.is_redirection() => {
                ", a redirect, which is not followed: it would take the session to another host; check the base URL"
            }
            StatusErrorKind::Http => ": this is not the shop's API; check the base URL and where the shop is installed",
        })?;
        if !self.message.is_empty() {
            write!(f, " [server: {}]", self.message)?;
        }
        write_attempts(f, self.attempts)
    }
}

/// The API said no, with HTTP status 200 as it always does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The endpoint that refused.
    pub command: &'static str,
    /// What it means for the caller.
    pub kind: ApiErrorKind,
    /// `data.login_status`, where there is one: the vendor's own class of refusal.
    pub login_status: Option<i64>,
    /// `data.status`, where there is one.
    pub status: Option<i64>,
    /// `msg`: shortened, and without anything in it that could be a token, a session or a phone number.
    pub message: String,
    /// The enterprise that was asked for and the one that answered, for [`ApiErrorKind::OtherEnterprise`].
    pub enterprises: Option<(u64, u64)>,
    /// How many attempts were made.
    pub attempts: u32,
}

impl ApiError {
    pub(crate) fn new(command: &'static str, kind: ApiErrorKind, message: &str, secrets: &[&str]) -> Self {
        Self {
            command,
            kind,
            login_status: None,
            status: None,
            message: scrub(message, secrets),
            enterprises: None,
            attempts: 0,
        }
    }

    #[cfg(feature = "client")]
    pub(crate) fn other_enterprise(command: &'static str, wanted: u64, found: u64) -> Self {
        let error = Self::new(command, ApiErrorKind::OtherEnterprise, "", &[]);
        Self { enterprises: Some((wanted, found)), attempts: 1, ..error }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, advice) = self.kind.words();
        write!(f, "{}: {what}", self.command)?;
        for (name, number) in [("login_status", self.login_status), ("status", self.status)] {
            if let Some(number) = number {
                write!(f, " ({name} {number})")?;
            }
        }
        if let Some((wanted, found)) = self.enterprises {
            write!(f, " (asked in {wanted}, answered from {found})")?;
        }
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
    /// A success, and `data`, or the list in it, is null or missing.
    EmptyData,
    /// JSON, but without `result`: another program answered, or the framework under the shop did.
    NoResult,
    /// No JSON at all.
    NotJson,
    /// The JSON ends in the middle; another try may bring all of it.
    CutOff,
    /// JSON of another shape.
    Shape,
    /// Where a file was asked for, something else than one: a page, or a text.
    NoFile,
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
    snippet: String,
    body: Vec<u8>,
}

impl DecodeError {
    pub(crate) fn new(
        command: &'static str,
        kind: DecodeErrorKind,
        reason: String,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let (snippet, body) = (snippet(body, secrets), beginning(body));
        Self { command, kind, reason, content_type: content_type(headers, secrets), attempts: 0, snippet, body }
    }

    /// What the answer begins with, as [`StatusError::snippet`].
    #[must_use]
    pub fn snippet(&self) -> &str {
        &self.snippet
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
fn beginning(body: &[u8]) -> Vec<u8> {
    body[..body.len().min(4096)].to_vec()
}

/// The text at the beginning of a body, as it may be shown.
fn snippet(body: &[u8], secrets: &[&str]) -> String {
    let body = String::from_utf8_lossy(&body[..body.len().min(16_384)]);
    let mut text = String::new();
    let mut rest = body.as_ref();
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let hidden = ["script", "style"]
            .into_iter()
            .find(|name| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
        let end = match hidden {
            Some(name) => tag.to_ascii_lowercase().find(&format!("</{name}")).map(|end| end + 2),
            None => Some(0),
        };
        rest = end.and_then(|end| tag[end..].split_once('>')).map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    scrub(&text.split_whitespace().collect::<Vec<_>>().join(" "), secrets)
}

fn write_attempts(f: &mut fmt::Formatter<'_>, attempts: u32) -> fmt::Result {
    if attempts > 1 { write!(f, ", {attempts} attempts") } else { Ok(()) }
}

fn content_type(headers: &HeaderMap, secrets: &[&str]) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(|text| scrub(text, secrets))
}

/// The seconds form of `Retry-After`; the client reads the date form as well.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// A server's own words, safe to print: one line, not long, and no run of characters that could be a session (PHP's have 22
/// to 40 characters), a token, a path with one, or a Chinese mobile number. The `secrets` go first: what is cut otherwise could
/// leave half of one.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    const LONGEST_WORD: usize = 20;
    const LONGEST_TEXT: usize = 300;
    let secret_like = |c: char| c.is_ascii_alphanumeric() || "*-_+/=%.".contains(c);
    let phone = |run: &str| run.len() == 11 && run.starts_with('1') && run.bytes().all(|b| b.is_ascii_digit());
    let mut secrets: Vec<&str> = secrets.iter().copied().filter(|secret| !secret.is_empty()).collect();
    // One may be part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret, "…");
        text = text.replace(&utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(), "…");
    }
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

#[cfg(test)]
mod tests {
    use super::{scrub, snippet};

    #[test]
    fn what_could_be_a_secret_is_cut_out_and_short_words_stay() {
        assert_eq!(scrub("会话 q1w2e3r4t5y6u7i8o9p0asdfgh 不存在,\n请重试", &[]), "会话 … 不存在, 请重试");
        assert_eq!(scrub("用户 13800000000 不存在", &[]), "用户 … 不存在");
        assert_eq!(scrub("  Sorry,您没有操作权限 ", &[]), "Sorry,您没有操作权限");
        assert_eq!(scrub(&"张 ".repeat(400), &[]).chars().count(), 300);
    }

    #[test]
    fn a_secret_goes_whole_before_anything_is_cut() {
        let long = "密码 ".repeat(120);
        let run = "ab!0123456789012345678901234567890!cd";
        for secret in [long.trim(), run, "p@ss word"] {
            let said = scrub(&format!("错误: {secret} 吧"), &["p@ss", secret]);
            assert_eq!(said, "错误: … 吧");
        }
        assert_eq!(scrub("x=p%40ss%20word", &["p@ss word"]), "x=…");
    }

    #[test]
    fn a_snippet_is_the_text_of_a_page() {
        let page = b"<html><head><title>405 Not Allowed</title><STYLE>a{b}</STYLE><script>if (1<2) {}</script></head>\n<body>nginx 13800000000";
        assert_eq!(snippet(page, &[]), "405 Not Allowed nginx …");
        assert_eq!(snippet(b"<script>never closed", &[]), "");
        assert_eq!(snippet(b"a <b c", &[]), "a");
        assert_eq!(snippet("<b>\u{130}<script>x</script>y".as_bytes(), &[]), "\u{130} y");
    }
}
