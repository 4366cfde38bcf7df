//! Everything but the member list.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::Value;

use super::{
    command,
    envelope::{Fields, array, json},
    faults::Fault,
    group::Group,
    refusal::{Refusal, object},
    routes::Ask,
    token::Holder,
    users::Style,
};

const MOST_DETAILS: usize = 100;
const MOST_TARGETS: usize = 10;
/// What the block list gives when nothing is said about pages, and the most it gives on one.
const BLOCKED_AT_ONCE: usize = 500;
const BLOCKED_PAGE: usize = 50;
/// What the simple list of joined groups gives when nothing is said about pages.
const JOINED_AT_ONCE: usize = 500;
const JOINED_PAGE: usize = 5;
/// A mute that is never over.
const FOR_EVER: u64 = 4_638_873_600_000;

/// The lists that need nothing but the group.
pub(crate) fn of_group(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let id = ask.command.group.as_str();
    let missing = ask.no_group(id);
    ask.permit(id, !matches!(ask.command.name, command::ADMINS | command::ROLES))?;
    let now = ask.now;
    let group = ask.groups.find(id).ok_or(missing)?;
    let ids = |seats: Vec<_>| array(seats.into_iter().map(|seat| json(&*group.id(seat))));
    let (data, count) = match ask.command.name {
        command::ADMINS => {
            let admins: Vec<_> = group.seats().iter().filter(|seat| seat.role.as_str() == "admin").collect();
            let count = admins.len();
            (ids(admins), count)
        }
        command::MUTED => {
            let muted: Vec<_> = group.muted().collect();
            let count = muted.len();
            let one = |seat: &super::group::Seat| {
                let expire =
                    if seat.number.is_multiple_of(4) { FOR_EVER } else { now + u64::from(seat.number + 1) * 60_000 };
                Fields::default().with("expire", &expire).with("user", &*group.id(seat)).write()
            };
            (array(muted.into_iter().map(one)), count)
        }
        // Undocumented: the fields are those of a recording.
        command::ROLES => {
            let one = |seat: &super::group::Seat| {
                let online = !seat.number.is_multiple_of(3);
                let fields = Fields::default().with("username", &*group.id(seat)).with("role", seat.role.as_str());
                fields.with("online", &online).write()
            };
            (array(group.seats().iter().map(one)), group.seats().len())
        }
        command::ALLOWED => {
            let allowed: Vec<_> = group.allowed().collect();
            let count = allowed.len();
            (ids(allowed), count)
        }
        _ => return blocked(ask),
    };
    let fields = ask.envelope(data);
    // Of the mute list no sample has a count.
    Ok(if ask.command.name == command::MUTED { fields } else { ask.with_count(fields, count) })
}

/// Paged only when `pageSize`, spelt like this, or a cursor is sent.
fn blocked(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let id = ask.command.group.as_str();
    let cursor = ask.query.get("cursor").filter(|cursor| !cursor.is_empty());
    let size = match ask.query.number("pageSize", 1)? {
        Some(size) => size.min(BLOCKED_PAGE),
        None if cursor.is_some() => BLOCKED_PAGE,
        None => BLOCKED_AT_ONCE,
    };
    let name = format!("blocks:{id}_");
    let start = cursor.map_or(Ok(0), |cursor| place(&name, cursor))?;
    let missing = ask.no_group(id);
    let all: Vec<String> = ask.groups.find(id).ok_or(missing)?.blocked().collect();
    let page: Vec<&String> = all.iter().skip(start).take(size).collect();
    let next = start + page.len();
    let cursor = (next < all.len()).then(|| mark(&name, next));
    let fields = ask.with_cursor(ask.envelope(json(&page)), cursor, mark(&name, all.len()), page.len());
    Ok(ask.with_count(fields, page.len()))
}

fn mark(name: &str, next: usize) -> String {
    STANDARD_NO_PAD.encode(format!("{name}{next}"))
}

fn place(name: &str, cursor: &str) -> Result<usize, Refusal> {
    let bytes = STANDARD_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let number = text.and_then(|text| text.strip_prefix(name)?.parse().ok());
    number.ok_or_else(|| Refusal::parameter("cursor is invalid"))
}

