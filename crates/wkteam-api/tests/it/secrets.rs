//! Secrets are planted, and looked for in everything that prints.

use http::Response;
use wkteam_api::{Account, Command, Credentials, Session, Token, WId, get_chat_room_member, member_login};

const PLANTED: &str = "PLANTED";

fn clean(text: impl std::fmt::Debug + std::fmt::Display) {
    let text = format!("{text} {text:?} {text:#?}");
    assert!(!text.contains(PLANTED), "{text}");
}

#[test]
fn credentials_do_not_print_themselves() {
    let account = Account::new("PLANTED-account", "PLANTED-password").unwrap();
    let (token, w_id) = (Token::new("PLANTED-token").unwrap(), WId::new("PLANTED-w-id").unwrap());
    let login = member_login::Request::from(&account);
    let answer = br#"{"code":"1000","data":{"Authorization":"PLANTED","account":"PLANTED","name":"PLANTED"}}"#;
    let answer = member_login::Request::from_http(Response::new(answer)).unwrap();
    let texts = [
        format!("{account:?}"),
        format!("{token:?} {w_id:?} {login:?} {answer:?}"),
        format!("{:?}", Credentials::from(account)),
        format!("{:?}", Credentials::from(token.clone())),
        format!("{:?}", Session::new(token.clone(), w_id.clone())),
    ];
    for text in texts {
        assert!(!text.contains(PLANTED), "{text}");
    }
    let base = "http://h".parse().unwrap();
    let request = get_chat_room_member::Request::new("1@chatroom").to_http(&base, &Session::new(token, w_id)).unwrap();
    assert!(!format!("{:?}", request.headers()).contains(PLANTED));
}

#[test]
fn what_cannot_be_a_credential_is_refused_without_showing_it() {
    let refusals = [
        Token::new("").unwrap_err(),
        Token::new(" PLANTED").unwrap_err(),
        Token::new("PLANTED\nX: y").unwrap_err(),
        Token::new("Bearer PLANTED").unwrap_err(),
        Token::new("bearer PLANTED").unwrap_err(),
        Token::new("PLANTED PLANTED").unwrap_err(),
        Token::new("PLANTED张").unwrap_err(),
        WId::new("").unwrap_err(),
        WId::new("PLANTED\r\n").unwrap_err(),
        WId::new("PLANTED\u{0}PLANTED").unwrap_err(),
        Account::new("", "PLANTED").unwrap_err(),
        Account::new("PLANTED", " PLANTED").unwrap_err(),
        Account::new("PLANTED", "PLANTED\n").unwrap_err(),
    ];
    let refusals: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert!(!refusals.concat().contains(PLANTED));
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn an_error_prints_nothing_of_the_body() {
    for (status, body) in [
        (200, r#"{"code":"1000","data":[{"userName":{"PLANTED":"PLANTED"},"nickName":"PLANTED"}]}"#),
        (200, r#"{"code":"1000","data":"PLANTED"}"#),
        (200, r#"{"PLANTED":"PLANTED"}"#),
        (200, r#"{"code":{"PLANTED":1},"data":[]}"#),
        (200, "<html>PLANTED</html>"),
        (200, "PLANTED"),
        (502, "<html>PLANTED</html>"),
        (401, "PLANTED"),
    ] {
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = get_chat_room_member::Request::from_http(response).unwrap_err();
        let kept = match &error {
            wkteam_api::Error::Decode(error) => error.body().to_vec(),
            wkteam_api::Error::Status(error) => error.body().to_vec(),
            other => panic!("{other}"),
        };
        assert_eq!(kept, body.as_bytes(), "the body is there for those who look");
        clean(error);
    }
}
