//! NetEase Yunxin (NIM): chatrooms, teams and superteams.

pub(crate) mod groups;
mod rules;

use std::sync::Arc;

use clap::ValueEnum;
use groupmembers_http::Runtime;
use groupmembers_http::walk::{Roster, Walk};
use groupmembers_unified::{self as unified, Member};
use nim_server::{
    BaseUrl, BuildError, Client, ClientBuilder, Credentials, Kind, Region, RosterOptions, RosterWalk, SuperteamWalk,
    TeamWalk,
};

use super::{Help, Listing, RowOf, SavedWalk, Shape, Target, Task};
use crate::error::{Code, Error};
use crate::sanitize::Rules;
use crate::{cli, env, terminal};

pub(crate) const HELP: Help = Help {
    environment: "  NIM_APP_KEY     the app's key
  NIM_APP_SECRET  the app's secret
  NIM_BASE_URL    stands for --base-url
  NIM_REGION      stands for --region",
    exports: "  export NIM_APP_KEY=5a6e62fd1c0b4e7f9a3d28c47b10e9f3
  read -rs NIM_APP_SECRET; export NIM_APP_SECRET",
    group: "nim --group 9500000001",
    lists: &[
        "",
        "--type temporary -o guests.csv",
        "--kind superteam",
        "--format ndjson | jq -r .id",
        "--record fixtures/my_room",
    ],
};

/// What leads to the app.
#[derive(Debug, clap::Args)]
pub(crate) struct Way {
    /// Another host than a region's, with the path: https://host/nimserver; plain http on this machine only
    #[arg(long, value_name = "URL", conflicts_with = "region")]
    base_url: Option<String>,

    /// The app's data centre: china (the default), singapore
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

/// What a NIM listing takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    way: Way,

    /// What the group is: room (a chatroom), team, superteam
    #[arg(long, value_name = "KIND", ignore_case = true, default_value = "room", hide_possible_values = true)]
    kind: What,

    /// Which members of a room: all, fixed, temporary (guests), online-fixed [default: all]
    #[arg(long = "type", value_name = "TYPE", ignore_case = true, hide_possible_values = true)]
    members: Option<Type>,

    /// Rows a page of a room, 2 to 100 [default: 100]
    #[arg(long, value_name = "N", value_parser = |text: &str| cli::number::<u32>(text, 2..=100), allow_negative_numbers = true)]
    page_size: Option<u32>,
}

/// What a group is, in the vendor's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    #[value(alias = "chatroom")]
    Room,
    Team,
    Superteam,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Type {
    All,
    Fixed,
    #[value(alias = "guests")]
    Temporary,
    OnlineFixed,
}

impl From<Type> for Kind {
    fn from(members: Type) -> Self {
        match members {
            Type::All => Self::All,
            Type::Fixed => Self::Fixed,
            Type::Temporary => Self::Temporary,
            Type::OnlineFixed => Self::OnlineFixed,
        }
    }
}

/// The first number that is no id of any group.
const NO_GROUP: u64 = 1 << 53;

/// How a list begins, or goes on from a walk that was saved.
type Begin<W> = dyn Fn(&Client, Option<W>) -> Roster<W>;

/// A chatroom, a team or a superteam.
struct Group<W: Walk> {
    /// As it was typed.
    group: String,
    app: Reached,
    shape: Shape,
    roster: Box<Begin<W>>,
    member: fn(&str, W::Row) -> Member,
}

impl<W: SavedWalk> Listing for Group<W> {
    type Walk = W;
    type Client = Client;

    fn rules(&self) -> &'static Rules {
        &rules::RULES
    }

    fn group(&self) -> &str {
        &self.group
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.app.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }

    fn roster(&self, client: &Client, walk: Option<W>) -> Roster<W> {
        (self.roster)(client, walk)
    }

    fn member(&self, _: &W, row: RowOf<Self>) -> Member {
        (self.member)(&self.group, row)
    }

    fn hint(&self, error: &str) -> Option<String> {
        self.app.hint(error)
    }
}

/// An app that can be asked.
struct Reached {
    builder: ClientBuilder,
    /// The host, with its path.
    host: String,
}

impl Reached {
    /// What an error may mean.
    fn hint(&self, error: &str) -> Option<String> {
        let elsewhere = !self.host.ends_with(PATH) && error.contains("not the NIM API") && !error.contains(PATH);
        elsewhere.then(|| format!("the base URL does not end in {PATH}, as NIM's do"))
    }
}

/// Where the API's calls are on every host of the vendor's.
const PATH: &str = "/nimserver";

