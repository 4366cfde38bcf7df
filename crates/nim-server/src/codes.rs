//! The vendor's codes.
//!
//! Table: <https://doc.commsease.com/en/messaging/server-apis/TM5NTk2Mzc?platform=server>. The classes are ours.

use std::time::Duration;

/// How long the vendor refuses everything after one call too many.
pub(crate) const PENALTY: Duration = Duration::from_secs(10);

/// What a code means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The key or the signature is wrong.
    Auth,
    /// The clock is wrong: `CurTime` is too far away from the server's.
    Clock,
    /// The caller may not do this, or asks in the wrong region.
    Permission,
    /// The room, the team or the account does not exist.
    NotFound,
    /// Too many calls.
    Throttled,
    /// More than the plan or the call allows.
    Quota,
    /// The request is wrong.
    InvalidRequest,
    /// It is so already.
    Conflict,
    /// The server has seen a call of this name, and takes this one for the same.
    Repeated,
    /// The server failed; another try may work.
    Server,
    /// A code this version does not know.
    Other,
}

use ApiErrorKind::{
    Auth, Clock, Conflict, InvalidRequest, NotFound, Other, Permission, Quota, Repeated, Server, Throttled,
};

/// Kind, what happened, what to do.
pub(crate) type Meaning = (ApiErrorKind, &'static str, &'static str);

/// What a code means. 414 is many things, which only the server's words tell apart.
pub(crate) fn find(code: i64, desc: &str) -> Meaning {
    if code == 414 {
        let desc = desc.to_ascii_lowercase();
        let says = |word: &str| desc.contains(word);
        let tells = |words: [&str; 3]| words.into_iter().filter(|word| says(word)).count() == 1;
        return match () {
            // A text that names several, or repeats the whole request, tells nothing.
            () if says("already") => (Conflict, "it exists already", ""),
            () if !tells(["curtime", "checksum", "appkey"]) => {
                (InvalidRequest, "a parameter is wrong", "see the server's words")
            }
            () if says("curtime") => (Clock, "the CurTime is too far away from the server's clock", "set the clock"),
            () if says("checksum") => (Auth, "the CheckSum is wrong", "check the AppSecret"),
            () => (Auth, "the AppKey is unknown", "check it, and the region"),
        };
    }
    match TABLE.binary_search_by_key(&code, |row| row.0) {
        Ok(at) => (TABLE[at].1, TABLE[at].2, TABLE[at].3),
        Err(_) => (Other, "the API refused with a code this version does not know", ""),
    }
}

/// Sorted by code.
const TABLE: &[(i64, ApiErrorKind, &str, &str)] = &[
    (201, InvalidRequest, "the client's version is wrong", ""),
    (301, Permission, "banned", "ask the vendor"),
    (302, Auth, "the account or its password is wrong", ""),
    (315, Permission, "this IP address is not allowed", "add it in the console"),
    (403, Permission, "not permitted", "check the region of the app and its features in the console"),
    (404, NotFound, "no such object, or the room is closed", "check the id"),
    (405, InvalidRequest, "a parameter is too long", ""),
    (406, Permission, "read only", ""),
    (408, Server, "the server took too long", "try again"),
    (413, Auth, "the verification failed", ""),
    (416, Throttled, "too many calls", "wait ten seconds, and slow down"),
    (417, Conflict, "it is so already", ""),
    (418, Quota, "too many verifications", "wait"),
    (419, Quota, "more than is allowed", "ask for less at once"),
    (422, Permission, "the account is disabled", ""),
    (423, Permission, "the account is muted", ""),
    (431, Repeated, "the server takes it for a call it has seen", "use a fresh RequestId"),
    (500, Server, "the server failed", "try again"),
    (503, Server, "the server is busy", "try again"),
    (508, InvalidRequest, "too late to recall", ""),
    (509, InvalidRequest, "the protocol is wrong", ""),
    (514, Server, "the service is not available", "try again, or check in the console whether it was opened"),
    (801, Quota, "the team is full", ""),
    (802, Permission, "no right to do this in the team", ""),
    (803, NotFound, "no such team", "check the id"),
    (804, NotFound, "not a member of the team", ""),
    (806, Quota, "too many teams", ""),
    (807, Conflict, "the member's state does not allow it", ""),
    (809, Conflict, "in the team already", ""),
    (813, Other, "some were invited, some were not", ""),
    (815, Quota, "too many managers", ""),
    (998, Server, "the server could not unpack something", "try again"),
    (999, Server, "the server could not pack something", "try again"),
    (13001, Server, "the connection of the IM is abnormal", "try again"),
    (13002, Conflict, "the room's state is abnormal", ""),
    (13003, Permission, "the account is on the room's blacklist", ""),
    (13004, Permission, "the account is muted in the room", ""),
    (13005, InvalidRequest, "the name, the picture or the text was refused", ""),
    (108_404, NotFound, "no such team", "check the id"),
    (109_404, NotFound, "no such team", "check the id"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_row_is_found() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        assert!(TABLE.iter().all(|row| find(row.0, "").0 == row.1));
        assert_eq!(find(13_006, "").0, Other);
    }

    #[test]
    fn the_servers_words_tell_414_apart() {
        assert_eq!(find(414, "CurTime is expired").0, Clock);
        assert_eq!(find(414, "check CheckSum error").0, Auth);
        assert_eq!(find(414, "appkey").0, Auth);
        assert_eq!(find(414, "already register").0, Conflict);
        assert_eq!(find(414, "accid is empty").0, InvalidRequest);
        assert_eq!(find(414, "bad: AppKey: a, CurTime: 1, CheckSum: b").0, InvalidRequest);
    }
}
