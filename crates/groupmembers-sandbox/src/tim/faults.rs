//! What can go wrong on demand beside the transport.

const PAGE: u32 = 50;

const ANY: &[&str] = &[];
const LIST: &[&str] = &["get_group_member_info"];
const ROWS: &[&str] = &["get_group_member_info", "get_specified_group_member_info"];

crate::faults::faults! {
    /// `10002-then-ok`: the group server's "please retry".
    ServerError = "10002-then-ok", Once, ANY;
    /// `70001-then-ok`: the signature is called expired, though it is not.
    SigExpired = "70001-then-ok", Once, ANY;
    /// `60007`: call frequency exceeded.
    Throttled = "60007", Once, ANY;
    /// `10018` or `10018=ROWS`: pages of more rows (50 unless told) are refused as too large.
    TooLarge(u32 = PAGE) = "10018", Always, LIST;
    /// `stuck-cursor`: a Community's `Next` comes back as it was sent, with the same rows for ever.
    StuckCursor = "stuck-cursor", Always, LIST;
    /// `empty-page`: a Community page without rows that is not the last, with a new cursor.
    EmptyPage = "empty-page", Once, LIST;
    /// `echo-query`: 10004, and `ErrorInfo` repeats the whole query string, signature included.
    EchoQuery = "echo-query", Always, ANY;
    /// `clamp-page` or `clamp-page=ROWS`: never more rows than this (50 unless told), without a word.
    ClampPage(u32 = PAGE) = "clamp-page", Always, LIST;
    /// `bad-row`: one row of the page has null for its `Member_Account`.
    BadRow = "bad-row", Always, ROWS;
    /// `null-list`: `MemberList` is null in a success.
    NullList = "null-list", Always, LIST;
    /// `missing-error-info`: the envelope has no `ErrorInfo`.
    MissingErrorInfo = "missing-error-info", Always, ANY;
    /// `role-with-space`: `"Member "`.
    RoleWithSpace = "role-with-space", Always, ROWS;
    /// `string-numbers`: `MemberNum` and the numbers in rows are strings.
    StringNumbers = "string-numbers", Always, ROWS;
    /// `unstable-order`: the list is in another order for every call (a Community's only within the page).
    UnstableOrder = "unstable-order", Always, LIST;
}
