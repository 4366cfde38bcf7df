//! Whole rosters on a virtual clock, while members come and go, against an oracle that knows the truth.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{RetryPolicy, Runtime as _, TransportError, TransportErrorKind};
use http::Response;
use proptest::prelude::*;
use serde_json::{Value, json};
use tim_rest::{Client, ClientBuilder, Completeness, Credentials, GroupType, Report, RosterOptions, RosterWalk};

/// How a service may behave.
#[derive(Debug, Clone)]
struct Rules {
    kind: &'static str,
    /// Events after each call, in hundredths.
    churn: u64,
    /// Whether joins may land in the middle of the list.
    inserts: bool,
    /// Members who join after each call, at the end.
    grow: u32,
    /// Rows an answer has at most, whatever was asked for; or, where it moves, twice as many on some days.
    clamp: usize,
    clamp_moves: bool,
    /// Answers over so many rows are refused with 10018; or, where that moves, one in three.
    too_large: usize,
    too_large_moves: bool,
    /// Whether every answer shuffles the list first.
    shuffle: bool,
    total: Total,
    joined: Joined,
    /// Whether one row in twenty comes twice in its answer.
    twice: bool,
    /// One in so many members has a row that cannot be read; or only every other time.
    unreadable: u32,
    unreadable_moves: bool,
    /// Whether every answer starts at the first member.
    ignores_offset: bool,
    token: Token,
    /// Whether answers say when they were made.
    dated: bool,
}

/// The number of members that comes with an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Total {
    True,
    /// Wrong by so many.
    Off(i64),
    /// Wrong by so many from the third call on.
    OffLate(i64),
    Missing,
    /// There when the group is asked for, not with its members.
    Probe,
}

/// The join times of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Joined {
    True,
    Missing,
    Zero,
    /// The same for everybody, always.
    Equal,
}

/// What a Community's `Next` stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    /// The member it stopped at.
    Member,
    /// A place in the list.
    Place,
    /// A place in the list, sometimes some rows back.
    Back,
    /// A place in the list, never the same, and again from the start behind the end.
    Wraps,
    /// A place in the list; the second time through it ends after the first page.
    ShortSecond,
}

impl Rules {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            churn: 0,
            inserts: false,
            grow: 0,
            clamp: usize::MAX,
            clamp_moves: false,
            too_large: usize::MAX,
            too_large_moves: false,
            shuffle: false,
            total: Total::True,
            joined: Joined::True,
            twice: false,
            unreadable: 0,
            unreadable_moves: false,
            ignores_offset: false,
            token: Token::Member,
            dated: true,
        }
    }
}

/// A group: an ordered list that changes while it is read.
struct Group {
    rules: Rules,
    list: Vec<(u32, u64)>,
    ever: HashSet<u32>,
    throughout: HashSet<u32>,
    fresh: u32,
    now: u64,
    random: u64,
    tokens: HashMap<String, usize>,
    passes: u32,
    calls: u32,
}

