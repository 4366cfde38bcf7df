//! Takes typed values out of a JSON object. What is not of its type stays where it is, so that an odd field loses nothing.

use serde_json::{Map, Value};

pub(crate) type Fields = Map<String, Value>;

/// An integer, or one in a string. Never through a float.
pub(crate) fn as_integer<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    let number = match value {
        Value::Number(number) => number.as_i64().map(i128::from).or(number.as_u64().map(i128::from))?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    T::try_from(number).ok()
}

pub(crate) fn integer<T: TryFrom<i128>>(fields: &mut Fields, name: &str) -> Option<T> {
    let number = as_integer(fields.get(name)?)?;
    fields.remove(name);
    Some(number)
}

pub(crate) fn text(fields: &mut Fields, name: &str) -> Option<String> {
    if !fields.get(name)?.is_string() {
        return None;
    }
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// `true`, or "true" as lists of chat rooms have it.
pub(crate) fn flag(fields: &mut Fields, name: &str) -> Option<bool> {
    let flag = match fields.get(name)? {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    fields.remove(name);
    Some(flag)
}

/// A text that must be there and say something: without it a row is about nobody.
pub(crate) fn named<'f>(fields: &'f Fields, name: &str) -> Result<&'f str, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Err(format!(".{name} is missing")),
        Some(Value::String(text)) if text.is_empty() => Err(format!(".{name} is empty")),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!(".{name} is no text")),
    }
}

/// The same, taken out.
pub(crate) fn required(fields: &mut Fields, name: &str) -> Result<String, String> {
    let text = named(fields, name)?.to_owned();
    fields.remove(name);
    Ok(text)
}

/// Defines a row: one field that must be there, others that may, and what this version does not know.
macro_rules! row {
    (
        $(#[$meta:meta])* $name:ident {
            $(#[$id_meta:meta])* $id:ident = $id_wire:tt,
            $($(#[$field_meta:meta])* $field:ident : $kind:ident<$type:ty> = $wire:tt,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $(#[$id_meta])*
            #[serde(rename = $id_wire)]
            pub $id: String,
            $($(#[$field_meta])*
            #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)*
            /// Fields this version does not know, and those that are not of their documented type.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl crate::rows::Row for $name {
            fn read(raw: &serde_json::Value) -> Result<Self, String> {
                let serde_json::Value::Object(fields) = raw else {
                    return Err(" is not an object".to_owned());
                };
                let mut extra = fields.clone();
                Ok(Self {
                    $id: crate::fields::required(&mut extra, $id_wire)?,
                    $($field: crate::fields::$kind(&mut extra, $wire),)*
                    extra,
                })
            }
        }
    };
}
pub(crate) use row;
