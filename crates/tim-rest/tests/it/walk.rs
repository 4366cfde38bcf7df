//! Whole rosters on a virtual clock, while members come and go, against an oracle that knows the truth.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use groupmembers_http::simulation::Simulation;
use groupmembers_http::{RetryPolicy, TransportError, TransportErrorKind};
use http::Response;
use proptest::prelude::*;
use serde_json::{Value, json};
use tim_rest::{Client, Completeness, Credentials, GroupType, Report, RosterOptions, RosterWalk};

/// A group as the service may keep it: an ordered list that changes while it is read.
struct Group {
    kind: &'static str,
    list: Vec<(u32, u64)>,
    ever: HashSet<u32>,
    throughout: HashSet<u32>,
    fresh: u32,
    clock: u64,
    random: u64,
    /// Events after each call, in hundredths.
    churn: u64,
    /// Whether joins may land in the middle of the list.
    inserts: bool,
    /// Rows an answer has at most, whatever was asked for.
    clamp: usize,
    /// Answers over so many rows are refused with 10018.
    too_large: usize,
    /// Whether every answer shuffles the list first.
    shuffle: bool,
    /// Whether rows come without `JoinTime`.
    timeless: bool,
    /// What the vendor's number of members is wrong by.
    miscounts: i64,
    /// Whether every answer starts at the first member.
    ignores_offset: bool,
    calls: HashMap<String, u32>,
}

impl Group {
    fn new(kind: &'static str, members: u32, seed: u64) -> Self {
        let list: Vec<(u32, u64)> = (0..members).map(|id| (id, u64::from(id / 3))).collect();
        let all: HashSet<u32> = (0..members).collect();
        Self {
            kind,
            list,
            ever: all.clone(),
            throughout: all,
            fresh: members,
            clock: 1_000_000,
            random: seed | 1,
            churn: 0,
            inserts: false,
            clamp: usize::MAX,
            too_large: usize::MAX,
            shuffle: false,
            timeless: false,
            miscounts: 0,
            ignores_offset: false,
            calls: HashMap::new(),
        }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    fn change(&mut self) {
        let mut events = self.churn;
        while (self.draw(100) as u64) < events {
            events = events.saturating_sub(100);
            self.clock += 1;
            let place = if self.inserts { self.draw(self.list.len() + 1) } else { self.list.len() };
            match self.draw(10) {
                0..5 if !self.list.is_empty() => {
                    let at = self.draw(self.list.len());
                    let (gone, _) = self.list.remove(at);
                    self.throughout.remove(&gone);
                }
                5..7 if !self.list.is_empty() => {
                    let at = self.draw(self.list.len());
                    let (back, _) = self.list.remove(at);
                    self.throughout.remove(&back);
                    self.list.insert(place.min(self.list.len()), (back, self.clock));
                }
                _ => {
                    self.list.insert(place, (self.fresh, self.clock));
                    self.ever.insert(self.fresh);
                    self.fresh += 1;
                }
            }
        }
    }

    fn answer(&mut self, path: &str, body: &Value) -> Value {
        *self.calls.entry(path.rsplit('/').next().unwrap().to_owned()).or_default() += 1;
        if path.ends_with("get_group_info") {
            assert_eq!(body["ResponseFilter"]["GroupBaseInfoFilter"], json!(["Type", "MemberNum"]));
            let info = json!({"GroupId": "g", "ErrorCode": 0, "Type": self.kind, "MemberNum": self.list.len()});
            return json!({"ActionStatus": "OK", "ErrorCode": 0, "GroupInfo": [info]});
        }
        if self.shuffle {
            for last in (1..self.list.len()).rev() {
                let other = self.draw(last + 1);
                self.list.swap(last, other);
            }
        }
        let number = |name: &str| body.get(name).and_then(Value::as_u64).map(|n| n as usize);
        let start = match body.get("Next").and_then(Value::as_str) {
            // A cursor keeps its place by the member it stopped at, or by the next one who joined after.
            Some("") => 0,
            Some(next) => {
                let since: (u64, u32) = serde_json::from_str(next).unwrap();
                self.list.iter().position(|&(id, joined)| (joined, id) > since).unwrap_or(self.list.len())
            }
            None if self.ignores_offset => 0,
            None => number("Offset").unwrap_or(0).min(self.list.len()),
        };
        let asked = number("Limit").unwrap_or(usize::MAX).min(self.list.len() - start);
        if asked > self.too_large {
            return json!({"ActionStatus": "FAIL", "ErrorCode": 10018, "ErrorInfo": ""});
        }
        let rows = &self.list[start..start + asked.min(self.clamp)];
        let timeless = self.timeless;
        let row = |&(id, joined): &(u32, u64)| match timeless {
            true => json!({"Member_Account": format!("u{id}")}),
            false => json!({"Member_Account": format!("u{id}"), "JoinTime": joined}),
        };
        let list: Vec<Value> = rows.iter().map(row).collect();
        let number = (self.list.len() as u64).saturating_add_signed(self.miscounts);
        let mut page = json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberNum": number, "MemberList": list});
        if body.get("Next").is_some() {
            let end = start + rows.len();
            let last = rows.last().filter(|_| end < self.list.len());
            page["Next"] = Value::String(last.map_or_else(String::new, |(id, joined)| format!("[{joined},{id}]")));
        }
        page
    }
}

type Shared = Arc<Mutex<Group>>;

fn lock(group: &Shared) -> MutexGuard<'_, Group> {
    group.lock().unwrap()
}

