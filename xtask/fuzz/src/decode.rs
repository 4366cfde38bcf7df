//! Answers of every endpoint: any bytes are an answer or an error; what was read is written and read again as the same;
//! the request after it can be asked for.
//!
//! The first byte picks the endpoint, the second the status, the rest is the body.

use http::Response;
use serde::Serialize;
use serde_json::Value;

const STATUSES: [u16; 8] = [200, 200, 200, 200, 401, 404, 429, 502];

/// Endpoint, answer.
fn split(data: &[u8]) -> Option<(usize, Response<Vec<u8>>)> {
    let (&[endpoint, status], body) = data.split_first_chunk()?;
    let status = STATUSES[usize::from(status) % STATUSES.len()];
    Some((endpoint.into(), Response::builder().status(status).body(body.to_vec()).unwrap()))
}

/// What was decoded, as JSON, is decoded again to what is the same JSON.
fn again<T: Serialize, E: std::error::Error>(decoded: &T, decode: impl Fn(Response<Vec<u8>>) -> Result<T, E>) {
    let written = serde_json::to_value(decoded).unwrap();
    let twice = decode(Response::new(written.to_string().into_bytes()));
    let twice = twice.unwrap_or_else(|error| panic!("what was written cannot be read: {error}\n{written}"));
    let twice: Value = serde_json::to_value(&twice).unwrap();
    assert_eq!(twice, written);
}

