//! Runs the simulation, optimised.

use crate::{Outcome, run};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `--vendor tim --seeds 2000 --from 0 --threads 2 -v`; `--help` after `--` tells more.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

impl Arguments {
    pub(crate) fn of<const N: usize>(words: [&str; N]) -> Self {
        Self { rest: words.map(ToOwned::to_owned).to_vec() }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let cargo = ["run", "--release", "--quiet", "--package", "groupmembers-simulate", "--"];
    run::show(run::cargo().args(cargo).args(&arguments.rest))
}
