//! `POST plugin/GroupDevelopUser/synch`: one step of bringing the shop's copy of the groups up to date with WeCom.
//!
//! **It changes the shop's data**: groups and members as every list of the shop has them afterwards. No document describes it;
//! this is what the vendor's own admin page sends: first `is_start`, and then the cursor of the answer before, until one has
//! none. A step takes long. What becomes of one that is sent twice is not known, so none is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, Place, Seen};
use crate::error::{BuildError, DecodeErrorKind};
use crate::lenient;

/// Asks for one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// 1 in the first step, and absent in the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_start: Option<u8>,
    /// Where the step before has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Request {
    /// The first step.
    #[must_use]
    pub fn start() -> Self {
        Self { is_start: Some(1), next_cursor: None }
    }

    /// The step behind a cursor.
    #[must_use]
    pub fn from_cursor(cursor: impl Into<String>) -> Self {
        Self { is_start: None, next_cursor: Some(cursor.into()) }
    }

    /// The step after an answer; `None`: the synchronisation is done.
    #[must_use]
    pub fn after(&self, answer: &Response) -> Option<Self> {
        answer.data.cursor().map(Self::from_cursor)
    }
}

impl Command for Request {
    type Data = Step;

    const NAME: &'static str = "synch";
    const PLACE: Place = Place::GroupDevelopUser;
    const IS_READ: bool = false;
    const IS_SLOW: bool = true;

    fn validate(&self) -> Result<(), BuildError> {
        match (self.is_start, self.next_cursor.as_deref()) {
            (Some(1), None) => Ok(()),
            (None, Some(cursor)) if !cursor.is_empty() => Ok(()),
            (None, Some(_)) => Err(BuildError::new("next_cursor", "is empty: the synchronisation is done")),
            _ => {
                Err(BuildError::new("is_start", "is 1 in the first step, and the cursor is all there is in the others"))
            }
        }
    }

    fn read(data: Value) -> Result<Step, (DecodeErrorKind, String)> {
        use DecodeErrorKind::{EmptyData, Shape};
        match data {
            // Taken for none, a cursor nobody can read would end the synchronisation half way.
            Value::Object(fields) => lenient::read_row(&fields, &["next_cursor"])
                .map_err(|_| (Shape, "data.next_cursor is neither a text nor a number".to_owned())),
            Value::Array(empty) if empty.is_empty() => Ok(Step { next_cursor: None, extra: Map::new() }),
            Value::Null => {
                Err((EmptyData, "data is null or missing: whether there is more to do is not known".to_owned()))
            }
            _ => Err((Shape, "data is no object".to_owned())),
        }
    }

    /// It does not say, so the session is asked where it is.
    fn enterprise(_: &Step) -> Option<Seen> {
        Some(Seen::Unknown)
    }
}

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Where the next step begins. None, or "": there is nothing left to do.
    #[serde(default, deserialize_with = "cursor", skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Step {
    /// Where the next step begins; `None`: there is nothing left to do.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }
}

fn cursor<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) if !number.is_f64() => Ok(Some(number.to_string())),
        _ => Err(serde::de::Error::custom("no cursor")),
    }
}

/// The answer.
pub type Response = Answer<Step>;
