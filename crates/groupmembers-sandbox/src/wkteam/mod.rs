//! wkteam (微控, E云管家): a WeChat account behind an HTTP API, read for its groups and their members.

mod accounts;
mod commands;
mod config;
mod envelope;
mod faults;
mod gate;
mod groups;
mod json;
mod limits;
mod people;
mod routes;
mod rows;
mod token;
mod world;

pub use self::{
    config::{
        AccountConfig, AuthAnswer, Config, DEMO_ACCOUNT, DEMO_GROUP, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, GroupConfig,
        MOST_MEMBERS, Status,
    },
    faults::{Fault, Injection},
    groups::{Event, Member, Role},
    world::World,
};
pub use crate::{
    faults::{UnknownFault, When},
    tim::Churn,
};
