//! From a request on the wire to an answer on the wire, and a line in the log.

use serde_json::{Map, Value};

use super::{
    commands::{self, Context},
    faults::Fault,
    gate,
    json::{Answer, JSON, Object},
    refusal::Refusal,
    world::World,
};
use crate::{
    faults,
    vendor::{Call, Sent, Vendor, unix_now},
};

fn ok(answer: Answer) -> Sent {
    Sent::ok(answer.content_type, answer.json)
}

fn refused(refusal: &Refusal, error_info: bool) -> Sent {
    let info = error_info.then_some(refusal.info.as_str());
    Sent {
        code: refusal.code,
        throttled: refusal.code == 60007,
        note: refusal.note.clone(),
        ..ok(Object::fail(refusal.code, info).answer(JSON))
    }
}

impl Vendor for World {
    fn name(&self) -> &'static str {
        "tim"
    }

    fn owns(&self, path: &str) -> bool {
        path.starts_with("/v4/")
    }

    fn answer(&self, call: &Call<'_>) -> Sent {
        let Call { method, path, query, body, arrived, .. } = *call;
        let (config, now) = (self.config(), unix_now());
        let command = match gate::admit(config, method, path, query, now) {
            Ok(command) => command,
            Err(refusal) => {
                // The command if there is one; any path as it came, but not at any length.
                let name = path.rsplit('/').next().filter(|_| refusal.code != 60009).unwrap_or(path);
                let command = name.chars().take(80).collect();
                return Sent { command, ..refused(&refusal, true) };
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
            return Sent { command: command_name, group, ..refused(&refusal, true) };
        }
        let body = match &body {
            Ok(body) => body,
            Err(refusal) => {
                return Sent { command: command_name, ..refused(refusal, true) };
            }
        };
        let faults = state.faults.hitting(command.name(), &named);

        let mut sent = match faults.iter().find_map(|fault| instead(fault, query)) {
            Some(sent) => sent,
            None => {
                let context = Context { config, groups: &mut state.groups, faults: &faults, now };
                match commands::run(command, body, context) {
                    Ok(answer) => ok(answer),
                    Err(refusal) => refused(&refusal, !faults.contains(&Fault::MissingErrorInfo)),
                }
            }
        };
        faults::play(&faults, &mut sent);
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
    let code = |code| refused(&Refusal::new(code, ""), true);
    Some(match fault {
        Fault::ServerError => code(10002),
        Fault::SigExpired => code(70001),
        Fault::Throttled => code(60007),
        Fault::EchoQuery => {
            let mut refusal = Refusal::parameter("");
            refusal.info = format!("invalid parameter, request was {query}");
            refused(&refusal, true)
        }
        Fault::Transport(fault) => return fault.instead(),
        _ => return None,
    })
}
