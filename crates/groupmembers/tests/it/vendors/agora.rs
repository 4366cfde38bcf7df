//! Agora Chat.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use groupmembers::agora::{
    App, Client, ClientSecret, Credentials, RosterOptions, TokenSource, chatgroups, chatgroups_admin,
    chatgroups_blocks_users, chatgroups_details, chatgroups_is_joined, chatgroups_mute, chatgroups_roles,
    chatgroups_user, chatgroups_users, chatgroups_white_users, joined_chatgroups, metadata_chatgroup_get,
    metadata_chatgroup_user,
};
use groupmembers_sandbox::agora::{
    DEMO_APP_CERTIFICATE, DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Fault, GroupConfig,
};
use groupmembers_sandbox::{Config, Sandbox};

use super::{Column, Place, Seen, Vendor, column, later, list, seen};
use crate::watched::ATTEMPT;

const GROUP: &str = "271828182845904";

const USERS: &str = "chatgroups/{id}/users";
const ADMINS: &str = "chatgroups/{id}/admin";
const DETAILS: &str = "chatgroups/{ids}";

pub(crate) const VENDOR: Vendor = Vendor {
    name: "agora",
    package: "agora-chat-rest",
    columns: COLUMNS,
    secrets: &[DEMO_APP_CERTIFICATE, DEMO_CLIENT_SECRET],
    most_read: 32 << 20,
    start,
    inject: |sandbox, fault, when, command| sandbox.agora().inject(Fault::from(fault).when(when).on_command(command)),
    call: |place, name| call(place, name).boxed(),
};

const COLUMNS: &[Column] = &[
    column("chatgroups", "chatgroups"),
    column("chatgroups_admin", ADMINS),
    column("chatgroups_blocks_users", "chatgroups/{id}/blocks/users"),
    column("chatgroups_details", DETAILS),
    column("chatgroups_is_joined", "chatgroups/{id}/user/{user}/is_joined"),
    column("chatgroups_mute", "chatgroups/{id}/mute"),
    column("chatgroups_roles", "chatgroups/{id}/roles"),
    column("chatgroups_user", "chatgroups/user/{user}"),
    column("chatgroups_users", USERS),
    column("chatgroups_white_users", "chatgroups/{id}/white/users"),
    column("joined_chatgroups", "users/{user}/joined_chatgroups"),
    column("metadata_chatgroup_get", "metadata/chatgroup/{id}/get"),
    column("metadata_chatgroup_user", "metadata/chatgroup/{id}/user/{user}"),
    column("token", "token"),
    column("roster's description", DETAILS),
    column("first page", USERS),
    later("third page", USERS, 3),
    column("admins of a roster", ADMINS),
];

fn start() -> Sandbox {
    let mut config = Config::default();
    config.agora.groups = vec![GroupConfig::new(GROUP, 30).admins(2)];
    super::only(&mut config, "agora");
    Sandbox::start(config).unwrap()
}

async fn call(place: Place<'_>, name: &'static str) -> Seen {
    let tokens: TokenSource = match name {
        "token" => ClientSecret::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET).unwrap().into(),
        _ => Credentials::new(DEMO_APP_ID, DEMO_APP_CERTIFICATE).unwrap().into(),
    };
    let client = Client::builder(place.url().parse().unwrap(), App::id(DEMO_APP_ID).unwrap(), tokens);
    let client = client.runtime(place.runtime.clone()).retry(super::retry()).attempt_timeout(ATTEMPT);
    let client = client.deadline(place.deadline).concurrency(1).build().unwrap();
    let somebody = "user000003";
    let truth = || {
        let members = place.sandbox?.agora().members(GROUP);
        Some(members.into_iter().map(|member| member.id).collect::<BTreeSet<_>>())
    };
    let pages = || RosterOptions::default().in_pages().page_size(10);
    macro_rules! data {
        ($request:expr) => {
            seen(client.execute(&$request).await.map(|answer| answer.data))
        };
    }
    match name {
        "chatgroups" => data!(chatgroups::Request::first(10)),
        "chatgroups_admin" => data!(chatgroups_admin::Request::new(GROUP)),
        "chatgroups_blocks_users" => data!(chatgroups_blocks_users::Request::new(GROUP)),
        "chatgroups_details" => data!(chatgroups_details::Request::new([GROUP])),
        "chatgroups_is_joined" => data!(chatgroups_is_joined::Request::new(GROUP, somebody)),
        "chatgroups_mute" => data!(chatgroups_mute::Request::new(GROUP)),
        "chatgroups_roles" => data!(chatgroups_roles::Request::new(GROUP)),
        "chatgroups_user" => data!(chatgroups_user::Request::page(somebody, 0, 10)),
        "chatgroups_users" | "token" => data!(chatgroups_users::Request::page(GROUP, 1, 10)),
        "chatgroups_white_users" => data!(chatgroups_white_users::Request::new(GROUP)),
        "joined_chatgroups" => data!(joined_chatgroups::Request::page(somebody, 1, 10)),
        "metadata_chatgroup_get" => data!(metadata_chatgroup_get::Request::new(GROUP, [somebody])),
        "metadata_chatgroup_user" => data!(metadata_chatgroup_user::Request::new(GROUP, somebody)),
        "roster's description" => list!(client.roster(GROUP), truth(), |member| member.user_id),
        "first page" | "third page" => list!(client.roster_with(GROUP, pages()), truth(), |member| member.user_id),
        "admins of a roster" => {
            list!(client.roster_with(GROUP, pages().with_admins()), truth(), |member| member.user_id)
        }
        other => panic!("{other}"),
    }
}
