//! Lists in pages, as Laravel makes them.

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::command::Seen;
use crate::error::{BuildError, DecodeErrorKind};
use crate::lenient;

/// A row of a list.
pub(crate) trait ListRow: DeserializeOwned {
    /// Fields without which a row is about nothing.
    const REQUIRED: &'static [&'static str];

    /// Reads it by its fields.
    fn read(fields: &Map<String, Value>) -> Result<Self, String> {
        lenient::read_row(fields, Self::REQUIRED)
    }

    /// The enterprise it belongs to.
    fn enterprise(&self) -> Option<u64>;
}

/// What a list call answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed<R, S> {
    /// The page. `None` where `data` is `[]`, as in one of the vendor's samples: then nothing was said, not even that the list
    /// is empty.
    pub list: Option<Paginator<R>>,
    /// Counts.
    pub summary: Option<S>,
    /// Fields this version does not know.
    pub extra: Map<String, Value>,
}

impl<R: Serialize, S: Serialize> Serialize for Listed<R, S> {
    /// As it came: `[]` where nothing was said. An object without a list would be no answer.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        if self.list.is_none() && self.summary.is_none() && self.extra.is_empty() {
            return serializer.collect_seq::<[(); 0]>([]);
        }
        let mut fields = serializer.serialize_map(None)?;
        if let Some(list) = &self.list {
            fields.serialize_entry("list", list)?;
        }
        if let Some(summary) = &self.summary {
            fields.serialize_entry("summary", summary)?;
        }
        for (name, value) in &self.extra {
            fields.serialize_entry(name, value)?;
        }
        fields.end()
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Paginator<R> {
    /// Which page this is, from 1.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub current_page: Option<u64>,
    /// The rows that could be read. On the wire a list, or an object whose names are numbers.
    #[serde(skip_deserializing, default = "Vec::new")]
    pub data: Vec<R>,
    /// The place of the first row, from 1.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The last page.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub last_page: Option<u64>,
    /// Rows a page has.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub per_page: Option<u64>,
    /// The place of the last row.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Rows the list has.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Other fields. The URLs among them lead to other pages than this one, and are never followed.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
    /// Rows that could not be read.
    #[serde(skip)]
    pub rejected: Vec<Rejected>,
}

/// A row that could not be read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its place in the page as it was sent.
    pub index: usize,
    /// Why, by the names of its fields.
    pub reason: String,
    /// The row itself.
    pub raw: Value,
}

impl std::fmt::Debug for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rejected").field("index", &self.index).field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<R> Paginator<R> {
    /// How many rows the server sent.
    #[must_use]
    pub fn rows(&self) -> u64 {
        (self.data.len() + self.rejected.len()) as u64
    }

    /// Whether there is a page behind this one, which was asked for as `page`. The server's count is not waited for where a
    /// page is empty.
    pub(crate) fn has_more(&self, page: u64) -> bool {
        self.rows() > 0
            && self.last_page.is_none_or(|last| page < last)
            && self.current_page.is_none_or(|at| at == page)
    }
}

/// Reads a page.
fn read_page<R: ListRow>(list: Value) -> Result<Paginator<R>, (DecodeErrorKind, String)> {
    use DecodeErrorKind::{EmptyData, Shape};
    let Value::Object(mut fields) = list else {
        return Err((Shape, "data.list is no page".to_owned()));
    };
    let rows = match fields.remove("data") {
        Some(Value::Array(rows)) => rows,
        // A PHP array with gaps in it.
        Some(Value::Object(rows)) => {
            let rows = rows.into_iter().map(|(place, row)| place.parse().map(|place: u64| (place, row)));
            let mut rows: Vec<(u64, Value)> =
                rows.collect::<Result<_, _>>().map_err(|_| (Shape, "data.list.data is no list of rows".to_owned()))?;
            rows.sort_by_key(|(place, _)| *place);
            rows.into_iter().map(|(_, row)| row).collect()
        }
        None | Some(Value::Null) => {
            return Err((EmptyData, "data.list.data is null or missing: nothing is known from it".to_owned()));
        }
        _ => return Err((Shape, "data.list.data is no list of rows".to_owned())),
    };
    let mut page: Paginator<R> =
        lenient::read_row(&fields, &[]).map_err(|reason| (Shape, format!("data.list: {reason}")))?;
    for (index, row) in rows.into_iter().enumerate() {
        let read = match &row {
            Value::Object(fields) => R::read(fields),
            _ => Err("it is no object".to_owned()),
        };
        match read {
            Ok(row) => page.data.push(row),
            Err(reason) => page.rejected.push(Rejected { index, reason: format!("row {index}: {reason}"), raw: row }),
        }
    }
    // The last page may have one row, and that an odd one. But rows without a number are rows of something else.
    let numbered = |row: &Rejected| row.raw.get("id").is_some_and(|id| lenient::row_id(id).is_ok());
    match page.rejected.first() {
        Some(first) if page.data.is_empty() && !page.rejected.iter().any(numbered) => {
            Err((Shape, format!("no row can be read: {}", first.reason)))
        }
        _ => Ok(page),
    }
}

/// Reads what a list call answers.
pub(crate) fn read<R: ListRow, S: DeserializeOwned>(data: Value) -> Result<Listed<R, S>, (DecodeErrorKind, String)> {
    use DecodeErrorKind::{EmptyData, Shape};
    #[derive(Deserialize)]
    #[serde(bound = "S: DeserializeOwned")]
    struct Rest<S> {
        #[serde(default, deserialize_with = "lenient::relation")]
        summary: Option<S>,
        #[serde(flatten, deserialize_with = "lenient::extra")]
        extra: Map<String, Value>,
    }

    let mut fields = match data {
        Value::Object(fields) => fields,
        Value::Array(empty) if empty.is_empty() => {
            return Ok(Listed { list: None, summary: None, extra: Map::new() });
        }
        Value::Null => return Err((EmptyData, "data is null or missing: nothing is known from it".to_owned())),
        _ => return Err((Shape, "data is no object".to_owned())),
    };
    let list = match fields.remove("list") {
        None | Some(Value::Null) => {
            return Err((EmptyData, "data.list is null or missing: nothing is known from it".to_owned()));
        }
        Some(list) => read_page(list)?,
    };
    let rest: Rest<S> = lenient::read_row(&fields, &[]).map_err(|reason| (Shape, format!("data: {reason}")))?;
    Ok(Listed { list: Some(list), summary: rest.summary, extra: rest.extra })
}

/// The enterprise the rows belong to.
pub(crate) fn enterprise<R: ListRow, S>(listed: &Listed<R, S>) -> Seen {
    Seen::of(listed.list.iter().flat_map(|page| &page.data).filter_map(ListRow::enterprise))
}

/// What the server would take for something else without saying so.
pub(crate) fn check_list(
    page: u64,
    start: Option<&str>,
    end: Option<&str>,
    extra: &Map<String, Value>,
) -> Result<(), BuildError> {
    if page == 0 {
        return Err(BuildError::new("page", "is 0: pages begin at 1, and the server would answer with the first one"));
    }
    check_filters(start, end, extra)
}

/// The same for a call that has no pages.
pub(crate) fn check_filters(
    start: Option<&str>,
    end: Option<&str>,
    extra: &Map<String, Value>,
) -> Result<(), BuildError> {
    if start.is_some() != end.is_some() {
        return Err(BuildError::new("start_time", "and end_time belong together: give both, or neither"));
    }
    if extra.contains_key("uniacid") {
        return Err(BuildError::new(
            "uniacid",
            "must not be a parameter: it would take the place of the path's tenant",
        ));
    }
    Ok(())
}
