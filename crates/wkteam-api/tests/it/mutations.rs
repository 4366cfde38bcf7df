//! What becomes of an answer in which one thing is wrong. The snapshot is the table of resulting errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Response;
use serde_json::{Value, json};
use wkteam_api::get_chat_room_member::Request;
use wkteam_api::{Command, Error};

use crate::cases::{self, Case, for_endpoint};

fn read<C: Command>(body: &[u8]) -> String {
    match C::from_http(Response::new(body)) {
        Ok(answer) => match answer.rejected.as_slice() {
            [] => "ok".to_owned(),
            rejected => format!("ok, {} rejected: {}", rejected.len(), rejected[0].reason),
        },
        Err(error) => cases::kind(&error),
    }
}

/// Every place in the envelope and in the first row.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(format!("{place}/{name}"));
                places(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            found.push(format!("{place}/0"));
            places(&values[0], &format!("{place}/0"), found);
        }
        _ => {}
    }
}

#[test]
fn one_field_at_a_time() {
    let mut table = String::new();
    for name in [
        "getChatRoomMember__recorded_2025",
        "getChatRoomMember__seed_nested",
        "getAddressList__sample",
        "getChatRoomInfo__recorded_2025",
        "getChatRoomMemberInfo__recorded_2025",
        "getContact__two",
        "initAddressList__ok",
        "isOnline__online",
        "member_login__recorded_2025",
        "queryLoginWx__recorded",
    ] {
        let case = cases::named(name);
        for_endpoint!(case, (&case, &mut table), sweep);
    }
    insta::assert_snapshot!(table);
}

