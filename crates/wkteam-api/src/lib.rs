// The README shows the client, which a smaller build does not have.
#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "client"), doc = "The HTTP API of wkteam.cn (personal WeChat): who is in which group.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base_url;
#[cfg(feature = "client")]
mod client;
mod codes;
mod command;
mod credentials;
#[cfg(feature = "client")]
mod details;
mod diff;
mod error;
#[cfg(feature = "client")]
mod fetched;
pub mod get_address_list;
pub mod get_chat_room_info;
pub mod get_chat_room_member;
pub mod get_chat_room_member_info;
pub mod get_contact;
pub mod init_address_list;
pub mod is_online;
mod lenient;
pub mod member_login;
mod open_int;
#[cfg(feature = "client")]
mod options;
pub mod query_login_wx;
mod types;
#[cfg(feature = "client")]
mod walk;

pub use base_url::BaseUrl;
#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder};
pub use codes::ApiErrorKind;
pub use command::{Answer, Code, Command, Rejected, Session};
pub use credentials::{Account, Credentials, Token, WId};
#[cfg(feature = "client")]
pub use details::{DetailWalk, Detailed, DetailedListing, DetailedRoster};
pub use diff::{Diff, Renamed};
pub use error::{ApiError, BuildError, DecodeError, DecodeErrorKind, Error, StatusError, StatusErrorKind, WalkError};
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
#[cfg(feature = "client")]
pub use options::{Pace, RosterOptions};
pub use types::{AccountStatus, Profile, Sex};
#[cfg(feature = "client")]
pub use walk::{Listing, Roster, RosterWalk};
