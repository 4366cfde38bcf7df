//! Every case once more, through the driver's replay: the recorded exchange is asked for, and nothing else.

use std::time::Duration;

use futures_util::StreamExt as _;
use groupmembers_http::Runtime as _;
use groupmembers_http::replay::Replay;
use serde::de::DeserializeOwned;
use yunshop_wecom::Command;

use crate::cases::{self, Case, for_endpoint};

async fn one<C: Command + DeserializeOwned>(case: &Case) {
    let replay = Replay::from_dir(&case.dir, Duration::from_secs(1_700_000_000), 0, &[]).unwrap();
    let request = case.request::<C>().to_http(&case.site(), &case.session()).unwrap();
    let (head, mut body) = replay.send(request).await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    let answer = C::from_http(http::Response::from_parts(head, bytes));
    assert_eq!(answer.is_ok(), case.expect == "ok", "{}", case.name());
    assert_eq!(replay.left(), 0, "{}", case.name());
}

#[tokio::test]
async fn every_case_replays() {
    for case in &cases::all() {
        for_endpoint!(case, (case), one.await);
    }
}
