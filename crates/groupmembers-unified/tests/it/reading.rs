use groupmembers_unified::{Member, MutedUntil, Role, Row, Timestamp, Vendor};
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

/// Any member at all, with a row of JSON.
pub(crate) fn any_member() -> impl Strategy<Value = Member> {
    let text = || "\\PC{1,12}|[\"\\\\,\n\r]{1,4}";
    let vendor = prop_oneof![
        Just(Vendor::Tim),
        Just(Vendor::Agora),
        Just(Vendor::Nim),
        Just(Vendor::Wkteam),
        Just(Vendor::Yunshop),
        "[a-z]{9}".prop_map(Vendor::Other)
    ];
    let role = prop_oneof![Just(Role::Owner), Just(Role::Restricted), "[a-z]{9}".prop_map(Role::Other)];
    let time = || {
        (any::<bool>(), 0..253_402_300_799_i64).prop_map(|(fine, seconds)| match fine {
            true => Timestamp::from_millis(seconds).unwrap(),
            false => Timestamp::from_seconds(seconds).unwrap(),
        })
    };
    let muted = prop_oneof![Just(MutedUntil::Forever), time().prop_map(MutedUntil::At)];
    let raw = option::of(text().prop_map(|text| json!({"own": text})));
    let rest = (option::of(time()), option::of(text()), option::of(muted), option::of(any::<bool>()), raw);
    (vendor, text(), text(), option::of(text()), option::of(role), rest).prop_map(
        |(vendor, group, id, name, role, (joined_at, avatar_url, muted_until, online, raw))| {
            let mut member = Member::new(vendor, group, id);
            (member.name, member.role, member.joined_at, member.avatar_url) = (name, role, joined_at, avatar_url);
            (member.muted_until, member.online) = (muted_until, online);
            member.row = raw.map(Row::Json).unwrap_or_default();
            member
        },
    )
}

proptest! {
    #[test]
    fn json_comes_back_as_it_was(member in any_member()) {
        let line = serde_json::to_string(&member.with_raw()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Member>(&line).unwrap(), &member);
        let bare = serde_json::to_string(&member).unwrap();
        prop_assert!(!bare.contains("\"raw\":"), "raw is written where it is asked for");
        prop_assert_eq!(&serde_json::from_str::<Member>(&bare).unwrap(), &member.without_row());
        // What is read is written the same again.
        prop_assert_eq!(serde_json::to_string(&serde_json::from_str::<Member>(&bare).unwrap()).unwrap(), bare);
    }

    #[test]
    fn csv_comes_back_as_it_was(member in any_member()) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(Member::COLUMNS.iter().copied().chain(["raw"])).unwrap();
        let raw = if member.row.is_none() { String::new() } else { member.row.to_json().to_string() };
        writer.write_record(member.fields().iter().map(|field| field.as_ref()).chain([raw.as_str()])).unwrap();
        let written = writer.into_inner().unwrap();

        let mut reader = csv::Reader::from_reader(written.as_slice());
        let header = reader.headers().unwrap().clone();
        let record = reader.records().next().unwrap().unwrap();
        prop_assert_eq!(&Member::from_columns(header.iter().zip(record.iter())).unwrap(), &member);
        // Through serde as well, where `raw` is a text.
        let mut reader = csv::Reader::from_reader(written.as_slice());
        let read: Member = reader.deserialize().next().unwrap().unwrap();
        prop_assert_eq!(read.without_row(), member.without_row());
    }
}

#[test]
fn a_line_of_the_program_is_a_member() {
    let line = r#"{"vendor":"nim","group":"66","id":"a","name":null,"role":"elder","joined_at":"2023-11-14T22:13:20.007Z","avatar_url":null,"muted_until":"forever","online":true,"later":1}"#;
    let member: Member = serde_json::from_str(line).unwrap();
    assert_eq!((&member.vendor, &member.role), (&Vendor::Nim, &Some(Role::Other("elder".to_owned()))));
    assert_eq!((member.muted_until, member.online), (Some(MutedUntil::Forever), Some(true)));
    assert_eq!(serde_json::to_string(&member).unwrap() + "\n", line.replace(",\"later\":1", "") + "\n");
    // What is missing is null; without an id it is nobody.
    assert_eq!(
        serde_json::from_str::<Member>(r#"{"vendor":"tim","group":"g","id":"a"}"#).unwrap(),
        Member::new(Vendor::Tim, "g", "a")
    );
    assert!(serde_json::from_str::<Member>(r#"{"vendor":"tim","group":"g"}"#).is_err());
}

#[test]
fn a_row_of_csv_that_is_no_member_is_refused_without_a_word_of_it() {
    let row =
        |columns: &[(&str, &str)]| Member::from_columns(columns.iter().copied()).map_err(|error| error.to_string());
    let bare = [("vendor", "tim"), ("group", "g"), ("id", "a")];
    assert_eq!(row(&bare), Ok(Member::new(Vendor::Tim, "g", "a")));
    for (column, value, why) in [
        ("id", "", "id is empty or missing"),
        ("joined_at", "soon: 张三", "joined_at is no instant"),
        ("muted_until", "张三", "muted_until is no instant and not forever"),
        ("online", "张三", "online is neither true nor false"),
        ("raw", "{张三", "raw is no JSON"),
        ("张三", "x", "there is a column that no member has"),
    ] {
        let columns: Vec<_> =
            bare.iter().copied().filter(|(name, _)| *name != column).chain([(column, value)]).collect();
        assert_eq!(row(&columns), Err(why.to_owned()));
    }
}
