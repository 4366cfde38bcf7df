//! What has to succeed before there is a list to read, such as choosing an enterprise.

use std::fmt::Display;

use groupmembers_http::Report;
use serde_json::json;

use super::job::{Job, Stop};
use crate::error::{Code, Error};
use crate::interrupt::Interrupt;
use crate::report::Summary;
use crate::terminal;

/// A job that can begin, with what was prepared; or how it ended before that.
pub(super) type Prepared<T> = Result<(Job, T), Result<Code, Error>>;

impl Job {
    /// Waits for `work`. Where it fails, or is interrupted, the report says so and the job is over.
    pub(super) async fn prepare<T, E: Display>(
        mut self,
        vendor: &str,
        interrupt: &mut Interrupt,
        work: impl Future<Output = Result<T, E>>,
    ) -> Prepared<T> {
        let (began, clock) = (terminal::now(), std::time::Instant::now());
        let outcome = tokio::select! {
            biased;
            () = interrupt.wait() => None,
            outcome = work => Some(outcome),
        };
        let (stop, said) = match outcome {
            Some(Ok(prepared)) => return Ok((self, prepared)),
            Some(Err(error)) => {
                let said = self.worded(&error.to_string());
                (Stop::Error(Error::Failed(said.clone())), said)
            }
            None => {
                let by = interrupt.pressed().unwrap_or("a signal");
                (Stop::Interrupted(by), format!("interrupted by {by}"))
            }
        };
        self.progress.end();
        let elapsed = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Only the driver makes reports; this is how others do.
        let report: Result<Report, _> = serde_json::from_value(json!({
            "vendor": vendor, "group": self.group, "members": 0, "calls": 0, "retries": 0, "throttled": 0,
            "duplicates": 0, "declared_total": null, "completeness": "incomplete", "gaps": [], "notes": [],
            "started_at": began, "elapsed_ms": elapsed,
        }));
        let rows = self.output.arrived();
        Err(match report {
            Ok(mut report) => {
                self.sum_up(&mut report, false);
                self.close(&Summary::new(report, rows, Some(said)), Some(stop), rows == 0, Vec::new())
            }
            Err(error) => Err(Error::Failed(error.to_string())),
        })
    }
}
