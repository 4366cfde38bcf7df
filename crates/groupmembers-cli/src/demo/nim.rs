//! NIM's part of the demo.

use groupmembers_sandbox::nim::{DEMO_APP_KEY, DEMO_APP_SECRET};
use nim_server::{Client, Credentials};

use super::{Listed, failed};
use crate::error::Error;
use crate::terminal;

/// 260 fixed members and 640 guests of the sandbox's default world.
const ROOM: u64 = 2_757_903_841;

pub(super) async fn listed(url: &str) -> Result<Listed, Error> {
    let credentials = Credentials::new(DEMO_APP_KEY, DEMO_APP_SECRET).map_err(failed)?;
    let base = format!("{url}/nimserver").parse().map_err(failed)?;
    let client = Client::builder(credentials).base_url(base).build().map_err(failed)?;
    let listing = client.roster(ROOM).all().await.map_err(failed)?;
    let (group, now) = (ROOM.to_string(), terminal::now());
    let members = listing.members.into_iter().map(|row| groupmembers_unified::nim::member(&group, row, now)).collect();
    Ok(Listed { vendor: "NetEase Yunxin (NIM)", members, report: listing.report })
}
