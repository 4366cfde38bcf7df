//! Makes a recorded exchange safe to show: credentials are cut, people and groups get made-up stand-ins (the same id
//! always the same one), and everything else stays as it was, byte by byte.

use std::collections::HashMap;

use http::{Request, Response, StatusCode, header};
use serde_json::Value;

/// What a vendor's messages look like.
pub(crate) struct Rules {
    /// The vendor's short name.
    pub(crate) vendor: &'static str,
    /// The host that fixtures name, whatever host it really was.
    pub(crate) host: &'static str,
    /// Where the path begins that fixtures name; what a gateway has in front of it is cut.
    pub(crate) path: &'static str,
    /// Query parameters, and what they are replaced by; `None` stays. What is not named here becomes `REDACTED`.
    pub(crate) query: &'static [(&'static str, Option<&'static str>)],
    /// Query parameters a replay must not compare.
    pub(crate) ignore_query: &'static [&'static str],
    /// The nonce that all requests are made to have been built with.
    pub(crate) random: u32,
    /// The number of the app.
    pub(crate) app: u64,
    /// What stands under a key of the JSON.
    pub(crate) kind: fn(&str) -> Kind,
    /// What the vendor's codec makes of an answer.
    pub(crate) outcome: fn(&str, Response<&[u8]>) -> Outcome,
    /// The credentials the case names.
    pub(crate) credentials: fn() -> Value,
    /// What is not as with a vendor that takes JSON by POST.
    pub(crate) ways: &'static Ways,
}

/// How a vendor's requests are made, where that differs from vendor to vendor.
pub(crate) struct Ways {
    /// The path that fixtures name, ids in it replaced.
    pub(crate) path: fn(&mut Sanitizer, &str) -> String,
    /// The body of a request, made safe to show.
    pub(crate) body: fn(&mut Sanitizer, &[u8]) -> Vec<u8>,
    /// Header lines that fixtures have besides the host and the content type, each with its line end.
    pub(crate) headers: &'static str,
    /// The endpoint's name, from a request's path.
    pub(crate) endpoint: fn(&str) -> String,
    /// The request as `case.json` has it: from the endpoint, and path, query and body as fixtures have them.
    pub(crate) request: fn(&str, &str, &[u8]) -> Value,
    /// A group's stand-in, from its id and its number.
    pub(crate) group: fn(&str, usize) -> String,
    /// Words in texts of errors that say which error it is, in small letters: they stay.
    pub(crate) telling: &'static [&'static str],
    /// The ends of paths whose exchanges are not recorded: those that only bring a credential.
    pub(crate) left_out: &'static [&'static str],
}

impl Ways {
    /// JSON, by POST, to a path without ids.
    pub(crate) const JSON: Self = Self {
        path: |sanitizer, path| path.rfind(sanitizer.rules.path).map_or(path, |start| &path[start..]).to_owned(),
        body: Sanitizer::body,
        headers: "",
        endpoint: |path| path.rsplit('/').next().unwrap_or_default().to_owned(),
        request: |_, target, body| serde_json::from_slice(body).unwrap_or_else(|_| parameters(target)),
        group,
        telling: &[],
        left_out: &[],
    };
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Somebody's id.
    Person,
    /// A group's id.
    Group,
    /// A name of a person or a group.
    Name,
    /// The address of a picture.
    Picture,
    /// A cursor, which may have ids in it.
    Cursor,
    /// The app's number.
    App,
    /// Free text.
    Text,
    /// The number of a person, a number also in a string; 0 is nobody.
    Serial,
    /// A date and a time in words.
    Date,
    /// A credential: cut.
    Secret,
    /// One of the vendor's own words: kept.
    Word,
    /// A count, a time, a flag: kept, also as a string of digits.
    Number,
    /// Custom values, and what is new to us: replaced, for it may be anything.
    Unknown,
}

/// How an answer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    ApiError,
    StatusError,
    DecodeError,
}

