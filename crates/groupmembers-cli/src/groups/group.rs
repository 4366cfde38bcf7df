//! One group, the same for every vendor.

use std::borrow::Cow;

use groupmembers_unified::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::output::Record;

/// A group. What the vendor did not say is `None`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Group {
    pub(crate) vendor: &'static str,
    /// The id that `list --group` takes.
    pub(crate) group: String,
    /// Never "".
    pub(crate) name: Option<String>,
    /// In the vendor's word.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// What the vendor calls the owner by.
    pub(crate) owner: Option<String>,
    pub(crate) members: Option<u64>,
    pub(crate) created_at: Option<Timestamp>,
    /// The vendor's own object.
    #[serde(skip)]
    pub(crate) raw: Value,
}

impl Group {
    /// With nothing but an id.
    pub(crate) fn new(vendor: &'static str, group: impl Into<String>) -> Self {
        let (group, raw) = (group.into(), Value::Null);
        Self { vendor, group, name: None, kind: None, owner: None, members: None, created_at: None, raw }
    }

    /// With the vendor's own object.
    pub(crate) fn with_raw(self, row: &impl Serialize) -> Self {
        Self { raw: serde_json::to_value(row).unwrap_or_default(), ..self }
    }
}

/// A text that says something.
pub(crate) fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

impl Record for Group {
    const COLUMNS: &'static [&'static str] = &["vendor", "group", "name", "type", "owner", "members", "created_at"];
    const TITLES: [&'static str; 6] = ["GROUP", "NAME", "TYPE", "OWNER", "MEMBERS", "CREATED"];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        std::iter::once(self.vendor.into()).chain(self.cells()).collect()
    }

    fn cells(&self) -> [Cow<'_, str>; 6] {
        let text = |text: &'_ Option<String>| -> Cow<'_, str> { text.clone().unwrap_or_default().into() };
        [
            self.group.as_str().into(),
            text(&self.name),
            text(&self.kind),
            text(&self.owner),
            self.members.map(|members| members.to_string()).unwrap_or_default().into(),
            self.created_at.map(|time| time.to_string()).unwrap_or_default().into(),
        ]
    }

    fn raw(&self) -> Value {
        self.raw.clone()
    }

    fn with_raw(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct WithRaw<'a> {
            #[serde(flatten)]
            group: &'a Group,
            raw: &'a Value,
        }
        WithRaw { group: self, raw: &self.raw }
    }
}
