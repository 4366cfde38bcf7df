//! What the endpoints share: the request's head, the envelope, and how an answer is read.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::base_url::BaseUrl;
use crate::credentials::{Token, WId};
use crate::error::{ApiError, BuildError, DecodeError, DecodeErrorKind, Error, StatusError, scrub};

/// What a request is authorized with. `/member/login` needs neither, `/queryLoginWx` the token alone, all others both.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Session {
    /// The `Authorization` header.
    pub token: Option<Token>,
    /// The login instance to act as.
    pub w_id: Option<WId>,
}

impl Session {
    /// Acts as one login instance.
    #[must_use]
    pub fn new(token: Token, w_id: WId) -> Self {
        Self { token: Some(token), w_id: Some(w_id) }
    }

    /// Asks about the developer account itself.
    #[must_use]
    pub fn of_token(token: Token) -> Self {
        Self { token: Some(token), w_id: None }
    }
}

/// One endpoint: how its request is built, and how its answer is read. All are `POST` with a JSON object.
pub trait Command: Serialize + Send + Sync + 'static {
    /// What `data` holds in a successful answer.
    type Data: DeserializeOwned + Send + 'static;

    /// The path, which is the endpoint's name.
    const NAME: &'static str;

    /// Whether the `Authorization` header is sent.
    const NEEDS_TOKEN: bool = true;

    /// Whether `wId` is sent.
    const NEEDS_W_ID: bool = true;

    /// Whether `data` is a list: then a row that cannot be read is set aside, and does not take the others with it.
    const IS_LIST: bool = false;

    /// The fields without which nothing can be made of a row of `data`, where it is a list, else of `data` itself. Any other
    /// field of an odd type is kept as it came, in `extra`.
    const REQUIRED: &'static [&'static str] = &[];

    /// Whether sending it twice is harmless. Only such calls are tried again.
    const IS_READ: bool = true;

    /// How long an answer may take, where the documents name a time.
    const SLOW: Option<Duration> = None;

    /// The group the request is about, if it is about one.
    fn group(&self) -> Option<&str> {
        None
    }

    /// What in the request must not be printed, should the server say it back.
    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Checks what the documents say about the request.
    ///
    /// # Errors
    /// Names the field that the server would refuse.
    fn validate(&self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Whether this is an answer and no refusal. 1000 is one.
    fn is_answer(code: &Code, _: &Self::Data) -> bool {
        code.is_success()
    }

    /// Whether an answer that holds this says nothing, or may hide another envelope. It is looked at more closely then.
    fn is_odd(_: &Self::Data) -> bool {
        false
    }

    /// Whether `data` may be null, missing or, for a list, empty.
    fn may_be_empty(data: &Value) -> bool {
        let _ = data;
        false
    }

    /// Whether an answer that can be read holds nothing that was asked for.
    fn says_nothing(_: &Self::Data) -> bool {
        false
    }

    /// Builds the request.
    ///
    /// # Errors
    /// [`Error::Build`], if [`validate`](Self::validate) finds something, or the session lacks what is needed.
    fn to_http(&self, base: &BaseUrl, session: &Session) -> Result<http::Request<Vec<u8>>, Error> {
        self.validate()?;
        self.to_http_unchecked(base, session)
    }

    /// Builds the request without holding it against the documents: ids of other forms may be taken one day.
    ///
    /// # Errors
    /// [`Error::Build`], if the session lacks what is needed, or no URL can be made of it.
    fn to_http_unchecked(&self, base: &BaseUrl, session: &Session) -> Result<http::Request<Vec<u8>>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a, C: ?Sized> {
            #[serde(skip_serializing_if = "Option::is_none")]
            w_id: Option<&'a WId>,
            #[serde(flatten)]
            request: &'a C,
        }

        let w_id = match &session.w_id {
            Some(w_id) if Self::NEEDS_W_ID => Some(w_id),
            None if Self::NEEDS_W_ID => {
                return Err(BuildError::new("wId", "is missing: this endpoint acts as a WeChat account").into());
            }
            _ => None,
        };
        let body = serde_json::to_vec(&Body { w_id, request: self })
            .map_err(|_| BuildError::new("request", "cannot be written as JSON"))?;
        let mut request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{base}/{}", Self::NAME))
            .header(header::CONTENT_TYPE, "application/json");
        if Self::NEEDS_TOKEN {
            let Some(token) = &session.token else {
                return Err(BuildError::new("token", "is missing: log in first").into());
            };
            request = request.header(header::AUTHORIZATION, token.header()?);
        }
        request
            .body(body)
            .map_err(|_| BuildError::new("base URL", "makes no valid URL together with the endpoint").into())
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::Status`] where the HTTP status is not 200, [`Error::Api`] where the API says no, [`Error::Decode`] where the
    /// answer is not the API's, or says 1000 and gives nothing.
    fn from_http(response: http::Response<impl AsRef<[u8]>>) -> Result<Answer<Self::Data>, Error> {
        let (head, body) = response.into_parts();
        let body = body.as_ref();
        if head.status != StatusCode::OK {
            let error = StatusError::new(Self::NAME, head.status, retry_after(&head.headers), body);
            return Err(Error::Status(Box::new(error)));
        }
        if let Ok(answer) = serde_json::from_slice::<Answer<Self::Data>>(body)
            && Self::is_answer(&answer.code, &answer.data)
            && !Self::is_odd(&answer.data)
        {
            return Ok(answer);
        }
        salvage::<Self>(body).unwrap_or_else(|unreadable| {
            let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(scrub);
            let error = DecodeError::new(Self::NAME, unreadable.kind, unreadable.reason, content_type, body);
            Err(Error::Decode(Box::new(error)))
        })
    }
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The text, as every sample and recording has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The text, as every table has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// 1000.
    pub code: Code,
    /// What was asked for.
    pub data: T,
    /// Rows of the list that could not be read.
    #[serde(skip)]
    pub rejected: Vec<Rejected>,
    /// Whether the answer stood inside another one, as in the vendor's sample of July 2020.
    #[serde(skip)]
    pub nested: bool,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `code`: a string in every sample, a number in most tables. Either is read; a string is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Code(String);

impl Code {
    /// Its text, without blanks around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is 1000.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.0 == "1000"
    }

    /// Whether it is 1001, or 10001 as the old tables print it.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.0.as_str(), "1001" | "10001")
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Code;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code")
            }

            fn visit_str<E: serde::de::Error>(self, code: &str) -> Result<Code, E> {
                match code.trim() {
                    "" => Err(E::custom("an empty code")),
                    code => Ok(Code(code.to_owned())),
                }
            }

            fn visit_u64<E: serde::de::Error>(self, code: u64) -> Result<Code, E> {
                Ok(Code(code.to_string()))
            }

            fn visit_i64<E: serde::de::Error>(self, code: i64) -> Result<Code, E> {
                Ok(Code(code.to_string()))
            }
        }
        deserializer.deserialize_any(Text)
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

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("index", &self.index).field("reason", &self.reason).finish_non_exhaustive()
    }
}

struct Unreadable {
    kind: DecodeErrorKind,
    reason: String,
}

impl Unreadable {
    fn new(kind: DecodeErrorKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// Reads an answer that is not simply a success: a refusal, an answer inside another one, a list with a row that cannot be
/// read, nothing, or something else.
fn salvage<C: Command + ?Sized>(body: &[u8]) -> Result<Result<Answer<C::Data>, Error>, Unreadable> {
    use DecodeErrorKind::{EmptyData, NoCode, Shape};
    let value: Value = serde_json::from_slice(body).map_err(|error| syntax(body, &error))?;
    let Value::Object(mut fields) = value else {
        return Err(Unreadable::new(Shape, "the JSON is no object"));
    };
    if fields.get("code").is_none_or(Value::is_null) {
        // The framework under the API refused the token before the API saw it.
        if let Some(status @ (401 | 403)) = framework_status(&fields) {
            let error = fields.get("error").and_then(Value::as_str).unwrap_or_default();
            return Ok(Err(Error::Api(Box::new(ApiError::new(C::NAME, &status.to_string(), error)))));
        }
        return Err(Unreadable::new(NoCode, no_code(&fields)));
    }
    let mut nested = false;
    loop {
        let code = Code::deserialize(&fields["code"])
            .map_err(|_| Unreadable::new(Shape, "its code is neither a string nor a whole number"))?;
        if !code.is_success() {
            // An answer inside a refusal, where an endpoint has that.
            if let Ok(answer) = Answer::deserialize(Value::Object(fields.clone()))
                && C::is_answer(&code, &answer.data)
            {
                return Ok(Ok(Answer { nested, ..answer }));
            }
            let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            let mut error = ApiError::new(C::NAME, code.as_str(), text("message").or(text("msg")).unwrap_or_default());
            error.nested = nested;
            return Ok(Err(Error::Api(Box::new(error))));
        }
        match fields.get_mut("data").and_then(inner_envelope) {
            Some(_) if nested => {
                return Err(Unreadable::new(Shape, "its data is an answer inside an answer inside an answer"));
            }
            Some(inner) => fields = std::mem::take(inner),
            None => break,
        }
        nested = true;
    }

    let data = fields.entry("data").or_insert(Value::Null);
    let nothing = match &*data {
        Value::Null => true,
        Value::Array(rows) => C::IS_LIST && rows.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if nothing && !C::may_be_empty(data) {
        let what = match data {
            Value::Array(_) => "an empty list",
            Value::Object(_) => "an empty object",
            _ => "null or missing",
        };
        return Err(Unreadable::new(
            EmptyData,
            format!("the code is 1000, but data is {what}: nothing is known from it"),
        ));
    }
    let mut rejected = Vec::new();
    if C::IS_LIST {
        if data.is_object() {
            // The tables call some lists JSONObject.
            *data = Value::Array(vec![data.take()]);
        }
        let Value::Array(rows) = data else {
            return Err(Unreadable::new(Shape, "data is no list"));
        };
        let one = |row: &Value| C::Data::deserialize(Value::Array(vec![row.clone()])).is_ok();
        let mut kept = Vec::with_capacity(rows.len());
        for (index, row) in std::mem::take(rows).into_iter().enumerate() {
            if one(&row) {
                kept.push(row);
            } else {
                rejected.push(Rejected {
                    index,
                    reason: format!("data[{index}]{}", culprit(&row, C::REQUIRED)),
                    raw: row,
                });
            }
        }
        if let (true, Some(first)) = (kept.is_empty(), rejected.first()) {
            return Err(Unreadable::new(Shape, format!("no row can be read: {}", first.reason)));
        }
        *rows = kept;
    } else if C::Data::deserialize(&*data).is_err() {
        return Err(Unreadable::new(Shape, format!("data{}", culprit(data, C::REQUIRED))));
    }
    let mut texts = Map::new();
    for name in ["message", "msg"] {
        if fields.get(name).is_some_and(|text| !text.is_string() && !text.is_null()) {
            texts.extend(fields.remove_entry(name));
        }
    }
    let Ok(mut answer) = Answer::<C::Data>::deserialize(Value::Object(fields)) else {
        return Err(Unreadable::new(Shape, "it is of another shape"));
    };
    if C::says_nothing(&answer.data) {
        return Err(Unreadable::new(
            EmptyData,
            "the code is 1000, but data holds nothing of what it must: nothing is known from it",
        ));
    }
    answer.extra.extend(texts);
    Ok(Ok(Answer { rejected, nested, ..answer }))
}

/// Whether this can only be an answer of the API, and no row of one.
pub(crate) fn is_envelope(fields: &Map<String, Value>) -> bool {
    fields.contains_key("code") && ["data", "message", "msg"].iter().any(|name| fields.contains_key(*name))
}

/// An answer in the place of `data`: itself, or as the only element of a list.
fn inner_envelope(data: &mut Value) -> Option<&mut Map<String, Value>> {
    let fields = match data {
        Value::Array(rows) if rows.len() == 1 => rows[0].as_object_mut(),
        Value::Object(fields) => Some(fields),
        _ => None,
    };
    fields.filter(|fields| is_envelope(fields))
}

fn no_code(fields: &Map<String, Value>) -> String {
    match framework_status(fields) {
        Some(status) => format!("it has no code: the framework under the API answered, with status {status}"),
        None => "it has no code: this is not the wkteam API".to_owned(),
    }
}

/// The status in an error of the framework's own: `{timestamp, status, error, path}`.
fn framework_status(fields: &Map<String, Value>) -> Option<u64> {
    let status = fields.get("status").filter(|_| fields.contains_key("path") || fields.contains_key("error"))?;
    status.as_u64().or_else(|| status.as_str()?.trim().parse().ok())
}

/// Why an object cannot be read, by the names of the fields it must have. Never shows a value.
fn culprit(value: &Value, required: &[&str]) -> String {
    let Value::Object(fields) = value else {
        return " is not an object".to_owned();
    };
    let there: Vec<&str> =
        required.iter().copied().filter(|name| fields.get(*name).is_some_and(|value| !value.is_null())).collect();
    match (there.as_slice(), required) {
        ([], [first, ..]) => format!(" lacks {first}"),
        ([], []) => " cannot be read".to_owned(),
        (there, _) if there.len() < required.len() => {
            let absent: Vec<&str> = required.iter().copied().filter(|name| !there.contains(name)).collect();
            format!(" lacks {}, or its {} cannot be read", absent.join(" or "), there.join(" or "))
        }
        (there, _) => format!(": its {} cannot be read", there.join(" or ")),
    }
}

fn syntax(body: &[u8], error: &serde_json::Error) -> Unreadable {
    use DecodeErrorKind::{CutOff, NotJson};
    let start = body.trim_ascii_start();
    if start.is_empty() {
        Unreadable::new(CutOff, "the body is empty")
    } else if start.starts_with(b"<") {
        Unreadable::new(NotJson, "it is HTML, not JSON: a gateway or another server answered; check the base URL")
    } else if std::str::from_utf8(body).is_err_and(|error| error.error_len().is_some()) {
        Unreadable::new(NotJson, "it is not UTF-8")
    } else if error.is_eof() {
        Unreadable::new(CutOff, "it ends in the middle")
    } else {
        Unreadable::new(NotJson, format!("it is not JSON at line {} column {}", error.line(), error.column()))
    }
}

/// The seconds form of `Retry-After`; the client reads the date form as well.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Refuses what no id can be, and what would be read as several.
pub(crate) fn check_id(name: &'static str, id: &str) -> Result<(), BuildError> {
    crate::credentials::check_text(name, id)?;
    if id.contains([',', '，']) {
        return Err(BuildError::new(name, "has a comma in it: that separates ids, give one"));
    }
    Ok(())
}

/// Refuses what is not a group's id. One of the vendor's samples ends in `@chatRoom`.
pub(crate) fn check_chat_room_id(id: &str) -> Result<(), BuildError> {
    check_id("chatRoomId", id)?;
    match id.char_indices().nth_back("@chatroom".len() - 1) {
        Some((at, _)) if at > 0 && id[at..].eq_ignore_ascii_case("@chatroom") => Ok(()),
        _ => Err(BuildError::new(
            "chatRoomId",
            "does not end in @chatroom: give a group's id such as 24343869723@chatroom",
        )),
    }
}
