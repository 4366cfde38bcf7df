//! Sessions and enterprises against a simulated shop: who logs in when, which enterprise is chosen, what is tried again, what is printed.

use std::time::Duration;

use futures_util::future::join_all;
use groupmembers_http::{RetryPolicy, TransportErrorKind};
use http::Response;
use yunshop_wecom::{
    ApiErrorKind, Completeness, Credentials, Error, Session, get_group_members, get_list, manage_business,
    member_login_index,
};

use crate::world::{GROUP, World, account, builder, lock, not_logged_in, refusal, session, simulate, status};

fn members() -> get_group_members::Request {
    get_group_members::Request::new(GROUP)
}

/// Nothing that was planted comes out.
fn clean(error: &Error) {
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("PLANTED"), "{text}");
}

fn kind(error: &Error) -> ApiErrorKind {
    clean(error);
    error.api().unwrap_or_else(|| panic!("{error}")).kind
}

#[test]
fn an_account_logs_in_once_and_chooses_before_it_lists() {
    let (world, simulation) = simulate(World::new(25, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        assert_eq!(enterprise.id(), 1);
        let listing = enterprise.roster(GROUP).all().await.unwrap();
        assert_eq!((listing.members.len(), listing.report.completeness), (25, Completeness::Verified));
        let again = client.manage(1).await.unwrap();
        again.get_group_members(&members()).await.unwrap();
    });
    let world = lock(&world);
    let names: Vec<&str> = world.log.iter().map(|arrival| arrival.name.as_str()).collect();
    assert_eq!(names[..3], ["member.login.index", "manageBusiness", "getGroupMembers"]);
    assert_eq!(world.logins, 1);
    assert_eq!(world.log[0].cookie, "");
    let both = "PHPSESSID=PLANTED-session-1; Yz-appToken=PLANTED-app";
    assert!(world.log[1..].iter().all(|arrival| arrival.cookie == both), "whatever path they were set for");
}

#[test]
fn a_session_from_elsewhere_works_in_one_enterprise() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).sessions.insert("PLANTED-given".to_owned(), None);
    let client = builder(&simulation, session("PLANTED-given")).build().unwrap();
    simulation.run(async {
        let businesses = client.business_list().await.unwrap();
        assert_eq!(businesses.data.platform_list.len(), 2);
        let enterprise = client.manage(1).await.unwrap();
        assert_eq!(enterprise.get_group_members(&members()).await.unwrap().data.list.unwrap().data.len(), 3);
        let error = client.manage(2).await.unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
        lock(&world).sessions.clear();
        let error = enterprise.get_group_members(&members()).await.unwrap_err();
        assert_eq!((kind(&error), error.is_auth()), (ApiErrorKind::NotLoggedIn, true));
    });
    let world = lock(&world);
    assert_eq!((world.logins, world.count("manageBusiness"), world.count("getGroupMembers")), (0, 1, 2));
}

#[test]
fn each_enterprise_of_an_account_has_a_session_of_its_own() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let (one, two) = (client.manage(1).await.unwrap(), client.manage(2).await.unwrap());
        let calls = (0..6).map(|n| {
            let enterprise = if n % 2 == 0 { one.clone() } else { two.clone() };
            async move { enterprise.get_group_members(&members()).await.unwrap().data.list.unwrap().data.len() }
        });
        assert_eq!(join_all(calls).await, [3, 0, 3, 0, 3, 0]);
        assert_ne!(one.session(), two.session());
    });
    let world = lock(&world);
    assert_eq!((world.logins, world.count("manageBusiness")), (2, 2));
}

#[test]
fn a_session_that_is_over_is_renewed_once_for_all_and_the_enterprise_chosen_again() {
    let (world, simulation) = simulate(World::new(95, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        let before = lock(&world).log.len();
        let mut roster = enterprise.roster(GROUP);
        let mut found = 0;
        while let Some(member) = roster.next().await {
            member.unwrap();
            found += 1;
            if found == 20 {
                let mut world = lock(&world);
                world.sessions.clear();
                world.last_managed = 2;
            }
        }
        assert_eq!((found, roster.report().completeness), (95, Completeness::Verified));
        let calls = (lock(&world).log.len() - before) as u64;
        assert_eq!(roster.report().calls, calls, "the login and the choice are calls, too");
        {
            let mut world = lock(&world);
            assert_eq!((world.logins, world.count("manageBusiness")), (2, 2));
            // No loop: what is refused again right after a login is refused.
            world.first = (0..9).map(|_| ("getGroupMembers", Ok(not_logged_in()))).collect();
        }
        let error = enterprise.get_group_members(&members()).await.unwrap_err();
        assert_eq!(kind(&error), ApiErrorKind::NotLoggedIn);
    });
    let world = lock(&world);
    assert_eq!(world.logins, 3);
    assert!(world.count("getGroupMembers") <= 10 + 4 + 2);
}

