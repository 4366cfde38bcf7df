//! A chat room: its fixed members and its guests, and their rows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    config::{MemberType, RoomConfig},
    json::{Fields, Json},
    list::{List, Plan},
    person::{Attributes, Member, Role, attributes},
};
use crate::rng::{mix, seed_of};

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) config: RoomConfig,
    pub(crate) fixed: List,
    pub(crate) guests: List,
    managers: u32,
}

/// Which of the two lists somebody sits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Fixed,
    Guests,
}

/// Calls whose rows differ for the same member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// With `enterTime`.
    Page,
    /// Without.
    Role,
    /// Without, `ext` null when there is none, and the only one that knows `ANONYMOUS`.
    Query,
    /// One per device, with tags.
    Tag,
}

impl Room {
    pub(crate) fn new(config: RoomConfig, seed: u64, clock: u64) -> Self {
        let seed = seed_of(seed, &format!("room {}", config.id));
        let plan = |prefix, members, crowd, pause, head| {
            let seed = seed_of(seed, prefix);
            List::new(Plan { prefix, seed, members, crowd, pause, clock, churn: config.churn, head })
        };
        // Roles are given over days, guests come within hours.
        let fixed = plan("user", config.fixed, 0, 600_000, Some(config.creator.clone()));
        let guests = plan("guest", config.guests, config.crowd, 2_000, None);
        let managers = if config.fixed > 3 { (config.fixed / 40).clamp(2, 9) } else { 0 };
        Self { fixed, guests, managers, config }
    }

    pub(crate) fn side(kind: MemberType) -> Side {
        if kind == MemberType::Guests { Side::Guests } else { Side::Fixed }
    }

    pub(crate) fn list(&self, side: Side) -> &List {
        match side {
            Side::Fixed => &self.fixed,
            Side::Guests => &self.guests,
        }
    }

    pub(crate) fn list_mut(&mut self, side: Side) -> &mut List {
        match side {
            Side::Fixed => &mut self.fixed,
            Side::Guests => &mut self.guests,
        }
    }

    /// In whichever list this account is.
    pub(crate) fn find(&self, account: &str) -> Option<(Side, u32)> {
        [Side::Fixed, Side::Guests].into_iter().find_map(|side| Some((side, self.list(side).seat(account)?)))
    }

    fn attributes(&self, side: Side, seat: u32) -> Attributes {
        let list = self.list(side);
        attributes(list.seed, list.person_of(seat))
    }

    /// When the record of a fixed member last changed: with the role for who never entered, and at a time of its own
    /// for who did.
    pub(crate) fn update_time(&self, seat: u32) -> u64 {
        let time = self.fixed.time(seat);
        if self.attributes(Side::Fixed, seat).entered {
            time.saturating_sub(mix(self.fixed.seed ^ u64::from(seat)) % 86_400_000)
        } else {
            time
        }
    }

    pub(crate) fn member(&self, side: Side, seat: u32) -> Member {
        let list = self.list(side);
        let attributes = self.attributes(side, seat);
        let base = Member {
            accid: list.account(seat).into_owned(),
            role: Role::Common,
            enter_time: list.time(seat),
            online: true,
            blacklisted: false,
            muted: false,
            temp_muted: attributes.temp_muted,
            robot: false,
        };
        match side {
            Side::Guests if self.is_robot(seat) => {
                Member { role: Role::Temporary, robot: true, temp_muted: None, ..base }
            }
            Side::Guests => {
                let role = if attributes.anonymous { Role::Anonymous } else { Role::Temporary };
                Member { role, ..base }
            }
            // Who comes back comes back without the role.
            Side::Fixed if seat == 0 && self.fixed.seeded > 0 => {
                Member { role: Role::Creator, online: attributes.online, temp_muted: None, ..base }
            }
            Side::Fixed if seat <= self.managers && seat < self.fixed.seeded => {
                Member { role: Role::Manager, online: attributes.online, temp_muted: None, ..base }
            }
            Side::Fixed => {
                let Attributes { blacklisted, muted, .. } = attributes;
                let role = match () {
                    () if blacklisted || muted => Role::Limited,
                    () if attributes.unset => Role::Unset,
                    () => Role::Common,
                };
                // Nobody on the blacklist can be in the room.
                Member { role, online: attributes.online && !blacklisted, blacklisted, muted, ..base }
            }
        }
    }

