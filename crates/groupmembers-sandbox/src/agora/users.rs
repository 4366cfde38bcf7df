//! `chatgroups/{id}/users`: the documented pages, and the cursor mode that the vendor's SDKs use on the same path.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::{
    envelope::{Fields, write_json},
    faults::Fault,
    group::{Group, Role, Seat},
    refusal::Refusal,
    routes::Ask,
};

/// How entries are to look.
pub(crate) struct Style<'a> {
    pub(crate) faults: &'a [Fault],
    pub(crate) joined_time: bool,
    pub(crate) admin_as_member: bool,
    pub(crate) bare_ids: bool,
}

impl Style<'_> {
    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    fn entry(&self, out: &mut Vec<u8>, group: &Group, seat: &Seat) {
        let id = group.id(seat);
        if self.bare_ids {
            return write_json(out, &*id);
        }
        let key = match seat.role {
            Role::Admin if self.admin_as_member => "member",
            Role::Member if self.has(&Fault::UnknownRole) => "observer",
            role => role.as_str(),
        };
        out.push(b'{');
        write_json(out, key);
        out.push(b':');
        write_json(out, &*id);
        if self.joined_time && !(self.has(&Fault::MissingTimes) && seat.number % 3 == 2) {
            let joined = if self.has(&Fault::ShortTimes) { seat.joined / 10 } else { seat.joined };
            out.extend_from_slice(br#","joined_time":"#);
            if self.has(&Fault::StringTimes) {
                write_json(out, &joined.to_string());
            } else {
                write_json(out, &joined);
            }
        }
        out.push(b'}');
    }

    /// There may be ten thousand: they are written into one buffer.
    pub(crate) fn entries<'s>(
        &self,
        group: &Group,
        seats: impl ExactSizeIterator<Item = &'s Seat>,
    ) -> (Vec<u8>, usize) {
        let count = seats.len();
        let mut out = Vec::with_capacity(2 + count * 56);
        out.push(b'[');
        for (at, seat) in seats.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if self.has(&Fault::BadRow) && at == count / 2 {
                out.extend_from_slice(b"null");
            } else {
                self.entry(&mut out, group, seat);
            }
        }
        out.push(b']');
        (out, count)
    }
}

pub(crate) fn list(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let id = ask.command.group.as_str();
    let missing = ask.no_group(id);
    ask.permit(id, false)?;
    ask.groups.find(id).ok_or(missing)?.churn();
    let sent = |name: &str| ask.query.get(name).is_some();
    let v3 = ask.query.get("version") == Some("v3");
    let cursors = (v3 || sent("limit") || sent("cursor")) && !ask.has(&Fault::NoCursorMode);
    let answer = if cursors { by_cursor(ask, v3) } else { by_page(ask) };
    if let Some(group) = ask.groups.find(id) {
        group.churn();
    }
    answer
}

fn style<'a>(ask: &Ask<'a>, v3: bool) -> Style<'a> {
    Style {
        faults: ask.faults,
        joined_time: ask.query.get("joined_time") == Some("true"),
        admin_as_member: ask.has(&Fault::AdminAsMember),
        bare_ids: v3 || ask.has(&Fault::BareIds),
    }
}

fn size(ask: &Ask<'_>, name: &str, usual: usize, most: usize) -> Result<usize, Refusal> {
    let size = ask.query.number(name, 1)?.unwrap_or(usual).min(most);
    let clamp = ask.faults.iter().find_map(|fault| match fault {
        Fault::ClampPage(rows) => Some(*rows),
        _ => None,
    });
    Ok(size.min(clamp.unwrap_or(usize::MAX)))
}

fn descending(ask: &Ask<'_>) -> Result<bool, Refusal> {
    match ask.query.get("sort") {
        None | Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        Some(_) => Err(Refusal::parameter("sort is neither asc nor desc")),
    }
}

