//! A file of this program's own: replaced whole or not at all, and readable by its owner alone, since it holds people's
//! ids. Behind its one line of JSON stands a checksum: what was cut off or edited is not taken for what was written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Where it is. Once it is [held](Self::hold), no other process holds it until this one ends, however it ends.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    /// What it is written to before it takes the place of what is there.
    next: PathBuf,
    /// What is written next, where that was created already.
    empty: Option<File>,
    /// What is there. A lock is a file's, not a name's.
    locked: Option<File>,
}

/// What was there.
pub(crate) enum Found {
    Nothing,
    /// The line of JSON, as it was written.
    Whole(Vec<u8>),
    /// Written by this program, and not as it was any more.
    Damaged,
    /// Something else.
    Foreign,
    /// Written in another form.
    Version(u32),
    /// Another process holds it.
    Busy,
}

impl Kept {
    /// Nothing is read or written yet.
    pub(crate) fn at(path: &Path) -> Self {
        // Where it is a link, what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(".groupmembers");
        Self { next: path.with_file_name(name), path, empty: None, locked: None }
    }

    /// Whether it is this file.
    pub(crate) fn is(&self, other: &Path) -> bool {
        let whole = |path: &Path| {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::canonicalize(path)
                .or_else(|_| fs::canonicalize(dir).map(|dir| dir.join(path.file_name().unwrap_or_default())))
                .unwrap_or_else(|_| path.to_owned())
        };
        whole(&self.path) == whole(other)
    }

    /// Reads it, and keeps others from it. `mark` is the key that its JSON begins with, `version` its value.
    ///
    /// # Errors
    /// Of reading, or because it could not be written.
    pub(crate) fn hold(&mut self, mark: &str, version: u32) -> io::Result<Found> {
        let busy = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => Ok(Found::Busy),
            _ => Err(error),
        };
        let mut file = match OpenOptions::new().read(true).write(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match self.create() {
                    Ok(file) => self.empty = Some(file),
                    Err(error) => return busy(error),
                }
                // Another one may have written it in the meantime.
                return Ok(if self.path.exists() { Found::Busy } else { Found::Nothing });
            }
            opened => opened?,
        };
        if !file.metadata()?.is_file() {
            return Ok(Found::Foreign);
        }
        if !lock(&file)? || !is_here(&file, &self.path) {
            return Ok(Found::Busy);
        }
        match self.create() {
            Ok(file) => self.empty = Some(file),
            Err(error) => return busy(error),
        }
        let found = read(&mut file, mark, version);
        self.locked = Some(file);
        found
    }

    /// Writes it, and is back when it is on the disk.
    pub(crate) fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        let file = match self.empty.take() {
            Some(file) => file,
            None => self.create()?,
        };
        let mut to = Summed { to: BufWriter::with_capacity(1 << 16, file), sum: Sha256::new() };
        let written = to.write_json(value).and_then(|()| to.to.into_inner().map_err(io::IntoInnerError::into_error));
        let written = written.and_then(|file| file.sync_all().map(|()| file));
        match written.and_then(|file| fs::rename(&self.next, &self.path).map(|()| file)) {
            Ok(file) => {
                self.locked = Some(file);
                sync_folder(&self.path);
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&self.next);
                Err(error)
            }
        }
    }

    /// Removes it, where it is there.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                sync_folder(&self.path);
                Ok(())
            }
        }
    }

    /// Creates what is written next, locked.
    fn create(&self) -> io::Result<File> {
        // Left by a run that was killed; or another run has just begun.
        match File::open(&self.next) {
            Ok(old) if !lock(&old)? => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(_) => fs::remove_file(&self.next)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(&self.next) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            opened => opened?,
        };
        if lock(&file)? { Ok(file) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.empty.take().is_some() {
            let _ = fs::remove_file(&self.next);
        }
    }
}

/// Keeps out all others who ask, until the file is closed, be it because the process was killed; `false` where somebody
/// else does.
pub(crate) fn lock(file: &File) -> io::Result<bool> {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        // Some network file systems have no locks.
        Err(fs4::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(fs4::TryLockError::Error(error)) => Err(error),
    }
}

/// Whether it is still the file of this name.
#[cfg(unix)]
fn is_here(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_here(_: &File, _: &Path) -> bool {
    true
}

fn read(file: &mut File, mark: &str, version: u32) -> io::Result<Found> {
    let begins = format!("{{\"{mark}\":");
    let mut bytes = Vec::new();
    Read::by_ref(file).take(begins.len() as u64 + 10).read_to_end(&mut bytes)?;
    let Some(rest) = bytes.strip_prefix(begins.as_bytes()) else { return Ok(Found::Foreign) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok()) {
        Some(written) if written == version => {}
        Some(other) => return Ok(Found::Version(other)),
        None => return Ok(Found::Damaged),
    }
    file.read_to_end(&mut bytes)?;
    let line = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let sum = bytes.split_off(line);
    let whole = sum.trim_ascii() == hex(&Sha256::digest(&bytes)).as_bytes();
    Ok(if whole { Found::Whole(bytes) } else { Found::Damaged })
}

/// Makes a new name in its folder last. Some file systems cannot, and need not.
pub(crate) fn sync_folder(path: &Path) {
    #[cfg(unix)]
    {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let _ = File::open(dir).and_then(|dir| dir.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Summed {
    to: BufWriter<File>,
    sum: Sha256,
}

impl Summed {
    /// The JSON, and behind it its sum.
    fn write_json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self, value)?;
        let sum = hex(&self.sum.finalize_reset());
        self.to.write_all(format!("\n{sum}\n").as_bytes())
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
