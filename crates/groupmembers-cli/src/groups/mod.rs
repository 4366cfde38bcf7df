//! `groupmembers groups`: the groups that a vendor can name, so that there is something to list. How they are come by is the
//! business of `vendors/VENDOR/groups.rs`.

mod group;
mod proof;

use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use groupmembers_http::reqwest_0_13::Reqwest;
use groupmembers_http::{Completeness, Runtime};
use serde::Serialize;

use crate::error::{Code, Error};
use crate::files::{self, Place};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::vendors::{With, agora, nim, tim, wkteam, worded, yunshop};
use crate::writing::{Places, Writing};
use crate::{cli, terminal};
pub(crate) use group::{Group, given};
use proof::{Gap, Proof};

/// The vendors, and which of their groups can be listed.
#[derive(Debug, Subcommand)]
pub(crate) enum Vendor {
    /// Tencent Cloud Chat (TIM): all groups of the app
    #[command(after_help = tim::HELP.of_groups(&["groups tim", "groups tim --type public --details -o groups.csv"]))]
    Tim(With<tim::groups::Args, Args>),
    /// Agora Chat (Shengwang, Easemob): all groups of the app
    #[command(after_help = agora::HELP.of_groups(&["groups agora", "groups agora -f ndjson | jq -r .group"]))]
    Agora(With<agora::groups::Args, Args>),
    /// NetEase Yunxin (NIM): the open chatrooms that somebody created
    #[command(after_help = nim::HELP.of_groups(&["groups nim --creator alice"]))]
    Nim(With<nim::groups::Args, Args>),
    /// wkteam.cn (E云管家, personal WeChat): the groups saved to the address book
    #[command(after_help = wkteam::HELP.of_groups(&["groups wkteam", "groups wkteam --init --names"]))]
    Wkteam(With<wkteam::groups::Args, Args>),
    /// Yunshop (芸众商城, WeCom customer groups): all groups of the enterprise
    #[command(after_help = yunshop::HELP.of_groups(&["groups yunshop", "groups yunshop --name VIP -o groups.csv"]))]
    Yunshop(With<yunshop::groups::Args, Args>),
}

impl Vendor {
    pub(crate) fn run(self) -> Result<Code, Error> {
        match self {
            Self::Tim(With { vendor, task }) => task.run(&vendor.reach(&task)?),
            Self::Agora(With { vendor, task }) => task.run(&vendor.reach(&task)?),
            Self::Nim(With { vendor, task }) => task.run(&vendor.reach(&task)?),
            Self::Wkteam(With { vendor, task }) => task.run(&vendor.reach(&task)?),
            Self::Yunshop(With { vendor, task }) => task.run(&vendor.reach(&task)?),
        }
    }
}

/// How the groups of a vendor are come by. Nothing has been sent, and what can be wrong before that is not.
pub(crate) trait Groups {
    const VENDOR: &'static str;

    /// What reads the list.
    type Client;

    /// What has to succeed before there is a list to read, if anything. The error is what to tell people.
    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Self::Client, String>;

    /// The list from its beginning, page by page. It can be read again.
    fn pages(&self, client: &Self::Client) -> BoxStream<'static, Result<Page, String>>;

    /// What is to be known of the list.
    fn note(&self) -> Option<&'static str> {
        None
    }

    /// What else an error may mean.
    fn hint(&self, _error: &str) -> Option<String> {
        None
    }
}

/// One answer.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) groups: Vec<Group>,
    /// Why rows could not be read.
    pub(crate) unreadable: Vec<String>,
    /// How many groups there are, by the vendor's count.
    pub(crate) total: Option<u64>,
}

/// What every vendor's list of groups takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    writing: Writing,

    /// Give up after so many seconds; rows read until then are kept
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = |text: &str| cli::number::<u32>(text, 1..=u32::MAX.into()), allow_negative_numbers = true, display_order = 901)]
    deadline: u32,
}

/// A list that is being written.
struct Job {
    output: Output<Group>,
    name: String,
    place: Option<Place>,
    proof: Proof,
}

/// Why a list stopped before its end.
enum Stop {
    Error(Error),
    /// By what.
    Interrupted(&'static str),
}

impl Args {
    /// How long all of it may take.
    pub(crate) fn deadline(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.deadline.into())
    }

    fn run<G: Groups>(&self, groups: &G) -> Result<Code, Error> {
        let transport = Reqwest::new().map_err(|error| Error::Failed(error.to_string()))?.into_runtime();
        let runtime = crate::runtime()?;
        let Places { format, place, report } = self.writing.open(Place::open)?;
        let output = Output::new(files::writer(place.as_ref())?, format, self.writing.raw);
        let mut job = Job { output, name: files::name(place.as_ref()), place, proof: Proof::default() };
        let (started_at, clock) = (terminal::now(), Instant::now());
        let ended = runtime.block_on(async {
            // Not before: opening a pipe waits for its reader, and Ctrl-C ends that best as it always does.
            let mut interrupt = Interrupt::listen();
            let work = async {
                let client =
                    groups.connect(transport).await.map_err(|error| Stop::Error(self.failed(groups, &error)))?;
                job.read(groups, &client, self).await
            };
            let ended = tokio::select! {
                biased;
                () = interrupt.wait() => None,
                () = tokio::time::sleep(self.deadline()) => {
                    let text = "the deadline passed: what was read is kept; allow more time with --deadline";
                    Some(Err(Stop::Error(Error::Failed(text.to_owned()))))
                }
                ended = work => Some(ended),
            };
            ended.unwrap_or_else(|| Err(Stop::Interrupted(interrupt.pressed().unwrap_or("a signal"))))
        });
        runtime.shutdown_background();
        job.close(groups, ended, report, started_at, clock)
    }

