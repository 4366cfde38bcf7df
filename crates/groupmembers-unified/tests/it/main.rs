//! Members read and written, compared, and listed by every vendor's client.

// Clippy's exception for tests does not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod diff;
mod reading;
#[cfg(all(
    feature = "agora",
    feature = "nim",
    feature = "tim",
    feature = "wkteam",
    feature = "yunshop",
    feature = "reqwest"
))]
mod sources;
mod timestamps;
