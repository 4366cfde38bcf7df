//! What is looked at before any call: path, method and the signature. It never reads the body.

use axum::http::HeaderMap;

use super::{checksum, config::Config, refusal::Refusal};

/// The reads that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    MembersByPage,
    QueryMembersByRole,
    QueryMembers,
    Get,
    GetBatch,
    QueryUserRoomIds,
    TagMembersQuery,
    TagMembersCount,
    TeamQuery,
    TeamQueryDetail,
    SuperTeamGetTlists,
}

impl Command {
    const ALL: [Self; 11] = [
        Self::MembersByPage,
        Self::QueryMembersByRole,
        Self::QueryMembers,
        Self::Get,
        Self::GetBatch,
        Self::QueryUserRoomIds,
        Self::TagMembersQuery,
        Self::TagMembersCount,
        Self::TeamQuery,
        Self::TeamQueryDetail,
        Self::SuperTeamGetTlists,
    ];

    /// By the path below `/nimserver/`.
    pub(crate) fn find(path: &str) -> Option<Self> {
        let name = path.strip_suffix(".action")?;
        Self::ALL.into_iter().find(|command| command.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MembersByPage => "chatroom/membersByPage",
            Self::QueryMembersByRole => "chatroom/queryMembersByRole",
            Self::QueryMembers => "chatroom/queryMembers",
            Self::Get => "chatroom/get",
            Self::GetBatch => "chatroom/getBatch",
            Self::QueryUserRoomIds => "chatroom/queryUserRoomIds",
            Self::TagMembersQuery => "chatroom/tagMembersQuery",
            Self::TagMembersCount => "chatroom/tagMembersCount",
            Self::TeamQuery => "team/query",
            Self::TeamQueryDetail => "team/queryDetail",
            Self::SuperTeamGetTlists => "superteam/getTlists",
        }
    }

    /// Which limit it counts towards.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::TeamQuery | Self::TeamQueryDetail => "team/*",
            Self::SuperTeamGetTlists => "superteam/*",
            _ => self.name(),
        }
    }
}

/// Whether the headers are those of the app. `now` is the server's clock.
pub(crate) fn admit(config: &Config, headers: &HeaderMap, now: u64) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("AppKey") != config.app_key {
        let why = if header("AppKey").is_empty() { "AppKey is missing" } else { "AppKey is not known here" };
        return Err(Refusal::with_desc(414, "appkey", why));
    }
    checksum::verify(&config.app_secret, header("Nonce"), header("CurTime"), header("CheckSum"), now)
        .map_err(|refused| Refusal::with_desc(414, refused.desc, refused.why))
}
