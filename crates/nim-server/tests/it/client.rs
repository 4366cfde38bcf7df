//! The client against the sandbox, over real sockets. The sandbox verifies every CheckSum with code of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use futures_util::{StreamExt as _, stream};
use groupmembers_http::{RetryPolicy, Runtime, TransportErrorKind, reqwest_0_13};
use groupmembers_sandbox::faults::Transport;
use groupmembers_sandbox::nim::{
    Churn, DEMO_APP_KEY, DEMO_APP_SECRET, Fault, Injection, Member as Real, MemberType as Side, Role as RealRole,
    RoomConfig, TeamConfig, TeamKind,
};
use groupmembers_sandbox::{Config, Sandbox};
use nim_server::chatroom_query_members_by_role::Roles;
use nim_server::{
    ApiErrorKind, BaseUrl, Client, ClientBuilder, Completeness, Credentials, Error, Kind, Member, MemberType, Report,
    Role, RosterOptions, chatroom_get, chatroom_get_batch, chatroom_members_by_page, chatroom_query_members,
    chatroom_query_members_by_role, chatroom_query_user_room_ids, chatroom_tag_members_count,
    chatroom_tag_members_query, superteam_get_tlists, team_query, team_query_detail,
};

const ROOM: u64 = 9_500_000_001;
const TEAM: u64 = 2_690_000_001;
const SUPERTEAM: u64 = 2_690_000_002;
const PAGES: &str = "chatroom/membersByPage";
const KINDS: [Kind; 4] = [Kind::All, Kind::Fixed, Kind::Temporary, Kind::OnlineFixed];

fn start(change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Config::default();
    change(&mut config);
    Sandbox::start(config).unwrap()
}

fn sandbox(rooms: impl IntoIterator<Item = RoomConfig>) -> Sandbox {
    start(|config| config.nim.rooms = rooms.into_iter().collect())
}

fn base(sandbox: &Sandbox) -> BaseUrl {
    format!("{}/nimserver", sandbox.base_url()).parse().unwrap()
}

fn builder_with(sandbox: &Sandbox, key: &str, secret: &str) -> ClientBuilder {
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(2), Duration::from_millis(10));
    Client::builder(Credentials::new(key, secret).unwrap()).base_url(base(sandbox)).retry(quick)
}

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    builder_with(sandbox, DEMO_APP_KEY, DEMO_APP_SECRET)
}

fn client(sandbox: &Sandbox) -> Client {
    builder(sandbox).build().unwrap()
}

fn sides(kind: Kind) -> &'static [Side] {
    match kind {
        Kind::Fixed => &[Side::Fixed],
        Kind::Temporary => &[Side::Guests],
        Kind::OnlineFixed => &[Side::OnlineFixed],
        _ => &[Side::Fixed, Side::Guests],
    }
}

/// Who is in a room, newest first.
fn truth(sandbox: &Sandbox, room: u64, kind: Kind) -> Vec<Real> {
    sides(kind).iter().flat_map(|side| sandbox.nim().members(room, *side).into_iter().rev()).collect()
}

fn names<'a>(members: impl IntoIterator<Item = &'a Real>) -> BTreeSet<String> {
    members.into_iter().map(|member| member.accid.clone()).collect()
}

/// What the list says of a role: only `queryMembers` knows guests without an account.
fn listed(role: RealRole) -> Role {
    match role {
        RealRole::Anonymous => Role::Temporary,
        role => Role::from(role.as_str()),
    }
}

fn is(found: &Member, real: &Real) -> bool {
    (found.accid == real.accid)
        && found.role.as_ref() == Some(&listed(real.role))
        && found.online_stat == Some(real.online)
        && found.enter_time.is_none_or(|time| time.cast_unsigned() == real.enter_time)
        && found.blacklisted.unwrap_or(false) == real.blacklisted
        && found.muted.unwrap_or(false) == real.muted
        && found.temp_mute_ttl == real.temp_muted.map(u64::from)
        && found.is_robot.unwrap_or(false) == real.robot
        && found.extra.is_empty()
}

fn online(sandbox: &Sandbox, room: u64) -> usize {
    sandbox.nim().member_count(room, Side::Guests) + sandbox.nim().member_count(room, Side::OnlineFixed)
}

#[tokio::test]
async fn rooms_of_every_size_are_listed_whole_in_order_and_with_their_roles() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let client = client(&sandbox);
    let mut open = 0;
    for room in sandbox.nim().rooms() {
        for kind in KINDS {
            let options = RosterOptions::default().kind(kind);
            let listing = match client.roster_with(room, options).all().await {
                Ok(listing) => listing,
                Err(error) => {
                    assert_eq!(error.api().unwrap().kind, ApiErrorKind::NotFound, "closed: {error}");
                    assert!(error.to_string().contains("closed"), "{error}");
                    continue;
                }
            };
            open += 1;
            let truth = truth(&sandbox, room, kind);
            assert_eq!(listing.members.len(), truth.len(), "{room} {kind}");
            for (found, real) in listing.members.iter().zip(&truth) {
                assert!(is(found, real) && found.enter_time.is_some(), "{room} {kind}: {found:?} {real:?}");
            }
            let proved = match kind {
                Kind::All => Completeness::Verified,
                Kind::OnlineFixed => Completeness::Unverified,
                _ => Completeness::Stable,
            };
            assert_eq!(listing.report.completeness, proved, "{room} {kind}: {:?}", listing.report);
            assert_eq!((listing.report.throttled, listing.report.retries), (0, 0));
        }
    }
    assert_eq!((open, sandbox.throttled()), (12, 0));
}

