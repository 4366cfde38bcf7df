//! `groupmembers demo`: the whole way, in one process.

use groupmembers_sandbox::tim::{DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, Sandbox};
use tim_rest::{Client, Credentials, Listing};

use crate::error::{Code, Error};
use crate::output::{Format, Output};
use crate::report::Summary;
use crate::{list, terminal};

const GROUP: &str = "@TGS#1DEMO";
const MEMBERS: u32 = 6_000;
const SHOWN: usize = 10;

const NEXT: &str = "
Try next:
  groupmembers sandbox --env                       a server to play with; paste what it prints into another shell
  groupmembers list tim --group '@TGS#3MEETING'    and list one of its groups there, as you would a real one
  groupmembers list tim --help                     what your own app needs: three variables, and the group's id";

/// Lists a group of the sandbox.
pub(crate) fn run() -> Result<Code, Error> {
    let mut config = Config::default();
    config.tim.groups = vec![GroupConfig::new(GROUP, GroupKind::Meeting, MEMBERS)];
    let sandbox =
        Sandbox::start(config).map_err(|error| Error::Failed(format!("cannot start the sandbox: {error}")))?;
    let url = sandbox.base_url();
    terminal::say(&format!("A sandbox answers as Tencent IM at {url}, and verifies every UserSig."));

    let failed = |error: &dyn std::fmt::Display| Error::Failed(error.to_string());
    let credentials = Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, DEMO_SECRET_KEY).map_err(|error| failed(&error))?;
    let base = url.parse().map_err(|error| failed(&error))?;
    let runtime = crate::runtime()?;
    let listing: Listing = runtime.block_on(async {
        let client = Client::builder(credentials).base_url(base).build().map_err(|error| failed(&error))?;
        client.roster(GROUP).all().await.map_err(|error| failed(&error))
    })?;

    let mut output = Output::new(Box::new(std::io::stdout()), Format::Table, false);
    let now = terminal::now();
    let shown = listing.members.iter().take(SHOWN).cloned();
    let mut rows = shown.map(|row| list::tim::member(GROUP, row, false, now));
    let more = listing.members.len().saturating_sub(SHOWN) as u64;
    rows.try_for_each(|row| output.row(&row))
        .and_then(|()| output.line(&format!("… and {} more", terminal::count(more))))
        .map_err(|error| Error::write("stdout", &error))?;

    let summary = Summary::new(listing.report, listing.members.len() as u64, None);
    for remark in summary.remarks() {
        terminal::say(&remark);
    }
    terminal::say(&summary.closing_line());
    for line in NEXT.lines() {
        terminal::say(line);
    }
    Ok(if summary.is_complete() { Code::Done } else { Code::Unsure })
}
