//! Which app, and where its API is.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::credentials::{check_hex, check_id};
use crate::error::BuildError;

/// An app, in one of the two forms its URLs have. The server's answers show the second whichever was used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum App {
    /// `/app-id/{app_id}/…`: Shengwang, and newer pages of Agora.
    Id(String),
    /// `/{org_name}/{app_name}/…`: Agora and Easemob. An App Key `org#app` spells it.
    Key {
        /// The part in front of `#`.
        org: String,
        /// The part behind it.
        app: String,
    },
}

impl App {
    /// By its App ID.
    ///
    /// # Errors
    /// It is not 32 hex digits.
    pub fn id(app_id: impl Into<String>) -> Result<Self, BuildError> {
        let app_id = app_id.into();
        check_hex("App ID", &app_id)?;
        Ok(Self::Id(app_id))
    }

    /// By its App Key, `org#app`.
    ///
    /// # Errors
    /// It has no `#`, or more than one, or a part that can be none.
    pub fn key(app_key: &str) -> Result<Self, BuildError> {
        let app = match app_key.split_once('#') {
            Some((org, app)) if !app.contains('#') => Self::Key { org: org.to_owned(), app: app.to_owned() },
            _ => return Err(BuildError::new("App Key", "is not of the form org#app")),
        };
        app.check()?;
        Ok(app)
    }

    /// From `AGORA_ORG` and `AGORA_APP` if they are set, else from `AGORA_APP_ID`.
    ///
    /// # Errors
    /// One of them is unset or malformed.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        use crate::credentials::read_env;
        if std::env::var_os("AGORA_ORG").is_none() {
            return Self::id(read_env("AGORA_APP_ID")?);
        }
        let app = Self::Key { org: read_env("AGORA_ORG")?, app: read_env("AGORA_APP")? };
        app.check()?;
        Ok(app)
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        match self {
            Self::Id(app_id) => check_hex("App ID", app_id),
            Self::Key { org, app } => check_id("org name", org).and_then(|()| check_id("app name", app)),
        }
    }
}

/// Where requests go: a scheme, a host, perhaps a port and a path in front of the app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// From `AGORA_BASE_URL`.
    ///
    /// # Errors
    /// It is unset, or no base URL.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        crate::credentials::read_env("AGORA_BASE_URL")?.parse()
    }

    /// Its text, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = BuildError;

    /// Takes `https://…`, and `http://…` on this machine only: elsewhere a token would travel in the open.
    fn from_str(text: &str) -> Result<Self, BuildError> {
        let refuse = |why: &'static str| Err(BuildError::new("base URL", why));
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse("has no scheme: write https://…");
        };
        if rest.trim_start_matches('/').is_empty() {
            return refuse("has no host: write https://host");
        }
        if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
            return refuse("has credentials in it: they belong into the environment");
        }
        let text = text.trim_end_matches('/');
        if text.contains(['?', '#']) {
            return refuse("has a query or a fragment: end it after the host or a path");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL: write https://host");
        };
        let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
            return refuse("has no host: write https://host");
        };
        let host = authority.host();
        let port = authority.as_str().strip_prefix(host).unwrap_or_default();
        if !port.is_empty() && port.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).is_none_or(|p| p == 0) {
            return refuse("has a port that is none: 1 to 65535");
        }
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return refuse("is plain http, which only a host on this machine may be: write https://…"),
            _ => return refuse("has another scheme than https"),
        }
        Ok(Self(text.to_owned()))
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
