//! Every vendor's client against the sandbox, as an application with several vendors holds them.

use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;

use agora_chat_rest::App;
use futures_util::StreamExt as _;
use groupmembers_sandbox::{Config, Sandbox, agora, nim, tim, wkteam, yunshop};
use groupmembers_unified::{Member, Members, Role, Row, Source, Vendor, diff};

const ROOM: &str = "2757903841";

async fn sources(url: &str) -> Vec<(Box<dyn Source>, &'static str)> {
    let credentials = tim_rest::Credentials::new(tim::DEMO_SDK_APP_ID, tim::DEMO_ADMIN, tim::DEMO_SECRET_KEY).unwrap();
    let of_tim = tim_rest::Client::builder(credentials).base_url(url.parse().unwrap()).build().unwrap();
    let credentials = agora_chat_rest::Credentials::new(agora::DEMO_APP_ID, agora::DEMO_APP_CERTIFICATE).unwrap();
    let app = App::id(agora::DEMO_APP_ID).unwrap();
    let of_agora = agora_chat_rest::Client::builder(url.parse().unwrap(), app, credentials).build().unwrap();
    let credentials = nim_server::Credentials::new(nim::DEMO_APP_KEY, nim::DEMO_APP_SECRET).unwrap();
    let base = format!("{url}/nimserver").parse().unwrap();
    let of_nim = nim_server::Client::builder(credentials).base_url(base).build().unwrap();
    let account = wkteam_api::Account::new(wkteam::DEMO_ACCOUNT, wkteam::DEMO_PASSWORD).unwrap();
    let pace = wkteam_api::Pace { least: Duration::ZERO, jitter: Duration::ZERO };
    let of_wkteam = wkteam_api::Client::builder(url.parse().unwrap(), account).wc_id(wkteam::DEMO_WC_ID).pace(pace);
    let site = yunshop_wecom::Site::new(url.parse().unwrap(), yunshop::DEMO_UNIACID.into()).unwrap();
    let account = yunshop_wecom::Account::new(yunshop::DEMO_MOBILE, yunshop::DEMO_PASSWORD).unwrap();
    let shop = yunshop_wecom::Client::builder(site, account).build().unwrap();
    let of_yunshop = shop.manage(yunshop::DEMO_BUSINESS_ID.into()).await.unwrap();
    vec![
        (Box::new(of_tim), "@TGS#1DEMO"),
        (Box::new(of_agora), agora::DEMO_GROUP),
        (Box::new(of_nim), ROOM),
        (Box::new(of_wkteam.build().unwrap()), wkteam::DEMO_GROUP),
        (Box::new(of_yunshop), "7"),
    ]
}