/// `chatgroups`, newest first.
pub(crate) fn groups(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    if let Holder::User(user) = ask.holder {
        return Err(Refusal::permission(format!("{user:?} is no app")));
    }
    let limit = ask.query.number("limit", 1)?.unwrap_or(10).min(1_000);
    let name = format!("chatgroups:{}/{}_", ask.config.org, ask.config.app);
    let cursor = ask.query.get("cursor").filter(|cursor| !cursor.is_empty());
    let start = cursor.map_or(Ok(0), |cursor| place(&name, cursor))?;
    let modified = if ask.has(&Fault::EmSpelling) { "last_modified" } else { "lastModified" };
    let one = |group: &Group| {
        Fields::default()
            .with("owner", &format!("{}#{}_{}", ask.config.org, ask.config.app, group.owner()))
            .with("groupid", &group.config.id)
            .with("affiliations", &group.seats().len())
            .with("type", "group")
            .with(modified, &group.created.to_string())
            .with("groupname", &group.config.name)
            .write()
    };
    let all = &ask.groups.list;
    let page: Vec<Vec<u8>> = all.iter().skip(start).take(limit).map(one).collect();
    let (rows, next) = (page.len(), start + page.len());
    let cursor = (next < all.len()).then(|| mark(&name, next));
    let fields = ask.with_cursor(ask.envelope(array(page)), cursor, mark(&name, all.len()), rows);
    Ok(ask.with_count(fields, rows))
}

/// `chatgroups/{id1,id2}`.
pub(crate) fn details(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let ids = ask.command.groups();
    if ids.len() > MOST_DETAILS {
        return Err(Refusal::parameter(format!("groupIds size is more than max limit : {MOST_DETAILS}")));
    }
    let (mut rows, mut found) = (Vec::new(), 0);
    for id in &ids {
        ask.permit(id, false)?;
        let missing = ask.no_group(id);
        let style = Style {
            faults: ask.faults,
            joined_time: ask.query.get("joined_time") == Some("true"),
            // Admins have no key of their own here.
            admin_as_member: true,
            bare_ids: false,
        };
        let wrong = if ask.has(&Fault::WrongAffiliations) { 3 } else { 0 };
        let most = ask.config.max_affiliations;
        match ask.groups.find(id) {
            Some(group) => {
                found += 1;
                let (affiliations, _) = style.entries(group, group.seats().iter().take(most));
                rows.push(
                    about(group, "id")
                        .with("custom", "")
                        .with("mute", &false)
                        .with("affiliations_count", &(group.seats().len() + wrong))
                        .with("disabled", &group.config.disabled)
                        .raw("affiliations", affiliations)
                        .with("public", &group.config.public)
                        .write(),
                );
            }
            None if ids.len() == 1 => return Err(missing),
            None => rows.push(Fields::default().with("id", id).with("error", "group id doesn't exist").write()),
        }
    }
    Ok(ask.with_count(ask.envelope(array(rows)), found))
}

fn about(group: &Group, id: &'static str) -> Fields {
    let config = &group.config;
    let most = if config.members > 3_000 { 100_000 } else { 3_000 };
    Fields::default()
        .with(id, &config.id)
        .with("name", &config.name)
        .with("avatar", "")
        .with("description", &format!("{} 的群介绍", config.name))
        .with("membersonly", &!config.public)
        .with("allowinvites", &!config.public)
        .with("maxusers", &most)
        .with("owner", &*group.owner())
        .with("created", &group.created)
}

/// The indices of the groups a user is in.
fn joined_by(ask: &Ask<'_>) -> Result<Vec<usize>, Refusal> {
    let user = ask.command.user.as_str();
    if let Holder::User(caller) = ask.holder
        && caller != user
    {
        return Err(Refusal::permission(format!("{caller:?} asks about {user:?}")));
    }
    let list = &ask.groups.list;
    if !list.iter().any(|group| group.knows(user)) {
        return Err(Refusal::no_user(user));
    }
    Ok((0..list.len()).filter(|at| list[*at].seat(user).is_some()).collect())
}

