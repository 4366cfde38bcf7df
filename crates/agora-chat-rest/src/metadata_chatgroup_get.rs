//! `POST metadata/chatgroup/{group_id}/get`: the attributes of some members.
//!
//! Source: the vendor's page on attributes of group members. An attribute is a text that the app gave a member in this group: a
//! name of 16 bytes at most, a value of 512, all of a member's 4 KB.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::command::{Answer, Command, Rejected};
use crate::credentials::{check_id, check_user_id};
use crate::error::BuildError;

/// Most members in one request; the client splits longer lists.
pub const MAX_TARGETS: usize = 10;

/// Asks for the attributes of members.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// The members.
    pub targets: Vec<String>,
    /// Which attributes; `None` for all.
    #[serde(default)]
    pub properties: Option<Vec<String>>,
}

impl Request {
    /// All attributes of these members of a group.
    #[must_use]
    pub fn new(group_id: impl Into<String>, targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { group_id: group_id.into(), targets: targets.into_iter().map(Into::into).collect(), properties: None }
    }

    /// These attributes alone.
    #[must_use]
    pub fn properties(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.properties = Some(names.into_iter().map(Into::into).collect());
        self
    }
}

impl Command for Request {
    type Data = BTreeMap<String, Attributes>;

    const NAME: &'static str = "metadata_chatgroup_get";
    const METHOD: Method = Method::POST;

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id)?;
        match self.targets.len() {
            0 => return Err(BuildError::new("targets", "are none")),
            1..=MAX_TARGETS => {}
            _ => return Err(BuildError::new("targets", "are more than 10")),
        }
        if self.properties.as_ref().is_some_and(Vec::is_empty) {
            return Err(BuildError::new("properties", "are none: leave them out to get all"));
        }
        self.targets.iter().try_for_each(|user| check_user_id(user))
    }

    fn path(&self) -> Vec<String> {
        ["metadata", "chatgroup", &self.group_id, "get"].map(ToOwned::to_owned).to_vec()
    }

    fn body(&self) -> Option<Value> {
        let mut body = json!({"targets": self.targets});
        if let Some(properties) = &self.properties {
            body["properties"] = json!(properties);
        }
        Some(body)
    }

    fn read(place: Value) -> Result<(Self::Data, Vec<Rejected>), String> {
        let Value::Object(members) = place else {
            return Err(" is no object".to_owned());
        };
        let (mut data, mut rejected) = (BTreeMap::new(), Vec::new());
        for (index, (user, raw)) in members.into_iter().enumerate() {
            match raw {
                Value::Object(attributes) => drop(data.insert(user, attributes)),
                raw => {
                    let reason = format!("[{index}] is no object");
                    rejected.push(Rejected { index, reason, raw: Value::Object(Map::from_iter([(user, raw)])) });
                }
            }
        }
        Ok((data, rejected))
    }
}

/// A member's attributes, by their names. Their values are texts.
pub type Attributes = Map<String, Value>;

/// The attributes of those who were asked for and are in the group, by their user IDs. An entry that is no object is rejected:
/// what is kept of it is an object of its user ID and itself.
pub type Response = Answer<BTreeMap<String, Attributes>>;
