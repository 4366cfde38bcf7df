//! Runs the benchmark, optimised, in a process of its own: it measures that process.

use crate::{Outcome, run, tree};

pub(crate) fn run() -> Outcome {
    // The bench runs the program itself, from where cargo puts it.
    run::show(run::cargo().args(["build", "--release", "--quiet", "--package", "groupmembers-cli"]))?;
    run::show(run::cargo().args(["run", "--release", "--quiet", "--package", "groupmembers-bench"]))?;
    tree::run(&tree::Arguments::default())
}
