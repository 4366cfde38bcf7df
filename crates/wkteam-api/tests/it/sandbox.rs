//! The client against the sandbox, over real sockets. The sandbox makes and verifies tokens with code of its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all, join3, join4};
use groupmembers_http::{Body, Now, RetryPolicy, Runtime, TransportError, TransportErrorKind, reqwest_0_13};
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::wkteam::{
    AccountConfig, AuthAnswer, Churn, DEMO_ACCOUNT, DEMO_PASSWORD, DEMO_WC_ID, DEMO_WID, Fault, GroupConfig, Role,
    Status,
};
use groupmembers_sandbox::{Config, Sandbox};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span;
use wkteam_api::{
    Account, ApiErrorKind, BaseUrl, Client, ClientBuilder, Completeness, Credentials, Error, Pace, RosterOptions,
    StatusErrorKind, Token, WId, get_chat_room_info, get_chat_room_member, get_chat_room_member_info, get_contact,
    member_login,
};

pub(crate) const GROUP: &str = "20000000040@chatroom";
const NO_PAUSE: Pace = Pace { least: Duration::ZERO, jitter: Duration::ZERO };

/// A sandbox that minds no haste.
pub(crate) fn patient(groups: impl IntoIterator<Item = GroupConfig>) -> Config {
    let mut config = Config::default();
    // The other vendors' worlds take a while to make.
    (config.nim.rooms, config.nim.teams) = (vec![], vec![]);
    (config.tim.groups, config.yunshop.enterprises) = (vec![], vec![]);
    config.wkteam.groups = groups.into_iter().collect();
    config.wkteam.contact_gap = Duration::ZERO;
    config.wkteam.detail_gap = Duration::ZERO;
    config
}

pub(crate) fn start(config: Config) -> Sandbox {
    Sandbox::start(config).unwrap()
}

fn group(members: u32) -> GroupConfig {
    GroupConfig::new(GROUP, "产品答疑🎉 1群", members).role(Role::Owner)
}

fn kinds() -> Vec<GroupConfig> {
    let mut groups = groupmembers_sandbox::wkteam::Config::default().groups;
    groups.push(GroupConfig::new("20000000001@chatroom", "独自一人", 1).role(Role::Owner));
    groups.push(GroupConfig::new("20000003000@chatroom", "比微信允许的还多", 3_000).role(Role::Admin));
    groups
}

pub(crate) fn account() -> Credentials {
    Account::new(DEMO_ACCOUNT, DEMO_PASSWORD).unwrap().into()
}

fn w_id(sandbox: &Sandbox) -> WId {
    WId::new(sandbox.wkteam().wid(DEMO_WC_ID)).unwrap()
}

/// One that waits for nothing.
fn builder(sandbox: &Sandbox, credentials: impl Into<Credentials>) -> ClientBuilder {
    let quick =
        RetryPolicy::default().with_max_attempts(3).with_backoff(Duration::from_millis(2), Duration::from_millis(10));
    Client::builder(base(sandbox), credentials).pace(NO_PAUSE).contact_pace(NO_PAUSE).retry(quick)
}

pub(crate) fn base(sandbox: &Sandbox) -> BaseUrl {
    sandbox.base_url().parse().unwrap()
}

fn client(sandbox: &Sandbox) -> Client {
    builder(sandbox, account()).wc_id(DEMO_WC_ID).build().unwrap()
}

/// Real sockets, and a clock that runs so many times faster: what waits ten seconds is over in half of one.
#[derive(Debug)]
pub(crate) struct FastClock(Arc<dyn Runtime>);

impl FastClock {
    pub(crate) const TIMES: u32 = 20;

    pub(crate) fn runtime() -> Arc<dyn Runtime> {
        Arc::new(Self(reqwest_0_13::Reqwest::new().unwrap().into_runtime()))
    }
}

impl Runtime for FastClock {
    fn send(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        self.0.send(request)
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.sleep(duration / Self::TIMES).boxed()
    }
    fn now(&self) -> Now {
        let now = self.0.now();
        Now::new(now.elapsed.saturating_mul(Self::TIMES), now.unix)
    }
    fn nonce(&self) -> u64 {
        self.0.nonce()
    }
}

fn ids(members: &[get_chat_room_member::Member]) -> Vec<&str> {
    members.iter().map(|member| member.user_name.as_str()).collect()
}

