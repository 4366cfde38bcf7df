//! The client against the sandbox, over real sockets. The sandbox looks after sessions and enterprises with code of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use groupmembers_http::{RetryPolicy, Runtime, reqwest_0_13};
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::yunshop::{
    Account as Person, Churn, DEMO_BUSINESS_ID, DEMO_GROUP_ID, DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID, DEMO_PASSWORD,
    DEMO_UNIACID, Enterprise as Company, Fault, GroupConfig, Identity, Injection, Kind,
};
use groupmembers_sandbox::{Config, Sandbox};
use yunshop_wecom::get_group_members::Member;
use yunshop_wecom::{
    Account, ApiErrorKind, Client, ClientBuilder, Completeness, Credentials, Enterprise, Error, Listing, Report,
    RosterOptions, Session, Site, business_list, get_group_employees, get_group_members, get_list, member_login_index,
};

pub(crate) const ONE: u64 = DEMO_BUSINESS_ID as u64;
pub(crate) const OTHER: u64 = DEMO_OTHER_BUSINESS_ID as u64;
/// In no demo group's way.
pub(crate) const GROUP: u32 = 12;

pub(crate) fn sandbox(groups: impl IntoIterator<Item = GroupConfig>) -> Sandbox {
    let mut config = Config::default();
    config.yunshop.enterprises[0].groups = groups.into_iter().collect();
    // The other vendors' worlds take their time.
    config.tim.groups.clear();
    config.wkteam.groups.clear();
    config.nim.rooms.clear();
    config.nim.teams.clear();
    Sandbox::start(config).unwrap()
}

pub(crate) fn demo() -> Sandbox {
    Sandbox::start(Config::default()).unwrap()
}

pub(crate) fn builder(sandbox: &Sandbox, credentials: impl Into<Credentials>) -> ClientBuilder {
    let site = Site::new(sandbox.base_url().parse().unwrap(), DEMO_UNIACID.into()).unwrap();
    let quick =
        RetryPolicy::default().with_max_attempts(3).with_backoff(Duration::from_millis(2), Duration::from_millis(10));
    Client::builder(site, credentials).retry(quick)
}

pub(crate) fn account() -> Account {
    Account::new(DEMO_MOBILE, DEMO_PASSWORD).unwrap()
}

pub(crate) fn client(sandbox: &Sandbox) -> Client {
    builder(sandbox, account()).build().unwrap()
}

pub(crate) async fn enterprise(sandbox: &Sandbox) -> Enterprise {
    client(sandbox).manage(ONE).await.unwrap()
}

fn everybody() -> RosterOptions {
    RosterOptions::default().with_employees()
}

/// Who is in a group, in the order of its two lists.
fn truth(sandbox: &Sandbox, group: u32) -> Vec<String> {
    let members = |kind| sandbox.yunshop().members(group, kind).into_iter().map(|member| member.userid);
    members(Kind::External).chain(members(Kind::Employee)).collect()
}

fn names(members: &[Member]) -> Vec<String> {
    members.iter().map(|member| member.userid.clone()).collect()
}

/// How often a call was made.
pub(crate) fn count(sandbox: &Sandbox, command: &str) -> usize {
    sandbox.log().iter().filter(|entry| entry.command == command).count()
}

pub(crate) fn kind(error: &Error) -> ApiErrorKind {
    error.api().unwrap_or_else(|| panic!("{error:?}")).kind
}

#[tokio::test]
async fn groups_of_every_kind_are_listed_whole() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    for group in sandbox.yunshop().groups(DEMO_BUSINESS_ID) {
        let members = sandbox.yunshop().members(group, Kind::External);
        let listing = enterprise.roster(group.into()).all().await.unwrap();
        assert_eq!(names(&listing.members), truth(&sandbox, group)[..members.len()], "{group}");
        assert_eq!(listing.report.completeness, Completeness::Verified, "{:?}", listing.report);
        for (found, truth) in listing.members.iter().zip(&members) {
            assert_eq!((found.id, found.has_left()), (truth.row_id.into(), false));
            assert_eq!(found.joined(), Some(truth.join_time.into()).filter(|&joined| joined > 0));
            assert_eq!(found.member_type, Some(yunshop_wecom::MemberType::External));
            assert_eq!(found.crop_id, Some(ONE));
            assert!(found.extra.is_empty(), "a field this crate has no place for: {:?}", found.extra.keys());
        }
        let listing = enterprise.roster_with(group.into(), everybody()).all().await.unwrap();
        assert_eq!(names(&listing.members), truth(&sandbox, group), "{group}");
        assert_eq!(listing.report.completeness, Completeness::Verified, "{:?}", listing.report);
        assert_eq!(listing.report.declared_total, Some(listing.members.len() as u64));
        for staff in &listing.members[members.len()..] {
            let row = staff.has_one_employee.as_ref().unwrap();
            assert_eq!(staff.member_type, Some(yunshop_wecom::MemberType::Staff));
            assert_eq!((row.id_in_wecom(), row.enterprise()), (Some(staff.userid.as_str()), Some(ONE)));
        }
    }
    assert!(sandbox.log().iter().all(|entry| entry.code == 0), "nothing was refused");
    assert_eq!((count(&sandbox, "login"), count(&sandbox, "manageBusiness")), (1, 1));
}

