//! What all calls of NIM's server API share, written from its documents: the signed form, and how it is answered.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use http::{Request, Response, header};

use super::{KEY, SECRET};
use crate::random::Random;
use crate::vendor::{Limit, World};

/// Codes that say that another try may work.
const CODES_THAT_PASS: &[u32] = &[408, 500, 503, 514, 998];

/// How the server behaves whatever is asked.
#[derive(Debug, Clone)]
pub(super) struct Manners {
    /// Whether answers say when they were made, and by how many seconds that clock is ahead of the one that checks requests.
    pub(super) dated: Option<i64>,
    /// Whether a `RequestId` that was seen is refused.
    pub(super) dedupes: bool,
    /// One call in so many fails with a code that may pass.
    pub(super) transient: u64,
    /// One call in so many is answered by a gateway.
    pub(super) gateway: u64,
}

impl Manners {
    /// As the documents say.
    pub(super) const GOOD: Self = Self { dated: Some(0), dedupes: false, transient: 0, gateway: 0 };

    /// Draws some.
    pub(super) fn draw(random: &mut Random) -> Self {
        let mut often = |usual: u64, least: u64| if random.one_in(5) { random.range(least..30) } else { usual };
        let (transient, gateway) = (often(0, 4), often(0, 4));
        let dated = match random.below(4) {
            0 => None,
            1 => Some(random.range(0..40) as i64 - 20),
            _ => Some(0),
        };
        Self { dated, dedupes: random.one_in(3), transient, gateway }
    }

    /// Whether a call may end in an error.
    pub(super) fn may_fail(&self) -> bool {
        self.transient > 0 || self.gateway > 0 || self.dedupes || self.dated != Some(0)
    }
}

/// The fields of a form.
pub(super) type Form = HashMap<String, String>;

/// The path behind `/nimserver/`, without `.action`.
pub(super) fn command(request: &Request<Vec<u8>>) -> &str {
    request.uri().path().trim_start_matches("/nimserver/").trim_end_matches(".action")
}

/// The documented limits: each chatroom call has its own, teams and superteams one each.
pub(super) fn limit(request: &Request<Vec<u8>>) -> Limit {
    let bucket = match command(request) {
        "chatroom/get" => "chatroom/get",
        "chatroom/queryMembersByRole" => "chatroom/queryMembersByRole",
        "chatroom/membersByPage" => "chatroom/membersByPage",
        name if name.starts_with("team/") => "team",
        _ => "superteam",
    };
    Limit { bucket, calls: 100, per: Duration::from_secs(1), penalty: Duration::from_secs(10) }
}

/// A form as it was sent. Only digits, letters and escapes of JSON are in it.
pub(super) fn form(body: &[u8]) -> Option<Form> {
    let text = std::str::from_utf8(body).ok()?;
    text.split('&').map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), unescape(value)))).collect()
}

fn unescape(value: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), value.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        let code = (byte == b'%').then(|| behind.get(..2)).flatten();
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What stands before every call.
#[derive(Debug)]
pub(super) struct Gate {
    manners: Manners,
    /// By `RequestId`.
    seen: HashSet<String>,
}

impl Gate {
    pub(super) fn new(manners: Manners) -> Self {
        Self { manners, seen: HashSet::new() }
    }

    /// The form, or why there is none.
    pub(super) fn pass(
        &mut self,
        request: &Request<Vec<u8>>,
        world: &mut World,
    ) -> Result<Form, Box<Response<Vec<u8>>>> {
        if world.random.one_in(self.manners.gateway) {
            let mut response = Response::new(b"<html><h1>502 Bad Gateway</h1></html>".to_vec());
            *response.status_mut() = http::StatusCode::BAD_GATEWAY;
            return Err(Box::new(response));
        }
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (nonce, cur_time, sum) = (text("nonce"), text("curtime"), text("checksum"));
        if world.random.one_in(self.manners.transient) {
            // What a gateway says may quote the request.
            let code = world.random.pick(CODES_THAT_PASS);
            return Err(Box::new(self.refuse(code, &format!("internal: checksum {sum}"), world)));
        }
        if request.method() != http::Method::POST || text("appkey") != KEY || nonce.is_empty() || nonce.len() > 128 {
            return Err(Box::new(self.refuse(414, "appkey", world)));
        }
        let mut sha = sha1_smol::Sha1::new();
        for part in [SECRET, nonce, cur_time] {
            sha.update(part.as_bytes());
        }
        if sha.digest().to_string() != sum {
            return Err(Box::new(self.refuse(414, "checksum", world)));
        }
        let now = world.now.unix.as_secs();
        if cur_time.parse::<u64>().map_or(true, |time| time.abs_diff(now) > 300) {
            world.seen.insert("nim: CurTime is expired");
            return Err(Box::new(self.refuse(414, "CurTime is expired", world)));
        }
        if self.manners.dedupes && !self.seen.insert(text("requestid").to_owned()) {
            world.seen.insert("nim: a request that was seen");
            return Err(Box::new(self.refuse(431, "HTTP request repeated", world)));
        }
        form(request.body()).ok_or_else(|| Box::new(self.refuse(414, "bad form", world)))
    }

    pub(super) fn refuse(&self, code: u32, desc: &str, world: &World) -> Response<Vec<u8>> {
        self.answer(format!(r#"{{"code":{code},"desc":"{desc}"}}"#), world)
    }

    pub(super) fn answer(&self, body: String, world: &World) -> Response<Vec<u8>> {
        let mut response = Response::new(body.into_bytes());
        if let Some(ahead) = self.manners.dated {
            let unix = world.now.unix.as_secs().saturating_add_signed(ahead);
            if let Ok(date) = date(unix).parse() {
                response.headers_mut().insert(header::DATE, date);
            }
        }
        response
    }
}

/// An HTTP date in the weeks after the simulation starts.
fn date(unix: u64) -> String {
    let days = unix / 86_400;
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    // 2023-11-14 is day 19675.
    let day = 14 + days.saturating_sub(19_675);
    let (month, day) = if day > 30 { ("Dec", day - 30) } else { ("Nov", day) };
    let seconds = unix % 86_400;
    format!("{weekday}, {day:02} {month} 2023 {:02}:{:02}:{:02} GMT", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
