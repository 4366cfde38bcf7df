// The README shows the whole client, which a smaller build does not have.
#![cfg_attr(feature = "rustls", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "rustls"), doc = "The server REST API of Tencent Cloud Chat (TIM): who is in which group.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
mod client;
mod codes;
mod command;
mod credentials;
mod error;
pub mod get_appid_group_list;
pub mod get_group_ban_member;
pub mod get_group_info;
pub mod get_group_member_info;
pub mod get_group_muted_account;
pub mod get_joined_group_list;
pub mod get_members;
pub mod get_online_member_num;
pub mod get_role_in_group;
pub mod get_specified_group_member_info;
mod lenient;
mod open_enum;
#[cfg(feature = "client")]
mod options;
mod region;
mod types;
pub mod userbuf;
pub mod usersig;
#[cfg(feature = "client")]
mod walk;

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder};
pub use codes::ApiErrorKind;
pub use command::{Command, Envelope, Paged, Rejected};
pub use credentials::{Credentials, SecretKey};
pub use error::{ApiError, BuildError, DecodeError, Error, StatusError, WalkError};
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
#[cfg(feature = "client")]
pub use options::RosterOptions;
pub use region::{BaseUrl, Region};
pub use types::{CustomField, GroupType, JoinOption, MsgFlag, MuteUntil, OnlineStatus, Role, Switch};
pub use usersig::UserSig;
#[cfg(feature = "client")]
pub use walk::{Listing, Roster, RosterWalk};
