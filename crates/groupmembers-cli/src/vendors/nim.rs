//! NetEase Yunxin (NIM): chatrooms.

pub(crate) mod groups;
mod rules;

use std::sync::Arc;

use clap::ValueEnum as _;
use groupmembers_http::Runtime;
use groupmembers_unified::{self as unified, Member};
use nim_server::{
    BaseUrl, BuildError, Client, ClientBuilder, Credentials, Kind, Region, Roster, RosterOptions, RosterWalk,
};

use super::{Help, Listing, RowOf, Shape, Target, Task};
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
    lists: &["", "--type temporary -o guests.csv", "--format ndjson | jq -r .id", "--record fixtures/my_room"],
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

    /// Which members: all, fixed, temporary (guests), online-fixed
    #[arg(long = "type", value_name = "TYPE", ignore_case = true, default_value = "all", hide_possible_values = true)]
    members: Type,

    /// Rows a page, 2 to 100 [default: 100]
    #[arg(long, value_name = "N", value_parser = |text: &str| cli::number::<u32>(text, 2..=100), allow_negative_numbers = true)]
    page_size: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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

/// The first number that is no id of any room.
const NO_ROOM: u64 = 1 << 53;

/// A chatroom.
struct Room {
    id: u64,
    /// As it was typed.
    group: String,
    app: Reached,
    options: RosterOptions,
    shape: Shape,
}

impl Listing for Room {
    type Walk = RosterWalk;
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

    fn roster(&self, client: &Client, walk: Option<RosterWalk>) -> Roster {
        match walk {
            Some(walk) => client.resume(walk),
            None => client.roster_with(self.id, self.options.clone()),
        }
    }

    fn member(&self, _: &RosterWalk, row: RowOf<Self>) -> Member {
        unified::nim::member(&self.group, row, terminal::now())
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

fn room(id: &str) -> Result<u64, Error> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let room = id.parse().ok().filter(|room| digits && (1..NO_ROOM).contains(room));
    room.ok_or_else(|| {
        let id = terminal::scrub(id);
        let id = terminal::short(&id);
        Error::Usage(format!("--group {id} is no chatroom: its id is a whole number, such as 9500000001"))
    })
}

enum Host {
    Base(BaseUrl),
    Region(Region),
}

impl Args {
    /// Has the task done with a chatroom.
    pub(super) fn run<T: Task>(self, task: T) -> Result<Code, Error> {
        let id = room(self.target.group(32)?)?;
        let mut app = self.way.reach()?;
        app.builder = app
            .builder
            .concurrency(self.target.in_flight_of_a_chain(task.records()))
            .deadline(Some(self.target.deadline()));
        let mut options = RosterOptions::default().kind(self.members.into());
        if let Some(rows) = self.page_size {
            options = options.page_size(rows);
        }
        let shape = self.shape(&app.host);
        task.run(Room { id, group: self.target.group, app, options, shape })
    }

    /// What rows and walk hang on.
    fn shape(&self, host: &str) -> Shape {
        let members = self.members.to_possible_value().map(|value| value.get_name().to_owned());
        vec![
            ("--base-url", host.to_owned()),
            ("--type", members.unwrap_or_default()),
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
    fn a_room_is_a_number() {
        assert_eq!(room("9500000001").unwrap(), 9_500_000_001);
        for id in ["0", "-1", "+1", "1.5", "66x", "群", "9007199254740992", "99999999999999999999"] {
            assert!(room(id).is_err(), "{id}");
        }
    }
}
