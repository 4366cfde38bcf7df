//! The client against the sandbox, over real sockets. The sandbox verifies every token with code of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use agora_chat_rest::chatgroups_users::{Paging, Request, Role};
use agora_chat_rest::{
    App, BaseUrl, Client, ClientBuilder, ClientSecret, Completeness, Credentials, Error, Listing, Report,
    RosterOptions, Subject, Token, TokenSource, access_token, chatgroups, chatgroups_admin, chatgroups_blocks_users,
    chatgroups_details, chatgroups_is_joined, chatgroups_mute, chatgroups_roles, chatgroups_user,
    chatgroups_white_users, joined_chatgroups, metadata_chatgroup_get, metadata_chatgroup_user,
};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use groupmembers_http::{RetryPolicy, reqwest_0_13};
use groupmembers_sandbox::agora::{
    Churn, Config, DEMO_APP, DEMO_APP_CERTIFICATE, DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_ORG, Fault,
    GroupConfig, Injection, Member,
};
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::{Config as Whole, Sandbox};

const GROUP: &str = "271828182845904";
const USERS: &str = "chatgroups/{id}/users";
const DETAILS: &str = "chatgroups/{ids}";
/// The certificate, or the App ID, of another app.
const WRONG: &str = "00000000000000000000000000000bad";

fn start(change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Whole::default();
    change(&mut config.agora);
    Sandbox::start(config).unwrap()
}

fn sandbox(groups: impl IntoIterator<Item = GroupConfig>) -> Sandbox {
    start(|config| config.groups = groups.into_iter().collect())
}

fn local() -> Credentials {
    Credentials::new(DEMO_APP_ID, DEMO_APP_CERTIFICATE).unwrap()
}

fn builder(sandbox: &Sandbox, tokens: impl Into<TokenSource>) -> ClientBuilder {
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(2), Duration::from_millis(10));
    let base: BaseUrl = sandbox.base_url().parse().unwrap();
    Client::builder(base, App::id(DEMO_APP_ID).unwrap(), tokens).retry(quick)
}

fn client(sandbox: &Sandbox) -> Client {
    builder(sandbox, local()).build().unwrap()
}

fn in_pages(rows: u32) -> RosterOptions {
    RosterOptions::default().in_pages().page_size(rows)
}

fn ids(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.id.as_str()).collect()
}

/// Everybody, in order, with the time of joining, and with the role where the list says it.
fn compare(listing: &Listing, truth: &[Member], admins: bool) {
    let found: Vec<&str> = listing.members.iter().map(|member| member.user_id.as_str()).collect();
    assert_eq!(found, ids(truth));
    for (member, truth) in listing.members.iter().zip(truth) {
        assert_eq!(member.joined_time, Some(truth.joined));
        let role = match truth.role.as_str() {
            "owner" => Role::Owner,
            "admin" if admins => Role::Admin,
            _ => Role::Member,
        };
        assert_eq!(member.role, role, "{member:?}");
    }
    let report = &listing.report;
    assert_eq!((report.completeness, report.gaps.len()), (Completeness::Verified, 0), "{report:?}");
}

