//! Yunshop (芸众商城): the business admin API of its plugin 群拓客, `GroupDevelopUser`, which keeps a copy of WeCom's
//! customer groups.

mod admin;
mod answers;
mod bend;
mod config;
mod exports;
mod faults;
mod gate;
mod groups;
mod instead;
mod json;
mod lists;
mod people;
mod request;
mod routes;
mod rows;
mod sessions;
mod synch;
mod time;
mod world;
mod xlsx;

pub use self::{
    config::{
        Account, Churn, Config, DEMO_BUSINESS_ID, DEMO_GROUP_ID, DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID, DEMO_PASSWORD,
        DEMO_UNIACID, Enterprise, GroupConfig, Identity,
    },
    faults::{Fault, Injection},
    groups::{Change, Event, Kind, Member},
    world::World,
};
pub use crate::faults::{UnknownFault, When};