fn commands(sandbox: &Sandbox) -> Vec<String> {
    sandbox.log().into_iter().map(|entry| entry.command).collect()
}

fn count(sandbox: &Sandbox, command: &str) -> usize {
    sandbox.log().iter().filter(|entry| entry.command == command).count()
}

#[tokio::test]
async fn groups_of_every_size_are_listed_whole_and_in_order() {
    let sandbox = start(patient(kinds()));
    let client = client(&sandbox);
    // The first roster logs in, and looks the wId up.
    let mut calls = 4;
    for group in kinds() {
        let truth = sandbox.wkteam().members(&group.id);
        let mut roster = client.roster(&group.id);
        let mut found = Vec::new();
        while let Some(member) = roster.next().await {
            found.push(member.unwrap());
        }
        let names: Vec<&str> = truth.iter().map(|member| member.user_name.as_str()).collect();
        assert_eq!(ids(&found), names, "{}", group.id);
        let told = group.role != Role::Member;
        for (found, truth) in found.iter().zip(&truth) {
            assert_eq!(found.chat_room_id.as_deref(), Some(group.id.as_str()));
            assert_eq!(found.display_name, truth.display_name);
            assert_eq!(found.inviter_user_name, truth.inviter.clone().filter(|_| told));
            assert_eq!(found.is_manage, Some(truth.role == Role::Owner));
            let name = found.name();
            assert!(name.is_none_or(|name| !name.is_empty()));
            assert_eq!(name, truth.display_name.as_deref().or(found.nick_name.as_deref()).filter(|n| !n.is_empty()));
            assert_eq!(found.extra["memberCount"], 0, "not the size of the group");
        }
        let room = roster.walk().room().unwrap();
        let owner = truth.iter().find(|member| member.role == Role::Owner).unwrap();
        assert_eq!(room.chat_room_owner.as_deref(), Some(owner.user_name.as_str()));
        assert_eq!(room.nick_name.as_deref(), Some(group.name.as_str()));
        assert_eq!(room.member_count, Some(u64::from(group.members)));
        let report = roster.report();
        assert_eq!(report.completeness, Completeness::Verified, "{report:?}");
        assert_eq!((report.members, report.declared_total), (truth.len() as u64, Some(truth.len() as u64)));
        assert!(
            report.gaps.is_empty() && report.duplicates == 0 && report.retries == 0 && report.calls == calls,
            "{report:?}"
        );
        calls = 2;
    }
    assert!(sandbox.log().iter().all(|entry| entry.code == 0 && entry.note.is_empty()), "nothing was refused");
    assert_eq!((count(&sandbox, "member/login"), count(&sandbox, "queryLoginWx")), (1, 1));
}

