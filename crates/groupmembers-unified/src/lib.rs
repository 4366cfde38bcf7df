#![cfg_attr(
    all(feature = "agora", feature = "nim", feature = "tim", feature = "wkteam", feature = "yunshop", feature = "rustls"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(
        feature = "agora",
        feature = "nim",
        feature = "tim",
        feature = "wkteam",
        feature = "yunshop",
        feature = "rustls"
    )),
    doc = "One member for five Chinese IM vendors, and who joined, left or changed between two rosters."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "agora")]
pub mod agora;
mod diff;
mod member;
#[cfg(feature = "nim")]
pub mod nim;
mod row;
#[cfg(feature = "client")]
mod source;
#[cfg(feature = "tim")]
pub mod tim;
mod timestamp;
#[cfg(feature = "wkteam")]
pub mod wkteam;
mod words;
#[cfg(feature = "yunshop")]
pub mod yunshop;

pub use diff::{Changed, Diff, Difference, Duplicate, Field, Side, diff};
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
pub use member::{BadColumn, Member, WithRaw};
pub use row::Row;
#[cfg(feature = "client")]
pub use source::{Error, Members, Source};
pub use timestamp::{NoTimestamp, Timestamp};
pub use words::{MutedUntil, Role, Vendor};
