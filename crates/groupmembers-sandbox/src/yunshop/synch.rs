//! `synch`: the copy of an enterprise's groups is brought up to date, some groups a step.

use super::{
    answers::Reply,
    faults::Fault,
    json::{Json, map},
    lists::Context,
};

/// Groups a step.
const STEP: usize = 3;

/// One step. The copy here is never out of date, so what it changes is only that it was made.
pub(crate) fn step(context: &Context<'_>, done: &mut Vec<(u32, u32)>) -> Reply {
    let (business, asked) = (context.business, context.asked);
    let groups: Vec<u32> =
        context.groups.iter().filter(|group| group.business == business).map(|group| group.config.id).collect();
    let start = match (asked.get("is_start"), asked.get("next_cursor")) {
        (Some("1"), None) => 0,
        (None, Some(cursor)) => match groups.iter().position(|group| cursor == name(*group)) {
            Some(place) => place,
            None => return Reply::error("参数错误", Json::nothing(), "no such cursor"),
        },
        _ => return Reply::error("参数错误", Json::nothing(), "neither a start nor a cursor"),
    };
    let end = (start + STEP).min(groups.len());
    done.extend(groups[start..end].iter().map(|group| (business, *group)));
    let stuck = context.faults.contains(&Fault::StuckCursor);
    let next = if stuck { groups.first() } else { groups.get(end) };
    Reply::success("", map! { "next_cursor": next.map(|group| name(*group)).unwrap_or_default() })
}

/// The cursor at which a group is the next one.
fn name(group: u32) -> String {
    format!("CURSOR{group:07}==")
}
