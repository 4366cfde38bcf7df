//! Yunshop's part of the demo.

use groupmembers_sandbox::yunshop::{Config, DEMO_BUSINESS_ID, DEMO_MOBILE, DEMO_PASSWORD, DEMO_UNIACID, GroupConfig};
use yunshop_wecom::{Account, Client, RosterOptions, Site};

use super::{Listed, failed};
use crate::error::Error;

const GROUP: u32 = 7;

/// The sandbox has no larger group whose members' join times are all known: without them, a list is unverified.
pub(super) fn set(config: &mut Config) {
    for enterprise in config.enterprises.iter_mut().filter(|enterprise| enterprise.business_id == DEMO_BUSINESS_ID) {
        enterprise.groups = vec![GroupConfig::new(GROUP, "会员群", 18).left(1).employees(4)];
    }
}

/// Customers and staff of a group, with a login and the choice of the enterprise.
pub(super) async fn listed(url: &str) -> Result<Listed, Error> {
    let site = Site::new(url.parse().map_err(failed)?, DEMO_UNIACID.into()).map_err(failed)?;
    let account = Account::new(DEMO_MOBILE, DEMO_PASSWORD).map_err(failed)?;
    let client = Client::builder(site, account).build().map_err(failed)?;
    let enterprise = client.manage(DEMO_BUSINESS_ID.into()).await.map_err(failed)?;
    let options = RosterOptions::default().with_employees();
    let listing = enterprise.roster_with(GROUP.into(), options).all().await.map_err(failed)?;
    let group = GROUP.to_string();
    let members = listing.members.into_iter().map(|row| groupmembers_unified::yunshop::member(&group, row)).collect();
    Ok(Listed { vendor: "Yunshop (WeCom)", members, report: listing.report })
}
