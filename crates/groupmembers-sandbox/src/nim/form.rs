//! The fields of a form, strictly: what has the wrong type is refused.

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::refusal::Refusal;

/// The fields, decoded: percent escapes, and "+" for a space.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Of the body; of the query when the body is empty. A body that is not declared a form has no fields, as with
    /// every servlet.
    pub(crate) fn read(headers: &HeaderMap, query: &str, body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Self::parse(query);
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(Refusal::new(414, "the body is not declared application/x-www-form-urlencoded"));
        }
        Self::parse(std::str::from_utf8(body).map_err(|_| Refusal::new(414, "the form is not ASCII or UTF-8"))?)
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            let decoded = percent_decode_str(&text).decode_utf8();
            decoded.map(std::borrow::Cow::into_owned).map_err(|_| Refusal::new(414, "a field is not UTF-8"))
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::empty(name))
    }

    /// A number from 0 up.
    pub(crate) fn number(&self, name: &str) -> Result<u64, Refusal> {
        let text = self.text(name)?;
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        // The vendor's type is a signed long.
        let number = text.parse::<i64>().ok().filter(|_| digits).and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| Refusal::bad(name, "is not a number from 0 to 2^63-1"))
    }

    /// A page size.
    pub(crate) fn limit(&self, most: u64) -> Result<usize, Refusal> {
        match self.number("limit")? {
            limit if (1..=most).contains(&limit) => Ok(usize::try_from(limit).unwrap_or(1)),
            limit => Err(Refusal::bad("limit", format!("is {limit}, not 1 to {most}"))),
        }
    }

    /// Only the texts `true` and `false` mean anything; whatever else leaves the default, which is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A JSON array of texts; numbers pass for texts. One to `most` of them.
    pub(crate) fn array(&self, name: &str, most: usize) -> Result<Vec<String>, Refusal> {
        let items = match serde_json::from_str(self.text(name)?) {
            Ok(Value::Array(items)) => items,
            _ => return Err(Refusal::bad(name, "is not a JSON array")),
        };
        if items.is_empty() {
            return Err(Refusal::empty(name));
        }
        if items.len() > most {
            return Err(Refusal::bad(name, format!("has {} items, at most {most}", items.len())));
        }
        let text = |item| match item {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(Refusal::bad(name, "holds something that is no text")),
        };
        items.into_iter().map(text).collect()
    }

    /// A JSON array of ids.
    pub(crate) fn ids(&self, name: &str, most: usize) -> Result<Vec<u64>, Refusal> {
        let id = |text: String| text.parse().map_err(|_| Refusal::bad(name, "holds something that is no id"));
        self.array(name, most)?.into_iter().map(id).collect()
    }

    /// The rooms or teams it is about: for the log, and for faults that belong to one.
    pub(crate) fn groups(&self) -> Vec<String> {
        let one = ["roomid", "tid"].into_iter().filter_map(|name| self.get(name)).map(str::to_owned);
        let many = ["roomids", "tids"].into_iter().filter_map(|name| self.array(name, 100).ok()).flatten();
        let mut groups: Vec<String> = one.chain(many).map(|id| id.chars().take(40).collect()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}
