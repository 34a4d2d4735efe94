//! The one way in which news of money reaches an order, whoever brings it: webhook, client or reconciler.
//!
//! News may come late, twice or out of order: the payment's and the order's pure rules decide what of it is still new.

mod refunds;

pub(crate) use refunds::{known_refund, named_refund, refund};

use primitives::{CaptureId, DisputeId, Money, PaymentId, PostingId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::dispute::DisputeState;
use crate::domain::ledger::{Account, Movement, Posting};
use crate::domain::order::Event;
use crate::domain::payment::{Capture, PaymentState, ProviderName, Report, news};
use crate::payments::{Fee, ProviderDispute, ProviderPayment};
use crate::store;
use crate::store::payments::{Payment, Recorded};
use crate::workflows::transition::{Actor, Entry, TransitionError, note, transition};

/// What became of a piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// We knew, or it came too late to matter.
    Unchanged,
    /// It is about something that is not ours, or not yet.
    Unknown,
    /// Money came for a way to pay that was given up: it has to go back.
    Stray,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Unknown => "unknown",
            Self::Stray => "stray",
        }
    }
}

/// Applies what the provider says of a payment.
pub(crate) async fn payment(
    app: &AppState,
    reported: &ProviderPayment,
) -> Result<Outcome, TransitionError> {
    let mut tx = app.pool.begin().await?;
    let Some(known) = whose(&mut tx, reported).await? else {
        return Ok(Outcome::Unknown);
    };
    let outcome = known_payment(&mut tx, app, &known, reported, Actor::Stripe).await?;
    runtime::fault::point("payment.written");
    tx.commit().await?;
    runtime::fault::point("payment.committed");
    Ok(outcome)
}

/// The payment that the provider means: by an id of its own that we have stored, or by ours, which it was told.
async fn whose(
    tx: &mut PgConnection,
    reported: &ProviderPayment,
) -> Result<Option<Payment>, TransitionError> {
    if let Some(found) = store::payments::find_by_reference(tx, &reported.reference).await? {
        return Ok(Some(found));
    }
    match reported.payment_id {
        Some(id) => Ok(store::payments::find(tx, id).await?),
        None => Ok(None),
    }
}

