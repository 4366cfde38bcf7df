//! Words for people: stderr, numbers, and texts from elsewhere that must not move the cursor.

use std::borrow::Cow;
use std::io::Write as _;
use std::time::Duration;

/// One line to stderr. Nobody may be reading there; that is no reason to stop.
pub(crate) fn say(line: &str) {
    let mut text = plain(line).into_owned();
    text.push('\n');
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Without characters that steer the terminal or turn the reading direction: names and servers' words come from elsewhere.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(steers) { text.replace(steers, " ").into() } else { text.into() }
}

/// Without anything that could be a key or a signature: what was typed in the wrong place is not shown.
pub(crate) fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 40;
    let mut clean = String::new();
    for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "*-_+/=%".contains(c))) {
        match word.char_indices().nth(LONGEST_WORD) {
            Some(_) => {
                clean.push('…');
                clean.extend(word.chars().last().filter(|c| !c.is_ascii_alphanumeric()));
            }
            None => clean.push_str(word),
        }
    }
    clean
}

/// An id or a word from elsewhere, short enough for a line that is about something else.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 40;
    let length = text.chars().count();
    if length <= LONGEST {
        return text.into();
    }
    let start: String = text.chars().take(24).collect();
    let end: String = text.chars().skip(length - 8).collect();
    format!("{start}…{end}").into()
}

/// `6000` as `6,000`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `6,000 members`, `1 member`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `83 ms`, `1.2 s`.
pub(crate) fn elapsed(milliseconds: u64) -> String {
    match Duration::from_millis(milliseconds) {
        short if short < Duration::from_secs(1) => format!("{milliseconds} ms"),
        long => format!("{:.1} s", long.as_secs_f64()),
    }
}

/// An instant (seconds since 1970-01-01 UTC) as RFC 3339 has it; `None` where it is none.
pub(crate) fn rfc3339(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    jiff::Timestamp::from_second(seconds).ok().map(|instant| instant.to_string())
}

/// Now, in seconds since 1970-01-01 UTC.
pub(crate) fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "call"), counted(0, "call")], ["1 call", "0 calls"]);
        assert_eq!([elapsed(999), elapsed(1_250)], ["999 ms", "1.2 s"]);
        assert_eq!(rfc3339(1_700_000_000).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(rfc3339(u64::MAX), None);
    }

    #[test]
    fn texts_from_elsewhere_stay_on_their_line() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}d"), "a [2Jb c d");
        assert_eq!(plain("👨\u{200d}👩 عمر"), "👨\u{200d}👩 عمر");
    }

    #[test]
    fn long_ids_are_shortened() {
        assert_eq!(short("@TGS#1ABC"), "@TGS#1ABC");
        assert_eq!(short(&"群".repeat(40)).chars().count(), 40);
        assert_eq!(short(&format!("{}END", "a".repeat(100))), "aaaaaaaaaaaaaaaaaaaaaaaa…aaaaaEND");
    }

    #[test]
    fn long_runs_are_not_repeated() {
        let key = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
        assert_eq!(scrub(&format!("unexpected argument '{key}' found")), "unexpected argument '…' found");
        assert_eq!(scrub(key), "…");
        assert_eq!(scrub("unexpected argument '--grup' found"), "unexpected argument '--grup' found");
    }
}
