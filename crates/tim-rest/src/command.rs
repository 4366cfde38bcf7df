//! What the commands share: the URL, the envelope, and how an answer is read.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::error::{ApiError, BuildError, DecodeError, Error, StatusError, WalkError, scrub};
use crate::lenient::Rest;
use crate::region::BaseUrl;
use crate::usersig::UserSig;

/// Everything but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One command of the REST API: how its request is built, and how its answer is read.
///
/// Overview: <https://cloud.tencent.com/document/product/269/1519>.
pub trait Command: Serialize + Send + Sync {
    /// What a successful answer holds.
    type Response: DeserializeOwned + Send;

    /// The command's wire name.
    const NAME: &'static str;

    /// The names its list goes by, where an answer has one: without it an answer is no success.
    const LISTS: &'static [&'static str] = &[];

    /// Calls a second that an app may make by default. Larger quotas are sold.
    const CALLS_PER_SECOND: u32 = 200;

    /// The service the command belongs to.
    fn service(&self) -> &'static str {
        "group_open_http_svc"
    }

    /// The group the request is about, if it is about one.
    fn group(&self) -> Option<&str> {
        None
    }

    /// Why a row of the list cannot be read, by the names of its fields and without any value of them. Such a row is
    /// set aside, and does not take its page with it.
    fn row_fault(row: &Value) -> Option<String> {
        let _ = row;
        None
    }

    /// Checks what the documents say about the request.
    ///
    /// # Errors
    /// Names the field that the server would refuse.
    fn validate(&self) -> Result<(), BuildError>;

    /// The part of an answer that all commands share.
    fn envelope(response: &mut Self::Response) -> &mut Envelope;

    /// Builds the request. `random` is any number; a fresh one for each attempt.
    ///
    /// # Errors
    /// [`Error::Build`], if [`validate`](Self::validate) finds something.
    fn to_http(&self, base: &BaseUrl, signature: &UserSig, random: u32) -> Result<http::Request<Vec<u8>>, Error> {
        self.validate()?;
        self.to_http_unchecked(base, signature, random)
    }

    /// Builds the request without holding it against the documents: their limits move.
    ///
    /// # Errors
    /// [`Error::Build`], if no URL can be made of it.
    fn to_http_unchecked(
        &self,
        base: &BaseUrl,
        signature: &UserSig,
        random: u32,
    ) -> Result<http::Request<Vec<u8>>, Error> {
        let url = format!(
            "{base}/v4/{}/{}?sdkappid={}&identifier={}&usersig={}&random={random}&contenttype=json",
            self.service(),
            Self::NAME,
            signature.sdk_app_id(),
            utf8_percent_encode(signature.identifier(), QUERY),
            signature.as_str(),
        );
        let body = serde_json::to_vec(self).map_err(|_| BuildError::new("request", "cannot be written as JSON"))?;
        http::Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| BuildError::new("base URL", "makes no valid URL together with the command").into())
    }

    /// Reads an answer. The HTTP status is 200 whatever happened; what happened is in the body.
    ///
    /// # Errors
    /// [`Error::Api`] where the API says no, [`Error::Status`] and [`Error::Decode`] where the answer is not the API's.
    fn from_http(response: http::Response<impl AsRef<[u8]>>) -> Result<Self::Response, Error> {
        let (head, body) = response.into_parts();
        let body = body.as_ref();
        match read::<Self>(body).or_else(|unreadable| read_repaired::<Self>(body, unreadable)) {
            Ok(Err(refusal)) => Err(refusal),
            Ok(Ok(response)) if head.status == StatusCode::OK => Ok(response),
            _ if head.status != StatusCode::OK => Err(Error::Status(StatusError {
                status: head.status,
                retry_after: retry_after(&head.headers),
                attempts: 0,
            })),
            Ok(Ok(response)) => Ok(response),
            Err(unreadable) => {
                let content_type =
                    head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(scrub);
                let mut error = DecodeError::new(Self::NAME, unreadable.reason, content_type, body);
                error.cut_off = unreadable.cut_off;
                Err(Error::Decode(Box::new(error)))
            }
        }
    }
}

/// A command whose answer is one page of a list.
pub trait Paged: Command + Sized {
    /// The request for the page behind `page`; `None` behind the last one.
    ///
    /// # Errors
    /// The server turns in circles: it sent the cursor back that was sent to it.
    fn after(&self, page: &Self::Response) -> Result<Option<Self>, WalkError>;
}

