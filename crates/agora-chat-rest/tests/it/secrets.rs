//! Secrets are planted, and looked for in everything that prints.

use agora_chat_rest::access_token::Claims;
use agora_chat_rest::{
    App, BaseUrl, ClientSecret, Command, Credentials, Error, Subject, Token, chatgroups_users, token,
};
use http::Response;

const PLANTED: &str = "PLANTED";
const APP_ID: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";

#[test]
fn credentials_do_not_print_themselves() {
    let credentials = Credentials::new(APP_ID, CERTIFICATE).unwrap();
    let claims = Claims::new(&credentials, &Subject::App, 1_700_000_000, 600, 1).unwrap();
    let text = format!("{credentials:?} {claims:?}");
    assert!(!text.contains(CERTIFICATE) && !text.contains("signature") && text.contains(APP_ID), "{text}");
    let planted = Token::new("PLANTED-token").unwrap();
    let client = ClientSecret::new("PLANTED-id", "PLANTED-secret").unwrap();
    let login = token::Request::ClientCredentials { client: client.clone(), ttl: None };
    let issued = br#"{"access_token":"PLANTED","expires_in":10}"#;
    let issued = token::Request::from_http(Response::new(issued)).unwrap();
    let base: BaseUrl = "https://h".parse().unwrap();
    let request = chatgroups_users::Request::page("1", 1, 10);
    let request = request.to_http(&base, &App::id(APP_ID).unwrap(), Some(&planted)).unwrap();
    let texts = [
        format!("{planted:?} {client:?} {login:?} {issued:?}"),
        serde_json::to_string(&issued).unwrap(),
        format!("{:?}", request.headers()),
    ];
    for text in texts {
        assert!(!text.contains(PLANTED), "{text}");
    }
}

#[cfg(feature = "client")]
#[test]
fn token_sources_do_not_print_themselves() {
    use agora_chat_rest::TokenSource;
    let client = ClientSecret::new("PLANTED", "PLANTED").unwrap();
    let sources = [
        TokenSource::from(Token::new("PLANTED").unwrap()),
        TokenSource::from(client),
        TokenSource::from(Credentials::new(APP_ID, CERTIFICATE).unwrap()),
    ];
    let text = format!("{sources:?}");
    assert!(!text.contains(PLANTED) && !text.contains(CERTIFICATE), "{text}");
}

#[test]
fn what_cannot_be_a_credential_is_refused_without_showing_it() {
    let hex = |text: &str| Credentials::new(APP_ID, text).unwrap_err();
    let refusals = [
        hex("PLANTED"),
        hex(""),
        hex(&format!("{}\n", &CERTIFICATE[1..])),
        hex(&CERTIFICATE[1..]),
        Credentials::new("PLANTED", CERTIFICATE).unwrap_err(),
        Token::new("").unwrap_err(),
        Token::new(" PLANTED").unwrap_err(),
        Token::new("PLANTED\nX: y").unwrap_err(),
        Token::new("Bearer PLANTED").unwrap_err(),
        Token::new("PLANTED张").unwrap_err(),
        ClientSecret::new("", "PLANTED").unwrap_err(),
        ClientSecret::new("PLANTED", "PLANTED\n").unwrap_err(),
        App::key("PLANTED").unwrap_err(),
        App::key("PLANTED#..").unwrap_err(),
        App::key("PLANTED#a#b").unwrap_err(),
    ];
    let refusals: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert!(!refusals.concat().contains(PLANTED));
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn an_error_prints_nothing_of_the_body() {
    for (status, body) in [
        (200, r#"{"data":[{"PLANTED":{"PLANTED":"PLANTED"}},{"x":{"PLANTED":"PLANTED"}}]}"#),
        (200, r#"{"data":"PLANTED"}"#),
        (200, r#"{"PLANTED":"PLANTED"}"#),
        (200, "<html>PLANTED</html>"),
        (200, "PLANTED"),
        (502, "<html>PLANTED</html>"),
        (401, "PLANTED"),
        (401, r#"{"data":["PLANTED"]}"#),
    ] {
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = chatgroups_users::Request::from_http(response).unwrap_err();
        let kept = match &error {
            Error::Decode(error) => error.body().to_vec(),
            Error::Status(error) => error.body().to_vec(),
            other => panic!("{other}"),
        };
        assert_eq!(kept, body.as_bytes(), "the body is there for those who look");
        let text = format!("{error} {error:?} {error:#?}");
        assert!(!text.contains(PLANTED), "{text}");
    }
    let secret = format!("YWMt{PLANTED}").repeat(4);
    let body = format!(r#"{{"error":"unauthorized","error_description":"bad {secret}","exception":"X{secret}1"}}"#);
    let response = Response::builder().status(401).body(body.into_bytes()).unwrap();
    let error = chatgroups_users::Request::from_http(response).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(PLANTED), "{text}");
}
