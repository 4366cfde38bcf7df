//! From a request on the wire to an answer on the wire, and a line in the log.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::{HeaderMap, header};

use super::{
    calls::{self, Context},
    faults::Fault,
    form::Form,
    gate::{self, Command},
    json::{Fields, Json},
    refusal::Refusal,
    world::{State, World},
};
use crate::{
    faults,
    vendor::{Call, Sent, Vendor, http_date},
};

const BASE: &str = "/nimserver/";
const JSON: &str = "application/json; charset=utf-8";
/// Answered without a signature: the vendor's SDKs probe their endpoints with it.
const HEALTH: &str = "health/liveness.action";
/// Request ids remembered, at most.
const REQUESTS: usize = 100_000;

impl Vendor for World {
    fn name(&self) -> &'static str {
        "nim"
    }

    fn owns(&self, path: &str) -> bool {
        path.starts_with(BASE)
    }

    fn answer(&self, call: &Call<'_>) -> Sent {
        let now = self.now();
        let path = call.path.strip_prefix(BASE).unwrap_or(call.path);
        if path == HEALTH {
            let sent = Sent::ok(JSON, b"{\"code\":200}".to_vec()).with(header::DATE, http_date(now));
            return Sent { command: "health/liveness".to_owned(), ..sent };
        }
        let Some(command) = Command::find(path) else {
            let command = call.path.chars().take(80).collect();
            return Sent { command, code: 404, note: "no such path".to_owned(), ..Sent::html(404, "404 Not Found") };
        };
        if call.method != "POST" {
            let (command, note) = (command.name().to_owned(), format!("{} instead of POST", call.method));
            return Sent { command, code: 405, note, ..Sent::html(405, "405 Method Not Allowed") };
        }
        let mut faults = Vec::new();
        let (group, sent) = match self.admit(call, now) {
            Err(refusal) => (Vec::new(), refused(&refusal, &[])),
            Ok(form) => {
                let groups = form.groups();
                let state = &mut *self.lock();
                let sent = match self.pace(call, command, state) {
                    Err(refusal) => refused(&refusal, &[]),
                    Ok(()) => {
                        faults = state.faults.hitting(command.name(), &groups);
                        serve(call, command, &form, state, &faults)
                    }
                };
                (groups, sent)
            }
        };
        let date =
            if faults.contains(&Fault::BadDate) { "the day before yesterday".to_owned() } else { http_date(now) };
        let mut sent = sent.with(header::DATE, date);
        faults::play(&faults, &mut sent);
        sent.command = command.name().to_owned();
        sent.group = (!group.is_empty()).then(|| group.join(","));
        sent
    }
}

impl World {
    /// The form of a request that may be looked at.
    fn admit(&self, call: &Call<'_>, now: u64) -> Result<Form, Refusal> {
        gate::admit(self.config(), call.headers, now)?;
        Form::read(call.headers, call.query, call.body)
    }

    /// Whether it comes too fast, or under another call's id.
    fn pace(&self, call: &Call<'_>, command: Command, state: &mut State) -> Result<(), Refusal> {
        let config = self.config();
        state.limits.admit(config, command.limit(), call.arrived).map_err(|why| Refusal::new(416, why))?;
        let id = call.headers.get("RequestId").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
        if let Some(id) = id.filter(|_| config.check_request_ids) {
            let mut hasher = DefaultHasher::new();
            (call.path, call.query, call.body).hash(&mut hasher);
            let this = hasher.finish();
            if state.requests.len() >= REQUESTS {
                state.requests.clear();
            }
            let id = id.chars().take(200).collect();
            if *state.requests.entry(id).or_insert(this) != this {
                return Err(Refusal::new(431, "the RequestId came with another call before"));
            }
        }
        Ok(())
    }
}

fn serve(call: &Call<'_>, command: Command, form: &Form, state: &mut State, faults: &[Fault]) -> Sent {
    if let Some(sent) = faults.iter().find_map(|fault| instead(fault, call.headers, faults)) {
        return sent;
    }
    match calls::run(command, form, &mut Context { state, faults }) {
        Err(refusal) => refused(&refusal, faults),
        Ok(mut fields) => {
            if faults.contains(&Fault::NoPayload) {
                fields.clear();
            }
            if faults.contains(&Fault::DescAsText) {
                for (_, value) in fields.iter_mut().filter(|(name, _)| *name == "desc") {
                    *value = value.text().into();
                }
            }
            if faults.contains(&Fault::ExtraFields) {
                fields.push(("sandboxExtra", Json::NULL));
            }
            Sent::ok(JSON, envelope(200, fields, faults))
        }
    }
}

/// The answer with its `code`, which comes last.
fn envelope(code: u32, mut fields: Fields, faults: &[Fault]) -> Vec<u8> {
    if faults.contains(&Fault::TextCode) {
        fields.push(("code", code.to_string().into()));
    } else if !faults.contains(&Fault::NoCode) {
        fields.push(("code", code.into()));
    }
    Json::Object(fields).bytes()
}

fn refused(refusal: &Refusal, faults: &[Fault]) -> Sent {
    let fields = match () {
        () if faults.contains(&Fault::NoDesc) => Vec::new(),
        () if faults.contains(&Fault::NullDesc) => vec![("desc", Json::NULL)],
        () => vec![("desc", refusal.desc.clone().into())],
    };
    let body = envelope(refusal.code, fields, faults);
    let throttled = refusal.code == 416;
    Sent { code: refusal.code, throttled, note: refusal.note.clone(), ..Sent::ok(JSON, body) }
}

/// The answer of faults that leave the call out altogether.
fn instead(fault: &Fault, headers: &HeaderMap, faults: &[Fault]) -> Option<Sent> {
    let code = |code| refused(&Refusal::new(code, ""), faults);
    let auth = |desc: &str| refused(&Refusal::with_desc(414, desc, ""), faults);
    Some(match fault {
        Fault::ServerError => code(500),
        Fault::Busy => code(503),
        Fault::Unavailable => code(514),
        Fault::Timeout => code(408),
        Fault::Throttled => code(416),
        Fault::Repeated => code(431),
        Fault::WrongRegion => code(403),
        Fault::IpForbidden => code(315),
        Fault::NotFound => code(404),
        Fault::Code(number) => code(*number),
        Fault::ClockExpired => auth("CurTime is expired"),
        Fault::CheckSum => auth("checksum"),
        Fault::EchoHeaders => {
            let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
            let echo = ["AppKey", "Nonce", "CurTime", "CheckSum"].map(|name| format!("{name}: {}", text(name)));
            auth(&format!("bad parameter, request was {}", echo.join(", ")))
        }
        Fault::Transport(fault) => return fault.instead(),
        _ => return None,
    })
}
