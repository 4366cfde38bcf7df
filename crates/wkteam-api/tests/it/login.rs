//! The token: who logs in when, what a refused one looks like, and what a login counts for.

use std::error::Error as _;
use std::time::Duration;

use futures_util::future::{join, join_all};
use groupmembers_http::{Runtime as _, TransportErrorKind};
use serde_json::json;
use wkteam_api::{ApiErrorKind, Error, StatusErrorKind, member_login};

use crate::world::{
    CAUSE, GROUP, Given, WC_ID, World, account, answer, builder, clean, lock, members, refusal, simulate, status,
    token, w_id,
};

#[test]
fn one_login_serves_everybody() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        let request = members();
        let calls = (0..5).map(|_| client.get_chat_room_member(&request));
        for answer in join_all(calls).await {
            assert_eq!(answer.unwrap().data.len(), 3);
        }
    });
    let world = lock(&world);
    let counts = ["member/login", "queryLoginWx", "getChatRoomMember"].map(|path| world.count(path));
    assert_eq!(counts, [1, 1, 5]);
}

#[test]
fn a_waiter_that_gives_up_does_not_take_the_login_with_it() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        let request = members();
        {
            // Polled once, so that the login is on its way, and dropped.
            let call = std::pin::pin!(client.get_chat_room_member(&request));
            assert!(futures_util::poll!(call).is_pending());
        }
        client.get_chat_room_member(&request).await.unwrap();
    });
    assert_eq!(lock(&world).count("getChatRoomMember"), 1);
}

#[test]
fn a_refused_token_is_renewed_once() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        client.get_chat_room_member(&members()).await.unwrap();
        lock(&world).token = 2;
        let request = members();
        for answer in join_all((0..3).map(|_| client.get_chat_room_member(&request))).await {
            answer.unwrap();
        }
        assert_eq!(lock(&world).count("member/login"), 2, "one login for all three");
        lock(&world).first = vec![("getChatRoomMember", Ok(status(403))), ("getChatRoomMember", Ok(status(401)))];
        let error = client.get_chat_room_member(&members()).await.unwrap_err();
        assert!(error.is_auth(), "{error}");
        clean(&error);
        assert_eq!(lock(&world).count("member/login"), 3, "and no loop");
    });
}

#[test]
fn a_token_that_was_given_cannot_be_renewed() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(7)).w_id(w_id(1)).build().unwrap();
    let error = simulation.run(async { client.get_chat_room_member(&members()).await.unwrap_err() });
    let Error::Status(status) = &error else { panic!("{error}") };
    assert_eq!((status.kind, status.attempts), (StatusErrorKind::Auth, 1));
    clean(&error);
    assert_eq!(lock(&world).log.len(), 1);
}

#[test]
fn an_account_that_may_not_call_is_an_error_although_the_login_says_1000() {
    for (status, kind) in [(1, ApiErrorKind::Frozen), (2, ApiErrorKind::Expired)] {
        let mut world = World::new(3, 1);
        world.login_status = status;
        let (world, simulation) = simulate(world, 1);
        let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
        simulation.run(async {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            assert_eq!(error.api().unwrap().kind, kind, "{error}");
            let request = member_login::Request { account: "a".into(), password: "PLANTED-password".into() };
            let error = client.member_login(&request).await.unwrap_err();
            assert_eq!(error.api().unwrap().kind, kind, "{error}");
        });
        assert_eq!(lock(&world).count("getChatRoomMember"), 0);
    }
}

#[test]
fn a_wrong_password_is_tried_once() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let wrong = wkteam_api::Account::new("PLANTED-account", "PLANTED-wrong").unwrap();
    let client = builder(&simulation, wrong.into()).w_id(w_id(1)).build().unwrap();
    let error = simulation.run(async { client.get_chat_room_member(&members()).await.unwrap_err() });
    assert!(error.is_auth(), "{error}");
    clean(&error);
    assert_eq!(lock(&world).log.len(), 1);
}

#[test]
fn a_token_that_is_refused_for_ever_makes_no_storm_of_logins() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        client.get_chat_room_member(&members()).await.unwrap();
        // A gateway refuses everything.
        lock(&world).first = (0..200).map(|_| ("getChatRoomMember", Ok(status(403)))).collect();
        let clone = client.clone();
        for _ in 0..20 {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            assert!(error.is_auth(), "{error}");
            clone.get_chat_room_member(&members()).await.unwrap_err();
        }
        // One, and one for each minute that passes.
        assert!(lock(&world).count("member/login") <= 3, "{} logins", lock(&world).count("member/login"));
        lock(&world).first.clear();
        client.get_chat_room_member(&members()).await.unwrap();
        lock(&world).token = 2;
        simulation.sleep(Duration::from_secs(60)).await;
        client.get_chat_room_member(&members()).await.unwrap();
    });
}

#[test]
fn a_login_that_was_refused_is_not_made_again_at_once() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let wrong = wkteam_api::Account::new("PLANTED-account", "PLANTED-wrong").unwrap();
    let client = builder(&simulation, wrong.into()).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        for _ in 0..10 {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            assert!(error.is_auth(), "{error}");
        }
        assert_eq!(lock(&world).count("member/login"), 1);
        simulation.sleep(Duration::from_secs(61)).await;
        client.get_chat_room_member(&members()).await.unwrap_err();
        assert_eq!(lock(&world).count("member/login"), 2);
    });
}

