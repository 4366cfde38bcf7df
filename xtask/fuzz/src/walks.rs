//! Whole rosters against a server that the input bends: members come and go, pages are cut, repeated, shifted and broken,
//! answers come in any order, and the walk is saved and taken up again where the input says.
//!
//! Held: no panic, an end, nobody twice, and that what was saved is what was loaded.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Completeness, Report, RetryPolicy, TransportError, TransportErrorKind};
use http::{Request, Response};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// More calls than any input could make worthwhile.
const CALLS: u32 = 30_000;
const UNIX: u64 = 1_700_000_000;

/// A member: who, and since when.
type Row = (u32, u64);

struct World {
    list: Vec<Row>,
    fresh: u32,
    data: Vec<u8>,
    at: usize,
    calls: u32,
    /// What every page holds at most.
    clamp: usize,
}

/// One page, as the input wants it.
struct Page {
    rows: Vec<Value>,
    total: u64,
    /// Where the next page would begin.
    end: usize,
}

/// An answer other than a page.
enum Broken {
    Transport(TransportErrorKind),
    Status(u16),
    /// A refusal in the vendor's words.
    Refused,
}

impl World {
    fn byte(&mut self) -> u8 {
        let byte = self.data.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn pick(&mut self) -> usize {
        let byte = usize::from(self.byte());
        byte % self.list.len().max(1)
    }

    /// What happens before this answer; after the input's end nothing does.
    fn happens(&mut self) -> Result<u8, Broken> {
        self.calls += 1;
        assert!(self.calls < CALLS, "a walk without end");
        let what = self.byte() % 24;
        match what {
            1 if !self.list.is_empty() => {
                let at = self.pick();
                self.list.remove(at);
            }
            2 => {
                let at = self.pick();
                self.list.insert(at, (self.fresh, UNIX + u64::from(self.fresh)));
                self.fresh += 1;
            }
            3 => {
                self.list.push((self.fresh, UNIX + u64::from(self.fresh)));
                self.fresh += 1;
            }
            4 if !self.list.is_empty() => {
                let (a, b) = (self.pick(), self.pick());
                self.list.swap(a, b);
            }
            5 => self.clamp = usize::from(self.byte() % 64),
            6 if !self.list.is_empty() => {
                // Somebody leaves and comes back at once, with the same name.
                let at = self.pick();
                let (id, _) = self.list.remove(at);
                let since = UNIX + u64::from(self.byte());
                self.list.push((id, since));
            }
            7 => return Err(Broken::Transport(TransportErrorKind::Request)),
            8 => return Err(Broken::Transport(TransportErrorKind::Timeout)),
            9 => return Err(Broken::Transport(TransportErrorKind::TooLarge)),
            10 => return Err(Broken::Status(502)),
            11 => return Err(Broken::Status(429)),
            12 => return Err(Broken::Refused),
            13 => self.list.reverse(),
            _ => {}
        }
        Ok(what)
    }

    /// The rows from `from` on, at most `limit`.
    fn page(&mut self, what: u8, from: usize, limit: usize, row: impl Fn(Row) -> Value) -> Page {
        let limit = if self.clamp > 0 { limit.min(self.clamp) } else { limit };
        let from = match what {
            14 => from.saturating_sub(1),
            15 => from + 1,
            16 => 0,
            _ => from,
        };
        let mut rows: Vec<Value> = self.list.iter().skip(from).take(limit).map(|member| row(*member)).collect();
        let end = from.saturating_add(rows.len());
        let at = usize::from(self.byte()).checked_rem(rows.len()).unwrap_or(0);
        match what {
            17 if !rows.is_empty() => rows.push(rows[at].clone()),
            18 if !rows.is_empty() => rows[at] = Value::Null,
            19 if !rows.is_empty() => drop(rows.remove(at)),
            20 => rows.clear(),
            21 => rows.reverse(),
            _ => {}
        }
        let total = self.list.len() as u64;
        let total = if what == 22 { total.saturating_add_signed(i64::from(self.byte()) - 128) } else { total };
        Page { rows, total, end }
    }
}

/// The server, and how the client is to behave: so many requests at once, and where it is stopped.
struct Bent {
    simulation: Arc<Simulation>,
    concurrency: usize,
    stop_after: usize,
    flags: u8,
}

fn answer(body: &Value) -> Response<Vec<u8>> {
    Response::new(body.to_string().into_bytes())
}

fn bent(
    data: &[u8],
    refusal: &'static str,
    mut serve: impl FnMut(&mut World, &Request<Vec<u8>>) -> Result<Value, Broken> + Send + 'static,
) -> Option<Bent> {
    let (&[concurrency, flags, members, stop_after], rest) = data.split_first_chunk()?;
    // Twelve times as many as a byte can say: several pages of any size.
    let members = u32::from(members) * if flags & 0x80 == 0 { 1 } else { 12 };
    let list = (0..members).map(|id| (id, UNIX - 100_000 + u64::from(id / 3))).collect();
    let world = World { list, fresh: members, data: rest.to_vec(), at: 0, calls: 0, clamp: 0 };
    let world = Mutex::new(world);
    let latency = (Duration::ZERO, Duration::from_millis(u64::from(flags & 0x1f)));
    let simulation = Simulation::new(
        u64::from(flags),
        Duration::from_secs(UNIX),
        latency,
        Box::new(move |request, _| {
            let mut world = world.lock().unwrap();
            match serve(&mut world, request) {
                Ok(body) => Ok(answer(&body)),
                Err(Broken::Transport(kind)) => Err(TransportError::new(kind)),
                Err(Broken::Status(status)) => Ok(Response::builder().status(status).body(Vec::new()).unwrap()),
                Err(Broken::Refused) => Ok(Response::new(refusal.as_bytes().to_vec())),
            }
        }),
    );
    let concurrency = usize::from(concurrency % 8) + 1;
    Some(Bent { simulation, concurrency, stop_after: stop_after.into(), flags })
}

fn retry() -> RetryPolicy {
    RetryPolicy::default().with_max_attempts(3).with_backoff(Duration::from_millis(1), Duration::from_millis(5))
}

/// The same whatever the order of what has none.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.into_iter().map(sorted).collect();
            values.sort_by_cached_key(Value::to_string);
            Value::Array(values)
        }
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, sorted(value))).collect(),
        other => other,
    }
}

