//! Who is calling: PHP sessions, the cookie that revives them, and tokens.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::rng::{Rng, seed_of};

/// By its place in the configuration.
pub(crate) type AccountAt = usize;

#[derive(Debug)]
struct Session {
    /// Nobody, where a token says who is calling.
    account: Option<AccountAt>,
    business: Option<u32>,
    used: Instant,
}

pub(crate) struct Sessions {
    ttl: Duration,
    rng: Rng,
    open: HashMap<String, Session>,
    app_tokens: HashMap<String, AccountAt>,
    tokens: HashMap<String, AccountAt>,
}

impl Sessions {
    pub(crate) fn new(ttl: Duration, seed: u64) -> Self {
        let rng = Rng::new(seed_of(seed, "yunshop sessions"));
        Self { ttl, rng, open: HashMap::new(), app_tokens: HashMap::new(), tokens: HashMap::new() }
    }

    /// An id nobody has.
    pub(crate) fn new_id(&mut self) -> String {
        format!("{:016x}{:010x}", self.rng.next(), self.rng.next() >> 24)
    }

    /// Who has this session, if it has not run out. Looking keeps it open.
    pub(crate) fn account(&mut self, id: &str, now: Instant) -> Option<AccountAt> {
        let session = self.open.get_mut(id)?;
        if now.saturating_duration_since(session.used) >= self.ttl {
            self.open.remove(id);
            return None;
        }
        session.used = session.used.max(now);
        session.account
    }

    /// The enterprise chosen in it.
    pub(crate) fn business(&self, id: &str) -> Option<u32> {
        self.open.get(id)?.business
    }

    /// Opens a session under this id, whatever was there before: PHP takes the id it is given.
    pub(crate) fn open(&mut self, id: &str, account: AccountAt, now: Instant) {
        self.open.insert(id.to_owned(), Session { account: Some(account), business: None, used: now });
    }

    /// PHP keeps what is chosen under the id it is given, whether anybody has logged in there or a token says who it is.
    pub(crate) fn choose(&mut self, id: &str, business: Option<u32>, now: Instant) {
        let nobody = || Session { account: None, business: None, used: now };
        self.open.entry(id.to_owned()).or_insert_with(nobody).business = business;
    }

    pub(crate) fn close(&mut self, id: &str) {
        self.open.remove(id);
    }

    pub(crate) fn close_all(&mut self) {
        self.open.clear();
    }

    /// The cookie `Yz-appToken`, in the form of Laravel's encrypted ones.
    pub(crate) fn new_app_token(&mut self, account: AccountAt) -> String {
        let part = |rng: &mut Rng| format!("{:016x}{:016x}", rng.next(), rng.next());
        let (iv, value, mac) = (part(&mut self.rng), part(&mut self.rng), part(&mut self.rng));
        let token = STANDARD.encode(format!(r#"{{"iv":"{iv}","value":"{value}","mac":"{mac}"}}"#));
        self.app_tokens.insert(token.clone(), account);
        token
    }

    pub(crate) fn app_token(&self, token: &str) -> Option<AccountAt> {
        self.app_tokens.get(token).copied()
    }

    pub(crate) fn revoke_app_token(&mut self, token: &str) {
        self.app_tokens.remove(token);
    }

    pub(crate) fn revoke_all(&mut self) {
        self.app_tokens.clear();
        self.tokens.clear();
    }

    /// What `type=9` logs in with.
    pub(crate) fn new_token(&mut self, account: AccountAt) -> String {
        let token = format!("{:016x}{:016x}", self.rng.next(), self.rng.next());
        self.tokens.insert(token.clone(), account);
        token
    }

    pub(crate) fn token(&self, token: &str) -> Option<AccountAt> {
        self.tokens.get(token).copied()
    }
}
