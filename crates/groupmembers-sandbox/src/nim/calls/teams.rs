//! Teams and super teams.

use super::{Context, Json, Reply};
use crate::nim::{config::TeamKind, faults::Fault, form::Form, refusal::Refusal, team::Team};

const MOST_TEAMS: usize = 100;
const LARGEST_PAGE: u64 = 100;

fn team<'a>(id: u64, kind: TeamKind, context: &'a mut Context<'_>) -> Result<&'a mut Team, Refusal> {
    let code = if context.has(&Fault::SixDigitCodes) { 108_404 } else { 803 };
    let team = context.state.teams.get_mut(&id).filter(|team| team.is(kind));
    team.ok_or_else(|| Refusal::new(code, format!("no such team {id}")))
}

pub(super) fn query(form: &Form, context: &mut Context<'_>) -> Reply {
    let ids = form.ids("tids", MOST_TEAMS)?;
    let members = match form.text("ope")? {
        "0" => false,
        "1" => true,
        _ => return Err(Refusal::bad("ope", "is not 0 or 1")),
    };
    let admins_too = context.has(&Fault::AdminsInMembers);
    let lenient = form.flag("ignoreInvalid");
    let (mut infos, mut invalid) = (Vec::new(), Vec::new());
    for id in ids {
        match team(id, TeamKind::Team, context) {
            Ok(team) => {
                team.list.churn();
                infos.push(team.info(members, false, admins_too));
                team.list.churn();
            }
            Err(_) if lenient => invalid.push(id.into()),
            Err(refusal) => return Err(refusal),
        }
    }
    let mut reply = vec![("tinfos", Json::Array(infos))];
    if lenient {
        reply.push(("invalidTids", Json::Array(invalid)));
    }
    Ok(reply)
}

pub(super) fn detail(form: &Form, context: &mut Context<'_>) -> Reply {
    let (admins_too, no_size) = (context.has(&Fault::AdminsInMembers), context.has(&Fault::NoSize));
    let team = team(form.number("tid")?, TeamKind::Team, context)?;
    team.list.churn();
    let mut info = team.info(true, true, admins_too);
    if let Json::Object(fields) = &mut info {
        fields.retain(|(name, _)| !no_size || *name != "size");
    }
    team.list.churn();
    Ok(vec![("tinfo", info)])
}

pub(super) fn tlists(form: &Form, context: &mut Context<'_>) -> Reply {
    let timetag = form.number("timetag")?;
    let limit = context.rows(form.limit(LARGEST_PAGE)?);
    let descending = match form.get("reverse") {
        None | Some("1") => false,
        Some("2") => true,
        Some(_) => return Err(Refusal::bad("reverse", "is not 1 or 2")),
    };
    let before = context.before(timetag);
    let from = match timetag {
        _ if context.has(&Fault::StuckCursor) => 0,
        at if context.has(&Fault::EndtimeInclusive) => at,
        at => at.saturating_add(1),
    };
    let (shuffle, number) = (context.has(&Fault::UnstableTies), context.has(&Fault::NumberJointime));
    let team = team(form.number("tid")?, TeamKind::SuperTeam, context)?;
    team.list.churn();
    let seats = if descending {
        team.list.newest(before, limit, |_, _| true, shuffle)
    } else {
        team.list.oldest(from, limit, shuffle)
    };
    let rows = seats.iter().map(|seat| team.row(*seat, number)).collect();
    team.list.churn();
    Ok(context.list("tlists", rows))
}
