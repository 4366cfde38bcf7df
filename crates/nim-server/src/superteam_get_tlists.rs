//! `POST superteam/getTlists.action`: one page of a superteam's members, by the time they joined.
//!
//! Source: the vendor's Java SDK, `im/v1/super_team`. All `superteam/*` calls share one limit. Whether a row of `timetag`
//! itself is given is not known; `Client::superteam_roster` heeds both.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_id, check_limit};
use crate::error::BuildError;
use crate::row::{List, row};

/// Asks for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The superteam.
    pub tid: u64,
    /// Where to begin, in milliseconds since 1970-01-01 UTC.
    pub timetag: i64,
    /// Rows, 1 to 100.
    pub limit: u32,
    /// 1 is ascending, as by default; 2 is descending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverse: Option<u8>,
}

impl Request {
    /// The first 100 from an instant on.
    #[must_use]
    pub fn new(tid: u64, timetag: i64) -> Self {
        Self { tid, timetag, limit: 100, reverse: None }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "superteam/getTlists";
    const BUCKET: &'static str = "superteam";

    fn group(&self) -> Option<u64> {
        Some(self.tid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("tid", self.tid)?;
        if self.timetag < 0 {
            return Err(BuildError::new("timetag", "is negative"));
        }
        if !matches!(self.reverse, None | Some(1 | 2)) {
            return Err(BuildError::new("reverse", "is neither 1 nor 2"));
        }
        check_limit(self.limit)
    }

    fn form(&self) -> Form {
        Form::new()
            .field("tid", self.tid)
            .field("timetag", self.timetag)
            .field("limit", self.limit)
            .option("reverse", self.reverse)
    }
}

row! {
    /// A page.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// The members.
            tlists: List<Member> = "tlists",
        }
        may {}
    }
}

row! {
    /// Somebody in a superteam.
    Member {
        must {
            /// The account.
            accid: String = "accid" by crate::row::account,
        }
        may {
            /// The superteam.
            tid: u64 = "tid",
            /// The account's number.
            uid: i64 = "uid",
            /// What they are in it; the numbers are not documented.
            member_type: i64 = "type",
            /// The name in it.
            nick: String = "nick",
            /// When they joined, in milliseconds since 1970-01-01 UTC. A text on the wire.
            jointime: i64 = "jointime",
            /// Whether they are muted.
            mute: i64 = "mute",
            /// The number of who invited them.
            invitoruid: i64 = "invitoruid",
            /// Who invited them.
            invitor: String = "invitor",
            /// Whether the record is valid.
            validflag: i64 = "validflag",
            /// The app's own text.
            custom: String = "custom",
            /// A state; not documented.
            state: i64 = "state",
            /// Switches; not documented.
            bits: i64 = "bits",
            /// When the record was made.
            createtime: i64 = "createtime",
            /// When it last changed.
            updatetime: i64 = "updatetime",
        }
    }
}
