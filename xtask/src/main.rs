//! The chores of this workspace: `cargo xtask --help`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod ci;
mod features;
mod fixtures;
mod fuzz;
mod run;
mod simulate;
mod tree;
mod workspace;

/// What a chore ends in: nothing to say, or one message for a person.
type Outcome<T = ()> = Result<T, String>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of this workspace", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Every check, or one of them.
    Ci(ci::Arguments),
    /// The crates each feature set may bring: compares the trees with xtask/tree/*.txt.
    Tree(tree::Arguments),
    /// Checks that each library compiles with each feature set alone.
    Features,
    /// Speed and memory against the sandbox; prints the table of the README.
    Bench,
    /// Whole listings on a virtual clock against simulated vendors, by the thousand.
    Simulate(simulate::Arguments),
    /// Writes the fixtures to fuzz/corpus/, where the fuzzer starts from.
    FuzzCorpus,
    /// The evidence under fixtures/.
    Fixtures(fixtures::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Ci(arguments) => ci::run(&arguments),
        Chore::Tree(arguments) => tree::run(&arguments),
        Chore::Features => features::run(),
        Chore::Bench => bench::run(),
        Chore::Simulate(arguments) => simulate::run(&arguments),
        Chore::FuzzCorpus => fuzz::corpus(),
        Chore::Fixtures(arguments) => fixtures::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
