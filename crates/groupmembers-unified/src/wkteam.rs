//! wkteam (E云管家): personal WeChat.

use wkteam_api::get_chat_room_member::Member as Own;

use crate::member::{Member, given};
use crate::row::Row;
use crate::words::{Role, Vendor};

/// A row of `getChatRoomMember` as a member. Who owns the group, only the group itself says: `owner` is the `chatRoomOwner` of
/// `getChatRoomInfo`, if that was asked. `isManage` stands for the owner or for an administrator: where it is false, nothing is known.
#[must_use]
pub fn member(group: &str, row: Own, owner: Option<&str>) -> Member {
    let role = match owner {
        Some(owner) if owner == row.user_name => Some(Role::Owner),
        Some(_) if row.is_manage == Some(true) => Some(Role::Admin),
        None if row.is_manage == Some(true) => Some(Role::Unknown),
        _ => None,
    };
    let large = given(row.big_head_img_url.as_deref());
    Member {
        name: given(row.name()),
        role,
        avatar_url: large.or_else(|| given(row.small_head_img_url.as_deref())),
        ..Member::new(Vendor::Wkteam, group, row.user_name.as_str())
    }
    .with_row(Row::Wkteam(Box::new(row)))
}

/// A row of [`wkteam_api::Client::roster_with_details`] as a member: that of the list, with name and picture of the profile where
/// the list has none. Its [`row`](Member::row) is the list's with `profile` in it, the vendor's own object, or where that could not
/// be had null and, in `problem`, why.
#[cfg(feature = "client")]
#[must_use]
pub fn detailed_member(group: &str, row: wkteam_api::Detailed, owner: Option<&str>) -> Member {
    let wkteam_api::Detailed { member: own, profile, problem, .. } = row;
    let mut member = member(group, own, owner);
    if let Some(profile) = &profile {
        let picture = || given(profile.big_head.as_deref()).or_else(|| given(profile.small_head.as_deref()));
        member.name = member.name.or_else(|| given(profile.nick_name.as_deref()));
        member.avatar_url = member.avatar_url.or_else(picture);
    }
    let mut json = member.row.to_json();
    if let Some(fields) = json.as_object_mut() {
        fields.insert("profile".to_owned(), serde_json::to_value(&profile).unwrap_or_default());
        fields.extend(problem.map(|problem| ("problem".to_owned(), problem.into())));
    }
    member.with_row(json.into())
}

#[cfg(feature = "client")]
crate::source::source!(
    Wkteam,
    wkteam_api::Client,
    wkteam_api::Roster,
    wkteam_api::Error,
    |group, row, roster| { member(group, row, roster.walk().room().and_then(|room| room.chat_room_owner.as_deref())) },
    |client, group| client.roster(group)
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value, owner: Option<&str>) -> Member {
        member("1@chatroom", serde_json::from_value(json).unwrap(), owner)
    }

    #[test]
    fn a_row_without_anything_is_all_null() {
        let bare = of(json!({"userName": "a"}), None);
        let empty =
            json!({"userName": "a", "nickName": "", "displayName": "", "bigHeadImgUrl": "", "smallHeadImgUrl": ""});
        assert_eq!(bare.clone().without_row(), of(empty, Some("b")).without_row());
        assert_eq!(bare.without_row(), Member::new(Vendor::Wkteam, "1@chatroom", "a"));
    }

    #[test]
    fn the_name_is_the_one_in_the_group_and_the_picture_the_large_one() {
        let row = json!({"userName": "a", "nickName": "昵称", "displayName": "群名片", "bigHeadImgUrl": "b", "smallHeadImgUrl": "s"});
        let row = of(row, None);
        assert_eq!((row.name.as_deref(), row.avatar_url.as_deref()), (Some("群名片"), Some("b")));
        let row = of(json!({"userName": "a", "nickName": "昵称", "displayName": null, "smallHeadImgUrl": "s"}), None);
        assert_eq!((row.name.as_deref(), row.avatar_url.as_deref()), (Some("昵称"), Some("s")));
    }

    #[test]
    fn roles_are_no_guesses() {
        let role = |manages: Option<bool>, owner| of(json!({"userName": "a", "isManage": manages}), owner).role;
        assert_eq!(role(Some(true), Some("a")), Some(Role::Owner));
        assert_eq!(role(None, Some("a")), Some(Role::Owner));
        assert_eq!(role(Some(true), Some("b")), Some(Role::Admin));
        assert_eq!(role(Some(true), None), Some(Role::Unknown));
        assert_eq!((role(Some(false), Some("b")), role(None, None)), (None, None));
    }

    #[test]
    fn nothing_of_the_row_is_lost() {
        let json = json!({
            "userName": "a", "chatRoomId": "1@chatroom", "nickName": "昵称", "inviterUserName": "wxid_b", "isManage": false,
            "chatRoomMemberFlag": 2049, "memberCount": 0, "new": {"a": [1]},
        });
        assert_eq!(of(json.clone(), None).row.to_json(), json);
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_profile_fills_in_what_the_list_leaves_out_and_is_kept() {
        let detailed = |member: serde_json::Value, profile: serde_json::Value| {
            let row = json!({"member": member, "profile": profile, "problem": profile.is_null().then_some("refused")});
            detailed_member("1@chatroom", serde_json::from_value(row).unwrap(), Some("a"))
        };
        let profile = json!({"userName": "a", "nickName": "昵称", "bigHead": "b", "country": "CN"});
        let bare = detailed(json!({"userName": "a"}), profile.clone());
        assert_eq!((bare.name.as_deref(), bare.avatar_url.as_deref()), (Some("昵称"), Some("b")));
        assert_eq!((bare.role, bare.row.to_json()), (Some(Role::Owner), json!({"userName": "a", "profile": profile})));
        let named = detailed(json!({"userName": "a", "displayName": "群名片", "bigHeadImgUrl": "l"}), profile);
        assert_eq!((named.name.as_deref(), named.avatar_url.as_deref()), (Some("群名片"), Some("l")));
        let refused = detailed(json!({"userName": "a"}), serde_json::Value::Null);
        assert_eq!(refused.row.to_json(), json!({"userName": "a", "profile": null, "problem": "refused"}));
    }
}
