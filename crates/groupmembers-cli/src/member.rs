//! One member, the same for every vendor.

use serde::Serialize;
use serde_json::Value;

/// A row of the output. The order of the fields is the order of JSON keys and CSV columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Member {
    /// The vendor's short name.
    pub(crate) vendor: &'static str,
    /// The group.
    pub(crate) group: String,
    /// What the vendor's API calls the member by.
    pub(crate) id: String,
    /// The name in the group.
    pub(crate) name: Option<String>,
    /// `null` where the call does not say.
    pub(crate) role: Option<Role>,
    /// RFC 3339, UTC.
    pub(crate) joined_at: Option<String>,
    /// The picture.
    pub(crate) avatar_url: Option<String>,
    /// RFC 3339, UTC, or `forever`; `null` when not muted.
    pub(crate) muted_until: Option<String>,
    /// Where the vendor says.
    pub(crate) online: Option<bool>,
    /// The vendor's own object, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<Value>,
}

/// What a member is in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Owner,
    Admin,
    Member,
    Guest,
    Restricted,
    Unknown,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Guest => "guest",
            Self::Restricted => "restricted",
            Self::Unknown => "unknown",
        }
    }
}

impl Member {
    /// The columns of CSV, without `raw`.
    pub(crate) const COLUMNS: [&'static str; 9] =
        ["vendor", "group", "id", "name", "role", "joined_at", "avatar_url", "muted_until", "online"];

    /// The fields in the order of [`COLUMNS`](Self::COLUMNS), null as "".
    pub(crate) fn fields(&self) -> [&str; 9] {
        [
            self.vendor,
            &self.group,
            &self.id,
            self.name.as_deref().unwrap_or_default(),
            self.role.map_or("", Role::as_str),
            self.joined_at.as_deref().unwrap_or_default(),
            self.avatar_url.as_deref().unwrap_or_default(),
            self.muted_until.as_deref().unwrap_or_default(),
            match self.online {
                Some(true) => "true",
                Some(false) => "false",
                None => "",
            },
        ]
    }
}
