//! People: everything about somebody follows from the seed and their userName, so they are the same in every group.

use super::json::{Fields, Json};
use crate::rng::{mix, seed_of};

/// The userNames of the first few, so that small groups have all kinds too: ids from before there were wxids, and
/// people of WeCom.
const ODD_NAMES: [(u32, &str); 4] =
    [(2, "old_id_1"), (4, "Zhang-Wei_1988"), (5, "25984985000000017@openim"), (9, "qq100000009")];

/// The userName of a group's person with this number.
pub(crate) fn user_name(seed: u64, person: u32) -> String {
    if let Some((_, name)) = ODD_NAMES.iter().find(|(odd, _)| *odd == person) {
        return (*name).to_owned();
    }
    let hash = mix(seed ^ (u64::from(person) << 1));
    match hash % 16 {
        // The number keeps them apart.
        0 => format!("2598498{:06}{person:04}@openim", (hash >> 8) % 1_000_000),
        1 => format!("{}_{person}", letters(hash >> 8, 7)),
        _ => format!("wxid_{}{}22", letters(hash >> 4, 8), base36(person)),
    }
}

fn letters(mut hash: u64, length: usize) -> String {
    let letter = |_| {
        let letter = char::from(b'a' + u8::try_from(hash % 26).unwrap_or(0));
        hash /= 26;
        letter
    };
    (0..length).map(letter).collect()
}

/// Four digits and letters.
fn base36(mut number: u32) -> String {
    let mut digits = [b'0'; 4];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
    }
    // Beyond 1.6 million the rest stands in front.
    let rest = if number > 0 { number.to_string() } else { String::new() };
    rest + &String::from_utf8_lossy(&digits)
}

const SURNAMES: [&str; 16] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "欧阳", "徐", "孙", "司马", "朱", "𠮷"];
const GIVEN_NAMES: [&str; 16] =
    ["伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "俊杰", "子轩", "梓涵", "一诺"];
const ODD_NICKS: [&str; 16] = [
    "",
    "微笑😊每一天",
    "👨‍👩‍👧‍👦 一家人",
    "售前客服-小诺 (工作日9:00-18:00)",
    "A 保险 | 理财 ☎",
    "O'Neil \"Sam\"",
    "<script>alert(1)</script>",
    " 前后有空格 ",
    "=HYPERLINK(\"x\"),逗号",
    "tab\tand\nnewline",
    "ＶＩＰ・会員 №1",
    "عمر",
    "e\u{301}\u{200b}zero-width",
    "🇨🇳🏮🧧",
    "back\\slash",
    ".",
];
const DISPLAY_NAMES: [&str; 6] = ["财务-小李", "群主助理🌟", "3栋1202", "张三 138****0000", "\"引号\"", "李雷(上海)"];

/// What somebody tells everybody about themselves.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    hash: u64,
    user_name: String,
}

/// Somebody's profile; `seed` is the world's.
pub(crate) fn profile(seed: u64, user_name: &str) -> Profile {
    Profile { hash: seed_of(seed, user_name), user_name: user_name.to_owned() }
}

/// The name of a person in a group, if they have one there; `seed` is the group's.
pub(crate) fn display_name(seed: u64, person: u32) -> Option<&'static str> {
    let hash = mix(!seed ^ u64::from(person));
    match (person, hash % 4) {
        (1, _) | (_, 0) => Some(DISPLAY_NAMES[pick(hash, 8, DISPLAY_NAMES.len())]),
        _ => None,
    }
}

fn pick(hash: u64, shift: u32, of: usize) -> usize {
    usize::try_from((hash >> shift) % of as u64).unwrap_or(0)
}

impl Profile {
    pub(crate) fn nick_name(&self) -> String {
        match self.hash % 4 {
            0 => ODD_NICKS[pick(self.hash, 8, ODD_NICKS.len())].to_owned(),
            _ => format!("{}{}", SURNAMES[pick(self.hash, 8, 16)], GIVEN_NAMES[pick(self.hash, 16, 16)]),
        }
    }

    /// The picture's address, in the size the number at its end stands for; "" for who has none.
    pub(crate) fn head(&self, size: u32) -> String {
        match self.hash >> 59 {
            0 => String::new(),
            _ => picture("mmhead/ver_1", self.hash, size),
        }
    }

    /// The fields `/getChatRoomMemberInfo` and `/getContact` share, in the order of the former.
    pub(crate) fn detail(&self) -> Fields {
        let some = |shift: u32| (self.hash >> shift) & 1 == 1;
        let text = |shift, value: &'static str| if some(shift) { Json::from(value) } else { Json::Null };
        let v1 = some(24).then(|| format!("v3_020b3826fd0301000000000{:016x}@stranger", mix(self.hash)));
        let v2 = some(24).then(|| format!("v4_000b708f0b040000010000000{:016x}@stranger", mix(!self.hash)));
        let alias = some(25).then(|| format!("alias-{:06x}", self.hash & 0xff_ffff));
        Fields::new()
            .with("userName", self.user_name.clone())
            .with("nickName", self.nick_name())
            .with("remark", Json::Null)
            .with("signature", text(26, "人生如逆旅，我亦是行人。"))
            .with("sex", i64::try_from((self.hash >> 27) % 3).unwrap_or(0))
            .with("aliasName", alias)
            .with("country", text(29, "CN"))
            .with("province", text(30, "Guangdong"))
            .with("city", text(31, "Shenzhen"))
            .with("bigHead", self.head(0))
            .with("smallHead", self.head(132))
            .with("labelList", Json::Null)
            .with("v1", v1)
            .with("v2", v2)
    }
}

/// A picture at WeChat's picture host: as long as real ones are, of nobody.
pub(crate) fn picture(folder: &str, hash: u64, size: u32) -> String {
    let name: String = (0..10).map(|n| letters(mix(hash ^ n), 12)).collect();
    format!("https://wx.qlogo.cn/{folder}/{name}/{size}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_shares_a_user_name() {
        let names: HashSet<String> = (0..50_000).map(|person| user_name(7, person)).collect();
        assert_eq!(names.len(), 50_000);
        assert!(names.iter().any(|name| name.ends_with("@openim")) && names.contains("old_id_1"));
        assert_eq!((base36(36), base36(36 * 36 * 36 * 36 + 1)), ("0010".to_owned(), "10001".to_owned()));
    }
}
