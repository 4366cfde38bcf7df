//! From a request on the wire to an answer on the wire, and a line in the log.

use std::time::Instant;

use axum::http::header;

use super::{
    answers::Reply,
    bend::{bend, prefix},
    config::Config,
    exports,
    faults::Fault,
    groups::Kind,
    lists::{self, Context},
    request::Asked,
    synch,
    world::{State, World},
};
use crate::{
    faults,
    vendor::{Call, Sent, Vendor},
};

const NO_GROUP: &[&str] = &[];
const PLUGIN: &str = "GroupDevelopUser";
/// The plugin has these too; the sandbox does not.
const NOT_SERVED: [&str; 8] = [
    "saveQrcodeImg",
    "bindUser",
    "getSetting",
    "getGroupSetting",
    "posterList",
    "getGroupList",
    "getTagList",
    "getMemberList",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Login,
    BusinessList,
    ManageBusiness,
    CommonData,
    List,
    Members,
    Employees,
    Synch,
    ListExport,
    MemberListExport,
    EmployeeListExport,
}

impl Command {
    const ADMIN: [Self; 3] = [Self::BusinessList, Self::ManageBusiness, Self::CommonData];
    const PLUGIN: [Self; 7] = [
        Self::List,
        Self::Members,
        Self::Employees,
        Self::Synch,
        Self::ListExport,
        Self::MemberListExport,
        Self::EmployeeListExport,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::BusinessList => "businessList",
            Self::ManageBusiness => "manageBusiness",
            Self::CommonData => "getBusinessCommonData",
            Self::List => "getList",
            Self::Members => "getGroupMembers",
            Self::Employees => "getGroupEmployees",
            Self::Synch => "synch",
            Self::ListExport => "listExport",
            Self::MemberListExport => "groupMemberListExport",
            Self::EmployeeListExport => "groupEmployeeListExport",
        }
    }
}

/// What a path leads to.
#[derive(Debug)]
enum Route<'a> {
    /// With the tenant, where the path names one.
    To(Command, Option<&'a str>),
    /// A call of the plugin in the wrong case.
    WrongCase(&'a str),
    Nowhere(&'static str),
}

impl<'a> Route<'a> {
    fn find(path: &'a str, asked: &Asked<'_>) -> Self {
        // The vendor ignores empty segments, and a slash at the end.
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let named = |commands: &[Command], action: &str| commands.iter().copied().find(|c| c.name() == action);
        match *segments {
            ["addons", "yun_shop", "api.php"] => match asked.get("route") {
                Some("member.login.index") => Self::To(Command::Login, None),
                _ => Self::Nowhere("no such route parameter, or not served by the sandbox"),
            },
            ["business", tenant, "admin", action] => match named(&Command::ADMIN, action) {
                Some(command) => Self::To(command, Some(tenant)),
                None => Self::Nowhere("no such admin route, or not served by the sandbox"),
            },
            ["business", tenant, "plugin", plugin, action] => match named(&Command::PLUGIN, action) {
                Some(command) if plugin == PLUGIN => Self::To(command, Some(tenant)),
                _ if plugin == PLUGIN && NOT_SERVED.contains(&action) => Self::Nowhere("not served by the sandbox"),
                _ => {
                    let plugin = plugin.eq_ignore_ascii_case(PLUGIN);
                    let action = Command::PLUGIN.iter().any(|c| c.name().eq_ignore_ascii_case(action));
                    if plugin && action { Self::WrongCase(tenant) } else { Self::Nowhere("no such plugin route") }
                }
            },
            _ => Self::Nowhere("no such route"),
        }
    }
}

impl Vendor for World {
    fn name(&self) -> &'static str {
        "yunshop"
    }

    fn owns(&self, path: &str) -> bool {
        let path = path.strip_prefix(&*self.config().base_path);
        path.is_some_and(|path| path.starts_with("/business/") || path.starts_with("/addons/yun_shop/"))
    }

    fn answer(&self, call: &Call<'_>) -> Sent {
        let (config, asked) = (self.config(), Asked::read(call));
        let path = call.path.strip_prefix(&*config.base_path).unwrap_or(call.path);
        let route = Route::find(path, &asked);
        let group = asked.number("group_id");
        let command = match route {
            Route::To(command, _) => command.name().to_owned(),
            // Any path as it came, but not at any length.
            _ => call.path.chars().take(80).collect(),
        };
        let mut state = self.lock();
        let mut turn = Turn {
            config,
            state: &mut state,
            asked: &asked,
            now: call.arrived,
            group,
            cookies: Vec::new(),
            notes: Vec::new(),
            faults: Vec::new(),
        };
        let reply = turn.reply(&route);
        let mut sent = turn.send(reply);
        sent.command = command;
        sent.group = group.map(|group| group.to_string());
        sent
    }
}

/// One call being answered.
pub(super) struct Turn<'a> {
    pub(super) config: &'a Config,
    pub(super) state: &'a mut State,
    pub(super) asked: &'a Asked<'a>,
    pub(super) now: Instant,
    pub(super) group: Option<u32>,
    pub(super) cookies: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) faults: Vec<Fault>,
}