#[tokio::test]
async fn groups_of_every_kind_are_listed_whole() {
    for app in [App::id(DEMO_APP_ID).unwrap(), App::key(&format!("{DEMO_ORG}#{DEMO_APP}")).unwrap()] {
        let sandbox = start(|config| config.groups.truncate(9));
        let groups = sandbox.agora().groups();
        assert!(groups.len() == 9 && groups.iter().any(|group| sandbox.agora().member_count(group) == 1));
        let client = Client::builder(sandbox.base_url().parse().unwrap(), app, local()).build().unwrap();
        for group in &groups {
            let truth = sandbox.agora().members(group);
            let large = truth.len() >= 10_000;
            // The description calls admins members; the pages do not.
            compare(&client.roster(group).all().await.unwrap(), &truth, large);
            compare(&client.roster_with(group, in_pages(1000)).all().await.unwrap(), &truth, true);
            if !large {
                compare(&client.roster_with(group, in_pages(100)).all().await.unwrap(), &truth, true);
            }
            let named = client.roster_with(group, RosterOptions::default().with_admins()).all().await.unwrap();
            compare(&named, &truth, true);
        }
        let refused: Vec<_> = sandbox.log().into_iter().filter(|entry| entry.code != 0).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

#[tokio::test]
async fn clusters_with_smaller_pages_are_listed_whole() {
    let sandbox = start(|config| {
        config.groups = vec![GroupConfig::new(GROUP, 1_234)];
        (config.max_page, config.default_page, config.max_affiliations) = (100, 10, 500);
    });
    compare(&client(&sandbox).roster(GROUP).all().await.unwrap(), &sandbox.agora().members(GROUP), true);
}

#[tokio::test]
async fn the_promises_hold_while_members_come_and_go() {
    let mut complete = 0;
    for seed in 1..=8 {
        let mut config = Whole { seed, ..Whole::default() };
        // From quiet to more than six events a call.
        let churn = Churn::per_call(0.05 * f64::from(1 << (seed - 1)));
        let group = |(id, members): (&str, u32)| GroupConfig::new(id, members).churn(churn);
        config.agora.groups = [("1", 900), ("2", 11_000), ("3", 12), ("4", 2)].map(group).to_vec();
        let sandbox = Sandbox::start(config).unwrap();
        let client = client(&sandbox);
        for (group, rows) in [("1", 100), ("1", 1000), ("2", 1000), ("3", 10), ("3", 50), ("4", 10), ("1", 20)] {
            sandbox.agora().begin_recording();
            let listing = client.roster_with(group, in_pages(rows)).all().await.unwrap();
            let found: BTreeSet<String> = listing.members.iter().map(|member| member.user_id.clone()).collect();
            assert_eq!(found.len(), listing.members.len(), "somebody appears twice");
            assert!(found.is_subset(&sandbox.agora().ever_present(group)), "somebody was invented");
            let lost = sandbox.agora().present_throughout(group).difference(&found).count();
            let report = &listing.report;
            assert!(lost == 0 || report.completeness == Completeness::Incomplete, "{lost} lost: {report:?}");
            complete += u32::from(report.completeness.is_complete());
        }
    }
    assert!(complete >= 28, "{complete} of 56 were listed whole");
}

#[tokio::test]
async fn the_pacer_never_earns_a_throttle_answer() {
    let groups: Vec<GroupConfig> = (0..3).map(|n| GroupConfig::new(format!("{n}"), 1_000)).collect();
    let sandbox = sandbox(groups);
    let client = client(&sandbox);
    let lists = (0..3).map(|n| client.roster_with(format!("{n}"), in_pages(20)).all());
    for listing in join_all(lists).await {
        let report = listing.unwrap().report;
        assert_eq!((report.members, report.throttled, report.completeness), (1_000, 0, Completeness::Verified));
    }
    let user = joined_chatgroups::Request::page("user000000", 1, 20);
    join_all((0..90).map(|_| client.joined_chatgroups(&user))).await;
    assert!(sandbox.calls() > 160 + 90, "more than two seconds' worth: {}", sandbox.calls());
    assert_eq!(sandbox.throttled(), 0);
}

#[tokio::test]
async fn users_who_take_the_quota_away_cost_only_time() {
    let sandbox = start(|config| {
        config.groups = vec![GroupConfig::new(GROUP, 900)];
        config.sdk_calls_per_second = 70;
    });
    let retry = RetryPolicy::default().with_backoff(Duration::from_millis(400), Duration::from_secs(2));
    let client = builder(&sandbox, local()).retry(retry.with_max_attempts(12)).build().unwrap();
    let listing = client.roster_with(GROUP, in_pages(10)).all().await.unwrap();
    compare(&listing, &sandbox.agora().members(GROUP), true);
    assert!(listing.report.throttled > 0, "{:?}", listing.report);
}

#[tokio::test]
async fn every_other_command_tells_the_truth() {
    let mut one = GroupConfig::new(GROUP, 300).named("万人大群 🎉").private();
    (one.muted, one.allowed, one.blocked) = (9, 4, 120);
    let mut groups = vec![one];
    groups.extend((1..=44).map(|n| GroupConfig::new(format!("{n}"), 3).named(format!("小群{n}"))));
    let sandbox = sandbox(groups);
    let client = client(&sandbox);
    let truth = sandbox.agora().members(GROUP);
    let named: Vec<String> = sandbox.agora().groups();

    let admins = client.chatgroups_admin(&chatgroups_admin::Request::new(GROUP)).await.unwrap().data;
    let known = truth.iter().filter(|member| member.role.as_str() == "admin");
    assert_eq!(admins, known.map(|member| member.id.clone()).collect::<Vec<_>>());

    let muted = client.chatgroups_mute(&chatgroups_mute::Request::new(GROUP)).await.unwrap().data;
    assert_eq!(muted.iter().map(|muted| muted.user.as_str()).collect::<Vec<_>>(), ids(&truth[291..]));
    assert!(muted.iter().all(|muted| muted.expire.is_some_and(|until| until > 1_600_000_000_000)));

    let roles = client.chatgroups_roles(&chatgroups_roles::Request::new(GROUP)).await.unwrap().data;
    assert_eq!(roles.iter().map(|seat| seat.username.as_str()).collect::<Vec<_>>(), ids(&truth));
    for (seat, truth) in roles.iter().zip(&truth) {
        assert_eq!((seat.role.as_deref(), seat.online.is_some()), (Some(truth.role.as_str()), true), "{seat:?}");
    }

    // More than ten are split; who is not in the group is not there.
    let asked: Vec<&str> = ids(&truth[..23]).into_iter().chain(["nobody"]).collect();
    let request = metadata_chatgroup_get::Request::new(GROUP, asked);
    let all = client.metadata_chatgroup_get(&request).await.unwrap().data;
    assert_eq!(all.keys().map(String::as_str).collect::<BTreeSet<_>>(), ids(&truth[..23]).into_iter().collect());
    let names = client.metadata_chatgroup_get(&request.clone().properties(["nickName"])).await.unwrap().data;
    for (user, attributes) in &all {
        assert_eq!(names[user].get("nickName"), attributes.get("nickName"));
        assert!(names[user].len() == 1 && attributes["nickName"].is_string(), "{user}: {attributes:?}");
        let one = metadata_chatgroup_user::Request::new(GROUP, user);
        assert_eq!(&client.metadata_chatgroup_user(&one).await.unwrap().data, attributes);
    }

    let allowed = client.chatgroups_white_users(&chatgroups_white_users::Request::new(GROUP)).await.unwrap().data;
    assert_eq!(allowed, ids(&truth[1 + admins.len()..][..4]));

    let blocked: Vec<String> = (0..120).map(|n| format!("blocked{n:04}")).collect();
    let all = client.chatgroups_blocks_users(&chatgroups_blocks_users::Request::new(GROUP)).await.unwrap();
    assert_eq!(all.data, blocked);
    let mut pages = client.pages(chatgroups_blocks_users::Request::first(GROUP, 50));
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.unwrap().data);
    }
    assert_eq!(found, blocked);

    for (user, joined) in [(truth[5].id.as_str(), true), ("blocked0001", false)] {
        let request = chatgroups_is_joined::Request::new(GROUP, user);
        assert_eq!(client.chatgroups_is_joined(&request).await.unwrap(), joined, "{user}");
    }

    for limit in [10, 1000] {
        let mut pages = client.pages(chatgroups::Request::first(limit));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().data);
        }
        assert_eq!(found.iter().map(|group| group.group_id.clone()).collect::<Vec<_>>(), named);
        assert_eq!(found[0].affiliations, Some(300));
        assert!(found.iter().all(|group| group.last_modified.is_some() && group.kind.as_deref() == Some("group")));
    }

    // The third person is in all groups, the tenth in one.
    for (user, groups) in [(&truth[2].id, &named[..]), (&truth[9].id, &named[..1])] {
        let mut pages = client.pages(chatgroups_user::Request::page(user, 0, 20));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().data.into_iter().map(|group| group.group_id));
        }
        assert_eq!(found, groups);
        // This server gives 20 a page at most, whatever is asked for.
        let mut pages = client.pages(joined_chatgroups::Request::page(user, 1, 1000));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().data.into_iter().map(|group| group.group_id));
        }
        assert_eq!(found, groups);
    }

    let asked: Vec<String> = named.iter().cloned().cycle().take(130).chain(["404".to_owned()]).collect();
    let details = client.chatgroups_details(&chatgroups_details::Request::new(asked.clone())).await.unwrap();
    assert_eq!(details.data.iter().map(|group| group.id.clone()).collect::<Vec<_>>(), asked);
    let group = &details.data[0];
    assert_eq!((group.name.as_deref(), group.affiliations_count), (Some("万人大群 🎉"), Some(300)));
    assert_eq!((group.owner.as_deref(), group.membersonly), (Some(truth[0].id.as_str()), Some(true)));
    assert!(group.snapshot().is_some_and(|members| members.len() == 300));
    assert!(details.data[130].snapshot().is_none(), "a group that is not there is no empty group");

    for request in [Request::page(GROUP, 1, 70), cursor(None), cursor(Some("v3"))] {
        let bare = matches!(&request.paging, Paging::Cursor { version: Some(_), .. });
        let mut pages = client.pages(request);
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().data.into_iter().map(|member| member.user_id));
        }
        assert_eq!(found, ids(&truth)[usize::from(bare)..]);
    }
    assert!(sandbox.log().iter().all(|entry| entry.code == 0), "nothing was refused");

    let nobody = metadata_chatgroup_user::Request::new(GROUP, "nobody");
    assert!(client.metadata_chatgroup_user(&nobody).await.unwrap_err().is_not_found());
    let elsewhere = metadata_chatgroup_get::Request::new("404", ["u1"]);
    assert!(client.metadata_chatgroup_get(&elsewhere).await.unwrap_err().is_not_found());
}