impl Outcome {
    /// The word of `case.json`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ApiError => "api-error",
            Self::StatusError => "status-error",
            Self::DecodeError => "decode-error",
        }
    }
}

/// Remembers who stands for whom. Whoever reads this out undoes the work: it is not written anywhere.
pub(crate) struct Sanitizer {
    rules: &'static Rules,
    stand_ins: HashMap<(Kind, String), usize>,
    counts: HashMap<Kind, usize>,
}

impl Sanitizer {
    pub(crate) fn new(rules: &'static Rules) -> Self {
        Self { rules, stand_ins: HashMap::new(), counts: HashMap::new() }
    }

    /// The bytes of a request file.
    pub(crate) fn request(&mut self, request: &Request<Vec<u8>>) -> Vec<u8> {
        let ways = self.rules.ways;
        let mut head = format!("{} {}", request.method(), (ways.path)(self, request.uri().path()));
        for (index, pair) in request.uri().query().into_iter().flat_map(|query| query.split('&')).enumerate() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let rule = self.rules.query.iter().find(|(known, _)| *known == name);
            let value = rule.map_or("REDACTED", |(_, stand_in)| stand_in.unwrap_or(value));
            head.push(if index == 0 { '?' } else { '&' });
            head.push_str(&format!("{name}={value}"));
        }
        head.push_str(&format!(" HTTP/1.1\r\nhost: {}\r\n{}", self.rules.host, ways.headers));
        head.push_str(&content_type(request.headers()));
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend((ways.body)(self, request.body()));
        bytes
    }

    /// The bytes of a response file.
    pub(crate) fn response(&mut self, response: &Response<Vec<u8>>) -> Vec<u8> {
        let reason = response.status().canonical_reason().unwrap_or("Unknown");
        let mut head =
            format!("HTTP/1.1 {} {reason}\r\n{}", response.status().as_u16(), content_type(response.headers()));
        // A list is held against the time at which its first page was read.
        if let Some(date) = response.headers().get(header::DATE).and_then(|date| date.to_str().ok()) {
            head.push_str(&format!("date: {date}\r\n"));
        }
        if let Some(wait) = response.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()) {
            head.push_str(&format!("retry-after: {wait}\r\n"));
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend(self.body(response.body()));
        bytes
    }

    /// Strings and numbers replaced where their key says so; what is no JSON could hold anything, and is cut.
    pub(crate) fn body(&mut self, body: &[u8]) -> Vec<u8> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if let Some(rest) = body.strip_prefix(MARK) {
            return [MARK, &self.body(rest)].concat();
        }
        rewrite(body, |key, token| self.stand_in(key, token)).unwrap_or_else(|| {
            let html = body.trim_ascii_start().starts_with(b"<");
            let rest: &[u8] = if body.trim_ascii().is_empty() { b"" } else { b"REDACTED" };
            if html { b"<html>REDACTED</html>".to_vec() } else { rest.to_vec() }
        })
    }

    /// The JSON that stands in for a value, or `None` where it stays.
    fn stand_in(&mut self, key: &str, token: &Token<'_>) -> Option<String> {
        let kind = (self.rules.kind)(key);
        match (kind, token) {
            (_, Token::Text(text)) if text.is_empty() => None,
            (Kind::Number, Token::Number(_)) => None,
            (Kind::Number, Token::Text(text)) if is_number(text) => None,
            (Kind::Word, Token::Text(text)) if is_word(text) => None,
            // Some vendors' words are small numbers.
            (Kind::Word, Token::Number(number)) if is_word(number) => None,
            (Kind::Date, Token::Number(_)) => None,
            (Kind::Date, Token::Text(text)) if is_date(text) => None,
            (Kind::Serial, Token::Text(text)) if text.bytes().all(|b| b == b'0') => None,
            (Kind::Serial, Token::Number("0")) => None,
            (Kind::Serial, Token::Text(text)) if text.bytes().all(|b| b.is_ascii_digit()) => {
                Some(format!("\"{}\"", self.number(kind, text)))
            }
            (Kind::Secret, _) => Some("\"REDACTED\"".to_owned()),
            (Kind::App, Token::Number(_)) => Some(self.rules.app.to_string()),
            (Kind::Group, Token::Number(id)) => {
                let number = self.number(kind, id);
                let stand_in = (self.rules.ways.group)(id, number);
                Some(if stand_in.parse::<u64>().is_ok() { stand_in } else { number.to_string() })
            }
            // WeChat's groups are told by their ending, under whatever key; its case does not matter.
            (Kind::Person | Kind::Group, Token::Text(id)) if self.rules.vendor == "wkteam" && is_chatroom(id) => {
                let number = self.number(Kind::Group, &id.to_ascii_lowercase());
                Some(Value::String((self.rules.ways.group)(id, number)).to_string())
            }
            (_, Token::Number(number)) => Some(self.number(kind, number).to_string()),
            (_, Token::Text(text)) => {
                let number = self.number(kind, text);
                let stand_in = match kind {
                    Kind::Person => format!("user_{number:04}"),
                    Kind::Group => (self.rules.ways.group)(text, number),
                    // Where it was not ASCII, it stays so: that is what breaks clients.
                    Kind::Name if text.is_ascii() => format!("Name {number}"),
                    Kind::Name => format!("名字{number}"),
                    Kind::Picture => format!("https://example.com/{number}.jpg"),
                    Kind::Cursor => format!("cursor_{number}"),
                    Kind::App => self.rules.app.to_string(),
                    Kind::Text => {
                        let small = text.to_lowercase();
                        let told = self.rules.ways.telling.iter().filter(|word| small.contains(**word));
                        told.fold(format!("text {number}"), |stand_in, word| format!("{stand_in} {word}"))
                    }
                    Kind::Word | Kind::Number | Kind::Serial | Kind::Date | Kind::Secret | Kind::Unknown => {
                        format!("value_{number}")
                    }
                };
                Some(Value::String(stand_in).to_string())
            }
        }
    }

    /// The stand-in of an id that stands elsewhere than in JSON.
    pub(crate) fn group(&mut self, id: &str) -> String {
        let number = self.number(Kind::Group, id);
        (self.rules.ways.group)(id, number)
    }

    /// The number of a value among those of its kind, the same each time.
    fn number(&mut self, kind: Kind, value: &str) -> usize {
        *self.stand_ins.entry((kind, value.to_owned())).or_insert_with(|| {
            let count = self.counts.entry(kind).or_default();
            *count += 1;
            *count
        })
    }
}

