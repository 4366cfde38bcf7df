//! `POST v4/group_open_http_svc/get_appid_group_list`: all groups of an app. One call a second.
//!
//! Source: <https://cloud.tencent.com/document/product/269/1614>.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, Paged, check_range};
use crate::error::{BuildError, WalkError};
use crate::lenient::{self, reads};
use crate::types::GroupType;

/// Most rows a page may have, and how many it has by default.
pub const MAX_LIMIT: u32 = 10_000;

/// Asks for the app's groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// At most so many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// 0, then what the page before said. Does not fit into 32 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Only groups of this type; absent: all types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_type: Option<GroupType>,
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_appid_group_list";
    const LISTS: &'static [&'static str] = &["GroupIdList"];
    const CALLS_PER_SECOND: u32 = 1;

    fn validate(&self) -> Result<(), BuildError> {
        check_range("Limit", self.limit, MAX_LIMIT)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<Group>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        match page.cursor()? {
            None => Ok(None),
            Some(next) if Some(next) == self.next => {
                Err(WalkError::new("the server sent the same Next again: the rest cannot be reached"))
            }
            Some(next) => Ok(Some(Self { next: Some(next), ..self.clone() })),
        }
    }
}

/// A page of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// How many groups there are, of the type asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u64>,
    /// The groups.
    pub group_id_list: Vec<Group>,
    /// What to ask with next; 0 or absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    total_count: may("TotalCount"),
    group_id_list: rows("GroupIdList"),
    next: may("Next"),
} envelope);

impl Response {
    /// What to ask with next; `None` at the end.
    ///
    /// # Errors
    /// `Next` came, but is no number: that is no end.
    pub fn cursor(&self) -> Result<Option<u64>, WalkError> {
        self.envelope.check_cursor("Next")?;
        Ok(self.next.filter(|&next| next != 0))
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Group {
    /// The group.
    pub group_id: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(Group {
    group_id: id("GroupId"),
} extra);
