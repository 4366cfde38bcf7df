//! Rosters of teams and superteams, against the sandbox.

use std::collections::{BTreeMap, BTreeSet};

use groupmembers_sandbox::nim::{Churn, DEMO_APP_KEY, DEMO_APP_SECRET, Fault, Role, TeamConfig, TeamKind};
use groupmembers_sandbox::{Config, Sandbox};
use nim_server::{Client, Completeness, Credentials, Error, SuperteamWalk, TeamRole, TeamWalk, superteam_get_tlists};

const TEAM: u64 = 2_690_000_001;

fn sandbox(team: TeamConfig) -> Sandbox {
    let mut config = Config::default();
    config.nim.teams = vec![team];
    Sandbox::start(config).unwrap()
}

fn client(sandbox: &Sandbox) -> Client {
    let base = format!("{}/nimserver", sandbox.base_url()).parse().unwrap();
    Client::builder(Credentials::new(DEMO_APP_KEY, DEMO_APP_SECRET).unwrap()).base_url(base).build().unwrap()
}

fn truth(sandbox: &Sandbox) -> BTreeMap<String, Role> {
    sandbox.nim().team_members(TEAM).into_iter().map(|member| (member.accid, member.role)).collect()
}

#[tokio::test]
async fn a_team_is_listed_whole_with_what_its_members_are() {
    for members in [1, 2, 3, 180, 2_000] {
        for admins_too in [false, true] {
            let mut team = TeamConfig::new(TEAM, TeamKind::Team, members);
            if admins_too {
                team = team.fault(Fault::AdminsInMembers.always());
            }
            let sandbox = sandbox(team);
            let listing = client(&sandbox).team_roster(TEAM).all().await.unwrap();
            let report = &listing.report;
            assert_eq!(
                (report.completeness, report.members),
                (Completeness::Verified, u64::from(members)),
                "{report:?}"
            );
            assert_eq!((report.calls, report.declared_total), (1, Some(u64::from(members))));
            let role = |role| match role {
                TeamRole::Owner => Role::Creator,
                TeamRole::Admin => Role::Manager,
                TeamRole::Member => Role::Common,
            };
            let found: BTreeMap<String, Role> =
                listing.members.into_iter().map(|row| (row.member.accid.clone(), role(row.role))).collect();
            assert_eq!(found, truth(&sandbox));
        }
    }
}

#[tokio::test]
async fn a_team_without_its_size_in_the_answer_is_held_against_the_other_call() {
    use groupmembers_http::simulation::Simulation;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    // Asked for three times, it has two members, then three; the other call always says three, or more.
    for (size, completeness, calls) in [
        (Some(3), Completeness::Verified, 4),
        (Some(9), Completeness::Incomplete, 6),
        (Some(1), Completeness::Unverified, 6),
        (None, Completeness::Stable, 2),
    ] {
        let asked = Arc::new(Mutex::new(0));
        let simulation = Simulation::new(
            1,
            Duration::from_secs(1_700_000_000),
            (Duration::from_millis(5), Duration::from_millis(9)),
            Box::new(move |request, _| {
                let mut body = serde_json::json!({"code": 200, "tinfos": [{"tid": TEAM, "size": size}]});
                if request.uri().path().contains("queryDetail") {
                    *asked.lock().unwrap() += 1;
                    let members = if *asked.lock().unwrap() == 1 { "ab" } else { "abc" };
                    let members: Vec<_> =
                        members[1..].chars().map(|c| serde_json::json!({"accid": c.to_string()})).collect();
                    body = serde_json::json!({"code": 200, "tinfo": {"tid": TEAM, "owner": {"accid": "a"}, "admins": [], "members": members}});
                }
                Ok(http::Response::new(body.to_string().into_bytes()))
            }),
        );
        let client = Client::builder(Credentials::new("k", "s").unwrap()).runtime(simulation.clone()).build().unwrap();
        let report = simulation.run(client.team_roster(TEAM).all()).unwrap().report;
        assert_eq!((report.completeness, report.calls), (completeness, calls), "{report:?}");
        assert_eq!(report.gaps.len(), usize::from(size == Some(9)), "{report:?}");
    }
}

