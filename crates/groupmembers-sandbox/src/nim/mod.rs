//! NetEase Yunxin (NIM): its server API for chat rooms, and the member lists of teams and super teams.

mod calls;
pub mod checksum;
mod config;
mod faults;
mod form;
mod gate;
mod json;
mod limits;
mod list;
mod person;
mod refusal;
mod room;
mod routes;
mod team;
mod world;

pub use self::{
    config::{Config, DEMO_APP_KEY, DEMO_APP_SECRET, MemberType, Penalty, RoomConfig, TeamConfig, TeamKind},
    faults::{Fault, Injection},
    list::Event,
    person::{Member, Role, TeamMember},
    world::World,
};
pub use crate::{
    faults::{UnknownFault, When},
    tim::Churn,
};
