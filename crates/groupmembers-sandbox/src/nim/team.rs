//! A team or super team.

use super::{
    config::{TeamConfig, TeamKind},
    json::{Fields, Json},
    list::{List, Plan},
    person::{Attributes, Role, TeamMember, attributes},
};
use crate::rng::{mix, seed_of};

#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) config: TeamConfig,
    pub(crate) list: List,
    admins: u32,
}

impl Team {
    pub(crate) fn new(config: TeamConfig, seed: u64, clock: u64) -> Self {
        let TeamConfig { id, members, churn, .. } = config;
        let seed = seed_of(seed, &format!("team {id}"));
        // A team without an owner there is not.
        let head = (members > 0).then(|| "user000000".to_owned());
        let list = List::new(Plan { prefix: "user", seed, members, crowd: 0, pause: 3_600_000, clock, churn, head });
        Self { list, admins: if members > 3 { (members / 50).clamp(1, 9) } else { 0 }, config }
    }

    pub(crate) fn role(&self, seat: u32) -> Role {
        match seat {
            seat if seat >= self.list.seeded => Role::Common,
            0 => Role::Creator,
            seat if seat <= self.admins => Role::Manager,
            _ => Role::Common,
        }
    }

    pub(crate) fn members(&self) -> Vec<TeamMember> {
        let member = |seat: &u32| TeamMember {
            accid: self.list.account(*seat).into_owned(),
            role: self.role(*seat),
            join_time: self.list.time(*seat),
        };
        self.list.order().iter().map(member).collect()
    }

    fn attributes(&self, seat: u32) -> Attributes {
        attributes(self.list.seed, self.list.person_of(seat))
    }

    fn custom(&self, seat: u32) -> Json {
        match self.attributes(seat).ext {
            "" => Json::NULL,
            ext => ext.into(),
        }
    }

    /// Accounts in `team/query`, objects in `team/queryDetail`.
    fn named(&self, seat: u32, detail: bool) -> Json {
        let accid = self.list.account(seat).into_owned();
        if !detail {
            return accid.into();
        }
        let attributes = self.attributes(seat);
        Json::Object(vec![
            ("createtime", self.list.time(seat).into()),
            ("updatetime", self.updated(seat).into()),
            ("nick", attributes.nick.into()),
            ("accid", accid.into()),
            ("mute", attributes.muted.into()),
            ("custom", self.custom(seat)),
        ])
    }

    fn updated(&self, seat: u32) -> u64 {
        self.list.time(seat) + mix(u64::from(seat)) % 1000
    }

    /// The team itself. `members` never holds the owner, and the admins only when `admins_too` says so.
    pub(crate) fn info(&self, members: bool, detail: bool, admins_too: bool) -> Json {
        let seats = |keep: &dyn Fn(Role) -> bool| {
            let seats = self.list.order().iter().filter(|seat| keep(self.role(**seat)));
            Json::Array(seats.map(|seat| self.named(*seat, detail)).collect())
        };
        let owner = self.list.order().first().map_or(Json::NULL, |seat| self.named(*seat, detail));
        let mut info: Fields = vec![
            ("tname", format!("项目群{}🚀", self.config.id).into()),
            ("icon", Json::NULL),
            ("owner", owner),
            ("maxusers", self.list.len().max(200).into()),
            ("tid", self.config.id.into()),
            ("size", self.list.len().into()),
            ("announcement", Json::NULL),
            ("intro", Json::NULL),
            ("joinmode", 1.into()),
            ("beinvitemode", 1.into()),
            ("invitemode", 0.into()),
            ("uptinfomode", 0.into()),
            ("upcustommode", 0.into()),
            ("muteType", 0.into()),
            ("custom", "".into()),
            ("mute", false.into()),
        ];
        if members {
            info.push(("admins", seats(&|role| role == Role::Manager)));
            let keep = |role| role == Role::Common || admins_too && role == Role::Manager;
            info.push(("members", seats(&keep)));
        }
        let first = self.list.order().first().map_or(0, |seat| self.list.time(*seat));
        info.push(("createtime", first.into()));
        info.push(("updatetime", self.list.order().last().map_or(first, |seat| self.list.time(*seat)).into()));
        Json::Object(info)
    }

    /// A row of `superteam/getTlists`: `jointime` is a text there.
    pub(crate) fn row(&self, seat: u32, number_jointime: bool) -> Fields {
        let attributes = self.attributes(seat);
        let joined = self.list.time(seat);
        let kind = match self.role(seat) {
            Role::Creator => 1,
            Role::Manager => 2,
            _ => 0,
        };
        let inviter = if seat == 0 { Json::NULL } else { "user000000".into() };
        vec![
            ("tid", self.config.id.into()),
            ("uid", (700_000_000_000_u64 + u64::from(self.list.person_of(seat))).into()),
            ("accid", self.list.account(seat).into_owned().into()),
            ("type", kind.into()),
            ("nick", attributes.nick.into()),
            ("jointime", if number_jointime { joined.into() } else { joined.to_string().into() }),
            ("mute", u32::from(attributes.muted).into()),
            ("invitoruid", if seat == 0 { 0 } else { 700_000_000_000_u64 }.into()),
            ("invitor", inviter),
            ("validflag", 1.into()),
            ("custom", self.custom(seat)),
            ("state", u32::from(attributes.entered).into()),
            ("bits", 0.into()),
            ("createtime", joined.into()),
            ("updatetime", self.updated(seat).into()),
        ]
    }

    pub(crate) fn is(&self, kind: TeamKind) -> bool {
        self.config.kind == kind
    }
}
