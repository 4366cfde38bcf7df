//! What the crates say to `tracing`, by thread.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

thread_local! {
    static LOGGED: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Logged;

impl Subscriber for Logged {
    /// hyper and reqwest print what is on the wire to whoever asks for it: of them nobody could keep anything.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("groupmembers")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Fields<'a>(&'a mut String);
        impl Visit for Fields<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                writeln!(self.0, "{field}={value:?}").unwrap();
            }
        }
        LOGGED.with_borrow_mut(|logged| event.record(&mut Fields(logged)));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Forgets what this thread has said, and keeps what it says from now on.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Logged).unwrap());
    LOGGED.with_borrow_mut(String::clear);
}

/// What this thread has said since.
pub(crate) fn said() -> String {
    LOGGED.with_borrow_mut(std::mem::take)
}