#[test]
fn a_silent_change_of_enterprise_is_undone_or_an_error_and_never_data() {
    for named in [true, false] {
        for owner in [1, 2] {
            let (world, simulation) = simulate(World { named, owner, ..World::new(25, 1) }, 1);
            let client = builder(&simulation, account()).build().unwrap();
            simulation.run(async {
                let enterprise = client.manage(1).await.unwrap();
                // The session forgets; the member's last choice is another enterprise.
                let forget = || {
                    let mut world = lock(&world);
                    world.sessions.values_mut().for_each(|chosen| *chosen = None);
                    world.last_managed = 2;
                };
                forget();
                let rows = enterprise.get_group_members(&members()).await.unwrap().data.list.unwrap().data.len();
                assert_eq!(rows, if owner == 1 { 10 } else { 0 }, "{named} {owner}");
                assert_eq!(lock(&world).count("manageBusiness"), 2);
                assert_eq!(lock(&world).logins, 1);
                forget();
                let listing = enterprise.roster(GROUP).all().await.unwrap();
                assert_eq!(listing.members.len(), if owner == 1 { 25 } else { 0 });
                // The enterprise is taken from the member.
                forget();
                lock(&world).forbidden.insert(1);
                let error = enterprise.get_group_members(&members()).await.unwrap_err();
                assert_eq!(kind(&error), ApiErrorKind::EnterpriseForbidden);
            });
        }
    }
}

#[test]
fn rows_of_another_enterprise_are_an_error_even_where_the_choice_is_accepted() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        let page = |ids: [u64; 2]| {
            let rows = ids.map(|id| serde_json::json!({"id": id + 1, "userid": format!("u{id}"), "crop_id": id}));
            let list = serde_json::json!({"data": rows, "total": 2, "current_page": 1, "per_page": 10});
            Ok(crate::world::answer(&serde_json::json!({"result": 1, "data": {"list": list}})))
        };
        lock(&world).first = vec![("getGroupMembers", page([2, 2])), ("getGroupMembers", page([1, 2]))];
        let error = enterprise.get_group_members(&members()).await.unwrap_err();
        assert_eq!(kind(&error), ApiErrorKind::OtherEnterprise);
        assert_eq!(error.api().unwrap().enterprises, Some((1, 2)));
        assert!(error.to_string().contains("asked in 1, answered from 2"), "{error}");
    });
}

#[test]
fn an_enterprise_the_member_may_not_manage_is_refused_and_leaves_the_session_free() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).forbidden.insert(9);
    lock(&world).sessions.insert("PLANTED-given".to_owned(), None);
    let client = builder(&simulation, session("PLANTED-given")).build().unwrap();
    simulation.run(async {
        assert_eq!(kind(&client.manage(9).await.unwrap_err()), ApiErrorKind::EnterpriseForbidden);
        assert!(matches!(client.manage(0).await.unwrap_err(), Error::Build(_)));
        client.manage(1).await.unwrap().get_group_members(&members()).await.unwrap();
    });
}

#[test]
fn no_enterprise_chosen_is_chosen_again_without_a_login() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        let refused = refusal("请先选择要管理的企业", serde_json::json!({"login_status": 2}));
        lock(&world).first = vec![("getGroupMembers", Ok(refused))];
        enterprise.get_group_members(&members()).await.unwrap();
    });
    let world = lock(&world);
    assert_eq!((world.logins, world.count("manageBusiness")), (1, 2));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let wrong = yunshop_wecom::Account::new("PLANTED-mobile", "PLANTED-wrong").unwrap();
    let client = builder(&simulation, wrong.into()).build().unwrap();
    let error = simulation.run(async { client.manage(1).await.unwrap_err() });
    assert_eq!((kind(&error), lock(&world).log.len()), (ApiErrorKind::WrongPassword, 1));
    assert!(error.to_string().contains("手机号或密码错误"), "{error}");
}

#[test]
fn a_number_that_nobody_has_is_told_from_a_wrong_password_by_the_class_and_not_by_the_words() {
    for (status, expected) in [(6, ApiErrorKind::WrongPassword), (7, ApiErrorKind::NoSuchMember)] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let refused = refusal("手机号或密码错误", serde_json::json!({"status": status}));
        lock(&world).first = vec![("member.login.index", Ok(refused))];
        let client = builder(&simulation, account()).build().unwrap();
        let error = simulation.run(async { client.manage(1).await.unwrap_err() });
        assert_eq!((kind(&error), error.is_auth()), (expected, true));
    }
}