impl Turn<'_> {
    fn reply(&mut self, route: &Route<'_>) -> Reply {
        let limit = self.config.calls_per_second;
        if !self.state.admit(limit, self.now) {
            let note = format!("more than {limit} calls in one second");
            let reply = Reply::page(503, "503 Service Temporarily Unavailable", note);
            return match reply {
                Reply::Page(mut sent) => {
                    sent.throttled = true;
                    Reply::Page(sent)
                }
                reply => reply,
            };
        }
        match *route {
            Route::Nowhere(note) => Reply::exception(self.asked, "不存在的接口", note),
            Route::To(Command::Login, _) => {
                if self.asked.get("i") != Some(&self.config.uniacid.to_string()) {
                    return Reply::login_status(self.asked, -2, "i is not the tenant");
                }
                self.faults = self.state.faults.hitting("login", NO_GROUP);
                self.instead().unwrap_or_else(|| self.login())
            }
            Route::WrongCase(tenant) => match self.caller(tenant) {
                Err(reply) => *reply,
                Ok(_) => Reply::forbidden("the path is right but for its case"),
            },
            Route::To(command, tenant) => self.call(command, tenant.unwrap_or_default()),
        }
    }

    fn call(&mut self, command: Command, tenant: &str) -> Reply {
        let group: Vec<String> = self.group.iter().map(ToString::to_string).collect();
        let happened = self.state.faults.hitting_among(command.name(), &group, Fault::is_before);
        for fault in &happened {
            self.happen(fault);
        }
        self.faults = happened;
        let caller = match self.caller(tenant) {
            Ok(caller) => caller,
            Err(reply) => return *reply,
        };
        let config = self.config;
        let account = &config.accounts[caller.at];
        let business = if Command::PLUGIN.contains(&command) {
            match self.permitted(&caller, account) {
                Ok(business) => business,
                Err(reply) => return *reply,
            }
        } else {
            0
        };
        self.faults.extend(self.state.faults.hitting_among(command.name(), &group, |fault| !fault.is_before()));
        if let Some(reply) = self.instead() {
            return reply;
        }
        match command {
            Command::BusinessList => self.business_list(&caller, account),
            Command::ManageBusiness => self.manage_business(&caller, account),
            Command::CommonData => self.common_data(&caller, account),
            _ => {
                let State { groups, ids, synchronised, .. } = &mut *self.state;
                let (faults, asked) = (&self.faults, self.asked);
                let mut context = Context { config, groups, ids, faults, asked, business };
                match command {
                    Command::List => lists::groups(&mut context),
                    Command::Employees => lists::members(&mut context, Kind::Employee),
                    Command::Synch => synch::step(&context, synchronised),
                    Command::ListExport => exports::groups(&mut context),
                    Command::MemberListExport => exports::members(&mut context, Kind::External),
                    Command::EmployeeListExport => exports::members(&mut context, Kind::Employee),
                    _ => lists::members(&mut context, Kind::External),
                }
            }
        }
    }

    fn send(mut self, mut reply: Reply) -> Sent {
        if let Reply::Json { body, .. } = &mut reply {
            bend(body, &self.faults);
        }
        let mut sent = reply.send(prefix(&self.faults));
        for cookie in self.cookies {
            sent = sent.with(header::SET_COOKIE, cookie);
        }
        if !sent.note.is_empty() {
            self.notes.push(std::mem::take(&mut sent.note));
        }
        sent.note = self.notes.join("; ");
        faults::play(&self.faults, &mut sent);
        sent
    }
}
