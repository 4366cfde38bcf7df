//! Rooms themselves.

use super::{Context, Json, Reply};
use crate::nim::{faults::Fault, form::Form, refusal::Refusal};

const MOST_ROOMS: usize = 20;

pub(super) fn get(form: &Form, context: &mut Context<'_>) -> Reply {
    let id = form.number("roomid")?;
    let room = context.state.rooms.get(&id);
    let room = room.ok_or_else(|| Refusal::with_desc(404, "chatroom not exist", format!("no room {id}")))?;
    Ok(vec![("chatroom", room.info(form.flag("needOnlineUserCount")))])
}

pub(super) fn get_batch(form: &Form, context: &mut Context<'_>) -> Reply {
    let ids = form.ids("roomids", MOST_ROOMS)?;
    let (mut found, mut missing, mut failed): (Vec<Json>, Vec<Json>, Vec<Json>) = Default::default();
    for id in ids {
        match context.state.rooms.get(&id) {
            None => missing.push(id.into()),
            Some(_) if failed.is_empty() && context.has(&Fault::FailRooms) => failed.push(id.into()),
            Some(room) => found.push(room.info(form.flag("needOnlineUserCount"))),
        }
    }
    let lists = [("succRooms", found), ("noExistRooms", missing), ("failRooms", failed)];
    Ok(lists.into_iter().map(|(name, list)| (name, Json::Array(list))).collect())
}

pub(super) fn by_creator(form: &Form, context: &mut Context<'_>) -> Reply {
    let creator = form.text("creator")?;
    let open = context.state.rooms.values().filter(|room| room.config.creator == creator && !room.config.closed);
    let ids = open.map(|room| room.config.id.to_string().into()).collect();
    Ok(vec![("desc", Json::Object(vec![("roomids", Json::Array(ids))]))])
}
