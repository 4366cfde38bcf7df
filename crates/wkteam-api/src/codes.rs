//! The vendor's codes. There are two: 1000, and 1001 with a Chinese sentence.

/// What an error means for the caller.
///
/// Every failure comes as 1001 (the tables print 10001, the samples never): a dead `wId`, a group the account is not in, risk
/// control, a bad request. The code alone does not tell them apart, so nothing here pretends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The account or its password is wrong.
    Auth,
    /// The developer account is frozen.
    Frozen,
    /// The developer account has expired.
    Expired,
    /// The WeChat account is not online: it is not in `/queryLoginWx`.
    Offline,
    /// 1001: refused, for a reason that only the server's words may tell.
    Refused,
    /// A code this version does not know.
    Other,
}

impl ApiErrorKind {
    pub(crate) fn of(code: &str, message: &str) -> Self {
        match code {
            // The one sentence that is known to be about the credentials.
            "1001" | "10001" if message.contains("用户名或密码错误") => Self::Auth,
            "1001" | "10001" => Self::Refused,
            _ => Self::Other,
        }
    }

    /// Whether it is about the developer account, whatever was called.
    #[cfg(feature = "client")]
    pub(crate) fn is_about_the_developer(self) -> bool {
        matches!(self, Self::Auth | Self::Frozen | Self::Expired)
    }

    /// What happened in this call, and what to do.
    pub(crate) fn words(self, command: &str) -> (&'static str, &'static str) {
        match self {
            Self::Auth => ("the account or the password is wrong", "check them in the console"),
            Self::Frozen => ("the login worked, but the account is frozen", "ask the vendor's support"),
            Self::Expired => ("the login worked, but the account has expired", "renew it in the console"),
            Self::Offline => ("the WeChat account is not online", "log it in again; it then has another wId"),
            Self::Refused => ("refused", advice(command)),
            Self::Other => ("refused with a code this version does not know", ""),
        }
    }
}

/// What there is to check where a call was refused without a reason: what it was sent.
fn advice(command: &str) -> &'static str {
    match command {
        "member/login" => "check the account and the password",
        "queryLoginWx" => "check the token",
        "getChatRoomMember" | "getChatRoomMemberInfo" | "getChatRoomInfo" => {
            "check the token, that the wId is the latest login's, and that the account is in the group"
        }
        _ => "check the token, and that the wId is the latest login's",
    }
}
