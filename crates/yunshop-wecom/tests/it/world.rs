//! A shop made of a closure, on a virtual clock: sessions, enterprises, and one group whose truth is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{TransportError, TransportErrorKind};
use http::Response;
use serde_json::{Value, json};
use yunshop_wecom::{Account, Client, ClientBuilder, Credentials, Session};

use crate::cases::site;

pub(crate) const GROUP: u64 = 7;
const UNIX: u64 = 1_700_000_000;

/// What becomes of a row when its person leaves, and when they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// The row stays and says so; it is used again.
    Kept,
    /// The row goes; who comes back gets a new one.
    Dropped,
    /// The row goes, and is brought back to its old place.
    Revived,
}

/// What the server says of the length of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Total {
    Exact,
    Off(i64),
    Missing,
    Stuck(u64),
}

/// How pages are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Ten,
    /// Of another size each time, which the page says.
    Announced,
    /// Rows are left out at the end of pages.
    Hidden,
    /// Every page is the first one.
    First,
    /// Every page is the first one, and says so.
    FirstAnnounced,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) user: u64,
    pub(crate) joined: u64,
    pub(crate) here: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) name: String,
    pub(crate) at: Duration,
    pub(crate) cookie: String,
}

pub(crate) type Answer = Result<Response<Vec<u8>>, TransportErrorKind>;

pub(crate) struct World {
    /// Newest first.
    pub(crate) list: Vec<Row>,
    pub(crate) gone: Vec<Row>,
    pub(crate) ever: BTreeSet<u64>,
    pub(crate) throughout: BTreeSet<u64>,
    pub(crate) fresh: u64,
    pub(crate) random: u64,
    /// Events after each page, in hundredths.
    pub(crate) churn: u64,
    pub(crate) leaving: Leaving,
    pub(crate) total: Total,
    pub(crate) cut: Cut,
    pub(crate) timeless: bool,
    /// One row in three has no join time, and all of them say when they were last changed.
    pub(crate) dated: bool,
    pub(crate) same_time: bool,
    pub(crate) summary: Option<i64>,
    pub(crate) grows: usize,
    /// One row in so many cannot be read.
    pub(crate) unreadable: u64,
    /// One answer in so many is lost.
    pub(crate) lost: usize,
    /// Answers to be given before the usual ones, to calls of this name.
    pub(crate) first: Vec<(&'static str, Answer)>,
    pub(crate) staff: u64,
    pub(crate) now: u64,
    // Sessions: whose enterprise is which.
    pub(crate) sessions: BTreeMap<String, Option<u64>>,
    pub(crate) logins: u64,
    pub(crate) last_managed: u64,
    pub(crate) forbidden: BTreeSet<u64>,
    /// Whether rows name their enterprise.
    pub(crate) named: bool,
    /// Which enterprise has the group.
    pub(crate) owner: u64,
    pub(crate) listed: bool,
    pub(crate) log: Vec<Arrival>,
}

pub(crate) fn answer(value: &Value) -> Response<Vec<u8>> {
    Response::new(value.to_string().into_bytes())
}

pub(crate) fn status(code: u16) -> Response<Vec<u8>> {
    Response::builder().status(code).body(b"<html>PLANTED</html>".to_vec()).unwrap()
}

pub(crate) fn refusal(message: &str, data: Value) -> Response<Vec<u8>> {
    answer(&json!({"result": 0, "msg": message, "data": data}))
}

pub(crate) fn not_logged_in() -> Response<Vec<u8>> {
    refusal("请登录", json!({"login_status": 1}))
}

impl World {
    pub(crate) fn new(members: u64, seed: u64) -> Self {
        let row = |id| Row { id, user: id, joined: 1_600_000_000 + id, here: true };
        Self {
            list: (1..=members).rev().map(row).collect(),
            gone: Vec::new(),
            ever: (1..=members).collect(),
            throughout: (1..=members).collect(),
            fresh: members + 1,
            random: seed | 1,
            churn: 0,
            leaving: Leaving::Kept,
            total: Total::Exact,
            cut: Cut::Ten,
            timeless: false,
            dated: false,
            same_time: false,
            summary: Some(0),
            grows: 0,
            unreadable: 0,
            lost: 0,
            first: Vec::new(),
            staff: 0,
            now: UNIX,
            sessions: BTreeMap::new(),
            logins: 0,
            last_managed: 2,
            forbidden: BTreeSet::new(),
            named: true,
            owner: 1,
            listed: true,
            log: Vec::new(),
        }
    }

    pub(crate) fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    /// Somebody leaves.
    pub(crate) fn leave(&mut self, at: usize) {
        if !self.list[at].here {
            return;
        }
        self.throughout.remove(&self.list[at].user);
        self.list[at].here = false;
        if self.leaving != Leaving::Kept {
            let row = self.list.remove(at);
            self.gone.push(row);
        }
    }

