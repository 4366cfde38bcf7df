//! The operating system's own account of this process (Linux).

use std::fs;

use crate::Outcome;

/// User and system time so far, in microseconds; the kernel counts in hundredths of a second.
pub(crate) fn cpu_micros() -> Outcome<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in parentheses and may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field =
        |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).ok_or("/proc/self/stat is unusual");
    Ok((field(11)? + field(12)?) * 10_000)
}

/// A line of `/proc/self/status`, in KiB.
pub(crate) fn resident_kib(name: &str) -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name)).ok_or("/proc/self/status is unusual")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse()?)
}
