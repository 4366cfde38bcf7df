//! Tokens, retries, pacing, splitting, through the whole client on a virtual clock.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use agora_chat_rest::access_token::Claims;
use agora_chat_rest::chatgroups_users::Request;
use agora_chat_rest::{
    App, Client, ClientSecret, Credentials, Error, FetchToken, Lease, RosterOptions, Subject, Token, TokenSource,
    chatgroups_admin, chatgroups_details, metadata_chatgroup_get,
};
use futures_util::future::join_all;
use groupmembers_http::{TransportError, TransportErrorKind};
use http::Response;
use serde_json::json;

use crate::world::{APP_ID, CERTIFICATE, NOW, Shared, World, answer, builder, fixed, lock, refusal, simulate};

fn credentials() -> Credentials {
    Credentials::new(APP_ID, CERTIFICATE).unwrap()
}

fn request() -> Request {
    Request::page("g", 1, 10)
}

fn tokens(world: &Shared) -> Vec<String> {
    lock(world).log.iter().map(|arrival| arrival.token.clone().unwrap_or_default()).collect()
}

fn lease(text: &str, lasts: u64) -> Response<Vec<u8>> {
    answer(&json!({"access_token": text, "expires_in": lasts, "application": "00000000"}))
}

#[test]
fn a_local_token_is_built_once_and_accepted() {
    let (world, simulation) = simulate(World::new(30, 1), 1);
    let client = builder(&simulation, credentials()).build().unwrap();
    simulation.run(async {
        let listing = client.roster_with("g", RosterOptions::default().page_size(10)).all().await.unwrap();
        assert_eq!(listing.members.len(), 30);
    });
    let mut seen = tokens(&world);
    seen.dedup();
    assert_eq!(seen.len(), 1, "one token for all calls");
    let claims = Claims::decode(seen[0].strip_prefix("Bearer ").unwrap()).unwrap();
    claims.verify(&credentials(), &Subject::App, NOW + 1).unwrap();
    assert_eq!(claims.expire(), 86_400);
    assert_eq!(lock(&world).log[0].path, format!("/app-id/{APP_ID}/chatgroups/g"));
}

#[test]
fn the_other_url_form() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let base = "https://a41.chat.agora.io".parse().unwrap();
    let app = App::key("411234567#demo").unwrap();
    let client = Client::builder(base, app, fixed()).runtime(simulation.clone()).build().unwrap();
    simulation.run(async { client.chatgroups_users(&request()).await.unwrap() });
    assert_eq!(lock(&world).log[0].path, "/411234567/demo/chatgroups/g/users");
}

#[test]
fn a_refused_token_is_renewed_once() {
    for refused in [
        refusal(401, "unauthorized", "Unable to authenticate due to expired access token"),
        refusal(401, "group_authorization", "token is blank!"),
        refusal(401, "auth_bad_access_token", "Unable to authenticate"),
        Response::builder().status(401).body(Vec::new()).unwrap(),
    ] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        lock(&world).first = vec![Ok(refused.clone())];
        let client = builder(&simulation, credentials()).build().unwrap();
        simulation.run(async { client.chatgroups_users(&request()).await.unwrap() });
        let seen = tokens(&world);
        assert!(seen.len() == 2 && seen[0] != seen[1], "{refused:?}");

        let (world, simulation) = simulate(World::new(3, 1), 1);
        lock(&world).first = vec![Ok(refused.clone()); 5];
        let client = builder(&simulation, credentials()).build().unwrap();
        let error = simulation.run(async { client.chatgroups_users(&request()).await.unwrap_err() });
        assert!(error.is_auth() && error.attempts() == 2, "{error}");
        assert_eq!(lock(&world).log.len(), 2, "never in a loop");
    }
}

#[test]
fn a_fixed_token_is_not_sent_again() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = vec![Ok(refusal(401, "unauthorized", "Unable to authenticate (OAuth)"))];
    let client = builder(&simulation, fixed()).build().unwrap();
    let error = simulation.run(async { client.chatgroups_users(&request()).await.unwrap_err() });
    assert!(error.is_auth() && lock(&world).log.len() == 1, "{error}");
}

