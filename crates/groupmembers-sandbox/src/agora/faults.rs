//! What can go wrong on demand beside the transport.

use super::command;

const OLD_CAP: usize = 100;

const ANY: &[&str] = &[];
const USERS: &[&str] = &[command::USERS];
const MEMBERS: &[&str] = &[command::USERS, command::DETAILS];
const DETAILS: &[&str] = &[command::DETAILS];
const GROUPS: &[&str] = &[command::GROUPS];
const CURSORS: &[&str] = &[command::USERS, command::GROUPS, command::BLOCKED];
const COUNTED: &[&str] = &[command::USERS, command::GROUPS, command::DETAILS, command::ADMINS, command::BLOCKED];

crate::faults::faults! {
    /// `401-expired`: the token is called expired, though it is not.
    Expired = "401-expired", Once, ANY;
    /// `401-oauth`: the documented 401, "Unable to authenticate (OAuth)".
    OAuth = "401-oauth", Once, ANY;
    /// `401-corrupt`: `auth_bad_access_token`.
    Corrupt = "401-corrupt", Once, ANY;
    /// `401-blank`: `group_authorization`, "token is blank!", as the group service really says it.
    Blank = "401-blank", Once, ANY;
    /// `401-permission`: `group_authorization` again, but no new token helps.
    Permission = "401-permission", Always, ANY;
    /// `403-disabled`: `forbidden_op`, "group is disabled".
    Disabled = "403-disabled", Always, ANY;
    /// `404-app`: `organization_application_not_found`, as from the cluster of another region.
    NoApp = "404-app", Always, ANY;
    /// `404-group`: the group is gone.
    NoGroup = "404-group", Once, ANY;
    /// `404-other-form`: a missing group is reported in the other one of the two forms.
    OtherNotFound = "404-other-form", Always, ANY;
    /// `408`: the server's own time-out.
    TimedOut = "408", Once, ANY;
    /// `429-reach-limit`: calls per second exceeded, though they are not.
    ReachLimit = "429-reach-limit", Once, ANY;
    /// `429-resource-limited`: the plan is used up.
    ResourceLimited = "429-resource-limited", Always, ANY;
    /// `500`: `web_application`.
    ServerError = "500", Once, ANY;
    /// `503`: "service unavailable", which older texts have for throttling.
    Unavailable = "503", Once, ANY;
    /// `504-empty`: no body at all.
    GatewayTimeout = "504-empty", Once, ANY;
    /// `null-body`: status 200 and `null`.
    NullBody = "null-body", Always, ANY;
    /// `null-data`: `data` is null in a success.
    NullData = "null-data", Always, ANY;
    /// `missing-data`: there is no `data`.
    MissingData = "missing-data", Always, ANY;
    /// `no-params`: the query is not echoed.
    NoParams = "no-params", Always, ANY;
    /// `application-fields`: `application`, `organization` and `applicationName`, as on other clusters.
    ApplicationFields = "application-fields", Always, ANY;
    /// `properties`: `"properties":{}` and the keys sorted, as newer clusters have it; in errors too.
    Properties = "properties", Always, ANY;
    /// `short-exception`: errors name the Java class without its package.
    ShortException = "short-exception", Always, ANY;
    /// `bare-error`: errors are `{"error":..}` and nothing else.
    BareError = "bare-error", Always, ANY;
    /// `documented-401`: every 401 about a token has the one documented text.
    Documented401 = "documented-401", Always, ANY;
    /// `no-cursor-mode`: `limit` and `cursor` are ignored for members; it is the first page again and again.
    NoCursorMode = "no-cursor-mode", Always, USERS;
    /// `stuck-cursor`: the cursor comes back as it was sent, with the same rows for ever.
    StuckCursor = "stuck-cursor", Always, CURSORS;
    /// `cursor-at-end`: the last rows have a cursor too; behind it is an empty page.
    CursorAtEnd = "cursor-at-end", Always, CURSORS;
    /// `null-cursor`: at the end the cursor is null instead of absent.
    NullCursor = "null-cursor", Always, CURSORS;
    /// `empty-page`: a page without rows that is not the last.
    EmptyPage = "empty-page", Once, USERS;
    /// `repeat-last-page`: past the end it is the last page over and over.
    RepeatLastPage = "repeat-last-page", Always, USERS;
    /// `unstable-order`: members are in another order for every call (by cursor only within the page).
    UnstableOrder = "unstable-order", Always, USERS;
    /// `owner-last`: the owner is at the end of the list.
    OwnerLast = "owner-last", Always, USERS;
    /// `admin-as-member`: admins come under the key `member`.
    AdminAsMember = "admin-as-member", Always, USERS;
    /// `bare-ids`: members are plain strings, without a role.
    BareIds = "bare-ids", Always, USERS;
    /// `unknown-role`: ordinary members come under a key nobody knows.
    UnknownRole = "unknown-role", Always, USERS;
    /// `bad-row`: one member of the page is null.
    BadRow = "bad-row", Always, MEMBERS;
    /// `string-times`: join times are strings.
    StringTimes = "string-times", Always, MEMBERS;
    /// `short-times`: join times have 12 digits.
    ShortTimes = "short-times", Always, MEMBERS;
    /// `missing-times`: every third member has no join time.
    MissingTimes = "missing-times", Always, MEMBERS;
    /// `wrong-count`: `count` is 1, whatever the page holds.
    WrongCount = "wrong-count", Always, COUNTED;
    /// `string-count`: `count` is a string.
    StringCount = "string-count", Always, COUNTED;
    /// `wrong-affiliations`: the number of members is three too many.
    WrongAffiliations = "wrong-affiliations", Always, DETAILS;
    /// `em-spelling`: `last_modified` for `lastModified`.
    EmSpelling = "em-spelling", Always, GROUPS;
    /// `clamp-page` or `clamp-page=ROWS`: never more members than this (100 unless told), without a word.
    ClampPage(usize = OLD_CAP) = "clamp-page", Always, USERS;
}