/// What is saved, loaded again.
fn reload<W: Serialize + DeserializeOwned>(walk: &W) -> W {
    let saved = serde_json::to_string(walk).unwrap();
    let loaded: W = serde_json::from_str(&saved).unwrap_or_else(|error| panic!("cannot be loaded: {error}\n{saved}"));
    assert_eq!(sorted(serde_json::to_value(&loaded).unwrap()), sorted(serde_json::to_value(walk).unwrap()));
    loaded
}

/// Reads a roster to its end, stopped and taken up again after so many rows.
macro_rules! read {
    ($bent:expr, $roster:expr, $resume:expr, $id:expr) => {{
        let stop_after = $bent.stop_after;
        $bent.simulation.clone().run(async {
            let mut roster = $roster;
            let mut found = HashSet::new();
            let mut stopped = false;
            loop {
                if !stopped && found.len() == stop_after {
                    stopped = true;
                    let walk = reload(roster.walk());
                    roster = $resume(walk);
                }
                match roster.next().await {
                    Some(Ok(member)) => assert!(found.insert($id(&member)), "somebody is there twice"),
                    // What an error leaves is saved and asked for again, once.
                    Some(Err(error)) => {
                        let _ = (error.to_string(), format!("{error:?}"));
                        if stopped {
                            break;
                        }
                        stopped = true;
                        roster = $resume(reload(roster.walk()));
                    }
                    None => break,
                }
            }
            drop(reload(roster.walk()));
            judge(&roster.report(), found.len());
        });
    }};
}

