//! `GET metadata/chatgroup/{group_id}/user/{username}`: the attributes of one member.
//!
//! Source: the vendor's page on attributes of group members.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Rejected};
use crate::credentials::{check_id, check_user_id};
use crate::error::BuildError;
use crate::metadata_chatgroup_get::Attributes;

/// Asks for one member's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// The member.
    pub username: String,
}

impl Request {
    /// Of a member of a group.
    #[must_use]
    pub fn new(group_id: impl Into<String>, username: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), username: username.into() }
    }
}

impl Command for Request {
    type Data = Attributes;

    const NAME: &'static str = "metadata_chatgroup_user";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id).and_then(|()| check_user_id(&self.username))
    }

    fn path(&self) -> Vec<String> {
        ["metadata", "chatgroup", &self.group_id, "user", &self.username].map(ToOwned::to_owned).to_vec()
    }

    fn read(place: Value) -> Result<(Attributes, Vec<Rejected>), String> {
        match place {
            Value::Object(attributes) => Ok((attributes, Vec::new())),
            _ => Err(" is no object".to_owned()),
        }
    }
}

/// The member's attributes.
pub type Response = Answer<Attributes>;