    pub(crate) fn join(&mut self) {
        let (id, joined) = (self.fresh, self.now);
        self.list.insert(0, Row { id, user: id, joined, here: true });
        self.ever.insert(id);
        self.fresh += 1;
    }

    fn come_back(&mut self) {
        let (fresh, joined) = (self.fresh, self.now);
        if self.leaving == Leaving::Kept {
            if let Some(row) = self.list.iter_mut().find(|row| !row.here) {
                (row.here, row.joined) = (true, joined);
                self.ever.insert(row.user);
            }
            return;
        }
        if self.gone.is_empty() {
            return;
        }
        let at = self.draw(self.gone.len());
        let mut row = self.gone.remove(at);
        (row.here, row.joined) = (true, joined);
        self.ever.insert(row.user);
        if self.leaving == Leaving::Dropped {
            row.id = fresh;
            self.fresh += 1;
        }
        let place = self.list.iter().position(|other| other.id < row.id).unwrap_or(self.list.len());
        self.list.insert(place, row);
    }

    fn change(&mut self) {
        for _ in 0..self.grows {
            self.join();
        }
        let mut events = self.churn;
        while (self.draw(100) as u64) < events {
            events = events.saturating_sub(100);
            match self.draw(10) {
                0..5 if !self.list.is_empty() => {
                    let at = self.draw(self.list.len());
                    self.leave(at);
                }
                5..7 => self.come_back(),
                _ => self.join(),
            }
        }
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.log.iter().filter(|arrival| arrival.name == name).count()
    }

    fn members(&mut self, page: u64, enterprise: u64) -> Value {
        let size = match self.cut {
            Cut::Announced => 3 + self.draw(12) as u64,
            _ => 10,
        };
        let start = if matches!(self.cut, Cut::First | Cut::FirstAnnounced) { 0 } else { (page - 1) * size };
        let mut most = size as usize;
        if self.cut == Cut::Hidden {
            most -= self.draw(4);
        }
        let list = if enterprise == self.owner { self.list.clone() } else { Vec::new() };
        let rows = list.iter().skip(start as usize).take(most).map(|row| {
            let joined = if self.same_time { 1_600_000_000 } else { row.joined };
            let mut value = json!({
                "id": row.id, "chat_id": "wr1", "userid": format!("u{}", row.user), "status": u8::from(row.here),
                "join_time": joined, "withdraw_time": 0, "we_nickname": "张三", "member_type": 2,
            });
            if self.timeless || (self.dated && row.id % 3 == 0) {
                value["join_time"] = json!(0);
            }
            if self.dated {
                value["updated_at"] = json!(joined);
            }
            if self.named {
                value["crop_id"] = json!(enterprise);
            }
            if self.unreadable > 0 && row.id % self.unreadable == 0 {
                value["userid"] = Value::Null;
            }
            value
        });
        let mut paginator = json!({"data": rows.collect::<Vec<_>>(), "per_page": size, "current_page": page});
        if self.cut == Cut::FirstAnnounced {
            paginator["current_page"] = json!(1);
        }
        let exact = list.len() as u64;
        match self.total {
            Total::Exact => paginator["total"] = json!(exact),
            Total::Off(off) => paginator["total"] = json!(exact.saturating_add_signed(off)),
            Total::Stuck(total) => paginator["total"] = json!(total),
            Total::Missing => {}
        }
        let mut data = json!({"list": paginator});
        if let Some(off) = self.summary {
            let here = list.iter().filter(|row| row.here).count() as u64;
            data["summary"] = json!({
                "in_group_customer_count": here.saturating_add_signed(off), "in_group_employee_count": self.staff,
                "in_group_count": here + self.staff,
            });
        }
        json!({"result": 1, "msg": "", "data": data})
    }

