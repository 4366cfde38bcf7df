//! NetEase IM (Yunxin): chatrooms.

use nim_server::Member as Own;

use crate::member::{Member, given};
use crate::row::Row;
use crate::timestamp::Timestamp;
use crate::words::{MutedUntil, Role, Vendor};

/// A row of a chatroom as a member. `at` is the moment of the answer in seconds since 1970-01-01 UTC: NIM says for how many
/// seconds more somebody is muted.
#[must_use]
pub fn member(group: &str, row: Own, at: u64) -> Member {
    let ends = |seconds: u64| at.checked_add(seconds).and_then(|end| i64::try_from(end).ok());
    let muted_until = match (row.muted, row.temp_muted) {
        (Some(true), _) => Some(MutedUntil::Forever),
        // Where it does not say for how long, it may be for ever as far as anybody knows.
        (_, Some(true)) => row.temp_mute_ttl.map_or(Some(MutedUntil::Forever), |seconds| {
            ends(seconds).and_then(Timestamp::from_seconds).map(MutedUntil::At)
        }),
        _ => None,
    };
    Member {
        name: given(row.nick.as_deref()),
        role: row.role.as_ref().map(|role| match role {
            nim_server::Role::Creator => Role::Owner,
            nim_server::Role::Manager => Role::Admin,
            nim_server::Role::Common => Role::Member,
            nim_server::Role::Limited => Role::Restricted,
            nim_server::Role::Temporary | nim_server::Role::Anonymous => Role::Guest,
            _ => Role::Unknown,
        }),
        joined_at: row.enter_time.filter(|&time| time > 0).and_then(Timestamp::from_millis),
        avatar_url: given(row.avator.as_deref()),
        muted_until,
        online: row.online_stat,
        ..Member::new(Vendor::Nim, group, row.accid.as_str())
    }
    .with_row(Row::Nim(Box::new(row)))
}

/// The first number that is no id of any chatroom.
#[cfg(feature = "client")]
const NO_ROOM: u64 = 1 << 53;

#[cfg(feature = "client")]
crate::source::source!(
    Nim,
    nim_server::Client,
    nim_server::Roster,
    nim_server::Error,
    |group, row, roster| member(group, row, roster.now()),
    |client, group| {
        let room = group.parse().ok().filter(|room| (1..NO_ROOM).contains(room));
        client.roster(room.ok_or_else(|| {
            crate::Error::no_group(Vendor::Nim, "the id of a chatroom is a whole number, such as 9500000001")
        })?)
    }
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value) -> Member {
        member("66", serde_json::from_value(json).unwrap(), 1_700_000_000)
    }

    #[test]
    fn a_row_without_anything_is_all_null() {
        let bare = of(json!({"accid": "a"}));
        let empty = of(json!({"accid": "a", "nick": "", "avator": "", "enterTime": 0, "ext": null}));
        assert_eq!(bare.clone().without_row(), empty.without_row());
        assert_eq!(bare.without_row(), Member::new(Vendor::Nim, "66", "a"));
    }

    #[test]
    fn every_role_has_a_word_of_ours() {
        for (word, role) in [
            ("CREATOR", Role::Owner),
            ("MANAGER", Role::Admin),
            ("COMMON", Role::Member),
            ("LIMITED", Role::Restricted),
            ("TEMPORARY", Role::Guest),
            ("ANONYMOUS", Role::Guest),
            ("UNSET", Role::Unknown),
            ("ELDER", Role::Unknown),
        ] {
            assert_eq!(of(json!({"accid": "a", "type": word})).role, Some(role), "{word}");
        }
    }

    #[test]
    fn muted_for_a_while_has_an_end() {
        let muted = |row: serde_json::Value| of(row).muted_until.map(|end| end.to_string());
        assert_eq!(muted(json!({"accid": "a", "muted": true})).as_deref(), Some("forever"));
        assert_eq!(muted(json!({"accid": "a", "tempMuted": true})).as_deref(), Some("forever"));
        let a_while = muted(json!({"accid": "a", "tempMuted": true, "tempMuteTtl": 60}));
        assert_eq!(a_while.as_deref(), Some("2023-11-14T22:14:20Z"));
        assert_eq!(muted(json!({"accid": "a", "muted": false, "tempMuted": false})), None);
        assert_eq!(
            of(json!({"accid": "a", "enterTime": 1_700_000_000_007_i64})).joined_at.unwrap().to_string(),
            "2023-11-14T22:13:20.007Z"
        );
    }

    #[test]
    fn nothing_of_the_row_is_lost() {
        let json = json!({
            "accid": "a", "roomid": 9_500_000_001_u64, "nick": "", "level": 3, "type": "ELDER", "onlineStat": true, "isRobot": true,
            "enterTime": 1_700_000_000_007_i64, "tempMuted": true, "tempMuteTtl": 60, "ext": "{\"k\":1}", "new": [null],
        });
        assert_eq!(of(json.clone()).row.to_json(), json);
    }
}
