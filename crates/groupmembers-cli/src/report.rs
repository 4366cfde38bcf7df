//! What a listing says of itself: the report file, and the closing lines on stderr.

use std::io::{self, Write};

use groupmembers_http::{Gap, Report};
use serde::Serialize;

use crate::terminal;

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

/// Writes the report; `error` is what stopped the listing.
pub(crate) fn write(report: &Report, error: Option<&str>, mut to: impl Write) -> io::Result<()> {
    let in_file = InFile {
        vendor: &report.vendor,
        group: &report.group,
        members: report.members,
        calls: report.calls,
        retries: report.retries,
        throttled: report.throttled,
        duplicates: report.duplicates,
        declared_total: report.declared_total,
        completeness: report.completeness.as_str(),
        gaps: &report.gaps,
        notes: &report.notes,
        started_at: terminal::rfc3339(report.started_at),
        elapsed_ms: report.elapsed_ms,
        error,
    };
    serde_json::to_writer_pretty(&mut to, &in_file)?;
    to.write_all(b"\n")?;
    to.flush()
}

/// `6,000 members of @TGS#3MEETING, verified (2 calls, 83 ms)`.
pub(crate) fn closing_line(report: &Report) -> String {
    let members = terminal::counted(report.members, "member");
    let mut counts = vec![terminal::counted(report.calls, "call")];
    for (number, what) in [(report.retries, "retried"), (report.throttled, "throttled")] {
        if number > 0 {
            counts.push(format!("{} {what}", terminal::count(number)));
        }
    }
    counts.push(terminal::elapsed(report.elapsed_ms));
    format!("{members} of {}, {} ({})", report.group, report.completeness.as_str(), counts.join(", "))
}

/// What a reader of the list should know: notes, and where somebody may be missing. That `error` left a gap is not
/// said twice.
pub(crate) fn remarks(report: &Report, error: Option<&str>) -> Vec<String> {
    const MOST_GAPS: usize = 5;
    let notes = report.notes.iter().map(|note| format!("note: {note}"));
    let gaps: Vec<&Gap> =
        report.gaps.iter().filter(|gap| error.is_none_or(|error| !gap.what.contains(error))).collect();
    let shown = gaps.iter().take(MOST_GAPS);
    let shown = shown.map(|gap| format!("gap after {}: {}", terminal::counted(gap.after, "member"), gap.what));
    let mut lines: Vec<String> = notes.chain(shown).collect();
    if gaps.len() > MOST_GAPS {
        lines.push(format!("and {} more gaps: see --report", gaps.len() - MOST_GAPS));
    }
    lines
}
