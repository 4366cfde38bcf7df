//! Reads values as the wire is known to drift: a number or one in a string, a flag in several spellings, "" for null.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize as _, Deserializer};
use serde_json::Value;

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

/// For `#[serde(deserialize_with)]` on an `Option<bool>`: true, "true", 1, "1" and their opposites.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    struct Flag;

    impl Visitor<'_> for Flag {
        type Value = Option<bool>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true or false")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            match value {
                0 => Ok(Some(false)),
                1 => Ok(Some(true)),
                _ => Err(E::custom("a number that is neither 0 nor 1")),
            }
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match text.trim() {
                "" => Ok(None),
                "true" | "1" => Ok(Some(true)),
                "false" | "0" => Ok(Some(false)),
                _ => Err(E::custom("a word that is neither true nor false")),
            }
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Flag)
}

/// For the field that says who a row is about: without it the row is about nobody.
pub(crate) fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let account = String::deserialize(deserializer)?;
    if account.is_empty() { Err(D::Error::custom("an empty id")) } else { Ok(account) }
}

/// For the flag that is the whole answer.
pub(crate) fn sure_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    flag(deserializer)?.ok_or_else(|| D::Error::custom("neither true nor false"))
}

/// A text that may be null. Gives a value of another type back.
pub(crate) fn string(value: Value) -> Result<Option<String>, Value> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(other),
    }
}

/// A text of which the documents say "" and the servers null.
pub(crate) fn text(value: Value) -> Result<Option<String>, Value> {
    string(value).map(|text| text.filter(|text| !text.is_empty()))
}

/// Reads by serde, and gives back what is of another type.
pub(crate) fn other<T>(
    value: Value,
    read: impl FnOnce(&Value) -> Result<Option<T>, serde_json::Error>,
) -> Result<Option<T>, Value> {
    read(&value).map_err(|_| value)
}

/// `Deserialize` for an object of which some fields `must` be there and be readable, some must be readable if they are there
/// (`strict`), and all others (`odd`) are kept in `extra` as they came if they are of another type than they should be: they
/// cost nobody their row. Fields it does not know are kept in `extra`, too. Its errors quote nothing.
macro_rules! row {
    ($name:ident {
        must { $($must:ident = $($must_wire:literal)|+: $must_read:expr,)* }
        strict { $($strict:ident = $strict_wire:literal: $strict_read:expr,)* }
        odd { $($odd:ident = $odd_wire:literal: $odd_read:expr,)* }
    }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Row;

                impl<'de> serde::de::Visitor<'de> for Row {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut fields: A) -> Result<$name, A::Error> {
                        #[allow(unused_imports)]
                        use serde::de::Error as _;
                        $(let mut $must = None;)*
                        $(let mut $strict = None;)*
                        $(let mut $odd = None;)*
                        let mut extra = serde_json::Map::new();
                        while let Some(name) = fields.next_key::<String>()? {
                            let value: serde_json::Value = fields.next_value()?;
                            match name.as_str() {
                                $($($must_wire)|+ => {
                                    let read = $must_read(&value);
                                    $must = Some(read.map_err(|_| A::Error::custom("a field it must have is odd"))?);
                                })*
                                $($strict_wire => {
                                    $strict = $strict_read(&value).map_err(|_| A::Error::custom("a field is odd"))?;
                                })*
                                $($odd_wire => match $odd_read(value) {
                                    Ok(value) => $odd = value,
                                    Err(value) => drop(extra.insert(name, value)),
                                },)*
                                _ => drop(extra.insert(name, value)),
                            }
                        }
                        Ok($name {
                            $($must: $must.ok_or_else(|| A::Error::custom("a field it must have is missing"))?,)*
                            $($strict,)*
                            $($odd,)*
                            extra,
                        })
                    }
                }

                deserializer.deserialize_map(Row)
            }
        }
    };
}
pub(crate) use row;
