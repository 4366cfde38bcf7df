//! The WeChat accounts: a wcId that stays, and a wId that dies with every new login.

use super::{config::AccountConfig, envelope::Refusal};
use crate::rng::{mix, seed_of};

#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) wc_id: String,
    pub(crate) wid: String,
    pub(crate) online: bool,
    /// Whether the address list was initialised since the last login.
    pub(crate) initialised: bool,
    /// Calls that came too soon since the last login.
    pub(crate) hurried: u32,
    former: Vec<String>,
}

impl Account {
    pub(crate) fn new(config: AccountConfig) -> Self {
        let AccountConfig { wc_id, wid, online } = config;
        Self { wc_id, wid, online, initialised: false, hurried: 0, former: Vec::new() }
    }

    /// Online again, under a new wId.
    pub(crate) fn log_in(&mut self, seed: u64) -> String {
        let wid = wid(seed_of(seed, &self.wc_id), self.former.len() as u64);
        self.former.push(std::mem::replace(&mut self.wid, wid));
        (self.online, self.initialised, self.hurried) = (true, false, 0);
        self.wid.clone()
    }

    /// A call too soon. True when it was one too many.
    pub(crate) fn hurry(&mut self, most: u32) -> bool {
        self.hurried = self.hurried.saturating_add(1);
        let too_many = most > 0 && self.hurried >= most;
        if too_many {
            self.online = false;
        }
        too_many
    }
}

/// The account that is online under this wId; its number.
pub(crate) fn find(accounts: &[Account], wid: &str) -> Result<usize, Refusal> {
    let refuse = |message: &str, note: String| Err(Refusal::new(message, note));
    if let Some(at) = accounts.iter().position(|account| account.wid == wid) {
        let account = &accounts[at];
        if account.online {
            return Ok(at);
        }
        return refuse("微信已离线，请重新登录", format!("{} is offline", account.wc_id));
    }
    let note = if let Some(account) = accounts.iter().find(|account| account.former.iter().any(|old| old == wid)) {
        format!("the wId is of an earlier login of {}: it has a new one", account.wc_id)
    } else if accounts.iter().any(|account| account.wc_id == wid) {
        "a wcId was sent as the wId".to_owned()
    } else {
        "no WeChat account ever had this wId".to_owned()
    };
    refuse("微信实例不存在或已失效", note)
}

/// A made-up UUID of version 4.
fn wid(seed: u64, number: u64) -> String {
    let (a, b) = (mix(seed ^ number), mix(seed.rotate_left(32) ^ number));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        8 + (b >> 62),
        (b >> 48) & 0xfff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_login_has_a_wid_of_its_own() {
        let mut accounts = [Account::new(AccountConfig::new("wxid_a", "first"))];
        let second = accounts[0].log_in(1);
        let third = accounts[0].log_in(1);
        assert_eq!((second.len(), &second[14..15]), (36, "4"));
        assert_ne!(second, third);
        assert_eq!(find(&accounts, &third).unwrap(), 0);
        for old in ["first", second.as_str()] {
            assert!(find(&accounts, old).unwrap_err().note.contains("earlier login of wxid_a"));
        }
        assert!(find(&accounts, "wxid_a").unwrap_err().note.contains("a wcId was sent"));
        assert!(find(&accounts, "").unwrap_err().note.contains("ever"));
        accounts[0].online = false;
        assert!(find(&accounts, &third).unwrap_err().note.contains("offline"));
    }
}
