//! A file of ours goes on as it was begun, or not at all: what was listed with other options differs by them alone.

use std::path::Path;

use crate::error::Error;
use crate::terminal;

/// Of what, and how.
pub(crate) struct Begun<'a> {
    pub(crate) vendor: &'a str,
    pub(crate) group: &'a str,
    /// By the flag or variable it comes from.
    pub(crate) options: &'a [(String, String)],
}

impl Begun<'_> {
    /// Refuses to go on with anything but what was begun, a `what`. `flag` names the file.
    pub(crate) fn goes_on(&self, was: &Begun<'_>, what: &str, flag: &str, file: &Path) -> Result<(), Error> {
        let file = file.display();
        let short = |text: &str| {
            let text = terminal::scrub(text);
            if text.is_empty() { "none".to_owned() } else { terminal::short(&text).into_owned() }
        };
        let refused = |name: &str, was: &str, is: &str| {
            let (was, is) = (short(was), short(is));
            let is = if was == is { "another now".to_owned() } else { format!("{is} now") };
            Err(Error::Usage(format!(
                "{flag} {file}: was begun with {name} {was}, and it is {is}: a {what} goes on as it began"
            )))
        };
        if was.vendor != self.vendor {
            return Err(Error::Usage(format!(
                "{flag} {file}: is a {what} of {}, not of {}: name another file",
                short(was.vendor),
                self.vendor
            )));
        }
        if was.group != self.group {
            return refused("--group", was.group, self.group);
        }
        let of = |options: &[(String, String)], name: &str| {
            options.iter().find(|(of, _)| of == name).map_or_else(String::new, |(_, value)| value.clone())
        };
        let names = self.options.iter().chain(was.options).map(|(name, _)| name.as_str());
        let changed = names.map(|name| (name, of(was.options, name), of(self.options, name)));
        let changed = changed.into_iter().find(|(_, was, is)| was != is);
        changed.map_or(Ok(()), |(name, was, is)| refused(name, &was, &is))
    }
}
