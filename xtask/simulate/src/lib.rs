//! A deterministic simulation of whole listings: the real clients against independent models of the vendors' lists, on a virtual clock,
//! without a socket, and an oracle that knows the true history of the group.
//!
//! A seed decides everything: the group's size, who comes and goes when, what the network, the clocks and the server do, how the
//! client is set up, where it is stopped and taken up again. [`schedule`] has what all vendors share, each vendor's own file the rest.
//! After each run [`oracle`] holds what the client brought against what was true. `cargo xtask simulate --help` runs it.
//!
//! A vendor is a type that implements [`vendor::Vendor`] and a server that implements [`vendor::Server`], and a line in [`VENDORS`].

pub mod agora;
pub mod group;
mod host;
pub mod nim;
pub mod oracle;
pub mod random;
pub mod run;
pub mod schedule;
pub mod tim;
pub mod vendor;
pub mod wkteam;
pub mod yunshop;

pub use crate::host::Host;
pub use crate::run::{Run, run};

/// Runs one seed; with a trace where that is asked for.
pub type Runner = fn(u64, bool) -> Run;

/// The vendors, by their names on the command line.
pub const VENDORS: &[(&str, Runner)] = &[
    ("tim", run::<tim::Tim>),
    ("agora", run::<agora::Agora>),
    ("nim", run::<nim::Nim>),
    ("nim-team", run::<nim::Team>),
    ("nim-superteam", run::<nim::Superteam>),
    ("yunshop", run::<yunshop::Yunshop>),
    ("wkteam", run::<wkteam::Wkteam>),
    ("wkteam-details", run::<wkteam::WithDetails>),
];
