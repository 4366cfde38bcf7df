//! Every case once more, through the whole client: the recorded exchange is asked for in order, and nothing else.

use std::time::Duration;

use groupmembers_http::RetryPolicy;
use groupmembers_http::replay::Replay;
use serde::de::DeserializeOwned;
use tim_rest::{Client, Command, Error, Paged};

use crate::cases::{self, Case};

fn replay(case: &Case) -> (Client, std::sync::Arc<Replay>) {
    let ignored: Vec<&str> = case.ignore_query.iter().map(String::as_str).collect();
    let unix = Duration::from_secs(case.stamp.unix);
    let replay = Replay::from_dir(&case.dir, unix, case.stamp.random.into(), &ignored).unwrap();
    let builder = Client::builder(case.credentials()).retry(RetryPolicy::never()).runtime(replay.clone());
    (builder.build().unwrap(), replay)
}

/// What a case expects of an answer that had to be repaired is about the answer before.
fn as_it_came<C: Command>(answer: Result<C::Response, Error>) -> Result<C::Response, Option<Error>> {
    let mut answer = answer.map_err(Some)?;
    if C::envelope(&mut answer).repaired { Err(None) } else { Ok(answer) }
}

async fn one<C: Command + DeserializeOwned>(case: &Case) {
    let (client, replay) = replay(case);
    if case.exchanges[0].0.uri().path().contains("million_group_open_http_svc") {
        let community = tim_rest::get_online_member_num::Request::community(case.request["GroupId"].as_str().unwrap());
        client.get_online_member_num(&community).await.unwrap();
    } else {
        let answer = client.execute(&case.request::<C>()).await;
        assert_eq!(as_it_came::<C>(answer).is_ok(), case.expect == "ok", "{}", case.name());
    }
    assert_eq!(replay.left(), 0, "{}", case.name());
}

async fn pages<C: Paged + DeserializeOwned + 'static>(case: &Case) {
    let (client, replay) = replay(case);
    let request = case.request::<C>();
    if request.validate().is_err() {
        // What the server refused in this case, the client refuses before it is sent.
        assert!(matches!(client.pages(request).next().await, Some(Err(Error::Build(_)))), "{}", case.name());
        return;
    }
    let mut pages = client.pages(request);
    for _ in 0..case.exchanges.len() {
        let page = as_it_came::<C>(pages.next().await.unwrap());
        assert_eq!(page.is_ok(), case.expect == "ok", "{}: {:?}", case.name(), page.err());
    }
    assert_eq!(replay.left(), 0, "{}", case.name());
    match case.name().as_str() {
        "get_group_member_info__cursor_stuck" => {
            assert!(matches!(pages.next().await, Some(Err(Error::Walk(_)))), "a stuck cursor is an error, not an end");
        }
        // A case with one exchange may show a page from the middle of a list.
        _ if case.exchanges.len() > 1 => assert!(pages.next().await.is_none(), "{}", case.name()),
        _ => {}
    }
}

#[tokio::test]
async fn every_case_replays() {
    for case in &cases::all() {
        match case.endpoint.as_str() {
            "get_appid_group_list" => pages::<tim_rest::get_appid_group_list::Request>(case).await,
            "get_group_ban_member" => pages::<tim_rest::get_group_ban_member::Request>(case).await,
            "get_group_member_info" => pages::<tim_rest::get_group_member_info::Request>(case).await,
            "get_joined_group_list" => pages::<tim_rest::get_joined_group_list::Request>(case).await,
            "get_members" => pages::<tim_rest::get_members::Request>(case).await,
            "get_group_info" => one::<tim_rest::get_group_info::Request>(case).await,
            "get_group_muted_account" => one::<tim_rest::get_group_muted_account::Request>(case).await,
            "get_role_in_group" => one::<tim_rest::get_role_in_group::Request>(case).await,
            "get_specified_group_member_info" => one::<tim_rest::get_specified_group_member_info::Request>(case).await,
            "get_online_member_num" => one::<tim_rest::get_online_member_num::Request>(case).await,
            other => panic!("no request type for {other}"),
        }
    }
}
