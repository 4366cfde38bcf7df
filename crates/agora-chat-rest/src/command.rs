//! What the endpoints share: the URL, the envelope, and how an answer is read.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::app::{App, BaseUrl};
use crate::credentials::Token;
use crate::error::{ApiError, BuildError, DecodeError, DecodeErrorKind, Error, StatusError, scrub};
use crate::fields::{self, Fields};
use crate::rows::{Any, Placed, Shape};

/// Everything but RFC 3986's unreserved characters.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One endpoint: how its request is built, and how its answer is read.
pub trait Command: Send + Sync {
    /// What a successful answer holds.
    type Data: Serialize + Send;

    /// The endpoint's name.
    const NAME: &'static str;

    /// The method.
    const METHOD: Method = Method::GET;

    /// The field of an answer that holds what was asked for.
    const PLACE: &'static str = "data";

    /// Calls a second that an app may make by default, the SDKs of its users included. More can be bought.
    const CALLS_PER_SECOND: u32 = 100;

    /// The largest answer to read, in bytes: what the documents allow, and room above.
    const MAX_BODY: usize = 2 << 20;

    /// Whether sending it twice is harmless.
    const IS_READ: bool = true;

    /// The group the request is about, if it is about one.
    fn group(&self) -> Option<&str> {
        None
    }

    /// Checks what the documents say about the request.
    ///
    /// # Errors
    /// Names the field that the server would refuse.
    fn validate(&self) -> Result<(), BuildError>;

    /// The steps of the path behind the app.
    fn path(&self) -> Vec<String>;

    /// The query, in order.
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The JSON that is sent, if any.
    fn body(&self) -> Option<Value> {
        None
    }

    /// Reads what was asked for: the data, and the rows that could not be read.
    ///
    /// # Errors
    /// It is of another shape; names its place, and never shows a value.
    fn read(place: Value) -> Result<(Self::Data, Vec<Rejected>), String>;

    /// The same while the answer is parsed; `None` for null. Long lists are read row by row: a tree of all of them takes five
    /// times as long.
    #[doc(hidden)]
    fn parse<'de, D: Deserializer<'de>>(place: D) -> Result<Option<Placed<Self::Data>>, D::Error> {
        let place = Value::deserialize(place)?;
        Ok((!place.is_null()).then(|| Self::read(place)))
    }

