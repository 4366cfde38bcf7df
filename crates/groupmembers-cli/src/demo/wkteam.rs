//! wkteam's part of the demo.

use std::time::Duration;

use groupmembers_sandbox::wkteam::{DEMO_ACCOUNT, DEMO_GROUP, DEMO_PASSWORD, DEMO_WC_ID};
use wkteam_api::{Account, Client, Pace};

use super::{Listed, failed};
use crate::error::Error;

/// The sandbox's largest group, with a login and a look-up of the `wId`.
pub(super) async fn listed(url: &str) -> Result<Listed, Error> {
    let account = Account::new(DEMO_ACCOUNT, DEMO_PASSWORD).map_err(failed)?;
    // Patience is for real accounts.
    let pace = Pace { least: Duration::ZERO, jitter: Duration::ZERO };
    let builder = Client::builder(url.parse().map_err(failed)?, account).wc_id(DEMO_WC_ID).pace(pace);
    let mut roster = builder.build().map_err(failed)?.roster(DEMO_GROUP);
    let mut members = Vec::new();
    while let Some(row) = roster.next().await {
        let owner = roster.walk().room().and_then(|room| room.chat_room_owner.as_deref());
        members.push(groupmembers_unified::wkteam::member(DEMO_GROUP, row.map_err(failed)?, owner));
    }
    Ok(Listed { vendor: "wkteam (personal WeChat)", members, report: roster.report() })
}