fn cursor(version: Option<&str>) -> Request {
    let paging = Paging::Cursor { limit: 50, cursor: String::new(), version: version.map(ToOwned::to_owned) };
    Request { group_id: GROUP.to_owned(), paging, joined_time: Some(true) }
}

#[tokio::test]
async fn every_source_of_tokens_is_let_in() {
    let sandbox = sandbox([GroupConfig::new(GROUP, 30)]);
    let secret = ClientSecret::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET).unwrap();
    let sources = [
        TokenSource::Local(local()),
        TokenSource::Exchange(local()),
        TokenSource::ClientCredentials { client: secret, ttl: Some(600) },
        TokenSource::Fixed(Token::new(sandbox.agora().app_token(600)).unwrap()),
        TokenSource::Fixed(Token::new(sandbox.agora().user_token("user000003", 600)).unwrap()),
    ];
    for source in sources {
        let client = builder(&sandbox, source).build().unwrap();
        compare(&client.roster(GROUP).all().await.unwrap(), &sandbox.agora().members(GROUP), false);
    }
}

fn exchanges(sandbox: &Sandbox) -> usize {
    sandbox.log().iter().filter(|entry| entry.command == "token").count()
}

#[tokio::test]
async fn a_token_that_was_revoked_is_renewed_once_for_all() {
    let sandbox = sandbox([GroupConfig::new(GROUP, 30)]);
    let secret = ClientSecret::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET).unwrap();
    let client = builder(&sandbox, secret).build().unwrap();
    let request = Request::page(GROUP, 1, 10);
    for round in 1..=3 {
        for page in join_all((0..12).map(|_| client.chatgroups_users(&request))).await {
            assert_eq!(page.unwrap().data.len(), 10);
        }
        assert_eq!(exchanges(&sandbox), round, "one fetches it for all");
        sandbox.agora().revoke_tokens();
    }
    // Where it is refused again and again, it is sent twice, not for ever.
    sandbox.agora().inject(Fault::Expired.always().on_command(USERS));
    let before = sandbox.calls();
    let error = client.chatgroups_users(&request).await.unwrap_err();
    assert!(error.is_auth() && error.attempts() == 2, "{error}");
    assert!(sandbox.calls() - before <= 4);
}

