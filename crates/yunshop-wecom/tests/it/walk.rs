//! Whole rosters on a virtual clock, while members come and go, against an oracle that knows the truth.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::RetryPolicy;
use groupmembers_http::simulation::Simulation;
use proptest::prelude::*;
use serde_json::{Value, json};
use yunshop_wecom::{Completeness, Enterprise, Error, Report, RosterOptions, RosterWalk, Session};

use crate::world::{
    Cut, GROUP, Leaving, Shared, Total, World, account, builder, lock, refusal, simulate, simulate_with,
};

async fn enter(simulation: &Arc<Simulation>, retry: RetryPolicy, concurrency: usize) -> Enterprise {
    let client = builder(simulation, account()).retry(retry).concurrency(concurrency).build().unwrap();
    client.manage(1).await.unwrap()
}

/// A world, a list of its group, and the report.
fn list(world: World, seed: u64, options: RosterOptions) -> (Shared, Vec<u64>, Report) {
    let (world, simulation) = simulate(world, seed);
    let retry = RetryPolicy::default().with_max_attempts(9);
    let (found, report) = simulation.run(async {
        let listing = enter(&simulation, retry, 4).await.roster_with(GROUP, options).all().await.unwrap();
        (listing.members.iter().map(|member| member.userid[1..].parse().unwrap()).collect(), listing.report)
    });
    (world, found, report)
}

/// The three promises, and that no more is claimed than holds.
fn hold(world: &Shared, found: &[u64], report: &Report) {
    let world = lock(world);
    let unique: BTreeSet<u64> = found.iter().copied().collect();
    assert_eq!(unique.len(), found.len(), "somebody appears twice");
    assert_eq!(report.members, found.len() as u64);
    assert!(unique.is_subset(&world.ever), "somebody was invented");
    let lost = world.throughout.difference(&unique).count();
    assert!(lost == 0 || !report.completeness.is_complete(), "{lost} lost, and the report says {report:?}");
}

