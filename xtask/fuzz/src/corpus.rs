//! What the fuzzer starts from: the answers and tokens of the fixtures.

use std::fs;
use std::path::{Path, PathBuf};

use agora_chat_rest::access_token::Claims;
use agora_chat_rest::{Credentials, Subject};

/// One input of a target.
#[derive(Debug)]
pub struct Seed {
    /// The target's name.
    pub target: String,
    /// The file's name.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The endpoints' folders, in the order in which [`crate::decode`] numbers them.
const ENDPOINTS: &[(&str, &[&str])] = &[
    (
        "agora",
        &[
            "chatgroups",
            "chatgroups_admin",
            "chatgroups_blocks_users",
            "chatgroups_details",
            "chatgroups_is_joined",
            "chatgroups_mute",
            "chatgroups_roles",
            "chatgroups_user",
            "chatgroups_users",
            "chatgroups_white_users",
            "joined_chatgroups",
            "metadata_chatgroup_get",
            "metadata_chatgroup_user",
        ],
    ),
    (
        "nim",
        &[
            "chatroom_get",
            "chatroom_getBatch",
            "chatroom_membersByPage",
            "chatroom_queryMembers",
            "chatroom_queryMembersByRole",
            "chatroom_queryUserRoomIds",
            "chatroom_tagMembersCount",
            "chatroom_tagMembersQuery",
            "superteam_getTlists",
            "team_query",
            "team_queryDetail",
        ],
    ),
    (
        "tim",
        &[
            "get_appid_group_list",
            "get_group_ban_member",
            "get_group_info",
            "get_group_member_info",
            "get_group_muted_account",
            "get_joined_group_list",
            "get_members",
            "get_online_member_num",
            "get_role_in_group",
            "get_specified_group_member_info",
        ],
    ),
    (
        "wkteam",
        &[
            "getAddressList",
            "getChatRoomInfo",
            "getChatRoomMember",
            "getChatRoomMemberInfo",
            "getContact",
            "initAddressList",
            "isOnline",
            "member_login",
            "queryLoginWx",
        ],
    ),
    (
        "yunshop",
        &[
            "businessList",
            "getBusinessCommonData",
            "getGroupEmployees",
            "getGroupMembers",
            "getList",
            "manageBusiness",
            "member_login_index",
            "synch",
        ],
    ),
];

/// Every seed.
///
/// # Panics
/// The fixtures are not where they should be.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut seeds = Vec::new();
    for (vendor, endpoints) in ENDPOINTS {
        for endpoint in entries(&fixtures.join(vendor)).into_iter().filter(|path| path.is_dir()) {
            let number = endpoints.iter().position(|name| endpoint.ends_with(name));
            for file in entries(&endpoint).iter().filter(|case| case.is_dir()).flat_map(|case| entries(case)) {
                let name = file.strip_prefix(&fixtures).unwrap().to_string_lossy().replace('/', "-");
                let Some(message) = name.ends_with(".http").then(|| fs::read(&file).unwrap()) else { continue };
                if let Some(number) = number.filter(|_| name.ends_with(".response.http")) {
                    let body = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
                    let bytes = [&[u8::try_from(number).unwrap(), 0], &message[body..]].concat();
                    seeds.push(Seed { target: format!("{vendor}_from_http"), name: name.clone(), bytes });
                }
                signed(&message, &name, &mut seeds);
                seeds.push(Seed { target: "fixture_reader".to_owned(), name, bytes: message });
            }
        }
    }
    let credentials = Credentials::new("0123456789abcdef0123456789abcdef", "00112233445566778899aabbccddeeff").unwrap();
    let users = ["a", "somebody.else", "u-1"].map(|user| Subject::User(user.to_owned()));
    for (number, subject) in [Subject::App].iter().chain(&users).enumerate() {
        for expire in [1, 86_400] {
            let claims = Claims::new(&credentials, subject, 1_700_000_000, expire, 7).unwrap();
            let bytes = format!("\0{}", claims.encode()).into_bytes();
            seeds.push(Seed { target: "access_token".to_owned(), name: format!("{number}-{expire}"), bytes });
        }
    }
    // A list of so many members, who come and go in some other way while it is read.
    for (vendor, _) in ENDPOINTS {
        for bend in 0..16 {
            let bytes = [&[3, bend, 40, 7][..], &[bend, 5, 0, 0, bend, 9, 0].repeat(4)].concat();
            seeds.push(Seed { target: format!("{vendor}_walk"), name: format!("bend-{bend}"), bytes });
        }
    }
    seeds
}

/// The signatures that a request carries.
fn signed(message: &[u8], name: &str, seeds: &mut Vec<Seed>) {
    let text = String::from_utf8_lossy(message);
    let mut seed = |target: &str, bytes: Vec<u8>| {
        seeds.push(Seed { target: target.to_owned(), name: name.to_owned(), bytes });
    };
    if let Some(sig) = text.split("usersig=").nth(1) {
        let sig = sig.split(['&', ' ']).next().unwrap_or_default();
        seed("usersig", format!("\0{sig}").into_bytes());
    }
    if text.to_lowercase().contains("checksum: ") {
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        seed("checksum", head.split("\r\n").skip(1).collect::<Vec<_>>().join("\n").into_bytes());
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
