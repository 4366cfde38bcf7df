//! `GET chatgroups/{group_id}/blocks/users`: who may not come back.
//!
//! Sources: Shengwang's page, which knows no pages, and Agora's, which has `pageSize` (in this spelling) and `cursor`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Paged, Rejected};
use crate::credentials::check_id;
use crate::error::{BuildError, WalkError};
use crate::rows::rows;

/// Most rows of a page.
pub const MAX_PAGE_SIZE: u32 = 50;

/// Asks for the block list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// 1 to [`MAX_PAGE_SIZE`]; without it and without a cursor, everybody up to 500.
    pub page_size: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

impl Request {
    /// Of a group, in one answer.
    #[must_use]
    pub fn new(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), page_size: None, cursor: None }
    }

    /// Of a group, page by page. Only Agora documents it.
    #[must_use]
    pub fn first(group_id: impl Into<String>, page_size: u32) -> Self {
        Self { group_id: group_id.into(), page_size: Some(page_size), cursor: None }
    }
}

impl Command for Request {
    type Data = Vec<String>;

    const NAME: &'static str = "chatgroups_blocks_users";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id)?;
        match self.page_size {
            Some(size) if !(1..=MAX_PAGE_SIZE).contains(&size) => Err(BuildError::new("pageSize", "is not 1 to 50")),
            _ => Ok(()),
        }
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), self.group_id.clone(), "blocks".to_owned(), "users".to_owned()]
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        query.extend(self.page_size.map(|size| ("pageSize", size.to_string())));
        query.extend(self.cursor.iter().map(|cursor| ("cursor", cursor.clone())));
        query
    }

    fn read(place: Value) -> Result<(Vec<String>, Vec<Rejected>), String> {
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

/// Their user IDs.
pub type Response = Answer<Vec<String>>;
