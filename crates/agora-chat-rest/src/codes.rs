//! What the vendor's errors mean.
//!
//! Sources: the vendor's pages of HTTP status codes (Agora, Shengwang, Easemob), and answers of real servers. `exception` is a
//! Java class that differs from answer to answer, so nothing here looks at it.

/// What an error means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The token is wrong, missing or expired.
    Auth,
    /// The client ID, or its secret, is wrong: no token was given for them.
    Credentials,
    /// The caller may not do this. It may come with status 401: a new token does not help.
    Permission,
    /// The group or the user does not exist.
    NotFound,
    /// The app does not exist on this host.
    AppNotFound,
    /// Too many calls in this second.
    Throttled,
    /// The plan does not cover it, or it ran out: waiting does not help.
    Quota,
    /// The request is wrong.
    InvalidRequest,
    /// Somebody else was first.
    Conflict,
    /// The server failed; another try may work.
    Server,
    /// An error this version does not know.
    Other,
}

impl ApiErrorKind {
    pub(crate) fn of(status: u16, error: &str, description: &str) -> Self {
        let words = description.to_ascii_lowercase();
        match (status, error) {
            (_, "resource_limited") => Self::Quota,
            (_, "reach_limit") => Self::Throttled,
            // The group service says "no token" and "no permission" with one word.
            (401, _) if words.contains("permission") => Self::Permission,
            (401, _) => Self::Auth,
            (_, "invalid_grant") => Self::Credentials,
            (_, "organization_application_not_found") => Self::AppNotFound,
            (_, "expired_token" | "auth_bad_access_token") => Self::Auth,
            (404, _) | (_, "service_resource_not_found" | "resource_not_found") => Self::NotFound,
            (403, "exceed_limit") | (402, _) => Self::Quota,
            (403, _) => Self::Permission,
            (429, _) => Self::Throttled,
            (409, _) => Self::Conflict,
            (408 | 500.., _) => Self::Server,
            (400..=499, _) => Self::InvalidRequest,
            _ => Self::Other,
        }
    }

    /// What happened, and what to do.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Auth => {
                ("the token was refused", "check App ID, certificate and clock: it must be an app token of this app")
            }
            Self::Credentials => ("no token is given for these credentials", "check client ID and secret"),
            Self::Permission => ("not permitted", "a new token would not help: see the server's words"),
            Self::NotFound => ("no such group or user", "check the id"),
            Self::AppNotFound => ("no such app on this host", "check the app, and that the host is its region's"),
            Self::Throttled => ("too many calls in this second", "slow down; the SDKs of users count as well"),
            Self::Quota => ("the plan's limit is reached", "waiting does not help: see the plan"),
            Self::InvalidRequest => ("the request is wrong", "see the server's words"),
            Self::Conflict => ("somebody else was first", "read it again"),
            Self::Server => ("the server failed", "try again"),
            Self::Other => ("refused in a way this version does not know", ""),
        }
    }
}
