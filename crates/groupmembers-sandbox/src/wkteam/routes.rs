//! From a request on the wire to an answer on the wire, and a line in the log.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::header;
use serde_json::{Map, Value};

use super::{
    accounts,
    commands::{self, Context},
    config::AuthAnswer,
    envelope::{Answer, Refusal, seal},
    faults::Fault,
    gate::{self, Command, Malformed},
    json::Fields,
    world::{State, World},
};
use crate::{
    faults,
    vendor::{Call, Sent, Vendor},
};

const JSON: &str = "application/json;charset=UTF-8";

fn sealed(answer: Answer, faults: &[Fault]) -> Sent {
    let (code, note) = (if answer.code == 1000 { 0 } else { answer.code }, answer.note.clone());
    Sent { code, note, ..Sent::ok(JSON, seal(answer, faults)) }
}

fn refused(refusal: &Refusal, faults: &[Fault]) -> Sent {
    Sent { throttled: refusal.throttled, ..sealed(refusal.answer(), faults) }
}

/// The server's own error object, which is no envelope: it has no `code`.
fn spring(http: u16, status: u16, path: &str, note: impl Into<String>) -> Sent {
    let error = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        _ => "Internal Server Error",
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let body = Fields::new()
        .with("timestamp", i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        .with("status", i64::from(status))
        .with("error", error)
        .with("path", path.to_owned());
    Sent { status: http, note: note.into(), ..Sent::ok(JSON, body.bytes()) }
}

impl Vendor for World {
    fn name(&self) -> &'static str {
        "wkteam"
    }

    fn owns(&self, path: &str) -> bool {
        Command::find(path).is_some()
    }

    fn answer(&self, call: &Call<'_>) -> Sent {
        let Some(command) = Command::find(call.path) else {
            return Sent::html(404, "404 Not Found");
        };
        // Read before it is judged: the log wants the group of refused calls too.
        let body = gate::parse(call.headers, call.body);
        let group = body.as_ref().ok().and_then(|body| body.get("chatRoomId")).and_then(Value::as_str);
        let sent = self.judge(command, call, &body, group);
        let group = group.map(|group| group.chars().take(80).collect());
        Sent { command: command.name().to_owned(), group, ..sent }
    }
}

impl World {
    fn judge(
        &self,
        command: Command,
        call: &Call<'_>,
        body: &Result<Map<String, Value>, Malformed>,
        group: Option<&str>,
    ) -> Sent {
        let state = &mut *self.lock();
        if call.method != "POST" {
            return spring(405, 405, call.path, format!("{} instead of POST", call.method));
        }
        if command != Command::Login
            && let Err(why) = gate::authorize(call.headers, |token| self.verify(state, token))
        {
            return match self.config().auth_answer {
                AuthAnswer::Code => refused(&Refusal::new("Authorization无效，请重新登录", why), &[]),
                AuthAnswer::Unauthorized => spring(401, 401, call.path, why),
                AuthAnswer::Forbidden => spring(403, 403, call.path, why),
            };
        }
        let body = match body {
            Ok(body) => body,
            Err(Malformed(status, why)) => return spring(*status, *status, call.path, why.as_str()),
        };
        let faults = state.faults.hitting(command.name(), group.as_slice());
        disturb(state, body, &faults, self.seed());
        let mut sent = faults.iter().find_map(|fault| instead(fault, &faults, call)).unwrap_or_else(|| {
            let context = Context { world: self, state, faults: &faults, arrived: call.arrived };
            match commands::run(command, body, context) {
                Ok(answer) => {
                    let init = command == Command::InitAddressList;
                    let delay = if init { self.config().init_takes } else { Duration::ZERO };
                    Sent { delay, ..sealed(answer, &faults) }
                }
                Err(refusal) => refused(&refusal, &faults),
            }
        });
        faults::play(&faults, &mut sent);
        sent
    }
}

/// What happens to the WeChat account just before the call is looked at.
fn disturb(state: &mut State, body: &Map<String, Value>, faults: &[Fault], seed: u64) {
    let Some(wid) = body.get("wId").and_then(Value::as_str) else { return };
    let Ok(at) = accounts::find(&state.accounts, wid) else { return };
    for fault in faults {
        match fault {
            Fault::Relogin => drop(state.accounts[at].log_in(seed)),
            Fault::Offline => state.accounts[at].online = false,
            _ => {}
        }
    }
}

/// The answer of faults that leave the call out altogether; the others still have their way with its envelope.
fn instead(fault: &Fault, faults: &[Fault], call: &Call<'_>) -> Option<Sent> {
    let fail = |code, message: String| Some(refused(&Refusal { code, ..Refusal::new(message, "") }, faults));
    match fault {
        Fault::Failure => fail(1001, "失败".to_owned()),
        Fault::PleaseRetry => fail(1001, "系统失败,请重试".to_owned()),
        Fault::XmlMessage => {
            fail(1001, "<e>\n<ShowType>1</ShowType>\n<Content><![CDATA[操作失败]]></Content>\n</e>".to_owned())
        }
        Fault::TypoCode => fail(10001, "失败".to_owned()),
        Fault::UnknownCode => fail(9999, "未知错误".to_owned()),
        Fault::EchoCredentials => {
            let token = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let body = String::from_utf8_lossy(call.body);
            fail(1001, format!("请求失败 Authorization={} body={body}", token.unwrap_or_default()))
        }
        Fault::Unauthorized => Some(spring(401, 401, call.path, "")),
        Fault::Forbidden => Some(spring(403, 403, call.path, "")),
        Fault::SpringError => Some(spring(500, 500, call.path, "")),
        Fault::Spring200 => Some(spring(200, 500, call.path, "")),
        Fault::Transport(fault) => fault.instead(),
        _ => None,
    }
}