#[tokio::test]
async fn a_token_that_has_expired_is_not_sent() {
    let sandbox = start(|config| {
        config.groups = vec![GroupConfig::new(GROUP, 30)];
        config.token_seconds = Some(1);
    });
    let secret = ClientSecret::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET).unwrap();
    for source in [TokenSource::from(secret), TokenSource::Exchange(local())] {
        let client = builder(&sandbox, source).build().unwrap();
        let before = exchanges(&sandbox);
        for _ in 0..2 {
            assert_eq!(client.roster(GROUP).all().await.unwrap().members.len(), 30);
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        assert!(exchanges(&sandbox) - before >= 2, "the server granted a second, and that counts");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let mut groups = vec![GroupConfig::new(GROUP, 30), GroupConfig::new("1", 3)];
    groups[0].blocked = 1;
    let sandbox = sandbox(groups);
    let mut table = String::new();
    let mut note = |what: &str, error: Error| writeln!(table, "{what}: {error}").unwrap();
    let roster = |builder: ClientBuilder, group: &'static str| async move {
        builder.build().unwrap().roster(group).all().await.unwrap_err()
    };
    let fixed = |token: String| builder(&sandbox, Token::new(token).unwrap());
    let base = || sandbox.base_url().parse::<BaseUrl>().unwrap();

    note("unknown group", roster(builder(&sandbox, local()), "404").await);
    note("empty group", roster(builder(&sandbox, local()), "").await);
    let small = client(&sandbox).roster_with(GROUP, in_pages(5)).all().await.unwrap_err();
    note("page size", small);
    let wrong = Credentials::new(DEMO_APP_ID, WRONG).unwrap();
    note("wrong certificate", roster(builder(&sandbox, wrong.clone()), GROUP).await);
    note("wrong certificate, exchanged", roster(builder(&sandbox, TokenSource::Exchange(wrong)), GROUP).await);
    let other = Credentials::new(WRONG, DEMO_APP_CERTIFICATE).unwrap();
    note("token of another app", roster(builder(&sandbox, other), GROUP).await);
    let other = Client::builder(base(), App::id(WRONG).unwrap(), local());
    note("another app", roster(other, GROUP).await);
    let other = Client::builder(base(), App::key("41000001#other").unwrap(), local());
    note("another app's key", roster(other, GROUP).await);
    let secret = ClientSecret::new(DEMO_CLIENT_ID, "PLANTED").unwrap();
    note("wrong client secret", roster(builder(&sandbox, secret), GROUP).await);
    note("no token of this server", roster(fixed("YWMt-PLANTED".to_owned()), GROUP).await);
    note("no token at all", roster(fixed("PLANTED".to_owned()), GROUP).await);
    let past = access_token::build(&local(), &Subject::App, 1_700_000_000, 600, 1).unwrap();
    note("expired token", roster(builder(&sandbox, past), GROUP).await);
    let member = sandbox.agora().members(GROUP)[20].id.clone();
    note("somebody else's group", roster(fixed(sandbox.agora().user_token("blocked0000", 60)), GROUP).await);
    let options = RosterOptions::default().with_admins();
    let member = fixed(sandbox.agora().user_token(&member, 60)).build().unwrap();
    let mute = member.chatgroups_mute(&chatgroups_mute::Request::new(GROUP)).await.unwrap_err();
    assert!(mute.is_permission(), "{mute}");
    note("no admin", mute);
    assert!(member.roster_with(GROUP, options).all().await.is_ok());
    insta::assert_snapshot!(table);
    assert!(!table.contains("PLANTED") && !table.contains("007e"), "{table}");
    assert!(sandbox.calls() < 26, "none of these is worth a third try: {}", sandbox.calls());
}

