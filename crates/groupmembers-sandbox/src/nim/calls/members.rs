//! Who is in a room.

use std::{cmp::Reverse, collections::HashSet};

use serde_json::Value;

use super::{Context, Reply};
use crate::nim::{
    config::MemberType,
    faults::Fault,
    form::Form,
    person::Role,
    refusal::Refusal,
    room::{Room, Shape, Side},
};

const LARGEST_PAGE: u64 = 100;
const MOST_ACCOUNTS: usize = 200;

/// A room whose members can be asked for.
fn room<'a>(form: &Form, context: &'a mut Context<'_>) -> Result<&'a mut Room, Refusal> {
    let id = form.number("roomid")?;
    let gone = |why: String| Refusal::with_desc(404, "chatroom not exist", why);
    match context.state.rooms.get_mut(&id) {
        None => Err(gone(format!("no room {id}"))),
        Some(room) if room.config.closed => Err(gone(format!("room {id} is closed"))),
        Some(room) => Ok(room),
    }
}

pub(super) fn by_page(form: &Form, context: &mut Context<'_>) -> Reply {
    let kind = MemberType::from_wire(form.text("type")?).ok_or_else(|| Refusal::bad("type", "is not 0, 1 or 2"))?;
    let before = context.before(form.number("endtime")?);
    let limit = context.rows(form.limit(LARGEST_PAGE)?);
    let late_filter = kind == MemberType::OnlineFixed && context.has(&Fault::FilterAfterCut);
    let by_update = kind != MemberType::Guests && context.has(&Fault::ByUpdateTime);
    let shuffle = context.has(&Fault::UnstableTies);
    let room = room(form, context)?;
    let side = Room::side(kind);
    room.list_mut(side).churn();
    let mut seats = if by_update {
        let mut seats: Vec<u32> =
            room.fixed.order().iter().copied().filter(|seat| room.update_time(*seat) < before).collect();
        seats.sort_by_key(|seat| Reverse((room.update_time(*seat), *seat)));
        seats.retain(|seat| late_filter || room.is_of(kind, *seat));
        seats.truncate(limit);
        seats
    } else {
        // Noted beforehand: the room cannot be asked while its list is being read.
        let online: HashSet<u32> = match kind {
            MemberType::OnlineFixed => room.fixed.order().iter().copied().filter(|s| room.is_of(kind, *s)).collect(),
            _ => HashSet::new(),
        };
        let keep = |seat: u32| late_filter || kind != MemberType::OnlineFixed || online.contains(&seat);
        room.list_mut(side).newest(before, limit, |_, seat| keep(seat), shuffle)
    };
    if late_filter {
        seats.retain(|seat| room.is_of(kind, *seat));
    }
    let rows = seats.iter().map(|seat| room.row(side, *seat, Shape::Page)).collect();
    room.list_mut(side).churn();
    context.desc(rows)
}

pub(super) fn by_role(form: &Form, context: &mut Context<'_>) -> Reply {
    let Ok(Value::Object(roles)) = serde_json::from_str(form.text("roles")?) else {
        return Err(Refusal::bad("roles", "is not a JSON object"));
    };
    let asked = |role: &str| roles.get(role) == Some(&Value::Bool(true));
    let room = room(form, context)?;
    let mut rows = Vec::new();
    for seat in room.fixed.order() {
        let member = room.member(Side::Fixed, *seat);
        let wanted = match member.role {
            Role::Creator => asked("creator"),
            Role::Manager => asked("manager"),
            _ => member.blacklisted && asked("blacklist") || member.muted && asked("mute"),
        };
        if wanted {
            rows.push(room.row(Side::Fixed, *seat, Shape::Role));
        }
    }
    context.desc(rows)
}

pub(super) fn by_account(form: &Form, context: &mut Context<'_>) -> Reply {
    let accids = form.array("accids", MOST_ACCOUNTS)?;
    let room = room(form, context)?;
    // Whoever is not in the room is left out without a word; the order is the room's, not the request's.
    let mut found: Vec<(Side, u32)> = accids.iter().filter_map(|accid| room.find(accid)).collect();
    found.sort_unstable_by_key(|(side, seat)| (*side == Side::Guests, *seat));
    found.dedup();
    let rows = found.into_iter().map(|(side, seat)| room.row(side, seat, Shape::Query)).collect();
    context.desc(rows)
}

/// Everybody with the tag, newest first.
fn tagged(room: &Room, tag: &str) -> Vec<(Side, u32)> {
    let mut found = Vec::new();
    for side in [Side::Guests, Side::Fixed] {
        let seats = room.list(side).order().iter().filter(|seat| room.tag(side, **seat) == Some(tag));
        found.extend(seats.map(|seat| (side, *seat)));
    }
    found.sort_by_key(|(side, seat)| Reverse(room.list(*side).time(*seat)));
    found
}

pub(super) fn by_tag(form: &Form, context: &mut Context<'_>) -> Reply {
    let tag = form.text("tag")?;
    // Not spelt as in membersByPage.
    let before = context.before(form.number("endTime")?);
    let limit = context.rows(form.limit(LARGEST_PAGE)?);
    let room = room(form, context)?;
    room.guests.churn();
    let mut rows = Vec::new();
    for (side, seat) in tagged(room, tag) {
        if room.list(side).time(seat) < before {
            // One for every device, all of the same millisecond here.
            for _ in 0..room.devices(side, seat) {
                rows.push(room.row(side, seat, Shape::Tag));
            }
        }
        if rows.len() >= limit {
            break;
        }
    }
    rows.truncate(limit);
    room.guests.churn();
    context.desc(rows)
}

pub(super) fn tag_count(form: &Form, context: &mut Context<'_>) -> Reply {
    let tag = form.text("tag")?.to_owned();
    let room = room(form, context)?;
    let online = tagged(room, &tag).len();
    let data = vec![("tag", tag.into()), ("onlineUserCount", online.into())];
    Ok(vec![("data", super::Json::Object(data))])
}
