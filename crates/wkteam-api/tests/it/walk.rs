//! Whole rosters on a virtual clock, while members come and go, against an oracle that knows the truth.

use std::collections::BTreeSet;

use groupmembers_http::{RetryPolicy, TransportErrorKind};
use proptest::prelude::*;
use serde_json::json;
use wkteam_api::get_chat_room_member::Member;
use wkteam_api::{Client, Completeness, Error, Report, RosterOptions, RosterWalk};

use crate::world::{GROUP, Info, Shared, World, answer, builder, lock, refusal, simulate, token, w_id};

fn list(world: World, seed: u64, options: RosterOptions) -> (Shared, Result<(Vec<u32>, Report), Error>) {
    let (world, simulation) = simulate(world, seed);
    let client = builder(&simulation, token(1))
        .w_id(w_id(1))
        .retry(RetryPolicy::default().with_max_attempts(20))
        .build()
        .unwrap();
    let listing = simulation.run(async { client.roster_with(GROUP, options).all().await });
    (world, listing.map(|listing| (ids(&listing.members), listing.report)))
}

fn ids(members: &[Member]) -> Vec<u32> {
    members.iter().map(|member| member.user_name[1..].parse().unwrap()).collect()
}

/// The three promises, and that no more is claimed than holds.
fn hold(world: &Shared, members: &[u32], report: &Report) {
    let world = lock(world);
    let unique: BTreeSet<u32> = members.iter().copied().collect();
    assert_eq!(unique.len(), members.len(), "somebody appears twice");
    assert_eq!(report.members, members.len() as u64);
    assert!(unique.is_subset(&world.ever), "somebody was invented");
    let lost = world.throughout.difference(&unique).count();
    if lost > 0 {
        assert!(!report.completeness.is_complete(), "{lost} lost: {report:?}");
        if world.info == Info::Whole {
            assert_eq!(report.completeness, Completeness::Incomplete, "{lost} lost: {report:?}");
        }
    }
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500);
    ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn any_info() -> impl Strategy<Value = Info> {
    prop_oneof![
        Just(Info::Whole),
        Just(Info::Counts),
        Just(Info::Names),
        Just(Info::Silent),
        Just(Info::Frozen),
        Just(Info::Refused),
        Just(Info::Null),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn rosters_keep_the_promises(
        (members, seed, churn) in (1..120_u32, any::<u64>(), 0..400_u64),
        (info, twice, shuffle) in (any_info(), any::<bool>(), any::<bool>()),
        (lost, rounds, check) in (prop_oneof![Just(0_usize), Just(6)], 1..5_u32, any::<bool>()),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.info, world.twice, world.shuffle, world.lost) = (churn, info, twice, shuffle, lost);
        let mut options = RosterOptions::default().rounds(rounds);
        options.check = check;
        let (world, listing) = list(world, seed, options);
        let (found, report) = listing.unwrap();
        hold(&world, &found, &report);
        if churn == 0 {
            prop_assert_eq!(found.len(), members as usize);
            let expected = match info {
                Info::Whole if check => Completeness::Verified,
                Info::Names if check => Completeness::Stable,
                _ => Completeness::Unverified,
            };
            prop_assert_eq!(report.completeness, expected, "{:?}", report);
        }
        if lost == 0 {
            // One more for the look whether the wId is still good, after a refusal.
            prop_assert!(report.calls <= u64::from(rounds) * 2 + 2, "{:?}", report);
        }
    }

    #[test]
    fn a_list_that_leaves_somebody_out_is_never_called_whole(
        (members, most, seed) in (2..120_u32, 1..120_usize, any::<u64>()),
        (churn, shuffle) in (0..400_u64, any::<bool>()),
        (info, remembered) in (prop_oneof![3 => Just(Info::Whole), 5 => any_info()], 0..120_u32),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.most, world.shuffle, world.info) = (churn, most, shuffle, info);
        // What is remembered is not what is listed: an old description that says the same as a cut list cannot be seen through.
        world.remembered = (0..remembered.min(members)).filter(|&n| n as usize != most - 1).collect();
        let (world, listing) = list(world, seed, RosterOptions::default());
        let (found, report) = listing.unwrap();
        hold(&world, &found, &report);
        if churn == 0 && info == Info::Whole && most < members as usize {
            // A shuffled list gives others each time, so all of them may have come in the end.
            if !shuffle {
                prop_assert_eq!(report.completeness, Completeness::Incomplete);
            }
            prop_assert_ne!(report.completeness, Completeness::Verified);
        }
    }

    #[test]
    fn a_saved_walk_goes_on_where_it_stopped(
        (members, seed, churn, stop) in (1..60_u32, any::<u64>(), 0..200_u64, 0..60_usize),
        lost in prop_oneof![Just(0_usize), Just(3)],
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.lost) = (churn, lost);
        let (world, simulation) = simulate(world, seed);
        let client = builder(&simulation, token(1)).w_id(w_id(1)).retry(RetryPolicy::never()).build().unwrap();
        let (found, report) = simulation.run(in_pieces(&client, stop));
        hold(&world, &found, &report);
        if churn == 0 {
            prop_assert_eq!(report.completeness, Completeness::Verified);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn profiles_taken_in_pieces_are_each_had_once(
        (members, seed, churn) in (1..30_u32, any::<u64>(), 0..30_u64),
        (lost, stop) in (prop_oneof![Just(0_usize), Just(4)], 0..30_usize),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.lost) = (churn, lost);
        let (world, simulation) = simulate(world, seed);
        let client = builder(&simulation, token(1)).w_id(w_id(1)).retry(RetryPolicy::never()).build().unwrap();
        let (found, report) = simulation.run(async {
            let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
            let mut found = Vec::new();
            loop {
                let save = match roster.next().await {
                    Some(Ok(detailed)) => {
                        assert!(detailed.profile.is_some() || detailed.problem.is_some());
                        found.push(detailed.member);
                        found.len() == stop
                    }
                    Some(Err(_)) => true,
                    None => return (ids(&found), roster.report()),
                };
                if save {
                    let saved = serde_json::to_string(roster.walk()).unwrap();
                    roster = client.resume_with_details(serde_json::from_str(&saved).unwrap());
                }
            }
        });
        hold(&world, &found, &report);
        if lost == 0 {
            // One more for the look whether the wId is still good, after a refusal.
            prop_assert!(lock(&world).count("getChatRoomMemberInfo") <= found.len() + 1);
        }
    }

    #[test]
    fn whatever_is_called_together_goes_out_one_by_one(
        (seed, accounts) in (any::<u64>(), 1..3_u32),
        calls in proptest::collection::vec((0..4_u8, 0..3_u32, any::<bool>()), 1..12),
        throttled in 0..3_usize,
    ) {
        let mut world = World::new(4, seed);
        world.any_instance = true;
        world.first = (0..throttled).map(|_| ("isOnline", Ok(crate::world::status(429)))).collect();
        let (world, simulation) = simulate(world, seed);
        let client = builder(&simulation, token(1)).build().unwrap();
        simulation.run(async {
            let mut kept = Vec::new();
            let work: Vec<futures_util::future::BoxFuture<'_, ()>> = calls
                .iter()
                .filter_map(|(kind, account, keep)| -> Option<futures_util::future::BoxFuture<'_, ()>> {
                    let client = client.with_w_id(w_id(account % accounts));
                    match kind {
                        0 if *keep => {
                            // Polled once, and then left alone.
                            let mut roster = client.roster(GROUP);
                            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                            assert!(Box::pin(roster.next()).as_mut().poll(&mut context).is_pending());
                            kept.push(roster);
                            None
                        }
                        0 => Some(Box::pin(async move { drop(client.roster(GROUP).all().await.unwrap()) })),
                        1 => Some(Box::pin(async move {
                            let roster = client.roster_with_details(GROUP, RosterOptions::default());
                            drop(roster.all().await.unwrap());
                        })),
                        _ => Some(Box::pin(async move { drop(client.is_online().await) })),
                    }
                })
                .collect();
            futures_util::future::join_all(work).await;
            drop(kept);
        });
        let world = lock(&world);
        for account in 0..accounts {
            let mine: Vec<_> =
                world.log.iter().filter(|arrival| arrival.body["wId"] == format!("PLANTED-w-id-{account}")).collect();
            for pair in mine.windows(2) {
                prop_assert!((pair[1].at - pair[0].at).as_millis() >= 945, "{:?}", mine);
            }
        }
    }
}