/// What every answer has, besides its own fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Envelope {
    /// `OK`, or `FAIL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_status: Option<String>,
    /// Some answers come without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_info: Option<String>,
    /// 0, or why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// A text for people; seen, not documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_display: Option<String>,
    /// The server's name for the request; seen, not documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Rows of the list that could not be read.
    #[serde(skip)]
    pub rejected: Vec<Rejected>,
    /// What was odd about the answer, which was read all the same. Quotes no value of it.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The body was no valid JSON and had to be repaired: where its texts were damaged they hold U+FFFD, and encoding
    /// does not give back what was sent.
    #[serde(skip)]
    pub repaired: bool,
    /// Fields this version does not know, and odd values of those it does.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Envelope {
    /// Joins what was said about the next part of a batch that was split; `rows` rows came before that part, those that
    /// were set aside included.
    pub fn absorb(&mut self, part: Self, rows: usize) {
        self.rejected.extend(part.rejected.into_iter().map(|row| Rejected { index: row.index + rows, ..row }));
        for note in part.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.repaired |= part.repaired;
    }

    /// Refuses to take a cursor that could not be read for the end of a list.
    pub(crate) fn check_cursor(&self, name: &'static str) -> Result<(), WalkError> {
        if self.extra.contains_key(name) {
            return Err(WalkError::new(format!(
                "the server's {name} is of the wrong type: the rest cannot be reached"
            )));
        }
        Ok(())
    }

    /// The error this is, unless it is a success.
    fn refusal(&self, command: &'static str) -> Result<Option<Error>, Unreadable> {
        if self.extra.contains_key("ErrorCode") {
            return Err(Unreadable::reason("its ErrorCode is of the wrong type"));
        }
        if self.action_status.is_none() && self.error_code.is_none() {
            return Err(Unreadable::reason("it has neither ActionStatus nor ErrorCode: this is not the TIM API"));
        }
        if self.action_status.as_deref().map(str::trim) == Some("OK") && self.error_code == Some(0) {
            return Ok(None);
        }
        let info = self.error_info.as_deref().filter(|info| !info.is_empty()).or(self.error_display.as_deref());
        let error = ApiError::new(command, self.error_code.unwrap_or(0), info.unwrap_or(""), self.request_id.clone());
        Ok(Some(Error::Api(Box::new(error))))
    }
}

impl From<Rest> for Envelope {
    fn from(mut rest: Rest) -> Self {
        Self {
            action_status: rest.take("ActionStatus"),
            error_info: rest.take("ErrorInfo"),
            error_code: rest.take("ErrorCode"),
            error_display: rest.take("ErrorDisplay"),
            request_id: rest.take("RequestId"),
            rejected: Vec::new(),
            notes: rest.notes,
            repaired: false,
            extra: rest.fields,
        }
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        Ok(Rest { fields, notes: Vec::new() }.into())
    }
}

/// A row that could not be read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its place in the list as it was sent.
    pub index: usize,
    /// Why, by the name of the field at fault.
    pub reason: String,
    /// The row itself.
    pub raw: Value,
}

impl std::fmt::Debug for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rejected").field("index", &self.index).field("reason", &self.reason).finish_non_exhaustive()
    }
}

struct Unreadable {
    reason: String,
    cut_off: bool,
    is_json: bool,
}

impl Unreadable {
    fn reason(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), cut_off: false, is_json: true }
    }
}

/// What an answer says: a success, or why not.
type Outcome<C> = Result<Result<<C as Command>::Response, Error>, Unreadable>;

fn read<C: Command + ?Sized>(body: &[u8]) -> Outcome<C> {
    match serde_json::from_slice::<C::Response>(body) {
        Ok(mut response) => {
            let refusal = C::envelope(&mut response).refusal(C::NAME)?;
            Ok(refusal.map_or(Ok(response), Err))
        }
        Err(_) => salvage::<C>(body),
    }
}

/// Reads what is JSON but for damaged texts: one name cut in the middle of a character is no reason to lose a page.
fn read_repaired<C: Command + ?Sized>(body: &[u8], unreadable: Unreadable) -> Outcome<C> {
    if unreadable.is_json {
        return Err(unreadable);
    }
    let Some(repaired) = repair(body) else { return Err(unreadable) };
    let mut read = read::<C>(repaired.as_bytes())?;
    if let Ok(response) = &mut read {
        let envelope = C::envelope(response);
        envelope.repaired = true;
        envelope.notes.push("the answer was no valid JSON: damaged texts in it were repaired".to_owned());
    }
    Ok(read)
}

