//! What the endpoints share: the request's head, the envelope, and how an answer is read.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::base_url::Site;
use crate::codes::ApiErrorKind;
use crate::error::{ApiError, BuildError, DecodeError, DecodeErrorKind, Error, StatusError};
use crate::lenient;
use crate::session::Session;

/// Everything but letters, digits and `-._~`, as RFC 3986 has it.
const QUERY: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where an endpoint is found, and how it takes its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// `POST /business/{uniacid}/plugin/GroupDevelopUser/…`, parameters in a JSON body.
    GroupDevelopUser,
    /// `GET /business/{uniacid}/admin/…`, parameters in the query.
    Admin,
    /// `GET /business/{uniacid}/plugin/GroupDevelopUser/…`, parameters in the query; the answer is a file.
    Export,
    /// `POST /addons/yun_shop/api.php?…&route=…`, parameters in a JSON body.
    Api,
}

/// One endpoint: how its request is built, and how its answer is read.
pub trait Command: Serialize + Send + Sync {
    /// What `data` holds in a successful answer.
    type Data: Serialize + Send;

    /// The action or the route. The server compares its letters' case.
    const NAME: &'static str;

    /// Where it is found.
    const PLACE: Place;

    /// Whether it only reads. Only such calls are tried again.
    const IS_READ: bool = true;

    /// Whether the shop has to work for it, and may take minutes.
    const IS_SLOW: bool = false;