/// Saves and takes up the walk at every error, and after `stop` members.
async fn in_pieces(client: &Client, stop: usize) -> (Vec<u32>, Report) {
    let mut roster = client.roster(GROUP);
    let (mut found, mut stops) = (Vec::new(), 0);
    loop {
        let save = match roster.next().await {
            Some(Ok(member)) => {
                found.push(member);
                found.len() == stop
            }
            Some(Err(_)) => {
                assert_eq!(roster.report().completeness, Completeness::Incomplete);
                true
            }
            None => break,
        };
        if save {
            stops += 1;
            assert!(stops < 500, "it gets nowhere");
            let saved = serde_json::to_string(roster.walk()).unwrap();
            assert!(!saved.contains("PLANTED"), "{saved}");
            roster = client.resume(serde_json::from_str::<RosterWalk>(&saved).unwrap());
        }
    }
    (ids(&found), roster.report())
}

#[test]
fn a_quiet_group_takes_two_calls_and_keeps_its_order() {
    let (world, listing) = list(World::new(500, 1), 1, RosterOptions::default());
    let (found, report) = listing.unwrap();
    assert_eq!(found, (0..500).collect::<Vec<_>>());
    assert_eq!((report.calls, report.completeness), (2, Completeness::Verified));
    assert_eq!((report.declared_total, report.vendor.as_str()), (Some(500), "wkteam"));
    assert_eq!(lock(&world).count("getChatRoomInfo"), 1);
}

