//! The benchmark: what the README says of speed and memory, measured against a sandbox in this process.
//!
//! Every figure is a ratio or a bound taken within one run, so that a slow or busy machine does not change its meaning.
//! The client's CPU and memory are measured in child processes, where no sandbox is.

mod child;
mod proc;
mod proof;
mod rosters;
mod vendors;

use std::error::Error;
use std::time::{Duration, Instant};

use groupmembers_sandbox::tim::{Config as Tim, DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, Sandbox};
use tim_rest::get_group_member_info::Request;
use tim_rest::{Client, ClientBuilder, Command as _, Completeness, Credentials, Report, RosterOptions, UserSig};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Rows a page, for the client and for what it is compared with.
const PAGE: u32 = 200;
const MEMBERS: u32 = 6_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match arguments.as_slice() {
        [child, what, base] if child == "child" => runtime.block_on(child::run(what, base)),
        named => runtime.block_on(parent(named)),
    }
}

struct Row {
    what: &'static str,
    measured: String,
    target: &'static str,
    met: bool,
}

/// All of it, or what is named.
async fn parent(named: &[String]) -> Outcome<()> {
    let mut rows = Vec::new();
    for part in ["wall", "rate", "cpu", "memory", "proof", "simulation", "agora", "nim", "yunshop", "wkteam", "diff"] {
        if !named.is_empty() && !named.iter().any(|name| name == part) {
            continue;
        }
        eprintln!("{part}");
        match part {
            "wall" => wall_time(&mut rows).await?,
            "rate" => sustained(&mut rows).await?,
            "cpu" => cpu(&mut rows)?,
            "memory" => memory(&mut rows)?,
            "proof" => proof::cost(&mut rows).await?,
            "simulation" => proof::simulation(&mut rows)?,
            "agora" => vendors::agora(&mut rows).await?,
            "nim" => vendors::nim(&mut rows).await?,
            "diff" => rosters::diff(&mut rows)?,
            "yunshop" => vendors::yunshop(&mut rows).await?,
            _ => vendors::wkteam(&mut rows)?,
        }
    }

    println!("| what | measured | target | |");
    println!("|---|---|---|---|");
    for Row { what, measured, target, met } in &rows {
        println!("| {what} | {measured} | {target} | {} |", if *met { "met" } else { "**missed**" });
    }
    Ok(())
}

fn sandbox(latency: Duration, calls_per_second: u32, groups: Vec<GroupConfig>) -> Outcome<Sandbox> {
    let tim = Tim { groups, calls_per_second, ..Tim::default() };
    Ok(Sandbox::start(Config { latency, tim, ..Config::default() })?)
}

pub(crate) fn credentials() -> Outcome<Credentials> {
    Ok(Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, DEMO_SECRET_KEY)?)
}

pub(crate) fn client(base: &str) -> Outcome<ClientBuilder> {
    Ok(Client::builder(credentials()?).base_url(base.parse()?))
}

async fn list(client: &Client, group: &str, options: RosterOptions) -> Outcome<Report> {
    let mut roster = client.roster_with(group, options);
    while let Some(member) = roster.next().await {
        member?;
    }
    let report = roster.report();
    if report.completeness != Completeness::Verified {
        return Err(format!("not verified: {report:?}").into());
    }
    Ok(report)
}

/// The loop people write by hand: page after page, until one is short.
async fn by_hand(http: &reqwest::Client, base: &str, group: &str) -> Outcome<u32> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let signature = UserSig::sign(&credentials()?, now, 86_400)?;
    let mut members = 0;
    loop {
        let url = format!(
            "{base}/v4/group_open_http_svc/get_group_member_info?sdkappid={DEMO_SDK_APP_ID}&identifier={DEMO_ADMIN}\
             &usersig={}&random=1&contenttype=json",
            signature.as_str()
        );
        let body = serde_json::json!({"GroupId": group, "Limit": PAGE, "Offset": members});
        let answer = http.post(url).body(body.to_string()).send().await?.bytes().await?;
        let page: serde_json::Value = serde_json::from_slice(&answer)?;
        let rows = page["MemberList"].as_array().map_or(0, Vec::len) as u32;
        members += rows;
        if rows < PAGE {
            return Ok(members);
        }
    }
}

