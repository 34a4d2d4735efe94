//! The one way in which news of money reaches an order, whoever brings it: webhook, client or reconciler.
//!
//! News may come late, twice or out of order: the payment's and the order's pure rules decide what of it is still new.

use contracts::events::PaymentRefunded;
use primitives::{Money, PostingId, RefundId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::ledger::{Account, Movement, Posting};
use crate::domain::order::Event;
use crate::domain::payment::{PaymentState, Report, news};
use crate::payments::{ProviderPayment, ProviderRefund, RefundState};
use crate::store;
use crate::store::payments::{Payment, Recorded};
use crate::workflows::transition::{Actor, TransitionError, transition};

/// What became of a piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// We knew, or it came too late to matter.
    Unchanged,
    /// It is about something that is not ours.
    Unknown,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Unknown => "unknown",
        }
    }
}

/// Applies what the provider says of a payment.
pub(crate) async fn payment(
    app: &AppState,
    reported: &ProviderPayment,
) -> Result<Outcome, TransitionError> {
    let mut tx = app.pool.begin().await?;
    let Some(found) = store::payments::find_by_reference(&mut tx, &reported.reference).await?
    else {
        return Ok(Outcome::Unknown);
    };
    // The order's lock guards its payment too, and what was read before it may be old.
    store::orders::lock(&mut tx, found.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let known = store::payments::find(&mut tx, found.id)
        .await?
        .ok_or(TransitionError::NotFound)?;

    let amount = known.amount.amount();
    let is_held = reported.state == PaymentState::Authorized;
    let report = Report {
        state: reported.state,
        authorized: if is_held { amount } else { 0 },
        captured: reported.amount_received,
        failure: reported.failure.as_deref(),
    };
    let Some(news) = news(known.report(), report) else {
        return Ok(Outcome::Unchanged);
    };
    if news.state == PaymentState::Succeeded && reported.amount_received != amount {
        tracing::error!(payment_id = %known.id, received = reported.amount_received, expected = amount, "the provider took another amount");
    }
    if let Some(event) = &news.event {
        transition(&mut tx, app, known.order_id, event, Actor::Stripe, None).await?;
    }
    let charged = news.state.is_charged();
    let recorded = Recorded {
        state: news.state,
        authorized: report.authorized.max(known.amount_authorized.amount()),
        captured: report.captured.max(known.amount_captured.amount()),
        failure: report.failure.filter(|_| !charged),
    };
    store::payments::record(&mut tx, known.id, &recorded, app.clock.now()).await?;
    if recorded.captured > known.amount_captured.amount() {
        let reference = known.id.to_string();
        post(
            &mut tx,
            app,
            &known,
            Movement::Charge,
            Money::new(recorded.captured, known.amount.currency()),
            reference,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Outcome::Applied)
}

/// Applies what the provider says of a refund that it names.
pub(crate) async fn named_refund(
    app: &AppState,
    news: &ProviderRefund,
) -> Result<Outcome, TransitionError> {
    let mut conn = app.pool.acquire().await?;
    let Some(id) = store::refunds::find_by_reference(&mut conn, &news.reference).await? else {
        return Ok(Outcome::Unknown);
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
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let known = store::refunds::find(&mut tx, id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let amount = known.amount.amount();
    let (event, status) = match news.state {
        RefundState::Pending => {
            store::refunds::set_reference(&mut tx, id, &news.reference, now).await?;
            tx.commit().await?;
            return Ok(Outcome::Unchanged);
        }
        RefundState::Succeeded => (Event::Refunded { amount }, "succeeded"),
        RefundState::Failed => (Event::RefundFailed { amount }, "failed"),
    };
    store::orders::lock(&mut tx, known.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let known = store::refunds::find(&mut tx, id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    if known.status != "pending" {
        return Ok(Outcome::Unchanged);
    }
    transition(&mut tx, app, known.order_id, &event, Actor::Stripe, None).await?;
    store::refunds::finish(
        &mut tx,
        id,
        status,
        Some(&news.reference),
        news.failure.as_deref(),
        now,
    )
    .await?;
    if news.state == RefundState::Succeeded {
        store::payments::add_refunded(&mut tx, known.payment_id, amount, now).await?;
        let payment = store::payments::find(&mut tx, known.payment_id)
            .await?
            .ok_or(TransitionError::NotFound)?;
        post(
            &mut tx,
            app,
            &payment,
            Movement::Refund,
            known.amount,
            id.to_string(),
        )
        .await?;
        let event = PaymentRefunded {
            payment_id: known.payment_id,
            order_id: known.order_id,
            refund_id: id,
            amount: known.amount,
        };
        app.publisher.publish(&mut tx, &event).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Applied)
}

/// Writes a movement of a payment's money into the books, once.
pub(crate) async fn post(
    tx: &mut PgConnection,
    app: &AppState,
    payment: &Payment,
    movement: Movement,
    amount: Money,
    reference: String,
) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let posting = Posting {
        movement,
        order_id: payment.order_id,
        payment_id: payment.id,
        held_at: Account::of_provider(payment.provider.as_str()),
        amount,
        reference,
    };
    store::ledger::post(tx, PostingId::new(now, &app.random), &posting, now).await
}
