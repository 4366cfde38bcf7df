//! Whole rosters on a virtual clock, while members come and go, against an oracle that knows the truth.

use std::collections::BTreeSet;
use std::time::Duration;

use groupmembers_http::RetryPolicy;
use nim_server::{Client, Completeness, Error, Kind, Report, Role, RosterOptions, RosterWalk};
use proptest::prelude::*;

use crate::world::{Count, ROOM, Shared, Times, UNIX, World, client, credentials, list, lock, simulate, simulate_with};

/// The three promises, and that no more is claimed than holds.
fn hold(world: &Shared, members: &[u32], report: &Report) {
    let world = lock(world);
    let unique: BTreeSet<u32> = members.iter().copied().collect();
    assert_eq!(unique.len(), members.len(), "somebody appears twice");
    assert_eq!(report.members, members.len() as u64);
    assert!(unique.is_subset(&world.ever), "somebody was invented");
    let lost = world.throughout.difference(&unique).count();
    assert!(lost == 0 || !report.completeness.is_complete(), "{lost} lost, and the report says {report:?}");
}

/// `PROPTEST_CASES` runs more of them.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(250);
    ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn counts() -> impl Strategy<Value = Count> {
    prop_oneof![
        4 => Just(Count::Right),
        1 => Just(Count::Missing),
        1 => (-300..300_i64).prop_map(Count::Off),
        1 => (0..400_u64).prop_map(Count::Stuck),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn rosters_keep_the_promises(
        (fixed, guests, spread) in (0..60_u32, 0..300_u32, prop_oneof![Just(300_u64), Just(100_000), Just(10_000_000)]),
        (seed, churn, limit) in (any::<u64>(), prop_oneof![Just(0_u64), 0..300_u64], 2..40_u32),
        (count, hidden, inclusive) in (counts(), any::<bool>(), any::<bool>()),
        lost in prop_oneof![Just(0_usize), Just(8)],
    ) {
        let mut world = World::new(fixed, guests, spread, seed);
        (world.churn, world.hidden, world.inclusive, world.lost) = (churn, hidden, inclusive, lost);
        world.count = count;
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(limit));
        hold(&world, &found, &report);
        if churn == 0 && spread > 100_000 {
            prop_assert_eq!(found.len(), (fixed + guests) as usize);
            let online = u64::from(guests + fixed.div_ceil(3));
            let expected = match count {
                Count::Right => Completeness::Verified,
                Count::Off(by) if by > 0 => Completeness::Incomplete,
                Count::Stuck(count) if count > online => Completeness::Incomplete,
                Count::Stuck(count) if count == online => Completeness::Verified,
                Count::Off(0) => Completeness::Verified,
                Count::Off(by) if by < 0 && online == 0 => Completeness::Verified,
                _ => Completeness::Stable,
            };
            prop_assert_eq!(report.completeness, expected, "{:?}", report);
        }
    }

    #[test]
    fn clamped_pages_are_never_called_whole_when_they_are_not(
        (fixed, guests, spread) in (0..40_u32, 0..200_u32, prop_oneof![Just(1_000_u64), Just(10_000_000)]),
        (seed, churn, limit) in (any::<u64>(), prop_oneof![Just(0_u64), 0..200_u64], 2..40_u32),
        (least, more, inclusive) in (3..12_usize, 0..20_usize, any::<bool>()),
    ) {
        let mut world = World::new(fixed, guests, spread, seed);
        (world.churn, world.inclusive, world.clamp) = (churn, inclusive, Some((least, least + more)));
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(limit));
        hold(&world, &found, &report);
        if churn == 0 && spread > 1_000 {
            prop_assert_eq!(found.len(), (fixed + guests) as usize, "{:?}", report);
        }
    }

    #[test]
    fn times_that_say_nothing_prove_nothing(
        (fixed, guests) in (0..40_u32, 2..200_u32),
        // A search asks some dozens of times for each page: of smaller ones there is no end where so many join meanwhile.
        (seed, churn, limit) in (any::<u64>(), 0..200_u64, 20..60_u32),
        times in prop_oneof![Just(Times::Missing), Just(Times::Sometimes), Just(Times::Same)],
    ) {
        let mut world = World::new(fixed, guests, 100_000, seed);
        (world.churn, world.times) = (churn, times);
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(limit));
        hold(&world, &found, &report);
        if churn == 0 {
            prop_assert!(!report.completeness.is_complete(), "{:?}", report);
        }
    }

    #[test]
    fn parts_of_a_room_keep_the_promises(
        (fixed, guests) in (0..60_u32, 0..300_u32),
        (seed, churn, limit, late) in (any::<u64>(), prop_oneof![Just(0_u64), 0..300_u64], 2..40_u32, any::<bool>()),
        kind in prop_oneof![Just(Kind::Fixed), Just(Kind::Temporary), Just(Kind::OnlineFixed)],
    ) {
        let mut world = World::new(fixed, guests, 1_000_000, seed);
        (world.churn, world.filters_late) = (churn, late);
        let before = world.throughout.clone();
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(limit).kind(kind));
        if churn == 0 {
            let wanted = |id: &u32| match kind {
                Kind::Fixed => *id < fixed,
                Kind::Temporary => *id >= fixed,
                _ => *id < fixed && id.is_multiple_of(3),
            };
            let wanted: BTreeSet<u32> = before.into_iter().filter(wanted).collect();
            let unique: BTreeSet<u32> = found.iter().copied().collect();
            prop_assert_eq!(unique.len(), found.len());
            prop_assert!(unique.is_subset(&wanted));
            if kind == Kind::OnlineFixed {
                prop_assert!(!report.completeness.is_complete());
            } else {
                // Nobody, while somebody is online, may be true or not: the first fixed member is.
                let doubtful = kind == Kind::Temporary && wanted.is_empty() && fixed > 0;
                let proved = if doubtful { Completeness::Unverified } else { Completeness::Stable };
                prop_assert_eq!(unique, wanted);
                prop_assert_eq!(report.completeness, proved);
            }
        } else {
            prop_assert!(found.iter().all(|id| lock(&world).ever.contains(id)));
        }
    }

    #[test]
    fn a_saved_walk_goes_on_where_it_stopped(
        (fixed, guests, stop) in (0..40_u32, 0..200_u32, 0..240_usize),
        (seed, churn, limit, lost) in (any::<u64>(), prop_oneof![Just(0_u64), 0..100_u64], 2..40_u32, prop_oneof![Just(0_usize), Just(8)]),
    ) {
        let mut world = World::new(fixed, guests, 10_000_000, seed);
        (world.churn, world.lost) = (churn, lost);
        let (world, simulation) = simulate(world, seed);
        // No second attempts: an answer that is lost stops the walk, and it is taken up again.
        let client = Client::builder(credentials()).runtime(simulation.clone()).retry(RetryPolicy::never());
        let (found, report) = simulation.run(in_pieces(&client.build().unwrap(), stop, limit));
        hold(&world, &found, &report);
        if churn == 0 {
            prop_assert_eq!(found.len(), (fixed + guests) as usize);
            prop_assert_eq!(report.completeness, Completeness::Verified, "{:?}", report);
        }
    }
}

