//! The calls that are served, by method and path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::refusal::Refusal;

pub(crate) const TOKEN: &str = "token";
pub(crate) const GROUPS: &str = "chatgroups";
pub(crate) const DETAILS: &str = "chatgroups/{ids}";
pub(crate) const USERS: &str = "chatgroups/{id}/users";
pub(crate) const ADMINS: &str = "chatgroups/{id}/admin";
pub(crate) const ROLES: &str = "chatgroups/{id}/roles";
pub(crate) const MUTED: &str = "chatgroups/{id}/mute";
pub(crate) const BLOCKED: &str = "chatgroups/{id}/blocks/users";
pub(crate) const ALLOWED: &str = "chatgroups/{id}/white/users";
pub(crate) const IS_JOINED: &str = "chatgroups/{id}/user/{user}/is_joined";
pub(crate) const JOINED: &str = "chatgroups/user/{user}";
pub(crate) const JOINED_SIMPLE: &str = "users/{user}/joined_chatgroups";
pub(crate) const ATTRIBUTES: &str = "metadata/chatgroup/{id}/user/{user}";
pub(crate) const ATTRIBUTES_OF: &str = "metadata/chatgroup/{id}/get";

/// A path after the app, cut at its slashes and decoded.
#[derive(Debug)]
pub(crate) struct Path<'a>(Vec<Cow<'a, str>>);

impl<'a> Path<'a> {
    pub(crate) fn parse(rest: &'a str) -> Self {
        Self(rest.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy()).collect())
    }
}

/// What is asked for. Which group and which user it names are empty where it names none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// One ID, or several in the call for details.
    pub(crate) group: String,
    pub(crate) user: String,
}

impl Command {
    pub(crate) fn find(method: &str, path: &Path<'_>) -> Result<Self, Refusal> {
        let segments: Vec<&str> = path.0.iter().map(AsRef::as_ref).collect();
        let (verb, name, group, user) = match segments[..] {
            ["token"] => ("POST", TOKEN, "", ""),
            ["chatgroups"] => ("GET", GROUPS, "", ""),
            ["chatgroups", "user", user] => ("GET", JOINED, "", user),
            ["chatgroups", ids] => ("GET", DETAILS, ids, ""),
            ["chatgroups", id, "users"] => ("GET", USERS, id, ""),
            ["chatgroups", id, "admin"] => ("GET", ADMINS, id, ""),
            ["chatgroups", id, "roles"] => ("GET", ROLES, id, ""),
            ["chatgroups", id, "mute"] => ("GET", MUTED, id, ""),
            ["chatgroups", id, "blocks", "users"] => ("GET", BLOCKED, id, ""),
            ["chatgroups", id, "white", "users"] => ("GET", ALLOWED, id, ""),
            ["chatgroups", id, "user", user, "is_joined"] => ("GET", IS_JOINED, id, user),
            ["users", user, "joined_chatgroups"] => ("GET", JOINED_SIMPLE, "", user),
            ["metadata", "chatgroup", id, "user", user] => ("GET", ATTRIBUTES, id, user),
            ["metadata", "chatgroup", id, "get"] => ("POST", ATTRIBUTES_OF, id, ""),
            _ => return Err(Refusal::new(404, "web_application", "Not Found", "no such call here")),
        };
        if method != verb {
            let why = format!("{method} instead of {verb}; the sandbox serves the reads only");
            return Err(Refusal::new(405, "web_application", "Method Not Allowed", why));
        }
        Ok(Self { name, group: group.to_owned(), user: user.to_owned() })
    }

    /// Calls a second, where `usual` is what nearly all allow.
    pub(crate) fn limit(&self, usual: u32) -> u32 {
        match self.name {
            TOKEN => usual.saturating_mul(3),
            JOINED | JOINED_SIMPLE => usual.div_ceil(2),
            _ => usual,
        }
    }

    /// The groups it is about.
    pub(crate) fn groups(&self) -> Vec<&str> {
        self.group.split(',').filter(|id| !id.is_empty()).collect()
    }
}