#[tokio::test]
async fn a_superteam_is_listed_whole_page_by_page() {
    for members in [1, 99, 100, 101, 1_500] {
        for fault in [None, Some(Fault::EndtimeInclusive), Some(Fault::NumberJointime), Some(Fault::UnstableTies)] {
            let mut team = TeamConfig::new(TEAM, TeamKind::SuperTeam, members);
            if let Some(fault) = fault.clone() {
                team = team.fault(fault.always());
            }
            let sandbox = sandbox(team);
            let listing = client(&sandbox).superteam_roster(TEAM).all().await.unwrap();
            assert_eq!(listing.report.completeness, Completeness::Stable, "{members} {fault:?}: {:?}", listing.report);
            let found: BTreeSet<String> = listing.members.iter().map(|row| row.accid.clone()).collect();
            assert_eq!(found.len(), listing.members.len());
            assert_eq!(found, truth(&sandbox).into_keys().collect());
            assert!(listing.members.is_sorted_by_key(|row| row.jointime));
        }
    }
}

#[tokio::test]
async fn a_superteam_that_changes_while_it_is_read_loses_nobody() {
    let mut complete = 0;
    for events in [0.3, 1.0, 4.0] {
        for join in [0, 3] {
            let churn = Churn { join, rejoin: join, ..Churn::per_call(events) };
            let sandbox = sandbox(TeamConfig::new(TEAM, TeamKind::SuperTeam, 1_500).churn(churn));
            let listing = client(&sandbox).superteam_roster(TEAM).all().await.unwrap();
            let found: BTreeSet<String> = listing.members.iter().map(|row| row.accid.clone()).collect();
            assert!(found.is_subset(&sandbox.nim().team_ever_present(TEAM)));
            let lost = sandbox.nim().team_present_throughout(TEAM).difference(&found).count();
            assert_eq!(lost, 0, "{:?}", listing.report);
            complete += usize::from(listing.report.completeness.is_complete());
        }
    }
    assert!(complete > 0);
}

#[test]
fn a_superteams_page_that_is_cut_within_one_millisecond_is_not_its_end() {
    // Seventy, thirty of them of the last instant; a page holds so many of the hundred that are asked for.
    for most in [45, 50, 69, 70] {
        let joined = |id: u32| 1_600_000_000_000 + i64::from(id.min(40)) * 1_000;
        let listing = superteam(move |tag, _| {
            (0..70).map(|id| (id, joined(id))).filter(|(_, at)| *at > tag).take(most).collect()
        });
        assert_eq!(listing.members.len(), 70, "{most}: {:?}", listing.report);
    }
}

/// A server of a superteam on the virtual clock: it gets the `timetag` and the number of the call, and says who is on the page.
fn superteam(page: impl Fn(i64, usize) -> Vec<(u32, i64)> + Send + 'static) -> nim_server::SuperteamListing {
    use groupmembers_http::simulation::Simulation;
    use std::time::Duration;
    let mut calls = 0;
    let simulation = Simulation::new(
        1,
        Duration::from_secs(1_700_000_000),
        (Duration::from_millis(5), Duration::from_millis(9)),
        Box::new(move |request, _| {
            let form = std::str::from_utf8(request.body()).unwrap();
            let tag = form.split('&').find_map(|pair| pair.strip_prefix("timetag=")).unwrap();
            calls += 1;
            assert!(calls < 1_000, "it does not end");
            let rows: Vec<_> = page(tag.parse().unwrap(), calls)
                .into_iter()
                .map(|(id, at)| serde_json::json!({"tid": TEAM, "accid": format!("u{id}"), "jointime": at.to_string()}))
                .collect();
            Ok(http::Response::new(serde_json::json!({"code": 200, "tlists": rows}).to_string().into_bytes()))
        }),
    );
    let client = Client::builder(Credentials::new("k", "s").unwrap()).runtime(simulation.clone()).build().unwrap();
    simulation.run(client.superteam_roster(TEAM).all()).unwrap()
}

