//! Runs the benchmark, optimised, in a process of its own: it measures that process.

use crate::{Outcome, run, tree};

pub(crate) fn run() -> Outcome {
    run::show(run::cargo().args(["run", "--release", "--quiet", "--package", "groupmembers-bench"]))?;
    tree::run(&tree::Arguments::default())
}
