//! Whole rosters on a virtual clock, while members come and go, against an oracle that knows the truth.

use std::collections::BTreeSet;
use std::time::Duration;

use agora_chat_rest::chatgroups_users::{Member, Request, Role};
use agora_chat_rest::{Client, Completeness, Error, Report, RosterOptions, RosterWalk};
use groupmembers_http::{RetryPolicy, TransportErrorKind};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{Clamp, NOW, Shared, Times, World, answer, builder, fixed, lock, refusal, simulate, simulate_at};

fn list(world: World, seed: u64, options: RosterOptions) -> (Shared, Vec<u32>, Report) {
    let (world, simulation) = simulate(world, seed);
    let retry = RetryPolicy::default().with_max_attempts(20);
    let client = builder(&simulation, fixed()).retry(retry).build().unwrap();
    let listing = simulation.run(async { client.roster_with("g", options).all().await }).unwrap();
    (world, ids(&listing.members), listing.report)
}

fn ids(members: &[Member]) -> Vec<u32> {
    members.iter().map(|member| member.user_id[1..].parse().unwrap()).collect()
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
    }
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500);
    ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn any_clamp() -> impl Strategy<Value = Clamp> {
    prop_oneof![
        3 => Just(Clamp::No),
        1 => (3..60_usize).prop_map(Clamp::Page),
        1 => (3..60_usize).prop_map(Clamp::Rows),
        1 => Just(Clamp::Moving),
    ]
}

fn any_times() -> impl Strategy<Value = Times> {
    prop_oneof![4 => Just(Times::Given), 1 => Just(Times::Missing), 1 => Just(Times::Same), 1 => Just(Times::Zero)]
}

fn any_count() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![3 => Just(Some(0)), 2 => (-9..9_i64).prop_map(Some), 1 => Just(None)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn rosters_keep_the_promises(
        (members, page, seed) in (1..400_u32, 10..60_u32, any::<u64>()),
        (churn, inserts, lost) in (prop_oneof![1 => Just(0), 1 => 0..30_u64, 1 => 0..400_u64], any::<bool>(), prop_oneof![Just(0_usize), Just(9)]),
        (clamp, times, miscounts) in (any_clamp(), any_times(), any_count()),
        (stuck, affiliations) in (prop_oneof![4 => Just(None), 1 => (0..500_u64).prop_map(Some)], prop_oneof![2 => Just(0_usize), 1 => 1..500_usize, 1 => Just(10_000)]),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.inserts, world.lost) = (churn, inserts, lost);
        (world.clamp, world.times, world.miscounts) = (clamp, times, miscounts);
        // A wrong number that happens to fit a cut list would be two independent lies that agree.
        let two_lies = affiliations < 10_000 && (stuck.is_some() || miscounts != Some(0));
        (world.stuck, world.affiliations) = (stuck, if two_lies { 0 } else { affiliations });
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(page));
        hold(&world, &found, &report);
        if churn == 0 && clamp != Clamp::Moving {
            prop_assert_eq!(found.len(), members as usize, "{:?}", report);
            // Pages of a few rows cannot overlap everywhere.
            let tiny = matches!(clamp, Clamp::Page(rows) | Clamp::Rows(rows) if rows < 10);
            if miscounts == Some(0) && stuck.is_none() && times == Times::Given && !tiny {
                prop_assert_eq!(report.completeness, Completeness::Verified, "{:?}", report);
            }
        }
        prop_assert!(report.calls < 6000, "{:?}", report);
    }

    #[test]
    fn a_list_without_order_is_not_called_whole(
        (members, page, seed) in (60..400_u32, 10..20_u32, any::<u64>()),
        churn in 0..100_u64,
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.shuffle) = (churn, true);
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(page));
        hold(&world, &found, &report);
    }

    #[test]
    fn a_saved_walk_goes_on_where_it_stopped(
        (members, seed, churn, stop) in (1..200_u32, any::<u64>(), 0..100_u64, 0..200_usize),
        (lost, affiliations) in (prop_oneof![Just(0_usize), Just(4)], prop_oneof![Just(0), Just(1000_usize)]),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.lost, world.affiliations) = (churn, lost, affiliations);
        let (world, simulation) = simulate(world, seed);
        let client = builder(&simulation, fixed()).retry(RetryPolicy::never()).build().unwrap();
        let (found, report) = simulation.run(in_pieces(&client, stop));
        hold(&world, &found, &report);
        if churn == 0 {
            prop_assert_eq!(report.completeness, Completeness::Verified, "{:?}", report);
        }
    }
}

