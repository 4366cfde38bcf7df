//! Rows that a run before this one wrote: whether they are as it left them, and which came after it last said so.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};

use groupmembers_unified::Member;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::kept::hex;
use crate::output::Format;

/// How far a file was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    /// Of these bytes.
    sha256: String,
}

/// What was written, as it grows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum {
    bytes: u64,
    hash: Sha256,
}

impl Sum {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// With so many rows in it.
    pub(crate) fn written(&self, rows: u64) -> Written {
        Written { bytes: self.bytes, rows, sha256: hex(&self.hash.clone().finalize()) }
    }
}

/// What is in the file.
pub(crate) struct Found {
    /// Up to the end of the last whole row: the bytes to keep.
    pub(crate) sum: Sum,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    /// Who has a whole row behind what was known to be written.
    pub(crate) after: Vec<String>,
}

/// Why nothing can be added to the file.
pub(crate) enum Problem {
    Unreadable(io::Error),
    /// Rows that were written are not there.
    Shorter,
    /// What was written is not what is there.
    Changed,
    /// A row is no row of this listing.
    Foreign,
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Whose rows are looked for, and how they are written.
pub(crate) struct Of<'a> {
    pub(crate) vendor: &'a str,
    pub(crate) group: &'a str,
    pub(crate) format: Format,
    pub(crate) raw: bool,
}

/// Reads what is in a file that was `written` so far at least.
pub(crate) fn find(file: &File, written: &Written, of: &Of<'_>) -> Result<Found, Problem> {
    let mut from = BufReader::with_capacity(1 << 16, file);
    from.rewind()?;
    let mut sum = Sum::default();
    let mut known = from.by_ref().take(written.bytes);
    loop {
        let bytes = known.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        sum.add(bytes);
        let length = bytes.len();
        known.consume(length);
    }
    if sum.bytes < written.bytes {
        return Err(Problem::Shorter);
    }
    if sum.written(written.rows) != *written {
        return Err(Problem::Changed);
    }

    let mut after = Vec::new();
    // What stands before a row and goes with it: a header, a bracket, a comma.
    let mut before = Vec::new();
    loop {
        let mut piece = Vec::new();
        let whole = match of.format {
            Format::Csv => record(&mut from, &mut piece)?,
            _ => from.read_until(b'\n', &mut piece)? > 0 && piece.ends_with(b"\n"),
        };
        if piece.is_empty() {
            break;
        }
        match of.read(&piece, whole, sum.bytes == 0 && before.is_empty()) {
            Piece::Row { id, length } => {
                sum.add(&std::mem::take(&mut before));
                sum.add(&piece[..length]);
                before.extend_from_slice(&piece[length..]);
                after.push(id);
            }
            Piece::Between => before.append(&mut piece),
            Piece::Cut => break,
            Piece::Foreign => return Err(Problem::Foreign),
        }
    }
    Ok(Found { bytes: sum.bytes, rows: written.rows + after.len() as u64, sum, after })
}

/// Reads up to the end of a CSV record, and says whether it came to one. A name may have line breaks in it.
fn record(from: &mut impl BufRead, piece: &mut Vec<u8>) -> io::Result<bool> {
    let mut quoted = false;
    loop {
        let read = piece.len();
        if from.read_until(b'\n', piece)? == 0 {
            return Ok(false);
        }
        quoted ^= piece[read..].iter().filter(|&&byte| byte == b'"').count() % 2 == 1;
        if !quoted {
            return Ok(piece.ends_with(b"\n"));
        }
    }
}

enum Piece {
    /// A row's first bytes, up to `length`.
    Row {
        id: String,
        length: usize,
    },
    /// No row, and where it belongs.
    Between,
    /// The end of the file came before the end of this.
    Cut,
    Foreign,
}

#[derive(Deserialize)]
struct Row {
    vendor: String,
    group: String,
    id: String,
}

impl Of<'_> {
    fn read(&self, piece: &[u8], whole: bool, first: bool) -> Piece {
        let (row, length) = match self.format {
            Format::Csv if first && whole => {
                let wanted: Vec<&str> = Member::COLUMNS.into_iter().chain(self.raw.then_some("raw")).collect();
                let header = fields(piece).is_some_and(|header| header.iter().eq(wanted));
                return if header { Piece::Between } else { Piece::Foreign };
            }
            Format::Csv if whole => (self.csv(piece), piece.len()),
            Format::Ndjson if whole => (serde_json::from_slice(piece).ok(), piece.len()),
            Format::Csv | Format::Ndjson => (None, 0),
            Format::Json | Format::Table => {
                let line = piece.strip_suffix(b"\n").unwrap_or(piece);
                if matches!(line, b"[" | b"," | b"" | b"]" | b"[]") {
                    return Piece::Between;
                }
                // A row is whole where its last bracket is, whatever follows.
                let line = line.strip_suffix(b",").unwrap_or(line);
                (serde_json::from_slice(line).ok(), line.len())
            }
        };
        match row {
            Some(Row { vendor, group, id }) if vendor == self.vendor && group == self.group => {
                Piece::Row { id, length }
            }
            // After a power failure there may be zeros where rows were on their way.
            None if !whole || piece.contains(&0) => Piece::Cut,
            _ => Piece::Foreign,
        }
    }

    fn csv(&self, piece: &[u8]) -> Option<Row> {
        let record = fields(piece)?;
        let field = |name: &str| {
            let index = Member::COLUMNS.iter().position(|&column| column == name)?;
            record.get(index).map(ToOwned::to_owned)
        };
        let right = record.len() == Member::COLUMNS.len() + usize::from(self.raw);
        right.then(|| Some(Row { vendor: field("vendor")?, group: field("group")?, id: field("id")? }))?
    }
}

