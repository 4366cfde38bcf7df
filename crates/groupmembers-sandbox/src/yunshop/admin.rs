//! The calls that are about no group: logging in, and choosing an enterprise.

use super::{
    answers::Reply,
    config::{Account, Identity},
    gate::{APP_TOKEN, Caller, SESSION},
    json::{Json, map},
    routes::Turn,
};

const APP_TOKEN_LASTS: u32 = 2_160_000;

impl Turn<'_> {
    pub(super) fn login(&mut self) -> Reply {
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

    pub(super) fn business_list(&mut self, caller: &Caller, account: &Account) -> Reply {
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

    pub(super) fn manage_business(&mut self, caller: &Caller, account: &Account) -> Reply {
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
        self.state.sessions.choose(&caller.session, choice, self.now);
        self.state.last_managed[caller.at] = choice;
        Reply::success("成功", Json::nothing())
    }

    pub(super) fn common_data(&mut self, caller: &Caller, account: &Account) -> Reply {
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
}
