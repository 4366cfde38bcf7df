//! wkteam's API for one group, written from its documents.

use std::time::Duration;

use http::{Request, Response};
use serde_json::{Value, json};

use crate::vendor::{self, Limit, World};

use super::{ACCOUNT, Dead, Envelope, GROUP, Info, PASSWORD, WC_ID, Wkteam, token, w_id};

/// The server.
#[derive(Debug)]
pub struct Server {
    wkteam: Wkteam,
    /// Tokens up to the one before this are dead.
    token: u32,
    /// The account's login instance; those before it are dead.
    w_id: u32,
    /// Whom the description names where it is an old one.
    frozen: Option<Vec<u32>>,
    /// The last list.
    last: Option<Value>,
}

impl Server {
    pub(super) fn new(wkteam: Wkteam) -> Self {
        Self { wkteam, token: 1, w_id: 1, frozen: None, last: None }
    }

    /// What changes with time, before a call is looked at.
    fn move_on(&mut self, world: &mut World) {
        let rules = &self.wkteam.rules;
        if rules.revoked.contains(&world.calls) {
            self.token += 1;
            world.seen.insert("wkteam: a token died in mid-walk");
        }
        let back = rules.offline.is_some_and(|(_, until)| until == world.calls);
        if rules.relogin.contains(&world.calls) || back {
            self.w_id += 1;
            world.seen.insert("wkteam: a wId changed in mid-walk");
        }
    }

    fn is_online(&self, world: &World) -> bool {
        self.wkteam.rules.offline.is_none_or(|(from, until)| !(from..until).contains(&world.calls))
    }

    fn code(&self, code: u32) -> Value {
        match self.wkteam.rules.code {
            0 => json!(code.to_string()),
            1 => json!(format!(" {code} ")),
            _ => json!(code),
        }
    }

    fn envelope(&self, code: u32, message: &str, data: Value) -> Value {
        let name = if self.wkteam.rules.msg { "msg" } else { "message" };
        json!({name: message, "code": self.code(code), "data": data})
    }

    fn refuse(&self, message: &str) -> Response<Vec<u8>> {
        say(&self.envelope(1001, message, Value::Null))
    }

    fn dead_token(&self) -> Response<Vec<u8>> {
        match self.wkteam.rules.dead {
            Dead::Status(code) => status(code),
            Dead::Code(code) => say(&self.envelope(code.into(), "Unauthorized", Value::Null)),
            Dead::Framework(code) => {
                say(&json!({"timestamp": 1, "status": code, "error": "Unauthorized", "path": "/x"}))
            }
            Dead::Words => self.refuse("Authorization无效，请重新登录"),
            Dead::Mute => self.refuse("失败"),
        }
    }

    fn done(&self, data: Value) -> Response<Vec<u8>> {
        let inner = |data| self.envelope(1000, "成功", data);
        say(&match self.wkteam.rules.envelope {
            Envelope::Flat => inner(data),
            Envelope::InList => inner(json!([inner(data)])),
            Envelope::InObject => inner(inner(data)),
        })
    }

    fn login(&self, body: &Value) -> Response<Vec<u8>> {
        if body["account"] != ACCOUNT || body["password"] != PASSWORD {
            return self.refuse("用户名或密码错误");
        }
        // Flat in every source.
        say(&self.envelope(1000, "成功", json!({"callbackUrl": null, "status": 0, "Authorization": token(self.token)})))
    }

    fn info(&mut self, world: &World) -> Response<Vec<u8>> {
        let now: Vec<u32> = world.group.list().iter().map(|person| person.id).collect();
        let (count, named) = match self.wkteam.rules.info {
            Info::Whole => (now.len() as i64, Some(now)),
            Info::Names => (0, Some(now)),
            Info::Counts => (now.len() as i64, None),
            Info::Silent => (0, None),
            Info::Off(by) => ((now.len() as i64 + by).max(0), Some(now)),
            Info::Frozen => {
                let frozen = self.frozen.get_or_insert(now).clone();
                (frozen.len() as i64, Some(frozen))
            }
            Info::Old(by) => {
                let mut old = now;
                old.sort_unstable();
                // The account itself is always named.
                old.truncate(old.len().saturating_sub(by).max(1));
                (old.len() as i64, Some(old))
            }
            Info::Refused => return self.refuse("系统失败,请重试"),
            Info::Null => return self.done(Value::Null),
        };
        let names = named.map(|named| {
            let one = |id: u32| json!({"userName": format!("u{id}"), "nikeName": "n", "inviterUserName": ""});
            named.into_iter().map(one).collect::<Vec<_>>()
        });
        self.done(json!([{
            "chatRoomId": GROUP, "userName": null, "nickName": "g", "chatRoomOwner": "u0", "v1": "v3@stranger",
            "memberCount": count, "chatRoomMembers": names, "notify": 1, "isManage": null,
        }]))
    }

