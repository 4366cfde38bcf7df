//! Tests of tim-rest against evidence: fixtures, the vendor's signing vectors, an oracle, and the sandbox.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[cfg(feature = "reqwest")]
mod client;
mod drift;
mod fixtures;
mod mutations;
mod properties;
#[cfg(feature = "client")]
mod replay;
#[cfg(feature = "client")]
mod signature;
mod signing;
#[cfg(feature = "rustls")]
mod transport;
#[cfg(feature = "client")]
mod walk;
