//! `groupmembers diff` of two large rosters, as people run it: the optimised program, from files.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, Row};

const MEMBERS: u64 = 1_000_000;

/// The newer one begins later and ends later by a hundredth, and of the others one in a hundred has another role.
const MOVED: u64 = MEMBERS / 100;

pub(crate) fn diff(rows: &mut Vec<Row>) -> Outcome<()> {
    let here = std::env::current_exe()?;
    let program = here.with_file_name(format!("groupmembers{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        return Err("the program is not there: `cargo build --release -p groupmembers-cli`".into());
    }
    let dir = std::env::temp_dir().join(format!("groupmembers-bench-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let measured = measure(&program, &dir);
    fs::remove_dir_all(&dir)?;
    let (time, peak) = measured?;
    rows.push(Row {
        what: "diff of two rosters of 1,000,000 members, from files",
        measured: format!("{:.2} s, {:.0} MiB", time.as_secs_f64(), peak),
        target: "at most 2 s and 512 MiB",
        met: time <= Duration::from_secs(2) && peak <= 512.0,
    });
    Ok(())
}

/// The median time of three runs, and the most MiB that one of them had in memory.
fn measure(program: &Path, dir: &Path) -> Outcome<(Duration, f64)> {
    write(&dir.join("old.ndjson"), 0)?;
    write(&dir.join("new.ndjson"), MOVED)?;
    let (mut times, mut peak) = (Vec::new(), 0_u64);
    for _ in 0..3 {
        let start = Instant::now();
        let out = File::create(dir.join("out"))?;
        let mut command = Command::new(program);
        command.args(["diff", "old.ndjson", "new.ndjson", "--format", "ndjson"]).current_dir(dir);
        let mut child = command.stdout(out).stderr(Stdio::null()).spawn()?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let about = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
            peak = peak.max(kib.unwrap_or(0));
            std::thread::sleep(Duration::from_millis(5));
        };
        times.push(start.elapsed());
        let found = fs::read_to_string(dir.join("out"))?.lines().count() as u64;
        let expected = 2 * MOVED + (MEMBERS - MOVED) / 100;
        if status.code() != Some(4) || found != expected {
            return Err(format!("{status}: {found} differences instead of {expected}").into());
        }
    }
    times.sort();
    Ok((times[1], peak as f64 / 1024.0))
}

fn write(path: &Path, first: u64) -> Outcome<()> {
    let mut to = BufWriter::new(File::create(path)?);
    for n in first..first + MEMBERS {
        let role = if first > 0 && n % 100 == 0 { "admin" } else { "member" };
        writeln!(
            to,
            "{{\"vendor\":\"tim\",\"group\":\"@TGS#_LARGE\",\"id\":\"user{n:09}\",\"name\":\"名字{n}\",\"role\":\"{role}\",\"joined_at\":\"2023-11-14T22:13:20Z\",\"avatar_url\":null,\"muted_until\":null,\"online\":null}}"
        )?;
    }
    to.flush()?;
    Ok(())
}