fn sandbox() -> Sandbox {
    let mut config = Config::default();
    config.tim.groups = vec![tim::GroupConfig::new("@TGS#1DEMO", tim::GroupKind::Public, 700)];
    for enterprise in &mut config.yunshop.enterprises {
        enterprise.groups = vec![yunshop::GroupConfig::new(7, "会员群", 18).left(1)];
    }
    Sandbox::start(config).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_application_lists_groups_of_five_vendors() {
    let sandbox = sandbox();
    let mut vendors = Vec::new();
    for (source, group) in sources(&sandbox.base_url()).await {
        let vendor = source.vendor();
        // As a stream, by anything that takes streams.
        let members = source.members(group).unwrap();
        assert_eq!((members.vendor(), members.group()), (&vendor, group));
        let listed: Vec<Member> = pin!(members).map(Result::unwrap).collect().await;
        let (again, report) = source.members(group).unwrap().all().await.unwrap();
        assert!(report.completeness.is_complete(), "{report:?}");
        assert_eq!((report.vendor.as_str(), report.group.as_str()), (vendor.as_str(), group));
        assert_eq!(report.members, listed.len() as u64);
        assert!(diff(&listed, &again).unwrap().is_empty(), "{vendor}");
        for member in &listed {
            assert_eq!((&member.vendor, member.group.as_str()), (&vendor, group));
            // The row rides along, and is of the vendor's own type.
            let of_its_own = match (&member.row, &vendor) {
                (Row::Tim(row), Vendor::Tim) => row.member_account == member.id,
                (Row::Agora(row), Vendor::Agora) => row.user_id == member.id,
                (Row::Nim(row), Vendor::Nim) => row.accid == member.id,
                (Row::Wkteam(row), Vendor::Wkteam) => row.user_name == member.id,
                (Row::Yunshop(row), Vendor::Yunshop) => row.userid == member.id,
                _ => false,
            };
            assert!(of_its_own && member.row.to_json() != serde_json::Value::Null, "{member:?}");
        }
        if vendor != Vendor::Yunshop {
            assert_eq!(listed.iter().filter(|member| member.role == Some(Role::Owner)).count(), 1, "{vendor}");
        }
        vendors.push(vendor);
    }
    assert_eq!(vendors, [Vendor::Tim, Vendor::Agora, Vendor::Nim, Vendor::Wkteam, Vendor::Yunshop]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_the_vendors_own_and_a_group_that_cannot_be_one_is_not_asked_for() {
    let sandbox = sandbox();
    let sources = sources(&sandbox.base_url()).await;
    let before = sandbox.calls();
    for (source, _) in &sources {
        let missing = match source.vendor() {
            Vendor::Nim | Vendor::Yunshop => {
                assert!(source.members("no number").is_err() && source.members("0").is_err());
                "4242"
            }
            Vendor::Wkteam => "4242@chatroom",
            _ => "no-such-group",
        };
        let mut members = source.members(missing).unwrap();
        // An empty list of a Yunshop is not told from one of no group.
        if source.vendor() == Vendor::Yunshop {
            continue;
        }
        let error = members.next().await.unwrap().unwrap_err();
        assert_eq!(error.vendor(), &source.vendor());
        assert!(!error.is_retryable(), "{error}");
        let own = error.source().unwrap();
        assert_eq!(own.to_string(), error.to_string());
        assert!(own.is::<tim_rest::Error>() || source.vendor() != Vendor::Tim);
        assert!(members.next().await.is_none());
        assert!(!members.report().completeness.is_complete());
    }
    assert!(sandbox.calls() > before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_with_options_of_its_own_is_members_too() {
    let sandbox = sandbox();
    let credentials = tim_rest::Credentials::new(tim::DEMO_SDK_APP_ID, tim::DEMO_ADMIN, tim::DEMO_SECRET_KEY).unwrap();
    let client = tim_rest::Client::builder(credentials).base_url(sandbox.base_url().parse().unwrap()).build().unwrap();
    let options = tim_rest::RosterOptions::default().in_windows().fields(["JoinTime"]);
    let (members, report) = Members::from(client.roster_with("@TGS#1DEMO", options)).all().await.unwrap();
    assert_eq!((members.len(), report.members), (700, 700));
    assert!(members.iter().all(|member| member.role.is_none() && member.joined_at.is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_and_superteams_of_nim_are_members_too() {
    let sandbox = sandbox();
    let credentials = nim_server::Credentials::new(nim::DEMO_APP_KEY, nim::DEMO_APP_SECRET).unwrap();
    let base = format!("{}/nimserver", sandbox.base_url()).parse().unwrap();
    let client = nim_server::Client::builder(credentials).base_url(base).build().unwrap();
    // Of the sandbox's default world.
    let (team, superteam) = (2_690_000_001, 2_690_000_002);
    for (tid, members) in
        [(team, Members::from(client.team_roster(team))), (superteam, client.superteam_roster(superteam).into())]
    {
        assert_eq!((members.vendor(), members.group()), (&Vendor::Nim, tid.to_string().as_str()));
        let (listed, report) = members.all().await.unwrap();
        assert!(report.completeness.is_complete(), "{report:?}");
        let truth = sandbox.nim().team_members(tid);
        assert_eq!(listed.len(), truth.len());
        for own in truth {
            let member = listed.iter().find(|member| member.id == own.accid).unwrap();
            let role = match own.role {
                nim::Role::Creator => Role::Owner,
                nim::Role::Manager => Role::Admin,
                _ => Role::Member,
            };
            assert_eq!(member.role, Some(role));
            assert_eq!(member.joined_at.map(|at| at.as_millis()), Some(own.join_time as i64));
            let row = match &member.row {
                Row::NimTeam(row) if tid == team => &row.accid,
                Row::NimSuperteam(row) if tid == superteam => &row.accid,
                row => panic!("{row:?}"),
            };
            assert_eq!(row, &member.id);
        }
    }
}
