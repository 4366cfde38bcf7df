//! Tests of wkteam-api against evidence: fixtures, an oracle, a simulated vendor, and the sandbox.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "client")]
mod calls;
mod cases;
#[cfg(feature = "client")]
mod details;
#[cfg(feature = "rustls")]
mod faults;
mod fixtures;
#[cfg(feature = "client")]
mod login;
mod mutations;
#[cfg(feature = "client")]
mod pace;
mod properties;
#[cfg(feature = "client")]
mod replay;
#[cfg(feature = "rustls")]
mod sandbox;
mod secrets;
#[cfg(feature = "client")]
mod w_id;
#[cfg(feature = "client")]
mod walk;
#[cfg(feature = "client")]
mod world;
