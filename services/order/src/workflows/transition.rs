//! The one way in which an order changes: lock it, ask the pure rules, write what they decided.

mod effects;

use auth_token::Acting;
use contracts::events::{EmailNotification, Mail, OrderLine};
use primitives::{CaptureId, EventId, OrderEventId, OrderId, RefundId, Timestamp};
use serde_json::{Value, json};
use sqlx::PgConnection;

use self::effects::Writer;
use crate::app::AppState;
use crate::domain::order::{Effect, Event, Refusal, decide};
use crate::store;
use crate::store::order_events::OrderEvent;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;

/// Who makes an order change, for its timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor<'a> {
    Customer,
    Guest,
    Staff(&'a Acting),
    System,
    Stripe,
}

impl std::fmt::Display for Actor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer => f.write_str("customer"),
            Self::Guest => f.write_str("guest"),
            Self::Staff(staff) => write!(f, "staff:{}", staff.user_id()),
            Self::System => f.write_str("system"),
            Self::Stripe => f.write_str("stripe"),
        }
    }
}

/// What became of an order.
#[derive(Debug)]
pub(crate) struct Transition {
    /// The order as it is now, still locked.
    pub(crate) order: Order,
    /// Refunds that were written down to be done, in the order of their effects.
    pub(crate) refunds: Vec<RefundId>,
    /// The capture that was written down to be done.
    pub(crate) capture: Option<CaptureId>,
}

/// Why an order did not change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransitionError {
    #[error("there is no such order")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Applies an event to an order in the caller's transaction, which keeps the order locked until it ends.
///
/// Writes: the three statuses and what disputes did, timeline, outbox events and mails, rows of `refunds` and `payment_captures` (pending) and of
/// `payment_cancellations`, and gives coupons of a cancelled order back. It does **not** write `payments`, or finish `refunds` or captures: a caller that brings news of money calls this **first** and
/// then updates those rows, because the state before is read from them. `reason` is what a person gave as the reason, if any.
pub(crate) async fn transition(
    tx: &mut PgConnection,
    app: &AppState,
    order: OrderId,
    event: &Event,
    actor: Actor<'_>,
    reason: Option<&str>,
) -> Result<Transition, TransitionError> {
    let said = Said {
        reason,
        restock: None,
    };
    transition_as_said(tx, app, order, event, actor, said).await
}

/// What a person said about a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) reason: Option<&'a str>,
    /// Whether what a cancelled order took is for sale again.
    pub(crate) restock: Option<bool>,
}

/// As [`transition`], with all that a person may say about it.
pub(crate) async fn transition_as_said(
    tx: &mut PgConnection,
    app: &AppState,
    order: OrderId,
    event: &Event,
    actor: Actor<'_>,
    said: Said<'_>,
) -> Result<Transition, TransitionError> {
    let mut order = store::orders::lock(tx, order)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let before = store::transitions::state(tx, &order).await?;
    let decision = decide(before, event)?;
    let now = app.clock.now();
    if decision.state != before {
        let cancel_reason = decision.effects.iter().find_map(|effect| match effect {
            Effect::PublishCancelled { reason } => Some(reason.as_str()),
            _ => None,
        });
        store::transitions::apply(tx, &mut order, decision.state, cancel_reason, now).await?;
    }
    let mut writer = Writer {
        app,
        actor,
        said,
        now,
        order: &order,
        entries: 0,
        refunds: Vec::new(),
        capture: None,
    };
    if let Event::RefundFailed { amount } = event {
        writer
            .note(
                tx,
                "refund.failed",
                format!("A refund of {} failed.", order.money(*amount)),
                json!({"payment_id": order.payment_id, "amount": order.money(*amount)}),
            )
            .await?;
    }
    for effect in &decision.effects {
        writer.write(tx, effect).await?;
    }
    let (refunds, capture) = (writer.refunds, writer.capture);
    Ok(Transition {
        order,
        refunds,
        capture,
    })
}

/// Writes what goes with a new order that needs no decision: the events and mails of [`Effect::PublishConfirmed`] for a free one.
pub(crate) async fn write_effects(
    tx: &mut PgConnection,
    app: &AppState,
    order: &Order,
    items: &[OrderItem],
    effects: &[Effect],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut writer = Writer {
        app,
        actor,
        said: Said {
            reason: None,
            restock: None,
        },
        now,
        order,
        entries: 1,
        refunds: Vec::new(),
        capture: None,
    };
    for effect in effects {
        match effect {
            Effect::PublishConfirmed => writer.confirmed(tx, items).await?,
            effect => writer.write(tx, effect).await?,
        }
    }
    Ok(())
}

/// Something for an order's timeline.
pub(crate) struct Entry<'a> {
    /// Such as `order.shipped`.
    pub(crate) kind: &'a str,
    pub(crate) actor: Actor<'a>,
    pub(crate) message: String,
    pub(crate) data: Value,
    pub(crate) at: Timestamp,
}

/// Tells the audit trail what a member of staff did to an order. Of customers and machines only the timeline speaks.
pub(crate) async fn audit(
    tx: &mut PgConnection,
    app: &AppState,
    order: OrderId,
    actor: Actor<'_>,
    action: &str,
    (before, after): (Value, Value),
) -> Result<(), sqlx::Error> {
    let Actor::Staff(staff) = actor else {
        return Ok(());
    };
    let act = staff.did(action, format!("order:{order}"), before, after);
    app.publisher.publish(tx, &act).await.map(drop)
}

/// An order's statuses, for the audit trail.
pub(crate) fn statuses(order: &Order) -> Value {
    json!({
        "status": order.status,
        "payment_status": order.payment_status,
        "fulfillment_status": order.fulfillment_status,
    })
}

/// An object with more in it.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// Adds an entry to an order's timeline.
pub(crate) async fn note(
    tx: &mut PgConnection,
    app: &AppState,
    order: OrderId,
    entry: Entry<'_>,
) -> Result<OrderEvent, sqlx::Error> {
    let Entry {
        kind,
        actor,
        message,
        data,
        at,
    } = entry;
    let id = OrderEventId::new(at, &app.random);
    let event = OrderEvent {
        id,
        kind: kind.to_owned(),
        at,
        actor: actor.to_string(),
        message,
        data,
        seq: 0,
    };
    store::order_events::insert(tx, order, &event).await?;
    Ok(event)
}

/// Asks for a mail about an order, in the transaction of what it tells of.
pub(crate) async fn mail(
    tx: &mut PgConnection,
    app: &AppState,
    order: &Order,
    mail: Mail,
) -> Result<(), sqlx::Error> {
    if store::erasure::is_nobody(&order.email) {
        return Ok(());
    }
    let mail_id = EventId::new(app.clock.now(), &app.random);
    app.publisher
        .publish(
            tx,
            &EmailNotification {
                mail_id,
                to: order.email.clone(),
                mail,
            },
        )
        .await
        .map(drop)
}

/// An order's lines as others see them.
pub(crate) fn lines(order: &Order, items: &[OrderItem]) -> Vec<OrderLine> {
    let line = |item: &OrderItem| OrderLine {
        order_item_id: item.id,
        product_id: item.product_id,
        variant_id: item.variant_id,
        sku: item.sku.clone(),
        title: item.title.clone(),
        quantity: item.quantity,
        total: order.money(item.total),
    };
    items.iter().map(line).collect()
}
