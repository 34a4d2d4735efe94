//! Sagas that are under way, and getting stuck ones going again.

use std::time::Duration;

use http_kit::{Error, Result};
use primitives::OrderId;
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::clients::product::NotTaken;
use crate::domain::order::{Event, Status};
use crate::store;
use crate::store::saga::SagaStep;
use crate::workflows::transition::{Actor, audit, transition};

/// What is open for longer than this is stuck: everything usually takes seconds.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(600);

/// An order's acts elsewhere.
pub(crate) struct Saga {
    pub(crate) order_id: OrderId,
    pub(crate) number: i64,
    pub(crate) steps: Vec<SagaStep>,
}

/// Orders with something open, newest first.
pub(crate) async fn open(
    conn: &mut PgConnection,
    app: &AppState,
    stuck: bool,
    after: Option<OrderId>,
    limit: i64,
) -> sqlx::Result<Vec<Saga>> {
    let since = stuck.then(|| app.clock.now() - STUCK_AFTER);
    let orders = store::saga::open_orders(conn, since, after, limit).await?;
    let ids: Vec<OrderId> = orders.iter().map(|(id, _)| *id).collect();
    let steps = store::saga::of_orders(conn, &ids).await?;
    let saga = |(order_id, number): (OrderId, i64)| Saga {
        order_id,
        number,
        steps: steps
            .iter()
            .filter(|step| step.order_id == order_id)
            .cloned()
            .collect(),
    };
    Ok(orders.into_iter().map(saga).collect())
}

/// Tries all that is open again at once. A refund that failed for good is asked for anew, if the rules still grant it. Again: changes nothing.
pub(crate) async fn resume(app: &AppState, id: OrderId, actor: Actor<'_>) -> Result<Saga> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let order = store::orders::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    store::saga::make_due(&mut tx, id, now).await?;
    let before = store::saga::of_orders(&mut tx, &[id]).await?;
    for step in before
        .iter()
        .filter(|step| step.status == "failed" && step.step == "refund")
    {
        let refund = store::refunds::find(&mut tx, step.subject.into())
            .await?
            .ok_or_else(|| Error::not_found("refund"))?;
        let amount = refund.amount.amount();
        let wish = Event::Refund { amount };
        let granted = store::transitions::state(&mut tx, &order)
            .await
            .map(|state| crate::domain::order::decide(state, &wish).is_ok())?;
        if granted {
            let reason = Some("tried again");
            let done = transition(&mut tx, app, id, &wish, actor, reason).await?;
            for refund in done.refunds {
                let by = format!("tried again as {refund}");
                store::saga::supersede(&mut tx, id, step.subject, &by, now).await?;
            }
        }
    }
    let steps = store::saga::of_orders(&mut tx, &[id]).await?;
    let open = |steps: &[SagaStep]| {
        let names = steps.iter().filter(|step| step.status != "done");
        json!({ "open": names.map(|step| format!("{}:{}", step.step, step.subject)).collect::<Vec<_>>() })
    };
    if before.iter().any(|step| step.status != "done") {
        let change = (open(&before), open(&steps));
        audit(&mut tx, app, id, actor, "order.resume", change).await?;
    }
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(Saga {
        order_id: id,
        number: order.number,
        steps,
    })
}

/// Asks product to do what an event should have told it: a lost or dead event is healed so.
pub(crate) async fn settle_stock(app: &AppState, id: OrderId, step: &str) -> anyhow::Result<()> {
    let taken = if step == "stock.take" {
        app.product.take(id).await
    } else {
        app.product.give_back(id).await
    };
    let mut tx = app.pool.begin().await?;
    match taken {
        Ok(()) => {}
        // What product has said by an event too. Of a cancelled order it means nothing.
        Err(NotTaken::Rejected) => {
            let reason = Some("The goods were sold out before the payment arrived.");
            let order = store::orders::lock(&mut tx, id).await?;
            if order.is_some_and(|order| order.status == Status::Confirmed) {
                transition(
                    &mut tx,
                    app,
                    id,
                    &Event::StockRejected,
                    Actor::System,
                    reason,
                )
                .await?;
            }
        }
        Err(NotTaken::Unknown(error)) => return Err(error),
    }
    store::saga::finish_stock(&mut tx, id, step, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}
