//! How a recording of Agora is made safe to show.

use agora_chat_rest::{Command, Error, chatgroups_admin, chatgroups_details, chatgroups_users};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use crate::sanitize::{Kind, Outcome, Rules, Sanitizer, Ways};

/// The app that fixtures name.
const APP_ID: &str = "0123456789abcdef0123456789abcdef";

/// Everything but RFC 3986's unreserved characters, as the client writes paths.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Of an app that is named by its App ID.
pub(super) static BY_ID: Rules = RULES;

/// Of an app that is named by its App Key.
pub(super) static BY_KEY: Rules = Rules {
    credentials: || json!({"token": "REDACTED", "app": "org#app"}),
    ways: &Ways { path: |sanitizer, path| format!("/org/app{}", chatgroups(sanitizer, path)), ..WAYS },
    ..RULES
};

const RULES: Rules = Rules {
    vendor: "agora",
    host: "a1.example.com",
    path: "/app-id/",
    query: &[("pagenum", None), ("pagesize", None), ("joined_time", None)],
    ignore_query: &[],
    random: 0,
    app: 0,
    kind,
    outcome,
    credentials: || json!({"token": "REDACTED", "app": APP_ID}),
    ways: &Ways { path: |sanitizer, path| format!("/app-id/{APP_ID}{}", chatgroups(sanitizer, path)), ..WAYS },
};

const WAYS: Ways = Ways {
    headers: "authorization: Bearer REDACTED\r\n",
    endpoint,
    request,
    // A 401 speaks of a token or of a right, and only its words say of which.
    telling: &["permission"],
    ..Ways::JSON
};

/// The path from `/chatgroups` on, with stand-ins for the groups in it.
fn chatgroups(sanitizer: &mut Sanitizer, path: &str) -> String {
    let steps = steps(path);
    let mut safe = "/chatgroups".to_owned();
    for (place, step) in steps.iter().enumerate() {
        safe.push('/');
        if place == 0 {
            let groups: Vec<String> = step
                .split(',')
                .map(|id| {
                    let stand_in = sanitizer.group(&percent_decode_str(id).decode_utf8_lossy());
                    utf8_percent_encode(&stand_in, STRICT).to_string()
                })
                .collect();
            safe.push_str(&groups.join(","));
        } else if matches!(*step, "users" | "admin") {
            safe.push_str(step);
        } else {
            safe.push_str("REDACTED");
        }
    }
    safe
}

/// What comes behind `/chatgroups`.
fn steps(path: &str) -> Vec<&str> {
    const LIST: &str = "/chatgroups/";
    let rest = path.rfind(LIST).map_or("", |at| &path[at + LIST.len()..]);
    rest.split('/').filter(|step| !step.is_empty()).collect()
}

fn endpoint(path: &str) -> String {
    match steps(path).as_slice() {
        [] => "chatgroups".to_owned(),
        [_] => "chatgroups_details".to_owned(),
        [_, list, ..] => format!("chatgroups_{list}"),
    }
}

/// The request in the codec's own form.
fn request(endpoint: &str, target: &str, _: &[u8]) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let of = |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|pair| pair.0 == name);
    let read = |name: &str| of(name).map_or(Value::Null, |(_, value)| value.parse().unwrap_or(Value::Null));
    let groups = steps(path).first().copied().unwrap_or_default();
    let joined_time = read("joined_time");
    match endpoint {
        "chatgroups_details" => {
            json!({"group_ids": groups.split(',').collect::<Vec<_>>(), "joined_time": joined_time})
        }
        "chatgroups_users" => {
            let number = json!({"pagenum": read("pagenum"), "pagesize": read("pagesize")});
            json!({"group_id": groups, "paging": {"number": number}, "joined_time": joined_time})
        }
        _ => json!({"group_id": groups}),
    }
}

/// What stands under a key. What is not known here is replaced.
fn kind(key: &str) -> Kind {
    match key {
        // Lists of bare ids stand in "data" itself.
        "owner" | "admin" | "member" | "user" | "username" | "data" => Kind::Person,
        "id" | "groupid" | "group_id" => Kind::Group,
        "name" | "groupname" => Kind::Name,
        "avatar" => Kind::Picture,
        "cursor" => Kind::Cursor,
        "description" | "custom" | "announcement" | "error_description" | "exception" | "uri" | "path" => Kind::Text,
        "action" | "error" | "role" => Kind::Word,
        "joined_time" | "count" | "timestamp" | "duration" | "pagenum" | "pagesize" | "affiliations_count"
        | "maxusers" | "created" | "last_modified" => Kind::Number,
        _ => Kind::Unknown,
    }
}

