//! How a recording of Yunshop is made safe to show.

use serde_json::json;
use yunshop_wecom::{
    Command, get_business_common_data, get_group_employees, get_group_members, get_list, manage_business,
};

use crate::sanitize::{Kind, Outcome, Rules, Ways};

/// The numbers of tenant, enterprise, group and rows stay: without the
/// host they name nobody, and the list is held against the order of its rows.
pub(super) static RULES: Rules = Rules {
    vendor: "yunshop",
    host: "shop.example",
    path: "/business/",
    query: &[("i", None), ("type", None), ("id", None), ("is_business", None)],
    ignore_query: &[],
    random: 0,
    app: 0,
    kind,
    outcome,
    credentials: || json!({"session": "REDACTED"}),
    ways: &Ways {
        // Where the shop is installed is nobody's business.
        path: |_, path| path.rfind("/business/").map_or(path, |start| &path[start..]).to_owned(),
        headers: "accept: application/json\r\nx-requested-with: XMLHttpRequest\r\nuser-agent: groupmembers\r\n\
                  cookie: PHPSESSID=REDACTED\r\n",
        // The vendor has no codes: what a refusal means, its words say.
        telling: &[
            "没有操作权限",
            "无权管理该企业",
            "企业管理pc端未开启",
            "请先选择要管理的企业",
            "请登录",
            "token_invalid",
            "无此公众号",
            "不存在的接口",
        ],
        left_out: &["/addons/yun_shop/api.php"],
        ..Ways::JSON
    },
};

/// What stands under a key. What is not known here is replaced.
fn kind(key: &str) -> Kind {
    match key {
        "PHPSESSID" | "Yz-appToken" | "yz_token" | "token" | "password" => Kind::Secret,
        "userid" | "user_id" | "invitor_userid" | "unionid" | "open_userid" | "owner_userid" => Kind::Person,
        "uid" | "member_id" | "parent_member_uid" | "parent_id" | "owner_uid" | "mid" | "unique_id" => Kind::Serial,
        "chat_id" => Kind::Group,
        "we_nickname"
        | "nickname"
        | "username"
        | "name"
        | "alias"
        | "group_name"
        | "owner_name"
        | "business_name"
        | "parent_member_nickname"
        | "inviter_member_name" => Kind::Name,
        "avatar"
        | "avatar_image"
        | "avatar_mediaid"
        | "parent_member_avatar_image"
        | "inviter_member_avatar"
        | "qrcode_url"
        | "qrcode_image"
        | "qr_code"
        | "logo_img" => Kind::Picture,
        "msg" | "message" | "status_desc" | "join_scene_desc" | "notice" => Kind::Text,
        "type" => Kind::Word,
        "created_at"
        | "updated_at"
        | "deleted_at"
        | "join_time_str"
        | "customer_member_createtime"
        | "group_created_time_str"
        | "createtime"
        | "active_time"
        | "dimission_time" => Kind::Date,
        "result"
        | "id"
        | "i"
        | "uniacid"
        | "crop_id"
        | "business_id"
        | "group_id"
        | "page"
        | "join_time"
        | "join_scene"
        | "member_type"
        | "status"
        | "withdraw_time"
        | "withdraw_scene"
        | "is_old"
        | "current_page"
        | "from"
        | "to"
        | "last_page"
        | "per_page"
        | "total"
        | "in_group_count"
        | "in_group_employee_count"
        | "in_group_customer_count"
        | "login_status"
        | "identity"
        | "identity_type"
        | "is_business"
        | "gender"
        | "is_agent"
        | "level_id"
        | "is_black"
        | "is_allocate"
        | "disabled"
        | "right_type"
        | "employee_count"
        | "customer_count"
        | "group_created_time"
        | "bind_type"
        | "is_extra"
        | "all_members"
        | "all_distinct_members" => Kind::Number,
        _ => Kind::Unknown,
    }
}

/// What the codec makes of an answer.
fn outcome(endpoint: &str, response: http::Response<&[u8]>) -> Outcome {
    fn of<C: Command>(response: http::Response<&[u8]>) -> Outcome {
        match C::from_http(response) {
            Ok(_) => Outcome::Ok,
            Err(yunshop_wecom::Error::Api(_)) => Outcome::ApiError,
            Err(yunshop_wecom::Error::Status(_)) => Outcome::StatusError,
            Err(_) => Outcome::DecodeError,
        }
    }
    match endpoint {
        "manageBusiness" => of::<manage_business::Request>(response),
        "getBusinessCommonData" => of::<get_business_common_data::Request>(response),
        "getGroupEmployees" => of::<get_group_employees::Request>(response),
        "getList" => of::<get_list::Request>(response),
        _ => of::<get_group_members::Request>(response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::Sanitizer;

    #[test]
    fn people_are_replaced_and_the_order_of_rows_stays() {
        let mut sanitizer = Sanitizer::new(&RULES);
        let json = r#"{"result":1,"msg":"Sorry,您没有操作权限","data":{"list":{"data":[{"id":12,"crop_id":"33","userid":"wmA","join_time":1623999771,"created_at":"2021-06-18 15:02:51","parent_member_uid":0,"has_one_customer":{"member_id":"77","created_at":"1633661772","has_one_member":{"uid":77,"mobile":"13800138000"}},"has_one_invitor":{"userid":"Boss","mobile":"13900139000","extattr":"{\"attrs\":[]}"}}],"path":"http://www.shop.cn/x"}}}"#;
        let clean = String::from_utf8(sanitizer.body(json.as_bytes())).unwrap();
        assert_eq!(
            clean,
            r#"{"result":1,"msg":"text 1 没有操作权限","data":{"list":{"data":[{"id":12,"crop_id":"33","userid":"user_0001","join_time":1623999771,"created_at":"2021-06-18 15:02:51","parent_member_uid":0,"has_one_customer":{"member_id":"1","created_at":"1633661772","has_one_member":{"uid":1,"mobile":"value_1"}},"has_one_invitor":{"userid":"user_0002","mobile":"value_2","extattr":"value_3"}}],"path":"value_4"}}}"#
        );
        // Some hosts put a mark in front.
        let marked = sanitizer.body("\u{feff}{\"userid\":\"wmA\"}".as_bytes());
        assert_eq!(marked, "\u{feff}{\"userid\":\"user_0001\"}".as_bytes());
    }
}
