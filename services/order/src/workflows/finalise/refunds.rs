//! News of refunds: done, failed, or done and sent back by the customer's bank.

use contracts::events::{PaymentRefundReversed, PaymentRefunded};
use primitives::{RefundId, WorkItemId};
use serde_json::json;
use sqlx::PgConnection;

use super::{Outcome, post};
use crate::app::AppState;
use crate::domain::ledger::Movement;
use crate::domain::refund::{Concern, RefundState, news};
use crate::payments::ProviderRefund;
use crate::store;
use crate::store::refunds::Refund;
use crate::store::work_items::NewWorkItem;
use crate::workflows::transition::{Actor, TransitionError, transition};

/// Applies what the provider says of a refund that it names.
pub(crate) async fn named_refund(
    app: &AppState,
    news: &ProviderRefund,
) -> Result<Outcome, TransitionError> {
    let mut conn = app.pool.acquire().await?;
    let by_reference = store::refunds::find_by_reference(&mut conn, &news.reference).await?;
    let id = match (by_reference, news.refund_id) {
        (Some(id), _) => id,
        (None, Some(id)) if store::refunds::find(&mut conn, id).await?.is_some() => id,
        (None, _) => return Ok(Outcome::Unknown),
    };
    drop(conn);
    refund(app, id, news).await
}

/// Applies what the provider says of one of our refunds.
pub(crate) async fn refund(
    app: &AppState,
    id: RefundId,
    news: &ProviderRefund,
) -> Result<Outcome, TransitionError> {
    let mut tx = app.pool.begin().await?;
    let outcome = known_refund(&mut tx, app, id, news, Actor::Stripe).await?;
    runtime::fault::point("refund.written");
    tx.commit().await?;
    runtime::fault::point("refund.committed");
    Ok(outcome)
}

/// The same, in the caller's transaction.
pub(crate) async fn known_refund(
    tx: &mut PgConnection,
    app: &AppState,
    id: RefundId,
    reported: &ProviderRefund,
    actor: Actor<'_>,
) -> Result<Outcome, TransitionError> {
    let now = app.clock.now();
    let found = store::refunds::find(tx, id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    if reported.state == RefundState::Pending {
        store::refunds::set_reference(tx, id, &reported.reference, now).await?;
        return Ok(Outcome::Unchanged);
    }
    store::orders::lock(tx, found.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    // What was read before the lock may be old.
    let known = store::refunds::find(tx, id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let Some((state, event)) = news(known.state, reported.state, known.amount.amount()) else {
        return Ok(Outcome::Unchanged);
    };
    // Only the refund that moved the money can bring it back, not another that claims to be the same.
    let same = known.provider_ref.as_ref() == Some(&reported.reference);
    if state == RefundState::Reversed && !same {
        return Ok(Outcome::Unchanged);
    }
    transition(tx, app, known.order_id, &event, actor, None).await?;
    let failure = reported.failure.as_deref();
    store::refunds::record(tx, id, state, &reported.reference, failure, now).await?;
    match state {
        RefundState::Succeeded => {
            moved(tx, app, &known, Movement::Refund).await?;
            let event = PaymentRefunded {
                payment_id: known.payment_id,
                order_id: known.order_id,
                refund_id: id,
                amount: known.amount,
            };
            app.publisher.publish(tx, &event).await?;
        }
        RefundState::Reversed => {
            moved(tx, app, &known, Movement::RefundReversed).await?;
            let event = PaymentRefundReversed {
                payment_id: known.payment_id,
                order_id: known.order_id,
                refund_id: id,
                amount: known.amount,
                reason: reported.failure.clone(),
            };
            app.publisher.publish(tx, &event).await?;
        }
        RefundState::Pending | RefundState::Failed => {}
    }
    if let Some(concern) = state.concern() {
        raise(tx, app, &known, concern, reported).await?;
    }
    Ok(Outcome::Applied)
}

/// Writes money that went back, or came again, to its payment and into the books.
async fn moved(
    tx: &mut PgConnection,
    app: &AppState,
    refund: &Refund,
    movement: Movement,
) -> Result<(), TransitionError> {
    let amount = match movement {
        Movement::RefundReversed => -refund.amount.amount(),
        _ => refund.amount.amount(),
    };
    store::payments::add_refunded(tx, refund.payment_id, amount, app.clock.now()).await?;
    let payment = store::payments::find(tx, refund.payment_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let reference = refund.id.to_string();
    post(tx, app, &payment, movement, refund.amount, reference).await?;
    Ok(())
}

/// Asks staff to see to a customer who does not have their money. The item stays open until somebody resolves it: no machine can know that it is done.
async fn raise(
    tx: &mut PgConnection,
    app: &AppState,
    refund: &Refund,
    concern: Concern,
    reported: &ProviderRefund,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    let item = NewWorkItem {
        id: WorkItemId::new(now, &app.random),
        kind: concern.kind,
        subject: &format!("refund:{}", refund.id),
        order_id: Some(refund.order_id),
        details: &json!({
            "says": concern.says,
            "reference": reported.reference,
            "amount": refund.amount,
            "failure": reported.failure,
        }),
    };
    store::work_items::raise(tx, &item, now).await?;
    tracing::error!(
        refund_id = %refund.id,
        kind = concern.kind,
        "a refund needs a person"
    );
    Ok(())
}
