//! Rows as they come: table, json, ndjson, csv.

use std::borrow::Cow;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};
use groupmembers_unified::Member;
use serde::Serialize;

use crate::rows::{Sum, Written};
use crate::terminal;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned columns, wider from where a later row needs it
    Table,
    /// One array
    Json,
    /// One object a line
    Ndjson,
    /// With a header line
    Csv,
}

impl Format {
    /// What it is called on the command line.
    pub(crate) fn name(self) -> String {
        use clap::ValueEnum as _;
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The format a file's name asks for: a table, where it asks for none.
    pub(crate) fn of_file(path: &Path) -> Result<Self, String> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "json" => Ok(Self::Json),
            "ndjson" | "jsonl" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            // What opens these would not open a table.
            "xlsx" | "xls" | "ods" | "tsv" => {
                Err(format!("--output {}: .{ending} cannot be written: name a .csv, or add --format", path.display()))
            }
            _ => Ok(Self::Table),
        }
    }
}

/// What is written row by row.
pub(crate) trait Record: Serialize {
    /// The columns of a CSV, without `raw`.
    const COLUMNS: &'static [&'static str];
    /// The columns of a table. The second is a name, and may be cut off.
    const TITLES: [&'static str; 6];

    /// The values of the columns, what is not known as "".
    fn fields(&self) -> Vec<Cow<'_, str>>;

    /// The values of a table's columns.
    fn cells(&self) -> [Cow<'_, str>; 6];

    /// The vendor's own object.
    fn raw(&self) -> serde_json::Value;

    /// The same object with `raw`.
    fn with_raw(&self) -> impl Serialize;
}

impl Record for Member {
    const COLUMNS: &'static [&'static str] = &Self::COLUMNS;
    const TITLES: [&'static str; 6] = ["ID", "NAME", "ROLE", "JOINED", "MUTED UNTIL", "ONLINE"];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        self.fields().into()
    }

    fn cells(&self) -> [Cow<'_, str>; 6] {
        let [_, _, id, name, role, joined, _, muted, online] = self.fields();
        [id, name, role, joined, muted, online]
    }

    fn raw(&self) -> serde_json::Value {
        self.row.to_json()
    }

    fn with_raw(&self) -> impl Serialize {
        self.with_raw()
    }
}

/// Where rows go.
pub(crate) struct Output<R = Member> {
    to: Sink,
    format: Format,
    raw: bool,
    rows: u64,
    table: Columns<R>,
}

impl<R: Record> Output<R> {
    /// Writes to `to`; nothing is written before the first row or [`finish`](Self::finish).
    pub(crate) fn new(to: Box<dyn Write>, format: Format, raw: bool) -> Self {
        Self {
            to: Sink::new(to),
            format,
            raw,
            rows: 0,
            table: Columns { waiting: Vec::new(), widths: None, of: PhantomData },
        }
    }

    /// Goes on behind `rows` rows that are there already, and keeps account of what is written.
    pub(crate) fn go_on(&mut self, rows: u64, sum: Sum) {
        (self.rows, self.to.arrived, self.to.sum) = (rows, rows, Some(sum));
    }

    /// How much has been written, where account is kept of it: flushed, it is all that was taken.
    pub(crate) fn written(&self) -> Option<Written> {
        self.to.sum.as_ref().map(|sum| sum.written(self.to.arrived))
    }

    /// How many rows were taken.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// How many of them are where they should be, whole. All of them when [`finish`](Self::finish) succeeded.
    pub(crate) fn arrived(&self) -> u64 {
        self.to.arrived
    }

    /// Takes a row.
    pub(crate) fn row(&mut self, row: &R) -> io::Result<()> {
        match self.format {
            Format::Table => {
                self.rows += 1;
                return self.table.row(row, &mut self.to);
            }
            Format::Json => {
                self.to.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                self.object(row)?;
            }
            Format::Ndjson => {
                self.object(row)?;
                self.to.write_all(b"\n")?;
            }
            Format::Csv => {
                if self.rows == 0 {
                    self.header()?;
                }
                let raw = self.raw.then(|| row.raw().to_string());
                self.record(row.fields().iter().map(AsRef::as_ref).chain(raw.as_deref()))?;
            }
        }
        self.rows += 1;
        self.to.end_row()
    }

