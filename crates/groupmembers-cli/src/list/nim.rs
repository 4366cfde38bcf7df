//! NetEase Yunxin (NIM): chatrooms.

mod rules;

use clap::ValueEnum as _;
use nim_server::{BaseUrl, BuildError, Client, Credentials, Kind, Region, RosterOptions};

use super::Common;
use super::resume::Shape;
use crate::error::{Code, Error};
use crate::member::{Member, Role};
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
    let (raw, now) = (args.common.raw, terminal::now());
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
        |row| member(&args.common.group, row, raw, now),
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

/// A NIM row as a row of ours.
pub(crate) fn member(group: &str, row: nim_server::Member, raw: bool, now: u64) -> Member {
    let raw = raw.then(|| serde_json::to_value(&row).unwrap_or_default());
    let given = |text: &String| !text.is_empty();
    let muted_until = match (row.muted, row.temp_muted) {
        (Some(true), _) => Some("forever".to_owned()),
        // Where it does not say for how long, it may be for ever as far as anybody knows.
        (_, Some(true)) => row
            .temp_mute_ttl
            .map_or_else(|| Some("forever".to_owned()), |seconds| now.checked_add(seconds).and_then(terminal::rfc3339)),
        _ => None,
    };
    Member {
        vendor: "nim",
        group: group.to_owned(),
        id: row.accid,
        name: row.nick.filter(given),
        role: row.role.map(|role| match role {
            nim_server::Role::Creator => Role::Owner,
            nim_server::Role::Manager => Role::Admin,
            nim_server::Role::Common => Role::Member,
            nim_server::Role::Limited => Role::Restricted,
            nim_server::Role::Temporary | nim_server::Role::Anonymous => Role::Guest,
            _ => Role::Unknown,
        }),
        joined_at: row
            .enter_time
            .and_then(|time| u64::try_from(time).ok())
            .filter(|&time| time > 0)
            .and_then(terminal::rfc3339_millis),
        avatar_url: row.avator.filter(given),
        muted_until,
        online: row.online_stat,
        raw,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value) -> Member {
        member("66", serde_json::from_value(json).unwrap(), false, 1_700_000_000)
    }

    #[test]
    fn a_row_without_anything_is_all_null() {
        let bare = of(json!({"accid": "a"}));
        assert_eq!(bare, of(json!({"accid": "a", "nick": "", "avator": "", "enterTime": 0, "ext": null})));
        assert_eq!((bare.id.as_str(), bare.name, bare.role, bare.joined_at), ("a", None, None, None));
        assert_eq!((bare.avatar_url, bare.muted_until, bare.online, bare.raw), (None, None, None, None));
    }

    #[test]
    fn every_role_has_a_word_of_ours() {
        for (word, role) in [
            ("CREATOR", Role::Owner),
            ("MANAGER", Role::Admin),
            ("COMMON", Role::Member),
            ("LIMITED", Role::Restricted),
            ("TEMPORARY", Role::Guest),
            ("ANONYMOUS", Role::Guest),
            ("UNSET", Role::Unknown),
            ("ELDER", Role::Unknown),
        ] {
            assert_eq!(of(json!({"accid": "a", "type": word})).role, Some(role), "{word}");
        }
    }

    #[test]
    fn muted_for_a_while_has_an_end() {
        let muted = |row: serde_json::Value| of(row).muted_until;
        assert_eq!(muted(json!({"accid": "a", "muted": true})).as_deref(), Some("forever"));
        let a_while = muted(json!({"accid": "a", "tempMuted": true, "tempMuteTtl": 60}));
        assert_eq!(a_while.as_deref(), Some("2023-11-14T22:14:20Z"));
        assert_eq!(muted(json!({"accid": "a", "muted": false, "tempMuted": false})), None);
        assert_eq!(
            of(json!({"accid": "a", "enterTime": 1_700_000_000_007_i64})).joined_at.as_deref(),
            Some("2023-11-14T22:13:20.007Z")
        );
    }

    #[test]
    fn a_room_is_a_number() {
        assert_eq!(room("9500000001").unwrap(), 9_500_000_001);
        for id in ["0", "-1", "+1", "1.5", "66x", "群", "9007199254740992", "99999999999999999999"] {
            assert!(room(id).is_err(), "{id}");
        }
    }
}
