//! Faults in the shape of an answer, applied to the finished tree.

use std::borrow::Cow;

use super::{
    faults::Fault,
    json::{Json, map},
    time,
};

/// Columns and relations of the answers that hold an object or nothing.
const RELATIONS: [&str; 7] = [
    "has_one_employee",
    "has_one_customer",
    "has_one_invitor",
    "has_one_member",
    "has_one_owner_member",
    "yz_member",
    "agent",
];
const DATES: [&str; 3] = ["created_at", "updated_at", "deleted_at"];
const NULLABLE: [&str; 8] = [
    "unionid",
    "invitor_userid",
    "we_nickname",
    "withdraw_time",
    "join_scene_desc",
    "customer_member_createtime",
    "parent_member_avatar_image",
    "parent_member_nickname",
];

/// What stands ahead of the JSON.
pub(crate) fn prefix(faults: &[Fault]) -> &'static str {
    if faults.contains(&Fault::Bom) { "\u{feff}\n " } else { "" }
}

/// Does to an answer what the faults say.
pub(crate) fn bend(body: &mut Json, faults: &[Fault]) {
    for fault in faults {
        match fault {
            Fault::DataArray => body.set("data", Json::nothing()),
            Fault::NullMsg => body.set("msg", Json::Null),
            Fault::ObjectMsg => body.set("msg", map! { "text": "ok", "uid": 3075 }),
            Fault::StringResult => {
                if let Some(Json::Int(n)) = body.get_mut("result") {
                    let n = n.to_string();
                    body.set("result", n);
                }
            }
            Fault::BoolResult => {
                if let Some(Json::Int(n)) = body.get_mut("result") {
                    let n = *n != 0;
                    body.set("result", n);
                }
            }
            Fault::StringInts => {
                if let Some(data) = body.get_mut("data") {
                    data.walk(&mut |value| {
                        if let Json::Int(n) = value {
                            *value = n.to_string().into();
                        }
                    });
                }
            }
            _ => {}
        }
        if let Some(list) = body.get_mut("data").and_then(|data| data.get_mut("list")) {
            bend_rows(list, fault);
            // Last: the rows are to be found above.
            bend_list(list, fault);
        }
    }
}

fn bend_list(list: &mut Json, fault: &Fault) {
    match fault {
        Fault::ObjectData => {
            if let Some(Json::List(rows)) = list.get_mut("data") {
                let rows = std::mem::take(rows).into_iter().enumerate();
                // What is left of a list that something was filtered out of.
                let key = |at: usize| Cow::Owned((at + usize::from(at > 0)).to_string());
                let rows: Vec<_> = rows.map(|(at, row)| (key(at), row)).collect();
                // PHP has no empty maps.
                list.set("data", if rows.is_empty() { Json::nothing() } else { Json::Map(rows) });
            }
        }
        Fault::NullData => list.set("data", Json::Null),
        Fault::StringPerPage => {
            if let Some(Json::Int(n)) = list.get_mut("per_page") {
                let n = n.to_string();
                list.set("per_page", n);
            }
        }
        Fault::OldPaginator => {
            for key in ["first_page_url", "last_page_url", "path"] {
                list.remove(key);
            }
        }
        Fault::PaginatorLinks => {
            let link = |url: Json, label: &str, active: bool| map! { "url": url, "label": label, "active": active };
            let links = vec![
                link(Json::Null, "&laquo; Previous", false),
                link("http://www.wq.com/web/index.php?page=1".into(), "1", true),
                link(Json::Null, "Next &raquo;", false),
            ];
            list.insert_after("last_page_url", "links", links);
        }
        _ => {}
    }
}

fn bend_rows(list: &mut Json, fault: &Fault) {
    let Some(rows) = list.get_mut("data") else { return };
    match fault {
        Fault::EmptyRelations | Fault::MissingRelations => {
            let remove = *fault == Fault::MissingRelations;
            rows.walk(&mut |value| {
                if let Json::Map(fields) = value {
                    let none = |name: &str, value: &Json| RELATIONS.contains(&name) && matches!(value, Json::Null);
                    if remove {
                        fields.retain(|(name, value)| !none(name, value));
                    }
                    for (_, value) in fields.iter_mut().filter(|(name, value)| none(name, value)) {
                        *value = Json::nothing();
                    }
                }
            });
        }
        Fault::IsoTimes => {
            dates(rows, &|text| Some(time::iso(time::parse(text)?)));
        }
        Fault::ZeroDates => dates(rows, &|_| Some("0000-00-00 00:00:00".to_owned())),
        Fault::PrintedTimes => {
            for row in rows.items_mut() {
                if let Some(customer) = row.get_mut("has_one_customer") {
                    dates(customer, &|text| Some(time::local(text.parse().ok()?)));
                }
            }
        }
        Fault::BrokenExtattr => rows.walk(&mut |value| {
            value.set("extattr", "{\"attrs\":[{\"name\":");
            value.set("external_profile", "a:18:{i:0;s:7:\"broken\";");
        }),
        Fault::BadRow => {
            let mut rows = rows.items_mut();
            let middle = rows.len() / 2;
            if let Some(row) = rows.get_mut(middle) {
                row.set("id", Json::Null);
                row.set("userid", Json::Null);
                row.set("join_time", "soon");
            }
        }
        _ => {
            for (at, row) in rows.items_mut().into_iter().enumerate() {
                bend_row(row, at, fault);
            }
        }
    }
}

fn bend_row(row: &mut Json, at: usize, fault: &Fault) {
    match fault {
        Fault::NewerColumns => {
            row.insert_after("we_nickname", "is_old", u32::from(at.is_multiple_of(2)));
            let known = at.is_multiple_of(3);
            row.insert_after("parent_member_nickname", "inviter_member_name", known.then_some("邀请人"));
            row.insert_after("parent_member_nickname", "inviter_member_avatar", if known { Some("") } else { None });
        }
        Fault::UnknownColumns => {
            row.insert_after("uniacid", "plugin_版本", "2.1.40");
            row.insert_after("", "ext_json", map! { "a": vec![Json::Int(1), map! { "b": Json::Null }] });
        }
        Fault::UnknownEnums => {
            row.set("join_scene", 9);
            row.set("member_type", 7);
            row.set("status", 5);
            row.set("withdraw_scene", -3);
            if let Some(staff) = row.get_mut("has_one_invitor") {
                staff.set("status", 77);
                staff.set("gender", 9);
            }
        }
        Fault::NullFields => {
            for name in NULLABLE {
                if row.get_mut(name).is_some_and(|value| *value == Json::Text(String::new()) || *value == Json::Int(0))
                {
                    row.set(name, Json::Null);
                }
            }
            row.set("uniacid", Json::Null);
        }
        _ => {}
    }
}

/// Rewrites the columns of dates, wherever they are.
fn dates(tree: &mut Json, rewrite: &dyn Fn(&str) -> Option<String>) {
    tree.walk(&mut |value| {
        for name in DATES {
            let new = match value.get_mut(name) {
                Some(Json::Text(text)) => rewrite(text),
                _ => None,
            };
            if let Some(new) = new {
                value.set(name, new);
            }
        }
    });
}