async fn wall_time(rows: &mut Vec<Row>) -> Outcome<()> {
    // Not a multiple of the page: the loop by hand needs no empty page to see its end.
    let group = GroupConfig::new("g", GroupKind::Public, MEMBERS - 1);
    let sandbox = sandbox(Duration::from_millis(30), 200, vec![group])?;
    let (client, http) = (client(&sandbox.base_url())?.build()?, reqwest::Client::new());
    let (mut hand, mut windows, mut default, mut calls) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..7 {
        let start = Instant::now();
        by_hand(&http, &sandbox.base_url(), "g").await?;
        hand.push(start.elapsed());
        let start = Instant::now();
        calls = list(&client, "g", RosterOptions::default().in_windows()).await?.calls;
        windows.push(start.elapsed());
        let start = Instant::now();
        list(&client, "g", RosterOptions::default()).await?;
        default.push(start.elapsed());
    }
    let (hand, windows, default) = (median(hand), median(windows), median(default));
    for (what, target, parts, time) in [
        ("roster of 6,000 members, 30 ms latency, in windows, against the loop by hand", "at most 1/6", 6.0, windows),
        ("the same, by default", "at most 1/8", 8.0, default),
    ] {
        let ratio = hand.as_secs_f64() / time.as_secs_f64();
        let measured = format!("1/{ratio:.1} ({} ms against {} ms)", time.as_millis(), hand.as_millis());
        rows.push(Row { what, measured, target, met: ratio >= parts });
    }
    let (plain, windows) = (f64::from(MEMBERS.div_ceil(PAGE)), (calls - 1) as f64);
    let extra = (windows / plain - 1.0) * 100.0;
    let measured = format!("{extra:.1} % ({windows} windows instead of {plain} pages)");
    rows.push(Row {
        what: "extra calls for the overlap of chained windows",
        measured,
        target: "at most 4 %",
        met: extra <= 4.0,
    });
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

async fn sustained(rows: &mut Vec<Row>) -> Outcome<()> {
    let groups = (0..50).map(|n| GroupConfig::new(format!("g{n}"), GroupKind::Public, MEMBERS)).collect();
    let sandbox = sandbox(Duration::ZERO, 200, groups)?;
    let client = client(&sandbox.base_url())?.build()?;
    let start = Instant::now();
    let options = RosterOptions::default().in_windows().page_size(100);
    let names: Vec<String> = (0..50).map(|n| format!("g{n}")).collect();
    let listings = futures::future::join_all(names.iter().map(|name| list(&client, name, options.clone()))).await;
    let elapsed = start.elapsed().as_secs_f64();
    let mut throttled = 0;
    for listing in listings {
        throttled += listing?.throttled;
    }
    let (calls, refused) = (sandbox.calls(), sandbox.throttled());
    let rate = calls as f64 / elapsed;
    rows.push(Row {
        what: "calls per second over 50 groups, 200/s enforced",
        measured: format!("{rate:.0}/s ({calls} calls in {elapsed:.1} s), {} throttle answers", refused.max(throttled)),
        target: "at least 190/s, none",
        met: rate >= 190.0 && refused == 0,
    });
    Ok(())
}

fn child(what: &str, base: &str) -> Outcome<f64> {
    let output = std::process::Command::new(std::env::current_exe()?).args(["child", what, base]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| format!("{what}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn cpu(rows: &mut Vec<Row>) -> Outcome<()> {
    let group = GroupConfig::new("g", GroupKind::Public, MEMBERS);
    let sandbox = sandbox(Duration::ZERO, 0, vec![group])?;
    let mut pairs = Vec::new();
    for _ in 0..7 {
        pairs.push((child("client", &sandbox.base_url())?, child("bare", &sandbox.base_url())?));
    }
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (ours, bare) = pairs[pairs.len() / 2];
    let ratio = ours / bare;
    rows.push(Row {
        what: "client CPU per member, against bare reqwest plus typed decoding",
        measured: format!("{ratio:.2}× ({ours:.2} µs against {bare:.2} µs)"),
        target: "at most 1.25×",
        met: ratio <= 1.25,
    });
    Ok(())
}

fn memory(rows: &mut Vec<Row>) -> Outcome<()> {
    let group = GroupConfig::new("c", GroupKind::Community, 1_000_000);
    let sandbox = sandbox(Duration::ZERO, 0, vec![group])?;
    let grown = child("memory", &sandbox.base_url())?;
    rows.push(Row {
        what: "growth of resident memory, streaming 1,000,000 Community members",
        measured: format!("{grown:.0} MiB"),
        target: "at most 48 MiB",
        met: grown <= 48.0,
    });
    Ok(())
}

/// The requests of a hand-written loop, through the crate's codec alone.
pub(crate) fn page(offset: u32, base: &str, signature: &UserSig) -> Outcome<(String, Vec<u8>)> {
    let request = Request::page("g", PAGE, offset).to_http(&base.parse()?, signature, 1)?;
    let (head, body) = request.into_parts();
    Ok((head.uri.to_string(), body))
}