fn sweep<C: Command>(case: &Case, table: &mut String) {
    let sample: Value = serde_json::from_slice(case.exchanges[0].1.body()).unwrap();
    let mut found = Vec::new();
    places(&sample, "", &mut found);
    for place in found {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut outcomes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (what, value) in [
            ("null", Some(Value::Null)),
            ("missing", None),
            ("number", Some(json!(7))),
            ("negative", Some(json!(-7))),
            ("float", Some(json!(0.5))),
            ("huge", Some(json!(u64::MAX))),
            ("word", Some(json!("word"))),
            ("digits", Some(json!("7"))),
            ("empty", Some(json!(""))),
            ("true", Some(json!(true))),
            ("list", Some(json!([]))),
            ("object", Some(json!({}))),
        ] {
            let mut mutant = sample.clone();
            match (mutant.pointer_mut(parent).unwrap(), value) {
                (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
                (Value::Object(fields), None) => drop(fields.remove(name)),
                (Value::Array(values), Some(value)) => values[0] = value,
                (Value::Array(values), None) => drop(values.remove(0)),
                _ => unreachable!(),
            }
            outcomes.entry(read::<C>(mutant.to_string().as_bytes())).or_default().push(what);
        }
        writeln!(table, "{} {place}", case.name()).unwrap();
        for (outcome, what) in outcomes {
            writeln!(table, "    {}: {outcome}", what.join(" ")).unwrap();
        }
    }
}

#[test]
fn a_cut_body_is_never_a_shorter_list() {
    let body = cases::named("getChatRoomMember__recorded_2025").exchanges.remove(0).1.into_body();
    for end in 0..body.len() {
        let error = Request::from_http(Response::new(&body[..end])).unwrap_err();
        assert!(error.is_retryable(), "byte {end}: the rest may come with the next try: {error}");
    }
}

#[test]
fn no_error_of_any_endpoint_is_an_answer() {
    for case in &cases::all() {
        for_endpoint!(case, refuses);
    }
}

fn refuses<C: Command>(case: &Case) {
    let refusals = [
        json!({"message": "失败", "code": "1001", "data": null}),
        json!({"message": "失败", "code": 1001}),
        json!({"message": "失败", "code": "10001", "data": []}),
        json!({"message": "失败", "code": "1001", "data": {}}),
        json!({"message": "成功", "code": "1000", "data": {"message": "失败", "code": "1001", "data": null}}),
        json!({"message": "成功", "code": "1000", "data": [{"message": "失败", "code": "1001"}]}),
        json!({"message": "成功", "code": "1000", "data": [{"msg": "失败", "code": 1001, "data": []}]}),
    ];
    for refusal in refusals {
        let outcome = C::from_http(Response::new(refusal.to_string().into_bytes()));
        let Err(Error::Api(error)) = outcome else { panic!("{}: {refusal}", case.name()) };
        assert_eq!((error.message.as_str(), error.nested), ("失败", refusal["code"] == "1000"));
    }
}

#[test]
fn deep_nesting_and_long_texts_are_harmless() {
    let deep = "[".repeat(100_000);
    assert!(matches!(Request::from_http(Response::new(deep.as_bytes())), Err(Error::Decode(_))));
    let long = format!(r#"{{"code":"1001","message":"{}"}}"#, "张".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(error.to_string().len() < 2_000);
    let long = format!(r#"{{"code":"{}","message":""}}"#, "9".repeat(1_000_000));
    let error = Request::from_http(Response::new(long.as_bytes())).unwrap_err();
    assert!(format!("{error} {error:?}").len() < 2_000);
}

#[test]
fn an_odd_optional_field_stays_as_it_came_and_so_does_its_row() {
    let odd = [json!(7), json!(-7), json!(0.5), json!(true), json!([]), json!({}), json!("word")];
    let fields = [
        "chatRoomId",
        "nickName",
        "displayName",
        "inviterUserName",
        "isManage",
        "bigHeadImgUrl",
        "smallHeadImgUrl",
        "chatRoomMemberFlag",
    ];
    for (field, odd) in fields.iter().flat_map(|field| odd.iter().map(move |odd| (field, odd))) {
        let body = json!({"code": "1000", "message": [], "data": [{"userName": "a"}, {"userName": "b", *field: odd, "sex": 1}]});
        let answer = Request::from_http(Response::new(body.to_string().into_bytes())).unwrap();
        assert_eq!((answer.data.len(), answer.rejected.len()), (2, 0), "{field} {odd}");
        let member = serde_json::to_value(&answer.data[1]).unwrap();
        if !["isManage", "chatRoomMemberFlag"].contains(field) {
            assert_eq!(&member[field], odd, "{field}");
        }
        assert_eq!((&member["userName"], &member["sex"]), (&json!("b"), &json!(1)));
        assert_eq!(answer.extra["message"], json!([]));
    }
    // Several at once; and in the description of a group, whose members keep their names.
    let body = json!({"code": "1000", "data": [{"userName": "a", "nickName": 1, "displayName": [], "isManage": {}}]});
    let answer = Request::from_http(Response::new(body.to_string().into_bytes())).unwrap();
    assert_eq!(serde_json::to_value(&answer).unwrap(), body);
    let body = json!({"code": "1000", "data": [{"chatRoomId": "1@chatroom", "memberCount": -1, "notify": "x",
        "chatRoomMembers": [{"userName": "a", "nickName": 7}, {"userName": "b"}]}]});
    let answer =
        wkteam_api::get_chat_room_info::Request::from_http(Response::new(body.to_string().into_bytes())).unwrap();
    assert_eq!(answer.data[0].chat_room_members.as_ref().unwrap().len(), 2);
    assert_eq!(serde_json::to_value(&answer).unwrap(), body);
    let body = json!({"code": "1000", "data": {"Authorization": "t", "callbackUrl": 7}});
    let answer = wkteam_api::member_login::Request::from_http(Response::new(body.to_string().into_bytes())).unwrap();
    assert_eq!(answer.data.extra["callbackUrl"], 7);
    // Whether the account is frozen is not for guessing.
    let body = json!({"code": "1000", "data": {"Authorization": "t", "status": "frozen"}});
    wkteam_api::member_login::Request::from_http(Response::new(body.to_string().into_bytes())).unwrap_err();
}

#[test]
fn an_address_book_that_is_not_given_is_not_an_empty_one() {
    use wkteam_api::get_address_list::Request;
    let read =
        |data: Value| Request::from_http(Response::new(json!({"code": "1000", "data": data}).to_string().into_bytes()));
    for nothing in [
        json!(null),
        json!({}),
        json!({"chatrooms": null, "friends": null, "ghs": null, "others": null}),
        json!({"chatrooms": null}),
        json!({"openims": []}),
        json!({"chatrooms": "none"}),
        json!([]),
    ] {
        let error = read(nothing.clone()).unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{nothing}: {error}");
    }
    // A kind that is odd takes no other with it, and is not an empty one either.
    let book = read(json!({"chatrooms": ["1@chatroom"], "friends": 7, "ghs": [7]})).unwrap().data;
    assert_eq!((book.chatrooms.unwrap().len(), book.friends, book.ghs), (1, None, None));
    assert_eq!((&book.extra["friends"], &book.extra["ghs"]), (&json!(7), &json!([7])));
}

#[test]
fn online_is_read_in_every_spelling_and_never_guessed() {
    use wkteam_api::is_online::Request;
    let read =
        |data: Value| Request::from_http(Response::new(json!({"code": "1000", "data": data}).to_string().into_bytes()));
    for (spelt, online) in [(json!(true), true), (json!("true"), true), (json!(1), true), (json!("0"), false)] {
        assert_eq!(read(json!({"isOnline": spelt})).unwrap().data.is_online, online);
    }
    for spelt in [json!(null), json!(""), json!("yes"), json!(2), json!([])] {
        read(json!({"isOnline": spelt})).unwrap_err();
    }
}
