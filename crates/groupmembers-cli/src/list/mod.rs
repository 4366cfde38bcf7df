//! `groupmembers list`: writes every member of a group. Which vendors there are, and how their lists are come by, is
//! [`vendors`](crate::vendors)' business.

mod job;
mod prepare;
mod resume;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use groupmembers_http::Runtime;
use groupmembers_http::reqwest_0_13::Reqwest;

use crate::error::{Code, Error};
use crate::files::{self, Place};
use crate::interrupt::Interrupt;
use crate::output::{Format, Output};
use crate::progress::Progress;
use crate::record::Recording;
use crate::vendors::{Help, Listing, Task};
use crate::writing::{Places, Writing};
use job::Job;
use resume::{Asked, Resume};

/// What is written, and where.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    writing: Writing,

    /// Save where the listing stands in this file, and go on from there if it is stopped or killed and then repeated;
    /// with --output as ndjson, csv or json. The file holds members' ids, and goes when the list is complete
    #[arg(long, value_name = "FILE", conflicts_with = "record", requires = "output")]
    resume: Option<PathBuf>,

    /// Write what goes over the wire into this new folder, as a fixture to test with: credentials, ids, names,
    /// pictures and custom values are replaced by made-up ones
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
}

impl Task for Args {
    fn help(help: &Help) -> String {
        let lines = help.lists.iter().map(|line| format!("list {} {line}", help.group));
        help.with("", &lines.collect::<Vec<_>>())
    }

    fn records(&self) -> bool {
        self.record.is_some()
    }

    fn writes_raw(&self) -> bool {
        self.writing.raw
    }

    /// Lists a group of a vendor.
    fn run<L: Listing>(self, listing: L) -> Result<Code, Error> {
        let transport = Reqwest::new().map_err(|error| Error::Failed(error.to_string()))?.into_runtime();
        let runtime = crate::runtime()?;
        let mut job = self.open(Arc::clone(&transport), &listing)?;
        let walk = job.walk()?;
        // Not before: opening a pipe waits for its reader, and Ctrl-C ends that best as it always does.
        let mut interrupt = runtime.block_on(async { Interrupt::listen() });
        let code = runtime.block_on(async {
            let connect = listing.connect(job.runtime(transport));
            let (job, client) = match job.prepare(listing.rules().vendor, &mut interrupt, connect).await {
                Ok(prepared) => prepared,
                Err(ended) => return ended,
            };
            job.run(listing.roster(&client, walk), interrupt, |walk, row| listing.member(walk, row)).await
        });
        // What is still in flight was given up, a name being looked up included: wait for nothing.
        runtime.shutdown_background();
        code.map_err(|error| listing.hinted(error))
    }
}

impl Args {
    /// Opens every place that will be written to. From here on only the vendor can be at fault.
    fn open<L: Listing>(&self, runtime: Arc<dyn Runtime>, listing: &L) -> Result<Job, Error> {
        let (rules, group) = (listing.rules(), listing.group());
        if self.resume.is_some() && self.writing.format()? == Format::Table {
            return Err(Error::Usage(
                "--resume cannot go on with a table: name an --output that ends in .csv, .ndjson or .json, or add --format"
                    .to_owned(),
            ));
        }
        let open = if self.resume.is_some() { Place::open_to_go_on } else { Place::open };
        let Places { format, mut place, report } = self.writing.open(open)?;
        let mut output_before = None;
        let mut resume = None;
        if let (Some(name), Some(place)) = (&self.resume, &mut place) {
            if report.as_ref().is_some_and(|report| report.is_at(name)) {
                return Err(Error::Usage("--report and --resume go to the same file: name two".to_owned()));
            }
            let asked = Asked { vendor: rules.vendor, group, format, raw: self.writing.raw, shape: listing.shape() };
            let (opened, before) = Resume::open(name, place, asked)?;
            place.keep(before.bytes);
            (resume, output_before) = (Some(opened), Some(before));
        }
        let recording = self.record.as_deref().map(|dir| Recording::start(dir, runtime, rules)).transpose()?;
        let rows_are_seen = place.is_none() && std::io::stdout().is_terminal();
        let mut output = Output::new(files::writer(place.as_ref())?, format, self.writing.raw);
        if let Some(before) = output_before {
            output.go_on(before.rows, before.sum);
        }
        Ok(Job {
            group: group.to_owned(),
            output,
            resume,
            unwritten: false,
            output_name: files::name(place.as_ref()),
            place,
            report,
            recording,
            progress: Progress::start(rows_are_seen),
        })
    }
}
