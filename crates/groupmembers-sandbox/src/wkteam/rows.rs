//! Groups and their members as the vendor writes them: which fields, in which order, null or "".

use super::{
    faults::Fault,
    groups::{Group, Role},
    json::{Fields, Json},
    people::{self, Profile, profile},
};
use crate::rng::mix;

/// The members somebody asked for, in the order they are sent, spoilt as the faults say.
fn listed(group: &mut Group, faults: &[Fault]) -> Vec<u32> {
    let mut persons = group.order().to_vec();
    if faults.contains(&Fault::UnstableOrder) {
        group.rng().shuffle(&mut persons);
    }
    if faults.contains(&Fault::DuplicateRow)
        && let Some(person) = persons.get(persons.len() / 2)
    {
        persons.push(*person);
    }
    persons
}

fn spoil(rows: &mut [Fields], faults: &[Fault]) {
    let middle = rows.len() / 2;
    if faults.contains(&Fault::BadRow)
        && let Some(row) = rows.get_mut(middle)
    {
        row.set("userName", Json::Null);
    }
}

/// What the faults for all kinds of people do to one, the `at`th of those sent.
fn drift(mut row: Fields, at: usize, faults: &[Fault]) -> Fields {
    for fault in faults {
        match fault {
            Fault::EmptyStrings => {
                row.nulls_to_text(&["displayName", "inviterUserName", "remark", "v2", "labelList"]);
            }
            Fault::NullFields if at % 3 == 1 => row.only("userName"),
            Fault::StringNumbers => row.numbers_to_text(),
            Fault::ExtraFields => {
                row = row.with("uin", 0).with("ext", Fields::new().with("level", 3).with("tags", Json::Null));
            }
            _ => {}
        }
    }
    row
}

/// Who invited a member, as far as the WeChat account may know.
fn inviter(group: &Group, person: u32) -> Json {
    let told = matches!(group.own_role(), Some(Role::Owner | Role::Admin));
    group.inviter(person).filter(|_| told).map(str::to_owned).into()
}

fn is_manage(group: &Group, person: u32, faults: &[Fault]) -> bool {
    match group.role(person) {
        Role::Owner => true,
        Role::Admin => faults.contains(&Fault::AdminsManage),
        Role::Member => false,
    }
}

/// `data` of `/getChatRoomMember`: everybody at once.
pub(crate) fn members(group: &mut Group, seed: u64, faults: &[Fault]) -> Vec<Fields> {
    let persons = listed(group, faults);
    let group = &*group;
    let member = |(at, person): (usize, &u32)| {
        let person = *person;
        let profile = profile(seed, group.name(person));
        let picture = |size| match profile.head(size) {
            url if faults.contains(&Fault::Rows2020) => url.replace("https://", "http://"),
            url => url,
        };
        let mut row = Fields::new()
            .with("chatRoomId", group.config.id.clone())
            .with("userName", group.name(person).to_owned())
            .with("nickName", profile.nick_name())
            .with("chatRoomOwner", Json::Null)
            .with("bigHeadImgUrl", picture(0))
            .with("smallHeadImgUrl", picture(132))
            .with("v1", Json::Null)
            // Not the size of the group: the field means nothing here.
            .with("memberCount", 0)
            .with("displayName", group.display_name(person))
            .with("inviterUserName", inviter(group, person))
            .with("notify", Json::Null)
            .with("chatRoomMembers", Json::Null)
            .with("isManage", is_manage(group, person, faults));
        if faults.contains(&Fault::MemberFlag) {
            row = row.with("chatRoomMemberFlag", if group.role(person) == Role::Owner { 9 } else { 1 });
        }
        if faults.contains(&Fault::Rows2020) {
            row.remove(&["displayName", "inviterUserName", "notify", "isManage"]);
        }
        drift(row, at, faults)
    };
    let mut rows: Vec<Fields> = persons.iter().enumerate().map(member).collect();
    for fault in faults {
        if let Fault::ShortList(missing) = fault {
            rows.truncate(rows.len().saturating_sub(*missing as usize));
        }
    }
    spoil(&mut rows, faults);
    rows
}

/// The only element of `data` of `/getChatRoomInfo`.
pub(crate) fn room(group: &mut Group, seed: u64, faults: &[Fault]) -> Fields {
    let has = |fault: &Fault| faults.contains(fault);
    let persons = listed(group, faults);
    let group = &*group;
    let member = |(at, person): (usize, &u32)| {
        let person = *person;
        let mut row = Fields::new()
            .with("userName", group.name(person).to_owned())
            .with("nickName", profile(seed, group.name(person)).nick_name())
            .with("inviterUserName", inviter(group, person))
            .with("isManage", is_manage(group, person, faults));
        if has(&Fault::NikeName) {
            row.rename("nickName", "nikeName");
        }
        drift(row, at, faults)
    };
    let mut members: Vec<Fields> = persons.iter().enumerate().map(member).collect();
    spoil(&mut members, faults);
    let mut count = i64::try_from(group.len()).unwrap_or(i64::MAX);
    for fault in faults {
        match fault {
            Fault::WrongCount(delta) => count += i64::from(*delta),
            Fault::ZeroCount => count = 0,
            _ => {}
        }
    }
    let mut room = Fields::new()
        .with("chatRoomId", group.config.id.clone())
        .with("userName", group.config.id.clone())
        .with("nickName", group.config.name.clone())
        .with("chatRoomOwner", group.owner().map(str::to_owned))
        .with("bigHeadImgUrl", Json::Null)
        .with("smallHeadImgUrl", people::picture("mmcrhead", group.seed, 0))
        .with("v1", ticket(group.seed))
        .with("memberCount", count)
        .with("displayName", Json::Null)
        .with("inviterUserName", Json::Null)
        .with("notify", 1)
        .with("chatRoomMembers", members)
        .with("isManage", Json::Null);
    if has(&Fault::NikeName) {
        room.set("userName", Json::Null);
    }
    if has(&Fault::NullRoom) {
        for name in ["chatRoomOwner", "memberCount", "chatRoomMembers"] {
            room.set(name, Json::Null);
        }
    }
    // The first of one: a third of them is not this one.
    drift(room, 0, faults)
}

fn ticket(hash: u64) -> String {
    format!("v3_020b3826fd0301000000000{:016x}@stranger", mix(hash))
}

/// An element of `data` of `/getChatRoomMemberInfo`.
pub(crate) fn detail(profile: &Profile, faults: &[Fault]) -> Fields {
    drift(profile.detail(), 1, faults)
}

/// The `at`th element of `data` of `/getContact`: somebody.
pub(crate) fn contact(profile: &Profile, at: usize, faults: &[Fault]) -> Fields {
    let mut row = profile.detail();
    row.remove(&["province", "city", "v2"]);
    drift(row, at, faults)
}

/// The `at`th element of `data` of `/getContact`: a group, of which only the name and the picture are told.
pub(crate) fn group_contact(group: &Group, at: usize, faults: &[Fault]) -> Fields {
    let row = Fields::new()
        .with("userName", group.config.id.clone())
        .with("nickName", group.config.name.clone())
        .with("remark", Json::Null)
        .with("signature", Json::Null)
        .with("sex", 0)
        .with("aliasName", Json::Null)
        .with("country", Json::Null)
        .with("bigHead", Json::Null)
        .with("smallHead", people::picture("mmcrhead", group.seed, 0))
        .with("labelList", Json::Null)
        .with("v1", ticket(group.seed));
    drift(row, at, faults)
}