/// `PROPTEST_CASES` runs more of them.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn leaving() -> impl Strategy<Value = Leaving> {
    prop_oneof![Just(Leaving::Kept), Just(Leaving::Dropped), Just(Leaving::Revived)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn lists_keep_the_promises(
        (members, seed, churn) in (0..160_u64, any::<u64>(), 0..200_u64),
        leaving in leaving(),
        (passes, lost, same_time, dated) in (1..5_u32, prop_oneof![Just(0_usize), Just(12)], any::<bool>(), any::<bool>()),
        unreadable in prop_oneof![4 => Just(0_u64), 1 => 20..200_u64],
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.leaving, world.lost, world.same_time) = (churn, leaving, lost, same_time);
        (world.unreadable, world.dated) = (unreadable, dated);
        let (world, found, report) = list(world, seed, RosterOptions::default().passes(passes));
        hold(&world, &found, &report);
        if churn == 0 && unreadable == 0 {
            let tells = !same_time || members < 10;
            prop_assert_eq!(report.completeness, if tells { Completeness::Verified } else { Completeness::Unverified });
            prop_assert_eq!(found, (1..=members).rev().collect::<Vec<_>>(), "list order");
        }
    }

    #[test]
    fn a_total_that_cannot_be_trusted_is_found_out(
        (members, seed, churn) in (0..160_u64, any::<u64>(), 0..60_u64),
        leaving in leaving(),
        total in prop_oneof![
            (-40..40_i64).prop_map(Total::Off), (-3..4_i64).prop_map(Total::Off), Just(Total::Missing),
            (0..200_u64).prop_map(Total::Stuck), Just(Total::Stuck(u64::MAX)),
        ],
        truth in any::<bool>(),
        (timeless, same_time, summary) in (any::<bool>(), any::<bool>(), prop_oneof![Just(None), Just(Some(0)), (-3..4_i64).prop_map(Some)]),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.leaving, world.total) = (churn, leaving, total);
        if let (Total::Stuck(_), true) = (total, truth) {
            world.total = Total::Stuck(members);
        }
        (world.timeless, world.same_time, world.summary) = (timeless, same_time, summary);
        let (world, found, report) = list(world, seed, RosterOptions::default());
        hold(&world, &found, &report);
        if (timeless || same_time) && members > 70 {
            prop_assert!(!report.completeness.is_complete(), "{:?}", report);
        }
    }

    #[test]
    fn pages_that_are_cut_otherwise_prove_nothing(
        (members, seed, churn) in (0..160_u64, any::<u64>(), 0..60_u64),
        cut in prop_oneof![Just(Cut::Announced), Just(Cut::Hidden), Just(Cut::First), Just(Cut::FirstAnnounced)],
        total in prop_oneof![Just(Total::Exact), Just(Total::Missing), (-30..3_i64).prop_map(Total::Off), (0..200_u64).prop_map(Total::Stuck)],
        leaving in leaving(),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.cut, world.total, world.leaving) = (churn, cut, total, leaving);
        let (world, found, report) = list(world, seed, RosterOptions::default());
        hold(&world, &found, &report);
        prop_assert!(lock(&world).log.len() < 1_300, "{} calls", lock(&world).log.len());
    }

    #[test]
    fn a_saved_walk_goes_on_where_it_stopped(
        (members, stop) in (1..120_u64, 0..120_usize),
        (seed, churn, leaving, failures) in (any::<u64>(), 0..60_u64, leaving(), prop_oneof![Just(0_usize), Just(8)]),
        employees in any::<bool>(),
    ) {
        let mut world = World::new(members, seed);
        (world.churn, world.leaving, world.lost, world.staff) = (churn, leaving, failures, 3);
        let (world, simulation) = simulate(world, seed);
        let (found, report) = simulation.run(async {
            // No second attempts: an answer that is lost stops the walk, and it is taken up again.
            let enterprise = enter(&simulation, RetryPolicy::never(), 4).await;
            let options = if employees { RosterOptions::default().with_employees() } else { RosterOptions::default() };
            let mut roster = enterprise.roster_with(GROUP, options);
            let (mut found, mut stops) = (Vec::new(), 0);
            loop {
                let saved = match roster.next().await {
                    Some(Ok(member)) => {
                        found.push(member.userid);
                        found.len() == stop
                    }
                    Some(Err(_)) => {
                        assert_eq!(roster.report().completeness, Completeness::Incomplete);
                        true
                    }
                    None => break,
                };
                if saved {
                    stops += 1;
                    assert!(stops < 2_000, "it gets nowhere");
                    let saved = serde_json::to_string(roster.walk()).unwrap();
                    let walk: RosterWalk = serde_json::from_str(&saved).unwrap();
                    roster = enterprise.resume(walk);
                }
            }
            (found, roster.report())
        });
        let staff = found.iter().filter(|id| id.starts_with('s')).count();
        prop_assert_eq!(staff, if employees { 3 } else { 0 });
        let found: Vec<u64> = found.iter().filter_map(|id| id.strip_prefix('u')).map(|id| id.parse().unwrap()).collect();
        let mut of_members = report.clone();
        of_members.members -= staff as u64;
        hold(&world, &found, &of_members);
        if churn == 0 {
            prop_assert_eq!(report.completeness, Completeness::Verified);
        }
    }
}

#[test]
fn one_leaves_and_one_joins_and_the_total_agrees() {
    // The vendor's list, page by page, with the exchange between the first and the second page.
    let (world, simulation) = simulate(World { leaving: Leaving::Dropped, ..World::new(25, 1) }, 1);
    let (found, report) = simulation.run(async {
        let mut roster = enter(&simulation, RetryPolicy::default(), 1).await.roster(GROUP);
        let mut found = Vec::new();
        while let Some(member) = roster.next().await {
            found.push(member.unwrap().userid[1..].parse().unwrap());
            if found.len() == 1 {
                lock(&world).leave(3);
                lock(&world).join();
                lock(&world).leave(4);
                lock(&world).join();
            }
        }
        (found, roster.report())
    });
    hold(&world, &found, &report);
    assert!(report.completeness.is_complete(), "{report:?}");
    assert!(lock(&world).throughout.iter().all(|id| found.contains(id)));
}

#[test]
fn a_quiet_group_is_read_once() {
    for (members, calls) in [(0, 3), (1, 1), (9, 1), (10, 3), (11, 2), (99, 10), (100, 12)] {
        let (_, found, report) = list(World::new(members, 1), 1, RosterOptions::default());
        assert_eq!((found.len() as u64, report.completeness), (members, Completeness::Verified));
        // A list that fills its last page is looked at behind it, and an empty page is asked which enterprise it is of.
        assert_eq!(report.calls, calls, "{members}");
    }
}

