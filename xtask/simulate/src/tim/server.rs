//! TIM's REST API for one group, written from its documents.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use http::{Request, Response, header};
use serde_json::Value;

use crate::group::Person;
use crate::vendor::{self, Limit, World};

use super::usersig::{self, Signed};
use super::{ADMIN, APP, GROUP, Joined, Order, Tim, Token, Total};

/// The largest answer.
const LARGEST: usize = 1 << 20;

/// The most members that a live room's list has.
const LIVE: usize = 1_000;

const CODES_THAT_PASS: &[u32] = &[10002, 60008, 70169, 70500, 60018];

/// The server.
#[derive(Debug)]
pub struct Server {
    tim: Tim,
    /// What each cursor stands for: a place, or the last member's join time and number.
    cursors: HashMap<String, (usize, Option<(u64, u32)>)>,
    /// How often the list was begun.
    passes: u32,
    /// List calls.
    pages: u64,
    /// The signature seen last, read.
    signed: Option<(String, Option<Signed>)>,
    /// What was signed before this second is refused.
    revoked_at: u64,
}

impl Server {
    pub(super) fn new(tim: Tim) -> Self {
        Self { tim, cursors: HashMap::new(), passes: 0, pages: 0, signed: None, revoked_at: 0 }
    }

    fn answer_with(&self, body: String, world: &World) -> Response<Vec<u8>> {
        let mut response = Response::new(body.into_bytes());
        if let Some(ahead) = self.tim.rules.dated {
            let unix = world.now.unix.as_secs().saturating_add_signed(ahead);
            if let Ok(date) = date(unix).parse() {
                response.headers_mut().insert(header::DATE, date);
            }
        }
        response
    }