impl Group {
    fn new(rules: Rules, members: u32, seed: u64) -> Shared {
        let list: Vec<(u32, u64)> = (0..members).map(|id| (id, 1_600_000_000 + u64::from(id / 3))).collect();
        let all: HashSet<u32> = (0..members).collect();
        Arc::new(Mutex::new(Self {
            rules,
            list,
            ever: all.clone(),
            throughout: all,
            fresh: members,
            now: 0,
            // xorshift must not start at zero.
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            tokens: HashMap::new(),
            passes: 0,
            calls: 0,
        }))
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    fn join(&mut self, id: u32, place: usize) {
        self.list.insert(place.min(self.list.len()), (id, self.now));
        self.ever.insert(id);
    }

    fn change(&mut self) {
        let mut events = self.rules.churn;
        while (self.draw(100) as u64) < events {
            events = events.saturating_sub(100);
            let place = if self.rules.inserts { self.draw(self.list.len() + 1) } else { self.list.len() };
            let event = self.draw(10);
            if event < 7 && !self.list.is_empty() {
                let at = self.draw(self.list.len());
                let (gone, _) = self.list.remove(at);
                self.throughout.remove(&gone);
                if event >= 5 {
                    self.join(gone, place);
                }
            } else {
                self.fresh += 1;
                self.join(self.fresh, place);
            }
        }
        for _ in 0..self.rules.grow {
            self.fresh += 1;
            self.join(self.fresh, usize::MAX);
        }
    }

    fn total(&self, probe: bool) -> Option<u64> {
        let members = self.list.len() as u64;
        match self.rules.total {
            Total::True => Some(members),
            Total::Off(by) => Some(members.saturating_add_signed(by)),
            Total::OffLate(by) => Some(members.saturating_add_signed(if self.calls > 2 { by } else { 0 })),
            Total::Probe if probe => Some(members),
            Total::Probe | Total::Missing => None,
        }
    }

    fn answer(&mut self, path: &str, body: &Value) -> Value {
        self.calls += 1;
        assert!(self.calls < 20_000, "it does not end");
        let rules = self.rules.clone();
        if path.ends_with("get_group_info") {
            assert_eq!(body["ResponseFilter"]["GroupBaseInfoFilter"], json!(["Type", "MemberNum"]));
            let info = json!({"GroupId": "g", "ErrorCode": 0, "Type": rules.kind, "MemberNum": self.total(true)});
            return json!({"ActionStatus": "OK", "ErrorCode": 0, "GroupInfo": [info]});
        }
        if rules.shuffle {
            for last in (1..self.list.len()).rev() {
                let other = self.draw(last + 1);
                self.list.swap(last, other);
            }
        }
        let number = |name: &str| body.get(name).and_then(Value::as_u64).map(|n| n as usize);
        let start = match body.get("Next").and_then(Value::as_str) {
            Some("") => {
                self.passes += 1;
                0
            }
            Some(next) if rules.token == Token::Member => {
                // Its place is kept by the member it stopped at, or by the next one who joined after.
                let since: (u64, u32) = serde_json::from_str(next).unwrap();
                self.list.iter().position(|&(id, joined)| (joined, id) > since).unwrap_or(self.list.len())
            }
            Some(next) => self.tokens[next].min(self.list.len()),
            None if rules.ignores_offset => 0,
            None => number("Offset").unwrap_or(0).min(self.list.len()),
        };
        let asked = number("Limit").unwrap_or(usize::MAX).min(self.list.len() - start);
        if asked > rules.too_large && !(rules.too_large_moves && self.draw(3) > 0) {
            return json!({"ActionStatus": "FAIL", "ErrorCode": 10018, "ErrorInfo": ""});
        }
        let clamp = match rules.clamp_moves {
            true => 1 + self.draw(2 * rules.clamp),
            false => rules.clamp,
        };
        let rows = self.list[start..start + asked.min(clamp)].to_vec();
        let mut list = Vec::new();
        for &(id, joined) in &rows {
            let mut row = json!({"Member_Account": format!("u{id}")});
            match rules.joined {
                Joined::True => row["JoinTime"] = json!(joined),
                Joined::Missing => {}
                Joined::Zero => row["JoinTime"] = json!(0),
                Joined::Equal => row["JoinTime"] = json!(1_500_000_000),
            }
            if rules.unreadable > 0 && id % rules.unreadable == 0 && !(rules.unreadable_moves && self.draw(2) == 0) {
                row["Member_Account"] = json!([]);
            }
            list.push(row.clone());
            if rules.twice && self.draw(20) == 0 {
                list.push(row);
            }
        }
        let mut page = json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberList": list});
        if let Some(total) = self.total(false) {
            page["MemberNum"] = json!(total);
        }
        if body.get("Next").is_some() {
            page["Next"] = Value::String(self.token(start + rows.len(), rows.last().copied()));
        }
        page
    }

    /// The cursor for what is behind `end`.
    fn token(&mut self, end: usize, last: Option<(u32, u64)>) -> String {
        let token = self.rules.token;
        let Some((id, joined)) = last else { return String::new() };
        let over = end >= self.list.len() || (token == Token::ShortSecond && self.passes > 1);
        let (name, place) = match token {
            Token::Wraps => (format!("t{}", self.calls), if over { 0 } else { end }),
            _ if over => return String::new(),
            Token::Member => return format!("[{joined},{id}]"),
            Token::Back if end > 20 && self.draw(6) == 0 => (format!("o{}", end - 20), end - 20),
            _ => (format!("o{end}"), end),
        };
        self.tokens.insert(name.clone(), place);
        name
    }
}

type Shared = Arc<Mutex<Group>>;

fn lock(group: &Shared) -> MutexGuard<'_, Group> {
    group.lock().unwrap()
}

