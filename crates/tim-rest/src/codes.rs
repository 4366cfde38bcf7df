//! The vendor's error codes.
//!
//! Tables: <https://cloud.tencent.com/document/product/269/1671>, and each command's own page.

/// What an error code means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The signature, the app or the key is wrong.
    Auth,
    /// The caller may not do this.
    Permission,
    /// The group or the account does not exist.
    NotFound,
    /// Too many calls.
    Throttled,
    /// The plan does not cover it, or it ran out.
    Quota,
    /// The request is wrong.
    InvalidRequest,
    /// It is so already, or somebody else was first.
    Conflict,
    /// The answer would be larger than the API gives: ask for less at once.
    TooLarge,
    /// The server failed; another try may work.
    Server,
    /// A code this version does not know.
    Other,
}

use ApiErrorKind::{Auth, Conflict, InvalidRequest, NotFound, Other, Permission, Quota, Server, Throttled, TooLarge};

/// Kind, what happened, what to do.
type Meaning = (ApiErrorKind, (&'static str, &'static str));

/// What a code means.
pub(crate) fn find(code: i64) -> Meaning {
    match TABLE.binary_search_by_key(&code, |row| row.0) {
        Ok(at) => (TABLE[at].1, (TABLE[at].2, TABLE[at].3)),
        Err(_) if (90992..=91000).contains(&code) => (Server, ("the message server failed", "try again")),
        // An app's own webhook may refuse with codes of its own.
        Err(_) if (10100..=10200).contains(&code) || (120_001..=130_000).contains(&code) => {
            (Permission, ("the app's own webhook refused", "look into its log"))
        }
        Err(_) if code == 0 => (Other, ("the answer says neither OK nor why not", "")),
        Err(_) => (Other, ("the API refused with a code this version does not know", "")),
    }
}