    fn failed(&self, groups: &impl Groups, error: &str) -> Error {
        let error = worded(error, "", None);
        Error::Failed(groups.hint(&error).map_or(error.clone(), |hint| format!("{error}; {hint}")))
    }
}

impl Job {
    /// Reads the list, as often as it takes to be sure.
    async fn read<G: Groups>(&mut self, groups: &G, client: &G::Client, args: &Args) -> Result<Completeness, Stop> {
        loop {
            self.proof.begin();
            let mut pages = groups.pages(client);
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| Stop::Error(args.failed(groups, &error)))?;
                self.take(&page).map_err(|error| Stop::Error(Error::write(&self.name, &error)))?;
            }
            if let Some(proved) = self.proof.end() {
                return Ok(proved);
            }
        }
    }

    /// Writes what is new in a page.
    fn take(&mut self, page: &Page) -> std::io::Result<()> {
        self.proof.page(page.total);
        for group in &page.groups {
            if self.proof.see(&group.group) {
                self.begin()?;
                self.output.row(group)?;
            }
        }
        for why in &page.unreadable {
            self.proof.unreadable(why);
        }
        self.output.flush()
    }

    /// Empties the output's file, once: now there is something to put into it.
    fn begin(&mut self) -> std::io::Result<()> {
        self.place.as_mut().map_or(Ok(()), Place::begin)
    }

    /// Writes what is written at the end, and says how it went.
    fn close<G: Groups>(
        mut self,
        groups: &G,
        ended: Result<Completeness, Stop>,
        report: Option<Place>,
        started_at: u64,
        clock: Instant,
    ) -> Result<Code, Error> {
        let nothing = self.output.rows() == 0 && ended.is_err();
        let (completeness, mut stop) = match ended {
            Ok(completeness) => (completeness, None),
            Err(stop) => (Completeness::Incomplete, Some(stop)),
        };
        if !nothing && let Err(error) = self.begin().and_then(|()| self.output.finish()) {
            stop = stop.or_else(|| Some(Stop::Error(Error::write(&self.name, &error))));
        }
        let (rows, mut gaps) = (self.output.arrived(), std::mem::take(&mut self.proof.gaps));
        let error = match &stop {
            None | Some(Stop::Error(Error::Quiet(_))) => None,
            Some(Stop::Interrupted(by)) => Some(format!("interrupted by {by}")),
            Some(Stop::Error(Error::Pipe)) => Some("whoever read the rows closed the pipe".to_owned()),
            Some(Stop::Error(Error::Usage(text) | Error::Failed(text))) => Some(text.clone()),
        };
        gaps.extend(error.clone().map(|what| Gap { after: rows, what }));
        let summary = Summary {
            vendor: G::VENDOR,
            groups: rows,
            pages: self.proof.pages,
            passes: self.proof.passes,
            declared_total: self.proof.total,
            completeness: if stop.is_some() { Completeness::Incomplete } else { completeness }.as_str(),
            gaps,
            notes: groups.note().into_iter().collect(),
            started_at: terminal::rfc3339(started_at),
            elapsed_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
            error,
        };
        let unwritten = report.map_or(ControlFlow::Continue(()), |report| summary.write(report));
        if !matches!(stop, Some(Stop::Error(Error::Pipe))) {
            summary.say(match &stop {
                None => "",
                Some(Stop::Interrupted(_)) => "interrupted: ",
                Some(Stop::Error(_)) => "stopped: ",
            });
        }
        if let ControlFlow::Break(text) = &unwritten {
            terminal::say(&format!("error: {text}"));
        }
        match stop {
            Some(Stop::Interrupted(_)) => Ok(Code::Interrupted),
            Some(Stop::Error(Error::Pipe)) | None if unwritten.is_break() => Ok(Code::Failed),
            Some(Stop::Error(error)) => Err(error),
            None if completeness.is_complete() => Ok(Code::Done),
            None => Ok(Code::Unsure),
        }
    }
}

/// What a list of groups came to, as it stands in a report.
#[derive(Debug, Serialize)]
struct Summary {
    vendor: &'static str,
    groups: u64,
    pages: u64,
    passes: u32,
    declared_total: Option<u64>,
    completeness: &'static str,
    gaps: Vec<Gap>,
    notes: Vec<&'static str>,
    started_at: Option<String>,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Summary {
    /// Writes it; breaks with why it could not be.
    fn write(&self, mut report: Place) -> ControlFlow<String> {
        let written = report.begin().and_then(|()| {
            let mut to = BufWriter::new(report.writer()?);
            serde_json::to_writer_pretty(&mut to, self)?;
            to.write_all(b"\n")?;
            to.flush()
        });
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(format!("cannot write to {}: {error}", report.path.display())),
        }
    }

    /// Remarks, and the closing line.
    fn say(&self, how: &str) {
        for note in &self.notes {
            terminal::say(&format!("note: {note}"));
        }
        for gap in self.gaps.iter().filter(|gap| self.error.as_ref() != Some(&gap.what)).take(5) {
            terminal::say(&format!("gap after {}: {}", terminal::counted(gap.after, "group"), gap.what));
        }
        let counts = format!("{}, {}", terminal::counted(self.pages, "answer"), terminal::elapsed(self.elapsed_ms));
        terminal::say(&if self.groups == 0 && self.error.is_some() {
            format!("{how}no groups listed ({counts})")
        } else {
            format!("{how}{}, {} ({counts})", terminal::counted(self.groups, "group"), self.completeness)
        });
    }
}
