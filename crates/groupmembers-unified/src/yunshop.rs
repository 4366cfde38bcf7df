//! Yunshop (芸众商城): WeCom customer groups.

use yunshop_wecom::get_group_members::Member as Own;

use crate::member::{Member, given};
use crate::row::Row;
use crate::timestamp::Timestamp;
use crate::words::Vendor;

/// A row of `getGroupMembers` or `getGroupEmployees` as a member; `group` is the group's row in the shop. The API says nothing of
/// roles. A customer's picture is that of their shop account, and only there if they have one.
#[must_use]
pub fn member(group: &str, row: Own) -> Member {
    let staff = row.has_one_employee.as_ref();
    let shop = row.has_one_customer.as_ref().and_then(|customer| customer.has_one_member.as_ref());
    let picture = staff.and_then(|staff| staff.picture());
    Member {
        name: given(row.name().or_else(|| staff.and_then(|staff| staff.name.as_deref()))),
        joined_at: row.joined().filter(|&time| time >= 0).and_then(Timestamp::from_seconds),
        avatar_url: given(picture.or_else(|| shop.and_then(|shop| shop.avatar_image.as_deref()))),
        ..Member::new(Vendor::Yunshop, group, row.userid.as_str())
    }
    .with_row(Row::Yunshop(Box::new(row)))
}

#[cfg(feature = "client")]
crate::source::source!(
    Yunshop,
    yunshop_wecom::Enterprise,
    yunshop_wecom::Roster,
    yunshop_wecom::Error,
    |group, row, _| member(group, row),
    |enterprise, group| {
        let group = group.parse().ok().filter(|&group| group > 0);
        enterprise.roster(group.ok_or_else(|| {
            crate::Error::no_group(
                Vendor::Yunshop,
                "a group is the number of its row in the shop, such as 7, not its chat_id",
            )
        })?)
    }
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value) -> Member {
        member("7", serde_json::from_value(json).unwrap())
    }

    #[test]
    fn a_row_without_anything_is_all_null() {
        let bare = of(json!({"id": 1, "userid": "wm1"}));
        let empty = of(json!({"id": 1, "userid": "wm1", "we_nickname": "", "join_time": 0, "has_one_customer": []}));
        assert_eq!(bare.clone().without_row(), empty.without_row());
        assert_eq!(bare.without_row(), Member::new(Vendor::Yunshop, "7", "wm1"));
    }

    #[test]
    fn customers_have_the_pictures_of_their_shop_account_and_staff_their_own() {
        let row = of(json!({
            "id": "5", "userid": "wm5", "we_nickname": "张三", "join_time": "1623999771",
            "has_one_customer": {"has_one_member": {"uid": 3, "avatar_image": "https://example.com/a.jpg"}},
        }));
        assert_eq!(row.name.as_deref(), Some("张三"));
        assert_eq!(row.joined_at.unwrap().to_string(), "2021-06-18T07:02:51Z");
        assert_eq!(row.avatar_url.as_deref(), Some("https://example.com/a.jpg"));
        let row = of(json!({
            "id": 6, "userid": "LiSi", "we_nickname": "",
            "has_one_employee": {"name": "李四", "avatar": "https://example.com/b.jpg"},
        }));
        assert_eq!((row.name.as_deref(), row.avatar_url.as_deref()), (Some("李四"), Some("https://example.com/b.jpg")));
    }

    #[test]
    fn nothing_of_the_row_is_lost() {
        let json = json!({
            "id": 5, "userid": "wm5", "chat_id": "wr1", "join_scene": 3, "member_type": 2, "status": 1, "we_nickname": "张三",
            "unionid": "u", "parent_member_uid": 9, "new": {"a": [1]},
        });
        assert_eq!(of(json.clone()).row.to_json(), json);
    }
}
