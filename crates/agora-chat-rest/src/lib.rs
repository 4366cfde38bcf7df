// The README shows the client, which a smaller build does not have.
#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "client"), doc = "The REST API of Agora (Shengwang) Chat: who is in which chat group.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod access_token;
mod app;
#[cfg(feature = "client")]
mod chain;
pub mod chatgroups;
pub mod chatgroups_admin;
pub mod chatgroups_blocks_users;
pub mod chatgroups_details;
pub mod chatgroups_is_joined;
pub mod chatgroups_mute;
pub mod chatgroups_roles;
pub mod chatgroups_user;
pub mod chatgroups_users;
pub mod chatgroups_white_users;
#[cfg(feature = "client")]
mod client;
mod codes;
mod command;
mod credentials;
mod error;
mod fields;
pub mod joined_chatgroups;
#[cfg(feature = "client")]
mod joint;
pub mod metadata_chatgroup_get;
pub mod metadata_chatgroup_user;
#[cfg(feature = "client")]
mod options;
mod rows;
#[cfg(feature = "client")]
mod session;
pub mod token;
#[cfg(feature = "client")]
mod token_source;
#[cfg(feature = "client")]
mod walk;

pub use access_token::Subject;
pub use app::{App, BaseUrl};
#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder};
pub use codes::ApiErrorKind;
pub use command::{Answer, Command, Envelope, Paged, Rejected};
pub use credentials::{ClientSecret, Credentials, Token};
pub use error::{ApiError, BuildError, DecodeError, DecodeErrorKind, Error, StatusError, WalkError};
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
#[cfg(feature = "client")]
pub use options::RosterOptions;
#[cfg(feature = "client")]
pub use token_source::{FetchToken, Lease, TokenSource};
#[cfg(feature = "client")]
pub use walk::{Answered, Ask, Listing, Roster, RosterWalk};
