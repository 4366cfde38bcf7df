//! One member, the same for every vendor.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::row::Row;
use crate::timestamp::Timestamp;
use crate::words::{MutedUntil, Role, Vendor};

/// A member of a group. What the vendor did not say is `None`.
///
/// Its serde form is an object of nine fields in the order they stand here, `null` for what is not known, the same as a row of
/// `groupmembers list --format ndjson`. The vendor's own row is in it where it is asked for: [`with_raw`](Self::with_raw).
#[derive(Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// Whose member it is.
    pub vendor: Vendor,
    /// The group, as the vendor's API calls it.
    pub group: String,
    /// What the vendor's API calls the member by. Never empty.
    pub id: String,
    /// The name in the group; never "".
    #[serde(default)]
    pub name: Option<String>,
    /// What the member is in the group; `None` where the call does not say.
    #[serde(default)]
    pub role: Option<Role>,
    /// When they joined.
    #[serde(default)]
    pub joined_at: Option<Timestamp>,
    /// The picture's address; never "".
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// Until when they may not speak; `None` when they may, or nobody says.
    #[serde(default)]
    pub muted_until: Option<MutedUntil>,
    /// Whether they are online.
    #[serde(default)]
    pub online: Option<bool>,
    /// The vendor's own row, with nothing left out.
    #[serde(default, rename = "raw")]
    pub row: Row,
}

/// Without the vendor's row: it is people's data, and large.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("vendor", &self.vendor)
            .field("group", &self.group)
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("joined_at", &self.joined_at)
            .field("avatar_url", &self.avatar_url)
            .field("muted_until", &self.muted_until)
            .field("online", &self.online)
            .field("row", &self.row)
            .finish()
    }
}

/// The object that is written. The order of the fields is the order of JSON keys and CSV columns.
#[derive(Serialize)]
struct Written<'a> {
    vendor: &'a Vendor,
    group: &'a str,
    id: &'a str,
    name: Option<&'a str>,
    role: Option<&'a Role>,
    joined_at: Option<Timestamp>,
    avatar_url: Option<&'a str>,
    muted_until: Option<MutedUntil>,
    online: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Value>,
}

/// A member that is written with the vendor's own row, as `raw`.
#[derive(Debug, Clone, Copy)]
pub struct WithRaw<'a>(&'a Member);

impl Member {
    /// The columns of CSV, without `raw`; the keys of JSON as well.
    pub const COLUMNS: [&'static str; 9] =
        ["vendor", "group", "id", "name", "role", "joined_at", "avatar_url", "muted_until", "online"];

    /// A member of whom nothing is known but the id.
    #[must_use]
    pub fn new(vendor: Vendor, group: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            vendor,
            group: group.into(),
            id: id.into(),
            name: None,
            role: None,
            joined_at: None,
            avatar_url: None,
            muted_until: None,
            online: None,
            row: Row::None,
        }
    }

    /// The same, to be written with the vendor's own row as the field `raw`, where there is one.
    #[must_use]
    pub fn with_raw(&self) -> WithRaw<'_> {
        WithRaw(self)
    }

    /// The same with the row it was made of.
    #[must_use]
    pub fn with_row(self, row: Row) -> Self {
        Self { row, ..self }
    }

    /// The same without the vendor's row: a member to keep.
    #[must_use]
    pub fn without_row(self) -> Self {
        Self { row: Row::None, ..self }
    }

    /// The fields in the order of [`COLUMNS`](Self::COLUMNS), what is not known as "".
    #[must_use]
    pub fn fields(&self) -> [Cow<'_, str>; 9] {
        [
            self.vendor.as_str().into(),
            self.group.as_str().into(),
            self.id.as_str().into(),
            self.name.as_deref().unwrap_or_default().into(),
            self.role.as_ref().map_or("", Role::as_str).into(),
            self.joined_at.map(|time| time.to_string()).unwrap_or_default().into(),
            self.avatar_url.as_deref().unwrap_or_default().into(),
            self.muted_until.map(|end| end.to_string()).unwrap_or_default().into(),
            match self.online {
                Some(true) => "true",
                Some(false) => "false",
                None => "",
            }
            .into(),
        ]
    }

    /// A member from the columns of a CSV row, by their names in any order. "" is `None`; `raw` is the text of a JSON value.
    ///
    /// # Errors
    /// A column that is none of [`COLUMNS`](Self::COLUMNS) and not `raw`, a value that cannot stand in its column, or a row
    /// without `vendor`, `group` or `id`.
    pub fn from_columns<'a>(columns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadColumn> {
        let mut member = Self::new(Vendor::Other(String::new()), "", "");
        for (column, value) in columns {
            member.set(column, value)?;
        }
        for (column, value) in
            [("vendor", member.vendor.as_str()), ("group", member.group.as_str()), ("id", member.id.as_str())]
        {
            if value.is_empty() {
                return Err(BadColumn { column: Some(column), problem: "is empty or missing" });
            }
        }
        Ok(member)
    }

    fn set(&mut self, column: &str, value: &str) -> Result<(), BadColumn> {
        let known = Self::COLUMNS.into_iter().chain(["raw"]).find(|known| *known == column);
        let Some(column) = known else {
            return Err(BadColumn { column: None, problem: "there is a column that no member has" });
        };
        if value.is_empty() {
            return Ok(());
        }
        let bad = |problem| BadColumn { column: Some(column), problem };
        match column {
            "vendor" => self.vendor = value.into(),
            "group" => self.group = value.to_owned(),
            "id" => self.id = value.to_owned(),
            "name" => self.name = Some(value.to_owned()),
            "role" => self.role = Some(value.into()),
            "joined_at" => self.joined_at = Some(value.parse().map_err(|_| bad("is no instant"))?),
            "avatar_url" => self.avatar_url = Some(value.to_owned()),
            "muted_until" => self.muted_until = Some(value.parse().map_err(|_| bad("is no instant and not forever"))?),
            "online" => self.online = Some(value.parse().map_err(|_| bad("is neither true nor false"))?),
            _ => self.row = serde_json::from_str(value).map_err(|_| bad("is no JSON"))?,
        }
        Ok(())
    }

    fn written(&self, raw: bool) -> Written<'_> {
        Written {
            vendor: &self.vendor,
            group: &self.group,
            id: &self.id,
            name: self.name.as_deref(),
            role: self.role.as_ref(),
            joined_at: self.joined_at,
            avatar_url: self.avatar_url.as_deref(),
            muted_until: self.muted_until,
            online: self.online,
            raw: (raw && !self.row.is_none()).then(|| self.row.to_json()),
        }
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(false).serialize(serializer)
    }
}

impl Serialize for WithRaw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.written(true).serialize(serializer)
    }
}

/// A CSV row that is no member. It quotes nothing of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadColumn {
    column: Option<&'static str>,
    problem: &'static str,
}

impl BadColumn {
    /// The column at fault, where it is one of a member's.
    #[must_use]
    pub fn column(&self) -> Option<&'static str> {
        self.column
    }
}

impl fmt::Display for BadColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{column} {}", self.problem),
            None => f.write_str(self.problem),
        }
    }
}

impl std::error::Error for BadColumn {}

/// A text that says something.
#[cfg(any(feature = "nim", feature = "tim", feature = "wkteam", feature = "yunshop"))]
pub(crate) fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}
