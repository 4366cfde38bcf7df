//! Who is calling, in which session, about which enterprise: what is looked at before any call.

use super::{
    answers::Reply,
    config::{Account, Identity},
    faults::Fault,
    json::Json,
    routes::Turn,
    sessions::AccountAt,
};

/// PHP's session cookie.
pub(super) const SESSION: &str = "PHPSESSID";
/// The cookie that revives a session.
pub(super) const APP_TOKEN: &str = "Yz-appToken";

/// Who is calling, and in which session.
pub(super) struct Caller {
    pub(super) at: AccountAt,
    pub(super) session: String,
}

impl Turn<'_> {
    /// What befalls a session.
    pub(super) fn happen(&mut self, fault: &Fault) {
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
                self.state.sessions.choose(&id, chosen, self.now);
            }
        }
    }

    /// Who is calling, if they have logged in.
    pub(super) fn caller(&mut self, tenant: &str) -> Result<Caller, Box<Reply>> {
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
            // Whoever has logged in there, the session is in use.
            self.state.sessions.account(&session, self.now);
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
    pub(super) fn business(&mut self, caller: &Caller) -> Option<u32> {
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
    pub(super) fn permitted(&mut self, caller: &Caller, account: &Account) -> Result<u32, Box<Reply>> {
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
}
