//! Exports and synchronisation against the sandbox, over real sockets.

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use groupmembers_http::{Runtime, reqwest_0_13};
use groupmembers_sandbox::yunshop::{
    DEMO_BUSINESS_ID, DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID, Fault, GroupConfig, Injection, Kind,
};
use yunshop_wecom::{
    ApiErrorKind, Enterprise, Error, FileKind, group_employee_list_export, group_member_list_export, list_export, synch,
};

use crate::client::{
    GROUP, OF_FILES, ONE, OTHER, account, builder, client, count, demo, enterprise, kind, printed, sandbox,
};

/// Whether a text stands in a file; the sandbox does not compress.
fn has(file: &yunshop_wecom::File, text: &str) -> bool {
    file.bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn exports_hold_what_the_lists_hold() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    let rows = sandbox.yunshop().rows(GROUP, Kind::External);
    let whole = group_member_list_export::Request::new(GROUP.into());
    let file = enterprise.group_member_list_export(&whole).await.unwrap();
    assert_eq!((file.kind, file.name.as_deref()), (FileKind::Xlsx, Some("群外部成员.xlsx")));
    assert!(rows.iter().all(|row| has(&file, &format!("<t>{}</t>", row.userid))));
    let names = format!("{file:?}");
    assert!(!names.contains("成员") && names.contains(&file.bytes.len().to_string()), "{names}");

    let one = group_member_list_export::Request { id: Some(rows[7].row_id.into()), ..whole.clone() };
    let file = enterprise.group_member_list_export(&one).await.unwrap();
    let found: Vec<_> = rows.iter().filter(|row| has(&file, &format!("<t>{}</t>", row.userid))).collect();
    assert_eq!(found, [&rows[7]]);

    let staff = sandbox.yunshop().rows(GROUP, Kind::Employee);
    let request = group_employee_list_export::Request::new(GROUP.into());
    let file = enterprise.group_employee_list_export(&request).await.unwrap();
    assert!(staff.iter().all(|row| has(&file, &row.userid)) && !has(&file, &rows[0].userid));

    let file = enterprise.list_export(&list_export::Request::new()).await.unwrap();
    for group in sandbox.yunshop().groups(DEMO_BUSINESS_ID) {
        assert!(has(&file, &format!("<row><c t=\"inlineStr\"><is><t>{group}</t>")), "{group}");
    }
    assert!(sandbox.log().iter().all(|entry| entry.code == 0), "nothing was refused");
}

#[tokio::test]
async fn a_file_of_another_enterprise_is_no_file() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    // A file does not say where it is from: the session is asked, led back, and the file is made again.
    sandbox.yunshop().inject(Fault::EnterpriseLost.on_call(1).on_command("groupMemberListExport"));
    let request = group_member_list_export::Request::new(GROUP.into());
    let file = enterprise.group_member_list_export(&request).await.unwrap();
    assert!(has(&file, &sandbox.yunshop().rows(GROUP, Kind::External)[0].userid));
    assert_eq!((count(&sandbox, "groupMemberListExport"), count(&sandbox, "manageBusiness")), (2, 2));
    // Where it goes on like that, there is no file.
    sandbox.yunshop().inject(Fault::EnterpriseSwitched.always().on_command("groupMemberListExport"));
    let error = enterprise.group_member_list_export(&request).await.unwrap_err();
    assert_eq!(kind(&error), ApiErrorKind::OtherEnterprise, "{error}");
}

#[tokio::test]
async fn a_file_has_no_more_bytes_than_allowed() {
    let sandbox = sandbox([GroupConfig::new(GROUP, "", 400)]);
    let small = builder(&sandbox, account()).max_export(10_000).build().unwrap().manage(ONE).await.unwrap();
    let request = group_member_list_export::Request::new(GROUP.into());
    let error = small.group_member_list_export(&request).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.to_string().contains("larger"), "{error}");
    let large = enterprise(&sandbox).await.group_member_list_export(&request).await.unwrap();
    assert!(large.bytes.len() > 10_000);
    // Lists keep their own bound.
    assert_eq!(small.roster(GROUP.into()).all().await.unwrap().members.len(), 400);
}