/// What the codec makes of an answer.
fn outcome(endpoint: &str, response: http::Response<&[u8]>) -> Outcome {
    fn of<C: Command>(response: http::Response<&[u8]>) -> Outcome {
        match C::from_http(response) {
            Ok(_) => Outcome::Ok,
            Err(Error::Api(_)) => Outcome::ApiError,
            Err(Error::Status(_)) => Outcome::StatusError,
            Err(_) => Outcome::DecodeError,
        }
    }
    match endpoint {
        "chatgroups_details" => of::<chatgroups_details::Request>(response),
        "chatgroups_admin" => of::<chatgroups_admin::Request>(response),
        _ => of::<chatgroups_users::Request>(response),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn written(rules: &'static Rules, url: &str) -> String {
        let request = Request::get(url).header("authorization", "Bearer 007eJxSECRET").body(Vec::new()).unwrap();
        String::from_utf8(Sanitizer::new(rules).request(&request)).unwrap()
    }

    #[test]
    fn requests_lose_their_app_their_token_and_their_group() {
        let url = "https://gw.corp.example/agora/app-id/ffffffffffffffffffffffffffffffff/chatgroups/271828/users";
        assert_eq!(
            written(&BY_ID, &format!("{url}?pagenum=2&pagesize=100&joined_time=true&_v=secret")),
            format!(
                "GET /app-id/{APP_ID}/chatgroups/group_1/users?pagenum=2&pagesize=100&joined_time=true&_v=REDACTED \
                 HTTP/1.1\r\nhost: a1.example.com\r\nauthorization: Bearer REDACTED\r\n\r\n"
            )
        );
        let by_key =
            written(&BY_KEY, "https://a41.chat.agora.io/41000001/our-app/chatgroups/%E7%BE%A4?joined_time=true");
        assert!(by_key.starts_with("GET /org/app/chatgroups/group_1?joined_time=true HTTP/1.1\r\n"), "{by_key}");
        assert!(
            written(&BY_ID, "https://h/app-id/f/chatgroups/1/odd/secret")
                .contains("/chatgroups/group_1/REDACTED/REDACTED ")
        );
    }

    #[test]
    fn the_same_group_and_the_same_person_have_one_stand_in() {
        let mut sanitizer = Sanitizer::new(&BY_ID);
        assert_eq!(chatgroups(&mut sanitizer, "/app-id/f/chatgroups/271828,%E7%BE%A4"), "/chatgroups/group_1,group_2");
        let body = |sanitizer: &mut Sanitizer, json: &str| String::from_utf8(sanitizer.body(json.as_bytes())).unwrap();
        assert_eq!(
            body(
                &mut sanitizer,
                r#"{"data":[{"id":"271828","name":"群","owner":"u1","mute":false,"maxusers":200,"affiliations":[{"member":"u2","joined_time":1700000000000},{"owner":"u1"}]}],"uri":"http://h/o/a","params":{"joined_time":["true"]}}"#
            ),
            r#"{"data":[{"id":"group_1","name":"名字1","owner":"user_0001","mute":false,"maxusers":200,"affiliations":[{"member":"user_0002","joined_time":1700000000000},{"owner":"user_0001"}]}],"uri":"text 1","params":{"joined_time":["true"]}}"#
        );
        assert_eq!(
            body(&mut sanitizer, r#"{"data":["u2","u3"],"count":2}"#),
            r#"{"data":["user_0002","user_0003"],"count":2}"#
        );
        assert_eq!(
            body(&mut sanitizer, r#"{"error":"unauthorized","error_description":"u1 has no Permission in 271828"}"#),
            r#"{"error":"unauthorized","error_description":"text 2 permission"}"#
        );
    }

    #[test]
    fn the_case_names_the_request_in_the_codecs_own_form() {
        let path = "/app-id/f/chatgroups/group_1/users";
        let value = request(&endpoint(path), &format!("{path}?pagenum=2&pagesize=100&joined_time=true"), b"");
        let read: chatgroups_users::Request = serde_json::from_value(value).unwrap();
        assert_eq!(read, chatgroups_users::Request::page("group_1", 2, 100));
        let path = "/org/app/chatgroups/group_1";
        let value = request(&endpoint(path), &format!("{path}?joined_time=true"), b"");
        let read: chatgroups_details::Request = serde_json::from_value(value).unwrap();
        assert_eq!(read, chatgroups_details::Request::new(["group_1"]).with_joined_time());
        let path = "/org/app/chatgroups/group_1/admin";
        let read: chatgroups_admin::Request = serde_json::from_value(request(&endpoint(path), path, b"")).unwrap();
        assert_eq!(read, chatgroups_admin::Request::new("group_1"));
    }
}
