//! `GET chatgroups/{id1},{id2}`: what groups are like, and who is in the smaller ones.
//!
//! Source: the vendor's page on managing groups. `affiliations` holds 10,000 members at most.

use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::chatgroups_users::Member;
use crate::command::{Answer, Command, Rejected};
use crate::credentials::check_id;
use crate::error::BuildError;
use crate::fields::{flag, integer, required, text};
use crate::rows::{self, Any, List, Parsed, Placed, Row, rows};

/// Most groups in one request; the client splits longer lists.
pub const MAX_GROUPS: usize = 100;

/// Most members that come with a group.
pub const MAX_AFFILIATIONS: usize = 10_000;

/// Asks for groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The groups.
    pub group_ids: Vec<String>,
    /// Whether to add the time each member joined. From the vendor's web SDK; the pages do not list it.
    pub joined_time: Option<bool>,
}

impl Request {
    /// These groups.
    #[must_use]
    pub fn new(group_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { group_ids: group_ids.into_iter().map(Into::into).collect(), joined_time: None }
    }

    /// With the time each member joined.
    #[must_use]
    pub fn with_joined_time(mut self) -> Self {
        self.joined_time = Some(true);
        self
    }
}

impl Command for Request {
    type Data = Vec<Group>;

    const NAME: &'static str = "chatgroups_details";
    /// Ten thousand members take more than a megabyte, and there may be several such groups.
    const MAX_BODY: usize = 32 << 20;

    fn group(&self) -> Option<&str> {
        match self.group_ids.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn validate(&self) -> Result<(), BuildError> {
        match self.group_ids.len() {
            0 => return Err(BuildError::new("group IDs", "are none: an empty list would ask for all groups")),
            1..=MAX_GROUPS => {}
            _ => return Err(BuildError::new("group IDs", "are more than 100")),
        }
        self.group_ids.iter().try_for_each(|id| check_id("group ID", id))?;
        // The documents allow a URL of 4 KB.
        match self.group_ids.iter().map(String::len).sum::<usize>() {
            0..3072 => Ok(()),
            _ => Err(BuildError::new("group IDs", "are longer than a URL may be: ask for fewer at once")),
        }
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), self.group_ids.join(",")]
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.joined_time.map(|wanted| ("joined_time", wanted.to_string())).into_iter().collect()
    }

    fn read(place: Value) -> Result<(Vec<Group>, Vec<Rejected>), String> {
        rows(place)
    }

    fn parse<'de, D: Deserializer<'de>>(place: D) -> Result<Option<Placed<Vec<Group>>>, D::Error> {
        rows::parse(place)
    }
}

/// The groups. One that does not exist may be missing, or come as an entry with little but an id.
pub type Response = Answer<Vec<Group>>;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// The group.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How many members it has, the owner included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affiliations_count: Option<u64>,
    /// Its members, up to [`MAX_AFFILIATIONS`]; admins come as members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affiliations: Option<Vec<Member>>,
    /// How many members it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maxusers: Option<u64>,
    /// When it was made, in milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<u64>,
    /// Whether joining needs the owner's or an admin's consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membersonly: Option<bool>,
    /// Whether members may invite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowinvites: Option<bool>,
    /// Whether everybody is muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute: Option<bool>,
    /// Whether it can be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// Whether it is shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Text of the app's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<String>,
    /// Fields this version does not know, and `affiliations` of which a row cannot be read.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Row for Group {
    fn read(raw: &Value) -> Result<Self, String> {
        if !raw.is_object() {
            return Err(" is not an object".to_owned());
        }
        let parsed = Any::<Parsed<Self>>::deserialize(raw).map_err(|error| error.to_string())?;
        parsed.0.map_err(|(why, _)| why)
    }

    fn parse<'de, A: MapAccess<'de>>(mut map: A) -> Result<Parsed<Self>, A::Error> {
        let (mut rest, mut affiliations) = (Map::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            if name == "affiliations" {
                affiliations = Some(map.next_value::<Any<List<Member>>>()?.0);
            } else {
                rest.insert(name, map.next_value()?);
            }
        }
        let extra = &mut rest;
        let id = required(extra, "id");
        let affiliations = match affiliations {
            Some(List::Rows(rows, rejected)) if rejected.is_empty() && id.is_ok() => Some(rows),
            odd => {
                extra.extend(odd.map(|list| ("affiliations".to_owned(), list.into())));
                None
            }
        };
        let id = match id {
            Ok(id) => id,
            Err(why) => return Ok(Err((why, rest.into()))),
        };
        Ok(Ok(Self {
            id,
            name: text(extra, "name"),
            description: text(extra, "description"),
            owner: text(extra, "owner"),
            affiliations_count: integer(extra, "affiliations_count"),
            affiliations,
            maxusers: integer(extra, "maxusers"),
            created: integer(extra, "created"),
            membersonly: flag(extra, "membersonly"),
            allowinvites: flag(extra, "allowinvites"),
            mute: flag(extra, "mute"),
            public: flag(extra, "public"),
            disabled: flag(extra, "disabled"),
            custom: text(extra, "custom"),
            extra: rest,
        }))
    }
}

impl Group {
    /// Its members, if these are all of them: one answer that holds as many as it counts is a snapshot. At 10,000 the answer
    /// may be cut, and so may its count.
    #[must_use]
    pub fn snapshot(&self) -> Option<&[Member]> {
        let members = self.affiliations.as_deref()?;
        let count = self.affiliations_count.filter(|&count| (1..MAX_AFFILIATIONS as u64).contains(&count))?;
        let ids: std::collections::HashSet<&str> = members.iter().map(|member| member.user_id.as_str()).collect();
        (ids.len() as u64 == count).then_some(members)
    }
}