/// Groups keep what their id says about their type.
fn group(id: &str, number: usize) -> String {
    let prefix = ["@TGS#_@TGS#c", "@TGS#_", "@TGS#a", "@TGS#"].into_iter().find(|prefix| id.starts_with(prefix));
    prefix.map_or_else(|| format!("group_{number}"), |prefix| format!("{prefix}GROUP{number}"))
}

/// What a request without a body asks for: its query.
fn parameters(target: &str) -> Value {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let pairs: serde_json::Map<String, Value> =
        pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    if pairs.is_empty() { Value::Null } else { Value::Object(pairs) }
}

/// Whether it is the id of a group of WeChat.
fn is_chatroom(id: &str) -> bool {
    let ending = id.len().checked_sub("@chatroom".len()).and_then(|at| id.get(at..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("@chatroom"))
}

/// Whether it is nothing but a date, or a time in digits.
fn is_date(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit() || b"-:. +TZ".contains(&b))
}

/// Digits, or a flag as text.
fn is_number(text: &str) -> bool {
    let digits = text.trim();
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    matches!(text, "true" | "false") || digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it looks like a word of a protocol, and not like somebody's name or number.
fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_ -".contains(&b);
    text.len() <= 40 && text.bytes().all(plain) && text.bytes().filter(u8::is_ascii_digit).count() < 6
}

