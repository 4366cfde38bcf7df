//! What several endpoints share.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{account, other, row, string, text};
use crate::open_int::open_int;

open_int! {
    /// A sex, as the profile states it.
    Sex {
        /// Not stated.
        Unknown = 0,
        /// Male.
        Male = 1,
        /// Female.
        Female = 2,
    }
}

open_int! {
    /// Whether a developer account may call. A login can succeed and still say that it may not.
    AccountStatus {
        /// It may.
        Normal = 0,
        /// It is frozen.
        Frozen = 1,
        /// It has expired.
        Expired = 2,
    }
}

/// A person's profile, as `/getChatRoomMemberInfo` and `/getContact` give it. Groups and official accounts have one too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Profile {
    /// The id: `wxid_…`, an old id of one's own choice, `…@chatroom`, `gh_…`, `…@openim`.
    pub user_name: String,
    /// The name in the profile; of a group, its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// What the account you call with calls them; "" is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The line under the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The sex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// The id shown on the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_name: Option<String>,
    /// The country, such as `CN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The large picture. Member lists call it `bigHeadImgUrl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub big_head: Option<String>,
    /// The small picture. Member lists call it `smallHeadImgUrl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small_head: Option<String>,
    /// Labels; null, "" or whatever else, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_list: Option<Value>,
    /// A ticket for adding them as a friend, `v3_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v1: Option<String>,
    /// Another one, `v4_…`; "" is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v2: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

row! { Profile {
    must { user_name = "userName": account, }
    strict {  }
    odd {
        nick_name = "nickName": string,
        signature = "signature": string,
        alias_name = "aliasName": string,
        country = "country": string,
        province = "province": string,
        city = "city": string,
        big_head = "bigHead": string,
        small_head = "smallHead": string,
        v1 = "v1": string,
        remark = "remark": text,
        v2 = "v2": text,
        sex = "sex": |value| other(value, |value| Sex::read(value)),
        label_list = "labelList": |value| other(value, |value| Option::deserialize(value)),
    }
} }
