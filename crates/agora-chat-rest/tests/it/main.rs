//! Tests of agora-chat-rest against evidence: fixtures, the vendor's own vectors, an oracle, a simulated vendor, and the sandbox.

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
#[cfg(feature = "rustls")]
mod sandbox;
mod secrets;
mod signing;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