#[tokio::test]
async fn every_call_agrees_with_the_truth() {
    let sandbox = demo();
    let client = client(&sandbox);
    let businesses = client.business_list().await.unwrap().data;
    let seen: Vec<_> =
        businesses.platform_list.iter().map(|b| (b.id, b.identity.unwrap(), b.is_manageable())).collect();
    let as_listed = [
        (0, business_list::Identity::Personal, false),
        (1, business_list::Identity::Founder, true),
        (2, business_list::Identity::Administrator, true),
        (3, business_list::Identity::Staff, true),
        (4, business_list::Identity::AwaitingReview, false),
    ];
    assert_eq!((seen.as_slice(), businesses.final_plat_id), (as_listed.as_slice(), Some(OTHER)));

    let enterprise = client.manage(ONE).await.unwrap();
    let business = enterprise.get_business_common_data().await.unwrap().data.business.unwrap();
    assert_eq!((business.business_id, business.uniacid), (Some(ONE), Some(DEMO_UNIACID.into())));

    let mut pages = enterprise.get_list_pages(get_list::Request::new());
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        groups.extend(page.unwrap().data.list.unwrap().data);
    }
    let mut ids: Vec<u64> = sandbox.yunshop().groups(DEMO_BUSINESS_ID).into_iter().map(u64::from).collect();
    ids.sort_by_key(|id| std::cmp::Reverse(*id));
    assert_eq!(groups.iter().map(|group| group.id).collect::<Vec<_>>(), ids);
    for group in &groups {
        let here = |kind| Some(sandbox.yunshop().members(group.id as u32, kind).len() as u64);
        assert_eq!((group.customer_count, group.employee_count), (here(Kind::External), here(Kind::Employee)));
        assert!(group.extra.keys().all(|name| name.ends_with("_at")), "{:?}", group.extra.keys());
    }
    let some = get_list::Request { name: Some("门店".into()), ..get_list::Request::new() };
    assert_eq!(enterprise.get_list(&some).await.unwrap().data.list.unwrap().total, Some(8));

    let rows = sandbox.yunshop().rows(GROUP, Kind::External);
    let request = get_group_members::Request::new(GROUP.into());
    let page = enterprise.get_group_members(&request.clone().page(3)).await.unwrap().data;
    let list = page.list.unwrap();
    assert_eq!((list.total, list.last_page, list.from, list.to), (Some(253), Some(26), Some(21), Some(30)));
    assert_eq!(names(&list.data), rows[20..30].iter().map(|row| row.userid.clone()).collect::<Vec<_>>());
    assert!(list.data.iter().zip(&rows[20..]).all(|(found, row)| found.has_left() != row.present));
    assert_eq!(page.summary.unwrap().in_group_customer_count, Some(236));
    let mut pages = enterprise.get_group_members_pages(request.clone());
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(names(&page.unwrap().data.list.unwrap().data));
    }
    assert_eq!(found, rows.iter().map(|row| row.userid.clone()).collect::<Vec<_>>());

    // Filters mean on the wire what they mean here.
    let one = get_group_members::Request { id: Some(rows[7].row_id.into()), ..request.clone() };
    let one = enterprise.get_group_members(&one).await.unwrap().data.list.unwrap().data;
    assert_eq!(names(&one), [rows[7].userid.clone()]);
    let (from, to) = (i64::from(rows[30].join_time), i64::from(rows[10].join_time));
    let between = enterprise.get_group_members(&request.clone().joined_between(from, to)).await.unwrap();
    let truth = rows.iter().filter(|row| (from..=to).contains(&i64::from(row.join_time))).count();
    assert_eq!(between.data.list.unwrap().total, Some(truth as u64));
    for scene in [1, 2, 3] {
        let wanted = get_group_members::Request { join_scene: Some(scene.into()), ..request.clone() };
        let found = enterprise.get_group_members(&wanted).await.unwrap().data.list.unwrap().data;
        assert!(!found.is_empty() && found.iter().all(|member| member.join_scene == Some(scene.into())));
    }

    let staff = sandbox.yunshop().rows(GROUP, Kind::Employee);
    let request = get_group_employees::Request::new(GROUP.into());
    let page = enterprise.get_group_employees(&request).await.unwrap().data.list.unwrap();
    assert_eq!((page.total, names(&page.data)), (Some(12), staff[..10].iter().map(|s| s.userid.clone()).collect()));
    let mut pages = enterprise.get_group_employees_pages(request);
    let mut rows = 0;
    while let Some(page) = pages.next().await {
        rows += page.unwrap().data.list.unwrap().data.len();
    }
    assert_eq!(rows, 12);

    let (answer, session) = client.member_login_index(&member_login_index::Request::from(&account())).await.unwrap();
    assert_eq!(answer.data.status, Some(1));
    assert!(session.id().is_some() && session.app_token().is_some());
    assert!(sandbox.log().iter().all(|entry| entry.code == 0), "nothing was refused");
}

