//! The client against a simulated vendor: who logs in when, what is tried again, how calls are spaced, what is printed.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join, join_all};
use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Body, Now, RetryPolicy, Runtime, TransportError, TransportErrorKind};
use http::Response;
use serde_json::json;
use wkteam_api::{
    ApiErrorKind, Error, Pace, StatusErrorKind, get_chat_room_info, get_chat_room_member, get_contact, member_login,
};

use crate::world::{GROUP, WC_ID, World, account, answer, builder, lock, refusal, simulate, status, token, w_id};

/// A world in which every answer takes so long.
#[derive(Debug)]
struct Slow(std::sync::Arc<Simulation>, Duration);
impl Runtime for Slow {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        async move {
            self.0.sleep(self.1).await;
            self.0.send(request).await
        }
        .boxed()
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.sleep(duration)
    }
    fn now(&self) -> Now {
        self.0.now()
    }
    fn nonce(&self) -> u64 {
        self.0.nonce()
    }
}

fn members() -> get_chat_room_member::Request {
    get_chat_room_member::Request::new(GROUP)
}

/// Nothing that was planted comes out.
fn clean(error: &Error) {
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("PLANTED"), "{text}");
}

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
            let calls = if path == "initAddressList" { 1 } else { calls };
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
    let (world, simulation) = simulate(World::new(3, 1), 1);
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
    let error = builder(&simulation, token(1)).w_id(w_id(1)).wc_id(WC_ID).build().unwrap_err();
    assert_eq!(error.to_string(), "wId and wcId were both given: give one");
    builder(&simulation, token(1)).wc_id("").build().unwrap_err();
}

#[test]
fn a_roster_that_is_not_polled_holds_up_nobody() {
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
            assert!(simulation.now().elapsed < Duration::from_secs(10), "{:?}", simulation.now());
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
        .flat_map(|n| ["PLANTED-password", "PLANTED-token-1", "PLANTED-w-id-1"].map(|s| refusal(&("张".repeat(n) + s))))
        .collect();
    given.extend([html("text/html; PLANTED-password"), html("PLANTED-w-id-1/x"), html("x/y; z=PLANTED-token-1")]);
    let count = given.len();
    lock(&world).first = given.into_iter().map(|given| ("getChatRoomMember", Ok(given))).collect();
    simulation.run(async {
        client.is_online().await.unwrap();
        for _ in 0..count {
            let error = client.get_chat_room_member(&members()).await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("PLA"), "{text}");
        }
    });
}

#[test]
fn a_token_that_is_refused_by_1001_is_renewed_where_nothing_else_can_be_meant() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).wc_id(WC_ID).build().unwrap();
    simulation.run(async {
        client.get_chat_room_member(&members()).await.unwrap();
        let refused = |path| (path, Ok(refusal("Authorization无效")));
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
