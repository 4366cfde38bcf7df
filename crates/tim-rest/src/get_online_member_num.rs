//! `POST v4/group_open_http_svc/get_online_member_num`, for a Community `v4/million_group_open_http_svc/…`: how many
//! members are online.
//!
//! Sources: <https://cloud.tencent.com/document/product/269/49180> (ten seconds of granularity; other groups than live
//! rooms need a paid plan) and <https://cloud.tencent.com/document/product/269/102707> (Community, four minutes).

use serde::{Deserialize, Serialize};

use crate::command::{Command, Envelope, check_id};
use crate::error::BuildError;
use crate::lenient::reads;

/// Asks for the number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// Whether it is a Community, which another service answers for.
    #[serde(skip)]
    pub community: bool,
}

impl Request {
    /// The number of a group that is no Community.
    #[must_use]
    pub fn new(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), community: false }
    }

    /// The number of a Community.
    #[must_use]
    pub fn community(group_id: impl Into<String>) -> Self {
        Self { group_id: group_id.into(), community: true }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "get_online_member_num";

    fn service(&self) -> &'static str {
        if self.community { "million_group_open_http_svc" } else { "group_open_http_svc" }
    }

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("GroupId", &self.group_id)
    }

    fn envelope(response: &mut Response) -> &mut Envelope {
        &mut response.envelope
    }
}

/// The number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Response {
    /// How many are online.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online_member_num: Option<u64>,
    /// What every answer has.
    #[serde(flatten)]
    pub envelope: Envelope,
}

reads!(Response {
    online_member_num: may("OnlineMemberNum"),
} envelope);