fn world(group: &Shared, seed: u64, failures: u64) -> (Arc<Simulation>, Client) {
    // So many answers are lost that five attempts would not always do.
    world_with(group, seed, failures, RetryPolicy::default().with_max_attempts(20))
}

fn world_with(group: &Shared, seed: u64, failures: u64, retry: RetryPolicy) -> (Arc<Simulation>, Client) {
    let server = group.clone();
    let latency = (Duration::from_millis(5), Duration::from_millis(60));
    let simulation = Simulation::new(
        seed,
        Duration::from_secs(1_700_000_000),
        latency,
        Box::new(move |request, _| {
            let mut group = lock(&server);
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let answer = group.answer(request.uri().path(), &body);
            group.change();
            // One in so many answers is lost on its way.
            if failures > 0 && group.draw(failures as usize) == 0 {
                return Err(TransportError::new(TransportErrorKind::Body));
            }
            Ok(Response::new(answer.to_string().into_bytes()))
        }),
    );
    let credentials = Credentials::new(1, "administrator", "key").unwrap();
    let client = Client::builder(credentials).runtime(simulation.clone()).retry(retry).build().unwrap();
    (simulation, client)
}

fn list(group: &Shared, seed: u64, failures: u64, options: RosterOptions) -> (Vec<u32>, Report) {
    let (simulation, client) = world(group, seed, failures);
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
    if lost > 0 {
        assert!(!report.completeness.is_complete(), "{lost} lost, and the report says {report:?}");
        if !group.shuffle && !group.timeless {
            assert_eq!(report.completeness, Completeness::Incomplete, "{lost} lost, {report:?}");
        }
    }
}

