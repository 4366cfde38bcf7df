//! The files a listing writes: all of them are opened before anything is sent.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::error::Error;

/// Opens a file for writing, and leaves what is in it for now.
pub(crate) fn open(flag: &str, path: &Path) -> Result<File, Error> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(|error| refused(flag, path, &error))
}

/// Empties a file that was opened.
pub(crate) fn empty(file: &File) -> std::io::Result<()> {
    let regular = file.metadata().is_ok_and(|about| about.is_file());
    if regular { file.set_len(0) } else { Ok(()) }
}

/// Whether two files that are there are one, by another way or a link.
pub(crate) fn are_one(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b && a.is_file(),
        _ => a == b,
    }
}

pub(crate) fn refused(flag: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Usage(format!("{flag} {}: cannot be written: {error}; name a place that can", path.display()))
}
