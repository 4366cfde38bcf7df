//! NIM's part of the sandbox.

use groupmembers_sandbox::nim::{Churn, Config, DEMO_APP_KEY, DEMO_APP_SECRET, Injection, TeamKind, UnknownFault};

use super::Args;
use crate::terminal;

/// A team comes in one answer, which has its bounds.
const MOST_OF_A_TEAM: u32 = 5_000;

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
    for team in &mut config.teams {
        let most = if team.kind == TeamKind::Team { MOST_OF_A_TEAM } else { u32::MAX };
        team.members = args.members.map_or(team.members, |members| members.min(most));
        team.churn = Churn::per_call(args.churn);
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
    let line =
        |id: u64, what: &str, members: u32| format!("{id:<22} {what:<10} {:>9}", terminal::count(members.into()));
    let rooms = config.rooms.iter().map(|room| {
        let what = if room.closed { "NIM closed" } else { "NIM" };
        line(room.id, what, room.fixed + room.guests)
    });
    let teams = config.teams.iter().map(|team| {
        let what = if team.kind == TeamKind::Team { "NIM team" } else { "NIM super" };
        line(team.id, what, team.members)
    });
    rooms.chain(teams).collect()
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
