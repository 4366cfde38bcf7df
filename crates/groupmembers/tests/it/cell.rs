//! One cell of a table: one fault in one call, in a world of its own.

use std::sync::Arc;
use std::time::Duration;

use groupmembers::http::{Runtime, reqwest_0_13};
use groupmembers_sandbox::Sandbox;
use tokio::runtime::Handle;

use crate::logged;
use crate::row::Row;
use crate::vendors::{Column, Place, Seen, Vendor};
use crate::watched::Watched;

/// Whoever takes longer hangs.
const HANGS: Duration = Duration::from_secs(600);

/// No list here is so long, nor any trouble, that more requests would be worth while.
const MOST_SENT: u64 = 40;

/// What the system keeps on both sides of a connection, and the last chunk.
const ON_THE_WAY: u64 = 16 << 20;

/// A transport that keeps no connection for the next call: a fault ends where it was put. Whether redirects are followed is
/// for the usual one to say.
fn transport(row: &Row) -> Arc<dyn Runtime> {
    if row.is_redirect() {
        return reqwest_0_13::Reqwest::new().unwrap().into_runtime();
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    let client = client.pool_max_idle_per_host(0).gzip(row.gzip()).tcp_nodelay(true).build().unwrap();
    reqwest_0_13::Reqwest::with_client(client).into_runtime()
}

/// What the call came to, once it is sure that it kept its promises.
pub(crate) fn run(vendor: &Vendor, column: &Column, row: &Row, name: &str) -> Seen {
    logged::listen();
    let sandbox = (!matches!(row, Row::Refused)).then(|| (vendor.start)());
    if let (Some(sandbox), Some((fault, when))) = (&sandbox, row.injection(column.first)) {
        (vendor.inject)(sandbox, fault, when, column.command);
    }
    let own = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut seen, watched) = own.block_on(async {
        let watched = Arc::new(Watched::new(transport(row), row.clock(), row.ahead()));
        let place = Place { sandbox: sandbox.as_ref(), runtime: watched.clone(), deadline: row.deadline() };
        let called = tokio::time::timeout(HANGS, (vendor.call)(place, column.name)).await;
        let seen = called.unwrap_or_else(|_| panic!("{name} hangs"));
        let watched = Arc::into_inner(watched).unwrap_or_else(|| panic!("{name}: somebody still holds the runtime"));
        let facts = (watched.secrets(), watched.sent(), watched.most_read());
        drop(watched);
        nothing_stays(sandbox.as_ref(), name).await;
        (seen, facts)
    });
    let (secrets, sent, most_read) = watched;
    assert!(most_read <= vendor.most_read + ON_THE_WAY / 8, "{name}: {most_read} bytes were read of one answer");
    assert!(sent <= MOST_SENT, "{name}: {sent} requests were sent");
    if let Some(sandbox) = &sandbox {
        let bytes = sandbox.bytes_sent();
        assert!(bytes <= sent.max(1) * (vendor.most_read + ON_THE_WAY), "{name}: {bytes} bytes were sent");
    }
    seen.printed += &logged::said();
    for secret in secrets.iter().map(String::as_str).chain(vendor.secrets.iter().copied()) {
        assert!(!seen.printed.contains(secret), "{name} shows a secret: {}", seen.outcome);
    }
    // Each call names itself.
    let outcome = [column.name, column.command].iter().fold(seen.outcome, |outcome, own| {
        let of_its_own = outcome.strip_prefix(&format!("{own}: "));
        of_its_own.map(str::to_owned).unwrap_or(outcome)
    });
    seen.outcome = plain(&outcome, row);
    // How many calls a list takes is for its own tests to say.
    if seen.is_call {
        seen.outcome += &format!(" ({sent} sent)");
    }
    seen
}

/// Without what is another in every run.
fn plain(outcome: &str, row: &Row) -> String {
    // NIM's id of an attempt is random.
    let mut parts = outcome.split(" [RequestId ");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        plain += part.split_once(']').unwrap().1;
    }
    if row.is_reset() {
        let (before, within) =
            ("the connection failed before an answer came", "the answer broke off in the middle of its body");
        plain = plain.replace(&format!("{within} (after HTTP status 200)"), "broken off").replace(before, "broken off");
    }
    plain
}

/// Waits until every task and every connection has ended: they may, but not for long.
async fn nothing_stays(sandbox: Option<&Sandbox>, name: &str) {
    let stays = || {
        let connections = sandbox.map_or(0, Sandbox::connections);
        (Handle::current().metrics().num_alive_tasks(), connections)
    };
    let ended = tokio::time::timeout(HANGS, async {
        while stays() != (0, 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(ended.await.is_ok(), "{name}: {:?} tasks and connections stay", stays());
}
