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
    Transport(groupmembers_http::TransportError),
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
            Self::Transport(error) => error.is_retryable(),
            // What a server does not support it will not support a moment later.
            Self::Status(error) => {
                matches!(error.status.as_u16(), 408 | 425 | 429 | 500..=599)
                    && !matches!(error.status.as_u16(), 501 | 505)
            }
            Self::Api(error) => error.is_retryable(),
            Self::Decode(error) => error.cut_off,
        }
    }

    /// How long to wait before the next try, where the server says so or the documents do.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(error) => error.retry_after,
            Self::Api(error) if error.code == 70050 => Some(Duration::from_secs(60)),
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

/// An HTTP status that the API itself never gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The status.
    pub status: StatusCode,
    /// What the server asked for.
    pub retry_after: Option<Duration>,
    /// How many attempts were made.
    pub attempts: u32,
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}", self.status.as_u16())?;
        f.write_str(match self.status.as_u16() {
            300..=399 => {
                ", a redirect, which is not followed: it would take the UserSig to another host; check the base URL"
            }
            429 => ": too many requests; slow down",
            408 | 425 => ": the server wants the request again; try again later",
            501 | 505 => ": the server does not support such requests, so it is not the TIM API; check the base URL",
            500..=599 => " from the server or a gateway in front of it; try again later",
            _ => ": this is not the TIM API; check the base URL",
        })?;
        write_attempts(f, self.attempts)
    }
}

/// The API said no, with HTTP status 200 as it always does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The command that was refused.
    pub command: &'static str,
    /// The group it was about, where the client knows it.
    pub group: Option<String>,
    /// `ErrorCode`.
    pub code: i64,
    /// What the code means for the caller.
    pub kind: ApiErrorKind,
    /// `ErrorInfo`, shortened, and without anything in it that could be a signature or a key.
    pub info: String,
    /// The server's name for the request, to tell its support.
    pub request_id: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
}

impl ApiError {
    pub(crate) fn new(command: &'static str, code: i64, info: &str, request_id: Option<String>) -> Self {
        let kind = codes::find(code).0;
        Self {
            command,
            group: None,
            code,
            kind,
            info: scrub(info),
            request_id: request_id.map(|id| scrub(&id)),
            attempts: 0,
        }
    }

    /// Whether the same read may work a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Throttled | ApiErrorKind::Server)
    }

    /// Whether a new UserSig may help: it expired, or was refused in a way that a fresh one may not be.
    #[must_use]
    pub fn wants_new_signature(&self) -> bool {
        matches!(self.code, 60004 | 60005 | 70001 | 70052 | 20002)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.command)?;
        if let Some(group) = &self.group {
            write!(f, " of group {}", shown(group))?;
        }
        let (what, advice) = codes::find(self.code).1;
        write!(f, ": {what} ({})", self.code)?;
        if !advice.is_empty() {
            write!(f, ": {advice}")?;
        }
        if !self.info.is_empty() {
            write!(f, " [server: {}]", self.info)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        write_attempts(f, self.attempts)
    }
}

/// An answer that is not what the API documents.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The command that was answered.
    pub command: &'static str,
    /// What is wrong, and where; it quotes nothing of the answer but names of fields.
    pub reason: String,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// Whether the answer ends in the middle: then another try may bring all of it.
    pub cut_off: bool,
    /// How many attempts were made.
    pub attempts: u32,
    body: Vec<u8>,
}

impl DecodeError {
    /// So much of a body is kept.
    const KEPT: usize = 4096;

    pub(crate) fn new(
        command: &'static str,
        reason: impl Into<String>,
        content_type: Option<String>,
        body: &[u8],
    ) -> Self {
        let body = body[..body.len().min(Self::KEPT)].to_vec();
        Self { command, reason: reason.into(), content_type, cut_off: false, attempts: 0, body }
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

/// An id, safe to print: the longest of the API's own have 48 bytes, but anything may be given for one.
pub(crate) fn shown(id: &str) -> String {
    const LONGEST: usize = 64;
    let cut = id.char_indices().nth(LONGEST).map(|(end, _)| end);
    let start = id[..cut.unwrap_or(id.len())].escape_debug();
    if cut.is_some() { format!("{start}…") } else { start.to_string() }
}

/// A server's own words, safe to print: one line, not long, and no run of characters that could be a signature or a key.
pub(crate) fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 40;
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
        // Marks of direction and the like are invisible, and can make a line say something else.
        let visible = !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        clean.push(if visible { c } else { ' ' });
    }
    match clean.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", clean[..end].trim()),
        None => clean.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiError, scrub, shown};

    #[test]
    fn long_runs_are_cut_out_and_short_words_stay() {
        let sig = "eJwtzN*".repeat(10);
        assert_eq!(scrub(&format!("bad sig usersig={sig}&random=1\nnext")), "bad sig …&random=1 next");
        assert_eq!(scrub("  群组不存在 @TGS#1NVTZEAE4 "), "群组不存在 @TGS#1NVTZEAE4");
        assert_eq!(scrub(&"张 ".repeat(400)).chars().count(), 300);
        assert_eq!(scrub("no\u{202e}pu\u{200b}!"), "no pu !");
    }

    #[test]
    fn ids_are_shortened_and_escaped() {
        assert_eq!(shown("@TGS#1NVTZEAE4"), "@TGS#1NVTZEAE4");
        assert_eq!(shown("组\u{1b}[2J\u{202e}x\n"), "组\\u{1b}[2J\\u{202e}x\\n");
        assert_eq!(shown(&"张".repeat(64)), "张".repeat(64));
        assert_eq!(shown(&"张".repeat(100_000)), format!("{}…", "张".repeat(64)));
    }

    #[test]
    fn nothing_a_server_or_a_caller_says_reaches_a_message_as_it_came() {
        let sig = "eJwtzN*".repeat(10);
        let nasty = format!("\u{202e}\u{1b}[31m{sig}\n");
        let mut error = ApiError::new("get_group_info", 10010, &nasty, Some(nasty.clone()));
        error.group = Some(format!("\n{}", "g".repeat(1_000)));
        let text = error.to_string();
        assert_eq!(
            text,
            format!(
                "get_group_info of group \\n{}…: no such group, or it was disbanded (10010): check the group id \
                 [server: […] [request […]",
                "g".repeat(63)
            )
        );
        assert!(!format!("{error:?}").contains("eJwtzN"), "{error:?}");
        let word = crate::GroupType::from(nasty.as_str());
        assert_eq!((word.to_string().as_str(), word.as_str()), ("[…", nasty.trim()));
    }
}