#[test]
fn a_token_that_is_refused_by_1001_is_renewed_where_nothing_else_can_be_meant() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        client.get_chat_room_member(&members()).await.unwrap();
        let refused = |path| (path, Ok(refusal("请重新登录")));
        lock(&world).first = vec![refused("getChatRoomMember"), refused("queryLoginWx")];
        client.get_chat_room_member(&members()).await.unwrap();
        let counts = ["member/login", "queryLoginWx", "getChatRoomMember"].map(|path| lock(&world).count(path));
        assert_eq!(counts, [2, 3, 3], "the wId is the same, the token is not");

        // A refusal that stays is not the token's, and is no reason to log in again and again.
        simulation.sleep(Duration::from_secs(61)).await;
        lock(&world).first = (0..100).map(|n| refused(["getChatRoomMember", "queryLoginWx"][n % 2])).collect();
        let before = lock(&world).count("member/login");
        for _ in 0..10 {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            assert_eq!(error.api().unwrap().command, "getChatRoomMember", "{error}");
        }
        assert_eq!(lock(&world).count("member/login") - before, 1);
    });
}

#[test]
fn who_waited_for_a_login_that_failed_gets_its_kind_and_its_cause() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).build().unwrap();
    lock(&world).first = vec![("member/login", Err(TransportErrorKind::Request))];
    let request = members();
    let outcomes = simulation.run(join_all((0..4).map(|_| client.get_chat_room_member(&request))));
    assert_eq!(lock(&world).log.len(), 1);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some(CAUSE), "{error:?}");
        let Error::Transport(error) = error else { panic!("{error}") };
        assert_eq!((error.kind(), error.attempts()), (TransportErrorKind::Request, 1));
    }
}

#[test]
fn logins_and_looks_count_as_calls_of_the_listing_that_made_them() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        let listing = client.clone().roster(GROUP).all().await.unwrap();
        assert_eq!(listing.report.calls, 4, "login, look, description, list");
        // Two rosters need the same new token and wId, and one of them fetches both.
        (lock(&world).token, lock(&world).w_id) = (2, 2);
        let before = lock(&world).log.len();
        let (one, other) = join(client.roster(GROUP).all(), client.roster(GROUP).all()).await;
        let counted = one.unwrap().report.calls + other.unwrap().report.calls;
        assert_eq!(counted, (lock(&world).log.len() - before) as u64, "each call once");
    });
}

#[test]
fn a_login_is_tried_again_only_where_it_never_arrived() {
    let cases: Vec<(&str, Given, usize)> = vec![
        ("connect", Err(TransportErrorKind::Connect), 2),
        ("timeout", Err(TransportErrorKind::Timeout), 1),
        ("request", Err(TransportErrorKind::Request), 1),
        ("body", Err(TransportErrorKind::Body), 1),
        ("429", Ok(status(429)), 1),
        ("503", Ok(status(503)), 1),
    ];
    for (what, given, calls) in cases {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
        lock(&world).first = vec![("member/login", given)];
        let outcome = simulation.run(async { client.get_chat_room_member(&members()).await });
        assert_eq!((lock(&world).count("member/login"), outcome.is_ok()), (calls, calls == 2), "{what}: {outcome:?}");
    }
}

/// Nobody recorded what a dead token answers. These are all that an honest server may say.
#[test]
fn a_token_that_is_refused_in_whatever_way_is_renewed_once() {
    let ways: Vec<(&str, http::Response<Vec<u8>>)> = vec![
        ("401", status(401)),
        ("403", status(403)),
        ("Authorization", refusal("Authorization无效，请重新登录")),
        ("token", refusal("Token已失效")),
        ("key", refusal("授权密钥已过期")),
        ("10001", answer(&json!({"msg": "鉴权失败", "code": "10001", "data": null}))),
        ("code 401", answer(&json!({"message": "Unauthorized", "code": 401, "data": null}))),
        ("code 403", answer(&json!({"message": "Forbidden", "code": "403"}))),
        ("framework", answer(&json!({"timestamp": 1, "status": 401, "error": "Unauthorized", "path": "/x"}))),
        ("framework 403", answer(&json!({"timestamp": 1, "status": "403", "error": "Forbidden", "path": "/x"}))),
        ("nested", answer(&json!({"code": "1000", "data": {"code": "1001", "message": "token无效", "data": null}}))),
    ];
    for (what, refused) in ways {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
        let given = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
        simulation.run(async {
            lock(&world).first = vec![("getChatRoomMember", Ok(refused.clone()))];
            client.get_chat_room_member(&members()).await.unwrap();
            let counts = ["member/login", "queryLoginWx", "getChatRoomMember"].map(|path| lock(&world).count(path));
            assert_eq!(counts, [2, 0, 2], "{what}");

            lock(&world).first = (0..100).map(|_| ("getChatRoomMember", Ok(refused.clone()))).collect();
            for _ in 0..5 {
                let error = client.get_chat_room_member(&members()).await.unwrap_err();
                assert!(error.is_auth(), "{what}: {error}");
            }
            assert_eq!(lock(&world).count("member/login"), 3, "{what}: and no loop");
            // One that was given cannot be renewed.
            let before = lock(&world).log.len();
            let error = given.get_chat_room_member(&members()).await.unwrap_err();
            assert!(error.is_auth(), "{what}: {error}");
            assert_eq!(lock(&world).log.len() - before, 1, "{what}");
        });
    }
}
