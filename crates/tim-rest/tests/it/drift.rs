//! Answers that are not quite what is documented: damaged texts, values of other types. Nobody is lost for them, and
//! nothing is made up.

use std::time::{Duration, Instant};

use http::Response;
use proptest::prelude::*;
use serde_json::{Value, json};
use tim_rest::get_group_member_info::{Member, Request, Response as Page};
use tim_rest::{ApiErrorKind, Command, Error, MuteUntil, Paged};

fn read(body: impl AsRef<[u8]>) -> Result<Page, Error> {
    Request::from_http(Response::new(body))
}

/// A page of three in which `name` stands, quotes and all, for the second one's name.
fn page_with(name: &[u8]) -> Vec<u8> {
    let (before, after) = (
        br#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"MemberNum":3,"MemberList":[{"Member_Account":"a","NameCard":"\ud83d\ude00"},{"Member_Account":"b","NameCard":"#,
        br#"},{"Member_Account":"c","NameCard":"\\ud83d \"\n\u5f20"}]}"#,
    );
    [before, name, after].concat()
}

#[test]
fn a_damaged_text_costs_no_more_than_itself() {
    for (sent, read_as) in [
        (&b"\"\xe5\xbc\xa0\xe4\xb8\""[..], "张\u{fffd}"),
        (b"\"\xff\xfe\"", "\u{fffd}\u{fffd}"),
        (br#""A\ud83d""#, "A\u{fffd}"),
        (br#""\ude00B""#, "\u{fffd}B"),
        (br#""\ud83d\u5f20""#, "\u{fffd}张"),
        (br#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (br#""\ud83d\n\\""#, "\u{fffd}\n\\"),
        (br#""\\\ud83d\"""#, "\\\u{fffd}\""),
        (b"\"a\nb\tc\x01d\"", "a\nb\tc\u{1}d"),
    ] {
        let page = read(page_with(sent)).unwrap();
        assert!(page.envelope.repaired && page.envelope.notes.len() == 1, "{:?}", page.envelope);
        assert!(page.envelope.rejected.is_empty());
        let names: Vec<&str> = page.member_list.iter().map(|row| row.name_card.as_deref().unwrap()).collect();
        assert_eq!(names, ["😀", read_as, "\\ud83d \"\n张"]);
    }
    let page = read([b"\xef\xbb\xbf", page_with(b"\"B\"").as_slice()].concat()).unwrap();
    assert!(page.envelope.repaired);
    let page = read(page_with(b"\"B\"")).unwrap();
    assert!(!page.envelope.repaired && page.envelope.notes.is_empty(), "there was nothing to repair");
}

#[test]
fn repairing_makes_no_answer_of_what_is_none() {
    for broken in [&b"\"B"[..], b"\"B\"\"", b"B", b"\"\\x\"", b"\"\\u12\"", b"\"\\\"", b"\"B\"}]}{"] {
        assert!(matches!(read(page_with(broken)), Err(Error::Decode(_))), "{}", String::from_utf8_lossy(broken));
    }
    // A refusal with a damaged text is a refusal.
    let refusal = b"{\"ActionStatus\":\"FAIL\",\"ErrorCode\":60007,\"ErrorInfo\":\"\xe5\xbc\"}";
    assert_eq!(read(refusal).unwrap_err().api().unwrap().kind, ApiErrorKind::Throttled);
}

#[test]
fn a_damaged_body_that_is_cut_off_is_an_error() {
    for damaged in [page_with(b"\"\xe5\xbc\""), page_with(b"\"a\nb\""), page_with(br#""\ud83d""#)] {
        for end in 0..damaged.len() {
            let error = read(&damaged[..end]).unwrap_err();
            assert!(error.is_retryable(), "{end}: {error}");
        }
    }
}

#[test]
fn a_damaged_stretch_is_not_mended() {
    // From within one name to within the next one: read as text, the two rows would be one.
    for damage in [b"\0".as_slice(), b"\xff"] {
        let body = [
            b"{\"ActionStatus\":\"OK\",\"ErrorCode\":0,\"MemberList\":[{\"Member_Account\":\"a\",\"NameCard\":\"x"
                .as_slice(),
            &damage.repeat(50),
            b"y\"}]}",
        ]
        .concat();
        assert!(matches!(read(&body), Err(Error::Decode(_))));
    }
}

#[test]
fn an_account_that_lost_bytes_is_nobodys() {
    // As long as both were whole they were two.
    let page = read(b"{\"ActionStatus\":\"OK\",\"ErrorCode\":0,\"MemberList\":[{\"Member_Account\":\"x\xe5\"},{\"Member_Account\":\"x\xe6\"},{\"Member_Account\":\"y\"}]}").unwrap();
    assert_eq!(page.member_list.len(), 1);
    let places: Vec<_> = page.envelope.rejected.iter().map(|row| (row.index, row.reason.as_str())).collect();
    assert_eq!(places, [(0, "Member_Account was damaged on its way"), (1, "Member_Account was damaged on its way")]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_a_name_leave_its_neighbours_alone(name in proptest::collection::vec(any::<u8>(), 0..40)) {
        prop_assume!(!name.iter().any(|byte| b"\"\\".contains(byte)));
        let read = read(page_with(&[b"\"", name.as_slice(), b"\""].concat()));
        let lossy = String::from_utf8_lossy(&name);
        // Where a stretch is damaged, the end of one row and the beginning of another may be in it.
        let stretch = name.contains(&0) || lossy.contains("\u{fffd}\u{fffd}");
        if stretch && read.is_err() {
            return Ok(());
        }
        let page = read.unwrap();
        let accounts: Vec<&str> = page.member_list.iter().map(|row| row.member_account.as_str()).collect();
        prop_assert_eq!(accounts, ["a", "b", "c"]);
        prop_assert_eq!(page.member_list[1].name_card.as_deref(), Some(&*lossy));
    }
}

#[test]
fn an_odd_optional_field_is_none_and_kept_as_it_came() {
    let odd = json!([-1, 0.5, 1_700_000_000.0, true, [], [1], {}, {"a": 1}, "", "x", 7, [{"Key": 1}]]);
    for name in ["Role", "JoinTime", "MsgSeq", "MsgFlag", "LastSendMsgTime", "MuteUntil", "ShutUpUntil", "NameCard"]
        .into_iter()
        .chain(["OnlineStatus", "AppMemberDefinedData"])
    {
        for value in odd.as_array().unwrap() {
            let body =
                json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberList": [{"Member_Account": "a", name: value}]});
            let page = read(body.to_string()).unwrap();
            let row = &page.member_list[0];
            let kept = row.extra.get(name);
            let is_number = ["JoinTime", "MsgSeq", "LastSendMsgTime", "MuteUntil", "ShutUpUntil"].contains(&name);
            if is_number && *value == json!("") {
                assert_eq!(
                    serde_json::to_value(row).unwrap(),
                    json!({"Member_Account": "a"}),
                    "as if it were not there"
                );
                continue;
            }
            // A field is either understood or kept: nothing else comes back under its name.
            let back = serde_json::to_value(row).unwrap();
            let (new, old) = (back.get(name), back.get("MuteUntil"));
            assert_eq!(new.or(old.filter(|_| name == "ShutUpUntil")), Some(value), "{name}");
            assert_eq!(kept.is_some(), !page.envelope.notes.is_empty() || name == "ShutUpUntil" && kept.is_some());
            // A walk that was saved is taken up again with the same row.
            assert_eq!(serde_json::from_value::<Member>(back).unwrap(), *row, "{name} {value}");
        }
    }
}

#[test]
fn odd_fields_are_counted_in_the_notes_and_not_shown() {
    let rows = [
        json!({"Member_Account": "a", "JoinTime": "PLANTED", "Role": 1}),
        json!({"Member_Account": "b", "JoinTime": []}),
    ];
    let body = json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberNum": -1, "MemberList": rows});
    let page = read(body.to_string()).unwrap();
    assert_eq!(page.member_num, None);
    assert_eq!(page.envelope.extra["MemberNum"], json!(-1));
    assert_eq!(
        page.envelope.notes,
        [
            "MemberNum is odd: left out, and kept as it came in `extra`",
            "Role of 1 rows is odd: left out, and kept as it came in `extra`",
            "JoinTime of 2 rows is odd: left out, and kept as it came in `extra`",
        ]
    );
}

#[test]
fn a_new_name_counts_more_than_an_old_one() {
    for (row, mute) in [
        (json!({"ShutUpUntil": 1, "MuteUntil": 2}), Some(MuteUntil::Until(2))),
        (json!({"MuteUntil": 2, "ShutUpUntil": 1}), Some(MuteUntil::Until(2))),
        (json!({"MuteUntil": null, "ShutUpUntil": 1}), Some(MuteUntil::Until(1))),
        (json!({"MuteUntil": [], "ShutUpUntil": 1}), None),
    ] {
        let mut row = row;
        row["Member_Account"] = json!("a");
        assert_eq!(serde_json::from_value::<Member>(row).unwrap().mute_until, mute);
    }
}

#[test]
fn a_number_is_as_good_a_cursor_and_anything_else_is_no_end() {
    let after = |next: &Value| {
        let body = json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberList": [{"Member_Account": "a"}], "Next": next});
        let page = read(body.to_string()).unwrap();
        assert_eq!(page.member_list.len(), 1);
        Request::community_page("g", 100, "sent").after(&page).map(|next| next.and_then(|request| request.next))
    };
    assert_eq!(after(&json!(5)), Ok(Some("5".to_owned())));
    assert_eq!(after(&json!(u64::MAX)), Ok(Some(u64::MAX.to_string())));
    for end in [json!(0), json!(""), Value::Null] {
        assert_eq!(after(&end), Ok(None));
    }
    for odd in [json!(-1), json!(0.5), json!(true), json!([]), json!({"a": 1})] {
        assert!(after(&odd).is_err(), "{odd}");
    }
    // Where the list is not read by Next, it does not matter.
    let body = json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberNum": 1, "MemberList": [{"Member_Account": "a"}], "Next": []});
    assert_eq!(Request::page("g", 1, 0).after(&read(body.to_string()).unwrap()), Ok(None));
}

#[test]
fn odd_numeric_cursors_are_no_end_either() {
    fn after<C: Paged>(request: &C, body: &Value) -> bool {
        let page = C::from_http(Response::new(body.to_string())).unwrap();
        request.after(&page).is_err()
    }
    use tim_rest::{get_appid_group_list, get_group_ban_member, get_members};
    let ok = |list: &str, next: &str| json!({"ActionStatus": "OK", "ErrorCode": 0, list: [], next: {}});
    assert!(after(&get_appid_group_list::Request::default(), &ok("GroupIdList", "Next")));
    assert!(after(&get_group_ban_member::Request::new("g"), &ok("BannedAccountList", "NextOffset")));
    assert!(after(&get_members::Request::new("g"), &ok("MemberList", "NextTimestamp")));
}

#[test]
fn an_error_code_is_seen_whatever_stands_beside_it() {
    for name in ["ActionStatus", "ErrorInfo", "ErrorDisplay", "RequestId"] {
        for value in [json!(7), json!({"a": 1}), json!([]), json!(true), Value::Null] {
            let mut body = json!({"ActionStatus": "FAIL", "ErrorCode": 60007, "ErrorInfo": "slow down"});
            body[name] = value;
            let error = read(body.to_string()).unwrap_err();
            assert_eq!(
                error.api().map(|error| (error.code, error.kind)),
                Some((60007, ApiErrorKind::Throttled)),
                "{body}"
            );
            // And where all is well they are no reason to say it is not, but for the word that says so.
            let mut body = json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberList": []});
            body[name] = json!({});
            assert_eq!(read(body.to_string()).is_ok(), name != "ActionStatus");
        }
    }
    // An error code that cannot be read is no success.
    for code in [json!({}), json!("x"), json!(0.0), json!([]), json!(true)] {
        let body = json!({"ActionStatus": "OK", "ErrorCode": code, "MemberList": []});
        assert!(matches!(read(body.to_string()), Err(Error::Decode(_))), "{body}");
    }
}

#[test]
fn a_bad_row_in_a_long_list_costs_no_more_than_a_second_look() {
    let row =
        |n: u32| json!({"Member_Account": if n == 7 { Value::Null } else { n.to_string().into() }, "JoinTime": n});
    let rows: Vec<Value> = (0..10_000).map(row).collect();
    let body =
        json!({"ActionStatus": "OK", "ErrorCode": 0, "MemberList": rows, "Unknown": vec![1; 20_000]}).to_string();
    let start = Instant::now();
    let page = read(body).unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(page.member_list.len(), 9_999);
    assert_eq!(
        (page.envelope.rejected[0].index, page.envelope.rejected[0].reason.as_str()),
        (7, "Member_Account is missing or null")
    );
}

#[test]
fn the_parts_of_a_batch_keep_the_places_of_their_rows() {
    let part = |first: &str| {
        read(format!(
            r#"{{"ActionStatus":"OK","ErrorCode":0,"MemberNum":-1,"MemberList":[{{"Member_Account":"{first}"}},{{}},{{"Member_Account":"z"}}]}}"#
        ))
        .unwrap()
    };
    let (mut whole, part) = (part("a"), part("\u{1}"));
    assert!(!whole.envelope.repaired && part.envelope.repaired);
    let rows = whole.member_list.len() + whole.envelope.rejected.len();
    whole.member_list.extend(part.member_list);
    whole.envelope.absorb(part.envelope, rows);
    assert_eq!(whole.envelope.rejected.iter().map(|row| row.index).collect::<Vec<_>>(), [1, 4]);
    assert!(whole.envelope.repaired);
    assert_eq!(whole.envelope.notes.len(), 2, "each once: {:?}", whole.envelope.notes);
}