fn judge(report: &Report, found: usize) {
    let _ = format!("{report:?}");
    assert_eq!(report.members, found as u64);
    assert_eq!(report.completeness == Completeness::Incomplete, !report.gaps.is_empty(), "{report:?}");
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn pairs(text: &str, name: &str) -> Option<String> {
    text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
}

pub(crate) fn tim(data: &[u8]) {
    const KINDS: [&str; 4] = ["Public", "Community", "AVChatRoom", "ChatRoom"];
    let kind = KINDS[usize::from(data.get(1).copied().unwrap_or(0) >> 5) % KINDS.len()];
    let refusal = r#"{"ActionStatus":"FAIL","ErrorInfo":"too large","ErrorCode":10018}"#;
    let bent = bent(data, refusal, move |world, request| {
        let what = world.happens()?;
        let mut body = json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0});
        let asked = json_of(request.body());
        let row = |(id, since): Row| json!({"Member_Account": format!("u{id}"), "Role": "Member", "JoinTime": since});
        if request.uri().path().ends_with("get_group_info") {
            let total = world.list.len();
            body["GroupInfo"] =
                json!([{"GroupId": "g", "Type": kind, "MemberNum": total, "ErrorCode": 0, "ErrorInfo": ""}]);
            return Ok(body);
        }
        if request.uri().path().ends_with("get_members") {
            let page = world.page(what, 0, 1000, row);
            body["MemberList"] = json!(page.rows);
            body["Next"] = json!("");
            return Ok(body);
        }
        let from = match asked["Next"].as_str() {
            Some(next) => next.trim_start_matches('c').parse().unwrap_or(0),
            None => asked["Offset"].as_u64().unwrap_or(0) as usize,
        };
        let page = world.page(what, from, asked["Limit"].as_u64().unwrap_or(10_000) as usize, row);
        body["MemberNum"] = json!(page.total);
        body["MemberList"] = json!(page.rows);
        if kind == "Community" {
            body["Next"] = if page.end < world.list.len() { json!(format!("c{}", page.end)) } else { json!("") };
            if what == 23 {
                body["Next"] = asked["Next"].clone();
            }
        }
        Ok(body)
    });
    let Some(bent) = bent else { return };
    let credentials = tim_rest::Credentials::new(1, "administrator", "key").unwrap();
    let client = tim_rest::Client::builder(credentials).runtime(bent.simulation.clone()).retry(retry());
    let client = client.concurrency(bent.concurrency).deadline(None).build().unwrap();
    read!(bent, client.roster("g"), |walk| client.resume(walk), |member: &tim_rest::get_group_member_info::Member| {
        member.member_account.clone()
    });
}

pub(crate) fn nim(data: &[u8]) {
    let bent = bent(data, r#"{"desc":"query too fast","code":416}"#, |world, request| {
        let what = world.happens()?;
        let form = String::from_utf8_lossy(request.body()).into_owned();
        let number = |name: &str| pairs(&form, name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        if request.uri().path().ends_with("chatroom/get.action") {
            let online = world.list.len();
            return Ok(json!({"chatroom": {"roomid": 1, "valid": true, "onlineusercount": online}, "code": 200}));
        }
        let guests = pairs(&form, "type").as_deref() == Some("1");
        let row = |(id, since): Row| {
            let role = if id % 2 == 0 { "COMMON" } else { "TEMPORARY" };
            json!({"roomid": 1, "accid": format!("u{id}"), "type": role, "enterTime": since * 1000 / 4})
        };
        if request.uri().path().ends_with("queryMembersByRole.action") {
            return Ok(json!({"desc": {"data": []}, "code": 200}));
        }
        // Newest first, from the given instant on.
        let end = number("endtime");
        world.list.sort_by_key(|(id, since)| (std::cmp::Reverse(*since), *id));
        let mine = |(id, _): &Row| (id % 2 == 1) == guests;
        let all = std::mem::take(&mut world.list);
        let (side, other): (Vec<Row>, Vec<Row>) = all.into_iter().partition(mine);
        world.list = side;
        let from = if end == 0 { 0 } else { world.list.partition_point(|(_, since)| since * 1000 / 4 >= end) };
        let page = world.page(what, from, number("limit") as usize, row);
        world.list.extend(other);
        Ok(json!({"desc": {"data": page.rows}, "code": 200}))
    });
    let Some(bent) = bent else { return };
    let credentials = nim_server::Credentials::new("0123456789abcdef", "secret").unwrap();
    let client = nim_server::Client::builder(credentials).runtime(bent.simulation.clone()).retry(retry());
    let client = client.concurrency(bent.concurrency).deadline(None).build().unwrap();
    let kind = if bent.flags & 0x20 == 0 { nim_server::Kind::All } else { nim_server::Kind::Temporary };
    let options = nim_server::RosterOptions::default().kind(kind).page_size(20);
    read!(bent, client.roster_with(1, options), |walk| client.resume(walk), |member: &nim_server::Member| {
        member.accid.clone()
    });
}

