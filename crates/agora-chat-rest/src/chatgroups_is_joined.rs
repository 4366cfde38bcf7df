//! `GET chatgroups/{group_id}/user/{username}/is_joined`: whether somebody is in a group.
//!
//! Source: the vendor's page on group members.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Rejected};
use crate::credentials::{check_id, check_user_id};
use crate::error::BuildError;

/// Asks about one user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// The user.
    pub username: String,
}

impl Request {
    /// Whether the user is in the group.
    #[must_use]
    pub fn new(group_id: impl Into<String>, username: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), username: username.into() }
    }
}

impl Command for Request {
    type Data = bool;

    const NAME: &'static str = "chatgroups_is_joined";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id).and_then(|()| check_user_id(&self.username))
    }

    fn path(&self) -> Vec<String> {
        ["chatgroups", &self.group_id, "user", &self.username, "is_joined"].map(ToOwned::to_owned).to_vec()
    }

    fn read(place: Value) -> Result<(bool, Vec<Rejected>), String> {
        place.as_bool().map(|joined| (joined, Vec::new())).ok_or_else(|| " is neither true nor false".to_owned())
    }
}

/// Whether the user is in the group.
pub type Response = Answer<bool>;
