//! What the vendor refuses, in its words, with the reason in the log.

use std::{thread, time::Duration};

use groupmembers_sandbox::{
    Config, Sandbox,
    agora::{self, DEMO_APP, DEMO_APP_CERTIFICATE, DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_ORG, Fault},
};
use serde_json::json;

use super::{GROUP, bearer, data, get, get_as, post, refused, sandbox, send};

fn users(sandbox: &Sandbox, token: Option<&str>) -> (u16, String, String) {
    refused(&send(sandbox, "GET", &format!("/app-id/{DEMO_APP_ID}/chatgroups/{GROUP}/users"), token, ""))
}

fn last_note(sandbox: &Sandbox) -> String {
    sandbox.log().pop().unwrap().note
}

#[test]
fn tokens_are_really_verified() {
    let sandbox = sandbox(5, |_| {});
    let words = |error: &str, description: &str| (401, error.to_owned(), description.to_owned());
    let (corrupt, foreign) = ("Unable to authenticate due to corrupt access token", "Unable to authenticate");
    assert_eq!(users(&sandbox, None), words("group_authorization", "token is blank!"));
    assert_eq!(users(&sandbox, Some("")), words("group_authorization", "token is blank!"));
    assert_eq!(users(&sandbox, Some("Bearer x")), words("auth_bad_access_token", corrupt));
    assert_eq!(users(&sandbox, Some(&sandbox.agora().app_token(60))), words("auth_bad_access_token", corrupt));
    assert_eq!(users(&sandbox, Some("Bearer YWMtnever")), words("auth_bad_access_token", foreign));
    let made = |app: &str, certificate: &str, issued: u32, expire: u32| {
        let token = agora::token::sign(app, certificate, &agora::token::Holder::App, issued, expire, 1);
        let answer = users(&sandbox, Some(&format!("Bearer {token}")));
        assert!(!last_note(&sandbox).contains(&token[3..]));
        answer
    };
    let expired = words("unauthorized", "Unable to authenticate due to expired access token");
    let now = u32::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    assert_eq!(made(DEMO_APP_ID, DEMO_APP_CERTIFICATE, now, 60).0, 200);
    assert_eq!(made(DEMO_APP_ID, DEMO_APP_ID, now, 60), words("auth_bad_access_token", foreign));
    assert_eq!(
        last_note(&sandbox),
        "auth_bad_access_token: the signature is not the HMAC of this token with the app certificate"
    );
    assert_eq!(made(DEMO_APP_CERTIFICATE, DEMO_APP_CERTIFICATE, now, 60), words("auth_bad_access_token", foreign));
    assert_eq!(made(DEMO_APP_ID, DEMO_APP_CERTIFICATE, now - 100, 60), expired);
    assert_eq!(made(DEMO_APP_ID, DEMO_APP_CERTIFICATE, now, 86_401), expired);
    let text = format!("{:?} {:?}", sandbox.log(), Config::default());
    assert!(!text.contains(DEMO_APP_CERTIFICATE) && !text.contains(DEMO_CLIENT_SECRET));
}

#[test]
fn a_clock_that_is_ahead_ends_tokens_early_and_revoked_ones_are_replaced() {
    let ahead = sandbox(5, |config| config.clock_ahead = Duration::from_secs(3_600));
    let issued = u32::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let token = agora::token::sign(DEMO_APP_ID, DEMO_APP_CERTIFICATE, &agora::token::Holder::App, issued, 600, 1);
    assert_eq!(users(&ahead, Some(&format!("Bearer {token}"))).1, "unauthorized");

    let sandbox = sandbox(5, |_| {});
    let token = bearer(&sandbox);
    assert_eq!(users(&sandbox, Some(&token)).0, 200);
    sandbox.agora().revoke_tokens();
    assert_eq!(users(&sandbox, Some(&token)).0, 401);
    assert_eq!(users(&sandbox, Some(&bearer(&sandbox))).0, 200);
}

#[test]
fn client_credentials_and_the_older_exchange() {
    let sandbox = sandbox(5, |_| {});
    let body = |secret: &str, ttl: u64| json!({"grant_type": "client_credentials", "client_id": DEMO_CLIENT_ID, "client_secret": secret, "ttl": ttl});
    let good = post(&sandbox, "token", None, &body(DEMO_CLIENT_SECRET, 1)).json();
    assert_eq!((&good["expires_in"], good["application"].as_str().unwrap().len()), (&json!(1), 36));
    let token = format!("Bearer {}", good["access_token"].as_str().unwrap());
    assert!(token.starts_with("Bearer YWMt"));
    assert_eq!(users(&sandbox, Some(&token)).0, 200);
    thread::sleep(Duration::from_millis(1_010));
    assert_eq!(users(&sandbox, Some(&token)).1, "unauthorized", "its second is over");
    let bad = post(&sandbox, "token", None, &body("wrong-secret", 1));
    assert_eq!(refused(&bad), (400, "invalid_grant".into(), "client_secret does not match".into()));
    assert!(!last_note(&sandbox).contains("wrong-secret"));
    assert_eq!(post(&sandbox, "token", None, &json!({"grant_type": "password"})).status, 400);

    let agora = json!({"grant_type": "agora"});
    assert_eq!(post(&sandbox, "token", None, &agora).status, 401);
    let exchanged = post(&sandbox, "token", Some(&bearer(&sandbox)), &agora).json();
    assert!(exchanged["expire_timestamp"].as_u64().unwrap() > 1_700_000_000_000, "milliseconds");
    let token = format!("Bearer {}", exchanged["access_token"].as_str().unwrap());
    assert_eq!(users(&sandbox, Some(&token)).0, 200);
    assert!(!format!("{:?}", sandbox.log()).contains("YWMt"));

    let sandbox = self::sandbox(5, |config| config.token_seconds = Some(77));
    let granted = post(&sandbox, "token", None, &body(DEMO_CLIENT_SECRET, 86_400)).json();
    assert_eq!(granted["expires_in"], 77, "the latest setting wins");
}