/// Saves and takes up the walk at every error, and after `stop` members.
async fn in_pieces(client: &Client, stop: usize) -> (Vec<u32>, Report) {
    let mut roster = client.roster_with("g", RosterOptions::default().page_size(20));
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
            roster = client.resume(serde_json::from_str::<RosterWalk>(&saved).unwrap());
        }
    }
    (ids(&found), roster.report())
}

#[test]
fn a_time_of_zero_tells_nobody_apart() {
    let mut world = World::new(400, 1);
    world.times = Times::Zero;
    let (_, found, report) = list(world, 1, RosterOptions::default().page_size(52));
    assert_eq!((found.len(), report.completeness), (400, Completeness::Unverified), "{report:?}");
}

#[test]
fn a_page_that_is_cut_where_the_last_window_was_ends_no_list() {
    let mut uncounted = World::new(30, 1);
    uncounted.miscounts = None;
    let (world, simulation) = simulate(uncounted, 1);
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let rows = |ids: std::ops::Range<u64>| {
        let row = |id| json!({"member": format!("u{id}"), "joined_time": 1_600_000_000_000 + id / 3});
        Ok(answer(&json!({"data": ids.map(row).collect::<Vec<_>>()})))
    };
    // Ten rows at most, then seven: what begins at row 13 is taken for the second page of seven, and ends with the window.
    let group = Ok(answer(&json!({"data": [{"id": "g", "owner": "u0"}]})));
    lock(&world).first = vec![group, rows(0..10), rows(9..12), rows(7..14), rows(7..14)];
    let listing = simulation.run(async { client.roster("g").all().await.unwrap() });
    assert_eq!(lock(&world).log[4].query["pagesize"], "13");
    hold(&world, &ids(&listing.members), &listing.report);
    assert_eq!(listing.members.len(), 30, "{:?}", listing.report);
}

/// Lists 100 people in pages of 20, and when the second page was read lets something happen.
fn list_in_twenties(happens: impl Fn(&mut World)) -> (usize, Report) {
    let (world, simulation) = simulate(World::new(100, 1), 1);
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let (found, report) = simulation.run(async {
        let (mut roster, mut found) = (client.roster_with("g", RosterOptions::default().page_size(20)), Vec::new());
        while let Some(member) = roster.next().await {
            if found.len() == 20 {
                happens(&mut lock(&world));
            }
            found.push(member.unwrap());
        }
        (ids(&found), roster.report())
    });
    hold(&world, &found, &report);
    let lost = lock(&world).throughout.iter().filter(|id| !found.contains(id)).count();
    (lost, report)
}

#[test]
fn who_comes_back_under_the_old_join_time_joins_no_windows() {
    for back in [[32, 33], [26, 33], [18, 22]] {
        let (lost, report) = list_in_twenties(|world| {
            let gone: Vec<u32> = (10..34).chain(64..100).filter(|id| !back.contains(id)).collect();
            let came_back: Vec<_> = world.list.iter().copied().filter(|row| back.contains(&row.0)).collect();
            world.list.retain(|row| !gone.contains(&row.0) && !back.contains(&row.0));
            world.list.extend(came_back);
            world.throughout.retain(|id| !gone.contains(id) && !back.contains(id));
        });
        assert!(lost == 0 || report.completeness == Completeness::Incomplete, "{back:?}: {lost} lost, {report:?}");
    }
}