    fn list(&mut self, world: &mut World) -> Response<Vec<u8>> {
        let rules = self.wkteam.rules.clone();
        if rules.shuffled {
            world.group.shuffle(&mut world.random);
        }
        if let Some(last) = self.last.clone().filter(|_| world.random.one_in(rules.cached)) {
            world.seen.insert("wkteam: an old list came again");
            return self.done(last);
        }
        let mut most = rules.most;
        if world.random.one_in(rules.halved) {
            most = most.min(world.group.len().div_ceil(2));
        }
        let mut rows = Vec::new();
        for person in world.group.list().iter().take(most) {
            if world.random.one_in(rules.unreadable) {
                rows.push(json!({"userName": null, "nickName": "n"}));
                continue;
            }
            let row = json!({
                "chatRoomId": GROUP, "userName": format!("u{}", person.id), "nickName": "n", "memberCount": 0,
                "displayName": if person.id % 2 == 0 { Value::Null } else { json!("") },
                "isManage": person.id == 0, "chatRoomMembers": null,
            });
            rows.push(row.clone());
            if rules.twice && world.random.one_in(5) {
                rows.push(row);
            }
        }
        let list = Value::Array(rows);
        // A list without a row that can be read is an error, and no copy to keep.
        if list.as_array().is_some_and(|rows| rows.iter().any(|row| !row["userName"].is_null())) {
            self.last = Some(list.clone());
        }
        self.done(list)
    }

    fn profile(&self, body: &Value, world: &World) -> Response<Vec<u8>> {
        let id: Option<u32> = body["userList"].as_str().and_then(|id| id.strip_prefix('u')?.parse().ok());
        let Some(id) = id.filter(|id| world.group.place_of(*id).is_some()) else {
            return self.refuse("群成员不存在");
        };
        if self.wkteam.rules.private > 0 && u64::from(id) % self.wkteam.rules.private == 0 {
            return self.refuse("由于对方的隐私设置");
        }
        self.done(json!([{"userName": format!("u{id}"), "nickName": "n", "sex": 1, "bigHead": "", "v2": null}]))
    }

    /// What goes wrong now and then, whatever is asked.
    fn trouble(&self, world: &mut World) -> Option<Response<Vec<u8>>> {
        let rules = &self.wkteam.rules;
        if world.random.one_in(rules.throttled) {
            return Some(self.too_many());
        }
        if world.random.one_in(rules.gateway) {
            return Some(status(world.random.pick(&[500, 502, 503, 504])));
        }
        if world.random.one_in(rules.refused) {
            return Some(self.refuse("系统失败,请重试"));
        }
        world.random.one_in(rules.null).then(|| self.done(Value::Null))
    }

    fn too_many(&self) -> Response<Vec<u8>> {
        let mut response = status(429);
        if let Some(wish) = self.wkteam.rules.wish.and_then(|wish| wish.parse().ok()) {
            response.headers_mut().insert(http::header::RETRY_AFTER, wish);
        }
        response
    }
}

fn say(body: &Value) -> Response<Vec<u8>> {
    Response::new(body.to_string().into_bytes())
}

fn status(code: u16) -> Response<Vec<u8>> {
    let mut response = Response::new(b"<html>".to_vec());
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response
}

impl vendor::Server for Server {
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit> {
        // The documents name no limit: a second, one after the other, is what the client promises, and ten after a 429.
        let bucket = match request.uri().path() {
            "/member/login" | "/queryLoginWx" => "platform",
            _ => "account",
        };
        Some(Limit { bucket, calls: 1, per: Duration::from_secs(1), penalty: Duration::from_secs(10) })
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.move_on(world);
        self.too_many()
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.move_on(world);
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let path = request.uri().path();
        if request.method() != http::Method::POST || !body.is_object() {
            return status(400);
        }
        if let Some(trouble) = self.trouble(world) {
            return trouble;
        }
        if path == "/member/login" {
            return self.login(&body);
        }
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if authorization != Some(token(self.token).as_str()) {
            return self.dead_token();
        }
        let answer = if path == "/queryLoginWx" {
            let other = json!({"wcId": "wxid_other", "wId": "PLANTED-w-id-999"});
            let me = json!({"wcId": WC_ID, "wId": w_id(self.w_id)});
            self.done(if self.is_online(world) { json!([other, me]) } else { json!([other]) })
        } else if !self.is_online(world) || body["wId"] != w_id(self.w_id) {
            return self.refuse("微信实例不存在或已失效");
        } else if body["chatRoomId"] != GROUP {
            return self.refuse("群不存在");
        } else {
            match path {
                "/getChatRoomInfo" => self.info(world),
                "/getChatRoomMember" => self.list(world),
                "/getChatRoomMemberInfo" => self.profile(&body, world),
                _ => status(404),
            }
        };
        if world.random.one_in(self.wkteam.rules.cut) {
            let mut answer = answer;
            let keep = world.random.place(answer.body().len());
            answer.body_mut().truncate(keep);
            return answer;
        }
        answer
    }
}
