//! Whole lists by a walk that is known to be right, and what becomes of one that is not.

use std::collections::BTreeSet;

use groupmembers_sandbox::{
    Sandbox,
    nim::{Churn, Fault, MemberType, RoomConfig},
};

use super::{ROOM, page, rows, sandbox};

/// From the last row's millisecond, or from the one after it, until a page has nobody new.
fn walk(sandbox: &Sandbox, kind: MemberType, overlap: bool) -> (BTreeSet<String>, usize) {
    let (mut seen, mut end, mut pages) = (BTreeSet::new(), 0, 0);
    loop {
        let rows = rows(&page(sandbox, kind.number(), end, 100));
        pages += 1;
        let before = seen.len();
        seen.extend(rows.iter().map(|row| row["accid"].as_str().unwrap().to_owned()));
        match rows.last() {
            Some(last) if seen.len() > before => end = last["enterTime"].as_u64().unwrap() + u64::from(overlap),
            _ => return (seen, pages),
        }
    }
}

fn truth(sandbox: &Sandbox, kind: MemberType) -> BTreeSet<String> {
    sandbox.nim().members(ROOM, kind).into_iter().map(|member| member.accid).collect()
}

#[test]
fn a_large_room_is_complete_with_an_overlap_and_not_without() {
    let sandbox = sandbox(300, 20_000, |_| {});
    for kind in [MemberType::Fixed, MemberType::Guests, MemberType::OnlineFixed] {
        let (all, pages) = walk(&sandbox, kind, true);
        assert_eq!(all, truth(&sandbox, kind));
        assert!(pages >= all.len() / 100);
    }
    // Three share every millisecond: a page's end between them loses the rest for good.
    let (some, _) = walk(&sandbox, MemberType::Guests, false);
    assert!(some.len() < 20_000 && some.len() > 19_000, "{}", some.len());
    sandbox.nim().inject(Fault::EndtimeInclusive);
    assert_eq!(walk(&sandbox, MemberType::Guests, false).0, truth(&sandbox, MemberType::Guests));
}

#[test]
fn a_crowd_larger_than_a_page_cannot_be_read() {
    let sandbox = sandbox(1, 600, |config| config.rooms[0].crowd = 250);
    let (some, _) = walk(&sandbox, MemberType::Guests, true);
    assert!(some.len() < 600);
}

#[test]
fn whoever_stays_is_found_while_others_come_and_go() {
    for kind in [MemberType::Guests, MemberType::Fixed, MemberType::OnlineFixed] {
        let sandbox = sandbox(900, 900, |config| config.rooms[0].churn = Churn::per_call(4.0));
        sandbox.nim().begin_recording();
        let (found, _) = walk(&sandbox, kind, true);
        let (stayed, ever) = (sandbox.nim().present_throughout(ROOM, kind), sandbox.nim().ever_present(ROOM, kind));
        assert!(found.is_superset(&stayed), "{kind:?}");
        assert!(found.is_subset(&ever), "{kind:?}");
        let events = sandbox.nim().events(ROOM, kind);
        assert!(events.iter().any(|event| event.entered) && events.iter().any(|event| !event.entered));
        let other = if kind == MemberType::Guests { MemberType::Fixed } else { MemberType::Guests };
        assert!(sandbox.nim().events(ROOM, other).is_empty(), "only the list that is read");
    }
}

#[test]
fn who_comes_back_is_the_newest() {
    let sandbox = sandbox(5, 50, |_| {});
    let world = sandbox.nim();
    assert!(world.remove_member(ROOM, MemberType::Guests, "guest000007"));
    assert!(!world.remove_member(ROOM, MemberType::Guests, "guest000007"));
    assert_eq!(world.member_count(ROOM, MemberType::Guests), 49);
    assert!(world.add_member(ROOM, MemberType::Guests, "guest000007"));
    let first = &rows(&page(&sandbox, 1, 0, 1))[0];
    assert_eq!(first["accid"], "guest000007");
    assert!(!world.present_throughout(ROOM, MemberType::Guests).contains("guest000007"));
    assert!(world.ever_present(ROOM, MemberType::Guests).contains("guest000007"));
}

#[test]
fn the_same_seed_is_the_same_world() {
    let churning =
        || sandbox(30, 300, |config| config.rooms = vec![RoomConfig::new(ROOM, 30, 300).churn(Churn::per_call(3.0))]);
    let (one, two) = (churning(), churning());
    for _ in 0..10 {
        assert_eq!(page(&one, 1, 0, 100).body, page(&two, 1, 0, 100).body);
    }
}

#[test]
#[should_panic(expected = "no NIM room 5")]
fn a_misspelt_room_is_not_silence() {
    let _ = sandbox(1, 1, |_| {}).nim().members(5, MemberType::Guests);
}
