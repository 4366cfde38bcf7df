//! Rosters with profiles: one call a member, paced, stopped and taken up again.

use std::time::Duration;

use groupmembers_http::{RetryPolicy, TransportErrorKind};
use serde_json::json;
use wkteam_api::{Completeness, DetailWalk, Error, RosterOptions};

use crate::world::{GROUP, Info, World, answer, builder, lock, simulate, status, token, w_id};

#[test]
fn everybody_comes_with_a_profile_at_the_documented_patience() {
    let (world, simulation) = simulate(World::new(50, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let listing =
        simulation.run(async { client.roster_with_details(GROUP, RosterOptions::default()).all().await.unwrap() });
    assert_eq!((listing.members.len(), listing.report.members, listing.report.calls), (50, 50, 52));
    assert_eq!(listing.report.completeness, Completeness::Verified);
    for (n, detailed) in listing.members.iter().enumerate() {
        assert_eq!(detailed.member.user_name, format!("u{n}"));
        assert_eq!(detailed.profile.as_ref().unwrap().alias_name, Some(format!("alias{n}")));
    }
    let world = lock(&world);
    for pair in world.log.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(900), "{pair:?}");
    }
}

/// With the default pace, and the time the documents of the client name.
#[test]
fn a_full_group_with_profiles_takes_about_eleven_minutes() {
    let (world, simulation) = simulate(World::new(500, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let listing = simulation.run(client.roster_with_details(GROUP, RosterOptions::default()).all()).unwrap();
    assert_eq!((listing.members.len(), listing.report.completeness), (500, Completeness::Verified));
    let world = lock(&world);
    assert_eq!(world.log.len(), 502);
    // It is a second at least from an answer to the next departure, and more from arrival to arrival.
    assert!(world.log.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_secs(1)));
    let minutes = listing.report.elapsed_ms / 60_000;
    assert!((10..13).contains(&minutes), "{minutes} minutes");
}

#[test]
fn a_member_whose_profile_is_refused_comes_without_one() {
    let mut world = World::new(10, 1);
    world.private = [2, 3, 7].into();
    let (_, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let listing =
        simulation.run(async { client.roster_with_details(GROUP, RosterOptions::default()).all().await.unwrap() });
    let bare: Vec<&str> =
        listing.members.iter().filter(|d| d.profile.is_none()).map(|d| &*d.member.user_name).collect();
    assert_eq!(bare, ["u2", "u3", "u7"]);
    assert!(listing.members[2].problem.as_ref().unwrap().contains("隐私"));
    assert_eq!(listing.report.completeness, Completeness::Verified, "profiles say nothing about who is in the group");
    assert_eq!(listing.report.notes, ["3 members came without a profile; each says why"]);
}

#[test]
fn refusal_after_refusal_stops_before_the_account_is_lost() {
    let mut world = World::new(100, 1);
    world.private = (10..100).collect();
    let (world, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
        let mut given = 0;
        let error = loop {
            match roster.next().await {
                Some(Ok(_)) => given += 1,
                Some(Err(error)) => break error,
                None => panic!("no error came"),
            }
        };
        assert!(matches!(error, Error::Api(_)), "{error}");
        assert_eq!((given, lock(&world).count("getChatRoomMemberInfo")), (14, 15));
        let report = roster.report();
        assert_eq!((report.members, report.completeness), (14, Completeness::Incomplete));
        assert!(report.gaps.iter().all(|gap| gap.after == 14), "{report:?}");
    });
}

#[test]
fn a_walk_that_stopped_goes_on_and_asks_about_nobody_twice() {
    for stop in 0..12 {
        let mut world = World::new(12, 1);
        world.private = [4].into();
        let (world, simulation) = simulate(world, 1);
        let client = builder(&simulation, token(1)).w_id(w_id(1)).retry(RetryPolicy::never()).build().unwrap();
        simulation.run(async {
            let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
            let mut found = Vec::new();
            for _ in 0..stop {
                found.push(roster.next().await.unwrap().unwrap().member.user_name);
            }
            lock(&world).first = vec![("getChatRoomMemberInfo", Err(TransportErrorKind::Timeout))];
            if stop % 2 == 0 {
                assert!(matches!(roster.next().await, Some(Err(Error::Transport(_)))));
            }
            let saved = serde_json::to_string(roster.walk()).unwrap();
            assert!(!saved.contains("PLANTED"));
            lock(&world).first.clear();
            let mut roster = client.resume_with_details(serde_json::from_str::<DetailWalk>(&saved).unwrap());
            while let Some(detailed) = roster.next().await {
                found.push(detailed.unwrap().member.user_name);
            }
            assert_eq!(found, (0..12).map(|n| format!("u{n}")).collect::<Vec<_>>());
            let report = roster.report();
            assert_eq!((report.members, report.completeness), (12, Completeness::Verified), "{report:?}");
            let failed = usize::from(stop % 2 == 0);
            assert_eq!(lock(&world).count("getChatRoomMemberInfo"), 12 + failed, "stopped after {stop}");
        });
    }
}

#[test]
fn two_rosters_taken_in_turn_by_one_task_do_not_block_each_other() {
    let (_, simulation) = simulate(World::new(8, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let mut one = client.roster_with_details(GROUP, RosterOptions::default());
        let mut other = client.roster_with_details(GROUP, RosterOptions::default());
        for _ in 0..8 {
            one.next().await.unwrap().unwrap();
            other.next().await.unwrap().unwrap();
        }
        assert!(one.next().await.is_none() && other.next().await.is_none());
        assert!(one.report().elapsed_ms < 60_000, "{:?}", one.report());
    });
}

#[test]
fn an_account_that_goes_offline_stops_the_walk_at_once() {
    let (world, simulation) = simulate(World::new(20, 1), 1);
    let client = builder(&simulation, token(1)).wc_id(crate::world::WC_ID).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
        for _ in 0..3 {
            roster.next().await.unwrap().unwrap();
        }
        lock(&world).online = false;
        let before = lock(&world).log.len();
        let error = roster.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("not online"), "{error}");
        assert_eq!(lock(&world).log.len() - before, 2, "the refusal, and one look");
    });
}

