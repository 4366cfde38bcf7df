//! What a listing says of itself: the report file, and the closing lines on stderr.

use std::io::{self, Write};

use groupmembers_http::{Completeness, Report};
use serde::Serialize;

use crate::terminal;

/// What a listing came to: the driver's report, made to agree with the rows that arrived where they should.
#[derive(Debug)]
pub(crate) struct Summary {
    report: Report,
    completeness: Completeness,
    gaps: Vec<Gap>,
    error: Option<String>,
}

/// A place where somebody may be missing.
#[derive(Debug, Serialize)]
struct Gap {
    after: u64,
    what: String,
}

/// The report as it stands in a file.
#[derive(Serialize)]
struct InFile<'a> {
    vendor: &'a str,
    group: &'a str,
    members: u64,
    calls: u64,
    retries: u64,
    throttled: u64,
    duplicates: u64,
    declared_total: Option<u64>,
    completeness: &'a str,
    gaps: &'a [Gap],
    notes: &'a [String],
    started_at: Option<String>,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Summary {
    /// `rows` were written, and `error` is what stopped the listing before its end.
    pub(crate) fn new(mut report: Report, rows: u64, error: Option<String>) -> Self {
        // The walk may have read more than was written: its places are counted in what it has read.
        report.members = rows;
        let gaps = std::mem::take(&mut report.gaps).into_iter();
        let mut gaps: Vec<Gap> = gaps.map(|gap| Gap { after: gap.after.min(rows), what: gap.what }).collect();
        let mut completeness = report.completeness;
        if let Some(error) = &error {
            completeness = Completeness::Incomplete;
            if !gaps.iter().any(|gap| gap.what.contains(error)) {
                gaps.push(Gap { after: rows, what: error.clone() });
            }
        }
        Self { report, completeness, gaps, error }
    }

    /// Whether the list may be used as the whole list.
    pub(crate) fn is_complete(&self) -> bool {
        self.completeness.is_complete()
    }

    /// Writes the report.
    pub(crate) fn write(&self, mut to: impl Write) -> io::Result<()> {
        let report = &self.report;
        let in_file = InFile {
            vendor: &report.vendor,
            group: &report.group,
            members: report.members,
            calls: report.calls,
            retries: report.retries,
            throttled: report.throttled,
            duplicates: report.duplicates,
            declared_total: report.declared_total,
            completeness: self.completeness.as_str(),
            gaps: &self.gaps,
            notes: &report.notes,
            started_at: terminal::rfc3339(report.started_at),
            elapsed_ms: report.elapsed_ms,
            error: self.error.as_deref(),
        };
        serde_json::to_writer_pretty(&mut to, &in_file)?;
        to.write_all(b"\n")?;
        to.flush()
    }

    /// `6,000 members of @TGS#3MEETING, verified (2 calls, 83 ms)`.
    pub(crate) fn closing_line(&self) -> String {
        let report = &self.report;
        let members = terminal::counted(report.members, "member");
        let mut counts = vec![terminal::counted(report.calls, "call")];
        for (number, what) in [(report.retries, "retried"), (report.throttled, "throttled")] {
            if number > 0 {
                counts.push(format!("{} {what}", terminal::count(number)));
            }
        }
        counts.push(terminal::elapsed(report.elapsed_ms));
        let (group, counts) = (terminal::short(&report.group), counts.join(", "));
        if report.members == 0 && self.error.is_some() {
            return format!("nothing listed of {group} ({counts})");
        }
        format!("{members} of {group}, {} ({counts})", self.completeness.as_str())
    }

    /// What a reader of the list should know: notes, and where somebody may be missing. That an error left a gap is
    /// not said twice.
    pub(crate) fn remarks(&self) -> Vec<String> {
        const MOST_GAPS: usize = 5;
        let notes = self.report.notes.iter().map(|note| format!("note: {note}"));
        let unsaid = |gap: &&Gap| self.error.as_ref().is_none_or(|error| !gap.what.contains(error));
        let gaps: Vec<&Gap> = self.gaps.iter().filter(unsaid).collect();
        let shown = gaps.iter().take(MOST_GAPS);
        let shown = shown.map(|gap| format!("gap after {}: {}", terminal::counted(gap.after, "member"), gap.what));
        let mut lines: Vec<String> = notes.chain(shown).collect();
        if gaps.len() > MOST_GAPS {
            lines.push(format!("and {} more gaps: see --report", gaps.len() - MOST_GAPS));
        }
        lines
    }
}