#[tokio::test]
async fn empty_rooms_and_rooms_of_one_are_rooms() {
    for (fixed, guests) in [(0, 0), (1, 0), (0, 1), (0, 100), (100, 0), (101, 200)] {
        let sandbox = sandbox([RoomConfig::new(ROOM, fixed, guests)]);
        let listing = client(&sandbox).roster(ROOM).all().await.unwrap();
        assert_eq!(listing.members.len(), (fixed + guests) as usize);
        assert!(listing.report.completeness.is_complete(), "{:?}", listing.report);
    }
}

#[tokio::test]
async fn an_empty_list_of_guests_is_believed_if_nobody_else_is_online() {
    for fixed in [0, 1, 60] {
        let sandbox = sandbox([RoomConfig::new(ROOM, fixed, 0)]);
        let options = RosterOptions::default().kind(Kind::Temporary);
        let report = client(&sandbox).roster_with(ROOM, options.clone()).all().await.unwrap().report;
        let online = sandbox.nim().member_count(ROOM, Side::OnlineFixed);
        let proved = if online == 0 { Completeness::Stable } else { Completeness::Unverified };
        assert_eq!((report.members, report.completeness), (0, proved), "{report:?}");
        assert_eq!(report.notes.iter().any(|note| note.contains("none is listed as a guest")), online > 0);
        let report = client(&sandbox).roster_with(ROOM, options.without_count()).all().await.unwrap().report;
        assert_eq!(report.completeness, Completeness::Unverified, "nobody was asked whether there are none");
    }
}

#[tokio::test]
async fn a_crowd_of_one_millisecond_is_read_or_is_a_gap() {
    for (crowd, whole) in [(50, true), (99, true), (150, false), (1_000, false)] {
        let sandbox = sandbox([RoomConfig::new(ROOM, 5, 1_000).crowd(crowd)]);
        let listing = client(&sandbox).roster(ROOM).all().await.unwrap();
        let found: BTreeSet<String> = listing.members.into_iter().map(|member| member.accid).collect();
        let lost = names(&truth(&sandbox, ROOM, Kind::All)).difference(&found).count();
        assert_eq!(lost == 0, whole, "{crowd}: {:?}", listing.report);
        if whole {
            assert_eq!(listing.report.completeness, Completeness::Verified, "{:?}", listing.report);
        } else {
            assert_eq!(lost, crowd as usize - 100, "as many as one page holds were read");
            assert_eq!(listing.report.completeness, Completeness::Incomplete);
            let what = &listing.report.gaps[0].what;
            assert!(what.contains("entered at 1"), "{what}");
        }
    }
}

#[tokio::test]
async fn the_promises_hold_while_people_come_and_go() {
    for seed in 1..=6 {
        let churn = Churn::per_call(0.4 * seed as f64);
        let sandbox = start(|config| {
            config.seed = seed;
            config.nim.rooms = vec![RoomConfig::new(ROOM, 230, 1_500).robots(9).churn(churn)];
            config.nim.calls_per_second = 0;
        });
        for kind in KINDS {
            for ahead in [1, 16] {
                sandbox.nim().begin_recording();
                let client =
                    builder(&sandbox).concurrency(ahead).calls_per_second::<chatroom_members_by_page::Request>(10_000);
                let options = RosterOptions::default().kind(kind).page_size(40);
                let listing = client.build().unwrap().roster_with(ROOM, options).all().await.unwrap();
                let found: BTreeSet<String> = listing.members.iter().map(|member| member.accid.clone()).collect();
                assert_eq!(found.len(), listing.members.len(), "somebody appears twice");
                let (mut ever, mut throughout) = (BTreeSet::new(), BTreeSet::new());
                for side in sides(kind) {
                    ever.append(&mut sandbox.nim().ever_present(ROOM, *side));
                    throughout.append(&mut sandbox.nim().present_throughout(ROOM, *side));
                }
                assert!(found.is_subset(&ever), "somebody was invented");
                let lost: Vec<&String> = throughout.difference(&found).collect();
                let claim = listing.report.completeness;
                assert!(
                    lost.is_empty() || claim == Completeness::Incomplete,
                    "seed {seed}, {kind}, {ahead}: {lost:?} lost: {:?}",
                    listing.report
                );
            }
        }
    }
}

/// One outcome of every call, of which those of the same request are the same text.
type Outcomes = BTreeMap<&'static str, Result<String, Error>>;

async fn every_call(client: &Client) -> Outcomes {
    fn told<'a, T: std::fmt::Debug>(
        call: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> BoxFuture<'a, Result<String, Error>> {
        call.map(|outcome| outcome.map(|answer| format!("{answer:?}"))).boxed()
    }
    let page = chatroom_members_by_page::Request {
        limit: 30,
        ..chatroom_members_by_page::Request::new(ROOM, MemberType::Fixed)
    };
    let by_role = chatroom_query_members_by_role::Request::new(ROOM, Roles::ALL);
    let accids = chatroom_query_members::Request::new(ROOM, ["user000000", "guest000001", "nobody"]);
    let room = chatroom_get::Request::new(ROOM);
    let rooms = chatroom_get_batch::Request::new([ROOM, 66, 67]);
    let of_user = chatroom_query_user_room_ids::Request::new("user000000");
    let tagged = chatroom_tag_members_query::Request::new(ROOM, "vip");
    let count = chatroom_tag_members_count::Request::new(ROOM, "vip");
    let team = team_query::Request::new([TEAM]);
    let detail = team_query_detail::Request::new(TEAM);
    let superteam = superteam_get_tlists::Request::new(SUPERTEAM, 0);
    let calls = [
        ("membersByPage", told(client.chatroom_members_by_page(&page))),
        ("queryMembersByRole", told(client.chatroom_query_members_by_role(&by_role))),
        ("queryMembers", told(client.chatroom_query_members(&accids))),
        ("get", told(client.chatroom_get(&room))),
        ("getBatch", told(client.chatroom_get_batch(&rooms))),
        ("queryUserRoomIds", told(client.chatroom_query_user_room_ids(&of_user))),
        ("tagMembersQuery", told(client.chatroom_tag_members_query(&tagged))),
        ("tagMembersCount", told(client.chatroom_tag_members_count(&count))),
        ("team/query", told(client.team_query(&team))),
        ("team/queryDetail", told(client.team_query_detail(&detail))),
        ("superteam/getTlists", told(client.superteam_get_tlists(&superteam))),
    ];
    join_all(calls.map(|(name, call)| call.map(move |outcome| (name, outcome)))).await.into_iter().collect()
}

