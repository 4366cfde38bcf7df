//! `Retry-After`, in both forms of RFC 9110.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

/// A century: as good as for ever, and can be added to any instant.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

/// How long the server asks to wait: a number of seconds, or the time from its own `Date` to the one it names.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let wish = text(header::RETRY_AFTER)?;
    if !wish.is_empty() && wish.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(LONGEST.min(Duration::from_secs(wish.parse().unwrap_or(u64::MAX))));
    }
    let (then, now) = (unix_seconds(wish)?, unix_seconds(text(header::DATE)?)?);
    Some(LONGEST.min(Duration::from_secs(then.saturating_sub(now))))
}

/// The server's own clock when it answered, in seconds since 1970-01-01 UTC, by its `Date`.
#[must_use]
pub fn server_time(headers: &HeaderMap) -> Option<u64> {
    unix_seconds(headers.get(header::DATE)?.to_str().ok()?.trim())
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
fn unix_seconds(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = date.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64;
    let year: u64 = words.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    // Years begin in March, so that the leap day is the last one.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let epoch = 1969 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400 + 306;
    Some((days - epoch) * 86_400 + hour.min(23) * 3600 + minute.min(59) * 60 + second.min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let headers = |pairs: &[(HeaderName, &str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
        };
        let date = (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after(&headers(&[(header::RETRY_AFTER, " 120 ")])), Some(Duration::from_secs(120)));
        let later = (header::RETRY_AFTER, "Sun, 06 Nov 1994 08:51:07 GMT");
        assert_eq!(retry_after(&headers(&[date.clone(), later.clone()])), Some(Duration::from_secs(90)));
        assert_eq!(retry_after(&headers(&[later])), None);
        assert_eq!(retry_after(&headers(&[date, (header::RETRY_AFTER, "soon")])), None);
    }

    #[test]
    fn absurd_wishes_are_as_good_as_for_ever() {
        let wish = |wish: &str| {
            let date = (header::DATE, "Thu, 01 Jan 1970 00:00:00 GMT".parse().unwrap());
            retry_after(&HeaderMap::from_iter([date, (header::RETRY_AFTER, wish.parse().unwrap())]))
        };
        for absurd in ["18446744073709551615", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            let read = wish(absurd).unwrap();
            assert_eq!(read, LONGEST, "{absurd}");
            let _ = std::time::Instant::now() + read + read;
        }
        for none in
            ["", "-1", "+1", "1.5", "Fri, 99 Dec 2024 23:59:59 GMT", "Fri, 31 Dec 18446744073709551615 0:0:0 GMT"]
        {
            assert_eq!(wish(none), None, "{none}");
        }
    }

    #[test]
    fn dates_count_from_1970() {
        assert_eq!(unix_seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(unix_seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(unix_seconds("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(unix_seconds("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
    }
}