#[test]
fn users_may_read_where_they_belong() {
    let sandbox = sandbox(10, |_| {});
    let status = |user: &str, rest: &str| get_as(&sandbox, user, rest).status;
    let path = |rest: &str| format!("chatgroups/{GROUP}/{rest}");
    assert_eq!(status("user000009", &path("users")), 200);
    assert_eq!((status("user000009", &path("mute")), status("user000000", &path("mute"))), (401, 200));
    assert_eq!(status("user000009", "chatgroups"), 401);
    assert_eq!((status("null", "chatgroups/user/null"), status("user000009", "chatgroups/user/null")), (200, 401));
    let stranger = refused(&get_as(&sandbox, "stranger", &path("users")));
    let words = "you have no permission to do this, group admin permission is required";
    assert_eq!(stranger, (401, "group_authorization".into(), words.into()));
}

#[test]
fn what_is_not_there() {
    let sandbox = sandbox(5, |_| {});
    let token = bearer(&sandbox);
    assert_eq!(
        refused(&get(&sandbox, "chatgroups/123/users")),
        (404, "service_resource_not_found".into(), "do not find this group:123".into())
    );
    for rest in ["chatgroups/123", "chatgroups/123/admin", "chatgroups/123/user/a/is_joined"] {
        let gone = (404, "resource_not_found".into(), "grpID 123 does not exist!".into());
        assert_eq!(refused(&get(&sandbox, rest)), gone, "{rest}");
    }
    sandbox.agora().inject(Fault::OtherNotFound);
    assert_eq!(refused(&get(&sandbox, "chatgroups/123/users")).1, "resource_not_found");
    assert_eq!(refused(&get(&sandbox, "chatgroups/123")).1, "service_resource_not_found");
    assert_eq!(refused(&get(&sandbox, "chatgroups/..%2Fadmin/users")).0, 404, "an escaped slash is no slash");

    for app in [format!("{DEMO_ORG}/other"), format!("other/{DEMO_APP}"), format!("app-id/{DEMO_APP_CERTIFICATE}")] {
        let reply = send(&sandbox, "GET", &format!("/{app}/chatgroups/{GROUP}/users"), Some(&token), "");
        let words = format!("Could not find application for {app} from URI: {app}/chatgroups/{GROUP}/users");
        assert_eq!(refused(&reply), (404, "organization_application_not_found".into(), words));
    }
    assert_eq!(get(&sandbox, "chatgroups/1/nothing").status, 404);
    assert_eq!(post(&sandbox, &format!("chatgroups/{GROUP}/users"), Some(&token), &json!({})).status, 405);
    for query in ["pagenum=0", "pagesize=0", "pagesize=-1", "pagenum=x", "sort=up", "limit=0"] {
        assert_eq!(get(&sandbox, &format!("chatgroups/{GROUP}/users?{query}")).status, 400, "{query}");
    }
    // An error, field by field.
    let body = get(&sandbox, "chatgroups/1/mute").body;
    let (head, tail) = body.split_once(r#""timestamp":"#).unwrap();
    assert_eq!(head, r#"{"error":"service_resource_not_found","#);
    let exception = "com.easemob.group.exception.ServiceResourceNotFoundException";
    assert_eq!(
        tail.split_once(',').unwrap().1,
        format!(r#""duration":0,"exception":"{exception}","error_description":"do not find this group:1"}}"#)
    );
}

#[test]
fn limits_of_calls_and_of_the_plan() {
    let path = format!("chatgroups/{GROUP}/users");
    // Three calls must fall into one second; a busy machine may need another go.
    let busy = (0..20).find_map(|_| {
        let sandbox = sandbox(5, |config| (config.calls_per_second, config.sdk_calls_per_second) = (3, 1));
        let statuses: Vec<u16> = (0..3).map(|_| get(&sandbox, &path).status).collect();
        (statuses == [200, 200, 429]).then_some(sandbox)
    });
    let sandbox = busy.expect("a machine on which three calls take less than a second");
    assert_eq!(sandbox.throttled(), 1);
    assert_eq!(data(&get(&sandbox, &format!("chatgroups/{GROUP}"))).len(), 1, "another call, another limit");
    assert!(sandbox.log()[2].throttled && last_note(&sandbox).is_empty());
    thread::sleep(Duration::from_millis(1_000));
    assert_eq!(get(&sandbox, &path).status, 200);

    let sandbox = self::sandbox(5, |config| config.plan_calls = 2);
    assert_eq!((get(&sandbox, &path).status, get(&sandbox, &path).status), (200, 200));
    let used_up = refused(&get(&sandbox, &path));
    assert_eq!((used_up.0, used_up.1.as_str()), (429, "resource_limited"));
    assert_eq!(sandbox.throttled(), 0, "waiting does not help");
}
