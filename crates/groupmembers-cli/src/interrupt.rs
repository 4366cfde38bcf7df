//! Ctrl-C, and SIGTERM like it: the first ends the work in order, the second ends the program.

use tokio::sync::watch;

use crate::error::Code;

/// Knows whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on: a signal that comes when this has returned is not missed. Must be called inside the runtime.
    pub(crate) fn listen() -> Self {
        let (pressed, interrupt) = watch::channel(false);
        let mut signals = Signals::new();
        tokio::spawn(async move {
            while signals.next().await {
                if pressed.send_replace(true) {
                    // Whatever the first one waits for, such as a reader who does not read: enough.
                    std::process::exit(Code::Interrupted as i32);
                }
            }
            // No signals on this system: keep the channel open, nobody presses anything.
            std::future::pending::<()>().await;
        });
        Self(interrupt)
    }

    /// Whether it was pressed.
    pub(crate) fn pressed(&self) -> bool {
        *self.0.borrow()
    }

    /// Comes back when it is pressed.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as the runtime.
        let _ = self.0.wait_for(|&pressed| pressed).await;
    }
}

/// SIGINT and SIGTERM.
#[cfg(unix)]
struct Signals(Option<[tokio::signal::unix::Signal; 2]>);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [signal(SignalKind::interrupt()), signal(SignalKind::terminate())];
        Self(match signals {
            [Ok(interrupt), Ok(terminate)] => Some([interrupt, terminate]),
            _ => None,
        })
    }

    /// `false` where there are no signals.
    async fn next(&mut self) -> bool {
        let Some([interrupt, terminate]) = &mut self.0 else { return false };
        tokio::select! {
            came = interrupt.recv() => came.is_some(),
            came = terminate.recv() => came.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
