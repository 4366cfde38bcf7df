//! The client against the sandbox, over real sockets. The sandbox verifies every signature with code of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use groupmembers_http::{RetryPolicy, reqwest_0_13};
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::tim::{
    Churn, DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, Fault, GroupConfig, GroupKind, Injection,
};
use groupmembers_sandbox::{Config, Sandbox};
use tim_rest::{
    Client, ClientBuilder, Completeness, Credentials, Error, Report, RosterOptions, get_appid_group_list,
    get_group_ban_member, get_group_info, get_group_member_info, get_group_muted_account, get_joined_group_list,
    get_members, get_online_member_num, get_role_in_group, get_specified_group_member_info,
};

const GROUP: &str = "@TGS#2PUBLIC";
const COMMUNITY: &str = "@TGS#_@TGS#cCOMMUNITY";

fn sandbox(groups: impl IntoIterator<Item = GroupConfig>) -> Sandbox {
    let mut config = Config::default();
    config.tim.groups = groups.into_iter().collect();
    Sandbox::start(config).unwrap()
}

fn builder(sandbox: &Sandbox, key: &str) -> ClientBuilder {
    let credentials = Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, key).unwrap();
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(2), Duration::from_millis(10));
    Client::builder(credentials).base_url(sandbox.base_url().parse().unwrap()).retry(quick)
}

fn client(sandbox: &Sandbox) -> Client {
    builder(sandbox, DEMO_SECRET_KEY).build().unwrap()
}

fn kinds() -> Vec<GroupConfig> {
    groupmembers_sandbox::tim::Config::default().groups
}

#[tokio::test]
async fn groups_of_every_type_are_listed_whole() {
    let sandbox = sandbox(kinds());
    let client = client(&sandbox);
    for group in kinds() {
        let listing = client.roster(&group.id).all().await.unwrap();
        let truth = sandbox.tim().members(&group.id);
        let (found, live) = (&listing.members, group.kind == GroupKind::AVChatRoom);
        assert_eq!(found.len(), if live { found.len() } else { truth.len() }, "{}", group.id);
        let names: BTreeSet<&str> = found.iter().map(|member| member.member_account.as_str()).collect();
        assert_eq!(names.len(), found.len());
        assert!(names.is_subset(&truth.iter().map(|member| member.account.as_str()).collect()));
        if live {
            assert_eq!(listing.report.completeness, Completeness::Unverified);
            assert!(listing.report.notes[0].contains("1,000 newest"), "{:?}", listing.report);
            assert!(found.iter().all(|member| member.extra.contains_key("NickName")));
        } else {
            let proved = match group.kind {
                GroupKind::Community => Completeness::Stable,
                _ => Completeness::Verified,
            };
            assert_eq!(listing.report.completeness, proved, "{:?}", listing.report);
            assert!(found.iter().all(|member| member.role.is_some() && member.join_time.is_some()));
        }
    }
    assert!(sandbox.log().iter().all(|entry| entry.code == 0), "nothing was refused");
}

#[tokio::test]
async fn the_promises_hold_while_members_come_and_go() {
    for seed in 1..=6 {
        let churn = Churn::per_call(0.4 * seed as f64);
        let mut config = Config { seed, ..Config::default() };
        config.tim.groups = vec![
            GroupConfig::new(GROUP, GroupKind::Public, 1_500).churn(churn),
            GroupConfig::new(COMMUNITY, GroupKind::Community, 1_500).churn(churn),
        ];
        let sandbox = Sandbox::start(config).unwrap();
        for group in [GROUP, COMMUNITY] {
            sandbox.tim().begin_recording();
            let options = RosterOptions::default().page_size(100).in_windows();
            let listing = client(&sandbox).roster_with(group, options).all().await.unwrap();
            let found: BTreeSet<String> = listing.members.iter().map(|member| member.member_account.clone()).collect();
            assert_eq!(found.len(), listing.members.len(), "somebody appears twice");
            assert!(found.is_subset(&sandbox.tim().ever_present(group)), "somebody was invented");
            let lost = sandbox.tim().present_throughout(group).difference(&found).count();
            assert!(
                lost == 0 || listing.report.completeness == Completeness::Incomplete,
                "{lost} lost: {:?}",
                listing.report
            );
        }
    }
}

