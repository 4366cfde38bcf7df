//! The member list, page by page and by cursor.

use std::collections::BTreeSet;

use groupmembers_sandbox::{
    Config, Sandbox,
    agora::{self, Churn, Event, Role},
};
use serde_json::{Value, json};

use super::{GROUP, bearer, data, escape, get, id, ids, sandbox, send, truth};

/// Every ID that the cursor leads to, with the query of every call.
fn by_cursor(sandbox: &Sandbox, query: &str, bare: bool) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = get(sandbox, &format!("chatgroups/{GROUP}/users?{query}&cursor={}", escape(&cursor)));
        for row in data(&reply) {
            all.push(if bare { row.as_str().unwrap().to_owned() } else { id(&row) });
        }
        match reply.json().get("cursor") {
            Some(next) => next.as_str().unwrap().clone_into(&mut cursor),
            None => return all,
        }
    }
}

#[test]
fn a_page_is_byte_for_byte_what_the_vendor_documents() {
    let sandbox = sandbox(4, |_| {});
    let reply = get(&sandbox, &format!("chatgroups/{GROUP}/users?pagesize=3&pagenum=1&joined_time=true"));
    let (head, tail) = reply.body.split_once(r#""timestamp":"#).unwrap();
    assert_eq!(
        head,
        format!(
            r#"{{"action":"get","params":{{"pagesize":["3"],"pagenum":["1"],"joined_time":["true"]}},"uri":"http://a1.example.com/41000001/groupmembers-demo/chatgroups/{GROUP}/users","entities":[],"data":[{{"owner":"user000000","joined_time":1600000000000}},{{"admin":"li.wei_01-x","joined_time":1600000000000}},{{"member":"2882341273","joined_time":1600000000000}}],"#
        )
    );
    assert_eq!(tail.split_once(',').unwrap().1, r#""duration":0,"count":3}"#);
    let plain = get(&sandbox, &format!("chatgroups/{GROUP}/users"));
    assert!(plain.body.starts_with(r#"{"action":"get","uri":"#), "no query, no params: {}", plain.body);
    assert_eq!(data(&plain)[3], json!({"member": "user000003"}));
}

#[test]
fn both_forms_of_the_url_lead_to_the_same_group() {
    let sandbox = sandbox(5, |_| {});
    let token = bearer(&sandbox);
    let newer = get(&sandbox, &format!("chatgroups/{GROUP}/users"));
    let target = format!("/{}/{}/chatgroups/{GROUP}/users", agora::DEMO_ORG, agora::DEMO_APP);
    let older = send(&sandbox, "GET", &target, Some(&token), "");
    assert_eq!(data(&newer), data(&older));
    assert_eq!(newer.json()["uri"], older.json()["uri"]);
}

#[test]
fn pages_begin_at_one_and_end_with_an_empty_one() {
    let sandbox = sandbox(2_500, |_| {});
    let page = |query: &str| ids(&get(&sandbox, &format!("chatgroups/{GROUP}/users?{query}")));
    let all = truth(&sandbox);
    assert_eq!(page(""), all[..1_000], "1000 unless asked");
    assert_eq!(page("pagesize=5000&pagenum=2"), all[1_000..2_000], "clamped in silence");
    assert_eq!(page("pagesize=1000&pagenum=3"), all[2_000..]);
    let end = get(&sandbox, &format!("chatgroups/{GROUP}/users?pagesize=1000&pagenum=4"));
    assert_eq!((data(&end).len(), &end.json()["count"]), (0, &json!(0)));
    assert_eq!(page("pagenum=1&sort=desc&pagesize=2"), [all[2_499].clone(), all[2_498].clone()]);
    let sandbox = self::sandbox(50, |config| (config.default_page, config.max_page) = (10, 20));
    let page = |query: &str| ids(&get(&sandbox, &format!("chatgroups/{GROUP}/users?{query}"))).len();
    assert_eq!((page(""), page("pagesize=1000")), (10, 20), "an older cluster");
}

#[test]
fn cursors_lead_to_everybody_in_every_shape() {
    let sandbox = sandbox(123, |_| {});
    let mut all = truth(&sandbox);
    assert_eq!(by_cursor(&sandbox, "limit=50", false), all);
    assert_eq!(by_cursor(&sandbox, "limit=41", false), all);
    assert_eq!(by_cursor(&sandbox, "limit=999", false), all, "clamped to 50");
    assert_eq!(by_cursor(&sandbox, "version=v3&limit=20&sort=asc", true), all[1..], "no owner");
    all.reverse();
    assert_eq!(by_cursor(&sandbox, "limit=7&sort=desc", false), all);
    assert_eq!(by_cursor(&sandbox, "version=v3&limit=50&sort=desc", true), all[..122]);
    let first = get(&sandbox, &format!("chatgroups/{GROUP}/users?limit=5"));
    let cursor = first.json()["cursor"].as_str().unwrap().to_owned();
    assert!(cursor.contains('+') && cursor.contains('/'), "{cursor}");
    let unescaped = get(&sandbox, &format!("chatgroups/{GROUP}/users?limit=5&cursor={cursor}"));
    assert_eq!(unescaped.status, 400);
    for group in [0, 1] {
        let sandbox = self::sandbox(group, |_| {});
        assert_eq!(by_cursor(&sandbox, "limit=5", false).len(), group as usize);
        assert_eq!(by_cursor(&sandbox, "version=v3&limit=5&sort=desc", true).len(), 0);
    }
}

#[test]
fn people_come_and_go_while_they_are_listed_and_the_world_remembers() {
    let sandbox = sandbox(400, |config| config.groups[0].churn = Churn::per_call(10.0));
    let world = sandbox.agora();
    world.begin_recording();
    let mut seen = BTreeSet::new();
    let mut pages = 0;
    while pages < 20 {
        pages += 1;
        let page = ids(&get(&sandbox, &format!("chatgroups/{GROUP}/users?pagesize=50&pagenum={pages}")));
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert!(seen.is_subset(&world.ever_present(GROUP)));
    assert_eq!(world.events(GROUP).len(), pages * 10);
    assert!(world.events(GROUP).iter().any(|event| matches!(event, Event::Left(_))));
    world.begin_recording();
    let by_cursor: BTreeSet<String> = by_cursor(&sandbox, "limit=40", false).into_iter().collect();
    assert!(world.present_throughout(GROUP).is_subset(&by_cursor), "a cursor loses nobody who stays");
    assert!(world.present_throughout(GROUP).len() < world.ever_present(GROUP).len());
    assert!(world.add_member(GROUP, "newcomer") && world.remove_member(GROUP, "newcomer"));
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let answers = |seed: u64| {
        let mut config = Config { seed, ..Config::default() };
        config.agora.groups = vec![agora::GroupConfig::new(GROUP, 300).churn(Churn::per_call(3.0))];
        config.agora.faults = vec!["unstable-order@every-2".parse().unwrap()];
        let sandbox = Sandbox::start(config).unwrap();
        (1..6).map(|n| ids(&get(&sandbox, &format!("chatgroups/{GROUP}/users?pagesize=50&pagenum={n}")))).collect()
    };
    let (first, again, other): (Vec<_>, Vec<_>, Vec<_>) = (answers(7), answers(7), answers(8));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn the_default_world_has_every_kind_and_large_groups_are_cheap() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    assert_eq!(sandbox.agora().member_count(agora::DEMO_GROUP), 12_000);
    let members = sandbox.agora().members("314159265358979");
    let count = |role| members.iter().filter(|member| member.role == role).count();
    assert_eq!((count(Role::Owner), count(Role::Admin), members.len()), (1, 99, 3_000));
    let times: BTreeSet<u64> = members.iter().map(|member| member.joined).collect();
    assert_eq!(times.len(), 1_000, "exact ties");
    let large = self::sandbox(1_000_000, |_| {});
    assert_eq!(ids(&get(&large, &format!("chatgroups/{GROUP}/users?pagenum=900"))).len(), 1_000);
    let details: Value = get(&large, &format!("chatgroups/{GROUP}")).json();
    assert_eq!(details["data"][0]["affiliations_count"], 1_000_000);
    assert_eq!(details["data"][0]["affiliations"].as_array().unwrap().len(), 10_000);
}
