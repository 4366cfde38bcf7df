//! JSON whose fields stay in the order they were written in, which is the vendor's.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A value about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(Cow<'static, str>),
    Array(Vec<Json>),
    Object(Fields),
}

/// An object's fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields(Vec<(&'static str, Json)>);

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With one more field, at the end.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Changes a field that is there, in its place.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Json>) {
        if let Some((_, old)) = self.0.iter_mut().find(|(field, _)| *field == name) {
            *old = value.into();
        }
    }

    /// Changes a field's name, in its place.
    pub(crate) fn rename(&mut self, name: &str, to: &'static str) {
        if let Some((field, _)) = self.0.iter_mut().find(|(field, _)| *field == name) {
            *field = to;
        }
    }

    /// Takes fields out.
    pub(crate) fn remove(&mut self, names: &[&str]) {
        self.0.retain(|(field, _)| !names.contains(field));
    }

    /// Turns null into "" in these fields.
    pub(crate) fn nulls_to_text(&mut self, names: &[&str]) {
        for (field, value) in &mut self.0 {
            if names.contains(field) && *value == Json::Null {
                *value = "".into();
            }
        }
    }

    /// Turns every other field into null.
    pub(crate) fn only(&mut self, name: &str) {
        for (field, value) in &mut self.0 {
            if *field != name {
                *value = Json::Null;
            }
        }
    }

    /// Turns numbers into strings of digits.
    pub(crate) fn numbers_to_text(&mut self) {
        for (_, value) in &mut self.0 {
            if let Json::Number(number) = value {
                *value = Json::Text(number.to_string().into());
            }
        }
    }

    pub(crate) fn reverse(&mut self) {
        self.0.reverse();
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        // Strings, numbers and lists of them, written to a Vec: there is nothing here that can fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_i64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Object(fields) => fields.serialize(serializer),
        }
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<i32> for Json {
    fn from(value: i32) -> Self {
        Self::Number(value.into())
    }
}

impl From<&'static str> for Json {
    fn from(value: &'static str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<Fields> for Json {
    fn from(value: Fields) -> Self {
        Self::Object(value)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
