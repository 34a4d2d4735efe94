//! The one way in which an order changes: lock it, ask the pure rules, write what they decided.

use std::time::Duration;

use auth_token::Acting;
use contracts::events::{
    EmailNotification, Mail, MailLine, OrderCancelled, OrderConfirmed, OrderDelivered, OrderLine,
    OrderRefunded, PaymentAuthorized, PaymentDisputeClosed, PaymentDisputed, PaymentFailed,
    PaymentProcessed,
};
use primitives::{CaptureId, EventId, OrderEventId, OrderId, RefundId, Timestamp};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::order::{CancelReason, Effect, Event, Refusal, decide};
use crate::store;
use crate::store::order_events::OrderEvent;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;

/// How long an event may take to product before we ask whether it got there.
const CHECK_STOCK_AFTER: Duration = Duration::from_secs(60);

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

struct Writer<'a> {
    app: &'a AppState,
    actor: Actor<'a>,
    said: Said<'a>,
    now: Timestamp,
    order: &'a Order,
    /// How many timeline entries this change has: each comes a microsecond after the one before, which keeps them in order.
    entries: u32,
    refunds: Vec<RefundId>,
    capture: Option<CaptureId>,
}

impl Writer<'_> {
    async fn write(&mut self, tx: &mut PgConnection, effect: &Effect) -> Result<(), sqlx::Error> {
        let (app, order) = (self.app, self.order);
        match effect {
            Effect::PublishAuthorized { amount } => {
                let amount = order.money(*amount);
                let event = PaymentAuthorized {
                    payment_id: order.payment_id,
                    order_id: order.id,
                    amount,
                };
                app.publisher.publish(tx, &event).await?;
                let data = json!({"payment_id": order.payment_id, "amount": amount});
                let message = format!("{amount} are held for the shop.");
                self.note(tx, "payment.authorized", message, data).await
            }
            Effect::PublishPaymentProcessed { amount } => {
                let amount = order.money(*amount);
                let payment = store::payments::find_by_order(tx, order.id)
                    .await?
                    .ok_or(sqlx::Error::RowNotFound)?;
                let event = PaymentProcessed {
                    payment_id: payment.id,
                    order_id: order.id,
                    amount,
                    provider_ref: payment.provider_ref,
                };
                app.publisher.publish(tx, &event).await?;
                self.note(
                    tx,
                    "payment.processed",
                    format!("{amount} were paid."),
                    json!({"payment_id": payment.id}),
                )
                .await
            }
            Effect::PublishPaymentFailed { reason } => {
                let amount = order.money(order.total);
                let event = PaymentFailed {
                    payment_id: order.payment_id,
                    order_id: order.id,
                    amount,
                    reason: reason.clone(),
                };
                app.publisher.publish(tx, &event).await?;
                let data = json!({"payment_id": order.payment_id, "reason": reason});
                self.note(
                    tx,
                    "payment.failed",
                    "The payment was declined.".to_owned(),
                    data,
                )
                .await
            }
            Effect::PublishConfirmed => {
                let items = store::order_items::of_orders(tx, &[order.id]).await?;
                self.confirmed(tx, &items).await
            }
            Effect::PublishCancelled { reason } => self.cancelled(tx, *reason).await,
            Effect::PublishRefunded { amount, fully } => {
                let amount = order.money(*amount);
                let event = OrderRefunded {
                    order_id: order.id,
                    number: order.number(),
                    amount,
                    fully: *fully,
                };
                app.publisher.publish(tx, &event).await?;
                mail(
                    tx,
                    app,
                    order,
                    Mail::OrderRefunded {
                        number: order.number(),
                        amount,
                        url: app.order_url(order),
                    },
                )
                .await?;
                self.note(
                    tx,
                    "order.refunded",
                    format!("{amount} went back to the customer."),
                    json!({"amount": amount, "fully": fully}),
                )
                .await
            }
            Effect::PublishRefundReversed { amount } => {
                let amount = order.money(*amount);
                let message = format!("A refund of {amount} was sent back by the customer's bank.");
                let data = json!({"payment_id": order.payment_id, "amount": amount});
                self.note(tx, "refund.reversed", message, data).await
            }
            Effect::PublishDelivered => {
                app.publisher
                    .publish(
                        tx,
                        &OrderDelivered {
                            order_id: order.id,
                            number: order.number(),
                        },
                    )
                    .await?;
                mail(
                    tx,
                    app,
                    order,
                    Mail::OrderDelivered {
                        number: order.number(),
                        url: app.order_url(order),
                    },
                )
                .await?;
                self.note(
                    tx,
                    "order.delivered",
                    "The order was delivered.".to_owned(),
                    json!({}),
                )
                .await
            }
            Effect::PublishReturned { complete } => {
                let message = if *complete {
                    "All goods came back."
                } else {
                    "Some goods came back."
                };
                let data = json!({"complete": complete});
                self.note(tx, "order.returned", message.to_owned(), data)
                    .await
            }
            Effect::PublishDisputed { amount } => {
                let amount = order.money(*amount);
                let event = PaymentDisputed {
                    payment_id: order.payment_id,
                    order_id: order.id,
                    amount,
                };
                app.publisher.publish(tx, &event).await?;
                let message = format!("The customer's bank questions a charge of {amount}.");
                let data = json!({"payment_id": order.payment_id, "amount": amount});
                self.note(tx, "payment.disputed", message, data).await
            }
            Effect::PublishDisputeClosed { won, amount } => {
                let amount = order.money(*amount);
                let event = PaymentDisputeClosed {
                    payment_id: order.payment_id,
                    order_id: order.id,
                    amount,
                    won: *won,
                };
                app.publisher.publish(tx, &event).await?;
                let message = if *won {
                    "The dispute was won.".to_owned()
                } else {
                    format!("The dispute was lost: the customer's bank took {amount}.")
                };
                let data = json!({"payment_id": order.payment_id, "won": won, "amount": amount});
                self.note(tx, "payment.dispute_closed", message, data).await
            }
            Effect::CapturePayment { amount } => {
                let id = CaptureId::new(self.now, &app.random);
                let actor = self.actor.to_string();
                store::captures::insert(tx, id, order.payment_id, *amount, &actor, self.now)
                    .await?;
                self.capture = Some(id);
                let amount = order.money(*amount);
                let message = format!("A capture of {amount} was requested.");
                let data = json!({"capture_id": id, "amount": amount});
                self.note(tx, "capture.requested", message, data).await
            }
            Effect::CancelPayment => store::cancellations::request(tx, order.id, self.now).await,
            Effect::StartRefund { amount, reason } => {
                let id = RefundId::new(self.now, &app.random);
                let reason = self.said.reason.unwrap_or(reason);
                store::refunds::insert(
                    tx,
                    id,
                    order.payment_id,
                    *amount,
                    Some(reason),
                    &self.actor.to_string(),
                    self.now,
                )
                .await?;
                self.refunds.push(id);
                let amount = order.money(*amount);
                self.note(
                    tx,
                    "refund.requested",
                    format!("A refund of {amount} was requested."),
                    json!({"refund_id": id, "amount": amount}),
                )
                .await
            }
        }
    }

    async fn confirmed(
        &mut self,
        tx: &mut PgConnection,
        items: &[OrderItem],
    ) -> Result<(), sqlx::Error> {
        let (app, order) = (self.app, self.order);
        let event = OrderConfirmed {
            order_id: order.id,
            number: order.number(),
            user_id: order.user_id,
            email: order.email.clone(),
            lines: lines(order, items),
            total: order.money(order.total),
            payment_id: (order.total > 0).then_some(order.payment_id),
        };
        app.publisher.publish(tx, &event).await?;
        self.expect_of_stock(tx, "stock.take").await?;
        let line = |item: &OrderItem| MailLine {
            title: item.title.clone(),
            quantity: item.quantity,
            total: order.money(item.unit_price * i64::from(item.quantity)),
        };
        let confirmation = Mail::OrderConfirmed {
            number: order.number(),
            lines: items.iter().map(line).collect(),
            subtotal: order.money(order.subtotal),
            discount: order.money(order.discount),
            shipping: order.money(order.shipping),
            tax: order.money(order.tax),
            total: order.money(order.total),
            url: app.order_url(order),
        };
        mail(tx, app, order, confirmation).await?;
        self.note(
            tx,
            "order.confirmed",
            "The order is confirmed.".to_owned(),
            json!({}),
        )
        .await
    }

    async fn cancelled(
        &mut self,
        tx: &mut PgConnection,
        reason: CancelReason,
    ) -> Result<(), sqlx::Error> {
        let (app, order) = (self.app, self.order);
        store::coupons::restore(tx, order.id).await?;
        // What nobody had paid for was only held: nothing of it left a shelf.
        let restock = self.said.restock.filter(|_| order.confirmed_at.is_some());
        let event = OrderCancelled {
            order_id: order.id,
            number: order.number(),
            reason: reason.as_str().to_owned(),
            restock,
        };
        app.publisher.publish(tx, &event).await?;
        self.expect_of_stock(tx, "stock.release").await?;
        let sentence = match reason {
            CancelReason::Customer => "You cancelled it.",
            CancelReason::Staff => "The shop cancelled it.",
            CancelReason::Unpaid => "It was not paid in time.",
            CancelReason::OutOfStock => "An item is out of stock.",
            CancelReason::AuthorizationLost => "Your payment is no longer valid.",
        };
        let notice = Mail::OrderCancelled {
            number: order.number(),
            reason: sentence.to_owned(),
            url: app.order_url(order),
        };
        mail(tx, app, order, notice).await?;
        let message = self.said.reason.map_or_else(
            || "The order was cancelled.".to_owned(),
            |given| format!("The order was cancelled: {given}"),
        );
        self.note(
            tx,
            "order.cancelled",
            message,
            json!({"reason": reason.as_str(), "restock": restock.unwrap_or(true)}),
        )
        .await
    }

    /// The event tells product; if it does not get there, we ask.
    async fn expect_of_stock(&self, tx: &mut PgConnection, step: &str) -> Result<(), sqlx::Error> {
        let check_at = self.now + CHECK_STOCK_AFTER;
        store::saga::expect_of_stock(tx, self.order.id, step, check_at, self.now).await
    }

    async fn note(
        &mut self,
        tx: &mut PgConnection,
        kind: &str,
        message: String,
        data: Value,
    ) -> Result<(), sqlx::Error> {
        let at = self.now + Duration::from_micros(self.entries.into());
        self.entries += 1;
        note(
            tx,
            self.app,
            self.order.id,
            Entry {
                kind,
                actor: self.actor,
                message,
                data,
                at,
            },
        )
        .await
        .map(drop)
    }
}