/// Applies what is said of one of our payments, in the caller's transaction.
pub(crate) async fn known_payment(
    tx: &mut PgConnection,
    app: &AppState,
    found: &Payment,
    reported: &ProviderPayment,
    actor: Actor<'_>,
) -> Result<Outcome, TransitionError> {
    // The order's lock guards its payment too, and what was read before it may be old.
    store::orders::lock(tx, found.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let known = store::payments::find(tx, found.id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    if !adopt(tx, app, &known, reported).await? {
        let money = reported.state.is_charged() || reported.state == PaymentState::Authorized;
        if money {
            tracing::error!(payment_id = %known.id, reference = reported.reference, "money came for a way to pay that was given up: it goes back");
            return Ok(Outcome::Stray);
        }
        return Ok(Outcome::Unchanged);
    }

    let amount = known.amount.amount();
    let is_held = reported.state == PaymentState::Authorized;
    let report = Report {
        state: reported.state,
        authorized: if is_held { reported.amount_held } else { 0 },
        captured: reported.amount_received,
        failure: reported.failure.as_deref(),
    };
    let Some(news) = news(known.report(), report) else {
        return Ok(Outcome::Unchanged);
    };
    let wanted = match known.capture {
        Capture::Automatic => amount,
        Capture::Manual => store::captures::wanted(tx, known.id)
            .await?
            .unwrap_or(amount),
    };
    if news.state == PaymentState::Succeeded && reported.amount_received != wanted {
        tracing::error!(payment_id = %known.id, received = reported.amount_received, expected = wanted, "the provider took another amount");
    }
    if let Some(event) = &news.event {
        transition(tx, app, known.order_id, event, actor, None).await?;
    }
    let charged = news.state.is_charged();
    let recorded = Recorded {
        state: news.state,
        authorized: report
            .authorized
            .max(known.amount_authorized.amount())
            .max(report.captured),
        captured: report.captured.max(known.amount_captured.amount()),
        failure: report.failure.filter(|_| !charged),
    };
    let now = app.clock.now();
    store::payments::record(tx, known.id, &recorded, now).await?;
    let before = known.amount_captured.amount();
    if recorded.captured > before {
        let movement = match known.capture {
            Capture::Automatic => Movement::Charge,
            Capture::Manual => Movement::Capture,
        };
        let taken = Money::new(recorded.captured - before, known.amount.currency());
        // What came later, such as by staff at the provider, is a movement of its own.
        let reference = match before {
            0 => known.id.to_string(),
            before => format!("{}+{before}", known.id),
        };
        post(tx, app, &known, movement, taken, reference).await?;
    }
    match news.state {
        _ if charged => store::captures::finish(tx, known.id, None, now).await?,
        PaymentState::Cancelled => {
            store::captures::finish(tx, known.id, Some("authorization_lost"), now).await?;
        }
        _ => {}
    }
    Ok(Outcome::Applied)
}

/// Whether news is of the way to pay that holds now. The intent behind a hosted page, or one whose creation was not answered, is known by our ids
/// that it carries, and is stored.
async fn adopt(
    tx: &mut PgConnection,
    app: &AppState,
    known: &Payment,
    reported: &ProviderPayment,
) -> Result<bool, TransitionError> {
    let same = |ours: &Option<String>| ours.as_deref() == Some(&*reported.reference);
    if same(&known.provider_ref) || same(&known.session_ref) {
        return Ok(true);
    }
    let ours = known.provider == ProviderName::Stripe
        && known.provider_ref.is_none()
        && reported.payment_id == Some(known.id)
        && reported.attempt == known.attempt;
    if ours {
        let now = app.clock.now();
        let reference = Some(&*reported.reference);
        store::payments::set_references(tx, known.id, known.attempt, reference, None, now).await?;
    }
    Ok(ours)
}

/// Nothing of a capture will come: the money is held as before, and may be captured again.
pub(crate) async fn capture_failed(
    app: &AppState,
    id: CaptureId,
    why: &str,
) -> Result<(), TransitionError> {
    let mut tx = app.pool.begin().await?;
    let capture = store::captures::find(&mut tx, id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let payment = store::payments::find(&mut tx, capture.payment_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let now = app.clock.now();
    store::captures::finish(&mut tx, payment.id, Some(why), now).await?;
    let entry = Entry {
        kind: "capture.failed",
        actor: Actor::Stripe,
        message: format!("A capture of {} failed.", capture.amount),
        data: serde_json::json!({ "capture_id": id, "amount": capture.amount }),
        at: now,
    };
    note(&mut tx, app, payment.order_id, entry).await?;
    tx.commit().await?;
    Ok(())
}

/// Applies what the provider says of a dispute, in whatever order it says it: each movement of money is posted once, each decision told once.
pub(crate) async fn dispute(
    app: &AppState,
    news: &ProviderDispute,
) -> Result<Outcome, TransitionError> {
    let mut tx = app.pool.begin().await?;
    let Some(payment) =
        store::payments::find_by_reference(&mut tx, &news.payment_reference).await?
    else {
        return Ok(Outcome::Unknown);
    };
    store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let now = app.clock.now();
    let known = store::disputes::find_by_reference(&mut tx, &news.reference).await?;
    let before = known.as_ref().map(|known| known.state);
    let state = before.map_or(news.state, |before| before.after(news.state));
    let id = known
        .as_ref()
        .map_or_else(|| DisputeId::new(now, &app.random), |known| known.id);
    let fresh = before != Some(state);
    if fresh || known.is_some_and(|known| known.status != news.status && state == news.state) {
        store::disputes::put(&mut tx, id, payment.id, news, state, now).await?;
    }

    let amount = news.amount;
    let was_serious = before.is_some_and(DisputeState::is_serious);
    let mut events = Vec::new();
    if state.is_serious() && !was_serious {
        events.push(Event::DisputeOpened { amount });
    }
    let over = state.is_over() && !before.is_some_and(DisputeState::is_over);
    if over && (state.is_serious() || was_serious) {
        let won = state != DisputeState::Lost;
        events.push(Event::DisputeClosed { won, amount });
    }
    for event in &events {
        transition(&mut tx, app, payment.order_id, event, Actor::Stripe, None).await?;
    }

    let moved = Money::new(amount, payment.amount.currency());
    let (mut posted, reference) = (false, id.to_string());
    // What is lost was withdrawn, even if nobody told.
    if news.withdrawn || state == DisputeState::Lost {
        posted |= post(
            &mut tx,
            app,
            &payment,
            Movement::Dispute,
            moved,
            reference.clone(),
        )
        .await?;
        posted |= match state {
            DisputeState::Won => {
                post(
                    &mut tx,
                    app,
                    &payment,
                    Movement::DisputeWon,
                    moved,
                    reference,
                )
                .await?
            }
            DisputeState::Lost => {
                post(
                    &mut tx,
                    app,
                    &payment,
                    Movement::DisputeLost,
                    moved,
                    reference,
                )
                .await?
            }
            DisputeState::Inquiry | DisputeState::Open | DisputeState::Closed => false,
        };
    }
    for fee in &news.fees {
        let reference = fee.reference.clone();
        posted |= post(&mut tx, app, &payment, Movement::Fee, fee.amount, reference).await?;
    }
    tx.commit().await?;
    let changed = fresh || posted || !events.is_empty();
    Ok(if changed {
        Outcome::Applied
    } else {
        Outcome::Unchanged
    })
}

/// Writes what the provider kept of a charge into the books.
pub(crate) async fn fee(
    app: &AppState,
    id: PaymentId,
    fee: &Fee,
) -> Result<Outcome, TransitionError> {
    let mut tx = app.pool.begin().await?;
    let payment = store::payments::find(&mut tx, id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let reference = fee.reference.clone();
    if fee.amount.amount() > 0 {
        post(&mut tx, app, &payment, Movement::Fee, fee.amount, reference).await?;
    }
    store::payments::fee_known(&mut tx, id).await?;
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
