//! Environment variables.

use crate::error::Error;

/// A variable, if it is set.
pub(crate) fn read(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::Usage(format!("{name} is not UTF-8: set it anew"))),
    }
}

/// Refuses to go on without these, and names all that are missing at once.
pub(crate) fn require(names: &[&str]) -> Result<(), Error> {
    let missing: Vec<&str> = names.iter().copied().filter(|name| std::env::var_os(name).is_none()).collect();
    let text = match missing.as_slice() {
        [] => return Ok(()),
        [name] => format!("{name} is not set: export it"),
        [names @ .., last] => format!("{} and {last} are not set: export them", names.join(", ")),
    };
    Err(Error::Usage(format!("{text} (see --help)")))
}
