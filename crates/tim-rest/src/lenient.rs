//! Reads integers as the wire may drift: a number, a number in a string, null or "".

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize as _, Deserializer};

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

/// For the field that says who a row is about: without it the row is about nobody.
pub(crate) fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let account = String::deserialize(deserializer)?;
    if account.is_empty() { Err(D::Error::custom("an empty account")) } else { Ok(account) }
}
