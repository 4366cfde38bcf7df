//! Yunshop's part of the sandbox.

use groupmembers_sandbox::yunshop::{
    Churn, Config, DEMO_BUSINESS_ID, DEMO_MOBILE, DEMO_PASSWORD, DEMO_UNIACID, GroupConfig, Injection, UnknownFault,
};

use super::Args;
use crate::terminal;

/// What the flags say of it.
pub(super) fn set(config: &mut Config, args: &Args) {
    for group in config.enterprises.iter_mut().flat_map(|enterprise| &mut enterprise.groups) {
        if let Some(members) = args.members {
            group.members = members;
        }
        group.churn = Churn::per_call(args.churn);
    }
}

/// Puts a fault in force.
pub(super) fn inject(config: &mut Config, name: &str) -> Result<(), String> {
    let fault: Injection = name.parse().map_err(|error: UnknownFault| error.to_string())?;
    config.faults.push(fault);
    Ok(())
}

/// A line for each group of the enterprise that the exports name.
pub(super) fn groups(config: &Config) -> Vec<String> {
    let line = |group: &GroupConfig| {
        format!("{:<22} {:<10} {:>9}", group.id, "Yunshop", terminal::count(group.members.into()))
    };
    let own = config.enterprises.iter().filter(|enterprise| enterprise.business_id == DEMO_BUSINESS_ID);
    own.flat_map(|enterprise| &enterprise.groups).map(line).collect()
}

/// What a shell needs.
pub(super) fn exports(base_url: &str) -> String {
    format!(
        "# Yunshop: none of this is a secret, and all of it good for this sandbox only.\n\
         export YUNSHOP_BASE_URL={base_url}\n\
         export YUNSHOP_UNIACID={DEMO_UNIACID}\n\
         export YUNSHOP_BUSINESS_ID={DEMO_BUSINESS_ID}\n\
         export YUNSHOP_MOBILE={DEMO_MOBILE}\n\
         export YUNSHOP_PASSWORD={DEMO_PASSWORD}\n"
    )
}
