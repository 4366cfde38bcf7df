//! Tencent Cloud Chat (TIM).

pub(crate) mod groups;

use std::sync::Arc;

use clap::ValueEnum as _;
use groupmembers_http::Runtime;
use groupmembers_unified::{self as unified, Member};
use serde_json::json;
use tim_rest::{
    BaseUrl, BuildError, Client, ClientBuilder, Command, Credentials, GroupType, Region, Roster, RosterOptions,
    RosterWalk, get_group_info, get_group_member_info, get_members,
};

use super::{Help, Listing, RowOf, Shape, Target, Task};
use crate::error::{Code, Error};
use crate::sanitize::{Kind, Outcome, Rules, Ways};
use crate::{cli, env, ids, terminal};

pub(crate) const HELP: Help = Help {
    environment: "  TIM_SDK_APP_ID   the app's number
  TIM_SECRET_KEY   the app's secret key
  TIM_ADMIN        the UserID of an App admin, often administrator
  TIM_BASE_URL     stands for --base-url
  TIM_REGION       stands for --region",
    exports: "  export TIM_SDK_APP_ID=1400000000 TIM_ADMIN=administrator
  read -rs TIM_SECRET_KEY; export TIM_SECRET_KEY",
    group: "tim --group '@TGS#1ABCDEF'",
    lists: &["", "-o list.csv --report report.json", "--format ndjson | jq -r .id", "--record fixtures/my_group"],
};

/// What leads to the app.
#[derive(Debug, clap::Args)]
pub(crate) struct Way {
    /// Another host than a region's; plain http on this machine only
    #[arg(long, value_name = "URL", conflicts_with = "region")]
    base_url: Option<String>,

    /// The app's data centre: china (the default), singapore, seoul, tokyo, frankfurt, silicon-valley, jakarta,
    /// riyadh, mumbai
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

/// What a TIM listing takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    way: Way,

    /// The group's type, where you know it: saves the call that asks
    #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
    group_type: Option<Type>,

    /// Rows a page, 2 to 200, and at most 100 for a Community [default: as many as the API gives]
    #[arg(long, value_name = "N", value_parser = |text: &str| cli::number::<u32>(text, 2..=200), allow_negative_numbers = true)]
    page_size: Option<u32>,

    /// Only these fields of each member: Role, JoinTime, MsgSeq, MsgFlag, LastSendMsgTime, MuteUntil, NameCard,
    /// OnlineStatus; JoinTime comes in any case
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    fields: Option<Vec<String>>,

    /// These custom fields as well
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    custom_fields: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Type {
    #[value(alias = "private")]
    Work,
    Public,
    #[value(alias = "chatroom")]
    Meeting,
    Community,
    #[value(name = "avchatroom")]
    AVChatRoom,
}

impl From<Type> for GroupType {
    fn from(group_type: Type) -> Self {
        match group_type {
            Type::Work => Self::Work,
            Type::Public => Self::Public,
            Type::Meeting => Self::Meeting,
            Type::Community => Self::Community,
            Type::AVChatRoom => Self::AVChatRoom,
        }
    }
}

/// The most bytes of a custom field's key.
const LONGEST_KEY: usize = 16;

/// A TIM group.
struct Group {
    id: String,
    builder: ClientBuilder,
    options: RosterOptions,
    shape: Shape,
    type_is_given: bool,
}

impl Listing for Group {
    type Walk = RosterWalk;
    type Client = Client;

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn group(&self) -> &str {
        &self.id
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }

    fn roster(&self, client: &Client, walk: Option<RosterWalk>) -> Roster {
        match walk {
            Some(walk) => client.resume(walk),
            None => client.roster_with(&self.id, self.options.clone()),
        }
    }

    fn member(&self, _: &RosterWalk, row: RowOf<Self>) -> Member {
        unified::tim::member(&self.id, row, terminal::now())
    }