    /// Checks what is known about the request.
    ///
    /// # Errors
    /// Names the field that the server would refuse, or silently take for something else.
    fn validate(&self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Reads `data`, which is null where it is missing.
    ///
    /// # Errors
    /// In which way it is not what it should be.
    fn read(data: Value) -> Result<Self::Data, (DecodeErrorKind, String)>;

    /// The enterprise an answer is about, as far as it shows.
    fn enterprise(data: &Self::Data) -> Option<Seen> {
        let _ = data;
        None
    }

    /// Builds the request.
    ///
    /// # Errors
    /// [`Error::Build`], if [`validate`](Self::validate) finds something, or no request can be made of it.
    fn to_http(&self, site: &Site, session: &Session) -> Result<http::Request<Vec<u8>>, Error> {
        self.validate()?;
        let (base, uniacid) = (site.base(), site.uniacid());
        let mut uri = match Self::PLACE {
            Place::GroupDevelopUser | Place::Export => {
                format!("{base}/business/{uniacid}/plugin/GroupDevelopUser/{}", Self::NAME)
            }
            Place::Admin => format!("{base}/business/{uniacid}/admin/{}", Self::NAME),
            Place::Api => format!("{base}/addons/yun_shop/api.php"),
        };
        // `i` names the tenant before the server looks at the path; `type` 5 says "a session", 9 "a token".
        uri += &format!("?i={uniacid}&");
        uri += &match session.yz_token() {
            Some(token) => format!("type=9&yz_token={}", utf8_percent_encode(token, &QUERY)),
            None => "type=5".to_owned(),
        };
        let written = |_| BuildError::new("request", "cannot be written as JSON");
        let mut body = Vec::new();
        let in_query = matches!(Self::PLACE, Place::Admin | Place::Export);
        match Self::PLACE {
            Place::Admin | Place::Export => {
                let Value::Object(fields) = serde_json::to_value(self).map_err(written)? else {
                    return Err(BuildError::new("request", "is no object").into());
                };
                for (name, value) in &fields {
                    let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                    uri += &format!("&{name}={}", utf8_percent_encode(&value, &QUERY));
                }
            }
            Place::Api => {
                uri += &format!("&route={}", Self::NAME);
                body = serde_json::to_vec(self).map_err(written)?;
            }
            Place::GroupDevelopUser => body = serde_json::to_vec(self).map_err(written)?,
        }
        let mut request = http::Request::builder()
            .method(if in_query { Method::GET } else { Method::POST })
            .uri(uri)
            .header(header::ACCEPT, "application/json")
            // Without it, refusals come as HTML.
            .header("x-requested-with", "XMLHttpRequest")
            // The server sniffs it: names of apps and phones change what it answers.
            .header(header::USER_AGENT, HeaderValue::from_static("groupmembers"));
        if !in_query {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(cookies) = session.header()? {
            request = request.header(header::COOKIE, cookies);
        }
        request
            .body(body)
            .map_err(|_| BuildError::new("base URL", "makes no valid URL together with the endpoint").into())
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::Status`] where the HTTP status is not 200, [`Error::Api`] where the API says no, [`Error::Decode`] where the
    /// answer is not the API's, or says yes and gives nothing.
    fn from_http(response: http::Response<impl AsRef<[u8]>>) -> Result<Answer<Self::Data>, Error> {
        let (head, body) = response.into_parts();
        Self::receive(http::Response::from_parts(head, Cow::Borrowed(body.as_ref())), &[])
    }

    /// Reads an answer, of which an error prints none of the `secrets`.
    ///
    /// # Errors
    /// As [`from_http`](Self::from_http).
    fn receive(response: http::Response<Cow<'_, [u8]>>, secrets: &[&str]) -> Result<Answer<Self::Data>, Error> {
        receive::<Self>(&response, secrets)
    }

    /// What the request holds that no error may print, should the server say it back.
    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads an answer that is the API's JSON.
pub(crate) fn receive<C: Command + ?Sized>(
    response: &http::Response<Cow<'_, [u8]>>,
    secrets: &[&str],
) -> Result<Answer<C::Data>, Error> {
    let (headers, body) = (response.headers(), response.body());
    if response.status() != StatusCode::OK {
        return Err(Error::Status(Box::new(StatusError::new(C::NAME, response.status(), headers, body, secrets))));
    }
    read::<C>(body, secrets).map_err(|problem| match problem {
        Problem::Refused(error) => Error::Api(error),
        Problem::Unreadable(kind, reason) => {
            Error::Decode(Box::new(DecodeError::new(C::NAME, kind, reason, headers, body, secrets)))
        }
    })
}

/// Which enterprise an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Seen {
    /// All its rows are of this one.
    One(u64),
    /// Its rows are of several; these are two of them.
    Several(u64, u64),
    /// Nothing in it tells.
    Unknown,
}

impl Seen {
    pub(crate) fn of(ids: impl IntoIterator<Item = u64>) -> Self {
        ids.into_iter().fold(Self::Unknown, |seen, id| match seen {
            Self::Unknown => Self::One(id),
            Self::One(other) if other != id => Self::Several(other, id),
            seen => seen,
        })
    }
}

/// A successful answer.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Answer<T> {
    /// 1.
    pub result: u8,
    /// A text mostly; null, missing, or an object at login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg: Option<Value>,
    /// What was asked for.
    pub data: T,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl<T: fmt::Debug> fmt::Debug for Answer<T> {
    /// Without `msg`, which says who logged in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("data", &self.data).finish_non_exhaustive()
    }
}

enum Problem {
    Refused(Box<ApiError>),
    Unreadable(DecodeErrorKind, String),
}

fn read<C: Command + ?Sized>(body: &[u8], secrets: &[&str]) -> Result<Answer<C::Data>, Problem> {
    use DecodeErrorKind::{NoResult, Shape};
    // Some hosts have a file that begins with a byte order mark, or ends behind its last tag.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let value: Value = serde_json::from_slice(body).map_err(|error| syntax(body, &error))?;
    let Value::Object(mut fields) = value else {
        return Err(Problem::Unreadable(Shape, "the JSON is no object".to_owned()));
    };
    let number = |name: &str| {
        let value = fields.get("data")?.get(name)?;
        lenient::integer(value).ok().flatten()
    };
    let (login_status, status) = (number("login_status"), number("status"));
    let yes = match fields.get("result") {
        None | Some(Value::Null) if login_status.is_none() => {
            return Err(Problem::Unreadable(NoResult, no_result(&fields)));
        }
        // What guards of the framework say has no result.
        None | Some(Value::Null) => false,
        Some(result) => {
            says_yes(result).ok_or_else(|| Problem::Unreadable(Shape, "its result is neither 1 nor 0".to_owned()))?
        }
    };
    if !yes || status == Some(-5) {
        let message = fields.get("msg").and_then(Value::as_str).unwrap_or_default();
        // The login has classes of its own, and one sentence for both.
        let kind = match status {
            Some(6) if C::PLACE == Place::Api && login_status.is_none() => ApiErrorKind::WrongPassword,
            Some(7) if C::PLACE == Place::Api && login_status.is_none() => ApiErrorKind::NoSuchMember,
            _ => ApiErrorKind::of(login_status, status, message),
        };
        let mut error = ApiError::new(C::NAME, kind, message, secrets);
        (error.login_status, error.status) = (login_status, status);
        return Err(Problem::Refused(Box::new(error)));
    }
    fields.remove("result");
    let msg = fields.remove("msg");
    let data = C::read(fields.remove("data").unwrap_or_default())
        .map_err(|(kind, reason)| Problem::Unreadable(kind, reason))?;
    Ok(Answer { result: 1, msg, data, extra: fields })
}

/// 1 and 0, as numbers, texts or truth values.
fn says_yes(result: &Value) -> Option<bool> {
    match result {
        Value::Bool(yes) => Some(*yes),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim() {
            "0" | "" => Some(false),
            "1" => Some(true),
            _ => None,
        },
        _ => None,
    }
}

fn no_result(fields: &Map<String, Value>) -> String {
    match fields.get("message").and_then(Value::as_str) {
        Some(_) => "it has no result: the framework under the shop answered, with a message of its own".to_owned(),
        None => "it has no result: this is not the shop's API".to_owned(),
    }
}

fn syntax(body: &[u8], error: &serde_json::Error) -> Problem {
    use DecodeErrorKind::{CutOff, NotJson};
    let start = body.trim_ascii_start();
    let (kind, reason) = if start.is_empty() {
        (CutOff, "the body is empty".to_owned())
    } else if start.starts_with(b"<") {
        (NotJson, "it is HTML, not JSON: an error page of the shop, or another server; check the base URL".to_owned())
    } else if std::str::from_utf8(body).is_err_and(|error| error.error_len().is_some()) {
        (NotJson, "it is not UTF-8".to_owned())
    } else if error.is_eof() {
        (CutOff, "it ends in the middle".to_owned())
    } else {
        (NotJson, format!("it is not JSON at line {} column {}", error.line(), error.column()))
    };
    Problem::Unreadable(kind, reason)
}
