//! How a recording of NIM is made safe to show.

use nim_server::{
    Command, Error, chatroom_get, chatroom_members_by_page, chatroom_query_members_by_role, superteam_get_tlists,
    team_query, team_query_detail,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::sanitize::{Kind, Outcome, Rules, Sanitizer, Ways};

/// Everything but RFC 3986's unreserved characters, as the client writes forms.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// NIM's credentials and signatures are in headers, and none of those is kept.
pub(super) static RULES: Rules = Rules {
    vendor: "nim",
    host: "api.yunxinapi.com",
    path: "/nimserver/",
    query: &[],
    ignore_query: &[],
    random: 0,
    app: 0,
    kind,
    outcome,
    credentials: || json!({"app_key": "app-key-of-the-fixtures", "app_secret": "REDACTED"}),
    ways: &Ways {
        body: form,
        endpoint,
        request,
        // Groups have numbers beyond 32 bits, and that is what breaks clients.
        group: |_, number| (9_500_000_000 + number as u64).to_string(),
        // 414 is many things, which only its words tell apart.
        telling: &["curtime", "checksum", "appkey", "already"],
        ..Ways::JSON
    },
};

/// The fields of a form, decoded.
fn fields(form: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(form);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
        })
        .collect()
}

/// A form with stand-ins: numbers and flags stay, lists and objects travel as JSON.
fn form(sanitizer: &mut Sanitizer, body: &[u8]) -> Vec<u8> {
    let mut safe = Vec::new();
    for (name, value) in fields(body) {
        let value = match name.as_str() {
            "roomid" | "tid" => sanitizer.group(&value),
            "type" | "endtime" | "limit" | "needOnlineUserCount" | "timetag" | "reverse" | "ope"
                if is_plain(&value) =>
            {
                value
            }
            "tids" => groups(sanitizer, &value),
            "roles" => String::from_utf8_lossy(&sanitizer.body(value.as_bytes())).into_owned(),
            _ => "REDACTED".to_owned(),
        };
        safe.push(format!("{name}={}", utf8_percent_encode(&value, FORM)));
    }
    safe.join("&").into_bytes()
}

/// Teams' ids, which travel as texts in a list.
fn groups(sanitizer: &mut Sanitizer, value: &str) -> String {
    let ids: Vec<String> = serde_json::from_str(value).unwrap_or_default();
    Value::from_iter(ids.iter().map(|id| sanitizer.group(id))).to_string()
}

fn is_plain(value: &str) -> bool {
    matches!(value, "true" | "false") || value.bytes().all(|byte| byte.is_ascii_digit())
}

/// `/nimserver/chatroom/membersByPage.action` is `chatroom_membersByPage`.
fn endpoint(path: &str) -> String {
    let path = path.strip_suffix(".action").unwrap_or(path);
    let mut steps = path.rsplit('/');
    match (steps.next(), steps.next()) {
        (Some(call), Some(family)) => format!("{family}_{call}"),
        (call, _) => call.unwrap_or_default().to_owned(),
    }
}

/// The form in the codec's own form.
fn request(_: &str, _: &str, body: &[u8]) -> Value {
    let value = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    let mut fields: Map<_, _> = fields(body).into_iter().map(|(name, text)| (name, value(text))).collect();
    // Texts on the wire alone.
    for id in fields.get_mut("tids").and_then(Value::as_array_mut).into_iter().flatten() {
        *id = id.as_str().and_then(|id| id.parse::<u64>().ok()).map_or_else(|| id.clone(), Value::from);
    }
    Value::Object(fields)
}

