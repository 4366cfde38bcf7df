//! How a command ends.

use std::io;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// All of it, and known to be all of it.
    Done = 0,
    /// An error stopped it, or a token was refused.
    Failed = 1,
    /// Refused before anything was sent.
    Usage = 2,
    /// Listed, but known or suspected to be incomplete; or a token that could not be checked.
    Unsure = 3,
    /// Two rosters differ.
    Different = 4,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Why a command did not do what it was asked for. The texts are one line, and hold no secret.
#[derive(Debug)]
pub(crate) enum Error {
    /// What was asked for cannot be done as it stands: nothing was sent.
    Usage(String),
    /// It was tried, and failed.
    Failed(String),
    /// Whoever read our output has had enough.
    Pipe,
    /// All has been said; only the code is left.
    Quiet(Code),
}

impl Error {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Usage(_) => Code::Usage,
            Self::Failed(_) => Code::Failed,
            Self::Pipe => Code::Done,
            Self::Quiet(code) => *code,
        }
    }

    /// An error of writing to `to`.
    pub(crate) fn write(to: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Pipe,
            _ => Self::Failed(format!("cannot write to {to}: {error}")),
        }
    }
}
