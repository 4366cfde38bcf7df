//! Who the people are: everything about one follows from the seed and their number, so that many cost nothing.

use crate::rng::mix;

/// Names as WeChat users have them, and as careless clients trip over them.
const NAMES: [&str; 14] = [
    "林晓",
    "海豚@夏天的风#1",
    "李娜🎉",
    "=HYPERLINK(\"x\"),逗号",
    "13800138089",
    "👨‍👩‍👧‍👦 一家人",
    "O'Neil \"Sam\"",
    "<script>alert(1)</script>",
    " 前后有空格 ",
    "tab\tand\nnewline\\",
    "ＶＩＰ・会員 №1",
    "عمر",
    "e\u{301}\u{200b}zero-width",
    "",
];
const FAMILY: [&str; 12] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "欧阳", "司马"];
const GIVEN: [&str; 12] = ["伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "洋", "艳", "子涵"];
const STAFF: [(&str, &str); 6] = [
    ("LinXiao", "林晓"),
    ("ZhangSan", "张三"),
    ("li.si@corp-example", "李四"),
    ("WangXiaoMing_01", "王小明（华东）"),
    ("ouyang-na", "欧阳娜🎧"),
    ("ChenFang", "陈芳"),
];

/// The numbers and names of somebody, each one a different piece of one hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    hash: u64,
    number: u32,
}

/// A shop member: who is behind a contact, who recommended them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShopMember {
    pub(crate) uid: u32,
    pub(crate) nickname: String,
    pub(crate) mobile: String,
    pub(crate) avatar: String,
    pub(crate) created: u32,
}

impl Person {
    /// `seed` is the enterprise's: the same number is the same person in all its groups.
    pub(crate) fn new(seed: u64, number: u32) -> Self {
        Self { hash: mix(seed ^ (u64::from(number) << 1)), number }
    }

    fn pick(self, shift: u32, of: u64) -> usize {
        usize::try_from((self.hash >> shift) % of).unwrap_or(0)
    }

    fn letters(self, salt: u64, length: usize) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut hash = mix(self.hash ^ salt);
        let mut text = String::with_capacity(length);
        for at in 0..length {
            text.push(char::from(LETTERS[usize::try_from(hash & 63).unwrap_or(0)]));
            hash = if at % 10 == 9 { mix(hash) } else { hash >> 6 };
        }
        text
    }

    /// WeCom's id of an external contact.
    pub(crate) fn external_userid(self) -> String {
        let kind = if self.pick(3, 16) == 0 { "wo" } else { "wm" };
        format!("{kind}SandbxAA{}", self.letters(1, 22))
    }

    /// The WeChat name.
    pub(crate) fn name(self) -> String {
        match NAMES.get(self.number as usize) {
            Some(name) => (*name).to_owned(),
            None if self.pick(0, 24) == 0 => NAMES[self.pick(8, 14)].to_owned(),
            None => format!("{}{}", FAMILY[self.pick(8, 12)], GIVEN[self.pick(12, 12)]),
        }
    }

    /// "" where WeCom gives none.
    pub(crate) fn unionid(self) -> String {
        if self.number % 8 == 6 { String::new() } else { format!("oSandb{}", self.letters(2, 22)) }
    }

    /// Whether the shop knows their unionid.
    pub(crate) fn is_customer(self) -> bool {
        self.number % 8 != 6 && self.number % 5 != 3
    }

    pub(crate) fn unique_id(self) -> u32 {
        1302 + self.number
    }

    /// The shop member behind them; a row about their unionid may outlive it.
    pub(crate) fn shop_member(self) -> Option<ShopMember> {
        if !self.is_customer() || self.number % 9 == 7 {
            return None;
        }
        Some(ShopMember {
            uid: 3075 + self.number,
            nickname: self.name(),
            mobile: match self.pick(16, 3) {
                0 => String::new(),
                _ => format!("1990000{:04}", self.number % 10_000),
            },
            avatar: match self.pick(20, 4) {
                0 => String::new(),
                1 => "/addons/yun_shop/static/images/photo-mr.jpg".to_owned(),
                _ => format!("http://wx.qlogo.cn/mmhead/{}/0", self.letters(3, 32)),
            },
            created: 1_628_663_717 + self.number / 2 * 61,
        })
    }

    /// Whether the shop's own row of that member was deleted.
    pub(crate) fn has_yz_member(self) -> bool {
        self.number % 10 != 4
    }

    /// Who recommended them to the shop.
    pub(crate) fn parent(self) -> Option<ShopMember> {
        if self.shop_member().is_none() || self.number % 4 != 1 {
            return None;
        }
        let uid = 2000 + u32::try_from(self.pick(24, 20)).unwrap_or(0);
        let nickname = format!("推荐人{uid}");
        Some(ShopMember { uid, nickname, mobile: String::new(), avatar: String::new(), created: 1_600_000_000 })
    }

    /// `type` of the unionid's row: login types, joined by bars.
    pub(crate) fn login_types(self) -> Option<&'static str> {
        [Some(""), Some("1"), Some("1|2"), None][self.pick(28, 4)]
    }

    /// 0 is unknown.
    pub(crate) fn join_scene(self) -> u32 {
        // The first ones have one of everything, so that small groups do too.
        let pick = if self.number < 4 { self.number } else { u32::try_from(self.pick(32, 7)).unwrap_or(0) };
        [3, 1, 2, 0, 3, 3, 1][pick as usize % 7]
    }

    /// The employee who let them in, by number: `None` where that is not known, and one beyond the enterprise's
    /// employees where it is somebody the shop has never heard of.
    pub(crate) fn invitor(self, employees: u32) -> Option<u32> {
        match self.number % 7 {
            _ if self.number < 3 => Some(0),
            5 => None,
            4 => Some(9_999),
            _ => Some(u32::try_from(self.pick(36, u64::from(employees.clamp(1, 6)))).unwrap_or(0)),
        }
    }

    /// Removed by the owner, or gone by themselves.
    pub(crate) fn withdraw_scene(self) -> u32 {
        u32::from(self.number % 3 == 1)
    }
}

/// WeCom's id of an employee.
pub(crate) fn staff_userid(number: u32) -> String {
    STAFF.get(number as usize).map_or_else(|| format!("staff{number:04}"), |(userid, _)| (*userid).to_owned())
}

/// Their name.
pub(crate) fn staff_name(number: u32) -> String {
    let make = || {
        let hash = mix(u64::from(number));
        let pick = |shift: u32| usize::try_from((hash >> shift) % 12).unwrap_or(0);
        format!("{}{}", FAMILY[pick(0)], GIVEN[pick(8)])
    };
    STAFF.get(number as usize).map_or_else(make, |(_, name)| (*name).to_owned())
}

/// A name as the shop shows it: one that looks like a phone number is masked.
pub(crate) fn masked(name: &str) -> String {
    let phone = name.len() == 11 && name.starts_with('1') && name.bytes().all(|b| b.is_ascii_digit());
    if phone { format!("{}*******{}", &name[..2], &name[9..]) } else { name.to_owned() }
}
