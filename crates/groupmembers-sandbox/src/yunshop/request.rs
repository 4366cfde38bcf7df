//! A request as the host's framework sees it.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::vendor::Call;

/// What was asked, by whom.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    headers: &'a HeaderMap,
    /// Query, then body: the last one of a name counts.
    params: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    pub(crate) fn read(call: &Call<'a>) -> Self {
        let mut params = form(call.query.as_bytes());
        let content_type = text(call.headers, &header::CONTENT_TYPE).to_lowercase();
        if content_type.contains("json") {
            // Anything else than an object reads as no parameters at all.
            if let Ok(Value::Object(body)) = serde_json::from_slice(call.body) {
                params.extend(body.into_iter().filter_map(|(name, value)| Some((name, scalar(value)?))));
            }
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            params.extend(form(call.body));
        }
        Self { headers: call.headers, params }
    }

    /// A parameter; `None` where it is missing or empty, which is the same to the vendor.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.params.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    /// A cookie. PHP takes the first of a name.
    pub(crate) fn cookie(&self, name: &str) -> Option<Cow<'a, str>> {
        let lines = self.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let found = pairs.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value);
        found.filter(|value| !value.is_empty()).and_then(|value| percent_decode_str(value).decode_utf8().ok())
    }

    /// What the login says the client is: 5 is a browser outside of WeChat.
    pub(crate) fn client_type(&self) -> Option<i64> {
        self.get("type")?.parse().ok()
    }

    /// Whether a client that names no type is taken for WeChat's browser.
    pub(crate) fn is_wechat(&self) -> bool {
        let agent = text(self.headers, &header::USER_AGENT);
        self.client_type().is_none() && ["MicroMessenger", "Windows Phone"].iter().any(|name| agent.contains(name))
    }

    /// Whether exceptions come as JSON.
    pub(crate) fn is_xhr(&self) -> bool {
        self.headers.get("x-requested-with").is_some_and(|value| value == "XMLHttpRequest")
    }

    /// Whether errors of the framework come as JSON.
    pub(crate) fn wants_json(&self) -> bool {
        self.is_xhr() || text(self.headers, &header::ACCEPT).contains("json")
    }

    pub(crate) fn host(&self) -> &'a str {
        match text(self.headers, &header::HOST) {
            "" => "localhost",
            host => host,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn form(text: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(text).replace('+', " ");
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decode(n), decode(v))).collect()
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(if flag { "1".to_owned() } else { String::new() }),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