fn content_type(headers: &http::HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.map(|value| format!("content-type: {value}\r\n")).unwrap_or_default()
}

/// A value of JSON that may be replaced.
pub(crate) enum Token<'a> {
    /// A string, unescaped.
    Text(String),
    /// A number as it is written.
    Number(&'a str),
}

/// Copies JSON, with the strings and numbers replaced for which `replace` has JSON to put there. It is called with the
/// nearest key around the value ("" at the top). `None`: this is no JSON.
pub(crate) fn rewrite(json: &[u8], mut replace: impl FnMut(&str, &Token<'_>) -> Option<String>) -> Option<Vec<u8>> {
    enum Open {
        Object { key: String, wants_key: bool },
        Array { key: String },
    }
    let mut out = Vec::with_capacity(json.len());
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut values = 0_usize;
    while let Some(&byte) = json.get(at) {
        let key_around = |open: &Vec<Open>| match open.last() {
            Some(Open::Object { key, .. } | Open::Array { key }) => key.clone(),
            None => String::new(),
        };
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => out.push(byte),
            b'{' | b'[' => {
                let key = key_around(&open);
                open.push(if byte == b'{' { Open::Object { key, wants_key: true } } else { Open::Array { key } });
                out.push(byte);
                values += 1;
            }
            b'}' => {
                matches!(open.pop()?, Open::Object { .. }).then_some(())?;
                out.push(byte);
            }
            b']' => {
                matches!(open.pop()?, Open::Array { .. }).then_some(())?;
                out.push(byte);
            }
            b':' => {
                let Some(Open::Object { wants_key, .. }) = open.last_mut() else {
                    return None;
                };
                *wants_key = false;
                out.push(byte);
            }
            b',' => {
                if let Some(Open::Object { wants_key, .. }) = open.last_mut() {
                    *wants_key = true;
                } else if open.is_empty() {
                    return None;
                }
                out.push(byte);
            }
            b'"' => {
                at += end_of_string(&json[at..])?;
                let written = &json[start..at];
                let text =
                    serde_json::from_slice(written).unwrap_or_else(|_| String::from_utf8_lossy(written).into_owned());
                if let Some(Open::Object { key, wants_key: true }) = open.last_mut() {
                    *key = text;
                    out.extend_from_slice(written);
                } else {
                    match replace(&key_around(&open), &Token::Text(text)) {
                        Some(stand_in) => out.extend_from_slice(stand_in.as_bytes()),
                        None => out.extend_from_slice(written),
                    }
                    values += 1;
                }
            }
            b'-' | b'0'..=b'9' => {
                while json.get(at).is_some_and(|b| b.is_ascii_digit() || b"+-.eE".contains(b)) {
                    at += 1;
                }
                let written = std::str::from_utf8(&json[start..at]).ok()?;
                match replace(&key_around(&open), &Token::Number(written)) {
                    Some(stand_in) => out.extend_from_slice(stand_in.as_bytes()),
                    None => out.extend_from_slice(written.as_bytes()),
                }
                values += 1;
            }
            _ => {
                let word: &[u8] =
                    [&b"true"[..], b"false", b"null"].into_iter().find(|word| json[start..].starts_with(word))?;
                at = start + word.len();
                out.extend_from_slice(word);
                values += 1;
            }
        }
    }
    (open.is_empty() && values > 0).then_some(out)
}

/// How long a string is, from behind its first quote to behind its last.
fn end_of_string(rest: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let end = rest.iter().position(|&byte| match (escaped, byte) {
        (true, _) => {
            escaped = false;
            false
        }
        (false, b'\\') => {
            escaped = true;
            false
        }
        (false, byte) => byte == b'"',
    })?;
    Some(end + 1)
}

