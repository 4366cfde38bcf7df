//! How objects of the wire are read. A field that must be there and is not makes a row unreadable; a field that may be
//! there and is of another type than documented stays in `extra` as it came.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// A value of the wire. The error says what is wrong by the names of fields, and quotes no value.
pub(crate) trait Read: Sized {
    fn read(value: &Value) -> Result<Self, String>;
}

impl Read for String {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().map(ToOwned::to_owned).ok_or_else(|| "is no text".to_owned())
    }
}

/// A number, or one in a string. Never through a float.
macro_rules! read_integer {
    ($($integer:ty),+) => {$(
        impl Read for $integer {
            fn read(value: &Value) -> Result<Self, String> {
                let number = match value {
                    Value::Number(number) => number.as_i64().map(i128::from).or(number.as_u64().map(i128::from)),
                    Value::String(digits) => digits.trim().parse().ok(),
                    _ => None,
                };
                number.and_then(|number| number.try_into().ok()).ok_or_else(|| "is no whole number in range".to_owned())
            }
        }
    )+};
}
read_integer!(i64, u64);

impl Read for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(word) if word == "true" => Ok(true),
            Value::String(word) if word == "false" => Ok(false),
            _ => Err("is neither true nor false".to_owned()),
        }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_array().ok_or("is no list")?.iter().map(T::read).collect()
    }
}

/// The id of an account: without it a row is about nobody.
pub(crate) fn account(fields: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    let account: String = must(fields, name)?;
    if account.is_empty() { Err(format!("{name} is empty")) } else { Ok(account) }
}

pub(crate) fn must<T: Read>(fields: &mut Map<String, Value>, name: &str) -> Result<T, String> {
    match fields.get(name) {
        None => Err(format!("{name} is missing")),
        Some(Value::Null) => Err(format!("{name} is null")),
        Some(value) => {
            let read = T::read(value).map_err(|why| join(name, &why))?;
            fields.remove(name);
            Ok(read)
        }
    }
}

/// Missing and null are alike; what cannot be read stays where it is.
pub(crate) fn may<T: Read>(fields: &mut Map<String, Value>, name: &str) -> Option<T> {
    let value = fields.get(name)?;
    let read = T::read(value).ok();
    if read.is_some() || value.is_null() {
        fields.remove(name);
    }
    read
}

/// `desc` and `data is null` make `desc.data is null`; `desc` and `is no list` make `desc is no list`.
fn join(name: &str, why: &str) -> String {
    if why.starts_with("is ") { format!("{name} {why}") } else { format!("{name}.{why}") }
}

/// Defines an object of the wire.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $name:ident {
            must { $($(#[$must_meta:meta])* $must:ident: $must_type:ty = $must_word:literal $(by $reader:path)?,)* }
            may { $($(#[$may_meta:meta])* $may:ident: $may_type:ty = $may_word:literal,)* }
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$must_meta])* #[serde(rename = $must_word)] pub $must: $must_type,)*
            $($(#[$may_meta])* #[serde(rename = $may_word, skip_serializing_if = "Option::is_none")] pub $may: Option<$may_type>,)*
            /// Fields this version does not know, and known ones whose value is not of the documented type.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            fn from_fields(mut fields: serde_json::Map<String, serde_json::Value>) -> Result<Self, String> {
                Ok(Self {
                    $($must: crate::row::row!(@must fields, $must_word $(, $reader)?)?,)*
                    $($may: crate::row::may(&mut fields, $may_word),)*
                    extra: fields,
                })
            }
        }

        impl crate::row::Read for $name {
            fn read(value: &serde_json::Value) -> Result<Self, String> {
                Self::from_fields(value.as_object().ok_or("is no object")?.clone())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let fields = serde_json::Map::deserialize(deserializer)?;
                Self::from_fields(fields).map_err(serde::de::Error::custom)
            }
        }
    };
    (@must $fields:ident, $word:literal) => { crate::row::must(&mut $fields, $word) };
    (@must $fields:ident, $word:literal, $reader:path) => { $reader(&mut $fields, $word) };
}
pub(crate) use row;

/// The rows of a list, and those that could not be read. It reads like a slice of the former.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct List<T> {
    /// The rows that could be read, in the order of the wire.
    pub rows: Vec<T>,
    /// The others. They take nobody else with them.
    pub rejected: Vec<Rejected>,
}

impl<T> List<T> {
    /// How many rows the server sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.rows.len() + self.rejected.len()
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

impl<T: Read> Read for List<T> {
    fn read(value: &Value) -> Result<Self, String> {
        let sent = value.as_array().ok_or("is no list")?;
        let mut list = Self { rows: Vec::with_capacity(sent.len()), rejected: Vec::new() };
        for (index, raw) in sent.iter().enumerate() {
            match T::read(raw) {
                Ok(row) => list.rows.push(row),
                Err(reason) => list.rejected.push(Rejected { index, reason, raw: raw.clone() }),
            }
        }
        Ok(list)
    }
}

impl<T: Serialize> Serialize for List<T> {
    /// Every row in its place, as it was sent.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Either<'a, T> {
            Row(&'a T),
            Raw(&'a Value),
        }
        let (mut rows, mut rejected) = (self.rows.iter(), self.rejected.iter().peekable());
        serializer.collect_seq((0..self.sent()).filter_map(|index| match rejected.next_if(|row| row.index == index) {
            Some(row) => Some(Either::Raw(&row.raw)),
            None => rows.next().map(Either::Row),
        }))
    }
}

impl<'de, T: Read> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
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
