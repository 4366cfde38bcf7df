//! From a request on the wire to an answer on the wire, and a line in the log.

use axum::http::header;
use percent_encoding::percent_decode_str;

use super::{
    command::{self, Command, Path},
    config::Config,
    envelope::{Fields, array, json},
    faults::Fault,
    group::Role,
    lists,
    refusal::{self, Refusal},
    token::Holder,
    users,
    world::{Groups, World},
};
use crate::{
    faults,
    vendor::{Call, Sent, Vendor},
};

const JSON: &str = "application/json;charset=UTF-8";

/// A call that was let in, with all that is needed to answer it.
pub(crate) struct Ask<'a> {
    pub(crate) config: &'a Config,
    pub(crate) groups: &'a mut Groups,
    pub(crate) faults: &'a [Fault],
    pub(crate) command: &'a Command,
    pub(crate) query: &'a Query,
    pub(crate) body: &'a [u8],
    pub(crate) holder: &'a Holder,
    /// Unix milliseconds.
    pub(crate) now: u64,
    pub(crate) application: &'a str,
    uri: String,
}

impl Ask<'_> {
    pub(crate) fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// The usual envelope around `data`, its optional last fields still to come.
    pub(crate) fn envelope(&self, data: Vec<u8>) -> Fields {
        let mut fields = Fields::default().with("action", "get");
        let application = self.has(&Fault::ApplicationFields);
        if application {
            fields = fields.with("application", self.application);
        }
        if !self.query.0.is_empty() && !self.has(&Fault::NoParams) {
            fields = fields.raw("params", self.query.echo());
        }
        fields = fields.with("uri", &self.uri).raw("entities", b"[]".to_vec());
        if self.has(&Fault::NullData) {
            fields = fields.raw("data", b"null".to_vec());
        } else if !self.has(&Fault::MissingData) {
            fields = fields.raw("data", data);
        }
        fields = fields.with("timestamp", &self.now).with("duration", &0);
        if application {
            fields = fields.with("organization", &self.config.org).with("applicationName", &self.config.app);
        }
        fields
    }

    /// The whole URL, as it is echoed.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// The envelope of the newer calls.
    pub(crate) fn short_envelope(&self, data: Vec<u8>) -> Fields {
        Fields::default().with("timestamp", &self.now).raw("data", data).with("duration", &0)
    }

    pub(crate) fn with_count(&self, fields: Fields, count: usize) -> Fields {
        let count = if self.has(&Fault::WrongCount) { 1 } else { count };
        if self.has(&Fault::StringCount) {
            fields.with("count", &count.to_string())
        } else {
            fields.with("count", &count)
        }
    }

    /// `next` is where the list goes on, `end` a cursor behind everything, to be sent on purpose.
    pub(crate) fn with_cursor(&self, fields: Fields, next: Option<String>, end: String, rows: usize) -> Fields {
        let next = match (self.query.get("cursor").filter(|sent| !sent.is_empty()), next) {
            (Some(sent), _) if self.has(&Fault::StuckCursor) => Some(sent.to_owned()),
            (_, None) if rows > 0 && self.has(&Fault::CursorAtEnd) => Some(end),
            (_, next) => next,
        };
        match next {
            Some(next) => fields.with("cursor", &next),
            None if self.has(&Fault::NullCursor) => fields.raw("cursor", b"null".to_vec()),
            None => fields,
        }
    }

    /// Whether the caller may read this group; `manage` is what only its owner and admins may.
    pub(crate) fn permit(&mut self, group: &str, manage: bool) -> Result<(), Refusal> {
        let Holder::User(user) = self.holder else { return Ok(()) };
        let role = self.groups.find(group).and_then(|group| group.seat(user).map(|seat| seat.role));
        match role {
            Some(Role::Member) if manage => Err(Refusal::permission(format!("{user:?} is an ordinary member"))),
            Some(_) => Ok(()),
            None => Err(Refusal::permission(format!("{user:?} is not in the group"))),
        }
    }

    /// A missing group, in the form of this call.
    pub(crate) fn no_group(&self, id: &str) -> Refusal {
        let short = self.command.name == command::USERS;
        Refusal::no_group(id, short != self.has(&Fault::OtherNotFound))
    }

    fn run(&mut self) -> Result<Fields, Refusal> {
        match self.command.name {
            command::USERS => users::list(self),
            command::DETAILS => lists::details(self),
            command::GROUPS => lists::groups(self),
            command::JOINED => lists::joined(self),
            command::JOINED_SIMPLE => lists::joined_simple(self),
            command::IS_JOINED => lists::is_joined(self),
            command::ATTRIBUTES => lists::attributes(self),
            command::ATTRIBUTES_OF => lists::attributes_of(self),
            _ => lists::of_group(self),
        }
    }
}

