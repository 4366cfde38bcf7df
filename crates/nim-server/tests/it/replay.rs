//! Every case once more, through the whole client: the recorded exchange is asked for in order, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::RetryPolicy;
use groupmembers_http::replay::Replay;
use nim_server::{Client, Command, chatroom_members_by_page};
use serde::de::DeserializeOwned;

use crate::cases::{self, Case, for_endpoint};

fn replay(case: &Case) -> (Client, Arc<Replay>) {
    let replay = Replay::from_dir(&case.dir, Duration::from_secs(case.stamp.unix), 0, &[]).unwrap();
    let client = Client::builder(case.credentials()).base_url(case.base_url()).retry(RetryPolicy::never());
    (client.runtime(replay.clone()).build().unwrap(), replay)
}

async fn one<C: Command + DeserializeOwned>(case: &Case) {
    let (client, replay) = replay(case);
    let answer = client.execute(&case.request::<C>()).await;
    assert_eq!(answer.is_ok(), case.expect == "ok", "{}", case.name());
    if let Err(error) = answer {
        assert_eq!((error.attempts(), error.request_id().map(str::len)), (1, Some(32)), "{}", case.name());
    }
    assert_eq!(replay.left(), case.exchanges.len() - 1, "{}", case.name());
}

#[tokio::test]
async fn every_case_replays() {
    for case in &cases::all() {
        for_endpoint!(case, (case), one.await);
    }
}

#[tokio::test]
async fn pages_follow_one_another() {
    let case = cases::named("chatroom_membersByPage__guests_in_pages");
    let (client, replay) = replay(&case);
    let mut pages = client.pages(case.request::<chatroom_members_by_page::Request>());
    let mut accounts = Vec::new();
    while let Some(page) = pages.next().await {
        accounts.extend(page.unwrap().desc.data.into_iter().map(|member| member.accid));
    }
    assert_eq!(accounts, ["guest1", "guest2", "guest2", "guest3", "guest3"]);
    assert_eq!(replay.left(), 0);
}