/// Saves and takes up the walk at every error, and after `stop` members.
async fn in_pieces(client: &Client, stop: usize, limit: u32) -> (Vec<u32>, Report) {
    let mut roster = client.roster_with(ROOM, RosterOptions::default().page_size(limit));
    let (mut found, mut stops) = (Vec::new(), 0);
    loop {
        let save = match roster.next().await {
            Some(Ok(member)) => {
                found.push(member.accid[1..].parse().unwrap());
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
            assert!(stops < 2_000, "it gets nowhere");
            let saved = serde_json::to_string(roster.walk()).unwrap();
            assert!(!saved.contains("PLANTED"), "{saved}");
            roster = client.resume(serde_json::from_str::<RosterWalk>(&saved).unwrap());
        }
    }
    (found, roster.report())
}

/// How long the loop takes that everybody writes: one page after the other, below the oldest row.
const SEQUENTIAL: Duration = Duration::from_millis(200 * 30);

fn large_room(name: &str, time: impl Fn(u32) -> i64) -> Report {
    let mut world = World::new(0, 20_000, 1, 7);
    world.retime(time);
    world.quota = Some(100);
    let latency = (Duration::from_millis(13), Duration::from_millis(17));
    let (world, simulation) = simulate_with(world, 7, latency);
    let options = RosterOptions::default().kind(Kind::Temporary);
    let listing = simulation.run(client(&simulation).roster_with(ROOM, options).all()).unwrap();
    let report = listing.report;
    println!("{name}: {} calls, {} ms", report.calls, report.elapsed_ms);
    assert_eq!((report.members, report.throttled), (20_000, 0), "{name}: {report:?}");
    assert!(listing.members.is_sorted_by_key(|member| std::cmp::Reverse(member.enter_time)), "{name}: list order");
    drop(world);
    report
}

#[test]
fn guests_of_a_large_room_take_half_the_time_of_a_loop() {
    let now = (UNIX * 1_000) as i64;
    let mix = |id: u32| i64::from(id.wrapping_mul(2_654_435_761));
    let half = u64::try_from(SEQUENTIAL.as_millis()).unwrap() / 2;
    // A fifth of them within some seconds, as the sandbox has it.
    let mut at = now - 1;
    let times: Vec<i64> = (0..20_000_u32)
        .map(|id| {
            let most = if (6_000..10_000).contains(&id) { 8 } else { 5_000 };
            at -= if id % 3 == 0 { 1 + mix(id) % most } else { 0 };
            at
        })
        .collect();
    // Evenly; at random over an hour; most of them when the show began; three of a millisecond.
    let reports = [
        large_room("a rush", |id| times[id as usize]),
        large_room("evenly", |id| now - 1 - i64::from(id) * 180),
        large_room("at random", |id| now - 1 - mix(id) % 3_600_000),
        large_room("a show", |id| now - 3_600_000 + (mix(id) % 3_600_000) * (mix(id) % 3_600_000) / 3_600_000),
        large_room("threes", |id| now - 1 - i64::from(id / 3)),
    ];
    for report in reports {
        assert_eq!(report.completeness, Completeness::Stable, "{report:?}");
        assert!(report.elapsed_ms <= half, "{report:?}");
    }
    // Where the times are as uneven as can be, it is still no slower than the loop by much.
    let report = large_room("bursts", |id| now - 1 - i64::from(id / 250) * 3_600_000 - i64::from(id % 250));
    assert!(report.elapsed_ms <= 2 * half + 1_000, "{report:?}");
}

#[test]
fn a_quiet_room_takes_a_few_calls() {
    let (world, found, report) = list(World::new(5, 20, 10_000_000, 1), 1, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (25, Completeness::Verified));
    let log = lock(&world).log.clone();
    let asked: Vec<String> = log
        .iter()
        .map(|arrival| match arrival.form.get("endtime") {
            Some(end) => format!("type {} {}", arrival.form["type"], if end == "0" { "now" } else { "below" }),
            None => arrival.name.clone(),
        })
        .collect();
    insta::assert_snapshot!(asked.join("\n"));
}

#[test]
fn an_empty_room_is_empty_after_a_second_look() {
    let (_, found, report) = list(World::new(0, 0, 1, 1), 1, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (0, Completeness::Verified), "{report:?}");
}

#[test]
fn a_full_page_of_one_millisecond_is_a_gap_with_its_place() {
    for inclusive in [false, true] {
        let mut world = World::new(0, 400, 1, 3);
        // 150 entered at one instant, and a page holds 100.
        let at = (UNIX * 1_000) as i64 - 1_000;
        world.retime(|id| match id {
            0..150 => at,
            150..300 => at + 300 - i64::from(id),
            _ => at - i64::from(id),
        });
        world.inclusive = inclusive;
        let (world, found, report) = list(world, 3, RosterOptions::default().kind(Kind::Temporary));
        hold(&world, &found, &report);
        assert_eq!((found.len(), report.completeness), (350, Completeness::Incomplete), "{report:?}");
        assert!(report.gaps.iter().any(|gap| gap.what.contains(&at.to_string())), "{report:?}");
    }
}

#[test]
fn pages_cut_short_within_one_millisecond_in_the_middle_are_found_out() {
    // Eleven at one instant, ten on a page, and the row of `endtime` itself comes too: the eleventh never does.
    let mut world = World::new(0, 26, 1, 7);
    (world.clamp, world.inclusive) = (Some((10, 10)), true);
    let now = (UNIX * 1_000) as i64;
    world.retime(|id| if (5..16).contains(&id) { now - 50_000 } else { now - 10_000 * (i64::from(id) + 1) });
    let (world, found, report) = list(world, 7, RosterOptions::default().kind(Kind::Temporary));
    hold(&world, &found, &report);
    assert!(found.len() < 26 && !report.completeness.is_complete(), "{report:?}");
}

#[test]
fn a_fixed_member_who_comes_to_the_top_while_they_are_read_and_then_turns_guest_is_found() {
    let now = (UNIX * 1_000) as i64;
    // Three pages of fixed members; the last of them logs in when the first page was read, and becomes a guest when the
    // first page of guests was read.
    for guest_after in 4..10 {
        let mut world = World::new(9, 9, 1, 3);
        (world.count, world.churn) = (Count::Missing, 0);
        world.retime(|id| now - 10_000 * i64::from(id + 1));
        world.script = vec![(1, |world| world.log_in(8)), (guest_after, |world| world.turn_guest(8))];
        let (world, found, report) = list(world, 3, RosterOptions::default().page_size(4));
        hold(&world, &found, &report);
        assert_eq!((found.len(), report.completeness), (18, Completeness::Stable), "{guest_after}: {report:?}");
    }
    // So many that a page does not hold them all: the list is read again.
    let mut world = World::new(30, 9, 1, 3);
    world.count = Count::Missing;
    world.retime(|id| now - 10_000 * i64::from(id + 1));
    world.script = vec![
        (1, |world| (20..27).for_each(|id| world.log_in(id))),
        (19, |world| (20..27).for_each(|id| world.turn_guest(id))),
    ];
    let (world, found, report) = list(world, 3, RosterOptions::default().page_size(4));
    hold(&world, &found, &report);
    assert_eq!((found.len(), report.completeness), (39, Completeness::Stable), "{report:?}");
}

#[test]
fn an_empty_page_that_is_not_the_end_is_passed_or_said() {
    let now = (UNIX * 1_000) as i64;
    // Guests of whom the server leaves a hundred or more out, after it has cut its pages: 40 are above and 20 below.
    for (left_out, spread) in [(100, 1_000), (130, 10), (180, 60_000)] {
        for (count, kind) in [(Count::Missing, Kind::All), (Count::Right, Kind::All), (Count::Right, Kind::Temporary)] {
            for limit in [20, 100] {
                let mut world = World::new(3, 60 + left_out, 1, 7);
                world.retime(|id| now - spread * i64::from(id + 1));
                (world.count, world.left_out) = (count, 43..43 + left_out);
                for id in world.left_out.clone() {
                    world.ever.remove(&id);
                    world.throughout.remove(&id);
                }
                if kind == Kind::Temporary {
                    world.throughout.retain(|&id| id >= 3);
                }
                let (world, found, report) = list(world, 7, RosterOptions::default().kind(kind).page_size(limit));
                hold(&world, &found, &report);
                assert!(!report.completeness.is_complete(), "{left_out} {count:?} {kind}: {report:?}");
                if count == Count::Missing || kind == Kind::Temporary {
                    assert_eq!(found.len(), lock(&world).throughout.len(), "{left_out} {limit}: {report:?}");
                }
            }
        }
    }
}

#[test]
fn an_answer_that_was_on_its_way_when_the_end_was_found_is_nobody_below_it() {
    // A page asked for ahead of time comes when instants below the end are asked for, and holds only known guests above it.
    let mut world = World::new(0, 45, 10_000_000, 505);
    world.count = Count::Missing;
    let (world, found, report) = list(world, 505, RosterOptions::default().kind(Kind::Temporary).page_size(3));
    hold(&world, &found, &report);
    assert_eq!((found.len(), report.completeness), (45, Completeness::Stable), "{report:?}");
}

#[test]
fn a_few_who_entered_in_one_millisecond_are_the_whole_list() {
    let now = (UNIX * 1_000) as i64;
    for (fixed, guests) in [(3, 0), (0, 5), (4, 6)] {
        for (kind, inclusive) in [(Kind::All, false), (Kind::All, true), (Kind::Fixed, false), (Kind::Temporary, true)]
        {
            let mut world = World::new(fixed, guests, 1, 3);
            world.inclusive = inclusive;
            world.retime(|_| now - 50_000);
            let (_, found, report) = list(world, 3, RosterOptions::default().kind(kind));
            let expected = match kind {
                Kind::Fixed => fixed,
                Kind::Temporary => guests,
                _ => fixed + guests,
            };
            assert_eq!(found.len(), expected as usize, "{report:?}");
            if expected > 0 {
                assert!(report.completeness.is_complete(), "{fixed} {guests} {kind}: {report:?}");
            }
        }
    }
}

#[test]
fn fixed_members_sorted_by_a_time_that_rows_do_not_show_are_all_found() {
    let now = (UNIX * 1_000) as i64;
    let mix = |id: u32| i64::from(id.wrapping_mul(2_654_435_761));
    for (fixed, limit) in [(120, 100), (120, 40), (60, 7), (5, 100), (41, 40), (40, 40), (300, 100)] {
        for kind in [Kind::All, Kind::Fixed] {
            for inclusive in [false, true] {
                let mut world = World::new(fixed, 12, 1, 7);
                world.inclusive = inclusive;
                world.retime(|id| now - 1 - mix(id) % 9_000_000_000);
                world.rekey(|id| now - 1 - mix(id * 3 + 1) % 9_000_000_000);
                let (world, found, report) = list(world, 7, RosterOptions::default().kind(kind).page_size(limit));
                let expected = if kind == Kind::All { fixed + 12 } else { fixed };
                assert_eq!(found.len(), expected as usize, "{fixed} {limit} {kind} {inclusive}: {report:?}");
                assert!(report.completeness.is_complete(), "{fixed} {limit} {kind} {inclusive}: {report:?}");
                assert!(report.calls < 700, "{fixed} {limit}: {report:?}");
                drop(world);
            }
        }
    }
}

#[test]
fn fixed_members_who_move_within_a_hidden_order_are_found_or_the_list_is_not_called_whole() {
    let now = (UNIX * 1_000) as i64;
    let mix = |id: u32| i64::from(id.wrapping_mul(2_654_435_761));
    for seed in 0..20 {
        let mut world = World::new(120, 30, 1, seed);
        world.churn = 5 + seed;
        world.retime(|id| now - 1 - mix(id) % 9_000_000_000);
        world.rekey(|id| now - 1 - mix(id * 3 + 1) % 9_000_000_000);
        let (world, found, report) = list(world, seed, RosterOptions::default().page_size(20));
        hold(&world, &found, &report);
        assert!(found.len() > 130, "{report:?}");
    }
}

#[test]
fn a_walk_that_was_cut_at_its_bound_says_so_after_it_is_taken_up_again() {
    let mut world = World::new(0, 100, 1, 7);
    let now = (UNIX * 1_000) as i64;
    world.retime(|id| now - 1_000 * (i64::from(id) + 1));
    let (world, simulation) = simulate(world, 7);
    let client =
        Client::builder(credentials()).runtime(simulation.clone()).retry(RetryPolicy::never()).build().unwrap();
    let options = RosterOptions::default().kind(Kind::Temporary).page_size(10).max_pages(3);
    let report = simulation.run(async {
        let (mut roster, mut found) = (client.roster_with(ROOM, options), 0);
        loop {
            match roster.next().await {
                Some(Ok(_)) => {
                    found += 1;
                    if found == 10 {
                        let failed = || http::Response::builder().status(500).body(Vec::new()).unwrap();
                        lock(&world).first = (0..3).map(|_| ("chatroom/membersByPage", failed())).collect();
                    }
                }
                Some(Err(_)) => {
                    lock(&world).first.clear();
                    let saved = serde_json::to_string(roster.walk()).unwrap();
                    roster = client.resume(serde_json::from_str(&saved).unwrap());
                }
                None => break roster.report(),
            }
        }
    });
    assert!(report.members < 100 && report.completeness == Completeness::Incomplete, "{report:?}");
    assert!(report.gaps.iter().any(|gap| gap.what.contains("goes on after 3 pages")), "{report:?}");
}

#[test]
fn a_server_that_does_not_heed_endtime_is_found_out() {
    let mut world = World::new(0, 700, 1_000_000, 3);
    world.ignores_endtime = true;
    let (world, found, report) = list(world, 3, RosterOptions::default());
    assert_eq!((found.len(), report.completeness), (100, Completeness::Incomplete), "{report:?}");
    assert!(lock(&world).log.len() < 60, "{report:?}");
}

#[test]
fn fixed_members_of_one_instant_in_any_order_end_where_endtime_is_not_heeded() {
    use groupmembers_http::simulation::Simulation;
    let mut calls = 0;
    let latency = (Duration::from_millis(5), Duration::from_millis(9));
    // Whatever is asked for, the top of the list comes, and one of two hundred who are next.
    let answer = move |request: &http::Request<Vec<u8>>, _| {
        calls += 1;
        assert!(calls < 20_000, "it does not end");
        if !request.uri().path().contains("membersByPage") {
            return Ok(http::Response::new(br#"{"code":414,"desc":"no"}"#.to_vec()));
        }
        let rows: Vec<_> = [300, 301, 302, (calls * 7) % 200]
            .into_iter()
            .map(|id| serde_json::json!({"accid": format!("u{id}"), "enterTime": 1_600_000_000_000_i64 + i64::from(id >= 300)}))
            .collect();
        let body = serde_json::json!({"code": 200, "desc": {"data": rows}}).to_string();
        Ok(http::Response::new(body.into_bytes()))
    };
    let simulation = Simulation::new(1, Duration::from_secs(UNIX), latency, Box::new(answer));
    let options = RosterOptions::default().kind(Kind::OnlineFixed).page_size(4);
    let listing = simulation.run(client(&simulation).roster_with(ROOM, options).all()).unwrap();
    assert_eq!(listing.report.completeness, Completeness::Incomplete, "{:?}", listing.report);
}

#[test]
fn a_list_without_end_is_left_at_the_bound() {
    let mut world = World::new(0, 0, 1, 3);
    world.endless = true;
    let (world, simulation) = simulate(world, 3);
    let options = RosterOptions::default().max_pages(500);
    let report = simulation.run(client(&simulation).roster_with(ROOM, options).all()).unwrap().report;
    assert_eq!(report.completeness, Completeness::Incomplete, "{report:?}");
    let pages = lock(&world).log.iter().filter(|arrival| arrival.form.contains_key("endtime")).count();
    assert!(pages <= 500, "{pages}");
}

#[test]
fn roles_are_merged_and_fixed_members_come_first() {
    let (_, simulation) = simulate(World::new(6, 3, 10_000_000, 5), 5);
    let listing = simulation.run(client(&simulation).roster(ROOM).all()).unwrap();
    let member = |id: &str| listing.members.iter().find(|member| member.accid == id).unwrap();
    assert_eq!(member("u0").role, Some(Role::Creator));
    assert_eq!((member("u3").role.clone(), member("u3").muted), (Some(Role::Limited), Some(true)));
    assert_eq!(member("u5").muted, None);
    assert!(listing.members.iter().take(6).all(|member| member.role != Some(Role::Temporary)));
}

#[test]
fn a_room_that_is_not_there_is_an_error() {
    let mut world = World::new(1, 1, 1, 1);
    world.first = vec![("chatroom/get", crate::world::answer(&serde_json::json!({"code": 404, "desc": "none"})))];
    let (_, simulation) = simulate(world, 1);
    let error = simulation.run(client(&simulation).roster(ROOM).all()).unwrap_err();
    assert!(matches!(&error, Error::Api(error) if error.code == 404 && error.group == Some(ROOM)), "{error}");
}

#[test]
fn what_may_not_be_asked_is_noted_and_the_list_read_all_the_same() {
    let refused = || crate::world::answer(&serde_json::json!({"code": 403, "desc": "not opened"}));
    let mut world = World::new(6, 30, 1_000_000, 1);
    world.first = vec![("chatroom/get", refused()), ("chatroom/queryMembersByRole", refused())];
    let (_, found, report) = list(world, 1, RosterOptions::default());
    assert_eq!((found.len(), report.completeness, report.notes.len()), (36, Completeness::Stable, 2), "{report:?}");
}

#[test]
fn a_row_that_cannot_be_read_is_a_gap() {
    let torn = serde_json::json!({"code": 200, "desc": {"data": [{"accid": "u0", "enterTime": 1}, {"nick": "who"}]}});
    let mut world = World::new(0, 1, 1_000_000, 1);
    world.first = vec![("chatroom/membersByPage", crate::world::answer(&torn))];
    let (_, _, report) = list(world, 1, RosterOptions::default().kind(Kind::Temporary));
    assert_eq!(report.completeness, Completeness::Incomplete);
    assert!(report.gaps.iter().any(|gap| gap.what.contains("accid is missing")), "{report:?}");
}

#[test]
fn members_of_another_room_are_an_error() {
    let other = serde_json::json!({"code": 200, "desc": {"data": [{"accid": "u0", "roomid": 7, "enterTime": 1}]}});
    let mut world = World::new(0, 1, 1_000_000, 1);
    world.first = vec![("chatroom/membersByPage", crate::world::answer(&other))];
    let (_, simulation) = simulate(world, 1);
    let error = simulation.run(client(&simulation).roster(ROOM).all()).unwrap_err();
    assert!(matches!(error, Error::Walk(_)), "{error}");
}

#[test]
fn options_that_cannot_be_are_refused_before_anything_is_sent() {
    let (world, simulation) = simulate(World::new(0, 1, 1, 1), 1);
    for options in [
        RosterOptions::default().page_size(1),
        RosterOptions::default().page_size(101),
        RosterOptions::default().max_pages(0),
    ] {
        let error = simulation.run(client(&simulation).roster_with(ROOM, options).all());
        assert!(!matches!(error, Ok(listing) if listing.report.completeness.is_complete()));
    }
    let error = simulation.run(client(&simulation).roster(0).all()).unwrap_err();
    assert!(matches!(error, Error::Build(_)), "{error}");
    assert!(lock(&world).log.is_empty());
}

#[test]
fn times_beyond_all_reason_count_as_none() {
    for base in [i64::MAX, i64::MIN + 1_000, 0] {
        let mut world = World::new(20, 150, 1_000_000, 3);
        world.retime(|id| base - i64::from(id % 7));
        let (world, found, report) = list(world, 3, RosterOptions::default());
        hold(&world, &found, &report);
        assert!(!report.completeness.is_complete(), "{report:?}");
    }
}
