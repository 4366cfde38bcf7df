//! Every case once more, through the whole client: the recorded exchange is asked for, and nothing else.

use std::time::Duration;

use groupmembers_http::RetryPolicy;
use groupmembers_http::replay::Replay;
use serde::de::DeserializeOwned;
use wkteam_api::{Client, Command};

use crate::cases::{self, Case, for_endpoint};

async fn one<C: Command + DeserializeOwned>(case: &Case) {
    let replay = Replay::from_dir(&case.dir, Duration::from_secs(1_700_000_000), 0, &[]).unwrap();
    let builder = Client::builder(case.base_url(), case.token()).w_id(case.w_id());
    let client = builder.retry(RetryPolicy::never()).runtime(replay.clone()).build().unwrap();
    let answer = client.execute(&case.request::<C>()).await;
    assert_eq!(answer.is_ok(), case.expect == "ok", "{}", case.name());
    if let Err(error) = answer {
        assert_eq!(error.attempts(), 1, "{}", case.name());
    }
    assert_eq!(replay.left(), 0, "{}", case.name());
}

#[tokio::test]
async fn every_case_replays() {
    for case in &cases::all() {
        for_endpoint!(case, (case), one.await);
    }
}