/// Reads an answer that is not simply a success: an error, a page with a row that cannot be read, or something else.
fn salvage<C: Command + ?Sized>(body: &[u8]) -> Outcome<C> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| syntax(body, &error))?;
    let Value::Object(fields) = &mut value else {
        return Err(Unreadable::reason("the JSON is no object"));
    };
    let mut lists: Vec<(&str, Value)> =
        C::LISTS.iter().filter_map(|list| fields.remove(*list).map(|rows| (*list, rows))).collect();
    lists.retain(|(_, rows)| !rows.is_null());
    let envelope = Envelope::from(Rest { fields: fields.clone(), notes: Vec::new() });
    if let Some(refusal) = envelope.refusal(C::NAME)? {
        return Ok(Err(refusal));
    }
    if let Some(list) = C::LISTS.first().filter(|_| lists.is_empty()) {
        return Err(Unreadable::reason(format!("{list} is missing or null, which cannot be told from an empty list")));
    }

    let mut rejected = Vec::new();
    for (list, rows) in lists {
        let Value::Array(rows) = rows else {
            return Err(Unreadable::reason(format!("{list} is no list")));
        };
        let mut kept = Vec::with_capacity(rows.len());
        for (index, raw) in rows.into_iter().enumerate() {
            match C::row_fault(&raw) {
                Some(reason) => rejected.push(Rejected { index, reason, raw }),
                None => kept.push(raw),
            }
        }
        fields.insert(list.to_owned(), Value::Array(kept));
    }
    // What serde has to say may quote a value.
    let mut response = C::Response::deserialize(value)
        .map_err(|_| Unreadable::reason("its fields are not those of an answer to this command"))?;
    C::envelope(&mut response).rejected = rejected;
    Ok(Ok(response))
}

/// A character that was cut in two leaves at most so many bytes.
const LONGEST_CUT: usize = 3;

/// Makes JSON of what is JSON but for a byte order mark, a character cut in two, halves of surrogate pairs, and control
/// characters within strings. What ends in the middle still does. `None` where a stretch is damaged: then it may hold the
/// quotes between two rows, and they would be read as one.
fn repair(body: &[u8]) -> Option<String> {
    let mut run = 0;
    for chunk in body.utf8_chunks() {
        run = if chunk.valid().is_empty() { run } else { 0 } + chunk.invalid().len();
        if run > LONGEST_CUT {
            return None;
        }
    }
    if body.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut whole = String::with_capacity(rest.len());
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                in_string = !in_string;
                whole.push(c);
            }
            '\\' if in_string => {
                let pair = (escape(rest), rest.get(6..).and_then(escape));
                match pair {
                    (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => taken = 12,
                    (Some(_), _) => taken = 6,
                    (None, _) => taken += rest[1..].chars().next().map_or(0, char::len_utf8),
                }
                let lone = matches!(pair.0, Some(0xd800..=0xdfff)) && taken == 6;
                whole.push_str(if lone { "\\ufffd" } else { &rest[..taken] });
            }
            '\0'..='\u{1f}' if in_string => whole.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => whole.push(c),
        }
        rest = &rest[taken..];
    }
    Some(whole)
}

/// The number in a `\u` escape, if the text starts with one.
fn escape(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

fn syntax(body: &[u8], error: &serde_json::Error) -> Unreadable {
    let start = body.trim_ascii_start();
    let is_html = start.starts_with(b"<");
    let reason = match () {
        () if start.is_empty() => "the body is empty".to_owned(),
        () if is_html => "it is HTML, not JSON: a proxy or another server answered; check the base URL".to_owned(),
        () if error.is_eof() => "it ends in the middle".to_owned(),
        () => format!("it is not JSON at line {} column {}", error.line(), error.column()),
    };
    Unreadable { reason, cut_off: start.is_empty() || (error.is_eof() && !is_html), is_json: false }
}

/// The seconds form of `Retry-After`; the client reads the date form as well.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let digits = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A century is long enough, and can be added to any instant.
    is_number.then(|| Duration::from_secs(digits.parse().unwrap_or(u32::MAX).into()))
}

/// Refuses an id that no group or account can have.
pub(crate) fn check_id(name: &'static str, id: &str) -> Result<(), BuildError> {
    crate::credentials::check_text(name, id)
}

/// Refuses a number outside a documented range.
pub(crate) fn check_range(name: &'static str, value: Option<u32>, most: u32) -> Result<(), BuildError> {
    match value {
        Some(value) if value == 0 || value > most => {
            Err(BuildError::new(name, format!("is {value}: the API takes 1 to {most}")))
        }
        _ => Ok(()),
    }
}

/// Refuses an empty batch, one over the documented cap, and ids that cannot be.
pub(crate) fn check_batch(name: &'static str, ids: &[String], most: usize) -> Result<(), BuildError> {
    if ids.is_empty() || ids.len() > most {
        return Err(BuildError::new(name, format!("has {} entries: the API takes 1 to {most} at once", ids.len())));
    }
    ids.iter().try_for_each(|id| check_id(name, id))
}
