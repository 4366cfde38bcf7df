//! JSON as PHP writes it: fields in the order they were put in, everything beyond ASCII as `\uXXXX`, `/` as `\/`.

use std::{borrow::Cow, fmt::Write};

/// An answer, or a part of one. A tree, because faults bend it after it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// What PHP makes of an array with nothing in it, map or not.
    pub(crate) fn nothing() -> Self {
        Self::List(Vec::new())
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Map(fields) => fields.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Changes a field that is there; nothing happens where it is not.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Self>) {
        if let Some(field) = self.get_mut(key) {
            *field = value.into();
        }
    }

    /// Puts a field in, after the one named, or at the end.
    pub(crate) fn insert_after(&mut self, after: &str, key: &'static str, value: impl Into<Self>) {
        if let Self::Map(fields) = self {
            let at = fields.iter().position(|(name, _)| name == after).map_or(fields.len(), |at| at + 1);
            fields.insert(at, (Cow::Borrowed(key), value.into()));
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Self::Map(fields) = self {
            fields.retain(|(name, _)| name != key);
        }
    }

    /// The items of a list or the values of a map.
    pub(crate) fn items_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::List(items) => items.iter_mut().collect(),
            Self::Map(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        }
    }

    /// Visits this value and everything in it.
    pub(crate) fn walk(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        visit(self);
        for item in self.items_mut() {
            item.walk(visit);
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Self::Int(number) => drop(write!(out, "{number}")),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='\u{7f}' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

impl From<bool> for Json {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Json {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u32> for Json {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Vec<Self>> for Json {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

/// A map with these fields in this order.
macro_rules! map {
    ($($name:literal : $value:expr),* $(,)?) => {
        $crate::yunshop::json::Json::Map(vec![
            $((std::borrow::Cow::Borrowed($name), Into::<$crate::yunshop::json::Json>::into($value)),)*
        ])
    };
}
pub(crate) use map;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_php_does() {
        let mut out = String::new();
        map! { "a/b": "林晓🎉\"\\\n\u{1}\u{7f}", "n": -1, "none": None::<i64>, "empty": Json::nothing() }
            .write(&mut out);
        assert_eq!(
            out,
            "{\"a\\/b\":\"\\u6797\\u6653\\ud83c\\udf89\\\"\\\\\\n\\u0001\u{7f}\",\"n\":-1,\"none\":null,\"empty\":[]}"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
    }
}
