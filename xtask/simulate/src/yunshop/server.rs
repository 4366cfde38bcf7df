//! The shop: sessions, enterprises, and one group as a table of rows.

use std::collections::HashMap;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{
    APP_TOKEN, Cut, GROUP, Joined, Leaving, Login, MOBILE, OTHER, OURS, Order, PASSWORD, SESSION, Total, UNIACID,
    Yunshop,
};
use crate::group::Person;
use crate::random::Random;
use crate::vendor::{self, Limit, World};

/// People who left long ago have numbers from here on.
const FORMER: u32 = 10_000_000;

/// The shop.
#[derive(Debug)]
pub struct Server {
    yunshop: Yunshop,
    /// By the number of the row, from 1.
    rows: Vec<Option<Row>>,
    /// Each person's row, the latest, by the person; 0: none.
    row_of: Vec<u64>,
    /// Rows that went.
    gone: HashMap<u32, u64>,
    began: bool,
    /// The group when it was last looked at.
    known: Vec<Person>,
    /// How many rows each list had in the beginning.
    at_first: [usize; 2],
    /// Where rows stand that moved: by number, the number they stand for.
    moved: HashMap<u64, u64>,
    pages: u64,
    sessions: HashMap<String, Session>,
    logins: u64,
    /// Calls that nobody was logged in for.
    refused: u64,
    /// What the member managed last, in this browser or another.
    last_managed: u64,
}

#[derive(Debug, Clone)]
struct Row {
    person: u32,
    joined: u64,
    changed: u64,
    role: u8,
    left: Option<u64>,
}

/// A session that somebody is logged in to.
#[derive(Debug, Clone, Default)]
struct Session {
    chosen: Option<u64>,
    calls: u64,
    since_choice: u64,
}

fn answer(value: &Value) -> Response<Vec<u8>> {
    as_json(value.to_string())
}

