//! A vendor made of a closure, on a virtual clock: accounts, instances, and one group whose truth is known.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Body, Now, Runtime, TransportError, TransportErrorKind};
use http::Response;
use serde_json::{Value, json};
use wkteam_api::{Account, Client, ClientBuilder, Credentials, Error, Token, WId, get_chat_room_member};

pub(crate) const GROUP: &str = "1@chatroom";
pub(crate) const WC_ID: &str = "wxid_me";

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) at: Duration,
}

/// What the group says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Info {
    Whole,
    /// A count, and nobody's name.
    Counts,
    /// Names, and no count.
    Names,
    /// Neither.
    Silent,
    /// Names and counts those of `remembered`, whatever became of the group since.
    Frozen,
    Refused,
    Null,
}

/// An answer, or none.
pub(crate) type Given = Result<Response<Vec<u8>>, TransportErrorKind>;

pub(crate) struct World {
    pub(crate) list: Vec<u32>,
    pub(crate) ever: BTreeSet<u32>,
    pub(crate) throughout: BTreeSet<u32>,
    fresh: u32,
    random: u64,
    /// Somebody comes or goes after so many of 100 calls; more than once where it is over 100.
    pub(crate) churn: u64,
    pub(crate) info: Info,
    pub(crate) remembered: Vec<u32>,
    /// Rows the list has at most.
    pub(crate) most: usize,
    /// Whether the first row comes twice.
    pub(crate) twice: bool,
    /// Whether the rows come in another order each time.
    pub(crate) shuffle: bool,
    /// Answers to be given before the usual ones, to requests of this path.
    pub(crate) first: Vec<(&'static str, Given)>,
    /// One answer in so many is lost.
    pub(crate) lost: usize,
    /// The instance and the token that are good now.
    pub(crate) w_id: u32,
    pub(crate) online: bool,
    /// Whether every look gives another instance, which is dead by the time it is used.
    pub(crate) flapping: bool,
    /// Whether every instance is a good one.
    pub(crate) any_instance: bool,
    pub(crate) token: u32,
    pub(crate) login_status: u32,
    /// Whose profile is refused.
    pub(crate) private: BTreeSet<u32>,
    pub(crate) log: Vec<Arrival>,
}

pub(crate) fn answer(value: &Value) -> Response<Vec<u8>> {
    Response::new(value.to_string().into_bytes())
}

pub(crate) fn status(code: u16) -> Response<Vec<u8>> {
    Response::builder().status(code).body(b"<html>PLANTED</html>".to_vec()).unwrap()
}

pub(crate) fn refusal(message: &str) -> Response<Vec<u8>> {
    answer(&json!({"message": message, "code": "1001", "data": null}))
}

impl World {
    pub(crate) fn new(members: u32, seed: u64) -> Self {
        Self {
            list: (0..members).collect(),
            ever: (0..members).collect(),
            throughout: (0..members).collect(),
            fresh: members,
            random: seed | 1,
            churn: 0,
            info: Info::Whole,
            remembered: Vec::new(),
            most: usize::MAX,
            twice: false,
            shuffle: false,
            first: Vec::new(),
            lost: 0,
            w_id: 1,
            online: true,
            flapping: false,
            any_instance: false,
            token: 1,
            login_status: 0,
            private: BTreeSet::new(),
            log: Vec::new(),
        }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    fn change(&mut self) {
        let mut events = self.churn;
        while (self.draw(100) as u64) < events {
            events = events.saturating_sub(100);
            if self.draw(2) == 0 && self.list.len() > 1 {
                let at = self.draw(self.list.len());
                let gone = self.list.remove(at);
                self.throughout.remove(&gone);
            } else {
                let at = self.draw(self.list.len() + 1);
                self.list.insert(at, self.fresh);
                self.ever.insert(self.fresh);
                self.fresh += 1;
            }
        }
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        self.log.iter().filter(|arrival| arrival.path == path).count()
    }

    fn respond(&mut self, request: &http::Request<Vec<u8>>) -> Response<Vec<u8>> {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let done = |data: Value| answer(&json!({"message": "成功", "code": "1000", "data": data}));
        if path == "member/login" {
            assert!(request.headers().get("authorization").is_none());
            return match body["password"].as_str() {
                // Not called a token: a refusal that names the token is answered by a login.
                Some("PLANTED-password") => done(
                    json!({"status": self.login_status, "Authorization": format!("PLANTED-bearer-{}", self.token), "callbackUrl": null}),
                ),
                _ => refusal("用户名或密码错误"),
            };
        }
        if request.headers()["authorization"] != format!("PLANTED-bearer-{}", self.token) {
            return status(401);
        }
        if path == "queryLoginWx" {
            let other = json!({"wcId": "wxid_other", "wId": "PLANTED-w-id-999"});
            let me = json!({"wcId": WC_ID, "wId": format!("PLANTED-w-id-{}", self.w_id)});
            let answered = done(if self.online { json!([other, me]) } else { json!([other]) });
            self.w_id += u32::from(self.flapping);
            return answered;
        }
        if !self.any_instance && (!self.online || body["wId"] != format!("PLANTED-w-id-{}", self.w_id)) {
            let w_id = body["wId"].as_str().unwrap();
            return refusal(&format!("实例 {w_id} 不存在, PLANTED-account, PLANTED-password"));
        }
        match path.as_str() {
            "getChatRoomInfo" => {
                let named = if self.info == Info::Frozen { &self.remembered } else { &self.list };
                let names: Vec<Value> =
                    named.iter().map(|id| json!({"userName": format!("u{id}"), "nickName": "n"})).collect();
                let (count, names) = match self.info {
                    Info::Whole | Info::Frozen => (named.len(), json!(names)),
                    Info::Counts => (self.list.len(), Value::Null),
                    Info::Names => (0, json!(names)),
                    Info::Silent => (0, Value::Null),
                    Info::Refused => return refusal("失败"),
                    Info::Null => return done(Value::Null),
                };
                let owner = format!("u{}", self.list[0]);
                done(
                    json!([{"chatRoomId": body["chatRoomId"], "chatRoomOwner": owner, "memberCount": count, "chatRoomMembers": names}]),
                )
            }
            "getChatRoomMember" => {
                if self.shuffle {
                    for last in (1..self.list.len()).rev() {
                        let other = self.draw(last + 1);
                        self.list.swap(last, other);
                    }
                }
                let rows = self.list.iter().take(self.most).chain(self.list.first().filter(|_| self.twice));
                let rows = rows.map(|id| {
                    json!({"userName": format!("u{id}"), "chatRoomId": body["chatRoomId"], "nickName": "n", "memberCount": 0})
                });
                done(rows.collect())
            }
            "getChatRoomMemberInfo" => {
                let id: u32 = body["userList"].as_str().unwrap().trim_start_matches('u').parse().unwrap_or(u32::MAX);
                if self.private.contains(&id) {
                    return refusal("由于对方的隐私设置");
                }
                done(json!([{"userName": body["userList"], "aliasName": format!("alias{id}")}]))
            }
            "getContact" => {
                let ids = body["wcId"].as_str().unwrap().split(',');
                done(ids.filter(|id| *id != "gone").map(|id| json!({"userName": id})).collect())
            }
            "isOnline" => done(json!({"isOnline": true})),
            "initAddressList" => done(Value::Null),
            "getAddressList" => done(json!({"chatrooms": [GROUP]})),
            other => panic!("no such endpoint: {other}"),
        }
    }
}

/// The cause of the transport errors in [`World::first`].
pub(crate) const CAUSE: &str = "a cable was cut";

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

/// The world as a runtime.
pub(crate) fn simulate(world: World, seed: u64) -> (Shared, Arc<Simulation>) {
    let world = Arc::new(Mutex::new(world));
    let server = world.clone();
    let latency = (Duration::from_millis(5), Duration::from_millis(60));
    let simulation = Simulation::new(
        seed,
        Duration::from_secs(1_700_000_000),
        latency,
        Box::new(move |request, now| {
            let mut world = lock(&server);
            let path = request.uri().path().trim_start_matches('/').to_owned();
            let body = serde_json::from_slice(request.body()).unwrap();
            world.log.push(Arrival { path: path.clone(), body, at: now.elapsed });
            if let Some(at) = world.first.iter().position(|(wanted, _)| *wanted == path) {
                let (_, answer) = world.first.remove(at);
                return answer.map_err(|kind| TransportError::new(kind).with_source(CAUSE));
            }
            let answer = world.respond(request);
            world.change();
            if world.lost > 0 {
                let lost = world.lost;
                if world.draw(lost) == 0 {
                    return Err(TransportError::new(TransportErrorKind::Body));
                }
            }
            Ok(answer)
        }),
    );
    (world, simulation)
}

pub(crate) fn account() -> Credentials {
    Account::new("PLANTED-account", "PLANTED-password").unwrap().into()
}

pub(crate) fn token(number: u32) -> Credentials {
    Token::new(format!("PLANTED-bearer-{number}")).unwrap().into()
}

pub(crate) fn w_id(number: u32) -> WId {
    WId::new(format!("PLANTED-w-id-{number}")).unwrap()
}

pub(crate) fn builder(simulation: &Arc<Simulation>, credentials: Credentials) -> ClientBuilder {
    Client::builder("http://203.0.113.7:9899".parse().unwrap(), credentials).runtime(simulation.clone())
}

/// A world in which every answer takes so long.
#[derive(Debug)]
pub(crate) struct Slow(pub(crate) Arc<Simulation>, pub(crate) Duration);

impl Runtime for Slow {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        async move {
            self.0.sleep(self.1).await;
            self.0.send(request).await
        }
        .boxed()
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.sleep(duration)
    }
    fn now(&self) -> Now {
        self.0.now()
    }
    fn nonce(&self) -> u64 {
        self.0.nonce()
    }
}

pub(crate) fn members() -> get_chat_room_member::Request {
    get_chat_room_member::Request::new(GROUP)
}

/// Nothing that was planted comes out.
pub(crate) fn clean(error: &Error) {
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("PLANTED"), "{text}");
}