fn world() -> Sandbox {
    start(|config| {
        config.nim.rooms = vec![RoomConfig::new(ROOM, 120, 260).robots(5), RoomConfig::new(66, 9, 6)];
        config.nim.teams =
            vec![TeamConfig::new(TEAM, TeamKind::Team, 180), TeamConfig::new(SUPERTEAM, TeamKind::SuperTeam, 350)];
    })
}

#[tokio::test]
async fn every_call_tells_the_truth() {
    let sandbox = world();
    let client = client(&sandbox);

    for (member_type, side) in [
        (MemberType::Fixed, Side::Fixed),
        (MemberType::Temporary, Side::Guests),
        (MemberType::OnlineFixed, Side::OnlineFixed),
    ] {
        let truth = sandbox.nim().members(ROOM, side);
        let page = client.chatroom_members_by_page(&chatroom_members_by_page::Request::new(ROOM, member_type)).await;
        let page = page.unwrap().desc.data;
        assert_eq!(page.len(), truth.len().min(100));
        assert!(page.iter().zip(truth.iter().rev()).all(|(found, real)| is(found, real)));
        // Along the pages everybody comes, some of them twice.
        let first = chatroom_members_by_page::Request {
            limit: 20,
            ..chatroom_members_by_page::Request::new(ROOM, member_type)
        };
        let mut pages = client.pages(first);
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().desc.data.rows.into_iter().map(|row| row.accid));
        }
        assert_eq!(found, names(&truth));
    }

    let fixed = sandbox.nim().members(ROOM, Side::Fixed);
    type Asked = fn(&Real) -> bool;
    let limited = |member: &Real| member.role == RealRole::Limited;
    let asked: [(Roles, Asked); 5] = [
        (Roles { creator: Some(true), ..Roles::default() }, |member| member.role == RealRole::Creator),
        (Roles { manager: Some(true), ..Roles::default() }, |member| member.role == RealRole::Manager),
        (Roles { blacklist: Some(true), mute: Some(false), ..Roles::default() }, |member| member.blacklisted),
        (Roles { mute: Some(true), ..Roles::default() }, |member| member.muted),
        (Roles::ALL, |member| !matches!(member.role, RealRole::Common | RealRole::Unset)),
    ];
    for (roles, asked) in asked {
        let request = chatroom_query_members_by_role::Request::new(ROOM, roles);
        let found = client.chatroom_query_members_by_role(&request).await.unwrap().desc.data;
        let truth: Vec<&Real> = fixed.iter().filter(|member| asked(member)).collect();
        assert!(!truth.is_empty() && found.len() == truth.len(), "{roles:?}");
        assert!(found.iter().zip(truth).all(|(found, real)| is(found, real)), "{roles:?}");
    }
    assert!(fixed.iter().any(limited));

    let everybody = truth(&sandbox, ROOM, Kind::All);
    let strangers = (0..40).map(|n| format!("stranger {n} & co=+\"号\""));
    let accids = strangers.clone().chain(everybody.iter().map(|member| member.accid.clone()));
    let found = client.chatroom_query_members(&chatroom_query_members::Request::new(ROOM, accids)).await.unwrap();
    let by_accid: BTreeMap<&str, &Real> = everybody.iter().map(|member| (member.accid.as_str(), member)).collect();
    assert_eq!((found.members.len(), found.rejected.len()), (everybody.len(), 0));
    assert_eq!(found.missing, strangers.collect::<Vec<_>>());
    for member in &found.members {
        let real = by_accid[member.accid.as_str()];
        assert_eq!(member.role, Some(Role::from(real.role.as_str())), "only this call knows ANONYMOUS");
        assert_eq!(member.online_stat, Some(real.online));
    }

    let room = client.chatroom_get(&chatroom_get::Request::new(ROOM)).await.unwrap().chatroom;
    assert_eq!((room.roomid, room.creator.as_deref(), room.valid), (ROOM, Some("user000000"), Some(true)));
    assert_eq!(room.onlineusercount, Some(online(&sandbox, ROOM) as u64));
    let uncounted = chatroom_get::Request { need_online_user_count: None, ..chatroom_get::Request::new(ROOM) };
    assert_eq!(client.chatroom_get(&uncounted).await.unwrap().chatroom.onlineusercount, None);

    let ids = (1..=30).chain([66, ROOM]);
    let rooms = client.chatroom_get_batch(&chatroom_get_batch::Request::new(ids)).await.unwrap();
    let found: Vec<(u64, Option<u64>)> =
        rooms.succ_rooms.iter().map(|room| (room.roomid, room.onlineusercount)).collect();
    assert_eq!(found, [66, ROOM].map(|room| (room, Some(online(&sandbox, room) as u64))));
    assert_eq!(rooms.no_exist_rooms.unwrap().rows, (1..=30).collect::<Vec<_>>());
    assert!(rooms.fail_rooms.unwrap().is_empty());

    let request = chatroom_query_user_room_ids::Request::new("user000000");
    assert_eq!(client.chatroom_query_user_room_ids(&request).await.unwrap().desc.roomids.rows, [66, ROOM]);
    let request = chatroom_query_user_room_ids::Request::new("nobody");
    assert!(client.chatroom_query_user_room_ids(&request).await.unwrap().desc.roomids.is_empty());

    for tag in ["vip", "华东", "east", "new", "nobody has it"] {
        let count =
            client.chatroom_tag_members_count(&chatroom_tag_members_count::Request::new(ROOM, tag)).await.unwrap();
        let first =
            chatroom_tag_members_query::Request { limit: 10, ..chatroom_tag_members_query::Request::new(ROOM, tag) };
        let mut pages = client.pages(first);
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next().await {
            for row in page.unwrap().desc.data.rows {
                assert!(by_accid[row.accid.as_str()].online && row.tags.unwrap().contains(tag));
                found.insert(row.accid);
            }
        }
        assert_eq!((found.len() as u64, found.is_empty()), (count.data.online_user_count, tag.contains(' ')), "{tag}");
    }
    assert_eq!(sandbox.throttled(), 0);
}