#[test]
fn a_429_that_says_how_long_is_believed_and_one_that_does_not_costs_ten_seconds() {
    for (says, least, most) in [(Some("3"), 3, 9), (None, 10, 60)] {
        let (world, simulation) = simulate(World::new(3, 1), 1);
        let slow = Response::builder().status(429);
        let slow = says.iter().fold(slow, |slow, says| slow.header("retry-after", *says)).body(Vec::new()).unwrap();
        lock(&world).first = vec![("getGroupMembers", Ok(slow))];
        let client = builder(&simulation, account()).build().unwrap();
        let answer = simulation.run(async { client.manage(1).await?.get_group_members(&members()).await });
        assert!(answer.is_ok());
        let log = &lock(&world).log;
        let waited = (log[3].at - log[2].at).as_secs();
        assert!((least..most).contains(&waited), "{waited}");
    }
}

#[test]
fn a_login_gives_a_session_that_can_be_kept() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    let saved = simulation.run(async {
        assert!(client.session().is_none());
        let account = yunshop_wecom::Account::new("PLANTED-mobile", "PLANTED-password").unwrap();
        let (answer, session) = client.member_login_index(&member_login_index::Request::from(&account)).await.unwrap();
        assert!(!format!("{answer:?} {session:?}").contains("PLANTED"));
        serde_json::to_string(&session).unwrap()
    });
    let session: Session = serde_json::from_str(&saved).unwrap();
    let client = builder(&simulation, session.into()).build().unwrap();
    simulation.run(async { client.manage(1).await.unwrap().get_group_members(&members()).await.unwrap() });
    assert_eq!(lock(&world).logins, 1);
}

#[test]
fn one_login_serves_everybody_and_outlives_who_gave_up() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        {
            let call = std::pin::pin!(client.manage(1));
            assert!(futures_util::poll!(call).is_pending());
        }
        let enterprises = join_all((0..5).map(|_| client.manage(1))).await;
        for enterprise in enterprises {
            enterprise.unwrap().get_group_members(&members()).await.unwrap();
        }
    });
    assert!(lock(&world).logins <= 2);
}

#[test]
fn all_who_wait_for_a_login_that_fails_get_the_same_error_and_its_cause() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    lock(&world).first = vec![("member.login.index", Err(TransportErrorKind::Timeout))];
    let client = builder(&simulation, account()).build().unwrap();
    let outcomes = simulation.run(async { join_all((0..5).map(|_| client.manage(1))).await });
    assert_eq!(lock(&world).log.len(), 1);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        let Error::Transport(transport) = &error else { panic!("{error}") };
        assert_eq!((transport.kind(), error.attempts()), (TransportErrorKind::Timeout, 1));
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "the line is dead");
    }
}

#[test]
fn a_password_that_a_server_says_back_does_not_come_out_in_part() {
    // Longer than what is kept of a message, and one that is cut for looking like a token in its middle.
    for password in ["PLANTED 密码 ".repeat(60).trim(), "PLANTED!q1w2e3r4t5y6u7i8o9p0asdfgh!PLANTED"] {
        for body in [
            serde_json::json!({"result": 0, "msg": format!("错误: {password}"), "data": {"status": 6}}),
            serde_json::json!({"message": format!("错误: {password}")}),
        ] {
            let (world, simulation) = simulate(World::new(3, 1), 1);
            let code = if body.get("result").is_some() { 200 } else { 500 };
            let response = Response::builder().status(code).body(body.to_string().into_bytes()).unwrap();
            lock(&world).first =
                vec![("member.login.index", Ok(response.clone())), ("member.login.index", Ok(response))];
            let wrong = yunshop_wecom::Account::new("13800000000", password).unwrap();
            let login = member_login_index::Request::from(&wrong);
            let client = builder(&simulation, wrong.into()).build().unwrap();
            let other = builder(&simulation, account()).build().unwrap();
            let errors = simulation.run(async {
                [client.manage(1).await.unwrap_err(), other.member_login_index(&login).await.unwrap_err()]
            });
            for error in errors {
                clean(&error);
                assert!(error.to_string().contains("错误: …"), "{error}");
            }
        }
    }
}