#[test]
fn those_who_left_are_in_the_list_and_not_in_the_roster() {
    let mut world = World::new(30, 1);
    (3..8).for_each(|at| world.leave(at));
    world.ever = world.throughout.clone();
    let (world, found, report) = list(world, 1, RosterOptions::default());
    hold(&world, &found, &report);
    assert_eq!((found.len(), report.completeness, report.declared_total), (25, Completeness::Verified, Some(25)));
    assert_eq!(report.notes.len(), 2, "{:?}", report.notes);
}

#[test]
fn a_group_nobody_knows_is_not_an_empty_group() {
    let (_, found, report) = list(World::new(0, 1), 1, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (0, Completeness::Verified));
    let (_, found, report) = list(World { listed: false, ..World::new(0, 1) }, 1, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (0, Completeness::Unverified), "{report:?}");
}

#[test]
fn the_staff_is_listed_where_it_is_wanted() {
    let (_, found, report) =
        list(World { staff: 3, ..World::new(12, 1) }, 1, RosterOptions::default().with_employees());
    assert_eq!((found.len(), report.completeness, report.declared_total), (15, Completeness::Verified, Some(15)));
}

#[test]
fn an_empty_list_of_a_group_that_counts_members_is_a_gap() {
    let (world, simulation) = simulate(World::new(0, 1), 1);
    let rows = serde_json::json!([{"id": GROUP, "crop_id": 1, "customer_count": "3"}]);
    let list = serde_json::json!({"result": 1, "data": {"list": {"data": rows, "total": 1}}});
    lock(&world).first = vec![("getList", Ok(crate::world::answer(&list)))];
    let listing = simulation.run(async {
        let client = builder(&simulation, account()).build().unwrap();
        client.manage(1).await.unwrap().roster(GROUP).all().await.unwrap()
    });
    assert_eq!(listing.report.completeness, Completeness::Incomplete);
    assert!(listing.report.gaps[0].what.contains("counts 3"), "{:?}", listing.report);
}

#[test]
fn what_cannot_be_asked_is_not_said_to_be_missing() {
    let refusal = refusal("Sorry,您没有操作权限", serde_json::json!([]));
    let (world, simulation) = simulate(World::new(0, 1), 1);
    lock(&world).first = vec![("getList", Ok(refusal))];
    let listing = simulation.run(async {
        let client = builder(&simulation, account()).build().unwrap();
        client.manage(1).await.unwrap().roster(GROUP).all().await.unwrap()
    });
    assert_eq!((listing.members.len(), listing.report.completeness), (0, Completeness::Unverified));
    assert!(listing.report.notes.iter().any(|note| note.contains("could not be told: getList: no right")));
}

#[test]
fn a_total_that_is_wrong_is_not_believed_and_not_waited_for() {
    for off in [i64::MAX, 1_000_000, 500, 1, -1, -500] {
        let (_, found, report) =
            list(World { total: Total::Off(off), ..World::new(700, 3) }, 3, RosterOptions::default());
        assert_eq!(found.len(), 700, "{off}");
        assert!(report.calls < 280, "{off}: {} calls", report.calls);
        let short = [Completeness::Incomplete, Completeness::Unverified];
        assert!(off < 0 || short.contains(&report.completeness), "{off}: {report:?}");
    }
    let (_, found, report) = list(World { total: Total::Missing, ..World::new(700, 3) }, 3, RosterOptions::default());
    assert_eq!(
        (found.len(), report.completeness),
        (700, Completeness::Unverified),
        "two readings agree, but may miss the same person"
    );
    let (_, found, report) = list(World { summary: None, ..World::new(700, 3) }, 3, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (700, Completeness::Stable));
    let (_, found, report) = list(World { summary: Some(2), ..World::new(700, 3) }, 3, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (700, Completeness::Incomplete));
}

#[test]
fn lists_without_an_end_come_to_one() {
    for (grows, total) in
        [(3, Total::Exact), (10, Total::Exact), (25, Total::Exact), (10, Total::Missing), (60, Total::Missing)]
    {
        let world = World { grows, total, ..World::new(55, 3) };
        let (world, found, report) = list(world, 3, RosterOptions::default());
        hold(&world, &found, &report);
        assert!(report.calls < 700, "{grows} {total:?}: {} calls", report.calls);
    }
    for cut in [Cut::First, Cut::FirstAnnounced] {
        for total in [Total::Exact, Total::Missing] {
            let (_, found, report) = list(World { cut, total, ..World::new(700, 3) }, 3, RosterOptions::default());
            assert_eq!((found.len(), report.completeness), (10, Completeness::Incomplete));
            assert!(report.calls < 250, "{} calls", report.calls);
        }
    }
}

