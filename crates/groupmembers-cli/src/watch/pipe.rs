//! Whether anybody still reads what is printed: without a change there is nothing to write, and only writing would tell.

/// Whoever read from the pipe that stdout is has gone.
#[cfg(unix)]
pub(super) fn is_closed() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    let mut pipe = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Of what is no pipe nothing is said.
    poll(&mut pipe, Some(&now)).is_ok_and(|told| told > 0) && pipe[0].revents().contains(PollFlags::ERR)
}

/// The next change tells.
#[cfg(not(unix))]
pub(super) fn is_closed() -> bool {
    false
}
