//! Differences as lines.

use std::borrow::Cow;
use std::io::{self, Write};

use groupmembers_unified::Difference;

use crate::terminal;

/// How differences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people
    Table,
    /// One object a line
    Ndjson,
}

/// Where differences go.
pub(crate) struct Shown<W> {
    pub(crate) to: W,
    form: Form,
    /// They are of several groups.
    several: bool,
    begun: bool,
}

impl<W: Write> Shown<W> {
    pub(crate) fn new(to: W, form: Form, several: bool) -> Self {
        Self { to, form, several, begun: false }
    }

    pub(crate) fn show(&mut self, difference: &Difference<'_>) -> io::Result<()> {
        if self.form == Form::Ndjson {
            serde_json::to_writer(&mut self.to, difference)?;
            return self.to.write_all(b"\n");
        }
        if !self.begun {
            self.begun = true;
            writeln!(self.to, "{:<8}  {:<24}  {:<20}  WHAT", "CHANGE", "ID", "NAME")?;
        }
        let member = difference.member();
        let id: Cow<'_, str> = match self.several {
            true => format!("{} {} {}", member.vendor, member.group, member.id).into(),
            false => member.id.as_str().into(),
        };
        let name = member.name.as_deref().unwrap_or_default();
        let line = format!("{:<8}  {:<24}  {:<20}  {}", difference.as_str(), id, name, what(difference));
        // Names and ids come from elsewhere.
        writeln!(self.to, "{}", terminal::plain(&line).trim_end())
    }
}

/// `role: member → admin; online: true → false`.
fn what(difference: &Difference<'_>) -> String {
    let Difference::Changed(changed) = difference else {
        return String::new();
    };
    let word = |value: Option<Cow<'_, str>>| value.unwrap_or("null".into()).into_owned();
    let steps = changed
        .fields()
        .map(|field| format!("{field}: {} → {}", word(field.of(changed.old)), word(field.of(changed.new))));
    steps.collect::<Vec<_>>().join("; ")
}
