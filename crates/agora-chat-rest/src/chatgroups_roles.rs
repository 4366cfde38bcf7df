//! `GET chatgroups/{group_id}/roles`: what the members are, and who is online.
//!
//! Not documented: answers of a real server were recorded in 2021. What is sure of roles is the member list and
//! [`chatgroups_admin`](crate::chatgroups_admin).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Rejected};
use crate::credentials::check_id;
use crate::error::BuildError;
use crate::fields::row;
use crate::rows::rows;

/// Asks for the roles.
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
    type Data = Vec<Seat>;

    const NAME: &'static str = "chatgroups_roles";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id)
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), self.group_id.clone(), "roles".to_owned()]
    }

    fn read(place: Value) -> Result<(Vec<Seat>, Vec<Rejected>), String> {
        rows(place)
    }
}

/// The roles.
pub type Response = Answer<Vec<Seat>>;

row! {
    /// A member and its role.
    Seat {
        /// The user.
        username = "username",
        /// The role, in the server's words.
        role: text<String> = "role",
        /// Whether the user is online.
        online: flag<bool> = "online",
    }
}