    /// Builds the request. Only the token exchange goes without a token.
    ///
    /// # Errors
    /// [`Error::Build`], if [`validate`](Self::validate) finds something, or no URL can be made of it.
    fn to_http(&self, base: &BaseUrl, app: &App, token: Option<&Token>) -> Result<http::Request<Vec<u8>>, Error> {
        app.check()?;
        self.validate()?;
        let mut url = match app {
            App::Id(app_id) => format!("{base}/app-id/{app_id}"),
            App::Key { org, app } => format!("{base}/{}/{}", escape(org), escape(app)),
        };
        for name in self.path() {
            url.push('/');
            url.push_str(&step(&name));
        }
        for (number, (name, value)) in self.query().into_iter().enumerate() {
            url.push(if number == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.push_str(&escape(&value));
        }
        let mut request = http::Request::builder().method(Self::METHOD).uri(url);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token.header());
        }
        let body = match self.body() {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                body.to_string().into_bytes()
            }
            None => Vec::new(),
        };
        request.body(body).map_err(|_| BuildError::new("base URL", "makes no valid URL with the endpoint").into())
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::Api`] where the API says no, [`Error::Status`] where another status comes without its words,
    /// [`Error::Decode`] where the answer is not the API's, or a success without what was asked for.
    fn from_http(response: http::Response<impl AsRef<[u8]>>) -> Result<Answer<Self::Data>, Error>
    where
        Self: Sized,
    {
        let (head, body) = response.into_parts();
        let body = body.as_ref();
        let wish = retry_after(&head.headers);
        let json = serde_json::from_slice::<Any<Body<Self>>>(body).map(|any| any.0);
        if let Ok(Body::Object { fields, .. }) = &json
            && let Some(mut error) = refusal(Self::NAME, head.status, fields, body)
        {
            error.retry_after = wish;
            return Err(Error::Api(Box::new(error)));
        }
        if head.status != StatusCode::OK {
            return Err(Error::Status(Box::new(StatusError::new(Self::NAME, head.status, wish, body))));
        }
        let read = match json {
            Ok(Body::Object { fields, place }) => success::<Self>(fields, place),
            Ok(Body::Other) => Err((DecodeErrorKind::Shape, "the JSON is no object".to_owned())),
            Err(error) => Err(syntax(body, &error)),
        };
        read.map_err(|(kind, reason)| {
            let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(scrub);
            Error::Decode(Box::new(DecodeError::new(Self::NAME, kind, reason, content_type, body)))
        })
    }
}

/// A command whose answer is one page of a list.
pub trait Paged: Command + Sized {
    /// The request for the page behind `page`; `None` behind the last one.
    ///
    /// # Errors
    /// The server turns in circles: it sent the cursor back that was sent to it.
    fn after(&self, page: &Answer<Self::Data>) -> Result<Option<Self>, crate::error::WalkError>;
}

/// One value of a query.
fn escape(text: &str) -> String {
    utf8_percent_encode(text, STRICT).to_string()
}

/// One step of a path. The comma stands between ids, none of which has one.
fn step(text: &str) -> String {
    const STEP: &AsciiSet = &STRICT.remove(b',');
    utf8_percent_encode(text, STEP).to_string()
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What was asked for.
    pub data: T,
    /// Rows of the list that could not be read.
    pub rejected: Vec<Rejected>,
    /// What every answer has.
    pub envelope: Envelope,
    place: &'static str,
}

impl<T: Serialize> Serialize for Answer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a, T> {
            #[serde(flatten)]
            data: std::collections::BTreeMap<&'static str, &'a T>,
            #[serde(flatten)]
            envelope: &'a Envelope,
        }

        // The place differs from endpoint to endpoint, which a derived name cannot.
        let data = std::collections::BTreeMap::from([(self.place, &self.data)]);
        Whole { data, envelope: &self.envelope }.serialize(serializer)
    }
}

/// What answers have besides what was asked for. Everything may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Envelope {
    /// The method, in small letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The app's UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The org name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The app name.
    #[serde(rename = "applicationName", skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// The request's URL in its org/app form, whichever was used; perhaps `http`. Not to be compared with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// How many rows **this page** has; not the group's size, and in the vendor's own sample wrong. A hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The server's clock, in milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// How long the server took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<u64>,
    /// The rest: `params`, which echo the query, `entities`, `properties`, and what this version does not know.
    #[serde(flatten)]
    pub extra: Fields,
}

impl Envelope {
    /// A parameter of the query as the server echoes it.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.extra.get("params")?.get(name)?.get(0)?.as_str()
    }

    /// A cursor that leads on: "" is none.
    pub(crate) fn next(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|cursor| !cursor.is_empty())
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

/// An answer as it is parsed: what was asked for, and the other fields.
enum Body<C: Command> {
    Object { fields: Fields, place: Option<Placed<C::Data>> },
    Other,
}

impl<'de, C: Command> Shape<'de> for Body<C> {
    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let (mut fields, mut place) = (Fields::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            if name == C::PLACE {
                place = map.next_value::<Asked<C>>()?.0;
            } else {
                fields.insert(name, map.next_value()?);
            }
        }
        Ok(Self::Object { fields, place })
    }

    fn other(_: Value) -> Self {
        Self::Other
    }
}

struct Asked<C: Command>(Option<Placed<C::Data>>);

impl<'de, C: Command> Deserialize<'de> for Asked<C> {
    fn deserialize<D: Deserializer<'de>>(place: D) -> Result<Self, D::Error> {
        C::parse(place).map(Self)
    }
}

/// The error this is, unless it is a success.
fn refusal(name: &'static str, status: StatusCode, fields: &Fields, body: &[u8]) -> Option<ApiError> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    // The calls for attributes have a number instead.
    let number = || {
        let code = fields.get("error_code").filter(|code| status != StatusCode::OK && code.is_u64());
        code.map(ToString::to_string)
    };
    let code = || text("error_code").filter(|_| status != StatusCode::OK).map(ToOwned::to_owned);
    let error = &text("error").map(ToOwned::to_owned).or_else(code).or_else(number)?;
    let description = text("error_description").or(text("desc")).unwrap_or_default();
    let mut error = ApiError::new(name, status, error, description, body);
    error.exception = text("exception").map(|class| {
        let class_like = class.len() < 200 && class.bytes().all(|b| b.is_ascii_alphabetic() || b == b'.' || b == b'$');
        if class_like { class.to_owned() } else { scrub(class) }
    });
    error.timestamp = fields.get("timestamp").and_then(fields::as_integer);
    Some(error)
}

type Unreadable = (DecodeErrorKind, String);

fn success<C: Command>(mut fields: Fields, place: Option<Placed<C::Data>>) -> Result<Answer<C::Data>, Unreadable> {
    let Some(place) = place else {
        return Err((
            DecodeErrorKind::NoData,
            format!("the status is 200, but {} is null or missing: nothing is known from it", C::PLACE),
        ));
    };
    let (data, mut rejected) = place.map_err(|why| (DecodeErrorKind::Shape, format!("{}{why}", C::PLACE)))?;
    for row in &mut rejected {
        row.reason.insert_str(0, C::PLACE);
    }
    let extra = &mut fields;
    let envelope = Envelope {
        action: fields::text(extra, "action"),
        application: fields::text(extra, "application"),
        organization: fields::text(extra, "organization"),
        application_name: fields::text(extra, "applicationName"),
        uri: fields::text(extra, "uri"),
        count: fields::integer(extra, "count"),
        cursor: fields::text(extra, "cursor"),
        timestamp: fields::integer(extra, "timestamp"),
        duration: fields::integer(extra, "duration"),
        extra: fields,
    };
    Ok(Answer { data, rejected, envelope, place: C::PLACE })
}

fn syntax(body: &[u8], error: &serde_json::Error) -> Unreadable {
    use DecodeErrorKind::{CutOff, NotJson};
    let start = body.trim_ascii_start();
    if start.is_empty() {
        (CutOff, "the body is empty".to_owned())
    } else if start.starts_with(b"<") {
        (NotJson, "it is HTML, not JSON: a gateway or another server answered; check the base URL".to_owned())
    } else if std::str::from_utf8(body).is_err_and(|error| error.error_len().is_some()) {
        (NotJson, "it is not UTF-8".to_owned())
    } else if error.is_eof() {
        (CutOff, "it ends in the middle".to_owned())
    } else {
        (NotJson, format!("it is not JSON at line {} column {}", error.line(), error.column()))
    }
}

/// The seconds form of `Retry-After`; the client reads the date form as well.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
