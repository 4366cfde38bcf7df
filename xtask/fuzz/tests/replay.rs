//! What the fuzzer starts from, and all that it ever found, through every target.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use groupmembers_fuzz::{TARGETS, run, seeds};

#[test]
fn the_corpus_finds_nothing() {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut found = Vec::new();
    for seed in seeds() {
        if catch_unwind(|| run(&seed.target, &seed.bytes)).is_err() {
            found.push(format!("{} {}", seed.target, seed.name));
        }
        *counts.entry(seed.target).or_default() += 1;
    }
    assert!(found.is_empty(), "{found:#?}");
    for (name, _) in TARGETS {
        assert!(counts.get(*name).is_some_and(|seeds| *seeds >= 5), "{name} starts from nothing: {counts:?}");
    }
}

#[test]
fn what_was_found_is_found_no_more() {
    let findings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/findings");
    let mut replayed = 0;
    for (name, _) in TARGETS {
        let Ok(files) = fs::read_dir(findings.join(name)) else { continue };
        for file in files {
            run(name, &fs::read(file.unwrap().path()).unwrap());
            replayed += 1;
        }
    }
    let folders = fs::read_dir(&findings).map_or(0, Iterator::count);
    assert!(replayed >= folders, "a folder of findings that belongs to no target");
}

#[test]
fn every_target_has_its_binary() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let body = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(body.contains(&format!("run(\"{name}\", data)")), "{name}");
    }
}