#[tokio::test]
async fn every_endpoint_says_what_is_so() {
    let sandbox = start(patient(kinds()));
    let world = sandbox.wkteam();
    let client = client(&sandbox);
    let truth = world.members(GROUP);

    let login = member_login::Request { account: DEMO_ACCOUNT.into(), password: DEMO_PASSWORD.into() };
    let login = client.member_login(&login).await.unwrap().data;
    assert_eq!(login.token().unwrap().as_str(), world.token());
    assert_eq!(login.status, Some(wkteam_api::AccountStatus::Normal));

    let logins = client.query_login_wx().await.unwrap().data;
    let found: Vec<(String, String)> = logins.into_iter().map(|l| (l.wc_id, l.w_id.as_str().to_owned())).collect();
    let accounts: Vec<(String, String)> = world.accounts().into_iter().map(|id| (id.clone(), world.wid(&id))).collect();
    assert_eq!(found, accounts);

    assert!(client.is_online().await.unwrap());
    let dead = client.with_w_id(WId::new("00000000-0000-4000-8000-000000000000").unwrap());
    assert!(!dead.is_online().await.unwrap(), "1000, and not online");

    let early = client.get_address_list().await.unwrap_err();
    assert!(early.to_string().contains("请先初始化通讯录"), "{early}");
    client.init_address_list().await.unwrap();
    let book = client.get_address_list().await.unwrap().data;
    let saved: Vec<String> = kinds().into_iter().filter(|group| group.saved).map(|group| group.id).collect();
    assert_eq!(book.chatrooms, Some(saved));

    let room = client.get_chat_room_info(&get_chat_room_info::Request::new(GROUP)).await.unwrap().data.remove(0);
    let named = room.chat_room_members.unwrap();
    let list = client.get_chat_room_member(&get_chat_room_member::Request::new(GROUP)).await.unwrap().data;
    assert_eq!((named.len(), list.len()), (truth.len(), truth.len()));
    for ((named, listed), truth) in named.iter().zip(&list).zip(&truth) {
        assert_eq!((&named.user_name, &listed.user_name), (&truth.user_name, &truth.user_name));
        assert_eq!((&named.nick_name, named.is_manage), (&listed.nick_name, listed.is_manage));
        let request = get_chat_room_member_info::Request::new(GROUP, truth.user_name.as_str());
        let profile = client.get_chat_room_member_info(&request).await.unwrap().data.remove(0);
        assert_eq!((&profile.user_name, &profile.nick_name), (&truth.user_name, &listed.nick_name));
        assert_eq!(profile.big_head, listed.big_head_img_url, "the same picture under another key");
        assert_eq!(profile.small_head, listed.small_head_img_url);
    }

    let before = sandbox.calls();
    let mut wanted: Vec<String> = truth.iter().map(|member| member.user_name.clone()).collect();
    wanted.insert(25, "wxid_nobody".to_owned());
    wanted.push(GROUP.to_owned());
    let request = get_contact::Request::new(&wanted);
    let contacts = client.get_contact(&request).await.unwrap();
    assert_eq!(sandbox.calls() - before, 3, "42 ids, 20 at once");
    assert_eq!(request.missing(&contacts).collect::<Vec<_>>(), ["wxid_nobody"]);
    let found: Vec<&str> = contacts.data.iter().map(|profile| profile.user_name.as_str()).collect();
    assert_eq!(found, wanted.iter().filter(|id| *id != "wxid_nobody").collect::<Vec<_>>());
    assert_eq!(contacts.data.last().unwrap().nick_name.as_deref(), Some("产品答疑🎉 1群"));
    let names: BTreeSet<String> = commands(&sandbox).into_iter().collect();
    assert_eq!(names.len(), 9, "{names:?}");
}

#[tokio::test]
async fn profiles_come_with_everybody_and_a_stopped_walk_goes_on() {
    let sandbox = start(patient(kinds()));
    let truth = sandbox.wkteam().members(GROUP);
    let whole = client(&sandbox).roster_with_details(GROUP, RosterOptions::default()).all().await.unwrap();
    assert_eq!((whole.members.len(), whole.report.completeness), (40, Completeness::Verified), "{:?}", whole.report);
    for (found, truth) in whole.members.iter().zip(&truth) {
        assert_eq!(found.member.user_name, truth.user_name);
        assert_eq!(found.profile.as_ref().unwrap().user_name, truth.user_name);
        assert_eq!(found.profile.as_ref().unwrap().nick_name, found.member.nick_name);
    }
    let asked = || count(&sandbox, "getChatRoomMemberInfo");
    assert_eq!(asked(), 40);

    sandbox.wkteam().inject(Fault::Transport(Transport::Html200).on_call(21).on_command("getChatRoomMemberInfo"));
    let mut roster = client(&sandbox).roster_with_details(GROUP, RosterOptions::default());
    let mut first = Vec::new();
    let error = loop {
        match roster.next().await.unwrap() {
            Ok(member) => first.push(member),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Decode(_)), "{error}");
    assert_eq!((first.len(), roster.report().completeness), (20, Completeness::Incomplete));
    let saved = serde_json::to_string(roster.walk()).unwrap();
    for secret in [sandbox.wkteam().token(), DEMO_WID.to_owned(), DEMO_PASSWORD.to_owned()] {
        assert!(!saved.contains(&secret));
    }
    let rest = client(&sandbox).resume_with_details(serde_json::from_str(&saved).unwrap()).all().await.unwrap();
    first.extend(rest.members);
    assert_eq!(first, whole.members);
    assert_eq!((rest.report.members, rest.report.completeness), (40, Completeness::Verified), "{:?}", rest.report);
    assert_eq!(asked(), 40 + 41, "nobody was asked about twice");
}