#[tokio::test]
async fn clocks_that_differ_by_more_than_a_token_lives_are_an_error() {
    let day = Duration::from_secs(90_000);
    let ahead = start(|config| (config.groups, config.clock_ahead) = (vec![GroupConfig::new(GROUP, 3)], day));
    let error = client(&ahead).roster(GROUP).all().await.unwrap_err();
    assert!(error.is_auth() && ahead.calls() == 2, "{error}");
    let behind = start(|config| (config.groups, config.clock_behind) = (vec![GroupConfig::new(GROUP, 3)], day));
    assert_eq!(client(&behind).roster(GROUP).all().await.unwrap().members.len(), 3);
}

/// What a listing came to, on one line. Nobody may be lost without a gap.
async fn outcome(sandbox: &Sandbox, client: &Client, options: RosterOptions) -> String {
    let mut roster = client.roster_with(GROUP, options);
    let (mut found, mut error) = (BTreeSet::new(), None);
    while let Some(member) = roster.next().await {
        match member {
            Ok(member) => assert!(found.insert(member.user_id), "twice"),
            Err(one) => error = Some(one),
        }
    }
    let report = roster.report();
    let Report { members, completeness, gaps, .. } = &report;
    assert_eq!(*members, found.len() as u64);
    let truth: BTreeSet<String> = sandbox.agora().members(GROUP).into_iter().map(|member| member.id).collect();
    assert!(found.is_subset(&truth), "somebody was invented");
    if error.is_some() || found.len() < truth.len() {
        assert_eq!(*completeness, Completeness::Incomplete, "{report:?}");
    }
    let mut line = format!("{members} members, {}", completeness.as_str());
    for gap in gaps.iter().filter(|gap| !gap.what.starts_with("stopped")) {
        write!(line, "; gap after {}: {}", gap.after, gap.what).unwrap();
    }
    if let Some(error) = error {
        let shown = format!("{error:?}{error}{report:?}{:?}", roster.walk());
        assert!(!shown.contains("007e") && !shown.contains(DEMO_APP_CERTIFICATE), "a secret: {shown}");
        write!(line, "; error: {error}").unwrap();
    }
    line
}

