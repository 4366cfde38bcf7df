use std::collections::BTreeMap;

use groupmembers_unified::{Difference, Field, Member, MutedUntil, Role, Side, Timestamp, Vendor, diff};
use proptest::prelude::*;
use serde_json::json;

/// Few people with few faces, so that they meet.
fn roster() -> impl Strategy<Value = Vec<Member>> {
    let member = (0..3_u8, 0..2_u8, 0..12_u8, 0..3_u8, 0..3_u8).prop_map(|(vendor, group, id, name, role)| {
        let vendor = [Vendor::Tim, Vendor::Nim, Vendor::Other("x".to_owned())][usize::from(vendor)].clone();
        let mut member = Member::new(vendor, format!("g{group}"), format!("u{id}"));
        member.name = [None, Some("甲"), Some("乙")][usize::from(name)].map(ToOwned::to_owned);
        member.role = [None, Some(Role::Member), Some(Role::Admin)][usize::from(role)].clone();
        member
    });
    proptest::collection::vec(member, 0..60).prop_map(|members| {
        let mut seen = std::collections::BTreeSet::new();
        members.into_iter().filter(|member| seen.insert(key(member))).collect()
    })
}

fn key(member: &Member) -> (String, String, String) {
    (member.vendor.to_string(), member.group.clone(), member.id.clone())
}

proptest! {
    #[test]
    fn it_finds_what_two_maps_find(old in roster(), new in roster()) {
        let map = |roster: &[Member]| roster.iter().map(|m| (key(m), m.clone())).collect::<BTreeMap<_, _>>();
        let (before, after) = (map(&old), map(&new));
        let found = diff(&old, &new).unwrap();
        let joined: Vec<&Member> = new.iter().filter(|m| !before.contains_key(&key(m))).collect();
        let left: Vec<&Member> = old.iter().filter(|m| !after.contains_key(&key(m))).collect();
        let changed: Vec<&Member> = new.iter().filter(|m| before.get(&key(m)).is_some_and(|old| old != *m)).collect();
        prop_assert_eq!(&found.joined, &joined);
        prop_assert_eq!(&found.left, &left);
        prop_assert_eq!(found.changed.iter().map(|changed| changed.new).collect::<Vec<_>>(), changed);
        prop_assert_eq!(found.is_empty(), before == after);

        // Carried out on the old one, the differences make the new one.
        let mut carried = before;
        for difference in found.iter() {
            match difference {
                Difference::Joined(member) => prop_assert!(carried.insert(key(member), member.clone()).is_none()),
                Difference::Left(member) => prop_assert!(carried.remove(&key(member)).is_some()),
                Difference::Changed(changed) => {
                    let member = carried.get_mut(&key(changed.new)).unwrap();
                    for field in changed.fields() {
                        prop_assert!(field.of(changed.old) != field.of(changed.new));
                        match field {
                            Field::Name => member.name = changed.new.name.clone(),
                            Field::Role => member.role = changed.new.role.clone(),
                            field => prop_assert!(false, "{}", field),
                        }
                    }
                }
                _ => prop_assert!(false),
            }
        }
        prop_assert_eq!(carried, after);
    }
}

#[test]
fn every_difference_is_one_object() {
    let mut old = Member::new(Vendor::Nim, "66", "a");
    old.online = Some(true);
    old.role = Some(Role::Member);
    let mut new = old.clone();
    (new.online, new.role, new.name) = (Some(false), Some(Role::Admin), Some("甲".to_owned()));
    let (left, joined) = (Member::new(Vendor::Nim, "66", "b"), Member::new(Vendor::Nim, "66", "c"));
    let (old, new) = ([old, left], [new, joined]);
    let lines: Vec<String> =
        diff(&old, &new).unwrap().iter().map(|difference| serde_json::to_string(&difference).unwrap()).collect();
    assert_eq!(
        lines,
        [
            r#"{"change":"joined","vendor":"nim","group":"66","id":"c","name":null,"role":null,"joined_at":null,"avatar_url":null,"muted_until":null,"online":null}"#,
            r#"{"change":"left","vendor":"nim","group":"66","id":"b","name":null,"role":null,"joined_at":null,"avatar_url":null,"muted_until":null,"online":null}"#,
            r#"{"change":"changed","vendor":"nim","group":"66","id":"a","name":"甲","fields":{"name":{"from":null,"to":"甲"},"role":{"from":"member","to":"admin"},"online":{"from":true,"to":false}}}"#,
        ]
    );
}

#[test]
fn an_end_that_nim_told_in_seconds_may_move_and_no_other() {
    let muted = |vendor: Vendor, end: i64| {
        let mut member = Member::new(vendor, "g", "a");
        member.muted_until = Some(MutedUntil::At(Timestamp::from_seconds(end).unwrap()));
        member
    };
    let same = |vendor: Vendor, seconds: i64| {
        diff(&[muted(vendor.clone(), 1_700_000_000)], &[muted(vendor, 1_700_000_000 + seconds)]).unwrap().is_empty()
    };
    assert!(same(Vendor::Nim, 30) && same(Vendor::Nim, -30) && !same(Vendor::Nim, 31));
    assert!(same(Vendor::Tim, 0) && !same(Vendor::Tim, 1));
    // Lifted is another matter.
    assert!(!diff(&[muted(Vendor::Nim, 1)], &[Member::new(Vendor::Nim, "g", "a")]).unwrap().is_empty());
}

#[test]
fn what_only_looks_different_is_the_same() {
    let mut old = Member::new(Vendor::Tim, "g", "a");
    old.joined_at = "2023-11-14T22:13:20Z".parse().ok();
    let mut new = old.clone();
    new.joined_at = "2023-11-14T22:13:20.000Z".parse().ok();
    new.row = json!({"MsgSeq": 7}).into();
    assert!(diff(&[old], &[new]).unwrap().is_empty());
}

#[test]
fn who_stands_twice_makes_no_roster() {
    let twice =
        [Member::new(Vendor::Tim, "g", "a"), Member::new(Vendor::Tim, "h", "a"), Member::new(Vendor::Tim, "g", "a")];
    let once = &twice[..2];
    let error = diff(&twice, once).unwrap_err();
    assert_eq!((error.side, error.first, error.again), (Side::Old, 0, 2));
    let error = diff(once, &twice).unwrap_err();
    assert_eq!((error.side, error.id.as_str()), (Side::New, "a"));
    assert_eq!(error.to_string(), "a stands in the new roster twice, at 0 and 2: it is no roster");
}
