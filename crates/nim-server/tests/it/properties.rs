//! What holds for everything: decoding of any bytes, forms, URLs, limits.

use http::Response;
use nim_server::*;
use proptest::prelude::*;

type Page = chatroom_members_by_page::Request;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        let _ = Page::from_http(Response::new(&bytes));
        let _ = Page::from_http(Response::new(text.as_bytes()));
        let _ = team_query_detail::Request::from_http(Response::new(&bytes));
        let _ = text.parse::<BaseUrl>();
        let _ = text.parse::<Region>();
        let _ = Credentials::new(text.as_str(), text.as_str());
    }

    #[test]
    fn a_damaged_page_never_panics(at in 0..2_000_usize, byte in any::<u8>(), cut in 0..2_000_usize) {
        let row = r#"{"accid":"a","type":"COMMON","enterTime":1,"onlineStat":true,"avator":null}"#;
        let mut bytes = format!(r#"{{"desc":{{"data":[{row},{row}]}},"code":200}}"#).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let _ = Page::from_http(Response::new(&bytes));
        let _ = chatroom_get_batch::Request::from_http(Response::new(&bytes));
    }

    #[test]
    fn every_account_travels_whole(accids in proptest::collection::vec("[^\\s\\p{Cc}]{1,30}", 1..5), tag in "[^\\s\\p{Cc}]{1,30}") {
        let decode = |form: Form| -> Vec<(String, String)> {
            let fields = form.as_str().split('&').map(|field| field.split_once('=').unwrap());
            let text = |value: &str| percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned();
            fields.map(|(name, value)| (name.to_owned(), text(value))).collect()
        };
        let fields = decode(chatroom_query_members::Request::new(5, accids.clone()).form());
        prop_assert_eq!(&fields[0], &("roomid".to_owned(), "5".to_owned()));
        prop_assert_eq!(serde_json::from_str::<Vec<String>>(&fields[1].1).unwrap(), accids);
        let fields = decode(chatroom_tag_members_query::Request::new(5, &tag).form());
        prop_assert_eq!(&fields[1].1, &tag);
        prop_assert_eq!(&fields[2], &("endTime".to_owned(), "0".to_owned()));
    }

    #[test]
    fn words_come_back_as_they_were(word in "[A-Z_]{1,20}") {
        let role = Role::from(word.as_str());
        prop_assert_eq!(serde_json::to_value(&role).unwrap(), serde_json::json!(word));
        prop_assert_eq!(serde_json::from_value::<Role>(serde_json::json!(word)).unwrap(), role);
    }
}

#[test]
fn base_urls_are_refused_with_the_reason() {
    let texts = [
        "",
        "api.yunxinapi.com",
        "ftp://host",
        "https://",
        "https:///nimserver",
        "http://api.yunxinapi.com/nimserver",
        "HTTP://api.yunxinapi.com/nimserver",
        "https://user:PLANTED@host",
        "https://host?checksum=PLANTED",
        "https://host/#x",
        "https://ho st",
        "https://host:0",
        "https://host:65536",
        "https://host:",
        "https://host:x",
        "https://host/a/../b",
        "http://10.0.0.1",
        "http://localhost.example",
    ];
    let refusals: Vec<String> = texts.iter().map(|text| text.parse::<BaseUrl>().unwrap_err().to_string()).collect();
    assert!(!refusals.concat().contains("PLANTED"));
    insta::assert_snapshot!(refusals.join("\n"));
    for (fine, text) in [
        ("https://api.netease.im/nimserver/", "https://api.netease.im/nimserver"),
        ("HTTPS://api.netease.im:443/nimserver", "https://api.netease.im:443/nimserver"),
        ("http://127.0.0.1:8080/nimserver", "http://127.0.0.1:8080/nimserver"),
        ("Http://[::1]:80", "http://[::1]:80"),
        ("http://localhost:65535/nimserver", "http://localhost:65535/nimserver"),
    ] {
        assert_eq!(fine.parse::<BaseUrl>().unwrap().as_str(), text);
    }
}

#[test]
fn requests_that_the_api_would_refuse_are_refused_first() {
    fn check<C: Command>(request: &C) -> String {
        request.validate().unwrap_err().to_string()
    }
    let page = |limit, endtime| Page { limit, endtime, ..Page::new(1, MemberType::Temporary) };
    let roles = chatroom_query_members_by_role::Roles { creator: Some(false), ..Default::default() };
    let tlists = |limit, timetag, reverse| superteam_get_tlists::Request {
        limit,
        reverse,
        ..superteam_get_tlists::Request::new(1, timetag)
    };
    let refusals = [
        check(&Page::new(0, MemberType::Fixed)),
        check(&Page::new(u64::MAX, MemberType::Fixed)),
        check(&page(0, 0)),
        check(&page(101, 0)),
        check(&page(100, -1)),
        check(&chatroom_query_members_by_role::Request::new(1, roles)),
        check(&chatroom_query_members::Request::new(1, Vec::<String>::new())),
        check(&chatroom_query_members::Request::new(1, (0..201).map(|n| n.to_string()))),
        check(&chatroom_query_members::Request::new(1, [""])),
        check(&chatroom_get_batch::Request::new(1..=21)),
        check(&chatroom_get_batch::Request::new([])),
        check(&chatroom_query_user_room_ids::Request::new(" ")),
        check(&chatroom_tag_members_query::Request::new(1, "")),
        check(&chatroom_tag_members_count::Request::new(1, "a\nb")),
        check(&team_query::Request::new([])),
        check(&team_query::Request { ope: 2, ..team_query::Request::new([1]) }),
        check(&team_query_detail::Request::new(0)),
        check(&tlists(0, 0, None)),
        check(&tlists(1, -1, None)),
        check(&tlists(1, 0, Some(3))),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn what_the_server_answered_is_kept_in_errors_and_never_printed() {
    let refused = br#"{"code":403,"desc":"no","trace":"PLANTED"}"#;
    let long = [b"{\"code\":200,\"PLANTED\":\"".as_slice(), &[b'x'; 9_000]].concat();
    for (status, body) in [(200, refused.as_slice()), (502, b"<h1>PLANTED</h1>".as_slice()), (200, &long)] {
        let answer = Response::builder().status(status).body(body).unwrap();
        let error = Page::from_http(answer).unwrap_err();
        assert_eq!(error.body().unwrap(), &body[..body.len().min(4_096)]);
        let printed = format!("{error} {error:?} {error:#?}");
        assert!(!printed.contains("PLANTED"), "{printed}");
    }
    assert!(Error::from(Page::new(0, MemberType::Fixed).validate().unwrap_err()).body().is_none());
}

#[test]
fn teams_have_their_owner_among_their_members() {
    let body =
        r#"{"code":200,"tinfos":[{"tid":1,"owner":"o","admins":["a"],"members":["a","b"]},{"tid":2,"owner":"o"}]}"#;
    let teams = team_query::Request::from_http(Response::new(body.as_bytes())).unwrap().tinfos;
    assert_eq!(teams[0].accounts(), Some(vec!["o", "a", "b"]));
    assert_eq!(teams[1].accounts(), None);
    let body = r#"{"code":200,"tinfo":{"owner":{"accid":"o"},"admins":[{"accid":"a"}],"members":[{"accid":"a"},{"accid":"b"}]}}"#;
    let team = team_query_detail::Request::from_http(Response::new(body.as_bytes())).unwrap().tinfo;
    assert_eq!(team.everybody().iter().map(|member| member.accid.as_str()).collect::<Vec<_>>(), ["o", "a", "b"]);
}