/// Every code the documents name for these commands. Sorted by code.
const TABLE: &[(i64, ApiErrorKind, &str, &str)] = &[
    (10002, Server, "the group server failed", "try again"),
    (10003, InvalidRequest, "the command name is wrong", ""),
    (10004, InvalidRequest, "a parameter is wrong", "see the server's words"),
    (10005, InvalidRequest, "too many accounts in one request", "send fewer at once"),
    (10006, Throttled, "too many operations on groups", "slow down"),
    (10007, Permission, "not permitted, or not for this type of group", "check that the identifier is an App admin"),
    (10008, Auth, "the request is illegal, perhaps its signature", "check the secret key and the identifier"),
    (10010, NotFound, "no such group, or it was disbanded", "check the group id"),
    (10011, InvalidRequest, "the request's JSON cannot be parsed", ""),
    (10012, InvalidRequest, "the operator's id is illegal", "check the identifier"),
    (10013, Conflict, "already a member", ""),
    (10014, Conflict, "the group is full", ""),
    (10015, InvalidRequest, "the group id is illegal", "check the group id"),
    (10016, Permission, "the app's own webhook refused", "look into its log"),
    (10018, TooLarge, "the answer would be larger than 1 MB", "ask for fewer rows or fields at once"),
    (10019, NotFound, "no such account", "check the account"),
    (10021, Conflict, "the group id is taken", ""),
    (10023, Throttled, "too many messages", "slow down"),
    (10025, Conflict, "the group id is taken by yourself", ""),
    (10026, Permission, "the command is disabled for this app", "enable it in the console"),
    (10036, Quota, "the plan allows no more live rooms", "see the plan"),
    (10037, Quota, "the plan allows no more groups for this user", "see the plan"),
    (10038, Quota, "the plan allows no more members", "see the plan"),
    (10056, Conflict, "somebody else wrote the attributes first", "read them again"),
    (20002, Auth, "the UserSig is invalid", "sign a new one"),
    (20004, Server, "the server's network failed", "try again"),
    (20005, Server, "the server failed", "try again"),
    (30006, Server, "the server failed", "try again"),
    (30007, Server, "the server's network failed", "try again"),
    (40006, Server, "the profile server failed", "try again"),
    (60002, InvalidRequest, "the HTTP request cannot be parsed", "check method and URL"),
    (60003, InvalidRequest, "the request's JSON cannot be parsed", ""),
    (60004, Auth, "the account or the signature in the URL is wrong", "check the identifier and the secret key"),
    (60005, Auth, "the account or the signature is wrong", "check the identifier and the secret key"),
    (60006, Auth, "the SDKAppID is invalid", "check the app id"),
    (60007, Throttled, "too many calls of this API", "slow down, or buy a larger quota"),
    (60008, Server, "the server took too long", "try again"),
    (60009, InvalidRequest, "no such resource", "check the URL"),
    (60010, Permission, "the identifier is no App admin", "make it one in the console, or use another"),
    (60011, Throttled, "too many calls of this app", "slow down"),
    (60012, InvalidRequest, "the SDKAppID is missing", ""),
    (60013, Server, "the gateway could not read the server's answer", "try again"),
    (60014, Server, "the server took too long to find the account", "try again"),
    (60015, InvalidRequest, "an account in the request is no string", ""),
    (60016, Permission, "the app is forbidden", "ask the vendor"),
    (60017, Permission, "the request is forbidden", "ask the vendor"),
    (60018, Throttled, "too many calls", "slow down"),
    (60019, Throttled, "too many calls", "slow down"),
    (60020, Quota, "the plan expired, or is not active yet", "see the plan; a new one takes five minutes"),
    (60021, Permission, "this IP address is not allowed", "add it in the console"),
    (70001, Auth, "the UserSig expired", "sign a new one, and check the clock"),
    (70002, Auth, "the UserSig is empty", "sign one"),
    (70003, Auth, "the UserSig cannot be decoded", "sign it again, and check that nothing cuts it off"),
    (70005, Auth, "the UserSig was cut off", "check that nothing cuts it off"),
    (70009, Auth, "the UserSig was signed with another app's key", "check the secret key"),
    (70013, Auth, "the UserSig was signed for another identifier", "sign for the identifier that is sent"),
    (70014, Auth, "the UserSig was signed for another app", "check the app id"),
    (70016, Auth, "the app's key is unknown in this data centre", "check the region and the app id"),
    (70020, Auth, "the app is unknown in this data centre", "check the region and the app id"),
    (70050, Auth, "the UserSig was wrong too often and is blocked", "wait a minute, then sign a new one"),
    (70051, Permission, "the account is blacklisted", ""),
    (70052, Auth, "the UserSig was made invalid", "sign a new one"),
    (70107, NotFound, "the account was not imported", "check the account"),
    (70114, Permission, "refused for security reasons", ""),
    (70169, Server, "the server took too long", "try again"),
    (70202, Server, "the server took too long", "try again"),
    (70206, InvalidRequest, "the batch is too large or empty", ""),
    (70346, Auth, "the third-party signature is invalid", "sign a new one"),
    (70398, Quota, "the free plan allows no more accounts", "see the plan"),
    (70402, InvalidRequest, "a parameter is wrong", "see the server's words"),
    (70403, Permission, "only an App admin may do this", "use an App admin's identifier"),
    (70500, Server, "the server failed", "try again"),
    (80001, InvalidRequest, "the content was filtered", ""),
    (80002, InvalidRequest, "the body is too long", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_row_is_found() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        assert!(TABLE.iter().all(|row| find(row.0).1.0 == row.2));
        assert_eq!(find(90995).0, Server);
        assert_eq!((find(10_150).0, find(120_001).0), (Permission, Permission));
        assert_eq!(find(424_242).0, Other);
    }

    /// The documents' own tables, class by class, written down apart from the code above.
    #[test]
    fn every_documented_code_has_its_documented_class() {
        let classes: [(ApiErrorKind, &[i64]); 9] = [
            (Auth, &[10008, 20002, 60004, 60005, 60006, 70001, 70002, 70003, 70005, 70009, 70013, 70014]),
            (Auth, &[70016, 70020, 70050, 70052, 70346]),
            (Permission, &[10007, 10016, 10026, 60010, 60016, 60017, 60021, 70051, 70114, 70403]),
            (NotFound, &[10010, 10019, 70107]),
            (Throttled, &[10006, 10023, 60007, 60011, 60018, 60019]),
            (Quota, &[10036, 10037, 10038, 60020, 70398]),
            (Conflict, &[10013, 10014, 10021, 10025, 10056]),
            (TooLarge, &[10018]),
            (
                Server,
                &[10002, 20004, 20005, 30006, 30007, 40006, 60008, 60013, 60014, 70169, 70202, 70500, 90992, 91000],
            ),
        ];
        let bad_requests: &[i64] =
            &[10003, 10004, 10005, 10011, 10012, 10015, 60002, 60003, 60009, 60012, 60015, 70206, 70402, 80001, 80002];
        for (kind, codes) in classes.into_iter().chain([(InvalidRequest, bad_requests)]) {
            for &code in codes {
                let error = crate::error::ApiError::new("c", code, "", None);
                assert_eq!(error.kind, kind, "{code}");
                assert_eq!(error.is_retryable(), matches!(kind, Throttled | Server), "{code}");
                assert_eq!(error.wants_new_signature(), [20002, 60004, 60005, 70001, 70052].contains(&code), "{code}");
            }
        }
    }
}
