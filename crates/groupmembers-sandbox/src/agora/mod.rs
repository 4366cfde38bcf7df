//! Agora Chat (声网即时通讯, Easemob's technology): its server REST API for reading groups.

mod command;
mod config;
mod envelope;
mod faults;
mod group;
mod issued;
mod lists;
mod refusal;
mod routes;
pub mod token;
mod users;
mod world;

pub use self::{
    config::{
        Config, DEMO_APP, DEMO_APP_CERTIFICATE, DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_GROUP, DEMO_ORG,
        GroupConfig,
    },
    faults::{Fault, Injection},
    group::{Event, Member, Role},
    token::Refused,
    world::World,
};
pub use crate::{
    faults::{UnknownFault, When},
    tim::Churn,
};