#[tokio::test]
async fn the_promises_hold_while_members_come_and_go() {
    let spoilt = [None, Some("short-list=3"), Some("unstable-order"), Some("duplicate-row"), Some("bad-row")];
    for seed in 1..=12 {
        for spoilt in spoilt {
            let churn = Churn::per_call([0.3, 1.0, 3.0, 9.0][seed as usize % 4]);
            let sandbox = start(Config { seed, ..patient([group(120).churn(churn)]) });
            let world = sandbox.wkteam();
            if let Some(spoilt) = spoilt {
                world.inject(spoilt.parse::<groupmembers_sandbox::wkteam::Injection>().unwrap());
            }
            world.begin_recording();
            let listing = client(&sandbox).roster(GROUP).all().await.unwrap();
            let found: BTreeSet<String> = listing.members.iter().map(|m| m.user_name.clone()).collect();
            assert_eq!(found.len(), listing.members.len(), "somebody appears twice");
            assert!(found.is_subset(&world.ever_present(GROUP)), "somebody was invented");
            let lost = world.present_throughout(GROUP).difference(&found).count();
            assert!(
                lost == 0 || listing.report.completeness == Completeness::Incomplete && !listing.report.gaps.is_empty(),
                "{lost} lost, {spoilt:?}: {:?}",
                listing.report
            );
        }
    }
}

#[tokio::test]
async fn profiles_of_those_who_left_meanwhile_are_missing_and_said_to_be() {
    let churn = Churn { leave: 1, join: 0, rejoin: 0, ..Churn::per_call(0.15) };
    let sandbox = start(patient([group(60).churn(churn)]));
    let world = sandbox.wkteam();
    world.begin_recording();
    let listing = client(&sandbox).roster_with_details(GROUP, RosterOptions::default()).all().await;
    let listing = listing.unwrap();
    let found: BTreeSet<String> = listing.members.iter().map(|m| m.member.user_name.clone()).collect();
    assert!(found.is_subset(&world.ever_present(GROUP)) && found.is_superset(&world.present_throughout(GROUP)));
    for member in &listing.members {
        let problem = member.problem.as_deref().unwrap_or_default();
        assert_eq!(member.profile.is_none(), problem.contains("群成员不存在"), "{problem}");
    }
    assert!(listing.members.iter().any(|member| member.profile.is_none()), "nobody left");
}

#[tokio::test]
async fn the_pace_never_earns_a_throttle_answer() {
    let mut config = patient(kinds());
    // The defaults of the sandbox and of the client, for what has a figure; five calls a second for what has none.
    config.wkteam.contact_gap = Duration::from_millis(300);
    config.wkteam.detail_gap = Duration::from_millis(100);
    config.wkteam.calls_per_second = 5;
    config.wkteam.hurried_until_offline = 1;
    let sandbox = start(config);
    let pace = Pace { least: Duration::from_millis(200), jitter: Duration::from_millis(20) };
    let client = Client::builder(base(&sandbox), account()).pace(pace).wc_id(DEMO_WC_ID).build().unwrap();
    let other = client.with_w_id(w_id(&sandbox));
    let some: Vec<String> = sandbox.wkteam().members(GROUP).into_iter().map(|member| member.user_name).collect();
    let contacts = get_contact::Request::new(&some);
    let rosters = join_all((0..3).map(|_| client.roster(GROUP).all()));
    let clones = join_all((0..2).map(|_| other.roster(GROUP).all()));
    let profiles = client.roster_with_details("20000000003@chatroom", RosterOptions::default()).all();
    let (rosters, clones, profiles, contacts) = join4(rosters, clones, profiles, client.get_contact(&contacts)).await;
    for listing in rosters.into_iter().chain(clones) {
        assert_eq!(listing.unwrap().members.len(), 40);
    }
    assert_eq!((profiles.unwrap().members.len(), contacts.unwrap().data.len()), (3, 40));
    assert_eq!(sandbox.throttled(), 0);
    assert!(sandbox.wkteam().is_online(DEMO_WC_ID));
}

#[tokio::test]
async fn the_default_pace_never_earns_a_throttle_answer() {
    // A sandbox twenty times as strict, for a clock that runs twenty times as fast.
    let mut config = patient([group(12)]);
    config.wkteam.contact_gap = Duration::from_millis(300) / FastClock::TIMES;
    config.wkteam.detail_gap = Duration::from_secs(1) / FastClock::TIMES;
    config.wkteam.calls_per_second = FastClock::TIMES;
    config.wkteam.hurried_until_offline = 1;
    let sandbox = start(config);
    let client = Client::builder(base(&sandbox), account()).runtime(FastClock::runtime()).wc_id(DEMO_WC_ID);
    let client = client.build().unwrap();
    let some: Vec<String> = sandbox.wkteam().members(GROUP).into_iter().map(|member| member.user_name).collect();
    let contacts = get_contact::Request::new(some.iter().cycle().take(80));
    let (roster, details) =
        (client.roster(GROUP).all(), client.roster_with_details(GROUP, RosterOptions::default()).all());
    let (roster, details, contacts) = join3(roster, details, client.get_contact(&contacts)).await;
    assert_eq!((roster.unwrap().members.len(), details.unwrap().members.len()), (12, 12));
    assert_eq!(contacts.unwrap().data.len(), 4 * 12);
    assert_eq!((sandbox.throttled(), sandbox.wkteam().is_online(DEMO_WC_ID)), (0, true));
}

