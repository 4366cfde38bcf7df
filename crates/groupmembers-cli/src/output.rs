//! Rows as they come: table, json, ndjson, csv.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

use crate::member::Member;
use crate::terminal;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned columns. The widths follow from the first 2,000 rows
    Table,
    /// One array
    Json,
    /// One object a line
    Ndjson,
    /// With a header line
    Csv,
}

impl Format {
    /// The format a file's name asks for.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Where rows go.
pub(crate) struct Output {
    to: BufWriter<Box<dyn Write>>,
    format: Format,
    raw: bool,
    rows: u64,
    table: Columns,
}

impl Output {
    /// Writes to `to`; nothing is written before the first row or [`finish`](Self::finish).
    pub(crate) fn new(to: Box<dyn Write>, format: Format, raw: bool) -> Self {
        Self { to: BufWriter::with_capacity(1 << 16, to), format, raw, rows: 0, table: Columns::default() }
    }

    /// How many rows were taken.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes a row.
    pub(crate) fn row(&mut self, member: &Member) -> io::Result<()> {
        match self.format {
            Format::Table => self.table.row(member, &mut self.to)?,
            Format::Json => {
                self.to.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                serde_json::to_writer(&mut self.to, member)?;
            }
            Format::Ndjson => {
                serde_json::to_writer(&mut self.to, member)?;
                self.to.write_all(b"\n")?;
            }
            Format::Csv => {
                if self.rows == 0 {
                    self.header()?;
                }
                let raw = self.raw.then(|| member.raw.as_ref().map(ToString::to_string).unwrap_or_default());
                self.record(member.fields().into_iter().chain(raw.as_deref()))?;
            }
        }
        self.rows += 1;
        Ok(())
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

    fn header(&mut self) -> io::Result<()> {
        self.record(Member::COLUMNS.into_iter().chain(self.raw.then_some("raw")))
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().buffer_capacity(1024).from_writer(&mut self.to);
        writer.write_record(fields)?;
        writer.flush()
    }
}

/// A table that is aligned over its first rows and then goes on with the same widths.
#[derive(Default)]
struct Columns {
    waiting: Vec<[String; 6]>,
    widths: Option<Vec<u16>>,
}

/// So many rows decide how wide the columns are.
const ROWS_MEASURED: usize = 2_000;

/// Names are cut off in a table where they are wider.
const WIDEST_NAME: u16 = 40;

const NAME: usize = 1;

impl Columns {
    const TITLES: [&str; 6] = ["ID", "NAME", "ROLE", "JOINED", "MUTED UNTIL", "ONLINE"];

    fn row(&mut self, member: &Member, to: &mut impl Write) -> io::Result<()> {
        let [_, _, id, name, role, joined, _, muted, online] = member.fields();
        self.waiting.push([id, name, role, joined, muted, online].map(|field| terminal::plain(field).into_owned()));
        let enough = if self.widths.is_none() { ROWS_MEASURED } else { 100 };
        if self.waiting.len() < enough { Ok(()) } else { self.print(to) }
    }

    fn print(&mut self, to: &mut impl Write) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if self.widths.is_none() {
            table.set_header(Self::TITLES);
        } else if self.waiting.is_empty() {
            return Ok(());
        }
        for fields in self.waiting.drain(..) {
            let mut row = Row::from(fields);
            // A cell wider than its column would be broken into lines: cut it off instead.
            row.max_height(1);
            table.add_row(row);
        }
        let widths = self.widths.get_or_insert_with(|| {
            let mut widths = table.column_max_content_widths();
            widths[NAME] = widths[NAME].min(WIDEST_NAME);
            widths
        });
        let constraints = widths.iter().map(|&width| ColumnConstraint::Absolute(Width::Fixed(width + 2)));
        table.set_constraints(constraints);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            to.write_all(line.trim_end().as_bytes())?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }
}
