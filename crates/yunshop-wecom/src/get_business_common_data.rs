//! `GET admin/getBusinessCommonData`: what the session works in.
//!
//! Source: <https://wiki.yunzmall.com/docs/show/6991>.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::{Answer, Command, Place, Seen};
use crate::error::DecodeErrorKind;
use crate::lenient;

/// Asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// 1: the enterprise is wanted.
    pub is_business: u8,
}

impl Default for Request {
    fn default() -> Self {
        Self { is_business: 1 }
    }
}

impl Command for Request {
    type Data = Common;

    const NAME: &'static str = "getBusinessCommonData";
    const PLACE: Place = Place::Admin;

    fn read(data: Value) -> Result<Common, (DecodeErrorKind, String)> {
        match data {
            Value::Object(fields) => {
                lenient::read_row(&fields, &[]).map_err(|reason| (DecodeErrorKind::Shape, format!("data: {reason}")))
            }
            Value::Null => {
                Err((DecodeErrorKind::EmptyData, "data is null or missing: nothing is known from it".into()))
            }
            _ => Err((DecodeErrorKind::Shape, "data is no object".into())),
        }
    }

    fn enterprise(data: &Common) -> Option<Seen> {
        Some(Seen::of(data.business.as_ref().and_then(|business| business.business_id).filter(|&id| id > 0)))
    }
}

/// What the session works in.
pub type Response = Answer<Common>;

/// The enterprise, and the member's place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Common {
    /// The enterprise.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub business: Option<Business>,
    /// What the member is in it; as it came.
    #[serde(default, deserialize_with = "lenient::as_it_came", skip_serializing_if = "Option::is_none")]
    pub identity: Option<Value>,
    /// Other fields, such as `page_route`.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

/// An enterprise.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Business {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_name: Option<String>,
    /// Its number.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub business_id: Option<u64>,
    /// The tenant.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uniacid: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Business {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Business").field("business_id", &self.business_id).finish_non_exhaustive()
    }
}
