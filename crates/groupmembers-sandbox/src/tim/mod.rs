//! Tencent IM (TIM, Tencent Cloud Chat): its server REST API for reading groups.

mod commands;
mod config;
mod faults;
mod gate;
mod groups;
mod json;
pub(crate) mod limits;
mod member;
mod refusal;
mod routes;
pub mod usersig;
mod world;

pub use self::{
    config::{Churn, Config, DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, GroupConfig, GroupKind},
    faults::{Fault, Injection},
    member::{Member, Role},
    usersig::Refused,
    world::World,
};
pub use crate::faults::{UnknownFault, When};