#[test]
fn what_a_new_token_or_another_try_would_not_help_is_not_tried_again() {
    let words = "you have no permission to do this, group admin permission is required";
    for (given, is) in [
        (refusal(401, "group_authorization", words), Error::is_permission as fn(&Error) -> bool),
        (refusal(403, "forbidden_op", "users [u1] are not members of this group!"), Error::is_permission),
        (refusal(429, "resource_limited", "You have exceeded the limit of the FREE edition"), Error::is_quota),
        (refusal(404, "service_resource_not_found", "do not find this group:g"), Error::is_not_found),
        (refusal(404, "resource_not_found", "grpID g does not exist!"), Error::is_not_found),
        (refusal(400, "invalid_parameter", "x"), |error| !error.is_retryable()),
        (Response::builder().status(302).body(Vec::new()).unwrap(), |error| !error.is_retryable()),
    ] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        lock(&world).first = vec![Ok(given)];
        let client = builder(&simulation, credentials()).build().unwrap();
        let error = simulation.run(async { client.chatgroups_users(&request()).await.unwrap_err() });
        assert!(is(&error), "{error}");
        assert_eq!(lock(&world).log.len(), 1, "{error}");
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    let status = |code: u16| Response::builder().status(code).body(b"<html>".to_vec()).unwrap();
    let wish = |code: u16| Response::builder().status(code).header("retry-after", "7").body(Vec::new()).unwrap();
    for (given, least) in [
        (Ok(refusal(429, "reach_limit", "This request has reached api limit")), 1),
        (Ok(wish(429)), 7),
        (Ok(wish(503)), 7),
        (Ok(status(502)), 0),
        (Ok(status(504)), 0),
        (Ok(refusal(503, "service_unavailable", "")), 0),
        (Ok(Response::new(Vec::new())), 0),
        (Err(TransportErrorKind::Timeout), 0),
        (Err(TransportErrorKind::Connect), 0),
    ] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let what = format!("{given:?}");
        lock(&world).first = vec![given];
        let client = builder(&simulation, fixed()).build().unwrap();
        let page = simulation.run(async { client.chatgroups_users(&request()).await.unwrap() });
        assert_eq!(page.data.len(), 3);
        let log = &lock(&world).log;
        assert!(log.len() == 2 && log[1].at - log[0].at >= Duration::from_secs(least), "{what}");
    }
}

#[test]
fn client_credentials_are_exchanged_once_for_all() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = vec![Ok(lease("YWMt-one", 1000))];
    let client = builder(&simulation, ClientSecret::new("id", "secret").unwrap()).build().unwrap();
    simulation.run(async {
        let request = request();
        for page in join_all((0..8).map(|_| client.chatgroups_users(&request))).await {
            page.unwrap();
        }
    });
    {
        let world = lock(&world);
        assert_eq!(world.log.len(), 9);
        assert_eq!(world.log[0].path, format!("/app-id/{APP_ID}/token"));
        assert_eq!(world.log[0].token, None);
        assert!(world.log[1..].iter().all(|arrival| arrival.token.as_deref() == Some("Bearer YWMt-one")));
    }
    // The answer's own number counts: after nine tenths of it another one is fetched, before the old one is refused.
    lock(&world).first = vec![Ok(lease("YWMt-two", 1000))];
    simulation.run(async {
        groupmembers_http::Runtime::sleep(&*simulation, Duration::from_secs(950)).await;
        client.chatgroups_users(&request()).await.unwrap();
    });
    assert_eq!(tokens(&world).last().unwrap(), "Bearer YWMt-two");
}

#[test]
fn an_exchange_sends_the_local_token_and_reads_milliseconds() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let issued = json!({"access_token": "YWMt-x", "expire_timestamp": (NOW + 3600) * 1000});
    lock(&world).first = vec![Ok(answer(&issued))];
    let client = builder(&simulation, TokenSource::Exchange(credentials())).build().unwrap();
    simulation.run(async { client.chatgroups_users(&request()).await.unwrap() });
    let seen = tokens(&world);
    Claims::decode(seen[0].strip_prefix("Bearer ").unwrap()).unwrap();
    assert_eq!(seen[1], "Bearer YWMt-x");
}

