//! Where requests go.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::error::BuildError;

/// The host your console shows ("我的API → 开通信息"): a scheme, a host, mostly a port, perhaps a path in front of the
/// endpoints. There is no default: hosts are assigned to customers, and they move.
///
/// `http://` is taken for any host, because the vendor's hosts offer nothing else: the token, and at login the password,
/// then travel in the open. Put a TLS proxy in front if you can.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// From `WKTEAM_BASE_URL`.
    ///
    /// # Errors
    /// It is unset, or no base URL.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        crate::credentials::read_env("WKTEAM_BASE_URL")?.parse()
    }

    /// Its text, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        let refuse = |why: &'static str| Err(BuildError::new("base URL", why));
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse("has no scheme: write http://host:port");
        };
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return refuse("has another scheme than http or https");
        }
        if rest.trim_matches('/').is_empty() {
            return refuse("has no host: write http://host:port");
        }
        let text = format!("{scheme}://{}", rest.trim_end_matches('/'));
        if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
            return refuse("has credentials in it: they belong into the environment");
        }
        if text.contains(['?', '#']) {
            return refuse("has a query or a fragment: end it after the host or a path");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL: write http://host:port");
        };
        if uri.host().unwrap_or_default().is_empty() {
            return refuse("has no host: write http://host:port");
        }
        // `Uri` takes any digits, and none, after the colon.
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let port = authority.rsplit(']').next().unwrap_or_default().split_once(':').map(|(_, port)| port);
        let fits =
            |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse().is_ok_and(|n: u16| n > 0);
        if !port.is_none_or(fits) {
            return refuse("has a port that is none: 1 to 65535");
        }
        Ok(Self(text))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