    fn is_robot(&self, seat: u32) -> bool {
        let (n, of) = (u64::from(seat), u64::from(self.guests.seeded));
        let robots = u64::from(self.config.robots).min(of);
        // Spread evenly over those who were there at the start.
        n < of && (n + 1) * robots / of > n * robots / of
    }

    pub(crate) fn is_of(&self, kind: MemberType, seat: u32) -> bool {
        kind != MemberType::OnlineFixed || self.member(Side::Fixed, seat).online
    }

    pub(crate) fn members(&self, kind: MemberType) -> Vec<Member> {
        let side = Self::side(kind);
        let seats = self.list(side).order().iter().filter(|seat| self.is_of(kind, **seat));
        seats.map(|seat| self.member(side, *seat)).collect()
    }

    pub(crate) fn present_throughout(&self, kind: MemberType) -> BTreeSet<String> {
        self.list(Self::side(kind)).present_throughout(|seat| self.is_of(kind, seat))
    }

    pub(crate) fn ever_present(&self, kind: MemberType) -> BTreeSet<String> {
        self.list(Self::side(kind)).ever_present(|seat| self.is_of(kind, seat))
    }

    /// Guests, robots among them, and the fixed members who are there.
    pub(crate) fn online(&self) -> usize {
        let fixed = self.fixed.order().iter().filter(|seat| self.is_of(MemberType::OnlineFixed, **seat)).count();
        self.guests.len() + fixed
    }

    pub(crate) fn tag(&self, side: Side, seat: u32) -> Option<&'static str> {
        self.attributes(side, seat).tag.filter(|_| self.member(side, seat).online)
    }

    pub(crate) fn devices(&self, side: Side, seat: u32) -> u32 {
        self.attributes(side, seat).devices
    }

    /// A row, its fields in the order of the recorded answers. What is false is not there.
    pub(crate) fn row(&self, side: Side, seat: u32, shape: Shape) -> Fields {
        let member = self.member(side, seat);
        let attributes = self.attributes(side, seat);
        let role = match member.role {
            Role::Anonymous if shape != Shape::Query => Role::Temporary,
            role => role,
        };
        let mut row: Fields = vec![
            ("roomid", self.config.id.into()),
            ("level", attributes.level.into()),
            ("nick", attributes.nick.into()),
            ("accid", member.accid.into()),
        ];
        if matches!(shape, Shape::Page | Shape::Tag) {
            row.push(("enterTime", member.enter_time.into()));
        }
        row.push(("type", role.as_str().into()));
        row.push(("onlineStat", member.online.into()));
        let ext = match attributes.ext {
            "" if shape == Shape::Query => Value::Null,
            ext => ext.into(),
        };
        row.push(("ext", ext.into()));
        row.push(("avator", attributes.avator.map_or(Json::NULL, Json::from)));
        for (name, set) in [("blacklisted", member.blacklisted), ("muted", member.muted)] {
            if set {
                row.push((name, true.into()));
            }
        }
        if let Some(seconds) = member.temp_muted {
            row.push(("tempMuted", true.into()));
            row.push(("tempMuteTtl", seconds.into()));
        }
        if member.robot {
            row.push(("isRobot", true.into()));
            row.push(("robotExpirAt", 86_400.into()));
        }
        if shape == Shape::Tag {
            // JSON inside a text.
            let tags = attributes.tag.map(|tag| format!("[\"{tag}\"]")).unwrap_or_default();
            row.push(("tags", tags.into()));
            row.push(("notifyTargetTags", "".into()));
        }
        row
    }

    /// The room itself.
    pub(crate) fn info(&self, online: bool) -> Json {
        let hash = self.fixed.seed;
        let mut info: Fields = vec![
            ("roomid", self.config.id.into()),
            ("valid", (!self.config.closed).into()),
            ("muted", hash.is_multiple_of(5).into()),
            ("announcement", if hash.is_multiple_of(2) { Json::NULL } else { "欢迎 👏\n请文明发言".into() }),
            ("name", self.config.name.clone().into()),
            ("broadcasturl", Json::NULL),
            ("ext", "".into()),
            ("creator", self.config.creator.clone().into()),
            ("queuelevel", 0.into()),
            ("ionotify", true.into()),
        ];
        if online {
            info.push(("onlineusercount", if self.config.closed { 0 } else { self.online() }.into()));
        }
        Json::Object(info)
    }
}
