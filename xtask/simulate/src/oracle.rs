//! Holds what a client brought against what was true.

use groupmembers_http::Completeness;

use crate::host::Host;
use crate::run::Brought;
use crate::schedule::Schedule;
use crate::vendor::{Server, Vendor};

/// What was violated.
pub fn judge<V: Vendor>(
    vendor: &V,
    schedule: &Schedule,
    host: &Host<impl Server>,
    brought: &Brought<V>,
    most_in_flight: usize,
) -> Vec<String> {
    let mut violations = Vec::new();
    let expect = vendor.expect(schedule);
    let (group, report) = (&host.world.group, &brought.report);
    let (begin, end) = (host.begun.unwrap_or_default(), host.ended);

    // Each once, and nobody who was not there.
    let mut found = vec![false; group.everybody().len()];
    for row in &brought.rows {
        match V::number(row).filter(|number| (*number as usize) < found.len()) {
            None => violations.push("somebody was invented: no such id".to_owned()),
            Some(number) if std::mem::replace(&mut found[number as usize], true) => {
                violations.push(format!("{number} appears twice"));
            }
            Some(number) if !group.was_ever(number, begin, end) => {
                violations.push(format!("{number} was not there while the group was listed"));
            }
            Some(_) => {}
        }
    }
    if report.members != brought.rows.len() as u64 {
        violations.push(format!("the report counts {} members, {} were given out", report.members, brought.rows.len()));
    }

    // Nobody lost without a word.
    let lost: Vec<u32> = group
        .everybody()
        .filter(|&number| !found[number as usize] && group.was_throughout(number, begin, end))
        .collect();
    let may_miss = match report.completeness {
        Completeness::Incomplete => true,
        Completeness::Unverified => expect.no_proof.is_some() || expect.no_premise.is_some(),
        Completeness::Stable => expect.no_premise.is_some(),
        _ => false,
    };
    if !lost.is_empty() && !may_miss {
        let some = &lost[..lost.len().min(5)];
        violations.push(format!(
            "{} lost ({some:?}…), and the report says {}",
            lost.len(),
            report.completeness.as_str()
        ));
    }
    if report.completeness == Completeness::Incomplete && report.gaps.is_empty() {
        violations.push("incomplete, and the report names no gap".to_owned());
    }

    // Errors with a reason, and honest reports beside them.
    let stopped = brought.stopped.iter().map(|(report, _)| report);
    for report in stopped.chain(brought.error.is_some().then_some(report)) {
        if report.completeness != Completeness::Incomplete {
            violations.push(format!("stopped by an error, and the report says {}", report.completeness.as_str()));
        }
    }
    let faults = schedule.has_faults() || expect.may_fail;
    let first = brought.stopped.first().map(|(_, text)| text.clone());
    if let Some(error) = first.or(brought.error.as_ref().map(ToString::to_string)).filter(|_| !faults) {
        violations.push(format!("an error without a reason: {error}"));
    }

    // Useful: where nothing happens, everybody is there and it is proved.
    if let Some(least) = expect.quiet.filter(|_| schedule.is_quiet() && !expect.may_fail) {
        let enough = match least {
            Completeness::Verified => report.completeness == Completeness::Verified,
            Completeness::Stable => report.completeness.is_complete(),
            _ => report.completeness != Completeness::Incomplete,
        };
        if !enough || brought.error.is_some() {
            violations
                .push(format!("nothing happens, and the report says {}: {report:?}", report.completeness.as_str()));
        }
        if !lost.is_empty() {
            violations.push(format!("nothing happens, and {} are lost", lost.len()));
        }
    }

    // Within bounds.
    let calls = host.world.calls - host.twice;
    if calls > expect.calls {
        violations.push(format!("{calls} calls, at most {} are expected", expect.calls));
    }
    if brought.elapsed > expect.time {
        violations.push(format!("{:?} of virtual time, at most {:?} are expected", brought.elapsed, expect.time));
    }
    if brought.most_ready > expect.rows {
        violations.push(format!("{} rows held, at most {} are expected", brought.most_ready, expect.rows));
    }
    if most_in_flight > schedule.concurrency {
        violations.push(format!("{most_in_flight} calls in flight, where {} are allowed", schedule.concurrency));
    }

    // Nothing secret said.
    let mut said = format!("{report:?}");
    for (report, text) in &brought.stopped {
        said.push_str(&format!("{report:?}{text}"));
    }
    if let Some(error) = &brought.error {
        said.push_str(&format!("{error} {error:?}"));
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            said.push_str(&format!("{error} {error:?}"));
            cause = error.source();
        }
    }
    if V::SECRETS.iter().any(|secret| said.contains(secret)) {
        violations.push("a secret stands in an error or a report".to_owned());
    }
    violations.truncate(5);
    violations
}