/// `chatgroups/user/{user}`: its first page is 0, and the list is in `entities`.
pub(crate) fn joined(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let all = joined_by(ask)?;
    let page = ask.query.number("pagenum", 0)?.unwrap_or(0);
    let size = ask.query.number("pagesize", 1)?.unwrap_or(JOINED_PAGE).min(ask.config.max_joined_page);
    let one = |at: &usize| {
        let group = &ask.groups.list[*at];
        about(group, "groupId")
            .with("id", &group.config.id)
            .with("disabled", &group.config.disabled)
            .with("public", &group.config.public)
            .write()
    };
    let rows = array(all.iter().skip(page.saturating_mul(size)).take(size).map(one));
    Ok(Fields::default()
        .with("action", "get")
        .with("duration", &0)
        .raw("entities", rows)
        .with("timestamp", &ask.now)
        .with("total", &all.len())
        .with("uri", ask.uri()))
}

/// `users/{user}/joined_chatgroups`: its first page is 1, and without a word about pages it gives 500.
pub(crate) fn joined_simple(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let all = joined_by(ask)?;
    let (page, size) = (ask.query.number("pagenum", 1)?, ask.query.number("pagesize", 1)?);
    let size = match (page, size) {
        (None, None) => JOINED_AT_ONCE,
        (_, size) => size.unwrap_or(JOINED_PAGE).min(ask.config.max_joined_page),
    };
    let one = |at: &usize| {
        let config = &ask.groups.list[*at].config;
        Fields::default().with("groupid", &config.id).with("groupname", &config.name).write()
    };
    let start = page.unwrap_or(1).saturating_sub(1).saturating_mul(size);
    let rows: Vec<Vec<u8>> = all.iter().skip(start).take(size).map(one).collect();
    let count = rows.len();
    Ok(ask.with_count(ask.envelope(array(rows)), count))
}

/// `chatgroups/{id}/user/{user}/is_joined`.
pub(crate) fn is_joined(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let (id, user) = (ask.command.group.as_str(), ask.command.user.as_str());
    let missing = ask.no_group(id);
    if *ask.holder != Holder::User(user.to_owned()) {
        ask.permit(id, false)?;
    }
    let joined = ask.groups.find(id).ok_or(missing)?.seat(user).is_some();
    // An envelope of its own, in every sample.
    Ok(Fields::default()
        .with("action", "get")
        .with("application", ask.application)
        .with("data", &joined)
        .with("duration", &0)
        .with("organization", &ask.config.org)
        .with("timestamp", &ask.now))
}

/// `metadata/chatgroup/{id}/user/{user}`.
pub(crate) fn attributes(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let (id, user) = (ask.command.group.as_str(), ask.command.user.as_str());
    let all = of_users(ask, id, &[user.to_owned()], &[])?;
    match all.into_iter().next() {
        Some((_, attributes)) => Ok(ask.short_envelope(attributes)),
        None => Err(Refusal::new(404, "MetadataException", "user not in group", format!("{user:?} is not in it"))),
    }
}

/// `metadata/chatgroup/{id}/get`: of several members at once.
pub(crate) fn attributes_of(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let body = object(ask.body)?;
    let texts = |name: &str| -> Vec<String> {
        let list = body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let (targets, properties) = (texts("targets"), texts("properties"));
    if targets.is_empty() {
        return Err(Refusal::parameter("targets must be provided"));
    }
    if targets.len() > MOST_TARGETS {
        let note = format!("{} targets, {MOST_TARGETS} are allowed", targets.len());
        return Err(Refusal::new(400, "metadata_error", "query param reaches limit.", note));
    }
    let all = of_users(ask, &ask.command.group.clone(), &targets, &properties)?;
    let mut data = vec![b'{'];
    for (user, attributes) in all {
        if data.len() > 1 {
            data.push(b',');
        }
        data.extend(json(&user));
        data.push(b':');
        data.extend(attributes);
    }
    data.push(b'}');
    Ok(ask.short_envelope(data))
}

/// Those of them who are in the group, each with an object; all attributes when none are named.
fn of_users(
    ask: &mut Ask<'_>,
    id: &str,
    users: &[String],
    wanted: &[String],
) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
    ask.permit(id, false)?;
    let missing = || Refusal::new(404, "metadata_error", "group not exists", format!("no group {id:?}"));
    let group = ask.groups.find(id).ok_or_else(missing)?;
    let one = |user: &String| {
        let mut fields = Fields::default();
        for (name, value) in group.attributes(group.seat(user)?) {
            if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
                fields = fields.with(name, &value);
            }
        }
        Some((user.clone(), fields.write()))
    };
    Ok(users.iter().filter_map(one).collect())
}
