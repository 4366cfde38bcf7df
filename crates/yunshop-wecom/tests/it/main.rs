//! Tests of yunshop-wecom against evidence: fixtures, an oracle, a simulated shop, and the sandbox.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[cfg(feature = "reqwest")]
mod client;
#[cfg(feature = "reqwest")]
mod exports;
mod fixtures;
mod mutations;
mod properties;
mod replay;
mod secrets;
#[cfg(feature = "client")]
mod sessions;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
