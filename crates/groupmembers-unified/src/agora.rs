//! Agora Chat (Shengwang, Easemob).

use agora_chat_rest::chatgroups_users::{self as users, Member as Own};

use crate::member::Member;
use crate::row::Row;
use crate::timestamp::Timestamp;
use crate::words::{Role, Vendor};

/// A row of `chatgroups/{id}/users` as a member. The list has no names, pictures and states: those are the app's own.
#[must_use]
pub fn member(group: &str, row: Own) -> Member {
    Member {
        role: match &row.role {
            users::Role::Owner => Some(Role::Owner),
            users::Role::Admin => Some(Role::Admin),
            users::Role::Member => Some(Role::Member),
            // A bare id says nothing of it.
            users::Role::Unknown => None,
            _ => Some(Role::Unknown),
        },
        joined_at: row
            .joined_time
            .filter(|&time| time > 0)
            .and_then(|time| i64::try_from(time).ok())
            .and_then(Timestamp::from_millis),
        ..Member::new(Vendor::Agora, group, row.user_id.as_str())
    }
    .with_row(Row::Agora(Box::new(row)))
}

#[cfg(feature = "client")]
crate::source::source!(
    Agora,
    agora_chat_rest::Client,
    agora_chat_rest::Roster,
    agora_chat_rest::Error,
    |group, row, _| member(group, row),
    |client, group| client.roster(group)
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value) -> Member {
        member("g", serde_json::from_value(json).unwrap())
    }

    #[test]
    fn the_name_of_the_field_is_the_role() {
        for (row, role) in [
            (json!({"owner": "a"}), Some(Role::Owner)),
            (json!({"admin": "a"}), Some(Role::Admin)),
            (json!({"member": "a"}), Some(Role::Member)),
            (json!({"moderator": "a"}), Some(Role::Unknown)),
            (json!("a"), None),
        ] {
            let member = of(row.clone());
            assert_eq!(member.row.to_json(), row, "nothing of the row is lost");
            assert_eq!((member.id.as_str(), member.role, member.joined_at), ("a", role, None));
        }
    }

    #[test]
    fn times_are_in_milliseconds_and_keep_them() {
        let joined = |time: serde_json::Value| {
            of(json!({"member": "a", "joined_time": time})).joined_at.map(|time| time.to_string())
        };
        assert_eq!(joined(json!(1_700_000_000_007_u64)).as_deref(), Some("2023-11-14T22:13:20.007Z"));
        assert_eq!(joined(json!("1700000000000")).as_deref(), Some("2023-11-14T22:13:20.000Z"));
        assert_eq!((joined(json!(0)), joined(json!("soon")), joined(json!(u64::MAX))), (None, None, None));
    }
}
