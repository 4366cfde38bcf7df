//! Tests of wkteam-api against evidence: fixtures, an oracle, and a simulated vendor.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod details;
mod fixtures;
mod mutations;
mod properties;
#[cfg(feature = "client")]
mod replay;
mod secrets;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
