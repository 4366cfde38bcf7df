//! What several endpoints share: people as the shop, WeCom and the group know them.
//!
//! All of this is people's data. `Debug` shows numbers and states of it, and neither names nor ids, phone numbers or pictures.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient;
use crate::open_int::open_int;
use crate::time::Time;

open_int! {
    /// How somebody came into the group.
    JoinScene {
        /// Not known.
        Unknown = 0,
        /// Invited by somebody (直接邀请入群).
        Invited = 1,
        /// By an invitation's link (邀请链接入群).
        Link = 2,
        /// By the group's QR code (扫描群二维码入群).
        QrCode = 3,
    }
}

open_int! {
    /// Whether somebody belongs to the enterprise.
    MemberType {
        /// Not known.
        Unknown = 0,
        /// Staff (企业成员).
        Staff = 1,
        /// A customer (外部联系人).
        External = 2,
    }
}

open_int! {
    /// Whether somebody is in the group now. The list keeps those who left.
    MemberStatus {
        /// Left.
        Left = 0,
        /// In the group.
        InGroup = 1,
    }
}

open_int! {
    /// How somebody left.
    WithdrawScene {
        /// Not at all.
        NotLeft = -1,
        /// On their own.
        Own = 0,
        /// Removed by the owner or an administrator.
        Removed = 1,
    }
}

open_int! {
    /// A sex, as WeCom states it.
    Gender {
        /// Not stated.
        Unknown = 0,
        /// Male.
        Male = 1,
        /// Female.
        Female = 2,
    }
}

open_int! {
    /// What became of a staff account.
    StaffStatus {
        /// Deleted (older shops).
        Deleted = -1,
        /// Nothing known (newer shops).
        Unknown = 0,
        /// Active.
        Active = 1,
        /// Disabled.
        Disabled = 2,
        /// Not activated.
        NotActivated = 4,
        /// Left the enterprise.
        Left = 5,
    }
}

/// A member of the shop: a customer's account in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShopMember {
    /// The number of the member.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uid: Option<u64>,
    /// The name; a mobile number in it is masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The mobile number, or "".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The picture; may be a path on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// When the account was made.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub createtime: Option<Time>,
    /// The picture as a URL, or "".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_image: Option<String>,
    /// The name, with a blank in front where a spreadsheet would take it for a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The place in the sales tree.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub yz_member: Option<YzMember>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for ShopMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShopMember")
            .field("uid", &self.uid)
            .field("createtime", &self.createtime)
            .finish_non_exhaustive()
    }
}

/// A shop member's place in the sales tree.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct YzMember {
    /// The number of the member.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub member_id: Option<u64>,
    /// The member above; 0 is none.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<u64>,
    /// 1: may recommend.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub is_agent: Option<u64>,
    /// A group of shop members; no chat.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u64>,
    /// The level.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub level_id: Option<u64>,
    /// 1: on the blacklist.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub is_black: Option<u64>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The state of the application to be an agent.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// The member above.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<ShopMember>>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for YzMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YzMember")
            .field("member_id", &self.member_id)
            .field("parent_id", &self.parent_id)
            .field("is_agent", &self.is_agent)
            .field("group_id", &self.group_id)
            .field("level_id", &self.level_id)
            .field("is_black", &self.is_black)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The shop account that shares a customer's `unionid`. It is no WeCom customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Customer {
    /// The number of the link.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<u64>,
    /// The tenant.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uniacid: Option<u64>,
    /// The id in WeChat's open platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unionid: Option<String>,
    /// The number of the shop member.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub member_id: Option<u64>,
    /// Kinds of login, such as "1" or "1|2".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// When it was made.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it was changed.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    /// The shop member.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub has_one_member: Option<ShopMember>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("unique_id", &self.unique_id)
            .field("uniacid", &self.uniacid)
            .field("member_id", &self.member_id)
            .field("type", &self.r#type)
            .field("created_at", &self.created_at)
            .field("has_one_member", &self.has_one_member)
            .finish_non_exhaustive()
    }
}

/// A member of staff, of either generation: older shops write `crop_id`, `userid` and `avatar_mediaid`, newer ones `business_id`,
/// `user_id` and `avatar` (and the older names of the last two again).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Staff {
    /// The number of the row.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The tenant.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uniacid: Option<u64>,
    /// The enterprise (older).
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub crop_id: Option<u64>,
    /// The enterprise (newer).
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub business_id: Option<u64>,
    /// The shop member; 0 is none.
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub uid: Option<u64>,
    /// The id in WeCom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userid: Option<String>,
    /// The id in WeCom (newer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id in WeCom for third parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_userid: Option<String>,
    /// The picture, a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_mediaid: Option<String>,
    /// The picture, a URL (newer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The sex.
    #[serde(default, deserialize_with = "Gender::read", skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// The mobile number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Departments, such as "1,2" (older).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// For each department whether they lead it, such as "0,1" (older).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_leader_in_dept: Option<String>,
    /// The telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    /// The address; 地址 where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What became of the account.
    #[serde(default, deserialize_with = "StaffStatus::read", skip_serializing_if = "Option::is_none")]
    pub status: Option<StaffStatus>,
    /// JSON in a text, often: see [`embedded`] (older).
    #[serde(default, deserialize_with = "lenient::as_it_came", skip_serializing_if = "Option::is_none")]
    pub extattr: Option<Value>,
    /// JSON in a text, often: see [`embedded`] (older).
    #[serde(default, deserialize_with = "lenient::as_it_came", skip_serializing_if = "Option::is_none")]
    pub external_profile: Option<Value>,
    /// The position shown to customers (older).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_position: Option<String>,
    /// The main department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_department: Option<String>,
    /// When the account was activated (older).
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub active_time: Option<Time>,
    /// Whether the customers were passed on (older).
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub is_allocate: Option<u64>,
    /// When they left the enterprise (older).
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub dimission_time: Option<Time>,
    /// The personal QR code, a URL (newer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
    /// Rights (newer).
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub right_type: Option<u64>,
    /// 1: disabled (newer).
    #[serde(default, deserialize_with = "lenient::integer", skip_serializing_if = "Option::is_none")]
    pub disabled: Option<u64>,
    /// When the row was made.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it was changed.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "Time::read", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    /// The shop member.
    #[serde(default, deserialize_with = "lenient::relation", skip_serializing_if = "Option::is_none")]
    pub has_one_member: Option<ShopMember>,
    /// Fields this version does not know, and those that came in an odd form.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staff")
            .field("id", &self.id)
            .field("crop_id", &self.crop_id)
            .field("business_id", &self.business_id)
            .field("uid", &self.uid)
            .field("status", &self.status)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

impl Staff {
    /// The enterprise, under either name.
    #[must_use]
    pub fn enterprise(&self) -> Option<u64> {
        self.crop_id.or(self.business_id).filter(|&id| id > 0)
    }

    /// The id in WeCom, under either name.
    #[must_use]
    pub fn id_in_wecom(&self) -> Option<&str> {
        self.userid.as_deref().or(self.user_id.as_deref()).filter(|id| !id.is_empty())
    }

    /// The picture, under either name.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.avatar_mediaid.as_deref().or(self.avatar.as_deref()).filter(|url| !url.is_empty())
    }
}

/// Reads JSON that stands in a text, as `extattr` and `external_profile` have it. "", "null" and null are none.
///
/// # Errors
/// The text is no JSON.
pub fn embedded(value: &Value) -> Result<Option<Value>, serde_json::Error> {
    let value = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => serde_json::from_str(text)?,
        other => other.clone(),
    };
    Ok(Some(value).filter(|value| !value.is_null()))
}