async fn steps(enterprise: &Enterprise) -> (usize, Option<Error>) {
    let (mut steps, mut pages) = (0, enterprise.synch());
    while let Some(step) = pages.next().await {
        match step {
            Ok(_) => steps += 1,
            Err(error) => return (steps, Some(error)),
        }
    }
    (steps, None)
}

#[tokio::test]
async fn a_synchronisation_goes_through_all_groups_of_its_enterprise_once() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    let groups = sandbox.yunshop().groups(DEMO_BUSINESS_ID);
    drop(enterprise.synch());
    assert_eq!(sandbox.yunshop().synchronised(), [], "nothing happens before a step is taken");
    let (number, error) = steps(&enterprise).await;
    assert!(error.is_none() && number == groups.len().div_ceil(3), "{number} {error:?}");
    let wanted: Vec<_> = groups.iter().map(|group| (DEMO_BUSINESS_ID, *group)).collect();
    assert_eq!(sandbox.yunshop().synchronised(), wanted);
    // From a cursor on.
    let first = enterprise.execute(&synch::Request::start()).await.unwrap();
    let mut rest = enterprise.synch_from(synch::Request::start().after(&first).unwrap());
    while let Some(step) = rest.next().await {
        step.unwrap();
    }
    assert_eq!(sandbox.yunshop().synchronised(), [wanted.clone(), wanted].concat());
}

#[tokio::test]
async fn no_step_is_made_in_another_enterprise_or_twice() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    // The session is over, and the server would fall back to another enterprise.
    sandbox.yunshop().manage_elsewhere(DEMO_MOBILE, DEMO_OTHER_BUSINESS_ID);
    sandbox.yunshop().expire_sessions();
    assert!(steps(&enterprise).await.1.is_none());
    assert!(sandbox.yunshop().synchronised().iter().all(|(business, _)| u64::from(*business) == ONE), "{OTHER}");
    let made = count(&sandbox, "synch");
    for name in ["reset", "reset-mid-body", "500-json", "502-html", "cut-body", "429-retry-after"] {
        let fault: Injection = format!("{name}@once").parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        sandbox.yunshop().inject(fault.on_command("synch"));
        let before = count(&sandbox, "synch");
        let (steps, error) = steps(&enterprise).await;
        assert!(steps == 0 && error.is_some(), "{name}: {steps} {error:?}");
        assert_eq!(count(&sandbox, "synch"), before + 1, "{name}");
    }
    assert!(made > 1);
}

#[tokio::test]
async fn a_step_that_was_made_in_another_enterprise_is_told() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    // Between the look before the step and the step itself.
    sandbox.yunshop().inject(Fault::EnterpriseLost.on_call(1).on_command("synch"));
    let (done, error) = steps(&enterprise).await;
    assert_eq!((done, kind(&error.unwrap())), (0, ApiErrorKind::OtherEnterprise));
    assert_eq!(count(&sandbox, "synch"), 1);
    assert!(steps(&enterprise).await.1.is_none(), "the next one leads it back first");
}

#[tokio::test]
async fn a_synchronisation_that_turns_in_a_circle_ends() {
    let sandbox = demo();
    sandbox.yunshop().inject(Fault::StuckCursor.always());
    let (steps, error) = steps(&enterprise(&sandbox).await).await;
    assert_eq!(steps, 2);
    assert!(error.is_some_and(|error| error.to_string().contains("does not come to an end")));
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let sandbox = demo();
    let enterprise = enterprise(&sandbox).await;
    let calls = sandbox.calls();
    let mut errors = vec![
        enterprise.group_member_list_export(&group_member_list_export::Request::new(0)).await.unwrap_err(),
        enterprise.group_employee_list_export(&group_employee_list_export::Request::new(0)).await.unwrap_err(),
        enterprise.synch_from(synch::Request::from_cursor("")).next().await.unwrap().unwrap_err(),
    ];
    let mut half = list_export::Request::new();
    half.start_time = Some("2021-06-18 00:00:00".to_owned());
    errors.push(enterprise.list_export(&half).await.unwrap_err());
    let mut tenant = list_export::Request::new();
    tenant.extra.insert("uniacid".to_owned(), 3.into());
    errors.push(enterprise.list_export(&tenant).await.unwrap_err());
    assert!(errors.iter().all(|error| matches!(error, Error::Build(_))), "{errors:?}");
    assert_eq!(sandbox.calls(), calls);
}

