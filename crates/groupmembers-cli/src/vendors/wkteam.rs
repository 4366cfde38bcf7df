//! wkteam.cn (E云管家, personal WeChat).

pub(crate) mod groups;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use groupmembers_http::Runtime;
use groupmembers_unified::{self as unified, Member};
use wkteam_api::{
    Account, BaseUrl, BuildError, Client, ClientBuilder, Command as _, Credentials, DetailWalk, DetailedRoster, Pace,
    Roster, RosterOptions, RosterWalk, Token, WId, get_chat_room_info,
};

use super::{Help, Listing, RowOf, Shape, Target, Task, either};
use crate::error::{Code, Error};
use crate::sanitize::Rules;
use crate::{cli, env, ids};

pub(crate) const HELP: Help = Help {
    environment: "  WKTEAM_TOKEN      the Authorization of a login, as it is, without Bearer
  WKTEAM_ACCOUNT    instead of a token: the developer account, and
  WKTEAM_PASSWORD   its password
  WKTEAM_WID        the wId of the WeChat account's latest login
  WKTEAM_WCID       stands for --wc-id
  WKTEAM_BASE_URL   stands for --base-url

The vendor's hosts speak plain http: the token, and at a login the password,
travel in the open. https:// works where you put a proxy in front.",
    exports: "  export WKTEAM_BASE_URL=http://203.0.113.7:9899
  read -rs WKTEAM_TOKEN; export WKTEAM_TOKEN
  read -rs WKTEAM_WID; export WKTEAM_WID",
    group: "wkteam --group 24343869723@chatroom",
    lists: &["", "-o list.csv", "--wc-id wxid_abc", "--details --raw -f json"],
};

/// What leads to the account.
#[derive(Debug, clap::Args)]
pub(crate) struct Way {
    /// The host your console shows, such as http://203.0.113.7:9899; plain http is taken
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// Act as this WeChat account, wxid_...: its wId is looked up, and WKTEAM_WID is not needed
    #[arg(long, value_name = "ID")]
    wc_id: Option<String>,

    /// The least time between two calls; up to half of it is added at random. Haste costs the account
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = |text: &str| cli::number::<u64>(text, 0..=3_600_000), allow_negative_numbers = true)]
    pause_ms: u64,
}

/// What a wkteam listing takes.
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("group", |arg| arg.help("The group's id, such as 24343869723@chatroom")),
    mut_arg("concurrency", |arg| arg.hide(true).default_value("1").value_parser(one_at_a_time)),
)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    way: Way,

    /// Read the list so often at most, where it does not agree with what the group says of itself
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = |text: &str| cli::number::<u32>(text, 1..=5), allow_negative_numbers = true)]
    rounds: u32,

    /// Do not ask the group about itself first: one call instead of two, but the list is unverified and names no owner
    #[arg(long)]
    no_check: bool,

    /// Ask for every member's profile as well: one call a member, about 11 minutes for 500; it is in "raw"
    #[arg(long)]
    details: bool,
}

/// What comes in one answer cannot be asked for side by side.
fn one_at_a_time(text: &str) -> Result<u16, String> {
    match text {
        "1" => Ok(1),
        _ => Err("this vendor is asked one call at a time: leave it out".to_owned()),
    }
}

/// No id of this vendor comes near it.
const LONGEST_ID: usize = 128;

/// A group.
struct Group {
    id: String,
    builder: ClientBuilder,
    options: RosterOptions,
    shape: Shape,
}

impl Group {
    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }
}

/// The group's own list.
struct Plain(Group);

impl Listing for Plain {
    type Walk = RosterWalk;
    type Client = Client;

    fn rules(&self) -> &'static Rules {
        &rules::RULES
    }

    fn group(&self) -> &str {
        &self.0.id
    }

    fn shape(&self) -> Shape {
        self.0.shape.clone()
    }

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.0.connect(runtime).await
    }

    fn roster(&self, client: &Client, walk: Option<RosterWalk>) -> Roster {
        match walk {
            Some(walk) => client.resume(walk),
            None => client.roster_with(&self.0.id, self.0.options.clone()),
        }
    }

    fn member(&self, walk: &RosterWalk, row: RowOf<Self>) -> Member {
        let owner = walk.room().and_then(|room| room.chat_room_owner.as_deref());
        unified::wkteam::member(&self.0.id, row, owner)
    }

    fn hint(&self, error: &str) -> Option<String> {
        hint(error)
    }
}

/// The list, and every member's profile.
struct WithProfiles(Group);

impl Listing for WithProfiles {
    type Walk = DetailWalk;
    type Client = Client;