fn by_page(ask: &mut Ask<'_>) -> Result<Fields, Refusal> {
    let page = ask.query.number("pagenum", 1)?.unwrap_or(1);
    let size = size(ask, "pagesize", ask.config.default_page, ask.config.max_page)?;
    let down = descending(ask)?;
    let style = style(ask, false);
    let (unstable, owner_last) = (ask.has(&Fault::UnstableOrder), ask.has(&Fault::OwnerLast));
    let (repeat, empty) = (ask.has(&Fault::RepeatLastPage), ask.has(&Fault::EmptyPage));
    let Some(group) = ask.groups.find(&ask.command.group) else { return Err(ask.no_group(&ask.command.group)) };

    let total = group.seats().len();
    let mut order: Vec<usize> = Vec::new();
    if unstable {
        order.extend(0..total);
        group.rng().shuffle(&mut order);
    }
    let mut start = (page - 1).saturating_mul(size);
    if repeat && start >= total && total > 0 {
        start = (total - 1) / size * size;
    }
    let end = if empty { start.min(total) } else { start.saturating_add(size).min(total) };
    let seat = |at: usize| {
        &group.seats()[match order.get(at) {
            Some(shuffled) => *shuffled,
            None if owner_last => (at + 1) % total,
            None if down => total - 1 - at,
            None => at,
        }]
    };
    let (data, count) = style.entries(group, (start.min(end)..end).map(seat));
    Ok(ask.with_count(ask.envelope(data), count))
}

fn by_cursor(ask: &mut Ask<'_>, v3: bool) -> Result<Fields, Refusal> {
    let id = ask.command.group.as_str();
    let limit = size(ask, "limit", ask.config.max_cursor_page, ask.config.max_cursor_page)?;
    let down = descending(ask)?;
    let from = match ask.query.get("cursor").filter(|cursor| !cursor.is_empty()) {
        None => From { number: if down { u32::MAX } else { 0 }, end: false },
        Some(cursor) => decode(id, down, cursor).ok_or_else(|| Refusal::parameter("cursor is invalid"))?,
    };
    let style = style(ask, v3);
    let (unstable, empty) = (ask.has(&Fault::UnstableOrder), ask.has(&Fault::EmptyPage));
    let Some(group) = ask.groups.find(id) else { return Err(ask.no_group(id)) };

    // Version 3 leaves the owner out, whose seat is the first.
    let first = usize::from(v3);
    let seats = group.seats();
    let (mut page, next): (Vec<Seat>, Option<u32>) = if down {
        let end = seats.partition_point(|seat| seat.number <= from.number).max(first);
        let start = end.saturating_sub(limit).max(first);
        let next = (start > first).then(|| seats[start - 1].number);
        (seats.get(start..end).unwrap_or_default().iter().rev().copied().collect(), next)
    } else {
        let start = seats.partition_point(|seat| seat.number < from.number).max(first).min(seats.len());
        let end = start.saturating_add(limit).min(seats.len());
        (seats[start..end].to_vec(), seats.get(end).map(|seat| seat.number))
    };
    let mut next = next.map(|number| encode(id, down, number, ""));
    if from.end {
        page.clear();
        next = None;
    }
    if empty {
        // Another cursor to the same place: nothing is lost.
        next = Some(encode(id, down, from.number, "again"));
        page.clear();
    }
    if unstable {
        group.rng().shuffle(&mut page);
    }
    let (data, count) = style.entries(group, page.iter());
    let fields = ask.with_cursor(ask.envelope(data), next, encode(id, down, 0, "end"), count);
    Ok(ask.with_count(fields, count))
}

/// Where a cursor points to.
struct From {
    number: u32,
    /// Behind everything, whichever way it goes.
    end: bool,
}

/// Begins with bytes that base64 writes as `+` and `/`: a client that does not escape its cursors is found out.
const TRAP: [u8; 3] = [0xfb, 0xef, 0xff];

fn encode(group: &str, down: bool, number: u32, mark: &str) -> String {
    let mut bytes = TRAP.to_vec();
    bytes.extend(format!("chatgroup:{group}:{}:{number}:{mark}", if down { "desc" } else { "asc" }).bytes());
    STANDARD_NO_PAD.encode(bytes)
}

/// Only a cursor of this group and this direction.
fn decode(group: &str, down: bool, cursor: &str) -> Option<From> {
    let bytes = STANDARD_NO_PAD.decode(cursor).ok()?;
    let text = std::str::from_utf8(bytes.strip_prefix(&TRAP)?).ok()?;
    let rest = text.strip_prefix("chatgroup:")?.strip_prefix(group)?;
    let rest = rest.strip_prefix(if down { ":desc:" } else { ":asc:" })?;
    let (number, mark) = rest.split_once(':')?;
    Some(From { number: number.parse().ok()?, end: mark == "end" })
}
