// The README shows the client, which a smaller build does not have.
#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "client"), doc = "Yunshop's WeCom plugin: who is in which customer group.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base_url;
pub mod business_list;
#[cfg(feature = "client")]
mod client;
mod codes;
mod command;
mod credentials;
mod error;
#[cfg(feature = "client")]
mod fetched;
mod file;
pub mod get_business_common_data;
pub mod get_group_employees;
pub mod get_group_members;
pub mod get_list;
#[cfg(feature = "client")]
mod grid;
pub mod group_employee_list_export;
pub mod group_member_list_export;
mod lenient;
mod list;
pub mod list_export;
pub mod manage_business;
pub mod member_login_index;
mod open_int;
#[cfg(feature = "client")]
mod options;
mod session;
pub mod synch;
mod time;
mod types;
#[cfg(feature = "client")]
mod walk;

pub use base_url::{BaseUrl, Site};
#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, Enterprise};
pub use codes::ApiErrorKind;
pub use command::{Answer, Command, Place, Seen};
pub use credentials::{Account, Credentials};
pub use error::{ApiError, BuildError, DecodeError, DecodeErrorKind, Error, StatusError, StatusErrorKind, WalkError};
pub use file::{File, FileKind};
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
pub use list::{Listed, Paginator, Rejected};
#[cfg(feature = "client")]
pub use options::RosterOptions;
pub use session::{APP_TOKEN_COOKIE, SESSION_COOKIE, Session};
pub use time::{BEIJING, Time};
pub use types::{
    Customer, Gender, JoinScene, MemberStatus, MemberType, ShopMember, Staff, StaffStatus, WithdrawScene, YzMember,
    embedded,
};
#[cfg(feature = "client")]
pub use walk::{Listing, Roster, RosterWalk};