/// Reads a list page by page by its cursor.
async fn by_cursor(sandbox: &Sandbox, client: &Client) -> String {
    let mut pages = client.pages(cursor(None));
    let (mut found, mut calls) = (Vec::new(), 0);
    let end = loop {
        match pages.next().await {
            Some(Ok(page)) => {
                assert!(page.rejected.len() < 2);
                found.extend(page.data.into_iter().map(|member| member.user_id));
            }
            Some(Err(error)) => break format!("; error: {error}"),
            None => break String::new(),
        }
        calls += 1;
        assert!(calls < 100, "without end");
    };
    let truth = sandbox.agora().member_count(GROUP);
    let unique = found.iter().collect::<BTreeSet<_>>().len();
    format!("{} rows, {unique} members of {truth}{end}", found.len())
}

#[tokio::test]
async fn every_fault_ends_in_the_right_result_or_the_right_error() {
    let mut cases = Vec::new();
    for how in ["pages", "description", "cursor"] {
        for name in Fault::NAMES {
            for when in ["once", "call-3", "call-5", "always"] {
                cases.push((name, when, how));
            }
        }
    }
    // Setting up TLS takes longer than most of these.
    let runtime = reqwest_0_13::Reqwest::new().unwrap().into_runtime();
    let lines = stream::iter(cases).map(|(name, when, how)| (name, when, how, runtime.clone()));
    let lines = lines.map(|(name, when, how, runtime)| async move {
        let sandbox = sandbox([GroupConfig::new(GROUP, 350)]);
        let fault: Injection = format!("{name}@{when}").parse().unwrap();
        sandbox.agora().inject(fault.on_command(if how == "description" { DETAILS } else { USERS }));
        let client = builder(&sandbox, local()).runtime(runtime).concurrency(1).build().unwrap();
        let line = match how {
            "pages" => outcome(&sandbox, &client, in_pages(100)).await,
            "description" => outcome(&sandbox, &client, RosterOptions::default()).await,
            _ => by_cursor(&sandbox, &client).await,
        };
        // A fault that cannot befall this call, or not that often, is no line.
        let hit = sandbox.log().iter().any(|entry| entry.note.starts_with("fault: "));
        if hit { format!("{how} {name} {when}: {line}\n") } else { String::new() }
    });
    let table: Vec<String> = lines.buffered(24).collect().await;
    let table = table.concat();
    for name in Fault::NAMES.iter().filter(|name| **name != "em-spelling") {
        assert!(table.contains(&format!(" {name} always: ")), "{name} hit nothing");
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn habits_of_other_lists_are_read_as_well() {
    let groups = || (0..25).map(|n| GroupConfig::new(format!("{n}"), 3));
    for habit in ["em-spelling", "null-cursor", "cursor-at-end", "string-count", "wrong-count", "application-fields"] {
        let sandbox = sandbox(groups());
        sandbox.agora().inject(habit.parse::<Injection>().unwrap());
        let mut pages = client(&sandbox).pages(chatgroups::Request::first(10));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().data);
        }
        assert_eq!(found.len(), 25, "{habit}");
        assert!(found.iter().all(|group| group.last_modified.or(group.last_modified_easemob).is_some()));
    }
    let sandbox = sandbox(groups());
    sandbox.agora().inject(Fault::StuckCursor.always());
    let mut pages = client(&sandbox).pages(chatgroups::Request::first(10));
    let mut ends = None;
    while let Some(page) = pages.next().await {
        ends = page.err();
    }
    assert!(matches!(ends, Some(Error::Walk(_))), "{ends:?}");
}

