//! Reads objects as the wire may drift. What an optional field cannot hold is no reason to lose a row or a page: the
//! field is `None`, and the value is kept as it came among the fields this version does not know.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What a field held.
#[derive(Default)]
pub(crate) enum Read<T> {
    /// Nothing, null, or for numbers `""`.
    #[default]
    Absent,
    Good(T),
    Odd(Value),
}

/// What a field can be made of. Nothing is ever read through a float.
pub(crate) trait Field: Sized {
    fn integer(_: i128) -> Option<Self> {
        None
    }

    fn text(text: &str) -> Read<Self> {
        Read::Odd(text.into())
    }

    fn object(_: &Value) -> Option<Self> {
        None
    }

    fn list<'de, A: SeqAccess<'de>>(list: A) -> Result<Read<Self>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(list)).map(Read::Odd)
    }
}

impl Field for String {
    fn text(text: &str) -> Read<Self> {
        Read::Good(text.to_owned())
    }
}

macro_rules! integer {
    ($($type:ty)+) => {$(
        impl Field for $type {
            fn integer(value: i128) -> Option<Self> {
                value.try_into().ok()
            }

            fn text(text: &str) -> Read<Self> {
                match text.trim() {
                    "" => Read::Absent,
                    digits => digits.parse().map_or_else(|_| Read::Odd(text.into()), Read::Good),
                }
            }
        }
    )+};
}
integer!(i64 u64);

/// A list that is kept as a whole or not at all.
impl<T: DeserializeOwned> Field for Vec<T> {
    fn list<'de, A: SeqAccess<'de>>(list: A) -> Result<Read<Self>, A::Error> {
        let list = Value::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Self::deserialize(&list).map_or(Read::Odd(list), Read::Good))
    }
}

/// Says who or what a row is about: without it the row is about nobody.
pub(crate) struct Id(String);

impl Field for Id {
    fn text(text: &str) -> Read<Self> {
        // U+FFFD stands for bytes that were lost: two ids may have become one.
        let usable = !text.is_empty() && !text.contains('\u{fffd}');
        if usable { Read::Good(Self(text.to_owned())) } else { Read::Odd(text.into()) }
    }
}

/// A cursor in a string, where a number may stand as well; 0 is the end, as `""` is.
pub(crate) struct Cursor(String);

impl Field for Cursor {
    fn integer(value: i128) -> Option<Self> {
        match value {
            0 => Some(Self(String::new())),
            1.. => Some(Self(value.to_string())),
            _ => None,
        }
    }

    fn text(text: &str) -> Read<Self> {
        // U+FFFD stands for bytes that were lost: it would be another cursor.
        if text.contains('\u{fffd}') { Read::Odd(text.into()) } else { Read::Good(Self(text.to_owned())) }
    }
}

/// The rows an answer is asked for.
pub(crate) struct Rows<T>(Vec<T>);

impl<T: DeserializeOwned> Field for Rows<T> {
    fn list<'de, A: SeqAccess<'de>>(list: A) -> Result<Read<Self>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(|rows| Read::Good(Self(rows)))
    }
}

