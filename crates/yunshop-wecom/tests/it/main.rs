//! Tests of yunshop-wecom against evidence: fixtures, an oracle, and a simulated shop.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[cfg(feature = "client")]
mod client;
mod fixtures;
mod mutations;
mod properties;
mod replay;
mod secrets;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
