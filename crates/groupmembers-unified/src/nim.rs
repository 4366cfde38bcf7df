//! NetEase IM (Yunxin): chatrooms, teams and superteams.

use nim_server::{Member as Own, superteam_get_tlists, team_query_detail};

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
        joined_at: time(row.enter_time),
        avatar_url: given(row.avator.as_deref()),
        muted_until,
        online: row.online_stat,
        ..Member::new(Vendor::Nim, group, row.accid.as_str())
    }
    .with_row(Row::Nim(Box::new(row)))
}

/// A row of a team as a member. `role` is that of the list it stands in: the owner, the admins or the members of
/// `team/queryDetail`.
#[must_use]
pub fn team_member(group: &str, row: team_query_detail::Member, role: Role) -> Member {
    Member {
        name: given(row.nick.as_deref()),
        role: Some(role),
        joined_at: time(row.createtime),
        muted_until: (row.mute == Some(true)).then_some(MutedUntil::Forever),
        ..Member::new(Vendor::Nim, group, row.accid.as_str())
    }
    .with_row(Row::NimTeam(Box::new(row)))
}

/// A row of a superteam as a member. The numbers of its `type` are those of the vendor's own SDKs for devices: the
/// documents of the call name none.
#[must_use]
pub fn superteam_member(group: &str, row: superteam_get_tlists::Member) -> Member {
    Member {
        name: given(row.nick.as_deref()),
        role: row.member_type.map(|number| match number {
            0 => Role::Member,
            1 => Role::Owner,
            2 => Role::Admin,
            _ => Role::Unknown,
        }),
        joined_at: time(row.jointime),
        muted_until: row.mute.filter(|&mute| mute != 0).map(|_| MutedUntil::Forever),
        ..Member::new(Vendor::Nim, group, row.accid.as_str())
    }
    .with_row(Row::NimSuperteam(Box::new(row)))
}

/// Milliseconds since 1970-01-01 UTC.
fn time(millis: Option<i64>) -> Option<Timestamp> {
    millis.filter(|&time| time > 0).and_then(Timestamp::from_millis)
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

#[cfg(feature = "client")]
impl From<nim_server::TeamRole> for Role {
    fn from(role: nim_server::TeamRole) -> Self {
        match role {
            nim_server::TeamRole::Owner => Self::Owner,
            nim_server::TeamRole::Admin => Self::Admin,
            nim_server::TeamRole::Member => Self::Member,
        }
    }
}

#[cfg(feature = "client")]
impl From<nim_server::TeamRoster> for crate::Members {
    fn from(roster: nim_server::TeamRoster) -> Self {
        Self::new(Vendor::Nim, roster, |group, row, _| team_member(group, row.member, row.role.into()))
    }
}

#[cfg(feature = "client")]
impl From<nim_server::SuperteamRoster> for crate::Members {
    fn from(roster: nim_server::SuperteamRoster) -> Self {
        Self::new(Vendor::Nim, roster, |group, row, _| superteam_member(group, row))
    }
}

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

    fn of_team(json: serde_json::Value) -> Member {
        team_member("3083", serde_json::from_value(json).unwrap(), Role::Admin)
    }

    fn of_superteam(json: serde_json::Value) -> Member {
        superteam_member("3083", serde_json::from_value(json).unwrap())
    }

    #[test]
    fn teams_and_superteams_have_their_own_words_for_the_same() {
        let bare = Member::new(Vendor::Nim, "3083", "a");
        assert_eq!(
            of_team(json!({"accid": "a", "nick": "", "mute": false, "createtime": 0})).without_row(),
            Member { role: Some(Role::Admin), ..bare.clone() }
        );
        assert_eq!(of_superteam(json!({"accid": "a", "nick": "", "mute": 0, "jointime": "0"})).without_row(), bare);
        let team = of_team(json!({"accid": "a", "nick": "n", "mute": true, "createtime": 1_700_000_000_007_i64}));
        for member in [
            team,
            of_superteam(
                json!({"accid": "a", "nick": "n", "mute": 1, "type": 2, "jointime": "1700000000007", "createtime": 5}),
            ),
        ] {
            assert_eq!((member.name.as_deref(), &member.role), (Some("n"), &Some(Role::Admin)));
            assert_eq!(member.joined_at.unwrap().to_string(), "2023-11-14T22:13:20.007Z");
            assert_eq!(member.muted_until, Some(MutedUntil::Forever));
            assert_eq!((&member.avatar_url, member.online), (&None, None));
        }
    }

    #[test]
    fn every_number_of_a_superteam_has_a_word_of_ours() {
        for (number, role) in
            [(0, Role::Member), (1, Role::Owner), (2, Role::Admin), (3, Role::Unknown), (-7, Role::Unknown)]
        {
            assert_eq!(of_superteam(json!({"accid": "a", "type": number})).role, Some(role), "{number}");
        }
    }

    #[test]
    fn nothing_of_a_teams_row_is_lost() {
        let json = json!({
            "accid": "a", "nick": "", "mute": false, "custom": "{}", "createtime": 5, "updatetime": 6, "new": [null],
        });
        assert_eq!(of_team(json.clone()).row.to_json(), json);
        let json = json!({
            "accid": "a", "tid": 3083, "uid": 7, "type": 3, "jointime": 5, "mute": 2, "invitor": "b", "bits": 1, "new": {},
        });
        assert_eq!(of_superteam(json.clone()).row.to_json(), json);
    }
}