/// A query, decoded as forms are: percent escapes, and "+" for a space.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A number of at least `least`; what cannot be read as one is refused, though the vendor does not say so.
    pub(crate) fn number(&self, name: &str, least: usize) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| *number >= least);
        number.map(Some).ok_or_else(|| Refusal::parameter(format!("{name} is not a number from {least}")))
    }

    /// Every value is a list.
    fn echo(&self) -> Vec<u8> {
        let mut out = vec![b'{'];
        for (at, (name, _)) in self.0.iter().enumerate() {
            if self.0[..at].iter().any(|(before, _)| before == name) {
                continue;
            }
            if at > 0 {
                out.push(b',');
            }
            out.extend(json(name));
            out.push(b':');
            out.extend(array(self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| json(value))));
        }
        out.push(b'}');
        out
    }
}

/// The app of a path in either form, and the rest.
fn split(path: &str) -> (&str, &str, &str) {
    let mut parts = path.strip_prefix('/').unwrap_or(path).splitn(3, '/');
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

impl Vendor for World {
    fn name(&self) -> &'static str {
        "agora"
    }

    fn owns(&self, path: &str) -> bool {
        let (org, app, rest) = split(path);
        let service = rest.split('/').next().unwrap_or_default();
        org == "app-id"
            || (org, app) == (&*self.config().org, &*self.config().app)
            // Of another app: to be refused in this vendor's words.
            || matches!(service, "chatgroups" | "users" | "token" | "metadata")
    }

    fn answer(&self, call: &Call<'_>) -> Sent {
        let config = self.config();
        let now = self.now();
        let (org, app, rest) = split(call.path);
        let refuse = |refusal: &Refusal, command: &str, faults: &[Fault]| Sent {
            command: command.to_owned(),
            status: refusal.status,
            code: u32::from(refusal.status),
            throttled: refusal.error == "reach_limit",
            note: format!("{}: {}", refusal.error, refusal.note),
            ..Sent::ok(JSON, refusal.body(now, faults))
        };
        let mine = match org {
            "app-id" => app == config.app_id,
            _ => (org, app) == (&*config.org, &*config.app),
        };
        // Any path as it came, but not at any length.
        let shown: String = rest.chars().take(80).collect();
        if !mine {
            return refuse(&Refusal::no_app(&format!("{org}/{app}"), &shown), &shown, &[]);
        }
        let command = match Command::find(call.method, &Path::parse(rest)) {
            Ok(command) => command,
            Err(refusal) => return refuse(&refusal, &shown, &[]),
        };
        let groups = command.groups();
        let group = (!groups.is_empty()).then(|| groups.join(",").chars().take(200).collect::<String>());
        let mut state = self.lock();
        let state = &mut *state;
        let holder = if command.name == command::TOKEN {
            Ok(Holder::App)
        } else {
            state.issued.holder(config, &command, call.headers, now)
        };
        let holder = match holder {
            Ok(holder) => holder,
            Err(refusal) => {
                // No other fault may be used up by a call that is not let in.
                let habits =
                    if state.faults.in_force(&Fault::Documented401) { &[Fault::Documented401][..] } else { &[] };
                return Sent { group, ..refuse(&refusal, command.name, habits) };
            }
        };
        let limit = command.limit(config.calls_per_second).saturating_sub(config.sdk_calls_per_second);
        if config.calls_per_second > 0 && !state.limits.admit(command.name, limit, call.arrived) {
            let refusal = Refusal::reach_limit(format!("more than {limit} calls in one second"));
            return Sent { group, ..refuse(&refusal, command.name, &[]) };
        }
        state.calls += 1;
        if config.plan_calls > 0 && state.calls > config.plan_calls {
            let refusal = Refusal::resource_limited(format!("the plan has {} calls", config.plan_calls));
            return Sent { group, ..refuse(&refusal, command.name, &[]) };
        }
        let faults = state.faults.hitting(command.name, &groups);

        let mut sent = match faults.iter().find_map(|fault| instead(fault, &command, config)) {
            Some(Instead::Refused(refusal)) => refuse(&refusal, command.name, &faults),
            Some(Instead::Sent(sent)) => *sent,
            None => {
                let host = call.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
                let answer = if command.name == command::TOKEN {
                    state.issued.exchange(config, call.headers, call.body, self.application(), now)
                } else {
                    let query = Query::parse(call.query);
                    let mut ask = Ask {
                        config,
                        groups: &mut state.groups,
                        faults: &faults,
                        command: &command,
                        query: &query,
                        body: call.body,
                        holder: &holder,
                        now,
                        application: self.application(),
                        uri: format!("http://{host}/{}/{}/{rest}", config.org, config.app),
                    };
                    ask.run()
                };
                match answer {
                    Ok(fields) if faults.contains(&Fault::Properties) => {
                        Sent::ok(JSON, fields.raw("properties", b"{}".to_vec()).sorted().write())
                    }
                    Ok(fields) => Sent::ok(JSON, fields.write()),
                    Err(refusal) => refuse(&refusal, command.name, &faults),
                }
            }
        };
        faults::play(&faults, &mut sent);
        sent.command = command.name.to_owned();
        sent.group = group;
        sent
    }
}

