//! What is looked at before any call: its path, its method, its `Authorization` and the shape of its body.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::{config::Status, envelope::Refusal};

/// The calls that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Login,
    ChatRoomMember,
    ChatRoomMemberInfo,
    ChatRoomInfo,
    QueryLoginWx,
    IsOnline,
    InitAddressList,
    AddressList,
    Contact,
}

impl Command {
    const ALL: [Self; 9] = [
        Self::Login,
        Self::ChatRoomMember,
        Self::ChatRoomMemberInfo,
        Self::ChatRoomInfo,
        Self::QueryLoginWx,
        Self::IsOnline,
        Self::InitAddressList,
        Self::AddressList,
        Self::Contact,
    ];

    /// By the path of the URL. The vendor takes doubled slashes.
    pub(crate) fn find(path: &str) -> Option<Self> {
        let name = path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let known = Self::ALL.into_iter().find(|command| command.name() == name);
        known.filter(|_| path.starts_with('/') && !path.ends_with('/'))
    }

    /// Its path without the first slash.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Login => "member/login",
            Self::ChatRoomMember => "getChatRoomMember",
            Self::ChatRoomMemberInfo => "getChatRoomMemberInfo",
            Self::ChatRoomInfo => "getChatRoomInfo",
            Self::QueryLoginWx => "queryLoginWx",
            Self::IsOnline => "isOnline",
            Self::InitAddressList => "initAddressList",
            Self::AddressList => "getAddressList",
            Self::Contact => "getContact",
        }
    }
}

/// Why a caller may not call, in words that do not repeat what was sent.
pub(crate) fn authorize(
    headers: &HeaderMap,
    verify: impl FnOnce(&str) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let value = headers.get(header::AUTHORIZATION).ok_or("there is no Authorization")?;
    let token = value.to_str().map_err(|_| "Authorization is not ASCII")?;
    if token.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer ")) {
        return Err("Authorization has a scheme: it is the token and nothing else");
    }
    verify(token)
}

/// A developer's account that may not be used any more is refused whatever its token.
pub(crate) fn in_good_standing(status: Status) -> Result<(), Refusal> {
    match status {
        Status::Normal => Ok(()),
        Status::Frozen => Err(Refusal::new("账号已冻结", "the developer's account is frozen")),
        Status::Expired => Err(Refusal::new("账号已过期", "the developer's account is expired")),
    }
}

/// A request the server would not hand to any call: the HTTP status and why.
pub(crate) struct Malformed(pub(crate) u16, pub(crate) String);

/// Every call takes an object, those without parameters too.
pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Malformed> {
    let json = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    });
    if !json {
        return Err(Malformed(415, "Content-Type is not application/json".to_owned()));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Malformed(400, "the body is not a JSON object".to_owned())),
        // Only where: the error's own words could quote the body.
        Err(error) => {
            Err(Malformed(400, format!("the body is not JSON, line {} column {}", error.line(), error.column())))
        }
    }
}

/// A required parameter.
pub(crate) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    match body.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(Value::String(_)) => Err(missing(name, "is empty")),
        None | Some(Value::Null) => Err(missing(name, "is missing")),
        Some(_) => Err(missing(name, "is not a string")),
    }
}

fn missing(name: &str, how: &str) -> Refusal {
    Refusal::new(format!("{name}不能为空"), format!("{name} {how}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_exact_but_for_doubled_slashes() {
        for path in ["/member/login", "//member//login", "///member/login"] {
            assert_eq!(Command::find(path), Some(Command::Login), "{path}");
        }
        for path in ["", "/", "member/login", "/member/login/", "/getchatroommember", "/x/getContact", "/getContact/x"]
        {
            assert_eq!(Command::find(path), None, "{path}");
        }
        for command in Command::ALL {
            assert_eq!(Command::find(&format!("/{}", command.name())), Some(command));
        }
    }
}
