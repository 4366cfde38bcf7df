//! People who come and go while they are listed.

use std::collections::BTreeSet;

use groupmembers_sandbox::yunshop::{Change, Churn, Kind};

use super::{Client, EMPLOYEES, GROUP, MEMBERS, rows, sandbox};

#[test]
fn new_people_push_the_others_down_and_vanished_rows_pull_them_up() {
    let sandbox = sandbox(30, |config| config.enterprises[0].groups[0].left = 0);
    let (client, world) = (Client::managing(&sandbox), sandbox.yunshop());
    let ids = |page: u32| rows(&client.members(page)).iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>();
    let (first, second) = (ids(1), ids(2));
    assert!(world.add_member(GROUP, "wm新来的") && !world.add_member(GROUP, "wm新来的"));
    assert_eq!(ids(2)[0], first[9], "seen twice by who has read page 1");
    assert!(world.purge_member(GROUP, "wm新来的"));
    assert!(world.purge_member(GROUP, &world.members(GROUP, Kind::External)[0].userid));
    assert_eq!(ids(2)[0], second[1], "and the first of page 2 is seen by nobody");
    assert!(world.present_throughout(GROUP, Kind::External).len() == 29);

    // Leaving changes the row and moves nothing.
    let before = ids(1);
    let somebody = world.members(GROUP, Kind::External)[3].clone();
    assert!(world.remove_member(GROUP, &somebody.userid) && !world.remove_member(GROUP, &somebody.userid));
    let row = rows(&client.members(1))[3].clone();
    assert_eq!((ids(1), &row["status"]), (before.clone(), &0.into()));
    assert!(row["withdraw_time"].as_u64().unwrap() > 0 && row["updated_at"].is_string());
    assert!(world.add_member(GROUP, &somebody.userid));
    let row = rows(&client.members(1))[3].clone();
    assert_eq!((ids(1), &row["status"], &row["withdraw_scene"]), (before, &1.into(), &(-1).into()));
    assert!(row["join_time"].as_u64().unwrap() > u64::from(somebody.join_time));
    assert!(!world.present_throughout(GROUP, Kind::External).contains(&somebody.userid));
    assert!(world.ever_present(GROUP, Kind::External).contains(&somebody.userid));
    let changes: Vec<_> = world.events(GROUP).iter().map(|event| event.change).collect();
    assert_eq!(changes, [Change::Joined, Change::Purged, Change::Purged, Change::Left, Change::CameBack]);
}

#[test]
fn a_second_row_for_who_comes_back() {
    let sandbox = sandbox(5, |config| config.rejoin_adds_row = true);
    let (client, world) = (Client::managing(&sandbox), sandbox.yunshop());
    let userid = world.members(GROUP, Kind::External)[2].userid.clone();
    assert!(world.remove_member(GROUP, &userid) && world.add_member(GROUP, &userid));
    let rows = rows(&client.members(1));
    let status: Vec<_> = rows.iter().filter(|row| row["userid"] == *userid).map(|row| row["status"].clone()).collect();
    assert_eq!(status, [1, 0]);
    assert_eq!(world.members(GROUP, Kind::External).len(), 5);
}

#[test]
fn a_walk_under_churn_misses_nobody_while_no_row_vanishes() {
    let sandbox = sandbox(200, |config| config.enterprises[0].groups[0].churn = Churn::per_call(2.0));
    let (client, world) = (Client::managing(&sandbox), sandbox.yunshop());
    world.begin_recording();
    let walked: BTreeSet<_> =
        client.walk(MEMBERS, GROUP).iter().map(|row| row["userid"].as_str().unwrap().to_owned()).collect();
    let (throughout, ever) =
        (world.present_throughout(GROUP, Kind::External), world.ever_present(GROUP, Kind::External));
    assert!(!world.events(GROUP).is_empty() && throughout.len() < 200 && ever.len() > 200);
    assert!(throughout.is_subset(&walked));
    for _ in 0..20 {
        client.call(EMPLOYEES, &serde_json::json!({"group_id": GROUP}));
    }
    let staff = world.rows(GROUP, Kind::Employee);
    assert!(staff.len() > 4 && staff.last().unwrap().userid == "LinXiao" && staff.last().unwrap().present);
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let run = || {
        let sandbox = sandbox(50, |config| config.enterprises[0].groups[0].churn = Churn::per_call(1.0).purge(1));
        let client = Client::managing(&sandbox);
        (0..10).map(|page| client.members(page).body).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
