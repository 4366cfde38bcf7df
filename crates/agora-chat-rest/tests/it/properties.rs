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
    fn a_list_reads_the_same_whatever_is_odd_in_it(list in prop::collection::vec(row(), 0..5), group in group()) {
        let page = format!(r#"{{"count":1,"data":[{}],"action":"get"}}"#, list.join(","));
        same_as_read_with_care::<Request>(&page)?;
        let group = group.replace("ROWS", &list.join(","));
        same_as_read_with_care::<chatgroups_details::Request>(&format!(r#"{{"data":[{group}],"count":"1"}}"#))?;
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

/// An object with fields of these names and values, as text: a name may be there twice.
fn object(names: &'static [&str], values: &'static [&str]) -> impl Strategy<Value = String> {
    let field = (prop::sample::select(names), prop::sample::select(values));
    let fields = prop::collection::vec(field.prop_map(|(name, value)| format!(r#""{name}":{value}"#)), 0..4);
    fields.prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// A row of members: most of them plain, the others odd in any way.
fn row() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &["owner", "admin", "member", "mem\\u0062er", "joined_time", "observer", ""];
    const VALUES: &[&str] = &[
        r#""u1""#,
        r#""u\u00e9\n""#,
        r#""""#,
        "null",
        "17",
        r#""17""#,
        "-1",
        "1.5",
        "1e400",
        "18446744073709551615",
        "{}",
    ];
    prop_oneof![
        4 => (prop::sample::select(&["owner", "admin", "member"][..]), "[a-z0-9]{1,8}", any::<u64>())
            .prop_map(|(role, id, time)| format!(r#"{{"{role}":"{id}","joined_time":{time}}}"#)),
        2 => object(NAMES, VALUES),
        1 => prop::sample::select(VALUES).prop_map(ToOwned::to_owned),
    ]
}

/// A group, with `ROWS` in the place of its members.
fn group() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &["id", "id", "affiliations", "affiliations_count", "owner", "public", "error"];
    const VALUES: &[&str] = &[r#""g1""#, "[ROWS]", "null", "3", r#""3""#, "true", "[[ROWS]]"];
    prop_oneof![
        1 => Just(r#"{"id":"g1","affiliations":[ROWS],"affiliations_count":2,"name":"n"}"#.to_owned()),
        1 => object(NAMES, VALUES),
    ]
}

/// What an answer says is what its JSON says.
fn same_as_read_with_care<C>(body: &str) -> Result<(), TestCaseError>
where
    C: Command,
    C::Data: std::fmt::Debug + PartialEq,
{
    let read = C::from_http(Response::new(body));
    let Ok(Value::Object(mut fields)) = serde_json::from_str(body) else {
        prop_assert!(read.is_err(), "{}", body);
        return Ok(());
    };
    match (read, C::read(fields.remove("data").unwrap())) {
        (Ok(read), Ok((data, rejected))) => {
            prop_assert_eq!(&read.data, &data, "{}", body);
            let raw = |rows: &[agora_chat_rest::Rejected]| -> Vec<(usize, Value)> {
                rows.iter().map(|row| (row.index, row.raw.clone())).collect()
            };
            prop_assert_eq!(raw(&read.rejected), raw(&rejected), "{}", body);
            prop_assert_eq!(read.envelope.count, Some(1), "{}", body);
        }
        (Err(_), Err(_)) => {}
        (read, careful) => prop_assert!(false, "{}: {:?}, {:?}", body, read.is_ok(), careful.is_ok()),
    }
    Ok(())
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