#[tokio::test]
async fn a_shop_may_be_installed_under_a_path() {
    let mut config = Config::default();
    config.yunshop.base_path = "/shops/one".to_owned();
    let sandbox = Sandbox::start(config).unwrap();
    let base = format!("{}/shops/one/", sandbox.base_url()).parse().unwrap();
    let client = Client::builder(Site::new(base, DEMO_UNIACID.into()).unwrap(), account()).build().unwrap();
    let listing = client.manage(ONE).await.unwrap().roster(11).all().await.unwrap();
    assert_eq!((listing.members.len(), listing.report.completeness), (3, Completeness::Verified));
}

#[tokio::test]
async fn the_promises_hold_while_members_come_and_go() {
    for seed in 1..=8_u32 {
        let mut churn = Churn::per_call(0.5 * f64::from(seed));
        if seed.is_multiple_of(2) {
            churn = churn.purge(2);
        }
        let mut config = Config { seed: seed.into(), ..Config::default() };
        config.yunshop.rejoin_adds_row = seed > 4;
        let group = GroupConfig::new(GROUP, "", 300).left(20).employees(35).churn(churn);
        config.yunshop.enterprises[0].groups = vec![group];
        let sandbox = Sandbox::start(config).unwrap();
        let enterprise = enterprise(&sandbox).await;
        sandbox.yunshop().begin_recording();
        let Listing { members, report, .. } = enterprise.roster_with(GROUP.into(), everybody()).all().await.unwrap();
        let found: BTreeSet<String> = names(&members).into_iter().collect();
        assert_eq!(found.len(), members.len(), "somebody appears twice");
        let of = |set: fn(&groupmembers_sandbox::yunshop::World, u32, Kind) -> BTreeSet<String>| {
            let world = sandbox.yunshop();
            [set(world, GROUP, Kind::External), set(world, GROUP, Kind::Employee)].concat_sets()
        };
        let ever = of(|world, group, kind| world.ever_present(group, kind));
        assert!(found.is_subset(&ever), "somebody was invented");
        let throughout = of(|world, group, kind| world.present_throughout(group, kind));
        let lost = throughout.difference(&found).count();
        assert!(lost == 0 || report.completeness == Completeness::Incomplete, "{lost} lost: {report:?}");
        assert!(!sandbox.yunshop().events(GROUP).is_empty());
    }
}

trait ConcatSets {
    fn concat_sets(self) -> BTreeSet<String>;
}

impl ConcatSets for [BTreeSet<String>; 2] {
    fn concat_sets(self) -> BTreeSet<String> {
        self.into_iter().flatten().collect()
    }
}