fn printable(error: &(impl std::error::Error + 'static)) {
    let _ = (error.to_string(), format!("{error:?}"), error.source().map(ToString::to_string));
}

/// Calls a check with the request type that a number picks.
macro_rules! pick {
    ($number:expr, $response:expr, $check:ident, [$($vendor:ident :: $module:ident),* $(,)?]) => {{
        let checks: &[fn(Response<Vec<u8>>)] = &[$($check::<$vendor::$module::Request>),*];
        checks[$number % checks.len()]($response)
    }};
}

pub(crate) fn tim(data: &[u8]) {
    use tim_rest::{Command, Paged as _};
    fn check<C: Command>(response: Response<Vec<u8>>)
    where
        C::Response: Serialize,
    {
        match C::from_http(response) {
            Ok(answer) => again(&answer, C::from_http),
            Err(error) => printable(&error),
        }
    }
    let Some((endpoint, response)) = split(data) else { return };
    let base = "https://h".parse().unwrap();
    if let Ok(page) = tim_rest::get_group_member_info::Request::from_http(response.clone()) {
        let sig = tim_rest::UserSig::sign(&tim_rest::Credentials::new(1, "a", "key").unwrap(), 1, 60).unwrap();
        for request in [
            tim_rest::get_group_member_info::Request::page("g", 100, u32::MAX - 7),
            tim_rest::get_group_member_info::Request::everyone("g"),
        ] {
            if let Ok(Some(next)) = request.after(&page) {
                let _ = next.to_http(&base, &sig, 1);
            }
        }
    }
    if let Ok(page) = tim_rest::get_appid_group_list::Request::from_http(response.clone()) {
        let _ = tim_rest::get_appid_group_list::Request::default().after(&page);
    }
    if let Ok(page) = tim_rest::get_joined_group_list::Request::from_http(response.clone()) {
        let _ = tim_rest::get_joined_group_list::Request::new("a").after(&page);
    }
    pick!(
        endpoint,
        response,
        check,
        [
            tim_rest::get_appid_group_list,
            tim_rest::get_group_ban_member,
            tim_rest::get_group_info,
            tim_rest::get_group_member_info,
            tim_rest::get_group_muted_account,
            tim_rest::get_joined_group_list,
            tim_rest::get_members,
            tim_rest::get_online_member_num,
            tim_rest::get_role_in_group,
            tim_rest::get_specified_group_member_info,
        ]
    );
}

pub(crate) fn nim(data: &[u8]) {
    use nim_server::{Command, Paged as _};
    fn check<C: Command>(response: Response<Vec<u8>>)
    where
        C::Response: PartialEq + std::fmt::Debug,
    {
        match C::from_http(response) {
            Ok(answer) => {
                let written = serde_json::to_value(&answer).unwrap();
                let twice: C::Response = serde_json::from_value(written.clone()).unwrap();
                assert_eq!(serde_json::to_value(&twice).unwrap(), written);
            }
            Err(error) => printable(&error),
        }
    }
    let Some((endpoint, response)) = split(data) else { return };
    if let Ok(page) = nim_server::chatroom_members_by_page::Request::from_http(response.clone()) {
        let first = nim_server::chatroom_members_by_page::Request::new(1, nim_server::MemberType::Temporary);
        let _ = first.after(&page).map(|next| next.map(|next| next.form()));
    }
    if let Ok(page) = nim_server::chatroom_tag_members_query::Request::from_http(response.clone()) {
        let _ = nim_server::chatroom_tag_members_query::Request::new(1, "tag").after(&page);
    }
    pick!(
        endpoint,
        response,
        check,
        [
            nim_server::chatroom_get,
            nim_server::chatroom_get_batch,
            nim_server::chatroom_members_by_page,
            nim_server::chatroom_query_members,
            nim_server::chatroom_query_members_by_role,
            nim_server::chatroom_query_user_room_ids,
            nim_server::chatroom_tag_members_count,
            nim_server::chatroom_tag_members_query,
            nim_server::superteam_get_tlists,
            nim_server::team_query,
            nim_server::team_query_detail,
        ]
    );
}

pub(crate) fn agora(data: &[u8]) {
    use agora_chat_rest::{Command, Paged as _};
    fn check<C: Command>(response: Response<Vec<u8>>) {
        match C::from_http(response) {
            Ok(answer) => again(&answer, C::from_http),
            Err(error) => printable(&error),
        }
    }
    let Some((endpoint, response)) = split(data) else { return };
    if let Ok(page) = agora_chat_rest::chatgroups_users::Request::from_http(response.clone()) {
        for request in [
            agora_chat_rest::chatgroups_users::Request::page("g", 1, 10),
            agora_chat_rest::chatgroups_users::Request::page("g", u64::MAX, 1000),
        ] {
            let _ = request.after(&page);
        }
    }
    if let Ok(page) = agora_chat_rest::chatgroups::Request::from_http(response.clone()) {
        let _ = agora_chat_rest::chatgroups::Request::first(10).after(&page);
    }
    pick!(
        endpoint,
        response,
        check,
        [
            agora_chat_rest::chatgroups,
            agora_chat_rest::chatgroups_admin,
            agora_chat_rest::chatgroups_blocks_users,
            agora_chat_rest::chatgroups_details,
            agora_chat_rest::chatgroups_is_joined,
            agora_chat_rest::chatgroups_mute,
            agora_chat_rest::chatgroups_roles,
            agora_chat_rest::chatgroups_user,
            agora_chat_rest::chatgroups_users,
            agora_chat_rest::chatgroups_white_users,
            agora_chat_rest::joined_chatgroups,
            agora_chat_rest::metadata_chatgroup_get,
            agora_chat_rest::metadata_chatgroup_user,
        ]
    );
}

pub(crate) fn wkteam(data: &[u8]) {
    use wkteam_api::Command;
    fn check<C: Command>(response: Response<Vec<u8>>)
    where
        C::Data: Serialize,
    {
        match C::from_http(response) {
            Ok(answer) => again(&answer, C::from_http),
            Err(error) => printable(&error),
        }
    }
    let Some((endpoint, response)) = split(data) else { return };
    pick!(
        endpoint,
        response,
        check,
        [
            wkteam_api::get_address_list,
            wkteam_api::get_chat_room_info,
            wkteam_api::get_chat_room_member,
            wkteam_api::get_chat_room_member_info,
            wkteam_api::get_contact,
            wkteam_api::init_address_list,
            wkteam_api::is_online,
            wkteam_api::member_login,
            wkteam_api::query_login_wx,
        ]
    );
}

pub(crate) fn yunshop(data: &[u8]) {
    use yunshop_wecom::Command;
    fn check<C: Command>(response: Response<Vec<u8>>) {
        match C::from_http(response) {
            Ok(answer) => again(&answer, C::from_http),
            Err(error) => printable(&error),
        }
    }
    let Some((endpoint, response)) = split(data) else { return };
    if let Ok(page) = yunshop_wecom::get_group_members::Request::from_http(response.clone()) {
        for number in [1, u64::MAX] {
            let _ = yunshop_wecom::get_group_members::Request::new(1).page(number).after(&page);
        }
    }
    if let Ok(page) = yunshop_wecom::get_group_employees::Request::from_http(response.clone()) {
        for number in [1, u64::MAX] {
            let _ = yunshop_wecom::get_group_employees::Request::new(1).page(number).after(&page);
        }
    }
    if let Ok(page) = yunshop_wecom::get_list::Request::from_http(response.clone()) {
        for number in [1, u64::MAX] {
            let _ = yunshop_wecom::get_list::Request::new().page(number).after(&page);
        }
    }
    // A file is no JSON to be written again.
    match yunshop_wecom::group_member_list_export::Request::from_http(response.clone()) {
        Ok(file) => assert_eq!(file.data.bytes, *response.body()),
        Err(error) => printable(&error),
    }
    pick!(
        endpoint,
        response,
        check,
        [
            yunshop_wecom::business_list,
            yunshop_wecom::get_business_common_data,
            yunshop_wecom::get_group_employees,
            yunshop_wecom::get_group_members,
            yunshop_wecom::get_list,
            yunshop_wecom::manage_business,
            yunshop_wecom::member_login_index,
            yunshop_wecom::synch,
        ]
    );
}
