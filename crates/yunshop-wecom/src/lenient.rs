//! Reads values as the wire is known to drift: a number or one in a string, `[]` for no object, and fields
//! that are odd.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// For `#[serde(deserialize_with)]` on an `Option` of any integer. Never goes through a float.
pub(crate) fn integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    struct Integer<T>(PhantomData<T>);

    fn fit<T: TryFrom<i128>, E: Error>(value: i128) -> Result<Option<T>, E> {
        T::try_from(value).map(Some).map_err(|_| E::custom("an integer out of range"))
    }

    impl<T: TryFrom<i128>> Visitor<'_> for Integer<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an integer, or one in a string")
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            fit(value.into())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            fit(value.into())
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            fit(value.into())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match text.trim() {
                "" => Ok(None),
                digits => fit(digits.parse().map_err(|_| E::custom("a string that is no integer"))?),
            }
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Integer(PhantomData))
}

/// For the field that says who a row is about: without it the row is about nobody.
pub(crate) fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let account = String::deserialize(deserializer)?;
    if account.is_empty() { Err(D::Error::custom("an empty id")) } else { Ok(account) }
}

/// For the number of a row: a whole number above 0.
pub(crate) fn row_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    integer(deserializer)?.filter(|&id| id > 0).ok_or_else(|| D::Error::custom("no number of a row"))
}

/// For a related object: null, and `[]` as PHP writes an empty one, are none.
pub(crate) fn relation<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Array(empty) if empty.is_empty() => Ok(None),
        Value::Object(fields) => read_row(&fields, &[]).map(Some).map_err(D::Error::custom),
        _ => Err(D::Error::custom("no object")),
    }
}

/// For a value that is kept as it came, null included.
pub(crate) fn as_it_came<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads an object by its fields. One that is odd, and not among the `required`, does not cost the object: it goes to the
/// fields this version does not know, as it came.
pub(crate) fn read_row<T: DeserializeOwned>(fields: &Map<String, Value>, required: &[&str]) -> Result<T, String> {
    let fits = |fields: &Map<String, Value>| T::deserialize(fields);
    if let Ok(row) = T::deserialize(fields) {
        return Ok(row);
    }
    let (core, rest): (Map<String, Value>, Map<String, Value>) =
        fields.clone().into_iter().partition(|(name, _)| required.contains(&name.as_str()));
    if fits(&core).is_err() {
        let missing = required.iter().find(|&&name| !core.contains_key(name));
        return Err(match missing {
            Some(name) => format!("{name} is missing"),
            None => format!("{} cannot be read", required.join(" or ")),
        });
    }
    let mut whole = core.clone();
    for (name, value) in rest {
        let mut with = core.clone();
        with.insert(name.clone(), value.clone());
        // Under another name it is a field this version does not know.
        let name = if fits(&with).is_ok() { name } else { format!("{ODD}{name}") };
        whole.insert(name, value);
    }
    T::deserialize(&whole).map_err(|_| "its fields cannot be read together".to_owned())
}

/// Marks odd fields on their way into `extra`; [`extra`] takes it off again.
const ODD: &str = "\u{0}";

/// For `#[serde(flatten)] extra`.
pub(crate) fn extra<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    let fields = Map::deserialize(deserializer)?;
    if !fields.keys().any(|name| name.starts_with(ODD)) {
        return Ok(fields);
    }
    Ok(fields.into_iter().map(|(name, value)| (name.trim_start_matches(ODD).to_owned(), value)).collect())
}
