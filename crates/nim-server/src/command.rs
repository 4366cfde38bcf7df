//! What the calls share: the signed form, and how an answer is read.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::checksum::{Stamp, check_sum};
use crate::credentials::Credentials;
use crate::error::{ApiError, Body, BuildError, DecodeError, Error, StatusError, WalkError, scrub};
use crate::region::BaseUrl;

/// Everything but RFC 3986's unreserved characters: what any reader of a form understands.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The first number that JSON readers with 64-bit floats get wrong; ids of rooms and teams are smaller.
const MAX_ID: u64 = 1 << 53;

/// One call of the API: how its request is built, and how its answer is read. All are `POST` with a form.
///
/// Overview: <https://doc.yunxin.163.com/messaging/server-apis/jk3MzY2MTI?platform=server>.
pub trait Command: Send + Sync {
    /// What a successful answer holds.
    type Response: DeserializeOwned + Serialize + Send;

    /// The call's path behind `/nimserver/`, without `.action`.
    const NAME: &'static str;

    /// Calls that share a limit share a bucket: each `chatroom/*` call has its own, all of `team/*` have one.
    const BUCKET: &'static str = Self::NAME;

    /// Calls a second that an app may make by default.
    const CALLS_PER_SECOND: u32 = 100;

    /// Bytes an answer may have. Two hundred rows with the longest texts take less.
    const MAX_BODY: usize = 4 << 20;

    /// The room or team the request is about, if it is about one.
    fn group(&self) -> Option<u64> {
        None
    }

    /// Checks what the documents say about the request.
    ///
    /// # Errors
    /// Names the field that the server would refuse.
    fn validate(&self) -> Result<(), BuildError>;

    /// The fields of the form, in the document's order.
    fn form(&self) -> Form;

    /// Builds and signs the request.
    ///
    /// # Errors
    /// [`Error::Build`], if [`validate`](Self::validate) finds something.
    fn to_http(
        &self,
        base: &BaseUrl,
        credentials: &Credentials,
        stamp: &Stamp,
    ) -> Result<http::Request<Vec<u8>>, Error> {
        self.validate()?;
        self.to_http_unchecked(base, credentials, stamp)
    }

    /// Builds and signs the request without holding it against the documents: their limits move.
    ///
    /// # Errors
    /// [`Error::Build`], if the stamp cannot be sent, or no URL can be made.
    fn to_http_unchecked(
        &self,
        base: &BaseUrl,
        credentials: &Credentials,
        stamp: &Stamp,
    ) -> Result<http::Request<Vec<u8>>, Error> {
        stamp.check()?;
        let cur_time = stamp.cur_time.to_string();
        let mut sum = HeaderValue::from_str(&check_sum(credentials.app_secret(), &stamp.nonce, &cur_time))
            .map_err(|_| BuildError::new("CheckSum", "makes no header"))?;
        sum.set_sensitive(true);
        let mut request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{base}/{}.action", Self::NAME))
            .header("appkey", credentials.app_key())
            .header("nonce", stamp.nonce.as_str())
            .header("curtime", cur_time)
            .header("checksum", sum)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=utf-8");
        if let Some(id) = &stamp.request_id {
            request = request.header(HeaderName::from_static("requestid"), id.as_str());
        }
        request
            .body(self.form().0.into_bytes())
            .map_err(|_| BuildError::new("base URL", "makes no valid URL together with the call").into())
    }

    /// Reads an answer. The HTTP status is 200 whatever happened; what happened is in `code`.
    ///
    /// # Errors
    /// [`Error::Api`] where the API says no, [`Error::Status`] and [`Error::Decode`] where the answer is not the API's.
    fn from_http(response: http::Response<impl AsRef<[u8]>>) -> Result<Self::Response, Error> {
        let (head, body) = response.into_parts();
        match read::<Self>(body.as_ref()) {
            Ok(Err(refusal)) => Err(refusal),
            _ if head.status != StatusCode::OK => Err(Error::Status(StatusError {
                status: head.status,
                retry_after: retry_after(&head.headers),
                request_id: None,
                attempts: 0,
                body: Body::of(body.as_ref()),
            })),
            Ok(Ok(answer)) => Ok(answer),
            Err(unreadable) => {
                let content_type =
                    head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(scrub);
                let mut error = DecodeError::new(Self::NAME, unreadable.reason, content_type, body.as_ref());
                error.cut_off = unreadable.cut_off;
                Err(Error::Decode(Box::new(error)))
            }
        }
    }
}

/// A call whose answer is one page of a list.
pub trait Paged: Command + Sized {
    /// The request for the page behind `page`; `None` behind the last one.
    ///
    /// # Errors
    /// The page does not say where the next one begins.
    fn after(&self, page: &Self::Response) -> Result<Option<Self>, WalkError>;
}

/// The body of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(String);

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Numbers, flags and texts as they are.
    pub(crate) fn field(mut self, name: &str, value: impl ToString) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend([name, "="]);
        self.0.extend(utf8_percent_encode(&value.to_string(), FORM));
        self
    }

    /// Not sent where there is none.
    pub(crate) fn option(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Lists and objects travel as JSON text.
    pub(crate) fn json(self, name: &str, value: &impl Serialize) -> Self {
        // What is given is made of texts, numbers and flags, of which JSON can always be made.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.field(name, text)
    }

    /// The text that is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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

fn read<C: Command + ?Sized>(body: &[u8]) -> Result<Result<C::Response, Error>, Unreadable> {
    let value: Value = serde_json::from_slice(body).map_err(|error| syntax(body, &error))?;
    let Value::Object(fields) = &value else {
        return Err(Unreadable::reason("the JSON is no object"));
    };
    let code = match fields.get("code") {
        None | Some(Value::Null) => {
            return Err(Unreadable::reason("it has no code: this is not the NIM API"));
        }
        Some(code) => {
            <i64 as crate::row::Read>::read(code).map_err(|_| Unreadable::reason("its code is no whole number"))?
        }
    };
    if code != 200 {
        let desc = fields.get("desc").and_then(Value::as_str).unwrap_or_default();
        return Ok(Err(Error::Api(Box::new(ApiError::new(C::NAME, code, desc, body)))));
    }
    // The texts of these errors are our own, and name fields only.
    C::Response::deserialize(value).map(Ok).map_err(|error| Unreadable::reason(error.to_string()))
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

/// Refuses a number that no room or team can have.
pub(crate) fn check_id(name: &'static str, id: u64) -> Result<(), BuildError> {
    match id {
        0 => Err(BuildError::new(name, "is 0: take the number the API gave")),
        MAX_ID.. => Err(BuildError::new(name, "is larger than any id of the API")),
        _ => Ok(()),
    }
}

/// Refuses a page size outside of the documented range.
pub(crate) fn check_limit(limit: u32) -> Result<(), BuildError> {
    match limit {
        1..=100 => Ok(()),
        _ => Err(BuildError::new("limit", format!("is {limit}: the API takes 1 to 100"))),
    }
}

/// Refuses an empty batch, and one over the documented cap.
pub(crate) fn check_batch(name: &'static str, len: usize, most: usize) -> Result<(), BuildError> {
    match len {
        0 => Err(BuildError::new(name, "is empty")),
        _ if len > most => Err(BuildError::new(name, format!("has {len} entries: the API takes 1 to {most} at once"))),
        _ => Ok(()),
    }
}