/// What a call came to, on one line.
async fn outcome(enterprise: &Enterprise, command: &str) -> String {
    let session = enterprise.session().unwrap();
    let secrets = [session.id().unwrap().to_owned(), session.app_token().unwrap().to_owned()];
    let file = match command {
        "listExport" => enterprise.list_export(&list_export::Request::new()).await,
        "groupMemberListExport" => {
            enterprise.group_member_list_export(&group_member_list_export::Request::new(GROUP.into())).await
        }
        "groupEmployeeListExport" => {
            enterprise.group_employee_list_export(&group_employee_list_export::Request::new(GROUP.into())).await
        }
        _ => {
            let (steps, error) = steps(enterprise).await;
            return match error {
                None => format!("{steps} steps"),
                Some(error) => format!("{steps} steps; error: {}", printed(&error, &[&secrets[0], &secrets[1]])),
            };
        }
    };
    match file {
        Ok(file) => format!("{:?}", file.kind),
        Err(error) => format!("error: {}", printed(&error, &[&secrets[0], &secrets[1]])),
    }
}

#[tokio::test]
async fn every_fault_of_exports_and_synchronisation_ends_in_the_right_result_or_the_right_error() {
    let runtime: Arc<dyn Runtime> = reqwest_0_13::Reqwest::new().unwrap().into_runtime();
    let mut cases = Vec::new();
    for name in OF_FILES.iter().chain(Fault::NAMES.iter().filter(|name| !OF_FILES.contains(name))) {
        for command in ["synch", "listExport", "groupMemberListExport", "groupEmployeeListExport"] {
            cases.extend(["once", "always"].map(|when| (command, *name, when)));
        }
    }
    let lines = stream::iter(cases.into_iter().enumerate()).map(|case| (case, runtime.clone())).map(
        |((place, (command, name, when)), runtime)| async move {
            let groups = (0..4).map(|n| GroupConfig::new(GROUP + n, "", 5).employees(2));
            let sandbox = sandbox(groups);
            let client = builder(&sandbox, account()).runtime(runtime);
            let enterprise = client.build().unwrap().manage(ONE).await.unwrap();
            let fault: Injection = format!("{name}@{when}").parse().unwrap();
            sandbox.yunshop().inject(fault.on_command(command));
            let line = outcome(&enterprise, command).await;
            let struck = sandbox.log().iter().any(|entry| entry.note.starts_with("fault: "));
            (place, if struck { format!("{command} {name} {when}: {line}\n") } else { String::new() })
        },
    );
    let mut lines: Vec<(usize, String)> = lines.buffer_unordered(12).collect().await;
    lines.sort_unstable();
    let mut table = String::new();
    lines.into_iter().for_each(|(_, line)| write!(table, "{line}").unwrap());
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_session_that_is_over_is_renewed_for_a_file_and_not_for_a_step() {
    let sandbox = demo();
    let enterprise = client(&sandbox).manage(ONE).await.unwrap();
    sandbox.yunshop().inject(Fault::LoggedOut.on_call(1).on_command("groupMemberListExport"));
    let request = group_member_list_export::Request::new(GROUP.into());
    assert_eq!(enterprise.group_member_list_export(&request).await.unwrap().kind, FileKind::Xlsx);
    assert_eq!(count(&sandbox, "login"), 2);
    sandbox.yunshop().inject(Fault::LoggedOut.on_call(1).on_command("synch"));
    let (done, error) = steps(&enterprise).await;
    assert_eq!((done, kind(&error.unwrap())), (0, ApiErrorKind::NotLoggedIn));
    // The next one looks where the session is, and logs in.
    assert!(steps(&enterprise).await.1.is_none());
    assert_eq!(count(&sandbox, "login"), 3);
}
