//! Ctrl-C: the first ends the work in order, the second ends the program.

use tokio::sync::watch;

use crate::error::Code;

/// Knows whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on. Must be called inside the runtime.
    pub(crate) fn listen() -> Self {
        let (pressed, interrupt) = watch::channel(false);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
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
