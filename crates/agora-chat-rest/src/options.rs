//! How a group is listed.

use serde::{Deserialize, Serialize};

use crate::chatgroups_users::MAX_PAGE_SIZE;
use crate::error::BuildError;

/// How to list a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RosterOptions {
    /// Most rows a page, 10 to 1000. Where the server gives fewer, the roster goes on with what it gives. Pages of 10 cannot
    /// overlap at every 2,520th row, pages of 13 can at each.
    pub page_size: u32,
    /// Whether to ask who is an admin, and say so in the rows: lists of members often call admins members.
    pub admins: bool,
    /// Whether the group's own description will do where it holds every member: one call, one moment.
    pub snapshot: bool,
}

impl Default for RosterOptions {
    fn default() -> Self {
        Self { page_size: MAX_PAGE_SIZE, admins: false, snapshot: true }
    }
}

impl RosterOptions {
    /// With so many rows a page at most.
    #[must_use]
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// With the admins told apart, for one call more.
    #[must_use]
    pub fn with_admins(mut self) -> Self {
        self.admins = true;
        self
    }

    /// Page by page, even where the group's description holds everybody.
    #[must_use]
    pub fn in_pages(mut self) -> Self {
        self.snapshot = false;
        self
    }

    pub(crate) fn validate(&self) -> Result<(), BuildError> {
        match self.page_size {
            10..=MAX_PAGE_SIZE => Ok(()),
            _ => Err(BuildError::new("page size", "is not 10 to 1000: smaller pages prove too little")),
        }
    }
}