#[test]
fn an_id_that_cannot_be_asked_about_does_not_stop_the_walk() {
    let ids = ["u0", "a,b", "u\u{7}", " u", "u4", "、", "ä\n", "a，b"];
    let rows: Vec<_> = ids.iter().map(|id| json!({"userName": id})).collect();
    let mut world = World::new(1, 1);
    world.info = Info::Refused;
    world.first = vec![("getChatRoomMember", Ok(answer(&json!({"code": "1000", "data": rows}))))];
    world.private = [4].into();
    let (world, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let listing = simulation
        .run(async { client.roster_with_details(GROUP, RosterOptions::default().unchecked()).all().await.unwrap() });
    assert_eq!(listing.members.iter().map(|m| m.member.user_name.as_str()).collect::<Vec<_>>(), ids);
    let with: Vec<bool> = listing.members.iter().map(|m| m.profile.is_some()).collect();
    assert_eq!(with, [true, false, false, false, false, true, false, false]);
    assert!(listing.members.iter().all(|m| m.profile.is_some() != m.problem.is_some()));
    assert_eq!(lock(&world).count("getChatRoomMemberInfo"), 3, "what cannot be an id is not sent");
}

#[test]
fn a_server_error_about_one_member_stops_nothing_and_an_outage_does() {
    let framework = answer(&json!({"status": 500, "error": "Internal Server Error", "path": "/"}));
    let (world, simulation) = simulate(World::new(10, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).retry(RetryPolicy::never()).build().unwrap();
    simulation.run(async {
        lock(&world).first = vec![("getChatRoomMemberInfo", Ok(framework)), ("getChatRoomMemberInfo", Ok(status(500)))];
        let listing = client.roster_with_details(GROUP, RosterOptions::default()).all().await.unwrap();
        assert_eq!(listing.members.iter().filter(|m| m.profile.is_none()).count(), 2);
        lock(&world).first = vec![("getChatRoomMemberInfo", Ok(status(502)))];
        client.roster_with_details(GROUP, RosterOptions::default()).all().await.unwrap_err();
    });
}

#[test]
fn a_list_that_is_half_given_out_is_not_called_whole() {
    let (_, simulation) = simulate(World::new(6, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
        for _ in 0..6 {
            let report = roster.report();
            assert!(!report.completeness.is_complete(), "{report:?}");
            roster.next().await.unwrap().unwrap();
        }
        assert_eq!(roster.report().completeness, Completeness::Verified);
        assert!(roster.next().await.is_none());
    });
}
