use groupmembers_unified::{MutedUntil, Timestamp};
use proptest::prelude::*;

proptest! {
    /// Held against a library that does nothing else.
    #[test]
    fn instants_are_written_and_read_as_jiff_does(millis in -62_167_219_200_000_i64..253_402_207_200_000) {
        let theirs = jiff::Timestamp::from_millisecond(millis).unwrap();
        let ours = Timestamp::from_millis(millis).unwrap();
        prop_assert_eq!(ours.to_string(), format!("{theirs:.3}"));
        prop_assert_eq!(ours.to_string().parse::<Timestamp>().unwrap().as_millis(), millis);
        let seconds = Timestamp::from_seconds(millis.div_euclid(1_000)).unwrap();
        prop_assert_eq!(seconds.to_string(), format!("{:.0}", jiff::Timestamp::from_second(ours.as_seconds()).unwrap()));
        prop_assert_eq!(seconds.to_string().parse::<Timestamp>().unwrap(), seconds);
    }

    #[test]
    fn no_text_is_read_otherwise_than_jiff_reads_it(text in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-5][0-9])") {
        let theirs = text.parse::<jiff::Timestamp>().ok().map(|instant| instant.as_nanosecond().div_euclid(1_000_000));
        let ours = text.parse::<Timestamp>().ok().map(|instant| i128::from(instant.as_millis()));
        if ours.is_some() {
            prop_assert_eq!(ours, theirs);
        } else {
            // Offsets beyond a day are theirs alone, and so is the last day of the last year.
            prop_assert!(theirs.is_none() || text.contains(['+', '-']), "{}", text);
        }
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in "\\PC{0,40}") {
        if let Ok(instant) = text.parse::<Timestamp>() {
            prop_assert!(instant.to_string().parse::<Timestamp>() == Ok(instant));
        }
    }
}

#[test]
fn the_ends_of_time_are_kept() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (-62_167_219_200, "0000-01-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(Timestamp::from_seconds(seconds).unwrap().to_string(), text);
    }
    for seconds in [-62_167_219_201, 253_402_300_800, i64::MAX, i64::MIN] {
        assert_eq!(Timestamp::from_seconds(seconds), None);
    }
    assert_eq!((Timestamp::from_millis(i64::MAX), Timestamp::from_millis(i64::MIN)), (None, None));
}

#[test]
fn one_instant_is_one_instant_however_it_is_written() {
    let read = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(read("2023-11-14T22:13:20Z"), read("2023-11-14T22:13:20.000Z"));
    assert_eq!(read("2023-11-15T06:13:20+08:00"), read("2023-11-14T22:13:20Z"));
    assert_eq!(read("2023-11-14T17:13:20.5-05:00").to_string(), "2023-11-14T22:13:20.500Z");
    for text in [
        "",
        "2023-11-14",
        "2023-02-29T00:00:00Z",
        "2023-11-14T24:00:00Z",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20.Z",
        "forever",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
    assert_eq!("forever".parse(), Ok(MutedUntil::Forever));
}
