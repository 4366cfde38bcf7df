//! The reads of groups: what they are, whose they are, which there are.

use serde_json::Value;

use super::{Args, Context, Reply};
use crate::tim::{
    config::GroupKind,
    groups::Group,
    json::{Array, JSON, Object, PLAIN},
    member::{Custom, Role},
    refusal::Refusal,
};

/// The basic fields of a group, in the vendor's order.
const BASE_FIELDS: [&str; 19] = [
    "Type",
    "Name",
    "Appid",
    "Introduction",
    "Notification",
    "FaceUrl",
    "Owner_Account",
    "CreateTime",
    "InfoSeq",
    "LastInfoTime",
    "LastMsgTime",
    "NextMsgSeq",
    "MemberNum",
    "MaxMemberNum",
    "ApplyJoinOption",
    "InviteJoinOption",
    "MuteAllMember",
    "EnablePermission",
    "DefaultPermission",
];

fn base_field(object: Object, group: &Group, app: u32, name: &str) -> Object {
    let community = group.kind == GroupKind::Community;
    match name {
        "Type" => object.field(name, group.kind.as_str()),
        "Name" => object.field(name, &format!("沙盒 {}", group.id)),
        "Appid" => object.field(name, &app),
        "Introduction" | "Notification" | "FaceUrl" => object.field(name, ""),
        "Owner_Account" => {
            let owner = group.order().first().filter(|seat| group.role(**seat) == Role::Owner);
            object.field(name, &owner.map(|seat| group.account(*seat)).unwrap_or_default())
        }
        "CreateTime" => object.field(name, &1_600_000_000),
        "InfoSeq" => object.field(name, &1),
        "LastInfoTime" | "LastMsgTime" => object.field(name, &1_700_000_000),
        "NextMsgSeq" => object.field(name, &u32::MAX),
        // Not to be relied on for a live room.
        "MemberNum" if group.kind == GroupKind::AVChatRoom => object.field(name, &(group.len() / 7 * 7)),
        "MemberNum" => object.field(name, &group.len()),
        "MaxMemberNum" => match group.kind {
            GroupKind::Community => object.field(name, &1_000_000),
            GroupKind::AVChatRoom => object.field(name, &0),
            _ => object.field(name, &6_000),
        },
        "ApplyJoinOption" => object.field(name, "FreeAccess"),
        "InviteJoinOption" => object.field(name, "DisableInvite"),
        "MuteAllMember" => object.field(name, "Off"),
        "EnablePermission" | "DefaultPermission" if community => object.field(name, &0),
        _ => object,
    }
}

fn base_fields<'a>(filter: Option<&Args<'a>>) -> Result<Option<Vec<&'a str>>, Refusal> {
    let Some(names) = filter.map(|filter| filter.texts("GroupBaseInfoFilter")).transpose()?.flatten() else {
        return Ok(None);
    };
    // "GroupId" always comes; "ShutUpAllMember" is the older name of the last switch.
    let known = |name: &&str| BASE_FIELDS.contains(name) || matches!(*name, "GroupId" | "ShutUpAllMember");
    match names.iter().find(|name| !known(name)) {
        Some(name) => Err(Refusal::parameter(format!("{name:?} is no field of a group"))),
        None => Ok(Some(names)),
    }
}

pub(super) fn group_info(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let ids = args.texts("GroupIdList")?.filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Refusal::parameter("GroupIdList is missing or empty"))?;
    if ids.len() > 50 {
        return Err(Refusal::parameter(format!("{} groups in GroupIdList, at most 50", ids.len())));
    }
    let filter = args.inner("ResponseFilter")?;
    let base = base_fields(filter.as_ref())?;
    let rows = filter.as_ref().map(|filter| filter.fields("MemberInfoFilter")).transpose()?.flatten();
    let keys = filter.as_ref().map(|filter| filter.texts("AppDefinedDataFilter_Group")).transpose()?.flatten();
    let member_keys =
        filter.as_ref().map(|filter| filter.texts("AppDefinedDataFilter_GroupMember")).transpose()?.flatten();
    let app = context.config.sdk_app_id;

    let mut list = Array::new();
    for id in ids {
        let group = match context.groups.find(id) {
            Ok(group) => group,
            // Each group has its own outcome inside an OK.
            Err(refusal) => {
                let item = Object::new().field("GroupId", id).field("ErrorCode", &refusal.code);
                list.push_raw(&item.field("ErrorInfo", &refusal.info).end());
                continue;
            }
        };
        let mut item = Object::new().field("GroupId", id).field("ErrorCode", &0).field("ErrorInfo", "");
        for name in BASE_FIELDS {
            if base.as_ref().is_none_or(|wanted| wanted.contains(&name)) {
                item = base_field(item, group, app, name);
            }
        }
        if group.custom_fields && keys.as_ref().is_none_or(|keys| keys.contains(&"GroupDefined1")) {
            let pair = Object::new().field("Key", "GroupDefined1").field("Value", "华东");
            let mut pairs = Array::new();
            pairs.push_raw(&pair.end());
            item = item.raw("AppDefinedData", &pairs.end());
        }
        // Members only where they are asked for by field, and never of a live room.
        if let Some(fields) = rows.as_ref().filter(|_| group.kind != GroupKind::AVChatRoom) {
            let mut fields = fields.clone();
            if let (true, Some(keys)) = (group.custom_fields, &member_keys) {
                fields.custom = Custom::Only(keys.iter().map(|key| (*key).to_owned()).collect());
            }
            let mut members = Array::new();
            for seat in group.order() {
                let (account, attributes) = (group.account(*seat), group.attributes(*seat));
                members.push(&fields.row(&account, group.role(*seat), group.join_time(*seat), &attributes));
                if members.len() > context.config.max_answer {
                    break;
                }
            }
            item = item.raw("MemberList", &members.end());
        }
        list.push_raw(&item.end());
        context.fits(list.len())?;
    }
    Ok(context.ok().raw("GroupInfo", &list.end()).answer(JSON))
}

