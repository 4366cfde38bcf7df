//! Data centres, and base URLs in general.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::error::BuildError;

/// The data centre of an app: a property of its key. The wrong one answers 403.
///
/// Hosts: <https://doc.commsease.com/messaging/server-apis/jk3MzY2MTI?platform=server>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Region {
    /// China mainland.
    #[default]
    China,
    /// Singapore, for apps outside of China.
    Singapore,
}

impl Region {
    /// Every region.
    pub const ALL: [Self; 2] = [Self::China, Self::Singapore];

    /// Its name, as [`from_str`](Self::from_str) takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The usual host.
    #[must_use]
    pub fn host(self) -> &'static str {
        self.row().1
    }

    /// The host to turn to when the usual one cannot be reached.
    #[must_use]
    pub fn backup_host(self) -> &'static str {
        self.row().2
    }

    /// The usual host's base URL.
    #[must_use]
    pub fn base_url(self) -> BaseUrl {
        BaseUrl(format!("https://{}/nimserver", self.host()))
    }

    /// The backup host's base URL.
    #[must_use]
    pub fn backup_url(self) -> BaseUrl {
        BaseUrl(format!("https://{}/nimserver", self.backup_host()))
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::China => ("china", "api.yunxinapi.com", "api-cn-bak.yunxinapi.com"),
            Self::Singapore => ("singapore", "api-sg.yunxinapi.com", "api-sg-bak.yunxinapi.com"),
        }
    }
}

impl FromStr for Region {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "china" | "cn" => Ok(Self::China),
            "singapore" | "sg" => Ok(Self::Singapore),
            _ => Err(BuildError::new("region", "is none of china, singapore")),
        }
    }
}

/// Where requests go: a scheme, a host, perhaps a port, and the path in front of the calls, which is `/nimserver`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Its text, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = BuildError;

    /// Takes `https://…`, and `http://…` on this machine only: elsewhere a CheckSum would travel in the open.
    fn from_str(text: &str) -> Result<Self, BuildError> {
        let refuse = |why: &'static str| Err(BuildError::new("base URL", why));
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse("has no scheme: write https://…");
        };
        let rest = rest.trim_end_matches('/');
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return refuse("has credentials in it: they belong into the environment");
        }
        if rest.contains(['?', '#']) {
            return refuse("has a query or a fragment: end it after the path");
        }
        let scheme = scheme.to_ascii_lowercase();
        let text = format!("{scheme}://{rest}");
        if authority.is_empty() {
            return refuse("has no host: write https://host/nimserver");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL: write https://host/nimserver");
        };
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return refuse("has no host: write https://host/nimserver");
        }
        if authority.len() > host.len() && uri.port_u16().is_none_or(|port| port == 0) {
            return refuse("has a port that is none of 1 to 65535");
        }
        if uri.path().split('/').any(|step| matches!(step, "." | "..")) {
            return refuse("has . or .. in its path");
        }
        match scheme.as_str() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return refuse("is plain http, which only a host on this machine may be: write https://…"),
            _ => return refuse("has another scheme than https"),
        }
        Ok(Self(text))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
