//! Tencent IM.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use groupmembers::tim::{
    Client, Credentials, GroupType, RosterOptions, get_appid_group_list, get_group_ban_member, get_group_info,
    get_group_member_info, get_group_muted_account, get_joined_group_list, get_members, get_online_member_num,
    get_role_in_group, get_specified_group_member_info,
};
use groupmembers_sandbox::tim::{DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, Fault, GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, Sandbox};

use super::{Column, Place, Seen, Vendor, column, later, list, seen};
use crate::watched::ATTEMPT;

const GROUP: &str = "@TGS#2PUBLIC";
const COMMUNITY: &str = "@TGS#_@TGS#cCOMMUNITY";
const LIVE: &str = "@TGS#aAVCHATROOM";

const MEMBERS: &str = "get_group_member_info";
const INFO: &str = "get_group_info";

pub(crate) const VENDOR: Vendor = Vendor {
    name: "tim",
    package: "tim-rest",
    columns: COLUMNS,
    secrets: &[DEMO_SECRET_KEY],
    most_read: (1 << 20) + (128 << 10),
    start,
    inject: |sandbox, fault, when, command| sandbox.tim().inject(Fault::from(fault).when(when).on_command(command)),
    call: |place, name| call(place, name).boxed(),
};

const COLUMNS: &[Column] = &[
    column("get_appid_group_list", "get_appid_group_list"),
    column("get_group_ban_member", "get_group_ban_member"),
    column("get_group_info", INFO),
    column("get_group_member_info", MEMBERS),
    column("get_group_muted_account", "get_group_muted_account"),
    column("get_joined_group_list", "get_joined_group_list"),
    column("get_members", "get_members"),
    column("get_online_member_num", "get_online_member_num"),
    column("get_role_in_group", "get_role_in_group"),
    column("get_specified_group_member_info", "get_specified_group_member_info"),
    column("roster's description", INFO),
    column("roster's list", MEMBERS),
    column("first window", MEMBERS),
    later("third window", MEMBERS, 3),
    later("third page of a Community", MEMBERS, 3),
    column("live room", "get_members"),
];

fn start() -> Sandbox {
    let mut config = Config::default();
    config.tim.groups = vec![
        GroupConfig::new(GROUP, GroupKind::Public, 30),
        GroupConfig::new(COMMUNITY, GroupKind::Community, 30),
        GroupConfig::new(LIVE, GroupKind::AVChatRoom, 12),
    ];
    // The client's clock skips what it waits for.
    config.tim.calls_per_second = 0;
    super::only(&mut config, "tim");
    Sandbox::start(config).unwrap()
}

async fn call(place: Place<'_>, name: &'static str) -> Seen {
    let credentials = Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, DEMO_SECRET_KEY).unwrap();
    let client = Client::builder(credentials).base_url(place.url().parse().unwrap()).runtime(place.runtime.clone());
    let client = client.retry(super::retry()).attempt_timeout(ATTEMPT).deadline(place.deadline).concurrency(1);
    let client = client.build().unwrap();
    let somebody = "user000003";
    let truth = |group: &str| {
        let members = place.sandbox?.tim().members(group);
        Some(members.into_iter().map(|member| member.account).collect::<BTreeSet<_>>())
    };
    let pages = RosterOptions::default().page_size(10);
    match name {
        "get_appid_group_list" => seen(client.execute(&get_appid_group_list::Request::default()).await),
        "get_group_ban_member" => seen(client.execute(&get_group_ban_member::Request::new(GROUP)).await),
        "get_group_info" => seen(client.execute(&get_group_info::Request::new([GROUP])).await),
        "get_group_member_info" => seen(client.execute(&get_group_member_info::Request::everyone(GROUP)).await),
        "get_group_muted_account" => seen(client.execute(&get_group_muted_account::Request::new(GROUP)).await),
        "get_joined_group_list" => seen(client.execute(&get_joined_group_list::Request::new(somebody)).await),
        "get_members" => seen(client.execute(&get_members::Request::new(LIVE)).await),
        "get_online_member_num" => seen(client.execute(&get_online_member_num::Request::new(GROUP)).await),
        "get_role_in_group" => seen(client.execute(&get_role_in_group::Request::new(GROUP, [somebody])).await),
        "get_specified_group_member_info" => {
            seen(client.execute(&get_specified_group_member_info::Request::new(GROUP, [somebody])).await)
        }
        "roster's description" | "roster's list" => {
            list!(client.roster(GROUP), truth(GROUP), |member| member.member_account)
        }
        "first window" | "third window" => {
            list!(client.roster_with(GROUP, pages.in_windows()), truth(GROUP), |member| member.member_account)
        }
        "third page of a Community" => {
            list!(client.roster_with(COMMUNITY, pages), truth(COMMUNITY), |member| member.member_account)
        }
        "live room" => {
            let live = RosterOptions::default().group_type(GroupType::AVChatRoom);
            list!(client.roster_with(LIVE, live), truth(LIVE), |member| member.member_account)
        }
        other => panic!("{other}"),
    }
}
