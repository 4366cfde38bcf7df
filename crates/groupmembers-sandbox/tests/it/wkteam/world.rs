//! People who come and go, and the truth about it.

use std::collections::BTreeSet;

use groupmembers_sandbox::{
    Config, Sandbox,
    wkteam::{Churn, DEMO_WC_ID, Event},
};
use serde_json::json;

use super::{GROUP, call, code, list, names, room, rows, sandbox};

#[test]
fn people_come_and_go_while_they_are_listed_and_the_world_remembers() {
    let sandbox = sandbox(200, |config| config.groups[0].churn = Churn::per_call(6.0));
    let world = sandbox.wkteam();
    list(&sandbox);
    world.begin_recording();
    let before: BTreeSet<String> = world.members(GROUP).into_iter().map(|m| m.user_name).collect();
    assert_eq!((world.present_throughout(GROUP), world.ever_present(GROUP)), (before.clone(), before));
    assert!(world.events(GROUP).is_empty());

    let mut disagreed = 0;
    for _ in 0..20 {
        let count = rows(&room(&sandbox))[0]["memberCount"].as_u64().unwrap();
        let listed = names(&rows(&list(&sandbox)));
        disagreed += u32::from(count != listed.len() as u64);
        let listed: BTreeSet<String> = listed.into_iter().collect();
        assert!(world.present_throughout(GROUP).is_subset(&listed) && listed.is_subset(&world.ever_present(GROUP)));
    }
    assert!(disagreed > 0, "memberCount is another moment's");
    let left = world.events(GROUP).iter().filter(|event| matches!(event, Event::Left(_))).count();
    assert!(left > 10 && world.present_throughout(GROUP).len() < 200);
    assert!(world.present_throughout(GROUP).contains(DEMO_WC_ID));
}

#[test]
fn members_leave_between_the_list_and_their_detail() {
    let sandbox = sandbox(60, |config| config.groups[0].churn = Churn { per_call: 2.0, leave: 1, join: 0, rejoin: 0 });
    let detail =
        |name: &String| code(&call(&sandbox, "getChatRoomMemberInfo", &json!({"chatRoomId": GROUP, "userList": name})));
    let codes: Vec<String> = names(&rows(&list(&sandbox))).iter().map(detail).collect();
    let gone = codes.iter().filter(|code| *code == "1001").count();
    assert!(gone > 5 && gone < 55, "{gone}");
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let answers = |seed: u64| {
        let mut config = Config { seed, ..Config::default() };
        for group in &mut config.wkteam.groups {
            group.churn = Churn::per_call(3.0);
        }
        let sandbox = Sandbox::start(config).unwrap();
        sandbox.wkteam().log_in_again(DEMO_WC_ID);
        let id = sandbox.wkteam().groups().remove(1);
        let page = |_| call(&sandbox, "getChatRoomMember", &json!({"chatRoomId": id})).body;
        ((0..5).map(page).collect::<Vec<_>>(), sandbox.wkteam().wid(DEMO_WC_ID))
    };
    assert_eq!(answers(7), answers(7));
    assert_ne!(answers(7), answers(8));
}

#[test]
fn members_change_at_run_time() {
    let sandbox = sandbox(5, |_| {});
    let world = sandbox.wkteam();
    assert!(world.add_member(GROUP, "wxid_新人") && !world.add_member(GROUP, "wxid_新人"));
    let second = world.members(GROUP)[1].user_name.clone();
    assert!(world.remove_member(GROUP, &second) && !world.remove_member(GROUP, &second));
    let names = names(&rows(&list(&sandbox)));
    assert_eq!((names.len(), names.last().unwrap().as_str(), names.contains(&second)), (5, "wxid_新人", false));
    assert_eq!(world.events(GROUP), [Event::Joined("wxid_新人".to_owned()), Event::Left(second)]);
}

#[test]
#[should_panic(expected = "no wkteam group \"typo\"")]
fn a_misspelt_group_does_not_pass_for_an_empty_one() {
    let _ = sandbox(5, |_| {}).wkteam().members("typo");
}

#[test]
#[should_panic(expected = "no WeChat account \"typo\"")]
fn nor_does_a_misspelt_account() {
    sandbox(5, |_| {}).wkteam().take_offline("typo");
}
