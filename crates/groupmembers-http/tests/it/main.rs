//! The driver on a virtual clock, with a call of its own.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cursor;
mod driver;
mod fake;
mod pacer;
mod simulation;
mod windows;
