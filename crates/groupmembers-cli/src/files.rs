//! The files a listing writes: all of them are opened before anything is sent, and a run that puts nothing into them
//! leaves no trace.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A file that is open for writing, with what was in it still there.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    file: File,
    /// It was not there before.
    pub(crate) new: bool,
    begun: bool,
    /// So many bytes of what is in it stay.
    keep: u64,
}

impl Place {
    /// Opens it, and leaves what is in it for now.
    pub(crate) fn open(flag: &'static str, path: &Path) -> Result<Self, Error> {
        Self::open_with(flag, path, OpenOptions::new().write(true))
    }

    /// Opens it to read what is in it, and to go on behind that.
    pub(crate) fn open_to_go_on(flag: &'static str, path: &Path) -> Result<Self, Error> {
        // A pipe with nobody at its other end would make us wait here.
        if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
            return Err(Error::Usage(format!(
                "{flag} {}: is no file: rows cannot be added to it later",
                path.display()
            )));
        }
        Self::open_with(flag, path, OpenOptions::new().read(true).write(true))
    }

    fn open_with(flag: &'static str, path: &Path, options: &mut OpenOptions) -> Result<Self, Error> {
        let instead = if flag == "--output" { "leave it out, rows go to stdout then" } else { "name a file" };
        no_dash(flag, path, instead)?;
        let (file, new) = match options.create_new(true).open(path) {
            // A link to a file that is not there yet counts as old: what it is must not be removed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                (options.create_new(false).create(true).truncate(false).open(path), false)
            }
            opened => (opened, true),
        };
        let file = file.map_err(|error| refused(flag, path, &error))?;
        Ok(Self { path: path.to_owned(), file, new, begun: false, keep: 0 })
    }

    /// Another handle to write through.
    pub(crate) fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// The file, to read.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// So many bytes of what is in it stay when it [begins](Self::begin).
    pub(crate) fn keep(&mut self, bytes: u64) {
        self.keep = bytes;
    }

    /// Empties it, once, but for what is to stay: now there is something to put into it.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let regular = !self.begun && self.file.metadata()?.is_file();
        self.begun = true;
        if regular {
            self.file.set_len(self.keep)?;
            self.file.seek(SeekFrom::Start(self.keep))?;
        }
        Ok(())
    }

    /// Is back when what was written is on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Whether both are one file, by another way or a link.
    pub(crate) fn is(&self, other: &Self) -> bool {
        are_one((&self.file, &self.path), (&other.file, &other.path))
    }

    /// Whether it is the file that is, or would be, here.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        crate::kept::Kept::at(path).is(&self.path)
    }

    /// Whether stdout was sent into this very file.
    #[cfg(unix)]
    pub(crate) fn is_stdout(&self) -> bool {
        use std::os::fd::AsFd as _;
        let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
        stdout.is_ok_and(|stdout| are_one((&self.file, &self.path), (&stdout, Path::new(""))))
    }

    #[cfg(not(unix))]
    pub(crate) fn is_stdout(&self) -> bool {
        false
    }
}

/// Where rows go: this file, or stdout.
pub(crate) fn writer(place: Option<&Place>) -> Result<Box<dyn io::Write>, Error> {
    Ok(match place {
        Some(place) => Box::new(place.writer().map_err(|error| refused("--output", &place.path, &error))?),
        None => Box::new(io::stdout()),
    })
}

/// What it is called.
pub(crate) fn name(place: Option<&Place>) -> String {
    place.map_or_else(|| "stdout".to_owned(), |place| place.path.display().to_string())
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.new && !self.begun {
            // An empty file would look like an empty group.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Two names and links lead to one file where device and inode agree. Only files that keep what is written count.
#[cfg(unix)]
fn are_one((a, _): (&File, &Path), (b, _): (&File, &Path)) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn are_one((file, a): (&File, &Path), (_, b): (&File, &Path)) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b && file.metadata().is_ok_and(|about| about.is_file()),
        _ => a == b,
    }
}

/// A folder that starts empty, and goes again with all that was written into it unless it is kept.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// It and the folders around it that were not there before, the innermost first.
    made: Vec<PathBuf>,
    written: Vec<PathBuf>,
    kept: bool,
}

impl Folder {
    /// Makes it where it is not there.
    pub(crate) fn start(flag: &'static str, path: &Path) -> Result<Self, Error> {
        no_dash(flag, path, "name a folder")?;
        let new = path.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
        let made = new.map(Path::to_owned).collect();
        let folder = Self { path: path.to_owned(), made, written: Vec::new(), kept: false };
        let refused = |error: io::Error| refused(flag, path, &error);
        fs::create_dir_all(path).map_err(refused)?;
        match fs::read_dir(path).map_err(refused)?.next() {
            None => Ok(folder),
            Some(_) => Err(Error::Usage(format!(
                "{flag} {}: is not empty: name a new folder, a case is one exchange",
                path.display()
            ))),
        }
    }

    /// Writes a file in it.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path.join(name);
        let written = fs::write(&path, bytes);
        self.written.push(path);
        written
    }

    /// It stays.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }

    /// Removes what was written and made, unless it is to stay.
    pub(crate) fn clear(&mut self) {
        if !self.kept {
            for file in self.written.drain(..) {
                let _ = fs::remove_file(file);
            }
            for dir in self.made.drain(..) {
                let _ = fs::remove_dir(dir);
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `-` means stdout elsewhere, so nobody means a file of that name.
pub(crate) fn no_dash(flag: &str, path: &Path, instead: &str) -> Result<(), Error> {
    if path == Path::new("-") { Err(Error::Usage(format!("{flag} is -: {instead}"))) } else { Ok(()) }
}

pub(crate) fn refused(flag: &str, path: &Path, error: &io::Error) -> Error {
    Error::Usage(format!("{flag} {}: cannot be written: {error}; name a place that can", path.display()))
}
