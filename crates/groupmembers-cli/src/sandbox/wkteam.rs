//! wkteam's part of the sandbox.

use groupmembers_sandbox::wkteam::{
    Churn, Config, DEMO_ACCOUNT, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, Injection, MOST_MEMBERS,
};

use super::Args;
use crate::terminal;

/// What the flags say of it.
pub(super) fn set(config: &mut Config, args: &Args) {
    for group in &mut config.groups {
        if let Some(members) = args.members {
            group.members = members.min(MOST_MEMBERS);
        }
        group.churn = Churn::per_call(args.churn);
    }
}

/// Puts a fault in force.
pub(super) fn inject(config: &mut Config, name: &str) -> Result<(), String> {
    let fault: Injection =
        name.parse().map_err(|error: groupmembers_sandbox::wkteam::UnknownFault| error.to_string())?;
    config.faults.push(fault);
    Ok(())
}

/// A line for each group.
pub(super) fn groups(config: &Config) -> Vec<String> {
    let line = |id: &str, members: u32| format!("{id:<22} {:<10} {:>9}", "wkteam", terminal::count(members.into()));
    config.groups.iter().map(|group| line(&group.id, group.members)).collect()
}

/// What a shell needs.
pub(super) fn exports(base_url: &str) -> String {
    format!(
        "# wkteam, as {DEMO_WC_ID}: none of this is a secret, and all of it good for this sandbox only.\n\
         export WKTEAM_BASE_URL={base_url}\n\
         export WKTEAM_ACCOUNT={DEMO_ACCOUNT}\n\
         export WKTEAM_PASSWORD={DEMO_PASSWORD}\n\
         export WKTEAM_WID={DEMO_WID}\n"
    )
}