#[test]
fn who_stays_joins_windows_whoever_leaves_or_comes_to_the_end() {
    let (lost, report) = list_in_twenties(|world| {
        let gone: Vec<u32> = (2..10).chain(40..70).collect();
        world.list.retain(|row| !gone.contains(&row.0));
        world.list.extend((100..150).map(|id| (id, NOW * 1_000 + u64::from(id))));
        world.throughout.retain(|id| !gone.contains(id));
        world.ever.extend(100..150);
    });
    assert!(lost == 0 && report.completeness.is_complete(), "{lost} lost, {report:?}");
}

/// As a new owner does, whenever it happens; others may join in front of them.
#[test]
fn somebody_who_moves_to_the_front_meanwhile_is_not_lost() {
    for (page, joins, whole) in [(52, 0, true), (200, 50, true), (200, 150, true), (52, 60, false)] {
        for at in 1..16 {
            let (world, simulation) = simulate(World::new(394, 1), 1);
            let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
            let (found, report) = simulation.run(async {
                let mut roster = client.roster_with("g", RosterOptions::default().page_size(page));
                let (mut found, mut moved) = (Vec::new(), false);
                while let Some(member) = roster.next().await {
                    found.push(member.unwrap());
                    let mut world = lock(&world);
                    if !moved && world.log.len() >= at {
                        let last = world.list.len() - 20;
                        let owner = world.list.remove(last);
                        let joined = (394..394 + joins).map(|id| (id, NOW * 1_000 + u64::from(id)));
                        world.list.splice(0..0, joined.chain([owner]));
                        world.ever.extend(394..394 + joins);
                        moved = true;
                    }
                }
                (ids(&found), roster.report())
            });
            hold(&world, &found, &report);
            assert!(!whole || found.contains(&374), "{page} {joins} {at}: {report:?}");
        }
    }
}

/// The same with one request at a time and with sixteen.
fn list_both_ways(make: impl Fn() -> World) {
    for concurrency in [1, 16] {
        let (world, simulation) = simulate(make(), 1);
        let client = builder(&simulation, fixed()).concurrency(concurrency).build().unwrap();
        let listing = simulation.run(async { client.roster("g").all().await }).unwrap();
        hold(&world, &ids(&listing.members), &listing.report);
        assert_ne!(listing.report.completeness, Completeness::Unverified, "{:?}", listing.report);
    }
}

#[test]
fn somebody_who_joins_in_the_middle_hides_nobody_behind_a_cut() {
    for members in [6, 12, 49, 50, 60, 120] {
        for call in 1..9 {
            list_both_ways(|| {
                let mut world = World::new(members, 1);
                // As many rows an answer as there are members.
                (world.clamp, world.joins) = (Clamp::Rows(members as usize), Some((call, members as usize / 2)));
                world
            });
        }
    }
}

#[test]
fn an_empty_answer_out_of_place_ends_no_list() {
    for clamp in [Clamp::No, Clamp::Page(100), Clamp::Rows(100)] {
        for (miscounts, call) in (1..12).flat_map(|call| [(None, call), (Some(0), call)]) {
            list_both_ways(|| {
                let mut world = World::new(1_300, 1);
                (world.clamp, world.miscounts, world.empty) = (clamp, miscounts, Some(call));
                world
            });
        }
    }
}

#[test]
fn a_small_group_takes_one_call() {
    let mut world = World::new(300, 1);
    world.affiliations = 10_000;
    let (world, found, report) = list(world, 1, RosterOptions::default());
    assert_eq!(found, (0..300).collect::<Vec<_>>());
    assert_eq!((report.calls, report.completeness), (1, Completeness::Verified));
    assert_eq!(lock(&world).log.len(), 1);
}

#[test]
fn a_description_that_may_be_cut_is_no_snapshot() {
    let mut world = World::new(10_000, 1);
    world.affiliations = 10_000;
    let (_, found, report) = list(world, 1, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (10_000, Completeness::Verified));
    assert!(report.calls > 10, "{report:?}");
}

#[test]
fn pages_come_out_in_list_order() {
    let (_, found, report) = list(World::new(2_345, 1), 1, RosterOptions::default().page_size(100));
    assert_eq!(found, (0..2_345).collect::<Vec<_>>());
    assert_eq!((report.completeness, report.vendor.as_str()), (Completeness::Verified, "agora"));
    assert_eq!(report.declared_total, Some(2_345));
}

