//! `GET admin/manageBusiness`: chooses the enterprise that a session works in.
//!
//! What is chosen is kept in the session, and as the member's last choice. A session that has chosen nothing silently works in
//! the last choice, which may be another enterprise. The document says of `getGroupMembers` that it "must be called first";
//! that sentence belongs here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Place};
use crate::error::{BuildError, DecodeErrorKind};

/// Chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The enterprise.
    pub id: u64,
}

impl Request {
    /// An enterprise by its number.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self { id }
    }

    /// From `YUNSHOP_BUSINESS_ID`.
    ///
    /// # Errors
    /// It is unset, or no whole number.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        let id = crate::credentials::read_env("YUNSHOP_BUSINESS_ID")?;
        Ok(Self { id: id.parse().map_err(|_| BuildError::new("YUNSHOP_BUSINESS_ID", "is no whole number"))? })
    }
}

impl Command for Request {
    type Data = Value;

    const NAME: &'static str = "manageBusiness";
    const PLACE: Place = Place::Admin;

    fn validate(&self) -> Result<(), BuildError> {
        match self.id {
            0 => Err(BuildError::new("business id", "is 0, the personal space: give an enterprise of businessList")),
            _ => Ok(()),
        }
    }

    /// `[]`, and nobody looks at it.
    fn read(data: Value) -> Result<Value, (DecodeErrorKind, String)> {
        Ok(data)
    }
}

/// `[]`.
pub type Response = Answer<Value>;