impl Outcome {
    /// Reads a response with the codec of `rules`.
    pub(crate) fn of(rules: &Rules, endpoint: &str, status: StatusCode, body: &[u8]) -> Self {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        (rules.outcome)(endpoint, response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sanitizer() -> Sanitizer {
        Sanitizer::new(&crate::vendors::tim::RULES)
    }

    fn body(sanitizer: &mut Sanitizer, json: &str) -> String {
        String::from_utf8(sanitizer.body(json.as_bytes())).unwrap()
    }

    #[test]
    fn layout_order_and_numbers_stay() {
        let json = "{\r\n  \"ErrorCode\" : 0 ,\"MemberNum\":18446744073709551615,\"B\":null,\"A\":[ ],\"C\":true}\n";
        assert_eq!(body(&mut sanitizer(), json), json);
    }

    #[test]
    fn the_same_id_is_always_the_same_stand_in() {
        let mut sanitizer = sanitizer();
        let page = r#"{"MemberList":[{"Member_Account":"alice","NameCard":"张伟"},{"Member_Account":"b\u006fb","NameCard":""}]}"#;
        assert_eq!(
            body(&mut sanitizer, page),
            r#"{"MemberList":[{"Member_Account":"user_0001","NameCard":"名字1"},{"Member_Account":"user_0002","NameCard":""}]}"#
        );
        let asked = r#"{"GroupId":"@TGS#aROOM","Member_List_Account":["bob","alice"],"Next":"TGSbob"}"#;
        assert_eq!(
            body(&mut sanitizer, asked),
            r#"{"GroupId":"@TGS#aGROUP1","Member_List_Account":["user_0002","user_0001"],"Next":"cursor_1"}"#
        );
        assert_eq!(
            body(&mut sanitizer, r#"{"Next":"TGSbob","GroupIdList":["mine"]}"#),
            r#"{"Next":"cursor_1","GroupIdList":["group_2"]}"#
        );
    }

    #[test]
    fn what_is_new_to_us_is_replaced() {
        let json = r#"{"Phone":13800138000,"Wechat":{"Id":"wxid_1","Deep":["x"]},"AppMemberDefinedData":[{"Key":"level","Value":"13900139000"},{"Key":"tel","Value":1.5e3}],"Role":"经理 王","MuteUntil":"4294967295"}"#;
        assert_eq!(
            body(&mut sanitizer(), json),
            r#"{"Phone":1,"Wechat":{"Id":"value_2","Deep":["value_3"]},"AppMemberDefinedData":[{"Key":"level","Value":"value_4"},{"Key":"tel","Value":5}],"Role":"value_1","MuteUntil":"4294967295"}"#
        );
    }

    #[test]
    fn what_is_no_json_is_cut() {
        for (text, expected) in [
            ("<html>Zhang Wei</html>", "<html>REDACTED</html>"),
            ("", ""),
            ("Zhang Wei", "REDACTED"),
            (r#"{"NameCard":"Zhang"#, "REDACTED"),
            (r#"{"NameCard":"Zhang"]"#, "REDACTED"),
            (r#"{"NameCard":"Zhang"} Wei"#, "REDACTED"),
        ] {
            assert_eq!(body(&mut sanitizer(), text), expected, "{text}");
        }
    }

    #[test]
    fn requests_lose_their_credentials_and_their_host() {
        let request = Request::post("https://gw.corp.example/tim/v4/group_open_http_svc/get_group_info?sdkappid=1600000001&identifier=boss&usersig=eJyrVgrx&random=7&contenttype=json&token=abc")
            .header("content-type", "application/json")
            .header("authorization", "Bearer abc")
            .body(br#"{"GroupIdList":["g"]}"#.to_vec())
            .unwrap();
        let written = String::from_utf8(sanitizer().request(&request)).unwrap();
        assert_eq!(
            written,
            "POST /v4/group_open_http_svc/get_group_info?sdkappid=1400000000&identifier=administrator&usersig=REDACTED&random=99999999&contenttype=json&token=REDACTED HTTP/1.1\r\n\
             host: console.tim.qq.com\r\ncontent-type: application/json\r\n\r\n{\"GroupIdList\":[\"group_1\"]}"
        );
    }
}
