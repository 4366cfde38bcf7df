//! From a request on the wire to an answer on the wire, and a line in the log.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::header,
    response::Response,
};
use serde_json::{Map, Value};

use super::{
    commands::{self, Context},
    faults::Fault,
    gate,
    json::{Answer, JSON, Object},
    refusal::Refusal,
    world::{World, unix_now},
};
use crate::{
    log::{Log, LogEntry},
    wire::{Delivery, Peer, respond},
};

const LARGEST_REQUEST: usize = 1024 * 1024;
const HTML: &str = "text/html; charset=utf-8";

#[derive(Clone)]
struct App {
    world: World,
    log: Arc<Log>,
    latency: Duration,
}

impl World {
    pub(crate) fn router(&self, log: Arc<Log>, latency: Duration) -> Router {
        Router::new().fallback(handle).with_state(App { world: self.clone(), log, latency })
    }
}

async fn handle(State(app): State<App>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    // A body that breaks off or is far too long reads as none, and is refused as none.
    let body = to_bytes(body, LARGEST_REQUEST).await.unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let sent = app.world.answer(parts.method.as_str(), parts.uri.path(), query, &body, arrived);
    if !app.latency.is_zero() {
        tokio::time::sleep(app.latency).await;
    }
    app.log.add(LogEntry {
        at: app.log.at(arrived),
        vendor: "tim",
        command: sent.command,
        group: sent.group,
        status: if sent.delivery == Delivery::Reset { 0 } else { sent.status },
        code: sent.code,
        throttled: sent.code == 60007 || sent.status == 429,
        note: sent.note,
    });
    let mut headers = vec![(header::CONTENT_TYPE, sent.content_type.to_owned())];
    headers.extend(sent.header);
    respond(&peer, sent.delivery, sent.status, headers, sent.body)
}

/// An answer with everything the wire and the log want to know.
struct Sent {
    command: String,
    group: Option<String>,
    status: u16,
    code: u32,
    note: String,
    header: Option<(header::HeaderName, String)>,
    content_type: &'static str,
    body: Vec<u8>,
    delivery: Delivery,
}

impl Sent {
    fn refused(refusal: &Refusal, error_info: bool) -> Self {
        let info = error_info.then_some(refusal.info.as_str());
        Self {
            code: refusal.code,
            note: refusal.note.clone(),
            ..Self::ok(Object::fail(refusal.code, info).answer(JSON))
        }
    }

    fn ok(answer: Answer) -> Self {
        Self {
            command: String::new(),
            group: None,
            status: 200,
            code: 0,
            note: String::new(),
            header: None,
            content_type: answer.content_type,
            body: answer.json,
            delivery: Delivery::Whole,
        }
    }

    /// Something that is no answer of the vendor's.
    fn instead(status: u16, header: Option<(header::HeaderName, String)>, title: &str) -> Self {
        let body = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
        let page = Answer { json: body.into_bytes(), content_type: HTML };
        Self { status, header, ..Self::ok(page) }
    }
}

impl World {
    fn answer(&self, method: &str, path: &str, query: &str, body: &[u8], arrived: Instant) -> Sent {
        let (config, now) = (self.config(), unix_now());
        let command = match gate::admit(config, method, path, query, now) {
            Ok(command) => command,
            Err(refusal) => {
                // The command if there is one; any path as it came, but not at any length.
                let name = path.rsplit('/').next().filter(|_| refusal.code != 60009).unwrap_or(path);
                let command = name.chars().take(80).collect();
                return Sent { command, ..Sent::refused(&refusal, true) };
            }
        };
        let command_name = command.name().to_owned();
        // Read before it is judged: the log wants the group of refused calls too.
        let body = parse(body);
        let mut named: Vec<&str> = body.iter().flat_map(commands::groups_named).collect();
        named.sort_unstable();
        let group = (!named.is_empty()).then(|| named.join(","));
        let mut state = self.lock();
        let state = &mut *state;

        let limit = command.limit(config.calls_per_second);
        if config.calls_per_second > 0 && !state.limits.admit(command.name(), limit, arrived) {
            let refusal = Refusal::new(60007, format!("more than {limit} calls in one second"));
            return Sent { command: command_name, group, ..Sent::refused(&refusal, true) };
        }
        let body = match &body {
            Ok(body) => body,
            Err(refusal) => {
                return Sent { command: command_name, ..Sent::refused(refusal, true) };
            }
        };
        let faults = state.faults.hitting(command.name(), &named);

        let mut sent = match faults.iter().find_map(|fault| instead(fault, query)) {
            Some(sent) => sent,
            None => {
                let context = Context { config, groups: &mut state.groups, faults: &faults, now };
                match commands::run(command, body, context) {
                    Ok(answer) => Sent::ok(answer),
                    Err(refusal) => Sent::refused(&refusal, !faults.contains(&Fault::MissingErrorInfo)),
                }
            }
        };
        sent.delivery = faults.iter().map(delivery).find(|d| *d != Delivery::Whole).unwrap_or(Delivery::Whole);
        if !faults.is_empty() {
            let names: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let note = std::mem::take(&mut sent.note);
            sent.note = format!("fault: {}", names.join(", "));
            if !note.is_empty() {
                sent.note = format!("{}; {note}", sent.note);
            }
        }
        sent.command = command_name;
        sent.group = group;
        sent
    }
}

fn parse(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Err(Refusal::new(60003, "the body is empty"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Refusal::new(60003, "the body is not a JSON object")),
        // Only where: the error's own words could quote the body.
        Err(error) => {
            Err(Refusal::new(60003, format!("the body is not JSON, line {} column {}", error.line(), error.column())))
        }
    }
}

/// The answer of faults that leave the command out altogether.
fn instead(fault: &Fault, query: &str) -> Option<Sent> {
    let refused = |code| Sent::refused(&Refusal::new(code, ""), true);
    Some(match fault {
        Fault::ServerError => refused(10002),
        Fault::SigExpired => refused(70001),
        Fault::Throttled => refused(60007),
        Fault::EchoQuery => {
            let mut refusal = Refusal::parameter("");
            refusal.info = format!("invalid parameter, request was {query}");
            Sent::refused(&refusal, true)
        }
        Fault::BadGateway => Sent::instead(502, None, "502 Bad Gateway"),
        Fault::Html200 => Sent::instead(200, None, "Sign in to the network"),
        Fault::Redirect(to) => Sent::instead(302, Some((header::LOCATION, to.clone())), "302 Found"),
        Fault::TooManyRequests => {
            Sent::instead(429, Some((header::RETRY_AFTER, "1".to_owned())), "429 Too Many Requests")
        }
        _ => return None,
    })
}

fn delivery(fault: &Fault) -> Delivery {
    match fault {
        Fault::CutBody => Delivery::Cut,
        Fault::Reset => Delivery::Reset,
        Fault::ResetMidBody => Delivery::ResetMidBody,
        Fault::SlowDrip => Delivery::Drip,
        Fault::EndlessBody => Delivery::Endless,
        _ => Delivery::Whole,
    }
}
