//! The other reads of members: some of them, their roles, who is online, muted or banned.

use super::{Args, Context, Reply, group_member_info::has_role};
use crate::tim::{
    config::GroupKind,
    faults::Fault,
    json::{Array, JSON, Object, PLAIN},
    refusal::Refusal,
};

pub(super) fn specified_group_member_info(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let faults = context.faults;
    let accounts = args.accounts("Member_List_Account", 50)?;
    let group = context.group(args)?;
    if group.kind == GroupKind::AVChatRoom {
        return Err(Refusal::new(10007, "an AVChatRoom has no member list"));
    }
    let roles = args.roles()?;
    let fields = args.row_fields(group, faults, true)?;
    // In the order of the group, not of the request.
    let mut seats: Vec<u32> = accounts.iter().filter_map(|account| group.seat(account)).collect();
    seats.sort_unstable();
    seats.dedup();
    seats.retain(|seat| has_role(group, *seat, roles.as_deref()));
    let mut list = Array::new();
    for (at, seat) in seats.iter().enumerate() {
        let (account, attributes) = (group.account(*seat), group.attributes(*seat));
        let mut row = fields.row(&account, group.role(*seat), group.join_time(*seat), &attributes);
        if faults.contains(&Fault::BadRow) && at == seats.len() / 2 {
            row.spoil();
        }
        list.push(&row);
    }
    let id = group.id.clone();
    Ok(context.ok().field("GroupId", &id).raw("MemberList", &list.end()).answer(JSON))
}

pub(super) fn role_in_group(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let accounts = args.accounts("User_Account", 500)?;
    let group = context.group(args)?;
    if group.kind == GroupKind::AVChatRoom {
        return Err(Refusal::new(10007, "an AVChatRoom has no roles to ask for"));
    }
    let mut list = Array::new();
    for account in accounts {
        let role = group.seat(account).map_or("NotMember", |seat| group.role(seat).as_str());
        list.push_raw(&Object::new().field("Member_Account", account).field("Role", role).end());
    }
    Ok(context.ok().raw("UserIdList", &list.end()).answer(PLAIN))
}

pub(super) fn online_member_num(args: &Args<'_>, context: &mut Context<'_>, million: bool) -> Reply {
    let group = context.group(args)?;
    if million != (group.kind == GroupKind::Community) {
        return Err(Refusal::parameter("million_group_open_http_svc is for a Community, and only that"));
    }
    let online = match group.kind {
        GroupKind::AVChatRoom => group.len(),
        _ => group.order().iter().filter(|seat| group.attributes(**seat).online).count(),
    };
    Ok(context.ok().field("OnlineMemberNum", &online).answer(JSON))
}

/// All at once below this many; pages of as many above.
const ONLINE_PAGE: usize = 250;
const ONLINE_MAX: usize = 1000;
/// `NextTimestamp` is in milliseconds and beyond 32 bits.
const ONLINE_CLOCK: u64 = 1_718_000_000_000;

pub(super) fn members(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let timestamp = args.number("Timestamp")?.ok_or_else(|| Refusal::parameter("Timestamp is missing"))?;
    let group = context.group(args)?;
    if group.kind != GroupKind::AVChatRoom {
        return Err(Refusal::new(10007, "only an AVChatRoom can be asked who is online"));
    }
    let newest = &group.order()[group.len().saturating_sub(ONLINE_MAX)..];
    let before = match timestamp {
        0 => u64::MAX,
        given => given.checked_sub(ONLINE_CLOCK).ok_or_else(|| Refusal::parameter("Timestamp was never given out"))?,
    };
    let end = newest.partition_point(|seat| u64::from(*seat) < before);
    let begin = if newest.len() < ONLINE_PAGE { 0 } else { end.saturating_sub(ONLINE_PAGE) };
    let next = if begin == 0 { 0 } else { ONLINE_CLOCK + u64::from(newest[begin]) };
    let mut list = Array::new();
    for seat in newest[begin..end].iter().rev() {
        let row = Object::new()
            .field("Member_Account", &*group.account(*seat))
            .field("JoinTime", &group.join_time(*seat))
            .field("NickName", group.attributes(*seat).name_card)
            .field("Avatar", "");
        list.push_raw(&row.end());
    }
    Ok(context.ok().raw("MemberList", &list.end()).field("NextTimestamp", &next).answer(PLAIN))
}

pub(super) fn group_muted_account(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let now = context.now;
    let group = context.group(args)?;
    let mut list = Array::new();
    for seat in group.order() {
        let attributes = group.attributes(*seat);
        if attributes.is_muted(now) {
            let row = Object::new().field("Member_Account", &*group.account(*seat));
            list.push_raw(&row.field("MutedUntil", &attributes.mute_until).end());
        }
    }
    // The vendor's sample has no ErrorInfo.
    Ok(Object::ok(false).field("GroupId", &group.id).raw("MutedAccountList", &list.end()).answer(PLAIN))
}

pub(super) fn group_ban_member(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let limit = args.limit(100)?.unwrap_or(100) as u64;
    let offset = args.number("Offset")?.ok_or_else(|| Refusal::parameter("Offset is missing"))?;
    let group = context.group(args)?;
    // One banned for every twenty members, ordered by the end of the ban.
    let banned = (group.len() as u64 / 20).min(250);
    let end = offset.saturating_add(limit).min(banned);
    let mut list = Array::new();
    for n in offset..end {
        let row = Object::new().field("Member_Account", &format!("banned{n:06}"));
        list.push_raw(&row.field("BannedUntil", &(4_000_000_000 + n / 2 * 60)).end());
    }
    let next = if end < banned { end } else { 0 };
    Ok(context.ok().raw("BannedAccountList", &list.end()).field("NextOffset", &next).answer(JSON))
}
