//! The signature of a request, from the vendor's rule alone: lower case hex of SHA1(AppSecret + Nonce + CurTime).

use std::fmt::Write as _;

use sha1::{Digest, Sha1};

/// How far `CurTime` may be from the server's clock, in seconds, before it or behind it.
pub const WINDOW: u64 = 300;

/// The longest `Nonce`.
pub const LONGEST_NONCE: usize = 128;

/// Why a request was not accepted: the vendor's word, and for the log what exactly was wrong. Never holds a secret or
/// a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What `desc` says; the code is 414 for all of them.
    pub desc: &'static str,
    /// What was wrong.
    pub why: String,
}

/// The `CheckSum` of a request. `cur_time` is the text that goes out as `CurTime`: the digest is over its bytes.
#[must_use]
pub fn check_sum(app_secret: &str, nonce: &str, cur_time: &str) -> String {
    let mut sha1 = Sha1::new();
    for part in [app_secret, nonce, cur_time] {
        sha1.update(part.as_bytes());
    }
    sha1.finalize().iter().fold(String::with_capacity(40), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whether a signature is right and not too old or too new; `now` is Unix time in seconds.
///
/// # Errors
/// The vendor's refusal.
pub fn verify(app_secret: &str, nonce: &str, cur_time: &str, given: &str, now: u64) -> Result<(), Refused> {
    let refuse = |desc, why: String| Err(Refused { desc, why });
    if nonce.is_empty() || nonce.chars().count() > LONGEST_NONCE {
        return refuse("checksum", format!("Nonce has {} characters, not 1 to {LONGEST_NONCE}", nonce.chars().count()));
    }
    // Digits only: "+1" and " 1" are numbers to careless parsers.
    let Some(seconds) = cur_time.bytes().all(|b| b.is_ascii_digit()).then(|| cur_time.parse().ok()).flatten() else {
        return refuse("CurTime is expired", "CurTime is not a decimal number".to_owned());
    };
    let apart = now.abs_diff(seconds);
    if apart > WINDOW {
        let side = if seconds < now { "behind" } else { "before" };
        let hint = if seconds > 100_000_000_000 { ", in milliseconds?" } else { "" };
        return refuse("CurTime is expired", format!("CurTime is {apart} s {side} the server's clock{hint}"));
    }
    let right = check_sum(app_secret, nonce, cur_time);
    if given == right {
        return Ok(());
    }
    let why = match () {
        () if given.is_empty() => "CheckSum is empty",
        () if given.eq_ignore_ascii_case(&right) => "CheckSum is right but not in lower case",
        () if given.len() != 40 || !given.bytes().all(|b| b.is_ascii_hexdigit()) => "CheckSum is not 40 hex digits",
        () => "CheckSum was made with another secret, nonce or time",
    };
    refuse("checksum", why.to_owned())
}
