//! `POST v4/group_open_avchatroom_http_svc/get_members`: who is online in a live room (AVChatRoom).
//!
//! Source: <https://cloud.tencent.com/document/product/269/77266>. Fewer than 250 come all at once; at most the 1,000
//! newest come at all, 30 on small plans; they are 10 to 40 seconds old.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Command, Envelope, Paged, check_id};
use crate::error::{BuildError, WalkError};
use crate::lenient::{self, reads};

/// No more members than this can be had.
pub const MAX_MEMBERS: u64 = 1_000;

/// Asks for the members of a live room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// 0, then what the page before said.
    pub timestamp: u64,
    /// Only members with this mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<u64>,
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

    const NAME: &'static str = "get_members";
    const LISTS: &'static [&'static str] = &["MemberList"];

    fn service(&self) -> &'static str {
        "group_open_avchatroom_http_svc"
    }

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)
    }

    fn row_fault(row: &Value) -> Option<String> {
        lenient::fault::<Member>(row)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

impl Paged for Request {
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        match page.cursor()? {
            None => Ok(None),
            Some(next) if next == self.timestamp => {
                Err(WalkError::new("the server sent the same NextTimestamp again: the rest cannot be reached"))
            }
            Some(next) => Ok(Some(Self { timestamp: next, ..self.clone() })),
        }
    }
}

/// A page of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// The members.
    pub member_list: Vec<Member>,
    /// What to ask with next, in *milliseconds* since 1970-01-01 UTC; 0 at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_timestamp: Option<u64>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    member_list: rows("MemberList"),
    next_timestamp: may("NextTimestamp"),
} envelope);

impl Response {
    /// What to ask with next; `None` at the end.
    ///
    /// # Errors
    /// `NextTimestamp` came, but is no number: that is no end.
    pub fn cursor(&self) -> Result<Option<u64>, WalkError> {
        self.envelope.check_cursor("NextTimestamp")?;
        Ok(self.next_timestamp.filter(|&next| next != 0))
    }
}

/// Somebody who is online in a live room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Member {
    /// The `UserID`.
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// When they joined, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_time: Option<u64>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// Their picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

reads!(Member {
    member_account: id("Member_Account"),
    join_time: may("JoinTime"),
    nick_name: may("NickName"),
    avatar: may("Avatar"),
} extra);
