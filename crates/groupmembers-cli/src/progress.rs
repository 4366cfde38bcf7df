//! How far a listing is: a bar on a terminal, now and then a line elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// Lines that nobody watches come this far apart.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Shows progress on stderr.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    line: Instant,
    silent: bool,
}

impl Progress {
    /// `rows_are_seen`: the rows themselves scroll by on the same screen, and a bar would stand in their way.
    pub(crate) fn start(rows_are_seen: bool) -> Self {
        let bar = (!rows_are_seen && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::no_length();
            bar.set_style(Self::style("{spinner} {human_pos} members  {elapsed}"));
            bar
        });
        Self { bar, line: Instant::now(), silent: rows_are_seen }
    }

    /// So many rows so far, of `total` where the vendor has said.
    pub(crate) fn at(&mut self, rows: u64, total: Option<u64>) {
        if let Some(bar) = &self.bar {
            if let Some(total) = total.filter(|&total| bar.length() != Some(total)) {
                bar.set_length(total);
                bar.set_style(Self::style("{bar:30} {human_pos} of {human_len} members  {elapsed}"));
            }
            bar.set_position(rows);
            bar.tick();
        } else if !self.silent && self.line.elapsed() >= BETWEEN_LINES {
            self.line = Instant::now();
            let of = total.map(|total| format!(" of {}", terminal::count(total))).unwrap_or_default();
            terminal::say(&format!("{}{of} members so far", terminal::count(rows)));
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&mut self) {
        self.silent = true;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn style(template: &str) -> ProgressStyle {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
    }
}
