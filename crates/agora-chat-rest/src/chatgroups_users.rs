//! `GET chatgroups/{group_id}/users`: who is in a group.
//!
//! Source: the vendor's page 获取群组成员列表, and the source of docs.agora.io. Paging by number is what the pages document. Paging
//! by [`Cursor`](Paging::Cursor) is not: only the vendor's web SDK and its first Java SDK use it.

use serde::de::MapAccess;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, Paged, Rejected};
use crate::credentials::check_id;
use crate::error::{BuildError, WalkError};
use crate::fields;
use crate::rows::{self, Name, Parsed, Placed, Row, rows};

/// Most rows of a page: 1000 in the pages of Shengwang and Easemob, 100 in Agora's older ones. Asking for more gives so many.
pub const MAX_PAGE_SIZE: u32 = 1000;

/// Most rows of a page in cursor mode, from the web SDK.
pub const MAX_CURSOR_LIMIT: u32 = 50;

/// Asks for one page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The group.
    pub group_id: String,
    /// Which page, and how large.
    pub paging: Paging,
    /// Whether to add the time each member joined. Agora's own page does not list it; its servers may give none.
    pub joined_time: Option<bool>,
}

/// How a list is cut into pages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// By number, as documented.
    Number {
        /// The first page is 1.
        pagenum: u64,
        /// 1 to [`MAX_PAGE_SIZE`]. Always sent: the default is 1000 or 10, by the page one reads.
        pagesize: u32,
    },
    /// By cursor, as the vendor's SDKs do. No page documents it for servers.
    Cursor {
        /// 1 to [`MAX_CURSOR_LIMIT`].
        limit: u32,
        /// Empty for the first page.
        cursor: String,
        /// `v3` makes the rows bare ids, without the owner (the first Java SDK).
        version: Option<String>,
    },
}

impl Request {
    /// A page by its number, with the times of joining.
    #[must_use]
    pub fn page(group_id: impl Into<String>, pagenum: u64, pagesize: u32) -> Self {
        Self { group_id: group_id.into(), paging: Paging::Number { pagenum, pagesize }, joined_time: Some(true) }
    }

    /// The first page in cursor mode, with the times of joining. Not documented for servers.
    #[must_use]
    pub fn by_cursor(group_id: impl Into<String>, limit: u32) -> Self {
        let paging = Paging::Cursor { limit, cursor: String::new(), version: None };
        Self { group_id: group_id.into(), paging, joined_time: Some(true) }
    }
}

impl Command for Request {
    type Data = Vec<Member>;

    const NAME: &'static str = "chatgroups_users";

    fn group(&self) -> Option<&str> {
        Some(&self.group_id)
    }

    fn validate(&self) -> Result<(), BuildError> {
        check_id("group ID", &self.group_id)?;
        match &self.paging {
            Paging::Number { pagenum: 0, .. } => Err(BuildError::new("pagenum", "is 0: the first page is 1")),
            Paging::Number { pagesize, .. } if !(1..=MAX_PAGE_SIZE).contains(pagesize) => {
                Err(BuildError::new("pagesize", "is not 1 to 1000"))
            }
            Paging::Cursor { limit, .. } if !(1..=MAX_CURSOR_LIMIT).contains(limit) => {
                Err(BuildError::new("limit", "is not 1 to 50"))
            }
            _ => Ok(()),
        }
    }

    fn path(&self) -> Vec<String> {
        vec!["chatgroups".to_owned(), self.group_id.clone(), "users".to_owned()]
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = match &self.paging {
            Paging::Number { pagenum, pagesize } => {
                vec![("pagenum", pagenum.to_string()), ("pagesize", pagesize.to_string())]
            }
            Paging::Cursor { limit, cursor, version } => {
                let mut query = Vec::new();
                query.extend(version.iter().map(|version| ("version", version.clone())));
                query.push(("limit", limit.to_string()));
                if !cursor.is_empty() {
                    query.push(("cursor", cursor.clone()));
                }
                query
            }
        };
        query.extend(self.joined_time.map(|wanted| ("joined_time", wanted.to_string())));
        query
    }

    fn read(place: Value) -> Result<(Vec<Member>, Vec<Rejected>), String> {
        rows(place)
    }

    fn parse<'de, D: Deserializer<'de>>(place: D) -> Result<Option<Placed<Vec<Member>>>, D::Error> {
        rows::parse(place)
    }
}

impl Paged for Request {
    /// By number, the list ends with an empty page: a short one may be the server's doing, which cuts pages as it likes.
    fn after(&self, page: &Response) -> Result<Option<Self>, WalkError> {
        let paging = match &self.paging {
            Paging::Number { .. } if page.data.is_empty() && page.rejected.is_empty() => return Ok(None),
            Paging::Number { pagenum, pagesize } => match pagenum.checked_add(1) {
                None => return Ok(None),
                Some(pagenum) => Paging::Number { pagenum, pagesize: *pagesize },
            },
            Paging::Cursor { limit, cursor, version } => match page.envelope.next() {
                None => return Ok(None),
                Some(next) if next == cursor => {
                    return Err(WalkError::new("the server sent back the cursor it was sent"));
                }
                Some(next) => Paging::Cursor { limit: *limit, cursor: next.to_owned(), version: version.clone() },
            },
        };
        Ok(Some(Self { paging, ..self.clone() }))
    }
}

