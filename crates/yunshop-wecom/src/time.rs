//! Times as this vendor writes them: seconds since 1970, the same in a string, or a local date in China.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The offset of dates that carry none, in seconds: the shop runs on Beijing time, +08:00.
pub const BEIJING: i64 = 8 * 60 * 60;

/// An instant as it came. [`unix`](Self::unix) reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Time {
    /// Seconds since 1970-01-01 UTC; 0 is never.
    Seconds(i64),
    /// A date such as `2021-06-18 15:02:51`, an ISO 8601 one, seconds in a string, or nothing.
    Text(String),
}

impl Time {
    /// Seconds since 1970-01-01 UTC. `None` for 0, "" and what is no date. Dates without an offset are in Beijing time.
    #[must_use]
    pub fn unix(&self) -> Option<i64> {
        self.unix_at(BEIJING)
    }

    /// The same on a host whose dates are `offset` seconds ahead of UTC.
    #[must_use]
    pub fn unix_at(&self, offset: i64) -> Option<i64> {
        match self {
            Self::Seconds(0) => None,
            Self::Seconds(seconds) => Some(*seconds),
            Self::Text(text) => match text.trim().parse::<i64>() {
                Ok(seconds) => Some(seconds).filter(|&seconds| seconds != 0),
                Err(_) => parse(text.trim(), offset).filter(|&seconds| seconds != 0),
            },
        }
    }

    /// For an optional field: null is none.
    pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(Self::Text(text))),
            value => {
                value.as_i64().map(|seconds| Some(Self::Seconds(seconds))).ok_or_else(|| D::Error::custom("no time"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer)?.ok_or_else(|| D::Error::custom("null where a time must be"))
    }
}

/// `YYYY-MM-DD HH:mm:ss`, with `T`, a fraction and an offset or `Z` if need be.
fn parse(text: &str, offset: i64) -> Option<i64> {
    let field = |at: usize, len: usize| -> Option<i64> {
        let digits = text.get(at..at + len)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let bytes = text.as_bytes();
    let separated = bytes.len() >= 19
        && [(4, b"-"), (7, b"-"), (13, b":"), (16, b":")].iter().all(|&(at, sign)| bytes[at] == sign[0])
        && b" T".contains(&bytes[10]);
    if !separated {
        return None;
    }
    let (year, month, day) = (field(0, 4)?, field(5, 2)?, field(8, 2)?);
    let (hour, minute, second) = (field(11, 2)?, field(14, 2)?, field(17, 2)?);
    let sane = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let rest = text.get(19..)?;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let offset = match zone {
        "" => offset,
        "Z" => 0,
        _ => {
            let (sign, digits) = zone.split_at_checked(1)?;
            let (hours, minutes) = digits.split_once(':')?;
            let seconds = u32::from(hours.parse::<u8>().ok()?) * 3_600 + u32::from(minutes.parse::<u8>().ok()?) * 60;
            match sign {
                "+" => i64::from(seconds),
                "-" => -i64::from(seconds),
                _ => return None,
            }
        }
    };
    sane.then(|| days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset)
}

/// Days from 1970-01-01, in the calendar we use now.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the day that comes and goes is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    era * 146_097 + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The way this vendor writes an instant in a filter: a date in Beijing time.
pub(crate) fn write(unix: i64) -> String {
    let local = unix.saturating_add(BEIJING);
    let (day, second) = (local.div_euclid(86_400) + 719_468, local.rem_euclid(86_400));
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (era * 400 + year, month + 3) } else { (era * 400 + year + 1, month - 9) };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::{Time, write};

    #[test]
    fn every_way_to_write_the_same_instant() {
        let texts = ["1623999771", "2021-06-18 15:02:51", "2021-06-18T07:02:51.000000Z", "2021-06-18T15:02:51+08:00"];
        for text in texts {
            assert_eq!(Time::Text(text.to_owned()).unix(), Some(1_623_999_771), "{text}");
        }
        assert_eq!(Time::Text(texts[1].to_owned()).unix_at(0), Some(1_623_999_771 + 8 * 3_600));
        assert_eq!(Time::Seconds(1_623_999_771).unix(), Some(1_623_999_771));
        assert_eq!(Time::Text("1969-12-31T23:59:59-00:30".to_owned()).unix(), Some(1_799));
    }

    #[test]
    fn never_and_nonsense_are_none() {
        let texts = [
            "",
            " ",
            "0",
            "0000-00-00 00:00:00",
            "1970-01-01 08:00:00",
            "2021-13-01 00:00:00",
            "在群",
            "2021年06月18日 15:02:51",
        ];
        for text in texts {
            assert_eq!(Time::Text(text.to_owned()).unix(), None, "{text}");
        }
        assert_eq!(Time::Seconds(0).unix(), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for unix in (-3_000_000_000_i64..6_000_000_000).step_by(86_399 * 7).filter(|&unix| unix != 0) {
            assert_eq!(Time::Text(write(unix)).unix(), Some(unix), "{}", write(unix));
        }
        assert_eq!(write(1_623_999_771), "2021-06-18 15:02:51");
    }
}
