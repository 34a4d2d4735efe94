//! What an order's rules decided, written: events for others, mails, refunds, entries of the timeline.

use std::time::Duration;

use contracts::events::{
    Mail, MailLine, OrderCancelled, OrderConfirmed, OrderDelivered, OrderRefunded,
    PaymentAuthorized, PaymentDisputeClosed, PaymentDisputed, PaymentFailed, PaymentProcessed,
};
use primitives::{CaptureId, RefundId, Timestamp};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{Actor, Entry, Said, lines, mail, note};
use crate::app::AppState;
use crate::domain::order::{CancelReason, Effect};
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;

/// How long an event may take to product before we ask whether it got there.
const CHECK_STOCK_AFTER: Duration = Duration::from_secs(60);

/// Writes for one change.
pub(super) struct Writer<'a> {
    pub(super) app: &'a AppState,
    pub(super) actor: Actor<'a>,
    pub(super) said: Said<'a>,
    pub(super) now: Timestamp,
    pub(super) order: &'a Order,
    /// How many timeline entries this change has: each comes a microsecond after the one before, which keeps them in order.
    pub(super) entries: u32,
    pub(super) refunds: Vec<RefundId>,
    pub(super) capture: Option<CaptureId>,
}

impl Writer<'_> {
    pub(super) async fn write(
        &mut self,
        tx: &mut PgConnection,
        effect: &Effect,
    ) -> Result<(), sqlx::Error> {
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

    pub(super) async fn confirmed(
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

    pub(super) async fn note(
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