    /// Hands on what is buffered: somebody may be waiting for it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.table.widths.is_some() {
            self.table.print(&mut self.to)?;
        }
        self.to.flush()
    }

    /// Closes what is open, so that the rows so far can be read, however the listing ended.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self.format {
            Format::Table => self.table.print(&mut self.to)?,
            Format::Json => self.to.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?,
            Format::Csv if self.rows == 0 => self.header()?,
            Format::Ndjson | Format::Csv => {}
        }
        self.to.flush()
    }

    /// Ends the rows with a line about them.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.finish()?;
        writeln!(self.to, "{line}")?;
        self.to.flush()
    }

    fn object(&mut self, row: &R) -> io::Result<()> {
        let written = if self.raw {
            serde_json::to_writer(&mut self.to, &row.with_raw())
        } else {
            serde_json::to_writer(&mut self.to, row)
        };
        Ok(written?)
    }

    fn header(&mut self) -> io::Result<()> {
        self.record(R::COLUMNS.iter().copied().chain(self.raw.then_some("raw")))
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> io::Result<()> {
        // Into the buffer itself: the writer flushes what is beneath it.
        let mut writer = csv::WriterBuilder::new().buffer_capacity(1024).from_writer(&mut self.to.buffer);
        writer.write_record(fields)?;
        writer.flush()
    }
}

/// A buffer that knows how many rows have left it.
struct Sink {
    to: Box<dyn Write>,
    buffer: Vec<u8>,
    /// Where the rows in the buffer end.
    ends: Vec<usize>,
    arrived: u64,
    /// Of what has left it, where somebody wants to know.
    sum: Option<Sum>,
}

impl Sink {
    const FULL: usize = 1 << 16;

    fn new(to: Box<dyn Write>) -> Self {
        Self { to, buffer: Vec::with_capacity(2 * Self::FULL), ends: Vec::new(), arrived: 0, sum: None }
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.ends.push(self.buffer.len());
        if self.buffer.len() < Self::FULL { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> io::Result<()> {
        let mut sent = 0;
        let outcome = loop {
            match self.buffer.get(sent..) {
                None | Some([]) => break Ok(()),
                Some(rest) => match self.to.write(rest) {
                    Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                    Ok(bytes) => sent += bytes,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => break Err(error),
                },
            }
        };
        let rows = self.ends.partition_point(|&end| end <= sent);
        self.arrived += rows as u64;
        self.ends.drain(..rows);
        self.ends.iter_mut().for_each(|end| *end -= sent);
        if let Some(sum) = &mut self.sum {
            sum.add(&self.buffer[..sent]);
        }
        self.buffer.drain(..sent);
        outcome
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.to.flush()
    }
}

/// A table that is aligned over its first rows and then goes on with the same widths, or wider ones: an id that is cut
/// off is nobody's.
struct Columns<R> {
    waiting: Vec<[String; 6]>,
    widths: Option<Vec<u16>>,
    of: PhantomData<R>,
}

/// So many rows decide how wide the columns are at first.
const ROWS_MEASURED: usize = 2_000;

/// Names are cut off in a table where they are wider.
const WIDEST_NAME: u16 = 40;

const NAME: usize = 1;

impl<R: Record> Columns<R> {
    fn row(&mut self, row: &R, to: &mut Sink) -> io::Result<()> {
        self.waiting.push(row.cells().map(|field| terminal::plain(&field).into_owned()));
        let enough = if self.widths.is_none() { ROWS_MEASURED } else { 100 };
        if self.waiting.len() < enough { Ok(()) } else { self.print(to) }
    }

    fn print(&mut self, to: &mut Sink) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let titles = self.widths.is_none();
        if titles {
            table.set_header(R::TITLES);
        } else if self.waiting.is_empty() {
            return Ok(());
        }
        for fields in self.waiting.drain(..) {
            let mut row = Row::from(fields);
            // A name wider than its column would be broken into lines: cut it off instead.
            row.max_height(1);
            table.add_row(row);
        }
        let mut needed = table.column_max_content_widths();
        needed[NAME] = needed[NAME].min(WIDEST_NAME);
        let widths = self.widths.get_or_insert_with(|| needed.clone());
        for (width, needed) in widths.iter_mut().zip(needed) {
            *width = needed.max(*width);
        }
        let constraints = widths.iter().map(|&width| ColumnConstraint::Absolute(Width::Fixed(width + 2)));
        table.set_constraints(constraints);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for (index, line) in table.lines().enumerate() {
            to.write_all(line.trim_end().as_bytes())?;
            to.write_all(b"\n")?;
            if index > 0 || !titles {
                to.end_row()?;
            }
        }
        Ok(())
    }
}
