//! What holds for everything: decoding of any bytes, URLs, filters.

use http::Response;
use proptest::prelude::*;
use serde_json::json;
use yunshop_wecom::get_group_members::Request;
use yunshop_wecom::{
    BaseUrl, Command, Session, Site, Time, business_list, embedded, get_group_employees, get_list, manage_business,
};

use crate::cases::{self, site};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        let _ = Request::from_http(Response::new(&bytes));
        let _ = business_list::Request::from_http(Response::new(text.as_bytes()));
        let _ = text.parse::<BaseUrl>();
        let _ = Session::of_cookie(&text);
        let _ = Time::Text(text).unix();
    }

    #[test]
    fn a_damaged_answer_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = cases::named("getGroupMembers__staff_of_the_newer_generation").exchanges.remove(0).1.into_body();
        let (at, cut) = (at.index(bytes.len()), cut.index(bytes.len()));
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut);
        let _ = Request::from_http(Response::new(&bytes));
        let _ = get_list::Request::from_http(Response::new(&bytes));
    }

    #[test]
    fn times_that_nobody_could_have_meant_are_none_or_a_time(
        (year, month, day, hour) in (0..10_000_u32, 0..99_u32, 0..99_u32, 0..99_u32), rest in ".{0,12}",
    ) {
        let _ = Time::Text(format!("{year:04}-{month:02}-{day:02} {hour:02}:00:00{rest}")).unix();
    }

    #[test]
    fn no_filter_can_leave_its_place(word in "\\PC{1,30}", id in 1..u64::MAX) {
        let request = Request { customer_kwd: Some(word.clone()), ..Request::new(id) };
        let built = request.to_http(&site("http://h:1/p"), &Session::new()).unwrap();
        prop_assert_eq!(built.uri().to_string(), "http://h:1/p/business/2/plugin/GroupDevelopUser/getGroupMembers?i=2&type=5");
        let body: serde_json::Value = serde_json::from_slice(built.body()).unwrap();
        prop_assert_eq!(body, json!({"group_id": id, "page": 1, "customer_kwd": word}));
        let named = business_list::Request { name: Some(word) };
        let built = named.to_http(&site("http://h"), &Session::new()).unwrap();
        let query = built.uri().query().unwrap().strip_prefix("i=2&type=5&name=").unwrap().to_owned();
        prop_assert!(query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{}", query);
    }
}

#[test]
fn base_urls_are_refused_with_the_reason() {
    let texts = [
        "",
        "shop.example",
        "ftp://host",
        "http://",
        "http:///x",
        "http://user:PLANTED@host",
        "http://host?session=PLANTED",
        "http://host/#x",
        "http://ho st",
        "http://host:0",
        "http://host:70000",
        "http://host:",
    ];
    let refusals: Vec<String> = texts.iter().map(|text| text.parse::<BaseUrl>().unwrap_err().to_string()).collect();
    assert!(!refusals.concat().contains("PLANTED"));
    insta::assert_snapshot!(refusals.join("\n"));
    for (fine, start) in [
        ("https://shop.example", "https://shop.example/business/2/"),
        ("HTTP://shop.example:8080/", "http://shop.example:8080/business/2/"),
        ("https://shop.example/we/7//", "https://shop.example/we/7/business/2/"),
        ("http://[::1]:80", "http://[::1]:80/business/2/"),
        ("http://[::1]", "http://[::1]/business/2/"),
    ] {
        let uri = Request::new(1).to_http(&site(fine), &Session::new()).unwrap().uri().to_string();
        assert!(uri.starts_with(start), "{uri}");
    }
    assert!(Site::new("http://h".parse().unwrap(), 0).is_err());
}

#[test]
fn requests_that_the_server_would_misread_are_refused_first() {
    let mut tenant = Request::new(1);
    tenant.extra.insert("uniacid".to_owned(), json!(3));
    let half = Request { start_time: Some("2021-06-18 00:00:00".to_owned()), ..Request::new(1) };
    let refusals = [
        Request::new(0).validate().unwrap_err(),
        Request::new(1).page(0).validate().unwrap_err(),
        tenant.validate().unwrap_err(),
        half.validate().unwrap_err(),
        get_group_employees::Request::new(0).validate().unwrap_err(),
        get_list::Request::new().page(0).validate().unwrap_err(),
        manage_business::Request::new(0).validate().unwrap_err(),
    ];
    insta::assert_snapshot!(refusals.map(|error| error.to_string()).join("\n"));
}

#[test]
fn filters_are_written_as_the_vendors_own_page_writes_them() {
    let request = Request::new(7).joined_between(1_623_945_600, 1_624_032_000);
    assert_eq!(request.start_time.as_deref(), Some("2021-06-18 00:00:00"));
    assert_eq!(request.end_time.as_deref(), Some("2021-06-19 00:00:00"));
}

#[test]
fn the_seed_reads_as_it_is_meant() {
    let answer = cases::named("getGroupMembers__seed_list").exchanges.remove(0).1;
    let list = Request::from_http(answer).unwrap().data.list.unwrap();
    let member = &list.data[0];
    assert_eq!((member.name(), member.joined(), member.has_left()), (Some("张三"), Some(1_623_999_771), false));
    assert_eq!(member.join_time_str.as_ref().unwrap().unix(), member.joined(), "the same instant as a date");
    let customer = member.has_one_customer.as_ref().unwrap();
    let account = customer.has_one_member.as_ref().unwrap();
    let instants = [&customer.created_at, &member.customer_member_createtime, &account.createtime];
    assert!(instants.iter().all(|time| time.as_ref().unwrap().unix() == Some(1_633_661_772)), "three encodings");
    let staff = member.has_one_invitor.as_ref().unwrap();
    assert_eq!((staff.enterprise(), staff.id_in_wecom()), (Some(1), Some("ZhangSan")));
    assert_eq!(embedded(staff.extattr.as_ref().unwrap()).unwrap(), Some(json!({"attrs": []})));
    assert_eq!(embedded(staff.external_profile.as_ref().unwrap()).unwrap(), None);
    embedded(&json!("{\"attrs \":")).unwrap_err();
    let newer = cases::named("getGroupMembers__staff_of_the_newer_generation").exchanges.remove(0).1;
    let list = Request::from_http(newer).unwrap().data.list.unwrap();
    let staff = list.data[0].has_one_invitor.as_ref().unwrap();
    assert_eq!((staff.enterprise(), staff.id_in_wecom()), (Some(1), Some("LiSi")));
    assert_eq!(staff.picture(), Some("https://wework.qpic.cn/wwpic/AAAA/0"));
}
