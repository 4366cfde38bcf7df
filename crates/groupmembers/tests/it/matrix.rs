//! Every fault of the transport × every call of every vendor: each ends in the right result or the right kind of error, with
//! no more read than the call's cap, with nothing leaked and nothing left behind. One table for each vendor.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::cell;
use crate::row::{Row, rows};
use crate::vendors::{Seen, VENDORS, Vendor};

/// Those that work at once, and those that wait.
const WORKERS: usize = 3;
const WAITERS: usize = 48;

#[test]
fn every_fault_of_the_transport_in_every_call_of_every_vendor() {
    // Another host: whoever follows a redirect shows it the credentials.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}/", other.local_addr().unwrap());
    let rows = rows(&elsewhere);
    let mut cells = Vec::new();
    for (number, vendor) in VENDORS.iter().enumerate() {
        for row in 0..rows.len() {
            cells.extend((0..vendor.columns.len()).map(|column| (number, row, column)));
        }
    }
    let (slow, quick): (Vec<_>, Vec<_>) = cells.iter().copied().partition(|&(_, row, _)| rows[row].is_slow());
    let seen = Mutex::new(Vec::new());
    let work = |cells: &[(usize, usize, usize)], next: &AtomicUsize| {
        while let Some(&(vendor, row, column)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (of, at, fault) = (VENDORS[vendor], &VENDORS[vendor].columns[column], &rows[row]);
            let name = format!("{} {}, {}", of.name, at.name, fault.name(&elsewhere));
            let outcome = cell::run(of, at, fault, &name);
            seen.lock().unwrap().push(((vendor, row, column), outcome));
        }
    };
    let (next_slow, next_quick) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..WAITERS {
            scope.spawn(|| work(&slow, &next_slow));
        }
        for _ in 0..WORKERS {
            scope.spawn(|| work(&quick, &next_quick));
        }
    });
    assert!(other.accept().is_err(), "somebody followed the redirect");
    assert_memory();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by_key(|(cell, _)| *cell);
    assert!(seen.iter().map(|(cell, _)| cell).eq(&cells), "an empty cell");
    for (number, vendor) in VENDORS.iter().enumerate() {
        let cells = seen.iter().filter(|((of, ..), _)| *of == number).map(|(_, seen)| seen);
        let table = table(vendor, &rows, cells.collect(), &elsewhere);
        insta::assert_snapshot!(format!("transport_{}", vendor.name), table);
    }
}

/// A few lines for each row: calls that came to the same stand together, and what most came to stands last.
fn table(vendor: &Vendor, rows: &[Row], cells: Vec<&Seen>, elsewhere: &str) -> String {
    let usual = &cells[..vendor.columns.len()];
    let mut table = String::new();
    for (row, cells) in rows.iter().zip(cells.chunks(vendor.columns.len())) {
        let mut outcomes: Vec<(String, Vec<&str>)> = Vec::new();
        for ((column, seen), usual) in vendor.columns.iter().zip(cells).zip(usual) {
            assert!(!seen.outcome.is_empty(), "an empty cell");
            let mut outcome = seen.outcome.clone();
            if seen.answer.is_some() && seen.answer != usual.answer {
                outcome += ", another answer";
            }
            match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, columns)) => columns.push(column.name),
                None => outcomes.push((outcome, vec![column.name])),
            }
        }
        writeln!(table, "{}:", row.name(elsewhere)).unwrap();
        let most = outcomes.iter().map(|(_, columns)| columns.len()).max().unwrap();
        let most = outcomes.iter().position(|(_, columns)| columns.len() == most).unwrap();
        let (rest, _) = outcomes.remove(most);
        for (outcome, columns) in &outcomes {
            writeln!(table, "  {}: {outcome}", columns.join(", ")).unwrap();
        }
        writeln!(table, "  {}: {rest}", if outcomes.is_empty() { "all" } else { "all others" }).unwrap();
    }
    table
}

/// A gibibyte that was compressed to a thousandth must not have been unpacked, whoever ran beside it.
fn assert_memory() {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 640 << 10, "{peak} KiB were in memory");
}

/// A command without a column would be a hole in the table.
#[test]
fn every_command_of_every_vendor_is_a_column() {
    for vendor in VENDORS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(vendor.package).join("src");
        let mut commands = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if text.contains("impl Command for Request") {
                commands.insert(file.file_stem().unwrap().to_string_lossy().into_owned());
            }
        }
        assert!(commands.len() > 5);
        let columns = vendor.columns.iter().map(|column| column.name.to_owned()).collect();
        let missing: Vec<_> = commands.difference(&columns).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", vendor.name);
    }
}
