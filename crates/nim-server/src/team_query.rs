//! `POST team/query.action`: teams, with their members' accounts.
//!
//! Source: the vendor's Java SDK, `im/v1/team`. All `team/*` calls share one limit.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Form, check_batch, check_id};
use crate::error::BuildError;
use crate::row::{List, row};

/// Asks about teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The teams. How many the API takes at once is not documented.
    pub tids: Vec<u64>,
    /// 1 with members, 0 without.
    pub ope: u8,
    /// Whether a team that does not exist is left out, instead of failing the call.
    #[serde(rename = "ignoreInvalid", default, skip_serializing_if = "Option::is_none")]
    pub ignore_invalid: Option<bool>,
}

impl Request {
    /// These teams, with their members.
    #[must_use]
    pub fn new(tids: impl IntoIterator<Item = u64>) -> Self {
        Self { tids: tids.into_iter().collect(), ope: 1, ignore_invalid: None }
    }
}

impl Command for Request {
    type Response = Response;

    const NAME: &'static str = "team/query";
    const BUCKET: &'static str = "team";
    // All in one answer.
    const MAX_BODY: usize = 16 << 20;

    fn validate(&self) -> Result<(), BuildError> {
        check_batch("tids", self.tids.len(), usize::MAX)?;
        if self.ope > 1 {
            return Err(BuildError::new("ope", "is neither 0 nor 1"));
        }
        self.tids.iter().try_for_each(|&id| check_id("tid", id))
    }

    /// The ids travel as texts.
    fn form(&self) -> Form {
        let tids: Vec<String> = self.tids.iter().map(ToString::to_string).collect();
        Form::new().json("tids", &tids).field("ope", self.ope).option("ignoreInvalid", self.ignore_invalid)
    }
}

row! {
    /// The teams.
    Response {
        must {
            /// `code`: 200.
            code: i64 = "code",
            /// The teams.
            tinfos: List<Team> = "tinfos",
        }
        may {}
    }
}

row! {
    /// A team.
    Team {
        must {
            /// Its id. Larger than 32 bits.
            tid: u64 = "tid",
        }
        may {
            /// The name.
            tname: String = "tname",
            /// The owner's account.
            owner: String = "owner",
            /// The members' accounts, if they were asked for: without the owner.
            members: Vec<String> = "members",
            /// The managers' accounts.
            admins: Vec<String> = "admins",
            /// How many there are, the owner included.
            size: u64 = "size",
            /// How many there may be.
            maxusers: u64 = "maxusers",
            /// The announcement; null where there is none.
            announcement: String = "announcement",
            /// The introduction; null where there is none.
            intro: String = "intro",
            /// The picture; null where there is none.
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
    /// Everybody in it, each once: the owner, the managers, the others. `None` without a list of members.
    #[must_use]
    pub fn accounts(&self) -> Option<Vec<&str>> {
        let members = self.members.as_ref()?;
        let mut seen = std::collections::HashSet::new();
        let all = self.owner.iter().chain(self.admins.iter().flatten()).chain(members);
        Some(all.map(String::as_str).filter(|accid| seen.insert(*accid)).collect())
    }
}
