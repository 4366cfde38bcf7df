//! `POST getContact`: profiles of people, groups and official accounts in the address book.
//!
//! At most 20 ids, and a random pause of 300 to 800 ms between calls: "calling often easily takes the account offline".

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::command::{Answer, Command, check_id};
use crate::error::BuildError;
use crate::types::Profile;

/// Most ids one call takes.
pub const MAX_IDS: usize = 20;

/// Asks for profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The ids; on the wire one text, separated by commas.
    #[serde(rename = "wcId", serialize_with = "join", deserialize_with = "split")]
    pub wc_ids: Vec<String>,
}

impl Request {
    /// The profiles of these.
    #[must_use]
    pub fn new(wc_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { wc_ids: wc_ids.into_iter().map(Into::into).collect() }
    }

    /// Who was asked for and is not in the answer.
    pub fn missing<'a>(&'a self, response: &'a Response) -> impl Iterator<Item = &'a str> {
        let found = |id: &str| response.data.iter().any(|profile| profile.user_name == id);
        self.wc_ids.iter().map(String::as_str).filter(move |id| !found(id))
    }
}

impl Command for Request {
    type Data = Vec<Profile>;

    const NAME: &'static str = "getContact";
    const IS_LIST: bool = true;
    const REQUIRED: &'static [&'static str] = &["userName"];

    fn validate(&self) -> Result<(), BuildError> {
        if self.wc_ids.is_empty() || self.wc_ids.len() > MAX_IDS {
            let problem = format!("has {} entries: the API takes 1 to {MAX_IDS} at once", self.wc_ids.len());
            return Err(BuildError::new("wcId", problem));
        }
        self.wc_ids.iter().try_for_each(|id| check_id("wcId", id))
    }

    fn may_be_empty(data: &Value) -> bool {
        // An empty list says that none is known; null says nothing.
        data.is_array()
    }
}

/// The profiles of those that are known.
pub type Response = Answer<Vec<Profile>>;

fn join<S: Serializer>(ids: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&ids.join(","))
}

fn split<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let ids = String::deserialize(deserializer)?;
    Ok(ids.split(',').filter(|id| !id.is_empty()).map(ToOwned::to_owned).collect())
}