#[test]
fn a_token_that_is_over_by_our_clock_is_kept_until_it_is_refused() {
    // Who fetches too often gets the account blocked, and a clock may be a day ahead.
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let issued = |text: &str| Ok(answer(&json!({"access_token": text, "expire_timestamp": (NOW - 60) * 1000})));
    lock(&world).first = vec![issued("YWMt-one")];
    let client = builder(&simulation, TokenSource::Exchange(credentials())).build().unwrap();
    simulation.run(async {
        for _ in 0..3 {
            client.chatgroups_users(&request()).await.unwrap();
        }
    });
    assert_eq!(tokens(&world)[1..], ["Bearer YWMt-one"; 3]);
    lock(&world).first = vec![Ok(refusal(401, "unauthorized", "")), issued("YWMt-two")];
    simulation.run(async { client.chatgroups_users(&request()).await.unwrap() });
    assert_eq!(tokens(&world).last().unwrap(), "Bearer YWMt-two");
}

#[test]
fn an_error_keeps_the_answer_and_the_path_and_no_secret() {
    let words = "cannot read token-of-the-test of 张";
    for (given, kept) in [
        (refusal(404, "service_resource_not_found", words), "cannot read … of 张"),
        (Response::builder().status(502).body(b"<html>token-of-the-test".to_vec()).unwrap(), "<html>…"),
        (answer(&json!({"data": "token-of-the-test"})), r#"{"data":"…"}"#),
    ] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        lock(&world).first = vec![Ok(given); 5];
        let client = builder(&simulation, fixed()).build().unwrap();
        let error = simulation.run(async { client.chatgroups_users(&request()).await.unwrap_err() });
        let body = String::from_utf8(error.body().unwrap().to_vec()).unwrap();
        assert!(body.contains(kept) && !body.contains("token-of"), "{body}");
        assert_eq!(error.path(), Some("chatgroups/g/users"));
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("token-of") && !shown.contains("html"), "{shown}");
    }
    // The secret that a token is fetched with, too.
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = vec![Ok(refusal(400, "invalid_grant", "no client id with hunter/2"))];
    let client = builder(&simulation, ClientSecret::new("id", "hunter/2").unwrap()).build().unwrap();
    let error = simulation.run(async { client.chatgroups_users(&request()).await.unwrap_err() });
    assert_eq!((error.path(), error.api().unwrap().error_description.as_str()), (Some("token"), "no client id with …"));
    assert!(!String::from_utf8_lossy(error.body().unwrap()).contains("hunter"));
}

/// A vault behind a door that is shut.
struct Shut;

impl FetchToken for Shut {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease, Error>> + Send>> {
        let cause = std::io::Error::other("the door is shut");
        let error = TransportError::new(TransportErrorKind::Connect).with_source(cause);
        Box::pin(async move { Err(error.into()) })
    }
}

#[test]
fn all_who_waited_for_one_token_get_the_cause() {
    let (_, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, TokenSource::Custom(Arc::new(Shut))).build().unwrap();
    simulation.run(async {
        let request = request();
        for page in join_all((0..3).map(|_| client.chatgroups_users(&request))).await {
            let error = page.unwrap_err();
            assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the door is shut");
        }
    });
}

#[test]
fn a_failed_exchange_is_told_to_all_and_not_repeated() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = vec![Ok(refusal(400, "invalid_grant", "invalid username or password"))];
    let client = builder(&simulation, ClientSecret::new("id", "secret").unwrap()).build().unwrap();
    simulation.run(async {
        let request = request();
        for page in join_all((0..4).map(|_| client.chatgroups_users(&request))).await {
            let error = page.unwrap_err();
            assert!(error.is_auth() && !error.is_retryable(), "{error}");
            assert_eq!(error.api().unwrap().group, None, "{error}");
        }
    });
    assert_eq!(lock(&world).log.len(), 1);
}

#[derive(Default)]
struct Vault(AtomicU32);

impl FetchToken for Vault {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease, Error>> + Send>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Box::pin(async move { Ok(Lease { token: Token::new(format!("vault-{number}"))?, expires_at: None }) })
    }
}