enum Instead {
    Refused(Refusal),
    Sent(Box<Sent>),
}

/// The answer of faults that leave the call out altogether.
fn instead(fault: &Fault, command: &Command, config: &Config) -> Option<Instead> {
    let why = "on purpose";
    let empty = |status, body: &str| {
        let sent =
            Sent { status, code: if status == 200 { 0 } else { u32::from(status) }, ..Sent::ok(JSON, body.into()) };
        Some(Instead::Sent(Box::new(sent)))
    };
    Some(Instead::Refused(match fault {
        Fault::Expired => Refusal::token("unauthorized", refusal::EXPIRED, why),
        Fault::OAuth => Refusal::token("unauthorized", refusal::OAUTH, why),
        Fault::Corrupt => Refusal::token("auth_bad_access_token", refusal::CORRUPT, why),
        Fault::Blank => Refusal::token("group_authorization", refusal::BLANK, why),
        Fault::Permission => Refusal::permission(why),
        Fault::Disabled => Refusal::new(403, "forbidden_op", "group is disabled", why),
        Fault::NoApp => Refusal::no_app(&format!("{}/{}", config.org, config.app), command.name),
        Fault::NoGroup => Refusal::no_group(&command.group, command.name == command::USERS),
        Fault::TimedOut => Refusal::new(408, "request_timeout", "Request Timeout", why),
        Fault::ReachLimit => Refusal::reach_limit(why),
        Fault::ResourceLimited => Refusal::resource_limited(why),
        Fault::ServerError => Refusal::new(500, "web_application", "Internal Server Error", why),
        Fault::Unavailable => Refusal::new(503, "service_unavailable", "Service Unavailable", why),
        Fault::GatewayTimeout => return empty(504, ""),
        Fault::NullBody => return empty(200, "null"),
        Fault::Transport(fault) => return fault.instead().map(|sent| Instead::Sent(Box::new(sent))),
        _ => return None,
    }))
}