#[tokio::test]
async fn the_pacer_never_earns_a_throttle_answer() {
    let groups: Vec<GroupConfig> =
        (0..8).map(|n| GroupConfig::new(format!("g{n}"), GroupKind::Public, 1_000)).collect();
    let sandbox = sandbox(groups);
    let client = client(&sandbox);
    let options = RosterOptions::default().page_size(20).in_windows();
    let lists = (0..8).map(|n| client.roster_with(format!("g{n}"), options.clone()).all());
    for listing in futures_util::future::join_all(lists).await {
        let listing = listing.unwrap();
        assert_eq!((listing.members.len(), listing.report.throttled), (1_000, 0));
    }
    assert!(sandbox.calls() > 400, "more than two seconds' worth: {}", sandbox.calls());
    assert_eq!(sandbox.throttled(), 0);
}

#[tokio::test]
async fn a_throttle_answer_closes_the_bucket_and_costs_only_time() {
    let sandbox = sandbox([GroupConfig::new(GROUP, GroupKind::Public, 900).fault(Fault::Throttled.on_call(3))]);
    let listing = client(&sandbox).roster_with(GROUP, RosterOptions::default().in_windows()).all().await.unwrap();
    assert_eq!((listing.members.len(), listing.report.throttled, listing.report.retries), (900, 1, 1));
    assert_eq!(listing.report.completeness, Completeness::Verified);
    assert!(listing.report.elapsed_ms >= 1_000, "the bucket stays closed for a second");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_asked_for_in_parts() {
    let sandbox = sandbox([GroupConfig::new(GROUP, GroupKind::Public, 6_000).custom_fields()]);
    let listing = client(&sandbox).roster(GROUP).all().await.unwrap();
    assert_eq!(
        (listing.members.len(), listing.report.completeness),
        (6_000, Completeness::Verified),
        "{:?}",
        listing.report
    );
    assert!(listing.report.notes.iter().any(|note| note.contains("1 MB")), "{:?}", listing.report);
}

/// What a listing came to, on one line.
async fn outcome(client: &Client, group: &str) -> String {
    let options = RosterOptions::default().page_size(100).in_windows();
    let mut roster = client.roster_with(group, options);
    let (mut rows, mut error) = (0, None);
    while let Some(member) = roster.next().await {
        match member {
            Ok(_) => rows += 1,
            Err(found) => error = Some(found),
        }
    }
    let Report { members, completeness, gaps, .. } = roster.report();
    assert_eq!(members, rows);
    if error.is_some() {
        assert_eq!(completeness, Completeness::Incomplete);
    }
    let mut line = format!("{rows} members, {}", completeness.as_str());
    for gap in &gaps {
        write!(line, "; gap after {}: {}", gap.after, gap.what).unwrap();
    }
    if let Some(error) = error {
        assert!(!format!("{error:?}{error}").contains("eJ"), "a signature: {error}");
        write!(line, "; error: {error}").unwrap();
    }
    line
}

#[tokio::test]
async fn every_fault_ends_in_the_right_result_or_the_right_error() {
    let mut cases = Vec::new();
    for name in Fault::NAMES {
        for when in ["once", "call-3", "always"] {
            cases.push((name, when, GroupKind::Community, COMMUNITY));
            if !matches!(*name, "stuck-cursor" | "empty-page") {
                cases.push((name, when, GroupKind::Public, GROUP));
            }
        }
    }
    let lines = stream::iter(cases).map(|(name, when, kind, group)| async move {
        let sandbox = sandbox([GroupConfig::new(group, kind, 350)]);
        let fault: Injection = format!("{name}@{when}").parse().unwrap();
        sandbox.tim().inject(fault.on_command("get_group_member_info"));
        let client = builder(&sandbox, DEMO_SECRET_KEY).concurrency(1);
        let line = outcome(&client.build().unwrap(), group).await;
        format!("{name} {when} {}: {}\n", kind.as_str(), without_random(&line))
    });
    let table: Vec<String> = lines.buffered(8).collect().await;
    insta::assert_snapshot!(table.concat());
}

/// The one number in a query that is another in every run.
fn without_random(line: &str) -> String {
    let mut parts = line.split("random=");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |line, part| line + "random=" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[tokio::test]
async fn what_was_read_before_an_error_is_given_out_first() {
    let sandbox = sandbox([GroupConfig::new(COMMUNITY, GroupKind::Community, 1_000)]);
    sandbox.tim().inject(Fault::Transport(Transport::Html200).on_call(6).on_command("get_group_member_info"));
    let mut roster = client(&sandbox).roster(COMMUNITY);
    let mut rows = 0;
    let error = loop {
        match roster.next().await {
            Some(Ok(_)) => rows += 1,
            Some(Err(error)) => break error,
            None => panic!("no error came"),
        }
    };
    assert!(matches!(error, Error::Decode(_)), "{error}");
    assert_eq!(rows, 500);
    let report = roster.report();
    assert_eq!((report.completeness, report.gaps[0].after), (Completeness::Incomplete, 500));
    assert!(roster.next().await.is_none());
    // Saved, the walk goes on from where it stopped, and gives nobody out twice.
    let saved = serde_json::to_string(roster.walk()).unwrap();
    assert!(!saved.contains(DEMO_SECRET_KEY));
    let rest = client(&sandbox).resume(serde_json::from_str(&saved).unwrap()).all().await.unwrap();
    assert_eq!((rest.members.len(), rest.report.members), (500, 1_000));
    assert_eq!(rest.report.completeness, Completeness::Stable, "{:?}", rest.report);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let sandbox = sandbox(kinds());
    let mut table = String::new();
    let mut note = |what: &str, error: Error| writeln!(table, "{what}: {error}").unwrap();
    let roster = |client: Client, group: &'static str| async move { client.roster(group).all().await.unwrap_err() };

    note("unknown group", roster(client(&sandbox), "@TGS#NOBODY").await);
    note("empty group", roster(client(&sandbox), "").await);
    note(
        "page size",
        client(&sandbox).roster_with(GROUP, RosterOptions::default().page_size(500)).all().await.unwrap_err(),
    );
    let wrong_key = builder(&sandbox, &"0".repeat(64)).build().unwrap();
    note("wrong key", roster(wrong_key, GROUP).await);
    let base = || sandbox.base_url().parse().unwrap();
    let other = Credentials::new(1_400_000_001, DEMO_ADMIN, DEMO_SECRET_KEY).unwrap();
    note("wrong app", roster(Client::builder(other).base_url(base()).build().unwrap(), GROUP).await);
    let nobody = Credentials::new(DEMO_SDK_APP_ID, "bob", DEMO_SECRET_KEY).unwrap();
    note("no admin", roster(Client::builder(nobody).base_url(base()).build().unwrap(), GROUP).await);
    let live = RosterOptions::default().group_type(tim_rest::GroupType::Public);
    note("live room told as Public", client(&sandbox).roster_with("@TGS#aAVCHATROOM", live).all().await.unwrap_err());
    insta::assert_snapshot!(table);
    assert!(sandbox.calls() < 12, "none of these is worth a second try");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_the_deadline() {
    let sandbox = sandbox([]);
    let gone = sandbox.base_url();
    drop(sandbox);
    let credentials = Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, DEMO_SECRET_KEY).unwrap();
    let client =
        Client::builder(credentials).base_url(gone.parse().unwrap()).deadline(Some(Duration::from_millis(400)));
    let error = client.build().unwrap().roster(GROUP).all().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(error.attempts() >= 1);
    assert!(!format!("{error:?}").contains("usersig"), "{error:?}");
}

#[tokio::test]
async fn a_deadline_ends_a_walk_and_keeps_what_was_read() {
    let mut config = Config { latency: Duration::from_millis(40), ..Config::default() };
    config.tim.groups = vec![GroupConfig::new(COMMUNITY, GroupKind::Community, 20_000)];
    let sandbox = Sandbox::start(config).unwrap();
    let client = builder(&sandbox, DEMO_SECRET_KEY).deadline(Some(Duration::from_millis(1_500))).build().unwrap();
    let line = outcome(&client, COMMUNITY).await;
    assert!(line.contains("incomplete") && line.contains("the deadline passed"), "{line}");
    assert!(!line.starts_with("0 members"), "{line}");
}

#[tokio::test]
async fn a_redirect_that_a_callers_own_client_followed_is_an_error() {
    let sandbox = sandbox([GroupConfig::new(GROUP, GroupKind::Public, 10)]);
    let elsewhere = self::sandbox([]);
    sandbox.tim().inject(Fault::Transport(Transport::Redirect(elsewhere.base_url())));
    let own = reqwest_0_13::Reqwest::with_client(reqwest::Client::new());
    let client = builder(&sandbox, DEMO_SECRET_KEY).runtime(own.into_runtime()).build().unwrap();
    let error = client.roster(GROUP).all().await.unwrap_err();
    assert!(error.to_string().contains("followed a redirect"), "{error}");
    // The built-in one does not follow it.
    let before = elsewhere.calls();
    let error = self::client(&sandbox).roster(GROUP).all().await.unwrap_err();
    assert!(matches!(&error, Error::Status(error) if error.status.as_u16() == 302), "{error}");
    assert_eq!(elsewhere.calls(), before);
}

#[tokio::test]
async fn batches_over_the_caps_are_split_and_put_together_in_order() {
    let groups: Vec<GroupConfig> =
        (0..60).map(|n| GroupConfig::new(format!("g{n}"), GroupKind::Public, 1_200)).collect();
    let sandbox = sandbox(groups);
    let client = client(&sandbox);
    let accounts: Vec<String> = sandbox.tim().members("g0").into_iter().map(|member| member.account).collect();

    let asked = accounts.iter().cloned().chain(["nobody".to_owned()]);
    let roles = client.get_role_in_group(&get_role_in_group::Request::new("g0", asked)).await.unwrap().user_id_list;
    assert_eq!(roles.len(), 1_201);
    assert_eq!(roles[1_200].role, tim_rest::Role::NotMember);
    assert!(roles.iter().zip(&accounts).all(|(role, account)| role.member_account == *account));

    let some = get_specified_group_member_info::Request::new("g0", &accounts[..120]);
    assert_eq!(client.get_specified_group_member_info(&some).await.unwrap().member_list.len(), 120);

    let ids: Vec<String> = (0..60).map(|n| format!("g{n}")).chain(["gone".to_owned()]).collect();
    let infos =
        client.get_group_info(&get_group_info::Request::new(&ids).with_base_info(["Type", "MemberNum"])).await.unwrap();
    let found: Vec<&str> = infos.group_info.iter().map(|info| info.group_id.as_str()).collect();
    assert_eq!(found, ids);
    assert_eq!(infos.group_info[60].error_code, Some(10010));
    assert_eq!(sandbox.calls(), 3 + 3 + 2);
}

#[tokio::test]
async fn every_other_command_works() {
    let sandbox = sandbox(kinds());
    let client = client(&sandbox);
    let someone = sandbox.tim().members(GROUP)[5].account.clone();
    let joined = client.get_joined_group_list(&get_joined_group_list::Request::new(&someone)).await.unwrap();
    assert!(joined.group_id_list.iter().any(|group| group.group_id == GROUP));
    client.get_group_muted_account(&get_group_muted_account::Request::new(GROUP)).await.unwrap();
    let online = client.get_online_member_num(&get_online_member_num::Request::new(GROUP)).await.unwrap();
    assert!(online.online_member_num.is_some());
    let online = client.get_online_member_num(&get_online_member_num::Request::community(COMMUNITY)).await.unwrap();
    assert!(online.online_member_num.is_some());
    let page = client.get_group_member_info(&get_group_member_info::Request::page(GROUP, 10, 5)).await.unwrap();
    assert_eq!(page.member_list[0].member_account, someone);
    let page = client.get_appid_group_list(&get_appid_group_list::Request::default()).await.unwrap();
    assert_eq!(page.group_id_list.len(), kinds().len());
    client.get_group_ban_member(&get_group_ban_member::Request::new(GROUP)).await.unwrap();
    client.get_members(&get_members::Request::new("@TGS#aAVCHATROOM")).await.unwrap();

    let mut pages = client.pages(get_appid_group_list::Request { limit: Some(3), ..Default::default() });
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        groups.extend(page.unwrap().group_id_list);
    }
    assert_eq!(groups.len(), kinds().len());
    assert_eq!(sandbox.throttled(), 0, "one call a second");
    let mut pages =
        client.pages(get_group_ban_member::Request { limit: Some(5), ..get_group_ban_member::Request::new(GROUP) });
    while let Some(page) = pages.next().await {
        page.unwrap();
    }
    let mut pages = client.pages(get_group_member_info::Request::page(GROUP, 200, 0));
    let mut rows = 0;
    while let Some(page) = pages.next().await {
        rows += page.unwrap().member_list.len();
    }
    assert_eq!(rows, 1_234);
}

#[tokio::test]
async fn a_signature_that_was_refused_is_made_anew_once() {
    let sandbox = sandbox([GroupConfig::new(GROUP, GroupKind::Public, 10)]);
    sandbox.tim().inject(Fault::SigExpired.once());
    let listing = client(&sandbox).roster(GROUP).all().await.unwrap();
    assert_eq!((listing.members.len(), listing.report.retries), (10, 1));
    sandbox.tim().inject(Fault::SigExpired.always());
    let before = sandbox.calls();
    let error = client(&sandbox).roster(GROUP).all().await.unwrap_err();
    assert_eq!(
        (error.api().unwrap().code, error.attempts(), sandbox.calls() - before),
        (70001, 2, 2),
        "once, not in a loop"
    );
}

#[tokio::test]
async fn no_error_prints_a_secret_that_the_server_echoes() {
    let sandbox = sandbox([GroupConfig::new(GROUP, GroupKind::Public, 10)]);
    sandbox.tim().inject(Fault::EchoQuery.always());
    let error = client(&sandbox).roster(GROUP).all().await.unwrap_err();
    let text = format!("{error} {error:?} {:?}", client(&sandbox));
    assert!(text.contains("sdkappid=1400000000"), "the server's words are shown: {text}");
    assert!(!text.contains("eJ") && !text.contains(DEMO_SECRET_KEY), "{text}");
}

/// Lists a group of a real app: set `TIM_SDK_APP_ID`, `TIM_SECRET_KEY`, `TIM_ADMIN` and `TIM_LIVE_GROUP`
/// (and `TIM_REGION`), and run with `--ignored`.
#[tokio::test]
#[ignore = "needs a real Tencent IM app"]
async fn live_group() {
    let mut client = Client::builder(Credentials::from_env().unwrap());
    if let Ok(region) = std::env::var("TIM_REGION") {
        client = client.region(region.parse().unwrap());
    }
    let client = client.build().unwrap();
    let group = std::env::var("TIM_LIVE_GROUP").unwrap();
    let everyone = client.roster(&group).all().await.unwrap();
    println!("{:?}", everyone.report);
    assert!(everyone.report.completeness.is_complete());
    let in_windows = client.roster_with(&group, RosterOptions::default().in_windows()).all().await.unwrap();
    println!("{:?}", in_windows.report);
    assert!(in_windows.report.completeness.is_complete());
}

#[tokio::test]
async fn split_batches_can_be_spawned() {
    let sandbox = sandbox(kinds());
    let client = client(&sandbox);
    let ids: Vec<String> = kinds().iter().map(|group| group.id.clone()).cycle().take(120).collect();
    let infos = tokio::spawn(async move {
        let request = get_group_info::Request::new(ids).with_base_info(["Type", "MemberNum"]);
        client.get_group_info(&request).await
    });
    assert_eq!(infos.await.unwrap().unwrap().group_info.len(), 120);
}
