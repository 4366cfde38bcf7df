//! Calls: what is tried again, what is not even sent, how long anything may take, and what is printed.

use std::time::Duration;

use groupmembers_http::{RetryPolicy, Runtime as _, TransportErrorKind};
use http::Response;
use serde_json::json;
use wkteam_api::{Error, Pace, RosterOptions, get_contact};

use crate::world::{
    GROUP, Slow, WC_ID, World, account, answer, builder, clean, lock, members, refusal, simulate, status, token, w_id,
};

#[test]
fn only_reads_are_tried_again_and_only_for_what_may_pass() {
    type Given = Result<Response<Vec<u8>>, TransportErrorKind>;
    let slow = Response::builder().status(429).header("retry-after", "20").body(Vec::new()).unwrap();
    let cases: Vec<(&str, Given, usize)> = vec![
        ("connect", Err(TransportErrorKind::Connect), 2),
        ("timeout", Err(TransportErrorKind::Timeout), 2),
        ("body", Err(TransportErrorKind::Body), 2),
        ("too large", Err(TransportErrorKind::TooLarge), 1),
        ("500", Ok(status(500)), 2),
        ("502", Ok(status(502)), 2),
        ("429", Ok(slow), 2),
        ("404", Ok(status(404)), 1),
        ("302", Ok(status(302)), 1),
        ("401", Ok(status(401)), 1),
        ("1001", Ok(refusal("系统失败,请重试")), 1),
        ("1000 and null", Ok(answer(&json!({"code": "1000", "data": null}))), 1),
        ("no code", Ok(answer(&json!({"status": 500, "path": "/"}))), 1),
        ("html", Ok(Response::new(b"<html>".to_vec())), 1),
    ];
    for (what, given, calls) in cases {
        for path in ["getChatRoomMember", "initAddressList"] {
            let (world, simulation) = simulate(World::new(3, 1), 1);
            let given = match &given {
                Ok(response) => Ok(response.clone()),
                Err(kind) => Err(*kind),
            };
            lock(&world).first = vec![(path, given)];
            let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
            let outcome = simulation.run(async {
                match path {
                    "initAddressList" => client.init_address_list().await.map(drop),
                    _ => client.get_chat_room_member(&members()).await.map(drop),
                }
            });
            // No read: only what never arrived is sent again.
            let calls = if path == "initAddressList" && what != "connect" { 1 } else { calls };
            assert_eq!(lock(&world).count(path), calls, "{what} {path}");
            // Null is all that this one ever says.
            let answered = path == "initAddressList" && what == "1000 and null";
            assert_eq!(outcome.is_ok(), calls == 2 || answered, "{what} {path}");
            if what == "429" && calls == 2 {
                let log = &lock(&world).log;
                assert!(log[1].at - log[0].at >= Duration::from_secs(20), "Retry-After is heeded");
            }
            if let Err(error) = outcome {
                clean(&error);
            }
        }
    }
}

#[test]
fn attempts_have_a_cap() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = (0..9).map(|_| ("getChatRoomMember", Ok(status(503)))).collect();
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let error = simulation.run(async { client.get_chat_room_member(&members()).await.unwrap_err() });
    assert_eq!((error.attempts(), lock(&world).log.len()), (3, 3));
}

#[test]
fn a_contact_that_cannot_be_read_has_its_place_in_the_whole_list() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).w_id(w_id(1)).build().unwrap();
    let part = || Ok(answer(&json!({"code": "1000", "data": [{"userName": "a"}, {"nickName": "b"}]})));
    lock(&world).first = vec![("getContact", part()), ("getContact", part())];
    let request = get_contact::Request::new((0..21).map(|n| n.to_string()));
    let answer = simulation.run(async { client.get_contact(&request).await.unwrap() });
    assert_eq!(answer.rejected.iter().map(|row| row.index).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn the_address_book_gets_the_time_it_takes() {
    let (_, simulation) = simulate(World::new(3, 1), 1);
    let slow = std::sync::Arc::new(Slow(simulation.clone(), Duration::from_secs(180)));
    let client =
        builder(&simulation, token(1)).runtime(slow).retry(RetryPolicy::never()).w_id(w_id(1)).build().unwrap();
    simulation.run(async {
        client.init_address_list().await.unwrap();
        let error = client.get_address_list().await.unwrap_err();
        let Error::Transport(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), TransportErrorKind::Timeout);
    });
}