/// What everybody writes by hand: a page, and the next, until one is empty.
async fn by_hand(client: &Client) -> usize {
    let mut members = 0;
    for pagenum in 1.. {
        let page = client.chatgroups_users(&Request::page("g", pagenum, 1000)).await.unwrap();
        if page.data.is_empty() {
            break;
        }
        members += page.data.len();
    }
    members
}

#[test]
fn ten_thousand_members_take_a_third_of_the_time_of_a_loop() {
    let latency = (Duration::from_millis(15), Duration::from_millis(15));
    let elapsed = |roster: bool| {
        let (world, simulation) = simulate_at(World::new(10_000, 1), 1, latency);
        let client = builder(&simulation, fixed()).build().unwrap();
        simulation.run(async {
            if roster {
                let listing = client.roster("g").all().await.unwrap();
                assert_eq!(listing.report.completeness, Completeness::Verified);
                assert_eq!(listing.members.len(), 10_000);
            } else {
                assert_eq!(by_hand(&client).await, 10_000);
            }
        });
        let last = lock(&world).log.last().unwrap().at;
        (last, lock(&world).log.len())
    };
    let (roster, calls) = elapsed(true);
    let (by_hand, _) = elapsed(false);
    assert!(roster * 3 <= by_hand, "{roster:?} against {by_hand:?}, {calls} calls");
    assert!(calls <= 16, "{calls}");
}

#[test]
fn a_server_of_smaller_pages_is_found_out_once() {
    for clamp in [Clamp::Page(100), Clamp::Rows(100), Clamp::Page(20)] {
        let mut world = World::new(3_000, 1);
        world.clamp = clamp;
        let (_, found, report) = list(world, 1, RosterOptions::default());
        assert_eq!((found.len(), report.completeness), (3_000, Completeness::Verified), "{clamp:?}: {report:?}");
        assert!(report.calls < 250, "{clamp:?}: {report:?}");
    }
}

#[test]
fn rows_without_join_times_prove_nothing() {
    for times in [Times::Missing, Times::Same] {
        let mut world = World::new(500, 1);
        world.times = times;
        let (_, found, report) = list(world, 1, RosterOptions::default().page_size(50));
        assert_eq!((found.len(), report.completeness), (500, Completeness::Unverified), "{times:?}: {report:?}");
    }
}

#[test]
fn small_pages_that_can_share_one_row_only_are_joined() {
    for rows in 10..=17 {
        let (_, found, report) = list(World::new(2_500, 1), 1, RosterOptions::default().page_size(rows));
        assert_eq!((found.len(), report.completeness), (2_500, Completeness::Verified), "{rows}: {report:?}");
    }
    // Every page of up to ten rows begins or ends at row 2520.
    let (_, found, report) = list(World::new(2_600, 1), 1, RosterOptions::default().page_size(10));
    assert_eq!((found.len(), report.completeness), (2_600, Completeness::Incomplete), "{report:?}");
}

#[test]
fn a_first_page_that_is_empty_once_costs_one_call() {
    let (world, simulation) = simulate(World::new(50, 1), 1);
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let group = json!({"data": [{"id": "g", "affiliations_count": 50}]});
    let empty = || Ok(answer(&json!({"data": []})));
    lock(&world).first = vec![Ok(answer(&group)), empty()];
    let listing = simulation.run(async { client.roster("g").all().await.unwrap() });
    assert_eq!((listing.members.len(), listing.report.completeness), (50, Completeness::Verified));
    assert_eq!(listing.report.calls, 4);
}

#[test]
fn a_first_page_that_is_empty_is_no_end_where_nobody_counts() {
    let group = || Ok(answer(&json!({"data": [{"id": "g", "owner": "u0"}]})));
    let empty = || Ok(answer(&json!({"data": []})));
    for (empties, found) in [(1, 50), (2, 50), (3, 0)] {
        let mut counted = World::new(50, 1);
        counted.miscounts = None;
        let (world, simulation) = simulate(counted, 1);
        let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
        lock(&world).first = [group()].into_iter().chain((0..empties).map(|_| empty())).collect();
        let listing = simulation.run(async { client.roster("g").all().await.unwrap() });
        let expected = if found == 0 { Completeness::Incomplete } else { Completeness::Stable };
        assert_eq!((listing.members.len(), listing.report.completeness), (found, expected), "{:?}", listing.report);
    }
}

