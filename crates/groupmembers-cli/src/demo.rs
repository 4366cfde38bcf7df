//! `groupmembers demo`: the whole way, in one process.

mod nim;

use groupmembers_http::Report;
use groupmembers_http::walk::Listing;
use groupmembers_sandbox::tim::{DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, Sandbox};
use tim_rest::{Client, Credentials};

use crate::error::{Code, Error};
use crate::member::Member;
use crate::output::{Format, Output};
use crate::report::Summary;
use crate::{list, terminal};

const GROUP: &str = "@TGS#1DEMO";
const MEMBERS: u32 = 6_000;
/// So many rows of the first vendor's group are shown, and so many of the others'.
const SHOWN: usize = 10;
const SHOWN_OF_OTHERS: usize = 3;

const NEXT: &str = "
Try next:
  groupmembers sandbox --env                       a server to play with; paste what it prints into another shell
  groupmembers list tim --group '@TGS#3MEETING'    and list one of its groups there, as you would a real one
  groupmembers list tim --help                     what your own app needs: three variables, and the group's id";

/// A group that was listed.
struct Listed {
    first: Vec<Member>,
    members: u64,
    report: Report,
}

impl Listed {
    fn new<R>(listing: Listing<R>, shown: usize, member: impl Fn(R) -> Member) -> Self {
        let members = listing.members.len() as u64;
        Self { first: listing.members.into_iter().take(shown).map(member).collect(), members, report: listing.report }
    }

    /// Shows its first rows, and says how it went; true where it is complete.
    fn show(self) -> Result<bool, Error> {
        let mut output = Output::new(Box::new(std::io::stdout()), Format::Table, false);
        let more = self.members.saturating_sub(self.first.len() as u64);
        self.first
            .iter()
            .try_for_each(|row| output.row(row))
            .and_then(|()| output.line(&format!("… and {} more", terminal::count(more))))
            .map_err(|error| Error::write("stdout", &error))?;
        let summary = Summary::new(self.report, self.members, None);
        for remark in summary.remarks() {
            terminal::say(&remark);
        }
        terminal::say(&summary.closing_line());
        Ok(summary.is_complete())
    }
}

/// Lists a group of each of the sandbox's vendors.
pub(crate) fn run() -> Result<Code, Error> {
    let mut config = Config::default();
    config.tim.groups = vec![GroupConfig::new(GROUP, GroupKind::Meeting, MEMBERS)];
    let sandbox =
        Sandbox::start(config).map_err(|error| Error::Failed(format!("cannot start the sandbox: {error}")))?;
    let url = sandbox.base_url();
    terminal::say(&format!("A sandbox answers as Tencent IM at {url}, and verifies every UserSig."));

    let runtime = crate::runtime()?;
    let mut complete = runtime.block_on(tim(&url))?.show()?;
    terminal::say("The same sandbox answers as NetEase Yunxin (NIM), and verifies every CheckSum.");
    complete &= runtime.block_on(nim::list(&url))?.show()?;
    for line in NEXT.lines() {
        terminal::say(line);
    }
    Ok(if complete { Code::Done } else { Code::Unsure })
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Failed(error.to_string())
}

async fn tim(url: &str) -> Result<Listed, Error> {
    let credentials = Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, DEMO_SECRET_KEY).map_err(failed)?;
    let client = Client::builder(credentials).base_url(url.parse().map_err(failed)?).build().map_err(failed)?;
    let listing = client.roster(GROUP).all().await.map_err(failed)?;
    let now = terminal::now();
    Ok(Listed::new(listing, SHOWN, |row| list::tim::member(GROUP, row, false, now)))
}