#[tokio::test]
async fn teams_and_superteams_are_listed_whole() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let client = client(&sandbox);
    let tids = sandbox.nim().teams(TeamKind::Team);
    let teams = client.team_query(&team_query::Request::new(tids.iter().copied())).await.unwrap().tinfos;
    assert_eq!(teams.len(), tids.len());
    for team in &teams.rows {
        let truth = sandbox.nim().team_members(team.tid);
        let accounts: Vec<&str> = truth.iter().map(|member| member.accid.as_str()).collect();
        assert_eq!(team.accounts().unwrap(), accounts, "owner, managers, others");
        assert_eq!(team.size, Some(truth.len() as u64));
        let detail = client.team_query_detail(&team_query_detail::Request::new(team.tid)).await.unwrap().tinfo;
        let everybody = detail.everybody();
        assert_eq!(everybody.len(), truth.len());
        for (found, real) in everybody.iter().zip(&truth) {
            assert_eq!((&found.accid, found.createtime), (&real.accid, Some(real.join_time.cast_signed())));
        }
        let managers = truth.iter().filter(|member| member.role == RealRole::Manager).count();
        assert_eq!(detail.admins.map(|admins| admins.len()), Some(managers));
    }
    let without = team_query::Request { ope: 0, ..team_query::Request::new([tids[0]]) };
    assert_eq!(client.team_query(&without).await.unwrap().tinfos[0].accounts(), None);
    let error = client.team_query(&team_query::Request::new([tids[0], 1])).await.unwrap_err();
    assert_eq!(error.api().unwrap().kind, ApiErrorKind::NotFound);
    let lenient = team_query::Request { ignore_invalid: Some(true), ..team_query::Request::new([tids[0], 1]) };
    assert_eq!(client.team_query(&lenient).await.unwrap().tinfos.len(), 1);

    for tid in sandbox.nim().teams(TeamKind::SuperTeam) {
        let truth = sandbox.nim().team_members(tid);
        for reverse in [None, Some(2)] {
            let (mut found, mut seen, mut timetag) =
                (Vec::new(), BTreeSet::new(), if reverse.is_some() { i64::MAX } else { 0 });
            loop {
                let request =
                    superteam_get_tlists::Request { reverse, ..superteam_get_tlists::Request::new(tid, timetag) };
                let page = client.superteam_get_tlists(&request).await.unwrap().tlists;
                let last = page.last().and_then(|row| row.jointime);
                let full = page.len() == 100;
                found.extend(page.rows.into_iter().filter(|row| seen.insert(row.accid.clone())));
                // One millisecond back, so that the others of the last one come too.
                timetag = last.unwrap() + if reverse.is_some() { 1 } else { -1 };
                if !full {
                    break;
                }
            }
            if reverse.is_some() {
                found.reverse();
            }
            assert_eq!(found.len(), truth.len());
            for (found, real) in found.iter().zip(&truth) {
                assert_eq!((&found.accid, found.jointime), (&real.accid, Some(real.join_time.cast_signed())));
                let kind = match real.role {
                    RealRole::Creator => 1,
                    RealRole::Manager => 2,
                    _ => 0,
                };
                assert_eq!(found.member_type, Some(kind));
            }
        }
    }
    assert_eq!(sandbox.throttled(), 0);
}

#[tokio::test]
async fn the_pacer_never_earns_a_throttle_answer() {
    let sandbox = sandbox((1..=8).map(|room| RoomConfig::new(room, 30, 1_000)));
    let client = client(&sandbox);
    let options = RosterOptions::default().page_size(20);
    let lists = (1..=8).map(|room| client.roster_with(room, options.clone()).all());
    for listing in join_all(lists).await {
        let listing = listing.unwrap();
        assert_eq!((listing.members.len(), listing.report.throttled), (1_030, 0));
        assert_eq!(listing.report.completeness, Completeness::Verified, "{:?}", listing.report);
    }
    assert!(sandbox.calls() > 400, "more than four seconds' worth: {}", sandbox.calls());
    assert_eq!(sandbox.throttled(), 0);
}

#[tokio::test]
async fn a_limit_that_others_use_up_costs_only_time() {
    for penalty_scope in [groupmembers_sandbox::nim::Penalty::WholeApp, groupmembers_sandbox::nim::Penalty::SameLimit] {
        let sandbox = start(|config| {
            config.nim.rooms = vec![RoomConfig::new(ROOM, 30, 900)];
            (config.nim.calls_per_second, config.nim.penalty) = (20, Duration::from_millis(1_500));
            config.nim.penalty_scope = penalty_scope;
        });
        let patient = RetryPolicy::default().with_max_attempts(20);
        let client = builder(&sandbox).retry(patient).penalty(Duration::from_millis(1_600)).build().unwrap();
        let listing = client.roster_with(ROOM, RosterOptions::default().page_size(30)).all().await.unwrap();
        assert_eq!(listing.members.len(), 930, "{:?}", listing.report);
        assert_eq!(listing.report.completeness, Completeness::Verified, "{:?}", listing.report);
        assert!(listing.report.throttled > 0 && sandbox.throttled() == listing.report.throttled);
        assert!(sandbox.throttled() < 60, "the bucket is closed, and not hammered at: {}", sandbox.throttled());
    }
}