/// What is wrong with the credentials, as a caller gets to know it.
#[tokio::test]
async fn refusals_say_what_to_do() {
    let mut table = String::new();
    for answer in [AuthAnswer::Code, AuthAnswer::Unauthorized, AuthAnswer::Forbidden] {
        let fresh = || {
            let mut config = patient(kinds());
            config.wkteam.auth_answer = answer;
            start(config)
        };
        let mut note = |what: &str, sandbox: &Sandbox, error: Error| {
            let calls = commands(sandbox).join(" ");
            writeln!(table, "{answer:?}, {what}: {error}\n    {calls}").unwrap();
            let text = format!("{error} {error:?}");
            assert!(![DEMO_PASSWORD, DEMO_WID, &sandbox.wkteam().token()].iter().any(|s| text.contains(s)), "{text}");
        };
        let list = |client: Client, group: &'static str| async move { client.roster(group).all().await.unwrap_err() };

        let sandbox = fresh();
        let wrong = Token::new("a.b.c").unwrap();
        note(
            "wrong token",
            &sandbox,
            list(builder(&sandbox, wrong).w_id(w_id(&sandbox)).build().unwrap(), GROUP).await,
        );
        let sandbox = fresh();
        let wrong = Token::new("a.b.c").unwrap();
        note(
            "wrong token, wcId",
            &sandbox,
            list(builder(&sandbox, wrong).wc_id(DEMO_WC_ID).build().unwrap(), GROUP).await,
        );
        let sandbox = fresh();
        let token = Token::new(sandbox.wkteam().token()).unwrap();
        let client = builder(&sandbox, token).w_id(w_id(&sandbox)).build().unwrap();
        let _ = client.roster(GROUP).all().await.unwrap();
        sandbox.wkteam().log_out();
        note("token after a logout", &sandbox, list(client, GROUP).await);
        let sandbox = fresh();
        let client = self::client(&sandbox);
        let _ = client.roster(GROUP).all().await.unwrap();
        sandbox.wkteam().change_password("another");
        note("account after a change of the password", &sandbox, list(client, GROUP).await);
        for status in [Status::Frozen, Status::Expired] {
            let sandbox = fresh();
            let client = self::client(&sandbox);
            let _ = client.roster(GROUP).all().await.unwrap();
            sandbox.wkteam().set_status(status);
            note(&format!("{status:?} meanwhile"), &sandbox, list(client, GROUP).await);
            note(&format!("{status:?} from the start"), &sandbox, list(self::client(&sandbox), GROUP).await);
        }
    }
    let sandbox = start(patient(kinds()));
    let mut note = |what: &str, error: Error| writeln!(table, "{what}: {error}").unwrap();
    let list = |client: Client, group: &'static str| async move { client.roster(group).all().await.unwrap_err() };
    let wrong = Account::new(DEMO_ACCOUNT, "wrong").unwrap();
    note("wrong password", list(builder(&sandbox, wrong).wc_id(DEMO_WC_ID).build().unwrap(), GROUP).await);
    let dead = WId::new("00000000-0000-4000-8000-000000000000").unwrap();
    note("dead wId", list(builder(&sandbox, account()).w_id(dead).build().unwrap(), GROUP).await);
    let wc_id = WId::new(DEMO_WC_ID).unwrap();
    note("wcId for wId", list(builder(&sandbox, account()).w_id(wc_id).build().unwrap(), GROUP).await);
    note("unknown wcId", list(builder(&sandbox, account()).wc_id("wxid_nobody").build().unwrap(), GROUP).await);
    note("unknown group", list(client(&sandbox), "99999999999@chatroom").await);
    note("no group's id", list(client(&sandbox), "99999999999").await);
    note("not in the group", list(client(&sandbox).with_wc_id("wxid_sandbox1other21"), GROUP).await);
    sandbox.wkteam().take_offline(DEMO_WC_ID);
    note("offline", list(client(&sandbox), GROUP).await);
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_logout_and_a_new_login_are_seen_through() {
    for answer in [AuthAnswer::Code, AuthAnswer::Unauthorized, AuthAnswer::Forbidden] {
        let mut config = patient(kinds());
        config.wkteam.auth_answer = answer;
        let sandbox = start(config);
        let client = client(&sandbox);
        let _ = client.roster(GROUP).all().await.unwrap();
        let before = (sandbox.wkteam().token(), sandbox.wkteam().wid(DEMO_WC_ID));
        sandbox.wkteam().log_out();
        sandbox.wkteam().log_in_again(DEMO_WC_ID);
        let after = (sandbox.wkteam().token(), sandbox.wkteam().wid(DEMO_WC_ID));
        assert!(before.0 != after.0 && before.1 != after.1);
        let lists = join_all((0..6).map(|_| client.roster(GROUP).all())).await;
        for listing in lists {
            let listing = listing.unwrap_or_else(|error| panic!("{answer:?}: {error}"));
            assert_eq!((listing.members.len(), listing.report.completeness), (40, Completeness::Verified));
        }
        let log: Vec<String> = sandbox.log().iter().map(ToString::to_string).collect();
        assert_eq!(count(&sandbox, "member/login"), 2, "one for all who wait, {answer:?}: {log:#?}");
    }
}

#[tokio::test]
async fn one_login_and_one_look_serve_all_who_wait() {
    let sandbox = start(patient(kinds()));
    let client = client(&sandbox);
    for listing in join_all((0..12).map(|_| client.roster(GROUP).all())).await {
        assert_eq!(listing.unwrap().members.len(), 40);
    }
    assert_eq!((count(&sandbox, "member/login"), count(&sandbox, "queryLoginWx")), (1, 1));
    sandbox.wkteam().log_in_again(DEMO_WC_ID);
    for listing in join_all((0..12).map(|_| client.roster(GROUP).all())).await {
        assert_eq!(listing.unwrap().report.completeness, Completeness::Verified);
    }
    assert_eq!((count(&sandbox, "member/login"), count(&sandbox, "queryLoginWx")), (1, 2));
}

#[tokio::test]
async fn an_account_that_is_dropped_is_called_offline_and_left_alone() {
    let sandbox = start(patient(kinds()));
    let client = client(&sandbox);
    let _ = client.roster(GROUP).all().await.unwrap();
    sandbox.wkteam().take_offline(DEMO_WC_ID);
    let before = sandbox.calls();
    let error = client.roster(GROUP).all().await.unwrap_err();
    assert_eq!(error.api().unwrap().kind, ApiErrorKind::Offline, "{error}");
    assert_eq!(sandbox.calls() - before, 2, "the refusal, and one look");
}

#[tokio::test]
async fn online_is_about_the_account_and_not_about_one_login_of_it() {
    let sandbox = start(patient([group(6)]));
    let world = sandbox.wkteam();
    let (account, instance) = (client(&sandbox), client(&sandbox).with_w_id(w_id(&sandbox)));
    let online = async || (account.is_online().await.unwrap(), instance.is_online().await.unwrap());
    assert_eq!(online().await, (true, true));
    world.log_in_again(DEMO_WC_ID);
    assert_eq!(online().await, (true, false), "the old login is dead, the account is not");
    assert_eq!(account.roster(GROUP).all().await.unwrap().members.len(), 6);
    world.take_offline(DEMO_WC_ID);
    assert_eq!(online().await, (false, false));
    assert!(!client(&sandbox).is_online().await.unwrap(), "with nothing looked up before");
    // As the table has it: 1001, and no data.
    world.inject(Fault::Offline1001.always());
    assert!(!account.is_online().await.unwrap());
    assert!(!instance.is_online().await.unwrap(), "it may mean anything, but the list of those online has no such wId");
}

thread_local! {
    /// What was logged on this thread, field by field.
    static LOGGED: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Logged;

impl Logged {
    /// For all threads: whoever logs first decides whether anybody listens.
    fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Self).unwrap();
            tracing::callsite::rebuild_interest_cache();
        });
    }
}

