//! How calls are spaced: one after the other for one account, whoever makes them.

use std::time::Duration;

use futures_util::future::{join, join_all};
use groupmembers_http::Runtime as _;
use wkteam_api::{Pace, get_chat_room_info, get_contact};

use crate::world::{GROUP, World, builder, lock, members, simulate, token, w_id};

#[test]
fn calls_for_one_account_are_spaced_and_serial_across_clones_and_endpoints() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let clone = client.with_w_id(w_id(1));
    simulation.run(async {
        let (list, info) = (members(), get_chat_room_info::Request::new(GROUP));
        let lists = join_all((0..10).map(|_| client.get_chat_room_member(&list)));
        let infos = join_all((0..10).map(|_| clone.get_chat_room_info(&info)));
        join(lists, infos).await;
    });
    let world = lock(&world);
    assert_eq!(world.log.len(), 20);
    let gaps: Vec<Duration> = world.log.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    // The pace is kept where it is set, at the sender; on the way 5 to 60 ms are added or taken.
    assert!(gaps.iter().all(|gap| (945..1_800).contains(&gap.as_millis())), "{gaps:?}");
    assert!(gaps.iter().max().unwrap().abs_diff(*gaps.iter().min().unwrap()) > Duration::from_millis(200), "jitter");
}

#[test]
fn other_accounts_do_not_wait() {
    let mut world = World::new(3, 1);
    world.any_instance = true;
    let (world, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).build().unwrap();
    simulation.run(async {
        let list = members();
        let clients: Vec<_> = (1..6).map(|n| client.with_w_id(w_id(n))).collect();
        join_all(clients.iter().map(|client| client.get_chat_room_member(&list))).await;
    });
    let world = lock(&world);
    assert_eq!(world.log.len(), 5);
    assert!(world.log.iter().all(|arrival| arrival.at < Duration::from_millis(100)), "{:?}", world.log);
}

#[test]
fn contacts_are_split_and_keep_the_documented_pause() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let ids = (0..54).map(|n| format!("u{n}")).chain(["gone".to_owned()]);
    let request = get_contact::Request::new(ids);
    let answer = simulation.run(async { client.get_contact(&request).await.unwrap() });
    assert_eq!(answer.data.len(), 54);
    assert_eq!(request.missing(&answer).collect::<Vec<_>>(), ["gone"]);
    let world = lock(&world);
    let sizes: Vec<usize> =
        world.log.iter().map(|arrival| arrival.body["wcId"].as_str().unwrap().split(',').count()).collect();
    assert_eq!(sizes, [20, 20, 15]);
    for pair in world.log.windows(2) {
        assert!((250..1_100).contains(&(pair[1].at - pair[0].at).as_millis()), "{pair:?}");
    }
}

#[test]
fn the_pace_can_be_set() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let pace = Pace { least: Duration::from_secs(5), jitter: Duration::ZERO };
    let client = builder(&simulation, token(1)).w_id(w_id(1)).pace(pace).build().unwrap();
    simulation.run(async {
        for _ in 0..3 {
            client.get_address_list().await.unwrap();
        }
    });
    assert!(lock(&world).log.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_millis(4_900)));
}

#[test]
fn a_roster_that_is_not_polled_holds_others_up_no_longer_than_an_attempt_may_take() {
    for polls in 1..4 {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
        simulation.run(async {
            // The first has something on its way, the second waits for its turn; neither is polled again until the end.
            let (mut one, mut other) = (client.roster(GROUP), client.roster(GROUP));
            for _ in 0..polls {
                assert!(futures_util::poll!(std::pin::pin!(one.next())).is_pending());
                assert!(futures_util::poll!(std::pin::pin!(other.next())).is_pending());
            }
            for _ in 0..3 {
                assert!(client.is_online().await.unwrap());
            }
            // Its attempt is over after 20 seconds, and a second and a half later the place is free.
            assert!(simulation.now().elapsed < Duration::from_secs(27), "{:?}", simulation.now());
            assert_eq!(one.all().await.unwrap().members.len(), 3);
            assert_eq!(other.all().await.unwrap().members.len(), 3);
        });
        let world = lock(&world);
        assert_eq!(world.log.len(), 7);
        for pair in world.log.windows(2) {
            assert!(pair[1].at - pair[0].at >= Duration::from_millis(945), "{:?}", world.log);
        }
    }
}

#[test]
fn a_call_that_was_given_up_in_the_line_is_not_made() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let (list, info) = (members(), get_chat_room_info::Request::new(GROUP));
        let first = client.get_chat_room_member(&list);
        let second = async {
            let call = std::pin::pin!(client.get_chat_room_info(&info));
            let _ = futures_util::future::select(call, simulation.sleep(Duration::from_millis(1))).await;
        };
        let third = client.is_online();
        let (first, ((), third)) = join(first, join(second, third)).await;
        first.unwrap();
        third.unwrap();
    });
    let world = lock(&world);
    let paths: Vec<&str> = world.log.iter().map(|arrival| arrival.path.as_str()).collect();
    assert_eq!(paths, ["getChatRoomMember", "isOnline"]);
}

#[test]
fn everybody_in_the_line_gets_a_turn() {
    let (world, simulation) = simulate(World::new(40, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let long = client.roster_with_details(GROUP, wkteam_api::RosterOptions::default()).all();
        let short = async {
            for _ in 0..5 {
                client.is_online().await.unwrap();
            }
            simulation.now().elapsed
        };
        let (listing, done) = join(long, short).await;
        assert_eq!(listing.unwrap().members.len(), 40);
        assert!(done < Duration::from_secs(20), "{done:?}");
    });
    assert_eq!(lock(&world).log.len(), 47);
}