/// One page of members.
pub type Response = Answer<Vec<Member>>;

/// A member. On the wire the role is the name of the field that holds the ID: `{"owner":"u1","joined_time":1732524850107}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
#[non_exhaustive]
pub struct Member {
    /// The user.
    pub user_id: String,
    /// What the list says. It is no proof against being an admin: many servers list admins as members. The list of
    /// [`chatgroups_admin`](crate::chatgroups_admin) is.
    pub role: Role,
    /// When the member joined, in milliseconds since 1970-01-01 UTC. The vendor's own samples have shorter numbers.
    pub joined_time: Option<u64>,
    /// Fields this version does not know, and a `joined_time` that is no number.
    pub extra: Map<String, Value>,
}

/// A member's role, from the name of its field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The owner; one a group.
    Owner,
    /// An admin.
    Admin,
    /// A member, or on many servers an admin.
    Member,
    /// The row is a bare ID.
    Unknown,
    /// A name this version does not know.
    Other(String),
}

impl Role {
    /// The name of the field; `None` for a bare ID.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Owner => Some("owner"),
            Self::Admin => Some("admin"),
            Self::Member => Some("member"),
            Self::Unknown => None,
            Self::Other(name) => Some(name),
        }
    }
}

impl Row for Member {
    fn read(raw: &Value) -> Result<Self, String> {
        let fields = match raw {
            Value::String(_) => {
                let (user_id, extra) = (String::read(raw)?, Map::new());
                return Ok(Self { user_id, role: Role::Unknown, joined_time: None, extra });
            }
            Value::Object(fields) => fields,
            _ => return Err(" is neither an object nor an id".to_owned()),
        };
        let known = |role: Role, taken: &str| {
            let mut extra = fields.clone();
            let user_id = fields::required(&mut extra, taken)?;
            Ok(Self { user_id, role, joined_time: fields::integer(&mut extra, "joined_time"), extra })
        };
        for (name, role) in [("owner", Role::Owner), ("admin", Role::Admin), ("member", Role::Member)] {
            if fields.get(name).is_some_and(|id| !id.is_null()) {
                return known(role, name);
            }
        }
        if ["owner", "admin", "member"].iter().any(|name| fields.contains_key(*name)) {
            return Err(" has null in the place of its id".to_owned());
        }
        // A role this version does not know, if there is no doubt which field it is.
        let id_like =
            |(name, id): &(&String, &Value)| *name != "joined_time" && id.as_str().is_some_and(|id| !id.is_empty());
        let mut names = fields.iter().filter(id_like);
        match (names.next(), names.next()) {
            (Some((name, _)), None) => known(Role::Other(name.clone()), name),
            _ => Err(" has no owner, admin or member".to_owned()),
        }
    }

    /// Nearly all rows are an id and a time, and there may be ten thousand: those take no tree.
    fn parse<'de, A: MapAccess<'de>>(mut map: A) -> Result<Parsed<Self>, A::Error> {
        let (mut id, mut joined_time) = (None, None);
        while let Some(Name(name)) = map.next_key()? {
            let role = match &*name {
                "owner" => Some(Role::Owner),
                "admin" => Some(Role::Admin),
                "member" => Some(Role::Member),
                _ => None,
            };
            match (role, map.next_value::<Value>()?) {
                (Some(role), Value::String(text)) if id.is_none() && !text.is_empty() => id = Some((role, text)),
                (None, Value::Number(time)) if joined_time.is_none() && name == "joined_time" && time.is_u64() => {
                    joined_time = time.as_u64();
                }
                (_, value) => {
                    let mut fields = Map::new();
                    fields.extend(id.and_then(|(role, id)| Some((role.as_str()?.to_owned(), id.into()))));
                    fields.extend(joined_time.map(|time| ("joined_time".to_owned(), time.into())));
                    fields.insert(name.into_owned(), value);
                    while let Some((name, value)) = map.next_entry()? {
                        fields.insert(name, value);
                    }
                    return Ok(rows::parsed(fields.into()));
                }
            }
        }
        let extra = Map::new();
        Ok(match id {
            Some((role, user_id)) => Ok(Self { user_id, role, joined_time, extra }),
            None => {
                let fields: Map<_, _> =
                    joined_time.map(|time| ("joined_time".to_owned(), Value::from(time))).into_iter().collect();
                rows::parsed(fields.into())
            }
        })
    }
}

impl TryFrom<Value> for Member {
    type Error = String;

    fn try_from(raw: Value) -> Result<Self, String> {
        Self::read(&raw).map_err(|why| format!("the row{why}"))
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(role) = self.role.as_str() else {
            return serializer.serialize_str(&self.user_id);
        };
        let own = 1 + usize::from(self.joined_time.is_some());
        let mut map = serializer.serialize_map(Some(own + self.extra.len()))?;
        map.serialize_entry(role, &self.user_id)?;
        if let Some(joined_time) = self.joined_time {
            map.serialize_entry("joined_time", &joined_time)?;
        }
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