#[test]
fn a_source_of_ones_own() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, TokenSource::Custom(Arc::new(Vault::default()))).build().unwrap();
    simulation.run(async {
        client.chatgroups_users(&request()).await.unwrap();
        client.chatgroups_users(&request()).await.unwrap();
        lock(&world).first = vec![Ok(refusal(401, "unauthorized", ""))];
        client.chatgroups_users(&request()).await.unwrap();
    });
    assert_eq!(tokens(&world), ["Bearer vault-1", "Bearer vault-1", "Bearer vault-1", "Bearer vault-2"]);
}

#[test]
fn no_more_calls_a_second_than_four_fifths_of_the_quota() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, fixed()).build().unwrap();
    simulation.run(async {
        let request = request();
        join_all((0..300).map(|_| client.chatgroups_users(&request))).await;
        let request = chatgroups_admin::Request::new("g");
        join_all((0..10).map(|_| client.chatgroups_admin(&request))).await;
    });
    let log = &lock(&world).log;
    let times: Vec<Duration> = log.iter().filter(|a| a.path.ends_with("/users")).map(|a| a.at).collect();
    for (first, behind) in times.iter().zip(&times[80..]) {
        assert!(*behind - *first >= Duration::from_secs(1), "81 calls within a second");
    }
}

#[test]
fn long_lists_of_groups_are_split() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = (0..3).map(|part| Ok(answer(&json!({"data": [{"id": part.to_string()}]})))).collect();
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let ids: Vec<String> = (0..250).map(|id| id.to_string()).collect();
    let groups =
        simulation.run(async { client.chatgroups_details(&chatgroups_details::Request::new(ids)).await.unwrap() });
    assert_eq!(groups.data.iter().map(|group| group.id.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(lock(&world).log.len(), 3);
}

#[test]
fn long_lists_of_members_are_split() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let part = |part: usize| Ok(answer(&json!({"data": {format!("u{part}"): {"level": "1"}, "odd": 7}})));
    lock(&world).first = (0..3).map(part).collect();
    let client = builder(&simulation, fixed()).concurrency(1).build().unwrap();
    let users: Vec<String> = (0..21).map(|user| format!("u{user}")).collect();
    let request = metadata_chatgroup_get::Request::new("g", users);
    let found = simulation.run(async { client.metadata_chatgroup_get(&request).await.unwrap() });
    assert_eq!(found.data.keys().collect::<Vec<_>>(), ["u0", "u1", "u2"]);
    assert_eq!(found.rejected.iter().map(|row| row.index).collect::<Vec<_>>(), [0, 2, 4]);
    let log = &lock(&world).log;
    assert!(log.len() == 3 && log.iter().all(|arrival| arrival.path.ends_with("/metadata/chatgroup/g/get")));
}

#[test]
fn attributes_that_cannot_be_asked_for_are_refused() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, fixed()).build().unwrap();
    let nobody: [&str; 0] = [];
    for request in [
        metadata_chatgroup_get::Request::new("g", nobody),
        metadata_chatgroup_get::Request::new("g/..", ["u1"]),
        metadata_chatgroup_get::Request::new("g", ["u1", "u/2"]),
        metadata_chatgroup_get::Request::new("g", ["u1"]).properties(nobody),
    ] {
        let error = simulation.run(async { client.metadata_chatgroup_get(&request).await.unwrap_err() });
        assert!(matches!(error, Error::Build(_)), "{error}");
    }
    assert!(lock(&world).log.is_empty());
}

#[test]
fn pages_are_streamed_to_the_empty_one() {
    let (world, simulation) = simulate(World::new(25, 1), 1);
    let client = builder(&simulation, fixed()).build().unwrap();
    simulation.run(async {
        let mut pages = client.pages(request());
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await {
            sizes.push(page.unwrap().data.len());
        }
        assert_eq!(sizes, [10, 10, 5, 0]);
    });
    assert_eq!(lock(&world).log.len(), 4);
}

#[test]
fn an_error_names_the_group() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = vec![Ok(refusal(404, "service_resource_not_found", "do not find this group:g"))];
    let client = builder(&simulation, fixed()).build().unwrap();
    let error = simulation.run(async { client.roster("g").all().await.unwrap_err() });
    assert_eq!(
        error.to_string(),
        "chatgroups_details of group g: no such group or user (404 service_resource_not_found): check the id \
         [server: do not find this group:g]"
    );
}
