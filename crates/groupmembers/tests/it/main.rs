//! What breaks on the way between a client and its vendor: every fault of the transport, in every call of every vendor.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cell;
mod logged;
mod matrix;
mod row;
mod vendors;
mod watched;