#[test]
fn a_last_page_whose_only_row_cannot_be_read_is_a_gap_and_no_error() {
    let mut world = World::new(12, 1);
    world.list.retain(|row| row.id != 1);
    world.unreadable = 2;
    let (_, found, report) = list(world, 1, RosterOptions::default());
    assert_eq!(found, [11, 9, 7, 5, 3]);
    assert_eq!(report.completeness, Completeness::Incomplete);
    assert!(report.gaps.iter().any(|gap| gap.what.contains("row 0 of page 2 could not be read")), "{report:?}");
}

#[test]
fn members_of_several_groups_are_no_group() {
    let (world, simulation) = simulate(World::new(5, 1), 1);
    let error = simulation.run(async {
        let enterprise = enter(&simulation, RetryPolicy::default(), 4).await;
        let page = serde_json::json!({"result": 1, "data": {"list": {"total": 2, "per_page": 10, "current_page": 1, "data": [
            {"id": 2, "userid": "a", "chat_id": "wr1", "crop_id": 1}, {"id": 1, "userid": "b", "chat_id": "wr2", "crop_id": 1}]}}});
        lock(&world).first = vec![("getGroupMembers", Ok(crate::world::answer(&page)))];
        enterprise.roster(GROUP).all().await.unwrap_err()
    });
    assert!(matches!(error, Error::Walk(_)), "{error}");
}

#[test]
fn an_answer_without_a_list_is_a_gap() {
    let (world, simulation) = simulate(World::new(5, 1), 1);
    let listing = simulation.run(async {
        let enterprise = enter(&simulation, RetryPolicy::default(), 4).await;
        let nothing = || Ok(crate::world::answer(&serde_json::json!({"result": 1, "msg": "", "data": []})));
        lock(&world).first = (0..3).map(|_| ("getGroupMembers", nothing())).collect();
        enterprise.roster(GROUP).all().await.unwrap()
    });
    assert_eq!((listing.members.len(), listing.report.completeness), (0, Completeness::Incomplete));
}

#[test]
fn two_thousand_rows_take_a_third_of_the_time_of_a_loop() {
    let latency = (Duration::from_millis(15), Duration::from_millis(15));
    let time = |concurrency| {
        let (_, simulation) = simulate_with(World::new(2_000, 1), 1, latency);
        simulation.run(async {
            let listing =
                enter(&simulation, RetryPolicy::default(), concurrency).await.roster(GROUP).all().await.unwrap();
            assert_eq!((listing.members.len(), listing.report.completeness), (2_000, Completeness::Verified));
            listing.report.elapsed_ms
        })
    };
    let (four, one) = (time(4), 200 * 30);
    assert!(four * 3 <= one, "{four} ms against {one} ms");
}

/// A shop whose pages are made by hand, from the number of the page.
async fn by_hand(simulation: &Arc<Simulation>, concurrency: usize) -> Enterprise {
    let session = Session::of_cookie("0123456789abcdef0123456789").unwrap();
    let client =
        builder(simulation, session.into()).retry(RetryPolicy::never()).concurrency(concurrency).build().unwrap();
    client.manage(1).await.unwrap()
}

fn shop(seed: u64, mut page: impl FnMut(u64) -> Value + Send + 'static) -> Arc<Simulation> {
    let server = move |request: &http::Request<Vec<u8>>, _| {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let answer = match request.uri().path().rsplit('/').next().unwrap() {
            "manageBusiness" => json!({"result": 1, "data": []}),
            "getBusinessCommonData" => json!({"result": 1, "data": {"business": {"business_id": 1}}}),
            "getList" => json!({"result": 1, "data": {"list": {"data": [{"id": 7, "crop_id": 1}], "total": 1}}}),
            _ => page(body["page"].as_u64().unwrap()),
        };
        Ok(http::Response::new(answer.to_string().into_bytes()))
    };
    let latency = (Duration::from_millis(5), Duration::from_millis(60));
    Simulation::new(seed, Duration::from_secs(1_700_000_000), latency, Box::new(server))
}

fn page_of(list: &[u64], page: u64, total: Option<u64>) -> Value {
    let row = |id: &u64| {
        // Newcomers have joined just now.
        let joined = if *id >= 900 { 1_700_000_000 } else { 1_600_000_000 + id };
        json!({"id": id, "chat_id": "wr1", "userid": format!("u{id}"), "status": 1, "join_time": joined, "crop_id": 1})
    };
    let rows: Vec<Value> = list.iter().skip((page as usize - 1) * 10).take(10).map(row).collect();
    json!({"result": 1, "data": {"list": {"data": rows, "per_page": 10, "current_page": page, "total": total}}})
}

