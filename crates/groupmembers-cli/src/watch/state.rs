//! `--state FILE`: the roster as it was last proved, so that a watch that was stopped, or killed, tells what changed in the
//! meantime when it goes on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::known::Known;
use crate::begun::Begun;
use crate::error::Error;
use crate::files;
use crate::kept::{Found, Kept};
use crate::terminal;
use crate::vendors::Listing;

/// The first key of a saved roster, and the form in which it is written.
const MARK: &str = "groupmembers_watch";
const VERSION: u32 = 1;

/// What makes a walk another one, and not its rows.
const OF_THE_WALK: [&str; 3] = ["--page-size", "--rounds", "--passes"];

/// Where the roster is saved.
pub(super) struct State {
    /// As it was typed.
    name: PathBuf,
    file: Kept,
    vendor: &'static str,
    group: String,
    options: Vec<(String, String)>,
}

/// What is saved.
#[derive(Deserialize)]
struct Read {
    vendor: String,
    group: String,
    options: Vec<(String, String)>,
    proved_at: u64,
    members: Known,
}

/// The same. The key that the file begins with comes first.
#[derive(Serialize)]
struct Written<'a> {
    groupmembers_watch: u32,
    vendor: &'a str,
    group: &'a str,
    options: &'a [(String, String)],
    /// In seconds since 1970-01-01 UTC.
    proved_at: u64,
    members: &'a Known,
}

impl State {
    /// Reads what was saved, and when it was proved, and keeps others from it. Nothing is changed.
    pub(super) fn open(name: &Path, listing: &impl Listing) -> Result<(Self, Option<(Known, u64)>), Error> {
        let refused = |why: String| Error::Usage(format!("--state {}: {why}", name.display()));
        files::no_dash("--state", name, "name a file")?;
        let mut file = Kept::at(name);
        let saved = match file.hold(MARK, VERSION) {
            Ok(Found::Nothing) => None,
            Ok(Found::Whole(bytes)) => Some(bytes),
            Ok(Found::Damaged) => return Err(refused("is damaged: remove it to begin anew".to_owned())),
            Ok(Found::Foreign) => {
                let way_out = "name another file, or one that is not there yet";
                return Err(refused(format!("is no roster that a watch has saved: {way_out}")));
            }
            Ok(Found::Version(other)) => {
                let which = if other > VERSION { "a newer" } else { "an older" };
                return Err(refused(format!("was saved by {which} version of this program: go on with that one")));
            }
            Ok(Found::Busy) => return Err(refused("another watch goes on from it: name another file".to_owned())),
            Err(error) => return Err(refused(format!("cannot be written: {error}; name a place that can"))),
        };
        let options = listing.shape().into_iter().filter(|(option, _)| !OF_THE_WALK.contains(option));
        let state = Self {
            name: name.to_owned(),
            file,
            vendor: listing.rules().vendor,
            group: listing.group().to_owned(),
            options: options.map(|(option, value)| (option.to_owned(), value)).collect(),
        };
        let Some(saved) = saved else { return Ok((state, None)) };
        // What stands where it should not may be somebody's name.
        let read: Read = serde_json::from_slice(&saved).map_err(|_| {
            refused("was saved by another version of this program, in another form: go on with that one".to_owned())
        })?;
        let was = Begun { vendor: &read.vendor, group: &read.group, options: &read.options };
        let is = Begun { vendor: state.vendor, group: &state.group, options: &state.options };
        is.goes_on(&was, "watch", "--state", name)?;
        Ok((state, Some((read.members, read.proved_at))))
    }

    /// Saves a roster, and is back when it is on the disk.
    pub(super) fn save(&mut self, members: &Known, proved_at: u64) -> Result<(), Error> {
        let Self { vendor, group, options, .. } = self;
        let written = Written { groupmembers_watch: VERSION, vendor, group, options, proved_at, members };
        let saved = self.file.write(&written);
        saved.map_err(|error| Error::Failed(format!("cannot write to {}: {error}", self.name.display())))
    }

    /// Where, and from when.
    pub(super) fn going_on(&self, members: u64, proved_at: u64) -> String {
        let (members, name) = (terminal::counted(members, "member"), self.name.display());
        format!("going on from {members} of {} ({name})", terminal::rfc3339(proved_at).unwrap_or_default())
    }
}
