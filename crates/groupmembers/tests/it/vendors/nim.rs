//! NetEase IM.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use groupmembers::nim::{
    Client, Credentials, MemberType, RosterOptions, chatroom_get, chatroom_get_batch, chatroom_members_by_page,
    chatroom_query_members, chatroom_query_members_by_role, chatroom_query_user_room_ids, chatroom_tag_members_count,
    chatroom_tag_members_query, superteam_get_tlists, team_query, team_query_detail,
};
use groupmembers_sandbox::nim::{
    DEMO_APP_KEY, DEMO_APP_SECRET, Fault, MemberType as Side, RoomConfig, TeamConfig, TeamKind,
};
use groupmembers_sandbox::{Config, Sandbox};

use super::{Column, Place, Seen, Vendor, column, later, list, seen};
use crate::watched::ATTEMPT;

const ROOM: u64 = 66;
const TEAM: u64 = 2_690_000_001;
const SUPERTEAM: u64 = 2_690_000_002;

const PAGES: &str = "chatroom/membersByPage";

pub(crate) const VENDOR: Vendor = Vendor {
    name: "nim",
    package: "nim-server",
    columns: COLUMNS,
    secrets: &[DEMO_APP_SECRET],
    most_read: 16 << 20,
    start,
    inject: |sandbox, fault, when, command| sandbox.nim().inject(Fault::from(fault).when(when).on_command(command)),
    call: |place, name| call(place, name).boxed(),
};

const COLUMNS: &[Column] = &[
    column("chatroom_get", "chatroom/get"),
    column("chatroom_get_batch", "chatroom/getBatch"),
    column("chatroom_members_by_page", PAGES),
    column("chatroom_query_members", "chatroom/queryMembers"),
    column("chatroom_query_members_by_role", "chatroom/queryMembersByRole"),
    column("chatroom_query_user_room_ids", "chatroom/queryUserRoomIds"),
    column("chatroom_tag_members_count", "chatroom/tagMembersCount"),
    column("chatroom_tag_members_query", "chatroom/tagMembersQuery"),
    column("superteam_get_tlists", "superteam/getTlists"),
    column("team_query", "team/query"),
    column("team_query_detail", "team/queryDetail"),
    column("first page of a room", PAGES),
    later("third page of a room", PAGES, 3),
    column("room's count", "chatroom/get"),
    column("room's roles", "chatroom/queryMembersByRole"),
    column("team", "team/queryDetail"),
    column("superteam's first page", "superteam/getTlists"),
    later("superteam's second page", "superteam/getTlists", 2),
];

fn start() -> Sandbox {
    let mut config = Config::default();
    config.nim.rooms = vec![RoomConfig::new(ROOM, 12, 24)];
    config.nim.teams =
        vec![TeamConfig::new(TEAM, TeamKind::Team, 18), TeamConfig::new(SUPERTEAM, TeamKind::SuperTeam, 130)];
    super::only(&mut config, "nim");
    Sandbox::start(config).unwrap()
}

async fn call(place: Place<'_>, name: &'static str) -> Seen {
    let credentials = Credentials::new(DEMO_APP_KEY, DEMO_APP_SECRET).unwrap();
    let base = format!("{}/nimserver", place.url()).parse().unwrap();
    let client = Client::builder(credentials).base_url(base).runtime(place.runtime.clone()).retry(super::retry());
    let client = client.attempt_timeout(ATTEMPT).deadline(place.deadline).concurrency(1).build().unwrap();
    let in_room = || {
        let members = |side| place.sandbox.map(|sandbox| sandbox.nim().members(ROOM, side));
        let all = members(Side::Fixed)?.into_iter().chain(members(Side::Guests)?);
        Some(all.map(|member| member.accid).collect::<BTreeSet<_>>())
    };
    let in_team = |team| {
        let members = place.sandbox?.nim().team_members(team);
        Some(members.into_iter().map(|member| member.accid).collect::<BTreeSet<_>>())
    };
    match name {
        "chatroom_get" => seen(client.execute(&chatroom_get::Request::new(ROOM)).await),
        "chatroom_get_batch" => seen(client.chatroom_get_batch(&chatroom_get_batch::Request::new([ROOM])).await),
        "chatroom_members_by_page" => {
            seen(client.execute(&chatroom_members_by_page::Request::new(ROOM, MemberType::Fixed)).await)
        }
        "chatroom_query_members" => {
            let somebody = ["user000000", "guest000001", "nobody"];
            seen(client.chatroom_query_members(&chatroom_query_members::Request::new(ROOM, somebody)).await)
        }
        "chatroom_query_members_by_role" => seen(
            client
                .execute(&chatroom_query_members_by_role::Request::new(
                    ROOM,
                    chatroom_query_members_by_role::Roles::ALL,
                ))
                .await,
        ),
        "chatroom_query_user_room_ids" => {
            seen(client.execute(&chatroom_query_user_room_ids::Request::new("user000000")).await)
        }
        "chatroom_tag_members_count" => {
            seen(client.execute(&chatroom_tag_members_count::Request::new(ROOM, "vip")).await)
        }
        "chatroom_tag_members_query" => {
            seen(client.execute(&chatroom_tag_members_query::Request::new(ROOM, "vip")).await)
        }
        "superteam_get_tlists" => seen(client.execute(&superteam_get_tlists::Request::new(SUPERTEAM, 0)).await),
        "team_query" => seen(client.execute(&team_query::Request::new([TEAM])).await),
        "team_query_detail" => seen(client.execute(&team_query_detail::Request::new(TEAM)).await),
        "first page of a room" | "third page of a room" | "room's count" | "room's roles" => {
            let pages = RosterOptions::default().page_size(10);
            list!(client.roster_with(ROOM, pages), in_room(), |member| member.accid)
        }
        "team" => list!(client.team_roster(TEAM), in_team(TEAM), |member| member.member.accid),
        "superteam's first page" | "superteam's second page" => {
            list!(client.superteam_roster(SUPERTEAM), in_team(SUPERTEAM), |member| member.accid)
        }
        other => panic!("{other}"),
    }
}
