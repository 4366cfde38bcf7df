//! What can go wrong on demand beside the transport.

const NOT_LOGGED_IN: i32 = 1;

const ANY: &[&str] = &[];
/// The calls that need a session.
const SESSION: &[&str] = &[
    "businessList",
    "manageBusiness",
    "getBusinessCommonData",
    "getList",
    "getGroupMembers",
    "getGroupEmployees",
    "synch",
    "listExport",
    "groupMemberListExport",
    "groupEmployeeListExport",
];
const EXPORTS: &[&str] = &["listExport", "groupMemberListExport", "groupEmployeeListExport"];
const LISTS: &[&str] = &["getList", "getGroupMembers", "getGroupEmployees"];
const ROWS: &[&str] = &["getGroupMembers", "getGroupEmployees"];

crate::faults::faults! {
    /// `405-html`: HTTP 405 as a page, as for a route that takes no such method.
    MethodNotAllowed = "405-html", Once, ANY;
    /// `500-json`: HTTP 500 `{"message":"Server Error"}`; a page for who asked for no JSON.
    ServerError = "500-json", Once, ANY;
    /// `whoops-200`: the debug page of a host that is not in production, with status 200.
    Whoops = "whoops-200", Once, ANY;
    /// `html-login`: the login page with status 200, where JSON was asked for.
    HtmlLogin = "html-login", Always, SESSION;
    /// `exception`: an exception of the shop: JSON for who sends `X-Requested-With`, a page with status 200 for everybody else.
    ShopException = "exception", Once, ANY;
    /// `session-expired`: the session has ended before this call. Who sends `Yz-appToken` too gets a new one without a word, in which
    /// no enterprise is chosen.
    SessionExpired = "session-expired", Once, SESSION;
    /// `logged-out`: the session and `Yz-appToken` have both ended before this call.
    LoggedOut = "logged-out", Once, SESSION;
    /// `enterprise-lost`: the session has lost its enterprise before this call, and the member has meanwhile chosen another one elsewhere:
    /// that is what it falls back to, without a word.
    EnterpriseLost = "enterprise-lost", Once, SESSION;
    /// `enterprise-switched`: somebody has chosen another enterprise in this very session before this call.
    EnterpriseSwitched = "enterprise-switched", Once, SESSION;
    /// `foreign-rows`: the rows are those of a group of another enterprise.
    ForeignRows = "foreign-rows", Always, ROWS;
    /// `status-minus-2`: `result` 0 with `data.status` -2: go to login.
    StatusMinus2 = "status-minus-2", Once, SESSION;
    /// `status-minus-5`: `result` 1 (!) with `data.status` -5: go to login.
    StatusMinus5 = "status-minus-5", Once, SESSION;
    /// `no-result`: not logged in, in the shape of the other guard: no `result` at all.
    NoResult = "no-result", Once, SESSION;
    /// `forbidden`: `Sorry,您没有操作权限`.
    Forbidden = "forbidden", Once, SESSION;
    /// `data-array`: a success whose `data` is `[]`.
    DataArray = "data-array", Always, LISTS;
    /// `null-msg`: `msg` is null.
    NullMsg = "null-msg", Always, ANY;
    /// `object-msg`: `msg` is an object.
    ObjectMsg = "object-msg", Always, ANY;
    /// `string-result`: `result` is `"1"` or `"0"`.
    StringResult = "string-result", Always, ANY;
    /// `bool-result`: `result` is true or false.
    BoolResult = "bool-result", Always, ANY;
    /// `bom`: a byte order mark and white space ahead of the JSON.
    Bom = "bom", Always, ANY;
    /// `string-ints`: every integer in `data` is a string.
    StringInts = "string-ints", Always, ANY;
    /// `object-data`: the paginator's `data` is an object with gaps in its numeric keys.
    ObjectData = "object-data", Always, LISTS;
    /// `null-data`: the paginator's `data` is null.
    NullData = "null-data", Always, LISTS;
    /// `string-per-page`: `per_page` is a string.
    StringPerPage = "string-per-page", Always, LISTS;
    /// `old-paginator`: Laravel 5.4's paginator: no `first_page_url`, `last_page_url`, `path`.
    OldPaginator = "old-paginator", Always, LISTS;
    /// `paginator-links`: Laravel 8's paginator: with `links`.
    PaginatorLinks = "paginator-links", Always, LISTS;
    /// `ignored-page`: `page` is ignored: always the first.
    IgnoredPage = "ignored-page", Always, LISTS;
    /// `repeated-rows`: the rows of the first page whatever is asked, and a `current_page` that says what was asked.
    RepeatedRows = "repeated-rows", Always, LISTS;
    /// `growing-pages`: `last_page` is always one more than the page asked for, and `total` goes with it.
    GrowingPages = "growing-pages", Always, LISTS;
    /// `empty-page`: a page without rows that is not the last.
    EmptyPage = "empty-page", Once, LISTS;
    /// `missing-row`: the last row of every page is missing, and `total` counts it.
    MissingRow = "missing-row", Always, LISTS;
    /// `total-too-high`: `total` counts one more than there are.
    TotalTooHigh = "total-too-high", Always, LISTS;
    /// `unstable-order`: the list is in another order for every call.
    UnstableOrder = "unstable-order", Always, ROWS;
    /// `new-staff`: staff rows of the newer kind: `business_id`, `user_id`, `avatar`, no `department` or `extattr`.
    NewStaff = "new-staff", Always, ROWS;
    /// `newer-columns`: columns of newer versions: `is_old`, `inviter_member_name`, `inviter_member_avatar`.
    NewerColumns = "newer-columns", Always, ROWS;
    /// `unknown-columns`: columns no document knows of.
    UnknownColumns = "unknown-columns", Always, LISTS;
    /// `unknown-enums`: enumerations with numbers nobody has written down.
    UnknownEnums = "unknown-enums", Always, ROWS;
    /// `empty-relations`: relations that are none are `[]` instead of null.
    EmptyRelations = "empty-relations", Always, LISTS;
    /// `missing-relations`: relations that are none are missing.
    MissingRelations = "missing-relations", Always, LISTS;
    /// `null-fields`: optional texts and numbers are null instead of empty or 0.
    NullFields = "null-fields", Always, ROWS;
    /// `iso-times`: dates as Laravel 7 and later print them: `2021-10-08T01:48:50.000000Z`.
    IsoTimes = "iso-times", Always, ROWS;
    /// `printed-times`: the dates of `has_one_customer` are printed, not counted.
    PrintedTimes = "printed-times", Always, ROWS;
    /// `zero-dates`: dates are `0000-00-00 00:00:00`.
    ZeroDates = "zero-dates", Always, ROWS;
    /// `broken-extattr`: `extattr` and `external_profile` hold text that is no JSON.
    BrokenExtattr = "broken-extattr", Always, ROWS;
    /// `bad-row`: one row of the page has neither an id nor a userid.
    BadRow = "bad-row", Always, ROWS;
    /// `export-progress`: the page that the host's exporter shows for long lists, with status 200.
    ExportProgress = "export-progress", Always, EXPORTS;
    /// `cut-file`: half of the file, as if it were all.
    CutFile = "cut-file", Once, EXPORTS;
    /// `stuck-cursor`: every step of a synchronisation leads to the first group.
    StuckCursor = "stuck-cursor", Always, &["synch"];
    /// `login-status` or `login-status=N`: a refusal with this `login_status`: 1 please log in (unless told), 2 choose an
    /// enterprise, -1 blacklisted, -2 no such tenant, -4 bad client type, 0 log in for WeChat.
    LoginStatus(i32 = NOT_LOGGED_IN) = "login-status", Once, SESSION;
}

impl Fault {
    /// Whether it happens to the session, before anybody looks who is calling.
    pub(crate) fn is_before(&self) -> bool {
        matches!(self, Self::SessionExpired | Self::LoggedOut | Self::EnterpriseLost | Self::EnterpriseSwitched)
    }
}