#[test]
fn only_reads_are_tried_again_and_only_for_what_may_pass() {
    type Given = Result<Response<Vec<u8>>, TransportErrorKind>;
    let slow = Response::builder().status(429).header("retry-after", "20").body(Vec::new()).unwrap();
    let html = Response::builder().header("content-type", "text/html").body(b"<html>PLANTED".to_vec()).unwrap();
    let cases: Vec<(&str, Given, usize)> = vec![
        ("connect", Err(TransportErrorKind::Connect), 2),
        ("timeout", Err(TransportErrorKind::Timeout), 2),
        ("body", Err(TransportErrorKind::Body), 2),
        ("too large", Err(TransportErrorKind::TooLarge), 1),
        ("500", Ok(status(500)), 2),
        ("503", Ok(status(503)), 2),
        ("429", Ok(slow), 2),
        ("404", Ok(status(404)), 1),
        ("302", Ok(status(302)), 1),
        ("405", Ok(status(405)), 1),
        ("html", Ok(html), 1),
        ("forbidden", Ok(refusal("Sorry,您没有操作权限", serde_json::json!([]))), 1),
        ("nothing", Ok(Response::new(br#"{"result":1,"data":null}"#.to_vec())), 1),
    ];
    for (what, given, calls) in cases {
        for name in ["getGroupMembers", "member.login.index"] {
            let (world, simulation) = simulate(World::new(3, 1), 1);
            let given = match &given {
                Ok(response) => Ok(response.clone()),
                Err(kind) => Err(*kind),
            };
            lock(&world).first = vec![(name, given)];
            let client = builder(&simulation, account()).build().unwrap();
            let outcome = simulation.run(async { client.manage(1).await?.get_group_members(&members()).await });
            let login = name == "member.login.index";
            // A login that says yes and gives nothing is no login; and one is sent again only if it never arrived.
            let calls = if login && what != "connect" { 1 } else { calls };
            assert_eq!(lock(&world).count(name), calls, "{what} {name}");
            assert_eq!(outcome.is_ok(), calls == 2, "{what} {name}");
            if let Err(error) = outcome {
                clean(&error);
            }
            if what == "429" && !login {
                let log = &lock(&world).log;
                assert!(log[3].at - log[2].at >= Duration::from_secs(20), "Retry-After is heeded");
            }
        }
    }
}

#[test]
fn attempts_have_a_cap_and_a_pace_can_be_set() {
    let (world, simulation) = simulate(World::new(95, 1), 1);
    let client = builder(&simulation, account()).at_most(5, Duration::from_secs(1)).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        let _ = enterprise.roster(GROUP).all().await.unwrap();
        lock(&world).first = (0..9).map(|_| ("getGroupMembers", Ok(status(503)))).collect();
        let error = enterprise.get_group_members(&members()).await.unwrap_err();
        assert_eq!(error.attempts(), 3);
    });
    let world = lock(&world);
    assert!(world.log.windows(6).all(|six| six[5].at - six[0].at >= Duration::from_millis(950)));
}

#[test]
fn at_most_four_pages_are_on_their_way() {
    let (world, simulation) = simulate(World::new(400, 1), 1);
    let client = builder(&simulation, account()).retry(RetryPolicy::never()).build().unwrap();
    let listing = simulation.run(async { client.manage(1).await.unwrap().roster(GROUP).all().await.unwrap() });
    assert_eq!(listing.members.len(), 400);
    // A page takes ten milliseconds at least, and four come in no less.
    let world = lock(&world);
    assert!(world.log.windows(9).all(|nine| nine[8].at - nine[0].at >= Duration::from_millis(10)));
}

#[test]
fn pages_come_as_the_server_has_them() {
    let (_, simulation) = simulate(World::new(25, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        let mut pages = enterprise.get_group_members_pages(members());
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            rows.push(page.unwrap().data.list.unwrap().data.len());
        }
        assert_eq!(rows, [10, 10, 5, 0], "this server says no last_page");
        let mut groups = enterprise.get_list_pages(get_list::Request::new());
        assert_eq!(groups.next().await.unwrap().unwrap().data.list.unwrap().data[0].id, GROUP);
        assert!(groups.next().await.is_none());
        assert_eq!(enterprise.get_business_common_data().await.unwrap().data.business.unwrap().business_id, Some(1));
    });
}

#[test]
fn what_would_change_the_session_behind_the_handle_is_refused() {
    let (world, simulation) = simulate(World::new(3, 1), 1);
    let client = builder(&simulation, account()).build().unwrap();
    simulation.run(async {
        let enterprise = client.manage(1).await.unwrap();
        let before = lock(&world).log.len();
        assert!(matches!(enterprise.execute(&manage_business::Request::new(2)).await, Err(Error::Build(_))));
        assert!(matches!(
            enterprise.get_group_members(&get_group_members::Request::new(0)).await,
            Err(Error::Build(_))
        ));
        assert_eq!(lock(&world).log.len(), before);
    });
    let empty = Credentials::Session(Session::new());
    assert!(matches!(builder(&simulation, empty).build(), Err(Error::Build(_))));
    assert!(!format!("{client:?} {:?}", builder(&simulation, account())).contains("PLANTED"));
}
