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

/// A variable that may be unset. Set but empty is as good as unset.
pub(crate) fn given(name: &str) -> Result<Option<String>, Error> {
    Ok(read(name)?.filter(|value| !value.is_empty()))
}

/// Refuses to go on without these, and names all that are missing at once.
pub(crate) fn require(names: &[&str]) -> Result<(), Error> {
    let unset: Vec<&str> = names.iter().copied().filter(|name| std::env::var_os(name).is_none()).collect();
    let empty: Vec<&str> =
        names.iter().copied().filter(|name| std::env::var_os(name).is_some_and(|value| value.is_empty())).collect();
    let (missing, all) = (unset.len() + empty.len(), [said(&unset, "not set"), said(&empty, "empty")]);
    let them = match missing {
        0 => return Ok(()),
        1 => "it",
        _ => "them",
    };
    let all = all.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Err(Error::Usage(format!("{all}: export {them} (see --help)")))
}

/// `A, B and C are not set`.
fn said(names: &[&str], what: &str) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!("{name} is {what}")),
        [names @ .., last] => Some(format!("{} and {last} are {what}", names.join(", "))),
    }
}
