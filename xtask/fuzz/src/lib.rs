//! What the fuzzer runs, without the fuzzer: each target takes any bytes and panics where a promise is broken. The folder
//! `fuzz/` hands these to libFuzzer; a test here replays the corpus and every finding that was kept.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod corpus;
mod decode;
mod fixtures;
mod signing;
mod walks;

pub use corpus::{Seed, seeds};

/// One target.
pub type Target = fn(&[u8]);

/// Every target, by the name of its binary.
pub const TARGETS: &[(&str, Target)] = &[
    ("agora_from_http", decode::agora),
    ("nim_from_http", decode::nim),
    ("tim_from_http", decode::tim),
    ("wkteam_from_http", decode::wkteam),
    ("yunshop_from_http", decode::yunshop),
    ("usersig", signing::usersig),
    ("access_token", signing::access_token),
    ("checksum", signing::checksum),
    ("agora_walk", walks::agora),
    ("nim_walk", walks::nim),
    ("tim_walk", walks::tim),
    ("wkteam_walk", walks::wkteam),
    ("yunshop_walk", walks::yunshop),
    ("fixture_reader", fixtures::reader),
];

/// Runs the target of this name.
///
/// # Panics
/// There is none, or it found something.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(target, _)| *target == name).expect("a target of this name");
    (target.1)(data);
}
