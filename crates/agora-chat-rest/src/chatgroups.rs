//! `GET chatgroups`: the app's groups, newest first.
//!
//! Source: the vendor's page on managing groups.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Paged, Rejected};
use crate::error::{BuildError, WalkError};
use crate::fields::row;
use crate::rows::rows;

/// Most rows of a page.
pub const MAX_LIMIT: u32 = 1000;

/// Asks for one page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// 1 to [`MAX_LIMIT`]. Always sent; the default would be 10.
    pub limit: u32,
    /// From the page before; `None` for the first.
    pub cursor: Option<String>,
}

impl Request {
    /// The first page.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { limit, cursor: None }
    }
}

impl Command for Request {
    type Data = Vec<GroupSummary>;

    const NAME: &'static str = "chatgroups";

    fn validate(&self) -> Result<(), BuildError> {
        if (1..=MAX_LIMIT).contains(&self.limit) { Ok(()) } else { Err(BuildError::new("limit", "is not 1 to 1000")) }
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned()]
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", self.limit.to_string())];
        query.extend(self.cursor.iter().map(|cursor| ("cursor", cursor.clone())));
        query
    }

    fn read(place: Value) -> Result<(Vec<GroupSummary>, Vec<Rejected>), String> {
        rows(place)
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        match page.envelope.next() {
            None => Ok(None),
            Some(next) if Some(next) == self.cursor.as_deref() => {
                Err(WalkError::new("the server sent back the cursor it was sent"))
            }
            Some(next) => Ok(Some(Self { cursor: Some(next.to_owned()), ..self.clone() })),
        }
    }
}

/// One page of groups.
pub type Response = Answer<Vec<GroupSummary>>;

row! {
    /// A group, in short.
    GroupSummary {
        /// The group.
        group_id = "groupid",
        /// Its name.
        group_name: text<String> = "groupname",
        /// Its owner, in the form `org#app_user`.
        owner: text<String> = "owner",
        /// How many members it has.
        affiliations: integer<u64> = "affiliations",
        /// `group`.
        kind: text<String> = "type",
        /// When it last changed, in milliseconds since 1970-01-01 UTC. A text on the wire.
        last_modified: integer<u64> = "lastModified",
        /// The same, as Easemob spells it.
        last_modified_easemob: integer<u64> = "last_modified",
        /// When it was made, in milliseconds since 1970-01-01 UTC.
        created: integer<u64> = "created",
    }
}
