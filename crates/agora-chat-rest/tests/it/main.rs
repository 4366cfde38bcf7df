//! Tests of agora-chat-rest against evidence: fixtures, the vendor's own vectors, an oracle, and a simulated vendor.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[cfg(feature = "client")]
mod client;
mod fixtures;
mod mutations;
mod properties;
#[cfg(feature = "client")]
mod replay;
mod secrets;
mod signing;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
