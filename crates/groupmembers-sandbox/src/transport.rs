//! The faults of the connection and of what stands between: the same for every vendor.

use std::{fmt, str::FromStr, time::Duration};

use axum::http::header;

use crate::{
    faults::{UnknownFault, When},
    vendor::{Sent, http_date, unix_now},
    wire::Delivery,
};

const NOWHERE: &str = "http://127.0.0.1:1/";
const SLOW: u32 = 20_000;
const ONE: &str = "1";
const AHEAD: i64 = 3600;
const DEPTH: usize = 10_000;
const HUGE: usize = 10_000_000;

macro_rules! transport {
    ($($(#[$doc:meta])* $variant:ident $(($type:ty = $argument:expr))? = $name:literal, $usual:ident;)*) => {
        /// A fault of the connection, or of what stands between. Written and parsed by name; some take an argument after `=`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Transport {
            $($(#[$doc])* $variant $(($type))?,)*
        }

        impl Transport {
            /// Every name.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            pub(crate) fn usual(&self) -> When {
                match self {
                    $(Self::$variant { .. } => When::$usual,)*
                }
            }

            pub(crate) fn named(name: &str, argument: Option<&str>) -> Option<Self> {
                match name {
                    $($name => crate::faults::read!(Self::$variant, argument $(, $type, $argument)?),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for Transport {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(crate::faults::with!(argument $(: $type)?; Self::$variant) => {
                        f.write_str($name)?;
                        $(let usual = <$type>::from($argument);
                        if *argument != usual {
                            write!(f, "={argument}")?;
                        })?
                        Ok(())
                    })*
                }
            }
        }
    };
}

transport! {
    // ---- the connection
    /// `reset`: the connection is reset before any byte of the answer.
    Reset = "reset", Once;
    /// `reset-mid-body`: it is reset in the middle of the body.
    ResetMidBody = "reset-mid-body", Once;
    /// `reset-after-body`: it is reset when the whole answer has come.
    ResetAfterBody = "reset-after-body", Once;
    /// `cut-head`: it is closed in the middle of the head.
    CutHead = "cut-head", Once;
    /// `cut-body`: it is closed in the middle of a body of known length.
    CutBody = "cut-body", Once;
    /// `long-length`: `Content-Length` is twice what comes, and the connection stays open.
    LongLength = "long-length", Once;
    /// `short-length`: `Content-Length` is half of what comes.
    ShortLength = "short-length", Once;
    /// `bad-chunks`: a chunked body with a chunk whose length is no number.
    BadChunks = "bad-chunks", Once;
    /// `no-http`: another protocol's greeting instead of an answer.
    NoHttp = "no-http", Once;
    /// `slow-drip`: a byte every 200 ms.
    SlowDrip = "slow-drip", Always;
    /// `slow-answer` or `slow-answer=MS`: the answer comes after 20 s, or after so many milliseconds.
    SlowAnswer(u32 = SLOW) = "slow-answer", Once;
    /// `endless-body`: the answer, followed by white space without end.
    EndlessBody = "endless-body", Always;
    // ---- the body
    /// `gzip`: the answer is compressed, asked for or not.
    Gzip = "gzip", Always;
    /// `gzip-bomb`: the answer, followed by a gibibyte of white space, compressed to a thousandth.
    GzipBomb = "gzip-bomb", Always;
    /// `not-gzip`: `Content-Encoding: gzip`, but it is not.
    NotGzip = "not-gzip", Always;
    /// `empty-body`: no byte at all.
    EmptyBody = "empty-body", Always;
    /// `invalid-utf8`: one byte of the longest text is no UTF-8.
    InvalidUtf8 = "invalid-utf8", Always;
    /// `deep-nesting`: one more field, which holds ten thousand lists one in the other.
    DeepNesting = "deep-nesting", Always;
    /// `huge-string`: one more field, which holds a text of ten million letters.
    HugeString = "huge-string", Always;
    // ---- what stands between
    /// `html-200`: a page of HTML with status 200.
    Html200 = "html-200", Always;
    /// `502-html`: a gateway's error page.
    BadGateway = "502-html", Once;
    /// `503-html`: the page of a host that is down for maintenance.
    Maintenance = "503-html", Once;
    /// `429-retry-after` or `429-retry-after=VALUE`: a page with status 429, and `Retry-After: 1`, or this value: as it
    /// is, or `date` for the time of one second later, or `none` for no such header.
    TooManyRequests(String = ONE) = "429-retry-after", Once;
    /// `redirect` or `redirect=URL`: 302 to another host (one that is not there, unless told).
    Redirect(String = NOWHERE) = "redirect", Always;
    /// `wrong-date` or `wrong-date=SECONDS`: `Date` is an hour ahead, or so many seconds (behind, where negative).
    WrongDate(i64 = AHEAD) = "wrong-date", Always;
}

impl FromStr for Transport {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        Self::named(name, argument).ok_or_else(|| UnknownFault::new(text, &[]))
    }
}

impl Transport {
    /// The answer of faults that leave the call out altogether.
    pub(crate) fn instead(&self) -> Option<Sent> {
        let page = |status, title| Sent { code: u32::from(status), ..Sent::html(status, title) };
        Some(match self {
            Self::Html200 => Sent::html(200, "Sign in to the network"),
            Self::BadGateway => page(502, "502 Bad Gateway"),
            Self::Maintenance => page(503, "503 Service Unavailable"),
            Self::Redirect(to) => page(302, "302 Found").with(header::LOCATION, to),
            Self::TooManyRequests(wish) => {
                let sent = Sent { throttled: true, ..page(429, "429 Too Many Requests") };
                match &**wish {
                    "none" => sent,
                    "date" => {
                        let now = unix_now();
                        sent.with(header::DATE, http_date(now)).with(header::RETRY_AFTER, http_date(now + 1))
                    }
                    wish => sent.with(header::RETRY_AFTER, wish),
                }
            }
            _ => return None,
        })
    }

    /// What becomes of an answer on its way.
    pub(crate) fn spoil(&self, sent: &mut Sent) {
        let encoded = |sent: &mut Sent| sent.headers.push((header::CONTENT_ENCODING, "gzip".to_owned()));
        match self {
            Self::Reset => sent.delivery = Delivery::Reset,
            Self::ResetMidBody => sent.delivery = Delivery::ResetMidBody,
            Self::ResetAfterBody => sent.delivery = Delivery::ResetAfterBody,
            Self::CutHead => sent.delivery = Delivery::CutHead,
            Self::CutBody => sent.delivery = Delivery::Cut,
            Self::LongLength => sent.delivery = Delivery::LongLength,
            Self::ShortLength => sent.delivery = Delivery::ShortLength,
            Self::BadChunks => sent.delivery = Delivery::BadChunks,
            Self::NoHttp => sent.delivery = Delivery::NoHttp,
            Self::SlowDrip => sent.delivery = Delivery::Drip,
            Self::SlowAnswer(ms) => sent.delay += Duration::from_millis((*ms).into()),
            Self::EndlessBody => sent.delivery = Delivery::Endless,
            Self::Gzip => {
                sent.body = body::gzip(&sent.body);
                encoded(sent);
            }
            Self::GzipBomb => {
                sent.delivery = Delivery::Bomb;
                encoded(sent);
            }
            Self::NotGzip => encoded(sent),
            Self::EmptyBody => sent.body.clear(),
            Self::InvalidUtf8 => body::break_a_text(&mut sent.body),
            Self::DeepNesting => {
                let nest = ["[".repeat(DEPTH), "]".repeat(DEPTH)].concat();
                body::add_field(&mut sent.body, &nest);
            }
            Self::HugeString => body::add_field(&mut sent.body, &format!("\"{}\"", "x".repeat(HUGE))),
            Self::WrongDate(by) => {
                sent.headers.retain(|(name, _)| name != header::DATE);
                sent.headers.push((header::DATE, http_date(unix_now().saturating_add_signed(*by))));
            }
            Self::Html200 | Self::BadGateway | Self::Maintenance | Self::TooManyRequests(_) | Self::Redirect(_) => {}
        }
    }
}

/// What is done to the bytes of a JSON object.
mod body {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory cannot fail.
        let _ = encoder.write_all(bytes);
        encoder.finish().unwrap_or_default()
    }

    /// A field ahead of all others.
    pub(super) fn add_field(bytes: &mut Vec<u8>, value: &str) {
        let Some(at) = bytes.iter().position(|byte| *byte == b'{') else { return };
        let empty = bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
        let field = format!("\"sandbox\":{value}{}", if empty { "" } else { "," });
        bytes.splice(at + 1..=at, field.into_bytes());
    }

    /// Spoils the first byte of the longest value that is a text.
    pub(super) fn break_a_text(bytes: &mut [u8]) {
        let mut longest = 0..0;
        let mut at = 0;
        while let Some(begins) = bytes[at..].iter().position(|byte| *byte == b'"').map(|quote| at + quote + 1) {
            let mut ends = begins;
            while ends < bytes.len() && bytes[ends] != b'"' {
                ends += if bytes[ends] == b'\\' { 2 } else { 1 };
            }
            let ends = ends.min(bytes.len());
            at = (ends + 1).min(bytes.len());
            let is_key = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
            if !is_key && ends - begins > longest.len() && bytes[begins] != b'\\' {
                longest = begins..ends;
            }
        }
        if let Some(first) = bytes[longest].first_mut() {
            *first = 0xff;
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn fields_are_added_and_texts_broken() {
            for (body, with) in [("{}", r#"{"sandbox":1}"#), (r#" {"a":2}"#, r#" {"sandbox":1,"a":2}"#), ("no", "no")] {
                let mut bytes = body.as_bytes().to_vec();
                add_field(&mut bytes, "1");
                assert_eq!(bytes, with.as_bytes());
            }
            let mut bytes = br#"{"a long key":"b\"c","d":"\u00e9 too long","e":["fgh"]}"#.to_vec();
            break_a_text(&mut bytes);
            assert_eq!(bytes, b"{\"a long key\":\"\xff\\\"c\",\"d\":\"\\u00e9 too long\",\"e\":[\"fgh\"]}");
            for mut none in [b"{\"a\":1}".to_vec(), b"\"".to_vec(), b"\"\\".to_vec(), Vec::new()] {
                let before = none.clone();
                break_a_text(&mut none);
                assert_eq!(none, before);
            }
        }
    }
}
