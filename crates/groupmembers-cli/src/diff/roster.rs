//! A roster in a file: where each row is and what stands for it, so that a million rows need no more than 48 bytes each.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use groupmembers_unified::Member;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::terminal;

/// No row of a roster is so long.
const LONGEST_ROW: u64 = 16 << 20;

/// Half of a SHA-256: nobody finds two rows with the same one. A number, since a million of them are sorted.
type Sum = u128;

/// Why it is no roster. Nothing of its contents is in it but ids.
#[derive(Debug)]
pub(crate) struct Problem {
    name: String,
    line: u64,
    what: Cow<'static, str>,
}

impl Problem {
    pub(crate) fn new(name: &str, line: u64, what: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.name, self.what),
            line => write!(f, "{} line {line}: {}", self.name, self.what),
        }
    }
}

/// What can be read twice.
enum Text {
    File(File),
    /// From a pipe.
    Memory(Cursor<Vec<u8>>),
}

impl Read for Text {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(to),
            Self::Memory(bytes) => bytes.read(to),
        }
    }
}

impl Seek for Text {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// A file that was opened, and is not read yet.
pub(crate) struct Opened {
    name: String,
    text: Text,
}

/// Opens it; `side` is the argument's name.
pub(crate) fn open(side: &str, path: &PathBuf) -> Result<Opened, Error> {
    let refused = |error: &io::Error| Error::Usage(format!("{side} {}: cannot be read: {error}", path.display()));
    let in_memory = |from: &mut dyn Read| {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map(|_| Text::Memory(Cursor::new(bytes)))
    };
    if path == Path::new("-") {
        let text = in_memory(&mut io::stdin().lock()).map_err(|error| refused(&error))?;
        return Ok(Opened { name: "stdin".to_owned(), text });
    }
    let mut file = File::open(path).map_err(|error| refused(&error))?;
    let about = file.metadata().map_err(|error| refused(&error))?;
    if about.is_dir() {
        return Err(Error::Usage(format!("{side} {}: is a folder: name a file", path.display())));
    }
    let text =
        if about.is_file() { Text::File(file) } else { in_memory(&mut file).map_err(|error| refused(&error))? };
    Ok(Opened { name: path.display().to_string(), text })
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// Of vendor, group and id.
    pub(crate) key: Sum,
    /// Of the whole row.
    pub(crate) row: Sum,
    /// Where it begins. It tells which of two rows stands first.
    pub(crate) offset: u64,
    length: u32,
    line: u32,
}

/// Of which groups the rows are.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Vendor and group of the first row.
    first: Option<(Vec<u8>, Vec<u8>)>,
    several: bool,
}

impl Groups {
    fn add(&mut self, vendor: &[u8], group: &[u8]) {
        match &self.first {
            None => self.first = Some((vendor.to_owned(), group.to_owned())),
            Some(first) => self.several |= (first.0.as_slice(), first.1.as_slice()) != (vendor, group),
        }
    }

    /// Whether they are several together.
    pub(crate) fn joined_with(&self, other: &Self) -> bool {
        let apart = self.first.as_ref().zip(other.first.as_ref()).is_some_and(|(one, other)| one != other);
        self.several || other.several || apart
    }
}

/// A roster that was read.
pub(crate) struct Roster {
    name: String,
    text: Text,
    /// In the order of what stands for their members.
    pub(crate) entries: Vec<Entry>,
    pub(crate) groups: Groups,
    /// The columns of a CSV.
    header: Option<csv::StringRecord>,
}

/// What stands for a member in a line of JSON. The other fields are only checked to be JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "fields that are named are known")]
struct Line<'a> {
    #[serde(borrow)]
    vendor: Cow<'a, str>,
    #[serde(borrow)]
    group: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    name: Option<IgnoredAny>,
    role: Option<IgnoredAny>,
    joined_at: Option<IgnoredAny>,
    avatar_url: Option<IgnoredAny>,
    muted_until: Option<IgnoredAny>,
    online: Option<IgnoredAny>,
    raw: Option<IgnoredAny>,
}

