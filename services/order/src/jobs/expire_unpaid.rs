use std::time::Duration;

use primitives::OrderId;

use super::unheard_payments;
use crate::app::AppState;
use crate::domain::order::Event;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::transition::{Actor, transition};

/// Cancels orders that nobody paid in time. The provider is asked first, so that a payment whose webhook is late still counts; should it come
/// even later, it is refunded.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let oldest = app.clock.now() - Duration::from_secs(app.unpaid_expiry_seconds.into());
    let mut conn = app.pool.acquire().await?;
    let overdue = store::orders::unpaid_since(&mut conn, oldest, app.clock.now(), BATCH).await?;
    drop(conn);
    for id in &overdue {
        unheard_payments::ask(app, *id).await;
        if let Err(error) = expire(app, *id).await {
            tracing::error!(order_id = %id, error = format!("{error:#}"), "an overdue order could not be cancelled");
        }
    }
    Ok(overdue.len())
}

async fn expire(app: &AppState, id: OrderId) -> anyhow::Result<()> {
    let mut tx = app.pool.begin().await?;
    transition(&mut tx, app, id, &Event::Expired, Actor::System, None).await?;
    tx.commit().await?;
    Ok(())
}
