//! The rows: whole rows of the tables, with what the models append and the relations they load.

use super::{
    config::GroupConfig,
    groups::{Group, Kind, Row},
    json::{Json, map},
    people::{ShopMember, masked, staff_name, staff_userid},
    time::local,
};

/// Where a row is printed.
pub(crate) struct Shop<'a> {
    pub(crate) uniacid: u32,
    pub(crate) host: &'a str,
    /// Whether staff rows are of the newer kind.
    pub(crate) new_staff: bool,
}

/// WeCom's id of a group.
fn chat_id(group: u32) -> String {
    format!("wrSandbxAAGroupChatNumber{group:07}")
}

fn date(unix: u32) -> Json {
    if unix == 0 { Json::Null } else { local(unix).into() }
}

impl Shop<'_> {
    /// A row of `getGroupMembers` or `getGroupEmployees`.
    pub(crate) fn member(&self, group: &Group, row: &Row) -> Json {
        let (person, external) = (group.person(row), row.kind == Kind::External);
        let invitor = match (external, row.person) {
            (true, _) => person.invitor(group.config.employees),
            (false, 0) => None,
            (false, _) => Some(0),
        };
        let customer = (external && person.is_customer()).then(|| person.shop_member());
        let member = customer.clone().flatten();
        let parent = if external { person.parent() } else { None };
        let scene = if external { person.join_scene() } else { 1 };
        map! {
            "id": row.id,
            "uniacid": self.uniacid,
            "crop_id": group.business,
            "chat_id": chat_id(group.config.id),
            "userid": group.userid(row),
            "invitor_userid": invitor.map(staff_userid).unwrap_or_default(),
            "unionid": if external { person.unionid() } else { String::new() },
            "join_time": row.joined,
            "join_scene": scene,
            "member_type": if external { 2 } else { 1 },
            "status": u32::from(row.present),
            "withdraw_time": row.left,
            "withdraw_scene": if row.present { -1 } else { i64::from(person.withdraw_scene()) },
            "created_at": date(row.created),
            "updated_at": date(row.updated),
            "deleted_at": Json::Null,
            "we_nickname": group.name(row),
            "join_time_str": local(row.joined),
            "status_desc": if row.present { "在群" } else { "已退群" },
            "join_scene_desc": match scene {
                1 => "直接邀请入群",
                2 => "邀请链接入群",
                3 => "扫描群二维码入群",
                _ => "",
            },
            "customer_member_createtime": member.as_ref().map(|m| local(m.created)).unwrap_or_default(),
            "parent_member_uid": parent.as_ref().map_or(0, |p| p.uid),
            "parent_member_avatar_image": "",
            "parent_member_nickname": parent.as_ref().map(|p| p.nickname.clone()).unwrap_or_default(),
            "has_one_employee": (!external).then(|| self.staff(group.business, row.person)),
            "has_one_customer": customer.map(|member| {
                let created = 1_633_661_772 + row.person;
                map! {
                    "unique_id": person.unique_id(),
                    "uniacid": self.uniacid,
                    "unionid": person.unionid(),
                    "member_id": 3075 + row.person,
                    "type": person.login_types(),
                    // This model prints its times as numbers, in quotes.
                    "created_at": created.to_string(),
                    "updated_at": created.to_string(),
                    "deleted_at": Json::Null,
                    "has_one_member": member.map(|m| self.shop_member(&m, person.has_yz_member(), parent.as_ref())),
                }
            }),
            "has_one_invitor": invitor.filter(|n| *n < 9_999).map(|n| self.staff(group.business, n)),
        }
    }

    fn avatar_image(&self, avatar: &str) -> String {
        match avatar {
            "" => String::new(),
            path if path.starts_with('/') => format!("http://{}{path}", self.host),
            url => url.replacen("http://", "https://", 1),
        }
    }

    fn shop_member(&self, member: &ShopMember, yz_member: bool, parent: Option<&ShopMember>) -> Json {
        let nickname = masked(&member.nickname);
        // A guard for who exports it to a spreadsheet.
        let username = if nickname.starts_with('=') { format!(" {nickname}") } else { nickname.clone() };
        map! {
            "uid": member.uid,
            "nickname": nickname,
            "mobile": member.mobile.as_str(),
            "avatar": member.avatar.as_str(),
            "createtime": member.created,
            "avatar_image": self.avatar_image(&member.avatar),
            "username": username,
            "yz_member": yz_member.then(|| map! {
                "member_id": member.uid,
                "parent_id": parent.map_or(0, |p| p.uid),
                "is_agent": u32::from(member.uid.is_multiple_of(3)),
                "group_id": 2,
                "level_id": 0,
                "is_black": 0,
                "content": Json::Null,
                "status": if member.uid.is_multiple_of(2) { Json::Null } else { Json::Int(0) },
                "agent": parent.map(|p| map! {
                    "uid": p.uid,
                    "avatar": p.avatar.as_str(),
                    "nickname": p.nickname.as_str(),
                    "avatar_image": self.avatar_image(&p.avatar),
                    "username": p.nickname.as_str(),
                }),
            }),
        }
    }

    fn staff(&self, business: u32, number: u32) -> Json {
        let avatar = "https://wework.qpic.cn/bizmail/sandboxAvatar00000000000000000000000000000000000000000000/0";
        let avatar = if number % 5 == 3 { "" } else { avatar };
        let mobile = if number % 4 == 2 { String::new() } else { format!("1990001{:04}", number % 10_000) };
        let (userid, name) = (staff_userid(number), staff_name(number));
        let (created, updated) = ("2021-04-20 17:25:43", "2021-09-07 10:49:01");
        if self.new_staff {
            return map! {
                "id": number + 2,
                "uniacid": self.uniacid,
                "business_id": business,
                "uid": 0,
                "user_id": userid.as_str(),
                "name": name,
                "mobile": mobile,
                "position": "",
                "gender": (number + 1) % 3,
                "telephone": "",
                "email": "",
                "avatar": avatar,
                "alias": "",
                "status": 1,
                "qr_code": "https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vc0000000000000000",
                "address": "",
                "open_userid": "",
                "main_department": 1,
                "created_at": created,
                "updated_at": updated,
                "deleted_at": Json::Null,
                "right_type": 1,
                "disabled": 0,
                "userid": userid,
                "avatar_mediaid": avatar,
            };
        }
        map! {
            "id": number + 2,
            "uniacid": self.uniacid,
            "crop_id": business,
            "uid": if number % 6 == 1 { 3000 + number } else { 0 },
            "userid": userid,
            "avatar_mediaid": avatar,
            "name": name.as_str(),
            "alias": "",
            "gender": (number + 1) % 3,
            "mobile": mobile,
            "email": "",
            "department": if number.is_multiple_of(2) { "1" } else { "1,2" },
            "position": "",
            "is_leader_in_dept": if number.is_multiple_of(2) { "0" } else { "0,1" },
            "telephone": "",
            "address": if number.is_multiple_of(2) { "" } else { "地址" },
            "status": [1, 1, 2, 4, 5, -1][number as usize % 6],
            "extattr": ["{\"attrs\":[]}", "", "[]"][number as usize % 3],
            "external_profile": ["", "null"][number as usize % 2],
            "external_position": "",
            "main_department": "1",
            "active_time": 0,
            "is_allocate": 0,
            "dimission_time": 0,
            "created_at": created,
            "updated_at": updated,
            "deleted_at": Json::Null,
            "has_one_member": (number % 6 == 1).then(|| map! {
                "uid": 3000 + number,
                "nickname": name.as_str(),
                "mobile": "",
                "avatar": "",
                "createtime": 1_628_663_717,
                "avatar_image": "",
                "username": name.as_str(),
            }),
        }
    }

    /// A row of `getList`.
    pub(crate) fn group(&self, group: &Group) -> Json {
        let GroupConfig { id, name, status, employees, .. } = &group.config;
        let created = group_created(*id);
        let owned = *employees > 0;
        map! {
            "id": *id,
            "uniacid": self.uniacid,
            "crop_id": group.business,
            "chat_id": chat_id(*id),
            "group_name": name.as_str(),
            "owner_userid": if owned { staff_userid(0) } else { String::new() },
            "owner_uid": if id % 2 == 1 { 3075 } else { 0 },
            "notice": "",
            "group_created_time": created,
            "status": *status,
            "bind_type": 1,
            "is_extra": 0,
            "invite_poster_id": 0,
            "shop_poster_id": 0,
            "qrcode_url": "",
            "created_at": "2021-10-08 09:48:50",
            "updated_at": "2021-10-08 09:48:50",
            "deleted_at": Json::Null,
            "owner_name": if owned { staff_name(0) } else { String::new() },
            "group_created_time_str": local(created),
            "qrcode_image": "",
            "employee_count": group.present(Kind::Employee),
            "customer_count": group.present(Kind::External),
            "has_one_owner_member": (id % 2 == 1).then(|| map! { "uid": 3075, "nickname": "林晓", "avatar_image": "" }),
        }
    }
}

/// When WeCom says a group was made.
pub(crate) fn group_created(id: u32) -> u32 {
    1_600_000_000_u32.saturating_add(id.saturating_mul(3600))
}