#[test]
fn a_group_of_two_is_read_to_its_end() {
    for members in 1..12 {
        let (_, found, report) = list(World::new(members, 1), 1, RosterOptions::default().in_pages());
        assert_eq!((found.len(), report.completeness), (members as usize, Completeness::Verified), "{report:?}");
        assert!(report.calls <= 4, "{members}: {report:?}");
    }
}

#[test]
fn a_row_that_comes_twice_does_not_make_a_cut_page_look_whole() {
    for seed in 0..60 {
        let mut world = World::new(180, seed);
        (world.clamp, world.miscounts, world.twice) = (Clamp::Page(5), None, 20);
        let (world, found, report) = list(world, seed, RosterOptions::default());
        hold(&world, &found, &report);
        let lost = 180 - found.len();
        assert!(lost == 0 || report.completeness == Completeness::Incomplete, "{seed}: {lost} lost, {report:?}");
    }
}

#[test]
fn a_list_that_has_grown_is_not_read_in_pages_of_its_old_size() {
    let (world, simulation) = simulate(World::new(8, 1), 1);
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let (found, report) = simulation.run(async {
        let (mut roster, mut found) = (client.roster("g"), Vec::new());
        while let Some(member) = roster.next().await {
            if found.is_empty() {
                let mut world = lock(&world);
                world.list.extend((8..2_000).map(|id| (id, NOW * 1_000 + u64::from(id))));
                world.ever.extend(8..2_000);
            }
            found.push(member.unwrap());
        }
        (ids(&found), roster.report())
    });
    hold(&world, &found, &report);
    assert!(report.completeness.is_complete() && report.calls < 30, "{report:?}");
}

#[test]
fn the_end_is_asked_for_behind_all_windows() {
    for concurrency in [1, 16] {
        let (world, simulation) = simulate_at(World::new(3_500, 1), 1, (Duration::ZERO, Duration::ZERO));
        let client = builder(&simulation, fixed()).concurrency(concurrency).build().unwrap();
        let listing = simulation.run(async { client.roster("g").all().await }).unwrap();
        assert_eq!(listing.report.completeness, Completeness::Verified, "{:?}", listing.report);
        let log = &lock(&world).log;
        let small = |arrival: &&crate::world::Arrival| {
            arrival.query.get("pagesize").is_some_and(|size| size.parse::<u32>().unwrap() < 100)
        };
        let first = log.iter().position(|arrival| small(&arrival)).unwrap();
        assert_eq!(log.len() - first, 2, "the end, and the front once more: {log:?}");
    }
}

#[test]
fn a_list_that_becomes_shorter_meanwhile_has_its_end_found() {
    for leave in 1..8 {
        let (world, simulation) = simulate(World::new(394, 1), 1);
        let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
        let (found, report) = simulation.run(async {
            let mut roster = client.roster_with("g", RosterOptions::default().page_size(52));
            let (mut found, mut left) = (Vec::new(), false);
            while let Some(member) = roster.next().await {
                found.push(member.unwrap());
                if !left && found.len() == 390 {
                    // The last window is here, the end of the list is not asked for yet.
                    let mut world = lock(&world);
                    for _ in 0..leave {
                        let gone = world.list.pop().unwrap();
                        world.throughout.remove(&gone.0);
                    }
                    left = true;
                }
            }
            (ids(&found), roster.report())
        });
        hold(&world, &found, &report);
        assert!(report.completeness.is_complete(), "{leave}: {report:?}");
    }
}