fn number(id: &str) -> Option<u64> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|number| digits && (1..NO_GROUP).contains(number))
}

/// As it is written.
fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

enum Host {
    Base(BaseUrl),
    Region(Region),
}

impl Args {
    /// Has the task done with a group.
    pub(super) fn run<T: Task>(self, task: T) -> Result<Code, Error> {
        let id = self.number()?;
        self.fits_its_kind()?;
        let mut app = self.way.reach()?;
        app.builder = app
            .builder
            .concurrency(self.target.in_flight_of_a_chain(task.records()))
            .deadline(Some(self.target.deadline()));
        let (group, shape) = (self.target.group.clone(), self.shape(&app.host));
        match self.kind {
            What::Room => {
                let mut options = RosterOptions::default().kind(self.members.unwrap_or(Type::All).into());
                if let Some(rows) = self.page_size {
                    options = options.page_size(rows);
                }
                let roster = move |client: &Client, walk: Option<RosterWalk>| match walk {
                    Some(walk) => client.resume(walk),
                    None => client.roster_with(id, options.clone()),
                };
                let member = |group: &str, row| unified::nim::member(group, row, terminal::now());
                task.run(Group { group, app, shape, roster: Box::new(roster), member })
            }
            What::Team => {
                let roster = move |client: &Client, walk: Option<TeamWalk>| match walk {
                    Some(walk) => client.resume_team_roster(walk),
                    None => client.team_roster(id),
                };
                let member = |group: &str, row: nim_server::TeamMember| {
                    unified::nim::team_member(group, row.member, row.role.into())
                };
                task.run(Group { group, app, shape, roster: Box::new(roster), member })
            }
            What::Superteam => {
                let roster = move |client: &Client, walk: Option<SuperteamWalk>| match walk {
                    Some(walk) => client.resume_superteam_roster(walk),
                    None => client.superteam_roster(id),
                };
                task.run(Group { group, app, shape, roster: Box::new(roster), member: unified::nim::superteam_member })
            }
        }
    }

    /// The group's id.
    fn number(&self) -> Result<u64, Error> {
        let id = self.target.group(32)?;
        number(id).ok_or_else(|| {
            let (kind, example) = match self.kind {
                What::Room => ("chatroom", "9500000001"),
                What::Team => ("team", "2690000001"),
                What::Superteam => ("superteam", "2690000002"),
            };
            let id = terminal::scrub(id);
            let id = terminal::short(&id);
            Error::Usage(format!("--group {id} is no {kind}: its id is a whole number, such as {example}"))
        })
    }

    /// Teams have no types of members, and no pages whose size could be chosen.
    fn fits_its_kind(&self) -> Result<(), Error> {
        let given = self.members.map(|_| "--type").or(self.page_size.map(|_| "--page-size"));
        match given.filter(|_| self.kind != What::Room) {
            Some(flag) => {
                Err(Error::Usage(format!("{flag} is of rooms only: leave it out, or --kind {}", name(self.kind))))
            }
            None => Ok(()),
        }
    }

    /// What rows and walk hang on.
    fn shape(&self, host: &str) -> Shape {
        let members = self.members.or((self.kind == What::Room).then_some(Type::All));
        vec![
            ("--base-url", host.to_owned()),
            ("--kind", name(self.kind)),
            ("--type", members.map(name).unwrap_or_default()),
            ("--page-size", super::or_none(self.page_size)),
        ]
    }
}

impl Way {
    fn reach(&self) -> Result<Reached, Error> {
        env::require(&["NIM_APP_KEY", "NIM_APP_SECRET"])?;
        let credentials = Credentials::from_env().map_err(|error| Error::Usage(error.to_string()))?;
        let builder = Client::builder(credentials);
        Ok(match self.host()? {
            Host::Base(url) => {
                let host = url.as_str().to_owned();
                Reached { builder: builder.base_url(url), host }
            }
            Host::Region(region) => {
                let host = region.base_url().as_str().to_owned();
                Reached { builder: builder.region(region), host }
            }
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
            (None, None) => match (env::given("NIM_BASE_URL")?, env::given("NIM_REGION")?) {
                (Some(url), _) => base("NIM_BASE_URL", &url),
                (None, Some(text)) => region("NIM_REGION", &text),
                (None, None) => Ok(Host::Region(Region::default())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_number() {
        assert_eq!(number("9500000001"), Some(9_500_000_001));
        for id in ["0", "-1", "+1", "1.5", "66x", "群", "9007199254740992", "99999999999999999999"] {
            assert_eq!(number(id), None, "{id}");
        }
    }
}
