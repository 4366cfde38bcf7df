//! Yunshop's WeCom plugin.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use groupmembers::yunshop::{
    Account, Client, RosterOptions, Site, get_group_employees, get_group_members, get_list, group_employee_list_export,
    group_member_list_export, list_export, member_login_index, synch,
};
use groupmembers_sandbox::yunshop::{
    DEMO_BUSINESS_ID, DEMO_MOBILE, DEMO_PASSWORD, DEMO_UNIACID, Fault, GroupConfig, Kind,
};
use groupmembers_sandbox::{Config, Sandbox};

use super::{Column, Place, Seen, Vendor, column, later, list, seen};
use crate::watched::ATTEMPT;

const GROUP: u32 = 12;

const MEMBERS: &str = "getGroupMembers";
const EMPLOYEES: &str = "getGroupEmployees";

pub(crate) const VENDOR: Vendor = Vendor {
    name: "yunshop",
    package: "yunshop-wecom",
    columns: COLUMNS,
    secrets: &[DEMO_PASSWORD, DEMO_MOBILE],
    most_read: 4 << 20,
    start,
    inject: |sandbox, fault, when, command| sandbox.yunshop().inject(Fault::from(fault).when(when).on_command(command)),
    call: |place, name| call(place, name).boxed(),
};

const COLUMNS: &[Column] = &[
    column("business_list", "businessList"),
    column("get_business_common_data", "getBusinessCommonData"),
    column("get_group_employees", EMPLOYEES),
    column("get_group_members", MEMBERS),
    column("get_list", "getList"),
    column("group_employee_list_export", "groupEmployeeListExport"),
    column("group_member_list_export", "groupMemberListExport"),
    column("list_export", "listExport"),
    column("manage_business", "manageBusiness"),
    column("member_login_index", "login"),
    column("synch", "synch"),
    column("roster's login", "login"),
    column("roster's enterprise", "manageBusiness"),
    column("first page of a roster", MEMBERS),
    later("third page of a roster", MEMBERS, 3),
    column("staff of a roster", EMPLOYEES),
];

fn start() -> Sandbox {
    let mut config = Config::default();
    config.yunshop.enterprises[0].groups = vec![GroupConfig::new(GROUP, "群", 25).left(3).employees(12)];
    super::only(&mut config, "yunshop");
    Sandbox::start(config).unwrap()
}

async fn call(place: Place<'_>, name: &'static str) -> Seen {
    let site = Site::new(place.url().parse().unwrap(), DEMO_UNIACID.into()).unwrap();
    let account = Account::new(DEMO_MOBILE, DEMO_PASSWORD).unwrap();
    let client = Client::builder(site, account.clone()).runtime(place.runtime.clone()).retry(super::retry());
    let client = client.attempt_timeout(ATTEMPT).slow_timeout(ATTEMPT).max_export(4 << 20);
    let client = client.deadline(place.deadline).concurrency(1).build().unwrap();
    match name {
        "business_list" => return seen(client.business_list().await),
        "member_login_index" => {
            let request = member_login_index::Request::from(&account);
            return seen(client.member_login_index(&request).await.map(|(answer, _)| answer));
        }
        _ => {}
    }
    let enterprise = match client.manage(DEMO_BUSINESS_ID.into()).await {
        Ok(enterprise) => enterprise,
        Err(error) => return seen::<(), _>(Err(error)),
    };
    let truth = || {
        let members = |kind| place.sandbox.map(|sandbox| sandbox.yunshop().members(GROUP, kind));
        let all = members(Kind::External)?.into_iter().chain(members(Kind::Employee)?);
        Some(all.map(|member| member.userid).collect::<BTreeSet<_>>())
    };
    let everybody = RosterOptions::default().with_employees();
    match name {
        "get_business_common_data" => seen(enterprise.get_business_common_data().await),
        "get_group_employees" => {
            seen(enterprise.get_group_employees(&get_group_employees::Request::new(GROUP.into())).await)
        }
        "get_group_members" => seen(enterprise.get_group_members(&get_group_members::Request::new(GROUP.into())).await),
        "get_list" => seen(enterprise.get_list(&get_list::Request::new()).await),
        "group_employee_list_export" => {
            let request = group_employee_list_export::Request::new(GROUP.into());
            seen(enterprise.group_employee_list_export(&request).await)
        }
        "group_member_list_export" => {
            let request = group_member_list_export::Request::new(GROUP.into());
            seen(enterprise.group_member_list_export(&request).await)
        }
        "list_export" => seen(enterprise.list_export(&list_export::Request::new()).await),
        "synch" => seen(enterprise.execute(&synch::Request::start()).await),
        "manage_business" => seen::<_, groupmembers::yunshop::Error>(Ok(enterprise.id())),
        _ => list!(enterprise.roster_with(GROUP.into(), everybody), truth(), |member| member.userid),
    }
}