#[test]
fn a_page_of_another_group_is_asked_for_again_after_the_error() {
    for (members, wrong, concurrency) in [(5, 1, 1), (25, 2, 1), (85, 3, 4)] {
        for seed in 0..60 {
            let (list, mut spoilt): (Vec<u64>, _) = ((1..=members).rev().collect(), false);
            let simulation = shop(seed, move |page| {
                let mut answer = page_of(&list, page, Some(list.len() as u64));
                if page == wrong && !spoilt {
                    spoilt = true;
                    answer["data"]["list"]["data"][4]["chat_id"] = json!("wr-other");
                }
                answer
            });
            let (found, errors, report) = simulation.run(async {
                let enterprise = by_hand(&simulation, concurrency).await;
                let (mut roster, mut found, mut errors) = (enterprise.roster(GROUP), BTreeSet::new(), 0);
                loop {
                    match roster.next().await {
                        Some(Ok(member)) => assert!(found.insert(member.userid)),
                        Some(Err(_)) => {
                            errors += 1;
                            assert!(errors < 9, "it gets nowhere");
                            let saved = serde_json::to_string(roster.walk()).unwrap();
                            roster = enterprise.resume(serde_json::from_str(&saved).unwrap());
                        }
                        None => break (found, errors, roster.report()),
                    }
                }
            });
            assert_eq!((found.len() as u64, errors), (members, 1), "{wrong} {concurrency} {seed}: {report:?}");
        }
    }
}

#[test]
fn a_walk_is_saved_with_rows_that_are_odd() {
    let list: Vec<u64> = (1..=25).rev().collect();
    let simulation = shop(1, move |page| {
        let mut answer = page_of(&list, page, Some(list.len() as u64));
        let rows = answer["data"]["list"]["data"].as_array_mut().unwrap();
        for (row, odd) in rows.iter_mut().zip([json!({"a": 1}), json!([1]), json!(true), json!(-7), json!("soon")]) {
            for name in ["join_scene", "invitor_userid", "uniacid", "updated_at", "has_one_customer", "is_old"] {
                row[name] = odd.clone();
            }
        }
        answer
    });
    let (found, odd, report) = simulation.run(async {
        let enterprise = by_hand(&simulation, 2).await;
        let (mut roster, mut found, mut odd) = (enterprise.roster(GROUP), BTreeSet::new(), 0);
        while let Some(member) = roster.next().await {
            let member = member.unwrap();
            odd += usize::from(member.extra.contains_key("invitor_userid"));
            let back: yunshop_wecom::get_group_members::Member =
                serde_json::from_str(&serde_json::to_string(&member).unwrap()).unwrap();
            assert_eq!(back, member);
            assert!(found.insert(member.userid));
            let saved = serde_json::to_string(roster.walk()).unwrap();
            roster = enterprise.resume(serde_json::from_str(&saved).unwrap());
        }
        (found, odd, roster.report())
    });
    assert_eq!(found.len(), 25, "{report:?}");
    assert!(odd > 5, "{odd} rows were odd");
}

#[test]
fn a_total_that_was_exceeded_elsewhere_is_still_a_doubt() {
    // One joins between the count and the rows of a last page, which makes its total too small. Later readings each miss the
    // same person, because somebody joins and leaves between two pages; but each begins with a total that says so.
    let (mut list, mut reading, mut joined): (Vec<u64>, u64, bool) = ((1..=35).rev().collect(), 0, false);
    let simulation = shop(1, move |page| {
        if page == 1 {
            reading += 1;
            if reading == 2 {
                list.retain(|id| *id != 35);
            }
        }
        let total = list.len() as u64;
        if page == 4 && !joined {
            joined = true;
            list.insert(0, 900);
        }
        let answer = page_of(&list, page, Some(total));
        match page {
            1 => list.insert(0, 1_000 + reading),
            2 => drop(list.remove(0)),
            _ => {}
        }
        answer
    });
    let listing = simulation.run(async { by_hand(&simulation, 1).await.roster(GROUP).all().await }).unwrap();
    let found: BTreeSet<String> = listing.members.into_iter().map(|member| member.userid).collect();
    let lost = (1..=34).filter(|id| !found.contains(&format!("u{id}"))).count();
    assert!(lost > 0 && !listing.report.completeness.is_complete(), "{lost} lost: {:?}", listing.report);
}