#[test]
fn the_owner_is_known_before_the_first_member() {
    let (_, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster(GROUP);
        roster.next().await.unwrap().unwrap();
        assert_eq!(roster.walk().room().unwrap().chat_room_owner.as_deref(), Some("u0"));
        assert_eq!(roster.walk().group(), GROUP);
    });
}

#[test]
fn a_count_alone_proves_nothing() {
    let mut world = World::new(20, 1);
    world.info = Info::Counts;
    let (_, listing) = list(world, 1, RosterOptions::default());
    let report = listing.unwrap().1;
    assert_eq!((report.completeness, report.notes.len()), (Completeness::Unverified, 1), "{report:?}");
}

/// `(path, data)` of the first answers.
fn answers(given: &[(&'static str, serde_json::Value)]) -> World {
    let mut world = World::new(3, 1);
    world.info = Info::Refused;
    world.first =
        given.iter().map(|(path, data)| (*path, Ok(answer(&json!({"code": "1000", "data": data}))))).collect();
    world
}

fn room(ids: &[&str]) -> (&'static str, serde_json::Value) {
    let names: Vec<_> = ids.iter().map(|id| json!({"userName": id})).collect();
    ("getChatRoomInfo", json!([{"chatRoomId": GROUP, "memberCount": ids.len(), "chatRoomMembers": names}]))
}

fn rows(ids: &[&str]) -> (&'static str, serde_json::Value) {
    ("getChatRoomMember", ids.iter().map(|id| json!({"userName": id})).collect())
}

#[test]
fn a_description_that_the_list_exceeds_is_believed_only_when_it_names_the_rest_too() {
    let (abc, abcd) = (&["u0", "u1", "u2"][..], &["u0", "u1", "u2", "u3"][..]);
    // Somebody joined: the next description says so.
    let (_, listing) = list(answers(&[room(abc), rows(abcd), room(abcd)]), 1, RosterOptions::default());
    let (found, report) = listing.unwrap();
    assert_eq!((found.len(), report.calls, report.completeness), (4, 3, Completeness::Stable), "{report:?}");
    // It stands still while the group does not, and so it may be as old as it likes.
    let frozen = [room(abc), rows(abcd), room(abc), rows(abcd), room(abc), rows(abcd), room(abc)];
    let (world, listing) = list(answers(&frozen), 1, RosterOptions::default());
    let report = listing.unwrap().1;
    assert_eq!((report.calls, report.completeness), (7, Completeness::Unverified), "{report:?}");
    assert_eq!(report.notes.len(), 1, "{report:?}");
    assert!(lock(&world).first.is_empty());
    // It names somebody else again: the list is read once more.
    let other = &["u0", "u1", "u2", "u3", "u4"][..];
    let (_, listing) = list(answers(&[room(abc), rows(abcd), room(other), rows(other)]), 1, RosterOptions::default());
    let report = listing.unwrap().1;
    assert_eq!((report.members, report.completeness), (5, Completeness::Stable), "{report:?}");
}

#[test]
fn one_leaves_and_one_joins_between_the_description_and_the_list() {
    let (before, after) = (&["u0", "u1", "u2"][..], &["u0", "u1", "u3"][..]);
    let (_, listing) =
        list(answers(&[room(before), rows(after), room(after), rows(after)]), 1, RosterOptions::default());
    let report = listing.unwrap().1;
    assert_eq!((report.calls, report.completeness), (4, Completeness::Verified), "{report:?}");
    // With u2 still there and left out, the number agrees all the same.
    let cut = [room(before), rows(after), room(before), rows(after), room(before), rows(after)];
    let (_, listing) = list(answers(&cut), 1, RosterOptions::default());
    assert_eq!(listing.unwrap().1.completeness, Completeness::Incomplete);
}

#[test]
fn a_description_that_cannot_be_had_again_does_not_undo_what_the_first_one_said() {
    let (before, after) = (&["u0", "u1", "u2"][..], &["u0", "u1", "u3"][..]);
    // The second description is refused, as all are after the first.
    let (_, listing) =
        list(answers(&[room(before), rows(after), rows(after), rows(after)]), 1, RosterOptions::default());
    let report = listing.unwrap().1;
    assert_eq!(report.completeness, Completeness::Incomplete, "u2 is known to be missing: {report:?}");
}

#[test]
fn rows_and_names_that_come_twice_count_once() {
    let twice = &["u0", "u1", "u1"][..];
    let (_, listing) = list(answers(&[room(&["u0", "u1"]), rows(twice)]), 1, RosterOptions::default());
    let report = listing.unwrap().1;
    assert_eq!((report.members, report.duplicates, report.completeness), (2, 1, Completeness::Verified));
    // Three are counted, two are named and listed.
    let given = [room(twice), rows(twice), room(twice), rows(twice), room(twice), rows(twice)];
    let (_, listing) = list(answers(&given), 1, RosterOptions::default());
    assert_eq!(listing.unwrap().1.completeness, Completeness::Incomplete);
}

#[test]
fn an_id_that_changes_between_the_two_is_a_gap() {
    let given: Vec<_> = (0..3).flat_map(|_| [room(&["u0", "u1"]), rows(&["u0", "u2"])]).collect();
    let (_, listing) = list(answers(&given), 1, RosterOptions::default());
    assert_eq!(listing.unwrap().1.completeness, Completeness::Incomplete);
}

#[test]
fn no_setting_makes_it_ask_for_ever() {
    for rounds in [0, u32::MAX] {
        let mut world = World::new(20, 1);
        world.most = 18;
        let mut options = RosterOptions::default();
        options.rounds = rounds;
        let (world, listing) = list(world, 1, options);
        assert_eq!(listing.unwrap().1.completeness, Completeness::Incomplete);
        assert!(lock(&world).log.len() <= 10, "{}", lock(&world).log.len());
    }
    // Nor does a saved walk that was meddled with.
    let mut world = World::new(20, 1);
    world.most = 18;
    let (world, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let mut saved = serde_json::to_value(client.roster(GROUP).walk()).unwrap();
    (saved["options"]["rounds"], saved["round"]) = (json!(u32::MAX), json!(u32::MAX));
    let walk: RosterWalk = serde_json::from_value(saved).unwrap();
    let _ = simulation.run(async { client.resume(walk).all().await.unwrap() });
    assert!(lock(&world).log.len() <= 10);
}

#[test]
fn the_list_is_had_where_the_description_fails() {
    let framework =
        json!({"timestamp": 1, "status": 500, "error": "Internal Server Error", "path": "/getChatRoomInfo"});
    for given in [answer(&framework), crate::world::status(500)] {
        let mut world = World::new(3, 1);
        world.first = (0..3).map(|_| ("getChatRoomInfo", Ok(given.clone()))).collect();
        let (_, simulation) = simulate(world, 1);
        let client = builder(&simulation, token(1)).w_id(w_id(1)).retry(RetryPolicy::never()).build().unwrap();
        let listing = simulation.run(async { client.roster(GROUP).all().await.unwrap() });
        assert_eq!((listing.members.len(), listing.report.completeness), (3, Completeness::Unverified));
    }
}

#[test]
fn who_is_named_and_not_listed_is_a_gap() {
    let mut world = World::new(20, 1);
    world.most = 18;
    let (world, listing) = list(world, 1, RosterOptions::default());
    let (found, report) = listing.unwrap();
    assert_eq!((found.len(), report.completeness), (18, Completeness::Incomplete));
    assert_eq!(lock(&world).log.len(), 6, "three rounds");
    let gaps: Vec<&str> = report.gaps.iter().map(|gap| gap.what.as_str()).collect();
    assert!(gaps.contains(&"the group names 2 of its members that the list does not"), "{gaps:?}");
}

#[test]
fn a_row_that_cannot_be_read_is_a_gap_unless_it_can_be_read_the_next_time() {
    let torn = json!({"code": "1000", "data": [{"userName": "u0"}, {"nickName": "who"}, {"userName": "u2"}]});
    for (times, completeness) in [(1, Completeness::Verified), (3, Completeness::Incomplete)] {
        let mut world = World::new(3, 1);
        world.first = (0..times).map(|_| ("getChatRoomMember", Ok(answer(&torn)))).collect();
        let (_, listing) = list(world, 1, RosterOptions::default());
        let report = listing.unwrap().1;
        assert_eq!(report.completeness, completeness, "{report:?}");
        assert_eq!(report.gaps.is_empty(), completeness == Completeness::Verified);
    }
}

#[test]
fn an_answer_about_another_group_is_an_error() {
    let other = json!({"code": "1000", "data": [{"userName": "u9", "chatRoomId": "2@chatroom"}]});
    let room = json!({"code": "1000", "data": [{"chatRoomId": "2@chatroom", "memberCount": 1}]});
    for (path, answered) in [("getChatRoomMember", other), ("getChatRoomInfo", room)] {
        let mut world = World::new(3, 1);
        world.first = vec![(path, Ok(answer(&answered)))];
        let (_, listing) = list(world, 1, RosterOptions::default());
        assert!(matches!(listing, Err(Error::Walk(_))), "{path}");
    }
}

#[test]
fn an_error_is_never_an_empty_list() {
    let answers = [
        refusal("失败"),
        answer(&json!({"code": "1000", "data": null})),
        answer(&json!({"code": "1000", "data": []})),
        answer(&json!({"code": "1000", "data": [{"code": "1000", "data": []}]})),
        answer(&json!({"code": "1000"})),
        answer(&json!({"data": []})),
    ];
    for given in answers {
        let mut world = World::new(3, 1);
        let what = format!("{given:?}");
        world.first = vec![("getChatRoomMember", Ok(given))];
        let (world, listing) = list(world, 1, RosterOptions::default());
        assert!(listing.is_err(), "{what}");
        assert_eq!(lock(&world).count("getChatRoomMember"), 1, "and is not asked for again: {what}");
    }
}

#[test]
fn what_was_read_before_an_error_is_given_out_first() {
    let mut world = World::new(10, 1);
    world.most = 8;
    let (world, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).retry(RetryPolicy::never()).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster(GROUP);
        lock(&world).first = vec![(
            "getChatRoomMember",
            Ok(answer(&json!({"code": "1000", "data": [{"userName": "u0"}, {"userName": "u1"}]}))),
        )];
        // The second round fails.
        lock(&world).first.push(("getChatRoomMember", Err(TransportErrorKind::Timeout)));
        assert_eq!(roster.next().await.unwrap().unwrap().user_name, "u0");
        assert_eq!(roster.next().await.unwrap().unwrap().user_name, "u1");
        assert!(matches!(roster.next().await, Some(Err(Error::Transport(_)))));
        assert!(roster.next().await.is_none());
        let report = roster.report();
        assert_eq!((report.completeness, report.members), (Completeness::Incomplete, 2));
        assert!(report.gaps.iter().any(|gap| gap.what.starts_with("stopped: ")), "{report:?}");
    });
}

#[test]
fn ids_that_are_no_groups_are_refused_unless_told_otherwise() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let any = builder(&simulation, token(1)).w_id(w_id(1)).any_id().build().unwrap();
    simulation.run(async {
        let error = client.roster("wxid_someone").all().await.unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
        assert_eq!(lock(&world).log.len(), 0);
        assert_eq!(any.roster("odd-id").all().await.unwrap().members.len(), 3);
    });
}

#[test]
fn a_saved_walk_keeps_rows_with_odd_fields() {
    let given = [
        (
            "getChatRoomInfo",
            json!([{"chatRoomId": GROUP, "memberCount": 2, "notify": "x", "nickName": 7,
            "chatRoomMembers": [{"userName": "u0", "nickName": 7}, {"userName": "u1"}]}]),
        ),
        ("getChatRoomMember", json!([{"userName": "u0", "nickName": 7}, {"userName": "u1", "isManage": "x"}])),
    ];
    let (_, simulation) = simulate(answers(&given), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster(GROUP);
        let first = roster.next().await.unwrap().unwrap();
        assert_eq!((first.user_name.as_str(), &first.extra["nickName"]), ("u0", &json!(7)));
        let saved = serde_json::to_string(roster.walk()).unwrap();
        let listing = client.resume(serde_json::from_str::<RosterWalk>(&saved).unwrap()).all().await.unwrap();
        assert_eq!(listing.members[0].extra["isManage"], "x");
        assert_eq!((listing.members.len(), listing.report.completeness), (1, Completeness::Verified));
        assert_eq!(listing.report.calls, 0);
    });
}
