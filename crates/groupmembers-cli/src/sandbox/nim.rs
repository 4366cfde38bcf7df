//! NIM's part of the sandbox.

use groupmembers_sandbox::nim::{Churn, Config, DEMO_APP_KEY, DEMO_APP_SECRET, Injection, UnknownFault};

use super::Args;
use crate::terminal;

/// What the flags say of it. Guests are who makes a room large; the vendor names no limit.
pub(super) fn set(config: &mut Config, args: &Args) {
    for room in config.rooms.iter_mut().filter(|room| !room.closed) {
        if let Some(members) = args.members {
            room.fixed = room.fixed.min(members.div_ceil(3));
            room.guests = members - room.fixed;
            room.robots = room.robots.min(room.guests);
        }
        room.churn = Churn::per_call(args.churn);
    }
}

/// Puts a fault in force.
pub(super) fn inject(config: &mut Config, name: &str) -> Result<(), String> {
    let fault: Injection = name.parse().map_err(|error: UnknownFault| error.to_string())?;
    config.faults.push(fault);
    Ok(())
}

/// A line for each room.
pub(super) fn groups(config: &Config) -> Vec<String> {
    let rooms = config.rooms.iter();
    rooms
        .map(|room| {
            let what = if room.closed { "NIM closed" } else { "NIM" };
            format!("{:<22} {what:<10} {:>9}", room.id, terminal::count((room.fixed + room.guests).into()))
        })
        .collect()
}

/// What a shell needs.
pub(super) fn exports(base_url: &str) -> String {
    format!(
        "# NIM, a made-up app: no secret, and good for this sandbox only.\n\
         export NIM_BASE_URL={base_url}/nimserver\n\
         export NIM_APP_KEY={DEMO_APP_KEY}\n\
         export NIM_APP_SECRET={DEMO_APP_SECRET}\n"
    )
}
