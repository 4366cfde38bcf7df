//! The tokens this server gives out itself ("YWMt"), and who comes with which.

use std::collections::{HashMap, HashSet};

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    command::{Command, TOKEN},
    config::Config,
    envelope::Fields,
    refusal::{BLANK, CORRUPT, EXPIRED, Refusal, object},
    token::{self, Holder},
};
use crate::rng::Rng;

/// What the vendor grants when nothing is asked for: 60 days.
const USUAL_LIFE: u64 = 5_184_000;

#[derive(Debug)]
pub(crate) struct Issued {
    rng: Rng,
    /// With the Unix millisecond they end at, if they do.
    tokens: HashMap<String, (Holder, Option<u64>)>,
    /// Every token that was let in, until they are revoked.
    used: HashSet<String>,
    revoked: HashSet<String>,
}

impl Issued {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), tokens: HashMap::new(), used: HashSet::new(), revoked: HashSet::new() }
    }

    pub(crate) fn revoke(&mut self) {
        self.tokens.clear();
        self.revoked.extend(self.used.drain());
    }

    fn issue(&mut self, holder: Holder, until: Option<u64>) -> String {
        let bytes: Vec<u8> = (0..6).flat_map(|_| self.rng.next().to_le_bytes()).collect();
        let token = format!("YWMt{}", URL_SAFE_NO_PAD.encode(bytes));
        self.tokens.insert(token.clone(), (holder, until));
        token
    }

    /// Who calls, by the Bearer token. `now` is in Unix milliseconds.
    pub(crate) fn holder(
        &mut self,
        config: &Config,
        command: &Command,
        headers: &HeaderMap,
        now: u64,
    ) -> Result<Holder, Refusal> {
        let header = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
        if header.is_empty() {
            let why = "no Authorization header";
            // The group service has words of its own for it.
            return Err(if command.name.starts_with("chatgroups") {
                Refusal::token("group_authorization", BLANK, why)
            } else {
                Refusal::token("unauthorized", EXPIRED, why)
            });
        }
        let corrupt = |why: String| Refusal::token("auth_bad_access_token", CORRUPT, why);
        let token = header.strip_prefix("Bearer ").ok_or_else(|| corrupt("not \"Bearer \" and a token".to_owned()))?;
        let expired = |why: String| Refusal::token("unauthorized", EXPIRED, why);
        let foreign = |why: &str| Refusal::token("auth_bad_access_token", "Unable to authenticate", why);
        if self.revoked.contains(token) {
            return Err(expired("the token was revoked".to_owned()));
        }
        let holder = if token.starts_with("YWMt") {
            match self.tokens.get(token) {
                Some((_, Some(until))) if now >= *until => {
                    return Err(expired(format!("the issued token was good until {until}, now it is {now}")));
                }
                Some((holder, _)) => holder.clone(),
                None => return Err(foreign("no token of this server")),
            }
        } else {
            let (id, certificate) = (&config.app_id, &config.app_certificate);
            token::verify(token, id, certificate, now / 1000, config.longest_token).map_err(
                |refused| match refused {
                    token::Refused::Corrupt(why) => corrupt(why.to_owned()),
                    token::Refused::Foreign(why) => foreign(why),
                    token::Refused::Expired(why) => expired(why),
                },
            )?
        };
        self.used.insert(token.to_owned());
        Ok(holder)
    }

    /// Both grants of `POST /token`.
    pub(crate) fn exchange(
        &mut self,
        config: &Config,
        headers: &HeaderMap,
        body: &[u8],
        application: &str,
        now: u64,
    ) -> Result<Fields, Refusal> {
        let body = object(body)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let set = config.token_seconds.map(u64::from);
        match text("grant_type") {
            "agora" => {
                let command = Command { name: TOKEN, group: String::new(), user: String::new() };
                let holder = self.holder(config, &command, headers, now)?;
                let until = now + set.unwrap_or(86_400) * 1000;
                let token = self.issue(holder, Some(until));
                Ok(Fields::default().with("access_token", &token).with("expire_timestamp", &until))
            }
            "client_credentials" => {
                let invalid = |words| Refusal::new(400, "invalid_grant", words, words);
                if text("client_id") != config.client_id {
                    return Err(invalid("client_id does not match"));
                }
                if text("client_secret") != config.client_secret {
                    return Err(invalid("client_secret does not match"));
                }
                let asked = match body.get("ttl") {
                    None => USUAL_LIFE,
                    Some(ttl) => ttl.as_u64().ok_or_else(|| Refusal::parameter("ttl is not a number of seconds"))?,
                };
                // The latest setting wins, be it the console's.
                let seconds = set.unwrap_or(asked);
                let until = (seconds > 0).then(|| now.saturating_add(seconds.saturating_mul(1000)));
                let token = self.issue(Holder::App, until);
                Ok(Fields::default()
                    .with("access_token", &token)
                    .with("expires_in", &seconds)
                    .with("application", application))
            }
            _ => Err(Refusal::new(400, "illegal_argument", "grant_type is not supported", "unknown grant_type")),
        }
    }
}
