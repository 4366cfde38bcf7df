//! Where requests go.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::error::BuildError;

/// The merchant's own server: a scheme, a host, perhaps a port and a path under which the shop is installed.
///
/// `http://` is taken for any host, because many merchants have nothing else: the session, and at login the password, then
/// travel in the open. Use `https://` where it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// From `YUNSHOP_BASE_URL`.
    ///
    /// # Errors
    /// It is unset, or no base URL.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        crate::credentials::read_env("YUNSHOP_BASE_URL")?.parse()
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
            return refuse("has no scheme: write https://host");
        };
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return refuse("has another scheme than http or https");
        }
        if rest.trim_matches('/').is_empty() {
            return refuse("has no host: write https://host");
        }
        let text = text.trim_end_matches('/');
        if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
            return refuse("has credentials in it: they belong into the environment");
        }
        if text.contains(['?', '#']) {
            return refuse("has a query or a fragment: end it after the host or a path");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL: write https://host");
        };
        if uri.host().unwrap_or_default().is_empty() {
            return refuse("has no host: write https://host");
        }
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return refuse("has no port from 1 to 65535 behind its colon");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One tenant of a shop: where it is, and its number (`uniacid`, the `i=` of the admin pages).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Site {
    base: BaseUrl,
    uniacid: u64,
}

impl Site {
    /// A tenant.
    ///
    /// # Errors
    /// `uniacid` is 0.
    pub fn new(base: BaseUrl, uniacid: u64) -> Result<Self, BuildError> {
        match uniacid {
            0 => Err(BuildError::new("uniacid", "is 0: give the number behind i= in the admin's address bar")),
            _ => Ok(Self { base, uniacid }),
        }
    }

    /// From `YUNSHOP_BASE_URL` and `YUNSHOP_UNIACID`.
    ///
    /// # Errors
    /// One of them is unset, or is none.
    #[cfg(feature = "client")]
    pub fn from_env() -> Result<Self, BuildError> {
        let uniacid = crate::credentials::read_env("YUNSHOP_UNIACID")?;
        let uniacid = uniacid.parse().map_err(|_| BuildError::new("YUNSHOP_UNIACID", "is no whole number"))?;
        Self::new(BaseUrl::from_env()?, uniacid)
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Its number.
    #[must_use]
    pub fn uniacid(&self) -> u64 {
        self.uniacid
    }
}
