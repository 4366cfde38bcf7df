//! Tests of tim-rest against evidence: fixtures, the vendor's signing vectors, an oracle, and the sandbox.

mod cases;
#[cfg(feature = "client")]
mod client;
mod fixtures;
mod mutations;
mod properties;
#[cfg(feature = "client")]
mod replay;
mod signing;
#[cfg(feature = "client")]
mod walk;
