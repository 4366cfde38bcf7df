//! `groupmembers diff`: who joined, left or changed between two rosters that `list` wrote.

mod roster;
mod show;

use std::cmp::Ordering;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use groupmembers_unified::{Changed, Difference};

use crate::error::{Code, Error};
use crate::terminal;
use roster::{Problem, Roster};
pub(crate) use show::{Form, Shown};

pub(crate) const AFTER_HELP: &str = "\
A roster is a file that `groupmembers list` wrote as ndjson or csv, of one
group or of several. Exit codes: 0 the same, 1 error, 2 usage, 4 different.
Compare whole lists: who is missing from an incomplete one seems to have left.

Examples:
  groupmembers diff monday.csv tuesday.csv
  groupmembers diff monday.ndjson tuesday.ndjson --format ndjson | jq -r 'select(.change == \"left\") | .id'
  groupmembers list tim --group '@TGS#1ABCDEF' -f ndjson | groupmembers diff monday.ndjson -";

/// What is compared.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The roster as it was; - is stdin
    old: PathBuf,

    /// The roster as it is; - is stdin
    new: PathBuf,

    /// How differences are written
    #[arg(long, short, value_name = "FORMAT", ignore_case = true, default_value = "table")]
    format: Form,
}

/// Compares two rosters.
pub(crate) fn run(args: &Args) -> Result<Code, Error> {
    let stdin = |path: &PathBuf| path.as_os_str() == "-";
    if stdin(&args.old) && stdin(&args.new) {
        return Err(Error::Usage("OLD and NEW are both -: only one can come from stdin".to_owned()));
    }
    let (old, new) = (roster::open("OLD", &args.old)?, roster::open("NEW", &args.new)?);
    // Side by side: reading is most of the work.
    let (old, new) = std::thread::scope(|scope| {
        let old = scope.spawn(|| Roster::read(old));
        let new = Roster::read(new);
        (old.join().unwrap_or_else(|_| Err(Problem::new("OLD", 0, "it could not be read"))), new)
    });
    let (mut old, mut new) = (old.map_err(failed)?, new.map_err(failed)?);
    let found = compare(&old, &new).map_err(failed)?;

    let several = old.groups.joined_with(&new.groups);
    let mut out = Shown::new(BufWriter::with_capacity(1 << 16, std::io::stdout().lock()), args.format, several);
    let mut changed = 0_u64;
    for &at in &found.joined {
        let member = new.member(at).map_err(failed)?;
        out.show(&Difference::Joined(&member)).map_err(unwritten)?;
    }
    for &at in &found.left {
        let member = old.member(at).map_err(failed)?;
        out.show(&Difference::Left(&member)).map_err(unwritten)?;
    }
    for &(before, after) in &found.both {
        let (before, after) = (old.member(before).map_err(failed)?, new.member(after).map_err(failed)?);
        if let Some(difference) = Changed::between(&before, &after) {
            changed += 1;
            out.show(&Difference::Changed(difference)).map_err(unwritten)?;
        }
    }
    out.to.flush().map_err(unwritten)?;
    let (joined, left) = (found.joined.len() as u64, found.left.len() as u64);
    let counts = [(joined, "joined"), (left, "left"), (changed, "changed")];
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(n, what)| format!("{} {what}", terminal::count(*n)))
        .collect();
    let members = terminal::counted(new.entries.len() as u64, "member");
    terminal::say(&if said.is_empty() {
        format!("the same {members}")
    } else {
        format!("{}; {members} now", said.join(", "))
    });
    Ok(if said.is_empty() { Code::Done } else { Code::Different })
}

fn failed(problem: Problem) -> Error {
    Error::Failed(problem.to_string())
}

/// Who closed the pipe has seen a difference, and wants to hear no more.
fn unwritten(error: std::io::Error) -> Error {
    match Error::write("stdout", &error) {
        Error::Pipe => Error::Quiet(Code::Different),
        error => error,
    }
}

/// Places in two rosters.
struct Found {
    joined: Vec<usize>,
    left: Vec<usize>,
    /// Who is in both, in rows that are not byte for byte the same.
    both: Vec<(usize, usize)>,
}

/// Merges both by what stands for vendor, group and id.
fn compare(old: &Roster, new: &Roster) -> Result<Found, Problem> {
    old.check()?;
    new.check()?;
    let (before, after) = (&old.entries, &new.entries);
    let (mut i, mut j) = (0, 0);
    let mut found = Found { joined: Vec::new(), left: Vec::new(), both: Vec::new() };
    loop {
        let order = match (before.get(i), after.get(j)) {
            (None, None) => break,
            (Some(one), Some(other)) => one.key.cmp(&other.key),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        match order {
            Ordering::Less => found.left.push(i),
            Ordering::Greater => found.joined.push(j),
            Ordering::Equal if before[i].row != after[j].row => found.both.push((i, j)),
            Ordering::Equal => {}
        }
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    // In the order of the files again.
    found.joined.sort_unstable_by_key(|&at| after[at].offset);
    found.left.sort_unstable_by_key(|&at| before[at].offset);
    found.both.sort_unstable_by_key(|pair| after[pair.1].offset);
    Ok(found)
}
