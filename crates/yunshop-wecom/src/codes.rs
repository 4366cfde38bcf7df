//! What refusals mean. The vendor has no codes: a class in `data`, or a sentence.

/// What a refusal means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The session is over, or there was none.
    NotLoggedIn,
    /// The mobile number or the password is wrong.
    WrongPassword,
    /// Nobody has this mobile number.
    NoSuchMember,
    /// The session manages no enterprise, or one that is disabled.
    EnterpriseNotSelected,
    /// The session manages another enterprise than the one that was chosen: the server fell back to the last one managed.
    OtherEnterprise,
    /// The member may not manage this enterprise.
    EnterpriseForbidden,
    /// The member may not use this call, or the plugin is not enabled for the enterprise.
    Forbidden,
    /// The business side of the shop is switched off.
    PcDisabled,
    /// The member is on the blacklist.
    Blacklisted,
    /// The tenant does not exist.
    UnknownTenant,
    /// The server takes the client for an app it has a login of its own for.
    ClientType,
    /// The call does not exist: an old version, or the plugin is not installed.
    NoSuchCall,
    /// A refusal this version does not know.
    Other,
}

impl ApiErrorKind {
    /// By the vendor's classes, else by its words. `-5` stands in answers that otherwise look like a success.
    pub(crate) fn of(login_status: Option<i64>, status: Option<i64>, message: &str) -> Self {
        match (login_status, status) {
            (Some(0 | 1), _) => return Self::NotLoggedIn,
            (Some(2), _) => return Self::EnterpriseNotSelected,
            (Some(-1), _) => return Self::Blacklisted,
            (Some(-2), _) => return Self::UnknownTenant,
            (Some(-4), _) => return Self::ClientType,
            (_, Some(-2 | -5)) => return Self::NotLoggedIn,
            _ => {}
        }
        let says = [
            ("没有操作权限", Self::Forbidden),
            ("无权管理该企业", Self::EnterpriseForbidden),
            ("企业管理PC端未开启", Self::PcDisabled),
            ("请先选择要管理的企业", Self::EnterpriseNotSelected),
            ("请登录", Self::NotLoggedIn),
            ("token_invalid", Self::NotLoggedIn),
            ("无此公众号", Self::UnknownTenant),
            ("不存在的接口", Self::NoSuchCall),
            ("手机号或密码错误", Self::WrongPassword),
        ];
        says.into_iter().find(|(words, _)| message.contains(words)).map_or(Self::Other, |(_, kind)| kind)
    }

    /// What happened, and what to do.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotLoggedIn => ("not logged in", "give another session, or an account"),
            Self::WrongPassword => ("the mobile number or the password is wrong", "check them"),
            Self::NoSuchMember => ("nobody has this mobile number", "check it, and the uniacid"),
            Self::EnterpriseNotSelected => ("no enterprise is chosen, or it is disabled", "look at businessList"),
            Self::OtherEnterprise => {
                ("the answer is about another enterprise", "use a session of its own for each enterprise")
            }
            Self::EnterpriseForbidden => ("the member may not manage this enterprise", "look at businessList"),
            Self::Forbidden => {
                ("no right to use this call", "have it granted, and the plugin enabled for the enterprise")
            }
            Self::PcDisabled => ("the business side of the shop is off", "have the plugin business-pc switched on"),
            Self::Blacklisted => ("the member is on the shop's blacklist", ""),
            Self::UnknownTenant => ("there is no such tenant", "check the uniacid"),
            Self::ClientType => ("the server takes this for an app of its own", "send another User-Agent"),
            Self::NoSuchCall => ("there is no such call", "the plugin is missing or older"),
            Self::Other => ("refused", ""),
        }
    }
}
