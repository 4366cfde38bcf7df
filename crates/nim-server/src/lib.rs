// The README shows the whole client, which a smaller build does not have.
#![cfg_attr(feature = "rustls", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "rustls"), doc = "The server API of NetEase Yunxin (NIM): who is in which chatroom or team.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
mod axis;
pub mod chatroom_get;
pub mod chatroom_get_batch;
pub mod chatroom_members_by_page;
pub mod chatroom_query_members;
pub mod chatroom_query_members_by_role;
pub mod chatroom_query_user_room_ids;
pub mod chatroom_tag_members_count;
pub mod chatroom_tag_members_query;
pub mod checksum;
#[cfg(feature = "client")]
mod client;
mod codes;
mod command;
mod credentials;
mod error;
mod open_enum;
#[cfg(feature = "client")]
mod options;
mod region;
mod row;
#[cfg(feature = "client")]
mod seek;
pub mod superteam_get_tlists;
#[cfg(feature = "client")]
mod superteam_walk;
pub mod team_query;
pub mod team_query_detail;
#[cfg(feature = "client")]
mod team_walk;
mod types;
#[cfg(feature = "client")]
mod walk;

pub use checksum::Stamp;
#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, Found};
pub use codes::ApiErrorKind;
pub use command::{Command, Form, Paged};
pub use credentials::{AppSecret, Credentials};
#[cfg(feature = "client")]
pub use error::TransportFailure;
pub use error::{ApiError, BuildError, DecodeError, Error, StatusError, WalkError};
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
#[cfg(feature = "client")]
pub use options::{Kind, RosterOptions};
pub use region::{BaseUrl, Region};
pub use row::{List, Rejected};
#[cfg(feature = "client")]
pub use superteam_walk::{SuperteamAnswer, SuperteamListing, SuperteamRoster, SuperteamWalk};
#[cfg(feature = "client")]
pub use team_walk::{TeamAnswer, TeamAsk, TeamListing, TeamMember, TeamRole, TeamRoster, TeamWalk};
pub use types::{Member, MemberData, MemberType, Members, Role, Room};
#[cfg(feature = "client")]
pub use walk::{Answer, Ask, Listing, Roster, RosterWalk};
