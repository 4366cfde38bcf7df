//! What holds for everything: decoding of any bytes, URLs, ids.

use http::Response;
use proptest::prelude::*;
use serde_json::json;
use wkteam_api::get_chat_room_member::Request;
use wkteam_api::{
    BaseUrl, Command, Diff, Session, Token, WId, get_chat_room_info, get_chat_room_member_info, get_contact,
};

fn session() -> Session {
    Session::new(Token::new("t").unwrap(), WId::new("w").unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        let _ = Request::from_http(Response::new(&bytes));
        let _ = Request::from_http(Response::new(text.as_bytes()));
        let _ = text.parse::<BaseUrl>();
        let _ = Token::new(text.as_str());
        let _ = Request::new(text).validate();
    }

    #[test]
    fn a_damaged_answer_never_panics(at in 0..4_000_usize, byte in any::<u8>(), cut in 0..4_000_usize) {
        let mut bytes = crate::cases::named("getChatRoomMember__seed_nested").exchanges.remove(0).1.into_body();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let _ = Request::from_http(Response::new(&bytes));
        let _ = get_chat_room_info::Request::from_http(Response::new(&bytes));
    }

    #[test]
    fn a_token_travels_as_it_is(token in "[!-~]{1,200}") {
        let Ok(token) = Token::new(token.as_str()) else { return Ok(()) };
        let session = Session::new(token.clone(), WId::new("w").unwrap());
        let request = Request::new("1@chatroom").to_http(&"http://h".parse().unwrap(), &session).unwrap();
        prop_assert_eq!(request.headers()["authorization"].as_bytes(), token.as_str().as_bytes());
    }

    #[test]
    fn no_id_can_leave_its_place(id in "[^\\p{Cc}]{1,30}") {
        let base: BaseUrl = "http://h:1/p".parse().unwrap();
        let request = Request::new(id.as_str()).to_http_unchecked(&base, &session()).unwrap();
        prop_assert_eq!(request.uri().to_string(), "http://h:1/p/getChatRoomMember");
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        prop_assert_eq!(body, json!({"wId": "w", "chatRoomId": id}));
    }

    #[test]
    fn a_difference_is_found_by_id_and_name(
        old in proptest::collection::btree_map("[a-e]{1,2}", "[x-z]?", 0..12),
        new in proptest::collection::btree_map("[a-e]{1,2}", "[x-z]?", 0..12),
    ) {
        let members = |list: &std::collections::BTreeMap<String, String>| -> Vec<wkteam_api::get_chat_room_member::Member> {
            list.iter().map(|(id, name)| serde_json::from_value(json!({"userName": id, "nickName": name})).unwrap()).collect()
        };
        let (before, after) = (members(&old), members(&new));
        let diff = Diff::between(&before, &after);
        let names = |list: &[&wkteam_api::get_chat_room_member::Member]| list.iter().map(|m| m.user_name.clone()).collect::<Vec<_>>();
        prop_assert_eq!(names(&diff.joined), new.keys().filter(|id| !old.contains_key(*id)).cloned().collect::<Vec<_>>());
        prop_assert_eq!(names(&diff.left), old.keys().filter(|id| !new.contains_key(*id)).cloned().collect::<Vec<_>>());
        let renamed: Vec<String> = diff.renamed.iter().map(|renamed| renamed.new.user_name.clone()).collect();
        let expected = new.iter().filter(|(id, name)| old.get(*id).is_some_and(|old| old != *name)).map(|(id, _)| id.clone());
        prop_assert_eq!(renamed, expected.collect::<Vec<_>>());
        prop_assert_eq!(diff.is_empty(), old == new);
    }
}

#[test]
fn base_urls_are_refused_with_the_reason() {
    let texts = [
        "",
        "121.0.0.1:9899",
        "ftp://host",
        "http://",
        "http:///x",
        "http://user:PLANTED@host",
        "http://host?token=PLANTED",
        "http://host/#x",
        "http://ho st",
        "http://host:0",
        "http://host:65536",
        "http://host:",
        "http://host:99999999999/x",
        "http://host:+80",
        "http://[::1]:0",
        "http://:80",
        "http://host\\@other",
        "http://host/a b",
        " http://host",
        "http://host\n",
    ];
    let refusals: Vec<String> = texts.iter().map(|text| text.parse::<BaseUrl>().unwrap_err().to_string()).collect();
    assert!(!refusals.concat().contains("PLANTED"));
    insta::assert_snapshot!(refusals.join("\n"));
    for (fine, url) in [
        ("http://203.0.113.7:9899", "http://203.0.113.7:9899/getChatRoomMember"),
        ("http://203.0.113.7:9899/", "http://203.0.113.7:9899/getChatRoomMember"),
        ("http://host//", "http://host/getChatRoomMember"),
        ("https://proxy.example/wk/", "https://proxy.example/wk/getChatRoomMember"),
        ("http://[::1]:80", "http://[::1]:80/getChatRoomMember"),
        ("http://[::1]", "http://[::1]/getChatRoomMember"),
        ("HTTP://Host:65535", "http://Host:65535/getChatRoomMember"),
        ("hTTps://host:1/a@b", "https://host:1/a@b/getChatRoomMember"),
    ] {
        let base: BaseUrl = fine.parse().unwrap();
        assert_eq!(Request::new("1@chatroom").to_http(&base, &session()).unwrap().uri().to_string(), url);
    }
}

#[test]
fn requests_that_the_api_would_refuse_are_refused_first() {
    fn check<C: Command>(request: &C) -> String {
        request.validate().unwrap_err().to_string()
    }
    let info = get_chat_room_member_info::Request::new;
    let many = |n: usize| (0..n).map(|n| n.to_string());
    let refusals = [
        check(&Request::new("")),
        check(&Request::new(" 1@chatroom")),
        check(&Request::new("1@chatroom\n")),
        check(&Request::new("1@chat\nroom")),
        check(&Request::new("wxid_aaaabbbbcccc11")),
        check(&Request::new("@chatroom")),
        check(&Request::new("1@chatroom,2@chatroom")),
        check(&Request::new("群张张张张张张张张张")),
        check(&info("1@chatroom", "")),
        check(&info("1@chatroom", "a,b")),
        check(&info("1@chatroom", "a，b")),
        check(&get_contact::Request::new(many(0))),
        check(&get_contact::Request::new(many(21))),
        check(&get_contact::Request::new(["a,b"])),
        check(&get_contact::Request::new([""])),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
    for fine in ["1@chatroom", "1@chatRoom", "群@CHATROOM"] {
        Request::new(fine).validate().unwrap();
    }
}

#[test]
fn who_is_missing_from_contacts_is_named() {
    let request = get_contact::Request::new(["wxid_aaaabbbbcccc11", "gone", "old_id_1"]);
    let answer = crate::cases::named("getContact__two").exchanges.remove(0).1;
    let answer = get_contact::Request::from_http(answer).unwrap();
    assert_eq!(request.missing(&answer).collect::<Vec<_>>(), ["gone"]);
}
