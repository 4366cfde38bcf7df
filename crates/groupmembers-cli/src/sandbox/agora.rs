//! Agora Chat's part of the sandbox.

use groupmembers_sandbox::agora::{Churn, Config, DEMO_APP_CERTIFICATE, DEMO_APP_ID, Injection, UnknownFault};

use super::Args;
use crate::terminal;

/// Groups beyond these are there to be listed as groups.
const SHOWN: usize = 6;

/// What the flags say of it.
pub(super) fn set(config: &mut Config, args: &Args) {
    for group in config.groups.iter_mut().take(SHOWN) {
        if let Some(members) = args.members {
            group.members = members;
            group.admins = group.admins.min(group.members.saturating_sub(1));
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

/// A line for each group but the smallest.
pub(super) fn groups(config: &Config) -> Vec<String> {
    let line = |id: &str, members: u32| format!("{id:<22} {:<10} {:>9}", "Agora", terminal::count(members.into()));
    config.groups.iter().take(SHOWN).map(|group| line(&group.id, group.members)).collect()
}

/// What a shell needs.
pub(super) fn exports(base_url: &str) -> String {
    format!(
        "# Agora Chat, a made-up app: no secret, and good for this sandbox only.\n\
         export AGORA_BASE_URL={base_url}\n\
         export AGORA_APP_ID={DEMO_APP_ID}\n\
         export AGORA_APP_CERTIFICATE={DEMO_APP_CERTIFICATE}\n"
    )
}
