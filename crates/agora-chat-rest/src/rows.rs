//! Reads lists row by row, while the answer is parsed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::command::Rejected;

/// What was asked for, and the rows that could not be read; or why nothing could.
pub(crate) type Placed<T> = Result<(T, Vec<Rejected>), String>;

/// A row, or why it cannot be read, and the row itself.
pub(crate) type Parsed<T> = Result<T, (String, Value)>;

/// A row of a list.
pub(crate) trait Row: Sized {
    /// Reads it, or says where it is wrong.
    fn read(raw: &Value) -> Result<Self, String>;

    /// The same while it is parsed, where it is an object.
    fn parse<'de, A: MapAccess<'de>>(map: A) -> Result<Parsed<Self>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(parsed)
    }
}

pub(crate) fn parsed<T: Row>(raw: Value) -> Parsed<T> {
    T::read(&raw).map_err(|why| (why, raw))
}

/// An id alone, as in lists of admins.
impl Row for String {
    fn read(raw: &Value) -> Result<Self, String> {
        match raw {
            Value::String(id) if !id.is_empty() => Ok(id.clone()),
            Value::String(_) => Err(" is empty".to_owned()),
            _ => Err(" is no text".to_owned()),
        }
    }
}

/// The name of a field, copied only where it has escapes.
#[derive(Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// What is made of JSON of any shape.
pub(crate) trait Shape<'de>: Sized {
    fn map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Self::other)
    }

    fn seq<A: SeqAccess<'de>>(seq: A) -> Result<Self, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(Self::other)
    }

    fn other(value: Value) -> Self;
}

pub(crate) struct Any<T>(pub(crate) T);

impl<'de, T: Shape<'de>> Deserialize<'de> for Any<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor(PhantomData)).map(Self)
    }
}

struct AnyVisitor<T>(PhantomData<T>);

impl<'de, T: Shape<'de>> Visitor<'de> for AnyVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        T::seq(seq)
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::other(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::other(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::other(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::other(value.into()))
    }
}

impl<'de, T: Row> Shape<'de> for Parsed<T> {
    fn map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::parse(map)
    }

    fn other(value: Value) -> Self {
        parsed(value)
    }
}

/// A list: a row that cannot be read is set aside, and does not take its page with it.
pub(crate) enum List<T> {
    Rows(Vec<T>, Vec<Rejected>),
    /// It is none.
    Other(Value),
}

impl<'de, T: Row> Shape<'de> for List<T> {
    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let (mut rows, mut rejected) = (Vec::new(), Vec::new());
        while let Some(Any(row)) = seq.next_element::<Any<Parsed<T>>>()? {
            match row {
                Ok(row) => rows.push(row),
                Err((why, raw)) => {
                    let index = rows.len() + rejected.len();
                    rejected.push(Rejected { index, reason: format!("[{index}]{why}"), raw });
                }
            }
        }
        Ok(Self::Rows(rows, rejected))
    }

    fn other(value: Value) -> Self {
        Self::Other(value)
    }
}

/// The list as it came.
impl<T: Serialize> From<List<T>> for Value {
    fn from(list: List<T>) -> Self {
        match list {
            List::Rows(rows, rejected) => {
                let mut all: Vec<Self> = rows.iter().filter_map(|row| serde_json::to_value(row).ok()).collect();
                for row in rejected {
                    all.insert(row.index.min(all.len()), row.raw);
                }
                all.into()
            }
            List::Other(value) => value,
        }
    }
}

/// Reads a list; `None` for null.
pub(crate) fn parse<'de, T: Row, D: Deserializer<'de>>(place: D) -> Result<Option<Placed<Vec<T>>>, D::Error> {
    Ok(match Any::<List<T>>::deserialize(place)?.0 {
        List::Rows(rows, rejected) => Some(match rejected.first() {
            // One odd row is one odd row; many, and none that is not, are another kind of list.
            Some(first) if rows.is_empty() && rejected.len() > 1 => {
                Err(format!(": no row can be read: {}", first.reason))
            }
            _ => Ok((rows, rejected)),
        }),
        List::Other(Value::Null) => None,
        List::Other(_) => Some(Err(" is no list".to_owned())),
    })
}

/// Reads a list that was parsed.
pub(crate) fn rows<T: Row>(place: Value) -> Placed<Vec<T>> {
    let none = || Err(" is no list".to_owned());
    parse(place).unwrap_or_else(|_| Some(none())).unwrap_or_else(none)
}