#[tokio::test]
async fn errors_of_every_shape_mean_the_same() {
    let shapes = ["404-other-form", "bare-error", "short-exception", "properties", "documented-401"];
    for shape in shapes {
        let sandbox = sandbox([GroupConfig::new(GROUP, 3)]);
        sandbox.agora().inject(shape.parse::<Injection>().unwrap());
        let client = client(&sandbox);
        let page = client.chatgroups_users(&Request::page("404", 1, 10)).await.unwrap_err();
        let details = client.roster("404").all().await.unwrap_err();
        assert!(page.is_not_found() && details.is_not_found(), "{shape}: {page}; {details}");
        let wrong = Credentials::new(DEMO_APP_ID, WRONG).unwrap();
        let error = builder(&sandbox, wrong).build().unwrap().roster(GROUP).all().await.unwrap_err();
        assert!(error.is_auth() && error.attempts() == 2, "{shape}: {error}");
        sandbox.agora().inject(Fault::ResourceLimited.always());
        let error = client.roster(GROUP).all().await.unwrap_err();
        assert!(error.is_quota() && error.attempts() == 1, "{shape}: {error}");
    }
}

#[tokio::test]
async fn what_was_read_before_an_error_is_given_out_first() {
    let sandbox = sandbox([GroupConfig::new(GROUP, 1_000)]);
    sandbox.agora().inject(Fault::Transport(Transport::Html200).on_call(6).on_command(USERS));
    let client = builder(&sandbox, local()).concurrency(1).build().unwrap();
    let mut roster = client.roster_with(GROUP, in_pages(100));
    let mut rows = 0;
    let error = loop {
        match roster.next().await {
            Some(Ok(_)) => rows += 1,
            Some(Err(error)) => break error,
            None => panic!("no error came"),
        }
    };
    assert!(matches!(error, Error::Decode(_)), "{error}");
    assert!((100..1_000).contains(&rows), "{rows}");
    assert_eq!(roster.report().completeness, Completeness::Incomplete);
    assert!(roster.next().await.is_none());
    // Saved, the walk goes on from where it stopped, and gives nobody out twice.
    let saved = serde_json::to_string(roster.walk()).unwrap();
    assert!(!saved.contains(DEMO_APP_CERTIFICATE) && !saved.contains("007e"));
    let rest = client.resume(serde_json::from_str(&saved).unwrap()).all().await.unwrap();
    assert_eq!((rest.members.len() + rows, rest.report.members), (1_000, 1_000));
    assert_eq!(rest.report.completeness, Completeness::Verified, "{:?}", rest.report);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_the_deadline() {
    let sandbox = sandbox([]);
    let client = builder(&sandbox, local()).deadline(Some(Duration::from_millis(400))).build().unwrap();
    drop(sandbox);
    let error = client.roster(GROUP).all().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.attempts() >= 1, "{error}");
    assert!(!format!("{error:?}").contains("007e"), "{error:?}");
}

