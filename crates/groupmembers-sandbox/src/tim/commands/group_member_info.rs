//! `group_open_http_svc/get_group_member_info`: by offset, or for a Community by cursor.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Args, Context, Reply};
use crate::tim::{
    config::{Config, GroupKind},
    faults::Fault,
    groups::Group,
    json::{Array, JSON},
    member::Role,
    refusal::Refusal,
};

/// The rows of one page, and where the next one begins.
struct Page {
    seats: Vec<u32>,
    next: Option<String>,
}

pub(super) fn group_member_info(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let (config, faults) = (context.config, context.faults);
    let group = context.group(args)?;
    if group.kind == GroupKind::AVChatRoom {
        return Err(Refusal::new(10007, "an AVChatRoom has no member list"));
    }
    let roles = args.roles()?;
    let fields = args.row_fields(group, faults, false)?;
    group.churn();
    let page = if group.kind == GroupKind::Community {
        page_by_cursor(args, config, faults, group, roles.as_deref())?
    } else {
        page_by_offset(args, config, faults, group, roles.as_deref())?
    };
    let too_large = |rows: u32| page.seats.len() > rows as usize;
    if faults.iter().any(|fault| matches!(fault, Fault::TooLarge(rows) if too_large(*rows))) {
        return Err(Refusal::new(10018, "fault: pages as large as this are refused"));
    }

    let mut list = Array::new();
    let spoilt = faults.contains(&Fault::BadRow).then_some(page.seats.len() / 2);
    for (at, seat) in page.seats.iter().enumerate() {
        let (account, attributes) = (group.account(*seat), group.attributes(*seat));
        let mut row = fields.row(&account, group.role(*seat), group.join_time(*seat), &attributes);
        if spoilt == Some(at) {
            row.spoil();
        }
        list.push(&row);
        // A million rows are not written only to be refused.
        if list.len() > config.max_answer {
            break;
        }
    }
    let (next, total) = (page.next, group.len());
    group.churn();

    context.fits(list.len())?;
    let mut object = context.ok();
    if let Some(next) = next {
        object = object.field("Next", &next);
    }
    object = if fields.string_numbers {
        object.field("MemberNum", &total.to_string())
    } else {
        object.field("MemberNum", &total)
    };
    let list = if context.has(&Fault::NullList) { b"null".to_vec() } else { list.end() };
    Ok(object.raw("MemberList", &list).answer(JSON))
}

pub(super) fn has_role(group: &Group, seat: u32, roles: Option<&[Role]>) -> bool {
    roles.is_none_or(|roles| roles.contains(&group.role(seat)))
}

/// The faults that make a page shorter than was asked for.
fn clamp(faults: &[Fault], limit: usize) -> usize {
    let clamp = |limit: usize, fault: &Fault| match fault {
        Fault::ClampPage(rows) => limit.min(*rows as usize),
        _ => limit,
    };
    faults.iter().fold(limit, clamp)
}

fn page_by_offset(
    args: &Args<'_>,
    config: &Config,
    faults: &[Fault],
    group: &mut Group,
    roles: Option<&[Role]>,
) -> Result<Page, Refusal> {
    if args.0.contains_key("Next") {
        return Err(Refusal::parameter("Next is for a Community only"));
    }
    let limit = clamp(faults, args.limit(config.max_page)?.unwrap_or(usize::MAX));
    let offset = usize::try_from(args.number("Offset")?.unwrap_or(0)).unwrap_or(usize::MAX);

    let mut order = Cow::Borrowed(group.order());
    if faults.contains(&Fault::UnstableOrder) {
        let mut shuffled = order.into_owned();
        group.rng().shuffle(&mut shuffled);
        order = Cow::Owned(shuffled);
    }
    let wanted = |seat: &&u32| has_role(group, **seat, roles);
    let seats = if config.offset_counts_filtered_rows {
        order.iter().filter(wanted).skip(offset).take(limit).copied().collect()
    } else {
        order.iter().skip(offset).take(limit).filter(wanted).copied().collect()
    };
    Ok(Page { seats, next: None })
}

fn page_by_cursor(
    args: &Args<'_>,
    config: &Config,
    faults: &[Fault],
    group: &mut Group,
    roles: Option<&[Role]>,
) -> Result<Page, Refusal> {
    if args.0.contains_key("Offset") {
        return Err(Refusal::parameter("Offset is not for a Community"));
    }
    let sent = args.text("Next")?;
    let limit = clamp(faults, args.limit(config.max_community_page)?.unwrap_or(usize::MAX));
    let cursor = match sent {
        "" => Cursor { seat: 0, turn: 0 },
        sent => Cursor::parse(sent).ok_or_else(|| Refusal::parameter("Next is not one this service gave"))?,
    };
    if faults.contains(&Fault::EmptyPage) {
        let turned = Cursor { turn: cursor.turn + 1, ..cursor };
        return Ok(Page { seats: Vec::new(), next: Some(turned.to_string()) });
    }

    let start = group.order().partition_point(|seat| *seat < cursor.seat);
    let mut rest = group.order()[start..].iter().filter(|seat| has_role(group, **seat, roles));
    let mut seats: Vec<u32> = rest.by_ref().take(limit).copied().collect();
    let next = match (rest.next(), seats.last()) {
        (Some(_), Some(last)) => Cursor { seat: last + 1, turn: 0 }.to_string(),
        _ => String::new(),
    };
    let stuck = !sent.is_empty() && faults.contains(&Fault::StuckCursor);
    if faults.contains(&Fault::UnstableOrder) {
        group.rng().shuffle(&mut seats);
    }
    Ok(Page { seats, next: Some(if stuck { sent.to_owned() } else { next }) })
}

/// A place in a Community's list: before a seat, taken or not. `turn` tells apart cursors to the same place.
#[derive(Clone, Copy)]
struct Cursor {
    seat: u32,
    turn: u64,
}

const CURSOR_BASE: u64 = 144_115_000_000_000_000;
const TURNS: u64 = 1024;

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let number = STANDARD.decode(text.strip_prefix("TGS")?).ok()?;
        let place = std::str::from_utf8(&number).ok()?.parse::<u64>().ok()?.checked_sub(CURSOR_BASE)?;
        Some(Self { seat: u32::try_from(place / TURNS).ok()?, turn: place % TURNS })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = CURSOR_BASE + u64::from(self.seat) * TURNS + self.turn % TURNS;
        write!(f, "TGS{}", STANDARD.encode(number.to_string()))
    }
}
