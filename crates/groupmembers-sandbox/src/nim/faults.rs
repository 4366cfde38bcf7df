//! What can go wrong on demand beside the transport.

const PAGE: u32 = 20;
const SERVER_ERROR: u32 = 500;

const ANY: &[&str] = &[];
const BY_PAGE: &[&str] = &["chatroom/membersByPage"];
const GET_BATCH: &[&str] = &["chatroom/getBatch"];
const SUPER_TEAM: &[&str] = &["superteam/getTlists"];
const TEAM_DETAIL: &[&str] = &["team/queryDetail"];
const TEAMS: &[&str] = &["team/query", "team/queryDetail", "superteam/getTlists"];
/// The calls whose answer has rows of room members.
const ROWS: &[&str] =
    &["chatroom/membersByPage", "chatroom/queryMembersByRole", "chatroom/queryMembers", "chatroom/tagMembersQuery"];
/// Those that page through rows.
const PAGES: &[&str] = &["chatroom/membersByPage", "chatroom/tagMembersQuery", "superteam/getTlists"];
/// Those that page along one list.
const ORDERED: &[&str] = &["chatroom/membersByPage", "superteam/getTlists"];
/// Those with a list under `desc.data` or `tlists`.
const LISTS: &[&str] = &[
    "chatroom/membersByPage",
    "chatroom/queryMembersByRole",
    "chatroom/queryMembers",
    "chatroom/tagMembersQuery",
    "superteam/getTlists",
];

crate::faults::faults! {
    /// `500-then-ok`: "server error".
    ServerError = "500-then-ok", Once, ANY;
    /// `503-then-ok`: "server busy".
    Busy = "503-then-ok", Once, ANY;
    /// `514-then-ok`: "service unavailable".
    Unavailable = "514-then-ok", Once, ANY;
    /// `408-then-ok`: the server's own timeout.
    Timeout = "408-then-ok", Once, ANY;
    /// `416`: "query too fast", though it was not.
    Throttled = "416", Once, ANY;
    /// `clock-expired`: 414 `CurTime is expired`, though it is not.
    ClockExpired = "clock-expired", Once, ANY;
    /// `checksum`: 414 `checksum`, though it is right.
    CheckSum = "checksum", Once, ANY;
    /// `431-repeated`: 431, though the `RequestId` is new.
    Repeated = "431-repeated", Once, ANY;
    /// `403-wrong-region`: 403 to an app key of another region, which does not look like it.
    WrongRegion = "403-wrong-region", Always, ANY;
    /// `315-ip`: the caller's address is not on the app's list.
    IpForbidden = "315-ip", Always, ANY;
    /// `404-then-ok`: the room is missing or closed.
    NotFound = "404-then-ok", Once, ANY;
    /// `bad-date`: the `Date` header cannot be read.
    BadDate = "bad-date", Always, ANY;
    /// `echo-headers`: 414, and `desc` repeats the request's headers, signature included.
    EchoHeaders = "echo-headers", Always, ANY;
    /// `null-desc`: a refusal's `desc` is null.
    NullDesc = "null-desc", Always, ANY;
    /// `no-desc`: a refusal has no `desc`.
    NoDesc = "no-desc", Always, ANY;
    /// `no-code`: the answer has no `code`.
    NoCode = "no-code", Always, ANY;
    /// `text-code`: `code` is a text.
    TextCode = "text-code", Always, ANY;
    /// `desc-as-text`: `desc` is JSON inside a text, as the vendor's own Go client expects it.
    DescAsText = "desc-as-text", Always, ANY;
    /// `no-payload`: the whole payload is missing from a success: only `code` is there.
    NoPayload = "no-payload", Always, ANY;
    /// `null-list`: the list is null in a success.
    NullList = "null-list", Always, LISTS;
    /// `no-list`: the list is missing from a success.
    NoList = "no-list", Always, LISTS;
    /// `empty-page`: a page without rows that is not the last.
    EmptyPage = "empty-page", Once, PAGES;
    /// `short-pages`: every page has half as many rows as asked for, though there are more.
    ShortPages = "short-pages", Always, PAGES;
    /// `filter-after-cut`: online fixed members are picked after the page was cut: a page may be short, or empty, though there are more.
    FilterAfterCut = "filter-after-cut", Always, BY_PAGE;
    /// `endtime-inclusive`: who entered at exactly `endtime` (or `timetag`) is on the page too.
    EndtimeInclusive = "endtime-inclusive", Always, PAGES;
    /// `stuck-cursor`: `endtime` (or `timetag`) is ignored: the first page for ever.
    StuckCursor = "stuck-cursor", Always, PAGES;
    /// `fixed-by-update-time`: fixed members are ordered and paged by when their record changed, which no row says.
    ByUpdateTime = "fixed-by-update-time", Always, BY_PAGE;
    /// `unstable-ties`: who shares a millisecond comes in another order every time, on whichever side of a page's end.
    UnstableTies = "unstable-ties", Always, ORDERED;
    /// `rising-rows`: the rows of a page come oldest first.
    RisingRows = "rising-rows", Always, BY_PAGE;
    /// `repeated-rows`: every row comes twice.
    RepeatedRows = "repeated-rows", Always, PAGES;
    /// `no-enter-time`: rows have no `enterTime`.
    NoEnterTime = "no-enter-time", Always, ROWS;
    /// `bad-row`: one row of the list has null for its `accid`.
    BadRow = "bad-row", Always, LISTS;
    /// `string-numbers`: every number in a row is a text.
    StringNumbers = "string-numbers", Always, LISTS;
    /// `numeric-type`: `type` is a number.
    NumericType = "numeric-type", Always, ROWS;
    /// `unknown-type`: one row has a `type` that no document knows.
    UnknownType = "unknown-type", Always, ROWS;
    /// `false-flags`: `blacklisted`, `muted`, `tempMuted` and `isRobot` are there when they are false.
    FalseFlags = "false-flags", Always, ROWS;
    /// `null-texts`: `nick` and `ext` are null.
    NullTexts = "null-texts", Always, LISTS;
    /// `sparse-rows`: rows have no more than `roomid`, `accid`, `type` and `enterTime`.
    SparseRows = "sparse-rows", Always, ROWS;
    /// `extra-fields`: rows and the answer have fields that no document knows.
    ExtraFields = "extra-fields", Always, ANY;
    /// `fail-rooms`: the first room that exists is among `failRooms`.
    FailRooms = "fail-rooms", Once, GET_BATCH;
    /// `six-digit-codes`: a team that is not there is refused with 108404 instead of 803.
    SixDigitCodes = "six-digit-codes", Always, TEAMS;
    /// `admins-in-members`: a team's `members` hold its admins too.
    AdminsInMembers = "admins-in-members", Always, TEAMS;
    /// `no-size`: a team with its members does not say how many they are; without them it does.
    NoSize = "no-size", Always, TEAM_DETAIL;
    /// `number-jointime`: `jointime` of a super team's member is a number.
    NumberJointime = "number-jointime", Always, SUPER_TEAM;
    /// `clamp-page` or `clamp-page=ROWS`: never more rows than this (20 unless told), whatever `limit` says.
    ClampPage(u32 = PAGE) = "clamp-page", Always, PAGES;
    /// `code` or `code=NUMBER`: this code (500 unless told) with the vendor's words.
    Code(u32 = SERVER_ERROR) = "code", Once, ANY;
}
