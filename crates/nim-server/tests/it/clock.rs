//! The client on a virtual clock: signing, the clock, hosts, throttling, batches.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{RetryPolicy, TransportError, TransportErrorKind};
use http::Response;
use nim_server::{
    ApiErrorKind, Client, Error, Kind, MemberType, Region, RosterOptions, chatroom_get, chatroom_get_batch,
    chatroom_members_by_page, chatroom_query_members, team_query, team_query_detail,
};
use serde_json::{Value, json};

use crate::world::{ROOM, UNIX, World, answer, client, credentials, lock, simulate};

type Requests = Arc<Mutex<Vec<(http::Request<Vec<u8>>, Duration)>>>;

/// A server made of a closure that gets the number of the request too.
fn serve(
    mut server: impl FnMut(usize, &http::Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportErrorKind> + Send + 'static,
) -> (Arc<Simulation>, Requests) {
    let seen = Requests::default();
    let log = Arc::clone(&seen);
    let simulation = Simulation::new(
        1,
        Duration::from_secs(UNIX),
        (Duration::from_millis(5), Duration::from_millis(5)),
        Box::new(move |request, now| {
            let mut log = log.lock().unwrap();
            log.push((request.clone(), now.elapsed));
            server(log.len(), request).map_err(TransportError::new)
        }),
    );
    (simulation, seen)
}

fn room() -> Result<Response<Vec<u8>>, TransportErrorKind> {
    Ok(answer(&json!({"code": 200, "chatroom": {"roomid": ROOM}})))
}

fn refusal(code: i64, desc: &str) -> Result<Response<Vec<u8>>, TransportErrorKind> {
    Ok(answer(&json!({"code": code, "desc": desc})))
}

fn get(simulation: &Arc<Simulation>) -> Result<chatroom_get::Response, Error> {
    let client = Client::builder(credentials()).runtime(simulation.clone()).build().unwrap();
    simulation.run(client.chatroom_get(&chatroom_get::Request::new(ROOM)))
}

fn header(requests: &Requests, name: &str) -> Vec<String> {
    let requests = requests.lock().unwrap();
    requests.iter().map(|(request, _)| request.headers()[name].to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_attempt_is_signed_anew_under_one_name() {
    let (simulation, requests) = serve(|number, _| if number < 4 { refusal(503, "busy") } else { room() });
    get(&simulation).unwrap();
    let unique = |name: &str| header(&requests, name).into_iter().collect::<BTreeSet<_>>().len();
    assert_eq!((unique("nonce"), unique("checksum"), unique("requestid")), (4, 4, 1));
    assert!(header(&requests, "nonce").iter().all(|nonce| !nonce.ends_with(|c: char| c.is_ascii_digit())));
    assert!(header(&requests, "requestid")[0].len() == 32);
}

#[test]
fn every_call_has_a_name_of_its_own_and_errors_tell_it() {
    let (simulation, requests) = serve(|_, _| refusal(404, "none"));
    let errors = [get(&simulation).unwrap_err(), get(&simulation).unwrap_err()];
    let names = header(&requests, "requestid");
    assert_ne!(names[0], names[1]);
    for (error, name) in errors.iter().zip(&names) {
        assert_eq!(error.request_id(), Some(name.as_str()));
        assert!(error.to_string().contains(name), "{error}");
    }
    let (simulation, requests) = serve(|_, _| Err(TransportErrorKind::Timeout));
    let error = get(&simulation).unwrap_err();
    assert_eq!((error.request_id(), error.attempts()), (Some(header(&requests, "requestid")[0].as_str()), 5));
}

#[test]
fn a_call_taken_for_another_gets_another_name_once() {
    let (simulation, requests) = serve(|number, _| if number == 1 { refusal(431, "repeated") } else { room() });
    get(&simulation).unwrap();
    let names = header(&requests, "requestid");
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    let (simulation, requests) = serve(|_, _| refusal(431, "repeated"));
    get(&simulation).unwrap_err();
    assert_eq!(requests.lock().unwrap().len(), 2, "once, not in a loop");
}

#[test]
fn the_clock_is_learned_from_the_servers_date() {
    for ahead in [-7_000, 900, 6_000] {
        let mut world = World::new(3, 9, 1_000_000, 1);
        world.ahead = ahead;
        let (world, simulation) = simulate(world, 1);
        let client = client(&simulation);
        assert_eq!(client.clock_skew(), 0);
        let listing = simulation.run(client.roster_with(ROOM, RosterOptions::default().kind(Kind::Fixed)).all());
        let listing = listing.unwrap();
        assert!(client.clock_skew().abs_diff(ahead) <= 1, "{}", client.clock_skew());
        assert_eq!((listing.members.len(), listing.report.retries), (3, 1), "learned once");
        let log = lock(&world).log.clone();
        assert_eq!(log[0].request_id, log[1].request_id);
    }
}

#[test]
fn a_clock_that_is_right_by_the_date_is_not_corrected_again_and_again() {
    let expired = |date: Option<&'static str>| {
        move |_: usize, _: &http::Request<Vec<u8>>| {
            let mut response = answer(&json!({"code": 414, "desc": "CurTime is expired"}));
            if let Some(date) = date {
                response.headers_mut().insert("date", date.parse().unwrap());
            }
            Ok(response)
        }
    };
    // The server's clock is the same, an hour ahead, and not told.
    for (date, attempts) in
        [(Some("Tue, 14 Nov 2023 22:13:20 GMT"), 1), (Some("Tue, 14 Nov 2023 23:13:20 GMT"), 2), (None, 1)]
    {
        let (simulation, requests) = serve(expired(date));
        let error = get(&simulation).unwrap_err();
        assert_eq!((error.attempts(), requests.lock().unwrap().len()), (attempts, attempts as usize), "{date:?}");
        assert!(matches!(&error, Error::Api(error) if error.kind == ApiErrorKind::Clock), "{error}");
    }
}

fn hosts(requests: &Requests) -> Vec<String> {
    requests.lock().unwrap().iter().map(|(request, _)| request.uri().host().unwrap().to_owned()).collect()
}

#[test]
fn the_backup_host_of_the_same_region_takes_over_and_the_first_is_tried_again_later() {
    for region in Region::ALL {
        let first = region.host();
        let (simulation, requests) = serve(move |number, request| match number {
            1 => Err(TransportErrorKind::Connect),
            4 => Ok(Response::builder().status(502).body(b"<html>".to_vec()).unwrap()),
            _ => {
                assert!(request.uri().scheme_str() == Some("https"));
                room()
            }
        });
        let client = Client::builder(credentials()).region(region).runtime(simulation.clone()).build().unwrap();
        let request = chatroom_get::Request::new(ROOM);
        simulation.run(async {
            client.chatroom_get(&request).await.unwrap();
            client.chatroom_get(&request).await.unwrap();
            groupmembers_http::Runtime::sleep(&*simulation, Duration::from_secs(31)).await;
            client.chatroom_get(&request).await.unwrap();
        });
        let backup = region.backup_host();
        assert_eq!(hosts(&requests), [first, backup, backup, first, backup]);
    }
}

#[test]
fn both_hosts_out_of_reach_are_tried_in_turn_and_no_others() {
    let (simulation, requests) = serve(|_, _| Err(TransportErrorKind::Connect));
    let error = get(&simulation).unwrap_err();
    assert_eq!(error.attempts(), 5);
    let (one, other) = (Region::China.host(), Region::China.backup_host());
    assert_eq!(hosts(&requests), [one, other, one, other, one]);
}

#[test]
fn a_throttled_bucket_stays_closed_for_ten_seconds_and_the_others_open() {
    let (simulation, requests) = serve(|number, request| match (number, request.uri().path()) {
        (1, _) => refusal(416, "query too fast"),
        (_, "/nimserver/chatroom/get.action") => room(),
        _ => Ok(answer(&json!({"code": 200, "tinfos": []}))),
    });
    let client = Client::builder(credentials()).runtime(simulation.clone()).build().unwrap();
    let room = chatroom_get::Request::new(ROOM);
    let team = team_query::Request::new([1]);
    simulation.run(async {
        let pair = futures_util::future::join(client.chatroom_get(&room), async {
            groupmembers_http::Runtime::sleep(&*simulation, Duration::from_secs(2)).await;
            client.team_query(&team).await
        });
        let (room, team) = pair.await;
        room.unwrap();
        team.unwrap();
    });
    let at: Vec<u64> = requests.lock().unwrap().iter().map(|(_, at)| at.as_secs()).collect();
    assert_eq!(at.len(), 3);
    assert_eq!(at[1], 2, "teams are another bucket");
    assert!((10..=20).contains(&at[2]), "{at:?}");
}

#[test]
fn a_refusal_for_haste_says_how_long_to_wait() {
    for (code, wait) in [(416, Some(Duration::from_secs(10))), (500, None), (403, None)] {
        let answer = refusal(code, "query too fast").unwrap();
        let error = <chatroom_get::Request as nim_server::Command>::from_http(answer).unwrap_err();
        assert_eq!(error.retry_after(), wait, "{code}");
    }
}

#[test]
fn all_team_calls_share_one_limit() {
    let (simulation, requests) = serve(|_, request| {
        let detail = request.uri().path().contains("queryDetail");
        let body =
            if detail { json!({"code": 200, "tinfo": {"members": []}}) } else { json!({"code": 200, "tinfos": []}) };
        Ok(answer(&body))
    });
    let client = Client::builder(credentials())
        .runtime(simulation.clone())
        .calls_per_second::<team_query::Request>(3)
        .build()
        .unwrap();
    simulation.run(async {
        for _ in 0..3 {
            client.team_query(&team_query::Request::new([1])).await.unwrap();
            client.team_query_detail(&team_query_detail::Request::new(1)).await.unwrap();
        }
    });
    let at: Vec<Duration> = requests.lock().unwrap().iter().map(|(_, at)| *at).collect();
    assert!(at[3] - at[0] >= Duration::from_secs(1), "{at:?}");
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    for (code, desc) in
        [(414, "checksum"), (414, "appkey"), (414, "accid is empty"), (403, ""), (404, ""), (315, ""), (13_006, "")]
    {
        let (simulation, requests) = serve(move |_, _| refusal(code, desc));
        get(&simulation).unwrap_err();
        assert_eq!(requests.lock().unwrap().len(), 1, "{code} {desc}");
    }
    for code in [408, 500, 503, 514, 998, 999] {
        let (simulation, requests) = serve(move |_, _| refusal(code, ""));
        get(&simulation).unwrap_err();
        assert_eq!(requests.lock().unwrap().len(), 5, "{code}");
    }
}

#[test]
fn long_lists_of_accounts_are_split_and_the_missing_named() {
    let (simulation, requests) = serve(|_, request| {
        let body = percent_encoding::percent_decode(request.body()).decode_utf8().unwrap().into_owned();
        let accids: Vec<String> = serde_json::from_str(body.split_once("accids=").unwrap().1).unwrap();
        assert!(accids.len() <= 200);
        let rows = accids.iter().filter(|id| !id.ends_with('7')).map(|id| json!({"accid": id}));
        Ok(answer(&json!({"code": 200, "desc": {"data": rows.collect::<Vec<Value>>()}})))
    });
    let client = Client::builder(credentials()).runtime(simulation.clone()).build().unwrap();
    let accids = (0..450).map(|id| format!("u{id}"));
    let request = chatroom_query_members::Request::new(ROOM, accids);
    let found = simulation.run(client.chatroom_query_members(&request)).unwrap();
    assert_eq!((found.members.len(), found.missing.len()), (405, 45));
    assert_eq!((found.missing[0].as_str(), found.members[404].accid.as_str()), ("u7", "u449"));
    assert_eq!(requests.lock().unwrap().len(), 3);
}

#[test]
fn rooms_the_server_failed_on_are_asked_for_once_more() {
    let (simulation, requests) = serve(|_, request| {
        let body = percent_encoding::percent_decode(request.body()).decode_utf8().unwrap().into_owned();
        let ids = body.split_once("roomids=").unwrap().1.split_once('&').unwrap().0.to_owned();
        let ids: Vec<u64> = serde_json::from_str(&ids).unwrap();
        assert!(ids.len() <= 20);
        let again = ids.len() < 10;
        let kept = |id: &u64| again && id % 10 != 9 || id % 5 < 3;
        let found: Vec<Value> = ids.iter().filter(|id| kept(id)).map(|id| json!({"roomid": id})).collect();
        let failed: Vec<u64> = ids.into_iter().filter(|id| !kept(id)).collect();
        Ok(answer(&json!({"code": 200, "succRooms": found, "noExistRooms": [], "failRooms": failed})))
    });
    let client = Client::builder(credentials()).runtime(simulation.clone()).build().unwrap();
    let whole = simulation.run(client.chatroom_get_batch(&chatroom_get_batch::Request::new(1..=20))).unwrap();
    assert_eq!((whole.succ_rooms.len(), whole.fail_rooms.map(|failed| failed.rows)), (18, Some(vec![9, 19])));
    assert_eq!(requests.lock().unwrap().len(), 2);
}

#[test]
fn a_page_that_cannot_be_gone_on_from_is_an_error() {
    let row = |id: u32| json!({"accid": format!("u{id}"), "enterTime": 5});
    let full = json!({"code": 200, "desc": {"data": [row(1), row(2)]}});
    let (simulation, _) = serve(move |_, _| Ok(answer(&full)));
    let client = Client::builder(credentials()).runtime(simulation.clone()).build().unwrap();
    let first = chatroom_members_by_page::Request {
        limit: 2,
        ..chatroom_members_by_page::Request::new(1, MemberType::Temporary)
    };
    simulation.run(async {
        let mut pages = client.pages(first);
        pages.next().await.unwrap().unwrap();
        pages.next().await.unwrap().unwrap();
        assert!(matches!(pages.next().await, Some(Err(Error::Walk(_)))));
    });
}

#[test]
fn without_a_transport_there_is_no_client() {
    if cfg!(not(feature = "reqwest")) {
        let error = Client::builder(credentials()).retry(RetryPolicy::never()).build().unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
    }
}

#[test]
fn a_large_answer_is_cut_off() {
    let (simulation, _) = serve(|_, _| Ok(Response::new(vec![b' '; 17 << 20])));
    let error = get(&simulation).unwrap_err();
    assert!(
        matches!(&error, Error::Transport(failure) if failure.error.kind() == TransportErrorKind::TooLarge),
        "{error}"
    );
}