    fn hint(&self, error: &str) -> Option<String> {
        // The API has no code of its own for it.
        let may_be = self.type_is_given && WRONG_TYPE.iter().any(|code| error.contains(code));
        may_be.then(|| "or --type is wrong: leave it out, and the API is asked".to_owned())
    }
}

/// What a command that is not for this type of group answers.
const WRONG_TYPE: [&str; 2] = ["(10004)", "(10007)"];

enum Host {
    Base(BaseUrl),
    Region(Region),
}

impl Way {
    /// A client to set up, and the host it will ask.
    fn builder(&self) -> Result<(ClientBuilder, String), Error> {
        env::require(&["TIM_SDK_APP_ID", "TIM_SECRET_KEY", "TIM_ADMIN"])?;
        ids::check("TIM_ADMIN", &env::read("TIM_ADMIN")?.unwrap_or_default(), ids::LONGEST_TIM_USER)?;
        let credentials = Credentials::from_env().map_err(|error| Error::Usage(error.to_string()))?;
        let builder = Client::builder(credentials);
        Ok(match self.host()? {
            Host::Base(url) => {
                let host = url.as_str().to_owned();
                (builder.base_url(url), host)
            }
            Host::Region(region) => (builder.region(region), format!("https://{}", region.host())),
        })
    }

    /// The flags first, then the environment, then China.
    fn host(&self) -> Result<Host, Error> {
        let named = |name: &str, error: &BuildError| Error::Usage(format!("{name} {}", error.problem()));
        let base = |name, url: &str| url.parse().map(Host::Base).map_err(|error| named(name, &error));
        let region = |name, text: &str| text.parse().map(Host::Region).map_err(|error| named(name, &error));
        match (&self.base_url, &self.region) {
            (Some(url), _) => base("--base-url", url),
            (None, Some(text)) => region("--region", text),
            (None, None) => match (env::given("TIM_BASE_URL")?, env::given("TIM_REGION")?) {
                (Some(url), _) => base("TIM_BASE_URL", &url),
                (None, Some(text)) => region("TIM_REGION", &text),
                (None, None) => Ok(Host::Region(Region::default())),
            },
        }
    }
}

impl Args {
    /// Has the task done with a TIM group.
    pub(super) fn run<T: Task>(self, task: T) -> Result<Code, Error> {
        // Ids of the vendor's making are longer than those an app may give.
        let longest = if self.target.group.starts_with("@TGS#") { 128 } else { 48 };
        let id = self.target.group(longest)?.to_owned();
        let options = self.options()?;
        let (builder, host) = self.way.builder()?;
        task.run(Group {
            id,
            builder: builder.concurrency(self.target.concurrency.into()).deadline(Some(self.target.deadline())),
            options,
            shape: self.shape(host),
            type_is_given: self.group_type.is_some(),
        })
    }

    /// What rows and walk hang on.
    fn shape(&self, host: String) -> Shape {
        let names = |names: &Option<Vec<String>>| names.as_ref().map_or_else(String::new, |names| names.join(","));
        let group_type = self.group_type.and_then(|group_type| group_type.to_possible_value());
        vec![
            ("--base-url", host),
            ("TIM_SDK_APP_ID", std::env::var("TIM_SDK_APP_ID").unwrap_or_default()),
            ("--type", group_type.map(|value| value.get_name().to_owned()).unwrap_or_default()),
            ("--page-size", super::or_none(self.page_size)),
            ("--fields", names(&self.fields).to_lowercase()),
            ("--custom-fields", names(&self.custom_fields)),
        ]
    }

