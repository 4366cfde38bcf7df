//! The files a listing writes: all of them are opened before anything is sent.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::error::Error;

/// Opens a file for writing, and leaves what is in it for now.
pub(crate) fn open(flag: &str, path: &Path) -> Result<File, Error> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(|error| refused(flag, path, &error))
}

/// Empties a file that was opened: now it is sure that all of them can be written.
pub(crate) fn empty(flag: &str, path: &Path, file: &File) -> Result<(), Error> {
    let regular = file.metadata().is_ok_and(|about| about.is_file());
    if regular { file.set_len(0).map_err(|error| refused(flag, path, &error)) } else { Ok(()) }
}

pub(crate) fn refused(flag: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Usage(format!("{flag} {}: cannot be written: {error}; name a place that can", path.display()))
}