/// What stands under a key. What is not known here is replaced.
fn kind(key: &str) -> Kind {
    match key {
        // The last three of a team, where it is told without its members' rows.
        "accid" | "creator" | "invitor" | "owner" | "admins" | "members" => Kind::Person,
        "uid" | "invitoruid" => Kind::Serial,
        "roomid" | "tid" => Kind::Group,
        "nick" | "name" | "tname" => Kind::Name,
        "avator" | "broadcasturl" | "icon" => Kind::Picture,
        "desc" | "announcement" | "intro" => Kind::Text,
        "type" => Kind::Word,
        "code" | "enterTime" | "level" | "tempMuteTtl" | "robotExpirAt" | "queuelevel" | "onlineusercount" | "size"
        | "maxusers" | "jointime" | "createtime" | "updatetime" | "mute" | "muteType" | "validflag" | "state"
        | "bits" | "joinmode" | "beinvitemode" | "invitemode" | "uptinfomode" | "upcustommode" => Kind::Number,
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
        "chatroom_get" => of::<chatroom_get::Request>(response),
        "chatroom_queryMembersByRole" => of::<chatroom_query_members_by_role::Request>(response),
        "superteam_getTlists" => of::<superteam_get_tlists::Request>(response),
        "team_query" => of::<team_query::Request>(response),
        "team_queryDetail" => of::<team_query_detail::Request>(response),
        _ => of::<chatroom_members_by_page::Request>(response),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use nim_server::chatroom_query_members_by_role::Roles;
    use nim_server::{Credentials, MemberType, Region, Stamp};

    use super::*;

    #[test]
    fn requests_lose_their_credentials_and_their_room() {
        let mut request =
            Request::post("https://gw.corp.example/im/nimserver/chatroom/membersByPage.action?sid=secret")
                .header("appkey", "our-key")
                .header("checksum", "20fab1286a")
                .header("requestid", "abc")
                .body(b"roomid=66&type=0&endtime=1700000000000&limit=100&tag=secret".to_vec())
                .unwrap();
        request
            .headers_mut()
            .insert("content-type", "application/x-www-form-urlencoded;charset=utf-8".parse().unwrap());
        assert_eq!(
            String::from_utf8(Sanitizer::new(&RULES).request(&request)).unwrap(),
            "POST /nimserver/chatroom/membersByPage.action?sid=REDACTED HTTP/1.1\r\nhost: api.yunxinapi.com\r\n\
             content-type: application/x-www-form-urlencoded;charset=utf-8\r\n\r\n\
             roomid=9500000001&type=0&endtime=1700000000000&limit=100&tag=REDACTED"
        );
    }

    #[test]
    fn the_same_room_and_the_same_person_have_one_stand_in() {
        let mut sanitizer = Sanitizer::new(&RULES);
        assert_eq!(form(&mut sanitizer, b"roomid=66"), b"roomid=9500000001");
        let body = |sanitizer: &mut Sanitizer, json: &str| String::from_utf8(sanitizer.body(json.as_bytes())).unwrap();
        assert_eq!(
            body(
                &mut sanitizer,
                r#"{"desc":{"data":[{"roomid":66,"accid":"a","nick":"张伟","avator":"http://x/y","ext":"tel 139","type":"COMMON","level":0,"onlineStat":true,"enterTime":1700000000000}]},"code":200}"#
            ),
            r#"{"desc":{"data":[{"roomid":9500000001,"accid":"user_0001","nick":"名字1","avator":"https://example.com/1.jpg","ext":"value_1","type":"COMMON","level":0,"onlineStat":true,"enterTime":1700000000000}]},"code":200}"#
        );
        assert_eq!(
            body(&mut sanitizer, r#"{"chatroom":{"roomid":"66","creator":"a","onlineusercount":7},"code":200}"#),
            r#"{"chatroom":{"roomid":"9500000001","creator":"user_0001","onlineusercount":7},"code":200}"#
        );
        assert_eq!(
            body(&mut sanitizer, r#"{"code":414,"desc":"check CheckSum error 20fab"}"#),
            r#"{"code":414,"desc":"text 1 checksum"}"#
        );
    }

    #[test]
    fn what_teams_say_of_people_has_stand_ins() {
        let mut sanitizer = Sanitizer::new(&RULES);
        let body = |sanitizer: &mut Sanitizer, json: &str| String::from_utf8(sanitizer.body(json.as_bytes())).unwrap();
        assert_eq!(
            body(
                &mut sanitizer,
                r#"{"tlists":[{"tid":3083,"uid":700000000001,"accid":"a","type":1,"nick":"n","jointime":"1700000000007","mute":0,"invitoruid":"0","invitor":"b","custom":"tel","validflag":1}],"code":200}"#
            ),
            r#"{"tlists":[{"tid":9500000001,"uid":1,"accid":"user_0001","type":1,"nick":"Name 1","jointime":"1700000000007","mute":0,"invitoruid":"0","invitor":"user_0002","custom":"value_1","validflag":1}],"code":200}"#
        );
        assert_eq!(
            body(
                &mut sanitizer,
                r#"{"tinfos":[{"tid":3083,"tname":"项目","owner":"a","admins":["b"],"members":["c"],"icon":"http://x","size":3}],"code":200}"#
            ),
            r#"{"tinfos":[{"tid":9500000001,"tname":"名字2","owner":"user_0001","admins":["user_0002"],"members":["user_0003"],"icon":"https://example.com/1.jpg","size":3}],"code":200}"#
        );
    }

    #[test]
    fn the_case_names_the_request_in_the_codecs_own_form() {
        let page = chatroom_members_by_page::Request::new(9_500_000_001, MemberType::Temporary);
        let roles = chatroom_query_members_by_role::Request::new(9_500_000_001, Roles::ALL);
        let room = chatroom_get::Request::new(9_500_000_001);
        fn again<C: Command + serde::de::DeserializeOwned>(command: &C) -> (String, C) {
            let credentials = Credentials::new("key", "secret").unwrap();
            let built = command.to_http(&Region::China.base_url(), &credentials, &Stamp::new(1, "n")).unwrap();
            let written = form(&mut Sanitizer::new(&RULES), built.body());
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(built.body()));
            (endpoint(built.uri().path()), serde_json::from_value(request("", "", &written)).unwrap())
        }
        assert_eq!(again(&page), ("chatroom_membersByPage".to_owned(), page));
        assert_eq!(again(&roles), ("chatroom_queryMembersByRole".to_owned(), roles));
        assert_eq!(again(&room), ("chatroom_get".to_owned(), room));
        let detail = team_query_detail::Request::new(9_500_000_001);
        let team = team_query::Request { ope: 0, ..team_query::Request::new([9_500_000_001]) };
        let superteam =
            superteam_get_tlists::Request { reverse: Some(1), ..superteam_get_tlists::Request::new(9_500_000_001, 7) };
        assert_eq!(again(&detail), ("team_queryDetail".to_owned(), detail));
        assert_eq!(again(&team), ("team_query".to_owned(), team));
        assert_eq!(again(&superteam), ("superteam_getTlists".to_owned(), superteam));
    }
}
