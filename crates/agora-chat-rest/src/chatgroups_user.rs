//! `GET chatgroups/user/{username}`: the groups somebody is in, with a total. The first page is **0**.
//!
//! Source: Shengwang's page on managing groups. [`joined_chatgroups`](crate::joined_chatgroups) is the older call.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Paged, Rejected};
use crate::credentials::check_user_id;
use crate::error::{BuildError, WalkError};
use crate::fields::row;
use crate::rows::rows;

/// Most rows of a page.
pub const MAX_PAGE_SIZE: u32 = 20;

/// Asks for one page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The user.
    pub username: String,
    /// 1 to [`MAX_PAGE_SIZE`]. Always sent; the default would be 5.
    pub pagesize: u32,
    /// The first page is 0.
    pub pagenum: u64,
}

impl Request {
    /// A page by its number.
    #[must_use]
    pub fn page(username: impl Into<String>, pagenum: u64, pagesize: u32) -> Self {
        Self { username: username.into(), pagesize, pagenum }
    }
}

impl Command for Request {
    type Data = Vec<JoinedGroup>;

    const NAME: &'static str = "chatgroups_user";
    const PLACE: &'static str = "entities";
    const CALLS_PER_SECOND: u32 = 50;

    fn validate(&self) -> Result<(), BuildError> {
        check_user_id(&self.username)?;
        match (1..=MAX_PAGE_SIZE).contains(&self.pagesize) {
            true => Ok(()),
            false => Err(BuildError::new("pagesize", "is not 1 to 20")),
        }
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), "user".to_owned(), self.username.clone()]
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("pagesize", self.pagesize.to_string()), ("pagenum", self.pagenum.to_string())]
    }

    fn read(place: Value) -> Result<(Vec<JoinedGroup>, Vec<Rejected>), String> {
        rows(place)
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        let empty = page.data.is_empty() && page.rejected.is_empty();
        Ok((!empty).then(|| Self { pagenum: self.pagenum + 1, ..self.clone() }))
    }
}

/// One page of groups.
pub type Response = Answer<Vec<JoinedGroup>>;

row! {
    /// A group somebody is in.
    JoinedGroup {
        /// The group.
        group_id = "groupId",
        /// Its name.
        name: text<String> = "name",
        /// Its owner.
        owner: text<String> = "owner",
        /// What it says of itself.
        description: text<String> = "description",
        /// How many members it may have.
        maxusers: integer<u64> = "maxusers",
        /// When it was made, in milliseconds since 1970-01-01 UTC.
        created: integer<u64> = "created",
        /// Whether it can be found.
        public: flag<bool> = "public",
        /// Whether it is shut.
        disabled: flag<bool> = "disabled",
    }
}
