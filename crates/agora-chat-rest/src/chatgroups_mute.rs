//! `GET chatgroups/{group_id}/mute`: who may not speak, and until when.
//!
//! Source: the vendor's page on mute lists.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Rejected};
use crate::credentials::check_id;
use crate::error::BuildError;
use crate::fields::row;
use crate::rows::rows;

/// Asks for the mute list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The group.
    pub group_id: String,
}

impl Request {
    /// Of a group.
    #[must_use]
    pub fn new(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into() }
    }
}

impl Command for Request {
    type Data = Vec<Muted>;

    const NAME: &'static str = "chatgroups_mute";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id)
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), self.group_id.clone(), "mute".to_owned()]
    }

    fn read(place: Value) -> Result<(Vec<Muted>, Vec<Rejected>), String> {
        rows(place)
    }
}

/// Who may not speak.
pub type Response = Answer<Vec<Muted>>;

row! {
    /// Somebody who may not speak.
    Muted {
        /// The user.
        user = "user",
        /// Until when, in milliseconds since 1970-01-01 UTC; -1 for ever.
        expire: integer<i64> = "expire",
    }
}
