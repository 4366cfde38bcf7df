//! Tests of nim-server against evidence: fixtures, signing vectors, an oracle, and the sandbox.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[cfg(feature = "rustls")]
mod client;
#[cfg(feature = "client")]
mod clock;
mod fixtures;
mod mutations;
mod properties;
#[cfg(feature = "client")]
mod replay;
mod secrets;
mod signing;
#[cfg(feature = "rustls")]
mod teams;
#[cfg(feature = "client")]
mod traces;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
