//! Instants as the vendors give them: whole seconds, or milliseconds.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant between the years 0 and 9999, exact to the millisecond.
///
/// It is written as RFC 3339 in UTC: `2023-11-14T22:13:20Z` where it came in seconds, `2023-11-14T22:13:20.007Z` where it came
/// in milliseconds, so that nothing is said that the vendor did not say. Two that are the same instant are equal, however they came.
#[derive(Clone, Copy)]
pub struct Timestamp {
    /// Since 1970-01-01 UTC.
    millis: i64,
    /// It came in milliseconds.
    fine: bool,
}

/// 0000-01-01T00:00:00Z.
const FIRST: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z.
const LAST: i64 = 253_402_300_799_999;

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;

impl Timestamp {
    /// From seconds since 1970-01-01 UTC; `None` outside of the years 0 to 9999.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        Self::new(seconds.checked_mul(SECOND)?, false)
    }

    /// From milliseconds since 1970-01-01 UTC; `None` outside of the years 0 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        Self::new(millis, true)
    }

    fn new(millis: i64, fine: bool) -> Option<Self> {
        (FIRST..=LAST).contains(&millis).then_some(Self { millis, fine })
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.millis.div_euclid(SECOND)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.millis
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.millis == other.millis
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.millis.cmp(&other.millis)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.millis.hash(state);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.millis.div_euclid(DAY));
        let time = self.millis.rem_euclid(DAY);
        let (seconds, millis) = (time / SECOND, time % SECOND);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.fine { write!(f, ".{millis:03}Z") } else { f.write_str("Z") }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no instant as RFC 3339 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTimestamp;

impl fmt::Display for NoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no instant such as 2023-11-14T22:13:20Z")
    }
}

impl std::error::Error for NoTimestamp {}

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    /// Any RFC 3339: another offset than `Z` is taken, and what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        parse(text.as_bytes()).ok_or(NoTimestamp)
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut rest = text;
    let (year, month, day) = (digits(&mut rest, 4)?, after(&mut rest, b"-")?, after(&mut rest, b"-")?);
    let (hour, minute, second) = (after(&mut rest, b"Tt ")?, after(&mut rest, b":")?, after(&mut rest, b":")?);
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days(year, month, day);
    if date(days) != (year, month, day) {
        return None;
    }
    let (mut millis, mut fine) = (0, false);
    if let Some((b'.', fraction)) = rest.split_first() {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (mut known, behind) = (&fraction[..length.min(3)], &fraction[length..]);
        let scale = 10_i64.pow(3 - known.len() as u32);
        millis = digits(&mut known, length.clamp(1, 3))? * scale;
        (rest, fine) = (behind, true);
    }
    let offset = match rest {
        b"Z" | b"z" => 0,
        _ => {
            let sign = if rest.first() == Some(&b'-') { -1 } else { 1 };
            let (hours, minutes) = (after(&mut rest, b"+-")?, after(&mut rest, b":")?);
            if !rest.is_empty() || hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 60 + minutes) * 60
        }
    };
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Timestamp::new(seconds * SECOND + millis, fine)
}

/// Two digits behind one of these.
fn after(rest: &mut &[u8], signs: &[u8]) -> Option<i64> {
    let (sign, behind) = rest.split_first()?;
    *rest = behind;
    if signs.contains(sign) { digits(rest, 2) } else { None }
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (number, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    number.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// The day of the proleptic Gregorian calendar that is so many days after 1970-01-01. Years are counted from March here,
/// so that a leap day comes last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// The other way round. A day that the month does not have is taken for one of the next month.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::words::parsed(deserializer)
    }
}
