//! Where rows and a report are written, and how.

use std::path::PathBuf;

use crate::error::Error;
use crate::files::Place;
use crate::output::Format;

/// What is written, and where.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Writing {
    /// How rows are written [default: what the name of --output ends in, otherwise table]
    #[arg(long, short, value_name = "FORMAT", ignore_case = true)]
    format: Option<Format>,

    /// Write the rows to this file as they come; rows read before an error are kept
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write a report to this file as JSON: counts, how complete the list is, and where it may have gaps
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Add the vendor's own object to each row as "raw" (json, ndjson, csv)
    #[arg(long)]
    pub(crate) raw: bool,
}

/// What was opened.
pub(crate) struct Places {
    pub(crate) format: Format,
    /// The output's file; none is stdout.
    pub(crate) place: Option<Place>,
    pub(crate) report: Option<Place>,
}

impl Writing {
    pub(crate) fn format(&self) -> Result<Format, Error> {
        match (self.format, &self.output) {
            (Some(format), _) => Ok(format),
            (None, Some(path)) => Format::of_file(path).map_err(Error::Usage),
            (None, None) => Ok(Format::Table),
        }
    }

    /// Opens both, the output as `open` does.
    pub(crate) fn open(
        &self,
        open: impl Fn(&'static str, &std::path::Path) -> Result<Place, Error>,
    ) -> Result<Places, Error> {
        let format = self.format()?;
        if self.raw && format == Format::Table {
            return Err(Error::Usage("--raw has no place in a table: add --format json, ndjson or csv".to_owned()));
        }
        let place = self.output.as_deref().map(|path| open("--output", path)).transpose()?;
        let report = self.report.as_deref().map(|path| Place::open("--report", path)).transpose()?;
        if let Some(report) = &report {
            let rows = if place.is_some() { "--output" } else { "stdout" };
            if place.as_ref().map_or_else(|| report.is_stdout(), |place| place.is(report)) {
                return Err(Error::Usage(format!("{rows} and --report go to the same file: name two")));
            }
        }
        Ok(Places { format, place, report })
    }
}
