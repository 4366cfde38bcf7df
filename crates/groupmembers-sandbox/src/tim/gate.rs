//! What the gateway looks at before any command: path, query, signature, administrator. It never reads the body.

use percent_encoding::percent_decode_str;

use super::{config::Config, refusal::Refusal, usersig};

const GROUP: &str = "group_open_http_svc";
const AV_CHAT_ROOM: &str = "group_open_avchatroom_http_svc";
const MILLION: &str = "million_group_open_http_svc";

/// The reads that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    GroupMemberInfo,
    SpecifiedGroupMemberInfo,
    RoleInGroup,
    GroupInfo,
    JoinedGroupList,
    AppidGroupList,
    OnlineMemberNum,
    MillionOnlineMemberNum,
    Members,
    GroupMutedAccount,
    GroupBanMember,
}

impl Command {
    /// By the path of the URL.
    fn find(path: &str) -> Option<Self> {
        let (service, command) = path.strip_prefix("/v4/")?.split_once('/')?;
        Some(match (service, command) {
            (GROUP, "get_group_member_info") => Self::GroupMemberInfo,
            (GROUP, "get_specified_group_member_info") => Self::SpecifiedGroupMemberInfo,
            (GROUP, "get_role_in_group") => Self::RoleInGroup,
            (GROUP, "get_group_info") => Self::GroupInfo,
            (GROUP, "get_joined_group_list") => Self::JoinedGroupList,
            (GROUP, "get_appid_group_list") => Self::AppidGroupList,
            (GROUP, "get_online_member_num") => Self::OnlineMemberNum,
            (MILLION, "get_online_member_num") => Self::MillionOnlineMemberNum,
            (AV_CHAT_ROOM, "get_members") => Self::Members,
            (GROUP, "get_group_muted_account") => Self::GroupMutedAccount,
            (GROUP, "get_group_ban_member") => Self::GroupBanMember,
            _ => return None,
        })
    }

    /// The vendor's name; with its service only where two services have the same one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GroupMemberInfo => "get_group_member_info",
            Self::SpecifiedGroupMemberInfo => "get_specified_group_member_info",
            Self::RoleInGroup => "get_role_in_group",
            Self::GroupInfo => "get_group_info",
            Self::JoinedGroupList => "get_joined_group_list",
            Self::AppidGroupList => "get_appid_group_list",
            Self::OnlineMemberNum => "get_online_member_num",
            Self::MillionOnlineMemberNum => "million_group_open_http_svc/get_online_member_num",
            Self::Members => "get_members",
            Self::GroupMutedAccount => "get_group_muted_account",
            Self::GroupBanMember => "get_group_ban_member",
        }
    }

    /// Calls a second, where `usual` is what nearly all commands allow.
    pub(crate) fn limit(self, usual: u32) -> u32 {
        match self {
            Self::AppidGroupList => usual.min(1),
            _ => usual,
        }
    }
}

/// The command of a request, if its URL is right and its caller may call. `now` is Unix time.
pub(crate) fn admit(config: &Config, method: &str, path: &str, query: &str, now: u64) -> Result<Command, Refusal> {
    let command = Command::find(path).ok_or_else(|| Refusal::new(60009, "no such service or command"))?;
    if method != "POST" {
        return Err(Refusal::new(60002, format!("{method} instead of POST")));
    }
    let query = Query::parse(query)?;

    let app = query.get("sdkappid").ok_or_else(|| Refusal::new(60012, "sdkappid is missing"))?;
    let app: u32 = app.parse().map_err(|_| Refusal::new(60006, "sdkappid is not an unsigned 32-bit number"))?;
    if app != config.sdk_app_id {
        return Err(Refusal::new(70020, format!("app {app} is not known here")));
    }
    if query.get("contenttype") != Some("json") {
        return Err(Refusal::new(60002, "contenttype is not json"));
    }
    if query.get("random").and_then(|random| random.parse::<u32>().ok()).is_none() {
        return Err(Refusal::new(60002, "random is missing or not an unsigned 32-bit number"));
    }
    let identifier = query.get("identifier").filter(|identifier| !identifier.is_empty());
    let identifier = identifier.ok_or_else(|| Refusal::new(60004, "identifier is missing or empty"))?;
    let usersig = query.get("usersig").ok_or_else(|| Refusal::new(60005, "usersig is missing"))?;
    usersig::verify(usersig, app, &config.secret_key, identifier, now)
        .map_err(|refused| Refusal::new(refused.code, refused.why))?;
    if !config.admins.iter().any(|admin| admin == identifier) {
        return Err(Refusal::new(60010, format!("{identifier:?} is not an app administrator")));
    }
    Ok(command)
}

/// A query, decoded as forms are: percent escapes, and "+" for a space.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Result<Self, Refusal> {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            let decoded = percent_decode_str(&text).decode_utf8();
            decoded.map(std::borrow::Cow::into_owned).map_err(|_| Refusal::new(60002, "the query is not UTF-8"))
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}