    fn rules(&self) -> &'static Rules {
        &rules::RULES
    }

    fn group(&self) -> &str {
        &self.0.id
    }

    fn shape(&self) -> Shape {
        self.0.shape.clone()
    }

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.0.connect(runtime).await
    }

    fn roster(&self, client: &Client, walk: Option<DetailWalk>) -> DetailedRoster {
        match walk {
            Some(walk) => client.resume_with_details(walk),
            None => client.roster_with_details(&self.0.id, self.0.options.clone()),
        }
    }

    fn member(&self, walk: &DetailWalk, row: RowOf<Self>) -> Member {
        let owner = walk.list().room().and_then(|room| room.chat_room_owner.as_deref());
        unified::wkteam::detailed_member(&self.0.id, row, owner)
    }

    fn hint(&self, error: &str) -> Option<String> {
        hint(error)
    }
}

/// What an error may mean: the vendor has one code for everything.
fn hint(error: &str) -> Option<String> {
    let by_token = env::given("WKTEAM_TOKEN").is_ok_and(|token| token.is_some());
    (by_token && error.contains("refused (1001)")).then(|| "or check that WKTEAM_TOKEN is still good".to_owned())
}

fn refused(name: &str, error: &BuildError) -> Error {
    Error::Usage(format!("{name} {}", error.problem()))
}

impl Args {
    fn options(&self) -> RosterOptions {
        let options = RosterOptions::default().rounds(self.rounds);
        if self.no_check { options.unchecked() } else { options }
    }

    /// Has the task done with a group.
    pub(super) fn run<T: Task>(self, task: T) -> Result<Code, Error> {
        let id = self.target.group(LONGEST_ID)?.to_owned();
        let asked = get_chat_room_info::Request::new(id.as_str());
        asked.validate().map_err(|error| refused("--group", &error))?;
        let builder = self.way.builder()?.deadline(Some(self.target.deadline()));
        let mut shape = self.way.shape()?;
        shape.extend([
            ("--rounds", self.rounds.to_string()),
            ("--no-check", self.no_check.to_string()),
            ("--details", super::or_none(self.details.then_some(true))),
        ]);
        if self.details && !task.writes_raw() {
            return Err(Error::Usage(
                "--details adds a profile to the vendor's own object of each member, which `list --raw` alone writes: add \
                 --raw there, or leave --details out"
                    .to_owned(),
            ));
        }
        let group = Group { id, builder, options: self.options(), shape };
        if self.details { task.run(WithProfiles(group)) } else { task.run(Plain(group)) }
    }
}

impl Way {
    /// What rows hang on. The wId is another one after each login.
    fn shape(&self) -> Result<Shape, Error> {
        Ok(vec![
            ("--base-url", self.host()?.as_str().to_owned()),
            ("--wc-id", self.wc_id.clone().or(env::given("WKTEAM_WCID")?).unwrap_or_default()),
        ])
    }

    /// The flags first, then the environment.
    fn builder(&self) -> Result<ClientBuilder, Error> {
        let wc_id = match &self.wc_id {
            Some(wc_id) => Some(("--wc-id", wc_id.clone())),
            None => env::given("WKTEAM_WCID")?.map(|wc_id| ("WKTEAM_WCID", wc_id)),
        };
        let needed = [(self.base_url.is_none(), "WKTEAM_BASE_URL"), (wc_id.is_none(), "WKTEAM_WID")];
        let needed: Vec<&str> = needed.into_iter().filter_map(|(needed, name)| needed.then_some(name)).collect();
        either::require(&needed, "WKTEAM_TOKEN", ["WKTEAM_ACCOUNT", "WKTEAM_PASSWORD"])?;
        let mut builder = Client::builder(self.host()?, credentials()?).pace(self.pace());
        builder = match wc_id {
            Some((name, wc_id)) => {
                ids::check(name, &wc_id, LONGEST_ID)?;
                builder.wc_id(wc_id)
            }
            None => builder.w_id(WId::new(value("WKTEAM_WID")?).map_err(|error| refused("WKTEAM_WID", &error))?),
        };
        Ok(builder)
    }

    fn host(&self) -> Result<BaseUrl, Error> {
        match &self.base_url {
            Some(url) => url.parse().map_err(|error| refused("--base-url", &error)),
            None => value("WKTEAM_BASE_URL")?.parse().map_err(|error| refused("WKTEAM_BASE_URL", &error)),
        }
    }

    fn pace(&self) -> Pace {
        let least = Duration::from_millis(self.pause_ms);
        Pace { least, jitter: least / 2 }
    }
}

fn value(name: &str) -> Result<String, Error> {
    env::read(name).map(Option::unwrap_or_default)
}

fn credentials() -> Result<Credentials, Error> {
    if env::given("WKTEAM_TOKEN")?.is_some() {
        let token = Token::new(value("WKTEAM_TOKEN")?).map_err(|error| refused("WKTEAM_TOKEN", &error))?;
        return Ok(token.into());
    }
    let account = Account::new(value("WKTEAM_ACCOUNT")?, value("WKTEAM_PASSWORD")?);
    Ok(account.map_err(|error| refused(&format!("WKTEAM_{}", error.name().to_uppercase()), &error))?.into())
}
