//! `GET users/{username}/joined_chatgroups`: the groups somebody is in. The first page is 1.
//!
//! Source: Agora's page on managing groups. [`chatgroups_user`](crate::chatgroups_user) is Shengwang's.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Answer, Command, Paged, Rejected};
use crate::credentials::check_user_id;
use crate::error::{BuildError, WalkError};
use crate::fields::row;
use crate::rows::rows;

/// Most rows of a page, by the newest page; older ones say 100 and 20.
pub const MAX_PAGE_SIZE: u32 = 1000;

/// Asks for one page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The user.
    pub username: String,
    /// 1 to [`MAX_PAGE_SIZE`]. Always sent: the default is 5 or 10, by the page one reads.
    pub pagesize: u32,
    /// The first page is 1.
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
    type Data = Vec<GroupName>;

    const NAME: &'static str = "joined_chatgroups";
    const CALLS_PER_SECOND: u32 = 50;

    fn validate(&self) -> Result<(), BuildError> {
        check_user_id(&self.username)?;
        match (1..=MAX_PAGE_SIZE).contains(&self.pagesize) {
            true if self.pagenum == 0 => Err(BuildError::new("pagenum", "is 0: the first page is 1")),
            true => Ok(()),
            false => Err(BuildError::new("pagesize", "is not 1 to 1000")),
        }
    }

    fn path(&self) -> Vec<String> {
        vec!["users".to_owned(), self.username.clone(), "joined_chatgroups".to_owned()]
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("pagesize", self.pagesize.to_string()), ("pagenum", self.pagenum.to_string())]
    }

    fn read(place: Value) -> Result<(Vec<GroupName>, Vec<Rejected>), String> {
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
pub type Response = Answer<Vec<GroupName>>;

row! {
    /// A group and its name.
    GroupName {
        /// The group.
        group_id = "groupid",
        /// Its name.
        group_name: text<String> = "groupname",
    }
}