    fn respond(&mut self, name: &str, cookie: &str, body: &Value, query: &str) -> Response<Vec<u8>> {
        if name == "member.login.index" {
            if body["password"] != "PLANTED-password" {
                return refusal("手机号或密码错误 PLANTED-wrong", json!({"status": 6}));
            }
            self.logins += 1;
            let session = format!("PLANTED-session-{}", self.logins);
            self.sessions.insert(session.clone(), None);
            return Response::builder()
                .header("set-cookie", "PHPSESSID=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/addons/yun_shop")
                .header("set-cookie", format!("PHPSESSID={session}; path=/; HttpOnly"))
                .header("set-cookie", "Yz-appToken=PLANTED-app; Max-Age=2160000")
                .header("set-cookie", "other=1")
                .body(br#"{"result":1,"msg":{"mobile":"PLANTED-mobile"},"data":{"status":1}}"#.to_vec())
                .unwrap();
        }
        let session =
            cookie.split("; ").find_map(|pair| pair.strip_prefix("PHPSESSID=")).unwrap_or_default().to_owned();
        let Some(&chosen) = self.sessions.get(&session) else { return not_logged_in() };
        // The silent fallback.
        let enterprise = chosen.unwrap_or(self.last_managed);
        match name {
            "businessList" => answer(&json!({"result": 1, "data": {
                "platform_list": [{"id": 1, "identity_type": 2}, {"id": 2, "identity_type": 2}], "final_plat_id": enterprise}})),
            "manageBusiness" => {
                let id: u64 = query.rsplit_once("id=").unwrap().1.parse().unwrap();
                if self.forbidden.contains(&id) {
                    return refusal("无权管理该企业", json!([]));
                }
                self.sessions.insert(session, Some(id));
                self.last_managed = id;
                answer(&json!({"result": 1, "msg": "成功", "data": []}))
            }
            "getBusinessCommonData" => {
                answer(&json!({"result": 1, "data": {"business": {"business_id": enterprise}, "identity": 3}}))
            }
            "getList" => {
                let rows = if self.listed && enterprise == self.owner {
                    json!([{"id": GROUP, "crop_id": enterprise}])
                } else {
                    json!([])
                };
                answer(
                    &json!({"result": 1, "data": {"list": {"data": rows, "current_page": 1, "last_page": 1}, "summary": []}}),
                )
            }
            "getGroupEmployees" => {
                let rows = (0..self.staff).map(|n| {
                    json!({"id": 100_000 - n, "userid": format!("s{n}"), "status": 1,
                    "join_time": 1_600_000_000, "crop_id": enterprise, "member_type": 1})
                });
                let rows: Vec<Value> = rows.collect();
                let summary =
                    json!({"in_group_customer_count": self.list.len(), "in_group_employee_count": self.staff});
                let list = json!({"data": rows, "total": self.staff, "per_page": 10, "current_page": 1});
                answer(&json!({"result": 1, "data": {"list": list, "summary": summary}}))
            }
            "getGroupMembers" => {
                assert_eq!(body["group_id"], GROUP);
                answer(&self.members(body["page"].as_u64().unwrap(), enterprise))
            }
            other => panic!("no such call: {other}"),
        }
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

/// The world as a runtime.
pub(crate) fn simulate(world: World, seed: u64) -> (Shared, Arc<Simulation>) {
    let latency = (Duration::from_millis(5), Duration::from_millis(60));
    simulate_with(world, seed, latency)
}

pub(crate) fn simulate_with(world: World, seed: u64, latency: (Duration, Duration)) -> (Shared, Arc<Simulation>) {
    let world = Arc::new(Mutex::new(world));
    let server = world.clone();
    let simulation = Simulation::new(
        seed,
        Duration::from_secs(UNIX),
        latency,
        Box::new(move |request, now| {
            let mut world = lock(&server);
            let query = request.uri().query().unwrap();
            assert!(query.starts_with("i=2&type=5") && !query.contains("uniacid"), "{query}");
            assert_eq!(request.headers()["x-requested-with"], "XMLHttpRequest");
            let name = match query.split_once("route=") {
                Some((_, route)) => route.to_owned(),
                None => request.uri().path().rsplit('/').next().unwrap().to_owned(),
            };
            let cookie = request.headers().get("cookie").map_or("", |value| value.to_str().unwrap()).to_owned();
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            world.now = UNIX + now.elapsed.as_secs();
            world.log.push(Arrival { name: name.clone(), at: now.elapsed, cookie: cookie.clone() });
            if let Some(at) = world.first.iter().position(|(wanted, _)| *wanted == name) {
                let (_, answer) = world.first.remove(at);
                return answer.map_err(|kind| TransportError::new(kind).with_source("the line is dead"));
            }
            let answer = world.respond(&name, &cookie, &body, query);
            if name == "getGroupMembers" {
                world.change();
                if world.lost > 0 {
                    let lost = world.lost;
                    if world.draw(lost) == 0 {
                        return Err(TransportError::new(TransportErrorKind::Body));
                    }
                }
            }
            Ok(answer)
        }),
    );
    (world, simulation)
}

pub(crate) fn account() -> Credentials {
    Account::new("PLANTED-mobile", "PLANTED-password").unwrap().into()
}

pub(crate) fn session(id: &str) -> Credentials {
    Session::of_cookie(id).unwrap().into()
}

pub(crate) fn builder(simulation: &Arc<Simulation>, credentials: Credentials) -> ClientBuilder {
    Client::builder(site("http://203.0.113.7"), credentials).runtime(simulation.clone())
}
