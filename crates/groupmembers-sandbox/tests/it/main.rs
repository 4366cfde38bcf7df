//! The sandbox, seen from the other end of the wire.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod agora;
mod faults;
mod limits;
mod nim;
mod reads;
mod refusals;
mod transport;
mod usersig;
mod wire;
mod wkteam;
mod world;
mod yunshop;