impl Subscriber for Logged {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields<'a>(&'a mut String);
        impl Visit for Fields<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                writeln!(self.0, "{field}={value:?}").unwrap();
            }
        }
        // Of those who print what is on the wire, hyper and reqwest, nobody could keep anything.
        if event.metadata().target().starts_with("groupmembers") {
            LOGGED.with_borrow_mut(|logged| event.record(&mut Fields(logged)));
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn no_secret_that_the_server_echoes_is_printed() {
    const PLANTED: [&str; 3] = ["PLANTED-phone", "PLANTED-password", "PLANTED-w-id-0000-1111"];
    let mut config = patient([group(6)]);
    (config.wkteam.account, config.wkteam.password) = (PLANTED[0].into(), PLANTED[1].into());
    config.wkteam.wechat = vec![AccountConfig::new(DEMO_WC_ID, PLANTED[2])];
    let sandbox = start(config);
    let token = sandbox.wkteam().token();
    let parts: Vec<&str> = token.split('.').chain(PLANTED).collect();
    Logged::listen();
    let clean = |text: String| assert!(!parts.iter().any(|part| text.contains(part)), "{text}");
    let account = || Account::new(PLANTED[0], PLANTED[1]).unwrap();
    let client = builder(&sandbox, account()).wc_id(DEMO_WC_ID).build().unwrap();
    let _ = client.roster(GROUP).all().await.unwrap();
    sandbox.wkteam().inject(Fault::EchoCredentials.always());

    let mut errors = vec![
        client.member_login(&member_login::Request::from(&account())).await.map(drop),
        // Another account than the client's own.
        builder(&sandbox, Token::new("a.b.c").unwrap())
            .build()
            .unwrap()
            .member_login(&member_login::Request::from(&account()))
            .await
            .map(drop),
        client.query_login_wx().await.map(drop),
        client.is_online().await.map(drop),
        client.init_address_list().await.map(drop),
        client.get_address_list().await.map(drop),
        client.get_chat_room_info(&get_chat_room_info::Request::new(GROUP)).await.map(drop),
        client.get_chat_room_member(&get_chat_room_member::Request::new(GROUP)).await.map(drop),
        client.get_chat_room_member_info(&get_chat_room_member_info::Request::new(GROUP, "old_id_1")).await.map(drop),
        client.get_contact(&get_contact::Request::new(["old_id_1"])).await.map(drop),
        builder(&sandbox, account()).wc_id(DEMO_WC_ID).build().unwrap().is_online().await.map(drop),
        builder(&sandbox, Token::new(&token).unwrap())
            .w_id(WId::new(PLANTED[2]).unwrap())
            .build()
            .unwrap()
            .is_online()
            .await
            .map(drop),
    ];
    let mut roster = client.roster(GROUP);
    errors.push(roster.next().await.unwrap().map(drop));
    clean(format!("{:?} {roster:?} {}", roster.report(), serde_json::to_string(roster.walk()).unwrap()));
    for error in errors {
        let error = error.unwrap_err();
        clean(format!("{error} {error:?} {error:#?}"));
        assert!(error.to_string().contains("请求失败"), "the server's own words stay: {error}");
    }
    sandbox.wkteam().clear_faults();
    for answer in [401, 403] {
        let client = builder(&sandbox, account()).wc_id(DEMO_WC_ID).build().unwrap();
        sandbox.wkteam().inject(answer.to_string().parse::<Fault>().unwrap().always());
        let error = client.roster(GROUP).all().await.unwrap_err();
        assert!(matches!(&error, Error::Status(error) if error.kind == StatusErrorKind::Auth), "{error}");
        clean(format!("{error} {error:?}"));
        sandbox.wkteam().clear_faults();
    }
    clean(format!("{client:?} {:?}", builder(&sandbox, account())));
    clean(format!("{:?}", sandbox.log()));
    let logged = LOGGED.take();
    assert!(logged.contains("请求失败") && logged.contains("call=\"getChatRoomMember\""), "{logged}");
    clean(logged);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_the_deadline() {
    let sandbox = start(patient([]));
    let builder = builder(&sandbox, account()).wc_id(DEMO_WC_ID).deadline(Some(Duration::from_millis(400)));
    drop(sandbox);
    let error = builder.build().unwrap().roster(GROUP).all().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(!format!("{error:?}").contains(DEMO_PASSWORD), "{error:?}");
}

#[tokio::test]
async fn a_deadline_ends_a_walk_and_keeps_what_was_read() {
    let sandbox = start(Config { latency: Duration::from_millis(40), ..patient([group(200)]) });
    let client = builder(&sandbox, account()).wc_id(DEMO_WC_ID).deadline(Some(Duration::from_millis(3_000)));
    let client = client.build().unwrap();
    let mut roster = client.roster_with_details(GROUP, RosterOptions::default());
    let mut found = 0;
    let error = loop {
        match roster.next().await.unwrap() {
            Ok(_) => found += 1,
            Err(error) => break error,
        }
    };
    let Error::Transport(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), TransportErrorKind::Deadline);
    let report = roster.report();
    assert!(found > 0 && report.members == found && report.completeness == Completeness::Incomplete, "{report:?}");
    assert!(roster.next().await.is_none());
}

#[tokio::test]
async fn answers_that_drip_or_never_end_are_errors() {
    let sandbox = start(patient([group(40)]));
    let list = async |fault: Fault| {
        sandbox.wkteam().clear_faults();
        sandbox.wkteam().inject(fault.always().on_command("getChatRoomMember"));
        let client = builder(&sandbox, account()).wc_id(DEMO_WC_ID).attempt_timeout(Duration::from_millis(1_500));
        match client.build().unwrap().roster(GROUP).all().await.unwrap_err() {
            Error::Transport(error) => (error.kind(), error.attempts()),
            error => panic!("{error}"),
        }
    };
    assert_eq!(list(Fault::Transport(Transport::SlowDrip)).await, (TransportErrorKind::Timeout, 3));
    sandbox.wkteam().clear_faults();
    sandbox.wkteam().inject(Fault::Transport(Transport::EndlessBody).always().on_command("getChatRoomMember"));
    let error = client(&sandbox).roster(GROUP).all().await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::TooLarge), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sandbox = start(patient([group(10)]));
    let elsewhere = start(patient([group(10)]));
    for command in ["member/login", "queryLoginWx", "getChatRoomInfo", "getChatRoomMember"] {
        sandbox.wkteam().clear_faults();
        sandbox
            .wkteam()
            .inject(Fault::Transport(Transport::Redirect(elsewhere.base_url())).always().on_command(command));
        let error = client(&sandbox).roster(GROUP).all().await.unwrap_err();
        assert!(matches!(&error, Error::Status(error) if error.status.as_u16() == 302), "{error}");
    }
    assert_eq!(elsewhere.calls(), 0);
    let own = reqwest_0_13::Reqwest::with_client(reqwest::Client::new());
    let client = builder(&sandbox, account()).runtime(own.into_runtime()).wc_id(DEMO_WC_ID).build().unwrap();
    let error = client.roster(GROUP).all().await.unwrap_err();
    assert!(error.to_string().contains("followed a redirect"), "{error}");
}