/// `PROPTEST_CASES` runs more of them.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000);
    ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn offset_lists_keep_the_promises(
        (members, limit) in (0..400_u32, 2..40_u32),
        (seed, churn, inserts) in (any::<u64>(), 0..400_u64, any::<bool>()),
        (clamp, too_large) in (prop_oneof![3 => Just(usize::MAX), 1 => 3..30_usize], prop_oneof![3 => Just(usize::MAX), 1 => 5..60_usize]),
        (one_answer, failures) in (any::<bool>(), prop_oneof![Just(0_u64), Just(12)]),
    ) {
        let mut group = Group::new("Public", members, seed);
        (group.churn, group.inserts, group.clamp, group.too_large) = (churn, inserts, clamp, too_large);
        let group = Arc::new(Mutex::new(group));
        let mut options = RosterOptions::default().page_size(limit);
        options.one_answer = one_answer;
        let (found, report) = list(&group, seed, failures, options);
        hold(&group, &found, &report);
        if churn == 0 && clamp == usize::MAX {
            prop_assert_eq!(report.completeness, Completeness::Verified);
            prop_assert_eq!(found, (0..members).collect::<Vec<_>>(), "list order");
        }
    }

    #[test]
    fn community_lists_keep_the_promises(
        (members, limit) in (0..400_u32, 2..40_u32),
        (seed, churn) in (any::<u64>(), 0..300_u64),
        (too_large, failures) in (prop_oneof![3 => Just(usize::MAX), 1 => 1..30_usize], prop_oneof![Just(0_u64), Just(12)]),
    ) {
        let mut group = Group::new("Community", members, seed);
        (group.churn, group.too_large) = (churn, too_large);
        let group = Arc::new(Mutex::new(group));
        let (found, report) = list(&group, seed, failures, RosterOptions::default().page_size(limit));
        hold(&group, &found, &report);
        if churn == 0 {
            prop_assert_eq!(report.completeness, Completeness::Verified);
        }
    }

    #[test]
    fn a_list_without_order_is_never_called_whole_when_it_is_not(members in 1..200_u32, limit in 2..40_u32, seed in any::<u64>()) {
        let mut group = Group::new("Meeting", members, seed);
        group.shuffle = true;
        let group = Arc::new(Mutex::new(group));
        let (found, report) = list(&group, seed, 0, RosterOptions::default().page_size(limit).in_windows());
        hold(&group, &found, &report);
    }

    #[test]
    fn rows_without_join_times_prove_nothing(
        (members, limit) in (60..300_u32, 2..40_u32),
        (seed, churn) in (any::<u64>(), 0..300_u64),
    ) {
        let mut group = Group::new("Public", members, seed);
        (group.churn, group.timeless) = (churn, true);
        let group = Arc::new(Mutex::new(group));
        let (found, report) = list(&group, seed, 0, RosterOptions::default().page_size(limit).in_windows());
        hold(&group, &found, &report);
        prop_assert!(!report.completeness.is_complete(), "{report:?}");
        prop_assert_eq!(report.notes.len(), 1);
    }

    #[test]
    fn a_saved_walk_goes_on_where_it_stopped(
        (members, limit, stop) in (1..300_u32, 2..40_u32, 0..300_usize),
        (seed, churn, community, failures) in (any::<u64>(), 0..100_u64, any::<bool>(), prop_oneof![Just(0_u64), Just(8)]),
    ) {
        let mut group = Group::new(if community { "Community" } else { "Work" }, members, seed);
        group.churn = churn;
        let group = Arc::new(Mutex::new(group));
        // No second attempts: an answer that is lost stops the walk, and it is taken up again.
        let (simulation, client) = world_with(&group, seed, failures, RetryPolicy::never());
        let (found, report) = simulation.run(async {
            let mut roster = client.roster_with("g", RosterOptions::default().page_size(limit).in_windows());
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
            prop_assert_eq!(report.completeness, Completeness::Verified);
        }
    }
}

#[test]
fn a_quiet_group_takes_one_call_or_one_window_in_fifty_more() {
    let group = Arc::new(Mutex::new(Group::new("Public", 6_000, 1)));
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
fn a_number_of_members_that_is_wrong_is_not_believed_and_not_waited_for() {
    for miscounts in [i64::MAX, 1_000_000, 500, 1, -1, -500] {
        for kind in ["Public", "Community"] {
            let group = Arc::new(Mutex::new(Group { miscounts, ..Group::new(kind, 700, 3) }));
            let (found, report) = list(&group, 3, 0, RosterOptions::default().page_size(50).in_windows());
            assert_eq!(found.len(), 700, "{kind} {miscounts}");
            assert!(report.calls < 250, "{kind} {miscounts}: {} calls", report.calls);
            let expected = if miscounts > 0 { Completeness::Incomplete } else { Completeness::Stable };
            assert_eq!(report.completeness, expected, "{kind} {miscounts}: {report:?}");
        }
    }
}

#[test]
fn a_server_that_does_not_heed_the_offset_is_found_out() {
    let group = Arc::new(Mutex::new(Group { ignores_offset: true, ..Group::new("Public", 700, 3) }));
    let (found, report) = list(&group, 3, 0, RosterOptions::default().page_size(50).in_windows());
    assert_eq!((found.len(), report.completeness), (50, Completeness::Incomplete));
    assert!(report.calls < 250, "{} calls", report.calls);
}

#[test]
fn somebody_leaving_between_two_pages_costs_nobody_else_their_place() {
    let group = Arc::new(Mutex::new(Group { churn: 60, ..Group::new("Public", 2_000, 7) }));
    let (found, report) = list(&group, 7, 0, RosterOptions::default().in_windows());
    hold(&group, &found, &report);
    assert!(report.completeness.is_complete(), "{report:?}");
    assert!(report.duplicates > 0);
}
