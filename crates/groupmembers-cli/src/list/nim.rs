//! NetEase Yunxin (NIM): chatrooms.

mod rules;

use clap::ValueEnum as _;
use groupmembers_unified as unified;
use nim_server::{BaseUrl, BuildError, Client, Credentials, Kind, Region, RosterOptions};

use super::Common;
use super::resume::Shape;
use crate::error::{Code, Error};
use crate::{cli, env, terminal};

const AFTER_HELP: &str = "\
Environment:
  NIM_APP_KEY     the app's key
  NIM_APP_SECRET  the app's secret
  NIM_BASE_URL    stands for --base-url
  NIM_REGION      stands for --region

Examples:
  export NIM_APP_KEY=5a6e62fd1c0b4e7f9a3d28c47b10e9f3
  read -rs NIM_APP_SECRET; export NIM_APP_SECRET
  groupmembers list nim --group 9500000001
  groupmembers list nim --group 9500000001 --type temporary -o guests.csv
  groupmembers list nim --group 9500000001 --format ndjson | jq -r .id
  groupmembers list nim --group 9500000001 --record fixtures/my_room";

/// What a NIM listing takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// Another host than a region's, with the path: https://host/nimserver; plain http on this machine only
    #[arg(long, value_name = "URL", conflicts_with = "region")]
    base_url: Option<String>,

    /// The app's data centre: china (the default), singapore
    #[arg(long, value_name = "NAME")]
    region: Option<String>,

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

/// Lists a chatroom.
pub(crate) fn run(args: Args) -> Result<Code, Error> {
    let room = room(args.common.group(32)?)?;
    env::require(&["NIM_APP_KEY", "NIM_APP_SECRET"])?;
    let credentials = Credentials::from_env().map_err(|error| Error::Usage(error.to_string()))?;
    let mut builder = Client::builder(credentials)
        .concurrency(args.common.in_flight_of_a_chain())
        .deadline(Some(args.common.deadline()));
    let host = args.host()?;
    let shape = args.shape(&host);
    let elsewhere = matches!(&host, Host::Base(url) if !url.as_str().ends_with(PATH));
    builder = match host {
        Host::Base(url) => builder.base_url(url),
        Host::Region(region) => builder.region(region),
    };
    let mut options = RosterOptions::default().kind(args.members.into());
    if let Some(rows) = args.page_size {
        options = options.page_size(rows);
    }
    let code = super::list(
        &args.common,
        &rules::RULES,
        shape,
        |runtime, walk| {
            let client = builder.runtime(runtime).build().map_err(|error| error.to_string())?;
            Ok(match walk {
                Some(walk) => client.resume(walk),
                None => client.roster_with(room, options),
            })
        },
        |row| unified::nim::member(&args.common.group, row, terminal::now()),
    );
    match code {
        Err(Error::Failed(text)) if elsewhere && text.contains("not the NIM API") && !text.contains(PATH) => {
            Err(Error::Failed(format!("{text}; the base URL does not end in {PATH}, as NIM's do")))
        }
        code => code,
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
    /// What rows and walk hang on.
    fn shape(&self, host: &Host) -> Shape {
        let host = match host {
            Host::Base(url) => url.as_str().to_owned(),
            Host::Region(region) => region.base_url().as_str().to_owned(),
        };
        let members = self.members.to_possible_value().map(|value| value.get_name().to_owned());
        vec![
            ("--base-url", host),
            ("--type", members.unwrap_or_default()),
            ("--page-size", super::or_none(self.page_size)),
        ]
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