/// An error without what is another in every run.
fn without_random(text: &str) -> String {
    let mut text = text.to_owned();
    for before in ["[RequestId ", "Nonce: ", "CurTime: "] {
        let mut parts = text.split(before);
        let first = parts.next().unwrap().to_owned();
        let end = |c: char| c.is_ascii_alphanumeric();
        text = parts.fold(first, |text, part| text + before + "…" + part.trim_start_matches(end));
    }
    text
}

/// What a listing came to, on one line, and held against the truth.
async fn outcome(client: &Client, sandbox: &Sandbox, kind: Kind) -> String {
    let mut roster = client.roster_with(ROOM, RosterOptions::default().kind(kind).page_size(50));
    let (mut found, mut error) = (BTreeSet::new(), None);
    while let Some(member) = roster.next().await {
        match member {
            Ok(member) => assert!(found.insert(member.accid), "somebody appears twice"),
            Err(found) => error = Some(found),
        }
    }
    let Report { members, completeness, gaps, .. } = roster.report();
    assert_eq!(members, found.len() as u64);
    let truth = names(&truth(sandbox, ROOM, kind));
    assert!(found.is_subset(&truth), "somebody was invented");
    let lost = truth.difference(&found).count();
    let mut line = format!("{members} of {} members, {}", truth.len(), completeness.as_str());
    let error = error.map(|error| {
        assert_eq!(completeness, Completeness::Incomplete);
        assert!(!format!("{error:?}{error}").contains(DEMO_APP_SECRET));
        error.to_string()
    });
    for gap in &gaps {
        if error.as_ref().is_none_or(|error| gap.what != format!("stopped: {error}")) {
            write!(line, "; gap after {}: {}", gap.after, gap.what).unwrap();
        }
    }
    if let Some(error) = error {
        write!(line, "; error: {error}").unwrap();
    }
    if lost > 0 && completeness != Completeness::Incomplete {
        // Nothing but an empty list of guests, over and over, cannot be told from an empty list of guests.
        assert!(found.is_empty() && kind == Kind::Temporary && completeness == Completeness::Unverified, "{line}");
    }
    without_random(&line)
}

/// One transport for all clients of a test: it takes longer to set up than a room to list.
fn transport() -> Arc<dyn Runtime> {
    reqwest_0_13::Reqwest::new().unwrap().into_runtime()
}

fn quick(sandbox: &Sandbox, transport: &Arc<dyn Runtime>) -> ClientBuilder {
    builder(sandbox).runtime(Arc::clone(transport)).penalty(Duration::from_millis(20))
}

#[tokio::test]
async fn every_fault_ends_in_the_right_result_or_the_right_error() {
    let transport = &transport();
    let mut cases = Vec::new();
    for name in Fault::NAMES {
        for when in ["once", "call-3", "always"] {
            cases.extend([Kind::All, Kind::Temporary].map(|kind| (*name, when, kind)));
            if matches!(*name, "empty-page" | "short-pages" | "clamp-page" | "fixed-by-update-time") {
                cases.push((*name, when, Kind::Fixed));
            }
        }
    }
    cases.extend(
        ["filter-after-cut", "short-pages", "endtime-inclusive"].map(|name| (name, "always", Kind::OnlineFixed)),
    );
    let lines = stream::iter(cases).map(|(name, when, kind)| async move {
        let injected = || {
            let sandbox = world();
            let fault: Injection = format!("{name}@{when}").parse().unwrap();
            sandbox.nim().inject(fault.on_command(PAGES));
            sandbox
        };
        let sandbox = injected();
        let client = quick(&sandbox, transport).concurrency(1).build().unwrap();
        let line = outcome(&client, &sandbox, kind).await;
        // Many at once may meet the fault at another place, and the same promises hold.
        let sandbox = injected();
        let at_once = outcome(&quick(&sandbox, transport).build().unwrap(), &sandbox, kind).await;
        assert_eq!(at_once.starts_with("0 of"), line.starts_with("0 of"), "{name} {when}: {at_once}");
        format!("{name} {when} {kind}: {line}\n")
    });
    let table: Vec<String> = lines.buffered(24).collect().await;
    insta::assert_snapshot!(table.concat());
}

#[tokio::test]
async fn faults_of_the_calls_that_prove_a_list_never_make_it_more_certain() {
    let transport = &transport();
    let mut cases = Vec::new();
    for command in ["chatroom/get", "chatroom/queryMembersByRole"] {
        for name in Fault::NAMES {
            cases.extend(["once", "always"].map(|when| (command, *name, when)));
        }
    }
    let lines = stream::iter(cases).map(|(command, name, when)| async move {
        let sandbox = world();
        let fault: Injection = format!("{name}@{when}").parse().unwrap();
        sandbox.nim().inject(fault.on_command(command));
        let line = outcome(&quick(&sandbox, transport).concurrency(1).build().unwrap(), &sandbox, Kind::All).await;
        if line == "380 of 380 members, verified" {
            String::new()
        } else {
            format!("{command} {name} {when}: {line}\n")
        }
    });
    let table: Vec<String> = lines.buffered(24).collect().await;
    insta::assert_snapshot!(table.concat());
}

