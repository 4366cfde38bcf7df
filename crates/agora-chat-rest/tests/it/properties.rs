//! What holds of all inputs.

use agora_chat_rest::access_token::Claims;
use agora_chat_rest::chatgroups_users::{Member, Paging, Request};
use agora_chat_rest::{
    App, BaseUrl, Command, Credentials, Paged, Subject, chatgroups, chatgroups_details, chatgroups_is_joined,
    chatgroups_user, joined_chatgroups,
};
use http::Response;
use proptest::prelude::*;
use serde_json::{Value, json};

const APP_ID: &str = "0123456789abcdef0123456789abcdef";

proptest! {
    #[test]
    fn no_answer_panics(body in any::<Vec<u8>>(), status in 200..600_u16) {
        let response = Response::builder().status(status).body(body).unwrap();
        prop_assert!(Request::from_http(response).is_err());
    }

    #[test]
    fn no_token_panics(token in "007[A-Za-z0-9+/=]{0,200}", payload in any::<Vec<u8>>()) {
        let _ = Claims::decode(&token);
        let _ = Claims::from_payload(&payload);
    }

    #[test]
    fn tokens_come_back(user in "[a-z0-9_.-]{1,64}", (at, expire, salt) in any::<(u32, u32, u32)>()) {
        prop_assume!(user != "." && user != "..");
        let credentials = Credentials::new(APP_ID, "fedcba9876543210fedcba9876543210").unwrap();
        let subject = Subject::User(user);
        let claims = Claims::new(&credentials, &subject, at.into(), expire, salt).unwrap();
        prop_assert_eq!(&Claims::decode(&claims.encode()).unwrap(), &claims);
        prop_assert_eq!(claims.verify(&credentials, &subject, at.into()).is_ok(), expire > 0);
    }

    #[test]
    fn members_survive_saving(id in "\\PC{1,20}", role in "[a-z]{3,8}", joined in any::<Option<u64>>()) {
        prop_assume!(role != "joined_time");
        let mut row = json!({role: id});
        if let Some(joined) = joined {
            row["joined_time"] = json!(joined);
        }
        let member: Member = serde_json::from_value(row.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&member).unwrap(), row);
    }

    #[test]
    fn ids_stay_in_their_place(group in "\\PC{1,12}", page in 1..u64::MAX, size in 1..=1000_u32) {
        let base: BaseUrl = "https://h/prefix".parse().unwrap();
        if let Ok(request) = Request::page(group, page, size).to_http(&base, &App::id(APP_ID).unwrap(), None) {
            let path = request.uri().path();
            let prefix = format!("/prefix/app-id/{APP_ID}/chatgroups/");
            prop_assert!(path.starts_with(&prefix) && path.ends_with("/users"), "{}", path);
            prop_assert_eq!(path.matches('/').count(), 6);
            prop_assert!(!path.contains("..") || path.contains("...") || path.len() > prefix.len() + 8, "{}", path);
        }
    }
}

#[test]
fn base_urls() {
    for fine in [
        "https://a1.easemob.com",
        "HTTPS://a41.chat.agora.io/",
        "https://h:8443/proxy",
        "http://localhost:8080",
        "Http://127.0.0.1",
        "http://[::1]:9",
    ] {
        fine.parse::<BaseUrl>().unwrap();
    }
    let refusals: Vec<String> = [
        "",
        "a1.easemob.com",
        "http://a1.easemob.com",
        "ftp://h",
        "https://",
        "https:///x",
        "https://user:secret@h",
        "https://h?x",
        "https://h#x",
        "https://h:0",
        "https://h:65536",
        "https://h:",
        "https://h h",
        "http://127.0.0.1.example.com",
    ]
    .iter()
    .map(|text| format!("{text}: {}", text.parse::<BaseUrl>().unwrap_err()))
    .collect();
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn odd_requests_are_refused() {
    fn check(request: &impl Command) -> String {
        request.validate().unwrap_err().to_string()
    }
    let many = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    let long = "9".repeat(300);
    let refusals = [
        check(&Request::page("", 1, 10)),
        check(&Request::page("../users", 1, 10)),
        check(&Request::page("..", 1, 10)),
        check(&Request::page("1%2f2", 1, 10)),
        check(&Request::page("1,2", 1, 10)),
        check(&Request::page("1\r\n2", 1, 10)),
        check(&Request::page(long.as_str(), 1, 10)),
        check(&Request::page("1", 0, 10)),
        check(&Request::page("1", 1, 0)),
        check(&Request::page("1", 1, 1001)),
        check(&Request::by_cursor("1", 51)),
        check(&chatgroups::Request::first(0)),
        check(&chatgroups_details::Request::new(many(0))),
        check(&chatgroups_details::Request::new(many(101))),
        check(&chatgroups_details::Request::new(["1/2"])),
        check(&chatgroups_user::Request::page("u", 0, 21)),
        check(&joined_chatgroups::Request::page("u", 0, 20)),
        check(&chatgroups_is_joined::Request::new("1", "u".repeat(65))),
        check(&chatgroups_is_joined::Request::new("1", "a?b")),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn lists_go_on_and_come_to_an_end() {
    let page = |value: Value| Request::from_http(Response::new(value.to_string().into_bytes())).unwrap();
    let request = Request::page("1", 1, 1000);
    // A short page is no end: the server may give smaller ones than were asked for.
    let next = request.after(&page(json!({"data": [{"member": "u"}], "count": 1}))).unwrap().unwrap();
    assert_eq!(next.paging, Paging::Number { pagenum: 2, pagesize: 1000 });
    assert!(request.after(&page(json!({"data": []}))).unwrap().is_none());
    let request = Request::by_cursor("1", 50);
    let next = request.after(&page(json!({"data": [], "cursor": "c"}))).unwrap().unwrap();
    assert!(next.after(&page(json!({"data": ["u"], "cursor": "c"}))).is_err(), "it turns in circles");
    for end in [json!({"data": ["u"]}), json!({"data": ["u"], "cursor": null}), json!({"data": ["u"], "cursor": ""})] {
        assert!(next.after(&page(end)).unwrap().is_none());
    }
}