    fn options(&self) -> Result<RosterOptions, Error> {
        let mut options = RosterOptions::default();
        if self.group_type == Some(Type::Community) && self.page_size.is_some_and(|rows| rows > 100) {
            return Err(Error::Usage(
                "--page-size is over 100, the most a Community gives: make it smaller".to_owned(),
            ));
        }
        options.group_type = self.group_type.map(Into::into);
        options.page_size = self.page_size;
        if self.page_size.is_some() {
            options = options.in_windows();
        }
        let empty = |name: &String| name.is_empty() || name.trim() != name;
        for (flag, names) in [("--fields", &self.fields), ("--custom-fields", &self.custom_fields)] {
            if names.iter().flatten().any(empty) {
                return Err(Error::Usage(format!("{flag} has an empty name or blanks in it: write A,B")));
            }
        }
        if self.custom_fields.iter().flatten().any(|key| key.len() > LONGEST_KEY) {
            return Err(Error::Usage(format!(
                "--custom-fields has a key of more than {LONGEST_KEY} bytes: none has more"
            )));
        }
        let fields = self.fields.as_ref().map(|names| names.iter().map(|name| field(name)).collect());
        options.fields = fields.transpose()?;
        options.custom_fields.clone_from(&self.custom_fields);
        Ok(options)
    }
}

/// The field of a member that is meant. The API takes any name and leaves out what it does not know: a mistyped one
/// would look like members without a role.
fn field(name: &str) -> Result<String, Error> {
    const KNOWN: [&str; 9] = [
        "Role",
        "JoinTime",
        "MsgSeq",
        "MsgFlag",
        "LastSendMsgTime",
        "MuteUntil",
        "NameCard",
        "OnlineStatus",
        "Member_Account",
    ];
    let known = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    known.map(ToOwned::to_owned).ok_or_else(|| {
        let name = terminal::scrub(name);
        let name = terminal::short(&name);
        Error::Usage(format!("--fields: there is no {name}; the names are {}", KNOWN.join(", ")))
    })
}

/// How a recording of TIM is made safe to show. The app and its admin are those of the vendor's published demo.
pub(crate) static RULES: Rules = Rules {
    vendor: "tim",
    host: "console.tim.qq.com",
    path: "/v4/",
    query: &[
        ("sdkappid", Some("1400000000")),
        ("identifier", Some("administrator")),
        ("usersig", Some("REDACTED")),
        ("random", Some("99999999")),
        ("contenttype", None),
    ],
    ignore_query: &["usersig"],
    random: 99_999_999,
    app: 1_400_000_000,
    kind,
    outcome,
    credentials: || {
        json!({
            "sdk_app_id": groupmembers_sandbox::tim::DEMO_SDK_APP_ID,
            "identifier": groupmembers_sandbox::tim::DEMO_ADMIN,
            "secret_key": "REDACTED",
        })
    },
    ways: &Ways::JSON,
};

/// What stands under a key. What is not known here is replaced.
fn kind(key: &str) -> Kind {
    match key {
        "GroupId" | "GroupIdList" => Kind::Group,
        "NameCard" | "NickName" | "Nick" | "Name" => Kind::Name,
        "Avatar" | "FaceUrl" => Kind::Picture,
        "Next" => Kind::Cursor,
        "Appid" => Kind::App,
        "ErrorInfo" | "ErrorDisplay" | "RequestId" | "Introduction" | "Notification" => Kind::Text,
        "ActionStatus" | "Role" | "MsgFlag" | "OnlineStatus" | "Type" | "ApplyJoinOption" | "InviteJoinOption"
        | "MuteAllMember" | "ShutUpAllMember" | "Key" => Kind::Word,
        "ErrorCode" | "MemberNum" | "MaxMemberNum" | "JoinTime" | "MsgSeq" | "LastSendMsgTime" | "MuteUntil"
        | "ShutUpUntil" | "CreateTime" | "InfoSeq" | "LastInfoTime" | "LastMsgTime" | "NextMsgSeq"
        | "EnablePermission" | "DefaultPermission" | "Limit" | "Offset" | "Timestamp" | "NextTimestamp" => Kind::Number,
        _ if key.ends_with("Account") => Kind::Person,
        _ if key.contains("Filter") => Kind::Word,
        _ => Kind::Unknown,
    }
}

/// What the codec makes of an answer.
fn outcome(endpoint: &str, response: http::Response<&[u8]>) -> Outcome {
    fn of<C: Command>(response: http::Response<&[u8]>) -> Outcome {
        match C::from_http(response) {
            Ok(_) => Outcome::Ok,
            Err(tim_rest::Error::Api(_)) => Outcome::ApiError,
            Err(tim_rest::Error::Status(_)) => Outcome::StatusError,
            Err(_) => Outcome::DecodeError,
        }
    }
    match endpoint {
        "get_group_info" => of::<get_group_info::Request>(response),
        "get_members" => of::<get_members::Request>(response),
        _ => of::<get_group_member_info::Request>(response),
    }
}