#[test]
fn one_page_that_holds_as_many_as_are_counted_needs_no_join_times() {
    for (members, times) in [(1, Times::Given), (3, Times::Given), (19, Times::Same), (19, Times::Missing)] {
        let list = |miscounts| {
            let mut world = World::new(members, 1);
            (world.times, world.miscounts) = (times, miscounts);
            let (_, found, report) = list(world, 1, RosterOptions::default().page_size(20).in_pages());
            assert_eq!(found.len(), members as usize);
            report.completeness
        };
        assert_eq!(list(Some(0)), Completeness::Verified, "{members} {times:?}");
        assert_eq!(list(Some(-1)), Completeness::Unverified, "{members} {times:?}");
        assert_eq!(list(None), Completeness::Unverified, "{members} {times:?}");
    }
}

#[test]
fn a_list_that_grows_without_end_comes_to_one() {
    let mut world = World::new(100, 1);
    (world.grows, world.miscounts) = (40, None);
    let (world, found, report) = list(world, 1, RosterOptions::default().page_size(10));
    hold(&world, &found, &report);
    assert!(report.calls < 3_000, "{report:?}");
}

#[test]
fn a_moderate_coming_and_going_is_listed_whole() {
    let mut complete = 0;
    for seed in 0..50 {
        let mut world = World::new(5_000, seed);
        world.churn = 10;
        let (world, found, report) = list(world, seed, RosterOptions::default());
        hold(&world, &found, &report);
        complete += u32::from(report.completeness.is_complete());
    }
    assert!(complete >= 40, "{complete} of 50");
}

#[test]
fn admins_are_told_apart_on_request() {
    for affiliations in [0, 1000] {
        let mut world = World::new(40, 1);
        (world.admins, world.affiliations) = (vec![3, 7], affiliations);
        let (_, simulation) = simulate(world, 1);
        let client = builder(&simulation, fixed()).build().unwrap();
        simulation.run(async {
            let listing = client.roster_with("g", RosterOptions::default().with_admins()).all().await.unwrap();
            let admins: Vec<&str> = listing
                .members
                .iter()
                .filter(|member| member.role == Role::Admin)
                .map(|member| member.user_id.as_str())
                .collect();
            assert_eq!(admins, ["u3", "u7"]);
            assert_eq!(listing.members[0].role, Role::Owner);
            assert_eq!(listing.report.completeness, Completeness::Verified);
        });
    }
}

#[test]
fn an_admin_who_is_not_in_the_list_is_a_gap() {
    let mut world = World::new(40, 1);
    world.admins = vec![3, 99];
    let (_, _, report) = list(world, 1, RosterOptions::default().with_admins().page_size(10));
    assert_eq!((report.completeness, report.gaps.len()), (Completeness::Incomplete, 1), "{report:?}");
}

#[test]
fn a_row_that_cannot_be_read_is_a_gap() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, fixed()).build().unwrap();
    let group = json!({"data": [{"id": "g", "affiliations_count": 3}]});
    let page =
        json!({"data": [{"owner": "u0", "joined_time": 1}, {"joined_time": 2}, {"member": "u2", "joined_time": 3}]});
    lock(&world).first = vec![Ok(answer(&group)), Ok(answer(&page))];
    simulation.run(async {
        let listing = client.roster("g").all().await.unwrap();
        assert_eq!(listing.report.completeness, Completeness::Incomplete, "{:?}", listing.report);
    });
}

#[test]
fn a_last_row_that_cannot_be_read_is_a_gap_and_no_error() {
    let (world, simulation) = simulate(World::new(50, 1), 1);
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let group = json!({"data": [{"id": "g", "affiliations_count": 50}]});
    let odd = json!({"data": [{"joined_time": 2}]});
    let row = |id: u64| json!({"member": format!("u{id}"), "joined_time": 1_600_000_000_000 + id / 3});
    let page: Vec<_> = (0..49).map(row).chain([json!({"joined_time": 2})]).collect();
    let page = json!({"data": page});
    lock(&world).first = vec![Ok(answer(&group)), Ok(answer(&page)), Ok(answer(&odd))];
    simulation.run(async {
        let listing = client.roster("g").all().await.unwrap();
        assert!(listing.members.len() >= 49);
        assert_eq!(listing.report.completeness, Completeness::Incomplete, "{:?}", listing.report);
    });
}