fn group_type(args: &Args<'_>) -> Result<Option<GroupKind>, Refusal> {
    let Some(name) = args.maybe_text("GroupType")? else {
        return Ok(None);
    };
    let kind = GroupKind::from_wire(name);
    kind.map(Some).ok_or_else(|| Refusal::parameter(format!("{name:?} is no GroupType")))
}

pub(super) fn joined_group_list(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let account = match args.0.get("Member_Account") {
        Some(Value::String(account)) => account,
        Some(_) => return Err(Refusal::new(60015, "Member_Account is not a string")),
        None => return Err(Refusal::parameter("Member_Account is missing")),
    };
    let kind = group_type(args)?;
    let huge = args.number("WithHugeGroups")? == Some(1);
    let limit = args.limit(u32::MAX)?.unwrap_or(usize::MAX);
    let offset = usize::try_from(args.number("Offset")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let filter = args.inner("ResponseFilter")?;
    let base = base_fields(filter.as_ref())?.unwrap_or_default();
    let own = filter.as_ref().map(|filter| filter.fields("SelfInfoFilter")).transpose()?.flatten();
    let app = context.config.sdk_app_id;

    let joined = context.groups.all().iter().filter_map(|group| Some((group, group.seat(account)?)));
    let joined: Vec<_> = joined
        .filter(|(group, _)| kind.is_none_or(|kind| group.kind == kind))
        .filter(|(group, _)| huge || group.kind != GroupKind::AVChatRoom)
        .collect();
    let mut list = Array::new();
    for (group, seat) in joined.iter().skip(offset).take(limit) {
        let mut item = Object::new().field("GroupId", &group.id);
        for name in BASE_FIELDS.iter().filter(|name| base.contains(name)) {
            item = base_field(item, group, app, name);
        }
        if let Some(fields) = &own {
            let row = fields.row(account, group.role(*seat), group.join_time(*seat), &group.attributes(*seat));
            item = item.field("SelfInfo", &row);
        }
        list.push_raw(&item.end());
    }
    Ok(context.ok().field("TotalCount", &joined.len()).raw("GroupIdList", &list.end()).answer(JSON))
}

/// Cursors of the app's group list do not fit into 32 bits.
const GROUP_CURSOR: u64 = 9_040_992_949;

pub(super) fn appid_group_list(args: &Args<'_>, context: &mut Context<'_>) -> Reply {
    let kind = group_type(args)?;
    let limit = args.limit(10_000)?.unwrap_or(10_000);
    let start = match args.number("Next")?.unwrap_or(0) {
        0 => 0,
        next => next.checked_sub(GROUP_CURSOR).and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX),
    };
    let groups: Vec<&Group> = context.groups.all().iter().filter(|g| kind.is_none_or(|kind| g.kind == kind)).collect();
    if start > groups.len() {
        return Err(Refusal::parameter("Next is not one this service gave"));
    }
    let end = start.saturating_add(limit).min(groups.len());
    let mut list = Array::new();
    for group in &groups[start..end] {
        list.push_raw(&Object::new().field("GroupId", &group.id).end());
    }
    let next = if end < groups.len() { GROUP_CURSOR + end as u64 } else { 0 };
    // The vendor's sample has no ErrorInfo.
    let object = Object::ok(false).field("TotalCount", &groups.len()).raw("GroupIdList", &list.end());
    Ok(object.field("Next", &next).answer(PLAIN))
}
