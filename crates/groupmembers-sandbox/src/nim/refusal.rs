//! The vendor's answers to what it will not do.

/// A refusal: the vendor's code and words for the caller, and for the log what exactly was wrong.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) desc: String,
    pub(crate) note: String,
}

impl Refusal {
    /// `note` goes to the log and must hold no secret.
    pub(crate) fn new(code: u32, note: impl Into<String>) -> Self {
        Self { code, desc: words(code).to_owned(), note: note.into() }
    }

    pub(crate) fn with_desc(code: u32, desc: impl Into<String>, note: impl Into<String>) -> Self {
        Self { code, desc: desc.into(), note: note.into() }
    }

    /// A parameter that is not there.
    pub(crate) fn empty(name: &str) -> Self {
        Self::with_desc(414, format!("{name} is empty"), format!("{name} is missing or empty"))
    }

    /// A parameter that will not do.
    pub(crate) fn bad(name: &str, why: impl std::fmt::Display) -> Self {
        Self::with_desc(414, format!("bad {name}"), format!("{name} {why}"))
    }
}

fn words(code: u32) -> &'static str {
    match code {
        301 => "forbidden",
        315 => "ip forbidden",
        403 => "forbidden",
        404 => "not found",
        405 => "parameter too long",
        408 => "timeout",
        414 => "bad parameter",
        416 => "query too fast",
        417 => "repeated operation",
        419 => "over limit",
        431 => "http request repeated",
        500 => "server error",
        503 => "server busy",
        514 => "service unavailable",
        803 => "team not exist",
        108_404 | 109_404 => "team not exist",
        13003 => "in blacklist",
        13004 => "muted",
        _ => "error",
    }
}
