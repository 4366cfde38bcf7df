//! `GET plugin/GroupDevelopUser/listExport`: the customer groups of an enterprise as a spreadsheet.
//!
//! No document describes it; this is what the vendor's own admin page asks for when its button is pressed. The columns are
//! the shop's, and not known. The answer does not say which enterprise it is from, so a client asks the session afterwards.
//! From about 500 rows on the exporter that shops have may answer with a page that shows how far it is, instead of a file;
//! whether this plugin's does is not known. It is not followed: that is an error.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, Place, Seen};
use crate::error::{BuildError, DecodeErrorKind, Error};
use crate::file::{self, File};
use crate::list::check_filters;
use crate::time;

/// Asks for the file. There are no pages: it has all rows that pass the filters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The number of one group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// A word of the group's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A word of the owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// A word of the shop member the owner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_member_kwd: Option<String>,
    /// The shop member the owner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_member_uid: Option<u64>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_id: Option<u64>,
    /// From this instant, as in `2021-06-18 00:00:00`, Beijing time. Only together with `end_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// To this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Parameters this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Request {
    /// All groups.
    #[must_use]
    pub fn new() -> Self {
        Self {
            id: None,
            name: None,
            owner_name: None,
            owner_member_kwd: None,
            owner_member_uid: None,
            tag_id: None,
            start_time: None,
            end_time: None,
            extra: Map::new(),
        }
    }

    /// Only groups made between two instants, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn made_between(mut self, start: i64, end: i64) -> Self {
        self.start_time = Some(time::write(start));
        self.end_time = Some(time::write(end));
        self
    }
}

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

impl Command for Request {
    type Data = File;

    const NAME: &'static str = "listExport";
    const PLACE: Place = Place::Export;
    const IS_SLOW: bool = true;

    fn validate(&self) -> Result<(), BuildError> {
        check_filters(self.start_time.as_deref(), self.end_time.as_deref(), &self.extra)
    }

    fn read(_: Value) -> Result<File, (DecodeErrorKind, String)> {
        Err(file::no_file())
    }

    fn receive(response: http::Response<Cow<'_, [u8]>>, secrets: &[&str]) -> Result<Answer<File>, Error> {
        file::receive::<Self>(response, secrets)
    }

    fn enterprise(_: &File) -> Option<Seen> {
        Some(Seen::Unknown)
    }
}

/// The file.
pub type Response = Answer<File>;
