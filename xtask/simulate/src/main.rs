//! `cargo xtask simulate`: runs seeds, and says what they found.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use groupmembers_simulate::{Runner, VENDORS};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// After so many failures it stops.
const FAILURES: usize = 10;

/// So much heap one run may have at its peak, in MiB: its group of 3,000, its history, and all that the client holds.
const PEAK: usize = 64;

/// Runs whole listings on a virtual clock against simulated vendors.
#[derive(Parser)]
struct Arguments {
    /// One vendor, or `all`.
    #[arg(long, default_value = "all")]
    vendor: String,
    /// How many seeds.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Threads; by default one for each processor.
    #[arg(long)]
    threads: Option<usize>,
    /// Prints what happened in each run: meant for a single seed.
    #[arg(short, long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen: Vec<_> =
        VENDORS.iter().filter(|(name, _)| arguments.vendor == "all" || arguments.vendor == *name).collect();
    if chosen.is_empty() {
        let names: Vec<_> = VENDORS.iter().map(|vendor| vendor.0).collect();
        eprintln!("no vendor is named {:?}: all, {}", arguments.vendor, names.join(", "));
        return ExitCode::from(2);
    }
    // A panic is a failure of its seed, and is told as one.
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = false;
    for (name, runner) in chosen {
        failed |= simulate(name, *runner, &arguments);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[derive(Default)]
struct Found {
    runs: u64,
    failures: BTreeMap<u64, Vec<String>>,
    /// How often each behaviour was there, and how the runs with it ended.
    behaviours: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    ended: BTreeMap<&'static str, u64>,
}

/// Whether something failed.
fn simulate(name: &str, runner: Runner, arguments: &Arguments) -> bool {
    let start = Instant::now();
    HEAP.reset_peak_usage();
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let (next, found) = (AtomicU64::new(0), Mutex::new(Found::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| work(runner, arguments, &next, &found));
        }
    });
    let found = found.into_inner().unwrap_or_default();
    for (seed, violations) in found.failures.iter().take(FAILURES) {
        println!("cargo xtask simulate --vendor {name} --seeds 1 --from {seed}   {}", violations.join("; "));
    }
    let peak = HEAP.peak_usage_as_mb();
    let too_much = peak > (PEAK * threads.max(1)) as f32;
    if too_much {
        println!("{name}: {peak:.0} MiB of heap at the peak, where {PEAK} MiB a thread are allowed");
    }
    print_table(name, &found);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name}: {} seeds from {}, {} failures, {:.0} listings/s ({seconds:.1} s, {threads} threads, {peak:.0} MiB of heap at the peak)",
        found.runs,
        arguments.from,
        found.failures.len(),
        found.runs as f64 / seconds,
    );
    too_much || !found.failures.is_empty()
}

/// Takes seeds in their order until there are no more, or enough failed. A seed is left out only if enough failed before it, so the
/// failures that are told do not depend on the threads.
fn work(runner: Runner, arguments: &Arguments, next: &AtomicU64, found: &Mutex<Found>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let enough = lock(found).failures.len() >= FAILURES;
        if number >= arguments.seeds || enough {
            return;
        }
        let seed = arguments.from.wrapping_add(number);
        let run = runner(seed, arguments.verbose);
        let mut found = lock(found);
        for line in &run.trace {
            println!("{line}");
        }
        found.runs += 1;
        *found.ended.entry(run.ended).or_default() += 1;
        for behaviour in run.behaviours {
            *found.behaviours.entry(behaviour).or_default().entry(run.ended).or_default() += 1;
        }
        if !run.violations.is_empty() {
            found.failures.insert(seed, run.violations);
        }
    }
}

fn lock(found: &Mutex<Found>) -> std::sync::MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn print_table(name: &str, found: &Found) {
    let words = ["verified", "stable", "unverified", "incomplete", "error", "panic"];
    let words: Vec<&str> = words.into_iter().filter(|word| found.ended.contains_key(word)).collect();
    let all: BTreeSet<_> = found.behaviours.keys().collect();
    let width = all.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(name.len());
    let line = |what: &str, counts: &BTreeMap<&'static str, u64>| {
        let total: u64 = counts.values().sum();
        let cells: String =
            words.iter().map(|word| format!(" {:>10}", counts.get(word).copied().unwrap_or(0))).collect();
        println!("{what:<width$} {total:>8}{cells}");
    };
    println!("{name:<width$} {:>8}{}", "runs", words.iter().map(|word| format!(" {word:>10}")).collect::<String>());
    for (behaviour, counts) in &found.behaviours {
        line(behaviour, counts);
    }
    line("all", &found.ended);
}
