//! `POST v4/group_open_http_svc/get_group_ban_member`: who was thrown out and may not come back.
//!
//! Source: <https://cloud.tencent.com/document/product/269/79248>. Ordered by the end of the ban.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, Paged, check_id, check_range};
use crate::error::{BuildError, WalkError};
use crate::lenient::{self, reads};

/// Most rows a page may have.
pub const MAX_LIMIT: u32 = 100;

/// Asks for banned members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// At most so many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// 0, then the `NextOffset` of the page before.
    pub offset: u64,
}

impl Request {
    /// The first page.
    #[must_use]
    pub fn new(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), ..Self::default() }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_group_ban_member";
    const LISTS: &'static [&'static str] = &["BannedAccountList"];

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)?;
        check_range("Limit", self.limit, MAX_LIMIT)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<BannedAccount>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        match page.cursor()? {
            None => Ok(None),
            Some(next) if next <= self.offset => {
                Err(WalkError::new("the server's NextOffset does not move on: the rest cannot be reached"))
            }
            Some(next) => Ok(Some(Self { offset: next, ..self.clone() })),
        }
    }
}

/// A page of banned members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// Who is banned.
    pub banned_account_list: Vec<BannedAccount>,
    /// What to ask with next; 0 at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    banned_account_list: rows("BannedAccountList"),
    next_offset: may("NextOffset"),
} envelope);

impl Response {
    /// What to ask with next; `None` at the end.
    ///
    /// # Errors
    /// `NextOffset` came, but is no number: that is no end.
    pub fn cursor(&self) -> Result<Option<u64>, WalkError> {
        self.envelope.check_cursor("NextOffset")?;
        Ok(self.next_offset.filter(|&next| next != 0))
    }
}

/// Somebody who is banned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct BannedAccount {
    /// The `UserID`.
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// Until when, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banned_until: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(BannedAccount {
    member_account: id("Member_Account"),
    banned_until: may("BannedUntil"),
} extra);
