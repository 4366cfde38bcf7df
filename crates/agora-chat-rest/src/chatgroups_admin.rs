//! `GET chatgroups/{group_id}/admin`: who of a group's members is an admin.
//!
//! Source: the vendor's page on group members. At most 99; the owner is not among them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Rejected};
use crate::credentials::check_id;
use crate::error::BuildError;
use crate::rows::rows;

/// Asks for the admins.
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
    type Data = Vec<String>;

    const NAME: &'static str = "chatgroups_admin";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id)
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), self.group_id.clone(), "admin".to_owned()]
    }

    fn read(place: Value) -> Result<(Vec<String>, Vec<Rejected>), String> {
        rows(place)
    }
}

/// Their user IDs.
pub type Response = Answer<Vec<String>>;
