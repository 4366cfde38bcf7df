//! JSON whose fields keep the order the vendor writes them in.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The fields of an object, in order.
pub(crate) type Fields = Vec<(&'static str, Json)>;

#[derive(Clone, Debug)]
pub(crate) enum Json {
    Leaf(Value),
    Object(Fields),
    Array(Vec<Json>),
}

impl Json {
    pub(crate) const NULL: Self = Self::Leaf(Value::Null);

    pub(crate) fn bytes(&self) -> Vec<u8> {
        // Texts and numbers only: there is nothing here that can fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap_or_default()
    }
}

impl<T: Into<Value>> From<T> for Json {
    fn from(value: T) -> Self {
        Self::Leaf(value.into())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(serializer),
            Self::Object(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
            Self::Array(items) => serializer.collect_seq(items),
        }
    }
}