#[tokio::test]
async fn a_deadline_ends_a_walk_and_keeps_what_was_read() {
    let mut config = Whole { latency: Duration::from_millis(60), ..Whole::default() };
    config.agora.groups = vec![GroupConfig::new(GROUP, 20_000)];
    let sandbox = Sandbox::start(config).unwrap();
    let builder = builder(&sandbox, local()).concurrency(2).deadline(Some(Duration::from_millis(1_500)));
    let line = outcome(&sandbox, &builder.build().unwrap(), in_pages(50)).await;
    assert!(line.contains("incomplete") && line.contains("deadline"), "{line}");
    assert!(!line.starts_with("0 members"), "{line}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sandbox = sandbox([GroupConfig::new(GROUP, 10)]);
    let elsewhere = self::sandbox([]);
    sandbox.agora().inject(Fault::Transport(Transport::Redirect(elsewhere.base_url())));
    let error = client(&sandbox).roster(GROUP).all().await.unwrap_err();
    assert!(matches!(&error, Error::Status(error) if error.status.as_u16() == 302), "{error}");
    assert_eq!(elsewhere.calls(), 0);
    // One that a caller's own client followed is an error as well.
    let own = reqwest_0_13::Reqwest::with_client(reqwest::Client::new());
    let client = builder(&sandbox, local()).runtime(own.into_runtime()).build().unwrap();
    let error = client.roster(GROUP).all().await.unwrap_err();
    assert!(error.to_string().contains("followed a redirect"), "{error}");
}

#[tokio::test]
async fn a_plan_that_is_used_up_is_said_at_once() {
    let sandbox = start(|config| (config.groups, config.plan_calls) = (vec![GroupConfig::new(GROUP, 300)], 3));
    let client = builder(&sandbox, local()).concurrency(1).build().unwrap();
    let error = client.roster_with(GROUP, in_pages(50)).all().await.unwrap_err();
    assert!(error.is_quota() && error.attempts() == 1 && sandbox.calls() == 4, "{error}");
}

/// Lists a group of a real app: set `AGORA_BASE_URL`, `AGORA_APP_ID`, `AGORA_APP_CERTIFICATE` and `AGORA_LIVE_GROUP` (and
/// `AGORA_ORG` and `AGORA_APP` for the older form of the URL), and run with `--ignored`.
#[tokio::test]
#[ignore = "needs a real Agora Chat app"]
async fn live_group() {
    let base = BaseUrl::from_env().unwrap();
    let client = Client::builder(base, App::from_env().unwrap(), Credentials::from_env().unwrap()).build().unwrap();
    let group = std::env::var("AGORA_LIVE_GROUP").unwrap();
    let everyone = client.roster(&group).all().await.unwrap();
    println!("{:?}", everyone.report);
    assert!(everyone.report.completeness.is_complete());
    let in_pages = client.roster_with(&group, RosterOptions::default().in_pages()).all().await.unwrap();
    println!("{:?}", in_pages.report);
    assert!(in_pages.report.completeness.is_complete());
}
