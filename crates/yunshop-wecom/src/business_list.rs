//! `GET admin/businessList`: the enterprises a member may manage.
//!
//! Source: <https://wiki.yunzmall.com/docs/show/12277>.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, Place};
use crate::error::DecodeErrorKind;
use crate::lenient;
use crate::list::Rejected;
use crate::open_int::open_int;

/// Asks for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Only those with this in their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Command for Request {
    type Data = Businesses;

    const NAME: &'static str = "businessList";
    const PLACE: Place = Place::Admin;

    fn read(data: Value) -> Result<Businesses, (DecodeErrorKind, String)> {
        use DecodeErrorKind::{EmptyData, Shape};
        let mut fields = match data {
            Value::Object(fields) => fields,
            Value::Null => return Err((EmptyData, "data is null or missing: nothing is known from it".to_owned())),
            _ => return Err((Shape, "data is no object".to_owned())),
        };
        let rows: Vec<Value> = match fields.remove("platform_list") {
            Some(Value::Array(rows)) => rows,
            // A PHP array with gaps in it.
            Some(Value::Object(rows)) => rows.into_iter().map(|(_, row)| row).collect(),
            None | Some(Value::Null) => return Err((EmptyData, "data.platform_list is null or missing".to_owned())),
            _ => return Err((Shape, "data.platform_list is no list".to_owned())),
        };
        let mut all: Businesses =
            lenient::read_row(&fields, &[]).map_err(|reason| (Shape, format!("data: {reason}")))?;
        for (index, row) in rows.into_iter().enumerate() {
            let read = match &row {
                Value::Object(fields) => lenient::read_row(fields, &["id"]),
                _ => Err("it is no object".to_owned()),
            };
            match read {
                Ok(row) => all.platform_list.push(row),
                Err(reason) => {
                    all.rejected.push(Rejected { index, reason: format!("row {index}: {reason}"), raw: row });
                }
            }
        }
        Ok(all)
    }
}

/// The enterprises.
pub type Response = Answer<Businesses>;

/// The enterprises, and the one managed last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Businesses {
    /// The enterprises that could be read, and the member's personal space.
    #[serde(skip_deserializing, default)]
    pub platform_list: Vec<Business>,
    /// The one managed last: what the server falls back to where none is chosen.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub final_plat_id: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
    /// Rows that could not be read.
    #[serde(skip)]
    pub rejected: Vec<Rejected>,
}

open_int! {
    /// What a member is in an enterprise.
    Identity {
        /// Not yet let in.
        AwaitingReview = 0,
        /// Staff.
        Staff = 1,
        /// An administrator.
        Administrator = 2,
        /// Who made it.
        Founder = 3,
        /// Its legal representative.
        LegalPerson = 4,
        /// Both.
        FounderAndLegalPerson = 5,
        /// The personal space.
        Personal = 9999,
    }
}

/// An enterprise, or the personal space.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Business {
    /// What [`manage_business`](crate::manage_business) takes; rows call it `crop_id`. 0 is the personal space.
    #[serde(deserialize_with = "required")]
    pub id: u64,
    /// The picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_img: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the member is in it.
    #[serde(default, deserialize_with = "Identity::read", skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_desc: Option<String>,
    /// 1 the personal space, 2 an enterprise, 3 one that waits for review.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub identity_type: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl Business {
    /// Whether it can be managed.
    #[must_use]
    pub fn is_manageable(&self) -> bool {
        self.id > 0 && self.identity_type.is_none_or(|kind| kind == 2)
    }
}

impl fmt::Debug for Business {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Business")
            .field("id", &self.id)
            .field("identity", &self.identity)
            .field("identity_type", &self.identity_type)
            .finish_non_exhaustive()
    }
}

fn required<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    lenient::integer(deserializer)?.ok_or_else(|| serde::de::Error::custom("no number of an enterprise"))
}
