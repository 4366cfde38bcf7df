//! Secrets and people's data are planted, and looked for in everything that prints.

use http::{HeaderMap, Response};
use yunshop_wecom::{Account, Command, Credentials, Session, get_group_members, get_list, member_login_index};

use crate::cases::{self, site};

const PLANTED: &str = "PLANTED";

fn clean(text: impl std::fmt::Debug + std::fmt::Display) {
    let text = format!("{text} {text:?} {text:#?}");
    assert!(!text.contains(PLANTED), "{text}");
}

fn full() -> Session {
    let session = Session::of_cookie("PLANTED-id").unwrap().with_app_token("PLANTED-app").unwrap();
    session.with_yz_token("PLANTED-token").unwrap()
}

#[test]
fn credentials_do_not_print_themselves() {
    let account = Account::new("PLANTED-mobile", "PLANTED-password").unwrap();
    let login = member_login_index::Request::from(&account);
    let answer = br#"{"result":1,"msg":{"mobile":"PLANTED"},"data":{"status":1,"token":"PLANTED","x":"PLANTED"}}"#;
    let answer = member_login_index::Request::from_http(Response::new(answer)).unwrap();
    let texts = [
        format!("{account:?} {login:?} {answer:?} {:?}", full()),
        format!("{:?}", Credentials::from(account)),
        format!("{:?}", Credentials::from(full())),
    ];
    for text in texts {
        assert!(!text.contains(PLANTED), "{text}");
    }
    let request = get_group_members::Request::new(1).to_http(&site("http://h"), &full()).unwrap();
    assert!(!format!("{:?}", request.headers()).contains(PLANTED));
}

#[test]
fn people_do_not_come_out_of_debug() {
    let mut body =
        String::from_utf8(cases::named("getGroupMembers__seed_list").exchanges.remove(0).1.into_body()).unwrap();
    for name in ["nickname", "mobile", "we_nickname", "userid", "unionid", "avatar", "avatar_image", "username", "name"]
    {
        let pattern = format!("\"{name}\": \"");
        body = body.replace(&pattern, &format!("{pattern}PLANTED"));
    }
    let answer = get_group_members::Request::from_http(Response::new(body.as_bytes())).unwrap();
    assert!(answer.data.list.as_ref().unwrap().data[0].userid.starts_with(PLANTED));
    assert!(!format!("{answer:?}").contains(PLANTED));
    let body = br#"{"result":1,"data":{"list":{"data":[{"id":1,"group_name":"PLANTED","owner_name":"PLANTED"}]}}}"#;
    let answer = get_list::Request::from_http(Response::new(body)).unwrap();
    assert!(!format!("{answer:?}").contains(PLANTED));
    let request =
        get_group_members::Request { customer_kwd: Some("PLANTED".into()), ..get_group_members::Request::new(1) };
    assert!(!format!("{request:?}").contains(PLANTED));
}

#[test]
fn what_cannot_be_a_credential_is_refused_without_showing_it() {
    let refusals = [
        Session::of_cookie("").unwrap_err(),
        Session::of_cookie(" PLANTED").unwrap_err(),
        Session::of_cookie("PLANTED\r\nX: y").unwrap_err(),
        Session::of_cookie("PLANTED; Path=/").unwrap_err(),
        Session::of_cookie("PLANTED PLANTED").unwrap_err(),
        Session::of_cookie("PLANTED张").unwrap_err(),
        Session::new().with_app_token("PLANTED,").unwrap_err(),
        Session::new().with_yz_token("PLANTED\n").unwrap_err(),
        Session::new().with_cookie_name("PLANTED=").unwrap_err(),
        Account::new("", "PLANTED").unwrap_err(),
        Account::new("PLANTED", " PLANTED").unwrap_err(),
        Account::new("PLANTED\u{0}PLANTED", "PLANTED").unwrap_err(),
    ];
    let refusals: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert!(!refusals.concat().contains(PLANTED));
    insta::assert_snapshot!(refusals.join("\n"));
    let saved = r#"{"name":"PHPSESSID","id":"PLANTED; x"}"#;
    let error = serde_json::from_str::<Session>(saved).unwrap_err().to_string();
    assert!(!error.contains(PLANTED), "{error}");
}

#[test]
fn an_error_prints_nothing_of_the_body() {
    for (status, body) in [
        (200, r#"{"result":1,"data":{"list":{"data":[{"id":"PLANTED","userid":{"PLANTED":1}}]}}}"#),
        (200, r#"{"result":1,"data":"PLANTED"}"#),
        (200, r#"{"PLANTED":"PLANTED"}"#),
        (200, r#"{"result":{"PLANTED":1},"data":[]}"#),
        (200, r#"{"message":"PLANTED"}"#),
        (200, "<html>PLANTED</html>"),
        (200, "PLANTED"),
        (502, "<html>PLANTED</html>"),
    ] {
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = get_group_members::Request::from_http(response).unwrap_err();
        let kept = match &error {
            yunshop_wecom::Error::Decode(error) => error.body().to_vec(),
            yunshop_wecom::Error::Status(error) => error.body().to_vec(),
            other => panic!("{other}"),
        };
        assert_eq!(kept, body.as_bytes(), "the body is there for those who look");
        clean(error);
    }
}

#[test]
fn cookies_are_kept_by_name_whatever_their_path() {
    let set = |session: &mut Session, cookies: &[&str]| {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append("set-cookie", cookie.parse().unwrap());
        }
        session.absorb(&headers);
    };
    let mut session = Session::new();
    set(
        &mut session,
        &["PHPSESSID=a; path=/", "Yz-appToken=b%3D; Max-Age=2160000", "laravel_session=c", "broken", "=x"],
    );
    assert_eq!((session.id(), session.app_token()), (Some("a"), Some("b%3D")));
    set(&mut session, &["PHPSESSID=d; Path=/business/2/plugin/GroupDevelopUser", "phpsessid=e"]);
    assert_eq!(session.id(), Some("d"), "names are told apart by case, and the newest counts");
    set(&mut session, &["PHPSESSID=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT", "Yz-appToken=f; Max-Age=0"]);
    assert!(session.is_empty());
    set(&mut session, &["PHPSESSID=g h", "PHPSESSID=\"i\""]);
    assert!(session.is_empty(), "what is no value of a cookie is not sent back");
    let mut other = Session::new().with_cookie_name("SHOPSESS").unwrap();
    set(&mut other, &["PHPSESSID=a", "SHOPSESS=b"]);
    assert_eq!(other.id(), Some("b"));
    let request = get_group_members::Request::new(1).to_http(&site("http://h"), &other).unwrap();
    assert_eq!(request.headers()["cookie"], "SHOPSESS=b");
    let saved: Session = serde_json::from_str(&serde_json::to_string(&full()).unwrap()).unwrap();
    assert_eq!(saved, full());
}
