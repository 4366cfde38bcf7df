//! The command line: what there is to type, and one-line errors for what cannot be understood.

use std::ops::RangeInclusive;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::error::{Code, Error};
use crate::vendors::Vendor;
use crate::{diff, groups, list, sandbox, terminal, token, watch};

const AFTER_HELP: &str = "\
Examples:
  groupmembers demo
  groupmembers list tim --group '@TGS#1ABCDEF'
  groupmembers list tim --group '@TGS#1ABCDEF' -f csv > members.csv

stdout carries data only; progress and the closing line go to stderr.
Exit codes: 0 complete, 1 error, 2 usage (nothing was sent), 3 listed but
perhaps incomplete, 130 Ctrl-C.";

/// Who is in this group? Lists every member of a group of a Chinese IM vendor, and says how sure it is
#[derive(Debug, Parser)]
#[command(name = "groupmembers", version, after_help = AFTER_HELP, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List a group of each vendor against a sandbox in this process: no account, no network
    #[command(after_help = "Example:\n  groupmembers demo")]
    Demo,
    /// Run a local server that answers as the vendors do: signatures verified, limits and faults on demand
    Sandbox(sandbox::Args),
    /// List every member of a group
    #[command(
        after_help = "Example:\n  groupmembers list tim --group '@TGS#1ABCDEF' --format ndjson",
        arg_required_else_help = true
    )]
    List {
        #[command(subcommand)]
        vendor: Vendor<list::Args>,
    },
    /// List the groups that a vendor can name
    #[command(after_help = "Example:\n  groupmembers groups tim --details", arg_required_else_help = true)]
    Groups {
        #[command(subcommand)]
        vendor: groups::Vendor,
    },
    /// List a group again and again, and print who joined, left or changed
    #[command(
        after_help = "Example:\n  groupmembers watch tim --group '@TGS#1ABCDEF' --every 60s --state state",
        arg_required_else_help = true
    )]
    Watch {
        #[command(subcommand)]
        vendor: Vendor<watch::Args>,
    },
    /// Say who joined, left or changed between two rosters
    Diff(diff::Args),
    /// Sign a token, or look into one
    #[command(
        after_help = "Examples:\n  groupmembers token tim --identifier alice --expire 3600\n  groupmembers token inspect - < token.txt",
        arg_required_else_help = true
    )]
    Token {
        #[command(subcommand)]
        what: token::What,
    },
}

impl Cli {
    /// Reads the arguments of this process.
    pub(crate) fn read() -> Result<Self, Error> {
        if std::env::args_os().len() < 2 {
            let help = Self::command().render_help();
            return Err(shown(&help.to_string()));
        }
        Self::try_parse().map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => shown(&error.render().to_string()),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                let _ = error.print();
                Error::Quiet(Code::Usage)
            }
            ErrorKind::InvalidSubcommand => {
                Error::Usage(one_line(&format!("{}\n\ntip: known are {}", shortened(&error), subcommands())))
            }
            ErrorKind::UnknownArgument
                if is_a_bare_word(&error) && args().any(|word| word == "list" || word == "watch") =>
            {
                Error::Usage(one_line(&format!("{}\n\ntip: the group's id goes behind --group", shortened(&error))))
            }
            _ => Error::Usage(one_line(&shortened(&error))),
        })
    }
}

/// Help was asked for, and is data.
fn shown(text: &str) -> Error {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{}", text.trim_end()) {
        Ok(()) => Error::Quiet(Code::Done),
        Err(error) => Error::write("stdout", &error),
    }
}

fn args() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::args_os().skip(1)
}

/// Whether what was not expected is no flag, but perhaps what belongs to one.
fn is_a_bare_word(error: &clap::Error) -> bool {
    matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(word)) if !word.starts_with('-'))
}

/// What there was to choose from, where none of it was typed.
fn subcommands() -> String {
    let mut command = Cli::command();
    for argument in args() {
        match command.find_subcommand(&argument) {
            Some(found) => command = found.clone(),
            None => break,
        }
    }
    command.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>().join(", ")
}

/// The message, with what was typed no longer than a line can bear.
fn shortened(error: &clap::Error) -> String {
    let texts = error.context().flat_map(|(_, value)| match value {
        ContextValue::String(text) => std::slice::from_ref(text),
        ContextValue::Strings(texts) => texts.as_slice(),
        _ => &[],
    });
    let rendered = error.render().to_string();
    texts.fold(rendered, |rendered, text| {
        // Cut out first what may be a key: its two ends are not to be seen either.
        let clean = terminal::scrub(text);
        rendered.replace(text.as_str(), &terminal::short(&clean))
    })
}

/// A whole number of `range`, with or without commas.
pub(crate) fn number<T: TryFrom<u64>>(text: &str, range: RangeInclusive<u64>) -> Result<T, String> {
    let number = text.replace([',', '_'], "").parse().ok().filter(|number| range.contains(number));
    number.and_then(|number| number.try_into().ok()).ok_or_else(|| {
        format!("write a whole number from {} to {}", terminal::count(*range.start()), terminal::count(*range.end()))
    })
}

/// What is wrong and the tips, without usage and blank lines, and without what may be a secret typed in the wrong place.
fn one_line(rendered: &str) -> String {
    let mut line = String::new();
    for part in rendered.split("\n\n").map(str::trim) {
        let part = part.strip_prefix("error: ").unwrap_or(part);
        if line.is_empty() || part.starts_with("tip:") {
            let words: Vec<&str> = part.split_whitespace().collect();
            line = if line.is_empty() { words.join(" ") } else { format!("{line}; {}", words.join(" ")) };
        }
    }
    format!("{} (see --help)", terminal::scrub(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usage_errors_are_one_line() {
        let error = Cli::try_parse_from(["groupmembers", "list", "tim"]).unwrap_err();
        let line = one_line(&error.render().to_string());
        assert_eq!(line, "the following required arguments were not provided: --group <ID> (see --help)");
        let error = Cli::try_parse_from(["groupmembers", "lits"]).unwrap_err();
        assert_eq!(
            one_line(&error.render().to_string()),
            "unrecognized subcommand 'lits'; tip: a similar subcommand exists: 'list' (see --help)"
        );
    }
}