#[tokio::test]
async fn base_urls_with_slashes_and_a_slow_address_book_work() {
    let mut config = patient([group(10)]);
    config.wkteam.init_takes = Duration::from_millis(2_500);
    let sandbox = start(config);
    for end in ["", "/", "//"] {
        let base = format!("{}{end}", sandbox.base_url()).parse().unwrap();
        let client = Client::builder(base, account()).pace(NO_PAUSE).wc_id(DEMO_WC_ID).build().unwrap();
        assert_eq!(client.roster(GROUP).all().await.unwrap().members.len(), 10);
    }
    // The address book gets its own time, whatever other calls get.
    let client = builder(&sandbox, account()).attempt_timeout(Duration::from_millis(2_000)).wc_id(DEMO_WC_ID);
    let client = client.build().unwrap();
    client.init_address_list().await.unwrap();
    assert_eq!(client.get_address_list().await.unwrap().data.chatrooms.unwrap(), [GROUP]);
}

/// Lists a group of a real account: set `WKTEAM_BASE_URL`, `WKTEAM_TOKEN` (or `WKTEAM_ACCOUNT` and `WKTEAM_PASSWORD`),
/// `WKTEAM_WID` and `WKTEAM_LIVE_GROUP`, and run with `--ignored`.
#[tokio::test]
#[ignore = "needs a real wkteam account"]
async fn live_group() {
    let client = Client::builder(BaseUrl::from_env().unwrap(), Credentials::from_env().unwrap());
    let client = client.w_id(WId::from_env().unwrap()).build().unwrap();
    let group = std::env::var("WKTEAM_LIVE_GROUP").unwrap();
    let listing = client.roster(&group).all().await.unwrap();
    println!("{:?}", listing.report);
    assert!(listing.report.completeness.is_complete());
}
