//! How a recording of wkteam is made safe to show.

use serde_json::json;
use wkteam_api::{Command, get_chat_room_info, get_chat_room_member, get_chat_room_member_info};

use crate::sanitize::{Kind, Outcome, Rules, Ways};

pub(super) static RULES: Rules = Rules {
    vendor: "wkteam",
    host: "203.0.113.7:9899",
    path: "/getChatRoom",
    query: &[],
    ignore_query: &[],
    random: 0,
    app: 0,
    kind,
    outcome,
    credentials: || json!({"token": "REDACTED", "w_id": "REDACTED"}),
    ways: &Ways {
        // What a proxy has in front of it is nobody's business.
        path: |_, path| format!("/{}", path.rsplit('/').next().unwrap_or_default()),
        headers: "authorization: REDACTED\r\n",
        group,
        // A 1001 speaks of the password or of anything else, and only its words say of which.
        telling: &["用户名或密码错误"],
        left_out: &["/member/login", "/queryLoginWx"],
        ..Ways::JSON
    },
};

/// A group's id keeps its ending, in the case it was written in: without it, it is none.
fn group(id: &str, number: usize) -> String {
    let at = id.rfind('@').unwrap_or(id.len());
    format!("group_{number}{}", if id[at..].eq_ignore_ascii_case(ENDING) { &id[at..] } else { "" })
}

const ENDING: &str = "@chatroom";

/// What stands under a key. What is not known here is replaced.
fn kind(key: &str) -> Kind {
    match key {
        "wId" | "wid" | "Authorization" | "authorization" | "token" | "password" | "account" => Kind::Secret,
        "chatRoomId" | "chatRoomID" => Kind::Group,
        "userName" | "inviterUserName" | "inviteUser" | "chatRoomOwner" | "wcId" | "aliasName" | "userList" => {
            Kind::Person
        }
        "nickName" | "nikeName" | "displayName" | "remark" => Kind::Name,
        "bigHeadImgUrl" | "smallHeadImgUrl" | "bigHead" | "smallHead" => Kind::Picture,
        "message" | "msg" => Kind::Text,
        "code" | "memberCount" | "chatRoomMemberFlag" | "notify" | "isManage" | "status" => Kind::Number,
        _ => Kind::Unknown,
    }
}

/// What the codec makes of an answer.
fn outcome(endpoint: &str, response: http::Response<&[u8]>) -> Outcome {
    fn of<C: Command>(response: http::Response<&[u8]>) -> Outcome {
        match C::from_http(response) {
            Ok(_) => Outcome::Ok,
            Err(wkteam_api::Error::Api(_)) => Outcome::ApiError,
            Err(wkteam_api::Error::Status(_)) => Outcome::StatusError,
            Err(_) => Outcome::DecodeError,
        }
    }
    match endpoint {
        "getChatRoomInfo" => of::<get_chat_room_info::Request>(response),
        "getChatRoomMemberInfo" => of::<get_chat_room_member_info::Request>(response),
        _ => of::<get_chat_room_member::Request>(response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::Sanitizer;

    #[test]
    fn groups_stay_groups_and_people_the_same_people() {
        let mut sanitizer = Sanitizer::new(&RULES);
        let mut body = |json: &str| String::from_utf8(sanitizer.body(json.as_bytes())).unwrap();
        assert_eq!(
            body(r#"{"wId":"349be9b5-8734","chatRoomId":"243@chatroom"}"#),
            r#"{"wId":"REDACTED","chatRoomId":"group_1@chatroom"}"#
        );
        assert_eq!(
            body(
                r#"{"code":"1000","message":"处理成功","data":[{"chatRoomId":"243@chatRoom","userName":"243@chatroom","chatRoomOwner":"wxid_a","v1":"v3_secret@stranger","memberCount":2,"chatRoomMembers":[{"userName":"wxid_b"},{"userName":"wxid_a"}]}]}"#
            ),
            r#"{"code":"1000","message":"text 1","data":[{"chatRoomId":"group_1@chatRoom","userName":"group_1@chatroom","chatRoomOwner":"user_0001","v1":"value_1","memberCount":2,"chatRoomMembers":[{"userName":"user_0002"},{"userName":"user_0001"}]}]}"#
        );
        assert_eq!(body(r#"{"message":"张三不在群里"}"#), r#"{"message":"text 2"}"#);
    }
}
