//! Points between two steps at which tests stop the world. Production code never sets a hook.

use futures::future::BoxFuture;
use std::{fmt, sync::Arc};

/// A point between two steps of the relay or of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The relay holds a lease on a batch; nothing is sent.
    Claimed,
    /// A window is sent; no confirm is awaited yet.
    Sent,
    /// The broker confirmed a window; its rows are still there.
    Confirmed,
    /// The rows of a window are deleted.
    Deleted,
    /// A consumer holds a delivery; no transaction is open.
    Received,
    /// Effect and inbox row are written; the transaction is open.
    Applied,
    /// The transaction is committed; the delivery is not acknowledged.
    Committed,
    /// The copy for a retry or dead-letter queue is confirmed; the delivery is not acknowledged.
    Moved,
    /// The delivery is acknowledged.
    Acknowledged,
}

impl Step {
    /// The fault point at which a program dies in tests of the whole.
    const fn point(self) -> &'static str {
        match self {
            Self::Claimed => "relay.claimed",
            Self::Sent => "relay.sent",
            Self::Confirmed => "relay.confirmed",
            Self::Deleted => "relay.deleted",
            Self::Received => "consumer.received",
            Self::Applied => "consumer.applied",
            Self::Committed => "consumer.committed",
            Self::Moved => "consumer.moved",
            Self::Acknowledged => "consumer.acknowledged",
        }
    }
}

type Callback = dyn Fn(Step) -> BoxFuture<'static, ()> + Send + Sync;

/// What to do at each step: nothing, unless a test says so.
#[derive(Clone, Default)]
pub struct Hook(Option<Arc<Callback>>);

impl Hook {
    /// Calls `f` at each step and waits for its future.
    pub fn new(f: impl Fn(Step) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(f)))
    }

    pub(crate) async fn at(&self, step: Step) {
        runtime::fault::point(step.point());
        if let Some(f) = &self.0 {
            f(step).await;
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({})", if self.0.is_some() { "set" } else { "none" })
    }
}
