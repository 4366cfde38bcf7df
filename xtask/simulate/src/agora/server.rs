//! Agora's chat service for one group, written from its documents.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;

use super::token;
use super::{APP_ID, Agora, Busy, CLIENT_ID, CLIENT_SECRET, Clamp, GIVEN, GROUP, Joined, Order, Source, Total};
use crate::group::Person;
use crate::schedule::Schedule;
use crate::vendor::{self, Limit, World};

/// The most members that come with a description.
const AFFILIATIONS: usize = 10_000;

/// A service takes no token that is more than so many seconds ahead of it, where it looks at that at all.
const AHEAD: u64 = 300;

/// One row in so many people is an admin.
const ADMINS: u32 = 31;

/// The server.
#[derive(Debug)]
pub struct Server {
    agora: Agora,
    /// Who owns the group: the first member, or who it was passed on to and has not left.
    owner: u32,
    /// So often the walk is begun or taken up again by a new client, which knows nothing of the ones before it.
    clients: u64,
    /// Whether every call comes once.
    quiet: bool,
    /// What it issued, and when, in seconds.
    issued: HashMap<String, u64>,
    /// With which call each token came first, and in which second.
    seen: HashMap<String, (u64, u64)>,
    /// How many were there at the first call.
    in_the_beginning: Option<u64>,
    /// The tokens that were refused.
    refused: HashSet<String>,
    /// So many tokens it issued.
    fetched: u64,
    /// How often each page was asked for while the plan was used up.
    used_up: HashMap<String, u64>,
}

