#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod driver;
mod pacer;
mod pages;
#[cfg(feature = "test-util")]
pub mod replay;
mod report;
#[cfg(feature = "reqwest")]
pub mod reqwest_0_13;
mod retry;
mod retry_after;
mod runtime;
#[cfg(feature = "test-util")]
pub mod simulation;
pub mod walk;

pub use call::{Attempt, Call, CallError, Verdict};
pub use driver::{Driver, Scope};
pub use pacer::Quota;
pub use pages::Pages;
pub use report::{Completeness, Gap, Report};
pub use retry::RetryPolicy;
pub use retry_after::{retry_after, server_time};
pub use runtime::{Body, ConnectFailure, Now, Runtime, TransportError, TransportErrorKind};