impl<'de, T: Field> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);

        impl<T: Field> Any<T> {
            fn integer<E>(value: impl Into<i128> + Into<Value> + Copy) -> Result<Read<T>, E> {
                Ok(T::integer(value.into()).map_or_else(|| Read::Odd(value.into()), Read::Good))
            }
        }

        impl<'de, T: Field> Visitor<'de> for Any<T> {
            type Value = Read<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Read<T>, E> {
                Ok(Read::Odd(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Read<T>, E> {
                Self::integer(value)
            }

            fn visit_u64<E>(self, value: u64) -> Result<Read<T>, E> {
                Self::integer(value)
            }

            fn visit_f64<E>(self, value: f64) -> Result<Read<T>, E> {
                Ok(Read::Odd(value.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Read<T>, E> {
                Ok(T::text(text))
            }

            fn visit_unit<E>(self) -> Result<Read<T>, E> {
                Ok(Read::Absent)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Read<T>, A::Error> {
                T::list(list)
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Read<T>, A::Error> {
                let object = Value::deserialize(MapAccessDeserializer::new(object))?;
                Ok(T::object(&object).map_or(Read::Odd(object), Read::Good))
            }
        }

        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// The name of a field, borrowed where it can be: there are ten of them in every row.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// One field under its name, or under the one it had before: where both are there, the new one counts.
pub(crate) struct Slot<T> {
    read: Read<T>,
    /// The name it came under.
    name: &'static str,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { read: Read::Absent, name: "" }
    }
}

impl<T> Slot<T> {
    pub(crate) fn put(&mut self, name: &'static str, read: Read<T>) {
        if !matches!(read, Read::Absent) {
            *self = Self { read, name };
        }
    }

    pub(crate) fn put_old(&mut self, name: &'static str, read: Read<T>) {
        if matches!(self.read, Read::Absent) {
            self.put(name, read);
        }
    }
}

/// The fields of an object that have no place of their own.
#[derive(Default)]
pub(crate) struct Rest {
    pub(crate) fields: Map<String, Value>,
    /// What is odd about the others.
    pub(crate) notes: Vec<String>,
}

impl From<Rest> for Map<String, Value> {
    fn from(rest: Rest) -> Self {
        rest.fields
    }
}

impl Rest {
    /// Takes a field out, unless it is odd.
    pub(crate) fn take<T: Field>(&mut self, name: &str) -> Option<T> {
        // Reading from a value cannot fail: whatever cannot be read is odd.
        match self.fields.remove(name).map(|value| Read::deserialize(&value)) {
            Some(Ok(Read::Good(value))) => Some(value),
            Some(Ok(Read::Odd(value))) => {
                self.fields.insert(name.to_owned(), value);
                None
            }
            _ => None,
        }
    }
}

/// A type whose optional fields may be odd.
pub(crate) trait Known {
    /// Their names.
    const NAMES: &'static [&'static str];

    /// Where odd ones are kept.
    fn rest(&self) -> &Map<String, Value>;
}

/// For an optional field.
pub(crate) fn may<T, E>(slot: Slot<T>, name: &str, rest: &mut Rest) -> Result<Option<T>, E> {
    match slot.read {
        Read::Absent => Ok(None),
        Read::Good(value) => Ok(Some(value)),
        Read::Odd(value) => {
            rest.notes.push(format!("{name} is odd: left out, and kept as it came in `extra`"));
            rest.fields.insert(slot.name.to_owned(), value);
            Ok(None)
        }
    }
}

/// For an optional field whose meaning is not to be guessed at.
pub(crate) fn strict<T, E: Error>(slot: Slot<T>, name: &str, _: &mut Rest) -> Result<Option<T>, E> {
    match slot.read {
        Read::Absent => Ok(None),
        Read::Good(value) => Ok(Some(value)),
        Read::Odd(value) => Err(wrong(name, &value)),
    }
}

/// For a field that must be there.
pub(crate) fn must<T, E: Error>(slot: Slot<T>, name: &str, rest: &mut Rest) -> Result<T, E> {
    strict(slot, name, rest)?.ok_or_else(|| E::custom(format_args!("{name} is missing or null")))
}

/// For the field that says who or what a row is about.
pub(crate) fn id<E: Error>(slot: Slot<Id>, name: &str, rest: &mut Rest) -> Result<String, E> {
    must(slot, name, rest).map(|id: Id| id.0)
}

/// For a cursor in a string.
pub(crate) fn cursor<E>(slot: Slot<Cursor>, name: &str, rest: &mut Rest) -> Result<Option<String>, E> {
    Ok(may(slot, name, rest)?.map(|cursor: Cursor| cursor.0))
}

/// For the rows an answer is asked for.
pub(crate) fn rows<T: Known, E: Error>(slot: Slot<Rows<T>>, name: &str, rest: &mut Rest) -> Result<Vec<T>, E> {
    let rows: Vec<T> = must(slot, name, rest).map(|rows: Rows<T>| rows.0)?;
    for known in T::NAMES {
        let odd = rows.iter().filter(|row| row.rest().contains_key(*known)).count();
        if odd > 0 {
            rest.notes.push(format!("{known} of {odd} rows is odd: left out, and kept as it came in `extra`"));
        }
    }
    Ok(rows)
}

fn wrong<E: Error>(name: &str, value: &Value) -> E {
    E::custom(match value.as_str() {
        Some("") => format!("{name} is empty"),
        Some(text) if text.contains('\u{fffd}') => format!("{name} was damaged on its way"),
        _ => format!("{name} is of the wrong type"),
    })
}

/// Why a row cannot be read. Only for types made by [`reads!`]: their errors show no value.
pub(crate) fn fault<T: DeserializeOwned + Known>(row: &Value) -> Option<String> {
    if row.is_object() {
        T::deserialize(row).err().map(|error| error.to_string())
    } else {
        Some("not an object".to_owned())
    }
}

/// Implements `Deserialize` without `derive`, which cannot hand an odd value on to `extra`: each field by its name on
/// the wire and one of the functions above, in a single pass.
macro_rules! reads {
    ($type:ident { $($field:ident: $how:ident($name:literal $(or $old:literal)?),)+ } $rest:ident) => {
        impl crate::lenient::Known for $type {
            const NAMES: &'static [&'static str] = &[$($name),+];

            fn rest(&self) -> &serde_json::Map<String, serde_json::Value> {
                crate::lenient::reads!(@ self $rest)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        $(let mut $field = crate::lenient::Slot::default();)+
                        let mut rest = crate::lenient::Rest::default();
                        while let Some(crate::lenient::Key(name)) = map.next_key()? {
                            match &*name {
                                $($name => $field.put($name, map.next_value()?),
                                $($old => $field.put_old($old, map.next_value()?),)?)+
                                _ => drop(rest.fields.insert(name.into_owned(), map.next_value()?)),
                            }
                        }
                        Ok($type {
                            $($field: crate::lenient::$how($field, $name, &mut rest)?,)+
                            $rest: rest.into(),
                        })
                    }
                }

                deserializer.deserialize_map(Object)
            }
        }
    };
    (@ $self:ident extra) => { &$self.extra };
    (@ $self:ident envelope) => { &$self.envelope.extra };
}
pub(crate) use reads;
