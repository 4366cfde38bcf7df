//! The vendor's answers to what it will not do.

use serde_json::{Map, Value, json};

use super::faults::Fault;

/// A refusal: the vendor's status and words for the caller, and for the log what exactly was wrong.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) description: String,
    /// Goes to the log and must hold no secret.
    pub(crate) note: String,
}

pub(crate) const EXPIRED: &str = "Unable to authenticate due to expired access token";
pub(crate) const OAUTH: &str = "Unable to authenticate (OAuth)";
pub(crate) const CORRUPT: &str = "Unable to authenticate due to corrupt access token";
pub(crate) const BLANK: &str = "token is blank!";

impl Refusal {
    pub(crate) fn new(
        status: u16,
        error: &'static str,
        description: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self { status, error, description: description.into(), note: note.into() }
    }

    pub(crate) fn token(error: &'static str, description: &str, note: impl Into<String>) -> Self {
        Self::new(401, error, description, note)
    }

    /// Who calls may not; the status is that of a bad token all the same.
    pub(crate) fn permission(note: impl Into<String>) -> Self {
        let words = "you have no permission to do this, group admin permission is required";
        Self::new(401, "group_authorization", words, note)
    }

    pub(crate) fn parameter(description: impl Into<String>) -> Self {
        let description = description.into();
        Self::new(400, "invalid_parameter", description.clone(), description)
    }

    pub(crate) fn json(note: impl Into<String>) -> Self {
        Self::new(400, "json_parse", "Unexpected character: the request body is not JSON", note)
    }

    pub(crate) fn reach_limit(note: impl Into<String>) -> Self {
        Self::new(429, "reach_limit", "This request has reached api limit", note)
    }

    pub(crate) fn resource_limited(note: impl Into<String>) -> Self {
        let words = "You have exceeded the limit of the community edition,Please upgrade to the enterprise edition";
        Self::new(429, "resource_limited", words, note)
    }

    pub(crate) fn no_app(app: &str, rest: &str) -> Self {
        let words = format!("Could not find application for {app} from URI: {app}/{rest}");
        Self::new(404, "organization_application_not_found", words, "no such app on this cluster")
    }

    /// There are two forms of it; `short` is the one of the member list.
    pub(crate) fn no_group(id: &str, short: bool) -> Self {
        let note = format!("no group {id:?}");
        if short {
            Self::new(404, "service_resource_not_found", format!("do not find this group:{id}"), note)
        } else {
            Self::new(404, "resource_not_found", format!("grpID {id} does not exist!"), note)
        }
    }

    pub(crate) fn no_user(user: &str) -> Self {
        let words = format!("username {user} doesn't exist!");
        Self::new(404, "resource_not_found", words, format!("no user {user:?}"))
    }

    /// The body; `Map` keeps keys in alphabetical order, so it is written by hand.
    pub(crate) fn body(&self, now: u64, faults: &[Fault]) -> Vec<u8> {
        if faults.contains(&Fault::BareError) {
            return json!({"error": self.error}).to_string().into_bytes();
        }
        let class = camel(self.error);
        let exception = match self.error {
            _ if faults.contains(&Fault::ShortException) => class,
            "web_application" => format!("javax.ws.rs.{class}"),
            "unauthorized" | "auth_bad_access_token" => format!("com.easemob.auth.exception.{class}"),
            _ => format!("com.easemob.group.exception.{class}"),
        };
        let (description, properties) =
            if self.status == 401 && self.error != "group_authorization" && faults.contains(&Fault::Documented401) {
                (OAUTH, false)
            } else {
                (self.description.as_str(), faults.contains(&Fault::Properties))
            };
        let error = if description == OAUTH { "unauthorized" } else { self.error };
        let properties = if properties { r#","properties":{}"# } else { "" };
        let [error, exception, description] = [error, &exception, description].map(Value::from);
        format!(
            r#"{{"error":{error},"timestamp":{now},"duration":0{properties},"exception":{exception},"error_description":{description}}}"#
        )
        .into_bytes()
    }
}

/// The Java class of an error: `reach_limit` is a `ReachLimitException`.
fn camel(error: &str) -> String {
    let mut class = String::new();
    for word in error.split('_') {
        let mut letters = word.chars();
        class.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        class.push_str(letters.as_str());
    }
    class + "Exception"
}

/// The body of a request that must be a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::json("the body is not a JSON object")),
        // Only where: the error's own words could quote the body.
        Err(e) => Err(Refusal::json(format!("the body is not JSON, line {} column {}", e.line(), e.column()))),
    }
}
