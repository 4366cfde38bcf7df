//! `POST team/queryDetail.action`: one team, with its members. There are no pages.
//!
//! Source: the vendor's Java SDK, `im/v1/team`. All `team/*` calls share one limit.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_id};
use crate::error::BuildError;
use crate::row::{List, row};

/// Asks about a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The team.
    pub tid: u64,
}

impl Request {
    /// A team.
    #[must_use]
    pub fn new(tid: u64) -> Self {
        Self { tid }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "team/queryDetail";
    const BUCKET: &'static str = "team";
    // All in one answer.
    const MAX_BODY: usize = 16 << 20;

    fn group(&self) -> Option<u64> {
        Some(self.tid)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("tid", self.tid)
    }

    fn form(&self) -> Form {
        Form::new().field("tid", self.tid)
    }
}

row! {
    /// The team.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// The team.
            tinfo: Team = "tinfo",
        }
        may {}
    }
}

row! {
    /// A team.
    Team {
        must {
            /// The ordinary members.
            members: List<Member> = "members",
        }
        may {
            /// Its id.
            tid: u64 = "tid",
            /// The name.
            tname: String = "tname",
            /// The owner: an object here, a text in `team/query`.
            owner: Member = "owner",
            /// The managers.
            admins: List<Member> = "admins",
            /// How many there are.
            size: u64 = "size",
            /// How many there may be.
            maxusers: u64 = "maxusers",
            /// The announcement.
            announcement: String = "announcement",
            /// The introduction.
            intro: String = "intro",
            /// The picture.
            icon: String = "icon",
            /// The app's own text.
            custom: String = "custom",
            /// Whether it is muted.
            mute: bool = "mute",
            /// When it was made, in milliseconds since 1970-01-01 UTC.
            createtime: i64 = "createtime",
            /// When it last changed.
            updatetime: i64 = "updatetime",
        }
    }
}

impl Team {
    /// Everybody in it, each once: the owner, the managers, the others.
    #[must_use]
    pub fn everybody(&self) -> Vec<&Member> {
        let mut seen = std::collections::HashSet::new();
        let all = self.owner.iter().chain(self.admins.iter().flatten()).chain(&self.members);
        all.filter(|member| seen.insert(member.accid.as_str())).collect()
    }
}

row! {
    /// Somebody in a team.
    Member {
        must {
            /// The account.
            accid: String = "accid" by crate::row::account,
        }
        may {
            /// The name in the team.
            nick: String = "nick",
            /// Whether they are muted.
            mute: bool = "mute",
            /// The app's own text.
            custom: String = "custom",
            /// When they joined, in milliseconds since 1970-01-01 UTC.
            createtime: i64 = "createtime",
            /// When their record last changed.
            updatetime: i64 = "updatetime",
        }
    }
}