fn as_json(body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

fn refuse(message: &str, data: Value) -> Response<Vec<u8>> {
    answer(&json!({"result": 0, "msg": message, "data": data}))
}

fn login_first() -> Response<Vec<u8>> {
    refuse(
        "请登录",
        json!({"extra": "", "i": "2", "login_status": 1, "login_url": "https://h/#/login", "mid": null, "scope": "", "type": 5}),
    )
}

/// A moment as the shop writes it, in Beijing time.
fn date(unix: u64) -> String {
    let unix = unix + 8 * 3_600;
    let (days, seconds) = (unix / 86_400, unix % 86_400);
    // Days since 0000-03-01, in eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let (day, year) = (day - (153 * shifted + 2) / 5 + 1, year + era * 400 + u64::from(month <= 2));
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Every integer in quotes, as some hosts have it.
fn quote(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Array(values) => values.iter_mut().for_each(quote),
        Value::Object(fields) => fields.values_mut().for_each(quote),
        _ => {}
    }
}

impl Server {
    pub(super) fn new(yunshop: Yunshop) -> Self {
        let mut sessions = HashMap::new();
        if yunshop.login != Login::Account {
            sessions.insert(SESSION.to_owned(), Session::default());
        }
        Self {
            yunshop,
            rows: vec![None],
            row_of: Vec::new(),
            gone: HashMap::new(),
            began: false,
            known: Vec::new(),
            at_first: [0; 2],
            moved: HashMap::new(),
            pages: 0,
            sessions,
            logins: 0,
            refused: 0,
            last_managed: OTHER,
        }
    }

    fn is_staff(&self, person: u32) -> bool {
        self.yunshop.staff && person % 5 == 2
    }

    fn make_row(&mut self, person: u32, joined: u64, now: u64, role: u8, left: Option<u64>) {
        if left.is_none() {
            self.row_of[person as usize] = self.rows.len() as u64;
        }
        self.rows.push(Some(Row { person, joined, changed: now, role, left }));
    }

    /// Takes over what changed in the group.
    fn catch_up(&mut self, world: &mut World) {
        let now = world.unix_millis() / 1_000;
        let leaving = self.yunshop.rules.leaving;
        self.row_of.resize(world.group.everybody().len(), 0);
        if !self.began {
            self.began = true;
            for (index, person) in world.group.list().iter().enumerate() {
                let (history, joined) = (self.yunshop.rules.history, person.joined / 1_000);
                if history > 0 && world.random.one_in(history) {
                    self.make_row(FORMER + index as u32, joined, joined, 0, Some(joined + 60));
                }
                self.make_row(person.id, joined, joined, person.role, None);
            }
            self.at_first = [self.list(false).count(), self.list(true).count()];
            return;
        }
        if world.group.list() == self.known {
            return;
        }
        let known = world.group.list().to_vec();
        // When each joined; 0: they are not here.
        let mut here = vec![0; self.row_of.len()];
        for person in &known {
            here[person.id as usize] = person.joined / 1_000;
        }
        // Who left; who left and came back has another join time.
        for (person, place) in self.row_of.iter_mut().enumerate() {
            let slot = &mut self.rows[*place as usize];
            let Some(row) = slot.as_mut().filter(|row| row.left.is_none() && row.joined != here[person]) else {
                continue;
            };
            (row.left, row.changed) = (Some(now), now);
            match leaving {
                Leaving::Kept => {}
                Leaving::Anew => *place = 0,
                Leaving::Dropped | Leaving::Revived => {
                    *slot = None;
                    self.gone.insert(person as u32, std::mem::take(place));
                }
            }
        }
        for person in &known {
            let joined = person.joined / 1_000;
            match &mut self.rows[self.row_of[person.id as usize] as usize] {
                Some(row) if row.left.is_some() => (row.left, row.joined, row.changed) = (None, joined, now),
                Some(row) if row.role != person.role => (row.role, row.changed) = (person.role, now),
                Some(_) => {}
                None => match self.gone.remove(&person.id).filter(|_| leaving == Leaving::Revived) {
                    Some(number) => {
                        let row = Row { person: person.id, joined, changed: now, role: person.role, left: None };
                        self.rows[number as usize] = Some(row);
                        self.row_of[person.id as usize] = number;
                    }
                    None => self.make_row(person.id, joined, now, person.role, None),
                },
            }
        }
        self.known = known;
    }

    /// One of the lists, newest first.
    fn list(&self, staff: bool) -> impl Iterator<Item = (u64, &Row)> {
        let rows = self.rows.iter().enumerate().rev();
        let rows = rows.filter_map(|(number, row)| row.as_ref().map(|row| (number as u64, row)));
        rows.filter(move |(_, row)| self.is_staff(row.person) == staff)
    }

    fn count(&self, staff: bool) -> u64 {
        self.list(staff).filter(|(_, row)| row.left.is_none()).count() as u64
    }

    /// A row as it is sent. Text at once, and no values first: this is what most of a run is spent on.
    fn row(&self, number: u64, row: &Row, random: &mut Random) -> String {
        let rules = &self.yunshop.rules;
        let joined = match rules.joined {
            Joined::True => row.joined,
            Joined::Changed if number.is_multiple_of(3) => 0,
            Joined::Changed => row.joined,
            Joined::Zero => 0,
            Joined::Equal => 1_600_000_000,
        };
        let broken = rules.unreadable > 0
            && u64::from(row.person).is_multiple_of(rules.unreadable)
            && !(rules.unreadable_moves && random.one_in(2));
        // Around every integer.
        let q = if rules.strings { "\"" } else { "" };
        let userid = if broken { "[]".to_owned() } else { format!(r#""u{}""#, row.person) };
        let mut chat = r#""wrOgQhDgAA""#.to_owned();
        let mut customer = "null";
        let mut name = format!(r#""名{}""#, row.person);
        let mut scene = format!("{q}{}{q}", if row.left.is_some() { 0 } else { -1 });
        if rules.odd {
            match number % 4 {
                0 => chat = format!("[{q}17{q}]"),
                1 => customer = r#""none""#,
                2 => name = r#"{"text":["😀"]}"#.to_owned(),
                _ => scene = format!("[{q}1{q},{q}2{q}]"),
            }
        }
        let updated = match (rules.joined == Joined::Changed, number % 2) {
            (false, _) => "null".to_owned(),
            (true, 0) => format!(r#""{}""#, date(row.changed)),
            (true, _) => format!(r#""{}""#, row.changed),
        };
        let enterprise = if rules.named { format!(r#""crop_id":{q}{OURS}{q},"#) } else { String::new() };
        format!(
            r#"{{{enterprise}"id":{q}{number}{q},"uniacid":{q}{UNIACID}{q},"chat_id":{chat},"userid":{userid},"invitor_userid":"","unionid":"","join_time":{q}{joined}{q},"join_scene":{q}{}{q},"member_type":{q}{}{q},"status":{q}{}{q},"withdraw_time":{q}{}{q},"withdraw_scene":{scene},"we_nickname":{name},"created_at":null,"updated_at":{updated},"deleted_at":null,"has_one_employee":[],"has_one_customer":{customer},"has_one_invitor":null,"parent_member_uid":{q}0{q}}}"#,
            row.role % 4,
            if self.is_staff(row.person) { 1 } else { 2 },
            u8::from(row.left.is_none()),
            row.left.unwrap_or(0),
        )
    }

    /// A page of one of the lists, as the enterprise has it that the session works in.
    fn page(&mut self, staff: bool, asked: &Value, enterprise: u64, world: &mut World) -> Response<Vec<u8>> {
        let number = asked.as_u64().filter(|&page| page > 0).unwrap_or(1);
        let rules = self.yunshop.rules.clone();
        self.pages += 1;
        let size = match rules.cut {
            Cut::Every(size) => size,
            Cut::Announced => world.random.range(3..15),
            _ => 10,
        };
        if enterprise == OTHER {
            // The other enterprise has a group with the same number.
            let rows: Vec<Value> = (0..4 * u64::from(rules.named))
                .map(|n| json!({"id": 900 - n, "userid": format!("x{n}"), "chat_id": "wrOTHER", "crop_id": OTHER, "status": 1, "join_time": 1_500_000_000}))
                .collect();
            let total = rows.len();
            return answer(&json!({"result": 1, "msg": "", "data": {
                "list": {"data": rows, "total": total, "per_page": 10, "current_page": number, "last_page": 1}, "summary": []}}));
        }
        self.shake(world);
        let mut list: Vec<_> = self.list(staff).collect();
        let exact = list.len() as u64;
        match rules.order {
            Order::Newest => {}
            Order::Oldest => list.reverse(),
            Order::Moves => list.sort_by_key(|(id, _)| std::cmp::Reverse(self.moved.get(id).copied().unwrap_or(*id))),
            Order::None => {
                for last in (1..list.len()).rev() {
                    list.swap(last, world.random.place(last + 1));
                }
            }
        }
        let is_first = matches!(rules.cut, Cut::First | Cut::FirstAnnounced);
        let start = if is_first { 0 } else { (number - 1).saturating_mul(size) };
        let most = match rules.cut {
            Cut::Hidden => size - world.random.below(4),
            _ => size,
        };
        let slice = list.iter().skip(usize::try_from(start).unwrap_or(usize::MAX)).take(most as usize);
        let mut rows = Vec::new();
        for (id, row) in slice {
            let value = self.row(*id, row, &mut world.random);
            if rules.twice && world.random.one_in(20) {
                rows.push(value.clone());
            }
            rows.push(value);
        }
        let total = match rules.total {
            Total::True => Some(exact),
            Total::Off(by) => Some(exact.saturating_add_signed(by)),
            Total::OffLate(by) => Some(exact.saturating_add_signed(if self.pages > 2 { by } else { 0 })),
            Total::Stuck => Some(self.at_first[usize::from(staff)] as u64),
            Total::Missing => None,
        };
        let held = rows.len() as u64;
        let rows = match rules.object {
            false => format!("[{}]", rows.join(",")),
            // Names that sort otherwise as texts than as numbers.
            true => {
                let mut rows: Vec<_> =
                    rows.into_iter().enumerate().map(|(n, row)| format!(r#""{}":{row}"#, n * 3)).collect();
                rows.sort_unstable();
                format!("{{{}}}", rows.join(","))
            }
        };
        let mut list = json!({
            "current_page": if rules.cut == Cut::FirstAnnounced { 1 } else { number },
            "first_page_url": "http://www.wq.example/web/index.php?page=1", "per_page": size, "next_page_url": null,
            "from": if held > 0 { json!(start + 1) } else { Value::Null },
            "to": if held > 0 { json!(start + held) } else { Value::Null },
        });
        if let Some(total) = total {
            list["total"] = json!(total);
            list["last_page"] = json!(total.div_ceil(size).max(1));
        }
        let mut summary = json!([]);
        if let Some(off) = rules.summary {
            let (customers, employees) = (self.count(false), self.count(true));
            summary = json!({
                "in_group_count": customers + employees, "in_group_employee_count": employees,
                "in_group_customer_count": customers.saturating_add_signed(off),
            });
        }
        if rules.strings {
            quote(&mut list);
            quote(&mut summary);
        }
        let list = list.to_string();
        let list = list.trim_start_matches('{');
        let body = format!(r#"{{"result":1,"msg":"","data":{{"list":{{"data":{rows},{list},"summary":{summary}}}}}"#);
        as_json(body)
    }

    /// Moves a row, where rows move.
    fn shake(&mut self, world: &mut World) {
        if self.yunshop.rules.order == Order::Moves && world.random.one_in(4) {
            let rows = self.rows.iter().enumerate().filter(|(_, row)| row.is_some());
            let numbers: Vec<u64> = rows.map(|(number, _)| number as u64).collect();
            if numbers.is_empty() {
                return;
            }
            self.moved.insert(world.random.pick(&numbers), world.random.pick(&numbers));
        }
    }

    fn groups(&self, enterprise: u64, id: &Value) -> Response<Vec<u8>> {
        if !self.yunshop.rules.may_list {
            return refuse("Sorry,您没有操作权限", json!([]));
        }
        let mut rows = Vec::new();
        if id.as_u64() == Some(GROUP) || id.is_null() {
            rows.push(json!({"id": GROUP, "crop_id": enterprise, "chat_id": "wrOgQhDgAA", "group_name": "群",
                "customer_count": self.count(false), "employee_count": self.count(true)}));
        }
        answer(&json!({"result": 1, "msg": "", "data": {
            "list": {"data": rows, "total": 1, "per_page": 10, "current_page": 1, "last_page": 1}, "summary": []}}))
    }

    fn log_in(&mut self, body: &Value) -> Response<Vec<u8>> {
        if body["mobile"] != MOBILE || body["password"] != PASSWORD {
            return refuse(&format!("手机号或密码错误 {}", body["password"]), json!({"status": 6}));
        }
        self.logins += 1;
        let session = format!("PLANTED0session{}", self.logins);
        self.sessions.insert(session.clone(), Session::default());
        let mut response =
            answer(&json!({"result": 1, "msg": {"uid": 5, "mobile": MOBILE}, "data": {"status": 1, "url": ""}}));
        for cookie in [
            "PHPSESSID=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/addons/yun_shop".to_owned(),
            format!("PHPSESSID={session}; path=/; HttpOnly"),
            format!("Yz-appToken={APP_TOKEN}; Max-Age=2160000"),
        ] {
            if let Ok(cookie) = cookie.parse() {
                response.headers_mut().append("set-cookie", cookie);
            }
        }
        response
    }

    /// The session a request comes in, as far as anybody is logged in to it; a new one where a cookie brings it back.
    fn session(&mut self, request: &Request<Vec<u8>>, query: &str, world: &mut World) -> Option<String> {
        let cookies = request.headers().get("cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let cookie = |name: &str| {
            cookies.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
        };
        let id = cookie("PHPSESSID").to_owned();
        let rules = &self.yunshop.rules;
        let remembered = cookie("Yz-appToken") == APP_TOKEN;
        let token = query.contains(&format!("type=9&yz_token={APP_TOKEN}"));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.calls += 1;
            session.since_choice += 1;
            if rules.expires > 0 && session.calls > rules.expires {
                self.sessions.remove(&id);
                world.seen.insert("yunshop: a session ended in mid-walk");
            }
        }
        if !self.sessions.contains_key(&id) && !id.is_empty() && (remembered || token) {
            // A new session under the old name, in which nothing is chosen.
            world.seen.insert("yunshop: a session was brought back");
            self.sessions.insert(id.clone(), Session::default());
            self.last_managed = OTHER;
        }
        let forgets = self.yunshop.rules.forgets;
        let session = self.sessions.get_mut(&id)?;
        if forgets > 0 && session.chosen.is_some() && session.since_choice > forgets {
            world.seen.insert("yunshop: the choice was forgotten in mid-walk");
            session.chosen = None;
            self.last_managed = OTHER;
        }
        Some(id)
    }

    fn respond(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let xhr = request.headers().get("x-requested-with").is_some_and(|value| value == "XMLHttpRequest");
        if !query.starts_with("i=2&type=") || query.contains("uniacid") || !xhr {
            return Response::new(b"<html>no such page</html>".to_vec());
        }
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if request.uri().path() == "/shop/addons/yun_shop/api.php" {
            return match query.contains("&route=member.login.index") {
                true => self.log_in(&body),
                false => refuse("不存在的接口", json!([])),
            };
        }
        let Some(path) = request.uri().path().strip_prefix("/shop/business/2/") else {
            return refuse("不存在的接口", json!([]));
        };
        let Some(id) = self.session(request, &query, world) else {
            self.refused += 1;
            if self.yunshop.login == Login::Session && self.refused.is_multiple_of(8) {
                // Somebody has logged in again, in the browser that the cookie is from.
                self.sessions.insert(SESSION.to_owned(), Session::default());
                self.last_managed = OTHER;
            }
            return login_first();
        };
        let chosen = self.sessions.get(&id).and_then(|session| session.chosen);
        // The silent fallback.
        let enterprise = chosen.unwrap_or(self.last_managed);
        if chosen.is_none() && path.contains("getGroup") {
            world.seen.insert("yunshop: answered from the enterprise managed last");
        }
        match path {
            "admin/manageBusiness" => {
                let wanted = query.rsplit_once("&id=").and_then(|(_, id)| id.parse().ok());
                let Some(wanted @ (OURS | OTHER)) = wanted else { return refuse("无权管理该企业", json!([])) };
                if let Some(session) = self.sessions.get_mut(&id) {
                    (session.chosen, session.since_choice) = (Some(wanted), 0);
                }
                self.last_managed = wanted;
                answer(&json!({"result": 1, "msg": "成功", "data": []}))
            }
            "admin/getBusinessCommonData" => answer(&json!({"result": 1, "msg": "成功", "data": {
                "business": {"business_name": "企业", "business_id": enterprise, "uniacid": UNIACID}, "identity": 2}})),
            "plugin/GroupDevelopUser/getList" => self.groups(enterprise, &body["id"]),
            "plugin/GroupDevelopUser/getGroupMembers" if body["group_id"].as_u64() == Some(GROUP) => {
                self.page(false, &body["page"], enterprise, world)
            }
            "plugin/GroupDevelopUser/getGroupEmployees" if body["group_id"].as_u64() == Some(GROUP) => {
                self.page(true, &body["page"], enterprise, world)
            }
            _ => refuse("不存在的接口", json!([])),
        }
    }
}

impl vendor::Server for Server {
    /// The shop has none of its own; the client promises this one.
    fn limit(&self, _: &Request<Vec<u8>>) -> Option<Limit> {
        let penalty = Duration::from_secs(self.yunshop.rules.retry_after.unwrap_or(10));
        Some(Limit { bucket: "host", calls: 200, per: Duration::from_secs(1), penalty })
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, _: &mut World) -> Response<Vec<u8>> {
        let mut response = Response::new(b"<html><h1>429 Too Many Requests</h1></html>".to_vec());
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if let Some(seconds) = self.yunshop.rules.retry_after {
            response.headers_mut().insert("retry-after", http::HeaderValue::from(seconds));
        }
        response
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.catch_up(world);
        let rules = &self.yunshop.rules;
        if world.random.one_in(rules.gateway) {
            // It may quote the request, and what the client was given: no client knows another's secrets.
            let given = match self.yunshop.login {
                Login::Account => PASSWORD,
                Login::Remembered | Login::Token => APP_TOKEN,
                Login::Session => SESSION,
            };
            let quoted = format!("<html>502 {given} {}</html>", request.uri());
            let body = if world.random.one_in(2) { quoted } else { json!({"message": quoted}).to_string() };
            let mut response = Response::new(body.into_bytes());
            *response.status_mut() = world.random.pick(&[StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE]);
            return response;
        }
        if world.random.one_in(rules.html) {
            return Response::new(format!("<html><title>Whoops! {PASSWORD}</title></html>").into_bytes());
        }
        self.respond(request, world)
    }
}
