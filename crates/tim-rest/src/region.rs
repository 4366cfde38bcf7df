//! Data centres, and base URLs in general.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::error::BuildError;

/// The data centre of an app. The wrong one answers 70016 or 70020.
///
/// Hosts: <https://cloud.tencent.com/document/product/269/1519>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Region {
    /// China mainland.
    #[default]
    China,
    /// Singapore.
    Singapore,
    /// Seoul.
    Seoul,
    /// Tokyo.
    Tokyo,
    /// Frankfurt.
    Frankfurt,
    /// Silicon Valley.
    SiliconValley,
    /// Jakarta.
    Jakarta,
    /// Riyadh.
    Riyadh,
    /// Mumbai; no longer in the newest documents.
    Mumbai,
}

impl Region {
    /// Every region.
    pub const ALL: [Self; 9] = [
        Self::China,
        Self::Singapore,
        Self::Seoul,
        Self::Tokyo,
        Self::Frankfurt,
        Self::SiliconValley,
        Self::Jakarta,
        Self::Riyadh,
        Self::Mumbai,
    ];

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

    /// The host to turn to when the usual one cannot be reached, for instance because its name is hijacked.
    #[must_use]
    pub fn backup_host(self) -> &'static str {
        self.row().2
    }

    /// The usual host's base URL.
    #[must_use]
    pub fn base_url(self) -> BaseUrl {
        BaseUrl(format!("https://{}", self.host()))
    }

    /// The backup host's base URL.
    #[must_use]
    pub fn backup_url(self) -> BaseUrl {
        BaseUrl(format!("https://{}", self.backup_host()))
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::China => ("china", "console.tim.qq.com", "adminapi.my-imcloud.com"),
            Self::Singapore => ("singapore", "adminapisgp.im.qcloud.com", "adminapisgp.my-imcloud.com"),
            Self::Seoul => ("seoul", "adminapikr.im.qcloud.com", "adminapikr.my-imcloud.com"),
            Self::Tokyo => ("tokyo", "adminapijpn.im.qcloud.com", "adminapijpn.my-imcloud.com"),
            Self::Frankfurt => ("frankfurt", "adminapiger.im.qcloud.com", "adminapiger.my-imcloud.com"),
            Self::SiliconValley => ("silicon-valley", "adminapiusa.im.qcloud.com", "adminapiusa.my-imcloud.com"),
            Self::Jakarta => ("jakarta", "adminapiidn.im.qcloud.com", "adminapiidn.my-imcloud.com"),
            Self::Riyadh => ("riyadh", "adminapiksa.im.qcloud.com", "adminapiksa.my-imcloud.com"),
            Self::Mumbai => ("mumbai", "adminapiind.im.qcloud.com", "adminapiind.my-imcloud.com"),
        }
    }
}

impl FromStr for Region {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        let found = Self::ALL.into_iter().find(|region| region.name().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            BuildError::new("region", format!("is none of {names}"))
        })
    }
}

/// Where requests go: a scheme, a host, perhaps a port and a path in front of `/v4`.
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

    /// Takes `https://…`, and `http://…` on this machine only: elsewhere a UserSig would travel in the open.
    fn from_str(text: &str) -> Result<Self, BuildError> {
        let refuse = |why: &'static str| Err(BuildError::new("base URL", why));
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse("has no scheme: write https://…");
        };
        let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.trim_end_matches('/'));
        if rest.is_empty() {
            return refuse("has no host: write https://host");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return refuse("has credentials in it: they belong into the environment");
        }
        if rest.contains(['?', '#']) {
            return refuse("has a query or a fragment: end it after the host or a path");
        }
        let text = format!("{scheme}://{rest}");
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL: write https://host");
        };
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return refuse("has no host: write https://host");
        }
        let port = authority.strip_prefix(host).unwrap_or_default();
        if !port.is_empty() && !port.trim_start_matches(':').parse().is_ok_and(|port: u16| port > 0) {
            return refuse("has a port that cannot be: ports are 1 to 65535");
        }
        if uri.path().rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("v4")) {
            return refuse("ends in /v4, which is put behind it anyway: leave that out");
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
