//! Tencent Cloud Chat (TIM).

use tim_rest::get_group_member_info::Member as Own;
use tim_rest::{MuteUntil, OnlineStatus};

use crate::member::{Member, given};
use crate::row::Row;
use crate::timestamp::Timestamp;
use crate::words::{MutedUntil, Role, Vendor};

/// A row of `get_group_member_info`, or one of a live room, as a member. `at` is the moment of the answer in seconds since
/// 1970-01-01 UTC: whose mute had ended by then may speak.
#[must_use]
pub fn member(group: &str, row: Own, at: u64) -> Member {
    // Only rows of live rooms have them.
    let extra = |name: &str| given(row.extra.get(name).and_then(|value| value.as_str()));
    let instant = |seconds: u64| i64::try_from(seconds).ok().and_then(Timestamp::from_seconds);
    Member {
        name: given(row.name_card.as_deref()).or_else(|| extra("NickName")),
        role: row.role.as_ref().map(|role| match role {
            tim_rest::Role::Owner => Role::Owner,
            tim_rest::Role::Admin => Role::Admin,
            tim_rest::Role::Member => Role::Member,
            _ => Role::Unknown,
        }),
        joined_at: row.join_time.filter(|&time| time > 0).and_then(instant),
        avatar_url: extra("Avatar"),
        muted_until: row.mute_until.filter(|mute| mute.is_muted(at)).and_then(|mute| match mute {
            MuteUntil::NotMuted => None,
            MuteUntil::Until(end) => instant(end).map(MutedUntil::At),
            MuteUntil::Permanent => Some(MutedUntil::Forever),
        }),
        online: row.online_status.as_ref().and_then(|status| match status {
            OnlineStatus::Online => Some(true),
            OnlineStatus::Offline => Some(false),
            _ => None,
        }),
        ..Member::new(Vendor::Tim, group, row.member_account.as_str())
    }
    .with_row(Row::Tim(Box::new(row)))
}

#[cfg(feature = "client")]
crate::source::source!(
    Tim,
    tim_rest::Client,
    tim_rest::Roster,
    tim_rest::Error,
    |group, row, roster| member(group, row, roster.now()),
    |client, group| client.roster(group)
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value) -> Member {
        member("g", serde_json::from_value(json).unwrap(), 1_700_000_000)
    }

    #[test]
    fn a_row_without_anything_is_all_null() {
        let bare = of(json!({"Member_Account": "a"}));
        assert_eq!(
            bare.clone().without_row(),
            of(json!({"Member_Account": "a", "NameCard": "", "JoinTime": 0, "MuteUntil": 0, "Avatar": ""}))
                .without_row()
        );
        assert_eq!(bare.without_row(), Member::new(Vendor::Tim, "g", "a"));
    }

    #[test]
    fn live_room_rows_have_names_and_pictures_in_extra() {
        let live = of(json!({"Member_Account": "a", "NickName": "观众", "Avatar": "https://example.com/1.jpg"}));
        assert_eq!(
            (live.name.as_deref(), live.avatar_url.as_deref()),
            (Some("观众"), Some("https://example.com/1.jpg"))
        );
        let both = of(json!({"Member_Account": "a", "NickName": "观众", "NameCard": "card"}));
        assert_eq!(both.name.as_deref(), Some("card"));
        let empty = of(json!({"Member_Account": "a", "NickName": "观众", "NameCard": ""}));
        assert_eq!(empty.name.as_deref(), Some("观众"));
    }

    #[test]
    fn only_who_may_not_speak_now_is_muted() {
        let muted = |until: u64| of(json!({"Member_Account": "a", "MuteUntil": until})).muted_until;
        assert_eq!(muted(1_600_000_000), None);
        assert_eq!(muted(1_800_000_000).unwrap().to_string(), "2027-01-15T08:00:00Z");
        assert_eq!(muted(u32::MAX.into()), Some(MutedUntil::Forever));
    }

    #[test]
    fn roles_that_are_new_are_unknown_and_words_of_status_too() {
        let odd = of(json!({"Member_Account": "a", "Role": "Elder", "OnlineStatus": "Away", "JoinTime": u64::MAX}));
        assert_eq!((odd.role, odd.online, odd.joined_at), (Some(Role::Unknown), None, None));
        assert_eq!(of(json!({"Member_Account": "a", "Role": "Member "})).role, Some(Role::Member));
    }

    #[test]
    fn nothing_of_the_row_is_lost() {
        let json = json!({
            "Member_Account": "a", "Role": "Elder", "JoinTime": 1_425_976_500, "MsgSeq": 7, "MsgFlag": "AcceptNotNotifyExceptAt",
            "LastSendMsgTime": 3, "MuteUntil": 5, "NameCard": "", "AppMemberDefinedData": [{"Key": "k", "Value": "v"}], "New": [1, {"a": null}],
        });
        assert_eq!(of(json.clone()).row.to_json(), json);
    }
}
