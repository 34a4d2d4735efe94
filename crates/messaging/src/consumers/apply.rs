//! One event, one transaction.

use super::{Context, FeedHandler, Handler};
use crate::error::{HandlerError, Trouble, classify, classify_sqlx};
use crate::faults::Step;
use crate::inbox;
use contracts::events::{Envelope, Event};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use uuid::Uuid;

/// A handler that takes longer is hung; it is tried again.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(60);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Effect and inbox row are committed.
    Now,
    /// They were before.
    Before,
}

/// Why it was not applied.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It does not say what its type should say.
    Poison(String),
    /// The handler will never take it.
    Rejected(String),
    /// Something went wrong; later perhaps.
    Failed(Trouble, anyhow::Error),
}

impl From<HandlerError> for Failure {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Retry(error) => Self::Failed(classify(&error), error),
            HandlerError::Reject(reason) => Self::Rejected(reason),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(classify_sqlx(&error), error.into())
    }
}

/// A handler with its event's type forgotten.
pub(crate) trait Apply: Send + Sync + 'static {
    fn apply<'a>(
        &'a self,
        context: &'a Context,
        queue: &'a str,
        envelope: &'a Envelope<Value>,
    ) -> BoxFuture<'a, Result<Applied, Failure>>;
}

/// A handler with its event's type.
pub(crate) struct Typed<E, H>(H, PhantomData<fn(E)>);

impl<E, H> Typed<E, H> {
    pub(crate) fn new(handler: H) -> Self {
        Self(handler, PhantomData)
    }
}

impl<E: Event, H: Handler<E>> Apply for Typed<E, H> {
    fn apply<'a>(
        &'a self,
        context: &'a Context,
        queue: &'a str,
        envelope: &'a Envelope<Value>,
    ) -> BoxFuture<'a, Result<Applied, Failure>> {
        guarded(async move {
            let event = typed::<E>(envelope)?;
            let Some(mut tx) = begin(context, queue, event.id.uuid()).await? else {
                return Ok(Applied::Before);
            };
            self.0.handle(&mut tx, event).await?;
            commit(context, tx).await
        })
    }
}

/// A handler of every event of a feed.
pub(crate) struct Any<H>(H);

impl<H> Any<H> {
    pub(crate) fn new(handler: H) -> Self {
        Self(handler)
    }
}

impl<H: FeedHandler> Apply for Any<H> {
    fn apply<'a>(
        &'a self,
        context: &'a Context,
        queue: &'a str,
        envelope: &'a Envelope<Value>,
    ) -> BoxFuture<'a, Result<Applied, Failure>> {
        guarded(async move {
            let Some(mut tx) = begin(context, queue, envelope.id.uuid()).await? else {
                return Ok(Applied::Before);
            };
            self.0.handle(&mut tx, envelope.clone()).await?;
            commit(context, tx).await
        })
    }
}

/// Ends a handler that hangs, and survives one that panics.
fn guarded<'a>(
    work: impl Future<Output = Result<Applied, Failure>> + Send + 'a,
) -> BoxFuture<'a, Result<Applied, Failure>> {
    let guarded = AssertUnwindSafe(tokio::time::timeout(HANDLER_TIMEOUT, work)).catch_unwind();
    async move {
        match guarded.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Failure::Failed(
                Trouble::Other,
                anyhow::anyhow!("the handler took more than {HANDLER_TIMEOUT:?}"),
            )),
            Err(panic) => {
                let text = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
                Err(Failure::Failed(
                    Trouble::Other,
                    anyhow::anyhow!("the handler panicked: {}", text.unwrap_or("?")),
                ))
            }
        }
    }
    .boxed()
}

/// A transaction that notes the event as applied; none if it was before.
async fn begin(
    context: &Context,
    queue: &str,
    event: Uuid,
) -> Result<Option<Transaction<'static, Postgres>>, Failure> {
    let mut tx = context.pool.begin().await?;
    let first = inbox::record(&mut tx, queue, event).await?;
    Ok(first.then_some(tx))
}

async fn commit(context: &Context, tx: Transaction<'static, Postgres>) -> Result<Applied, Failure> {
    context.hook.at(Step::Applied).await;
    tx.commit().await?;
    context.hook.at(Step::Committed).await;
    Ok(Applied::Now)
}

fn typed<E: Event>(envelope: &Envelope<Value>) -> Result<Envelope<E>, Failure> {
    if envelope.event_type != E::TYPE {
        return Err(Failure::Poison(format!(
            "the type is {}, expected {}",
            envelope.event_type,
            E::TYPE
        )));
    }
    let data = serde_json::from_value(envelope.data.clone())
        .map_err(|e| Failure::Poison(format!("data: {e}")))?;
    let Envelope {
        specversion,
        id,
        event_type,
        source,
        subject,
        time,
        datacontenttype,
        traceparent,
        sequence,
        ..
    } = envelope.clone();
    Ok(Envelope {
        specversion,
        id,
        event_type,
        source,
        subject,
        time,
        datacontenttype,
        traceparent,
        sequence,
        data,
    })
}