/// An error in a few words.
fn kind_of(error: &Error) -> String {
    match error {
        Error::Api(error) => format!("{:?} {}", error.kind, error.code),
        Error::Status(error) => format!("HTTP {}", error.status.as_u16()),
        Error::Decode(error) => error.reason.clone(),
        Error::Transport(failure) => format!("{:?}", failure.error.kind()),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn every_call_survives_every_fault_or_says_what_is_wrong() {
    let transport = &transport();
    let sandbox = world();
    let usual: BTreeMap<&str, String> =
        every_call(&client(&sandbox)).await.into_iter().map(|(name, answer)| (name, answer.unwrap())).collect();
    let usual = &usual;
    let cases = Fault::NAMES.iter().flat_map(|name| ["once", "always"].map(|when| (*name, when)));
    let lines = stream::iter(cases).map(|(name, when)| async move {
        let sandbox = world();
        for command in usual.keys() {
            let command = if command.contains('/') { (*command).to_owned() } else { format!("chatroom/{command}") };
            let fault: Injection = format!("{name}@{when}").parse().unwrap();
            sandbox.nim().inject(fault.on_command(command));
        }
        let retry = RetryPolicy::default().with_max_attempts(3);
        let retry = retry.with_backoff(Duration::from_millis(2), Duration::from_millis(10));
        let client = quick(&sandbox, transport).retry(retry).build().unwrap();
        let mut outcomes = BTreeMap::<String, Vec<&str>>::new();
        for (name, outcome) in every_call(&client).await {
            let outcome = match outcome {
                Ok(answer) if answer == usual[name] => "as usual".to_owned(),
                Ok(_) => "another answer".to_owned(),
                Err(error) => {
                    let text = format!("{error} {error:?}");
                    assert!(!text.contains(DEMO_APP_SECRET), "{text}");
                    format!("error: {}", kind_of(&error))
                }
            };
            outcomes.entry(outcome).or_default().push(name);
        }
        if outcomes.len() == 1 {
            return format!("{name} {when}: {}\n", outcomes.into_keys().next().unwrap());
        }
        let mut line = format!("{name} {when}:\n");
        for (outcome, names) in outcomes {
            writeln!(line, "  {outcome}: {}", names.join(", ")).unwrap();
        }
        line
    });
    let table: Vec<String> = lines.buffered(12).collect().await;
    insta::assert_snapshot!(table.concat());
}

#[tokio::test]
async fn rooms_the_server_failed_on_are_asked_for_once_more() {
    let sandbox = world();
    sandbox.nim().inject(Fault::FailRooms.once());
    let request = chatroom_get_batch::Request::new([ROOM, 66]);
    let rooms = client(&sandbox).chatroom_get_batch(&request).await.unwrap();
    let mut found: Vec<u64> = rooms.succ_rooms.iter().map(|room| room.roomid).collect();
    found.sort_unstable();
    assert_eq!((found, rooms.fail_rooms.unwrap().len(), sandbox.calls()), (vec![66, ROOM], 0, 2));
    sandbox.nim().inject(Fault::FailRooms.always());
    let rooms = client(&sandbox).chatroom_get_batch(&request).await.unwrap();
    assert_eq!((rooms.succ_rooms.len(), rooms.fail_rooms.unwrap().rows), (1, vec![ROOM]), "named, not dropped");
}

#[tokio::test]
async fn what_teams_answer_oddly_is_the_same_team() {
    let sandbox = world();
    let client = client(&sandbox);
    let truth = names_of_team(&sandbox, TEAM);
    sandbox.nim().inject(Fault::AdminsInMembers.always());
    let team = &client.team_query(&team_query::Request::new([TEAM])).await.unwrap().tinfos[0];
    assert_eq!(team.accounts().unwrap(), truth, "nobody twice");
    let team = client.team_query_detail(&team_query_detail::Request::new(TEAM)).await.unwrap().tinfo;
    assert_eq!(team.everybody().iter().map(|member| member.accid.as_str()).collect::<Vec<_>>(), truth);
    for code in [803, 108_404] {
        let error = client.team_query_detail(&team_query_detail::Request::new(1)).await.unwrap_err();
        let error = error.api().unwrap();
        assert_eq!((error.code, error.kind, error.attempts), (code, ApiErrorKind::NotFound, 1));
        sandbox.nim().inject(Fault::SixDigitCodes.always());
    }
    let request = superteam_get_tlists::Request::new(SUPERTEAM, 0);
    let texts = client.superteam_get_tlists(&request).await.unwrap();
    sandbox.nim().inject(Fault::NumberJointime.always());
    assert_eq!(client.superteam_get_tlists(&request).await.unwrap(), texts);
    assert!(texts.tlists.iter().all(|row| row.jointime.is_some() && row.extra.is_empty()));
}

fn names_of_team(sandbox: &Sandbox, team: u64) -> Vec<String> {
    sandbox.nim().team_members(team).into_iter().map(|member| member.accid).collect()
}

#[tokio::test]
async fn what_was_read_before_an_error_is_given_out_first_and_the_walk_goes_on() {
    let sandbox = sandbox([RoomConfig::new(ROOM, 30, 1_000)]);
    sandbox.nim().inject(Fault::Transport(Transport::Html200).on_call(6).on_command(PAGES));
    let mut roster = builder(&sandbox).concurrency(1).build().unwrap().roster(ROOM);
    let mut rows = 0;
    let error = loop {
        match roster.next().await {
            Some(Ok(_)) => rows += 1,
            Some(Err(error)) => break error,
            None => panic!("no error came"),
        }
    };
    assert!(matches!(error, Error::Decode(_)), "{error}");
    let report = roster.report();
    assert_eq!((report.completeness, report.gaps[0].after), (Completeness::Incomplete, rows));
    assert!(rows > 300, "{rows}");
    assert!(roster.next().await.is_none());
    let saved = serde_json::to_string(roster.walk()).unwrap();
    assert!(!saved.contains(DEMO_APP_SECRET) && !saved.contains(DEMO_APP_KEY));
    let rest = client(&sandbox).resume(serde_json::from_str(&saved).unwrap()).all().await.unwrap();
    assert_eq!((rest.members.len() as u64, rest.report.members), (1_030 - rows, 1_030));
    assert_eq!(rest.report.completeness, Completeness::Verified, "{:?}", rest.report);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let mut table = String::new();
    let mut note =
        |what: &str, error: Error| writeln!(table, "{what}: {}", without_random(&error.to_string())).unwrap();
    let roster = |client: Client, room: u64| async move { client.roster(room).all().await.unwrap_err() };

    note("unknown room", roster(client(&sandbox), 4_711).await);
    note("closed room", roster(client(&sandbox), 9_500_000_002).await);
    note("room 0", roster(client(&sandbox), 0).await);
    note("room beyond all ids", roster(client(&sandbox), u64::MAX).await);
    let large = RosterOptions::default().page_size(101);
    note("page size", client(&sandbox).roster_with(ROOM, large).all().await.unwrap_err());
    let sum = |secret: &str| builder_with(&sandbox, DEMO_APP_KEY, secret).build().unwrap();
    note("wrong secret", roster(sum("0123456789ac"), ROOM).await);
    note("secret in upper case", roster(sum("0123456789AB"), ROOM).await);
    let other = builder_with(&sandbox, "another-app", DEMO_APP_SECRET).build().unwrap();
    note("wrong app", roster(other, ROOM).await);
    let wrong_path = Client::builder(Credentials::new(DEMO_APP_KEY, DEMO_APP_SECRET).unwrap());
    let wrong_path = wrong_path.base_url(format!("{}/nimserver/v2", sandbox.base_url()).parse().unwrap());
    note("wrong path", roster(wrong_path.build().unwrap(), ROOM).await);
    for fault in ["403-wrong-region", "315-ip", "code=13003@always", "code=13006@always"] {
        sandbox.nim().inject(fault.parse::<Injection>().unwrap());
        note(fault, roster(client(&sandbox), 66).await);
        sandbox.nim().clear_faults();
    }
    let batch = chatroom_query_members::Request::new(ROOM, [""]);
    note("empty account", client(&sandbox).chatroom_query_members(&batch).await.unwrap_err());
    insta::assert_snapshot!(table);
    assert!(sandbox.calls() < 20, "none of these is worth a second try: {}", sandbox.calls());
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_set_right_for_all_calls_at_once() {
    let sandbox = world();
    let client = client(&sandbox);
    for offset in [290, 7_200, -3_600, 0] {
        sandbox.nim().set_clock_offset(offset);
        let before = sandbox.calls();
        let outcomes = join_all((0..3).map(|_| every_call(&client))).await;
        assert!(outcomes.iter().flatten().all(|(_, outcome)| outcome.is_ok()), "{offset}: {outcomes:?}");
        let expected = if offset == 290 { 0 } else { offset };
        assert!(client.clock_skew().abs_diff(expected) <= 2, "{offset}: {}", client.clock_skew());
        assert!(sandbox.calls() - before <= 66, "each call once more at most");
        let before = sandbox.calls();
        let listing = client.roster(ROOM).all().await.unwrap();
        assert_eq!((listing.report.retries, listing.members.len()), (0, 380), "learned once");
        assert_eq!(sandbox.calls() - before, listing.report.calls);
    }
    // Where the Date is right, or cannot be read, the clock is no reason to ask again.
    for fault in [None, Some(Fault::BadDate)] {
        sandbox.nim().inject(Fault::ClockExpired.always());
        if let Some(fault) = fault {
            sandbox.nim().inject(fault.always());
        }
        let error = client.roster(ROOM).all().await.unwrap_err();
        assert_eq!((error.api().unwrap().kind, error.attempts()), (ApiErrorKind::Clock, 1), "{error}");
    }
}

#[tokio::test]
async fn an_unreadable_date_leaves_a_wrong_clock_wrong_and_says_so() {
    let sandbox = world();
    sandbox.nim().set_clock_offset(3_600);
    let told = client(&sandbox).roster(ROOM).all().await.unwrap();
    assert_eq!(told.report.retries, 1);
    let error = {
        let other = start(|config| config.nim.clock_offset = -86_400);
        // Learned from the first refusal, and then the server's clock jumps between the two.
        other.nim().inject(Fault::ClockExpired.always());
        client(&other).roster(ROOM).all().await.unwrap_err()
    };
    let api = error.api().unwrap();
    assert_eq!((api.kind, api.attempts), (ApiErrorKind::Clock, 2), "once, not in a loop: {error}");
}

#[tokio::test]
async fn no_secret_is_in_anything_that_is_printed() {
    const PLANTED: &str = "PLANTEDsecret0123456789";
    let sandbox = start(|config| {
        config.nim.rooms = vec![RoomConfig::new(ROOM, 30, 100)];
        config.nim.app_secret = PLANTED.to_owned();
    });
    let builder = builder_with(&sandbox, DEMO_APP_KEY, PLANTED).penalty(Duration::from_millis(10));
    let builder = builder.attempt_timeout(Duration::from_millis(300));
    let mut printed = format!("{builder:?}");
    let client = builder.build().unwrap();
    let mut note = |what: &dyn std::fmt::Debug| write!(printed, "{what:?} {what:#?}").unwrap();
    note(&client);
    for name in Fault::NAMES {
        sandbox.nim().clear_faults();
        sandbox.nim().inject(format!("{name}@always").parse::<Injection>().unwrap());
        let mut roster = client.roster_with(ROOM, RosterOptions::default().page_size(50));
        while let Some(member) = roster.next().await {
            if let Err(error) = member {
                note(&error);
                note(&error.to_string());
                note(&std::error::Error::source(&error).map(ToString::to_string));
            }
        }
        note(&roster);
        note(&roster.report());
        note(&serde_json::to_string(roster.walk()).unwrap());
    }
    note(&sandbox.log());
    note(&sandbox);
    assert!(!printed.contains("PLANTED"));
    // Nor is a signature: forty hex digits in a row are in no name, and in nothing else of these.
    let longest = printed.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
    assert!(longest < Some(40), "{longest:?}");
    assert!(printed.contains("CurTime: 1"), "the server's words are shown");
}

#[tokio::test]
async fn a_backup_takes_over_where_nobody_listens_or_a_gateway_answers() {
    let (first, backup) = (world(), world());
    first.nim().inject(Fault::Transport(Transport::BadGateway).always());
    let both = |first: BaseUrl| builder(&backup).base_url(first).backup_url(base(&backup)).build().unwrap();
    let listing = both(base(&first)).roster(ROOM).all().await.unwrap();
    assert_eq!((listing.members.len(), listing.report.retries, first.calls()), (380, 1, 1), "left alone for a while");
    let gone = base(&world());
    let listing = both(gone).roster(ROOM).all().await.unwrap();
    assert_eq!((listing.members.len(), listing.report.retries), (380, 1), "{:?}", listing.report);
    assert_eq!(listing.report.completeness, Completeness::Verified);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_the_deadline() {
    let gone = world();
    let client = builder(&gone).deadline(Some(Duration::from_millis(400))).build().unwrap();
    drop(gone);
    let error = client.roster(ROOM).all().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(error.attempts() >= 1);
}

#[tokio::test]
async fn a_deadline_ends_a_walk_and_keeps_what_was_read() {
    let sandbox = start(|config| {
        config.latency = Duration::from_millis(40);
        config.nim.rooms = vec![RoomConfig::new(ROOM, 30, 20_000)];
    });
    let client = builder(&sandbox).concurrency(2).deadline(Some(Duration::from_millis(1_500))).build().unwrap();
    let line = outcome(&client, &sandbox, Kind::All).await;
    assert!(line.contains("incomplete") && line.contains("the deadline passed"), "{line}");
    assert!(!line.starts_with("0 of"), "{line}");
    // What drips outlives an attempt, and neither the deadline.
    sandbox.nim().inject(Fault::Transport(Transport::SlowDrip).always().on_command(PAGES));
    let client = builder(&sandbox).deadline(Some(Duration::from_millis(500))).build().unwrap();
    let line = outcome(&client, &sandbox, Kind::All).await;
    assert!(line.starts_with("0 of") && line.contains("the deadline passed"), "{line}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let sandbox = world();
    sandbox.nim().inject(Fault::Transport(Transport::EndlessBody).always());
    let error = client(&sandbox).roster(ROOM).all().await.unwrap_err();
    let Error::Transport(failure) = &error else { panic!("{error}") };
    assert_eq!((failure.error.kind(), sandbox.calls()), (TransportErrorKind::TooLarge, 1));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_if_it_was_is_an_error() {
    let (sandbox, elsewhere) = (world(), world());
    sandbox.nim().inject(Fault::Transport(Transport::Redirect(elsewhere.base_url())));
    let error = client(&sandbox).roster(ROOM).all().await.unwrap_err();
    assert!(matches!(&error, Error::Status(error) if error.status.as_u16() == 302), "{error}");
    assert_eq!(elsewhere.calls(), 0);
    let own = reqwest_0_13::Reqwest::with_client(reqwest::Client::new());
    let client = builder(&sandbox).runtime(own.into_runtime()).build().unwrap();
    let error = client.roster(ROOM).all().await.unwrap_err();
    assert!(error.to_string().contains("followed a redirect"), "{error}");
}

#[tokio::test]
async fn a_call_that_is_tried_again_is_not_taken_for_another() {
    let sandbox = world();
    sandbox.nim().inject(Fault::Transport(Transport::ResetMidBody).every(3));
    let listing = builder(&sandbox).concurrency(1).build().unwrap().roster(ROOM).all().await.unwrap();
    assert_eq!((listing.members.len(), listing.report.completeness), (380, Completeness::Verified));
    assert!(listing.report.retries > 0);
    assert!(sandbox.log().iter().all(|entry| entry.code != 431), "the RequestId is the call's");
}

/// Lists a chatroom of a real app: set `NIM_APP_KEY`, `NIM_APP_SECRET` and `NIM_LIVE_ROOM` (and `NIM_REGION`), and run
/// with `--ignored`.
#[tokio::test]
#[ignore = "needs a real Yunxin app"]
async fn live_room() {
    let mut client = Client::builder(Credentials::from_env().unwrap());
    if let Ok(region) = std::env::var("NIM_REGION") {
        client = client.region(region.parse().unwrap());
    }
    let client = client.build().unwrap();
    let room = std::env::var("NIM_LIVE_ROOM").unwrap().parse().unwrap();
    for kind in KINDS {
        let listing = client.roster_with(room, RosterOptions::default().kind(kind)).all().await.unwrap();
        println!("{kind}: {:?}", listing.report);
        assert!(listing.report.gaps.is_empty());
    }
    println!("{:?}", client.chatroom_get(&chatroom_get::Request::new(room)).await.unwrap());
}

#[tokio::test]
async fn futures_of_all_calls_can_be_spawned() {
    let sandbox = world();
    let client = client(&sandbox);
    let task = tokio::spawn(async move {
        let rooms = client.chatroom_get_batch(&chatroom_get_batch::Request::new((1..=30).chain([ROOM]))).await.unwrap();
        let accids = (0..300).map(|number| format!("guest{number:06}"));
        let found = client.chatroom_query_members(&chatroom_query_members::Request::new(ROOM, accids)).await.unwrap();
        let listing = client.roster(ROOM).all().await.unwrap();
        (rooms.succ_rooms.len(), found.members.len(), listing.members.len())
    });
    assert_eq!(task.await.unwrap(), (1, 260, 380));
}