/// 2023-11-14T22:13:20Z.
const START: u64 = 1_700_000_000;

fn date(unix: u64) -> String {
    let seconds = unix - START + 13 * 60 + 20;
    assert!(seconds < 2 * 3600, "the walk goes on until tomorrow");
    format!("Tue, 14 Nov 2023 {}:{:02}:{:02} GMT", 22 + seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn world(group: &Shared, seed: u64, failures: u64, retry: RetryPolicy) -> (Arc<Simulation>, ClientBuilder) {
    let server = group.clone();
    let latency = (Duration::from_millis(5), Duration::from_millis(60));
    let simulation = Simulation::new(
        seed,
        Duration::from_secs(START),
        latency,
        Box::new(move |request, now| {
            let mut group = lock(&server);
            group.now = now.unix.as_secs();
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let answer = group.answer(request.uri().path(), &body);
            group.change();
            // One in so many answers is lost on its way.
            if failures > 0 && group.draw(failures as usize) == 0 {
                return Err(TransportError::new(TransportErrorKind::Body));
            }
            let mut response = Response::new(answer.to_string().into_bytes());
            if group.rules.dated {
                response.headers_mut().insert(http::header::DATE, date(now.unix.as_secs()).parse().unwrap());
            }
            Ok(response)
        }),
    );
    let credentials = Credentials::new(1, "administrator", "key").unwrap();
    let client = Client::builder(credentials).runtime(simulation.clone()).retry(retry).deadline(None);
    (simulation, client)
}

fn list(group: &Shared, seed: u64, failures: u64, options: RosterOptions) -> (Vec<u32>, Report) {
    // So many answers are lost that five attempts would not always do.
    let (simulation, client) = world(group, seed, failures, RetryPolicy::default().with_max_attempts(20));
    let client = client.build().unwrap();
    simulation.run(async {
        let listing = client.roster_with("g", options).all().await.unwrap();
        (listing.members.iter().map(|member| member.member_account[1..].parse().unwrap()).collect(), listing.report)
    })
}

/// The three promises, and that no more is claimed than holds.
fn hold(group: &Shared, members: &[u32], report: &Report) {
    let group = lock(group);
    let unique: HashSet<u32> = members.iter().copied().collect();
    assert_eq!(unique.len(), members.len(), "somebody appears twice");
    assert_eq!(report.members, members.len() as u64);
    assert!(unique.is_subset(&group.ever), "somebody was invented");
    let lost = group.throughout.difference(&unique).count();
    assert!(lost == 0 || !report.completeness.is_complete(), "{lost} lost, and the report says {report:?}");
}

/// `PROPTEST_CASES` runs more of them.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300);
    ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn often<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    other: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![3 => Just(usual), 1 => other].boxed()
}

/// Everything that a server of ordinary groups may do, at once.
fn offset_rules() -> impl Strategy<Value = Rules> {
    let total = prop_oneof![
        5 => Just(Total::True),
        1 => (-70_i64..70).prop_map(Total::Off),
        1 => Just(Total::Off(i64::MAX)),
        1 => (-1_000_i64..1_000).prop_map(Total::OffLate),
        1 => Just(Total::Missing),
        1 => Just(Total::Probe),
    ];
    let joined = prop_oneof![6 => Just(Joined::True), 1 => Just(Joined::Missing), 1 => Just(Joined::Zero), 1 => Just(Joined::Equal)];
    let moves = (0..300_u64, any::<bool>(), often(0, 1..3_u32));
    let clamps = (often(usize::MAX, 1..60_usize), any::<bool>(), often(usize::MAX, 2..60_usize), any::<bool>());
    let odd = (often(false, Just(true)), often(0, 2..30_u32), any::<bool>(), often(false, Just(true)));
    (total, joined, moves, clamps, odd).prop_map(|(total, joined, moves, clamps, odd)| {
        let mut rules = Rules { total, joined, ..Rules::new("Public") };
        (rules.churn, rules.inserts, rules.grow) = moves;
        (rules.clamp, rules.clamp_moves, rules.too_large, rules.too_large_moves) = clamps;
        rules.clamp_moves &= rules.clamp < usize::MAX;
        (rules.twice, rules.unreadable, rules.unreadable_moves, rules.ignores_offset) = odd;
        rules
    })
}

fn community_rules() -> impl Strategy<Value = Rules> {
    let token = prop_oneof![
        Just(Token::Member),
        Just(Token::Place),
        Just(Token::Back),
        Just(Token::Wraps),
        Just(Token::ShortSecond)
    ];
    (token, offset_rules(), any::<bool>()).prop_map(|(token, rules, dated)| {
        let rules = Rules { kind: "Community", token, dated, ..rules };
        match rules.total {
            // Against a number that is wrong by just as many as were lost, a list without overlaps has no defence.
            Total::Off(_) | Total::OffLate(_) if token != Token::Member => Rules { total: Total::True, ..rules },
            // Only the deadline ends a list that grows for ever and is never counted.
            Total::Missing => Rules { grow: 0, ..rules },
            _ => rules,
        }
    })
}

fn options(page_size: u32, one_answer: bool) -> RosterOptions {
    let options = RosterOptions::default().page_size(page_size);
    if one_answer { options } else { options.in_windows() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn offset_lists_keep_the_promises(
        (members, limit, rules) in (0..400_u32, 2..40_u32, offset_rules()),
        (seed, one_answer, failures) in (any::<u64>(), any::<bool>(), often(0, Just(12_u64))),
    ) {
        // One answer is taken for what it says it is.
        let one_answer = one_answer && rules.total == Total::True;
        let group = Group::new(rules, members, seed);
        let (found, report) = list(&group, seed, failures, options(limit, one_answer));
        hold(&group, &found, &report);
    }

    #[test]
    fn offset_lists_of_a_server_without_faults_are_proved(
        (members, limit, churn, inserts) in (0..400_u32, 3..40_u32, often(0, 0..100_u64), any::<bool>()),
        (clamp, seed, one_answer, failures) in (often(usize::MAX, 3..60_usize), any::<u64>(), any::<bool>(), often(0, Just(12_u64))),
    ) {
        let group = Group::new(Rules { churn, inserts, clamp, ..Rules::new("Public") }, members, seed);
        let (found, report) = list(&group, seed, failures, options(limit, one_answer));
        hold(&group, &found, &report);
        if churn == 0 {
            prop_assert!(report.completeness.is_complete() || members <= 3, "{:?}", report);
            prop_assert_eq!(found, (0..members).collect::<Vec<_>>(), "list order");
        }
    }

    #[test]
    fn community_lists_keep_the_promises(
        (members, limit, rules) in (0..400_u32, 2..40_u32, community_rules()),
        (seed, failures) in (any::<u64>(), often(0, Just(12_u64))),
    ) {
        let group = Group::new(rules, members, seed);
        let (found, report) = list(&group, seed, failures, RosterOptions::default().page_size(limit));
        hold(&group, &found, &report);
    }

    #[test]
    fn quiet_communities_are_proved_by_one_pass_or_two(members in 4..400_u32, limit in 2..40_u32, seed in any::<u64>(), dated in any::<bool>()) {
        let group = Group::new(Rules { dated, ..Rules::new("Community") }, members, seed);
        let (found, report) = list(&group, seed, 0, RosterOptions::default().page_size(limit));
        prop_assert_eq!(found.len() as u32, members);
        let in_one = members <= limit;
        let passes = if dated || in_one { 1 } else { 2 };
        prop_assert_eq!(report.calls, 1 + passes * u64::from(members.div_ceil(limit).max(1)));
        prop_assert_eq!(report.completeness, if dated && !in_one { Completeness::Stable } else { Completeness::Verified });
    }

    #[test]
    fn a_list_without_order_is_never_called_whole_when_it_is_not(members in 1..200_u32, limit in 2..40_u32, seed in any::<u64>()) {
        let group = Group::new(Rules { shuffle: true, ..Rules::new("Meeting") }, members, seed);
        let (found, report) = list(&group, seed, 0, options(limit, false));
        hold(&group, &found, &report);
    }

    #[test]
    fn rows_without_join_times_prove_nothing(
        (members, limit) in (60..300_u32, 2..40_u32),
        (seed, churn, joined) in (any::<u64>(), 0..300_u64, prop_oneof![Just(Joined::Missing), Just(Joined::Zero), Just(Joined::Equal)]),
    ) {
        let group = Group::new(Rules { churn, joined, ..Rules::new("Public") }, members, seed);
        let (found, report) = list(&group, seed, 0, options(limit, false));
        hold(&group, &found, &report);
        prop_assert!(!report.completeness.is_complete(), "{:?}", report);
        prop_assert_eq!(report.notes.len(), 1);
    }

    #[test]
    fn a_saved_walk_goes_on_where_it_stopped(
        (members, limit, stop) in (4..300_u32, 3..40_u32, 0..300_usize),
        (seed, churn, community, failures) in (any::<u64>(), 0..100_u64, any::<bool>(), prop_oneof![Just(0_u64), Just(8)]),
    ) {
        let group = Group::new(Rules { churn, ..Rules::new(if community { "Community" } else { "Work" }) }, members, seed);
        // No second attempts: an answer that is lost stops the walk, and it is taken up again.
        let (simulation, client) = world(&group, seed, failures, RetryPolicy::never());
        let client = client.build().unwrap();
        let (found, report) = simulation.run(async {
            let mut roster = client.roster_with("g", options(limit, false));
            let mut found = Vec::new();
            let mut stops = 0;
            loop {
                let saved = match roster.next().await {
                    Some(Ok(member)) => {
                        found.push(member.member_account);
                        found.len() == stop
                    }
                    Some(Err(_)) => {
                        assert_eq!(roster.report().completeness, Completeness::Incomplete);
                        true
                    }
                    None => break,
                };
                if saved {
                    stops += 1;
                    assert!(stops < 2_000, "it gets nowhere");
                    let saved = serde_json::to_string(roster.walk()).unwrap();
                    let walk: RosterWalk = serde_json::from_str(&saved).unwrap();
                    roster = client.resume(walk);
                }
            }
            (found, roster.report())
        });
        let found: Vec<u32> = found.iter().map(|id| id[1..].parse().unwrap()).collect();
        hold(&group, &found, &report);
        if churn == 0 {
            prop_assert!(report.completeness.is_complete(), "{:?}", report);
        }
    }
}

#[test]
fn a_quiet_group_takes_one_call_or_one_window_in_fifty_more() {
    let group = Group::new(Rules::new("Public"), 6_000, 1);
    let (found, report) = list(&group, 1, 0, RosterOptions::default());
    assert_eq!((found.len(), report.calls, report.completeness), (6_000, 2, Completeness::Verified));

    let (found, report) = list(&group, 1, 0, RosterOptions::default().in_windows());
    assert_eq!((found.len(), report.completeness), (6_000, Completeness::Verified));
    assert_eq!(report.calls, 1 + 31, "30 windows without overlap, and the probe");

    let told = RosterOptions::default().in_windows().group_type(GroupType::Public).page_size(100);
    let (found, report) = list(&group, 1, 0, told);
    assert_eq!((found.len(), report.calls), (6_000, 62), "60 windows without overlap");
}

#[test]
fn a_large_quiet_group_is_listed_from_a_server_that_gives_few_rows() {
    for (clamp, too_large, most) in
        [(50, usize::MAX, 170), (5, usize::MAX, 2_100), (usize::MAX, 60, 200), (usize::MAX, 3, 6_200)]
    {
        let group = Group::new(Rules { clamp, too_large, ..Rules::new("Public") }, 6_000, 1);
        let (found, report) = list(&group, 1, 0, RosterOptions::default().in_windows());
        assert_eq!((found.len(), report.completeness), (6_000, Completeness::Verified), "{clamp} {too_large}");
        assert!(report.calls < most, "{clamp} {too_large}: {} calls", report.calls);
    }
}

#[test]
fn a_number_of_members_that_is_wrong_is_not_believed_and_not_waited_for() {
    for by in [i64::MAX, 1_000_000, 500, 1, -1, -500] {
        for kind in ["Public", "Community"] {
            let group = Group::new(Rules { total: Total::Off(by), ..Rules::new(kind) }, 700, 3);
            let (found, report) = list(&group, 3, 0, options(50, false));
            assert_eq!(found.len(), 700, "{kind} {by}");
            assert!(report.calls < 250, "{kind} {by}: {} calls", report.calls);
            let expected = match (by > 0, kind) {
                (true, _) => Completeness::Incomplete,
                (false, "Public") => Completeness::Unverified,
                // Two passes saw the same members.
                _ => Completeness::Stable,
            };
            assert_eq!(report.completeness, expected, "{kind} {by}: {report:?}");
        }
    }
}

#[test]
fn a_server_that_does_not_heed_the_offset_is_found_out() {
    let group = Group::new(Rules { ignores_offset: true, ..Rules::new("Public") }, 700, 3);
    let (found, report) = list(&group, 3, 0, options(50, false));
    assert_eq!((found.len(), report.completeness), (50, Completeness::Incomplete));
    assert!(report.calls < 250, "{} calls", report.calls);
}

#[test]
fn a_list_that_grows_as_fast_as_it_is_read_comes_to_an_end() {
    for (kind, limit) in [("Public", 2), ("Community", 2), ("Public", 40)] {
        let rules = Rules { grow: limit, ..Rules::new(kind) };
        let group = Group::new(rules, 50, 3);
        let (found, report) = list(&group, 3, 0, options(limit, false));
        hold(&group, &found, &report);
        assert!(found.len() < 10_000, "{kind} {limit}: {}", found.len());
    }
}

#[test]
fn somebody_leaving_between_two_pages_costs_nobody_else_their_place() {
    let group = Group::new(Rules { churn: 60, ..Rules::new("Public") }, 2_000, 7);
    let (found, report) = list(&group, 7, 0, RosterOptions::default().in_windows());
    hold(&group, &found, &report);
    assert!(report.completeness.is_complete(), "{report:?}");
    assert!(report.duplicates > 0);
}

#[test]
fn most_lists_are_proved_while_members_come_and_go() {
    let mut proved = 0;
    for seed in 0..200 {
        let rules = Rules { churn: 30, inserts: seed % 2 == 0, ..Rules::new("Public") };
        let group = Group::new(rules, 1_000, seed);
        let (found, report) = list(&group, seed, 0, options(50, false));
        hold(&group, &found, &report);
        proved += u32::from(report.completeness.is_complete());
    }
    assert!(proved > 160, "{proved} of 200");
}

#[test]
fn one_who_leaves_and_one_who_joins_do_not_make_up_for_one_who_is_lost() {
    // A cursor that is a place in the list, like an offset: page by page, one leaves in front of it and one joins behind.
    let mut claimed = 0;
    for seed in 0..300 {
        for dated in [true, false] {
            let rules = Rules { token: Token::Place, churn: 60, dated, ..Rules::new("Community") };
            let group = Group::new(rules, 300, seed);
            let (found, report) = list(&group, seed, 0, RosterOptions::default().page_size(20));
            hold(&group, &found, &report);
            claimed += u32::from(report.completeness.is_complete());
        }
    }
    assert!(claimed > 0, "a proof that is never found is none");
}

#[test]
fn an_answer_over_the_cap_is_asked_for_in_parts() {
    let group = Group::new(Rules::new("Public"), 700, 3);
    let server = group;
    let simulation = Simulation::new(
        1,
        Duration::from_secs(START),
        (Duration::from_millis(5), Duration::from_millis(60)),
        Box::new(move |request, _| {
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let answer = lock(&server).answer(request.uri().path(), &body);
            let rows = answer["MemberList"].as_array().map_or(0, Vec::len);
            let padding = if rows > 30 { 2 << 20 } else { 0 };
            Ok(Response::new((answer.to_string() + &" ".repeat(padding)).into_bytes()))
        }),
    );
    let client = Client::builder(Credentials::new(1, "administrator", "key").unwrap()).runtime(simulation.clone());
    let client = client.build().unwrap();
    let listing = simulation.run(client.roster("g").all()).unwrap();
    assert_eq!((listing.members.len(), listing.report.completeness), (700, Completeness::Verified));
}

#[test]
fn rosters_can_be_read_side_by_side_and_one_inside_another() {
    // Each polls its requests only while a row of it is asked for; the 200 calls a second they share are nobody's alone.
    for throttled in (0..60).step_by(7) {
        let group = Group::new(Rules::new("Public"), 3_000, 1);
        let server = group.clone();
        let latency = (Duration::from_millis(5), Duration::from_millis(20));
        let mut number = 0;
        let simulation = Simulation::new(
            7,
            Duration::from_secs(START),
            latency,
            Box::new(move |request, _| {
                number += 1;
                let body: Value = serde_json::from_slice(request.body()).unwrap();
                let answer = match number == throttled {
                    true => json!({"ActionStatus": "FAIL", "ErrorCode": 60007, "ErrorInfo": ""}),
                    false => lock(&server).answer(request.uri().path(), &body),
                };
                Ok(Response::new(answer.to_string().into_bytes()))
            }),
        );
        let credentials = Credentials::new(1, "administrator", "key").unwrap();
        let client = Client::builder(credentials).runtime(simulation.clone()).deadline(None).build().unwrap();
        simulation.run(async {
            let roster = || client.roster_with("g", options(10, false));
            let (mut one, mut other, mut rows) = (roster(), roster(), 0);
            while let (Some(a), Some(b)) = (one.next().await, other.next().await) {
                assert_eq!(a.unwrap().member_account, b.unwrap().member_account);
                rows += 1;
                if rows % 1_000 == 1 {
                    assert_eq!(roster().all().await.unwrap().members.len(), 3_000);
                }
            }
            assert_eq!(rows, 3_000);
        });
        assert!(simulation.now().elapsed < Duration::from_secs(60), "{throttled}: {:?}", simulation.now());
    }
}

#[test]
fn a_failure_about_the_group_alone_is_tried_again_like_one_about_the_call() {
    let group = Group::new(Rules::new("Public"), 30, 1);
    let server = group;
    let mut number = 0;
    let simulation = Simulation::new(
        7,
        Duration::from_secs(START),
        (Duration::from_millis(5), Duration::from_millis(20)),
        Box::new(move |request, _| {
            number += 1;
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let answer = match number {
                1 => {
                    json!({"ActionStatus": "OK", "ErrorCode": 0, "GroupInfo": [{"GroupId": "g", "ErrorCode": 10002, "ErrorInfo": ""}]})
                }
                _ => lock(&server).answer(request.uri().path(), &body),
            };
            Ok(Response::new(answer.to_string().into_bytes()))
        }),
    );
    let client = Client::builder(Credentials::new(1, "administrator", "key").unwrap()).runtime(simulation.clone());
    let listing = simulation.run(client.build().unwrap().roster("g").all()).unwrap();
    assert_eq!((listing.members.len(), listing.report.retries), (30, 1));
}

/// A group of 300 whose answers are given by hand: what to change before the call with this number.
fn by_hand(kind: &'static str, change: impl Fn(&mut Group, u32) + Send + 'static) -> (Vec<u32>, Report) {
    let group = Group::new(Rules { token: Token::Place, ..Rules::new(kind) }, 300, 1);
    let server = group.clone();
    let simulation = Simulation::new(
        1,
        Duration::from_secs(START),
        (Duration::from_millis(5), Duration::from_millis(5)),
        Box::new(move |request, now| {
            let mut group = lock(&server);
            group.now = now.unix.as_secs();
            let number = group.calls + 1;
            change(&mut group, number);
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let answer = group.answer(request.uri().path(), &body);
            let mut response = Response::new(answer.to_string().into_bytes());
            // The clock of answers is twelve seconds ahead of that of join times.
            response.headers_mut().insert(http::header::DATE, date(group.now + 12).parse().unwrap());
            Ok(response)
        }),
    );
    let credentials = Credentials::new(1, "administrator", "key").unwrap();
    let client = Client::builder(credentials).runtime(simulation.clone()).concurrency(1).build().unwrap();
    let listing = simulation.run(client.roster_with("g", options(100, false)).all()).unwrap();
    let found: Vec<u32> = listing.members.iter().map(|member| member.member_account[1..].parse().unwrap()).collect();
    hold(&group, &found, &listing.report);
    (found, listing.report)
}

#[test]
fn clocks_that_differ_prove_nobody_into_a_community() {
    // Somebody leaves in front of the cursor, so the next one is passed over; somebody joins at the end, and makes up the number.
    let (found, report) = by_hand("Community", |group, number| {
        if number == 3 {
            let (gone, _) = group.list.remove(10);
            group.throughout.remove(&gone);
            group.fresh += 1;
            let id = group.fresh;
            group.join(id, usize::MAX);
        }
    });
    assert_eq!((found.len(), report.calls), (301, 7), "the first pass proved nothing: {report:?}");
}

#[test]
fn somebody_who_comes_back_with_their_old_join_time_joins_no_windows() {
    let (_, report) = by_hand("Public", |group, number| {
        if number == 4 {
            // All but one of the overlap leave, and that one comes back at the end, as old as before.
            for _ in 0..12 {
                let (gone, _) = group.list.remove(90);
                group.throughout.remove(&gone);
            }
            let moved = group.list.remove(86);
            group.throughout.remove(&moved.0);
            group.list.push(moved);
        }
    });
    assert!(report.gaps.is_empty() || report.completeness == Completeness::Incomplete, "{report:?}");
}

#[test]
fn somebody_who_joins_leaves_and_comes_back_within_a_second_joins_no_windows() {
    let (_, report) = by_hand("Public", |group, number| match number {
        // They join where the first window ends.
        2 => {
            group.fresh += 1;
            let id = group.fresh;
            group.join(id, 98);
        }
        // Their neighbour and five more leave, and they come back where the next window begins: five who stay are in neither.
        3 => {
            for at in [99, 0, 0, 0, 0, 0] {
                let (gone, _) = group.list.remove(at);
                group.throughout.remove(&gone);
            }
            let back = group.list.remove(93);
            group.list.insert(98, back);
        }
        _ => {}
    });
    assert!(report.members >= 300, "{report:?}");
}

#[test]
fn a_group_that_says_it_has_members_and_lists_none_is_not_empty() {
    let (found, report) = by_hand("Work", |group, number| {
        if number == 2 {
            group.list.clear();
            group.throughout.clear();
        }
    });
    assert_eq!((found.len(), report.completeness), (0, Completeness::Incomplete), "{report:?}");
}

#[test]
fn a_second_pass_and_a_walk_taken_up_again_are_no_list_without_end() {
    // One row cannot be read the first time, so a list of more than 32 windows is read twice.
    let group = Group::new(Rules { unreadable: 7_000, unreadable_moves: true, ..Rules::new("Public") }, 6_000, 2);
    let (found, report) = list(&group, 2, 0, options(100, false));
    assert!(found.len() == 6_000 || report.completeness == Completeness::Incomplete, "{report:?}");
    assert!(
        !report.gaps.iter().any(|gap| gap.what.contains("again and again") || gap.what.contains("no end")),
        "{report:?}"
    );

    let group = Group::new(Rules::new("Public"), 6_000, 1);
    let (simulation, client) = world(&group, 1, 20, RetryPolicy::never());
    let client = client.concurrency(32).build().unwrap();
    let report = simulation.run(async {
        let mut roster = client.roster_with("g", options(100, false));
        let mut stops = 0;
        loop {
            match roster.next().await {
                Some(Ok(_)) => {}
                Some(Err(_)) => {
                    stops += 1;
                    assert!(stops < 100, "it gets nowhere");
                    roster =
                        client.resume(serde_json::from_str(&serde_json::to_string(roster.walk()).unwrap()).unwrap());
                }
                None => break roster.report(),
            }
        }
    });
    assert_eq!((report.members, report.completeness), (6_000, Completeness::Verified), "{report:?}");
}

#[test]
fn an_answer_that_was_too_large_once_is_not_so_for_ever() {
    for kind in ["Public", "Community"] {
        let group = Group::new(Rules { too_large: 150, ..Rules::new(kind) }, 6_000, 1);
        let server = group.clone();
        let simulation = Simulation::new(
            1,
            Duration::from_secs(START),
            (Duration::from_millis(5), Duration::from_millis(60)),
            Box::new(move |request, _| {
                let mut group = lock(&server);
                // The rows are large for five calls, and then no more.
                group.rules.too_large = if group.calls < 6 { 5 } else { usize::MAX };
                let body: Value = serde_json::from_slice(request.body()).unwrap();
                Ok(Response::new(group.answer(request.uri().path(), &body).to_string().into_bytes()))
            }),
        );
        let credentials = Credentials::new(1, "administrator", "key").unwrap();
        let client = Client::builder(credentials).runtime(simulation.clone()).build().unwrap();
        let listing = simulation.run(client.roster_with("g", RosterOptions::default().in_windows()).all()).unwrap();
        assert_eq!(listing.members.len(), 6_000);
        assert!(listing.report.calls < 300, "{kind}: {} calls", listing.report.calls);
    }
}
