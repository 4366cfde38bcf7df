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
    /// The token was refused: the code is 401 or 403, or the sentence names the token.
    Token,
    /// The developer account is frozen.
    Frozen,
    /// The developer account has expired.
    Expired,
    /// The WeChat account is not online: it is not in `/queryLoginWx`.
    Offline,
    /// The `wId` is none of those in `/queryLoginWx`, and nobody said whose it was.
    UnknownLogin,
    /// 1001: refused, for a reason that only the server's words may tell.
    Refused,
    /// A code this version does not know.
    Other,
}

impl ApiErrorKind {
    pub(crate) fn of(command: &str, code: &str, message: &str) -> Self {
        match code {
            // A login sends no token.
            "401" | "403" if command != LOGIN => Self::Token,
            "1001" | "10001" if command != LOGIN && names_the_token(message) => Self::Token,
            // The one sentence that is known to be about the credentials.
            "1001" | "10001" if message.contains("用户名或密码错误") => Self::Auth,
            "1001" | "10001" => Self::Refused,
            _ => Self::Other,
        }
    }

    /// Whether it is about the account a call was made as: then no other call will do better.
    #[cfg(feature = "client")]
    pub(crate) fn is_about_the_login(self) -> bool {
        matches!(self, Self::Offline | Self::UnknownLogin)
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
            Self::Token => ("the token was refused", "log in again, and check that it belongs to this host"),
            Self::Frozen => ("the login worked, but the account is frozen", "ask the vendor's support"),
            Self::Expired => ("the login worked, but the account has expired", "renew it in the console"),
            Self::Offline => ("the WeChat account is not online", "log it in again; it then has another wId"),
            Self::UnknownLogin => (
                "refused, and no account that is online has this wId",
                "give the account's wcId, so that its latest wId can be found, or log it in and give the new wId",
            ),
            Self::Refused => ("refused", advice(command)),
            Self::Other => ("refused with a code this version does not know", ""),
        }
    }
}

const LOGIN: &str = "member/login";

/// Whether a refusal's sentence is about the token. What a dead one answers nobody recorded; these are the words for it in
/// the vendor's documents and in those of its sister products. "Log in" alone may mean the WeChat account.
fn names_the_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "authorization",
        "token",
        "授权密钥",
        "授权失败",
        "授权无效",
        "授权过期",
        "授权已",
        "令牌",
        "鉴权",
        "身份认证",
        "身份验证",
    ]
    .iter()
    .any(|word| message.contains(word))
}

/// What there is to check where a call was refused without a reason: what it was sent.
fn advice(command: &str) -> &'static str {
    match command {
        LOGIN => "check the account and the password",
        "queryLoginWx" => "check the token",
        "getChatRoomMember" | "getChatRoomMemberInfo" | "getChatRoomInfo" => {
            "check the token, that the wId is the latest login's, and that the account is in the group"
        }
        _ => "check the token, and that the wId is the latest login's",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_about_the_token_are_taken_for_its_refusal() {
        for words in ["Authorization无效，请重新登录", "token expired", "授权密钥错误", "授权已过期", "鉴权失败"]
        {
            assert_eq!(ApiErrorKind::of("getContact", "1001", words), ApiErrorKind::Token, "{words}");
            assert_eq!(ApiErrorKind::of(LOGIN, "1001", words), ApiErrorKind::Refused, "{words}");
        }
        for words in ["", "失败", "系统失败,请重试", "二次登录失败，请重新扫码登录", "由于对方的隐私设置", "请先登录"]
        {
            assert_eq!(ApiErrorKind::of("getContact", "1001", words), ApiErrorKind::Refused, "{words}");
        }
        assert_eq!(ApiErrorKind::of("getContact", "403", ""), ApiErrorKind::Token);
        assert_eq!(ApiErrorKind::of(LOGIN, "403", ""), ApiErrorKind::Other);
    }
}
