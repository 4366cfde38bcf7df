//! The fuzzer: what it starts from, and whether its targets compile.

use std::process::Command;

use crate::{Outcome, run};

/// Writes the fixtures as a corpus of each target.
pub(crate) fn corpus() -> Outcome {
    let cargo = ["run", "--quiet", "--package", "groupmembers-fuzz", "--", "fuzz/corpus"];
    run::show(run::cargo().args(cargo))
}

/// Compiles the binaries, where there is a C++ compiler for libFuzzer.
pub(crate) fn check() -> Outcome {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let found = run::succeeds(Command::new(compiler).arg("--version"));
    if !found {
        println!("no C++ compiler: the fuzzer's binaries are not checked");
        return Ok(());
    }
    run::show(run::cargo().args(["check", "--quiet", "--locked", "--manifest-path", "fuzz/Cargo.toml"]))
}
