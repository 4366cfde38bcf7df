//! Teams and super teams.

use std::collections::BTreeSet;

use groupmembers_sandbox::{
    Sandbox,
    nim::{Churn, Role, TeamConfig, TeamKind},
};
use serde_json::{Value, json};

use super::{accids, call, code, ok, sandbox};

const TEAM: u64 = 2_690_000_001;
const SMALL: u64 = 3083;
const SUPER: u64 = 2_690_000_002;

fn teams() -> Sandbox {
    sandbox(1, 0, |config| {
        config.teams = vec![
            TeamConfig::new(TEAM, TeamKind::Team, 180),
            TeamConfig::new(SMALL, TeamKind::Team, 3),
            TeamConfig::new(SUPER, TeamKind::SuperTeam, 250),
        ];
    })
}

fn tlists(sandbox: &Sandbox, timetag: u64, limit: u32, reverse: &str) -> Vec<Value> {
    let (tid, timetag, limit) = (SUPER.to_string(), timetag.to_string(), limit.to_string());
    let fields = [("tid", &*tid), ("timetag", &*timetag), ("limit", &*limit), ("reverse", reverse)];
    let reply = call(sandbox, "superteam/getTlists", &fields[..if reverse.is_empty() { 3 } else { 4 }]);
    ok(&reply)["tlists"].as_array().unwrap().clone()
}

#[test]
fn a_team_with_its_members_leaves_out_the_owner() {
    let sandbox = teams();
    assert_eq!(sandbox.nim().teams(TeamKind::Team), [SMALL, TEAM]);
    let query = |ope: &str| {
        let tids = json!([TEAM.to_string(), SMALL]).to_string();
        ok(&call(&sandbox, "team/query", &[("tids", &tids), ("ope", ope)]))["tinfos"].clone()
    };
    let infos = query("1");
    let small = &infos[1];
    assert_eq!((&small["size"], &small["owner"]), (&json!(3), &json!("user000000")));
    assert_eq!(small["members"], json!(["user000001", "user000002"]));
    assert!(small["icon"].is_null() && small["intro"].is_null() && small["tid"] == SMALL);
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect()
    };
    let (admins, members) = (texts(&infos[0]["admins"]), texts(&infos[0]["members"]));
    let truth = sandbox.nim().team_members(TEAM);
    assert_eq!(truth.iter().filter(|m| m.role == Role::Manager).map(|m| m.accid.clone()).collect::<Vec<_>>(), admins);
    assert_eq!(members.len() + admins.len() + 1, truth.len());
    assert!(query("0")[0].get("members").is_none());
    sandbox.nim().inject("admins-in-members".parse::<groupmembers_sandbox::nim::Fault>().unwrap());
    assert_eq!(texts(&query("1")[0]["members"]).len() + 1, truth.len());
}

#[test]
fn one_unknown_team_fails_the_call_unless_it_is_to_be_ignored() {
    let sandbox = teams();
    let tids = json!([SMALL, 1, SUPER]).to_string();
    assert_eq!(code(&call(&sandbox, "team/query", &[("tids", &tids), ("ope", "0")])), 803);
    let lenient = ok(&call(&sandbox, "team/query", &[("tids", &tids), ("ope", "0"), ("ignoreInvalid", "true")]));
    assert_eq!((lenient["tinfos"].as_array().unwrap().len(), &lenient["invalidTids"]), (1, &json!([1, SUPER])));
    sandbox.nim().inject(groupmembers_sandbox::nim::Fault::SixDigitCodes);
    assert_eq!(code(&call(&sandbox, "team/query", &[("tids", &tids), ("ope", "0")])), 108_404);
}

#[test]
fn in_detail_everybody_is_an_object() {
    let sandbox = teams();
    let info = ok(&call(&sandbox, "team/queryDetail", &[("tid", &TEAM.to_string())]))["tinfo"].clone();
    assert_eq!(info["owner"]["accid"], "user000000");
    let all: BTreeSet<String> = ["admins", "members"]
        .iter()
        .flat_map(|name| accids(info[name].as_array().unwrap()))
        .chain(["user000000".to_owned()])
        .collect();
    assert_eq!(all, sandbox.nim().team_present_throughout(TEAM));
    let row = &info["members"][0];
    for name in ["createtime", "updatetime", "nick", "accid", "mute", "custom"] {
        assert!(row.get(name).is_some(), "{row}");
    }
    assert_eq!(code(&call(&sandbox, "team/queryDetail", &[("tid", &SUPER.to_string())])), 803);
    // How many they are may be told by the other call only.
    sandbox.nim().inject(groupmembers_sandbox::nim::Fault::NoSize);
    let info = ok(&call(&sandbox, "team/queryDetail", &[("tid", &TEAM.to_string())]))["tinfo"].clone();
    assert!(info.get("size").is_none() && info["owner"]["accid"] == "user000000");
    let tids = json!([TEAM]).to_string();
    assert_eq!(ok(&call(&sandbox, "team/query", &[("tids", &tids), ("ope", "0")]))["tinfos"][0]["size"], all.len());
}

#[test]
fn a_super_team_is_paged_in_both_directions() {
    let sandbox = teams();
    let truth: Vec<String> = sandbox.nim().team_members(SUPER).into_iter().map(|member| member.accid).collect();
    let first = tlists(&sandbox, 0, 100, "");
    assert_eq!(accids(&first), truth[..100]);
    assert_eq!((&first[0]["type"], &first[1]["type"], &first[99]["type"]), (&json!(1), &json!(2), &json!(0)));
    let joined = |row: &Value| row["jointime"].as_str().unwrap().parse::<u64>().unwrap();
    let last = joined(&first[99]);
    assert!(tlists(&sandbox, last, 100, "1").iter().all(|row| joined(row) > last));
    let newest = tlists(&sandbox, 0, 100, "2");
    assert_eq!(accids(&newest), truth.iter().rev().take(100).cloned().collect::<Vec<_>>());
    let last = joined(&newest[99]);
    assert!(tlists(&sandbox, last, 100, "2").iter().all(|row| joined(row) < last));
    sandbox.nim().inject(groupmembers_sandbox::nim::Fault::NumberJointime);
    assert!(tlists(&sandbox, 0, 1, "")[0]["jointime"].is_u64());
}

#[test]
fn teams_change_while_they_are_listed() {
    let sandbox = sandbox(1, 0, |config| {
        config.teams = vec![TeamConfig::new(SUPER, TeamKind::SuperTeam, 250).churn(Churn::per_call(3.0))];
    });
    for _ in 0..20 {
        tlists(&sandbox, 0, 100, "");
    }
    let (stayed, ever) = (sandbox.nim().team_present_throughout(SUPER), sandbox.nim().team_ever_present(SUPER));
    assert!(stayed.contains("user000000") && stayed.len() < 250 && ever.len() > 250);
    assert!(sandbox.nim().add_to_team(SUPER, "阿强") && !sandbox.nim().add_to_team(SUPER, "阿强"));
    assert_eq!(accids(&tlists(&sandbox, 0, 100, "2")).iter().filter(|accid| *accid == "阿强").count(), 1);
    assert!(sandbox.nim().remove_from_team(SUPER, "阿强"));
}
