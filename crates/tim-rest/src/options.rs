//! How a group is listed.

use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::get_group_member_info::{MAX_LIMIT, MAX_LIMIT_COMMUNITY};
use crate::types::GroupType;

/// Proves a list whole, so no `MemberInfoFilter` may be without it.
const JOIN_TIME: &str = "JoinTime";

/// How to list a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RosterOptions {
    /// The group's type, where you know it: that saves the call that asks for it.
    pub group_type: Option<GroupType>,
    /// Only these fields of each member; `JoinTime` is asked for in any case, since it proves the list whole.
    pub fields: Option<Vec<String>>,
    /// The custom fields to return.
    pub custom_fields: Option<Vec<String>>,
    /// Rows a page; by default as many as the API gives. 2 to 200; a Community gives 100 at most, whatever is asked for.
    pub page_size: Option<u32>,
    /// Whether to ask for everyone in one answer where the group seems to fit.
    pub one_answer: bool,
}

impl Default for RosterOptions {
    fn default() -> Self {
        Self { group_type: None, fields: None, custom_fields: None, page_size: None, one_answer: true }
    }
}

impl RosterOptions {
    /// A group of this type.
    #[must_use]
    pub fn group_type(mut self, group_type: GroupType) -> Self {
        self.group_type = Some(group_type);
        self
    }

    /// Only these fields of each member.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// With these custom fields.
    #[must_use]
    pub fn custom_fields(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.custom_fields = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// With so many rows a page.
    #[must_use]
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = Some(rows);
        self
    }

    /// In windows, even where everyone would fit into one answer.
    #[must_use]
    pub fn in_windows(mut self) -> Self {
        self.one_answer = false;
        self
    }

    pub(crate) fn validate(&self) -> Result<(), BuildError> {
        let most = match self.group_type {
            Some(GroupType::Community) => MAX_LIMIT_COMMUNITY,
            _ => MAX_LIMIT,
        };
        match self.page_size {
            Some(rows) if !(2..=most).contains(&rows) => Err(BuildError::new(
                "page size",
                format!("is {rows}: the API takes up to {most}, and a proof needs at least 2"),
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn member_info_filter(&self) -> Option<Vec<String>> {
        let mut fields = self.fields.clone()?;
        if !fields.iter().any(|field| field == JOIN_TIME) {
            fields.push(JOIN_TIME.to_owned());
        }
        Some(fields)
    }

    /// About how large a row is: 170 bytes with all standard fields.
    pub(crate) fn row_bytes(&self) -> u64 {
        let fields = self.fields.as_ref().map_or(170, |fields| 60 + 25 * fields.len() as u64);
        let custom = self.custom_fields.as_ref().map_or(0, |keys| 30 + 60 * keys.len() as u64);
        fields + custom
    }
}
