//! From a request on the wire to an answer on the wire, and a line in the log.

use std::time::Instant;

use axum::http::header;

use super::{
    answers::Reply,
    bend::{bend, prefix},
    config::{Account, Config, Identity},
    faults::Fault,
    groups::Kind,
    json::{Json, map},
    lists::{self, Context},
    request::Asked,
    sessions::AccountAt,
    world::{State, World},
};
use crate::{
    vendor::{Call, Sent, Vendor},
    wire::Delivery,
};

const SESSION: &str = "PHPSESSID";
const APP_TOKEN: &str = "Yz-appToken";
const APP_TOKEN_LASTS: u32 = 2_160_000;
const PLUGIN: &str = "GroupDevelopUser";
/// The plugin has these too; the sandbox does not.
const NOT_SERVED: [&str; 12] = [
    "synch",
    "listExport",
    "groupMemberListExport",
    "groupEmployeeListExport",
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
}

impl Command {
    const ADMIN: [Self; 3] = [Self::BusinessList, Self::ManageBusiness, Self::CommonData];
    const PLUGIN: [Self; 3] = [Self::List, Self::Members, Self::Employees];

    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::BusinessList => "businessList",
            Self::ManageBusiness => "manageBusiness",
            Self::CommonData => "getBusinessCommonData",
            Self::List => "getList",
            Self::Members => "getGroupMembers",
            Self::Employees => "getGroupEmployees",
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
        let named = |commands: [Command; 3], action: &str| commands.into_iter().find(|c| c.name() == action);
        match *segments {
            ["addons", "yun_shop", "api.php"] => match asked.get("route") {
                Some("member.login.index") => Self::To(Command::Login, None),
                _ => Self::Nowhere("no such route parameter, or not served by the sandbox"),
            },
            ["business", tenant, "admin", action] => match named(Command::ADMIN, action) {
                Some(command) => Self::To(command, Some(tenant)),
                None => Self::Nowhere("no such admin route, or not served by the sandbox"),
            },
            ["business", tenant, "plugin", plugin, action] => match named(Command::PLUGIN, action) {
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
struct Turn<'a> {
    config: &'a Config,
    state: &'a mut State,
    asked: &'a Asked<'a>,
    now: Instant,
    group: Option<u32>,
    cookies: Vec<String>,
    notes: Vec<String>,
    faults: Vec<Fault>,
}

/// Who is calling, and in which session.
struct Caller {
    at: AccountAt,
    session: String,
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
                self.faults = self.state.faults.after("login", None);
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
        let happened = self.state.faults.before(command.name(), self.group);
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
        self.faults.extend(self.state.faults.after(command.name(), self.group));
        if let Some(reply) = self.instead() {
            return reply;
        }
        match command {
            Command::BusinessList => self.business_list(&caller, account),
            Command::ManageBusiness => self.manage_business(&caller, account),
            Command::CommonData => self.common_data(&caller, account),
            Command::List | Command::Members | Command::Employees | Command::Login => {
                let State { groups, ids, .. } = &mut *self.state;
                let (faults, asked) = (&self.faults, self.asked);
                let mut context = Context { config, groups, ids, faults, asked, business };
                match command {
                    Command::List => lists::groups(&mut context),
                    Command::Employees => lists::members(&mut context, Kind::Employee),
                    _ => lists::members(&mut context, Kind::External),
                }
            }
        }
    }

    /// What befalls a session.
    fn happen(&mut self, fault: &Fault) {
        let Some(id) = self.asked.cookie(SESSION) else { return };
        match fault {
            Fault::SessionExpired => self.state.sessions.close(&id),
            Fault::LoggedOut => {
                self.state.sessions.close(&id);
                if let Some(token) = self.asked.cookie(APP_TOKEN) {
                    self.state.sessions.revoke_app_token(&token);
                }
            }
            _ => {
                let Some(at) = self.state.sessions.account(&id, self.now) else { return };
                let chosen = self.state.sessions.business(&id).or(self.state.last_managed[at]);
                let managed = self.config.accounts[at].enterprises.iter();
                let mut managed = managed.filter(|(_, identity)| *identity > Identity::Staff).map(|(id, _)| *id);
                let other = managed.find(|id| Some(*id) != chosen);
                self.state.last_managed[at] = other;
                let chosen = if *fault == Fault::EnterpriseSwitched { other } else { None };
                self.state.sessions.choose(&id, chosen);
            }
        }
    }

    /// Who is calling, if they have logged in.
    fn caller(&mut self, tenant: &str) -> Result<Caller, Box<Reply>> {
        let asked = self.asked;
        let refuse = |status: i32, note: &str| Err(Box::new(Reply::login_status(asked, status, note)));
        if self.config.mysql_sessions && asked.get("i").is_none() {
            let note = "i is missing: the session has no tenant, and the SQL that stores it is broken";
            return Err(Box::new(Reply::server_error(asked, note)));
        }
        // A parameter of this name goes before the path.
        let named = asked.get("uniacid");
        if named.unwrap_or(tenant).parse() != Ok(self.config.uniacid) {
            return refuse(-2, if named.is_some() { "uniacid overrides the path" } else { "no such tenant" });
        }
        if !self.config.pc_open {
            let reply = Reply::error("企业管理PC端未开启", Json::nothing(), "the plugin business-pc is closed");
            return Err(Box::new(reply));
        }
        if asked.is_wechat() {
            return refuse(0, "no type, and the User-Agent is WeChat's");
        }
        let sent = asked.cookie(SESSION);
        let session = sent.as_deref().map_or_else(|| self.state.sessions.new_id(), str::to_owned);
        if sent.is_none() {
            // Without a path: a strict cookie jar keeps it for this directory only.
            self.cookies.push(format!("{SESSION}={session}"));
        }
        if matches!(asked.client_type(), Some(9 | 14 | 15)) {
            let token = asked.get("yz_token").and_then(|token| self.state.sessions.token(token));
            return match token {
                Some(at) => self.welcome(Caller { at, session }),
                None => Err(Box::new(Reply::exception(asked, "token_invalid", "yz_token is missing or not known"))),
            };
        }
        if let Some(at) = self.state.sessions.account(&session, self.now) {
            return self.welcome(Caller { at, session });
        }
        let app_token = asked.cookie(APP_TOKEN);
        if let Some(at) = app_token.as_deref().and_then(|token| self.state.sessions.app_token(token)) {
            self.state.sessions.open(&session, at, self.now);
            self.notes.push("Yz-appToken opened a new session".to_owned());
            return self.welcome(Caller { at, session });
        }
        match (sent, app_token) {
            (None, None) => refuse(1, "no PHPSESSID and no Yz-appToken"),
            (Some(_), None) => refuse(1, "the session is not known or has run out, and Yz-appToken was not sent"),
            (_, Some(_)) => refuse(1, "neither the session nor Yz-appToken is known here"),
        }
    }

    fn welcome(&self, caller: Caller) -> Result<Caller, Box<Reply>> {
        if self.config.accounts[caller.at].blacklisted {
            return Err(Box::new(Reply::login_status(self.asked, -1, "the member is blacklisted")));
        }
        Ok(caller)
    }

    /// The enterprise a call is about: the session's choice, else the member's last one.
    fn business(&mut self, caller: &Caller) -> Option<u32> {
        let chosen = self.state.sessions.business(&caller.session);
        if chosen.is_some() {
            return chosen;
        }
        let last = self.state.last_managed[caller.at];
        if let Some(last) = last {
            self.notes.push(format!("no enterprise chosen in this session: fell back to {last}"));
        }
        last
    }

    /// The enterprise, if the caller may use the plugin there.
    fn permitted(&mut self, caller: &Caller, account: &Account) -> Result<u32, Box<Reply>> {
        let Some(business) = self.business(caller) else {
            return Err(Box::new(Reply::login_status(self.asked, 2, "no enterprise chosen, and none managed before")));
        };
        let enterprise = self.config.enterprises.iter().find(|enterprise| enterprise.business_id == business);
        let identity = account.identity(business).filter(|identity| *identity != Identity::AwaitingReview);
        let (Some(enterprise), Some(identity)) = (enterprise.filter(|e| e.enabled), identity) else {
            let note = format!("enterprise {business} is not in use, or not this member's");
            return Err(Box::new(Reply::login_status(self.asked, 2, note)));
        };
        if !enterprise.plugin {
            return Err(Box::new(Reply::forbidden(format!("enterprise {business} does not have the plugin"))));
        }
        if identity == Identity::Staff {
            return Err(Box::new(Reply::forbidden(format!("only an employee of enterprise {business}"))));
        }
        Ok(business)
    }

    fn login(&mut self) -> Reply {
        let asked = self.asked;
        let fail = |msg: &str, status: i32, note: &str| Reply::error(msg, map! { "status": status }, note);
        if asked.is_wechat() {
            return Reply::login_status(asked, 0, "no type, and the User-Agent is WeChat's");
        }
        let by_token = asked.client_type() == Some(9);
        if !by_token && asked.get("login_type") != Some("5") {
            return fail("失败", 0, "login_type is not 5, or not served by the sandbox");
        }
        let mobile = asked.get("mobile").unwrap_or_default();
        let Some(at) = self.config.accounts.iter().position(|account| account.mobile == mobile) else {
            return fail("手机号或密码错误", 7, "no account with this mobile");
        };
        let account = &self.config.accounts[at];
        if asked.get("password") != Some(account.password.trim()) {
            return fail("手机号或密码错误", 6, "the password is wrong");
        }
        if account.blacklisted {
            return Reply::login_status(asked, -1, "the member is blacklisted");
        }
        if by_token {
            if !account.store_manager {
                return fail("失败", -1, "type 9 is for store managers");
            }
            let token = self.state.sessions.new_token(at);
            return Reply::success(Json::Null, map! { "status": 1, "token": token });
        }
        // PHP goes on with the id it is given, and only names a new one where there was none.
        let sent = asked.cookie(SESSION);
        let session = sent.as_deref().map_or_else(|| self.state.sessions.new_id(), str::to_owned);
        if sent.is_none() {
            self.cookies.push(format!("{SESSION}={session}; path=/"));
        }
        self.state.sessions.open(&session, at, self.now);
        let token = self.state.sessions.new_app_token(at).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        // Without a path, from a script in /addons/yun_shop.
        self.cookies.push(format!("{APP_TOKEN}={token}; Max-Age={APP_TOKEN_LASTS}"));
        let msg = map! {
            "uid": account.uid,
            "mobile": account.mobile.as_str(),
            "nickname": account.nickname.as_str(),
            "avatar": "",
            "gender": 0,
        };
        let url = format!("http://{}/addons/yun_shop/?menu#/home?i={}", asked.host(), self.config.uniacid);
        Reply::success(msg, map! { "status": 1, "url": url })
    }

    fn business_list(&mut self, caller: &Caller, account: &Account) -> Reply {
        let name = self.asked.get("name").unwrap_or_default();
        let mut list = vec![map! {
            "id": 0,
            "logo_img": "",
            "name": account.nickname.as_str(),
            "identity": 9999,
            "identity_desc": "个人空间",
            "identity_type": 1,
        }];
        for enterprise in self.config.enterprises.iter().filter(|enterprise| enterprise.name.contains(name)) {
            if let Some(identity) = account.identity(enterprise.business_id) {
                list.push(map! {
                    "id": enterprise.business_id,
                    "logo_img": "",
                    "name": enterprise.name.as_str(),
                    "identity": identity.number(),
                    "identity_desc": identity.words(),
                    "identity_type": if identity == Identity::AwaitingReview { 3 } else { 2 },
                });
            }
        }
        let last = self.state.last_managed[caller.at].unwrap_or(0);
        Reply::success("", map! { "platform_list": list, "final_plat_id": last })
    }

    fn manage_business(&mut self, caller: &Caller, account: &Account) -> Reply {
        let choice = if self.asked.get("identity_type") == Some("1") {
            None
        } else {
            let id = self
                .asked
                .number("id")
                .filter(|id| account.identity(*id).is_some_and(|identity| identity != Identity::AwaitingReview));
            if id.is_none() {
                return Reply::error(
                    "无权管理该企业",
                    Json::nothing(),
                    "no id, or an enterprise the member does not manage",
                );
            }
            id
        };
        self.state.sessions.choose(&caller.session, choice);
        self.state.last_managed[caller.at] = choice;
        Reply::success("成功", Json::nothing())
    }

    fn common_data(&mut self, caller: &Caller, account: &Account) -> Reply {
        let business = self.business(caller);
        let enterprise = self.config.enterprises.iter().find(|e| Some(e.business_id) == business);
        let shown = enterprise.map_or_else(Json::nothing, |enterprise| {
            map! {
                "business_name": enterprise.name.as_str(),
                "business_id": enterprise.business_id,
                "uniacid": self.config.uniacid,
            }
        });
        let identity = business.and_then(|business| account.identity(business)).map_or(0, Identity::number);
        let data = map! {
            "business": shown,
            "identity": identity,
            "page_route": vec![Json::from("GroupDevelopUser")],
        };
        Reply::success("成功", data)
    }

    /// The answer of faults that leave the call out altogether.
    fn instead(&self) -> Option<Reply> {
        self.faults.iter().find_map(|fault| {
            let page = |status: u16, title: &str| Some(Reply::page(status, title, ""));
            match fault {
                Fault::BadGateway => page(502, "502 Bad Gateway"),
                Fault::Maintenance => page(503, "503 Service Unavailable"),
                Fault::MethodNotAllowed => page(405, "405 Method Not Allowed"),
                Fault::Whoops => page(200, "Whoops! There was an error."),
                Fault::HtmlLogin => page(200, "登录"),
                Fault::TooManyRequests => {
                    let sent = Sent { throttled: true, code: 1, ..Sent::html(429, "429 Too Many Requests") };
                    Some(Reply::Page(Box::new(sent.with(header::RETRY_AFTER, "1"))))
                }
                Fault::Redirect(to) => {
                    let sent = Sent { code: 1, ..Sent::html(302, "302 Found") };
                    Some(Reply::Page(Box::new(sent.with(header::LOCATION, to))))
                }
                Fault::ServerError => Some(Reply::server_error(self.asked, "")),
                Fault::ShopException => Some(Reply::exception(self.asked, "系统繁忙，请稍后再试", "")),
                Fault::LoginStatus(status) => Some(Reply::login_status(self.asked, *status, "")),
                Fault::Forbidden => Some(Reply::forbidden("")),
                Fault::StatusMinus2 => Some(Reply::error("请登录", map! { "status": -2 }, "")),
                Fault::StatusMinus5 => {
                    Some(Reply::odd(map! { "result": 1, "msg": "", "data": map! { "status": -5 } }, ""))
                }
                Fault::NoResult => {
                    let data = map! { "login_status": 1, "login_url": "/login" };
                    Some(Reply::odd(map! { "status": 0, "data": data }, ""))
                }
                _ => None,
            }
        })
    }

    fn send(mut self, mut reply: Reply) -> Sent {
        if let Reply::Json { body, .. } = &mut reply {
            bend(body, &self.faults);
        }
        let mut sent = reply.send(prefix(&self.faults));
        sent.delivery = self.faults.iter().map(delivery).find(|d| *d != Delivery::Whole).unwrap_or(Delivery::Whole);
        for cookie in self.cookies {
            sent = sent.with(header::SET_COOKIE, cookie);
        }
        if !self.faults.is_empty() {
            let names: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
            self.notes.insert(0, format!("fault: {}", names.join(", ")));
        }
        if !sent.note.is_empty() {
            self.notes.push(std::mem::take(&mut sent.note));
        }
        sent.note = self.notes.join("; ");
        sent
    }
}

fn delivery(fault: &Fault) -> Delivery {
    match fault {
        Fault::CutBody => Delivery::Cut,
        Fault::Reset => Delivery::Reset,
        Fault::ResetMidBody => Delivery::ResetMidBody,
        Fault::SlowDrip => Delivery::Drip,
        Fault::EndlessBody => Delivery::Endless,
        _ => Delivery::Whole,
    }
}
