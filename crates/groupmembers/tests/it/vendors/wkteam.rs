//! wkteam.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::FutureExt as _;
use groupmembers::wkteam::{
    Account, Client, Pace, RosterOptions, get_chat_room_info, get_chat_room_member, get_chat_room_member_info,
    get_contact, member_login,
};
use groupmembers_sandbox::wkteam::{DEMO_ACCOUNT, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, Fault, GroupConfig, Role};
use groupmembers_sandbox::{Config, Sandbox};

use super::{Column, Place, Seen, Vendor, column, later, list, seen};
use crate::watched::ATTEMPT;

const GROUP: &str = "20000000040@chatroom";
const SMALL: &str = "20000000005@chatroom";

const MEMBERS: &str = "getChatRoomMember";
const INFO: &str = "getChatRoomInfo";
const PROFILE: &str = "getChatRoomMemberInfo";

pub(crate) const VENDOR: Vendor = Vendor {
    name: "wkteam",
    package: "wkteam-api",
    columns: COLUMNS,
    secrets: &[DEMO_PASSWORD, DEMO_ACCOUNT, DEMO_WID],
    most_read: 4 << 20,
    start,
    inject: |sandbox, fault, when, command| sandbox.wkteam().inject(Fault::from(fault).when(when).on_command(command)),
    call: |place, name| call(place, name).boxed(),
};

const COLUMNS: &[Column] = &[
    column("get_address_list", "getAddressList"),
    column("get_chat_room_info", INFO),
    column("get_chat_room_member", MEMBERS),
    column("get_chat_room_member_info", PROFILE),
    column("get_contact", "getContact"),
    column("init_address_list", "initAddressList"),
    column("is_online", "isOnline"),
    column("member_login", "member/login"),
    column("query_login_wx", "queryLoginWx"),
    column("roster's login", "member/login"),
    column("roster's wId", "queryLoginWx"),
    column("roster's description", INFO),
    column("roster's list", MEMBERS),
    column("first profile", PROFILE),
    later("third profile", PROFILE, 3),
];

fn start() -> Sandbox {
    let mut config = Config::default();
    config.wkteam.groups =
        vec![GroupConfig::new(GROUP, "群", 40).role(Role::Owner), GroupConfig::new(SMALL, "小群", 5).role(Role::Owner)];
    (config.wkteam.contact_gap, config.wkteam.detail_gap) = (Duration::ZERO, Duration::ZERO);
    config.wkteam.init_takes = Duration::ZERO;
    super::only(&mut config, "wkteam");
    Sandbox::start(config).unwrap()
}

async fn call(place: Place<'_>, name: &'static str) -> Seen {
    let account = Account::new(DEMO_ACCOUNT, DEMO_PASSWORD).unwrap();
    let no_pause = Pace { least: Duration::ZERO, jitter: Duration::ZERO };
    let client = Client::builder(place.url().parse().unwrap(), account.clone()).wc_id(DEMO_WC_ID);
    let client = client.runtime(place.runtime.clone()).retry(super::retry()).pace(no_pause).contact_pace(no_pause);
    let client = client.attempt_timeout(ATTEMPT).deadline(place.deadline).build().unwrap();
    let members = |group: &str| {
        let members = place.sandbox?.wkteam().members(group);
        Some(members.into_iter().map(|member| member.user_name).collect::<Vec<_>>())
    };
    let truth = |group: &str| members(group).map(BTreeSet::from_iter);
    let somebody = members(SMALL).map_or_else(|| "wxid_nobody".to_owned(), |members| members[2].clone());
    match name {
        "get_address_list" => {
            if let Err(error) = client.init_address_list().await {
                return seen::<(), _>(Err(error));
            }
            seen(client.get_address_list().await)
        }
        "get_chat_room_info" => seen(client.get_chat_room_info(&get_chat_room_info::Request::new(GROUP)).await),
        "get_chat_room_member" => seen(client.get_chat_room_member(&get_chat_room_member::Request::new(GROUP)).await),
        "get_chat_room_member_info" => {
            let request = get_chat_room_member_info::Request::new(SMALL, somebody);
            seen(client.get_chat_room_member_info(&request).await)
        }
        "get_contact" => seen(client.get_contact(&get_contact::Request::new([somebody])).await),
        "init_address_list" => seen(client.init_address_list().await),
        "is_online" => seen(client.is_online().await),
        "member_login" => seen(client.member_login(&member_login::Request::from(&account)).await),
        "query_login_wx" => seen(client.query_login_wx().await),
        "roster's login" | "roster's wId" | "roster's description" | "roster's list" => {
            list!(client.roster(GROUP), truth(GROUP), |member| member.user_name)
        }
        "first profile" | "third profile" => {
            let roster = client.roster_with_details(SMALL, RosterOptions::default());
            list!(roster, truth(SMALL), |member| member.member.user_name)
        }
        other => panic!("{other}"),
    }
}
