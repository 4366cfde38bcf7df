//! `groupmembers demo`: the whole way, in one process.

mod agora;
mod nim;
mod wkteam;
mod yunshop;

use std::fmt::Display;
use std::io::Write as _;

use groupmembers_http::Report;
use groupmembers_sandbox::tim::{DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, Sandbox};
use groupmembers_unified::{self as unified, Member};
use tim_rest::{Client, Credentials, Listing};

use crate::error::{Code, Error};
use crate::output::{Format, Output};
use crate::report::Summary;
use crate::terminal;

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
    yunshop::set(&mut config.yunshop);
    let sandbox =
        Sandbox::start(config).map_err(|error| Error::Failed(format!("cannot start the sandbox: {error}")))?;
    let url = sandbox.base_url();
    terminal::say(&format!("A sandbox answers as Tencent IM at {url}, and verifies every UserSig."));

    let credentials = Credentials::new(DEMO_SDK_APP_ID, DEMO_ADMIN, DEMO_SECRET_KEY).map_err(failed)?;
    let base = url.parse().map_err(failed)?;
    let runtime = crate::runtime()?;
    let listing: Listing = runtime.block_on(async {
        let client = Client::builder(credentials).base_url(base).build().map_err(failed)?;
        client.roster(GROUP).all().await.map_err(failed)
    })?;

    let mut output = Output::new(Box::new(std::io::stdout()), Format::Table, false);
    let shown = listing.members.iter().take(SHOWN).cloned();
    let mut rows = shown.map(|row| unified::tim::member(GROUP, row, terminal::now()));
    let more = listing.members.len().saturating_sub(SHOWN) as u64;
    rows.try_for_each(|row| output.row(&row))
        .and_then(|()| output.line(&format!("… and {} more", terminal::count(more))))
        .map_err(|error| Error::write("stdout", &error))?;

    let summary = Summary::new(listing.report, listing.members.len() as u64, None);
    for remark in summary.remarks() {
        terminal::say(&remark);
    }
    terminal::say(&summary.closing_line());
    let mut complete = summary.is_complete();
    complete &= show(runtime.block_on(agora::listed(&url))?)?;
    complete &= show(runtime.block_on(nim::listed(&url))?)?;
    complete &= show(runtime.block_on(wkteam::listed(&url))?)?;
    complete &= show(runtime.block_on(yunshop::listed(&url))?)?;
    for line in NEXT.lines() {
        terminal::say(line);
    }
    Ok(if complete { Code::Done } else { Code::Unsure })
}

/// A group of another vendor.
struct Listed {
    vendor: &'static str,
    members: Vec<Member>,
    report: Report,
}

/// Shows its first members and how it went; whether the list is complete.
fn show(listed: Listed) -> Result<bool, Error> {
    const SHOWN: usize = 3;
    terminal::say("");
    terminal::say(&format!("The same sandbox as {}:", listed.vendor));
    let mut stdout = std::io::stdout();
    let mut output = Output::new(Box::new(std::io::stdout()), Format::Table, false);
    let more = listed.members.len().saturating_sub(SHOWN) as u64;
    let shown = writeln!(stdout)
        .and_then(|()| listed.members.iter().take(SHOWN).try_for_each(|member| output.row(member)))
        .and_then(|()| output.line(&format!("… and {} more", terminal::count(more))));
    shown.map_err(|error| Error::write("stdout", &error))?;
    let summary = Summary::new(listed.report, listed.members.len() as u64, None);
    for remark in summary.remarks() {
        terminal::say(&remark);
    }
    terminal::say(&summary.closing_line());
    Ok(summary.is_complete())
}

fn failed(error: impl Display) -> Error {
    Error::Failed(error.to_string())
}