#[test]
fn what_is_missing_is_said_before_anything_is_sent() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, token(1)).build().unwrap();
    simulation.run(async {
        let error = client.get_chat_room_member(&members()).await.unwrap_err();
        assert_eq!(error.to_string(), "wId is missing: give the builder a wId or a wcId");
        assert_eq!(lock(&world).log.len(), 0);
        assert_eq!(client.query_login_wx().await.unwrap().data.len(), 2);
        assert!(client.get_contact(&get_contact::Request::new([""; 0])).await.is_err());
    });
    builder(&simulation, token(1)).wc_id("").build().unwrap_err();
}

#[test]
fn the_deadline_covers_the_login_and_the_look_for_the_instance() {
    // A login, a look and a call of four seconds each, of which six are left.
    for (credentials, roster) in [(account(), false), (account(), true), (token(1), false), (token(1), true)] {
        let (_, simulation) = simulate(World::new(3, 1), 1);
        let slow = std::sync::Arc::new(Slow(simulation.clone(), Duration::from_secs(4)));
        let limit = Duration::from_secs(6);
        let client =
            builder(&simulation, credentials).runtime(slow).wc_id(WC_ID).deadline(Some(limit)).build().unwrap();
        let outcome = simulation.run(async {
            match roster {
                true => client.roster(GROUP).all().await.map(drop),
                false => client.get_chat_room_member(&members()).await.map(drop),
            }
        });
        let Err(Error::Transport(error)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.kind(), TransportErrorKind::Deadline);
        let elapsed = simulation.now().elapsed;
        assert!(elapsed <= limit + Duration::from_millis(10), "{elapsed:?}");
    }
}

#[test]
fn no_setting_and_no_wish_of_a_server_makes_it_panic_or_wait_for_ever() {
    let wishes = [u64::MAX.to_string(), "99999999999".to_owned(), "Fri, 31 Dec 9999 23:59:59 GMT".to_owned()];
    for wish in wishes {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let client = builder(&simulation, token(1)).w_id(w_id(1)).deadline(None).build().unwrap();
        let slow = Response::builder().status(429).header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let slow = slow.header("retry-after", wish).body(Vec::new()).unwrap();
        lock(&world).first = vec![("getChatRoomMember", Ok(slow))];
        simulation.run(async {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            assert!(error.retry_after().unwrap() > Duration::from_secs(3600), "{error}");
            assert_eq!(lock(&world).log.len(), 1);
            client.is_online().await.unwrap();
        });
        assert!(simulation.now().elapsed <= Duration::from_secs(3700), "{:?}", simulation.now().elapsed);
    }
    for (least, jitter) in
        [(Duration::MAX, Duration::MAX), (Duration::ZERO, Duration::MAX), (Duration::ZERO, Duration::ZERO)]
    {
        let (_, simulation) = simulate(World::new(3, 1), 1);
        let client = builder(&simulation, token(1))
            .w_id(w_id(1))
            .pace(Pace { least, jitter })
            .deadline(Some(Duration::MAX))
            .attempt_timeout(Duration::from_secs(100_000_000))
            .retry(RetryPolicy::default().with_max_attempts(0))
            .build()
            .unwrap();
        simulation.run(async {
            client.is_online().await.unwrap();
            client.is_online().await.unwrap();
        });
    }
}

#[test]
fn a_secret_that_is_cut_off_or_stands_in_a_header_is_not_printed() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).w_id(w_id(1)).build().unwrap();
    let html = |kind: &str| Response::builder().header("content-type", kind).body(b"<html>".to_vec()).unwrap();
    let mut given: Vec<_> = (240..310)
        .flat_map(|n| {
            ["PLANTED-password", "PLANTED-bearer-1", "PLANTED-w-id-1"].map(|s| refusal(&("张".repeat(n) + s)))
        })
        .collect();
    given.extend([html("text/html; PLANTED-password"), html("PLANTED-w-id-1/x"), html("x/y; z=PLANTED-bearer-1")]);
    let count = given.len();
    lock(&world).first = given.into_iter().map(|given| ("getChatRoomMember", Ok(given))).collect();
    simulation.run(async {
        client.is_online().await.unwrap();
        let mut errors = 0;
        while !lock(&world).first.is_empty() {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            errors += 1;
            let text = format!("{error} {error:?}");
            assert!(!text.contains("PLA"), "{text}");
        }
        assert_eq!(errors, count, "none of them names what a login would mend");
    });
}

#[test]
fn the_time_of_a_roster_begins_when_it_is_first_asked_for_a_member() {
    let (_, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).deadline(Some(Duration::from_secs(20))).build().unwrap();
    simulation.run(async {
        let (plain, detailed) = (client.roster(GROUP), client.roster_with_details(GROUP, RosterOptions::default()));
        simulation.sleep(Duration::from_secs(60)).await;
        assert_eq!(plain.all().await.unwrap().members.len(), 3);
        assert_eq!(detailed.all().await.unwrap().members.len(), 3);
    });
}