fn fields(record: &[u8]) -> Option<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record);
    let mut fields = csv::StringRecord::new();
    matches!(reader.read_record(&mut fields), Ok(true)).then_some(fields)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use groupmembers_unified::{Role, Vendor};

    use super::*;
    use crate::output::Output;

    fn member(id: &str, name: &str) -> Member {
        let mut member = Member::new(Vendor::Tim, "g, \"h\"", id);
        (member.name, member.role, member.online) = (Some(name.to_owned()), Some(Role::Member), Some(true));
        member.with_row(serde_json::json!({"name": name, "list": [1, {"a": "]"}]}).into())
    }

    /// Everything that one listing writes, as it stands after each row and at the end.
    fn listing(format: Format, raw: bool) -> (Vec<Vec<u8>>, Vec<String>) {
        #[derive(Clone, Default)]
        struct Shared(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);
        impl io::Write for Shared {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.borrow_mut().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let to = Shared::default();
        let mut output = Output::new(Box::new(to.clone()), format, raw);
        let ids = ["a", "b,\"c\"", "d\n\"e", "f\r\ng", "群", "}]", "-"];
        let mut stages = vec![Vec::new()];
        for (id, name) in ids.iter().zip(["x", "\"", "\n", ",", "\r", "{\"id\":\"z\"},", "]"]) {
            output.row(&member(id, name)).unwrap();
            output.flush().unwrap();
            stages.push(to.0.borrow().clone());
        }
        output.finish().unwrap();
        stages.push(to.0.borrow().clone());
        (stages, ids.map(ToOwned::to_owned).to_vec())
    }

    fn file(bytes: &[u8]) -> File {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("groupmembers-rows-{}-{number}", std::process::id()));
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn of(format: Format, raw: bool) -> Of<'static> {
        Of { vendor: "tim", group: "g, \"h\"", format, raw }
    }

    #[test]
    fn cut_anywhere_all_whole_rows_are_found_and_nothing_else() {
        for (format, raw) in [
            (Format::Ndjson, false),
            (Format::Ndjson, true),
            (Format::Csv, false),
            (Format::Csv, true),
            (Format::Json, false),
            (Format::Json, true),
        ] {
            let (stages, ids) = listing(format, raw);
            let all = stages.last().unwrap();
            for known in [0, 1, 3, ids.len()] {
                let stage = &stages[known];
                let mut sum = Sum::default();
                sum.add(stage);
                let written = sum.written(known as u64);
                let file = file(all);
                for end in (stage.len()..=all.len()).rev() {
                    file.set_len(end as u64).unwrap();
                    let found = find(&file, &written, &of(format, raw));
                    let found = found.unwrap_or_else(|_| panic!("{format:?}, {known} rows known, {end} bytes"));
                    let whole = stages[..=ids.len()].iter().rposition(|stage| stage.len() <= end).unwrap();
                    assert_eq!(found.after, ids[known..whole], "{format:?}, {known} rows known, {end} bytes");
                    assert_eq!((found.rows, found.bytes), (whole as u64, stages[whole].len() as u64));
                    let mut sum = Sum::default();
                    sum.add(&stages[whole]);
                    assert_eq!(found.sum.written(found.rows), sum.written(whole as u64));
                }
            }
        }
    }

    #[test]
    fn an_array_that_was_closed_goes_on_before_its_bracket() {
        let (stages, _) = listing(Format::Json, false);
        for (rows, stage) in stages[..stages.len() - 1].iter().enumerate() {
            let mut sum = Sum::default();
            sum.add(stage);
            let end: &[u8] = if rows == 0 { b"[]\n" } else { b"\n]\n" };
            for end in (0..=end.len()).map(|length| &end[..length]) {
                let found = find(&file(&[stage, end].concat()), &sum.written(rows as u64), &of(Format::Json, false));
                let found = found.unwrap_or_else(|_| panic!("{rows} rows and {end:?}"));
                assert_eq!((found.bytes, found.rows, found.after.len()), (stage.len() as u64, rows as u64, 0));
            }
        }
    }

    #[test]
    fn zeros_that_a_power_failure_left_end_the_rows() {
        for format in [Format::Ndjson, Format::Csv, Format::Json] {
            let (stages, ids) = listing(format, false);
            let between: &[u8] = if format == Format::Json { b",\n" } else { b"" };
            let zeros = [&stages[2], between, &[0; 40], b"-\"}\n", &stages[3][stages[2].len()..]].concat();
            let found = find(&file(&zeros), &Sum::default().written(0), &of(format, false));
            let found = found.unwrap_or_else(|_| panic!("{format:?}"));
            assert_eq!((found.bytes, found.after), (stages[2].len() as u64, ids[..2].to_vec()), "{format:?}");
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_not_taken_for_a_row() {
        let nothing = Sum::default().written(0);
        for (format, text) in [
            (Format::Ndjson, "id,name\n"),
            (Format::Ndjson, "{}\n"),
            (Format::Ndjson, "{\"vendor\":\"tim\",\"group\":\"another\",\"id\":\"a\"}\n"),
            (Format::Csv, "id,name\n"),
            (Format::Csv, "{}\n"),
            (Format::Csv, "vendor,group,id,name,role,joined_at,avatar_url,muted_until,online\na,b\n"),
            (Format::Json, "[\n{},\n"),
            (Format::Json, "{\"members\": [\n"),
        ] {
            let found = find(&file(text.as_bytes()), &nothing, &of(format, false));
            assert!(matches!(found, Err(Problem::Foreign)), "{format:?}: {text}");
        }
    }
}
