//! What the commands share: the URL, the envelope, and how an answer is read.

use http::{HeaderMap, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ApiError, BuildError, DecodeError, Error, StatusError, WalkError, scrub};
use crate::lenient;
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

    /// The lists of an answer: a row that cannot be read is set aside, and does not take its page with it.
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
        let read = match serde_json::from_slice::<Self::Response>(body) {
            Ok(mut response) => match Self::envelope(&mut response).refusal(Self::NAME) {
                None if head.status == StatusCode::OK => return Ok(response),
                None => Err(Unreadable::reason("the status is not 200, but the body says OK")),
                Some(refusal) => return Err(refusal),
            },
            Err(_) => salvage::<Self>(body),
        };
        match read {
            Ok(answer) if head.status == StatusCode::OK => answer,
            Ok(Err(refusal @ Error::Api(_))) => Err(refusal),
            _ if head.status != StatusCode::OK => Err(Error::Status(StatusError {
                status: head.status,
                retry_after: retry_after(&head.headers),
                attempts: 0,
            })),
            Ok(answer) => answer,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Envelope {
    /// `OK`, or `FAIL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_status: Option<String>,
    /// Some answers come without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_info: Option<String>,
    /// 0, or why not.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// A text for people; seen, not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_display: Option<String>,
    /// The server's name for the request; seen, not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Rows of the list that could not be read.
    #[serde(skip)]
    pub rejected: Vec<Rejected>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Envelope {
    /// The error this is, unless it is a success.
    fn refusal(&self, command: &'static str) -> Option<Error> {
        let ok = self.action_status.as_deref().map(str::trim) == Some("OK");
        if ok && self.error_code == Some(0) {
            return None;
        }
        let info = self.error_info.as_deref().filter(|info| !info.is_empty()).or(self.error_display.as_deref());
        let error = ApiError::new(command, self.error_code.unwrap_or(0), info.unwrap_or(""), self.request_id.clone());
        Some(Error::Api(Box::new(error)))
    }
}

/// A row that could not be read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its place in the list as it was sent.
    pub index: usize,
    /// Why, by the names of its fields.
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
}

impl Unreadable {
    fn reason(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), cut_off: false }
    }
}

/// Reads an answer that is not simply a success: an error, a page with a row that cannot be read, or something else.
fn salvage<C: Command + ?Sized>(body: &[u8]) -> Result<Result<C::Response, Error>, Unreadable> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| syntax(body, &error))?;
    drop_old_names(&mut value);
    let Value::Object(fields) = &mut value else {
        return Err(Unreadable::reason("the JSON is no object"));
    };
    let envelope = Envelope::deserialize(&Value::Object(without(fields, C::LISTS)))
        .map_err(|_| Unreadable::reason("its ActionStatus, ErrorCode or ErrorInfo is of the wrong type"))?;
    if envelope.action_status.is_none() && envelope.error_code.is_none() {
        return Err(Unreadable::reason("it has neither ActionStatus nor ErrorCode: this is not the TIM API"));
    }
    if let Some(refusal) = envelope.refusal(C::NAME) {
        return Ok(Err(refusal));
    }

    let mut rejected = Vec::new();
    let others = without(fields, C::LISTS);
    for list in C::LISTS {
        let Some(Value::Array(rows)) = fields.get_mut(*list) else {
            continue;
        };
        let one = |row: &Value| {
            let mut page = others.clone();
            page.insert((*list).to_owned(), Value::Array(vec![row.clone()]));
            C::Response::deserialize(Value::Object(page)).is_ok()
        };
        let mut kept = Vec::with_capacity(rows.len());
        for (index, row) in std::mem::take(rows).into_iter().enumerate() {
            if one(&row) {
                kept.push(row);
            } else {
                rejected.push(Rejected { index, reason: format!("{list}[{index}]{}", culprit(&row, one)), raw: row });
            }
        }
        *rows = kept;
    }
    match C::Response::deserialize(&value) {
        Ok(mut response) => {
            C::envelope(&mut response).rejected = rejected;
            Ok(Ok(response))
        }
        Err(_) if !C::LISTS.is_empty() && !C::LISTS.iter().any(|list| value[list].is_array()) => Err(
            Unreadable::reason(format!("{} is missing or null, which cannot be told from an empty list", C::LISTS[0])),
        ),
        Err(_) => {
            let whole = |value: &Value| C::Response::deserialize(value).is_ok();
            Err(Unreadable::reason(format!("the answer{}", culprit(&value, whole))))
        }
    }
}

/// Where a field stands under its old and its new name, the new one counts.
fn drop_old_names(value: &mut Value) {
    const RENAMED: [(&str, &str); 4] = [
        ("ShutUpUntil", "MuteUntil"),
        ("ShutUpAllMember", "MuteAllMember"),
        ("ShuttedUntil", "MutedUntil"),
        ("ShuttedUinList", "MutedAccountList"),
    ];
    match value {
        Value::Object(fields) => {
            for (old, new) in RENAMED {
                if fields.contains_key(new) {
                    fields.remove(old);
                }
            }
            fields.values_mut().for_each(drop_old_names);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_old_names),
        _ => {}
    }
}

fn without(fields: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    fields
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Which field of an object keeps it from being read, found by leaving one out at a time. Never shows a value.
fn culprit(value: &Value, reads: impl Fn(&Value) -> bool) -> String {
    let Value::Object(fields) = value else {
        return " is not an object".to_owned();
    };
    let found = fields.keys().find(|name| reads(&Value::Object(without(fields, &[name.as_str()]))));
    match found {
        Some(name) => format!(".{} is of the wrong type", scrub(name)),
        None => " lacks a field it must have, or several are of the wrong type".to_owned(),
    }
}

fn syntax(body: &[u8], error: &serde_json::Error) -> Unreadable {
    let start = body.trim_ascii_start();
    let reason = match () {
        () if start.is_empty() => "the body is empty".to_owned(),
        () if start.starts_with(b"<") => {
            "it is HTML, not JSON: a proxy or another server answered; check the base URL".to_owned()
        }
        () if std::str::from_utf8(body).is_err() => "it is not UTF-8".to_owned(),
        () if error.is_eof() => "it ends in the middle".to_owned(),
        () => format!("it is not JSON at line {} column {}", error.line(), error.column()),
    };
    Unreadable { reason, cut_off: start.is_empty() || (error.is_eof() && !start.starts_with(b"<")) }
}

/// The seconds form of `Retry-After`; the client reads the date form as well.
fn retry_after(headers: &HeaderMap) -> Option<std::time::Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(std::time::Duration::from_secs(seconds))
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
