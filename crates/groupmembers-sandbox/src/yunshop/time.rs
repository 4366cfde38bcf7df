//! Times as the host prints them: in its own zone, UTC+8, without saying so.

const OFFSET: i64 = 8 * 3600;

fn civil(seconds: i64) -> [i64; 6] {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, in eras of 400 years: leap days then come last.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let date = day_of_year - (153 * shifted + 2) / 5 + 1;
    let year = year + era * 400 + i64::from(month <= 2);
    [year, month, date, rest / 3600, rest / 60 % 60, rest % 60]
}

/// `YYYY-MM-DD HH:mm:ss`, local.
pub(crate) fn local(unix: u32) -> String {
    let [year, month, date, hour, minute, second] = civil(i64::from(unix) + OFFSET);
    format!("{year:04}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02}")
}

/// As Laravel 7 and later print it: `YYYY-MM-DDTHH:mm:ss.000000Z`, in UTC.
pub(crate) fn iso(unix: u32) -> String {
    let [year, month, date, hour, minute, second] = civil(unix.into());
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.000000Z")
}

/// Unix seconds of a local `YYYY-MM-DD HH:mm:ss`.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let (date, time) = text.trim().split_once(' ')?;
    let three = |text: &str, by: char| -> Option<[i64; 3]> {
        let parts: Vec<i64> =
            text.split(by).map(|part| part.parse::<u16>().ok().map(i64::from)).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (three(date, '-')?, three(time, ':')?);
    let (shifted_year, shifted) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    u32::try_from(days * 86_400 + hour * 3600 + minute * 60 + second - OFFSET).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_the_vendors_sample() {
        for (unix, text) in [
            (1_623_999_771, "2021-06-18 15:02:51"),
            (1_628_663_717, "2021-08-11 14:35:17"),
            (0, "1970-01-01 08:00:00"),
            (1_709_136_000, "2024-02-29 00:00:00"),
        ] {
            assert_eq!((local(unix).as_str(), parse(text)), (text, Some(unix)));
        }
        assert_eq!(iso(1_633_657_730), "2021-10-08T01:48:50.000000Z");
        for text in ["yesterday", "", "1960-01-01 00:00:00", "9999999999999999-01-01 00:00:00", "2021-06-18"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