/// An answer that is none.
type Refusal = (u16, &'static str, String);

impl Server {
    pub(super) fn new(agora: Agora, schedule: &Schedule) -> Self {
        Self {
            agora,
            owner: 0,
            clients: 1 + schedule.stops.len() as u64 + u64::from(schedule.resumes),
            quiet: schedule.network.is_quiet(),
            issued: HashMap::new(),
            seen: HashMap::new(),
            in_the_beginning: None,
            refused: HashSet::new(),
            fetched: 0,
            used_up: HashMap::new(),
        }
    }

    /// Who fetches tokens too often gets the account blocked; who builds another for each refusal is no better.
    fn count_tokens(&self, world: &World) {
        let tokens = self.fetched.max(self.seen.len() as u64);
        let elapsed = world.now.elapsed.as_secs();
        let expired =
            if self.agora.source == Source::Local { 0 } else { elapsed / (self.agora.rules.lifetime / 2).max(1) };
        let due = 5 + self.clients + self.refused.len() as u64 + expired;
        assert!(tokens <= due, "{tokens} tokens, where {due} were due");
    }

    /// What is wrong with a token: none of it is, or the words of the refusal.
    fn check(&mut self, text: &str, world: &mut World) -> Result<(), Refusal> {
        let now = world.now.unix.as_secs();
        let rules = &self.agora.rules;
        let good_for = rules.lifetime;
        let unauthorized = |words: &str| Err((401, "unauthorized", format!("{words}: {text}")));
        let corrupt = || {
            let words = format!("Unable to authenticate due to corrupt access token {text}");
            Err((401, "auth_bad_access_token", words))
        };
        let (first_call, first) = *self.seen.entry(text.to_owned()).or_insert((world.calls, now));
        let (at, expire) = match self.agora.source {
            Source::Local => match token::read(text) {
                Some(signed) if signed.app == APP_ID => {
                    if rules.no_future && signed.at > now + AHEAD {
                        world.seen.insert("agora: a token from the future");
                        return unauthorized("Unable to authenticate (OAuth)");
                    }
                    // By its own word, which no service goes beyond.
                    (signed.at, signed.expire.min(86_400))
                }
                _ => return corrupt(),
            },
            Source::Fixed if text == GIVEN => (first, if good_for < 86_400 { good_for } else { u64::MAX / 2 }),
            Source::Fixed => return corrupt(),
            Source::Exchange | Source::ClientCredentials => match self.issued.get(text) {
                Some(&at) => (at, good_for),
                None => return corrupt(),
            },
        };
        if now >= at.saturating_add(expire) {
            world.seen.insert("agora: a token expired in mid-walk");
            let words = "Unable to authenticate due to expired access token".to_owned();
            return Err(world.random.pick(&[(401, "unauthorized"), (401, "expired_token")]))
                .map_err(|(status, error)| (status, error, words));
        }
        if self.agora.rules.revoked.is_some_and(|call| (first_call..=world.calls).contains(&call) && first_call < call)
        {
            world.seen.insert("agora: a token was revoked in mid-walk");
            return unauthorized("Unable to authenticate (OAuth)");
        }
        Ok(())
    }

    /// `POST token`.
    fn issue(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Result<String, Refusal> {
        self.fetched += 1;
        let rules = &self.agora.rules;
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let good = match (self.agora.source, body["grant_type"].as_str()) {
            (Source::Exchange, Some("agora")) => {
                let now = world.now.unix.as_secs();
                let signed = bearer(request).and_then(token::read);
                let signed = signed.filter(|signed| signed.app == APP_ID && now < signed.at + signed.expire);
                signed.is_some_and(|signed| !rules.no_future || signed.at <= now + AHEAD)
            }
            (Source::ClientCredentials, Some("client_credentials")) => {
                body["client_id"] == CLIENT_ID && body["client_secret"] == CLIENT_SECRET
            }
            _ => false,
        };
        if !good {
            // The words of an OAuth service, with what it was sent.
            let sent = String::from_utf8_lossy(request.body()).replace('"', "'");
            return Err((400, "invalid_grant", format!("invalid token or secret: {sent}")));
        }
        let text = format!("YWMtPLANTED{}x{:x}", self.fetched, world.random.draw());
        self.issued.insert(text.clone(), world.now.unix.as_secs());
        let says = if rules.overstates { 86_400 } else { rules.lifetime };
        Ok(if self.agora.source == Source::Exchange {
            let until = world.unix_millis() + says * 1_000;
            format!(r#"{{"access_token":"{text}","expire_timestamp":{until}}}"#)
        } else {
            format!(
                r#"{{"access_token":"{text}","expires_in":{says},"application":"8be024f0-e978-11e8-b697-5d598d5f8402"}}"#
            )
        })
    }

    fn total(&mut self, world: &World) -> Option<u64> {
        let members = world.group.len() as u64;
        let beginning = *self.in_the_beginning.get_or_insert(members);
        match self.agora.rules.total {
            Total::True => Some(members),
            Total::Off(by) => Some(members.saturating_add_signed(by)),
            Total::OffLate(by) => Some(members.saturating_add_signed(if world.calls > 2 { by } else { 0 })),
            Total::Stuck => Some(beginning),
            Total::Missing => None,
        }
    }

    fn is_admin(&self, person: &Person) -> bool {
        person.id != self.owner && (person.id + 10 * u32::from(person.role)) % ADMINS == 3
    }

    fn number(&self, number: u64) -> String {
        if self.agora.rules.sloppy { format!(r#""{number}""#) } else { number.to_string() }
    }

    fn write_row(&self, text: &mut String, person: &Person, unreadable: bool) {
        let rules = &self.agora.rules;
        if rules.bare {
            let _ = if unreadable { write!(text, r#""""#) } else { write!(text, r#""u{}""#, person.id) };
            return;
        }
        let role = match person.id == self.owner {
            true => "owner",
            false if rules.says_admin && self.is_admin(person) => "admin",
            false => "member",
        };
        let _ = match unreadable {
            true => write!(text, r#"{{"{role}":null"#),
            false => write!(text, r#"{{"{role}":"u{}""#, person.id),
        };
        let joined = match rules.joined {
            Joined::True => Some(person.joined),
            Joined::Short => Some(person.joined / 10),
            Joined::Zero => Some(if person.id.is_multiple_of(8) { person.joined } else { 0 }),
            Joined::Equal => Some(1_600_000_000_000),
            Joined::Missing => None,
        };
        if let Some(joined) = joined {
            let _ = write!(text, r#","joined_time":{}"#, self.number(joined));
        }
        text.push('}');
    }

    fn write_rows(&self, text: &mut String, rows: &[Person], world: &mut World) {
        let rules = &self.agora.rules;
        let mut first = true;
        for person in rows {
            let unreadable = rules.unreadable > 0
                && u64::from(person.id).is_multiple_of(rules.unreadable)
                && !(rules.unreadable_moves && world.random.one_in(2));
            for _ in 0..if rules.twice && world.random.one_in(20) { 2 } else { 1 } {
                if !std::mem::take(&mut first) {
                    text.push(',');
                }
                self.write_row(text, person, unreadable);
            }
        }
    }

    /// The envelope, around `data` and whatever else comes with it.
    fn envelope(&self, request: &Request<Vec<u8>>, data: &str, count: usize, world: &World) -> String {
        let now = world.unix_millis();
        if self.agora.rules.sloppy {
            return format!(r#"{{"data":[{data}],"timestamp":"{now}"}}"#);
        }
        let path = request.uri().path().rsplit_once("/chatgroups").map_or("", |(_, rest)| rest);
        let params: Vec<String> = query(request).map(|(name, value)| format!(r#""{name}":["{value}"]"#)).collect();
        format!(
            r#"{{"action":"get","params":{{{}}},"uri":"http://h/org/app/chatgroups{path}","entities":[],"data":[{data}],"timestamp":{now},"duration":3,"organization":"org","application":"8be024f0","applicationName":"app","count":{count}}}"#,
            params.join(","),
        )
    }

    fn details(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Result<String, Refusal> {
        let members = self.agora.rules.affiliations.min(AFFILIATIONS);
        let mut data = format!(r#"{{"id":"{GROUP}","name":"群","owner":"u{}","membersonly":false"#, self.owner);
        if let Some(total) = self.total(world) {
            let _ = write!(data, r#","affiliations_count":{}"#, self.number(total));
        }
        if members > 0 {
            let rows: Vec<Person> = world.group.list().iter().take(members).copied().collect();
            data.push_str(r#","affiliations":["#);
            self.write_rows(&mut data, &rows, world);
            data.push(']');
        }
        data.push('}');
        Ok(self.envelope(request, &data, 1, world))
    }

    fn admins(&self, request: &Request<Vec<u8>>, world: &World) -> Result<String, Refusal> {
        let admins = world.group.list().iter().filter(|person| self.is_admin(person));
        let admins: Vec<String> = admins.take(99).map(|person| format!(r#""u{}""#, person.id)).collect();
        Ok(self.envelope(request, &admins.join(","), admins.len(), world))
    }

    fn users(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Result<String, Refusal> {
        let rules = self.agora.rules.clone();
        let number = |name: &str| query(request).find(|pair| pair.0 == name)?.1.parse::<usize>().ok();
        let (Some(page @ 1..), Some(asked @ 1..=1_000)) = (number("pagenum"), number("pagesize")) else {
            return Err((400, "illegal_argument", "pagenum or pagesize".to_owned()));
        };
        match rules.order {
            Order::Kept => {}
            Order::Moves if world.random.one_in(4) => world.group.move_one(&mut world.random),
            Order::Moves => {}
            Order::None => world.group.shuffle(&mut world.random),
        }
        let (size, most) = match rules.clamp {
            Clamp::No => (asked, asked),
            Clamp::Size(most) => (asked.min(most), asked.min(most)),
            Clamp::Rows(most) => (asked, asked.min(most)),
            Clamp::Moves(least) => {
                let size = asked.min(least + world.random.place(2 * least));
                (size, size)
            }
        };
        let most = if world.random.one_in(rules.blank) { 0 } else { most };
        let start = (page - 1).saturating_mul(size).min(world.group.len());
        let end = (start + most).min(world.group.len());
        let rows: Vec<Person> = world.group.list()[start..end].to_vec();
        let mut data = String::with_capacity(rows.len() * 48);
        self.write_rows(&mut data, &rows, world);
        Ok(self.envelope(request, &data, rows.len(), world))
    }

    /// The group passes to somebody who stands anywhere, and stands in front from then on.
    fn transfer(&mut self, world: &mut World) {
        if self.owner != 0 && world.group.place_of(self.owner).is_none() {
            self.owner = 0;
        }
        if self.agora.rules.transfer.is_some_and(|call| world.calls >= call) {
            self.agora.rules.transfer = None;
            let heir = world.random.place(world.group.len());
            self.owner = world.group.list()[heir].id;
            world.group.move_to_front(heir);
            world.seen.insert("agora: another owner in mid-walk");
        }
    }

    fn route(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Result<String, Refusal> {
        let path = request.uri().path();
        let app = if self.agora.keyed { "/org/app" } else { "/app-id/0123456789abcdef0123456789abcdef" };
        let Some(path) = path.strip_prefix(app) else {
            return Err((404, "organization_application_not_found", "Could not find application".to_owned()));
        };
        if path == "/token" && request.method() == Method::POST {
            return self.issue(request, world);
        }
        let Some(text) = bearer(request) else {
            return Err((401, "group_authorization", "token is blank!".to_owned()));
        };
        let checked = self.check(text, world);
        if self.quiet {
            self.count_tokens(world);
        }
        if let Err(refusal) = checked {
            self.refused.insert(text.to_owned());
            return Err(refusal);
        }
        let Some(rest) = path.strip_prefix("/chatgroups/").filter(|_| request.method() == Method::GET) else {
            return Err((405, "method_not_allowed", String::new()));
        };
        let rules = &self.agora.rules;
        if rules.limited.is_some_and(|call| world.calls >= call) {
            world.seen.insert("agora: the plan was used up in mid-walk");
            let asked = self.used_up.entry(request.uri().to_string()).or_default();
            *asked += 1;
            assert!(!self.quiet || *asked <= 2 * self.clients, "what the plan does not cover is asked for again");
            let words = "You have exceeded the limit of the community edition,Please upgrade to the enterprise edition";
            return Err((429, "resource_limited", words.to_owned()));
        }
        if world.random.one_in(rules.forbidden) {
            let words = "you have no permission to do this, group admin permission is required";
            return Err((401, "group_authorization", words.to_owned()));
        }
        match rest.strip_prefix(GROUP) {
            Some("") => self.details(request, world),
            Some("/users") => self.users(request, world),
            Some("/admin") => self.admins(request, world),
            _ => Err((404, "service_resource_not_found", format!("do not find this group:{rest}"))),
        }
    }

    /// One failure of those that pass.
    fn failure(&self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        let quoted = bearer(request).unwrap_or_default();
        match world.random.below(6) {
            0 => plain(502, "<html><h1>502 Bad Gateway</h1></html>"),
            1 => plain(504, ""),
            2 => plain(503, "Service Unavailable"),
            3 => refusal(&(500, "web_application", format!("java.lang.NullPointerException at {quoted}"))),
            4 => refusal(&(408, "request_timeout", String::new())),
            // An answer that ends in the middle.
            _ => plain(200, r#"{"action":"get","data":[{"owner":"u0","#),
        }
    }
}

fn bearer(request: &Request<Vec<u8>>) -> Option<&str> {
    let value = request.headers().get(http::header::AUTHORIZATION)?;
    assert!(value.is_sensitive(), "the header with the token is not marked");
    value.to_str().ok()?.strip_prefix("Bearer ")
}

fn query(request: &Request<Vec<u8>>) -> impl Iterator<Item = (&str, &str)> {
    request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='))
}

fn plain(status: u16, body: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(body.as_bytes().to_vec());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn refusal((status, error, words): &Refusal) -> Response<Vec<u8>> {
    plain(
        *status,
        &format!(
            r#"{{"error":"{error}","exception":"com.easemob.group.exception.GroupException","timestamp":1700000000000,"duration":0,"error_description":"{words}"}}"#
        ),
    )
}

impl vendor::Server for Server {
    fn limit(&self, request: &Request<Vec<u8>>) -> Option<Limit> {
        let path = request.uri().path();
        let (bucket, calls) = match path.rsplit('/').next() {
            Some("token") => ("token", 300),
            Some("users") => ("users", 100),
            Some("admin") => ("admin", 100),
            _ => ("details", 100),
        };
        let penalty = match self.agora.rules.busy {
            Busy::For(seconds) => Duration::from_secs(seconds),
            Busy::Bare | Busy::Old => Duration::ZERO,
        };
        Some(Limit { bucket, calls, per: Duration::from_secs(1), penalty })
    }

    fn throttled(&mut self, _: &Request<Vec<u8>>, _: &mut World) -> Response<Vec<u8>> {
        let words = "This request has reached api limit";
        let mut response = match self.agora.rules.busy {
            Busy::Old => return plain(503, ""),
            Busy::Bare | Busy::For(_) => refusal(&(429, "reach_limit", words.to_owned())),
        };
        if let Busy::For(seconds) = self.agora.rules.busy {
            response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn answer(&mut self, request: &Request<Vec<u8>>, world: &mut World) -> Response<Vec<u8>> {
        self.transfer(world);
        if world.random.one_in(self.agora.rules.transient) {
            return self.failure(request, world);
        }
        match self.route(request, world) {
            Ok(body) => plain(200, &body),
            Err(refused) => refusal(&refused),
        }
    }

    fn describe(&self, request: &Request<Vec<u8>>) -> String {
        let path = request.uri().path_and_query().map_or("", |path| path.as_str());
        format!("{} {}", request.method(), path.rsplit_once("/chatgroups/").map_or(path, |(_, rest)| rest))
    }
}