    fn refuse(&self, code: u32, info: &str, world: &World) -> Response<Vec<u8>> {
        let body = format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{code},"ErrorInfo":"{info}"}}"#);
        self.answer_with(body, world)
    }

    /// What is wrong with the signature, by its code.
    fn refusal(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Option<u32> {
        let query = request.uri().query().unwrap_or_default();
        let field = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
        };
        if field("contenttype") != "json" || field("random").parse::<u32>().is_err() {
            return Some(60002);
        }
        let text = field("usersig");
        if self.signed.as_ref().is_none_or(|(seen, _)| seen != text) {
            self.signed = Some((text.to_owned(), usersig::read(text)));
        }
        let Some((_, Some(signed))) = &self.signed else { return Some(70003) };
        if signed.app != u64::from(APP) || field("sdkappid") != APP.to_string() {
            return Some(70014);
        }
        if signed.identifier != ADMIN || field("identifier") != ADMIN {
            return Some(70013);
        }
        let now = world.now.unix.as_secs();
        if now > signed.at + signed.expire {
            world.seen.insert("tim: a signature expired in mid-walk");
            return Some(70001);
        }
        if self.tim.revoked == Some(world.calls) {
            self.revoked_at = now;
        }
        if signed.at < self.revoked_at {
            world.seen.insert("tim: a signature was revoked in mid-walk");
            return Some(70052);
        }
        None
    }

    fn total(&self, probe: bool, world: &World) -> Option<u64> {
        let members = world.group.len() as u64;
        match self.tim.rules.total {
            Total::True => Some(members),
            Total::Off(by) => Some(members.saturating_add_signed(by)),
            Total::OffLate(by) => Some(members.saturating_add_signed(if world.calls > 2 { by } else { 0 })),
            Total::Probe if probe => Some(members),
            Total::Probe | Total::Missing => None,
        }
    }

    fn info(&self, body: &Value, world: &World) -> Response<Vec<u8>> {
        if body["GroupIdList"][0].as_str() != Some(GROUP) {
            return self.refuse(10010, "no such group", world);
        }
        let total = self.total(true, world).map_or(String::new(), |total| format!(r#","MemberNum":{total}"#));
        let body = format!(
            r#"{{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","GroupInfo":[{{"GroupId":"{GROUP}","ErrorCode":0,"ErrorInfo":"","Type":"{}"{total}}}]}}"#,
            self.tim.kind
        );
        self.answer_with(body, world)
    }

    fn members(&mut self, body: &Value, world: &mut World) -> Response<Vec<u8>> {
        let rules = self.tim.rules.clone();
        if self.tim.is_live() || body["GroupId"].as_str() != Some(GROUP) {
            return self.refuse(10007, "no permission", world);
        }
        let community = self.tim.is_community();
        let number = |name: &str| body.get(name).and_then(Value::as_u64).map(|number| number as usize);
        let (limit, next) = (number("Limit"), body.get("Next").and_then(Value::as_str));
        let most = if community { 100 } else { 200 };
        if limit.is_some_and(|limit| limit == 0 || limit > most)
            || community != next.is_some()
            || (community && body.get("Offset").is_some())
        {
            return self.refuse(10004, "bad parameter", world);
        }
        self.pages += 1;
        match rules.order {
            Order::Kept => {}
            Order::Moves if world.random.one_in(4) => world.group.move_one(&mut world.random),
            Order::Moves => {}
            Order::None => world.group.shuffle(&mut world.random),
        }
        let list = world.group.list();
        let start = match next {
            Some("") => {
                self.passes += 1;
                0
            }
            Some(next) => match self.cursors.get(next) {
                None => return self.refuse(10004, "bad Next", world),
                Some(&(place, None)) => place.min(list.len()),
                // Its place is kept by the member it stopped at, or by the next one who joined after.
                Some(&(_, Some(last))) => {
                    list.iter().position(|person| (person.joined, person.id) > last).unwrap_or(list.len())
                }
            },
            None if rules.ignores_offset => 0,
            None => number("Offset").unwrap_or(0).min(list.len()),
        };
        let asked = limit.unwrap_or(usize::MAX).min(list.len() - start);
        if asked > rules.too_large && !(rules.too_large_moves && world.random.below(3) > 0) {
            world.seen.insert("tim: an answer over 1 MB");
            return self.refuse(10018, "", world);
        }
        let clamp = match rules.clamp_moves {
            true => 1 + world.random.place(2 * rules.clamp),
            false => rules.clamp,
        };
        let rows = asked.min(clamp);
        let filter = body.get("MemberInfoFilter").and_then(Value::as_array);
        let all = filter.is_none();
        let has = |name: &str| filter.is_none_or(|fields| fields.iter().any(|field| field == name));
        let (times, roles) = (has("JoinTime"), has("Role"));
        let mut text = String::with_capacity(rows * 190 + 100);
        text.push_str(r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"""#);
        if let Some(total) = self.total(false, world) {
            let _ = write!(text, r#","MemberNum":{total}"#);
        }
        text.push_str(r#","MemberList":["#);
        let (mut first, mut last) = (true, None);
        let page: Vec<Person> = world.group.list()[start..start + rows].to_vec();
        for person in page {
            last = Some((person.joined, person.id));
            let broken = rules.unreadable > 0
                && u64::from(person.id).is_multiple_of(rules.unreadable)
                && !(rules.unreadable_moves && world.random.one_in(2));
            for _ in 0..if rules.twice && world.random.one_in(20) { 2 } else { 1 } {
                if !std::mem::take(&mut first) {
                    text.push(',');
                }
                let role = roles.then_some(person.role);
                write_row(&mut text, &person, broken, role, times.then_some(rules.joined), all);
            }
        }
        text.push(']');
        if community {
            let next = self.cursor(start + rows, last, world);
            let _ = write!(text, r#","Next":"{next}""#);
        }
        text.push('}');
        if text.len() > LARGEST {
            world.seen.insert("tim: an answer over 1 MB");
            return self.refuse(10018, "", world);
        }
        let grow = if self.pages <= rules.grow_for { rules.grow } else { 0 };
        for _ in 0..grow {
            let (at, unix) = (world.now.elapsed, world.unix_millis());
            world.group.join(usize::MAX, at, unix);
        }
        self.answer_with(text, world)
    }

    /// The cursor for what is behind `end`; the first call of a pass sent "".
    fn cursor(&mut self, end: usize, last: Option<(u64, u32)>, world: &mut World) -> String {
        let token = self.tim.rules.token;
        let Some(last) = last else { return String::new() };
        let over = end >= world.group.len() || (token == Token::ShortSecond && self.passes > 1);
        let (name, place) = match token {
            Token::Wraps => (format!("TGSw{}", self.pages), (if over { 0 } else { end }, None)),
            _ if over => return String::new(),
            Token::Member => (format!("TGSm{}x{}", last.0, last.1), (0, Some(last))),
            Token::Stuck if self.pages > 2 => ("TGSstuck".to_owned(), (end.min(200), None)),
            Token::Back if end > 20 && world.random.one_in(6) => (format!("TGSo{}", end - 20), (end - 20, None)),
            _ => (format!("TGSo{end}"), (end, None)),
        };
        self.cursors.entry(name.clone()).or_insert(place);
        name
    }

    /// Who is online in a live room: the newest first, pages by the time at which they came in.
    fn live(&mut self, body: &Value, world: &mut World) -> Response<Vec<u8>> {
        if !self.tim.is_live() {
            return self.refuse(10007, "not a live room", world);
        }
        let Some(from) = body["Timestamp"].as_u64() else { return self.refuse(10004, "bad parameter", world) };
        let rules = self.tim.rules.clone();
        let most = 250.min(rules.clamp.max(20));
        let list = world.group.list();
        let list = &list[..list.len().min(LIVE)];
        // The cursor is the place of the next one: the documents say no more than that it is a time.
        let start = (from as usize).min(list.len());
        let end = (start + most).min(list.len());
        let mut text = String::from(r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MemberList":["#);
        for (index, person) in list[start..end].iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(
                text,
                r#"{comma}{{"Member_Account":"u{}","NickName":"n{}","Avatar":"","JoinTime":{}}}"#,
                person.id,
                person.id,
                person.joined / 1_000
            );
        }
        let next = if end < list.len() { end } else { 0 };
        let _ = write!(text, r#"],"NextTimestamp":{next}}}"#);
        self.answer_with(text, world)
    }
}

fn write_row(text: &mut String, person: &Person, broken: bool, role: Option<u8>, joined: Option<Joined>, all: bool) {
    if broken {
        text.push_str(r#"{"Member_Account":[]"#);
    } else {
        let _ = write!(text, r#"{{"Member_Account":"u{}""#, person.id);
    }
    if let Some(role) = role {
        let role = ["Member", "Admin", "Member "][usize::from(role.min(2))];
        let _ = write!(text, r#","Role":"{role}""#);
    }
    let _ = match joined {
        None | Some(Joined::Missing) => Ok(()),
        Some(Joined::True) => write!(text, r#","JoinTime":{}"#, person.joined / 1_000),
        Some(Joined::Zero) => write!(text, r#","JoinTime":0"#),
        Some(Joined::Equal) => write!(text, r#","JoinTime":1500000000"#),
    };
    if all {
        let mute = if person.id.is_multiple_of(97) { u32::MAX } else { 0 };
        let _ = write!(
            text,
            r#","MsgSeq":{},"MsgFlag":"AcceptAndNotify","LastSendMsgTime":{},"MuteUntil":{mute},"NameCard":"""#,
            person.id % 7,
            if person.id.is_multiple_of(3) { 1_699_999_000 } else { 0 }
        );
    }
    text.push('}');
}

impl vendor::Server for Server {
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit> {
        let bucket = match request.uri().path().rsplit('/').next() {
            Some("get_group_info") => "get_group_info",
            Some("get_group_member_info") => "get_group_member_info",
            _ => "get_members",
        };
        let second = Duration::from_secs(1);
        Some(Limit { bucket, calls: 200, per: second, penalty: second })
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        let code = world.random.pick(&[60007, 60007, 60011, 10006]);
        self.refuse(code, "request frequency", world)
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        let rules = &self.tim.rules;
        if world.random.one_in(rules.gateway) {
            let mut response = Response::new(b"<html><h1>502 Bad Gateway</h1></html>".to_vec());
            *response.status_mut() = http::StatusCode::BAD_GATEWAY;
            return response;
        }
        if world.random.one_in(rules.transient) {
            let code = world.random.pick(CODES_THAT_PASS);
            // What a gateway says may quote the request.
            let query = request.uri().query().unwrap_or_default();
            return self.refuse(code, &format!("internal: {query}"), world);
        }
        if let Some(code) = self.refusal(request, world) {
            return self.refuse(code, "signature", world);
        }
        let Ok(body) = serde_json::from_slice::<Value>(request.body()) else {
            return self.refuse(60003, "not JSON", world);
        };
        match request.uri().path() {
            "/v4/group_open_http_svc/get_group_info" => self.info(&body, world),
            "/v4/group_open_http_svc/get_group_member_info" => self.members(&body, world),
            "/v4/group_open_avchatroom_http_svc/get_members" => self.live(&body, world),
            _ => self.refuse(60009, "no such command", world),
        }
    }
}

/// An HTTP date in the week in which the simulation starts.
fn date(unix: u64) -> String {
    let days = unix / 86_400;
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    // 2023-11-14 is day 19675.
    let day = 14 + days.saturating_sub(19_675);
    let (month, day) = if day > 30 { ("Dec", day - 30) } else { ("Nov", day) };
    let seconds = unix % 86_400;
    format!("{weekday}, {day:02} {month} 2023 {:02}:{:02}:{:02} GMT", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