impl Roster {
    /// Reads all of it once.
    pub(crate) fn read(opened: Opened) -> Result<Self, Problem> {
        let Opened { name, text } = opened;
        let mut roster = Self { name, text, entries: Vec::new(), groups: Groups::default(), header: None };
        let mut start = [0; 64];
        let length = read_some(&mut roster.text, &mut start).map_err(|error| roster.unreadable(&error))?;
        roster.rewind()?;
        let start = start[..length].strip_prefix(BOM).unwrap_or(&start[..length]);
        match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => Err(roster.bad(1, "it is one JSON array: write it with --format ndjson or csv")),
            Some(b'{') | None => roster.ndjson(),
            Some(_) => roster.csv(),
        }?;
        roster.entries.sort_unstable_by_key(|entry| (entry.key, entry.offset));
        Ok(roster)
    }

    fn ndjson(&mut self) -> Result<(), Problem> {
        let mut from = BufReader::with_capacity(1 << 18, &mut self.text);
        let (mut line, mut offset, mut number) = (Vec::new(), 0_u64, 0_u64);
        let mut joined = Vec::new();
        loop {
            line.clear();
            let name = &self.name;
            let here = number + 1;
            let bad = |what: &'static str| Problem::new(name, here, what);
            let unreadable = |error: io::Error| Problem::new(name, 0, format!("cannot be read: {error}"));
            let read = from.by_ref().take(LONGEST_ROW + 1).read_until(b'\n', &mut line).map_err(unreadable)? as u64;
            if read == 0 {
                return Ok(());
            }
            if read > LONGEST_ROW {
                return Err(bad("it is longer than any row: this is no roster"));
            }
            let ended = line.ends_with(b"\n");
            let row = if number == 0 { line.strip_prefix(BOM).unwrap_or(&line) } else { &line }.trim_ascii();
            if !row.is_empty() {
                // Looked at once for all, UTF-8 is not looked for in every string.
                let key: Result<Line<'_>, _> = match std::str::from_utf8(row) {
                    Ok(row) => serde_json::from_str(row),
                    Err(_) => serde_json::from_slice(row),
                };
                let key = key.map_err(|error| match error.classify() {
                    _ if !ended => bad("the end of the file cuts it off"),
                    serde_json::error::Category::Data => bad("it has not the fields of a member, or others"),
                    _ => bad("it is no JSON"),
                })?;
                let keys = [key.vendor.as_bytes(), key.group.as_bytes(), key.id.as_bytes()];
                if keys.iter().any(|key| key.is_empty()) {
                    return Err(bad("it is without vendor, group or id"));
                }
                self.groups.add(keys[0], keys[1]);
                let (key, row) = (sum(&keys, &mut joined), sum_of(row));
                self.entries.push(Entry { key, row, offset, length: read as u32, line: here as u32 });
            }
            (offset, number) = (offset + read, here);
            if number >= u64::from(u32::MAX) {
                return Err(bad("it has more lines than any roster"));
            }
        }
    }

    fn csv(&mut self) -> Result<(), Problem> {
        let name = self.name.clone();
        let problem = |error: &csv::Error| match (error.kind(), error.position()) {
            (csv::ErrorKind::Io(error), _) => Problem::new(&name, 0, format!("cannot be read: {error}")),
            (csv::ErrorKind::UnequalLengths { .. }, Some(at)) => Problem::new(
                &name,
                at.line(),
                "it has not as many columns as the header, or the end of the file cuts it off",
            ),
            (_, at) => Problem::new(&name, at.map_or(0, csv::Position::line), "it is no CSV in UTF-8"),
        };
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(&mut self.text);
        let header = reader.headers().map_err(|error| problem(&error))?.clone();
        let column = |name: &str| header.iter().position(|column| column == name);
        let (Some(vendor), Some(group), Some(id)) = (column("vendor"), column("group"), column("id")) else {
            return Err(Problem::new(&name, 1, "it is no header of a roster: vendor, group and id must be in it"));
        };
        for (place, column) in header.iter().enumerate() {
            let known = Member::COLUMNS.contains(&column) || column == "raw";
            if !known || header.iter().position(|other| other == column) != Some(place) {
                let what = format!("column {} is no column of a roster, or there twice", place + 1);
                return Err(Problem::new(&name, 1, what));
            }
        }
        let (mut record, mut joined) = (csv::ByteRecord::new(), Vec::new());
        let columns: Vec<&[u8]> = header.iter().map(str::as_bytes).collect();
        let columns = sum(&columns, &mut joined).to_be_bytes();
        loop {
            let begun = reader.position().clone();
            if !reader.read_byte_record(&mut record).map_err(|error| problem(&error))? {
                break;
            }
            let line = record.position().map_or(begun.line(), csv::Position::line);
            let length = reader.position().byte() - begun.byte();
            let bad = |what: &'static str| Problem::new(&name, line, what);
            if length > LONGEST_ROW || line >= u64::from(u32::MAX) {
                return Err(bad("it is longer than any row: this is no roster"));
            }
            let keys = [&record[vendor], &record[group], &record[id]];
            if keys.iter().any(|key| key.is_empty()) {
                return Err(bad("it is without vendor, group or id"));
            }
            let fields: Vec<&[u8]> = std::iter::once(columns.as_slice()).chain(record.iter()).collect();
            self.groups.add(keys[0], keys[1]);
            let (key, row) = (sum(&keys, &mut joined), sum(&fields, &mut joined));
            let entry = Entry { key, row, offset: begun.byte(), length: length as u32, line: line as u32 };
            self.entries.push(entry);
        }
        self.header = Some(header);
        Ok(())
    }

    /// Whether every member is there once.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let twice = self.entries.windows(2).filter(|pair| pair[0].key == pair[1].key);
        match twice.min_by_key(|pair| pair[1].offset) {
            None => Ok(()),
            Some(pair) => Err(self.twice(&pair[0], &pair[1])),
        }
    }

    fn twice(&self, first: &Entry, again: &Entry) -> Problem {
        let (first, line) = (first.line, again.line);
        // Whose row it is, the row itself says.
        let mut text = match &self.text {
            Text::File(file) => file.try_clone().map(Text::File).ok(),
            Text::Memory(bytes) => Some(Text::Memory(bytes.clone())),
        };
        let member = text.as_mut().and_then(|text| member_at(text, again, self.header.as_ref()).ok());
        let who = member.map_or_else(|| "somebody".to_owned(), |member| terminal::short(&member.id).into_owned());
        self.bad(line.into(), format!("{who} stands in line {first} already: every member is there once"))
    }

    /// Reads a row again.
    pub(crate) fn member(&mut self, at: usize) -> Result<Member, Problem> {
        let entry = self.entries[at];
        member_at(&mut self.text, &entry, self.header.as_ref()).map_err(|what| self.bad(entry.line.into(), what))
    }

    fn rewind(&mut self) -> Result<(), Problem> {
        self.text.rewind().map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &io::Error) -> Problem {
        Problem::new(&self.name, 0, format!("cannot be read: {error}"))
    }

    fn bad(&self, line: u64, what: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new(&self.name, line, what)
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

fn member_at(text: &mut Text, entry: &Entry, header: Option<&csv::StringRecord>) -> Result<Member, String> {
    let mut piece = vec![0; entry.length as usize];
    let read = text.seek(SeekFrom::Start(entry.offset)).and_then(|_| text.read_exact(&mut piece));
    read.map_err(|_| "it was changed while it was read".to_owned())?;
    let Some(header) = header else {
        let row = piece.strip_prefix(BOM).unwrap_or(&piece).trim_ascii();
        if sum_of(row) != entry.row {
            return Err("it was changed while it was read".to_owned());
        }
        return serde_json::from_slice(row).map_err(|_| "a field holds what no member has there".to_owned());
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(piece.as_slice());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) if record.len() == header.len() => {}
        Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
            return Err("it is not in UTF-8".to_owned());
        }
        _ => return Err("it was changed while it was read".to_owned()),
    }
    Member::from_columns(header.iter().zip(record.iter())).map_err(|error| error.to_string())
}

fn sum_of(text: &[u8]) -> Sum {
    let hash: [u8; 32] = Sha256::digest(text).into();
    hash.first_chunk().map_or(0, |half| Sum::from_be_bytes(*half))
}

/// Of several texts, told apart by their lengths; they are `joined` for it, since one piece takes half the time of many.
fn sum(texts: &[&[u8]], joined: &mut Vec<u8>) -> Sum {
    joined.clear();
    for text in texts {
        joined.extend_from_slice(&(text.len() as u64).to_le_bytes());
        joined.extend_from_slice(text);
    }
    sum_of(joined)
}

/// As much as there is, up to the length of `to`.
fn read_some(from: &mut impl Read, to: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < to.len() {
        match from.read(&mut to[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
