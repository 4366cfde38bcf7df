//! The vendor's answers to what it will not do.

/// A refusal: the vendor's code and words for the caller, and for the log what exactly was wrong.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) info: String,
    pub(crate) note: String,
}

impl Refusal {
    /// `note` goes to the log and must hold no secret.
    pub(crate) fn new(code: u32, note: impl Into<String>) -> Self {
        Self { code, info: words(code).to_owned(), note: note.into() }
    }

    /// A parameter of the body is not acceptable.
    pub(crate) fn parameter(note: impl Into<String>) -> Self {
        Self::new(10004, note)
    }
}

fn words(code: u32) -> &'static str {
    match code {
        10002 => "server internal error, please retry",
        10004 => "invalid parameter, please check the request",
        10005 => "too many accounts in the request body",
        10007 => "no permission for this operation, or not supported by this group type",
        10010 => "group does not exist, or has been dismissed",
        10015 => "invalid group id",
        10018 => "response package is larger than 1MB, please use Limit and Offset",
        60002 => "http or url parse error",
        60003 => "http request json parse error",
        60004 => "invalid account or signature in the url or json body",
        60005 => "invalid signature in the url or json body",
        60006 => "invalid sdkappid",
        60007 => "rest api call frequency exceeded, please lower the frequency",
        60009 => "request resource error, please check the request url",
        60010 => "this request requires app admin rights",
        60012 => "sdkappid is missing in the url",
        60015 => "account in the request body must be a string",
        70001 => "usersig is expired",
        70002 => "usersig is empty",
        70003 => "usersig can not be decoded",
        70005 => "usersig is truncated",
        70009 => "usersig verification failed, it was made with another key",
        70013 => "identifier does not match the one in usersig",
        70014 => "sdkappid does not match the one in usersig",
        70020 => "sdkappid not found, please check the data centre",
        _ => "error",
    }
}
