//! What holds for everything: signing and verifying, decoding of any bytes, URLs.

use http::Response;
use proptest::prelude::*;
use tim_rest::usersig::{Claims, Refusal};
use tim_rest::{BaseUrl, Command, Credentials, MuteUntil, Region, UserSig, get_group_member_info};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        app in 1..u32::MAX,
        identifier in "[^\\s\\p{Cc}]{1,40}",
        key in "[!-~]{1,80}",
        now in 0..4_000_000_000_u64,
        expire in 1..1_000_000_000_u64,
        userbuf in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
    ) {
        let credentials = Credentials::new(app, &identifier, &key).unwrap();
        let sig = UserSig::sign_for(app, credentials.secret_key(), &identifier, now, expire, userbuf.as_deref()).unwrap();
        let claims = Claims::decode(sig.as_str()).unwrap();
        prop_assert_eq!(claims.verify(&credentials, now + expire), Ok(()));
        prop_assert_eq!(claims.verify(&credentials, now + expire + 1), Err(Refusal::Expired { at: now + expire }));
        prop_assert_eq!(claims.userbuf(), userbuf);
        let other = Credentials::new(app, &identifier, format!("{key}x")).unwrap();
        prop_assert_eq!(claims.verify(&other, now), Err(Refusal::WrongKey));
    }

    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        let _ = get_group_member_info::Request::from_http(Response::new(&bytes));
        let _ = get_group_member_info::Request::from_http(Response::new(text.as_bytes()));
        let _ = Claims::decode(&text);
        let _ = tim_rest::userbuf::PrivateMapKey::decode(&bytes);
        let _ = text.parse::<BaseUrl>();
    }

    #[test]
    fn a_damaged_page_never_panics(at in 0..2_000_usize, byte in any::<u8>(), cut in 0..2_000_usize) {
        let row = r#"{"Member_Account":"a","Role":"Member","JoinTime":1,"AppMemberDefinedData":[{"Key":"k","Value":"v"}]}"#;
        let page = format!(r#"{{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"MemberNum":2,"MemberList":[{row},{row}],"Next":""}}"#);
        let mut bytes = page.into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let _ = get_group_member_info::Request::from_http(Response::new(&bytes));
    }

    #[test]
    fn every_identifier_travels_whole(identifier in "[^\\s\\p{Cc}]{1,30}") {
        let credentials = Credentials::new(1, &identifier, "key").unwrap();
        let sig = UserSig::sign(&credentials, 0, 60).unwrap();
        let request = get_group_member_info::Request::everyone("@TGS#1").to_http(&Region::China.base_url(), &sig, 0).unwrap();
        let query = request.uri().query().unwrap();
        let sent = query.split('&').find_map(|pair| pair.strip_prefix("identifier=")).unwrap();
        let decoded = percent_encoding::percent_decode_str(sent).decode_utf8().unwrap();
        prop_assert_eq!(decoded, identifier);
    }

    #[test]
    fn mutes_come_back_as_they_were(seconds in any::<u64>()) {
        prop_assert_eq!(u64::from(MuteUntil::from(seconds)), seconds);
    }
}

#[test]
fn base_urls_are_refused_with_the_reason() {
    let texts = [
        "",
        "console.tim.qq.com",
        "ftp://host",
        "https://",
        "https:///v4",
        "http://console.tim.qq.com",
        "https://user:PLANTED@host",
        "https://host?usersig=PLANTED",
        "https://host/#x",
        "https://ho st",
        "http://10.0.0.1",
        "http://localhost.example",
        "HTTP://console.tim.qq.com",
        "https://host:0",
        "https://host:65536",
        "https://host:99999999999999999999",
        "https://host:",
        "https://host:x",
        "http://[::1]:99999",
        "https://host/v4",
        "https://host:1/prefix/V4//",
        "https:///host",
    ];
    let refusals: Vec<String> = texts.iter().map(|text| text.parse::<BaseUrl>().unwrap_err().to_string()).collect();
    assert!(!refusals.concat().contains("PLANTED"));
    insta::assert_snapshot!(refusals.join("\n"));
    for (fine, kept) in [
        ("https://console.tim.qq.com/", "https://console.tim.qq.com"),
        ("HTTPS://console.tim.qq.com:65535//", "https://console.tim.qq.com:65535"),
        ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("http://LOCALHOST:1/prefix/", "http://LOCALHOST:1/prefix"),
        ("https://host/v4/prefix", "https://host/v4/prefix"),
    ] {
        assert_eq!(fine.parse::<BaseUrl>().unwrap().as_str(), kept);
    }
}

#[test]
fn requests_that_the_api_would_refuse_are_refused_first() {
    use tim_rest::*;
    fn check<C: Command>(request: &C) -> String {
        request.validate().unwrap_err().to_string()
    }
    let many = |n: usize| (0..n).map(|n| n.to_string());
    let page = get_group_member_info::Request::page;
    let refusals = [
        check(&get_group_member_info::Request::everyone("")),
        check(&get_group_member_info::Request::everyone(" @TGS#1")),
        check(&get_group_member_info::Request::everyone("@TGS#1\n")),
        check(&page("g", 0, 0)),
        check(&page("g", 201, 0)),
        check(&get_group_member_info::Request::community_page("g", 101, "")),
        check(&get_group_member_info::Request { next: Some(String::new()), ..page("g", 100, 0) }),
        check(&get_specified_group_member_info::Request::new("g", many(0))),
        check(&get_specified_group_member_info::Request::new("g", many(51))),
        check(&get_role_in_group::Request::new("g", many(501))),
        check(&get_role_in_group::Request::new("g", [""])),
        check(&get_group_info::Request::new(many(51))),
        check(&get_joined_group_list::Request::new("")),
        check(&get_appid_group_list::Request { limit: Some(10_001), ..Default::default() }),
        check(&get_group_ban_member::Request { limit: Some(0), ..get_group_ban_member::Request::new("g") }),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}