#[test]
fn an_error_is_never_an_empty_list() {
    let answers = [
        refusal(404, "service_resource_not_found", "do not find this group:g"),
        refusal(401, "unauthorized", "Unable to authenticate (OAuth)"),
        refusal(200, "group_authorization", "token is blank!"),
        answer(&json!({"data": null})),
        answer(&json!({"action": "get"})),
        answer(&json!({"data": {}})),
        answer(&json!({"data": [{"id": "another"}]})),
        answer(&json!([])),
    ];
    for given in answers {
        let what = format!("{given:?}");
        let (world, simulation) = simulate(World::new(30, 1), 1);
        lock(&world).first = vec![Ok(given)];
        let client = builder(&simulation, fixed()).build().unwrap();
        let error = simulation.run(async { client.roster("g").all().await }).unwrap_err();
        assert_eq!(lock(&world).log.len(), 1, "{what}: {error}");
    }
}

#[test]
fn an_empty_page_of_a_group_with_members_is_a_gap() {
    let (world, simulation) = simulate(World::new(0, 1), 1);
    lock(&world).stuck = Some(30);
    let client = builder(&simulation, fixed()).build().unwrap();
    let listing = simulation.run(async { client.roster("g").all().await }).unwrap();
    assert_eq!(listing.members.len(), 0);
    assert_eq!(listing.report.completeness, Completeness::Incomplete);
}

#[test]
fn a_number_of_members_that_can_be_none_breaks_nothing() {
    for stuck in [0, 1, 7_000, u64::from(u32::MAX), u64::MAX] {
        let mut world = World::new(300, 1);
        world.stuck = Some(stuck);
        let (_, found, report) = list(world, 1, RosterOptions::default().page_size(20));
        assert_eq!(found.len(), 300, "{report:?}");
        let expected = if stuck < 300 { Completeness::Stable } else { Completeness::Incomplete };
        assert_eq!(report.completeness, expected, "{report:?}");
        assert!(report.calls < 100, "{report:?}");
    }
}

#[test]
fn what_was_read_before_an_error_is_given_out_first() {
    let (world, simulation) = simulate(World::new(100, 1), 1);
    let client = builder(&simulation, fixed()).retry(RetryPolicy::never()).concurrency(1).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster_with("g", RosterOptions::default().page_size(10));
        for _ in 0..10 {
            roster.next().await.unwrap().unwrap();
        }
        lock(&world).first = vec![Err(TransportErrorKind::Timeout); 3];
        let mut more = 0;
        let error = loop {
            match roster.next().await.unwrap() {
                Ok(_) => more += 1,
                Err(error) => break error,
            }
        };
        assert!(more < 90 && matches!(error, Error::Transport(_)));
        assert!(roster.next().await.is_none());
        let report = roster.report();
        assert_eq!(report.completeness, Completeness::Incomplete);
        assert!(report.gaps.iter().any(|gap| gap.what.starts_with("stopped at row ")), "{report:?}");
    });
}

#[test]
fn a_walk_prints_counts_and_no_people() {
    let (_, simulation) = simulate(World::new(30, 1), 1);
    let client = builder(&simulation, fixed()).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster_with("g", RosterOptions::default().page_size(10));
        roster.next().await.unwrap().unwrap();
        let shown = format!("{:?} {:?}", roster, roster.walk());
        assert!(!shown.contains("u0") && !shown.contains("u1") && !shown.contains("token-of"), "{shown}");
        assert_eq!(roster.walk().group(), "g");
    });
}

#[test]
fn odd_requests_are_refused_before_anything_is_sent() {
    let (world, simulation) = simulate(World::new(30, 1), 1);
    let client = builder(&simulation, fixed()).build().unwrap();
    simulation.run(async {
        for group in ["", "../users", "1%2f2", "1,2", "1 ", "1\n", ".."] {
            let error = client.roster(group).all().await.unwrap_err();
            assert!(matches!(error, Error::Build(_)), "{group:?}: {error}");
        }
        let error = client.roster_with("g", RosterOptions::default().page_size(9)).all().await.unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
    });
    assert!(lock(&world).log.is_empty());
}
