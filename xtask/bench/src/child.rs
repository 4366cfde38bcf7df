//! What is measured in a process of its own. Each prints one number.

use tim_rest::{RosterOptions, UserSig, get_group_member_info};

use crate::{MEMBERS, Outcome, PAGE, client, credentials, list, page, proc};

/// Listings a run: enough to make the CPU clock's ten milliseconds small.
const LISTINGS: u32 = 200;

pub(crate) async fn run(what: &str, base: &str) -> Outcome<()> {
    let number = match what {
        "bare" => bare(base).await?,
        "client" => ours(base).await?,
        "memory" => memory(base).await?,
        _ => return Err("no such measurement".into()),
    };
    println!("{number}");
    Ok(())
}

/// Microseconds of CPU a member: reqwest, and the crate's own types through serde_json, nothing else.
async fn bare(base: &str) -> Outcome<f64> {
    let http = reqwest::Client::new();
    let signature = UserSig::sign(&credentials()?, now()?, 86_400)?;
    let pages = MEMBERS.div_ceil(PAGE);
    let read = async |offset: u32| -> Outcome<usize> {
        let (url, body) = page(offset, base, &signature)?;
        let answer = http.post(url).header("content-type", "application/json").body(body).send().await?.bytes().await?;
        Ok(serde_json::from_slice::<get_group_member_info::Response>(&answer)?.member_list.len())
    };
    read(0).await?;
    let before = proc::cpu_micros()?;
    let mut members = 0;
    for _ in 0..LISTINGS {
        // As many in flight as the client has.
        let offsets: Vec<u32> = (0..pages).map(|number| number * PAGE).collect();
        for offsets in offsets.chunks(16) {
            for answer in futures::future::join_all(offsets.iter().map(|offset| read(*offset))).await {
                members += answer?;
            }
        }
    }
    Ok((proc::cpu_micros()? - before) as f64 / members as f64)
}

/// The same through the client, proof and all.
async fn ours(base: &str) -> Outcome<f64> {
    let client = client(base)?.calls_per_second::<get_group_member_info::Request>(1_000_000).build()?;
    let options = RosterOptions::default().in_windows();
    list(&client, "g", options.clone()).await?;
    let mut members = 0;
    let before = proc::cpu_micros()?;
    for _ in 0..LISTINGS {
        members += list(&client, "g", options.clone()).await?.members;
    }
    Ok((proc::cpu_micros()? - before) as f64 / members as f64)
}

/// MiB that the process grows by while a million members stream through it.
async fn memory(base: &str) -> Outcome<f64> {
    let client = client(base)?.calls_per_second::<get_group_member_info::Request>(1_000_000).build()?;
    let mut roster = client.roster("c");
    for _ in 0..100 {
        roster.next().await.ok_or("the list is empty")??;
    }
    let before = proc::resident_kib("VmRSS")?;
    let mut members = 100;
    while let Some(member) = roster.next().await {
        member?;
        members += 1;
    }
    if members != 1_000_000 {
        return Err(format!("{members} members").into());
    }
    Ok((proc::resident_kib("VmHWM")? - before) as f64 / 1024.0)
}

fn now() -> Outcome<u64> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())
}

const _: () = assert!(MEMBERS.is_multiple_of(PAGE));
