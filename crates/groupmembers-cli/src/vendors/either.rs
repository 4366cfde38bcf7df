//! Credentials that come in one of two ways: a token, or an account to log in with.

use crate::env;
use crate::error::Error;

/// Refuses to go on unless all of `always` are set, and either `token` or both of `account`.
pub(super) fn require(always: &[&str], token: &str, account: [&str; 2]) -> Result<(), Error> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let by_account = !set(token) && account.into_iter().any(set);
    let mut names = always.to_vec();
    if by_account {
        names.extend(account);
    } else {
        names.push(token);
    }
    env::require(&names).map_err(|error| match error {
        Error::Usage(text) if !by_account && !set(token) => {
            let [name, password] = account;
            Error::Usage(format!("{text}; {name} and {password} may stand for {token}"))
        }
        error => error,
    })
}