pub(crate) fn agora(data: &[u8]) {
    let refusal =
        r#"{"error":"reach_limit","exception":"x","timestamp":1,"duration":0,"error_description":"slow down"}"#;
    let bent = bent(data, refusal, |world, request| {
        let what = world.happens()?;
        let row = |(id, since): Row| json!({"member": format!("u{id}"), "joined_time": since * 1000});
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let number = |name: &str| pairs(query, name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
        if path.ends_with("/admin") {
            return Ok(json!({"action": "get", "data": ["u0"], "count": 1}));
        }
        if !path.ends_with("/users") {
            let page = world.page(what, 0, 5, row);
            let mut group = json!({"id": "g", "name": "", "affiliations_count": page.total});
            if what % 2 == 1 {
                group["affiliations"] = json!(page.rows);
            }
            return Ok(json!({"action": "get", "data": [group], "count": 1}));
        }
        let size = number("pagesize");
        let page = world.page(what, (number("pagenum") - 1).saturating_mul(size), size, row);
        Ok(json!({"action": "get", "data": page.rows, "count": page.rows.len(), "entities": []}))
    });
    let Some(bent) = bent else { return };
    let app = agora_chat_rest::App::id("0123456789abcdef0123456789abcdef").unwrap();
    let token = agora_chat_rest::Token::new("a-token").unwrap();
    let client = agora_chat_rest::Client::builder("https://a1.example.com".parse().unwrap(), app, token);
    let client = client.runtime(bent.simulation.clone()).retry(retry()).concurrency(bent.concurrency);
    let client = client.deadline(None).build().unwrap();
    let options = agora_chat_rest::RosterOptions::default().page_size(20);
    read!(
        bent,
        client.roster_with("g", options),
        |walk| client.resume(walk),
        |member: &agora_chat_rest::chatgroups_users::Member| member.user_id.clone()
    );
}

pub(crate) fn wkteam(data: &[u8]) {
    let bent = bent(data, r#"{"message":"失败","code":"1001","data":null}"#, |world, request| {
        let done = |data: Value| json!({"message": "成功", "code": "1000", "data": data});
        let what = world.happens()?;
        let row = |(id, _): Row| json!({"userName": format!("u{id}"), "chatRoomId": "1@chatroom", "nickName": "n"});
        let page = world.page(what, 0, usize::MAX, row);
        if request.uri().path().ends_with("getChatRoomInfo") {
            let members = if what % 2 == 1 { Value::Null } else { json!(page.rows) };
            let count = page.total;
            return Ok(done(json!([{"chatRoomId": "1@chatroom", "memberCount": count, "chatRoomMembers": members}])));
        }
        Ok(done(json!(page.rows)))
    });
    let Some(bent) = bent else { return };
    let token = wkteam_api::Token::new("token").unwrap();
    let client = wkteam_api::Client::builder("http://203.0.113.7:9899".parse().unwrap(), token);
    let client = client.w_id(wkteam_api::WId::new("w").unwrap()).runtime(bent.simulation.clone()).retry(retry());
    let client = client.deadline(None).build().unwrap();
    read!(
        bent,
        client.roster("1@chatroom"),
        |walk| client.resume(walk),
        |member: &wkteam_api::get_chat_room_member::Member| member.user_name.clone()
    );
}

pub(crate) fn yunshop(data: &[u8]) {
    let bent = bent(data, r#"{"result":0,"msg":"系统繁忙","data":[]}"#, |world, request| {
        let path = request.uri().path();
        let done = |data: Value| json!({"result": 1, "msg": "", "data": data});
        match path.rsplit('/').next().unwrap_or_default() {
            "manageBusiness" => return Ok(done(json!([]))),
            "businessList" => {
                return Ok(done(json!({"platform_list": [{"id": 1, "identity_type": 2}], "final_plat_id": 1})));
            }
            "getBusinessCommonData" => return Ok(done(json!({"business": {"business_id": 1}, "identity": 3}))),
            _ => {}
        }
        let what = world.happens()?;
        if path.ends_with("getList") {
            let list = json!({"data": [{"id": 7, "crop_id": 1}], "current_page": 1, "last_page": 1});
            return Ok(done(json!({"list": list, "summary": []})));
        }
        let asked = json_of(request.body());
        let page = asked["page"].as_u64().unwrap_or(1) as usize;
        let row = |(id, since): Row| {
            json!({"id": id + 1, "userid": format!("u{id}"), "chat_id": "wr1", "status": 1, "join_time": since,
                "member_type": 2, "crop_id": 1})
        };
        let served = world.page(what, page.saturating_sub(1).saturating_mul(10), 10, row);
        let list = json!({"data": served.rows, "total": served.total, "per_page": 10, "current_page": page});
        Ok(done(json!({"list": list})))
    });
    let Some(bent) = bent else { return };
    let site = yunshop_wecom::Site::new("http://203.0.113.7".parse().unwrap(), 2).unwrap();
    let session = yunshop_wecom::Session::of_cookie("a-session").unwrap();
    let client = yunshop_wecom::Client::builder(site, session).runtime(bent.simulation.clone()).retry(retry());
    let client = client.concurrency(bent.concurrency).deadline(None).build().unwrap();
    let Ok(enterprise) = bent.simulation.run(client.manage(1)) else { return };
    read!(
        bent,
        enterprise.roster(7),
        |walk| enterprise.resume(walk),
        |member: &yunshop_wecom::get_group_members::Member| member.userid.clone()
    );
}