#[tokio::test]
async fn one_vanishes_one_joins_one_leaves_and_nobody_is_lost() {
    // One vanishes and one joins: the total agrees all the time.
    let sandbox = sandbox([GroupConfig::new(GROUP, "", 95)]);
    let enterprise = builder(&sandbox, account()).concurrency(1).build().unwrap().manage(ONE).await.unwrap();
    let rows = sandbox.yunshop().rows(GROUP, Kind::External);
    sandbox.yunshop().begin_recording();
    let mut roster = enterprise.roster(GROUP.into());
    let mut found = BTreeSet::new();
    while let Some(member) = roster.next().await {
        found.insert(member.unwrap().userid);
        if found.len() == 10 {
            sandbox.yunshop().purge_member(GROUP, &rows[2].userid);
            sandbox.yunshop().add_member(GROUP, "wmNobodyHadSeenThisOne");
            sandbox.yunshop().remove_member(GROUP, &rows[60].userid);
        }
    }
    let lost = sandbox.yunshop().present_throughout(GROUP, Kind::External).difference(&found).count();
    assert_eq!(lost, 0, "{:?}", roster.report());
    assert_eq!(roster.report().completeness, Completeness::Stable, "the count of members moved");
}

#[tokio::test]
async fn the_pacer_never_earns_a_refusal() {
    let mut config = Config::default();
    config.yunshop.calls_per_second = 100;
    let sandbox = Sandbox::start(config).unwrap();
    let client = builder(&sandbox, account()).at_most(100, Duration::from_secs(1)).build().unwrap();
    let (one, other) = (client.manage(ONE).await.unwrap(), client.manage(OTHER).await.unwrap());
    let big = one.roster(DEMO_GROUP_ID.into()).all();
    let more = (0..6).map(|_| one.roster(GROUP.into()).all());
    let others = (0..2).map(|_| other.roster(21).all());
    let (big, more, others) = tokio::join!(big, join_all(more), join_all(others));
    for (listing, members) in [(vec![big], 1_960), (more, 236), (others, 40)] {
        for listing in listing {
            let Listing { members: found, report, .. } = listing.unwrap();
            assert_eq!((found.len(), report.throttled, report.retries), (members, 0, 0), "{report:?}");
        }
    }
    assert!(sandbox.calls() > 300, "more than three seconds' worth: {}", sandbox.calls());
    assert_eq!(sandbox.throttled(), 0);
}

#[tokio::test]
async fn sessions_that_end_are_renewed_once_for_all() {
    let sandbox = demo();
    let client = client(&sandbox);
    let enterprises = join_all((0..8).map(|_| client.manage(ONE))).await;
    assert_eq!((count(&sandbox, "login"), count(&sandbox, "manageBusiness")), (1, 1), "eight wait for one");
    let enterprise = enterprises.into_iter().next().unwrap().unwrap();
    let lists = || join_all((0..4).map(|_| enterprise.roster(GROUP.into()).all()));
    let whole = |listings: Vec<Result<Listing, Error>>| {
        for listing in listings {
            let listing = listing.unwrap();
            assert_eq!((listing.members.len(), listing.report.completeness), (236, Completeness::Verified));
        }
    };
    // Yz-appToken brings the session back, in the enterprise the member managed last: this one.
    sandbox.yunshop().expire_sessions();
    whole(lists().await);
    assert_eq!((count(&sandbox, "login"), count(&sandbox, "manageBusiness")), (1, 1));
    // Or another one.
    sandbox.yunshop().expire_sessions();
    sandbox.yunshop().manage_elsewhere(DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID);
    whole(lists().await);
    assert_eq!((count(&sandbox, "login"), count(&sandbox, "manageBusiness")), (1, 2));
    // Nothing brings it back.
    sandbox.yunshop().revoke_tokens();
    sandbox.yunshop().expire_sessions();
    sandbox.yunshop().manage_elsewhere(DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID);
    whole(lists().await);
    assert_eq!((count(&sandbox, "login"), count(&sandbox, "manageBusiness")), (2, 3));
    // Again and again.
    sandbox.yunshop().inject(Fault::LoggedOut.always().on_command("getGroupMembers"));
    let error = enterprise.roster(GROUP.into()).all().await.unwrap_err();
    assert_eq!(kind(&error), ApiErrorKind::NotLoggedIn);
    assert!(count(&sandbox, "login") <= 3, "once, not in a loop");
}

#[tokio::test]
async fn enterprises_keep_apart_under_one_account() {
    let sandbox = demo();
    let client = client(&sandbox);
    let (one, other) = (client.manage(ONE).await.unwrap(), client.manage(OTHER).await.unwrap());
    let (big, small) = tokio::join!(one.roster(GROUP.into()).all(), other.roster_with(21, everybody()).all());
    assert_eq!(big.unwrap().members.len(), 236);
    let small = small.unwrap();
    assert_eq!(names(&small.members), truth(&sandbox, 21));
    // A group of the other enterprise is no group of this one.
    let none = one.roster(21).all().await.unwrap();
    assert_eq!((none.members.len(), none.report.completeness), (0, Completeness::Unverified), "{:?}", none.report);
    assert_eq!(count(&sandbox, "login"), 2);
}

