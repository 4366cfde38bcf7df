//! Agora Chat's part of the demo.

use agora_chat_rest::{App, Client, Credentials};
use groupmembers_sandbox::agora::{DEMO_APP_CERTIFICATE, DEMO_APP_ID, DEMO_GROUP};

use super::{Listed, failed};
use crate::error::Error;

/// The sandbox's largest group, too large to come with its description.
pub(super) async fn listed(url: &str) -> Result<Listed, Error> {
    let credentials = Credentials::new(DEMO_APP_ID, DEMO_APP_CERTIFICATE).map_err(failed)?;
    let app = App::id(DEMO_APP_ID).map_err(failed)?;
    let client = Client::builder(url.parse().map_err(failed)?, app, credentials).build().map_err(failed)?;
    let listing = client.roster(DEMO_GROUP).all().await.map_err(failed)?;
    let members = listing.members.into_iter().map(|row| groupmembers_unified::agora::member(DEMO_GROUP, row)).collect();
    Ok(Listed { vendor: "Agora Chat", members, report: listing.report })
}
