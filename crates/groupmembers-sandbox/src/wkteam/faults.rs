//! What can go wrong on demand beside the transport.

/// Any call.
const ANY: &[&str] = &[];
const LOGIN: &[&str] = &["member/login"];
const LIST: &[&str] = &["getChatRoomMember"];
const ROOM: &[&str] = &["getChatRoomInfo"];
const ROWS: &[&str] = &["getChatRoomMember", "getChatRoomInfo"];
const ONLINE: &[&str] = &["isOnline"];
const DETAIL: &[&str] = &["getChatRoomMemberInfo", "getChatRoomInfo"];
const PEOPLE: &[&str] = &["getChatRoomMember", "getChatRoomInfo", "getChatRoomMemberInfo", "getContact"];
/// The calls with a wId.
const WID: &[&str] = &[
    "getChatRoomMember",
    "getChatRoomMemberInfo",
    "getChatRoomInfo",
    "isOnline",
    "initAddressList",
    "getAddressList",
    "getContact",
];
/// The calls whose success has data.
const DATA: &[&str] = &[
    "member/login",
    "getChatRoomMember",
    "getChatRoomMemberInfo",
    "getChatRoomInfo",
    "queryLoginWx",
    "isOnline",
    "getAddressList",
    "getContact",
];
/// The calls that list.
const LISTS: &[&str] = &["getChatRoomMember", "getChatRoomMemberInfo", "getChatRoomInfo", "queryLoginWx", "getContact"];

const SHORT: u32 = 2;
const MORE: i32 = 1;

crate::faults::faults! {
    // ---- the web server
    /// `401`: HTTP 401 with a body that has no `code`.
    Unauthorized = "401", Once, ANY;
    /// `403`: HTTP 403 with a body that has no `code`.
    Forbidden = "403", Once, ANY;
    /// `spring-error`: HTTP 500 with the server's own error object: `timestamp`, `status`, `error`, `path`.
    SpringError = "spring-error", Once, ANY;
    /// `spring-200`: the same object with status 200.
    Spring200 = "spring-200", Once, ANY;
    // ---- failures
    /// `1001`: failed (失败), and not a word why.
    Failure = "1001", Once, ANY;
    /// `1001-retry`: 系统失败,请重试, the only words that ask to try again.
    PleaseRetry = "1001-retry", Once, ANY;
    /// `1001-xml`: `message` is a piece of XML.
    XmlMessage = "1001-xml", Once, ANY;
    /// `10001`: a failure with the code that the vendor's tables print.
    TypoCode = "10001", Once, ANY;
    /// `9999`: a failure with a code that nobody documents.
    UnknownCode = "9999", Once, ANY;
    /// `echo-credentials`: 1001, and `message` repeats the `Authorization` and the body, wId or password included.
    EchoCredentials = "echo-credentials", Always, ANY;
    // ---- the envelope
    /// `code-number`: `code` is a number.
    CodeNumber = "code-number", Always, ANY;
    /// `code-spaced`: `code` is a string with blanks around the digits.
    CodeSpaced = "code-spaced", Always, ANY;
    /// `no-code`: the envelope has no `code`.
    NoCode = "no-code", Once, ANY;
    /// `msg-key`: the text is in `msg`, as the vendor's tables say, not in `message`.
    MsgKey = "msg-key", Always, ANY;
    /// `data-first`: the envelope's fields in the opposite order.
    DataFirst = "data-first", Always, ANY;
    /// `nested`: `data` is a list of one whole envelope, as in the published sample.
    Nested = "nested", Always, DATA;
    /// `nested-object`: `data` is a whole envelope.
    NestedObject = "nested-object", Always, DATA;
    /// `nested-failure`: 1000 around a 1001 without data.
    NestedFailure = "nested-failure", Once, DATA;
    /// `null-data`: 1000, and `data` is null.
    NullData = "null-data", Once, DATA;
    /// `missing-data`: 1000 without `data`.
    MissingData = "missing-data", Once, DATA;
    /// `empty-data`: 1000, and `data` is an empty list.
    EmptyData = "empty-data", Once, LISTS;
    /// `data-object`: a list of one is sent as that one, which is what the tables say.
    DataObject = "data-object", Always, DETAIL;
    // ---- the login and the wId
    /// `login-frozen`: the login succeeds with `status` 1.
    LoginFrozen = "login-frozen", Always, LOGIN;
    /// `login-expired`: the login succeeds with `status` 2.
    LoginExpired = "login-expired", Always, LOGIN;
    /// `login-2020`: the login answers with all the fields of the older documents.
    Login2020 = "login-2020", Always, LOGIN;
    /// `status-string`: the login's `status` is a string.
    StatusString = "status-string", Always, LOGIN;
    /// `lower-case-authorization`: the token is in `authorization`.
    LowerCaseAuthorization = "lower-case-authorization", Always, LOGIN;
    /// `null-authorization`: the login succeeds, with null for the token.
    NullAuthorization = "null-authorization", Once, LOGIN;
    /// `relogin`: the WeChat account logs in again just before the call, so its wId is dead and there is a new one.
    Relogin = "relogin", Once, WID;
    /// `offline`: the WeChat account goes offline just before the call, and stays so.
    Offline = "offline", Once, WID;
    /// `offline-1001`: `/isOnline` says offline as its table does, with 1001 and no data.
    Offline1001 = "offline-1001", Always, ONLINE;
    // ---- members
    /// `rows-2020`: members as in 2020: pictures by http, no `displayName`, `inviterUserName`, `notify` or `isManage`.
    Rows2020 = "rows-2020", Always, LIST;
    /// `empty-strings`: "" where the live server sends null.
    EmptyStrings = "empty-strings", Always, PEOPLE;
    /// `null-fields`: everything but `userName` is null in every third member.
    NullFields = "null-fields", Always, PEOPLE;
    /// `extra-fields`: members have fields nobody documents, one of them an object.
    ExtraFields = "extra-fields", Always, PEOPLE;
    /// `member-flag`: members have `chatRoomMemberFlag`, which only the table names.
    MemberFlag = "member-flag", Always, LIST;
    /// `string-numbers`: numbers in members and groups are strings.
    StringNumbers = "string-numbers", Always, PEOPLE;
    /// `bad-row`: one member has null for its `userName`.
    BadRow = "bad-row", Always, ROWS;
    /// `duplicate-row`: one member is there twice.
    DuplicateRow = "duplicate-row", Always, ROWS;
    /// `short-list` or `short-list=ROWS`: the last two members, or so many, are missing, without a word.
    ShortList(u32 = SHORT) = "short-list", Always, LIST;
    /// `unstable-order`: the members are in another order for every call.
    UnstableOrder = "unstable-order", Always, ROWS;
    /// `admins-manage`: `isManage` is true for administrators too, not only for the owner.
    AdminsManage = "admins-manage", Always, ROWS;
    // ---- the group
    /// `wrong-count` or `wrong-count=DELTA`: `memberCount` is one too many, or off by so many.
    WrongCount(i32 = MORE) = "wrong-count", Always, ROOM;
    /// `zero-count`: `memberCount` is 0, as it is in members.
    ZeroCount = "zero-count", Always, ROOM;
    /// `null-room`: `chatRoomOwner`, `memberCount` and `chatRoomMembers` are null.
    NullRoom = "null-room", Always, ROOM;
    /// `nike-name`: the group as in 2020: its `userName` is null, and its members' names are in `nikeName`.
    NikeName = "nike-name", Always, ROOM;
}