#[tokio::test]
async fn a_session_that_is_taken_elsewhere_while_it_answers_never_gives_less_than_everybody() {
    let mut whole = 0;
    for every in 2..=9 {
        let mut config = Config { latency: Duration::from_millis(2), ..Config::default() };
        config.yunshop.enterprises[0].groups = vec![GroupConfig::new(GROUP, "", 25)];
        let sandbox = Sandbox::start(config).unwrap();
        let enterprise = enterprise(&sandbox).await;
        for _ in 0..4 {
            sandbox.yunshop().inject(Fault::EnterpriseSwitched.every(every).on_command("getGroupMembers"));
            for listing in join_all((0..8).map(|_| enterprise.roster(GROUP.into()).all())).await {
                match listing {
                    Ok(listing) if listing.report.completeness.is_complete() => {
                        assert_eq!(names(&listing.members), truth(&sandbox, GROUP)[..25], "{:?}", listing.report);
                        whole += 1;
                    }
                    Ok(_) => {}
                    Err(Error::Walk(_)) => {}
                    Err(error) => assert_eq!(kind(&error), ApiErrorKind::OtherEnterprise),
                }
            }
            sandbox.yunshop().clear_faults();
        }
    }
    assert!(whole > 0);
}

#[tokio::test]
async fn sessions_and_tokens_from_elsewhere_work() {
    let sandbox = demo();
    let session = Session::of_cookie(&sandbox.yunshop().open_session(DEMO_MOBILE)).unwrap();
    let client = builder(&sandbox, session).build().unwrap();
    let given = client.manage(ONE).await.unwrap();
    assert_eq!(given.roster(11).all().await.unwrap().members.len(), 3);
    // Kept, and taken up by the next client.
    let kept: Session = serde_json::from_str(&serde_json::to_string(&client.session()).unwrap()).unwrap();
    let again = builder(&sandbox, kept).build().unwrap().manage(ONE).await.unwrap();
    assert_eq!(again.roster(11).all().await.unwrap().members.len(), 3);
    assert_eq!(count(&sandbox, "login"), 0);
    sandbox.yunshop().expire_sessions();
    assert_eq!(kind(&given.roster(11).all().await.unwrap_err()), ApiErrorKind::NotLoggedIn);

    // What the app of store managers logs in with.
    let url =
        format!("{}/addons/yun_shop/api.php?i={DEMO_UNIACID}&type=9&route=member.login.index", sandbox.base_url());
    let body = format!(r#"{{"mobile":"{DEMO_MOBILE}","password":"{DEMO_PASSWORD}"}}"#);
    let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
    let answer: serde_json::Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    let token = Session::new().with_yz_token(answer["data"]["token"].as_str().unwrap()).unwrap();
    let by_token = builder(&sandbox, token).build().unwrap().manage(ONE).await.unwrap();
    let before = count(&sandbox, "manageBusiness");
    sandbox.yunshop().manage_elsewhere(DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID);
    assert_eq!(by_token.roster(11).all().await.unwrap().members.len(), 3);
    assert_eq!(count(&sandbox, "manageBusiness"), before, "the choice is kept in the session, whoever has logged in");
    sandbox.yunshop().revoke_tokens();
    assert_eq!(kind(&by_token.roster(11).all().await.unwrap_err()), ApiErrorKind::NotLoggedIn);
}

/// Faults that no list has.
pub(crate) const OF_FILES: [&str; 3] = ["export-progress", "cut-file", "stuck-cursor"];

/// What a listing came to, on one line, and what it found wrong.
async fn outcome(sandbox: &Sandbox, client: &Client, group: u32) -> String {
    let enterprise = match client.manage(ONE).await {
        Ok(enterprise) => enterprise,
        Err(error) => return format!("error: {}", printed(&error, &[])),
    };
    let secrets = enterprise.session().unwrap();
    let secrets = [secrets.id().unwrap(), secrets.app_token().unwrap()];
    let mut roster = enterprise.roster_with(group.into(), everybody());
    let (mut found, mut error) = (Vec::new(), None);
    while let Some(member) = roster.next().await {
        match member {
            Ok(member) => found.push(member.userid),
            Err(found) => error = Some(found),
        }
    }
    let report = roster.report();
    let text = format!("{report:?}{enterprise:?}{client:?}{roster:?}");
    assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    let Report { members, completeness, gaps, notes, .. } = report;
    assert_eq!(members, found.len() as u64);
    let mut line = format!("{members} members, {}", completeness.as_str());
    let (found, truth): (BTreeSet<_>, BTreeSet<_>) =
        (found.into_iter().collect(), truth(sandbox, group).into_iter().collect());
    let (lost, strangers) = (truth.difference(&found).count(), found.difference(&truth).count());
    assert!(lost == 0 || completeness == Completeness::Incomplete, "{lost} lost: {line}");
    assert!(strangers == 0 || !completeness.is_complete(), "{strangers} are not there: {line}");
    if strangers > 0 {
        write!(line, "; {strangers} strangers").unwrap();
    }
    for gap in &gaps {
        write!(line, "; gap after {}: {}", gap.after, gap.what).unwrap();
    }
    for note in notes {
        write!(line, "; note: {note}").unwrap();
    }
    if let Some(error) = error {
        assert_eq!(completeness, Completeness::Incomplete);
        write!(line, "; error: {}", printed(&error, &secrets)).unwrap();
    }
    line
}

/// An error's text, after a look for secrets in it.
pub(crate) fn printed(error: &Error, secrets: &[&str]) -> String {
    let text = format!("{error} {error:?} {error:#?}");
    for secret in secrets.iter().chain(&[DEMO_MOBILE, DEMO_PASSWORD]) {
        assert!(!text.contains(secret), "{text}");
    }
    error.to_string()
}

/// One line for each fault that struck.
async fn faults(cases: Vec<(&'static str, &'static str, &'static str, u32)>, all_strike: bool) -> String {
    // Its certificates are read once.
    let runtime: Arc<dyn Runtime> = reqwest_0_13::Reqwest::new().unwrap().into_runtime();
    let lines = stream::iter(cases.into_iter().enumerate()).map(|case| (case, runtime.clone())).map(
        |(case, runtime)| async move {
            let (place, (command, name, when, group)) = case;
            let group_config = GroupConfig::new(GROUP, "", 25).left(3).employees(12);
            let sandbox = sandbox([group_config, GroupConfig::new(15, "", 0)]);
            let fault: Injection = format!("{name}@{when}").parse().unwrap();
            sandbox.yunshop().inject(fault.on_command(command));
            let client = builder(&sandbox, account()).runtime(runtime).concurrency(1).build().unwrap();
            let line = outcome(&sandbox, &client, group).await;
            let struck = sandbox.log().iter().any(|entry| entry.note.starts_with("fault: "));
            assert!(struck || !all_strike, "{name} {when} did not strike: {line} {:?}", sandbox.log());
            (place, if struck { format!("{command} {name} {when}: {line}\n") } else { String::new() })
        },
    );
    let mut lines: Vec<(usize, String)> = lines.buffer_unordered(12).collect().await;
    lines.sort_unstable();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[tokio::test]
async fn every_fault_of_a_list_ends_in_the_right_result_or_the_right_error() {
    let cases = Fault::NAMES
        .iter()
        .filter(|name| !OF_FILES.contains(name))
        .flat_map(|name| ["once", "call-3", "always"].map(|when| ("getGroupMembers", *name, when, GROUP)));
    insta::assert_snapshot!(faults(cases.collect(), true).await);
}

#[tokio::test]
async fn every_fault_of_another_call_ends_in_the_right_result_or_the_right_error() {
    let mut cases = Vec::new();
    for name in Fault::NAMES {
        for when in ["once", "always"] {
            cases.extend([("login", *name, when, GROUP), ("manageBusiness", *name, when, GROUP)]);
            cases.extend([("getGroupEmployees", *name, when, GROUP), ("getList", *name, when, 15)]);
            cases.push(("getBusinessCommonData", *name, when, 15));
        }
    }
    cases.sort_by_key(|case| case.0);
    insta::assert_snapshot!(faults(cases, false).await);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let mut config = Config::default();
    let world = &mut config.yunshop;
    world.accounts.push(Person {
        blacklisted: true,
        ..Person::new(9, "13700000000", DEMO_PASSWORD).manages(1, Identity::Creator)
    });
    world.accounts[0].enterprises.extend([(5, Identity::Creator), (6, Identity::Creator)]);
    world.enterprises.push(Company { enabled: false, ..Company::new(5, "停用的企业", Vec::new()) });
    world.enterprises.push(Company { plugin: false, ..Company::new(6, "没有插件的企业", Vec::new()) });
    let sandbox = Sandbox::start(config).unwrap();
    let mut table = String::new();
    let mut note = |what: &str, error: Error| writeln!(table, "{what}: {}", printed(&error, &["PLANTED"])).unwrap();
    let roster = |client: Client, id: u64| async move {
        match client.manage(id).await {
            Ok(enterprise) => enterprise.roster(11).all().await.unwrap_err(),
            Err(error) => error,
        }
    };
    let with =
        |mobile: &str, password: &str| builder(&sandbox, Account::new(mobile, password).unwrap()).build().unwrap();

    note("wrong password", roster(with(DEMO_MOBILE, "PLANTED-password"), ONE).await);
    note("unknown mobile", roster(with("13900000000", "PLANTED-password"), ONE).await);
    note("blacklisted", roster(with("13700000000", DEMO_PASSWORD), ONE).await);
    let unknown = Session::of_cookie("PLANTED0123456789abcdef").unwrap().with_app_token("PLANTED-app").unwrap();
    note("unknown session", roster(builder(&sandbox, unknown).build().unwrap(), ONE).await);
    let token = Session::new().with_yz_token("PLANTED-token").unwrap();
    note("unknown token", roster(builder(&sandbox, token).build().unwrap(), ONE).await);
    note("not this member's", roster(client(&sandbox), 77).await);
    note("awaiting review", roster(client(&sandbox), 4).await);
    note("only staff there", roster(client(&sandbox), 3).await);
    note("disabled enterprise", roster(client(&sandbox), 5).await);
    note("without the plugin", roster(client(&sandbox), 6).await);
    note("personal space", roster(client(&sandbox), 0).await);
    let base = || sandbox.base_url().parse().unwrap();
    let other = Client::builder(Site::new(base(), 3).unwrap(), account()).build().unwrap();
    note("another tenant", roster(other, ONE).await);
    let session = Session::of_cookie(&sandbox.yunshop().open_session(DEMO_MOBILE)).unwrap();
    let other = Client::builder(Site::new(base(), 3).unwrap(), session).build().unwrap();
    note("another tenant, with a session", roster(other, ONE).await);
    let elsewhere = format!("{}/nowhere", sandbox.base_url()).parse().unwrap();
    let other = Client::builder(Site::new(elsewhere, 2).unwrap(), account()).build().unwrap();
    note("not installed there", roster(other, ONE).await);
    let enterprise = enterprise(&sandbox).await;
    note("no group", enterprise.roster(0).all().await.unwrap_err());
    let calls = sandbox.calls();

    let mut config = Config::default();
    config.yunshop.pc_open = false;
    let closed = Sandbox::start(config).unwrap();
    note("business side off", roster(client(&closed), ONE).await);
    insta::assert_snapshot!(table);
    assert!(calls < 50, "none of these is worth a second try: {calls}");
}

#[tokio::test]
async fn a_group_that_is_not_there_is_not_an_empty_one() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    let none = enterprise.roster(999).all().await.unwrap();
    assert_eq!((none.members.len(), none.report.completeness), (0, Completeness::Unverified));
    assert!(none.report.notes.iter().any(|note| note.contains("was not found in getList")), "{:?}", none.report);
    let empty = enterprise.roster(15).all().await.unwrap();
    assert_eq!((empty.members.len(), empty.report.completeness), (0, Completeness::Verified), "{:?}", empty.report);
    let gone = enterprise.roster(14).all().await.unwrap();
    assert_eq!((gone.members.len(), gone.report.completeness), (0, Completeness::Verified), "{:?}", gone.report);
}

#[tokio::test]
async fn what_was_read_before_an_error_is_given_out_first() {
    let sandbox = sandbox([GroupConfig::new(GROUP, "", 95)]);
    sandbox.yunshop().inject(Fault::Whoops.on_call(6).on_command("getGroupMembers"));
    let client = builder(&sandbox, account()).concurrency(1).build().unwrap();
    let enterprise = client.manage(ONE).await.unwrap();
    let mut roster = enterprise.roster(GROUP.into());
    let mut found = Vec::new();
    let error = loop {
        match roster.next().await {
            Some(Ok(member)) => found.push(member.userid),
            Some(Err(error)) => break error,
            None => panic!("no error came"),
        }
    };
    assert!(matches!(error, Error::Decode(_)), "{error}");
    let report = roster.report();
    assert_eq!((found.len(), report.completeness, report.gaps[0].after), (50, Completeness::Incomplete, 50));
    assert!(roster.next().await.is_none());
    // Saved, the walk goes on from where it stopped, and gives nobody out twice.
    let saved = serde_json::to_string(roster.walk()).unwrap();
    let session = enterprise.session().unwrap();
    assert!([session.id().unwrap(), session.app_token().unwrap(), DEMO_PASSWORD].iter().all(|s| !saved.contains(s)));
    let rest = self::enterprise(&sandbox).await.resume(serde_json::from_str(&saved).unwrap()).all().await.unwrap();
    found.extend(names(&rest.members));
    assert_eq!(found, truth(&sandbox, GROUP)[..95]);
    assert_eq!(rest.report.completeness, Completeness::Verified, "{:?}", rest.report);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_the_deadline() {
    let sandbox = sandbox([]);
    let builder = builder(&sandbox, account()).deadline(Some(Duration::from_millis(400)));
    drop(sandbox);
    let error = builder.build().unwrap().manage(ONE).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(error.attempts() >= 1);
    printed(&error, &[]);
}

#[tokio::test]
async fn a_deadline_ends_a_walk_and_keeps_what_was_read() {
    let config = Config { latency: Duration::from_millis(30), ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let client = builder(&sandbox, account()).concurrency(1).deadline(Some(Duration::from_secs(2))).build().unwrap();
    let enterprise = client.manage(ONE).await.unwrap();
    let mut roster = enterprise.roster(DEMO_GROUP_ID.into());
    let (mut rows, mut errors) = (0, Vec::new());
    while let Some(member) = roster.next().await {
        match member {
            Ok(_) => rows += 1,
            Err(error) => errors.push(error.to_string()),
        }
    }
    let report = roster.report();
    assert_eq!((report.completeness, report.members), (Completeness::Incomplete, rows));
    assert!(rows > 0 && errors.len() == 1 && errors[0].contains("the deadline passed"), "{rows} {errors:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_session_along() {
    let sandbox = sandbox([GroupConfig::new(GROUP, "", 10)]);
    let elsewhere = demo();
    sandbox
        .yunshop()
        .inject(Fault::Transport(Transport::Redirect(elsewhere.base_url())).always().on_command("getGroupMembers"));
    let error = enterprise(&sandbox).await.roster(GROUP.into()).all().await.unwrap_err();
    assert!(matches!(&error, Error::Status(error) if error.status.as_u16() == 302), "{error}");
    assert_eq!(elsewhere.calls(), 0);
    // One that a caller's own client followed is an error.
    let own = reqwest_0_13::Reqwest::with_client(reqwest::Client::new());
    let client = builder(&sandbox, account()).runtime(own.into_runtime()).build().unwrap();
    let error = client.manage(ONE).await.unwrap().roster(GROUP.into()).all().await.unwrap_err();
    assert!(error.to_string().contains("followed a redirect"), "{error}");
}

#[tokio::test]
async fn what_the_sandbox_logs_holds_no_secret() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    assert_eq!(enterprise.roster(11).all().await.unwrap().members.len(), 3);
    let session = enterprise.session().unwrap();
    let log = format!("{:?}", sandbox.log());
    let secrets = [session.id().unwrap(), session.app_token().unwrap(), DEMO_PASSWORD, DEMO_MOBILE];
    assert!(log.contains("getGroupMembers") && secrets.iter().all(|secret| !log.contains(secret)), "{log}");
}

/// Lists a group of a real shop: set `YUNSHOP_BASE_URL`, `YUNSHOP_UNIACID`, `YUNSHOP_BUSINESS_ID`, `YUNSHOP_LIVE_GROUP` (the
/// `id` of a row of `getList`), and `YUNSHOP_SESSION` or `YUNSHOP_MOBILE` and `YUNSHOP_PASSWORD`, and run with `--ignored`.
#[tokio::test]
#[ignore = "needs a real Yunshop"]
async fn live_group() {
    let client = Client::builder(Site::from_env().unwrap(), Credentials::from_env().unwrap()).build().unwrap();
    let id = yunshop_wecom::manage_business::Request::from_env().unwrap().id;
    let enterprise = client.manage(id).await.unwrap();
    let group = std::env::var("YUNSHOP_LIVE_GROUP").unwrap().parse().unwrap();
    for options in [RosterOptions::default(), everybody()] {
        let listing = enterprise.roster_with(group, options).all().await.unwrap();
        println!("{:?}", listing.report);
        assert!(listing.report.completeness.is_complete());
    }
}
