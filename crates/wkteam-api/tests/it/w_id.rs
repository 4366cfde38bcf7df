//! The `wId`: how it is found, and how a newer one is.

use std::time::Duration;

use groupmembers_http::Runtime as _;
use serde_json::json;
use wkteam_api::{ApiErrorKind, RosterOptions};

use crate::world::{
    GROUP, WC_ID, World, account, answer, builder, clean, lock, members, refusal, simulate, status, token, w_id,
};

#[test]
fn a_new_w_id_is_looked_up_after_a_refusal() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        client.get_chat_room_member(&members()).await.unwrap();
        lock(&world).w_id = 2;
        client.get_chat_room_member(&members()).await.unwrap();
        client.get_chat_room_member(&members()).await.unwrap();
    });
    let world = lock(&world);
    let paths: Vec<&str> = world.log.iter().map(|arrival| arrival.path.as_str()).collect();
    let members = "getChatRoomMember";
    assert_eq!(paths, ["queryLoginWx", members, members, "queryLoginWx", members, members]);
    let calls: Vec<Duration> = world.log.iter().filter(|a| a.path == members).map(|a| a.at).collect();
    // It is the same account, whatever its instance is called.
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(945)), "{calls:?}");
}

#[test]
fn a_refusal_is_not_tried_again_where_the_w_id_is_still_good() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        for _ in 0..3 {
            lock(&world).first = vec![("getChatRoomMember", Ok(refusal("系统失败,请重试")))];
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            assert_eq!(error.api().unwrap().kind, ApiErrorKind::Refused);
            assert_eq!((error.attempts(), error.api().unwrap().group.as_deref()), (1, Some(GROUP)));
        }
    });
    let world = lock(&world);
    assert_eq!((world.count("getChatRoomMember"), world.count("queryLoginWx")), (3, 2), "one look a minute");
}

#[test]
fn an_account_that_is_not_online_is_called_so() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        client.get_chat_room_member(&members()).await.unwrap();
        lock(&world).online = false;
        let error = client.get_chat_room_member(&members()).await.unwrap_err();
        assert_eq!(error.api().unwrap().kind, ApiErrorKind::Offline, "{error}");
        clean(&error);
        assert!(!client.is_online().await.unwrap() && !client.with_wc_id("wxid_nobody").is_online().await.unwrap());
    });
}

#[test]
fn a_given_w_id_that_is_dead_stays_dead_and_is_not_printed() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).w_id(w_id(5)).build().unwrap();
    let error = simulation.run(async { client.get_chat_room_member(&members()).await.unwrap_err() });
    clean(&error);
    assert!(error.to_string().contains("不存在"), "the server's words stay: {error}");
    assert_eq!(lock(&world).count("getChatRoomMember"), 1);
    assert!(!format!("{client:?}").contains("PLANTED"));
    assert!(!format!("{:?}", builder(&simulation, account()).w_id(w_id(5))).contains("PLANTED"));
}

#[test]
fn an_instance_that_is_another_each_time_is_not_looked_for_without_end() {
    let mut world = World::new(3, 1);
    world.flapping = true;
    let (world, simulation) = simulate(world, 1);
    let client = builder(&simulation, token(1)).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        for _ in 0..10 {
            client.get_chat_room_member(&members()).await.unwrap_err();
        }
    });
    let world = lock(&world);
    assert!(world.count("queryLoginWx") <= 3, "{}", world.count("queryLoginWx"));
    assert!(world.count("getChatRoomMember") <= 13, "{}", world.count("getChatRoomMember"));
}

#[test]
fn a_list_is_not_tried_for_where_there_is_no_login_or_no_instance() {
    for (path, given) in [
        ("member/login", refusal("失败")),
        ("member/login", status(500)),
        ("queryLoginWx", refusal("失败")),
        ("queryLoginWx", answer(&json!({"code": "1000", "data": null}))),
    ] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let credentials = if path == "member/login" { account() } else { token(1) };
        let client = builder(&simulation, credentials).wc_id(WC_ID).build().unwrap();
        lock(&world).first = vec![(path, Ok(given))];
        let error = simulation.run(client.roster(GROUP).all()).unwrap_err();
        assert!(error.to_string().starts_with(path), "{error}");
        assert_eq!(lock(&world).log.len(), 1, "{path}");
    }
}

#[test]
fn a_given_w_id_is_followed_to_a_newer_one_where_its_account_is_known() {
    for known in ["given", "asked for", "seen when a call was refused"] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let client = builder(&simulation, account()).w_id(w_id(1));
        let client = if known == "given" { client.wc_id(WC_ID) } else { client }.build().unwrap();
        simulation.run(async {
            client.get_chat_room_member(&members()).await.unwrap();
            assert_eq!(lock(&world).count("queryLoginWx"), 0, "the one that was given is good");
            if known == "asked for" {
                client.query_login_wx().await.unwrap();
            }
            if known == "seen when a call was refused" {
                lock(&world).first = vec![("getChatRoomMember", Ok(refusal("系统失败,请重试")))];
                client.get_chat_room_member(&members()).await.unwrap_err();
                simulation.sleep(Duration::from_secs(61)).await;
            }
            lock(&world).w_id = 2;
            let listing = client.roster(GROUP).all().await.unwrap_or_else(|error| panic!("{known}: {error}"));
            assert_eq!(listing.members.len(), 3);
            // For every clone of it, too.
            client.clone().get_chat_room_member(&members()).await.unwrap();
        });
        let world = lock(&world);
        // Whatever its wId is called, it is one account.
        let calls: Vec<Duration> =
            world.log.iter().filter(|arrival| arrival.path.starts_with("getChatRoom")).map(|a| a.at).collect();
        assert!(calls.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{known}: {calls:?}");
    }
}

#[test]
fn a_dead_w_id_of_an_account_that_nobody_knows_says_what_to_give() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).w_id(w_id(7)).build().unwrap();
    simulation.run(async {
        for _ in 0..3 {
            let error = client.roster(GROUP).all().await.unwrap_err();
            assert_eq!(error.api().unwrap().kind, ApiErrorKind::UnknownLogin, "{error}");
            assert!(error.to_string().contains("give the account's wcId"), "{error}");
            clean(&error);
        }
        assert_eq!(lock(&world).count("queryLoginWx"), 1, "one look a minute");
        assert_eq!(lock(&world).count("getChatRoomMember"), 0, "a roster stops at it");
        simulation.sleep(Duration::from_secs(61)).await;
        lock(&world).w_id = 7;
        assert_eq!(client.roster_with(GROUP, RosterOptions::default()).all().await.unwrap().members.len(), 3);
    });
}