#[test]
fn a_superteams_last_millisecond_that_shows_others_each_time_is_no_proof() {
    // Twenty-eight of one instant, of whom pages show some.
    for (sizes, inclusive) in [([25, 23, 24], false), ([9, 12, 11], true), ([23, 24, 20], true), ([25, 23, 26], false)]
    {
        let listing = superteam(move |tag, call| {
            let at = 1_600_000_000_000;
            if tag < at + i64::from(inclusive) {
                (0..sizes[(call - 1) % 3]).map(|id| (id, at)).collect()
            } else {
                vec![]
            }
        });
        assert!(!listing.report.completeness.is_complete(), "{sizes:?}: {:?}", listing.report);
    }
    // One of five left.
    let listing = superteam(|tag, call| {
        let at = 1_600_000_000_000;
        if tag < at { (u32::from(call > 1)..5).map(|id| (id, at)).collect() } else { vec![] }
    });
    assert_eq!((listing.members.len(), listing.report.completeness), (5, Completeness::Stable), "{:?}", listing.report);
}

#[tokio::test]
async fn what_a_superteam_hides_is_a_gap() {
    for fault in [Fault::StuckCursor, Fault::BadRow] {
        let sandbox = sandbox(TeamConfig::new(TEAM, TeamKind::SuperTeam, 300).fault(fault.clone().always()));
        let report = client(&sandbox).superteam_roster(TEAM).all().await.unwrap().report;
        assert_eq!(report.completeness, Completeness::Incomplete, "{fault:?}: {report:?}");
        assert!(report.gaps.iter().all(|gap| !gap.what.contains("endtime")), "{report:?}");
    }
}

#[tokio::test]
async fn walks_over_teams_can_be_saved_and_taken_up_again() {
    let sandbox = sandbox(TeamConfig::new(TEAM, TeamKind::SuperTeam, 450));
    let client = client(&sandbox);
    let (mut roster, mut found) = (client.superteam_roster(TEAM), Vec::new());
    while let Some(row) = roster.next().await {
        found.push(row.unwrap().accid);
        if found.len() % 130 == 0 {
            let saved = serde_json::to_string(roster.walk()).unwrap();
            roster = client.resume_superteam_roster(serde_json::from_str::<SuperteamWalk>(&saved).unwrap());
        }
    }
    assert_eq!(roster.report().completeness, Completeness::Stable);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 450);
    assert_eq!(found.len(), 450);
    let sandbox = self::sandbox(TeamConfig::new(TEAM, TeamKind::Team, 20));
    let client = self::client(&sandbox);
    let mut roster = client.team_roster(TEAM);
    roster.next().await.unwrap().unwrap();
    let saved = serde_json::to_string(roster.walk()).unwrap();
    let rest = client.resume_team_roster(serde_json::from_str::<TeamWalk>(&saved).unwrap()).all().await.unwrap();
    assert_eq!((rest.members.len(), rest.report.completeness), (19, Completeness::Verified));
}

#[tokio::test]
async fn a_team_of_the_other_kind_is_not_found() {
    let sandbox = sandbox(TeamConfig::new(TEAM, TeamKind::Team, 20));
    let client = client(&sandbox);
    let error = client.superteam_roster(TEAM).all().await.unwrap_err();
    assert!(matches!(error, Error::Api(ref error) if error.code == 803), "{error}");
    let error = client.superteam_roster(0).all().await.unwrap_err();
    assert!(matches!(error, Error::Build(_)), "{error}");
    assert!(client.superteam_get_tlists(&superteam_get_tlists::Request::new(TEAM, 0)).await.is_err());
}
